//! String results of their own lengths, packed as Arrow's large_string and large_binary are.

use std::ffi::{c_int, c_void};

use super::eval::evaluate;
use super::failure::{Failure, report};
use super::handle;
use super::message::Shown;
use super::types::*;
use crate::ir::Type;
use crate::memory::OutOfMemory;

/// # Safety
/// `expr` is NULL or a live expression.
pub(super) unsafe fn data_bound(expr: *const me_expr, block_nitems: c_int) -> usize {
    // SAFETY: as the caller promises.
    let Some(expression) = (unsafe { handle::from_raw(expr) }) else { return 0 };
    let Type { dtype, itemsize } = expression.program.kernel.output;
    match usize::try_from(block_nitems) {
        Ok(n) if dtype.is_string() => n.saturating_mul(itemsize),
        _ => 0,
    }
}

/// What the caller gives for the results.
pub(super) struct Buffers {
    /// Room for one number more than items: where each value starts, and the end of the last.
    pub offsets: *mut i64,
    pub data: *mut c_void,
    pub data_capacity: usize,
    /// Takes the number of bytes written to `data`.
    pub data_used: *mut usize,
}

/// # Safety
/// As `me_eval_varlen_with`.
pub(super) unsafe fn eval(
    expr: *const me_expr,
    vars_block: *const *const c_void,
    n_vars: c_int,
    block_nitems: c_int,
    buffers: Buffers,
    params: *const me_eval_params,
    budget: *const me_budget,
) -> c_int {
    // SAFETY: as the caller promises.
    let result = unsafe { evaluate_packed(expr, vars_block, n_vars, block_nitems, buffers, params, budget) };
    report(result, Shown::InDetail)
}

/// # Safety
/// As `me_eval_varlen_with`.
unsafe fn evaluate_packed(
    expr: *const me_expr,
    vars_block: *const *const c_void,
    n_vars: c_int,
    block_nitems: c_int,
    buffers: Buffers,
    params: *const me_eval_params,
    budget: *const me_budget,
) -> Result<(), Failure> {
    // SAFETY: as the caller promises.
    let expression = unsafe { handle::from_raw(expr) }.ok_or_else(Failure::null_expression)?;
    let Type { dtype, itemsize } = expression.program.kernel.output;
    let n = usize::try_from(block_nitems).unwrap_or(0);
    if n == 0 {
        return Err(Failure::invalid(format_args!("there are no items")));
    }
    if buffers.are_missing() {
        return Err(Failure::invalid(format_args!("a buffer for the strings is NULL")));
    }
    if !dtype.is_string() {
        return Err(Failure::invalid(format_args!("the results are {dtype}, not strings")));
    }
    let bytes = n.checked_mul(itemsize).ok_or(OutOfMemory)?;
    let mut slots: Vec<u8> = Vec::new();
    slots.try_reserve_exact(bytes).map_err(OutOfMemory::from)?;
    let out = slots.as_mut_ptr().cast();
    // SAFETY: as the caller promises; `out` has room for `n` items, which a success has written.
    unsafe {
        evaluate(expr, vars_block, n_vars, out, block_nitems, params, budget)?;
        slots.set_len(bytes);
    }
    // SAFETY: the caller's buffers are as large as it says.
    let (starts, data) = unsafe { buffers.slices(n) };
    let used = expression.pack(&slots, starts, data)?;
    // SAFETY: the pointer is not NULL, and the caller's to write.
    unsafe { buffers.data_used.write(used) };
    Ok(())
}

impl Buffers {
    /// Whether a pointer is NULL; that of an empty data buffer may be.
    fn are_missing(&self) -> bool {
        self.offsets.is_null() || self.data_used.is_null() || self.data.is_null() && self.data_capacity > 0
    }

    /// The buffers for `n` offsets and one more, and for the data.
    ///
    /// # Safety
    /// The buffers are not missing, and as large as the caller says.
    unsafe fn slices<'a>(&self, n: usize) -> (&'a mut [i64], &'a mut [u8]) {
        // SAFETY: as the caller promises.
        unsafe {
            let data = match self.data.is_null() {
                true => &mut [],
                false => std::slice::from_raw_parts_mut(self.data.cast::<u8>(), self.data_capacity),
            };
            (std::slice::from_raw_parts_mut(self.offsets, n + 1), data)
        }
    }
}
