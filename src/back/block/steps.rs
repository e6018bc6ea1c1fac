//! Execution of single steps.

use super::Step;
use super::layout::PlaceId;
use super::reduction::Reduction;
use crate::back::budget;
use crate::ir::UserFunction;
use crate::kernel::Accuracy;
use crate::kernel::reduce::Accumulator;
use crate::memory::{OutOfMemory, TryGrow};

/// Runs one step on `count` items; `at` gives the address of a place.
///
/// # Safety
/// The places of the step hold `count` items.
#[inline]
pub unsafe fn run_step(step: &Step, at: impl Fn(PlaceId) -> *mut u8, count: usize, accuracy: Accuracy) {
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
            let args = args.map(|place| at(place).cast_const());
            // SAFETY: arguments and result are float64 blocks.
            unsafe { call_each(target, at(*out), &args[..usize::from(target.arity())], 0..count) };
        }
    }
}

/// Calls a host function for each of some items, in their order.
///
/// Stops where the evaluation does; what is left of `out` is then as it was.
///
/// # Safety
/// `args` and `out` are blocks of float64 items that have these.
pub unsafe fn call_each(
    target: &UserFunction,
    out: *mut u8,
    args: &[*const u8],
    items: impl Iterator<Item = usize>,
) {
    // SAFETY: the reference ends with this call, which is part of the evaluation.
    let budget = unsafe { budget::current() };
    let mut values = [0.0; UserFunction::MAX_ARITY];
    for item in items {
        // A function that has failed is not called again.
        if budget.is_some_and(|budget| budget.stop().is_some()) {
            return;
        }
        for (value, block) in values.iter_mut().zip(args) {
            // SAFETY: as the caller promises.
            *value = unsafe { block.cast::<f64>().add(item).read() };
        }
        // SAFETY: as the caller promises.
        unsafe { out.cast::<f64>().add(item).write(target.call(&values)) };
    }
}

/// An accumulator for each of the reductions, where those of evaluations before lie.
pub fn started<'a>(
    accumulators: &'a mut Vec<Accumulator>,
    reductions: &[Reduction],
) -> Result<&'a mut [Accumulator], OutOfMemory> {
    for (index, reduction) in reductions.iter().enumerate() {
        match accumulators.get_mut(index) {
            Some(accumulator) => accumulator.restart(reduction.reducer),
            None => accumulators.try_push(Accumulator::new(reduction.reducer))?,
        }
    }
    Ok(&mut accumulators[..reductions.len()])
}
