//! Conversions of lanes.

use super::instructions::{self as isa, Lanes, three, two};
use super::neon::{Neon, V0, V1, V2};
use crate::back::native::emit::{Assembler, Place};
use crate::back::native::lane::Value;
use crate::dtype::Dtype;

/// 2^31 and 2^63 as float32 and as float64.
const TWO_31: [u64; 2] = [0x4f00_0000, 0x41e0_0000_0000_0000];
const TWO_63: [u64; 2] = [0x5f00_0000, 0x43e0_0000_0000_0000];

/// The lanes that a conversion reads or writes: narrow integers count as int32.
fn lane_dtype(dtype: Dtype) -> Dtype {
    match dtype {
        Dtype::Int8 | Dtype::Int16 | Dtype::UInt8 | Dtype::UInt16 => Dtype::Int32,
        other => other,
    }
}

impl Place<'_, '_, Neon> {
    /// `target` = a value as the dtype of `dst`, without [`Op::Normalize`].
    ///
    /// [`Op::Normalize`]: crate::back::native::lane::Op::Normalize
    pub fn convert(&mut self, dst: Value, from: Value, target: u8) {
        use Dtype::*;
        let (source, result) = (lane_dtype(self.dtype(from)), lane_dtype(self.dtype(dst)));
        let from = self.vector(from, V0);
        let is_signed = source.is_signed();
        match (source, result) {
            (Float64, Float32) => self.word(two(isa::FLOAT_NARROW, target, from)),
            (Float32, Float64) => self.word(two(isa::FLOAT_WIDEN, target, from)),
            (Float32, Int32) => self.float_to_integer(self.lanes(false), TWO_31[0], from, target),
            (Float64, Int64) => self.float_to_integer(Lanes::WIDE, TWO_63[1], from, target),
            (Float32, Int64) => {
                self.word(two(isa::FLOAT_WIDEN, V0, from));
                self.float_to_integer(Lanes::WIDE, TWO_63[1], V0, target);
            }
            (Float64, Int32) => {
                self.float_to_integer(Lanes::WIDE, TWO_31[1], from, V0);
                self.word(two(isa::narrow(4), target, V0));
            }
            (Int32 | UInt32, Float32) => self.integer_to_float(self.lanes(false), is_signed, from, target),
            (Int64 | UInt64, Float64) => self.integer_to_float(Lanes::WIDE, is_signed, from, target),
            (Int32 | UInt32, Float64) => {
                self.word(two(isa::extend(4, is_signed), V0, from));
                self.integer_to_float(Lanes::WIDE, is_signed, V0, target);
            }
            (Int64 | UInt64, Float32) => self.wide_to_single(is_signed, from, target),
            (Int32 | UInt32, Int64 | UInt64) => self.word(two(isa::extend(4, is_signed), target, from)),
            (Int64 | UInt64, Int32 | UInt32) => self.word(two(isa::narrow(4), target, from)),
            _ => self.word(three(isa::OR, target, from, from)),
        }
    }

    fn integer_to_float(&mut self, lanes: Lanes, is_signed: bool, from: u8, target: u8) {
        let word = if is_signed { isa::FLOAT_FROM_SIGNED } else { isa::FLOAT_FROM_UNSIGNED };
        self.word(two(lanes.float(word), target, from));
    }

    /// Floats to integers of as many bits, rounded to zero; those whose modulus is not less than the
    /// limit, and NaN, give the least number that converts to the limit's integer type: minus the limit.
    fn float_to_integer(&mut self, lanes: Lanes, limit: u64, from: u8, target: u8) {
        let word = if lanes.is_wide { limit } else { limit & 0xffff_ffff | limit << 32 };
        let negative = word | if lanes.is_wide { 1 << 63 } else { 1 << 63 | 1 << 31 };
        self.e.asm.word_to_constant(isa::LOAD_CONSTANT | u32::from(V1), [word; 2]);
        self.e.asm.word_to_constant(isa::LOAD_CONSTANT | u32::from(V2), [negative; 2]);
        self.word(three(lanes.float(isa::FLOAT_MODULUS_GREATER), V1, V1, from));
        // Chosen before the conversion, which is exact for it.
        self.word(three(isa::CHOOSE, V1, from, V2));
        self.word(two(lanes.float(isa::FLOAT_TO_INTEGER), target, V1));
    }

    /// 64-bit integers to float32, which must round once: by the general registers, one by one.
    fn wide_to_single(&mut self, is_signed: bool, from: u8, target: u8) {
        use crate::back::native::aarch64::encoder::Encoder;
        let (low, high) = (Encoder::ROLES.scratch, Encoder::ROLES.other);
        let convert = isa::scalar_from_integer(false, is_signed);
        self.word(two(isa::LOW_TO_GENERAL, low, from));
        self.word(two(isa::HIGH_TO_GENERAL, high, from));
        self.word(two(convert, V1, low));
        self.word(two(convert, V2, high));
        self.word(two(isa::INSERT_SECOND, V1, V2));
        self.word(three(isa::OR, target, V1, V1));
    }
}
