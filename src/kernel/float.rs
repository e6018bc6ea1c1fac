//! Operations on float32 and float64 elements; each rounds once, nothing is contracted.

use std::marker::PhantomData;

use super::arithmetic::{Add, Div, Mul, Neg, Square, Sub, Zero};
use super::cast::Cast;
use super::copy::copy;
use super::element::{Float, Packed};
use super::elementwise::{BinaryFn, UnaryFn, binary_kernel, unary_kernel};
use super::extremum::{Maximum, Minimum, Ordered};
use super::integer::{BitAnd, BitNot, BitOr, BitXor, ShiftLeft, ShiftRight};
use super::level::Level;
use super::packed::packed_binary;
use super::{Accuracy, Kernel, Operands, math, through_float};
use crate::dtype::Precision::{Double, Single};
use crate::dtype::{Class, Dtype};
use crate::ir::{BinaryOp, UnaryOp};

struct Abs;
struct Sign;
struct Floor;
struct Ceil;
struct Trunc;
struct Round;
struct Rint;

impl<T: Float> UnaryFn<T> for Abs {
    type Out = T;
    #[inline(always)]
    fn apply(x: T) -> T {
        x.abs()
    }
}

impl<T: Float> UnaryFn<T> for Sign {
    type Out = T;
    #[inline(always)]
    fn apply(x: T) -> T {
        let ordered_nonzero = (x < T::default()) | (x > T::default());
        // The sum turns -0 into +0 and leaves NaN alone.
        if ordered_nonzero { T::ONE.copysign(x) } else { x + T::default() }
    }
}

impl<T: Float> UnaryFn<T> for Floor {
    type Out = T;
    #[inline(always)]
    fn apply(x: T) -> T {
        x.floor()
    }
}

impl<T: Float> UnaryFn<T> for Ceil {
    type Out = T;
    #[inline(always)]
    fn apply(x: T) -> T {
        x.ceil()
    }
}

impl<T: Float> UnaryFn<T> for Trunc {
    type Out = T;
    #[inline(always)]
    fn apply(x: T) -> T {
        x.trunc()
    }
}

impl<T: Float> UnaryFn<T> for Round {
    type Out = T;
    #[inline(always)]
    fn apply(x: T) -> T {
        // The difference is exact, so a half is distinguished from its neighbours.
        let whole = x.trunc();
        let away = whole + T::ONE.copysign(x);
        if (x - whole).abs() >= T::HALF { away } else { whole }
    }
}

impl<T: Float> UnaryFn<T> for Rint {
    type Out = T;
    #[inline(always)]
    fn apply(x: T) -> T {
        x.round_ties_even()
    }
}

/// The integer operation `F` on operands truncated to int64, its result converted back.
struct Truncated<F>(PhantomData<F>);

impl<T: Float, F: UnaryFn<i64, Out = i64>> UnaryFn<T> for Truncated<F>
where
    T: Cast<i64>,
    i64: Cast<T>,
{
    type Out = T;
    #[inline(always)]
    fn apply(x: T) -> T {
        F::apply(x.cast()).cast()
    }
}

impl<T: Float, F: BinaryFn<i64, Out = i64>> BinaryFn<T> for Truncated<F>
where
    T: Cast<i64>,
    i64: Cast<T>,
{
    type Out = T;
    #[inline(always)]
    fn apply(x: T, y: T) -> T {
        F::apply(x.cast(), y.cast()).cast()
    }
}

/// The kernel of `op` on float32 or float64.
pub(super) fn unary(op: UnaryOp, dtype: Dtype, accuracy: Accuracy, level: Level) -> Option<Kernel> {
    match (op, dtype.class()) {
        (UnaryOp::Real | UnaryOp::Conj, _) => copy(dtype, level),
        (UnaryOp::Math(f), _) => math::unary(f, dtype, accuracy, level),
        (_, Class::Float(Single)) => unary_of::<f32>(op, level),
        (_, Class::Float(Double)) => unary_of::<f64>(op, level),
        (_, Class::Bool | Class::Integer | Class::Complex(_) | Class::Text) => None,
    }
}

fn unary_of<T>(op: UnaryOp, level: Level) -> Option<Kernel>
where
    T: Float + Cast<i64> + Cast<f64>,
    i64: Cast<T>,
    f64: Cast<T>,
{
    let kernel = match op {
        UnaryOp::Neg => unary_kernel::<Neg, T>(level),
        UnaryOp::BitNot => unary_kernel::<Truncated<BitNot>, T>(level),
        UnaryOp::Abs => unary_kernel::<Abs, T>(level),
        UnaryOp::Imag => unary_kernel::<Zero, T>(level),
        UnaryOp::Sign => unary_kernel::<Sign, T>(level),
        UnaryOp::Square => unary_kernel::<Square, T>(level),
        UnaryOp::Floor => unary_kernel::<Floor, T>(level),
        UnaryOp::Ceil => unary_kernel::<Ceil, T>(level),
        UnaryOp::Trunc => unary_kernel::<Trunc, T>(level),
        UnaryOp::Round => unary_kernel::<Round, T>(level),
        UnaryOp::Rint => unary_kernel::<Rint, T>(level),
        UnaryOp::Factorial => through_float::factorial::<T>(),
        UnaryOp::Real | UnaryOp::Conj | UnaryOp::Reciprocal | UnaryOp::CountOnes | UnaryOp::Math(_) => {
            return None;
        }
    };
    Some(kernel)
}

/// The kernel of `op` on float32 or float64. Math functions exist for two arrays only.
pub(super) fn binary(
    op: BinaryOp,
    dtype: Dtype,
    operands: Operands,
    accuracy: Accuracy,
    level: Level,
) -> Option<Kernel> {
    let arithmetic = match dtype.class() {
        Class::Float(Single) => binary_of::<f32>(op, operands, level),
        Class::Float(Double) => binary_of::<f64>(op, operands, level),
        Class::Bool | Class::Integer | Class::Complex(_) | Class::Text => None,
    };
    match operands {
        Operands::ArrayArray => arithmetic.or_else(|| math::binary(op, dtype, accuracy, level)),
        _ => arithmetic,
    }
}

fn binary_of<T>(op: BinaryOp, operands: Operands, level: Level) -> Option<Kernel>
where
    T: Float + Packed + Cast<i64> + Ordered,
    i64: Cast<T>,
{
    match op {
        BinaryOp::Div => Some(binary_kernel::<Div, T>(operands, level)),
        BinaryOp::BitAnd => truncated::<BitAnd, T>(operands, level),
        BinaryOp::BitOr => truncated::<BitOr, T>(operands, level),
        BinaryOp::BitXor => truncated::<BitXor, T>(operands, level),
        BinaryOp::Shl => truncated::<ShiftLeft, T>(operands, level),
        BinaryOp::Shr => truncated::<ShiftRight, T>(operands, level),
        BinaryOp::Add => Some(packed_binary::<Add, T>(operands, level)),
        BinaryOp::Sub => Some(packed_binary::<Sub, T>(operands, level)),
        BinaryOp::Mul => Some(packed_binary::<Mul, T>(operands, level)),
        BinaryOp::Minimum => Some(binary_kernel::<Minimum, T>(operands, level)),
        BinaryOp::Maximum => Some(binary_kernel::<Maximum, T>(operands, level)),
        _ => None,
    }
}

/// The kernel of the integer operation `F` on two arrays; `None` for scalar operands.
fn truncated<F: BinaryFn<i64, Out = i64>, T>(operands: Operands, level: Level) -> Option<Kernel>
where
    T: Float + Cast<i64>,
    i64: Cast<T>,
{
    let is_for_arrays = operands == Operands::ArrayArray;
    is_for_arrays.then(|| binary_kernel::<Truncated<F>, T>(operands, level.of_rare_loops()))
}
