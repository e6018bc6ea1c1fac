//! Two arithmetic operations in one pass over memory. Each still rounds separately: the result has
//! the bits of the two kernels one after the other.

use std::marker::PhantomData;
use std::num::Wrapping;
use std::ops;

use super::arithmetic::{Add, Mul, Sub};
use super::elementwise::{BinaryFn, TernaryFn, ternary_kernel};
use super::level::Level;
use super::{Kernel, LastTwo};
use crate::dtype::Dtype;
use crate::ir::BinaryOp;

/// On which side of the second operation the result of the first stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Nesting {
    /// `(a first b) second c`
    Left,
    /// `c second (a first b)`
    Right,
}

/// The result of `F`, then `G` with the third operand on the right.
struct OnLeft<F, G>(PhantomData<(F, G)>);
/// The result of `F` as the right operand of `G`.
struct OnRight<F, G>(PhantomData<(F, G)>);

impl<T: Copy, F: BinaryFn<T, Out = T>, G: BinaryFn<T, Out = T>> TernaryFn<T, T> for OnLeft<F, G> {
    type Out = T;
    #[inline(always)]
    fn apply(x: T, y: T, z: T) -> T {
        G::apply(F::apply(x, y), z)
    }
}

impl<T: Copy, F: BinaryFn<T, Out = T>, G: BinaryFn<T, Out = T>> TernaryFn<T, T> for OnRight<F, G> {
    type Out = T;
    #[inline(always)]
    fn apply(x: T, y: T, z: T) -> T {
        G::apply(z, F::apply(x, y))
    }
}

/// The kernel of `first` and `second` in one pass, nested as `nesting` says; `None` unless both are
/// `+`, `-` or `*` and the dtype is a float or an integer of 4 or 8 bytes.
pub fn fused(
    first: BinaryOp,
    second: BinaryOp,
    nesting: Nesting,
    dtype: Dtype,
    operands: LastTwo,
    level: Level,
) -> Option<Kernel> {
    match dtype {
        Dtype::Float32 => fused_of::<f32>(first, second, nesting, operands, level),
        Dtype::Float64 => fused_of::<f64>(first, second, nesting, operands, level),
        Dtype::Int32 | Dtype::UInt32 => fused_of::<Wrapping<u32>>(first, second, nesting, operands, level),
        Dtype::Int64 | Dtype::UInt64 => fused_of::<Wrapping<u64>>(first, second, nesting, operands, level),
        _ => None,
    }
}

fn fused_of<T>(
    first: BinaryOp,
    second: BinaryOp,
    nesting: Nesting,
    operands: LastTwo,
    level: Level,
) -> Option<Kernel>
where
    T: Copy + ops::Add<Output = T> + ops::Sub<Output = T> + ops::Mul<Output = T>,
{
    match first {
        BinaryOp::Add => fused_after::<T, Add>(second, nesting, operands, level),
        BinaryOp::Sub => fused_after::<T, Sub>(second, nesting, operands, level),
        BinaryOp::Mul => fused_after::<T, Mul>(second, nesting, operands, level),
        _ => None,
    }
}

/// The second operation after the first, `F`. `+` and `*` commute, so one nesting serves both.
fn fused_after<T, F>(second: BinaryOp, nesting: Nesting, operands: LastTwo, level: Level) -> Option<Kernel>
where
    T: Copy + ops::Add<Output = T> + ops::Sub<Output = T> + ops::Mul<Output = T>,
    F: BinaryFn<T, Out = T>,
{
    match (second, nesting) {
        (BinaryOp::Add, _) => Some(ternary_kernel::<OnLeft<F, Add>, T, T>(operands, level)),
        (BinaryOp::Mul, _) => Some(ternary_kernel::<OnLeft<F, Mul>, T, T>(operands, level)),
        (BinaryOp::Sub, Nesting::Left) => Some(ternary_kernel::<OnLeft<F, Sub>, T, T>(operands, level)),
        (BinaryOp::Sub, Nesting::Right) => Some(ternary_kernel::<OnRight<F, Sub>, T, T>(operands, level)),
        _ => None,
    }
}
