//! Questions about a compiled expression, and its end.

use super::handle;
use super::print;
use super::types::*;

/// # Safety
/// `expr` is NULL or a live expression.
pub(super) unsafe fn print(expr: *const me_expr) {
    // SAFETY: as the caller promises.
    print::print(unsafe { handle::from_raw(expr) });
}

/// # Safety
/// `expr` is NULL or a live expression that nobody uses any more.
pub(super) unsafe fn free(expr: *mut me_expr) {
    // SAFETY: as the caller promises.
    unsafe { handle::free(expr) };
}

/// # Safety
/// `expr` is NULL or a live expression.
pub(super) unsafe fn dtype(expr: *const me_expr) -> me_dtype {
    // SAFETY: as the caller promises.
    match unsafe { handle::from_raw(expr) } {
        Some(expression) => expression.program.kernel.output.dtype.code(),
        None => ME_AUTO,
    }
}

/// # Safety
/// `expr` is NULL or a live expression.
pub(super) unsafe fn itemsize(expr: *const me_expr) -> usize {
    // SAFETY: as the caller promises.
    match unsafe { handle::from_raw(expr) } {
        Some(expression) => expression.program.kernel.output.itemsize,
        None => 0,
    }
}

/// # Safety
/// `expr` is NULL or a live expression.
pub(super) unsafe fn has_jit_kernel(expr: *const me_expr) -> bool {
    // SAFETY: as the caller promises.
    unsafe { handle::from_raw(expr) }.is_some_and(|expression| expression.has_machine_code())
}
