//! Kernels with statements over padded blocks: the valid items are packed, evaluated, and put back.

use super::{Arrays, Positions, RunError, Structured, Workspace};
use crate::back::block::Outcome;
use crate::back::block::run::aligned_bytes;
use crate::back::block::scratch::Bytes;
use crate::kernel::Accuracy;
use crate::memory::{OutOfMemory, TryGrow};
use crate::nd::Rows;
use std::slice;

impl Structured {
    /// Evaluates the valid items of padded blocks; the rest of the output becomes zero bytes. Values
    /// that are reduced stand at the start of the output.
    /// `memory` holds the packed arrays.
    ///
    /// # Safety
    /// Each input and the output hold a padded block of elements of their types, in any alignment.
    pub unsafe fn run_block(
        &self,
        (workspace, memory): (&mut Workspace, &mut Bytes),
        inputs: &[*const u8],
        output: *mut u8,
        rows: &Rows,
        positions: &Positions<'_>,
        accuracy: Accuracy,
    ) -> Result<(), RunError> {
        let (valid, padded) = (rows.valid_items(), rows.padded_items());
        let itemsize = self.output.itemsize;
        let mut total = aligned_bytes(valid, itemsize)?;
        for ty in &self.inputs {
            total = total.checked_add(aligned_bytes(valid, ty.itemsize)?).ok_or(OutOfMemory)?;
        }
        let result = memory.reserve(total)?;
        let mut next = result.wrapping_add(aligned_bytes(valid, itemsize)?);
        let mut packed: Vec<*const u8> = Vec::new();
        for (&input, ty) in inputs.iter().zip(&self.inputs) {
            // SAFETY: as the caller promises; the memory has room for the valid items of each array.
            unsafe {
                let block = slice::from_raw_parts(input, padded * ty.itemsize);
                let items = slice::from_raw_parts_mut(next, valid * ty.itemsize);
                rows.gather(ty.itemsize, block, 0, items);
            }
            packed.try_push(next.cast_const())?;
            next = next.wrapping_add(aligned_bytes(valid, ty.itemsize)?);
        }
        let arrays = Arrays { inputs: &packed, output: result, items: valid };
        // SAFETY: the packed arrays hold the valid items.
        unsafe {
            self.run(workspace, arrays, positions, accuracy)?;
            let values = match self.outcome {
                Outcome::PerItem => None,
                Outcome::Copies => Some(valid),
                Outcome::One { .. } => Some(1),
            };
            if let Some(values) = values {
                output.copy_from_nonoverlapping(result, values * itemsize);
                return Ok(());
            }
            let block = slice::from_raw_parts_mut(output, padded * itemsize);
            rows.zero_padding(itemsize, block);
            rows.scatter(itemsize, slice::from_raw_parts(result, valid * itemsize), 0, block);
        }
        Ok(())
    }
}
