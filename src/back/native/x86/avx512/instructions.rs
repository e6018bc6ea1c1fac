//! Instructions of AVX-512 alone.

use crate::back::native::lane::Op;
use crate::back::native::x86::encoder::{Map, Opcode, Prefix};
use crate::back::native::x86::opcodes::{self, float_pair, float_predicate, lane_dtype, opcode};
use crate::dtype::Dtype;
use crate::ir::CompareOp;

/// One element of memory in all lanes.
pub const fn repeat(is_wide: bool) -> Opcode {
    opcode(Map::M0f38, Prefix::P66, is_wide, if is_wide { 0x19 } else { 0x18 })
}

/// Second source where the mask holds, else the first.
pub const fn blend(is_wide: bool) -> Opcode {
    opcode(Map::M0f38, Prefix::P66, is_wide, 0x65)
}

/// Mask of the 32-bit lanes that have a bit in common.
pub const TEST: Opcode = opcode(Map::M0f38, Prefix::P66, false, 0x27);

/// The low bytes of 32-bit lanes to memory.
pub const fn narrow(size: usize) -> Opcode {
    opcode(Map::M0f38, Prefix::Pf3, false, if size == 1 { 0x31 } else { 0x33 })
}

/// Operations on masks of 8 (`is_byte`) or 16 lanes.
pub fn mask_operation(op: Op, is_byte: bool) -> Opcode {
    let code = match op {
        Op::And => 0x41,
        Op::AndNot => 0x42,
        Op::Or => 0x45,
        Op::Xor => 0x47,
        _ => unreachable!("masks have no such operation"),
    };
    mask(code, is_byte)
}

/// Mask instructions of the 0F map for 8 or 16 lanes.
pub const fn mask(code: u8, is_byte: bool) -> Opcode {
    opcode(Map::M0f, if is_byte { Prefix::P66 } else { Prefix::None }, false, code)
}

pub const MASK_FROM_MEMORY: u8 = 0x90;
pub const MASK_TO_MEMORY: u8 = 0x91;
pub const MASK_NOT: u8 = 0x44;
pub const MASK_EQUAL: u8 = 0x46;
pub const MASK_UNEQUAL: u8 = 0x47;
pub const MASK_TEST: u8 = 0x98;

/// A comparison of vectors and its predicate.
pub fn compare(op: CompareOp, dtype: Dtype) -> (Opcode, u8) {
    let is_wide = dtype.size() == 8;
    if dtype.is_float() {
        return (float_pair(0xc2, is_wide), float_predicate(op));
    }
    let predicate = match op {
        CompareOp::Eq => 0,
        CompareOp::Lt => 1,
        CompareOp::Le => 2,
        CompareOp::Ne => 4,
        CompareOp::Ge => 5,
        CompareOp::Gt => 6,
    };
    let is_unsigned = matches!(dtype, Dtype::UInt32 | Dtype::UInt64);
    (opcode(Map::M0f3a, Prefix::P66, is_wide, if is_unsigned { 0x1e } else { 0x1f }), predicate)
}

/// The conversion between lanes of two dtypes; `None` where the bits stay.
pub fn convert(from: Dtype, to: Dtype) -> Option<Opcode> {
    use Dtype::*;
    use Prefix::{None as Np, P66, Pf2, Pf3};
    let low = |prefix, w, code| Some(opcode(Map::M0f, prefix, w, code));
    match (lane_dtype(from), lane_dtype(to)) {
        (Int64, Float64) => low(Pf3, true, 0xe6),
        (UInt64, Float64) => low(Pf3, true, 0x7a),
        (Int64, Float32) => low(Np, true, 0x5b),
        (UInt64, Float32) => low(Pf2, true, 0x7a),
        (UInt32, Float64) => low(Pf3, false, 0x7a),
        (UInt32, Float32) => low(Pf2, false, 0x7a),
        (Float64, Int64) => low(P66, true, 0x7a),
        (Float32, Int64) => low(P66, false, 0x7a),
        (Int64 | UInt64, Int32 | UInt32) => Some(opcode(Map::M0f38, Pf3, false, 0x35)),
        (from, to) => opcodes::convert(from, to),
    }
}
