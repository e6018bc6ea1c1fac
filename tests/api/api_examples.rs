//! Worked examples of the C functions: argument checks, binding, user functions, blocks.

use std::ffi::{c_int, c_void};
use std::ptr;
use std::sync::atomic::{AtomicUsize, Ordering};

use miniexpr::Dtype::{self, *};
use miniexpr::ffi;

use crate::table::{check, column, inferred};
use crate::testkit::client::{
    AUTO, Expression, Grid, Variable, compile, compile_nd, compile_status, eval_status, last_message,
};
use crate::testkit::values::{decode, encode};

/// The first of the kinds `ME_FUNCTION0` to `ME_FUNCTION7`.
const FUNCTION: c_int = 8;
/// The first of the kinds `ME_CLOSURE0` to `ME_CLOSURE7`.
const CLOSURE: c_int = 16;
const PURE: c_int = 32;
const FLOAT_MATH: c_int = 64;

const INVALID_DTYPE: u32 = u32::MAX;

/// Status of compiling `text`.
fn status_of(text: &str, variables: &[Variable], dtype: u32) -> i32 {
    compile(text, variables, dtype).err().map_or(0, |failure| failure.status)
}

fn eval_f64(expression: &Expression, inputs: &[&[f64]]) -> Vec<f64> {
    let data: Vec<Vec<u8>> = inputs.iter().map(|numbers| encode(Float64, numbers)).collect();
    let slices: Vec<&[u8]> = data.iter().map(Vec::as_slice).collect();
    let n = inputs.first().map_or(1, |numbers| numbers.len());
    let dtype = Dtype::from_code(expression.dtype()).expect("a dtype");
    decode(dtype, &expression.eval(&slices, n).expect("evaluates"))
}

#[test]
fn a_dtype_for_all_variables() {
    let variables = [Variable::coded("a", AUTO), Variable::coded("b", AUTO)];
    let expression = compile("sqrt(a*a+b*b)", &variables, Float64.code()).expect("compiles");
    let legs: [&[f64]; 2] = [&[3.0, 5.0, 8.0, 1.0], &[4.0, 12.0, 15.0, 1.0]];
    assert_eq!(eval_f64(&expression, &legs), [5.0, 13.0, 17.0, 2f64.sqrt()]);
}

#[test]
fn dtypes_of_results() {
    assert_eq!(inferred(&[("x", Int32), ("y", Float64)], "x+y"), Ok(Float64));
    assert_eq!(inferred(&[("x", Bool), ("y", Int32)], "x+y"), Ok(Int32));
    let variables = [Variable::new("x", Int32), Variable::new("y", Float64)];
    let single = compile("x+y", &variables, Float32.code()).expect("compiles");
    assert_eq!((single.dtype(), single.itemsize()), (Float32.code(), 4));
    // SAFETY: NULL is a documented argument.
    unsafe {
        assert_eq!(ffi::me_get_dtype(ptr::null()), AUTO);
        assert_eq!(ffi::me_get_itemsize(ptr::null()), 0);
        assert!(!ffi::me_expr_has_jit_kernel(ptr::null()));
    }
}

#[test]
fn dtype_arguments() {
    let mixed = [Variable::new("a", Int32), Variable::coded("b", AUTO)];
    assert_eq!(status_of("a", &mixed, Int32.code()), compile_status::VAR_MIXED);
    assert_eq!(status_of("a", &mixed, AUTO), compile_status::VAR_UNSPECIFIED);
    let auto = [Variable::coded("a", AUTO)];
    assert_eq!(status_of("a", &auto, AUTO), compile_status::VAR_UNSPECIFIED);
    assert_eq!(status_of("a", &auto, Int8.code()), 0);
    let invalid = [Variable::coded("x", INVALID_DTYPE)];
    assert_eq!(status_of("x+1", &invalid, AUTO), compile_status::INVALID_ARG_TYPE);
    let valid = [Variable::new("x", Int32)];
    assert_eq!(status_of("x+1", &valid, INVALID_DTYPE), compile_status::INVALID_ARG_TYPE);
    assert_eq!(status_of("x+1", &valid, 16), compile_status::INVALID_ARG_TYPE);
    assert_eq!(status_of("1", &[], AUTO), 0);
    let unused = [Variable::new("x", Int32), Variable::coded("unused", 99)];
    assert_eq!(status_of("x", &unused, AUTO), compile_status::INVALID_ARG_TYPE);
}

#[test]
fn itemsizes_of_text_variables() {
    let ucs4 = |itemsize| [Variable::text("s", String, itemsize)];
    assert_eq!(status_of("s", &ucs4(6), AUTO), compile_status::INVALID_ARG_TYPE);
    assert_eq!(status_of("s", &ucs4(0), AUTO), compile_status::INVALID_ARG_TYPE);
    assert_eq!(status_of("s", &[Variable::text("s", Bytes, 0)], AUTO), compile_status::INVALID_ARG_TYPE);
    let ignored = [Variable { itemsize: 3, ..Variable::new("x", Float64) }];
    assert_eq!(status_of("x", &ignored, AUTO), 0);
}

#[test]
fn a_bytes_variable_is_a_result() {
    let expression = compile("s", &[Variable::text("s", Bytes, 3)], AUTO).expect("compiles");
    assert_eq!((expression.dtype(), expression.itemsize()), (Bytes.code(), 3));
}

#[test]
fn kinds_of_entries() {
    let of_kind = |kind| [Variable { kind, ..Variable::new("x", Float64) }];
    for kind in [0, 32, 64, 96] {
        assert_eq!(status_of("x", &of_kind(kind), AUTO), 0, "kind {kind}");
    }
    for kind in [1, 7, 24, 31] {
        assert_eq!(status_of("x", &of_kind(kind), AUTO), compile_status::INVALID_ARG_TYPE, "kind {kind}");
    }
    for kind in [8, 15, 16, 23] {
        assert_eq!(status_of("1", &of_kind(kind), AUTO), compile_status::INVALID_ARG, "kind {kind}");
    }
    let textual =
        [Variable::function("f", String.code(), FUNCTION + 1, plus_three_quarters as *const c_void)];
    assert_eq!(status_of("1", &textual, AUTO), compile_status::INVALID_ARG_TYPE);
    let auto = [Variable { kind: 32, ..Variable::coded("x", AUTO) }];
    assert_eq!(status_of("x", &auto, Float64.code()), 0);
}

#[test]
fn constants_without_variables() {
    let expression = compile("1.5", &[], AUTO).expect("compiles");
    assert_eq!(expression.dtype(), Float64.code());
    let out = expression.eval(&[], 2).expect("evaluates");
    assert_eq!(decode(Float64, &out), [1.5, 1.5]);
}

#[test]
fn exact_mixed_sums() {
    let columns = [column("a", Int64, &[-5.0]), column("b", Float64, &[1000.5])];
    check(&columns, Some(Float64), "b+(a+a)", Float64, &[990.5]);
    assert_eq!(inferred(&[("a", Float32), ("b", Int32), ("c", Int32)], "a+(b+c)"), Ok(Float64));
}

#[test]
fn pointers_bind_to_the_used_variables_in_declaration_order() {
    let declared = ["a", "b", "c"].map(|name| Variable::new(name, Float64));
    let (a, b, c): (&[f64], &[f64], &[f64]) = (&[1.0, 2.0], &[10.0, 20.0], &[100.0, 200.0]);
    let difference = compile("c-a", &declared, AUTO).expect("compiles");
    assert_eq!(eval_f64(&difference, &[a, c]), [99.0, 198.0]);
    let all = compile("c-a*b", &declared, AUTO).expect("compiles");
    assert_eq!(eval_f64(&all, &[a, b, c]), [90.0, 160.0]);
    let data = encode(Float64, a);
    assert_eq!(all.eval(&[&data], 2), Err(eval_status::VAR_MISMATCH));
    assert_eq!(all.eval(&[], 2), Err(eval_status::VAR_MISMATCH));

    let twice = ["a", "a", "b"].map(|name| Variable::new(name, Float64));
    let first_wins = compile("a+b", &twice, AUTO).expect("compiles");
    assert_eq!(eval_f64(&first_wins, &[a, b]), [11.0, 22.0]);
}

#[test]
fn output_in_the_buffer_of_an_input() {
    let variables = [Variable::new("a", Float64), Variable::new("b", Float64)];
    for (text, n) in [("a+b", 3), ("a*a-a+b", 10000)] {
        let expression = compile(text, &variables, AUTO).expect("compiles");
        let numbers: Vec<f64> = (0..n).map(f64::from).collect();
        let b = encode(Float64, &numbers);
        let separate = expression.eval(&[&b, &b], n as usize).expect("evaluates");
        let mut a = b.clone();
        let inputs: [*const c_void; 2] = [a.as_ptr().cast(), b.as_ptr().cast()];
        // SAFETY: both buffers hold n items; output and first input are the same buffer.
        let status = unsafe {
            ffi::me_eval(
                expression.raw(),
                inputs.as_ptr().cast_mut(),
                2,
                a.as_mut_ptr().cast(),
                n,
                ptr::null(),
            )
        };
        assert_eq!(status, 0);
        assert!(a == separate, "{text} in place");
    }
}

#[test]
fn messages_follow_the_latest_compile_call() {
    let variables = [Variable::new("a", Float64)];
    let failure = compile("a + foo", &variables, AUTO).err().expect("an unknown name");
    assert_eq!((failure.status, failure.position), (compile_status::PARSE, 7));
    assert!(last_message().is_some());
    let other_thread = std::thread::spawn(last_message).join().expect("no panic");
    assert_eq!(other_thread, None);
    assert_eq!(status_of("a", &variables, AUTO), 0);
    assert_eq!(last_message(), None);
    let long = format!("a + {}", "name".repeat(1000));
    let message = compile(&long, &variables, AUTO).err().and_then(|failure| failure.message);
    assert!(message.is_some_and(|text| text.len() <= 255));
}

#[test]
fn the_version_is_that_of_the_package() {
    // SAFETY: the version is a static NUL-terminated text.
    let version = unsafe { std::ffi::CStr::from_ptr(ffi::me_version()) };
    assert_eq!(version.to_str(), Ok(env!("CARGO_PKG_VERSION")));
}

extern "C" fn plus_three_quarters(x: f64) -> f64 {
    x + 0.75
}

extern "C" fn digits(a: f64, b: f64, c: f64, d: f64, e: f64, f: f64, g: f64) -> f64 {
    [a, b, c, d, e, f, g].iter().fold(0.0, |number, digit| number * 10.0 + digit)
}

extern "C" fn scale(context: *mut c_void, x: f64) -> f64 {
    // SAFETY: the tests register this closure with a pointer to a float64 that outlives the calls.
    x * unsafe { *context.cast::<f64>() }
}

extern "C" fn forty() -> f64 {
    40.0
}

/// Evaluates `text` over `x` and `f`, a user function that adds 0.75 and returns `returned`.
fn apply_function(
    x: (Dtype, &[f64]),
    returned: u32,
    flags: c_int,
    text: &str,
    output: u32,
) -> (u32, Vec<f64>) {
    let address = plus_three_quarters as *const c_void;
    let variables =
        [Variable::new("x", x.0), Variable::function("f", returned, (FUNCTION + 1) | flags, address)];
    let expression = compile(text, &variables, output).unwrap_or_else(|e| panic!("{text}: {e:?}"));
    let out = expression.eval(&[&encode(x.0, x.1)], x.1.len()).expect(text);
    let dtype = Dtype::from_code(expression.dtype()).expect("a dtype");
    (expression.dtype(), decode(dtype, &out))
}

#[test]
fn user_functions_and_their_dtypes() {
    let (single, double, int) = (Float32.code(), Float64.code(), Int32.code());
    let ints: (Dtype, &[f64]) = (Int32, &[1.0, 2.0, 3.0]);
    let floats: (Dtype, &[f64]) = (Float32, &[1.0, 2.0]);
    let with_fraction = vec![1.75, 2.75, 3.75];
    let truncated = vec![1.0, 2.0, 3.0];
    assert_eq!(apply_function(ints, double, 0, "f(x)", AUTO), (double, with_fraction.clone()));
    assert_eq!(apply_function(ints, int, 0, "f(x)", AUTO), (int, truncated.clone()));
    assert_eq!(apply_function(ints, AUTO, 0, "f(x)", AUTO), (int, truncated.clone()));
    assert_eq!(apply_function(ints, AUTO, FLOAT_MATH, "f(x)", AUTO), (double, with_fraction));
    assert_eq!(apply_function(floats, AUTO, 0, "f(x)", AUTO), (single, vec![1.75, 2.75]));
    assert_eq!(apply_function(ints, double, 0, "f(x)", int), (int, truncated));
    assert_eq!(apply_function(ints, double, 0, "f(x) > 2", AUTO), (Bool.code(), vec![0.0, 1.0, 1.0]));
    assert_eq!(apply_function(ints, double, PURE, "f(x) + f(1)", AUTO), (double, vec![3.5, 4.5, 5.5]));
    let one: (Dtype, &[f64]) = (Float64, &[1.0]);
    assert_eq!(apply_function(one, double, 0, "f x ** 2", AUTO), (double, vec![3.0625]));
    assert_eq!(apply_function(one, double, 0, "f -x", AUTO), (double, vec![-0.25]));
}

#[test]
fn user_functions_of_other_arities() {
    let variables = [
        Variable::new("x", Float64),
        Variable::function("f7", Float64.code(), FUNCTION + 7, digits as *const c_void),
        Variable::new("y", Float64),
        Variable::function("f0", Float64.code(), FUNCTION | PURE, forty as *const c_void),
    ];
    let seven = compile("f7(x,y,1,2,3,4,5)", &variables, AUTO).expect("compiles");
    assert_eq!(eval_f64(&seven, &[&[1.0], &[5.0]]), [1512345.0]);
    for (text, want) in [("f0", 40.0), ("(f0())", 40.0), ("f0 + 1", 41.0), ("sqrt(f0 - 4)", 6.0)] {
        let nullary = compile(text, &variables, AUTO).expect(text);
        assert_eq!(eval_f64(&nullary, &[]), [want], "{text}");
    }
    for text in ["f7(x)", "f7(x,y,1,2,3,4,5,6)", "f7", "f7 x", "f0(1)"] {
        assert_eq!(status_of(text, &variables, AUTO), compile_status::PARSE, "{text}");
    }
}

#[test]
fn closures_get_their_context() {
    let mut factor = 2.5f64;
    let closure = Variable::function("scale", Float64.code(), (CLOSURE + 1) | PURE, scale as *const c_void);
    let variables = [Variable::new("x", Float64), Variable { context: (&raw mut factor).cast(), ..closure }];
    let expression = compile("scale(x)", &variables, AUTO).expect("compiles");
    assert_eq!(eval_f64(&expression, &[&[1.0, 2.0, 3.0, 4.0]]), [2.5, 5.0, 7.5, 10.0]);
}

static CALLS: AtomicUsize = AtomicUsize::new(0);

extern "C" fn counted(x: f64) -> f64 {
    CALLS.fetch_add(1, Ordering::Relaxed);
    x
}

#[test]
fn pure_functions_of_constants_are_called_once() {
    let pure = Variable::function("f", Float64.code(), (FUNCTION + 1) | PURE, counted as *const c_void);
    let expression = compile("f(1)", &[pure], AUTO).expect("compiles");
    assert_eq!(expression.eval(&[], 100).map(|out| decode(Float64, &out)), Ok(vec![1.0; 100]));
    assert_eq!(CALLS.load(Ordering::Relaxed), 1);
}

#[test]
fn a_function_may_evaluate() {
    extern "C" fn nested(x: f64) -> f64 {
        let inner = compile("v * 2", &[Variable::new("v", Float64)], AUTO).expect("compiles");
        eval_f64(&inner, &[&[x]])[0]
    }
    let variables = [
        Variable::new("x", Float64),
        Variable::function("nested", Float64.code(), FUNCTION + 1, nested as *const c_void),
    ];
    let expression = compile("nested(x) + sqrt(x)", &variables, AUTO).expect("compiles");
    assert_eq!(eval_f64(&expression, &[&[4.0, 9.0]]), [10.0, 21.0]);
}

#[test]
fn complex_excludes_user_functions() {
    let variables = [
        Variable::new("z", Complex128),
        Variable::function("f", Float64.code(), FUNCTION + 1, plus_three_quarters as *const c_void),
    ];
    assert_eq!(status_of("f(z)", &variables, AUTO), compile_status::INVALID_ARG_TYPE);
}

#[test]
fn a_root_reduction_writes_one_item() {
    let x = encode(Float64, &[0.0, 1.0, 2.0, 3.0]);
    for (text, want) in [("sum(x)", vec![6.0]), ("sum(x)+1", vec![7.0; 4])] {
        let expression = compile(text, &[Variable::new("x", Float64)], AUTO).expect(text);
        let out = expression.eval(&[&x], 4).expect(text);
        let (written, rest) = out.split_at(want.len() * 8);
        assert_eq!(decode(Float64, written), want, "{text}");
        assert!(crate::testkit::client::is_untouched(rest), "{text}");
    }
}

#[test]
fn blocks_of_a_chunked_array() {
    let grid = Grid { shape: vec![5, 4], chunkshape: vec![3, 3], blockshape: vec![2, 2] };
    let variables = [Variable::new("a", Float64), Variable::new("b", Float64)];
    let expression = compile_nd("a+b", &variables, AUTO, &grid, 0).expect("compiles");
    let (a, b) = (encode(Float64, &[1.0, 2.0, 3.0, 4.0]), encode(Float64, &[10.0, 20.0, 30.0, 40.0]));
    assert_eq!(expression.valid_nitems(0, 1), Ok(2));
    let block = expression.eval_nd(&[&a, &b], 4, 0, 1).expect("evaluates");
    assert_eq!(decode(Float64, &block), [11.0, 0.0, 33.0, 0.0]);
    assert_eq!(expression.eval_nd(&[&a, &b], 4, 0, 4), Err(eval_status::INVALID_ARG));
    assert_eq!(expression.valid_nitems(1, 1), Ok(0));
    assert_eq!(expression.eval_nd(&[&a, &b], 4, 1, 1), Ok(vec![0; 32]));
}
