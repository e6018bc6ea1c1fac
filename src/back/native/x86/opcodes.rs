//! Instructions that AVX2 and AVX-512 have both, with the same opcode in VEX and in EVEX.

use super::encoder::{Map, Opcode, Prefix};
use crate::back::native::lane::Op;
use crate::dtype::Dtype;
use crate::ir::CompareOp;

pub const fn opcode(map: Map, prefix: Prefix, w: bool, code: u8) -> Opcode {
    Opcode { map, prefix, w, code }
}

/// Instructions of the 0F map that exist for float64 (66, W1) and float32 (no prefix, W0).
pub const fn float_pair(code: u8, is_double: bool) -> Opcode {
    opcode(Map::M0f, if is_double { Prefix::P66 } else { Prefix::None }, is_double, code)
}

/// Unaligned load; the store has the next code.
pub const fn load(is_wide: bool) -> Opcode {
    float_pair(0x10, is_wide)
}

pub const fn store(is_wide: bool) -> Opcode {
    float_pair(0x11, is_wide)
}

pub const fn copy(is_wide: bool) -> Opcode {
    float_pair(0x28, is_wide)
}

pub const fn multiply_add_213(is_wide: bool) -> Opcode {
    opcode(Map::M0f38, Prefix::P66, is_wide, 0xa8)
}

pub const fn round(is_wide: bool) -> Opcode {
    opcode(Map::M0f3a, Prefix::P66, is_wide, if is_wide { 0x09 } else { 0x08 })
}

/// Shift of 32-bit lanes by an immediate; the operation is in the reg field.
pub const SHIFT_IMMEDIATE: Opcode = opcode(Map::M0f, Prefix::P66, false, 0x72);
pub const SHIFT_LEFT_FIELD: u8 = 6;
pub const SHIFT_ARITHMETIC_FIELD: u8 = 4;
pub const SHIFT_LOGICAL_FIELD: u8 = 2;

/// Extension of the 8- and 16-bit items of memory to 32-bit lanes; bool as uint8.
pub fn extend(dtype: Dtype) -> Opcode {
    let code = match dtype {
        Dtype::Int8 => 0x21,
        Dtype::Int16 => 0x23,
        Dtype::UInt16 => 0x33,
        Dtype::Bool | Dtype::UInt8 => 0x31,
        _ => unreachable!("wider items are loaded as they are"),
    };
    opcode(Map::M0f38, Prefix::P66, false, code)
}

/// Operations on two vectors, and square root and modulus, which have one.
pub fn arithmetic(op: Op, dtype: Dtype) -> Opcode {
    let is_wide = dtype.size() == 8;
    let float = |code| float_pair(code, is_wide);
    let whole = |code| opcode(Map::M0f, Prefix::P66, is_wide, code);
    let later = |code| opcode(Map::M0f38, Prefix::P66, is_wide, code);
    match op {
        Op::And => whole(0xdb),
        Op::AndNot => whole(0xdf),
        Op::Or => whole(0xeb),
        Op::Xor => whole(0xef),
        Op::Add if dtype.is_float() => float(0x58),
        Op::Mul if dtype.is_float() => float(0x59),
        Op::Sub if dtype.is_float() => float(0x5c),
        Op::Div if dtype.is_float() => float(0x5e),
        Op::Sqrt => float(0x51),
        Op::Add => whole(if is_wide { 0xd4 } else { 0xfe }),
        Op::Sub => whole(if is_wide { 0xfb } else { 0xfa }),
        Op::Mul => later(0x40),
        Op::ShiftLeft => later(0x47),
        Op::ShiftRight if dtype.is_signed() => later(0x46),
        Op::ShiftRight => later(0x45),
        Op::Abs => later(if is_wide { 0x1f } else { 0x1e }),
        _ => unreachable!("the operation is not one instruction"),
    }
}

/// One int64 register to one float.
pub const fn scalar_from_integer(is_double: bool) -> Opcode {
    opcode(Map::M0f, if is_double { Prefix::Pf2 } else { Prefix::Pf3 }, true, 0x2a)
}

/// The first lane to memory.
pub const fn scalar_store(is_double: bool) -> Opcode {
    opcode(Map::M0f, if is_double { Prefix::Pf2 } else { Prefix::Pf3 }, is_double, 0x11)
}

/// A comparison of floats is 0F C2; its predicate, which is false for NaN but in `Ne`.
pub const fn float_predicate(op: CompareOp) -> u8 {
    match op {
        CompareOp::Eq => 0,
        CompareOp::Lt => 1,
        CompareOp::Le => 2,
        CompareOp::Ne => 4,
        CompareOp::Ge => 13,
        CompareOp::Gt => 14,
    }
}

/// The lanes that a conversion reads or writes: narrow integers count as int32.
pub fn lane_dtype(dtype: Dtype) -> Dtype {
    match dtype {
        Dtype::Int8 | Dtype::Int16 | Dtype::UInt8 | Dtype::UInt16 => Dtype::Int32,
        other => other,
    }
}

/// int32 to float32.
pub const fn float_from_int32() -> Opcode {
    opcode(Map::M0f, Prefix::None, false, 0x5b)
}

/// The conversion between lanes of two dtypes, where both instruction sets have it.
pub fn convert(from: Dtype, to: Dtype) -> Option<Opcode> {
    use Dtype::*;
    use Prefix::{None as Np, P66, Pf3};
    let low = |prefix, w, code| Some(opcode(Map::M0f, prefix, w, code));
    let widen = |code| Some(opcode(Map::M0f38, P66, false, code));
    match (lane_dtype(from), lane_dtype(to)) {
        (Float64, Float32) => low(P66, true, 0x5a),
        (Float32, Float64) => low(Np, false, 0x5a),
        (Int32, Float64) => low(Pf3, false, 0xe6),
        (Int32, Float32) => Some(float_from_int32()),
        (Float64, Int32) => low(P66, true, 0xe6),
        (Float32, Int32) => low(Pf3, false, 0x5b),
        (Int32, Int64 | UInt64) => widen(0x25),
        (UInt32, Int64 | UInt64) => widen(0x35),
        _ => Option::None,
    }
}
