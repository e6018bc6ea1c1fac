//! Bools of other bytes than 0 and 1, as views of other arrays have them: all but 0 are true.

use crate::testkit::client::{AUTO, Grid, Variable, compile, compile_nd};
use miniexpr::Dtype::{Bool, Float64};
use miniexpr::ffi::me_eval_params;

const TEXTS: &[&str] = &[
    "b",
    "not b",
    "b and c",
    "b or c",
    "b & c",
    "b | c",
    "b ^ c",
    "~b",
    "b == c",
    "b != c",
    "b < c",
    "b >= c",
    "b + x",
    "b * x",
    "b + c",
    "-b + x",
    "where(b, x, 2*x)",
    "where(b, 1.0, 2.0)",
    "where(b, b, c)",
    "where(x > 2, b, c)",
    "sum(b)",
    "mean(b)",
    "min(b)",
    "max(b)",
    "any(b)",
    "all(b)",
    "sum(b * x)",
    "sum(where(b, x, 0))",
    "x + sum(b)",
    "sin(x) * b",
    "def k(b, c, x):\n    return b\n",
    "def k(b, c, x):\n    y = b\n    if c:\n        y = not b\n    return y\n",
    "def k(b, c, x):\n    if b:\n        return x\n    elif c:\n        return 2*x\n    return 3*x\n",
    "def k(b, c, x):\n    y = x\n    while b and y < 5:\n        y = y + 1\n    return y\n",
    "def k(b, c, x):\n    y = exp(x)\n    for i in range(3):\n        if b:\n            y = y + exp(y/9)\n    return y\n",
    "def k(b, c, x):\n    if any(b):\n        return x\n    return 2*x\n",
    "def k(b, c, x):\n    return int(b) + float(c)\n",
];

fn bytes(values: &[f64]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_ne_bytes()).collect()
}

#[test]
fn bytes_other_than_zero_are_true_in_every_engine() {
    let n = 301;
    let x: Vec<f64> = (0..n).map(|item| f64::from(item % 7)).collect();
    let odd = |seed: u32| -> Vec<u8> {
        let byte = |item: u32| match item.wrapping_mul(2_654_435_761).wrapping_add(seed) >> 13 & 7 {
            0..=2 => 0,
            3 => 1,
            4 => 2,
            5 => 255,
            6 => 128,
            _ => 3,
        };
        (0..n as u32).map(byte).collect()
    };
    let plain = |bytes: &[u8]| -> Vec<u8> { bytes.iter().map(|byte| u8::from(*byte != 0)).collect() };
    let (b, c, x) = (odd(1), odd(99), bytes(&x));
    let grid = Grid { shape: vec![301], chunkshape: vec![301], blockshape: vec![301] };
    for text in TEXTS {
        // A kernel takes all variables, an expression those that it reads.
        let all = [("b", Bool), ("c", Bool), ("x", Float64)];
        let is_read = |name: &str| {
            text.contains("def") || text.split(|c: char| !c.is_alphanumeric()).any(|word| word == name)
        };
        let named: Vec<_> = all.into_iter().filter(|(name, _)| is_read(name)).collect();
        let variables: Vec<_> = named.iter().map(|(name, dtype)| Variable::new(name, *dtype)).collect();
        let arrays = |b: &[u8], c: &[u8]| -> Vec<Vec<u8>> {
            named
                .iter()
                .map(|(name, _)| match *name {
                    "b" => b.to_vec(),
                    "c" => c.to_vec(),
                    _ => x.clone(),
                })
                .collect()
        };
        for mode in 0..3 {
            let expression = compile_nd(text, &variables, AUTO, &grid, mode).unwrap();
            for disable_simd in [0, 1] {
                let params = me_eval_params { disable_simd, ..Default::default() };
                let run = |arrays: Vec<Vec<u8>>| {
                    let inputs: Vec<&[u8]> = arrays.iter().map(Vec::as_slice).collect();
                    expression.eval_with(&inputs, n as usize, Some(&params)).unwrap()
                };
                let expected = run(arrays(&plain(&b), &plain(&c)));
                assert_eq!(run(arrays(&b, &c)), expected, "mode {mode}: {text}");
            }
        }
    }
}

/// Any byte but 0 is true in the options too.
#[test]
fn options_take_any_byte() {
    let expression = compile("exp(x)", &[Variable::new("x", Float64)], AUTO).unwrap();
    let x = bytes(&[0.1, 0.7, 1.3, -4.0]);
    let run = |disable_simd| {
        expression.eval_with(&[&x], 4, Some(&me_eval_params { disable_simd, ..Default::default() })).unwrap()
    };
    assert!([2, 128, 255].iter().all(|byte| run(*byte) == run(1)));
}
