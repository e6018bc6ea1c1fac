//! Machine code bytes: labels, constants, and the EVEX and VEX vector instructions.
//!
//! Encodings after Intel's "Architectures Software Developer's Manual", volume 2, chapter 2.

use crate::back::native::emit::Mem;
use crate::memory::{OutOfMemory, TryGrow};

/// The last operand of a vector instruction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rm {
    Reg(u8),
    Mem(Mem),
    /// One element in memory, repeated over all lanes.
    Repeated(Mem),
    /// A constant, by its first word in the pool.
    Constant(u32),
    /// A constant of one element, repeated over all lanes.
    RepeatedConstant(u32),
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
pub(super) enum Target {
    Label(usize),
    Pool(u32),
}

/// Machine code under construction, with labels and a pool of constants.
#[derive(Default)]
pub struct Encoder {
    bytes: Vec<u8>,
    labels: Vec<usize>,
    fixups: Vec<Fixup>,
    pool: Vec<u64>,
    /// Bytes of the largest constant, to which the pool is aligned.
    pool_align: usize,
    /// Set where an allocation failed; the code is then of no use.
    failed: bool,
}

impl Encoder {
    /// A label to be bound.
    pub fn label(&mut self) -> usize {
        self.grow(|this| this.labels.try_push(usize::MAX));
        self.labels.len().saturating_sub(1)
    }

    /// Binds a label to the current position.
    pub fn bind_label(&mut self, label: usize) {
        let here = self.bytes.len();
        if let Some(position) = self.labels.get_mut(label) {
            *position = here;
        }
    }

    /// The first word of a constant in the pool; all of one program have the same number of words, a power of two.
    pub fn constant<const WORDS: usize>(&mut self, bits: [u64; WORDS]) -> u32 {
        let found = self.pool.chunks_exact(WORDS).position(|entry| entry == bits);
        let index = found.unwrap_or_else(|| {
            self.grow(|this| this.pool.try_extend(&bits));
            (self.pool.len() / WORDS).saturating_sub(1)
        });
        self.pool_align = size_of::<[u64; WORDS]>();
        (index * WORDS) as u32
    }

    /// The finished code: instructions, then the constants.
    pub fn into_bytes(mut self) -> Result<Vec<u8>, OutOfMemory> {
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

    fn grow(&mut self, change: impl FnOnce(&mut Encoder) -> Result<(), OutOfMemory>) {
        if change(self).is_err() {
            self.failed = true;
        }
    }

    pub(super) fn byte(&mut self, byte: u8) {
        self.grow(|this| this.bytes.try_push(byte));
    }

    pub(super) fn all(&mut self, bytes: &[u8]) {
        self.grow(|this| this.bytes.try_extend(bytes));
    }

    /// The ModRM byte, and SIB and displacement where needed; `trailing` bytes of immediate follow.
    pub(super) fn modrm(&mut self, reg: u8, rm: Rm, trailing: usize) {
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
            },
            Rm::Constant(index) | Rm::RepeatedConstant(index) => {
                self.byte(reg | 5);
                self.fix(Target::Pool(index), trailing);
            }
        }
    }

    /// A displacement to be filled in, `trailing` bytes before the end of the instruction.
    pub(super) fn fix(&mut self, target: Target, trailing: usize) {
        let at = self.bytes.len();
        self.grow(|this| this.fixups.try_push(Fixup { at, end: at + 4 + trailing, target }));
        self.all(&[0; 4]);
    }

    /// An EVEX instruction `reg{masking} = op(vvvv, rm)`.
    #[allow(clippy::too_many_arguments, reason = "the fields of an instruction")]
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
        let repeated = u8::from(matches!(rm, Rm::Repeated(_) | Rm::RepeatedConstant(_)));
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
}

/// The bits of a last operand that go into the prefix: X and B. In EVEX the fifth bit of a vector
/// register takes the place of X.
pub(super) fn extension(rm: Rm, is_evex: bool) -> (u8, u8) {
    match rm {
        Rm::Reg(register) => (if is_evex { register >> 4 } else { 0 }, register >> 3),
        Rm::Mem(mem) | Rm::Repeated(mem) => match mem {
            Mem::Base(base, _) => (0, base >> 3),
            Mem::Indexed(base, index, ..) => (index >> 3, base >> 3),
        },
        Rm::Constant(_) | Rm::RepeatedConstant(_) => (0, 0),
    }
}
