//! The few general instructions round those of vectors, and the convention of calls.
//!
//! Registers x16 and x17 hold addresses and immediates of one instruction; x18 is the system's.

use super::encoder::{Encoder, Field};
use crate::back::engine::Refusal;
use crate::back::native::emit::{Addressing, Assembler, Condition, Mem, Roles};

/// Hold an address, and what is added to one.
const X16: u8 = 16;
const X17: u8 = 17;
const FRAME_POINTER: u8 = 29;
const LINK: u8 = 30;
const STACK: u8 = 31;

/// General registers of the caller that the code changes, two by two, behind the frame pointer and the
/// link register; and the vector registers of which the lower halves are the caller's.
const SAVED: [[u8; 2]; 5] = [[19, 20], [21, 22], [23, 24], [25, 26], [27, 28]];
const SAVED_VECTORS: [[u8; 2]; 4] = [[8, 9], [10, 11], [12, 13], [14, 15]];
/// Bytes of all of them.
const SAVED_BYTES: i32 = 16 * (1 + SAVED.len() + SAVED_VECTORS.len()) as i32;

/// Bits of a pair of registers in memory, by what they are and how the address is formed.
mod pair {
    pub const STORE: u32 = 0xa900_0000;
    pub const LOAD: u32 = 0xa940_0000;
    pub const STORE_VECTORS: u32 = 0x6d00_0000;
    pub const LOAD_VECTORS: u32 = 0x6d40_0000;
    /// The base moves, before a store and after a load.
    pub const STORE_MOVING: u32 = 0xa980_0000;
    pub const LOAD_MOVING: u32 = 0xa8c0_0000;
}

impl Assembler for Encoder {
    const ROLES: Roles = Roles {
        context: 19,
        frame: 20,
        strip: 21,
        strip_end: 22,
        item: 23,
        strip_item: 24,
        counters: &[25, 26, 27, 28],
        scratch: 9,
        other: 10,
        result: 0,
        arguments: [0, 1, 2, 3, 4, 5],
        addresses: &[0, 1, 2, 3, 4, 5, 6, 7],
    };
    const ADDRESSING: Addressing = Addressing::Stepped;

    fn new_label(&mut self) -> usize {
        self.label()
    }

    fn bind(&mut self, label: usize) {
        self.bind_label(label);
    }

    fn enter(&mut self) {
        self.pair(pair::STORE_MOVING, [FRAME_POINTER, LINK], -SAVED_BYTES);
        self.word(add_small(FRAME_POINTER, STACK, 0));
        self.saved(pair::STORE, pair::STORE_VECTORS);
        self.copy(Self::ROLES.context, Self::ROLES.arguments[0]);
    }

    fn leave(&mut self) {
        self.saved(pair::LOAD, pair::LOAD_VECTORS);
        self.pair(pair::LOAD_MOVING, [FRAME_POINTER, LINK], SAVED_BYTES);
        self.word(RETURN);
    }

    fn load(&mut self, to: u8, from: Mem) {
        self.access(0xf940_0000, 3, to, from);
    }

    fn store(&mut self, to: Mem, from: u8) {
        self.access(0xf900_0000, 3, from, to);
    }

    fn address(&mut self, to: u8, from: Mem) {
        match from {
            Mem::Base(base, displacement) => self.sum(to, base, i64::from(displacement)),
            Mem::Indexed(base, index, scale, displacement) => {
                self.word(add_shifted(to, base, index, scale));
                self.sum(to, to, i64::from(displacement));
            }
        }
    }

    fn copy(&mut self, to: u8, from: u8) {
        self.word(0xaa00_03e0 | u32::from(from) << 16 | u32::from(to));
    }

    /// The words of 16 bits that differ from those of zero, or of minus one.
    fn immediate(&mut self, to: u8, value: i64) {
        let words = [0, 1, 2, 3].map(|index| (value >> (16 * index)) as u16);
        let count = |word: u16| words.iter().filter(|other| **other != word).count();
        let is_inverted = count(u16::MAX) < count(0);
        let (filler, first) = if is_inverted { (u16::MAX, MOVE_INVERTED) } else { (0, MOVE_ZEROED) };
        let mut opcode = first;
        for (index, word) in words.into_iter().enumerate().filter(|(_, word)| *word != filler) {
            let field = if opcode == MOVE_INVERTED { !word } else { word };
            self.word(opcode | (index as u32) << 21 | u32::from(field) << 5 | u32::from(to));
            opcode = MOVE_KEPT;
        }
        if opcode == first {
            self.word(first | u32::from(to));
        }
    }

    fn add_immediate(&mut self, to: u8, value: i32) {
        self.sum(to, to, i64::from(value));
    }

    fn count_down(&mut self, at: Mem) {
        let register = Self::ROLES.scratch;
        self.load(register, at);
        self.word(0xf100_0400 | u32::from(register) << 5 | u32::from(register));
        self.store(at, register);
    }

    fn add_long(&mut self, to: u8, value: i64) {
        self.sum(to, to, value);
    }

    fn subtract(&mut self, to: u8, from: u8) {
        self.word(0xcb00_0000 | u32::from(from) << 16 | u32::from(to) << 5 | u32::from(to));
    }

    fn minimum(&mut self, to: u8, from: u8) {
        self.compare(from, to);
        let condition = condition(Condition::Below);
        self.word(0x9a80_0000 | u32::from(to) << 16 | condition << 12 | u32::from(from) << 5 | u32::from(to));
    }

    fn compare(&mut self, a: u8, b: u8) {
        self.word(0xeb00_001f | u32::from(b) << 16 | u32::from(a) << 5);
    }

    fn compare_long(&mut self, a: u8, value: i64) {
        if (0..i64::from(SMALL)).contains(&value) {
            self.word(0xf100_001f | (value as u32) << 10 | u32::from(a) << 5);
        } else {
            self.immediate(X17, value);
            self.compare(a, X17);
        }
    }

    fn jump(&mut self, label: usize) {
        self.word_to_label(0x1400_0000, Field::Bits26, label);
    }

    fn jump_if(&mut self, when: Condition, label: usize) {
        self.word_to_label(0x5400_0000 | condition(when), Field::Bits19, label);
    }

    fn call(&mut self, target: Mem) {
        self.load(X16, target);
        self.word(0xd63f_0000 | u32::from(X16) << 5);
    }

    fn finish(self) -> Result<Vec<u8>, Refusal> {
        self.into_bytes()
    }
}

const RETURN: u32 = 0xd65f_03c0;
/// Moves of 16 bits: all others become zero, all bits are inverted, or the others stay.
const MOVE_ZEROED: u32 = 0xd280_0000;
const MOVE_INVERTED: u32 = 0x9280_0000;
const MOVE_KEPT: u32 = 0xf280_0000;

fn condition(condition: Condition) -> u32 {
    match condition {
        Condition::Equal => 0,
        Condition::Below => 3,
        Condition::Less => 11,
        Condition::Negative => 4,
    }
}

/// `to = from + value`, of at most twelve bits.
fn add_small(to: u8, from: u8, value: u32) -> u32 {
    0x9100_0000 | value << 10 | u32::from(from) << 5 | u32::from(to)
}

fn subtract_small(to: u8, from: u8, value: u32) -> u32 {
    0xd100_0000 | value << 10 | u32::from(from) << 5 | u32::from(to)
}

/// `to = a + b * 2^scale`.
fn add_shifted(to: u8, a: u8, b: u8, scale: u8) -> u32 {
    0x8b00_0000 | u32::from(b) << 16 | u32::from(scale) << 10 | u32::from(a) << 5 | u32::from(to)
}

/// What the immediate of a sum can hold.
const SMALL: u32 = 1 << 12;

impl Encoder {
    /// `to = from + value`.
    fn sum(&mut self, to: u8, from: u8, value: i64) {
        match u32::try_from(value.unsigned_abs()) {
            Ok(0) if to == from => {}
            Ok(modulus) if modulus < SMALL => {
                let opcode = if value < 0 { subtract_small } else { add_small };
                self.word(opcode(to, from, modulus));
            }
            _ => {
                self.immediate(X17, value);
                self.word(add_shifted(to, from, X17, 0));
            }
        }
    }

    /// Jumps if all bits of a register are zero, or if some are not.
    pub fn jump_if_zero(&mut self, register: u8, is_zero: bool, label: usize) {
        let opcode = if is_zero { 0xb400_0000 } else { 0xb500_0000 };
        self.word_to_label(opcode | u32::from(register), Field::Bits19, label);
    }

    /// An instruction that loads or stores `2^scale` bytes.
    pub fn access(&mut self, opcode: u32, scale: u32, register: u8, at: Mem) {
        let (base, displacement) = match at {
            Mem::Base(base, displacement) => (base, displacement),
            Mem::Indexed(base, index, shift, displacement) => {
                self.word(add_shifted(X16, base, index, shift));
                (X16, displacement)
            }
        };
        let is_whole = displacement >= 0 && displacement & ((1 << scale) - 1) == 0;
        let (base, field) = match displacement as u32 >> scale {
            field if is_whole && field < SMALL => (base, field),
            _ => {
                self.sum(X16, base, i64::from(displacement));
                (X16, 0)
            }
        };
        self.word(opcode | field << 10 | u32::from(base) << 5 | u32::from(register));
    }

    /// The register with the address of a place in memory, for instructions that take nothing else.
    pub fn plain_address(&mut self, at: Mem) -> u8 {
        match at {
            Mem::Base(base, 0) => base,
            _ => {
                self.address(X16, at);
                X16
            }
        }
    }

    /// Stores or loads the caller's registers, except for the frame pointer and the link register.
    fn saved(&mut self, general: u32, vectors: u32) {
        let general = SAVED.into_iter().map(|registers| (general, registers));
        let vectors = SAVED_VECTORS.into_iter().map(|registers| (vectors, registers));
        for (index, (opcode, registers)) in general.chain(vectors).enumerate() {
            self.pair(opcode, registers, 16 * (index as i32 + 1));
        }
    }

    /// Loads or stores two registers of eight bytes, relative to the stack pointer.
    fn pair(&mut self, opcode: u32, [first, second]: [u8; 2], offset: i32) {
        let field = (offset / 8) as u32 & 0x7f;
        self.word(opcode | field << 15 | u32::from(second) << 10 | u32::from(STACK) << 5 | u32::from(first));
    }
}
