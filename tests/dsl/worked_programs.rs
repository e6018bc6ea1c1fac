//! Short kernels with known results.

use std::ffi::c_void;

use miniexpr::Dtype::{self, Bool, Float32, Float64, Int8, Int16, Int32, Int64, UInt8, UInt16, UInt32};

use crate::kernel;
use crate::testkit::client::{self, AUTO, Variable, eval_status};
use crate::testkit::equality::is_same_number;
use crate::testkit::values::{decode, encode};

type Input<'a> = (&'a str, Dtype, &'a [f64]);

/// The output dtype and values of a kernel, or the code of its evaluation.
fn run(source: &str, inputs: &[Input], output: u32, n: usize) -> Result<(Dtype, Vec<f64>), i32> {
    let variables: Vec<Variable> =
        inputs.iter().map(|(name, dtype, _)| Variable::new(name, *dtype)).collect();
    let arrays: Vec<Vec<u8>> = inputs.iter().map(|(_, dtype, values)| encode(*dtype, values)).collect();
    let expression =
        client::compile(source, &variables, output).unwrap_or_else(|why| panic!("{why:?}\n{source}"));
    let dtype = Dtype::from_code(expression.dtype()).expect("a dtype");
    let pointers: Vec<&[u8]> = arrays.iter().map(Vec::as_slice).collect();
    Ok((dtype, decode(dtype, &expression.eval(&pointers, n)?)))
}

/// The values of a kernel over `x`, with both dtypes as given.
fn over(x: Dtype, values: &[f64], output: u32, body: &str) -> (Dtype, Vec<f64>) {
    let source = kernel(body);
    run(&source, &[("x", x, values)], output, values.len()).unwrap_or_else(|code| panic!("{code}: {source}"))
}

/// Checks a float64 kernel of `x`.
fn check(body: &str, x: &[f64], want: &[f64]) {
    let (_, got) = over(Float64, x, Float64.code(), body);
    assert!(got.iter().zip(want).all(|(a, b)| is_same_number(*a, *b)), "{body}\n{got:?} != {want:?}");
}

fn check_typed(x: Dtype, values: &[f64], output: u32, body: &str, want: (Dtype, &[f64])) {
    let got = over(x, values, output, body);
    assert_eq!((got.0, got.1.as_slice()), want, "{body}");
}

/// The value of a kernel without inputs.
fn constant(lines: &[&str]) -> f64 {
    let source = format!("def k():\n    {}", lines.join("\n    "));
    run(&source, &[], Float64.code(), 3).expect("a value").1[0]
}

const FOUR: [f64; 4] = [0.5, 1.5, -2.5, 4.0];
const WHOLE: [f64; 4] = [1.0, 2.0, -3.0, 4.0];

#[test]
fn first_kernels() {
    let source = "def kernel(a, b):\n    temp = a + b\n    return temp * 2";
    let count = |first: i32| (first..first + 8).map(f64::from).collect::<Vec<f64>>();
    let (a, b) = (count(0), count(1));
    let (_, out) = run(source, &[("a", Float64, &a), ("b", Float64, &b)], Float64.code(), 8).expect("values");
    assert_eq!(out, [2.0, 6.0, 10.0, 14.0, 18.0, 22.0, 26.0, 30.0]);
    let stop = ["sum = 0", "for i in range(5):", "    sum = sum + i", "    if i == 2:", "        break"];
    assert_eq!(constant(&[&stop[..], &["return sum"]].concat()), 3.0);
    let skip = ["sum = 0", "for i in range(4):", "    if i == 1:", "        continue", "    sum = sum + i"];
    assert_eq!(constant(&[&skip[..], &["return sum"]].concat()), 5.0);
}

#[test]
fn control_flow() {
    let staged = "i = 0\nacc = 0\nwhile i < 5:\n    if x > i:\n        acc += 1\n        i += 1\n        \
                  continue\n    break\nreturn acc";
    check(staged, &[-1.0, 2.0, 5.0, 0.0], &[0.0, 2.0, 5.0, 0.0]);
    check(
        "for i in range(4):\n    if x == i:\n        return i + 10\nreturn -1",
        &[0.0, 1.0, 3.0, 5.0],
        &[10.0, 11.0, 13.0, -1.0],
    );
    check(
        "if x > 0:\n    y = 2\n    return y\nelse:\n    z = 3\n    return z",
        &[-1.0, 2.0, 0.0, -3.0],
        &[3.0, 2.0, 3.0, 3.0],
    );
    check(
        "acc = 0\nfor i in range(8):\n    if i == 0:\n        continue\n    if x > i:\n        acc = acc + i\n    \
         else:\n        break\nreturn acc",
        &[0.0, 2.0, 5.0, 10.0],
        &[0.0, 1.0, 10.0, 28.0],
    );
    check(
        "acc = 0\nfor i in range(1, 8, 3):\n    if x > i:\n        acc = acc + i\nreturn acc",
        &[0.0, 2.0, 5.0, 10.0],
        &[0.0, 1.0, 5.0, 12.0],
    );
    check(
        "if x > 0:\n    return 1\nelif x < 0:\n    return 2\nelse:\n    return 3",
        &[1.0, -1.0, 0.0, f64::NAN],
        &[1.0, 2.0, 3.0, 3.0],
    );
    check("if x:\n    return 1\nreturn 0", &[0.0, -0.0, f64::NAN, 2.0], &[0.0, 0.0, 1.0, 1.0]);
    check(
        "y = 0\nwhile y < 3:\n    for i in range(5):\n        if i >= x:\n            break\n        y = y + 1\n    \
         y = y + 1\nreturn y",
        &[0.0, 1.0, 2.0, 5.0],
        &[3.0, 4.0, 3.0, 6.0],
    );
    check(
        "y = 0\nfor i in range(3):\n    while 1:\n        y = y + 1\n        break\n    if y > x:\n        \
         return y * 100\nreturn y",
        &[0.0, 1.0, 2.0, 5.0],
        &[100.0, 200.0, 300.0, 3.0],
    );
}

#[test]
fn counted_loops() {
    let sum =
        |range: &str| constant(&["acc = 0", &format!("for i in {range}:"), "    acc += i", "return acc"]);
    assert_eq!(sum("range(2, 6)"), 14.0);
    assert_eq!(sum("range(1, 8, 3)"), 12.0);
    assert_eq!(sum("range(5, -2, -2)"), 8.0);
    assert_eq!(sum("range(2.9)"), 1.0);
    assert_eq!(sum("range(-2.9, 2.9)"), -2.0);
    check("y = 7\nfor i in range(x):\n    y = i\nreturn y", &[0.0, 1.0, 3.0, -2.0], &[7.0, 0.0, 2.0, 7.0]);
    let count = |range: &str| format!("y = 0\nfor i in {range}:\n    y += 1\nreturn y");
    check(&count("range(0, 6, x)"), &[1.0, 2.0, 3.0, 7.0], &[6.0, 3.0, 2.0, 1.0]);
    check(&count("range(6, 0, x)"), &[-1.0, 2.0, 1.0, -7.0], &[6.0, 0.0, 0.0, 1.0]);
    check("acc = 0\nfor i in range(4):\n    i = i + 10\n    acc += i\nreturn acc", &[0.0], &[46.0]);
    let up_to_the_end = count("range(9223372036854775806, 9223372036854775807, 5)");
    check(&up_to_the_end, &[0.0], &[1.0]);
}

#[test]
fn loops_that_leave_their_variable() {
    check("for i in range(4):\n    y = i\nreturn i", &[0.0], &[3.0]);
    check("for i in range(9):\n    if i == x:\n        break\nreturn i", &[2.0, 20.0], &[2.0, 8.0]);
    check("for i in range(x):\n    y = i\nreturn i", &[0.0, 3.0], &[0.0, 2.0]);
    check("y = 0\nfor i in range(3):\n    y += i\nfor i in range(2):\n    y += i\nreturn y", &[0.0], &[4.0]);
}

#[test]
fn compound_assignments() {
    let steps = ["i = 10", "i += 5", "i -= 3", "i *= 2", "i /= 4", "i //= 2", "return i"];
    assert_eq!(constant(&steps), 3.0);
    assert_eq!(constant(&["i = -3", "i //= 2", "return i"]), -2.0);
    assert_eq!(constant(&["i = 7", "i -= 1 + 2", "return i"]), 4.0);
    let halves = ("y = x\ny //= 2\nreturn y", [-7.0, 7.0, -8.0, 1.0]);
    check_typed(Int64, &halves.1, AUTO, halves.0, (Int64, &[-3.0, 3.0, -4.0, 0.0]));
}

#[test]
fn inputs_are_bound_by_the_order_of_the_table() {
    let source = "def kernel(y, x):\n    return x + 2 * y";
    let x: Input = ("x", Float64, &[1.0, 2.0, 3.0, 4.0]);
    let y: Input = ("y", Float64, &[10.0, 20.0, 30.0, 40.0]);
    assert_eq!(run(source, &[x, y], Float64.code(), 4).expect("values").1, [21.0, 42.0, 63.0, 84.0]);
}

#[test]
fn dtypes_of_locals() {
    check_typed(Int32, &WHOLE, AUTO, "v = 1.5\nv = x\nreturn v", (Float64, &WHOLE));
    check_typed(Int32, &WHOLE, AUTO, "v = 1\nv = x * 2.7\nreturn v", (Int32, &[2.0, 5.0, -8.0, 10.0]));
    check_typed(Float64, &FOUR, AUTO, "v = x > 1\nv = x\nreturn v", (Bool, &[1.0; 4]));
    let branches = "if x > 0:\n    v = 1\nelse:\n    v = 1.5\nreturn v";
    check_typed(Int32, &WHOLE, AUTO, branches, (Int32, &[1.0; 4]));
    check_typed(Float64, &FOUR, Int64.code(), "v = x * 1.7\nreturn int(v)", (Int64, &[0.0, 2.0, -4.0, 6.0]));
    check_typed(Int32, &WHOLE, Int32.code(), "v = x / 2\nreturn v * 2", (Int32, &[0.0, 2.0, -2.0, 4.0]));
    let ramp = "step = (10.0 - 0.0) / 9.0\nreturn 0.0 + _flat_idx * step";
    let dummy = [0.0; 10];
    let want: Vec<f64> = [0, 1, 2, 3, 4, 5, 6, 7, 8, 10].map(f64::from).to_vec();
    check_typed(Int64, &dummy, Int32.code(), ramp, (Int32, &want));
    check_typed(Float64, &FOUR, Float64.code(), "m = x > 0\nreturn m", (Float64, &[1.0, 1.0, 0.0, 1.0]));
}

#[test]
fn integer_locals_are_wide_until_the_return() {
    let mixing = "x = _flat_idx ^ 42\nx = (((x >> 16) ^ x) * 0x45D9F3B) & 0xFFFFFFFF\n\
                  x = (((x >> 16) ^ x) * 0x45D9F3B) & 0xFFFFFFFF\nreturn (x >> 16) ^ x";
    let source = kernel(mixing).replace("k(x)", "k(d)");
    let (dtype, values) = run(&source, &[("d", Int32, &[0.0; 6])], Int32.code(), 6).expect("values");
    assert_eq!(dtype, Int32);
    assert_eq!(values, [-147600651.0, 1543550320.0, 446290577.0, -1288402357.0, -1459975070.0, -120399595.0]);
    let wide = "y = _flat_idx * 3000000000\nreturn y / 3000000000";
    check_typed(Int32, &[0.0; 3], Int32.code(), wide, (Int32, &[0.0, 1.0, 2.0]));
    check_typed(Int32, &[1.0, 2.0], Bool.code(), "y = x + 1\nreturn y == 3", (Bool, &[0.0, 1.0]));
}

#[test]
fn literals_keep_their_value() {
    check_typed(Int8, &[1.0], AUTO, "y = 300\nreturn y", (Int16, &[300.0]));
    check_typed(Int8, &[1.0], AUTO, "y = 70000\nreturn y", (Int32, &[70000.0]));
    check_typed(UInt8, &[1.0], AUTO, "return 300", (UInt16, &[300.0]));
    check_typed(Int32, &[1.0], AUTO, "return 3000000000", (Int64, &[3e9]));
    check_typed(Bool, &[1.0], AUTO, "acc = 0\nfor i in range(3):\n    acc += 1\nreturn acc", (Int32, &[3.0]));
    check_typed(
        Int8,
        &[1.0],
        AUTO,
        "y = 0.0\nfor i in range(300):\n    y += 1\nreturn y",
        (Float64, &[300.0]),
    );
    check_typed(Int32, &[1.0, -1.0], AUTO, "if x > 0:\n    return 1\nreturn -1", (Int32, &[1.0, -1.0]));
    check_typed(UInt8, &[1.0], AUTO, "return -3", (Int16, &[-3.0]));
    check_typed(UInt32, &[1.0], AUTO, "y = -3\nreturn y", (Int64, &[-3.0]));
    check_typed(UInt8, &[1.0], AUTO, "y = 3 + x\nreturn y", (UInt8, &[4.0]));
    let loops = "y = x\nfor i in range(-3):\n    y += 1\nfor i in range(2, -2, -1):\n    y += 1\nreturn y";
    check_typed(UInt32, &[1.0], AUTO, loops, (UInt32, &[5.0]));
    check_typed(
        Float32,
        &[1.0],
        AUTO,
        "y = 0\nfor i in range(16777217, 16777219):\n    y += 1\nreturn y",
        (Float32, &[2.0]),
    );
}

#[test]
fn casts() {
    check_typed(
        Float32,
        &[0.0, -1.9, 2.2, 3.9, 255.8, -1024.5],
        Int64.code(),
        "return int(x)",
        (Int64, &[0.0, -1.0, 2.0, 3.0, 255.0, -1024.0]),
    );
    check("return int(3.9)", &[0.0], &[3.0]);
    check("return float(3)", &[0.0], &[3.0]);
    check("return int(x) / 2", &[1.5], &[0.5]);
    let bools = "return bool(x)";
    check_typed(Float64, &[0.0, -1.5, -0.0, 2.0], Bool.code(), bools, (Bool, &[0.0, 1.0, 0.0, 1.0]));
    check_typed(Float64, &[f64::NAN, f64::INFINITY], Bool.code(), bools, (Bool, &[1.0, 1.0]));
    let mixed = [0.0, 0.2, 1.0, 1.9, 2.0, 3.2];
    check("return float(int(x)) + bool(x)", &mixed, &[0.0, 1.0, 2.0, 2.0, 3.0, 4.0]);
    let product = "return int(x * 1.7)";
    check_typed(Float64, &FOUR, Int64.code(), product, (Int64, &[0.0, 2.0, -4.0, 6.0]));
    check_typed(Float32, &[1.0], AUTO, "return float(x)", (Float64, &[1.0]));
    check_typed(Int32, &[1.0], AUTO, "return int(x)", (Int64, &[1.0]));
    check("if int(x) > 1:\n    return 1\nreturn 0", &[1.9, 2.1], &[0.0, 1.0]);
    let exact = "return int(9007199254740993 + x) - 9007199254740992";
    check_typed(Int64, &[0.0], Int64.code(), exact, (Int64, &[1.0]));
}

#[test]
fn where_in_branches() {
    let source = "def k(x, y):\n    acc = 0.0\n    for i in range(2):\n        if i % 2 == 0:\n            \
                  tmp = where(x < y, y + i, x - i)\n        else:\n            \
                  tmp = where(x > y, x + i, y - i)\n        acc = acc + tmp * (i + 1)\n    return acc";
    let x: Input = ("x", Float32, &[0.0, 0.5, 1.0, 9.0]);
    let y: Input = ("y", Float32, &[1.0; 4]);
    assert_eq!(run(source, &[x, y], Float32.code(), 4).expect("values").1, [1.0, 1.0, 1.0, 29.0]);
}

#[test]
fn index_symbols_of_flat_arrays() {
    check("return _flat_idx + _i0 + _n0 + _ndim", &[0.0; 6], &[7.0, 9.0, 11.0, 13.0, 15.0, 17.0]);
    check("return _i1 + _n1 + _i7 + _n7", &[0.0], &[2.0]);
    let (_, ramp) = over(UInt8, &[0.0; 10], Float32.code(), "return _flat_idx * (10.0 / 9.0)");
    assert!(ramp.iter().enumerate().all(|(i, value)| (value - i as f64 * 10.0 / 9.0).abs() < 1e-6));
}

#[test]
fn unassigned_locals_are_zero() {
    check("if x > 0:\n    y = 5\nreturn y", &[1.0, -1.0], &[5.0, 0.0]);
}

#[test]
fn failing_evaluations() {
    let code = |body: &str, x: &[f64]| {
        run(&kernel(body), &[("x", Float64, x)], Float64.code(), x.len()).expect_err("a failure")
    };
    let step = "y = 0\nfor i in range(0, 6, x):\n    y += 1\nreturn y";
    assert_eq!(code(step, &[1.0, 0.0]), eval_status::INVALID_ARG);
    assert_eq!(code("for i in range(0, 3, 0):\n    y = 1\nreturn x", &[1.0]), eval_status::INVALID_ARG);
    assert_eq!(code("for i in range(0, 3, 0.5):\n    y = 1\nreturn x", &[1.0]), eval_status::INVALID_ARG);
    assert_eq!(code("for i in range('a'):\n    y = 1\nreturn x", &[1.0]), eval_status::INVALID_ARG);
    assert_eq!(code("if x > 0:\n    return 1", &[1.0, -1.0]), eval_status::INVALID_ARG);
    check("if x > 0:\n    return 1", &[1.0, 2.0], &[1.0, 1.0]);
    let guarded = "y = 0\nif x > 0:\n    for i in range(0, 6, x):\n        y += 1\nreturn y";
    check(guarded, &[1.0, 0.0], &[6.0, 0.0]);
}

extern "C" fn clamp01(x: f64) -> f64 {
    x.clamp(0.0, 1.0)
}

extern "C" fn scale(context: *mut c_void, x: f64) -> f64 {
    // SAFETY: the tests register the closure with a pointer to a float64 that outlives the calls.
    x * unsafe { context.cast::<f64>().read() }
}

#[test]
fn user_functions() {
    const FUNCTION1: i32 = 9;
    const CLOSURE1: i32 = 17;
    let x = Variable::new("x", Float64);
    let clamp = Variable::function("clamp01", Float64.code(), FUNCTION1, clamp01 as *const c_void);
    let clamped = client::compile(&kernel("return clamp01(x)"), &[x.clone(), clamp], Float64.code());
    let values = encode(Float64, &[-0.5, 0.0, 0.25, 1.0, 1.5]);
    let out = clamped.expect("a kernel").eval(&[&values], 5).expect("values");
    assert_eq!(decode(Float64, &out), [0.0, 0.0, 0.25, 1.0, 1.0]);
    let mut factor = 2.5f64;
    let mut closure = Variable::function("scale", Float64.code(), CLOSURE1, scale as *const c_void);
    closure.context = (&raw mut factor).cast();
    let scaled = client::compile(&kernel("y = scale(x)\nreturn y"), &[x, closure], Float64.code());
    let out = scaled.expect("a kernel").eval(&[&encode(Float64, &[1.0, 2.0, 3.0])], 3).expect("values");
    assert_eq!(decode(Float64, &out), [2.5, 5.0, 7.5]);
}

#[test]
fn tables_that_are_refused() {
    let refuse = |variables: &[Variable], body: &str, want: &str| {
        let failure = client::compile(&kernel(body), variables, Int64.code()).err().expect("a refusal");
        assert_eq!((failure.status, failure.position), (client::compile_status::PARSE, -1), "{want}");
        let message = failure.message.expect("a message");
        assert!(message.contains(want), "{message}");
    };
    let x = || Variable::new("x", Float64);
    let function = |name: &str, dtype: u32| Variable::function(name, dtype, 9, clamp01 as *const c_void);
    let f64_code = Float64.code();
    refuse(&[], "return x", "input count mismatch");
    refuse(&[x(), Variable::new("y", Float64)], "return x", "input count mismatch");
    refuse(&[Variable::new("_i0", Float64)], "return x", "reserved name");
    refuse(&[Variable::new("_flat_idx", Float64)], "return x", "reserved name");
    refuse(&[Variable::new("y", Float64)], "return x", "no variable for the parameter");
    refuse(&[x(), function("int", f64_code)], "return x", "reserved name");
    refuse(&[x(), function("sin", f64_code)], "return x", "builtin");
    refuse(&[x(), function("x", f64_code)], "return x", "another entry");
    refuse(&[x(), function("f", f64_code), function("f", f64_code)], "return x", "another entry");
    refuse(&[x(), function("f", AUTO)], "return x", "dtype");
    refuse(&[x(), function("f", Dtype::String.code())], "return x", "string");
    refuse(&[Variable { kind: 5, ..x() }], "return x", "entry type");
    let no_address = Variable::function("f", f64_code, 9, std::ptr::null());
    refuse(&[x(), no_address], "return x", "address");
    let failure =
        client::compile(&kernel("return int() + x"), &[x()], Int64.code()).err().expect("a refusal");
    assert!(failure.message.expect("a message").contains("invalid cast intrinsic usage"));
    let unsure = client::compile(&kernel("return x"), &[Variable::coded("x", AUTO)], AUTO).err();
    assert_eq!(unsure.expect("a refusal").status, client::compile_status::PARSE);
}

#[test]
fn errors_in_the_source_go_before_errors_in_the_table() {
    let variables = [Variable { kind: 5, ..Variable::new("x", Float64) }];
    let failure = client::compile("def k(x)\n    return x", &variables, AUTO).err().expect("a refusal");
    assert_eq!(failure.position, 0);
}

#[test]
fn an_unused_input_may_be_missing() {
    let variables = [Variable::new("x", Float64), Variable::new("y", Float64)];
    let source = "def k(x, y):\n    z = x + 1\n    return z";
    let expression = client::compile(source, &variables, AUTO).expect("a kernel");
    let x = encode(Float64, &[1.0]);
    let missing = std::ptr::null::<c_void>();
    let evaluate = |inputs: [*const c_void; 2]| {
        let mut out = [0.0f64];
        // SAFETY: the present input and the output hold the one item.
        let code = unsafe {
            let inputs = inputs.as_ptr().cast_mut();
            miniexpr::ffi::me_eval(expression.raw(), inputs, 2, out.as_mut_ptr().cast(), 1, std::ptr::null())
        };
        (code, out[0])
    };
    assert_eq!(evaluate([x.as_ptr().cast(), missing]), (0, 2.0));
    assert_eq!(evaluate([missing, x.as_ptr().cast()]).0, eval_status::INVALID_ARG);
}

#[test]
fn inputs_without_dtype_take_that_of_the_output() {
    let variables = [Variable::coded("x", AUTO), Variable::new("y", Int32)];
    let source = "def k(x, y):\n    return x + y";
    let expression = client::compile(source, &variables, Float32.code()).expect("a kernel");
    let inputs = [encode(Float32, &[0.5]), encode(Int32, &[2.0])];
    let out = expression.eval(&[&inputs[0], &inputs[1]], 1).expect("a value");
    assert_eq!(decode(Float32, &out), [2.5]);
}

/// A compound assignment means its operation, whatever the names of the kernel are.
#[test]
fn compound_assignments_do_not_look_at_names() {
    for name in ["floor", "sum", "abs", "t", "x2", "where", "sin"] {
        for (operator, want) in [("+=", 9.5), ("-=", 5.5), ("*=", 15.0), ("/=", 3.75), ("//=", 3.0)] {
            check(&format!("{name} = 7.5\n{name} {operator} x\nreturn {name}"), &[2.0], &[want]);
            check(&format!("{name} = 0.0\ny = 7.5\ny {operator} x + {name}\nreturn y"), &[2.0], &[want]);
        }
    }
    let inputs: [Input; 2] = [("floor", Float64, &[2.0, 4.0]), ("x", Float64, &[7.0, 9.0])];
    let source = "def k(floor, x):\n    y = x\n    y //= floor\n    return y\n";
    assert_eq!(run(source, &inputs, AUTO, 2), Ok((Float64, vec![3.0, 2.0])));
    check("y = x\ny -= 1, 2\nreturn y", &[7.0], &[5.0]);
    check("y = x\ny += -1\nreturn y", &[7.0], &[6.0]);
    check("y = x\ny *= 1 + 1\nreturn y", &[7.0], &[14.0]);
    check("y = x\ny /= 1 + 1\nreturn y", &[7.0], &[3.5]);
    check("y = x\ny //= 1 + 1\nreturn y", &[-7.0], &[-4.0]);
}

#[test]
fn a_fault_in_a_compound_assignment_is_told_as_written() {
    let fault = |line: &str| {
        let source = format!("def k(x):\n    y = x\n    {line}\n    return y\n");
        let failure = client::compile(&source, &[Variable::new("x", Float64)], AUTO).err().expect(line);
        failure.message.expect("a message")
    };
    assert!(fault("y //= foo").contains("line 3, column 11: unknown name 'foo'"), "{}", fault("y //= foo"));
    assert!(fault("y += x +").contains("expected an operand, but the expression ends here"));
    assert!(fault("z += 1").contains("line 3, column 5: 'z' has no value yet"));
    assert!(fault("sin += 1").contains("'sin' has no value yet"));
    for line in ["y //= foo", "y += x +", "y -= )"] {
        assert!(!fault(line).contains("floor"), "{}", fault(line));
    }
}
