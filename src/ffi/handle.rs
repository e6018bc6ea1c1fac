//! What an opaque `me_expr` is.

use super::types::me_expr;
use crate::expression::Expression;
use crate::memory::{OutOfMemory, try_box};

/// Gives the expression to C, which owns it until `me_free`.
pub(super) fn into_raw(expression: Expression) -> Result<*mut me_expr, OutOfMemory> {
    Ok(Box::into_raw(try_box(expression)?).cast())
}

/// The expression at a pointer from C; `None` for NULL.
///
/// # Safety
/// `expr` is NULL or comes from [`into_raw`] and has not been freed; it stays alive as long as the
/// reference is used.
pub(super) unsafe fn from_raw<'a>(expr: *const me_expr) -> Option<&'a Expression> {
    // SAFETY: as the caller promises.
    unsafe { expr.cast::<Expression>().as_ref() }
}

/// Frees an expression; NULL is fine.
///
/// # Safety
/// As [`from_raw`], and nobody uses the expression any more.
pub(super) unsafe fn free(expr: *mut me_expr) {
    if !expr.is_null() {
        // SAFETY: the pointer comes from `Box::into_raw`.
        drop(unsafe { Box::from_raw(expr.cast::<Expression>()) });
    }
}
