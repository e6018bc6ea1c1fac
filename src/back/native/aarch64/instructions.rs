//! Instructions of Advanced SIMD, without the numbers of their registers.
//!
//! Encodings after Arm's "Architecture Reference Manual for A-profile architecture", part C4.1.

use crate::back::native::lane::{Op, Rounding};
use crate::dtype::Dtype;

/// What a vector instruction works on: the bits that choose the size and the number of lanes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lanes {
    /// 64-bit lanes; else 32-bit ones.
    pub is_wide: bool,
    /// A whole register; else its lower half.
    pub is_whole: bool,
}

impl Lanes {
    pub const WIDE: Lanes = Lanes { is_wide: true, is_whole: true };

    const fn whole_bit(self) -> u32 {
        (self.is_whole as u32) << 30
    }

    /// An instruction on integers.
    pub const fn integer(self, opcode: u32) -> u32 {
        opcode | self.whole_bit() | if self.is_wide { 3 << 22 } else { 2 << 22 }
    }

    /// An instruction on floats; some have a higher bit in the place of an integer's size.
    pub const fn float(self, opcode: u32) -> u32 {
        opcode | self.whole_bit() | (self.is_wide as u32) << 22
    }

    /// A shift by a constant: left ones count up, right ones down.
    pub const fn shift_left(self, opcode: u32, by: u32) -> u32 {
        opcode | self.whole_bit() | (self.bits() + by) << 16
    }

    pub const fn shift_right(self, opcode: u32, by: u32) -> u32 {
        opcode | self.whole_bit() | (2 * self.bits() - by) << 16
    }

    const fn bits(self) -> u32 {
        if self.is_wide { 64 } else { 32 }
    }
}

/// The registers of an instruction with two operands.
pub const fn three(word: u32, to: u8, a: u8, b: u8) -> u32 {
    two(word, to, a) | (b as u32) << 16
}

/// The registers of an instruction with one operand.
pub const fn two(word: u32, to: u8, from: u8) -> u32 {
    word | (from as u32) << 5 | to as u32
}

/// Instructions of the group "three same".
const fn same(is_second: bool, code: u32) -> u32 {
    0x0e20_0400 | (is_second as u32) << 29 | code << 11
}

/// The bit that tells floating-point instructions with the same code apart.
const OTHER: u32 = 1 << 23;

/// Instructions of the group "two registers, miscellaneous".
const fn one(is_second: bool, code: u32) -> u32 {
    0x0e20_0800 | (is_second as u32) << 29 | code << 12
}

/// Instructions on all bits of a register.
const fn bitwise(is_second: bool, size: u32) -> u32 {
    same(is_second, 0b00011) | 1 << 30 | size << 22
}

pub const AND: u32 = bitwise(false, 0);
/// The first operand without the bits of the second.
pub const WITHOUT: u32 = bitwise(false, 1);
pub const OR: u32 = bitwise(false, 2);
pub const XOR: u32 = bitwise(true, 0);
/// The first operand where the result has held ones, else the second.
pub const CHOOSE: u32 = bitwise(true, 1);
/// The first operand where the second holds ones, else what the result has held; or the other way round.
pub const INSERT_IF: u32 = bitwise(true, 2);
pub const INSERT_UNLESS: u32 = bitwise(true, 3);
pub const NOT: u32 = one(true, 0b00101) | 1 << 30;

pub const FLOAT_EQUAL: u32 = same(false, 0b11100);
pub const FLOAT_GREATER_OR_EQUAL: u32 = same(true, 0b11100);
pub const FLOAT_GREATER: u32 = same(true, 0b11100) | OTHER;
/// Of the moduli.
pub const FLOAT_MODULUS_GREATER: u32 = same(true, 0b11101) | OTHER;
/// Adds the product of the operands to the result.
pub const FLOAT_MULTIPLY_ADD: u32 = same(false, 0b11001);

pub const EQUAL: u32 = same(true, 0b10001);
pub const GREATER: u32 = same(false, 0b00110);
pub const GREATER_OR_EQUAL: u32 = same(false, 0b00111);
pub const ABOVE: u32 = same(true, 0b00110);
pub const ABOVE_OR_EQUAL: u32 = same(true, 0b00111);
/// Have a bit in common.
pub const TEST: u32 = same(false, 0b10001);

pub const MULTIPLY: u32 = same(false, 0b10011);
pub const MINIMUM_UNSIGNED: u32 = same(true, 0b01101);
/// Shifts left by the signed low byte of each lane of the second operand.
pub const SHIFT_SIGNED: u32 = same(false, 0b01000);
pub const SHIFT_UNSIGNED: u32 = same(true, 0b01000);
pub const NEGATE: u32 = one(true, 0b01011);
/// Swaps the 32-bit lanes of each 64 bits.
pub const SWAP: u32 = 0x4ea0_0800;
/// Sums of the two 32-bit lanes of each 64 bits.
pub const SUM_PAIRS: u32 = 0x6ea0_2800;
/// Adds the whole products of the lower 32-bit lanes to the result's 64-bit lanes.
pub const MULTIPLY_ADD_WIDE: u32 = 0x2ea0_8000;
/// The sum of both 64-bit lanes.
pub const SUM_OF_LANES: u32 = 0x5ef1_b800;

pub const SHIFT_LEFT_BY: u32 = 0x0f00_5400;
pub const SHIFT_RIGHT_SIGNED_BY: u32 = 0x0f00_0400;
pub const SHIFT_RIGHT_UNSIGNED_BY: u32 = 0x2f00_0400;
/// The highest bit of each of eight bytes.
pub const HIGH_BITS_OF_BYTES: u32 = 0x2f09_0400;

/// The lower lanes of `bytes` bytes, extended to twice the size.
pub const fn extend(bytes: usize, is_signed: bool) -> u32 {
    let opcode = if is_signed { 0x0f00_a400 } else { 0x2f00_a400 };
    opcode | (8 * bytes as u32) << 16
}

/// The low halves of lanes, which have `bytes` bytes; the upper half of the register becomes zero.
pub const fn narrow(bytes: usize) -> u32 {
    one(false, 0b10010) | bytes.trailing_zeros() << 22
}

/// 64-bit lanes to 32 bits; what does not fit becomes the greatest uint32.
pub const NARROW_SATURATING: u32 = one(true, 0b10100) | 2 << 22;

/// Two float64 to the lower lanes, and the lower lanes to two float64.
pub const FLOAT_NARROW: u32 = one(false, 0b10110) | 1 << 22;
pub const FLOAT_WIDEN: u32 = one(false, 0b10111) | 1 << 22;
/// Rounded to zero; what does not fit becomes the nearest integer, NaN becomes zero.
pub const FLOAT_TO_INTEGER: u32 = one(false, 0b11011) | OTHER;
pub const FLOAT_FROM_SIGNED: u32 = one(false, 0b11101);
pub const FLOAT_FROM_UNSIGNED: u32 = one(true, 0b11101);

/// A general register to one float.
pub const fn scalar_from_integer(is_double: bool, is_signed: bool) -> u32 {
    0x9e22_0000 | (is_double as u32) << 22 | (!is_signed as u32) << 16
}

/// One 64-bit lane to a general register.
pub const LOW_TO_GENERAL: u32 = 0x9e66_0000;
pub const HIGH_TO_GENERAL: u32 = 0x4e18_3c00;
/// The lowest 32-bit lane to the next one of the result.
pub const INSERT_SECOND: u32 = 0x6e0c_0400;

/// One element of memory in all lanes.
pub const fn repeat(lanes: Lanes) -> u32 {
    0x0d40_c800 | lanes.whole_bit() | (lanes.is_wide as u32) << 10
}

/// The first lane in all lanes.
pub const fn repeat_lane(lanes: Lanes) -> u32 {
    0x0e00_0400 | lanes.whole_bit() | if lanes.is_wide { 8 << 16 } else { 4 << 16 }
}

/// A general register in all lanes.
pub const fn repeat_general(lanes: Lanes) -> u32 {
    repeat_lane(lanes) | 0x800
}

pub const ZERO: u32 = 0x6f00_e400;
pub const ONES: u32 = 0x6f07_e7e0;
/// A small number in all 32-bit lanes.
pub const fn small(number: u8) -> u32 {
    0x4f00_0400 | (number as u32 >> 5) << 16 | (number as u32 & 31) << 5
}

/// A constant near the instruction to a register.
pub const LOAD_CONSTANT: u32 = 0x9c00_0000;

/// Loads and stores of 1, 2, 4, 8 or 16 bytes, given by their power of two.
pub const fn load(scale: u32) -> u32 {
    if scale == 4 { 0x3dc0_0000 } else { 0x3d40_0000 | scale << 30 }
}

pub const fn store(scale: u32) -> u32 {
    if scale == 4 { 0x3d80_0000 } else { 0x3d00_0000 | scale << 30 }
}

pub const fn round(mode: Rounding) -> u32 {
    match mode {
        Rounding::NearestEven => one(false, 0b11000),
        Rounding::Down => one(false, 0b11001),
        Rounding::Up => one(false, 0b11000) | OTHER,
        Rounding::Zero => one(false, 0b11001) | OTHER,
    }
}

/// Operations with one operand that are one instruction.
pub fn unary(op: Op, lanes: Lanes) -> u32 {
    match op {
        Op::Sqrt => lanes.float(one(true, 0b11111) | OTHER),
        Op::Abs => lanes.integer(one(false, 0b01011)),
        Op::Round(mode) => lanes.float(round(mode)),
        _ => unreachable!("the operation is not one instruction"),
    }
}

/// Operations with two operands that are one instruction.
pub fn binary(op: Op, dtype: Dtype, lanes: Lanes) -> u32 {
    let is_float = dtype.is_float();
    match op {
        Op::And => AND,
        Op::Or => OR,
        Op::Xor => XOR,
        Op::Add if is_float => lanes.float(same(false, 0b11010)),
        Op::Sub if is_float => lanes.float(same(false, 0b11010) | OTHER),
        Op::Mul if is_float => lanes.float(same(true, 0b11011)),
        Op::Div if is_float => lanes.float(same(true, 0b11111)),
        Op::Add => lanes.integer(same(false, 0b10000)),
        Op::Sub => lanes.integer(same(true, 0b10000)),
        Op::Mul if !lanes.is_wide => lanes.integer(MULTIPLY),
        _ => unreachable!("the operation is not one instruction"),
    }
}
