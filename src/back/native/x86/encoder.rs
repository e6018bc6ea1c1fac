//! Machine code bytes: the EVEX and VEX vector instructions, and the few scalar ones round them.
//!
//! Encodings after Intel's "Architectures Software Developer's Manual", volume 2, chapter 2.

use crate::memory::{OutOfMemory, TryGrow};

/// General-purpose registers by number.
pub mod gpr {
    pub const RAX: u8 = 0;
    pub const RCX: u8 = 1;
    pub const RDX: u8 = 2;
    pub const RBX: u8 = 3;
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

/// An operand in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mem {
    /// `[base + displacement]`.
    Base(u8, i32),
    /// `[base + index * 2^scale + displacement]`.
    Indexed(u8, u8, u8, i32),
    /// A constant, by its first word in the pool.
    Pool(u32),
}

/// The last operand of a vector instruction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rm {
    Reg(u8),
    Mem(Mem),
    /// One element in memory, repeated over all lanes.
    Repeated(Mem),
}

/// Opcode map of a vector instruction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Map {
    M0f = 1,
    M0f38 = 2,
    M0f3a = 3,
}

/// Mandatory prefix of a vector instruction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Prefix {
    None = 0,
    P66 = 1,
    Pf3 = 2,
    Pf2 = 3,
}

/// Bytes of a vector.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Length {
    Bits128 = 0,
    Bits256 = 1,
    Bits512 = 2,
}

/// What identifies a vector instruction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Opcode {
    pub map: Map,
    pub prefix: Prefix,
    pub w: bool,
    pub code: u8,
}

/// Lanes that an instruction writes: mask register zero means all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Masking {
    pub register: u8,
    /// Other lanes become zero instead of keeping what they held.
    pub zero: bool,
}

/// A jump whose target is not known yet.
#[derive(Clone, Copy, Debug)]
struct Fixup {
    /// Position of the 32-bit displacement.
    at: usize,
    /// Where the instruction ends, which the displacement counts from.
    end: usize,
    target: Target,
}

#[derive(Clone, Copy, Debug)]
enum Target {
    Label(usize),
    Pool(u32),
}

/// Condition of a jump; the values are those of the instruction.
#[derive(Clone, Copy, Debug)]
pub enum Condition {
    Below = 2,
    Equal = 4,
    NotEqual = 5,
    Less = 12,
}

/// Machine code under construction, with labels and a pool of constants.
#[derive(Default)]
pub struct Assembler {
    bytes: Vec<u8>,
    labels: Vec<usize>,
    fixups: Vec<Fixup>,
    pool: Vec<u64>,
    /// Bytes of the largest constant, to which the pool is aligned.
    pool_align: usize,
    /// Set where an allocation failed; the code is then of no use.
    failed: bool,
}

impl Assembler {
    pub fn new_label(&mut self) -> usize {
        self.grow(|this| this.labels.try_push(usize::MAX));
        self.labels.len().saturating_sub(1)
    }

    /// Binds a label to the current position.
    pub fn bind(&mut self, label: usize) {
        let here = self.bytes.len();
        if let Some(position) = self.labels.get_mut(label) {
            *position = here;
        }
    }

    /// A constant in the pool; all of one program have the same number of words, a power of two.
    pub fn constant<const WORDS: usize>(&mut self, bits: [u64; WORDS]) -> Mem {
        let found = self.pool.chunks_exact(WORDS).position(|entry| entry == bits);
        let index = found.unwrap_or_else(|| {
            self.grow(|this| this.pool.try_extend(&bits));
            (self.pool.len() / WORDS).saturating_sub(1)
        });
        self.pool_align = size_of::<[u64; WORDS]>();
        Mem::Pool((index * WORDS) as u32)
    }

    /// The finished code: instructions, then the constants.
    pub fn finish(mut self) -> Result<Vec<u8>, OutOfMemory> {
        while !self.failed && !self.bytes.len().is_multiple_of(self.pool_align.max(1)) {
            self.byte(0xcc);
        }
        let pool_start = self.bytes.len();
        for index in 0..self.pool.len() {
            self.all(&self.pool[index].to_le_bytes());
        }
        if self.failed {
            return Err(OutOfMemory);
        }
        for fixup in &self.fixups {
            let target = match fixup.target {
                Target::Label(label) => self.labels[label],
                Target::Pool(index) => pool_start + 8 * index as usize,
            };
            let distance = (target as i64 - fixup.end as i64) as i32;
            self.bytes[fixup.at..fixup.at + 4].copy_from_slice(&distance.to_le_bytes());
        }
        Ok(self.bytes)
    }

    fn grow(&mut self, change: impl FnOnce(&mut Assembler) -> Result<(), OutOfMemory>) {
        if change(self).is_err() {
            self.failed = true;
        }
    }

    fn byte(&mut self, byte: u8) {
        self.grow(|this| this.bytes.try_push(byte));
    }

    fn all(&mut self, bytes: &[u8]) {
        self.grow(|this| this.bytes.try_extend(bytes));
    }

    /// The ModRM byte, and SIB and displacement where needed; `trailing` bytes of immediate follow.
    fn modrm(&mut self, reg: u8, rm: Rm, trailing: usize) {
        let reg = (reg & 7) << 3;
        match rm {
            Rm::Reg(register) => self.byte(0xc0 | reg | (register & 7)),
            Rm::Mem(mem) | Rm::Repeated(mem) => match mem {
                Mem::Base(base, displacement) => {
                    self.byte(0x80 | reg | (base & 7));
                    if base & 7 == 4 {
                        self.byte(0x24);
                    }
                    self.all(&displacement.to_le_bytes());
                }
                Mem::Indexed(base, index, scale, displacement) => {
                    self.byte(0x80 | reg | 4);
                    self.byte(scale << 6 | (index & 7) << 3 | (base & 7));
                    self.all(&displacement.to_le_bytes());
                }
                Mem::Pool(index) => {
                    self.byte(reg | 5);
                    self.fix(Target::Pool(index), trailing);
                }
            },
        }
    }

    /// A displacement to be filled in, `trailing` bytes before the end of the instruction.
    fn fix(&mut self, target: Target, trailing: usize) {
        let at = self.bytes.len();
        self.grow(|this| this.fixups.try_push(Fixup { at, end: at + 4 + trailing, target }));
        self.all(&[0; 4]);
    }

    /// An EVEX instruction `reg{masking} = op(vvvv, rm)`.
    #[allow(clippy::too_many_arguments)]
    pub fn evex(
        &mut self,
        opcode: Opcode,
        length: Length,
        reg: u8,
        vvvv: u8,
        rm: Rm,
        masking: Masking,
        immediate: Option<u8>,
    ) {
        let (x, b) = extension(rm, true);
        let not = |bit: u8| (bit & 1) ^ 1;
        self.byte(0x62);
        self.byte(not(reg >> 3) << 7 | not(x) << 6 | not(b) << 5 | not(reg >> 4) << 4 | opcode.map as u8);
        self.byte(u8::from(opcode.w) << 7 | (!vvvv & 15) << 3 | 4 | opcode.prefix as u8);
        let repeated = u8::from(matches!(rm, Rm::Repeated(_)));
        self.byte(
            u8::from(masking.zero) << 7
                | (length as u8) << 5
                | repeated << 4
                | not(vvvv >> 4) << 3
                | masking.register,
        );
        self.byte(opcode.code);
        self.modrm(reg, rm, usize::from(immediate.is_some()));
        if let Some(immediate) = immediate {
            self.byte(immediate);
        }
    }

    /// A VEX instruction `reg = op(vvvv, rm)` on vectors of up to 256 bits, general registers or mask
    /// registers; where the last are three, the length is 256 bits.
    pub fn vex(&mut self, opcode: Opcode, length: Length, reg: u8, vvvv: u8, rm: Rm, immediate: Option<u8>) {
        let (x, b) = extension(rm, false);
        let not = |bit: u8| (bit & 1) ^ 1;
        self.byte(0xc4);
        self.byte(not(reg >> 3) << 7 | not(x) << 6 | not(b) << 5 | opcode.map as u8);
        self.byte(u8::from(opcode.w) << 7 | (!vvvv & 15) << 3 | (length as u8) << 2 | opcode.prefix as u8);
        self.byte(opcode.code);
        self.modrm(reg, rm, usize::from(immediate.is_some()));
        if let Some(immediate) = immediate {
            self.byte(immediate);
        }
    }

    /// A 64-bit integer instruction with a one-byte opcode.
    pub fn int(&mut self, code: u8, reg: u8, rm: Rm) {
        self.rex_w(reg, rm);
        self.byte(code);
        self.modrm(reg, rm, 0);
    }

    fn rex_w(&mut self, reg: u8, rm: Rm) {
        let (x, b) = extension(rm, false);
        self.byte(0x48 | (reg >> 3 & 1) << 2 | (x & 1) << 1 | (b & 1));
    }

    /// `to = [from]`.
    pub fn load(&mut self, to: u8, from: Mem) {
        self.int(0x8b, to, Rm::Mem(from));
    }

    /// `[to] = from`.
    pub fn store(&mut self, to: Mem, from: u8) {
        self.int(0x89, from, Rm::Mem(to));
    }

    /// `to = address of from`.
    pub fn address(&mut self, to: u8, from: Mem) {
        self.int(0x8d, to, Rm::Mem(from));
    }

    /// `to = from`.
    pub fn copy(&mut self, to: u8, from: u8) {
        self.int(0x89, from, Rm::Reg(to));
    }

    /// Flags of `a - b`.
    pub fn compare(&mut self, a: u8, b: u8) {
        self.int(0x39, b, Rm::Reg(a));
    }

    /// Flags of the low half of `a & a`.
    pub fn test_low(&mut self, a: u8) {
        self.byte(0x40 | (a >> 3) << 2 | a >> 3);
        self.byte(0x85);
        self.modrm(a, Rm::Reg(a), 0);
    }

    /// `to = min(to, from)`, unsigned.
    pub fn minimum(&mut self, to: u8, from: u8) {
        self.compare(from, to);
        self.rex_w(to, Rm::Reg(from));
        self.all(&[0x0f, 0x42]);
        self.modrm(to, Rm::Reg(from), 0);
    }

    /// `to -= from`.
    pub fn subtract(&mut self, to: u8, from: u8) {
        self.int(0x29, from, Rm::Reg(to));
    }

    /// `to += value`.
    pub fn add_immediate(&mut self, to: u8, value: i32) {
        self.rex_w(0, Rm::Reg(to));
        self.byte(0x81);
        self.modrm(0, Rm::Reg(to), 4);
        self.all(&value.to_le_bytes());
    }

    /// `to = value`.
    pub fn immediate(&mut self, to: u8, value: i64) {
        self.byte(0x48 | to >> 3 & 1);
        self.byte(0xb8 | to & 7);
        self.all(&value.to_le_bytes());
    }

    pub fn push(&mut self, register: u8) {
        if register >= 8 {
            self.byte(0x41);
        }
        self.byte(0x50 | register & 7);
    }

    pub fn pop(&mut self, register: u8) {
        if register >= 8 {
            self.byte(0x41);
        }
        self.byte(0x58 | register & 7);
    }

    pub fn call(&mut self, target: Mem) {
        let (x, b) = extension(Rm::Mem(target), false);
        self.byte(0x40 | (x & 1) << 1 | (b & 1));
        self.byte(0xff);
        self.modrm(2, Rm::Mem(target), 0);
    }

    pub fn jump(&mut self, label: usize) {
        self.byte(0xe9);
        self.fix(Target::Label(label), 0);
    }

    pub fn jump_if(&mut self, condition: Condition, label: usize) {
        self.byte(0x0f);
        self.byte(0x80 | condition as u8);
        self.fix(Target::Label(label), 0);
    }

    /// Forgets the upper halves of the vector registers, which slow down code that uses SSE.
    pub fn zero_upper(&mut self) {
        self.all(&[0xc5, 0xf8, 0x77]);
    }

    pub fn ret(&mut self) {
        self.byte(0xc3);
    }
}

/// The bits of a last operand that go into the prefix: X and B. In EVEX the fifth bit of a vector
/// register takes the place of X.
fn extension(rm: Rm, is_evex: bool) -> (u8, u8) {
    match rm {
        Rm::Reg(register) => (if is_evex { register >> 4 } else { 0 }, register >> 3),
        Rm::Mem(mem) | Rm::Repeated(mem) => match mem {
            Mem::Base(base, _) => (0, base >> 3),
            Mem::Indexed(base, index, ..) => (index >> 3, base >> 3),
            Mem::Pool(_) => (0, 0),
        },
    }
}
