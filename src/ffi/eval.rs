//! Checks of the evaluation calls, and the step from C pointers to block buffers.

use std::ffi::{c_int, c_void};
use std::fmt;
use std::ptr;

use super::failure::{Failure, report};
use super::message::Shown;
use super::types::*;
use super::{budget, handle};
use crate::back::block::{Items, Outcome};
use crate::back::jit_mode::Mode;
use crate::back::simd_backend;
use crate::expression::Expression;
use crate::kernel::Accuracy;
use crate::mid::Positions;

/// Distinct variables that one expression may read.
const MAX_VARS: usize = 128;

/// # Safety
/// As `me_eval_with`.
pub(super) unsafe fn flat(
    expr: *const me_expr,
    vars_block: *const *const c_void,
    n_vars: c_int,
    output_block: *mut c_void,
    block_nitems: c_int,
    params: *const me_eval_params,
    budget: *const me_budget,
) -> c_int {
    // SAFETY: as the caller promises.
    let result = unsafe { evaluate(expr, vars_block, n_vars, output_block, block_nitems, params, budget) };
    report(result, Shown::InDetail)
}

/// # Safety
/// As `me_eval_with`.
pub(super) unsafe fn evaluate(
    expr: *const me_expr,
    vars_block: *const *const c_void,
    n_vars: c_int,
    output_block: *mut c_void,
    block_nitems: c_int,
    params: *const me_eval_params,
    budget: *const me_budget,
) -> Result<(), Failure> {
    // SAFETY: as the caller promises.
    let expression = unsafe { handle::from_raw(expr) }.ok_or_else(Failure::null_expression)?;
    let is_negative = block_nitems < 0;
    if expression.is_kernel && output_block.is_null() {
        return Err(no_output());
    }
    if expression.is_kernel && is_negative {
        return Err(negative_count());
    }
    check_count(expression, n_vars)?;
    // Without strings a plain expression takes a negative count for none.
    if is_negative && expression.program.kernel.output.dtype.is_string() {
        return Err(negative_count());
    }
    let n = usize::try_from(block_nitems).unwrap_or(0);
    if n == 0 && !matches!(expression.program.outcome(), Outcome::One { .. }) {
        return Ok(());
    }
    if output_block.is_null() {
        return Err(no_output());
    }
    let count = if n == 0 { 0 } else { expression.program.kernel.params.len() };
    // SAFETY: `vars_block` is NULL or has `n_vars` pointers.
    let inputs = unsafe { input_blocks(vars_block, count)? };
    if inputs.contains(&ptr::null()) {
        check_inputs(expression, inputs)?;
    }
    let extent = [n as i64];
    let positions = Positions { shape: &extent, origin: &[0], extents: &extent };
    let output = output_block.cast();
    let (accuracy, mode) = (accuracy(params), jit_mode(params));
    // SAFETY: as the caller promises.
    let limits = unsafe { budget::limits(budget)? };
    expression.bounded(limits, |_| {
        // SAFETY: the caller's buffers hold `n` items each.
        let run =
            unsafe { expression.program.run(inputs, output, Items::First(n), &positions, accuracy, mode) };
        run.map_err(Failure::from)
    })
}

#[cold]
fn no_output() -> Failure {
    Failure::invalid(format_args!("the output is NULL"))
}

#[cold]
fn negative_count() -> Failure {
    Failure::invalid(format_args!("the number of items is negative"))
}

/// Whether the caller gives as many inputs as the expression reads.
pub(super) fn check_count(expression: &Expression, n_vars: c_int) -> Result<(), Failure> {
    let count = expression.program.kernel.params.len();
    if count > MAX_VARS {
        return Err(too_many_variables(count));
    }
    if usize::try_from(n_vars) != Ok(count) {
        return Err(other_count(expression, n_vars));
    }
    Ok(())
}

#[cold]
fn too_many_variables(count: usize) -> Failure {
    let message = format_args!("the expression uses {count} variables; there may be {MAX_VARS}");
    Failure::new(EvalStatus::ME_EVAL_ERR_TOO_MANY_VARS, message)
}

#[cold]
fn other_count(expression: &Expression, n_vars: c_int) -> Failure {
    let message = format_args!("{n_vars} inputs for {}", Variables(expression));
    Failure::new(EvalStatus::ME_EVAL_ERR_VAR_MISMATCH, message)
}

/// The inputs that an evaluation takes, for messages.
struct Variables<'a>(&'a Expression);

impl fmt::Display for Variables<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let params = &self.0.program.kernel.params;
        write!(f, "{} variable{}", params.len(), if params.len() == 1 { "" } else { "s" })?;
        for (index, param) in params.iter().enumerate().take(LISTED) {
            let before = if index == 0 { ": " } else { ", " };
            write!(f, "{before}'{}'", param.name.escape_ascii())?;
        }
        if params.len() > LISTED { f.write_str(", …") } else { Ok(()) }
    }
}

/// Variables that a message lists.
const LISTED: usize = 8;

/// Refuses inputs of which one that the expression reads is NULL.
#[cold]
#[inline(never)]
fn check_inputs(expression: &Expression, inputs: &[*const u8]) -> Result<(), Failure> {
    let kernel = &expression.program.kernel;
    let is_missing = |(input, param): (&*const u8, u32)| input.is_null() && kernel.graph.reads(param);
    match inputs.iter().zip(0..).position(is_missing) {
        None => Ok(()),
        Some(index) => {
            let name = kernel.params[index].name.escape_ascii();
            Err(Failure::invalid(format_args!("the input for '{name}' is NULL")))
        }
    }
}

/// The input pointers, any of which may be NULL.
///
/// # Safety
/// `vars_block` is NULL or has `count` pointers.
pub(super) unsafe fn input_blocks<'a>(
    vars_block: *const *const c_void,
    count: usize,
) -> Result<&'a [*const u8], Failure> {
    if count == 0 {
        return Ok(&[]);
    }
    if vars_block.is_null() {
        return Err(Failure::invalid(format_args!("the inputs are NULL")));
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
