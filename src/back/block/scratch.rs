//! Per-thread memory of the interpreter, reused from call to call.

use std::cell::Cell;

use super::bytes::{Bytes, KEEP_BYTES};
use super::staged::{Base, Staged};
use super::structured::Workspace;
use crate::kernel::reduce::Accumulator;
use crate::memory::{OutOfMemory, try_box};

/// What one evaluation needs besides the program.
#[derive(Default)]
pub struct Scratch {
    pub bytes: Bytes,
    /// Packed arrays of evaluations by machine code, which takes the rest of the scratch memory.
    packed: Bytes,
    pub bases: Vec<Base>,
    pub staged: Vec<Staged>,
    pub workspace: Workspace,
    pub accumulators: Vec<Accumulator>,
}

thread_local! {
    static CACHE: Cell<Option<Box<Scratch>>> = const { Cell::new(None) };
}

impl Scratch {
    /// The thread's scratch memory, or a new one where it is in use: a host function may evaluate.
    pub fn take() -> Result<Box<Scratch>, OutOfMemory> {
        match CACHE.try_with(Cell::take) {
            Ok(Some(scratch)) => Ok(scratch),
            // Nothing is kept, or the thread ends and has given its memory back.
            Ok(None) | Err(_) => try_box(Scratch::default()),
        }
    }

    /// Calls `work` with the thread's memory for packed arrays; it may evaluate.
    pub fn with_packed<R>(work: impl FnOnce(&mut Bytes) -> R) -> Result<R, OutOfMemory> {
        let mut scratch = Scratch::take()?;
        let mut memory = std::mem::take(&mut scratch.packed);
        scratch.put_back();
        let result = work(&mut memory);
        if let Ok(mut scratch) = Scratch::take() {
            scratch.packed = memory;
            scratch.put_back();
        }
        Ok(result)
    }

    /// Keeps the memory for the thread's next evaluation.
    pub fn put_back(mut self: Box<Self>) {
        for bytes in [&mut self.bytes, &mut self.packed] {
            if bytes.len() > KEEP_BYTES {
                *bytes = Bytes::default();
            }
        }
        if self.workspace.bytes() > KEEP_BYTES {
            self.workspace = Workspace::default();
        }
        // A thread that ends keeps nothing: the memory is freed.
        let _ = CACHE.try_with(|cache| cache.set(Some(self)));
    }
}
