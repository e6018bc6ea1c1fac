//! Kernels of statements: machine code and interpreter agree on every item.

use super::{bytes_of, compile, interpret, levels, native, run};
use crate::back::engine::RunError;
use crate::back::native::lane::{Op, Value};
use crate::dtype::Dtype;
use crate::ir::Kernel;
use crate::kernel::level::Level;

/// Values with which the kernels take different paths.
pub fn values(n: usize, scale: f64) -> Vec<f64> {
    (0..n).map(|k| scale * ((k * 7919 % 101) as f64 / 50.0 - 1.0)).collect()
}

/// Runs a kernel of float64 inputs `x` and `y`.
fn agree(source: &str) {
    let variables = [("x", Dtype::Float64), ("y", Dtype::Float64)];
    let inputs_of_source = if source.contains("(x, y)") { 2 } else { 1 };
    let kernel = compile(source, &variables[..inputs_of_source]);
    levels().for_each(|level| agree_at(level, &kernel, source));
}

fn agree_at(level: Level, kernel: &Kernel, source: &str) {
    let code = native(kernel, level);
    for n in [1, 7, 16, 33, 300] {
        let (x, y) = (values(n, 4.0), values(n, 9.0));
        let all = [bytes_of(&x), bytes_of(&y)];
        let inputs = &all[..kernel.params.len()];
        let got = run(&code, inputs, kernel.output.itemsize, n);
        let expected = interpret(kernel, level, inputs, n);
        assert_eq!(got, expected, "{level:?}: {n} items of\n{source}\n{kernel}");
    }
}

pub const MANDELBROT: &str = "\
def mandelbrot(x, y):
    zr = 0.0
    zi = 0.0
    result = 200.0
    for i in range(200):
        if zr * zr + zi * zi > 4.0:
            result = i
            break
        next = zr * zr - zi * zi + x
        zi = 2.0 * zr * zi + y
        zr = next
    return result
";

const BLACK_SCHOLES: &str = "\
def black_scholes(x, y):
    s = 60.0 + 80.0 * x
    t = 0.05 + 2.0 * y
    root = sqrt(t)
    d1 = (log(s / 100.0) + (0.02 + 0.045) * t) / (0.3 * root)
    d2 = d1 - 0.3 * root
    k = 1.0 / (1.0 + 0.2316419 * abs(d1))
    r = 0.3989422804 * exp(-0.5 * d1 * d1) * (k * (0.31938153 + k * (-0.356563782 + k * (1.781477937 + k * (-1.821255978 + k * 1.330274429)))))
    if d1 > 0:
        c1 = 1.0 - r
    else:
        c1 = r
    k = 1.0 / (1.0 + 0.2316419 * abs(d2))
    r = 0.3989422804 * exp(-0.5 * d2 * d2) * (k * (0.31938153 + k * (-0.356563782 + k * (1.781477937 + k * (-1.821255978 + k * 1.330274429)))))
    if d2 > 0:
        c2 = 1.0 - r
    else:
        c2 = r
    return s * c1 - 100.0 * exp(-0.02 * t) * c2
";

const NEWTON: &str = "\
def newton(x):
    a = abs(x) + 1.0
    z = a
    for i in range(20):
        z = z - (z * z - a) / (2.0 * z)
    return z
";

#[test]
fn loops() {
    for source in [
        MANDELBROT,
        NEWTON,
        "def f(x):\n    s = 0.0\n    for i in range(10):\n        if i % 2 == 0:\n            continue\n        s = s + x * i\n    return s\n",
        "def f(x):\n    for i in range(8):\n        if x > i:\n            return i * 2.0\n    return x\n",
        "def f(x, y):\n    s = 0.0\n    for i in range(int(x), int(y), 2):\n        s = s + i\n    return s\n",
        "def f(x, y):\n    s = 0.0\n    for i in range(int(y), int(x), -1):\n        for j in range(i):\n            s = s + j * x\n            if s > 50.0:\n                break\n        if s < -50.0:\n            return s\n    return s + 1.0\n",
        "def f(x):\n    n = 0.0\n    z = abs(x) + 1.5\n    while z < 100.0:\n        z = z * z\n        n = n + 1.0\n    return n + z\n",
        "def f(x):\n    last = 0.0\n    for i in range(5):\n        if x > i:\n            last = i\n    return last + i\n",
        "def f(x):\n    s = x\n    for i in range(4):\n        s = s + exp(s * 0.01) * sin(x)\n    return s\n",
    ] {
        agree(source);
    }
}

/// A local that only a loop reads is written for lanes that have left it too, unless the next entry of
/// the loop still needs it.
#[test]
fn locals_of_inner_loops() {
    for source in [
        "def f(x, y):\n    s = 0.0\n    z = x\n    for i in range(4):\n        for j in range(3):\n            if z > 2.0:\n                break\n            z = z + abs(y)\n            s = s + z\n    return s\n",
        "def f(x, y):\n    s = 0.0\n    for i in range(4):\n        z = x - i\n        for j in range(3):\n            if z > 2.0:\n                break\n            z = z + abs(y)\n            s = s + z\n    return s\n",
        "def f(x, y):\n    s = 0.0\n    z = x\n    for i in range(6):\n        if z > i:\n            continue\n        z = z * y\n        s = s + z\n    return s\n",
        "def f(x, y):\n    s = 0.0\n    z = x\n    w = y\n    while z < 9.0:\n        if z > y:\n            w = w + z\n        z = z + 1.5\n        s = s + w\n    return s\n",
    ] {
        agree(source);
    }
}

/// Loops that no lane leaves early, with and without lanes that do not enter them.
#[test]
fn loops_without_exits() {
    for source in [
        "def f(x, y):\n    s = x\n    if y > 0.0:\n        for i in range(5):\n            s = s * 0.5 + y\n    return s\n",
        "def f(x, y):\n    s = 0.0\n    if x > 1.0:\n        return y\n    for i in range(4):\n        s = s + x * i\n    return s\n",
        "def f(x, y):\n    s = 0.0\n    for i in range(4):\n        t = y\n        for j in range(3):\n            t = t + x * j\n            if x > i:\n                s = s + t\n        for k in range(int(y)):\n            if k > x:\n                break\n            s = s - t\n    return s + i\n",
    ] {
        agree(source);
    }
}

#[test]
fn branches() {
    for source in [
        BLACK_SCHOLES,
        "def f(x):\n    if x > 1.0:\n        return x * 2.0\n    elif x > 0.0:\n        return x + 10.0\n    else:\n        return -x\n",
        "def f(x, y):\n    t = x\n    if x > y:\n        t = exp(x)\n        if y > 0.0:\n            return t\n    u = t * y\n    if u > 1.0:\n        return u\n    return t - u\n",
        "def f(x):\n    return x + _flat_idx + _i0 * 2 + _n0 + _ndim\n",
    ] {
        agree(source);
    }
}

#[test]
fn errors_of_programs() {
    let kernel = compile(
        "def f(x):\n    s = 0.0\n    for i in range(0, 6, int(x)):\n        s = s + i\n    return s\n",
        &[("x", Dtype::Float64)],
    );
    for level in levels() {
        let code = native(&kernel, level);
        let outcome = |values: &[f64]| run(&code, &[bytes_of(values)], 8, values.len());
        assert_eq!(outcome(&[1.0, 0.0]), Err(RunError::Kernel));
        assert_eq!(outcome(&[1.0, 2.0, 7.0]).unwrap(), bytes_of(&[15.0, 6.0, 0.0]));
    }
}

/// The angles of items that have left the loop go on growing, and those of 2^30 and more take a scalar function.
const LEAVES_EARLY: &str = "\
def leaves(x, y):
    a = 0.0
    b = 0.0
    for i in range(40):
        if a * a + b * b > 4.0:
            break
        t = a * a - b * b + x
        b = 2.0 * a * b + y
        a = t + 0.1 * sin(t) + 0.01 * (b % 3.0)
    return a
";

#[test]
fn functions_see_harmless_values_of_items_that_are_done() {
    agree(LEAVES_EARLY);
    let kernel = compile(LEAVES_EARLY, &[("x", Dtype::Float64), ("y", Dtype::Float64)]);
    for level in levels() {
        let code = crate::back::native::lower::lower(&kernel, level).unwrap();
        let calls = code.insts.iter().filter(|inst| matches!(inst.op, Op::Call(_)));
        let is_selected =
            |value: Value| code.insts.iter().any(|inst| inst.dst == Some(value) && inst.op == Op::Select);
        let operands: Vec<Value> = calls.flat_map(|call| call.args.into_iter().flatten()).collect();
        assert!(!operands.is_empty());
        assert!(operands.into_iter().all(is_selected), "{level:?}");
    }
}

#[test]
fn values_of_a_branch_are_computed_again_after_it() {
    // In the branch, the operands of `fmod` are 1 in the lanes outside it.
    agree(
        "def f(x, y):\n    v = x\n    if x < y:\n        v = v * fmod(x, y)\n    for i in range(1):\n        v = v + x\n    return v + fmod(x, y)\n",
    );
    agree(
        "def f(x, y):\n    v = x\n    if x < y:\n        v = v * exp(x)\n    for i in range(1):\n        v = v + x\n    return v + exp(x)\n",
    );
}

/// What is computed once stays as it is when the local that it was read from changes.
#[test]
fn bounds_and_conditions_are_computed_once() {
    for source in [
        "def f(x, y):\n    n = int(x) + 5\n    s = 0.0\n    for k in range(2):\n        for i in range(n):\n            n = n + 1\n            s = s + y\n            if s > 50.0:\n                break\n    return s + n\n",
        "def f(x, y):\n    c = x > 0.0\n    s = 0.0\n    for i in range(3):\n        z = 1.0\n        if c:\n            c = x > 2.0\n            z = exp(y * 0.1)\n        s = s + z\n    return s\n",
        "def f(x, y):\n    a = x\n    b = y\n    for i in range(3):\n        t = a\n        a = b\n        b = t\n        if a > 3.0:\n            return b\n    return a - 2.0 * b\n",
    ] {
        agree(source);
    }
}
