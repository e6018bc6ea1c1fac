//! The short way through a program of one vector kernel: where every array can be worked on where it
//! lies, no scratch memory has to be laid out, which takes longer than the kernel on a few items.

use super::layout::{Place, PlaceId};
use super::{Outcome, Program, Step};
use crate::ir::Type;
use crate::kernel::Accuracy;

impl Program {
    /// Evaluates `n` items by one call of the only vector kernel; false, with nothing done, where it
    /// takes more.
    ///
    /// # Safety
    /// As [`Interpreter::run`](super::Interpreter::run), for `n` items.
    pub(super) unsafe fn run_directly(
        &self,
        inputs: &[*const u8],
        output: *mut u8,
        n: usize,
        accuracy: Accuracy,
    ) -> bool {
        let [Step::Vector { kernels, out, operands }] = &self.pipeline.steps[..] else { return false };
        if self.outcome != Outcome::PerItem || self.layout.places[*out as usize] != Place::Output {
            return false;
        }
        let mut addresses = [std::ptr::null(); 3];
        for (address, &operand) in addresses.iter_mut().zip(operands) {
            let Some(found) = self.fixed_address(operand, inputs, output) else { return false };
            *address = found;
        }
        let arrays = || self.inputs.iter().zip(inputs).map(|(ty, input)| (*ty, *input));
        if !is_aligned(self.output, output) || arrays().any(|(ty, input)| !is_aligned(ty, input)) {
            return false;
        }
        if arrays().any(|(ty, input)| overlap((input, ty.itemsize), (output, self.output.itemsize), n)) {
            return false;
        }
        let [a, b, c] = addresses;
        // SAFETY: the planner gave the kernel operands of its dtypes; they hold `n` items, aligned, and
        // none of them overlaps the output.
        unsafe { kernels[accuracy as usize](output, a, b, c, n) };
        true
    }

    /// Where a place lies, if that is in an array of the caller or a constant.
    fn fixed_address(&self, place: PlaceId, inputs: &[*const u8], output: *mut u8) -> Option<*const u8> {
        match self.layout.places[place as usize] {
            Place::Input(index) => inputs.get(index as usize).copied(),
            Place::Output => Some(output),
            Place::Constant(index) => Some(self.layout.constants[index as usize].0.as_ptr()),
            Place::Register(_) | Place::Text(_) | Place::Scalar(_) | Place::Variable(_) => None,
        }
    }
}

/// Whether an array is aligned for its dtype.
pub(super) fn is_aligned(ty: Type, array: *const u8) -> bool {
    array.addr().is_multiple_of(ty.dtype.align())
}

/// Whether two arrays of `n` items share bytes, given their addresses and the bytes of an item of each.
pub fn overlap((a, a_size): (*const u8, usize), (b, b_size): (*const u8, usize), n: usize) -> bool {
    let end = |array: *const u8, size: usize| array.addr().wrapping_add(n.wrapping_mul(size));
    a.addr() < end(b, b_size) && b.addr() < end(a, a_size)
}
