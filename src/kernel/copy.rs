//! Blocks filled from another block or from one value.

use std::marker::PhantomData;

use super::Kernel;
use super::elementwise::{Loop, Same, UnaryFn, compiled, unary_kernel, unary_kernel_of};
use super::level::Level;
use super::truth::{Normalize, Truth};
use crate::dtype::{Complex, Dtype};

/// Elements of type `T` as they lie in memory.
struct CopyLoop<T>(PhantomData<T>);

impl<T> Loop for CopyLoop<T> {
    #[inline(always)]
    unsafe fn run(out: *mut u8, a: *const u8, _b: *const u8, _c: *const u8, n: usize) {
        // SAFETY: the kernel contract: `n` elements at `out` and `a`, without overlap.
        unsafe { std::ptr::copy_nonoverlapping(a.cast::<T>(), out.cast::<T>(), n) }
    }
}

/// The operand itself.
struct Identity;

impl<T: Copy> UnaryFn<T> for Identity {
    type Out = T;
    #[inline(always)]
    fn apply(x: T) -> T {
        x
    }
}

/// The kernel `out[i] = a[i]`, bit for bit; bool elements become 0 or 1. `None` for strings.
pub fn copy(dtype: Dtype, level: Level) -> Option<Kernel> {
    // The system's copy chooses its instructions itself: one level serves all.
    match dtype {
        Dtype::Bool => Some(unary_kernel::<Normalize, Truth>(level)),
        Dtype::Int8 | Dtype::UInt8 => Some(compiled::<CopyLoop<u8>>(Level::Baseline)),
        Dtype::Int16 | Dtype::UInt16 => Some(compiled::<CopyLoop<u16>>(Level::Baseline)),
        Dtype::Int32 | Dtype::UInt32 | Dtype::Float32 => Some(compiled::<CopyLoop<u32>>(Level::Baseline)),
        Dtype::Int64 | Dtype::UInt64 | Dtype::Float64 | Dtype::Complex64 => {
            Some(compiled::<CopyLoop<[u32; 2]>>(Level::Baseline))
        }
        Dtype::Complex128 => Some(compiled::<CopyLoop<[u64; 2]>>(Level::Baseline)),
        Dtype::String | Dtype::Bytes => None,
    }
}

/// The kernel `out[i] = *a`, `a` one element, as [`copy`].
pub fn splat(dtype: Dtype, level: Level) -> Option<Kernel> {
    match dtype {
        Dtype::Bool => Some(unary_kernel_of::<Normalize, Truth, Same>(level)),
        Dtype::Int8 | Dtype::UInt8 => Some(unary_kernel_of::<Identity, u8, Same>(level)),
        Dtype::Int16 | Dtype::UInt16 => Some(unary_kernel_of::<Identity, u16, Same>(level)),
        Dtype::Int32 | Dtype::UInt32 | Dtype::Float32 => Some(unary_kernel_of::<Identity, u32, Same>(level)),
        Dtype::Int64 | Dtype::UInt64 | Dtype::Float64 => Some(unary_kernel_of::<Identity, u64, Same>(level)),
        Dtype::Complex64 => Some(unary_kernel_of::<Identity, Complex<u32>, Same>(level)),
        Dtype::Complex128 => Some(unary_kernel_of::<Identity, Complex<u64>, Same>(level)),
        Dtype::String | Dtype::Bytes => None,
    }
}
