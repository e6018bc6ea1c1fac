//! Comparisons: native for each dtype, result bool.

use super::elementwise::{BinaryFn, binary_kernel, commuting_kernel, mirrored_kernel};
use super::level::Level;
use super::truth::Truth;
use super::{Kernel, Operands};
use crate::dtype::{Complex, Dtype};
use crate::ir::CompareOp;

struct Equal;
struct NotEqual;
pub(super) struct Less;
pub(super) struct LessEqual;
pub(super) struct Greater;
pub(super) struct GreaterEqual;

impl<T: Copy + PartialEq> BinaryFn<T> for Equal {
    type Out = Truth;
    #[inline(always)]
    fn apply(x: T, y: T) -> Truth {
        Truth::new(x == y)
    }
}

impl<T: Copy + PartialEq> BinaryFn<T> for NotEqual {
    type Out = Truth;
    #[inline(always)]
    fn apply(x: T, y: T) -> Truth {
        Truth::new(x != y)
    }
}

impl<T: Copy + PartialOrd> BinaryFn<T> for Less {
    type Out = Truth;
    #[inline(always)]
    fn apply(x: T, y: T) -> Truth {
        Truth::new(x < y)
    }
}

impl<T: Copy + PartialOrd> BinaryFn<T> for LessEqual {
    type Out = Truth;
    #[inline(always)]
    fn apply(x: T, y: T) -> Truth {
        Truth::new(x <= y)
    }
}

impl<T: Copy + PartialOrd> BinaryFn<T> for Greater {
    type Out = Truth;
    #[inline(always)]
    fn apply(x: T, y: T) -> Truth {
        Truth::new(x > y)
    }
}

impl<T: Copy + PartialOrd> BinaryFn<T> for GreaterEqual {
    type Out = Truth;
    #[inline(always)]
    fn apply(x: T, y: T) -> Truth {
        Truth::new(x >= y)
    }
}

/// The kernel of `op`; the operands have dtype `dtype`, the result is bool. Complex dtypes have no
/// order, strings no kernel here.
pub fn compare(op: CompareOp, dtype: Dtype, operands: Operands, level: Level) -> Option<Kernel> {
    match op {
        CompareOp::Eq | CompareOp::Ne => equality(op, dtype, operands, level),
        _ => order(op, dtype, operands, level),
    }
}

/// Equality of integers depends on their bits only, so signed ones share the unsigned kernels.
fn equality(op: CompareOp, dtype: Dtype, operands: Operands, level: Level) -> Option<Kernel> {
    match dtype {
        Dtype::Bool => equality_of::<Truth>(op, operands, level),
        Dtype::Int8 | Dtype::UInt8 => equality_of::<u8>(op, operands, level),
        Dtype::Int16 | Dtype::UInt16 => equality_of::<u16>(op, operands, level),
        Dtype::Int32 | Dtype::UInt32 => equality_of::<u32>(op, operands, level),
        Dtype::Int64 | Dtype::UInt64 => equality_of::<u64>(op, operands, level),
        Dtype::Float32 => equality_of::<f32>(op, operands, level),
        Dtype::Float64 => equality_of::<f64>(op, operands, level),
        Dtype::Complex64 => equality_of::<Complex<f32>>(op, operands, level.of_rare_loops()),
        Dtype::Complex128 => equality_of::<Complex<f64>>(op, operands, level.of_rare_loops()),
        Dtype::String | Dtype::Bytes => None,
    }
}

fn equality_of<T: Copy + PartialEq>(op: CompareOp, operands: Operands, level: Level) -> Option<Kernel> {
    match op {
        CompareOp::Eq => Some(commuting_kernel::<Equal, T>(operands, level)),
        CompareOp::Ne => Some(commuting_kernel::<NotEqual, T>(operands, level)),
        _ => None,
    }
}

fn order(op: CompareOp, dtype: Dtype, operands: Operands, level: Level) -> Option<Kernel> {
    match dtype {
        Dtype::Bool => order_of::<Truth>(op, operands, level),
        Dtype::Int8 => order_of::<i8>(op, operands, level),
        Dtype::Int16 => order_of::<i16>(op, operands, level),
        Dtype::Int32 => order_of::<i32>(op, operands, level),
        Dtype::Int64 => order_of::<i64>(op, operands, level),
        Dtype::UInt8 => order_of::<u8>(op, operands, level),
        Dtype::UInt16 => order_of::<u16>(op, operands, level),
        Dtype::UInt32 => order_of::<u32>(op, operands, level),
        Dtype::UInt64 => order_of::<u64>(op, operands, level),
        Dtype::Float32 => order_of::<f32>(op, operands, level),
        Dtype::Float64 => order_of::<f64>(op, operands, level),
        Dtype::Complex64 | Dtype::Complex128 | Dtype::String | Dtype::Bytes => None,
    }
}

fn order_of<T: Copy + PartialOrd>(op: CompareOp, operands: Operands, level: Level) -> Option<Kernel> {
    match op {
        CompareOp::Lt => Some(binary_kernel::<Less, T>(operands, level)),
        CompareOp::Le => Some(binary_kernel::<LessEqual, T>(operands, level)),
        CompareOp::Gt => Some(mirrored_kernel::<Less, T>(operands, level)),
        CompareOp::Ge => Some(mirrored_kernel::<LessEqual, T>(operands, level)),
        CompareOp::Eq | CompareOp::Ne => None,
    }
}
