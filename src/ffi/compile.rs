//! Checks of the compile calls, and the step from C to a compile request.

use std::ffi::{c_char, c_int};

use super::types::*;

pub(super) const ERR_OOM: c_int = -1;
const ERR_INVALID_ARG: c_int = -3;

/// The raw geometry arguments of an ND compile call.
#[allow(dead_code)]
pub(super) struct Grid {
    pub ndims: c_int,
    pub shape: *const i64,
    pub chunkshape: *const i32,
    pub blockshape: *const i32,
}

pub(super) unsafe fn flat(
    _expression: *const c_char,
    _variables: *const me_variable,
    _var_count: c_int,
    _dtype: me_dtype,
    _error: *mut c_int,
    _out: *mut *mut me_expr,
) -> c_int {
    ERR_INVALID_ARG
}

#[allow(clippy::too_many_arguments)]
pub(super) unsafe fn nd(
    _expression: *const c_char,
    _variables: *const me_variable,
    _var_count: c_int,
    _dtype: me_dtype,
    _grid: Grid,
    _jit_mode: c_int,
    _error: *mut c_int,
    _out: *mut *mut me_expr,
) -> c_int {
    ERR_INVALID_ARG
}
