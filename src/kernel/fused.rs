//! Two or more arithmetic operations in one pass: every value has the bits that it has when they run one
//! after the other.

use std::marker::PhantomData;
use std::num::Wrapping;
use std::ops;

use super::arithmetic::{Add, Mul, Sub};
use super::compare::{Greater, GreaterEqual, Less, LessEqual};
use super::element::Packed;
use super::elementwise::{BinaryFn, Each, Same, TernaryFn, ternary_kernel_of};
use super::level::Level;
use super::packed::{PackedBinaryFn, PackedTernaryFn, packed_binary_of, packed_ternary, packed_ternary_of};
use super::{Kernel, LastTwo};
use crate::dtype::Dtype;
use crate::ir::{BinaryOp, CompareOp};

/// Whether there are few loops, as on WebAssembly: size counts there.
const IS_COMPACT: bool = cfg!(target_family = "wasm");

/// What is computed of the first two operands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum First {
    /// `a op b`
    Of(BinaryOp),
    /// `a * a op b * b`, of arrays of a float dtype
    OfSquares(BinaryOp),
}

/// What is done with that value and the third operand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Second {
    /// `value op c`
    Left(BinaryOp),
    /// `c op value`
    Right(BinaryOp),
    /// `value op c`, of a float dtype with one `c` for all items; the result is bool
    Compare(CompareOp),
}

/// The result of `F`, then `G` with the third operand on the right.
struct OnLeft<F, G>(PhantomData<(F, G)>);
/// The result of `F` as the right operand of `G`.
struct OnRight<F, G>(PhantomData<(F, G)>);
/// `F` of the squares of its operands.
struct OfSquares<F>(PhantomData<F>);

impl<T: Copy, F: BinaryFn<T, Out = T>, G: BinaryFn<T>> TernaryFn<T, T> for OnLeft<F, G> {
    type Out = G::Out;
    #[inline(always)]
    fn apply(x: T, y: T, z: T) -> G::Out {
        G::apply(F::apply(x, y), z)
    }
}

impl<T: Copy, F: BinaryFn<T, Out = T>, G: BinaryFn<T>> TernaryFn<T, T> for OnRight<F, G> {
    type Out = G::Out;
    #[inline(always)]
    fn apply(x: T, y: T, z: T) -> G::Out {
        G::apply(z, F::apply(x, y))
    }
}

impl<T: Copy + ops::Mul<Output = T>, F: BinaryFn<T>> BinaryFn<T> for OfSquares<F> {
    type Out = F::Out;
    #[inline(always)]
    fn apply(x: T, y: T) -> F::Out {
        F::apply(x * x, y * y)
    }
}

/// The kernel of `first` and `second` in one pass; `None` unless all operations are `+`, `-`, `*` or an order
/// and the dtype is a float or, at the lowest level, an integer of 4 or 8 bytes. WebAssembly, where size counts, has
/// those of floats whose first operation is a product.
pub fn fused(first: First, second: Second, dtype: Dtype, operands: LastTwo, level: Level) -> Option<Kernel> {
    match (dtype, second) {
        (Dtype::Float32, Second::Compare(op)) => compared::<f32>(first, op, operands, level),
        (Dtype::Float64, Second::Compare(op)) => compared::<f64>(first, op, operands, level),
        (Dtype::Float32, _) => fused_floats::<f32>(first, second, operands, level),
        (Dtype::Float64, _) => fused_floats::<f64>(first, second, operands, level),
        // Processors with a higher level have machine code for chains of operations, which is soon made.
        (Dtype::Int32 | Dtype::UInt32, _) if level == Level::Baseline && !IS_COMPACT => {
            fused_of::<Wrapping<u32>>(first, second, operands, Level::Baseline)
        }
        (Dtype::Int64 | Dtype::UInt64, _) if level == Level::Baseline && !IS_COMPACT => {
            fused_of::<Wrapping<u64>>(first, second, operands, Level::Baseline)
        }
        _ => None,
    }
}

/// The kernel `out[i] = a[i] * a[i] op b[i] * b[i]` on two arrays; `None` unless `op` is `+` or `-` and the dtype a
/// float.
pub fn of_squares(op: BinaryOp, dtype: Dtype, level: Level) -> Option<Kernel> {
    match (op, dtype) {
        (BinaryOp::Add, Dtype::Float32) => Some(packed_binary_of::<OfSquares<Add>, f32, Each, Each>(level)),
        (BinaryOp::Add, Dtype::Float64) => Some(packed_binary_of::<OfSquares<Add>, f64, Each, Each>(level)),
        (BinaryOp::Sub, Dtype::Float32) => Some(packed_binary_of::<OfSquares<Sub>, f32, Each, Each>(level)),
        (BinaryOp::Sub, Dtype::Float64) => Some(packed_binary_of::<OfSquares<Sub>, f64, Each, Each>(level)),
        _ => None,
    }
}

fn fused_of<T: Packed>(first: First, second: Second, operands: LastTwo, level: Level) -> Option<Kernel> {
    match first {
        First::Of(BinaryOp::Add) if !IS_COMPACT => after::<T, Add>(second, operands, level.of_rare_loops()),
        First::Of(BinaryOp::Sub) if !IS_COMPACT => after::<T, Sub>(second, operands, level.of_rare_loops()),
        First::Of(BinaryOp::Mul) => after::<T, Mul>(second, operands, level),
        _ => None,
    }
}

fn fused_floats<T: Packed>(first: First, second: Second, operands: LastTwo, level: Level) -> Option<Kernel> {
    match first {
        First::OfSquares(BinaryOp::Add) => after_squares::<T, Add>(second, operands, level),
        First::OfSquares(BinaryOp::Sub) => after_squares::<T, Sub>(second, operands, level),
        _ => fused_of::<T>(first, second, operands, level),
    }
}

/// The second operation after the first, `F`. `+` and `*` commute, so one nesting serves both.
fn after<T: Packed, F: PackedBinaryFn<T>>(second: Second, operands: LastTwo, level: Level) -> Option<Kernel> {
    match second {
        Second::Left(BinaryOp::Add) | Second::Right(BinaryOp::Add) => {
            Some(packed_ternary::<OnLeft<F, Add>, T>(operands, level))
        }
        Second::Left(BinaryOp::Mul) | Second::Right(BinaryOp::Mul) => {
            Some(packed_ternary::<OnLeft<F, Mul>, T>(operands, level))
        }
        Second::Left(BinaryOp::Sub) => Some(packed_ternary::<OnLeft<F, Sub>, T>(operands, level)),
        Second::Right(BinaryOp::Sub) => Some(packed_ternary::<OnRight<F, Sub>, T>(operands, level)),
        _ => None,
    }
}

/// `+` or `-` after `F` of squares.
fn after_squares<T: Packed, F: PackedBinaryFn<T>>(
    second: Second,
    operands: LastTwo,
    level: Level,
) -> Option<Kernel> {
    match second {
        Second::Left(BinaryOp::Add) | Second::Right(BinaryOp::Add) => {
            second_array::<OnLeft<OfSquares<F>, Add>, T>(operands, level)
        }
        Second::Left(BinaryOp::Sub) => second_array::<OnLeft<OfSquares<F>, Sub>, T>(operands, level),
        Second::Right(BinaryOp::Sub) => second_array::<OnRight<OfSquares<F>, Sub>, T>(operands, level),
        _ => None,
    }
}

fn compared<T: Packed + PartialOrd>(
    first: First,
    op: CompareOp,
    operands: LastTwo,
    level: Level,
) -> Option<Kernel> {
    match first {
        First::Of(BinaryOp::Add) if !IS_COMPACT => order_after::<T, Add>(op, operands, level.of_rare_loops()),
        First::Of(BinaryOp::Sub) if !IS_COMPACT => order_after::<T, Sub>(op, operands, level.of_rare_loops()),
        First::Of(BinaryOp::Mul) => order_after::<T, Mul>(op, operands, level.of_rare_loops()),
        First::OfSquares(BinaryOp::Add) => order_after::<T, OfSquares<Add>>(op, operands, level),
        _ => None,
    }
}

/// An order after `F`, with one third operand for all items.
fn order_after<T, F>(op: CompareOp, operands: LastTwo, level: Level) -> Option<Kernel>
where
    T: Copy + PartialOrd,
    F: BinaryFn<T, Out = T>,
{
    match op {
        CompareOp::Lt => third_scalar::<OnLeft<F, Less>, T>(operands, level),
        CompareOp::Le => third_scalar::<OnLeft<F, LessEqual>, T>(operands, level),
        CompareOp::Gt => third_scalar::<OnLeft<F, Greater>, T>(operands, level),
        CompareOp::Ge => third_scalar::<OnLeft<F, GreaterEqual>, T>(operands, level),
        CompareOp::Eq | CompareOp::Ne => None,
    }
}

/// The kernel of `F` where the second operand is an array.
fn second_array<F: PackedTernaryFn<T>, T: Packed>(operands: LastTwo, level: Level) -> Option<Kernel> {
    match operands {
        LastTwo::ArrayArray => Some(packed_ternary_of::<F, T, Each, Each>(level)),
        LastTwo::ArrayScalar => Some(packed_ternary_of::<F, T, Each, Same>(level)),
        _ => None,
    }
}

/// The kernel of `F` where the third operand is a scalar.
fn third_scalar<F: TernaryFn<T, T>, T: Copy>(operands: LastTwo, level: Level) -> Option<Kernel> {
    match operands {
        LastTwo::ArrayScalar => Some(ternary_kernel_of::<F, T, T, Each, Same>(level)),
        LastTwo::ScalarScalar => Some(ternary_kernel_of::<F, T, T, Same, Same>(level)),
        _ => None,
    }
}
