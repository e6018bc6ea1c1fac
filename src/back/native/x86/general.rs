//! The few general instructions round those of vectors, and the convention of calls.

use super::encoder::{Encoder, Rm, Target, extension};
use crate::back::engine::Refusal;
use crate::back::native::emit::{Addressing, Assembler, Condition, Hold, Mem, Roles};

/// General-purpose registers by number.
pub mod gpr {
    pub const RAX: u8 = 0;
    pub const RCX: u8 = 1;
    pub const RDX: u8 = 2;
    pub const RBX: u8 = 3;
    pub const RSP: u8 = 4;
    pub const RBP: u8 = 5;
    pub const RSI: u8 = 6;
    pub const RDI: u8 = 7;
    pub const R8: u8 = 8;
    pub const R9: u8 = 9;
    pub const R10: u8 = 10;
    pub const R11: u8 = 11;
    pub const R12: u8 = 12;
    pub const R13: u8 = 13;
    pub const R14: u8 = 14;
    pub const R15: u8 = 15;
}

use gpr::*;

/// Registers that belong to the caller.
const SAVED: [u8; 6] = [RBX, RBP, R12, R13, R14, R15];

impl Assembler for Encoder {
    const ROLES: Roles = Roles {
        context: R12,
        frame: RBX,
        strip: R15,
        strip_end: R14,
        item: R13,
        strip_item: RBP,
        counters: &[],
        scratch: RAX,
        other: RCX,
        result: RAX,
        arguments: [RDI, RSI, RDX, RCX, R8, R9],
        addresses: &[RDX, RSI, RDI, R8, R9, R10, R11],
    };
    const ADDRESSING: Addressing = Addressing::Indexed;

    fn new_label(&mut self) -> usize {
        self.label()
    }

    fn bind(&mut self, label: usize) {
        self.bind_label(label);
    }

    /// Six registers and eight bytes more keep the stack aligned for calls.
    fn enter(&mut self) {
        SAVED.into_iter().for_each(|register| self.push(register));
        self.add_immediate(RSP, -8);
        self.copy(R12, RDI);
    }

    fn leave(&mut self) {
        self.zero_upper();
        self.add_immediate(RSP, 8);
        SAVED.into_iter().rev().for_each(|register| self.pop(register));
        self.byte(0xc3);
    }

    fn load(&mut self, to: u8, from: Mem) {
        self.int(0x8b, to, Rm::Mem(from));
    }

    fn store(&mut self, to: Mem, from: u8) {
        self.int(0x89, from, Rm::Mem(to));
    }

    fn address(&mut self, to: u8, from: Mem) {
        self.int(0x8d, to, Rm::Mem(from));
    }

    fn copy(&mut self, to: u8, from: u8) {
        self.int(0x89, from, Rm::Reg(to));
    }

    fn immediate(&mut self, to: u8, value: i64) {
        self.byte(0x48 | to >> 3 & 1);
        self.byte(0xb8 | to & 7);
        self.all(&value.to_le_bytes());
    }

    fn add_immediate(&mut self, to: u8, value: i32) {
        self.rex_w(0, Rm::Reg(to));
        self.byte(0x81);
        self.modrm(0, Rm::Reg(to), 4);
        self.all(&value.to_le_bytes());
    }

    fn count_down(&mut self, at: Mem) {
        self.rex_w(0, Rm::Mem(at));
        self.byte(0x83);
        self.modrm(5, Rm::Mem(at), 1);
        self.byte(1);
    }

    fn add_long(&mut self, to: u8, value: i64) {
        self.immediate(RCX, value);
        self.address(to, Mem::Indexed(to, RCX, 0, 0));
    }

    fn subtract(&mut self, to: u8, from: u8) {
        self.int(0x29, from, Rm::Reg(to));
    }

    fn minimum(&mut self, to: u8, from: u8) {
        self.compare(from, to);
        self.rex_w(to, Rm::Reg(from));
        self.all(&[0x0f, 0x42]);
        self.modrm(to, Rm::Reg(from), 0);
    }

    fn compare(&mut self, a: u8, b: u8) {
        self.int(0x39, b, Rm::Reg(a));
    }

    fn compare_long(&mut self, a: u8, value: i64) {
        self.immediate(RCX, value);
        self.compare(a, RCX);
    }

    fn jump(&mut self, label: usize) {
        self.byte(0xe9);
        self.fix(Target::Label(label), 0);
    }

    fn jump_if(&mut self, condition: Condition, label: usize) {
        self.jump_by_flags(
            match condition {
                Condition::Below => 2,
                Condition::Equal => 4,
                Condition::Less => 12,
                Condition::Negative => 8,
            },
            label,
        );
    }

    fn call(&mut self, target: Mem) {
        self.zero_upper();
        let (x, b) = extension(Rm::Mem(target), false);
        self.byte(0x40 | (x & 1) << 1 | (b & 1));
        self.byte(0xff);
        self.modrm(2, Rm::Mem(target), 0);
    }

    fn finish(self) -> Result<Vec<u8>, Refusal> {
        Ok(self.into_bytes()?)
    }
}

impl Encoder {
    /// A 64-bit integer instruction with a one-byte opcode.
    fn int(&mut self, code: u8, reg: u8, rm: Rm) {
        self.rex_w(reg, rm);
        self.byte(code);
        self.modrm(reg, rm, 0);
    }

    /// Jumps if the bits of a mask, which have just been tested, hold.
    pub fn jump_if_lanes(&mut self, hold: Hold, label: usize) {
        self.jump_by_flags(if hold == Hold::None { 4 } else { 5 }, label);
    }

    /// Jumps on a condition by its number in the instruction.
    fn jump_by_flags(&mut self, condition: u8, label: usize) {
        self.all(&[0x0f, 0x80 | condition]);
        self.fix(Target::Label(label), 0);
    }

    fn rex_w(&mut self, reg: u8, rm: Rm) {
        let (x, b) = extension(rm, false);
        self.byte(0x48 | (reg >> 3 & 1) << 2 | (x & 1) << 1 | (b & 1));
    }

    /// Flags of the low half of `a & a`.
    pub fn test_low(&mut self, a: u8) {
        self.byte(0x40 | (a >> 3) << 2 | a >> 3);
        self.byte(0x85);
        self.modrm(a, Rm::Reg(a), 0);
    }

    fn push(&mut self, register: u8) {
        if register >= 8 {
            self.byte(0x41);
        }
        self.byte(0x50 | register & 7);
    }

    fn pop(&mut self, register: u8) {
        if register >= 8 {
            self.byte(0x41);
        }
        self.byte(0x58 | register & 7);
    }

    /// Forgets the upper halves of the vector registers, which slow down code that uses SSE.
    fn zero_upper(&mut self) {
        self.all(&[0xc5, 0xf8, 0x77]);
    }
}
