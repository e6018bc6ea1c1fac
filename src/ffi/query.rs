//! Questions about a compiled expression, and its end.

use std::ffi::{c_char, c_int};

use super::handle;
#[cfg(not(bare_wasm))]
use super::print;
use super::types::*;
use crate::expression::{Dump, Variable};

/// # Safety
/// `expr` is NULL or a live expression.
#[cfg(not(bare_wasm))]
pub(super) unsafe fn print(expr: *const me_expr) {
    // SAFETY: as the caller promises.
    print::print(unsafe { handle::from_raw(expr) });
}

/// # Safety
/// `expr` is NULL or a live expression; `buffer` is NULL or has `size` bytes.
pub(super) unsafe fn dump(
    expr: *const me_expr,
    what: me_dump_kind,
    buffer: *mut c_char,
    size: usize,
) -> usize {
    const KINDS: [(DumpKind, Dump); 5] = [
        (DumpKind::ME_DUMP_TREE, Dump::Tree),
        (DumpKind::ME_DUMP_IR, Dump::Ir),
        (DumpKind::ME_DUMP_LANES, Dump::Lanes),
        (DumpKind::ME_DUMP_C, Dump::C),
        (DumpKind::ME_DUMP_WASM, Dump::Wasm),
    ];
    // SAFETY: as the caller promises.
    let expression = unsafe { handle::from_raw(expr) };
    let kind = KINDS.iter().find(|(kind, _)| *kind as me_dump_kind == what);
    let text = expression.zip(kind).and_then(|(expression, (_, dump))| expression.dump(*dump).ok());
    let text = text.as_deref().unwrap_or_default();
    if let Some(room) = size.checked_sub(1).filter(|_| !buffer.is_null()) {
        let length = text.len().min(room);
        // SAFETY: as the caller promises; the text and the NUL have room.
        unsafe {
            buffer.cast::<u8>().copy_from_nonoverlapping(text.as_ptr(), length);
            buffer.add(length).write(0);
        }
    }
    text.len()
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
