//! The helpers of main modules, where the build puts the glue script into the program: nothing has to be
//! registered.

use std::ffi::{c_int, c_uchar};
use std::sync::atomic::{AtomicBool, Ordering};

use crate::environment;

unsafe extern "C" {
    /// Of `embedded_glue.c`; the last argument is whether JavaScript reports why there is no function.
    fn me_jit_glue_instantiate(bytes: *const c_uchar, length: c_int, lookup: c_int, reports: c_int) -> c_int;
    fn me_jit_glue_free(index: c_int);
}

/// Whether failures are reported now.
static REPORTS: AtomicBool = AtomicBool::new(false);

/// Runs `run` while failures are reported, or not.
pub fn reporting<T>(reports: bool, run: impl FnOnce() -> T) -> T {
    let before = REPORTS.swap(reports, Ordering::Relaxed);
    let result = run();
    REPORTS.store(before, Ordering::Relaxed);
    result
}

/// The helper that instantiates; with `ME_WASM_JIT_TEST_FORCE_INVALID` it gets an invalid module.
///
/// # Safety
/// As the type of helpers asks for.
pub unsafe extern "C" fn instantiate(bytes: *const c_uchar, length: c_int, lookup: c_int) -> c_int {
    const INVALID: [c_uchar; 1] = [0];
    let is_forced = environment::flag(c"ME_WASM_JIT_TEST_FORCE_INVALID", false);
    let (bytes, length) = if is_forced { (INVALID.as_ptr(), 1) } else { (bytes, length) };
    // SAFETY: the caller gives `length` bytes, and the script reads them during the call only.
    unsafe { me_jit_glue_instantiate(bytes, length, lookup, REPORTS.load(Ordering::Relaxed).into()) }
}

/// The helper that releases.
///
/// # Safety
/// As the type of helpers asks for.
pub unsafe extern "C" fn free(index: c_int) {
    // SAFETY: as the caller promises.
    unsafe { me_jit_glue_free(index) }
}
