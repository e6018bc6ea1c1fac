//! The exported functions, in the order of the header. Each is a boundary: it stops panics and
//! hands raw arguments to the module that checks them.

use std::ffi::{CStr, c_char, c_int, c_void};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;

use super::message::{self, Shown};
use super::types::*;
use super::{arrays, builtins, compile, eval, eval_nd, query, varlen};
use crate::array::pool;
use crate::back::budget;
use crate::error::Error;

/// Runs `body`; a panic, which would be a bug of this library, becomes `fallback` instead of
/// unwinding into C.
fn ffi_panic_boundary<T>(fallback: T, body: impl FnOnce() -> T) -> T {
    let body = || {
        #[cfg(test)]
        tests::panic_if_asked();
        body()
    };
    catch_unwind(AssertUnwindSafe(body)).unwrap_or(fallback)
}

/// As [`ffi_panic_boundary`], for a compile call: a panic is reported where the caller looks for an error.
///
/// # Safety
/// `error` and `out` are NULL or writable.
unsafe fn compile_panic_boundary(
    error: *mut c_int,
    out: *mut *mut me_expr,
    body: impl FnOnce() -> c_int,
) -> c_int {
    let code = ffi_panic_boundary(INTERNAL_COMPILE_ERROR, body);
    if code == INTERNAL_COMPILE_ERROR {
        message::set(&Error::internal(), code, Shown::Everywhere);
        // SAFETY: as the caller promises.
        unsafe {
            if !error.is_null() {
                error.write(-1);
            }
            if !out.is_null() {
                out.write(std::ptr::null_mut());
            }
        }
    }
    code
}

const INTERNAL_COMPILE_ERROR: c_int = CompileStatus::ME_COMPILE_ERR_INTERNAL as c_int;
const INTERNAL_EVAL_ERROR: c_int = EvalStatus::ME_EVAL_ERR_INTERNAL as c_int;

/// Compiles an expression, or a kernel (`def name(...): ...`), for flat arrays.
///
/// `variables` lists `var_count` names with their dtypes; NULL when there are none. `dtype` is the
/// dtype of the result, ME_AUTO to infer it. Nothing passed in needs to outlive the call, except
/// functions and their contexts.
///
/// Returns a me_compile_status. On success `*out` is the expression, to be released with me_free;
/// on any failure it is NULL. `error` may be NULL; else `*error` is 0 on success, the position in
/// bytes at which a text failed to parse (from 1), or -1. me_get_last_error_message() says what went
/// wrong.
///
/// # Safety
/// Pointers are NULL or valid, texts end with NUL, `variables` has `var_count` entries.
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
    unsafe {
        compile_panic_boundary(error, out, || {
            compile::flat(expression, variables, var_count, dtype, error, out)
        })
    }
}

/// Compiles as me_compile does, for the blocks of a chunked array.
///
/// The array has `ndims` dimensions and shape `shape`; it is cut into chunks of `chunkshape`, each
/// chunk into blocks of `blockshape` (all in items, C order, `ndims` numbers each). Chunks and blocks
/// at the edges are padded to their full shape. The result works with me_eval_nd and with me_eval.
///
/// Returns a me_compile_status, as me_compile does.
///
/// # Safety
/// As for me_compile; the three shapes are NULL or have `ndims` numbers.
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
    unsafe {
        compile_panic_boundary(error, out, || {
            let grid = compile::Grid { ndims, shape, chunkshape, blockshape };
            let jit_mode = ME_JIT_DEFAULT as c_int;
            compile::nd(expression, variables, var_count, dtype, grid, jit_mode, error, out)
        })
    }
}

/// Compiles as me_compile_nd does, with a choice of engine.
///
/// `jit_mode` is a me_jit_mode. With ME_JIT_ON a plain expression is compiled as a kernel of which
/// every declared variable is a parameter: evaluation then takes a buffer for each of them.
///
/// Returns a me_compile_status, as me_compile does.
///
/// # Safety
/// As for me_compile_nd.
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
    unsafe {
        compile_panic_boundary(error, out, || {
            let grid = compile::Grid { ndims, shape, chunkshape, blockshape };
            compile::nd(expression, variables, var_count, dtype, grid, jit_mode, error, out)
        })
    }
}

/// Compiles as me_compile does, with options.
///
/// `params` may be NULL for the defaults, which are those of me_compile. Unlike in me_compile, a name that no text
/// can use, or that occurs twice in `variables`, is ME_COMPILE_ERR_INVALID_ARG, and the parameters of a kernel are some of the
/// variables, in any order: me_expr_variable_count() gives the number of arrays that evaluations take.
///
/// Returns a me_compile_status, as me_compile does.
///
/// # Safety
/// As for me_compile; `params` is NULL or begins with its size, and has that many bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn me_compile_with(
    text: *const c_char,
    variables: *const me_variable,
    var_count: c_int,
    dtype: me_dtype,
    params: *const me_compile_params,
    error: *mut c_int,
    out: *mut *mut me_expr,
) -> c_int {
    // SAFETY: the arguments are passed on under the contract of this function.
    unsafe {
        compile_panic_boundary(error, out, || {
            compile::with(text, variables, var_count, dtype, params, error, out)
        })
    }
}

/// Options for text from users: expressions only, no pragmas, and limits within which every text compiles in a few
/// milliseconds. The fields are independent: what the host changes (`dialect`, `expressions_only = false` for
/// kernels) leaves the others in force. docs/security.md describes the guarantees.
#[unsafe(no_mangle)]
pub extern "C" fn me_sandbox_params() -> me_compile_params {
    compile::sandbox_params()
}

/// Whether me_compile reads a text as a kernel, and not as an expression; false for NULL.
///
/// # Safety
/// `text` is NULL or ends with NUL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn me_is_kernel(text: *const c_char) -> bool {
    // SAFETY: the arguments are passed on under the contract of this function.
    ffi_panic_boundary(false, || unsafe { builtins::is_kernel(text) })
}

/// How many names the language has.
#[unsafe(no_mangle)]
pub extern "C" fn me_builtin_count() -> c_int {
    builtins::count()
}

/// Describes name number `index` of the language, counted from 0 in alphabetical order. The texts live as long
/// as the process.
///
/// Returns false, and writes nothing, if there is no such name.
///
/// # Safety
/// `info` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn me_builtin(index: c_int, info: *mut me_builtin_info) -> bool {
    // SAFETY: the arguments are passed on under the contract of this function.
    ffi_panic_boundary(false, || unsafe { builtins::describe(index, info) })
}

/// What went wrong in the calling thread's last failed call. An error of a compile call remains until one succeeds;
/// ask for that of an evaluation right after it.
///
/// `error->struct_size` is set before the call. The texts belong to the library, and are valid until the thread's next
/// call that compiles or fails.
///
/// Returns whether there is an error; if not, the status is 0 and the message is empty.
///
/// # Safety
/// `error` is NULL or begins with its size, and has that many bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn me_get_last_error(error: *mut me_error) -> bool {
    // SAFETY: the arguments are passed on under the contract of this function.
    ffi_panic_boundary(false, || unsafe { message::describe(error) })
}

/// Why the calling thread's last compile call failed; NULL if it succeeded. After a failed
/// me_eval_arrays or me_result_shape, why that failed.
///
/// The text belongs to the library, has at most 255 bytes, and is valid until the thread's next
/// compile call, or call with arrays.
#[unsafe(no_mangle)]
pub extern "C" fn me_get_last_error_message() -> *const c_char {
    ffi_panic_boundary(std::ptr::null(), message::last)
}

/// The part of the compiled text that is to blame for the error of me_get_last_error_message(): the bytes from
/// `*start` up to but not including `*end`.
///
/// Returns false, and writes nothing, if the error has no place in the text, or there is none.
///
/// # Safety
/// `start` and `end` are NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn me_get_last_error_span(start: *mut usize, end: *mut usize) -> bool {
    ffi_panic_boundary(false, || {
        let Some(span) = message::span() else { return false };
        // SAFETY: as the caller promises.
        unsafe {
            if let Some(start) = start.as_mut() {
                *start = span.start;
            }
            if let Some(end) = end.as_mut() {
                *end = span.end;
            }
        }
        true
    })
}

/// Evaluates over flat arrays.
///
/// `vars_block` holds `n_vars` buffers of `block_nitems` elements each, at any alignment: one for
/// each variable an expression uses, in the order of declaration; for a kernel, one for each declared
/// variable. It may be NULL when there are none.
///
/// `output_block` receives `block_nitems` elements of me_get_itemsize() bytes; one element if the
/// whole expression is a reduction. It may be one of the inputs when the elements have the same size
/// and the expression is element-wise. `params` may be NULL for ME_EVAL_PARAMS_DEFAULTS.
///
/// Returns a me_eval_status.
///
/// # Safety
/// `expr` is NULL or alive; the buffers are NULL or have the sizes given above.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn me_eval(
    expr: *const me_expr,
    vars_block: *mut *const c_void,
    n_vars: c_int,
    output_block: *mut c_void,
    block_nitems: c_int,
    params: *const me_eval_params,
) -> c_int {
    // SAFETY: the arguments are passed on under the contract of this function.
    ffi_panic_boundary(INTERNAL_EVAL_ERROR, || unsafe {
        eval::flat(expr, vars_block, n_vars, output_block, block_nitems, params, ptr::null())
    })
}

/// Evaluates as me_eval does, within a budget.
///
/// `budget` may be NULL for none. When it ends an evaluation, what the output holds is unspecified; the expression is
/// unchanged.
///
/// Returns a me_eval_status; on a failure me_get_last_error() says what went wrong.
///
/// # Safety
/// As for me_eval; `budget` is NULL or begins with its size, and has that many bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn me_eval_with(
    expr: *const me_expr,
    vars_block: *mut *const c_void,
    n_vars: c_int,
    output_block: *mut c_void,
    block_nitems: c_int,
    params: *const me_eval_params,
    budget: *const me_budget,
) -> c_int {
    // SAFETY: the arguments are passed on under the contract of this function.
    ffi_panic_boundary(INTERNAL_EVAL_ERROR, || unsafe {
        eval::flat(expr, vars_block, n_vars, output_block, block_nitems, params, budget)
    })
}

/// Marks the evaluation in which the host's function is called as failed: it ends with ME_EVAL_ERR_CALLBACK, on all
/// its threads, and no function of the host is called for it any more. What the function returns is ignored.
/// me_get_last_error() gives the host `code` and `message`, of which the library makes a copy; NULL for no message.
///
/// Returns false, and does nothing, if the calling thread is not in an evaluation.
///
/// # Safety
/// `message` is NULL or ends with NUL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn me_fail(code: c_int, message: *const c_char) -> bool {
    ffi_panic_boundary(false, || {
        // SAFETY: as the caller promises.
        let message = if message.is_null() { c"" } else { unsafe { CStr::from_ptr(message) } };
        budget::fail(code, message.to_bytes())
    })
}

/// The shape of what me_eval_arrays writes for these inputs: their broadcast shape, or no dimensions if the whole
/// expression is a reduction.
///
/// `inputs` are as for me_eval_arrays; their data is not looked at. `*ndim` receives the number of
/// dimensions, `shape`, with room for 32, the extents.
///
/// Returns a me_eval_status; on a failure me_get_last_error_message() says what went wrong.
///
/// # Safety
/// `expr` is NULL or alive; `inputs` is NULL or has `n_inputs` arrays, whose shapes have `ndim`
/// numbers; `ndim` and `shape` are NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn me_result_shape(
    expr: *const me_expr,
    inputs: *const me_array,
    n_inputs: c_int,
    ndim: *mut c_int,
    shape: *mut i64,
) -> c_int {
    // SAFETY: the arguments are passed on under the contract of this function.
    ffi_panic_boundary(INTERNAL_EVAL_ERROR, || unsafe {
        arrays::result_shape(expr, inputs, n_inputs, ndim, shape)
    })
}

/// Evaluates over arrays of any shape and strides, on several threads if that is asked for.
///
/// `inputs` holds `n_inputs` arrays of the declared dtypes: one for each variable an expression
/// uses, in the order of declaration; for a kernel, one for each declared variable. It may be NULL
/// when there are none. The inputs that are used are broadcast as in NumPy.
///
/// `output` has the shape that me_result_shape() gives, or any if no input is used; its strides
/// must not lead two indices to one item. It may overlap inputs in any way: the result is as if they
/// had been copied first. It is the same, bit for bit, for any strides and any number of threads.
///
/// `params` may be NULL for the defaults.
///
/// Returns a me_eval_status; on a failure me_get_last_error_message() says what went wrong.
///
/// # Safety
/// `expr` is NULL or alive; the arrays hold the items that their shapes and strides span; `params`
/// is NULL or begins with its size, and has that many bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn me_eval_arrays(
    expr: *const me_expr,
    inputs: *const me_array,
    n_inputs: c_int,
    output: *mut me_array,
    params: *const me_array_params,
) -> c_int {
    // SAFETY: the arguments are passed on under the contract of this function.
    ffi_panic_boundary(INTERNAL_EVAL_ERROR, || unsafe {
        arrays::eval(expr, inputs, n_inputs, output, params)
    })
}

/// Sets the number of threads for calls of me_eval_arrays that ask for -1; 0 or less sets the default:
/// ME_NUM_THREADS as it was at the first compile call, else the number of processors that the
/// process may use.
#[unsafe(no_mangle)]
pub extern "C" fn me_set_num_threads(n_threads: c_int) {
    ffi_panic_boundary((), || pool::set_num_threads(usize::try_from(n_threads).unwrap_or(0)))
}

/// The number of threads for calls of me_eval_arrays that ask for -1.
#[unsafe(no_mangle)]
pub extern "C" fn me_get_num_threads() -> c_int {
    ffi_panic_boundary(1, || c_int::try_from(pool::num_threads()).unwrap_or(c_int::MAX))
}

/// Evaluates one block of a chunked array, for an expression of me_compile_nd.
///
/// `nchunk` numbers the chunk in the array and `nblock` the block in the chunk, both in C order from
/// 0. Each input buffer holds one whole padded block. Bytes outside the array may be read, but have no influence on
/// the results.
/// `block_nitems` is at least the number of items of a block.
///
/// `output_block` receives one whole padded block, zero outside the array; one element if the whole
/// expression is a reduction, computed over the items inside the array. A block without any such item
/// is zeroed, whatever the inputs; only the mean of no items is NaN.
///
/// Returns a me_eval_status.
///
/// # Safety
/// `expr` is NULL or alive; the buffers are NULL or have `block_nitems` elements.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn me_eval_nd(
    expr: *const me_expr,
    vars_block: *mut *const c_void,
    n_vars: c_int,
    output_block: *mut c_void,
    block_nitems: c_int,
    nchunk: i64,
    nblock: i64,
    params: *const me_eval_params,
) -> c_int {
    // SAFETY: the arguments are passed on under the contract of this function.
    ffi_panic_boundary(INTERNAL_EVAL_ERROR, || unsafe {
        let arrays = eval_nd::Arrays { vars_block, n_vars, output_block, block_nitems };
        eval_nd::eval(expr, arrays, nchunk, nblock, params, ptr::null())
    })
}

/// Evaluates as me_eval_nd does, within a budget, see me_eval_with.
///
/// Returns a me_eval_status; on a failure me_get_last_error() says what went wrong.
///
/// # Safety
/// As for me_eval_nd and me_eval_with.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn me_eval_nd_with(
    expr: *const me_expr,
    vars_block: *mut *const c_void,
    n_vars: c_int,
    output_block: *mut c_void,
    block_nitems: c_int,
    nchunk: i64,
    nblock: i64,
    params: *const me_eval_params,
    budget: *const me_budget,
) -> c_int {
    // SAFETY: the arguments are passed on under the contract of this function.
    ffi_panic_boundary(INTERNAL_EVAL_ERROR, || unsafe {
        let arrays = eval_nd::Arrays { vars_block, n_vars, output_block, block_nitems };
        eval_nd::eval(expr, arrays, nchunk, nblock, params, budget)
    })
}

/// Counts the items of a block that lie inside the array, into `*valid_nitems`.
///
/// Returns a me_eval_status; ME_EVAL_ERR_INVALID_ARG, with nothing written, when the expression was
/// not compiled for blocks or there is no such block.
///
/// # Safety
/// `expr` is NULL or alive; `valid_nitems` is NULL or valid.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn me_nd_valid_nitems(
    expr: *const me_expr,
    nchunk: i64,
    nblock: i64,
    valid_nitems: *mut i64,
) -> c_int {
    // SAFETY: the arguments are passed on under the contract of this function.
    ffi_panic_boundary(INTERNAL_EVAL_ERROR, || unsafe {
        eval_nd::valid_nitems(expr, nchunk, nblock, valid_nitems)
    })
}

/// Bytes of data that me_eval_varlen needs at most for `block_nitems` results; 0 for a NULL
/// expression and for a numeric one.
///
/// # Safety
/// `expr` is NULL or alive.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn me_varlen_data_bound(expr: *const me_expr, block_nitems: c_int) -> usize {
    // SAFETY: the arguments are passed on under the contract of this function.
    ffi_panic_boundary(0, || unsafe { varlen::data_bound(expr, block_nitems) })
}

/// Evaluates a string expression into the layout of Arrow's large strings.
///
/// Result i is the bytes `data[offsets[i]] .. data[offsets[i + 1]]`: UTF-8 for ME_STRING, the bytes
/// themselves for ME_BYTES. `offsets` receives `block_nitems + 1` numbers, `*data_used` the bytes
/// written to `data`, which has room for `data_capacity` bytes. The other arguments are those of
/// me_eval.
///
/// Returns a me_eval_status; ME_EVAL_ERR_INVALID_ARG when the data does not fit.
///
/// # Safety
/// As for me_eval; `offsets`, `data` and `data_used` are NULL or have the sizes given above.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn me_eval_varlen(
    expr: *const me_expr,
    vars_block: *mut *const c_void,
    n_vars: c_int,
    block_nitems: c_int,
    offsets: *mut i64,
    data: *mut c_void,
    data_capacity: usize,
    data_used: *mut usize,
    params: *const me_eval_params,
) -> c_int {
    // SAFETY: the arguments are passed on under the contract of this function.
    ffi_panic_boundary(INTERNAL_EVAL_ERROR, || unsafe {
        let buffers = varlen::Buffers { offsets, data, data_capacity, data_used };
        varlen::eval(expr, vars_block, n_vars, block_nitems, buffers, params, ptr::null())
    })
}

/// Evaluates as me_eval_varlen does, within a budget, see me_eval_with.
///
/// Returns a me_eval_status; on a failure me_get_last_error() says what went wrong.
///
/// # Safety
/// As for me_eval_varlen and me_eval_with.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn me_eval_varlen_with(
    expr: *const me_expr,
    vars_block: *mut *const c_void,
    n_vars: c_int,
    block_nitems: c_int,
    offsets: *mut i64,
    data: *mut c_void,
    data_capacity: usize,
    data_used: *mut usize,
    params: *const me_eval_params,
    budget: *const me_budget,
) -> c_int {
    // SAFETY: the arguments are passed on under the contract of this function.
    ffi_panic_boundary(INTERNAL_EVAL_ERROR, || unsafe {
        let buffers = varlen::Buffers { offsets, data, data_capacity, data_used };
        varlen::eval(expr, vars_block, n_vars, block_nitems, buffers, params, budget)
    })
}

/// Writes a compiled expression as text, in the form that `what`, a me_dump_kind, names. The text is for people; its
/// format may change.
///
/// `buffer` receives at most `size` bytes, a NUL included; it may be NULL if `size` is 0.
///
/// Returns the bytes of the whole text without the NUL, as snprintf does. Where an engine does not take the
/// expression, the text begins with `;` and says why. 0 for a NULL expression, an unknown kind, and without memory.
///
/// # Safety
/// `expr` is NULL or alive; `buffer` is NULL or has `size` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn me_dump(
    expr: *const me_expr,
    what: me_dump_kind,
    buffer: *mut c_char,
    size: usize,
) -> usize {
    // SAFETY: the arguments are passed on under the contract of this function.
    ffi_panic_boundary(0, || unsafe { query::dump(expr, what, buffer, size) })
}

/// Prints an expression to C's stdout, one node per line, for debugging.
///
/// # Safety
/// `expr` is NULL or alive.
#[cfg(not(bare_wasm))]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn me_print(expr: *const me_expr) {
    // SAFETY: the arguments are passed on under the contract of this function.
    ffi_panic_boundary((), || unsafe { query::print(expr) })
}

/// Releases an expression; NULL is allowed. No thread may be evaluating it.
///
/// # Safety
/// `expr` is NULL, or comes from a compile call and is not used again.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn me_free(expr: *mut me_expr) {
    // SAFETY: the arguments are passed on under the contract of this function.
    ffi_panic_boundary((), || unsafe { query::free(expr) })
}

/// Dtype of the result; ME_AUTO for NULL.
///
/// # Safety
/// `expr` is NULL or alive.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn me_get_dtype(expr: *const me_expr) -> me_dtype {
    // SAFETY: the arguments are passed on under the contract of this function.
    ffi_panic_boundary(ME_AUTO, || unsafe { query::dtype(expr) })
}

/// Bytes of one element of the result; 0 for NULL.
///
/// # Safety
/// `expr` is NULL or alive.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn me_get_itemsize(expr: *const me_expr) -> usize {
    // SAFETY: the arguments are passed on under the contract of this function.
    ffi_panic_boundary(0, || unsafe { query::itemsize(expr) })
}

/// Number of arrays that evaluations take: one for each variable an expression uses; for a kernel,
/// one for each declared variable. 0 for NULL.
///
/// # Safety
/// `expr` is NULL or alive.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn me_expr_variable_count(expr: *const me_expr) -> c_int {
    // SAFETY: the arguments are passed on under the contract of this function.
    ffi_panic_boundary(0, || unsafe { query::variable_count(expr) })
}

/// The variable for which evaluations take array number `index`, counted from 0: its position in the
/// table that the compile call was given. -1 for NULL, and if there is no such array.
///
/// # Safety
/// `expr` is NULL or alive.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn me_expr_variable(expr: *const me_expr, index: c_int) -> c_int {
    // SAFETY: the arguments are passed on under the contract of this function.
    ffi_panic_boundary(-1, || unsafe { query::variable(expr, index) })
}

/// The name of the variable for which evaluations take array number `index`, counted from 0; NULL for a NULL
/// expression, and if there is no such array. The text belongs to the expression.
///
/// # Safety
/// `expr` is NULL or alive.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn me_expr_variable_name(expr: *const me_expr, index: c_int) -> *const c_char {
    // SAFETY: the arguments are passed on under the contract of this function.
    ffi_panic_boundary(std::ptr::null(), || unsafe { query::variable_name(expr, index) })
}

/// Whether an evaluation writes one item for any number of items: the whole expression is a
/// reduction. false for NULL.
///
/// # Safety
/// `expr` is NULL or alive.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn me_expr_is_scalar(expr: *const me_expr) -> bool {
    // SAFETY: the arguments are passed on under the contract of this function.
    ffi_panic_boundary(false, || unsafe { query::is_scalar(expr) })
}

/// Whether evaluations run a native kernel; false for NULL.
///
/// # Safety
/// `expr` is NULL or alive.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn me_expr_has_jit_kernel(expr: *const me_expr) -> bool {
    // SAFETY: the arguments are passed on under the contract of this function.
    ffi_panic_boundary(false, || unsafe { query::has_jit_kernel(expr) })
}

/// Registers the functions by which a WebAssembly host runs kernels; two NULLs unregister them.
///
/// Accepted on every target; does nothing where no such kernels are made. Must not run at the same time as a compile call.
#[unsafe(no_mangle)]
pub extern "C" fn me_register_wasm_jit_helpers(
    instantiate_helper: me_wasm_jit_instantiate_helper,
    free_helper: me_wasm_jit_free_helper,
) {
    #[cfg(wasm_modules)]
    crate::back::wasm::helpers::register(instantiate_helper, free_helper);
    #[cfg(not(wasm_modules))]
    let _ = (instantiate_helper, free_helper);
}

/// Sets the host's clock, for `timeout_ns` of me_budget, in a WebAssembly module that has none of its own; NULL
/// removes it. Accepted on every target; does nothing where there is a clock.
#[unsafe(no_mangle)]
pub extern "C" fn me_register_clock(clock: me_clock) {
    #[cfg(bare_wasm)]
    crate::back::clock::host::register(clock);
    #[cfg(not(bare_wasm))]
    let _ = clock;
}

/// Forgets the WebAssembly kernels of the process: for tests that count instances.
///
/// cbindgen:ignore
#[cfg(wasm_modules)]
#[unsafe(no_mangle)]
pub extern "C" fn dsl_jit_wasm_pos_cache_reset_for_tests() {
    ffi_panic_boundary((), crate::back::jit::forget_kernels);
}

/// Version of the library: the ME_VERSION_STRING it was built with.
#[unsafe(no_mangle)]
pub extern "C" fn me_version() -> *const c_char {
    concat!(env!("CARGO_PKG_VERSION"), "\0").as_ptr().cast()
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    thread_local! {
        static PANICS: Cell<bool> = const { Cell::new(false) };
    }

    /// Panics in the calls of a test that wants it.
    pub fn panic_if_asked() {
        assert!(!PANICS.get(), "a test asked for it");
    }

    #[test]
    fn a_panic_is_told_apart_from_other_errors() {
        let (mut out, mut error) = (ptr::dangling_mut(), 7);
        PANICS.set(true);
        // SAFETY: the arguments are valid or NULL.
        let code = unsafe { me_compile(c"1 + 2".as_ptr(), ptr::null(), 0, 0, &raw mut error, &raw mut out) };
        PANICS.set(false);
        assert_eq!((code, error, out), (-100, -1, ptr::null_mut()));
        // SAFETY: there is a message.
        let message = unsafe { CStr::from_ptr(me_get_last_error_message()) }.to_str().unwrap();
        assert!(message.contains("bug in miniexpr"), "{message}");

        // SAFETY: as above.
        let code = unsafe { me_compile(c"1 + 2".as_ptr(), ptr::null(), 0, 0, &raw mut error, &raw mut out) };
        assert_eq!((code, error), (0, 0));
        let mut value = 0i32;
        let output = (&raw mut value).cast();
        PANICS.set(true);
        // SAFETY: the output has room for an item.
        let code = unsafe { me_eval(out, ptr::null_mut(), 0, output, 1, ptr::null()) };
        // SAFETY: the expression is alive.
        let fallbacks = unsafe { (me_get_itemsize(out), me_get_dtype(out), me_expr_has_jit_kernel(out)) };
        PANICS.set(false);
        assert_eq!((code, fallbacks), (-100, (0, ME_AUTO, false)));
        // SAFETY: the expression is not used again.
        unsafe { me_free(out) };
    }
}
