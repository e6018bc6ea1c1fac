//! Questions about a compiled expression, and its end.

use std::ffi::{c_char, c_int};

use super::handle;
#[cfg(not(bare_wasm))]
use super::print;
use super::types::*;
use crate::expression::Variable;

/// # Safety
/// `expr` is NULL or a live expression.
#[cfg(not(bare_wasm))]
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

/// # Safety
/// `expr` is NULL or a live expression.
pub(super) unsafe fn variable_count(expr: *const me_expr) -> c_int {
    // SAFETY: as the caller promises.
    let count =
        unsafe { handle::from_raw(expr) }.map_or(0, |expression| expression.program.kernel.params.len());
    c_int::try_from(count).unwrap_or(c_int::MAX)
}

/// # Safety
/// `expr` is NULL or a live expression.
pub(super) unsafe fn variable(expr: *const me_expr, index: c_int) -> c_int {
    // SAFETY: as the caller promises.
    let found = unsafe { parameter(expr, index) };
    found.and_then(|variable| c_int::try_from(variable.entry).ok()).unwrap_or(-1)
}

/// # Safety
/// `expr` is NULL or a live expression.
pub(super) unsafe fn variable_name(expr: *const me_expr, index: c_int) -> *const c_char {
    // SAFETY: as the caller promises.
    let found = unsafe { parameter(expr, index) };
    found.map_or(std::ptr::null(), |variable| variable.c_name().as_ptr())
}

/// The variable for which an evaluation takes the array of this number.
///
/// # Safety
/// `expr` is NULL or a live expression, which outlives the variable.
unsafe fn parameter<'a>(expr: *const me_expr, index: c_int) -> Option<&'a Variable> {
    // SAFETY: as the caller promises.
    let expression = unsafe { handle::from_raw(expr) }?;
    let mut parameters = expression.variables().iter().filter(|variable| variable.is_parameter());
    parameters.nth(usize::try_from(index).ok()?)
}

/// # Safety
/// `expr` is NULL or a live expression.
pub(super) unsafe fn is_scalar(expr: *const me_expr) -> bool {
    // SAFETY: as the caller promises.
    unsafe { handle::from_raw(expr) }.is_some_and(|expression| expression.is_scalar())
}
