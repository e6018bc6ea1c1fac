//! String results of their own lengths, packed as Arrow's large_string and large_binary are.

use super::handle;
use std::ffi::{c_int, c_void};

use super::eval::{code, evaluate};
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
/// As `me_eval_varlen`.
pub(super) unsafe fn eval(
    expr: *const me_expr,
    vars_block: *const *const c_void,
    n_vars: c_int,
    block_nitems: c_int,
    buffers: Buffers,
    params: *const me_eval_params,
) -> c_int {
    // SAFETY: as the caller promises.
    code(unsafe { evaluate_packed(expr, vars_block, n_vars, block_nitems, buffers, params) })
}

/// # Safety
/// As `me_eval_varlen`.
unsafe fn evaluate_packed(
    expr: *const me_expr,
    vars_block: *const *const c_void,
    n_vars: c_int,
    block_nitems: c_int,
    buffers: Buffers,
    params: *const me_eval_params,
) -> Result<(), EvalStatus> {
    // SAFETY: as the caller promises.
    let expression = unsafe { handle::from_raw(expr) }.ok_or(EvalStatus::ME_EVAL_ERR_NULL_EXPR)?;
    let Type { dtype, itemsize } = expression.program.kernel.output;
    let n = usize::try_from(block_nitems).unwrap_or(0);
    if n == 0 || buffers.are_missing() || !dtype.is_string() {
        return Err(EvalStatus::ME_EVAL_ERR_INVALID_ARG);
    }
    let bytes = n.checked_mul(itemsize).ok_or(OutOfMemory)?;
    let mut slots: Vec<u8> = Vec::new();
    slots.try_reserve_exact(bytes).map_err(OutOfMemory::from)?;
    let out = slots.as_mut_ptr().cast();
    // SAFETY: as the caller promises; `out` has room for `n` items, which a success has written.
    unsafe {
        evaluate(expr, vars_block, n_vars, out, block_nitems, params)?;
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
