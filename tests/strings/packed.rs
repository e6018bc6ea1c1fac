//! Packed results: offsets and data of `me_eval_varlen`.

use std::ffi::{c_int, c_void};
use std::ptr;

use miniexpr::Dtype;
use miniexpr::ffi;

use crate::column::{Column, bytes, compiled, numbers, text, used};
use crate::testkit::client::eval_status;

/// Checks offsets and data of an expression.
fn check(columns: &[Column], source: &str, offsets: &[i64], data: &[u8]) {
    let expression = compiled(columns, None, source).unwrap();
    let packed = expression.eval_varlen(&used(columns, source), offsets.len() - 1).unwrap();
    assert_eq!((packed.offsets.as_slice(), packed.data.as_slice()), (offsets, data), "{source}");
}

#[test]
fn worked_examples() {
    let homes = [text("a", 8, &["home", "room", "", "loft"])];
    check(&homes, "'kind=' + a", &[0, 9, 18, 23, 32], b"kind=homekind=roomkind=kind=loft");
    let shouted = [text("a", 8, &["HOME", "ROOM", "LOFT", "SUITE"])];
    check(&shouted, "lower(a)", &[0, 4, 8, 12, 17], b"homeroomloftsuite");
    let symbols = [text("a", 4, &["é", "€", "😀", "z"])];
    check(&symbols, "a + '!'", &[0, 3, 7, 12, 14], "é!€!😀!z!".as_bytes());
    let coffees = [bytes("a", 6, &[b"caf\xE9", b"bar", b"abcdef", b""])];
    check(&coffees, "a + b'-x'", &[0, 6, 11, 19, 21], b"caf\xE9-xbar-xabcdef-x-x");
    check(&[], "'lit'", &[0, 3, 6, 9], b"litlitlit");
    let narrow = [text("a", 1, &["ß"])];
    check(&narrow, "upper(a)", &[0, 1], b"S");
}

#[test]
fn units_that_are_no_characters_are_replaced() {
    let mut invalid = text("a", 4, &[]);
    let units: [u32; 8] = [0xD800, 0xDFFF, 0, 0, 0x110000, 0xFFFF_FFFF, 0, 0];
    invalid.data = units.iter().flat_map(|unit| unit.to_ne_bytes()).collect();
    check(&[invalid], "a", &[0, 6, 12], "\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}".as_bytes());
}

/// The arguments of one call, of which a test changes some.
struct Call {
    columns: Vec<Column>,
    source: &'static str,
    n_vars: c_int,
    nitems: c_int,
    has_offsets: bool,
    has_data: bool,
    capacity: usize,
    has_used: bool,
}

impl Call {
    fn new() -> Call {
        let columns = vec![text("a", 8, &["home", "room", "", "loft"]), numbers("x", &[1.0; 4])];
        Call {
            columns,
            source: "a",
            n_vars: 1,
            nitems: 4,
            has_offsets: true,
            has_data: true,
            capacity: 12,
            has_used: true,
        }
    }

    /// The code, and what `*data_used` and the first offset hold after the call (9 and -1 before it).
    fn run(&self) -> (c_int, usize, i64) {
        let expression = compiled(&self.columns, None, self.source).unwrap();
        let inputs = used(&self.columns, self.source);
        let mut pointers: Vec<*const c_void> = inputs.iter().map(|data| data.as_ptr().cast()).collect();
        let mut offsets = [-1i64; 5];
        let mut data = [0xA5u8; 64];
        let mut data_used = 9;
        // SAFETY: the buffers are as large as the call says, or NULL.
        let code = unsafe {
            ffi::me_eval_varlen(
                expression.raw(),
                pointers.as_mut_ptr(),
                self.n_vars,
                self.nitems,
                if self.has_offsets { offsets.as_mut_ptr() } else { ptr::null_mut() },
                if self.has_data { data.as_mut_ptr().cast() } else { ptr::null_mut() },
                self.capacity,
                if self.has_used { &mut data_used } else { ptr::null_mut() },
                ptr::null(),
            )
        };
        assert!(data[self.capacity.min(64)..].iter().all(|byte| *byte == 0xA5), "written past the capacity");
        (code, data_used, offsets[0])
    }
}

#[test]
fn the_capacity_is_that_of_the_data() {
    assert_eq!(Call::new().run(), (0, 12, 0));
    let (code, data_used, _) = Call { capacity: 11, ..Call::new() }.run();
    assert_eq!((code, data_used), (eval_status::INVALID_ARG, 9));
    let empty = vec![text("a", 3, &["", "", "", ""])];
    let without_data = Call { columns: empty, has_data: false, capacity: 0, ..Call::new() };
    assert_eq!(without_data.run(), (0, 0, 0));
}

#[test]
fn misuse_leaves_the_buffers_alone() {
    let untouched = |code| (code, 9, -1);
    let invalid = untouched(eval_status::INVALID_ARG);
    assert_eq!(Call { has_offsets: false, ..Call::new() }.run(), invalid);
    assert_eq!(Call { has_used: false, ..Call::new() }.run(), invalid);
    assert_eq!(Call { has_data: false, ..Call::new() }.run(), invalid);
    assert_eq!(Call { nitems: 0, ..Call::new() }.run(), invalid);
    assert_eq!(Call { nitems: -1, ..Call::new() }.run(), invalid);
    assert_eq!(Call { source: "x", ..Call::new() }.run(), invalid);
    assert_eq!(Call { source: "a == 'x'", ..Call::new() }.run(), invalid);
    assert_eq!(Call { n_vars: 2, ..Call::new() }.run(), untouched(eval_status::VAR_MISMATCH));
    // SAFETY: everything is NULL.
    let code = unsafe {
        ffi::me_eval_varlen(
            ptr::null(),
            ptr::null_mut(),
            0,
            1,
            ptr::null_mut(),
            ptr::null_mut(),
            0,
            ptr::null_mut(),
            ptr::null(),
        )
    };
    assert_eq!(code, eval_status::NULL_EXPR);
}

#[test]
fn bounds() {
    let bound = |source: &str, nitems| {
        let columns = [text("a", 8, &[]), bytes("s", 5, &[]), numbers("x", &[])];
        let expression = compiled(&columns, None, source).unwrap();
        // SAFETY: the handle is valid.
        unsafe { ffi::me_varlen_data_bound(expression.raw(), nitems) }
    };
    assert_eq!(bound("'kind=' + a", 4), 208);
    assert_eq!(bound("s + b'-x'", 4), 28);
    assert_eq!(bound("a", i32::MAX), 68_719_476_704);
    assert_eq!([bound("a", 0), bound("a", -1), bound("x", 4), bound("a == 'x'", 4)], [0; 4]);
    // SAFETY: NULL is allowed.
    assert_eq!(unsafe { ffi::me_varlen_data_bound(ptr::null(), 4) }, 0);
}

#[test]
fn dtypes_are_unchanged_by_packing() {
    let expression = compiled(&[bytes("s", 5, &[])], Some(Dtype::Bytes), "s").unwrap();
    assert_eq!((expression.dtype(), expression.itemsize()), (Dtype::Bytes.code(), 5));
}
