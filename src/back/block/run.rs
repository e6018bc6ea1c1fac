//! Execution of a register program.

use super::layout::{ConstantBytes, Place, PlaceId};
use super::scratch::{ALIGN, Scratch};
use super::{Arrays, Program, Step};
use crate::ir::{Type, UserFunction};
use crate::kernel::Accuracy;
use crate::memory::{OutOfMemory, TryGrow};

/// Address of a place at the start of the data, and bytes from one item to the next: zero for what
/// every block reuses.
#[derive(Clone, Copy)]
pub struct Base {
    address: *mut u8,
    stride: usize,
}

/// An array of the caller that goes through a block of scratch memory: it is not aligned for its
/// dtype, or it is an output that overlaps an input.
#[derive(Clone, Copy)]
pub struct Staged {
    place: Place,
    array: *mut u8,
    block: *mut u8,
    itemsize: usize,
}

impl Program {
    /// Evaluates all items.
    ///
    /// # Safety
    /// As [`Engine::run`](super::Engine::run), for at least one item.
    pub unsafe fn run(
        &self,
        scratch: &mut Scratch,
        arrays: Arrays<'_>,
        accuracy: Accuracy,
    ) -> Result<(), OutOfMemory> {
        let Arrays { inputs, output, items } = arrays;
        let block_items = self.prepare(scratch, inputs, output, items, self.block_items.min(items))?;
        // SAFETY: the bases are valid for all items, or for one block where their stride is zero.
        unsafe { self.run_blocks(scratch, items, block_items, accuracy) };
        Ok(())
    }

    /// Lays out the scratch memory and the table of bases; returns the items per block.
    fn prepare(
        &self,
        scratch: &mut Scratch,
        inputs: &[*const u8],
        output: *mut u8,
        n: usize,
        block_items: usize,
    ) -> Result<usize, OutOfMemory> {
        self.find_staged(&mut scratch.staged, inputs, output, n)?;
        let block_items = if scratch.staged.is_empty() { block_items } else { block_items.min(STAGED_ITEMS) };
        let layout = &self.layout;
        let register_bytes = aligned_bytes(block_items, layout.register_itemsize)?;
        let scalars = layout.registers.checked_mul(register_bytes).ok_or(OutOfMemory)?;
        let scalar_bytes = aligned_bytes(layout.scalars, SCALAR_BYTES)?;
        let mut total = scalars.checked_add(scalar_bytes).ok_or(OutOfMemory)?;
        for staged in &mut scratch.staged {
            staged.block = std::ptr::without_provenance_mut(total);
            let bytes = aligned_bytes(block_items, staged.itemsize)?;
            total = total.checked_add(bytes).ok_or(OutOfMemory)?;
        }
        let memory = if total == 0 { std::ptr::null_mut() } else { scratch.bytes.reserve(total)? };
        for staged in &mut scratch.staged {
            staged.block = memory.wrapping_add(staged.block.addr());
        }
        scratch.bases.clear();
        scratch.bases.try_reserve(layout.places.len())?;
        for &place in &layout.places {
            let staged = scratch.staged.iter().find(|staged| staged.place == place);
            scratch.bases.push(match (place, staged) {
                (_, Some(staged)) => Base { address: staged.block, stride: 0 },
                (Place::Input(index), None) => {
                    let index = index as usize;
                    Base { address: inputs[index].cast_mut(), stride: self.inputs[index].itemsize }
                }
                (Place::Output, None) => Base { address: output, stride: self.output.itemsize },
                (Place::Register(index), None) => {
                    Base { address: memory.wrapping_add(index as usize * register_bytes), stride: 0 }
                }
                (Place::Text(offset), None) => {
                    let text = layout.texts[offset as usize..].as_ptr();
                    Base { address: text.cast_mut(), stride: 0 }
                }
                (Place::Constant(index), None) => {
                    let constant = layout.constants[index as usize].0.as_ptr();
                    Base { address: constant.cast_mut(), stride: 0 }
                }
                (Place::Variable(_), None) => Base { address: std::ptr::null_mut(), stride: 0 },
                (Place::Scalar(index), None) => {
                    let offset = scalars + index as usize * SCALAR_BYTES;
                    Base { address: memory.wrapping_add(offset), stride: 0 }
                }
            });
        }
        Ok(block_items)
    }

    /// Lists the arrays that blocks must be copied through.
    fn find_staged(
        &self,
        list: &mut Vec<Staged>,
        inputs: &[*const u8],
        output: *mut u8,
        n: usize,
    ) -> Result<(), OutOfMemory> {
        list.clear();
        let mut stage = |place, array: *mut u8, ty: Type| {
            list.try_push(Staged { place, array, block: std::ptr::null_mut(), itemsize: ty.itemsize })
        };
        let mut overlaps = false;
        for (index, (ty, &input)) in self.inputs.iter().zip(inputs).enumerate() {
            if !input.addr().is_multiple_of(ty.dtype.align()) {
                stage(Place::Input(index as u32), input.cast_mut(), *ty)?;
            }
            let input_end = input.addr().wrapping_add(n.wrapping_mul(ty.itemsize));
            let output_end = output.addr().wrapping_add(n.wrapping_mul(self.output.itemsize));
            overlaps |= input.addr() < output_end && output.addr() < input_end;
        }
        if overlaps || !output.addr().is_multiple_of(self.output.dtype.align()) {
            stage(Place::Output, output, self.output)?;
        }
        Ok(())
    }

    /// # Safety
    /// The scratch memory has been prepared for `n` items in blocks of `block_items`.
    unsafe fn run_blocks(&self, scratch: &Scratch, n: usize, block_items: usize, accuracy: Accuracy) {
        let at = |place: PlaceId, start: usize| {
            let base = scratch.bases[place as usize];
            base.address.wrapping_add(start.wrapping_mul(base.stride))
        };
        for step in &self.pipeline.uniform {
            // SAFETY: these steps work on single values.
            unsafe { run_step(step, |place| at(place, 0), 1, accuracy) };
        }
        for step in &self.pipeline.spread {
            // SAFETY: these steps spread single values over registers of `block_items` items.
            unsafe { run_step(step, |place| at(place, 0), block_items, accuracy) };
        }
        let mut start = 0;
        while start < n {
            let count = block_items.min(n - start);
            for staged in scratch.staged.iter().filter(|staged| staged.place != Place::Output) {
                // SAFETY: the array holds `n` items and the block `block_items`.
                unsafe {
                    let from = staged.array.add(start * staged.itemsize);
                    staged.block.copy_from_nonoverlapping(from, count * staged.itemsize);
                }
            }
            for step in &self.pipeline.steps {
                // SAFETY: every operand holds `count` items from `start` on.
                unsafe { run_step(step, |place| at(place, start), count, accuracy) };
            }
            for staged in scratch.staged.iter().filter(|staged| staged.place == Place::Output) {
                // SAFETY: as above, in the other direction.
                unsafe {
                    let to = staged.array.add(start * staged.itemsize);
                    to.copy_from_nonoverlapping(staged.block, count * staged.itemsize);
                }
            }
            start += count;
        }
    }
}

/// Bytes of a single value of any numeric dtype.
const SCALAR_BYTES: usize = size_of::<ConstantBytes>();

/// Bytes of `count` items, up to the next alignment boundary.
fn aligned_bytes(count: usize, itemsize: usize) -> Result<usize, OutOfMemory> {
    let bytes = count.checked_mul(itemsize).and_then(|bytes| bytes.checked_next_multiple_of(ALIGN));
    bytes.ok_or(OutOfMemory)
}

/// Items per block where arrays are staged, so that their copies stay in the first-level cache.
const STAGED_ITEMS: usize = 512;

/// Runs one step on `count` items; `at` gives the address of a place.
///
/// # Safety
/// The places of the step hold `count` items.
#[inline]
pub(super) unsafe fn run_step(
    step: &Step,
    at: impl Fn(PlaceId) -> *mut u8,
    count: usize,
    accuracy: Accuracy,
) {
    match step {
        Step::Vector { kernels, out, operands: [a, b, c] } => {
            let kernel = kernels[accuracy as usize];
            // SAFETY: the planner gave each kernel operands of its dtype that do not overlap `out`.
            unsafe { kernel(at(*out), at(*a), at(*b), at(*c), count) };
        }
        Step::String(step) => {
            // SAFETY: the planner gave the step its operands' sizes, and a result apart from them.
            unsafe { step.run(at, count) };
        }
        Step::Call { target, out, args } => {
            let args = args.map(&at);
            // SAFETY: arguments and result are float64 blocks.
            unsafe { call_each(target, at(*out), &args[..target.arity as usize], count) };
        }
    }
}

/// Calls a host function for each item, in ascending order.
///
/// # Safety
/// `args` and `out` are blocks of `count` float64 items.
unsafe fn call_each(target: &UserFunction, out: *mut u8, args: &[*mut u8], count: usize) {
    let mut values = [0.0; UserFunction::MAX_ARITY];
    for item in 0..count {
        for (value, block) in values.iter_mut().zip(args) {
            // SAFETY: as the caller promises.
            *value = unsafe { block.cast::<f64>().add(item).read() };
        }
        // SAFETY: as the caller promises.
        unsafe { out.cast::<f64>().add(item).write(target.call(&values)) };
    }
}
