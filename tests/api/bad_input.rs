//! Misuse and extremes: every call returns a code, nothing crashes and nothing is written astray.

use std::ffi::{CString, c_int, c_void};
use std::ptr;

use miniexpr::Dtype::{self, Float64};
use miniexpr::ffi::{self, me_expr};

use crate::testkit::client::{AUTO, Expression, Variable, compile, compile_status, entries, eval_status};
use crate::testkit::values::{decode, encode};

fn variables(names: &[&str], dtype: Dtype) -> Vec<Variable> {
    names.iter().map(|name| Variable::new(name, dtype)).collect()
}

/// Compiles `text` over a float64 `x`; evaluates it at 0.5 if it compiles.
fn compile_and_run(text: &str) -> Result<f64, i32> {
    let expression = compile(text, &variables(&["x"], Float64), AUTO).map_err(|failure| failure.status)?;
    let out = expression.eval(&[&0.5f64.to_le_bytes()], 1)?;
    Ok(decode(Dtype::from_code(expression.dtype()).expect("a dtype"), &out)[0])
}

#[test]
fn deep_nesting_is_accepted_to_1000_levels_and_never_crashes() {
    let nested = |open: &str, close: &str, depth| format!("{}x{}", open.repeat(depth), close.repeat(depth));
    for (open, close) in
        [("(", ")"), ("-", ""), ("~", ""), ("!", ""), ("not ", ""), ("+", ""), ("abs(", ")"), ("sin ", "")]
    {
        let shallow = compile_and_run(&nested(open, close, 1000));
        assert!(shallow.is_ok(), "1000 levels of {open:?}: {shallow:?}");
        let deep = compile_and_run(&nested(open, close, 100_000));
        assert!(deep.is_ok() || deep == Err(compile_status::PARSE), "100000 levels of {open:?}: {deep:?}");
    }
    for text in ["(".repeat(100_000), "sin(".repeat(100_000), "where(x,".repeat(100_000)] {
        assert_eq!(compile_and_run(&text), Err(compile_status::PARSE));
    }
}

/// The stack of a worker thread is enough for everything that is accepted.
#[test]
fn small_stacks_are_enough() {
    let worker = std::thread::Builder::new().stack_size(512 * 1024).spawn(|| {
        let nested = format!("{}x{}", "(1+".repeat(1000), ")".repeat(1000));
        assert_eq!(compile_and_run(&nested), Ok(1000.5));
        compile_and_run(&format!("{}x{}", "(1+".repeat(100_000), ")".repeat(100_000)))
    });
    let deep = worker.expect("a thread").join().expect("no crash");
    assert!(deep == Ok(100_000.5) || deep == Err(compile_status::PARSE), "{deep:?}");
}

#[test]
fn long_sums() {
    let sum = |terms: usize| vec!["x"; terms].join("+");
    assert_eq!(compile_and_run(&sum(10_000)), Ok(5_000.0));
    assert_eq!(compile_and_run(&sum(100_000)), Ok(50_000.0));
    let powers = vec!["x"; 10_000].join("**");
    assert!(compile_and_run(&powers).is_ok());
    let logic = vec!["x > 0"; 10_000].join(" and ");
    assert_eq!(compile_and_run(&logic), Ok(1.0));
}

#[test]
fn long_names_and_literals() {
    let name = "n".repeat(100_000);
    let expression = compile(&name, &variables(&[&name], Float64), AUTO).expect("a long name");
    assert!(expression.eval(&[&1f64.to_le_bytes()], 1).is_ok());
    let digits = "1".repeat(100_000);
    assert_eq!(compile_and_run(&format!("x + {digits}")), Ok(f64::INFINITY));
    assert_eq!(compile_and_run(&format!("x + 0.{digits}")), Ok(0.5 + 1.0 / 9.0));
}

#[test]
fn many_occurrences_of_mixed_dtypes() {
    let dtypes = Dtype::NUMERIC.into_iter().filter(|dtype| !dtype.is_complex());
    let declared: Vec<Variable> =
        dtypes.clone().map(|dtype| Variable::new(&format!("v_{dtype}"), dtype)).collect();
    let names: Vec<&str> = declared.iter().map(|variable| variable.name.to_str().expect("ASCII")).collect();
    let terms: Vec<String> = (0..1000).map(|i| format!("({} > 0)", names[i % names.len()])).collect();
    let data: Vec<Vec<u8>> = dtypes.map(|dtype| encode(dtype, &[1.0, 0.0])).collect();
    let inputs: Vec<&[u8]> = data.iter().map(Vec::as_slice).collect();
    let any = compile(&terms.join(" or "), &declared, AUTO).expect("compiles");
    assert_eq!(any.eval(&inputs, 2), Ok(vec![1, 0]));
    let sum = compile(&vec![names.join("+"); 100].join("+"), &declared, Float64.code()).expect("compiles");
    let out = sum.eval(&inputs, 2).expect("evaluates");
    assert_eq!(decode(Float64, &out)[1], 0.0);
}

#[test]
fn at_most_128_distinct_variables() {
    for (count, want) in [(128, Ok(vec![128.0])), (129, Err(eval_status::TOO_MANY_VARS))] {
        let names: Vec<String> = (0..count).map(|i| format!("v{i}")).collect();
        let declared: Vec<Variable> = names.iter().map(|name| Variable::new(name, Float64)).collect();
        let expression = compile(&names.join("+"), &declared, AUTO).expect("compiles");
        let one = 1f64.to_le_bytes();
        let out = expression.eval(&vec![one.as_slice(); count], 1);
        assert_eq!(out.map(|bytes| decode(Float64, &bytes)), want, "{count} variables");
    }
    let declared: Vec<Variable> = (0..1000).map(|i| Variable::new(&format!("v{i}"), Float64)).collect();
    let expression = compile("v999 - v3", &declared, AUTO).expect("compiles");
    let (three, last) = (3f64.to_le_bytes(), 999f64.to_le_bytes());
    assert_eq!(expression.eval(&[&three, &last], 1), Ok(996f64.to_le_bytes().to_vec()));
}

#[test]
fn null_arguments_of_compile() {
    let text = CString::new("x").expect("no NUL");
    let declared = variables(&["x"], Float64);
    let table = entries(&declared);
    let (mut error, mut out): (c_int, *mut me_expr) = (0, ptr::null_mut());
    // SAFETY: every argument is NULL or valid.
    unsafe {
        let null_text = ffi::me_compile(ptr::null(), table.as_ptr(), 1, AUTO, &mut error, &mut out);
        assert_eq!((null_text, error), (compile_status::INVALID_ARG, -1));
        error = 0;
        let null_out = ffi::me_compile(text.as_ptr(), table.as_ptr(), 1, AUTO, &mut error, ptr::null_mut());
        assert_eq!((null_out, error), (compile_status::INVALID_ARG, -1));
        let null_table = ffi::me_compile(text.as_ptr(), ptr::null(), 1, AUTO, &mut error, &mut out);
        assert_eq!(null_table, compile_status::INVALID_ARG);
        let negative = ffi::me_compile(text.as_ptr(), table.as_ptr(), -1, AUTO, &mut error, &mut out);
        assert_eq!(negative, compile_status::INVALID_ARG);
        let no_error = ffi::me_compile(text.as_ptr(), table.as_ptr(), 1, AUTO, ptr::null_mut(), &mut out);
        assert_eq!(no_error, 0);
        ffi::me_free(out);
        let mut nameless = table.clone();
        nameless[0].name = ptr::null();
        let null_name = ffi::me_compile(text.as_ptr(), nameless.as_ptr(), 1, AUTO, &mut error, &mut out);
        assert_eq!(null_name, compile_status::INVALID_ARG);
        ffi::me_free(ptr::null_mut());
        ffi::me_print(ptr::null());
    }
}

#[test]
fn null_arguments_of_compile_nd() {
    let text = CString::new("x").expect("no NUL");
    let declared = variables(&["x"], Float64);
    let table = entries(&declared);
    let (shape, blocks, empty) = ([4i64], [2i32], [0i32]);
    let compile_with = |ndims, shape: *const i64, chunks: *const i32, blocks: *const i32| {
        let mut error = 0;
        let mut out = ptr::null_mut();
        // SAFETY: every argument is NULL or valid.
        let status = unsafe {
            let table = table.as_ptr();
            ffi::me_compile_nd(
                text.as_ptr(),
                table,
                1,
                AUTO,
                ndims,
                shape,
                chunks,
                blocks,
                &mut error,
                &mut out,
            )
        };
        assert!(status == 0 || (out.is_null() && error == -1));
        // SAFETY: NULL, or an expression that nothing else uses.
        unsafe { ffi::me_free(out) };
        status
    };
    let (s, b, zero) = (shape.as_ptr(), blocks.as_ptr(), empty.as_ptr());
    for (ndims, shape, chunks, blocks) in [
        (1, ptr::null(), b, b),
        (1, s, ptr::null(), b),
        (1, s, b, ptr::null()),
        (0, s, b, b),
        (-1, s, b, b),
        (1, s, zero, b),
        (1, s, b, zero),
    ] {
        assert_eq!(compile_with(ndims, shape, chunks, blocks), compile_status::INVALID_ARG);
    }
}

#[test]
fn null_arguments_of_eval() {
    let expression = compile("x + 1", &variables(&["x"], Float64), AUTO).expect("compiles");
    let constant = compile("1.5", &[], AUTO).expect("compiles");
    let x = 1f64;
    let inputs = [(&raw const x).cast::<c_void>()];
    let null_input = [ptr::null::<c_void>()];
    let mut out = 7f64;
    let target = (&raw mut out).cast::<c_void>();
    let none = ptr::null();
    // SAFETY: every argument is NULL or valid for one item.
    unsafe {
        assert_eq!(
            ffi::me_eval(ptr::null(), inputs.as_ptr().cast_mut(), 1, target, 1, none),
            eval_status::NULL_EXPR
        );
        let handle = expression.raw();
        assert_eq!(
            ffi::me_eval(handle, inputs.as_ptr().cast_mut(), 1, ptr::null_mut(), 1, none),
            eval_status::INVALID_ARG
        );
        assert_eq!(ffi::me_eval(handle, ptr::null_mut(), 1, target, 1, none), eval_status::INVALID_ARG);
        assert_eq!(
            ffi::me_eval(handle, null_input.as_ptr().cast_mut(), 1, target, 1, none),
            eval_status::INVALID_ARG
        );
        assert_eq!(
            ffi::me_eval(handle, inputs.as_ptr().cast_mut(), -1, target, 1, none),
            eval_status::VAR_MISMATCH
        );
        assert_eq!(
            ffi::me_eval(handle, inputs.as_ptr().cast_mut(), 2, target, 1, none),
            eval_status::VAR_MISMATCH
        );
        assert_eq!(out, 7.0);
        assert_eq!(ffi::me_eval(constant.raw(), ptr::null_mut(), 0, target, 1, none), 0);
        assert_eq!(out, 1.5);
    }
}

#[test]
fn null_arguments_of_eval_nd() {
    let expression = compile("x + 1", &variables(&["x"], Float64), AUTO).expect("compiles");
    let (x, mut out) = (1f64, 7f64);
    let inputs = [(&raw const x).cast::<c_void>()];
    let target = (&raw mut out).cast::<c_void>();
    let none = ptr::null();
    let handle = expression.raw();
    // SAFETY: every argument is NULL or valid for one item.
    unsafe {
        let mut valid = 3i64;
        assert_eq!(ffi::me_nd_valid_nitems(handle, 0, 0, &mut valid), eval_status::INVALID_ARG);
        assert_eq!(ffi::me_nd_valid_nitems(ptr::null(), 0, 0, &mut valid), eval_status::INVALID_ARG);
        assert_eq!(ffi::me_nd_valid_nitems(handle, 0, 0, ptr::null_mut()), eval_status::INVALID_ARG);
        assert_eq!(valid, 3);
        let flat = ffi::me_eval_nd(handle, inputs.as_ptr().cast_mut(), 1, target, 1, 0, 0, none);
        assert_eq!(flat, eval_status::INVALID_ARG);
        let missing = ffi::me_eval_nd(ptr::null(), inputs.as_ptr().cast_mut(), 1, target, 1, 0, 0, none);
        assert_eq!(missing, eval_status::NULL_EXPR);
    }
}

#[test]
fn null_arguments_of_eval_varlen() {
    let numeric = compile("x", &variables(&["x"], Float64), AUTO).expect("compiles");
    let (mut offsets, mut used) = ([0i64; 2], 0usize);
    let x = 1f64;
    let inputs = [(&raw const x).cast::<c_void>()];
    let nothing = ptr::null_mut();
    // SAFETY: every argument is NULL or valid for one item.
    unsafe {
        let table = inputs.as_ptr().cast_mut();
        let missing = ffi::me_eval_varlen(
            ptr::null(),
            table,
            1,
            1,
            offsets.as_mut_ptr(),
            nothing,
            0,
            &mut used,
            ptr::null(),
        );
        assert_eq!(missing, eval_status::NULL_EXPR);
        let of_numbers = ffi::me_eval_varlen(
            numeric.raw(),
            table,
            1,
            1,
            offsets.as_mut_ptr(),
            nothing,
            0,
            &mut used,
            ptr::null(),
        );
        assert_eq!(of_numbers, eval_status::INVALID_ARG);
        assert_eq!(ffi::me_varlen_data_bound(numeric.raw(), 10), 0);
        assert_eq!(ffi::me_varlen_data_bound(ptr::null(), 10), 0);
    }
}

#[test]
fn no_items_leave_the_output_alone() {
    let expression = compile("x + 1", &variables(&["x"], Float64), AUTO).expect("compiles");
    assert_eq!(expression.eval(&[&[]], 0), Ok(vec![]));
    let (x, mut out) = (1f64, 7f64);
    let inputs = [(&raw const x).cast::<c_void>()];
    // SAFETY: both pointers are valid for one item.
    let negative = unsafe {
        ffi::me_eval(expression.raw(), inputs.as_ptr().cast_mut(), 1, (&raw mut out).cast(), -3, ptr::null())
    };
    assert_eq!((negative, out), (0, 7.0));
}

#[test]
fn negative_counts_are_refused_for_kernels_and_strings() {
    let x = [0u8; 20];
    let inputs = [x.as_ptr().cast::<c_void>()];
    let call = |expression: &Expression, out: *mut c_void, items: c_int| {
        // SAFETY: the input has room for five items of four bytes, `out` is NULL or has room for one.
        unsafe { ffi::me_eval(expression.raw(), inputs.as_ptr().cast_mut(), 1, out, items, ptr::null()) }
    };
    let mut out = [7u8; 20];
    let target = out.as_mut_ptr().cast::<c_void>();
    let numbers = variables(&["x"], Dtype::Int32);
    let kernel = compile("def k(x):\n    y = x + 1\n    return y", &numbers, AUTO).expect("compiles");
    assert_eq!(call(&kernel, target, -1), eval_status::INVALID_ARG);
    assert_eq!(call(&kernel, target, c_int::MIN), eval_status::INVALID_ARG);
    assert_eq!(call(&kernel, ptr::null_mut(), 0), eval_status::INVALID_ARG);
    assert_eq!(call(&kernel, target, 0), 0);
    let text = compile("upper(x)", &[Variable::text("x", Dtype::String, 20)], AUTO).expect("compiles");
    assert_eq!(call(&text, target, -1), eval_status::INVALID_ARG);
    assert_eq!(call(&text, target, 0), 0);
    assert_eq!(out, [7; 20]);
}

/// Texts that make no sense, with the code that refuses them.
#[test]
fn meaningless_texts_are_refused() {
    for text in
        ["sin(x, x)", "round(x, 2)", "log(x, 10)", "x + !", "x + not", "2*!()", "pi x", "pi(x)", "min(x, x)"]
    {
        assert_eq!(compile_and_run(text).err(), Some(compile_status::PARSE), "{text}");
    }
    for bytes in [&b"\xff\xfe"[..], b"x \x80", b"\x01", b"'\xff'"] {
        let text = CString::new(bytes).expect("no NUL");
        let mut out = ptr::null_mut();
        // SAFETY: the text is NUL-terminated, `out` is writable.
        let status =
            unsafe { ffi::me_compile(text.as_ptr(), ptr::null(), 0, AUTO, ptr::null_mut(), &mut out) };
        assert!(status < 0 && out.is_null(), "{bytes:?}");
    }
}
