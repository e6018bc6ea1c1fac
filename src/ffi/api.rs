//! The exported functions, in the order of the header. Each is a boundary: it stops panics and
//! hands raw arguments to the module that checks them.

use std::ffi::{c_char, c_int, c_void};
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::types::*;
use super::{compile, eval, message, query};

/// Runs `body`; a panic, which would be a bug of this library, becomes `fallback` instead of
/// unwinding into C.
fn guard<T>(fallback: T, body: impl FnOnce() -> T) -> T {
    catch_unwind(AssertUnwindSafe(body)).unwrap_or(fallback)
}

/// Compiles an expression or kernel.
///
/// # Safety
/// Pointers are NULL or as the header describes them.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn me_compile(
    expression: *const c_char,
    variables: *const me_variable,
    var_count: c_int,
    dtype: me_dtype,
    error: *mut c_int,
    out: *mut *mut me_expr,
) -> c_int {
    // SAFETY: the arguments are passed on under the contract of this function.
    guard(compile::ERR_OOM, || unsafe { compile::flat(expression, variables, var_count, dtype, error, out) })
}

/// Compiles an expression or kernel for blocks of a chunked array.
///
/// # Safety
/// Pointers are NULL or as the header describes them.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn me_compile_nd(
    expression: *const c_char,
    variables: *const me_variable,
    var_count: c_int,
    dtype: me_dtype,
    ndims: c_int,
    shape: *const i64,
    chunkshape: *const i32,
    blockshape: *const i32,
    error: *mut c_int,
    out: *mut *mut me_expr,
) -> c_int {
    // SAFETY: the arguments are passed on under the contract of this function.
    guard(compile::ERR_OOM, || unsafe {
        {
            let grid = compile::Grid { ndims, shape, chunkshape, blockshape };
            compile::nd(expression, variables, var_count, dtype, grid, ME_JIT_DEFAULT as c_int, error, out)
        }
    })
}

/// Like me_compile_nd, with a choice of engine.
///
/// # Safety
/// Pointers are NULL or as the header describes them.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn me_compile_nd_jit(
    expression: *const c_char,
    variables: *const me_variable,
    var_count: c_int,
    dtype: me_dtype,
    ndims: c_int,
    shape: *const i64,
    chunkshape: *const i32,
    blockshape: *const i32,
    jit_mode: c_int,
    error: *mut c_int,
    out: *mut *mut me_expr,
) -> c_int {
    // SAFETY: the arguments are passed on under the contract of this function.
    guard(compile::ERR_OOM, || unsafe {
        {
            let grid = compile::Grid { ndims, shape, chunkshape, blockshape };
            compile::nd(expression, variables, var_count, dtype, grid, jit_mode, error, out)
        }
    })
}

/// Text of the last failed compile call of this thread, or NULL.
#[unsafe(no_mangle)]
pub extern "C" fn me_get_last_error_message() -> *const c_char {
    guard(std::ptr::null(), message::last)
}

/// Evaluates over flat arrays.
///
/// # Safety
/// Pointers are NULL or as the header describes them.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn me_eval(
    expr: *const me_expr,
    vars_block: *const *const c_void,
    n_vars: c_int,
    output_block: *mut c_void,
    block_nitems: c_int,
    params: *const me_eval_params,
) -> c_int {
    // SAFETY: the arguments are passed on under the contract of this function.
    guard(eval::ERR_OOM, || unsafe {
        eval::flat(expr, vars_block, n_vars, output_block, block_nitems, params)
    })
}

/// Evaluates one padded block of a chunked array.
///
/// # Safety
/// Pointers are NULL or as the header describes them.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn me_eval_nd(
    expr: *const me_expr,
    vars_block: *const *const c_void,
    n_vars: c_int,
    output_block: *mut c_void,
    block_nitems: c_int,
    nchunk: i64,
    nblock: i64,
    params: *const me_eval_params,
) -> c_int {
    // SAFETY: the arguments are passed on under the contract of this function.
    guard(eval::ERR_OOM, || unsafe {
        eval::nd(expr, vars_block, n_vars, output_block, block_nitems, nchunk, nblock, params)
    })
}

/// Counts the items of a block that lie inside the array.
///
/// # Safety
/// Pointers are NULL or as the header describes them.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn me_nd_valid_nitems(
    expr: *const me_expr,
    nchunk: i64,
    nblock: i64,
    valid_nitems: *mut i64,
) -> c_int {
    // SAFETY: the arguments are passed on under the contract of this function.
    guard(eval::ERR_OOM, || unsafe { eval::valid_nitems(expr, nchunk, nblock, valid_nitems) })
}

/// Upper bound of the data bytes of me_eval_varlen.
///
/// # Safety
/// Pointers are NULL or as the header describes them.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn me_varlen_data_bound(expr: *const me_expr, block_nitems: c_int) -> usize {
    // SAFETY: the arguments are passed on under the contract of this function.
    guard(0, || unsafe { eval::varlen_data_bound(expr, block_nitems) })
}

/// Evaluates a string expression into Arrow-style offsets and data.
///
/// # Safety
/// Pointers are NULL or as the header describes them.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn me_eval_varlen(
    expr: *const me_expr,
    vars_block: *const *const c_void,
    n_vars: c_int,
    block_nitems: c_int,
    offsets: *mut i64,
    data: *mut c_void,
    data_capacity: usize,
    data_used: *mut usize,
    params: *const me_eval_params,
) -> c_int {
    // SAFETY: the arguments are passed on under the contract of this function.
    guard(eval::ERR_OOM, || unsafe {
        eval::varlen(expr, vars_block, n_vars, block_nitems, offsets, data, data_capacity, data_used, params)
    })
}

/// Prints an expression for debugging.
///
/// # Safety
/// Pointers are NULL or as the header describes them.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn me_print(expr: *const me_expr) {
    // SAFETY: the arguments are passed on under the contract of this function.
    guard((), || unsafe { query::print(expr) })
}

/// Frees an expression.
///
/// # Safety
/// Pointers are NULL or as the header describes them.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn me_free(expr: *mut me_expr) {
    // SAFETY: the arguments are passed on under the contract of this function.
    guard((), || unsafe { query::free(expr) })
}

/// Dtype of the result.
///
/// # Safety
/// Pointers are NULL or as the header describes them.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn me_get_dtype(expr: *const me_expr) -> me_dtype {
    // SAFETY: the arguments are passed on under the contract of this function.
    guard(ME_AUTO, || unsafe { query::dtype(expr) })
}

/// Bytes of one result element.
///
/// # Safety
/// Pointers are NULL or as the header describes them.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn me_get_itemsize(expr: *const me_expr) -> usize {
    // SAFETY: the arguments are passed on under the contract of this function.
    guard(0, || unsafe { query::itemsize(expr) })
}

/// Whether a native kernel is bound.
///
/// # Safety
/// Pointers are NULL or as the header describes them.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn me_expr_has_jit_kernel(expr: *const me_expr) -> bool {
    // SAFETY: the arguments are passed on under the contract of this function.
    guard(false, || unsafe { query::has_jit_kernel(expr) })
}

/// Registers the host's helpers for WebAssembly kernels; both NULL unregisters.
///
/// Stored and used only in WebAssembly builds with dynamic kernels; elsewhere a no-op.
#[unsafe(no_mangle)]
pub extern "C" fn me_register_wasm_jit_helpers(
    _instantiate: Option<me_wasm_jit_instantiate_helper>,
    _free: Option<me_wasm_jit_free_helper>,
) {
}

/// Version of the library, `ME_VERSION_STRING`.
#[unsafe(no_mangle)]
pub extern "C" fn me_version() -> *const c_char {
    concat!(env!("CARGO_PKG_VERSION"), "\0").as_ptr().cast()
}
