//! Which vector math this process uses: chosen at the first compilation, and named in the trace.

use std::sync::atomic::{AtomicU8, Ordering};

use super::trace::trace;
use crate::environment;
use crate::kernel::level::Level;

const UNKNOWN: u8 = 0;
const VECTOR: u8 = 1;
const SCALAR: u8 = 2;

/// No lock, which a forked process could find taken for ever.
static BACKEND: AtomicU8 = AtomicU8::new(UNKNOWN);

/// Chooses the backend, if the process has none.
pub fn choose() {
    if BACKEND.load(Ordering::Relaxed) != UNKNOWN {
        return;
    }
    let is_scalar = environment::with(c"ME_SIMD_MATH_BACKEND", |value| value == Some(b"scalar"));
    let level = match Level::current() {
        Level::Baseline => "baseline",
        Level::Avx2 => "avx2",
        Level::Avx512 => "avx512",
    };
    let (choice, backend, simd) = if is_scalar { (SCALAR, "scalar", "off") } else { (VECTOR, level, "on") };
    if BACKEND.compare_exchange(UNKNOWN, choice, Ordering::Relaxed, Ordering::Relaxed).is_ok() {
        trace(format_args!("simd init: backend={backend} sleef=off simd={simd} ulp=u35"));
    }
}

/// Whether `ME_SIMD_MATH_BACKEND` was `scalar` at the first compilation: functions by the scalar math library
/// everywhere. Other values stand for the library's own vector functions.
pub fn is_scalar() -> bool {
    BACKEND.load(Ordering::Relaxed) == SCALAR
}
