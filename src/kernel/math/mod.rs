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
/// last place, but where a shorter one gains; `docs/accuracy.md` has the errors of both.
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
        two_forms::<F, F>()
    }
    fn two_forms<F: Unary, Fast: Unary>() -> Entry<ScalarUnary> {
        let kernel =
            kernel::<UnaryLane<f32, F>, UnaryLane<f64, F>, UnaryLane<f32, Fast>, UnaryLane<f64, Fast>>;
        Entry { scalar: F::scalar, kernel }
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
        MathFn::Tan => two_forms::<trigonometric::Tan<true>, trigonometric::Tan<false>>(),
        MathFn::Asin => two_forms::<inverse_trigonometric::Asin<true>, inverse_trigonometric::Asin<false>>(),
        MathFn::Acos => two_forms::<inverse_trigonometric::Acos<true>, inverse_trigonometric::Acos<false>>(),
        MathFn::Atan => two_forms::<inverse_trigonometric::Atan<true>, inverse_trigonometric::Atan<false>>(),
        MathFn::Sinh => two_forms::<hyperbolic::Sinh<true>, hyperbolic::Sinh<false>>(),
        MathFn::Cosh => entry::<hyperbolic::Cosh>(),
        MathFn::Tanh => two_forms::<hyperbolic::Tanh<true>, hyperbolic::Tanh<false>>(),
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
        two_forms::<F, F>()
    }
    fn two_forms<F: Binary, Fast: Binary>() -> Option<Entry<ScalarBinary>> {
        let kernel =
            kernel::<BinaryLane<f32, F>, BinaryLane<f64, F>, BinaryLane<f32, Fast>, BinaryLane<f64, Fast>>;
        Some(Entry { scalar: F::scalar, kernel })
    }
    match op {
        BinaryOp::Pow => entry::<power::Pow>(),
        BinaryOp::Atan2 => {
            two_forms::<inverse_trigonometric::Atan2<true>, inverse_trigonometric::Atan2<false>>()
        }
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

/// The kernel of one function: `S` for float32, `D` for float64, and their fast forms.
fn kernel<S: LaneKernel, D: LaneKernel, FastS: LaneKernel, FastD: LaneKernel>(
    dtype: Dtype,
    accuracy: Accuracy,
    level: Level,
) -> Kernel {
    match (dtype, accuracy) {
        (Dtype::Float32, Accuracy::Scalar) => scalar_kernel::<S>,
        (Dtype::Float32, Accuracy::Precise) => vector_kernel::<S>(level),
        (Dtype::Float32, Accuracy::Fast) => vector_kernel::<FastS>(level),
        (_, Accuracy::Scalar) => scalar_kernel::<D>,
        (_, Accuracy::Precise) => vector_kernel::<D>(level),
        (_, Accuracy::Fast) => vector_kernel::<FastD>(level),
    }
}
