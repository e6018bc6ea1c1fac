//! The short way through a program of one vector kernel: where every array can be worked on where it
//! lies, no scratch memory has to be laid out, which takes longer than the kernel on a few items.

use super::layout::{Place, PlaceId};
use super::{Outcome, Program, Step, VectorKernel};
use crate::back::budget;
use crate::back::engine::RunError;
use crate::ir::Type;
use crate::kernel::Accuracy;

impl Program {
    /// Evaluates `n` items by the only vector kernel: in one call, but for looks at a budget. `None`, with nothing
    /// done, where it takes more.
    ///
    /// # Safety
    /// As [`Interpreter::run`](super::Interpreter::run), for `n` items.
    pub(super) unsafe fn run_directly(
        &self,
        inputs: &[*const u8],
        output: *mut u8,
        n: usize,
        accuracy: Accuracy,
    ) -> Option<Result<(), RunError>> {
        let [Step::Vector { kernels, out, operands }] = &self.pipeline.steps[..] else { return None };
        if self.outcome != Outcome::PerItem || self.layout.places[*out as usize] != Place::Output {
            return None;
        }
        let mut addresses = [(std::ptr::null(), 0); 3];
        for (address, &operand) in addresses.iter_mut().zip(operands) {
            *address = self.fixed_address(operand, inputs, output)?;
        }
        let is_fit = |(ty, input): (&Type, &*const u8)| {
            is_aligned(*ty, *input) && !overlap((*input, ty.itemsize), (output, self.output.itemsize), n)
        };
        if !is_aligned(self.output, output) || !self.inputs.iter().zip(inputs).all(is_fit) {
            return None;
        }
        let kernel = kernels[accuracy as usize];
        // SAFETY: the planner gave the kernel operands of its dtypes; they hold `n` items, aligned, and none of them
        // overlaps the output. The budget is used in this run alone.
        unsafe {
            if budget::current().is_some() {
                return Some(self.run_watched(kernel, addresses, output, n));
            }
            kernel(output, addresses[0].0, addresses[1].0, addresses[2].0, n);
        }
        Some(Ok(()))
    }

    /// Runs the kernel within a budget: as many items at a time as take little time. Apart from what runs it at once, since a
    /// call of few items takes less time than the division here.
    ///
    /// # Safety
    /// As [`VectorKernel`], for operands by their addresses and the bytes from one item to the next.
    #[cold]
    #[inline(never)]
    unsafe fn run_watched(
        &self,
        kernel: VectorKernel,
        addresses: [(*const u8, usize); 3],
        output: *mut u8,
        n: usize,
    ) -> Result<(), RunError> {
        // SAFETY: the budget is used in this run alone.
        let mut watch = unsafe { self.watch(n) };
        let most = watch.quiet_items().clamp(1, n.max(1));
        for start in (0..n).step_by(most) {
            let count = most.min(n - start);
            let [a, b, c] = addresses.map(|(address, itemsize)| address.wrapping_add(start * itemsize));
            let output = output.wrapping_add(start * self.output.itemsize);
            // SAFETY: as the caller promises.
            unsafe { kernel(output, a, b, c, count) };
            if !watch.goes_on(count) {
                break;
            }
        }
        watch.end()
    }

    /// Where a place lies, and from there one item to the next, if that is in an array of the caller or a constant.
    fn fixed_address(
        &self,
        place: PlaceId,
        inputs: &[*const u8],
        output: *mut u8,
    ) -> Option<(*const u8, usize)> {
        match self.layout.places[place as usize] {
            Place::Input(index) => {
                let input = *inputs.get(index as usize)?;
                Some((input, self.inputs[index as usize].itemsize))
            }
            Place::Output => Some((output, self.output.itemsize)),
            Place::Constant(index) => Some((self.layout.constants[index as usize].0.as_ptr(), 0)),
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
