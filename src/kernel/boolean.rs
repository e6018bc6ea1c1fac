//! Operations on bool elements. Any non-zero byte is read as true; only 0 and 1 are written.

use super::arithmetic::Zero;
use super::elementwise::{BinaryFn, UnaryFn, binary_kernel, commuting_kernel, unary_kernel};
use super::level::Level;
use super::truth::{Normalize, Truth};
use super::{Kernel, Operands, through_float};
use crate::ir::{BinaryOp, UnaryOp};

struct Not;
struct And;
struct Or;
struct Xor;
struct AndNot;
struct OrNot;
struct Left;
struct False;

impl UnaryFn<Truth> for Not {
    type Out = Truth;
    #[inline(always)]
    fn apply(x: Truth) -> Truth {
        Truth::new(!x.is_true())
    }
}

impl BinaryFn<Truth> for And {
    type Out = Truth;
    #[inline(always)]
    fn apply(x: Truth, y: Truth) -> Truth {
        Truth::new(x.is_true() & y.is_true())
    }
}

impl BinaryFn<Truth> for Or {
    type Out = Truth;
    #[inline(always)]
    fn apply(x: Truth, y: Truth) -> Truth {
        Truth::new(x.0 | y.0 != 0)
    }
}

impl BinaryFn<Truth> for Xor {
    type Out = Truth;
    #[inline(always)]
    fn apply(x: Truth, y: Truth) -> Truth {
        Truth::new(x.is_true() ^ y.is_true())
    }
}

impl BinaryFn<Truth> for AndNot {
    type Out = Truth;
    #[inline(always)]
    fn apply(x: Truth, y: Truth) -> Truth {
        Truth::new(x.is_true() & !y.is_true())
    }
}

impl BinaryFn<Truth> for OrNot {
    type Out = Truth;
    #[inline(always)]
    fn apply(x: Truth, y: Truth) -> Truth {
        Truth::new(x.is_true() | !y.is_true())
    }
}

impl BinaryFn<Truth> for Left {
    type Out = Truth;
    #[inline(always)]
    fn apply(x: Truth, _y: Truth) -> Truth {
        Truth::new(x.is_true())
    }
}

impl BinaryFn<Truth> for False {
    type Out = Truth;
    #[inline(always)]
    fn apply(_x: Truth, _y: Truth) -> Truth {
        Truth::new(false)
    }
}

/// The kernel of `op` on bool elements.
pub(super) fn unary(op: UnaryOp, level: Level) -> Option<Kernel> {
    match op {
        UnaryOp::BitNot => Some(unary_kernel::<Not, Truth>(level)),
        UnaryOp::Imag => Some(unary_kernel::<Zero, Truth>(level)),
        UnaryOp::Factorial => Some(through_float::factorial::<Truth>()),
        UnaryOp::Math(_) | UnaryOp::CountOnes => None,
        _ => Some(unary_kernel::<Normalize, Truth>(level)),
    }
}

/// The kernel of `op` on bool elements: what the integer operation on 0 and 1 gives, as a truth
/// value (`+` is or, `-` is xor, `/` by false gives false).
pub(super) fn binary(op: BinaryOp, operands: Operands, level: Level) -> Option<Kernel> {
    let kernel = match op {
        BinaryOp::Add | BinaryOp::BitOr | BinaryOp::Maximum => commuting_kernel::<Or, Truth>(operands, level),
        BinaryOp::Sub | BinaryOp::BitXor => commuting_kernel::<Xor, Truth>(operands, level),
        BinaryOp::Mul | BinaryOp::Div | BinaryOp::BitAnd | BinaryOp::Minimum => {
            commuting_kernel::<And, Truth>(operands, level)
        }
        BinaryOp::Pow => binary_kernel::<OrNot, Truth>(operands, level),
        BinaryOp::Rem => binary_kernel::<False, Truth>(operands, level),
        BinaryOp::Shl => binary_kernel::<Left, Truth>(operands, level),
        BinaryOp::Shr => binary_kernel::<AndNot, Truth>(operands, level),
        _ => return through_float::binary::<Truth>(op, operands),
    };
    Some(kernel)
}
