//! Checks of the evaluation calls, and the step from C pointers to block buffers.

use std::ffi::{c_int, c_void};

use super::types::*;

pub(super) const ERR_OOM: c_int = -1;
const ERR_INVALID_ARG: c_int = -5;

pub(super) unsafe fn flat(
    _expr: *const me_expr,
    _vars_block: *const *const c_void,
    _n_vars: c_int,
    _output_block: *mut c_void,
    _block_nitems: c_int,
    _params: *const me_eval_params,
) -> c_int {
    ERR_INVALID_ARG
}

#[allow(clippy::too_many_arguments)]
pub(super) unsafe fn nd(
    _expr: *const me_expr,
    _vars_block: *const *const c_void,
    _n_vars: c_int,
    _output_block: *mut c_void,
    _block_nitems: c_int,
    _nchunk: i64,
    _nblock: i64,
    _params: *const me_eval_params,
) -> c_int {
    ERR_INVALID_ARG
}

pub(super) unsafe fn valid_nitems(
    _expr: *const me_expr,
    _nchunk: i64,
    _nblock: i64,
    _valid_nitems: *mut i64,
) -> c_int {
    ERR_INVALID_ARG
}

pub(super) unsafe fn varlen_data_bound(_expr: *const me_expr, _block_nitems: c_int) -> usize {
    0
}

#[allow(clippy::too_many_arguments)]
pub(super) unsafe fn varlen(
    _expr: *const me_expr,
    _vars_block: *const *const c_void,
    _n_vars: c_int,
    _block_nitems: c_int,
    _offsets: *mut i64,
    _data: *mut c_void,
    _data_capacity: usize,
    _data_used: *mut usize,
    _params: *const me_eval_params,
) -> c_int {
    ERR_INVALID_ARG
}
