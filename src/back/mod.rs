//! The engines that run a kernel.

pub mod block;
#[cfg(all(feature = "jit", unix, target_arch = "x86_64"))]
pub mod native;
