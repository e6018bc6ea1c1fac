//! Programs with statements against the interpreter.

use super::{agree, machine, shuffled};
use crate::back::wasm::{Linking, translate};
use crate::dtype::Dtype;
use crate::kernel::level::Level;
use crate::mid::Positions;
use machine::{Array, interpreted, kernel, translated};

const MANDELBROT: &str = "def mandelbrot(x, y):
    zr = 0.0
    zi = 0.0
    escape = 200.0
    for i in range(200):
        if zr * zr + zi * zi > 4.0:
            escape = float(i)
            break
        new = zr * zr - zi * zi + x
        zi = 2.0 * zr * zi + y
        zr = new
    return escape
";

const PROGRAMS: [&str; 18] = [
    MANDELBROT,
    "def k(x, y):\n    if x > 0:\n        z = x\n    elif y > 0:\n        z = y * 2\n    else:\n        z = x - y\n    return z",
    "def k(x, y):\n    if x > 0:\n        return x\n    if y > 0:\n        return y\n    return x + y",
    "def k(x, y):\n    n = 0\n    a = x\n    while abs(a) > 1 and n < 40:\n        a = a / 2\n        n = n + 1\n    return n",
    "def k(x, y):\n    s = 0.0\n    for i in range(10):\n        if i % 2 == 0:\n            continue\n        if x > i:\n            continue\n        s = s + i * y\n    return s",
    "def k(x, y):\n    s = 0\n    for i in range(int(where(abs(x) < 50, x, 3))):\n        s = s + i\n    return s",
    "def k(x, y):\n    s = 0\n    for i in range(6, 0, -2):\n        for j in range(i):\n            if x > j:\n                break\n            s = s + i * j\n    return s + x",
    "def k(x, y):\n    a = x\n    b = y\n    for i in range(5):\n        t = a\n        a = b\n        b = t + a * 0.5\n    return a - b",
    "def k(x, y):\n    for i in range(8):\n        if x < i:\n            return x\n        if y < i:\n            return y\n    return x - y",
    "def k(x, y):\n    last = 7\n    for i in range(int(where(abs(x) < 9, x, 2))):\n        last = i\n        i = i + 10\n    return last",
    "def k(x, y):\n    s = 0.0\n    for i in range(3):\n        if sin(x) > 0:\n            s = s + exp(y * 0.1)\n        else:\n            s = s - cos(x + i)\n    return s",
    "def k(x, y):\n    flag = x > y\n    n = 0\n    while flag:\n        n = n + 1\n        flag = n < 5\n    return n",
    "def k(x, y):\n    return x + _flat_idx + _i0 * 2 + _n0 + _ndim",
    "def k(x, y):\n    s = 0\n    for i in range(0, 6, int(where(x > 0.5, 2, 0))):\n        s = s + 1\n    return s",
    // Steps keep the sign of a zero where the item waits.
    "def k(x, y):\n    s = -0.0 * abs(x)\n    t = s\n    b = y\n    n = 9\n    while abs(b) > 0.4 and n > 2:\n        b = b * 0.5\n        s = s + 0.0\n        t = t - 0.0\n        n = n - 1\n    return copysign(1.0, s) + 2 * copysign(1.0, t) + 4 * n",
    // Locals of the inner loop that nothing else reads, and one that is read after it.
    "def k(x, y):\n    s = x\n    i = 0.0\n    while s < 3.0 and i < 6.0:\n        a = y\n        b = x\n        n = 0.0\n        while a < 1.0 and n < 9.0:\n            a = a + b * b * 0.1 + 0.05\n            b = b * 0.5\n            n = n + 1.0\n        s = s + n * a\n        i = i + 1.0\n    return s",
    // Few items call in one branch, more in others; some of them would wait twice.
    "def k(x, y):\n    s = x\n    if x > 9.0:\n        s = exp(y * 0.1) + x\n    if y > 1.9:\n        s = s + sin(x)\n    elif y < -0.5:\n        if x < 0:\n            s = cos(s)\n    return s * 2",
    "def k(x, y):\n    if x > 9.0:\n        return log(x)\n    if y > 1.0 and _flat_idx > 3:\n        return exp(x * 0.1)\n    elif y > 0.0:\n        return tanh(x)\n    return (x - y) * 1.0",
];

fn inputs() -> [Vec<f64>; 2] {
    let xs: Vec<f64> = (0..41).map(|i| f64::from(i) * 0.37 - 4.0).collect();
    let ys = (0..41).map(|i| f64::from(i * 7 % 41) * 0.11 - 1.5).collect();
    [xs, ys]
}

#[test]
fn programs_agree_with_the_interpreter() {
    let [xs, ys] = inputs();
    for program in PROGRAMS {
        agree(program, &[Array::from(xs.as_slice()), Array::from(ys.as_slice())], None);
    }
}

#[test]
fn programs_agree_on_narrow_dtypes() {
    let [xs, ys] = inputs();
    let narrow = |values: &[f64]| values.iter().map(|value| *value as f32).collect::<Vec<f32>>();
    let whole = |values: &[f64]| values.iter().map(|value| (*value * 3.0) as i16).collect::<Vec<i16>>();
    for program in PROGRAMS {
        agree(program, &[narrow(&xs).as_slice().into(), narrow(&ys).as_slice().into()], None);
        agree(program, &[whole(&xs).as_slice().into(), whole(&ys).as_slice().into()], None);
    }
}

#[test]
fn mandelbrot_is_small_and_calls_nothing_but_the_meter() {
    for dtype in [Dtype::Float64, Dtype::Float32] {
        let kernel = kernel(MANDELBROT, &[("x", dtype), ("y", dtype)], Some(dtype));
        let module = translate(&kernel, Level::Baseline, Linking::Helper).unwrap();
        assert!(module.bytes.len() <= 3584, "{} bytes for {dtype}", module.bytes.len());
        assert_eq!(module.needs.calls.len(), 1);
    }
}

#[test]
fn a_float32_loop_works_in_32_bit_lanes() {
    let kernel = kernel(MANDELBROT, &[("x", Dtype::Float32), ("y", Dtype::Float32)], Some(Dtype::Float32));
    assert_eq!(translate(&kernel, Level::Baseline, Linking::Helper).unwrap().needs.call.group, 8);
}

#[test]
fn positions_in_a_block_agree() {
    let text = "def k(x):\n    return _flat_idx + _i0 + _i1 + _n0 + _n1 + _ndim + x";
    let kernel = kernel(text, &[("x", Dtype::Float64)], None);
    let at = Positions { shape: &[30, 50], origin: &[4, 6], extents: &[13, 11] };
    let items = 13 * 11;
    let x = Array::from(vec![0.5; items].as_slice());
    let inputs = [shuffled(&x)];
    assert_eq!(translated(&kernel, &inputs, items, &at), interpreted(&kernel, &inputs, items, &at));
}

#[test]
fn a_loop_past_the_cap_fails() {
    let kernel =
        kernel("def k(x):\n    while x > 0:\n        y = 1\n    return x", &[("x", Dtype::Float64)], None);
    let at = Positions { shape: &[3], origin: &[0], extents: &[3] };
    let run = |values: [f64; 3]| translated(&kernel, &[values.as_slice().into()], 3, &at).is_some();
    assert!(run([-1.0, 0.0, f64::NAN]));
    assert!(!run([-1.0, 0.0, 1.0]));
}

/// A caller need not have memory for what a kernel does not read.
#[test]
fn unread_inputs_may_be_null() {
    let kernel = kernel(
        "def k(x, y):\n    return x + _flat_idx",
        &[("x", Dtype::Float64), ("y", Dtype::Float32)],
        None,
    );
    let items = 1029;
    let extent = [items as i64];
    let at = Positions { shape: &extent, origin: &[0], extents: &extent };
    let nothing = Array { dtype: Dtype::Float32, bytes: Vec::new() };
    let inputs = [Array::from(vec![0.5; items].as_slice()), nothing];
    let expected = interpreted(&kernel, &inputs, items, &at);
    assert!(expected.is_some());
    assert_eq!(translated(&kernel, &inputs, items, &at), expected);
}
