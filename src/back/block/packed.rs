//! Padded blocks: the valid items are packed side by side, evaluated, and put back.

use std::slice;

use super::Outcome;
use super::bytes::{Bytes, aligned_bytes};
use super::run::zero_padding;
use super::scratch::Scratch;
use crate::back::engine::RunError;
use crate::memory::{OutOfMemory, TryGrow};
use crate::nd::Rows;

/// The padded blocks of one evaluation.
pub struct PaddedBlocks<'a, I> {
    pub rows: &'a Rows,
    /// The inputs, and the bytes of one item of each.
    pub inputs: I,
    pub output: *mut u8,
    pub itemsize: usize,
}

impl<I: Iterator<Item = (*const u8, usize)> + Clone> PaddedBlocks<'_, I> {
    /// Evaluates the valid items: `evaluate` gets the packed inputs and room for the packed output.
    /// The rest of the output becomes zero bytes; values that are reduced stand at its start. Where
    /// `evaluate` says that it has not evaluated anything, the output stays as it is.
    ///
    /// # Safety
    /// Each input and the output hold a padded block of items of their sizes, in any alignment.
    /// `evaluate` writes a value for each valid item, or those that are reduced.
    pub unsafe fn evaluate(
        &self,
        memory: &mut Bytes,
        outcome: Outcome,
        evaluate: impl FnOnce(&[*const u8], *mut u8) -> Option<Result<(), RunError>>,
    ) -> Option<Result<(), RunError>> {
        // SAFETY: as the caller promises.
        let (packed, result) = match unsafe { self.pack(memory) } {
            Ok(arrays) => arrays,
            Err(error) => return Some(Err(error.into())),
        };
        let outcome_of_all = evaluate(&packed, result)?;
        if outcome_of_all.is_ok() {
            // SAFETY: the values are there, and the output has room for them.
            unsafe { self.put_back(result, outcome) };
        }
        Some(outcome_of_all)
    }

    /// As [`PaddedBlocks::evaluate`] for one value an item, in memory of the thread.
    ///
    /// # Safety
    /// As there.
    pub unsafe fn evaluate_items(
        &self,
        evaluate: impl FnOnce(&[*const u8], *mut u8) -> Option<Result<(), RunError>>,
    ) -> Option<Result<(), RunError>> {
        // SAFETY: as the caller promises.
        let work = |memory: &mut Bytes| unsafe { self.evaluate(memory, Outcome::PerItem, evaluate) };
        Scratch::with_packed(work).unwrap_or_else(|error| Some(Err(error.into())))
    }

    /// The packed inputs, and room for the packed output.
    ///
    /// # Safety
    /// As [`PaddedBlocks::evaluate`].
    unsafe fn pack(&self, memory: &mut Bytes) -> Result<(Vec<*const u8>, *mut u8), OutOfMemory> {
        let valid = self.rows.valid_items();
        let mut total = aligned_bytes(valid, self.itemsize)?;
        for (_, itemsize) in self.inputs.clone() {
            total = total.checked_add(aligned_bytes(valid, itemsize)?).ok_or(OutOfMemory)?;
        }
        let result = memory.reserve(total)?;
        let mut next = result.wrapping_add(aligned_bytes(valid, self.itemsize)?);
        let mut packed: Vec<*const u8> = Vec::new();
        for (input, itemsize) in self.inputs.clone() {
            // SAFETY: as the caller promises; the memory has room for the valid items of each array. Padding
            // comes from C, where the bytes of a caller's block have values, if unspecified ones.
            unsafe {
                let block = slice::from_raw_parts(input, self.rows.padded_items() * itemsize);
                let items = slice::from_raw_parts_mut(next, valid * itemsize);
                self.rows.gather(itemsize, block, 0, items);
            }
            packed.try_push(next.cast_const())?;
            next = next.wrapping_add(aligned_bytes(valid, itemsize)?);
        }
        Ok((packed, result))
    }

    /// # Safety
    /// `result` holds the packed values; the rest as [`PaddedBlocks::evaluate`].
    unsafe fn put_back(&self, result: *const u8, outcome: Outcome) {
        let (rows, itemsize) = (self.rows, self.itemsize);
        let reduced = match outcome {
            Outcome::PerItem => None,
            Outcome::Copies => Some(rows.valid_items()),
            Outcome::One { .. } => Some(1),
        };
        // SAFETY: as the caller promises.
        unsafe {
            if let Some(values) = reduced {
                return self.output.copy_from_nonoverlapping(result, values * itemsize);
            }
            zero_padding(rows, itemsize, self.output);
            let block = slice::from_raw_parts_mut(self.output, rows.padded_items() * itemsize);
            rows.scatter(itemsize, slice::from_raw_parts(result, rows.valid_items() * itemsize), 0, block);
        }
    }
}
