//! Kernels of the NumPy dialect: the values are those of Python over NumPy's scalars.

use crate::testkit::array::Array;
use crate::testkit::recorded::{Values, canonical};
use miniexpr::{ArrayRef, Dtype, ErrorKind, Expression, JitMode};

fn kernel(body: &str, variables: &[(&str, Dtype)]) -> Result<Expression, miniexpr::Error> {
    let names: Vec<&str> = variables.iter().map(|(name, _)| *name).collect();
    let lines: String = body.trim_matches('\n').lines().map(|line| format!("    {line}\n")).collect();
    let text = format!("def kernel({}):\n{lines}", names.join(", "));
    let declared = variables
        .iter()
        .fold(Expression::builder(&text), |builder, (name, dtype)| builder.variable(name, *dtype));
    declared.compile()
}

/// The dtype of a kernel over `n` (int32) and `x` (float32).
fn dtype(body: &str) -> Dtype {
    let compiled = kernel(body, &[("n", Dtype::Int32), ("x", Dtype::Float32)]);
    compiled.unwrap_or_else(|error| panic!("{error}")).dtype()
}

/// What a kernel over `n` gives, as machine code and interpreted.
fn values(body: &str, n: &[i32]) -> Vec<i64> {
    let compiled = kernel(body, &[("n", Dtype::Int32)]).unwrap_or_else(|error| panic!("{error}"));
    let run = |mode| match compiled.dtype() {
        Dtype::Int32 => {
            let values = compiled.evaluation().jit(mode).run_to_vec::<i32>(&[ArrayRef::from(n)]);
            values.unwrap().into_iter().map(i64::from).collect()
        }
        _ => compiled.evaluation().jit(mode).run_to_vec::<i64>(&[ArrayRef::from(n)]).unwrap(),
    };
    let interpreted: Vec<i64> = run(JitMode::Off);
    assert_eq!(run(JitMode::Default), interpreted, "{body}");
    interpreted
}

#[test]
fn tuple_assignment_computes_all_values_first() {
    let fibonacci = "
a, b = 0, 1
i = 0
while i < n:
    a, b = b, a + b
    i += 1
return a";
    assert_eq!(values(fibonacci, &[0, 1, 2, 10, 50]), [0, 1, 1, 55, 12586269025]);
    let rotated = "
a, b, c = n, n + 1, n + 2
a, b, c = b, c, a
return a * 100 + b * 10 + c";
    assert_eq!(values(rotated, &[1, 2]), [231, 342]);
}

#[test]
fn operators_are_pythons() {
    let collatz = "
steps = 0
while n != 1 and steps < 1000:
    n2 = n
    steps += 1
    break
return n // 2 if n % 2 == 0 else 3 * n + 1";
    assert_eq!(values(collatz, &[6, 7, -7]), [3, 22, -20]);
    assert_eq!(values("return -n ** 2", &[3]), [-9]);
    assert_eq!(values("return n if 0 < n <= 5 else 0", &[-1, 0, 3, 5, 6]), [0, 0, 3, 5, 0]);
    let compound = "
m = n
m //= 2
m %= 5
m <<= 2
m |= 1
m ^= 3
m **= 2
m >>= 1
m &= 0xff
m -= 1
return m";
    let expected = |n: i64| {
        let m = ((n.div_euclid(2).rem_euclid(5) << 2) | 1) ^ 3;
        ((m * m) >> 1 & 0xff) - 1
    };
    assert_eq!(values(compound, &[7, -7, 100]), [expected(7), expected(-7), expected(100)]);
}

#[test]
fn a_local_has_the_dtype_of_all_its_values() {
    use Dtype::*;
    assert_eq!(dtype("s = 0\nfor i in range(3):\n    s += x\nreturn s"), Float32);
    assert_eq!(dtype("s = 0\nfor i in range(3):\n    s += i * x\nreturn s"), Float32);
    assert_eq!(dtype("s = 0\nfor i in range(3):\n    s += i\nreturn s"), Int64);
    assert_eq!(dtype("s = 0.5\nreturn s * x"), Float32);
    assert_eq!(dtype("s = n\nif x > 0:\n    s = x\nreturn s"), Float64);
    assert_eq!(dtype("s = n\nif x > 0:\n    s = 100\nreturn s"), Int32);
    assert_eq!(dtype("s = n\nif x > 0:\n    s = 5000000000\nreturn s"), Int64);
    assert_eq!(dtype("s = n / 2\nreturn s"), Float64);
    assert_eq!(dtype("if x > 0:\n    return n\nreturn x"), Float64);
    assert_eq!(dtype("if x > 0:\n    return 1\nreturn x"), Float32);
    assert_eq!(dtype("return int(x) * x"), Float32);
    // A later value decides what an earlier statement computes with.
    assert_eq!(dtype("a = 0\nb = 0\nfor i in range(2):\n    b = a\n    a = x\nreturn b"), Float32);
}

#[test]
fn loops_count_in_numbers_of_python() {
    let powers = "
total = 0
for i in range(1, n + 1):
    total += i ** 2
return total";
    assert_eq!(values(powers, &[0, 1, 10]), [0, 1, 385]);
    let float = kernel(
        "total = 0\nfor i in range(3):\n    total = total + i * x\nreturn total",
        &[("x", Dtype::Float32)],
    );
    let given = float.unwrap().evaluate_to_vec::<f32>(&[ArrayRef::from(&[0.5f32])]).unwrap();
    assert_eq!(given, [1.5]);
}

#[test]
fn refusals_point_into_the_kernel() {
    let refused = |body: &str| {
        let error = kernel(body, &[("n", Dtype::Int32)]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Syntax);
        error.message().to_string()
    };
    assert_eq!(refused("a, b = n\nreturn a"), "line 2, column 5: cannot unpack 1 values into 2 names");
    assert_eq!(
        refused("m = n + 1\nreturn m[0]"),
        "line 3, column 13: subscripts and lists are not supported"
    );
    assert_eq!(refused("return k"), "line 2, column 12: unknown name 'k'");
    assert_eq!(
        refused("for i in range(n / 2):\n    n2 = i\nreturn n"),
        "line 2, column 5: range() takes integers, not float64"
    );
    assert_eq!(refused("n = 1\nreturn n"), "line 2, column 5: the input 'n' cannot be assigned");
    assert!(refused("return n && 1").ends_with("'&&' is no operator of Python: write 'and'"));
}

#[test]
fn the_reference_has_no_tuple_assignment() {
    let text = "def f(x):\n    a, b = x, 1\n    return a\n";
    let builder =
        Expression::builder(text).variable("x", Dtype::Float64).dialect(miniexpr::Dialect::Miniexpr);
    assert_eq!(builder.compile().unwrap_err().kind(), ErrorKind::Syntax);
}

/// Every text of the table in a kernel, as machine code where an engine has its operations, beside the interpreter.
#[test]
fn kernels_give_what_expressions_give() {
    let values = Values::read(super::OPERATIONS);
    let mut compared = 0;
    for line in super::OPERATIONS.lines().filter(|line| line.contains('\t')) {
        let fields: Vec<&str> = line.split('\t').collect();
        let (text, which) = (fields[0], fields[1]);
        let arity = if fields[2].split(' ').count() > Dtype::NUMERIC.len() { 2 } else { 1 };
        for dtype in Dtype::NUMERIC {
            let variables = values.variables(&[dtype; 2][..arity], which);
            let named: Vec<(&str, Dtype)> =
                ["a", "b"].into_iter().zip(variables.iter().map(|v| v.0)).collect();
            let plain = named
                .iter()
                .fold(Expression::builder(text), |builder, (name, dtype)| builder.variable(name, *dtype));
            let (plain, compiled) = (plain.compile(), kernel(&format!("return {text}"), &named));
            let (Ok(plain), Ok(compiled)) = (&plain, &compiled) else {
                assert!(plain.is_err() && compiled.is_err(), "{text} of {dtype}: {plain:?}, {compiled:?}");
                continue;
            };
            assert_eq!(plain.dtype(), compiled.dtype(), "{text} of {dtype}");
            let arrays: Vec<Array> =
                variables.iter().map(|(dtype, bytes)| Array::from_bytes(*dtype, bytes)).collect();
            let inputs: Vec<ArrayRef<'_>> = arrays.iter().map(Array::view).collect();
            let run = |expression, mode| {
                let result = Array::evaluate(expression, &inputs, mode)
                    .unwrap_or_else(|error| panic!("{text}: {error}"));
                canonical(plain.dtype(), &result.to_bytes())
            };
            let interpreted = run(plain, JitMode::Off);
            assert_eq!(run(compiled, JitMode::Default), interpreted, "{text} of {dtype}");
            compared += 1;
        }
    }
    assert!(compared > 4_000, "{compared}");
}
