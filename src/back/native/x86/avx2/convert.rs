//! Conversions of lanes. AVX2 has none between 64-bit integers and floats and none of unsigned
//! integers; they are put together from bits of numbers whose exponent is known, and round once.

use super::{Avx2, V0, V1, VD, isa};
use crate::back::native::emit::Place;
use crate::back::native::lane::{Value, lane_bytes};
use crate::back::native::x86::encoder::{Length, Rm};
use crate::back::native::x86::opcodes;
use crate::dtype::Dtype;

const ALL: Length = Length::Bits256;

const TWO_32: f64 = 4294967296.0;
const TWO_52: f64 = 4503599627370496.0;
const TWO_63: f64 = 9223372036854775808.0;
const TWO_84: f64 = 19342813113834066795298816.0;

/// Not less than, or not comparable.
const NOT_LESS: u8 = 21;

/// Bits that a float64 cannot hold behind the highest bit of a 64-bit integer.
const SURPLUS: u64 = (1 << 11) - 1;

impl Place<'_, '_, Avx2> {
    /// `target` = a value as the dtype of `dst`, without [`Op::Normalize`].
    ///
    /// [`Op::Normalize`]: crate::back::native::lane::Op::Normalize
    pub fn convert(&mut self, dst: Value, from: Value, target: u8) {
        use Dtype::*;
        let (source, result) = (self.dtype(from), self.dtype(dst));
        if let Some(opcode) = opcodes::convert(source, result) {
            let length = self.length(lane_bytes(source).max(lane_bytes(result)));
            let from = self.operand(from, V0);
            return self.op(opcode, length, target, 0, from);
        }
        let is_signed = source.is_signed();
        match (opcodes::lane_dtype(source), opcodes::lane_dtype(result)) {
            (Float64, Int64) => {
                let from = self.vector(from, V0);
                self.double_to_integer(from, target);
            }
            (Float32, Int64) => {
                let from = self.operand(from, V0);
                self.op(opcodes::float_pair(0x5a, false), ALL, V0, 0, from);
                self.double_to_integer(V0, target);
            }
            (Int64 | UInt64, Float64) => {
                let from = self.vector(from, V0);
                self.integer_to_double(from, is_signed, target);
            }
            (Int64 | UInt64, Float32) => {
                let from = self.vector(from, V0);
                self.integer_to_single(from, is_signed, target);
            }
            (UInt32, Float64) => {
                let from = self.operand(from, V0);
                self.unsigned_to_double(from, target);
            }
            (UInt32, Float32) => {
                let from = self.vector(from, V0);
                self.unsigned_to_single(from, target);
            }
            (Int64 | UInt64, Int32 | UInt32) => {
                let from = self.vector(from, V0);
                self.narrow_lanes(from, target);
            }
            _ => {
                let from = self.operand(from, V0);
                self.copy_to(dst, from, target);
            }
        }
    }

    fn double(&mut self, value: f64) -> Rm {
        self.constant(value.to_bits(), true)
    }

    /// float64 to int64, rounded to zero; numbers that do not fit give the least int64.
    ///
    /// The number is cut into halves of 32 bits, each of which is added to a power of two so large
    /// that the unit is its last bit.
    fn double_to_integer(&mut self, from: u8, target: u8) {
        let (to_zero, down) = (11, 9);
        let scale = self.double(1.0 / TWO_32);
        let unscale = self.double(TWO_32);
        self.op_by(opcodes::round(true), ALL, VD, 0, Rm::Reg(from), to_zero);
        self.op(isa::MULTIPLY_DOUBLE, ALL, V1, VD, scale);
        self.op_by(opcodes::round(true), ALL, V1, 0, Rm::Reg(V1), down);
        self.op(isa::NEGATIVE_MULTIPLY_ADD_231, ALL, VD, V1, unscale);
        let unsigned = self.double(TWO_52);
        self.op(isa::ADD_DOUBLE, ALL, VD, VD, unsigned);
        let signed = self.double(1.5 * TWO_52);
        self.op(isa::ADD_DOUBLE, ALL, V1, V1, signed);
        self.shift(isa::SHIFT_WIDE_IMMEDIATE, opcodes::SHIFT_LEFT_FIELD, ALL, V1, V1, 32);
        self.op_by(isa::BLEND, ALL, VD, V1, Rm::Reg(VD), 0b0101_0101);
        let modulus = self.constant(i64::MAX as u64, true);
        self.op(isa::AND, ALL, V1, from, modulus);
        let limit = self.double(TWO_63);
        self.op_by(isa::COMPARE_DOUBLE, ALL, V1, V1, limit, NOT_LESS);
        let least = self.constant(i64::MIN as u64, true);
        self.op_by(isa::blend_by_sign(true), ALL, target, VD, least, V1 << 4);
    }

    /// int64 or uint64 to float64.
    ///
    /// The lower half becomes the last bits of 2^52, the upper half those of 2^84; the difference of
    /// the upper number and both powers is exact, so only the last sum rounds.
    fn integer_to_double(&mut self, from: u8, is_signed: bool, target: u8) {
        let bias = if is_signed { TWO_63 } else { 0.0 };
        let upper_power = self.double(TWO_84 + bias);
        let powers = self.double(TWO_84 + bias + TWO_52);
        let lower_power = self.double(TWO_52);
        self.shift(isa::SHIFT_WIDE_IMMEDIATE, opcodes::SHIFT_LOGICAL_FIELD, ALL, V1, from, 32);
        self.op(isa::XOR, ALL, V1, V1, upper_power);
        self.op(isa::SUBTRACT_DOUBLE, ALL, V1, V1, powers);
        self.op_by(isa::BLEND, ALL, V0, from, lower_power, 0b1010_1010);
        self.op(isa::ADD_DOUBLE, ALL, target, V1, Rm::Reg(V0));
    }

    /// int64 or uint64 to float32 through float64, which must not round first: a large integer is cut
    /// to the bits of a float64, the last of which is set where a bit was lost ("round to odd",
    /// Boldo and Melquiond, 2008).
    fn integer_to_single(&mut self, from: u8, is_signed: bool, target: u8) {
        let surplus = self.constant(SURPLUS, true);
        self.op(isa::AND, ALL, VD, from, surplus);
        self.op(isa::ADD, ALL, VD, VD, surplus);
        self.op(isa::OR, ALL, VD, VD, Rm::Reg(from));
        let kept = self.constant(!SURPLUS, true);
        self.op(isa::AND, ALL, VD, VD, kept);
        let mut shifted = from;
        if is_signed {
            let limit = self.constant(1 << 53, true);
            self.op(isa::ADD, ALL, V1, from, limit);
            shifted = V1;
        }
        let small_bits = if is_signed { 54 } else { 53 };
        self.shift(isa::SHIFT_WIDE_IMMEDIATE, opcodes::SHIFT_LOGICAL_FIELD, ALL, V1, shifted, small_bits);
        let zero = self.constant(0, true);
        self.op(isa::equal(true), ALL, V1, V1, zero);
        self.op_by(isa::blend_by_sign(true), ALL, V0, VD, Rm::Reg(from), V1 << 4);
        self.integer_to_double(V0, is_signed, V0);
        self.op(opcodes::float_pair(0x5a, true), ALL, target, 0, Rm::Reg(V0));
    }

    /// uint32 to float64, as the last bits of 2^52.
    fn unsigned_to_double(&mut self, from: Rm, target: u8) {
        let power = self.double(TWO_52);
        self.op(isa::WIDEN_UNSIGNED, ALL, V0, 0, from);
        self.op(isa::OR, ALL, V0, V0, power);
        self.op(isa::SUBTRACT_DOUBLE, ALL, target, V0, power);
    }

    /// uint32 to float32, from halves that are exact.
    fn unsigned_to_single(&mut self, from: u8, target: u8) {
        let length = self.length(4);
        let convert = opcodes::float_from_int32();
        let scale = self.constant(u64::from(65536f32.to_bits()), false);
        let low = self.constant(0xffff, false);
        self.shift(opcodes::SHIFT_IMMEDIATE, opcodes::SHIFT_LOGICAL_FIELD, length, V1, from, 16);
        self.op(convert, length, V1, 0, Rm::Reg(V1));
        self.op(isa::MULTIPLY_SINGLE, length, V1, V1, scale);
        self.op(isa::AND, length, V0, from, low);
        self.op(convert, length, V0, 0, Rm::Reg(V0));
        self.op(isa::ADD_SINGLE, length, target, V1, Rm::Reg(V0));
    }
}
