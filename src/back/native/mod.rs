//! The in-process engine: machine code in memory, data-parallel over vector lanes.
//!
//! ```text
//! ir ── lower ──▶ lane code ── schedule ──▶ phases ── allocate, emit ──▶ machine code
//! ```
//!
//! A kernel runs on a group of items at once, one lane an item; divergent control flow becomes
//! masks. Arithmetic rounds as in the interpreter, operation by operation, and transcendental
//! functions are the interpreter's vector kernels, so both give the same bits. Pure functions of the
//! host are called by their address. The code generator is
//! the library's own: it knows only the instructions that lane code needs, and no allocation in it can
//! abort. All but those instructions is the same for every processor: `emit` asks `x86` and `aarch64`
//! for theirs.

#[cfg(any(target_arch = "aarch64", test))]
mod aarch64;
mod allocate;
mod emit;
mod engine;
mod executable;
mod function_list;
mod lane;
mod listing;
mod lower;
mod order;
mod phases;
#[cfg(test)]
pub(super) mod tests;
#[cfg(target_arch = "x86_64")]
mod x86;

use std::cell::Cell;

use super::block::call_each;
use super::budget::{Count, Meter};
use super::call::{Needs, Run, Status, drive, quiet_items};
use super::engine::{Call, Code, Refusal, RunError, reason};
use crate::ir::Kernel;
use crate::kernel::level::Level;
use crate::memory::TryGrow;

pub use engine::InMemory;
use executable::Executable;
use lane::{Callee, Code as LaneCode, Op};
pub use listing::listing;
use phases::Schedule;

#[cfg(target_arch = "aarch64")]
use aarch64 as machine;
#[cfg(target_arch = "x86_64")]
use x86 as machine;

#[cfg(test)]
pub use machine::has_engine;

/// Whether machine code may call vector kernels of the interpreter.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Calls {
    Allowed,
    Refused,
}

/// Machine code for one kernel. Immutable, and safe to run from any number of threads.
#[derive(Debug)]
pub struct Native {
    code: Executable,
    needs: Needs,
    /// Whether statements may be left out or repeated. Then the interpreter may be faster: where items take
    /// different paths, code runs all of them for all items of a group, and the interpreter need not.
    has_jumps: bool,
    /// What the code calls, for each [`Accuracy`].
    functions: [Vec<Callee>; 3],
}

/// What machine code gets, all of it opaque to C; its offsets are those of `emit::frame::context`.
#[repr(C)]
struct Context {
    inputs: *const *const u8,
    output: *mut u8,
    items: usize,
    frame: *mut u8,
    functions: *const Callee,
    pass_cap: i64,
    invoke: unsafe extern "C" fn(*const Callee, *mut u8, *const u8, *const u8, *const u8, usize),
    /// That of the meter, for as long as the code runs.
    count: Cell<Count>,
    refill: unsafe extern "C" fn(*const Context) -> i32,
    /// What only [`refill`] knows.
    meter: *mut Meter<'static>,
}

type Entry = unsafe extern "C" fn(*const Context) -> i32;

/// Makes a call for machine code, which knows only the C convention.
///
/// # Safety
/// `callee` points to one, and the rest is as it asks.
unsafe extern "C" fn invoke(
    callee: *const Callee,
    out: *mut u8,
    a: *const u8,
    b: *const u8,
    c: *const u8,
    n: usize,
) {
    // SAFETY: the code generator gives each callee operands of its dtypes.
    unsafe {
        match &*callee {
            Callee::Kernel(kernel) => kernel(out, a, b, c, n),
            Callee::Host(function) => {
                let args = &[a, b, c][..usize::from(function.arity())];
                call_each(function, out, args, 0..n);
            }
        }
    }
}

/// Lets the meter look; the status with which the code goes on, or ends.
///
/// # Safety
/// The context is that of a run, whose meter nobody uses meanwhile.
unsafe extern "C" fn refill(context: *const Context) -> i32 {
    // SAFETY: as the caller promises.
    let (context, meter) = unsafe { (&*context, &mut *(*context).meter) };
    meter.count = context.count.get();
    let result = meter.refill();
    context.count.set(meter.count);
    if result.is_ok() { Status::Done as i32 } else { Status::Stopped as i32 }
}

/// Instructions on a vector that take some hundred microseconds in all.
const QUIET_INSTRUCTIONS: usize = 1 << 18;
/// What a function takes for an item, in such instructions.
const CALL_COST: usize = 64;

/// How often some code can run for a group of items, or a pass of its loops, in little time.
fn quiet_runs(code: &LaneCode, schedule: &Schedule, group: usize) -> usize {
    if code.calls.iter().flatten().any(|callee| matches!(callee, Callee::Host(_))) {
        // A function of the host may take any time.
        return 1;
    }
    let insts = || schedule.phases.iter().flat_map(|phase| &phase.insts);
    let calls_of_groups = insts().filter(|inst| matches!(inst.op, Op::Call(_))).count();
    let calls = calls_of_groups + schedule.phases.iter().map(|phase| phase.calls.len()).sum::<usize>();
    // No instruction takes more for a lane than for a vector.
    let cost = insts().count().saturating_mul(group.div_ceil(4)) + calls.saturating_mul(CALL_COST * group);
    (QUIET_INSTRUCTIONS / cost.max(1)).max(1)
}

fn has_loops(schedule: &Schedule) -> bool {
    let mut insts = schedule.phases.iter().flat_map(|phase| &phase.insts);
    insts.any(|inst| matches!(inst.op, Op::MeterPass))
}

impl Native {
    /// Generates machine code for this machine, with the instructions of `level`, which it has.
    pub fn new(kernel: &Kernel, level: Level) -> Result<Native, Refusal> {
        Native::generate(kernel, level, Calls::Allowed)
    }

    /// As [`Native::new`], for a kernel that needs no vector kernel of the interpreter.
    pub fn without_calls(kernel: &Kernel, level: Level) -> Result<Native, Refusal> {
        Native::generate(kernel, level, Calls::Refused)
    }

    fn generate(kernel: &Kernel, level: Level, calls: Calls) -> Result<Native, Refusal> {
        let types = kernel.params.iter().map(|param| param.ty);
        if types.chain([kernel.output]).any(|ty| ty.dtype.is_complex() || ty.dtype.is_string()) {
            return Err(Refusal::of(reason::PARAMETER));
        }
        let mut code = lower::lower(kernel, level)?;
        if calls == Calls::Refused && code.has_calls() {
            return Err(Refusal::of("the kernel calls vector kernels"));
        }
        let schedule = phases::schedule(&mut code)?;
        let machine = machine::emit(&code, &schedule, level)?;
        let mut inputs = Vec::new();
        for param in &kernel.params {
            inputs.try_push(param.ty.itemsize)?;
        }
        let mut functions = [Vec::new(), Vec::new(), Vec::new()];
        for call in &code.calls {
            for (list, callee) in functions.iter_mut().zip(call) {
                list.try_push(*callee)?;
            }
        }
        let quiet_runs = quiet_runs(&code, &schedule, machine.group_items);
        let needs = Needs {
            inputs,
            output: kernel.output.itemsize,
            quiet_items: quiet_items(quiet_runs, machine.group_items),
            quiet_passes: has_loops(&schedule).then_some(quiet_runs as i64),
            symbols: code.index_symbols,
            slots: 0,
            group: machine.group_items,
            most_items: None,
            frame: machine.frame_bytes,
            // A vector kernel writes many items before it has read the others.
            works_in_place: !schedule.writes_by_call(),
        };
        Ok(Native { code: Executable::new(&machine.bytes)?, needs, has_jumps: code.has_jumps, functions })
    }
}

impl Code for Native {
    #[inline(never)]
    unsafe fn run(&self, call: Call<'_>) -> Option<Result<(), RunError>> {
        let functions = self.functions[call.accuracy as usize].as_ptr();
        let pass_cap = call.settings.pass_cap();
        let run = |Run { arrays, output, items, frame, meter }: Run<'_, '_>| {
            let inputs = arrays.as_ptr();
            let context = Context {
                inputs,
                output,
                items,
                frame,
                functions,
                pass_cap,
                invoke,
                count: Cell::new(meter.count),
                refill,
                meter: (&raw mut *meter).cast(),
            };
            // SAFETY: the code was generated with this signature, for a kernel that is equal to the one at hand in
            // all that its identity tells, so for arrays of these types. The driver gives the arrays and the frame
            // that the code asks for.
            let status = unsafe { std::mem::transmute::<*const u8, Entry>(self.code.entry())(&context) };
            meter.count = context.count.get();
            Status::of(status)
        };
        // SAFETY: as the caller promises.
        unsafe { drive(&self.needs, call, run) }
    }

    fn may_be_slower(&self) -> bool {
        self.has_jumps
    }
}
