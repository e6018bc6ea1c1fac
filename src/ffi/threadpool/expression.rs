//! What JavaScript asks about expressions.

use super::super::{handle, me_expr};

/// 1 where arrays of the same shape may be evaluated in pieces, so that copies of them stay in the caches; else 0.
///
/// # Safety
/// `expr` is NULL or alive.
#[unsafe(no_mangle)]
unsafe extern "C" fn miniexpr_is_itemwise(expr: *const me_expr) -> i32 {
    // SAFETY: as the caller promises.
    unsafe { handle::from_raw(expr) }.is_some_and(|expression| expression.is_itemwise()).into()
}
