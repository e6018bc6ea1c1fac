//! The passes of loops, which the evaluation's meter counts.

use wasm_encoder::{BlockType, MemArg, ValType};

use super::access::Place;
use super::body::Register;
use super::code::at;
use super::{Emitter, context};
use crate::back::budget::{NO_CAP, count};
use crate::back::call::Status;
use crate::ir::Kernel;
use crate::kernel::Kernel as VectorKernel;
use crate::memory::OutOfMemory;

/// Operations that take some hundred microseconds in all, and what a call of a vector kernel takes in such.
const QUIET_OPERATIONS: usize = 1 << 17;
const CALL_COST: usize = 256;

/// How often a kernel can run for a group of items, or a pass of its loops, in little time.
pub fn quiet_runs(kernel: &Kernel, calls: &[[VectorKernel; 3]]) -> usize {
    let cost = kernel.graph.len().saturating_mul(2) + calls.len().saturating_mul(CALL_COST);
    (QUIET_OPERATIONS / cost.max(1)).max(1)
}

/// How many blocks a jump leaves inside a loop of [`Emitter::open_metered`]: to the meter, and out of the loop.
const ASK: u32 = 1;
pub const OUT: u32 = 3;
/// Blocks that such a loop opens.
pub const METERED_BLOCKS: u32 = 4;

/// A field of the count of passes in the context.
fn field(offset: u32) -> MemArg {
    at(context::COUNT + offset)
}

impl Emitter<'_> {
    /// Begins to count the passes of a group, where they are capped: `Count::grant`.
    pub fn count_anew(&mut self) -> Result<(), OutOfMemory> {
        self.put_is_capped()?;
        let context = self.context()?;
        let [quiet, left] = [self.body.new_register(ValType::I64)?, self.body.new_register(ValType::I64)?];
        let mut code = self.body.code()?;
        code.if_(BlockType::Empty).local_get(context).i64_load(field(count::LEFT));
        code.local_get(context).i64_load(field(count::AHEAD)).i64_add().local_tee(quiet);
        code.local_get(context).i64_load(field(count::CAP));
        let mut code = self.body.code()?;
        code.local_get(quiet)
            .local_get(context)
            .i64_load(field(count::CAP))
            .i64_lt_u()
            .select()
            .local_set(left);
        code.local_get(context).local_get(left).i64_store(field(count::LEFT));
        let mut code = self.body.code()?;
        code.local_get(context).local_get(left).i64_store(field(count::START));
        code.local_get(context)
            .local_get(quiet)
            .local_get(left)
            .i64_sub()
            .i64_store(field(count::AHEAD))
            .end();
        Ok(())
    }

    /// Leaves on the stack whether the passes of items are capped.
    pub fn put_is_capped(&mut self) -> Result<(), OutOfMemory> {
        let context = self.context()?;
        let mut code = self.body.code()?;
        code.local_get(context).i64_load(field(count::CAP)).i64_const(NO_CAP as i64).i64_ne();
        Ok(())
    }

    /// Counts a pass of [`Emitter::open_metered`], on the meter of the evaluation.
    pub fn meter_pass(&mut self) -> Result<(), OutOfMemory> {
        self.counts_passes = true;
        let context = self.context()?;
        let passes = self.body.new_register(ValType::I64)?;
        let mut code = self.body.code()?;
        code.local_get(context).local_get(context).i64_load(field(count::LEFT)).i64_const(1).i64_sub();
        code.local_tee(passes).i64_store(field(count::LEFT));
        code.local_get(passes).i64_const(0).i64_lt_s().br_if(ASK);
        Ok(())
    }

    /// Begins a loop whose passes the meter counts; where it has to look, code leaves the passes, and comes back to the
    /// one that it has counted. A call among the passes would have V8 keep their values in memory. What comes before
    /// the pass is counted runs twice then.
    pub fn open_metered(&mut self) -> Result<(), OutOfMemory> {
        self.open_passes()?;
        self.open_passes()
    }

    /// Goes to the next pass, and ends the loop; `left` is where the passes are counted if not in the context.
    pub fn close_metered(&mut self, left: Option<Register>) -> Result<(), OutOfMemory> {
        self.close_passes()?;
        if let Some(left) = left {
            self.return_passes(left)?;
        }
        self.look()?;
        // The pass is counted again.
        let context = self.context()?;
        match left {
            Some(left) => {
                let mut code = self.body.code()?;
                code.local_get(context).i64_load(field(count::LEFT)).i64_const(1).i64_add().local_set(left);
            }
            None => {
                let mut code = self.body.code()?;
                code.local_get(context).local_get(context).i64_load(field(count::LEFT));
                code.i64_const(1).i64_add().i64_store(field(count::LEFT));
            }
        }
        self.close_passes()
    }

    /// A register with the passes that are left before the meter looks, for code in which nothing else counts them.
    pub fn take_passes(&mut self) -> Result<Register, OutOfMemory> {
        let context = self.context()?;
        self.body.code()?.local_get(context).i64_load(field(count::LEFT));
        self.body.keep(ValType::I64)
    }

    /// Counts a pass of [`Emitter::open_metered`] in a register of [`Emitter::take_passes`].
    pub fn take_pass(&mut self, left: Register) -> Result<(), OutOfMemory> {
        self.counts_passes = true;
        self.body.code()?.local_get(left).i64_const(1).i64_sub().local_tee(left);
        self.body.code()?.i64_const(0).i64_lt_s().br_if(ASK);
        Ok(())
    }

    /// Gives the passes back that are left, after that code.
    pub fn return_passes(&mut self, left: Register) -> Result<(), OutOfMemory> {
        let context = self.context()?;
        self.body.code()?.local_get(context).local_get(left).i64_store(field(count::LEFT));
        Ok(())
    }

    /// Lets the meter look, which may end the function.
    fn look(&mut self) -> Result<(), OutOfMemory> {
        let context = self.context()?;
        // The vector kernels are what the function can call; this one gets the context for its result.
        let kernels = [refill as VectorKernel; 3];
        let place = Place { base: context, offset: 0, is_array: false };
        self.put_call(kernels, place, [None; 3], |emitter| {
            emitter.body.code()?.i32_const(0);
            Ok(())
        })?;
        self.body.code()?.local_get(context).i32_load(at(context::STOP)).if_(BlockType::Empty);
        self.body.code()?.i32_const(Status::Stopped as i32).return_().end();
        Ok(())
    }
}

/// Lets the meter look.
///
/// # Safety
/// `context` is that of a call, whose meter nobody uses meanwhile.
#[cfg(wasm_modules)]
pub unsafe fn refill(context: *mut u8, _: *const u8, _: *const u8, _: *const u8, _: usize) {
    // SAFETY: as the caller promises.
    unsafe {
        let head = &mut *context.cast::<super::engine::ContextHead>();
        let meter = &mut *head.meter;
        meter.count = head.count;
        head.stop = u32::from(meter.refill().is_err());
        head.count = meter.count;
    }
}

/// In tests the meter is a number of looks, after which the function is to end.
///
/// # Safety
/// `context` is that of a call.
#[cfg(not(wasm_modules))]
pub unsafe fn refill(context: *mut u8, _: *const u8, _: *const u8, _: *const u8, _: usize) {
    let word = |offset: u32| context.wrapping_add(offset as usize).cast::<u32>();
    // SAFETY: as the caller promises.
    unsafe {
        let looks = word(context::METER).read_unaligned();
        word(context::STOP).write_unaligned(u32::from(looks == 0));
        word(context::METER).write_unaligned(looks.saturating_sub(1));
        word(context::COUNT + count::LEFT).cast::<i64>().write_unaligned(2);
    }
}
