//! Which vector math this process uses: chosen at the first compilation, and told in the trace.

use std::sync::OnceLock;

use super::trace::trace;
use crate::environment;
use crate::kernel::level::Level;

/// Whether `ME_SIMD_MATH_BACKEND` is `scalar`: functions by the scalar math library everywhere. Other
/// values stand for the library's own vector functions.
pub fn is_scalar() -> bool {
    static IS_SCALAR: OnceLock<bool> = OnceLock::new();
    *IS_SCALAR.get_or_init(|| {
        let is_scalar = environment::with(c"ME_SIMD_MATH_BACKEND", |value| value == Some(b"scalar"));
        let level = match Level::current() {
            Level::Baseline => "baseline",
            Level::Avx2 => "avx2",
            Level::Avx512 => "avx512",
        };
        let (backend, simd) = if is_scalar { ("scalar", "off") } else { (level, "on") };
        trace(format_args!("simd init: backend={backend} sleef=off simd={simd} ulp=u35"));
        is_scalar
    })
}
