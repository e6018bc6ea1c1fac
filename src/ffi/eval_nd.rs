//! Evaluation of the blocks of a chunked array.

use std::ffi::{c_int, c_void};

use super::eval::{accuracy, check_count, input_blocks, jit_mode};
use super::failure::{Failure, report};
use super::message::Shown;
use super::types::*;
use super::{budget, handle};
use crate::back::block::{Items, Outcome};
use crate::back::jit_mode::Mode;
use crate::expression::Expression;
use crate::kernel::Accuracy;
use crate::mid::Positions;
use crate::nd::Block;

/// # Safety
/// As `me_nd_valid_nitems`.
pub(super) unsafe fn valid_nitems(
    expr: *const me_expr,
    nchunk: i64,
    nblock: i64,
    valid_nitems: *mut i64,
) -> c_int {
    // SAFETY: as the caller promises.
    let expression = unsafe { handle::from_raw(expr) };
    let valid = match expression {
        Some(expression) if !valid_nitems.is_null() => block(expression, nchunk, nblock),
        Some(_) => Err(Failure::invalid(format_args!("the count has no place"))),
        None => Err(Failure::invalid(format_args!("the expression is NULL"))),
    };
    let result = valid.map(|block| {
        // SAFETY: the pointer is not NULL, and the caller's to write.
        unsafe { valid_nitems.write(block.valid_items()) };
    });
    report(result, Shown::InDetail)
}

/// The block with these numbers, if the expression was compiled for one.
fn block(expression: &Expression, nchunk: i64, nblock: i64) -> Result<Block<'_>, Failure> {
    let not_for_blocks = || Failure::invalid(format_args!("the expression was not compiled for blocks"));
    let geometry = expression.geometry.as_ref().ok_or_else(not_for_blocks)?;
    Ok(geometry.block(nchunk, nblock)?)
}

/// The arrays of one evaluation, as the caller gives them.
pub(super) struct Arrays {
    pub vars_block: *const *const c_void,
    pub n_vars: c_int,
    pub output_block: *mut c_void,
    /// Elements that the output has room for.
    pub block_nitems: c_int,
}

/// # Safety
/// As `me_eval_nd_with`.
pub(super) unsafe fn eval(
    expr: *const me_expr,
    arrays: Arrays,
    nchunk: i64,
    nblock: i64,
    params: *const me_eval_params,
    budget: *const me_budget,
) -> c_int {
    // SAFETY: as the caller promises.
    report(unsafe { evaluate(expr, &arrays, nchunk, nblock, params, budget) }, Shown::InDetail)
}

/// # Safety
/// As `me_eval_nd_with`.
unsafe fn evaluate(
    expr: *const me_expr,
    arrays: &Arrays,
    nchunk: i64,
    nblock: i64,
    params: *const me_eval_params,
    budget: *const me_budget,
) -> Result<(), Failure> {
    // SAFETY: as the caller promises.
    let expression = unsafe { handle::from_raw(expr) }.ok_or_else(Failure::null_expression)?;
    if arrays.output_block.is_null() {
        return Err(Failure::invalid(format_args!("the output is NULL")));
    }
    let block = block(expression, nchunk, nblock)?;
    // A negative room is too small for any block.
    if i64::from(arrays.block_nitems) < block.padded_items() {
        let (given, padded) = (arrays.block_nitems, block.padded_items());
        return Err(Failure::invalid(format_args!("there is room for {given} items; a block has {padded}")));
    }
    if block.valid_items() == 0 {
        // SAFETY: the output has room for the padded block.
        return unsafe { fill_padding(expression, &block, arrays) };
    }
    check_count(expression, arrays.n_vars)?;
    // SAFETY: `vars_block` is NULL or has `n_vars` pointers.
    let inputs = unsafe { input_blocks(arrays.vars_block, expression.program.kernel.params.len())? };
    if let Some(index) = inputs.iter().position(|input| input.is_null()) {
        let name = expression.program.kernel.params[index].name.escape_ascii();
        return Err(Failure::invalid(format_args!("the input for '{name}' is NULL")));
    }
    let rows = block.rows()?;
    let items = if block.is_full() { Items::First(rows.valid_items()) } else { Items::Valid(&rows) };
    let output = arrays.output_block.cast();
    let (accuracy, mode) = (accuracy(params), jit_mode(params));
    // SAFETY: as the caller promises.
    let limits = unsafe { budget::limits(budget)? };
    expression.bounded(limits, |_| {
        let positions = positions(&block);
        // SAFETY: the caller's buffers hold a padded block each.
        let run = unsafe { expression.program.run(inputs, output, items, &positions, accuracy, mode) };
        run.map_err(Failure::from)
    })
}

/// Where the valid items of a block lie in the array.
fn positions<'a>(block: &'a Block<'_>) -> Positions<'a> {
    Positions { shape: block.shape(), origin: block.origin(), extents: block.extents() }
}

/// Writes the output of a block without valid items: zero bytes for the whole block, or one zero where
/// there is one value for all items. The mean of no items is NaN.
///
/// # Safety
/// The output has room for the padded block.
unsafe fn fill_padding(expression: &Expression, block: &Block<'_>, arrays: &Arrays) -> Result<(), Failure> {
    let output = arrays.output_block.cast::<u8>();
    let items = match expression.program.outcome() {
        Outcome::PerItem => block.rows()?.padded_items(),
        Outcome::Copies | Outcome::One { is_mean: false } => 1,
        Outcome::One { is_mean: true } => {
            // SAFETY: a reduction of no items reads no input and writes one item.
            unsafe {
                expression.program.run(
                    &[],
                    output,
                    Items::First(0),
                    &positions(block),
                    Accuracy::Fast,
                    Mode::Off,
                )?
            };
            return Ok(());
        }
    };
    // SAFETY: the output has room for the padded block, which has at least one item.
    unsafe { output.write_bytes(0, items * expression.program.kernel.output.itemsize) };
    Ok(())
}
