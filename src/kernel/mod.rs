//! Vector kernels: typed loops over contiguous elements, chosen once by dtype and SIMD level.
//!
//! A kernel reads up to three operands and writes one result, `n` elements each. The functions of
//! this module look kernels up; the interpreter calls them block by block. They answer `None` for
//! operations that a dtype does not have.

mod arithmetic;
mod boolean;
mod cast;
mod compare;
mod complex;
mod copy;
mod element;
mod elementwise;
mod extremum;
mod float;
mod fused;
mod integer;
pub mod level;
pub mod math;
mod packed;
pub mod reduce;
mod select;
mod stream;
pub mod strided;
pub mod string;
#[cfg(test)]
mod tests;
mod through_float;
mod truth;

pub use cast::cast;
pub use compare::compare;
pub use copy::{copy, splat};
pub use fused::{First, Second, fused, of_squares};
pub use select::select;
pub use stream::{LINE, STREAMS, order_streams, stream};

use crate::dtype::Dtype;
use crate::ir::{BinaryOp, UnaryOp};
use level::Level;
use truth::Truth;

/// A type-erased element-wise kernel: `(out, a, b, c, n)`.
///
/// # Safety
/// `out` must be valid for writing `n` elements of the result dtype and the operands for reading
/// `n` elements of the operand dtype (one element for a scalar operand, see [`Operands`] and
/// [`LastTwo`]), all of them aligned for their dtype. `out` must not overlap any operand. Unused
/// operands may be null. The machine must support the [`Level`] of the kernel.
pub type Kernel = unsafe fn(out: *mut u8, a: *const u8, b: *const u8, c: *const u8, n: usize);

/// Which operands of a two-operand kernel are arrays and which one scalar for all items.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Operands {
    ArrayArray,
    ArrayScalar,
    ScalarArray,
}

/// Which of the last two operands of a three-operand kernel are arrays and which one scalar for all
/// items; the first operand is always an array.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LastTwo {
    ArrayArray,
    ArrayScalar,
    ScalarArray,
    ScalarScalar,
}

/// How transcendental functions are computed.
///
/// ```
/// use miniexpr::{Accuracy, ArrayRef, Dtype, Expression};
///
/// let expression = Expression::builder("sin(a)").variable("a", Dtype::Float64).compile()?;
/// let precise = expression.evaluation().accuracy(Accuracy::Precise);
/// assert_eq!(precise.run_to_vec::<f64>(&[ArrayRef::from(&[1.0])])?, [1f64.sin()]);
/// # Ok::<(), miniexpr::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Accuracy {
    /// At most 3.5 units in the last place in float64, 1 in float32: the default.
    Fast,
    /// At most 1 unit in the last place.
    Precise,
    /// One element at a time through the scalar math library.
    Scalar,
}

impl Accuracy {
    /// In the order of their values, which is that of tables of kernels.
    pub const ALL: [Accuracy; 3] = [Accuracy::Fast, Accuracy::Precise, Accuracy::Scalar];
}

/// The kernel `out[i] = op(a[i])` on `dtype`. The result has the same dtype, but for `Abs`, `Real`
/// and `Imag` of a complex dtype, which give its component dtype.
pub fn unary(op: UnaryOp, dtype: Dtype, accuracy: Accuracy, level: Level) -> Option<Kernel> {
    match dtype {
        Dtype::Bool => boolean::unary(op, level),
        Dtype::Float32 | Dtype::Float64 => float::unary(op, dtype, accuracy, level),
        Dtype::Complex64 | Dtype::Complex128 => complex::unary(op, dtype, level),
        Dtype::String | Dtype::Bytes => None,
        Dtype::Int8
        | Dtype::Int16
        | Dtype::Int32
        | Dtype::Int64
        | Dtype::UInt8
        | Dtype::UInt16
        | Dtype::UInt32
        | Dtype::UInt64 => integer::unary(op, dtype, level),
    }
}

/// The kernel `out[i] = op(a[i], b[i])`; operands and result have dtype `dtype`. Functions of real
/// arguments (everything but `+ - * /`, the bit operations and, on integers, `%` and `**`) exist
/// for two arrays only.
pub fn binary(
    op: BinaryOp,
    dtype: Dtype,
    operands: Operands,
    accuracy: Accuracy,
    level: Level,
) -> Option<Kernel> {
    match dtype {
        Dtype::Bool => boolean::binary(op, operands, level),
        Dtype::Float32 | Dtype::Float64 => float::binary(op, dtype, operands, accuracy, level),
        Dtype::Complex64 | Dtype::Complex128 => complex::binary(op, dtype, operands, level),
        Dtype::String | Dtype::Bytes => None,
        Dtype::Int8
        | Dtype::Int16
        | Dtype::Int32
        | Dtype::Int64
        | Dtype::UInt8
        | Dtype::UInt16
        | Dtype::UInt32
        | Dtype::UInt64 => integer::binary(op, dtype, operands, level),
    }
}

/// The kernel `out[i] = a[i] * b[i] + c[i]` on three arrays of `dtype`, rounded once. Integers and
/// bool go through float64.
pub fn fma(dtype: Dtype, level: Level) -> Option<Kernel> {
    match dtype {
        Dtype::Bool => Some(through_float::fma::<Truth>(level)),
        Dtype::Int8 => Some(through_float::fma::<i8>(level)),
        Dtype::Int16 => Some(through_float::fma::<i16>(level)),
        Dtype::Int32 => Some(through_float::fma::<i32>(level)),
        Dtype::Int64 => Some(through_float::fma::<i64>(level)),
        Dtype::UInt8 => Some(through_float::fma::<u8>(level)),
        Dtype::UInt16 => Some(through_float::fma::<u16>(level)),
        Dtype::UInt32 => Some(through_float::fma::<u32>(level)),
        Dtype::UInt64 => Some(through_float::fma::<u64>(level)),
        Dtype::Float32 | Dtype::Float64 => math::fma(dtype, level),
        Dtype::Complex64 | Dtype::Complex128 | Dtype::String | Dtype::Bytes => None,
    }
}
