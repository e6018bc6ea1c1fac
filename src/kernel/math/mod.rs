//! Transcendental functions on arrays of float32 and float64.
//!
//! Each function is a type with two definitions: a scalar one (the platform's math library) and a
//! branch-free formula for one lane, which the compiler turns into vector instructions when the
//! loops of `block_loop` are compiled for each instruction set. Measured errors are in
//! `docs/accuracy.md`.

mod binary_arithmetic;
mod block_loop;
mod double;
mod error_function;
mod exponential;
mod float;
mod formula;
mod fused;
mod gamma;
mod hyperbolic;
mod inverse_trigonometric;
mod logarithm;
mod power;
mod scalar;
mod trigonometric;

#[cfg(test)]
mod tests;

pub use scalar::factorial;

use super::level::Level;
use super::{Accuracy, Kernel};
use crate::dtype::Dtype;
use crate::ir::{BinaryOp, MathFn};
use block_loop::{scalar_kernel, vector_kernel};
use formula::{Binary, BinaryLane, LaneKernel, Unary, UnaryLane};

/// A function of one float64.
pub type ScalarUnary = fn(f64) -> f64;

/// A function of two float64.
pub type ScalarBinary = fn(f64, f64) -> f64;

/// The kernel `out[i] = f(a[i])` on arrays of `dtype` (float32; anything else is taken as float64).
///
/// [`Accuracy::Fast`] and [`Accuracy::Precise`] share one vector formula, within one unit in the
/// last place but for the functions that `docs/accuracy.md` names.
pub fn unary(f: MathFn, dtype: Dtype, accuracy: Accuracy, level: Level) -> Kernel {
    (unary_entry(f).kernel)(dtype, accuracy, level)
}

/// The kernel `out[i] = op(a[i], b[i])` on arrays of `dtype`; `None` for operations that are not
/// math functions.
pub fn binary(op: BinaryOp, dtype: Dtype, accuracy: Accuracy, level: Level) -> Option<Kernel> {
    binary_entry(op).map(|entry| (entry.kernel)(dtype, accuracy, level))
}

/// The kernel `out[i] = a[i] * b[i] + c[i]`, rounded once on every machine.
pub fn fma(dtype: Dtype, level: Level) -> Kernel {
    match dtype {
        Dtype::Float32 => vector_kernel::<fused::FusedMultiplyAdd<f32>>(level),
        _ => vector_kernel::<fused::FusedMultiplyAdd<f64>>(level),
    }
}

/// `f` at one point, by the scalar math library.
pub fn scalar_unary(f: MathFn) -> ScalarUnary {
    unary_entry(f).scalar
}

/// `op` at one point, by the scalar math library; `None` for operations that are not math functions.
pub fn scalar_binary(op: BinaryOp) -> Option<ScalarBinary> {
    binary_entry(op).map(|entry| entry.scalar)
}

/// A function as a scalar and as a family of kernels.
struct Entry<S> {
    scalar: S,
    kernel: fn(Dtype, Accuracy, Level) -> Kernel,
}

fn unary_entry(f: MathFn) -> Entry<ScalarUnary> {
    fn entry<F: Unary>() -> Entry<ScalarUnary> {
        Entry { scalar: F::scalar, kernel: kernel::<UnaryLane<f32, F>, UnaryLane<f64, F>> }
    }
    match f {
        MathFn::Sqrt => entry::<power::Sqrt>(),
        MathFn::Cbrt => entry::<power::Cbrt>(),
        MathFn::Exp => entry::<exponential::Exp>(),
        MathFn::Exp2 => entry::<exponential::Exp2>(),
        MathFn::Exp10 => entry::<exponential::Exp10>(),
        MathFn::Expm1 => entry::<exponential::Expm1>(),
        MathFn::Log => entry::<logarithm::Log>(),
        MathFn::Log2 => entry::<logarithm::Log2>(),
        MathFn::Log10 => entry::<logarithm::Log10>(),
        MathFn::Log1p => entry::<logarithm::Log1p>(),
        MathFn::Sin => entry::<trigonometric::Sin>(),
        MathFn::Cos => entry::<trigonometric::Cos>(),
        MathFn::Tan => entry::<trigonometric::Tan>(),
        MathFn::Asin => entry::<inverse_trigonometric::Asin>(),
        MathFn::Acos => entry::<inverse_trigonometric::Acos>(),
        MathFn::Atan => entry::<inverse_trigonometric::Atan>(),
        MathFn::Sinh => entry::<hyperbolic::Sinh>(),
        MathFn::Cosh => entry::<hyperbolic::Cosh>(),
        MathFn::Tanh => entry::<hyperbolic::Tanh>(),
        MathFn::Asinh => entry::<hyperbolic::Asinh>(),
        MathFn::Acosh => entry::<hyperbolic::Acosh>(),
        MathFn::Atanh => entry::<hyperbolic::Atanh>(),
        MathFn::Sinpi => entry::<trigonometric::Sinpi>(),
        MathFn::Cospi => entry::<trigonometric::Cospi>(),
        MathFn::Erf => entry::<error_function::Erf>(),
        MathFn::Erfc => entry::<error_function::Erfc>(),
        MathFn::Tgamma => entry::<gamma::Tgamma>(),
        MathFn::Lgamma => entry::<gamma::Lgamma>(),
    }
}

fn binary_entry(op: BinaryOp) -> Option<Entry<ScalarBinary>> {
    fn entry<F: Binary>() -> Option<Entry<ScalarBinary>> {
        Some(Entry { scalar: F::scalar, kernel: kernel::<BinaryLane<f32, F>, BinaryLane<f64, F>> })
    }
    match op {
        BinaryOp::Pow => entry::<power::Pow>(),
        BinaryOp::Atan2 => entry::<inverse_trigonometric::Atan2>(),
        BinaryOp::Copysign => entry::<binary_arithmetic::Copysign>(),
        BinaryOp::Fdim => entry::<binary_arithmetic::Fdim>(),
        BinaryOp::Fmax => entry::<binary_arithmetic::Fmax>(),
        BinaryOp::Fmin => entry::<binary_arithmetic::Fmin>(),
        BinaryOp::Hypot => entry::<power::Hypot>(),
        BinaryOp::Ldexp => entry::<binary_arithmetic::Ldexp>(),
        BinaryOp::Logaddexp => entry::<logarithm::Logaddexp>(),
        BinaryOp::Ncr => entry::<binary_arithmetic::Ncr>(),
        BinaryOp::Npr => entry::<binary_arithmetic::Npr>(),
        BinaryOp::Nextafter => entry::<binary_arithmetic::Nextafter>(),
        BinaryOp::Rem => entry::<binary_arithmetic::Fmod>(),
        BinaryOp::Remainder => entry::<binary_arithmetic::Remainder>(),
        _ => None,
    }
}

/// The kernel of one function: `S` for float32, `D` for float64.
fn kernel<S: LaneKernel, D: LaneKernel>(dtype: Dtype, accuracy: Accuracy, level: Level) -> Kernel {
    match (dtype, accuracy) {
        (Dtype::Float32, Accuracy::Scalar) => scalar_kernel::<S>,
        (Dtype::Float32, _) => vector_kernel::<S>(level),
        (_, Accuracy::Scalar) => scalar_kernel::<D>,
        _ => vector_kernel::<D>(level),
    }
}
