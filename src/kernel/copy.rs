//! Blocks filled from another block or from one value.

use super::Kernel;
use super::arithmetic::Identity;
use super::boolean::{Normalize, Truth};
use super::elementwise::{Access, Each, Same, unary_kernel_of};
use super::level::Level;
use crate::dtype::{Complex, Dtype};

/// The kernel `out[i] = a[i]`, bit for bit; bool elements become 0 or 1. `None` for strings.
pub fn copy(dtype: Dtype, level: Level) -> Option<Kernel> {
    copy_from::<Each>(dtype, level)
}

/// The kernel `out[i] = *a`, `a` one element, as [`copy`].
pub fn splat(dtype: Dtype, level: Level) -> Option<Kernel> {
    copy_from::<Same>(dtype, level)
}

fn copy_from<X: Access>(dtype: Dtype, level: Level) -> Option<Kernel> {
    match dtype {
        Dtype::Bool => Some(unary_kernel_of::<Normalize, Truth, X>(level)),
        Dtype::Int8 | Dtype::UInt8 => Some(unary_kernel_of::<Identity, u8, X>(level)),
        Dtype::Int16 | Dtype::UInt16 => Some(unary_kernel_of::<Identity, u16, X>(level)),
        Dtype::Int32 | Dtype::UInt32 | Dtype::Float32 => Some(unary_kernel_of::<Identity, u32, X>(level)),
        Dtype::Int64 | Dtype::UInt64 | Dtype::Float64 => Some(unary_kernel_of::<Identity, u64, X>(level)),
        Dtype::Complex64 => Some(unary_kernel_of::<Identity, Complex<u32>, X>(level)),
        Dtype::Complex128 => Some(unary_kernel_of::<Identity, Complex<u64>, X>(level)),
        Dtype::String | Dtype::Bytes => None,
    }
}
