//! Checks of the evaluation calls, and the step from C pointers to block buffers.

use super::handle;
use crate::expression::Expression;
use std::ffi::{c_int, c_void};
use std::ptr;

use super::types::*;
use crate::back::block::{Items, Outcome};
use crate::back::jit_mode::Mode;
use crate::back::simd_backend;
use crate::kernel::Accuracy;
use crate::mid::Positions;

/// Distinct variables that one expression may read.
const MAX_VARS: usize = 128;

/// The code that C sees.
pub(super) fn code(result: Result<(), EvalStatus>) -> c_int {
    match result {
        Ok(()) => EvalStatus::ME_EVAL_SUCCESS as c_int,
        Err(status) => status as c_int,
    }
}

/// # Safety
/// As `me_eval`.
pub(super) unsafe fn flat(
    expr: *const me_expr,
    vars_block: *const *const c_void,
    n_vars: c_int,
    output_block: *mut c_void,
    block_nitems: c_int,
    params: *const me_eval_params,
) -> c_int {
    // SAFETY: as the caller promises.
    code(unsafe { evaluate(expr, vars_block, n_vars, output_block, block_nitems, params) })
}

/// # Safety
/// As `me_eval`.
pub(super) unsafe fn evaluate(
    expr: *const me_expr,
    vars_block: *const *const c_void,
    n_vars: c_int,
    output_block: *mut c_void,
    block_nitems: c_int,
    params: *const me_eval_params,
) -> Result<(), EvalStatus> {
    // SAFETY: as the caller promises.
    let expression = unsafe { handle::from_raw(expr) }.ok_or(EvalStatus::ME_EVAL_ERR_NULL_EXPR)?;
    let is_negative = block_nitems < 0;
    if expression.is_kernel && (output_block.is_null() || is_negative) {
        return Err(EvalStatus::ME_EVAL_ERR_INVALID_ARG);
    }
    check_count(expression, n_vars)?;
    // Without strings a plain expression takes a negative count for none.
    if is_negative && expression.program.kernel.output.dtype.is_string() {
        return Err(EvalStatus::ME_EVAL_ERR_INVALID_ARG);
    }
    let n = usize::try_from(block_nitems).unwrap_or(0);
    if n == 0 && !matches!(expression.program.outcome(), Outcome::One { .. }) {
        return Ok(());
    }
    if output_block.is_null() {
        return Err(EvalStatus::ME_EVAL_ERR_INVALID_ARG);
    }
    let count = if n == 0 { 0 } else { expression.program.kernel.params.len() };
    // SAFETY: `vars_block` is NULL or has `n_vars` pointers.
    let inputs = unsafe { input_blocks(vars_block, count)? };
    if inputs.contains(&ptr::null()) && lacks_input(expression, inputs) {
        return Err(EvalStatus::ME_EVAL_ERR_INVALID_ARG);
    }
    let extent = [n as i64];
    let positions = Positions { shape: &extent, origin: &[0], extents: &extent };
    let output = output_block.cast();
    // SAFETY: the caller's buffers hold `n` items each.
    unsafe {
        let (accuracy, mode) = (accuracy(params), jit_mode(params));
        expression.program.run(inputs, output, Items::First(n), &positions, accuracy, mode)?;
    }
    Ok(())
}

/// Whether the caller gives as many inputs as the expression reads.
pub(super) fn check_count(expression: &Expression, n_vars: c_int) -> Result<(), EvalStatus> {
    let count = expression.program.kernel.params.len();
    if count > MAX_VARS {
        return Err(EvalStatus::ME_EVAL_ERR_TOO_MANY_VARS);
    }
    if usize::try_from(n_vars) != Ok(count) {
        return Err(EvalStatus::ME_EVAL_ERR_VAR_MISMATCH);
    }
    Ok(())
}

/// Whether an input that the expression reads is NULL.
#[cold]
#[inline(never)]
fn lacks_input(expression: &Expression, inputs: &[*const u8]) -> bool {
    let graph = &expression.program.kernel.graph;
    inputs.iter().zip(0..).any(|(input, param)| input.is_null() && graph.reads(param))
}

/// The input pointers, any of which may be NULL.
///
/// # Safety
/// `vars_block` is NULL or has `count` pointers.
pub(super) unsafe fn input_blocks<'a>(
    vars_block: *const *const c_void,
    count: usize,
) -> Result<&'a [*const u8], EvalStatus> {
    if count == 0 {
        return Ok(&[]);
    }
    if vars_block.is_null() {
        return Err(EvalStatus::ME_EVAL_ERR_INVALID_ARG);
    }
    // SAFETY: as the caller promises.
    Ok(unsafe { std::slice::from_raw_parts(vars_block.cast::<*const u8>(), count) })
}

/// The accuracy that the options ask for; NULL means the defaults.
pub(super) fn accuracy(params: *const me_eval_params) -> Accuracy {
    // SAFETY: `params` is NULL or points to options, as every evaluation call asks.
    match unsafe { params.as_ref() } {
        _ if simd_backend::is_scalar() => Accuracy::Scalar,
        Some(params) if params.disable_simd != 0 => Accuracy::Scalar,
        Some(params) if params.simd_ulp_mode == SimdUlpMode::ME_SIMD_ULP_1 as u32 => Accuracy::Precise,
        _ => Accuracy::Fast,
    }
}

/// What the options say about machine code; NULL means the default.
pub(super) fn jit_mode(params: *const me_eval_params) -> Mode {
    // SAFETY: `params` is NULL or points to options, as every evaluation call asks.
    unsafe { params.as_ref() }.map_or(Mode::Default, |params| Mode::from_code(params.jit_mode as i32))
}
