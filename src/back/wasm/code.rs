//! Instructions, encoded into memory that is reserved ahead.
//!
//! `wasm-encoder` writes the bytes. Its buffers abort where they cannot grow, so it gets one that has room.

use wasm_encoder::{InstructionSink, MemArg, MemArgTarget};

use crate::memory::OutOfMemory;

/// Appends one instruction or a few.
pub type Instructions = for<'a, 'b> fn(&'a mut InstructionSink<'b>) -> &'a mut InstructionSink<'b>;

/// Instructions that may follow one call of [`Code::instructions`].
const MOST_INSTRUCTIONS: usize = 8;
/// Bytes that no instruction of a kernel exceeds; a constant vector has 18.
const LONGEST: usize = 24;
const ROOM: usize = MOST_INSTRUCTIONS * LONGEST;

/// Instructions under construction.
#[derive(Debug, Default)]
pub struct Code {
    bytes: Vec<u8>,
    /// The length up to which memory was last reserved.
    reserved: usize,
}

impl Code {
    /// Appends instructions, at most [`MOST_INSTRUCTIONS`] of them. Its code would be at every instruction.
    #[inline(never)]
    pub fn instructions(&mut self) -> Result<InstructionSink<'_>, OutOfMemory> {
        self.check();
        self.bytes.try_reserve(ROOM)?;
        self.reserved = self.bytes.len() + ROOM;
        Ok(InstructionSink::new(&mut self.bytes))
    }

    pub fn bytes(&self) -> &[u8] {
        self.check();
        &self.bytes
    }

    fn check(&self) {
        debug_assert!(self.bytes.len() <= self.reserved, "more instructions than memory was reserved for");
    }
}

/// Memory at some bytes after an address, of any alignment.
pub fn at(offset: u32) -> MemArg {
    MemArg { offset: offset.into(), align: 0, target: MemArgTarget::Memory(0), ordering: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_instructions_fit_the_memory_reserved() {
        let longest: [fn(&mut InstructionSink<'_>); 4] = [
            |code| _ = code.v128_const(-1),
            |code| _ = code.i64_const(i64::MIN),
            |code| _ = code.v128_store64_lane(at(u32::MAX), 1),
            |code| _ = code.call_indirect(u32::MAX, u32::MAX),
        ];
        for put in longest {
            let mut code = Code::default();
            put(&mut code.instructions().unwrap());
            assert!(code.bytes().len() <= LONGEST);
        }
    }

    #[test]
    #[should_panic = "more instructions than memory was reserved for"]
    fn more_instructions_than_fit_are_a_defect() {
        let mut code = Code::default();
        let mut sink = code.instructions().unwrap();
        for _ in 0..=ROOM {
            sink.end();
        }
        code.bytes();
    }
}
