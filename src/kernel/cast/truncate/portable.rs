//! The casts of one element, in a loop for the compiler to vectorise.

use crate::kernel::Kernel;
use crate::kernel::cast::{Cast, RealToReal};
use crate::kernel::elementwise::unary_kernel;
use crate::kernel::level::Level;

/// A float type that truncates.
pub(in crate::kernel) trait Truncate {}

impl Truncate for f32 {}
impl Truncate for f64 {}

/// The kernel from float `T` to an integer `To` of at most 16 bits, or to int32.
pub(in crate::kernel) fn truncated<T: Truncate + Cast<To>, To: Copy>(level: Level) -> Kernel {
    unary_kernel::<RealToReal<To>, T>(level)
}

/// The kernel from float64 to uint32.
pub(in crate::kernel) fn f64_to_u32(level: Level) -> Kernel {
    unary_kernel::<RealToReal<u32>, f64>(level)
}
