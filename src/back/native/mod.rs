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
mod lane;
mod lower;
mod order;
mod phases;
#[cfg(test)]
pub(super) mod tests;
#[cfg(target_arch = "x86_64")]
mod x86;

use std::ops::Range;

use super::block::scratch::{Bytes, Scratch};
use super::block::{call_each, overlap};
use super::engine::{Refusal, RunError, reason};
use super::settings::Settings;
use crate::ir::{IndexSymbol, Kernel};
use crate::kernel::Accuracy;
use crate::kernel::level::Level;
use crate::memory::TryGrow;
use crate::mid::Positions;

pub use engine::InMemory;
use executable::Executable;
use lane::{Callee, Status};

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
    frame_bytes: usize,
    /// Items that the code evaluates together; it gets a multiple of them.
    group_items: usize,
    /// Bytes of one item of each input, index symbols included, then of the output.
    item_sizes: Vec<usize>,
    index_symbols: Vec<IndexSymbol>,
    /// Whether statements may be left out or repeated. Then the interpreter may be faster: where items take
    /// different paths, code runs all of them for all items of a group, and the interpreter need not.
    has_jumps: bool,
    /// Whether a vector kernel writes the output, which no input may be then.
    writes_by_call: bool,
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

/// Expressions beyond which code generation, some steps of which take quadratic time, is not worth it.
const MAX_EXPRESSIONS: usize = 8192;

/// Items per run of the code where index symbols must be filled in.
const INDEX_BLOCK: usize = 1024;
const INDEX_BLOCK_BYTES: usize = INDEX_BLOCK * size_of::<i64>();

/// Bytes of the widest item.
const MAX_ITEM_BYTES: usize = 8;

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
        if kernel.graph.len() > MAX_EXPRESSIONS {
            return Err(Refusal::of(reason::TOO_LARGE));
        }
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
        let mut item_sizes = Vec::new();
        for param in &kernel.params {
            item_sizes.try_push(param.ty.itemsize)?;
        }
        for _ in &code.index_symbols {
            item_sizes.try_push(size_of::<i64>())?;
        }
        item_sizes.try_push(kernel.output.itemsize)?;
        let mut functions = [Vec::new(), Vec::new(), Vec::new()];
        for call in &code.calls {
            for (list, callee) in functions.iter_mut().zip(call) {
                list.try_push(*callee)?;
            }
        }
        Ok(Native {
            code: Executable::new(&machine.bytes)?,
            frame_bytes: machine.frame_bytes,
            group_items: machine.group_items,
            item_sizes,
            index_symbols: code.index_symbols,
            has_jumps: code.has_jumps,
            writes_by_call: schedule.writes_by_call(),
            functions,
        })
    }

    /// Evaluates `n` items; `None` where the interpreter has to: because an array is not aligned for
    /// its dtype, or because the output overlaps an input without being it.
    ///
    /// # Safety
    /// As [`Interpreter::run`](super::block::Interpreter::run).
    #[inline(never)]
    pub unsafe fn run(
        &self,
        inputs: &[*const u8],
        output: *mut u8,
        n: usize,
        positions: &Positions<'_>,
        accuracy: Accuracy,
        settings: Settings,
    ) -> Option<Result<(), RunError>> {
        if !self.are_aligned(inputs, output) || self.overlaps(inputs, output, n) {
            return None;
        }
        let mut scratch = match Scratch::take() {
            Ok(scratch) => scratch,
            Err(error) => return Some(Err(error.into())),
        };
        let memory = &mut scratch.bytes;
        // SAFETY: as the caller promises; the arrays are aligned.
        let result = unsafe { self.run_blocks(memory, inputs, output, n, positions, accuracy, settings) };
        scratch.put_back();
        Some(result)
    }

    fn are_aligned(&self, inputs: &[*const u8], output: *mut u8) -> bool {
        let output_size = self.item_sizes.last().copied().unwrap_or(1);
        let mut inputs = inputs.iter().zip(&self.item_sizes);
        inputs.all(|(input, size)| input.addr().is_multiple_of(*size))
            && output.addr().is_multiple_of(output_size)
    }

    /// Whether items of the output are written over items of an input that are still to be read.
    fn overlaps(&self, inputs: &[*const u8], output: *mut u8, n: usize) -> bool {
        let output_size = self.item_sizes.last().copied().unwrap_or(1);
        inputs.iter().zip(&self.item_sizes).any(|(&input, &size)| {
            let is_same = input.addr() == output.addr() && size == output_size && !self.writes_by_call;
            !is_same && overlap((input, size), (output, output_size), n)
        })
    }

    /// # Safety
    /// As [`Native::run`], and the arrays are aligned.
    #[allow(clippy::too_many_arguments, reason = "those of `run` and its memory")]
    unsafe fn run_blocks(
        &self,
        scratch: &mut Bytes,
        inputs: &[*const u8],
        output: *mut u8,
        n: usize,
        positions: &Positions<'_>,
        accuracy: Accuracy,
        settings: Settings,
    ) -> Result<(), RunError> {
        let symbols = self.index_symbols.len();
        let block = if symbols == 0 { n } else { INDEX_BLOCK.min(n) };
        let tail_bytes = self.item_sizes.len() * self.group_items * MAX_ITEM_BYTES;
        let frame = scratch.reserve(self.frame_bytes + symbols * INDEX_BLOCK_BYTES + tail_bytes)?;
        let indices = frame.wrapping_add(self.frame_bytes);
        let tail = indices.wrapping_add(symbols * INDEX_BLOCK_BYTES);
        let mut pointers = Vec::try_copied(inputs)?;
        for index in 0..symbols {
            pointers.try_push(indices.wrapping_add(index * INDEX_BLOCK_BYTES).cast_const())?;
        }
        let output_size = self.item_sizes.last().copied().unwrap_or(0);
        let functions = self.functions[accuracy as usize].as_ptr();
        let pass_cap = settings.pass_cap();
        let mut context =
            Context { inputs: pointers.as_ptr(), output, items: 0, frame, functions, pass_cap, invoke };
        for start in (0..n).step_by(block.max(1)) {
            let count = block.min(n - start);
            for (pointer, (input, size)) in pointers.iter_mut().zip(inputs.iter().zip(&self.item_sizes)) {
                if !input.is_null() {
                    *pointer = input.wrapping_add(start * size);
                }
            }
            // SAFETY: the scratch memory has a block for each symbol.
            unsafe { self.fill_indices(indices, positions, start, count) };
            context.output = output.wrapping_add(start * output_size);
            context.items = count - count % self.group_items;
            let rest = context.items..count;
            if context.items > 0 {
                // SAFETY: the arrays have so many items, and the frame has the size that the code asks for.
                unsafe { self.enter(&context)? };
            }
            if !rest.is_empty() {
                // SAFETY: the arrays have these items too, and the tail has room for a group of each.
                unsafe { self.run_rest(&context, tail, &mut pointers, rest)? };
            }
        }
        Ok(())
    }

    /// Fills the index symbols of `count` items from `start` on.
    ///
    /// # Safety
    /// `indices` has room for a block of int64 for each symbol.
    unsafe fn fill_indices(&self, indices: *mut u8, positions: &Positions<'_>, start: usize, count: usize) {
        for (index, symbol) in self.index_symbols.iter().enumerate() {
            let values = indices.wrapping_add(index * INDEX_BLOCK_BYTES);
            // SAFETY: as the caller promises; zero bytes are integers.
            let values = unsafe {
                values.write_bytes(0, count * size_of::<i64>());
                std::slice::from_raw_parts_mut(values.cast::<i64>(), count)
            };
            positions.fill(*symbol, start, values);
        }
    }

    /// Runs the code.
    ///
    /// # Safety
    /// The context describes arrays of its number of items, and a frame.
    unsafe fn enter(&self, context: &Context) -> Result<(), RunError> {
        // SAFETY: the code was generated with this signature, for a kernel that is equal to the one at hand in
        // all that its identity tells, so for arrays of these types; the rest as the caller promises.
        let status = unsafe { std::mem::transmute::<*const u8, Entry>(self.code.entry())(context) };
        if status == Status::Done as i32 { Ok(()) } else { Err(RunError::Kernel) }
    }

    /// Runs the code on fewer items than a group. They are copied to `memory` and completed with copies
    /// of the last, which do what that one does.
    ///
    /// # Safety
    /// The context's arrays hold the items; inputs that the code does not read may be null. The memory
    /// has room for a group of each input and of the output.
    unsafe fn run_rest(
        &self,
        context: &Context,
        memory: *mut u8,
        inputs: &mut [*const u8],
        items: Range<usize>,
    ) -> Result<(), RunError> {
        let mut at = memory;
        for (input, &size) in inputs.iter_mut().zip(&self.item_sizes).filter(|(input, _)| !input.is_null()) {
            for lane in 0..self.group_items {
                let item = (items.start + lane).min(items.end - 1);
                // SAFETY: as the caller promises.
                unsafe { at.add(lane * size).copy_from_nonoverlapping(input.add(item * size), size) };
            }
            *input = at;
            at = at.wrapping_add(self.group_items * MAX_ITEM_BYTES);
        }
        let output_size = self.item_sizes.last().copied().unwrap_or(0);
        // SAFETY: the copies and the room behind them hold a group each.
        unsafe {
            self.enter(&Context { output: at, items: self.group_items, ..*context })?;
            let output = context.output.add(items.start * output_size);
            output.copy_from_nonoverlapping(at, items.len() * output_size);
        }
        Ok(())
    }
}
