//! Instructions that only code for AVX2 uses, or that have another opcode in VEX than in EVEX.

use crate::back::native::x86::encoder::{Map, Opcode, Prefix};
use crate::back::native::x86::opcodes::{float_pair, opcode};

/// One element of memory in all lanes.
pub const fn repeat(is_wide: bool) -> Opcode {
    opcode(Map::M0f38, Prefix::P66, false, if is_wide { 0x19 } else { 0x18 })
}

/// Lanes of the last operand where the register in the immediate has the sign bit, else of the first.
pub const fn blend_by_sign(is_wide: bool) -> Opcode {
    opcode(Map::M0f3a, Prefix::P66, false, if is_wide { 0x4b } else { 0x4a })
}

/// 32-bit lanes of the last operand where the immediate has a bit, else of the first.
pub const BLEND: Opcode = opcode(Map::M0f3a, Prefix::P66, false, 0x02);

pub const fn equal(is_wide: bool) -> Opcode {
    match is_wide {
        true => opcode(Map::M0f38, Prefix::P66, false, 0x29),
        false => opcode(Map::M0f, Prefix::P66, false, 0x76),
    }
}

/// Signed comparison.
pub const fn greater(is_wide: bool) -> Opcode {
    match is_wide {
        true => opcode(Map::M0f38, Prefix::P66, false, 0x37),
        false => opcode(Map::M0f, Prefix::P66, false, 0x66),
    }
}

/// The sign bits of all lanes to a general register.
pub const fn signs(is_wide: bool) -> Opcode {
    float_pair(0x50, is_wide)
}

pub const AND: Opcode = opcode(Map::M0f, Prefix::P66, false, 0xdb);
pub const OR: Opcode = opcode(Map::M0f, Prefix::P66, false, 0xeb);
pub const XOR: Opcode = opcode(Map::M0f, Prefix::P66, false, 0xef);

/// Sum and difference of 64-bit lanes.
pub const ADD: Opcode = opcode(Map::M0f, Prefix::P66, false, 0xd4);
pub const SUBTRACT: Opcode = opcode(Map::M0f, Prefix::P66, false, 0xfb);
/// Products of 32-bit lanes: their low halves, or whole ones of the lower lane of each pair.
pub const MULTIPLY_LOW: Opcode = opcode(Map::M0f38, Prefix::P66, false, 0x40);
pub const MULTIPLY_PAIRS: Opcode = opcode(Map::M0f, Prefix::P66, false, 0xf4);
/// Logical shift of 64-bit lanes by those of the last operand.
pub const SHIFT_RIGHT: Opcode = opcode(Map::M0f38, Prefix::P66, true, 0x45);
/// Shift of 64-bit lanes by an immediate; the operation is in the reg field.
pub const SHIFT_WIDE_IMMEDIATE: Opcode = opcode(Map::M0f, Prefix::P66, false, 0x73);

pub const ADD_DOUBLE: Opcode = float_pair(0x58, true);
pub const SUBTRACT_DOUBLE: Opcode = float_pair(0x5c, true);
pub const MULTIPLY_DOUBLE: Opcode = float_pair(0x59, true);
pub const ADD_SINGLE: Opcode = float_pair(0x58, false);
pub const MULTIPLY_SINGLE: Opcode = float_pair(0x59, false);
pub const COMPARE_DOUBLE: Opcode = float_pair(0xc2, true);
/// `first - second * last`, rounded once.
pub const NEGATIVE_MULTIPLY_ADD_231: Opcode = opcode(Map::M0f38, Prefix::P66, true, 0xbc);

/// The order of the 32-bit lanes of each 128 bits, two bits of the immediate a lane.
pub const SHUFFLE: Opcode = opcode(Map::M0f, Prefix::P66, false, 0x70);
/// Two 32-bit lanes of each operand, two bits of the immediate a lane.
pub const SHUFFLE_TWO: Opcode = float_pair(0xc6, false);
/// The order of the bytes of each 128 bits.
pub const SHUFFLE_BYTES: Opcode = opcode(Map::M0f38, Prefix::P66, false, 0x00);
/// The order of the 32-bit lanes of 256 bits, which the second operand gives.
pub const PERMUTE: Opcode = opcode(Map::M0f38, Prefix::P66, false, 0x36);
/// One half of 256 bits, which the immediate tells.
pub const EXTRACT_HALF: Opcode = opcode(Map::M0f3a, Prefix::P66, false, 0x39);

/// Extension of bytes to 64-bit lanes.
pub const EXTEND_BYTES_TO_WIDE: Opcode = opcode(Map::M0f38, Prefix::P66, false, 0x32);
/// Extension of 32-bit lanes to 64 bits, with the sign or with zeros.
pub const WIDEN_SIGNED: Opcode = opcode(Map::M0f38, Prefix::P66, false, 0x25);
pub const WIDEN_UNSIGNED: Opcode = opcode(Map::M0f38, Prefix::P66, false, 0x35);

/// The low 32 and 64 bits to memory.
pub const STORE_32: Opcode = opcode(Map::M0f, Prefix::P66, false, 0x7e);
pub const STORE_64: Opcode = opcode(Map::M0f, Prefix::P66, false, 0xd6);
