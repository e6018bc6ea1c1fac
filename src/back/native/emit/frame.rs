//! The scratch memory of one evaluation, and the structure that machine code gets.

use crate::back::native::phases::Schedule;

/// Bytes of the longest vector register.
pub const VECTOR_BYTES: usize = 64;

/// Offsets of [`Context`](crate::back::native::Context).
pub mod context {
    pub const INPUTS: i32 = 0;
    pub const OUTPUT: i32 = 8;
    pub const ITEMS: i32 = 16;
    pub const FRAME: i32 = 24;
    pub const FUNCTIONS: i32 = 32;
    pub const PASS_CAP: i32 = 40;
    pub const INVOKE: i32 = 48;
    pub const COUNT: i32 = 56;
    pub const REFILL: i32 = 88;
}

/// Where things lie in the frame, as byte offsets. The uniform slots come first.
#[derive(Clone, Copy, Debug)]
pub struct Frame {
    saves: usize,
    call_buffers: usize,
    buffers: usize,
    /// A strip of the widest items, and a cache line so that buffers do not share cache sets.
    buffer_bytes: usize,
    spills: usize,
}

/// Vector and mask registers of the machine.
const REGISTERS: usize = 32 + 8;
/// Three operands and a result.
const CALL_BUFFERS: usize = 4;
/// Bytes of the operand of a call within a group.
const CALL_BUFFER_BYTES: usize = 4 * VECTOR_BYTES;

impl Frame {
    pub fn new(uniform_bytes: u32, schedule: &Schedule) -> Frame {
        let saves = (uniform_bytes as usize).next_multiple_of(VECTOR_BYTES);
        let call_buffers = saves + REGISTERS * VECTOR_BYTES;
        let buffers = call_buffers + CALL_BUFFERS * CALL_BUFFER_BYTES;
        let buffer_bytes = schedule.strip_items * 8 + VECTOR_BYTES;
        let spills = buffers + schedule.buffers * buffer_bytes;
        Frame { saves, call_buffers, buffers, buffer_bytes, spills }
    }

    pub fn uniform(&self, slot: u32) -> i32 {
        slot as i32
    }

    /// Where a vector or mask register is saved, by its number among both.
    pub fn saved(&self, register: u8) -> i32 {
        (self.saves + usize::from(register) * VECTOR_BYTES) as i32
    }

    pub fn call_buffer(&self, operand: usize) -> i32 {
        (self.call_buffers + operand * CALL_BUFFER_BYTES) as i32
    }

    pub fn buffer(&self, buffer: u32) -> i32 {
        (self.buffers + buffer as usize * self.buffer_bytes) as i32
    }

    pub fn spill(&self, index: u32) -> i32 {
        (self.spills + index as usize * VECTOR_BYTES) as i32
    }

    /// Bytes of the whole frame with `spills` spill slots.
    pub fn bytes(&self, spills: u32) -> usize {
        self.spills + spills as usize * VECTOR_BYTES
    }
}
