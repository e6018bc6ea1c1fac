//! Compiles and evaluates arbitrary texts over arbitrary dtypes and data.
//!
//! Beside the absence of crashes: the result does not depend on how the data is cut into calls.
#![no_main]

mod grammar;

use std::ffi::{CStr, CString, c_int, c_void};
use std::ops::Range;
use std::ptr;

use arbitrary::{Arbitrary, Unstructured};
use grammar::Node;
use libfuzzer_sys::{Corpus, fuzz_target};
use miniexpr::dtype::Dtype;
use miniexpr::ffi::{self, me_expr, me_variable};

const NAMES: [&CStr; 4] = [c"x", c"y", c"z", c"w"];
const REDUCTIONS: [&[u8]; 7] = [b"sum", b"prod", b"mean", b"min", b"max", b"any", b"all"];

/// The first bytes of an input; what follows is the text, then the data.
#[derive(Arbitrary)]
struct Head {
    is_raw_text: bool,
    dtypes: [u8; 4],
    output: u8,
    n: u8,
    exceeds_a_block: bool,
}

fuzz_target!(|bytes: &[u8]| -> Corpus {
    match run(&mut Unstructured::new(bytes)) {
        Some(()) => Corpus::Keep,
        None => Corpus::Reject,
    }
});

fn run(input: &mut Unstructured) -> Option<()> {
    let head = Head::arbitrary(input).ok()?;
    let text = text(&head, input)?;
    let output = u32::from(head.output % 14);
    let dtypes = head.dtypes.map(|code| u32::from(code % 14));
    let expression = Expression::compile(&text, &dtypes, output)?;
    let n = usize::from(head.n) + if head.exceeds_a_block { 5000 } else { 0 };
    let data: Vec<u8> = input.bytes(input.len()).ok()?.iter().copied().chain([1]).collect();
    let columns = used_columns(&text, dtypes.map(|code| if code == 0 { output } else { code }), &data, n);

    let whole = expression.eval(&columns, 0..n)?;
    if contains_reduction(&text) {
        return Some(());
    }
    let middle = n / 3;
    let (Some(mut parts), Some(rest)) =
        (expression.eval(&columns, 0..middle), expression.eval(&columns, middle..n))
    else {
        panic!("a part fails where the whole succeeds");
    };
    parts.extend(rest);
    assert!(parts == whole, "the result depends on how the data is cut");
    Some(())
}

/// A text of the grammar, or raw bytes up to the first NUL.
fn text(head: &Head, input: &mut Unstructured) -> Option<CString> {
    if head.is_raw_text {
        let bytes = input.peek_bytes(input.len())?;
        let length = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
        return CString::new(input.bytes(length).ok()?).ok();
    }
    let mut text = String::new();
    Node::arbitrary(input).ok()?.write(&mut text);
    CString::new(text).ok()
}

/// The identifiers of a text.
fn words(text: &CString) -> Vec<&[u8]> {
    text.as_bytes().split(|byte| !byte.is_ascii_alphanumeric() && *byte != b'_').collect()
}

/// Whether the value of an item may depend on all items.
fn contains_reduction(text: &CString) -> bool {
    words(text).iter().any(|word| REDUCTIONS.contains(word))
}

/// The data of a variable.
struct Column {
    bytes: Vec<u8>,
    itemsize: usize,
}

/// The columns whose names occur as identifiers, in declaration order: `n` items, made of `data`
/// over and over.
fn used_columns(text: &CString, dtypes: [u32; 4], data: &[u8], n: usize) -> Vec<Column> {
    let words = words(text);
    let column = |(shift, (name, code)): (usize, (&&CStr, u32))| {
        let itemsize = Dtype::from_code(code)?.size();
        let bytes = || data.iter().copied().cycle().skip(shift).take(n * itemsize).collect();
        words.contains(&name.to_bytes()).then(|| Column { bytes: bytes(), itemsize })
    };
    NAMES.iter().zip(dtypes).enumerate().filter_map(column).collect()
}

struct Expression {
    raw: *mut me_expr,
}

impl Expression {
    fn compile(text: &CString, dtypes: &[u32; 4], output: u32) -> Option<Expression> {
        let entry = |(name, dtype): (&&CStr, &u32)| me_variable {
            name: name.as_ptr(),
            dtype: *dtype,
            address: ptr::null(),
            type_: 0,
            context: ptr::null_mut(),
            itemsize: 0,
        };
        let table: Vec<me_variable> = NAMES.iter().zip(dtypes).map(entry).collect();
        let (mut error, mut raw): (c_int, _) = (0, ptr::null_mut());
        // SAFETY: text and table outlive the call, `error` and `raw` are writable.
        let status = unsafe {
            ffi::me_compile(text.as_ptr(), table.as_ptr(), table.len() as c_int, output, &mut error, &mut raw)
        };
        assert_eq!(status == 0, !raw.is_null());
        (status == 0).then_some(Expression { raw })
    }

    /// Evaluates the items of `range`; `None` if the call returns a code.
    ///
    /// Inputs and output have exactly the bytes of these items, so that a sanitizer sees any access
    /// behind them.
    fn eval(&self, columns: &[Column], range: Range<usize>) -> Option<Vec<u8>> {
        let cut = |column: &Column| {
            let size = column.itemsize;
            column.bytes[range.start * size..range.end * size].to_vec().into_boxed_slice()
        };
        let cuts: Vec<Box<[u8]>> = columns.iter().map(cut).collect();
        let mut inputs: Vec<*const c_void> = cuts.iter().map(|column| column.as_ptr().cast()).collect();
        // SAFETY: the handle is valid.
        let itemsize = unsafe { ffi::me_get_itemsize(self.raw) };
        let mut out = vec![0; range.len() * itemsize];
        // SAFETY: each input and the output have the items of `range`.
        let status = unsafe {
            let (items, count) = (range.len() as c_int, inputs.len() as c_int);
            let target = out.as_mut_ptr().cast();
            ffi::me_eval(self.raw, inputs.as_mut_ptr(), count, target, items, ptr::null())
        };
        (status == 0).then_some(out)
    }
}

impl Drop for Expression {
    fn drop(&mut self) {
        // SAFETY: the handle came from a compile call and is freed once.
        unsafe { ffi::me_free(self.raw) }
    }
}
