//! Addition, subtraction and multiplication, one definition for every element type that has the
//! operators: floats, complex values and, as `Wrapping`, integers.

use std::ops;

use super::element::Ring;
use super::elementwise::{BinaryFn, UnaryFn, binary_kernel};
use super::level::Level;
use super::{Kernel, Operands};
use crate::ir::BinaryOp;

pub(super) struct Add;
pub(super) struct Sub;
pub(super) struct Mul;
/// Division by the operator of the element type: not for integers, which trap.
pub(super) struct Div;
pub(super) struct Neg;
pub(super) struct Square;
/// Zero, whatever the operand.
pub(super) struct Zero;

impl<T: Copy + ops::Add<Output = T>> BinaryFn<T> for Add {
    type Out = T;
    #[inline(always)]
    fn apply(x: T, y: T) -> T {
        x + y
    }
}

impl<T: Copy + ops::Sub<Output = T>> BinaryFn<T> for Sub {
    type Out = T;
    #[inline(always)]
    fn apply(x: T, y: T) -> T {
        x - y
    }
}

impl<T: Copy + ops::Mul<Output = T>> BinaryFn<T> for Mul {
    type Out = T;
    #[inline(always)]
    fn apply(x: T, y: T) -> T {
        x * y
    }
}

impl<T: Copy + ops::Div<Output = T>> BinaryFn<T> for Div {
    type Out = T;
    #[inline(always)]
    fn apply(x: T, y: T) -> T {
        x / y
    }
}

impl<T: Copy + ops::Neg<Output = T>> UnaryFn<T> for Neg {
    type Out = T;
    #[inline(always)]
    fn apply(x: T) -> T {
        -x
    }
}

impl<T: Copy + ops::Mul<Output = T>> UnaryFn<T> for Square {
    type Out = T;
    #[inline(always)]
    fn apply(x: T) -> T {
        x * x
    }
}

impl<T: Copy + Default> UnaryFn<T> for Zero {
    type Out = T;
    #[inline(always)]
    fn apply(_x: T) -> T {
        T::default()
    }
}

/// The kernel of `op` when it is one of `+ - *`.
pub(super) fn ring<T: Ring>(op: BinaryOp, operands: Operands, level: Level) -> Option<Kernel> {
    match op {
        BinaryOp::Add => Some(binary_kernel::<Add, T>(operands, level)),
        BinaryOp::Sub => Some(binary_kernel::<Sub, T>(operands, level)),
        BinaryOp::Mul => Some(binary_kernel::<Mul, T>(operands, level)),
        _ => None,
    }
}
