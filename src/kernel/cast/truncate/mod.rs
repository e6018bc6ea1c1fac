//! Float to integer kernels: by the machine's instructions where they answer what the cast rules
//! ask for, else by the casts of one element.

#[cfg(target_arch = "x86_64")]
mod x86;

#[cfg(target_arch = "x86_64")]
pub(super) use x86::{Truncate, f64_to_u32, truncated};

#[cfg(not(target_arch = "x86_64"))]
mod portable;

#[cfg(not(target_arch = "x86_64"))]
pub(super) use portable::{Truncate, f64_to_u32, truncated};
