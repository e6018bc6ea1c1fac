//! Tests of the math kernels: accuracy against a multi-precision reference, functions that must be
//! exact, and values at the limits; each on every instruction set of the machine.

mod accuracy;
mod complex;
mod edge_values;
mod exact;
mod floor_division;
mod reference;
mod single;
mod whole_powers;

use super::{binary, fma, unary};
use crate::dtype::Dtype;
use crate::ir::{BinaryOp, MathFn};
use crate::kernel::level::Level;
use crate::kernel::{Accuracy, Kernel};
use crate::testkit::equality::is_same_value;
use crate::testkit::random::Random;
use std::ptr::null;

/// float32 or float64, as the tests see it.
trait Element: Copy + Default + Into<f64> {
    const DTYPE: Dtype;
    /// Stored mantissa bits.
    const MANTISSA_BITS: i32;
    /// Exponent of the smallest normal number.
    const MIN_EXPONENT: i32;

    fn of(x: f64) -> Self;
    fn of_bits(bits: u64) -> Self;
}

impl Element for f32 {
    const DTYPE: Dtype = Dtype::Float32;
    const MANTISSA_BITS: i32 = 23;
    const MIN_EXPONENT: i32 = -126;

    fn of(x: f64) -> f32 {
        x as f32
    }

    fn of_bits(bits: u64) -> f32 {
        f32::from_bits(bits as u32)
    }
}

impl Element for f64 {
    const DTYPE: Dtype = Dtype::Float64;
    const MANTISSA_BITS: i32 = 52;
    const MIN_EXPONENT: i32 = -1022;

    fn of(x: f64) -> f64 {
        x
    }

    fn of_bits(bits: u64) -> f64 {
        f64::from_bits(bits)
    }
}

/// Limits, thresholds and neighbours of both, with both signs.
fn special_values<T: Element>() -> Vec<T> {
    let magnitudes = [
        0.0,
        0.25,
        0.4142135,
        0.5,
        std::f64::consts::FRAC_1_SQRT_2,
        0.75,
        1.0,
        1.5,
        2.0,
        2.4142137,
        2.5,
        3.0,
        10.0,
        20.0,
        40.0,
        88.72,
        88.73,
        89.4,
        89.5,
        103.9,
        104.0,
        127.5,
        128.0,
        149.0,
        150.0,
        308.0,
        309.0,
        323.5,
        324.0,
        708.4,
        709.7,
        709.79,
        710.0,
        710.47,
        710.5,
        745.1,
        745.2,
        1000.0,
        1023.5,
        1024.0,
        1074.0,
        1075.0,
        1e5,
        1e6,
        1e9,
        1e10,
        1e15,
        4503599627370497.0,
        9007199254740993.0,
        1e16,
        1e17,
        1e22,
        1e37,
        3.4028234663852886e38,
        1e100,
        1e154,
        1e155,
        1e300,
        f64::MAX,
        f64::INFINITY,
        f64::NAN,
        1e-5,
        1e-10,
        1e-20,
        1.1754943508222875e-38,
        1e-40,
        1e-45,
        1e-155,
        1e-300,
        f64::MIN_POSITIVE,
        1.5e-323,
        5e-324,
        0.9999,
        1.0001,
        std::f64::consts::FRAC_PI_4,
        std::f64::consts::FRAC_PI_2,
        std::f64::consts::PI,
        1.0 + f64::EPSILON,
        1.0 - f64::EPSILON / 2.0,
        f64::EPSILON,
    ];
    magnitudes.into_iter().flat_map(|x| [T::of(x), T::of(-x)]).collect()
}

/// Numbers of every magnitude: uniform bits.
fn random_bits<T: Element>(count: usize, seed: u64) -> Vec<T> {
    let mut random = Random::new(seed);
    (0..count).map(|_| T::of_bits(random.bits())).collect()
}

fn run<T: Element>(kernel: Kernel, [a, b, c]: [&[T]; 3]) -> Vec<T> {
    let mut out = vec![T::default(); a.len()];
    let operand = |x: &[T]| if x.is_empty() { null() } else { x.as_ptr().cast() };
    assert!([b, c].iter().all(|x| x.is_empty() || x.len() == a.len()));
    // SAFETY: the operands that the kernel reads have as many elements as the result.
    unsafe { kernel(out.as_mut_ptr().cast(), operand(a), operand(b), operand(c), a.len()) };
    out
}

fn run_unary<T: Element>(f: MathFn, accuracy: Accuracy, level: Level, x: &[T]) -> Vec<T> {
    run(unary(f, T::DTYPE, accuracy, level).expect("a math function"), [x, &[], &[]])
}

fn run_binary<T: Element>(op: BinaryOp, accuracy: Accuracy, level: Level, a: &[T], b: &[T]) -> Vec<T> {
    let kernel = binary(op, T::DTYPE, accuracy, level).expect("a math operation");
    run(kernel, [a, b, &[]])
}

fn run_fma<T: Element>(level: Level, a: &[T], b: &[T], c: &[T]) -> Vec<T> {
    run(fma(T::DTYPE, level).expect("a kernel"), [a, b, c])
}

/// Equal, or both NaN; zeros by sign too.
fn same<T: Element>(a: T, b: T) -> bool {
    is_same_value(a.into(), b.into())
}
