//! Element-wise choice between two operands.

use super::elementwise::{TernaryFn, ternary_kernel};
use super::level::Level;
use super::truth::Truth;
use super::{Kernel, LastTwo};
use crate::dtype::{Complex, Dtype};

struct Choose;

impl<T: Copy> TernaryFn<Truth, T> for Choose {
    type Out = T;
    #[inline(always)]
    fn apply(condition: Truth, yes: T, no: T) -> T {
        if condition.is_true() { yes } else { no }
    }
}

/// The chosen truth value as 0 or 1.
struct ChooseTruth;

impl TernaryFn<Truth, Truth> for ChooseTruth {
    type Out = Truth;
    #[inline(always)]
    fn apply(condition: Truth, yes: Truth, no: Truth) -> Truth {
        Truth::new(if condition.is_true() { yes.is_true() } else { no.is_true() })
    }
}

/// The kernel `out[i] = a[i] ? b[i] : c[i]`: `a` is a bool array, `b` and `c` have dtype `dtype`,
/// as the result. Values are copied bit for bit, so one kernel serves all dtypes of a size.
pub fn select(dtype: Dtype, operands: LastTwo, level: Level) -> Option<Kernel> {
    match dtype {
        Dtype::Bool => Some(ternary_kernel::<ChooseTruth, Truth, Truth>(operands, level)),
        Dtype::Int8 | Dtype::UInt8 => Some(ternary_kernel::<Choose, Truth, u8>(operands, level)),
        Dtype::Int16 | Dtype::UInt16 => Some(ternary_kernel::<Choose, Truth, u16>(operands, level)),
        Dtype::Int32 | Dtype::UInt32 | Dtype::Float32 => {
            Some(ternary_kernel::<Choose, Truth, u32>(operands, level))
        }
        Dtype::Int64 | Dtype::UInt64 | Dtype::Float64 => {
            Some(ternary_kernel::<Choose, Truth, u64>(operands, level))
        }
        Dtype::Complex64 => Some(ternary_kernel::<Choose, Truth, Complex<u32>>(operands, level)),
        Dtype::Complex128 => Some(ternary_kernel::<Choose, Truth, Complex<u64>>(operands, level)),
        Dtype::String | Dtype::Bytes => None,
    }
}
