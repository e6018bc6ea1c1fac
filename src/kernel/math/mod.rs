//! Transcendental functions on arrays of float32 and float64.
//!
//! Each function is a type with two definitions: a scalar one (the platform's math library) and a
//! formula over vectors, which the loops of `block_loop` run on those of each instruction set. Measured
//! errors are in `docs/accuracy.md`.

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
mod binary_arithmetic;
mod block_loop;
pub mod complex;
mod double;
mod element;
mod error_function;
mod exponential;
mod float;
mod floor_division;
mod formula;
mod fused;
mod gamma;
mod hyperbolic;
mod inverse_trigonometric;
mod logarithm;
mod power;
mod scalar;
mod trigonometric;
mod vector128;

#[cfg(test)]
mod tests;

pub use scalar::factorial;

use super::elementwise::{binary_kernel, ternary_kernel};
use super::level::Level;
use super::{Accuracy, Kernel, LastTwo, Operands};
use crate::dtype::Precision::{Double, Single};
use crate::dtype::{Class, Dtype};
use crate::ir::{BinaryOp, MathFn, UnaryOp};
use block_loop::{VectorFunction, scalar_kernel};
use formula::{Binary, BinaryOf, Unary, UnaryOf};
use fused::{EmulatedMultiplyAdd, FusedMultiplyAdd};

/// A function of one float64.
pub type ScalarUnary = fn(f64) -> f64;

/// A function of two float64.
pub type ScalarBinary = fn(f64, f64) -> f64;

/// The kernel `out[i] = f(a[i])` on arrays of float32 or float64; `None` for other dtypes.
///
/// [`Accuracy::Fast`] and [`Accuracy::Precise`] share one vector formula, within one unit in the
/// last place, but where a shorter one gains in float64; `docs/accuracy.md` has the errors of both.
pub fn unary(f: MathFn, dtype: Dtype, accuracy: Accuracy, level: Level) -> Option<Kernel> {
    (unary_entry(f).kernel)(dtype, accuracy, level)
}

/// The kernel `out[i] = op(a[i], b[i])` on arrays of `dtype`; `None` for operations that are not
/// math functions.
pub fn binary(op: BinaryOp, dtype: Dtype, accuracy: Accuracy, level: Level) -> Option<Kernel> {
    binary_entry(op).and_then(|entry| (entry.kernel)(dtype, accuracy, level))
}

/// The kernel `out[i] = a[i] * b[i] + c[i]`, rounded once on every machine; `None` for other dtypes than
/// float32 and float64.
pub fn fma(dtype: Dtype, level: Level) -> Option<Kernel> {
    let operands = LastTwo::ArrayArray;
    Some(match dtype.class() {
        Class::Float(Single) if level > Level::Baseline || vector128::FMA => {
            ternary_kernel::<FusedMultiplyAdd, f32, f32>(operands, level)
        }
        Class::Float(Single) => ternary_kernel::<EmulatedMultiplyAdd, f32, f32>(operands, level),
        Class::Float(Double) => ternary_kernel::<FusedMultiplyAdd, f64, f64>(operands, level),
        Class::Bool | Class::Integer | Class::Complex(_) | Class::Text => return None,
    })
}

/// `f` at one point, by the scalar math library.
pub fn scalar_unary(f: MathFn) -> ScalarUnary {
    unary_entry(f).scalar
}

/// Whether some arguments of a function take many times as long as others: those that the scalar function has
/// to compute, and huge angles. 1 is not among them.
pub fn is_slow_somewhere(op: UnaryOp) -> bool {
    use MathFn::{Cos, Lgamma, Sin, Tan, Tgamma};
    matches!(op, UnaryOp::Factorial | UnaryOp::Math(Sin | Cos | Tan | Tgamma | Lgamma))
}

/// [`is_slow_somewhere`] for functions of two arguments.
pub fn is_binary_slow_somewhere(op: BinaryOp) -> bool {
    use BinaryOp::{Atan2, FloorDiv, FloorMod, Gcd, Ncr, Npr, Pow, Rem, Remainder};
    matches!(op, Atan2 | FloorDiv | FloorMod | Gcd | Ncr | Npr | Pow | Rem | Remainder)
}

/// `op` at one point, by the scalar math library; `None` for operations that are not math functions.
pub fn scalar_binary(op: BinaryOp) -> Option<ScalarBinary> {
    binary_entry(op).map(|entry| entry.scalar)
}

/// A function as a scalar and as a family of kernels.
struct Entry<S> {
    scalar: S,
    kernel: fn(Dtype, Accuracy, Level) -> Option<Kernel>,
}

fn unary_entry(f: MathFn) -> Entry<ScalarUnary> {
    fn entry<F: Unary>() -> Entry<ScalarUnary> {
        two_forms::<F, F>()
    }
    fn two_forms<F: Unary, Fast: Unary>() -> Entry<ScalarUnary> {
        let kernel = kernel::<UnaryOf<f32, F>, UnaryOf<f64, F>, UnaryOf<f64, Fast>>;
        Entry { scalar: F::scalar, kernel }
    }
    match f {
        MathFn::Sqrt => entry::<power::Sqrt>(),
        MathFn::Cbrt => entry::<power::Cbrt>(),
        MathFn::Exp => entry::<exponential::Exp>(),
        MathFn::Exp2 => entry::<exponential::Exp2>(),
        MathFn::Exp10 => entry::<exponential::Exp10>(),
        MathFn::Expm1 => two_forms::<exponential::Expm1<true>, exponential::Expm1<false>>(),
        MathFn::Log => two_forms::<logarithm::Log<true>, logarithm::Log<false>>(),
        MathFn::Log2 => two_forms::<logarithm::Log2<true>, logarithm::Log2<false>>(),
        MathFn::Log10 => two_forms::<logarithm::Log10<true>, logarithm::Log10<false>>(),
        MathFn::Log1p => two_forms::<logarithm::Log1p<true>, logarithm::Log1p<false>>(),
        MathFn::Sin => two_forms::<trigonometric::Sin<true>, trigonometric::Sin<false>>(),
        MathFn::Cos => two_forms::<trigonometric::Cos<true>, trigonometric::Cos<false>>(),
        MathFn::Tan => two_forms::<trigonometric::Tan<true>, trigonometric::Tan<false>>(),
        MathFn::Asin => two_forms::<inverse_trigonometric::Asin<true>, inverse_trigonometric::Asin<false>>(),
        MathFn::Acos => two_forms::<inverse_trigonometric::Acos<true>, inverse_trigonometric::Acos<false>>(),
        MathFn::Atan => two_forms::<inverse_trigonometric::Atan<true>, inverse_trigonometric::Atan<false>>(),
        MathFn::Sinh => two_forms::<hyperbolic::Sinh<true>, hyperbolic::Sinh<false>>(),
        MathFn::Cosh => two_forms::<hyperbolic::Cosh<true>, hyperbolic::Cosh<false>>(),
        MathFn::Tanh => two_forms::<hyperbolic::Tanh<true>, hyperbolic::Tanh<false>>(),
        MathFn::Asinh => entry::<hyperbolic::Asinh>(),
        MathFn::Acosh => entry::<hyperbolic::Acosh>(),
        MathFn::Atanh => entry::<hyperbolic::Atanh>(),
        MathFn::Sinpi => entry::<trigonometric::Sinpi>(),
        MathFn::Cospi => entry::<trigonometric::Cospi>(),
        MathFn::Erf => entry::<error_function::Erf>(),
        MathFn::Erfc => entry::<error_function::Erfc>(),
        MathFn::Tgamma => in_every_mode::<gamma::Tgamma>(),
        MathFn::Lgamma => in_every_mode::<gamma::Lgamma>(),
    }
}

/// A function whose formula is more accurate than the scalar library, in every mode.
fn in_every_mode<F: Unary>() -> Entry<ScalarUnary> {
    Entry {
        scalar: F::scalar,
        kernel: |dtype, _, level| match dtype.class() {
            Class::Float(Single) => Some(<UnaryOf<f32, F>>::vector_kernel(level)),
            Class::Float(Double) => Some(<UnaryOf<f64, F>>::vector_kernel(level)),
            Class::Bool | Class::Integer | Class::Complex(_) | Class::Text => None,
        },
    }
}

fn binary_entry(op: BinaryOp) -> Option<Entry<ScalarBinary>> {
    fn entry<F: Binary>() -> Option<Entry<ScalarBinary>> {
        two_forms::<F, F>()
    }
    fn two_forms<F: Binary, Fast: Binary>() -> Option<Entry<ScalarBinary>> {
        let kernel = kernel::<BinaryOf<f32, F>, BinaryOf<f64, F>, BinaryOf<f64, Fast>>;
        Some(Entry { scalar: F::scalar, kernel })
    }
    match op {
        BinaryOp::Pow => two_forms::<power::Pow<true>, power::Pow<false>>(),
        BinaryOp::Powi => entry::<power::Powi>(),
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
        BinaryOp::Nextafter => Some(Entry { scalar: scalar::nextafter, kernel: nextafter }),
        BinaryOp::Rem => entry::<binary_arithmetic::Fmod>(),
        BinaryOp::Remainder => entry::<binary_arithmetic::Remainder>(),
        BinaryOp::FloorDiv => entry::<floor_division::FloorDiv>(),
        BinaryOp::FloorMod => entry::<floor_division::FloorMod>(),
        _ => None,
    }
}

fn nextafter(dtype: Dtype, accuracy: Accuracy, level: Level) -> Option<Kernel> {
    use binary_arithmetic::Nextafter;
    Some(match (dtype.class(), accuracy) {
        (Class::Float(Single), Accuracy::Scalar) => scalar_kernel::<Nextafter<f32>>,
        (Class::Float(Single), _) => binary_kernel::<Nextafter<f32>, f32>(Operands::ArrayArray, level),
        (Class::Float(Double), Accuracy::Scalar) => scalar_kernel::<Nextafter<f64>>,
        (Class::Float(Double), _) => binary_kernel::<Nextafter<f64>, f64>(Operands::ArrayArray, level),
        (Class::Bool | Class::Integer | Class::Complex(_) | Class::Text, _) => return None,
    })
}

/// The kernel of one function: `S` for float32, and for float64 `D` and its fast form.
fn kernel<S, D, FastD>(dtype: Dtype, accuracy: Accuracy, level: Level) -> Option<Kernel>
where
    S: VectorFunction,
    D: VectorFunction,
    FastD: VectorFunction,
{
    Some(match (dtype.class(), accuracy) {
        (Class::Float(Single), Accuracy::Scalar) => scalar_kernel::<S>,
        (Class::Float(Single), Accuracy::Precise | Accuracy::Fast) => S::vector_kernel(level),
        (Class::Float(Double), Accuracy::Scalar) => scalar_kernel::<D>,
        (Class::Float(Double), Accuracy::Precise) => D::vector_kernel(level),
        (Class::Float(Double), Accuracy::Fast) => FastD::vector_kernel(level),
        (Class::Bool | Class::Integer | Class::Complex(_) | Class::Text, _) => return None,
    })
}
