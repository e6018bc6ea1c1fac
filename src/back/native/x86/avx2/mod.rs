//! AVX2 with FMA: vectors of 256 bits; a mask is a vector too, whose lanes have all bits or none.
//!
//! The lanes of a mask are as wide as a group's widest: a group of four lanes has masks of 64-bit
//! lanes, also for values of 32 bits, which then take half a register. Vector registers 13 to 15 hold
//! operands and intermediate results of one operation.

mod convert;
mod instructions;

use super::encoder::{Encoder, Length, Opcode, Rm};
use super::general::gpr::*;
use super::opcodes;
use crate::back::native::allocate::{Allocation, Home, Registers};
use crate::back::native::emit::{Emitter, Hold, Mem, Number, Place, Shape, Vectors};
use crate::back::native::lane::{Op, Slot, Source, Value};
use crate::dtype::Dtype;
use crate::ir::CompareOp;
use instructions as isa;

/// Scratch registers; a result that lives in memory is put together in the last.
const V0: u8 = 13;
const V1: u8 = 14;
const VD: u8 = 15;

/// The instruction set.
pub struct Avx2;

impl Vectors for Avx2 {
    type Assembler = Encoder;

    const BYTES: usize = 32;
    const REGISTERS: Registers = Registers { vectors: 0..V0, masks: None, take_shared: false };

    fn parts(shape: Shape, _lanes: usize) -> (usize, &'static [usize]) {
        super::parts(shape)
    }

    /// Instructions read numbers from memory as well as from registers.
    fn repeat(_: &mut Emitter<'_, Self>, _: Number, _: u8) {}

    fn jump_if_lanes(e: &mut Emitter<'_, Self>, hold: Hold, mask: Value, homes: &Allocation, label: usize) {
        let is_wide = e.lanes == 4;
        let mut all = Place { e, homes, part: 0 }.vector(mask, V0);
        for part in 1..e.parts {
            let mut place = Place { e, homes, part };
            let other = place.operand(mask, V1);
            place.op(isa::OR, Length::Bits256, V0, all, other);
            all = V0;
        }
        e.asm.vex(isa::signs(is_wide), Length::Bits256, RAX, 0, Rm::Reg(all), None);
        e.asm.test_low(RAX);
        e.asm.jump_if_lanes(hold, label);
    }

    fn save(e: &mut Emitter<'_, Self>, _: Value, register: u8) {
        let at = Rm::Mem(Mem::Base(RBX, e.frame.saved(register)));
        e.asm.vex(opcodes::store(true), Length::Bits256, register, 0, at, None);
    }

    fn restore(e: &mut Emitter<'_, Self>, _: Value, register: u8) {
        let at = Rm::Mem(Mem::Base(RBX, e.frame.saved(register)));
        e.asm.vex(opcodes::load(true), Length::Bits256, register, 0, at, None);
    }

    fn float_to_uniform(e: &mut Emitter<'_, Self>, slot: Slot, general: u8, is_double: bool) {
        let at = Rm::Mem(e.uniform(slot));
        let convert = opcodes::scalar_from_integer(is_double);
        e.asm.vex(convert, Length::Bits128, V0, V0, Rm::Reg(general), None);
        e.asm.vex(opcodes::scalar_store(is_double), Length::Bits128, V0, 0, at, None);
    }

    fn load_items(place: &mut Place<'_, '_, Self>, dst: Value, at: Mem) {
        let dtype = place.dtype(dst);
        let target = place.target(dst);
        if dtype == Dtype::Bool {
            let is_wide = place.has_wide_masks();
            let extend = if is_wide { isa::EXTEND_BYTES_TO_WIDE } else { opcodes::extend(dtype) };
            place.op(extend, Length::Bits256, V0, 0, Rm::Mem(at));
            place.op(isa::XOR, Length::Bits256, V1, V1, Rm::Reg(V1));
            place.op(isa::greater(is_wide), Length::Bits256, target, V0, Rm::Reg(V1));
        } else if dtype.size() < 4 {
            place.op(opcodes::extend(dtype), place.length(4), target, 0, Rm::Mem(at));
        } else {
            place.copy_to(dst, Rm::Mem(at), target);
        }
        place.finish(dst, target);
    }

    fn store_items(place: &mut Place<'_, '_, Self>, value: Value, at: Mem) {
        let dtype = place.dtype(value);
        let register = place.vector(value, V0);
        if dtype == Dtype::Bool {
            let mask = match place.has_wide_masks() {
                true => place.narrow_lanes(register, V0),
                false => register,
            };
            let ones = place.constant(1, false);
            place.op(isa::AND, place.length(4), V0, mask, ones);
            place.store_low(V0, 1, at);
        } else if dtype.size() < 4 {
            place.store_low(register, dtype.size(), at);
        } else {
            place.op(opcodes::store(dtype.size() == 8), place.length_of(value), register, 0, Rm::Mem(at));
        }
    }

    fn conditional_move(place: &mut Place<'_, '_, Self>, dst: Value, from: Value, mask: Option<Value>) {
        let target = place.target(dst);
        match mask {
            Some(mask) => place.blend(dst, mask, from, dst, target),
            None => {
                let from = place.operand(from, V0);
                place.copy_to(dst, from, target);
            }
        }
        place.finish(dst, target);
    }

    fn mask_result(place: &mut Place<'_, '_, Self>, op: Op, dst: Value, args: [Value; 3]) {
        let target = place.target(dst);
        let all = Length::Bits256;
        match op {
            Op::MaskConstant(true) => place.op(isa::equal(false), all, target, target, Rm::Reg(target)),
            Op::MaskConstant(false) => place.op(isa::XOR, all, target, target, Rm::Reg(target)),
            Op::Compare(compare) => place.compare(compare, args, target),
            Op::Copy => {
                let from = place.operand(args[0], V0);
                place.copy_to(dst, from, target);
            }
            Op::Not => {
                let from = place.vector(args[0], V0);
                place.invert(all, from, target);
            }
            _ => place.two_operands(op, dst, args, target),
        }
        place.finish(dst, target);
    }

    fn vector_result(place: &mut Place<'_, '_, Self>, op: Op, dst: Value, args: [Value; 3]) {
        let target = place.target(dst);
        let length = place.length_of(dst);
        let dtype = place.dtype(dst);
        let is_wide = place.is_wide(dst);
        match op {
            Op::Copy => {
                let from = place.operand(args[0], V0);
                place.copy_to(dst, from, target);
            }
            Op::Round(mode) => {
                let from = place.operand(args[0], V0);
                place.op_by(opcodes::round(is_wide), length, target, 0, from, mode as u8);
            }
            Op::Abs if is_wide => place.wide_modulus(args[0], target),
            Op::Sqrt | Op::Abs => {
                let from = place.operand(args[0], V0);
                place.op(opcodes::arithmetic(op, dtype), length, target, 0, from);
            }
            Op::Normalize => place.normalize(dtype, args[0], target),
            Op::Convert => place.convert(dst, args[0], target),
            Op::Select => place.blend(dst, args[0], args[1], args[2], target),
            Op::MultiplyAdd => {
                let a = place.operand(args[0], V0);
                place.copy_to(dst, a, V0);
                let b = place.vector(args[1], V1);
                let c = place.operand(args[2], VD);
                place.op(opcodes::multiply_add_213(is_wide), length, V0, b, c);
                place.copy_to(dst, Rm::Reg(V0), target);
            }
            Op::Mul if is_wide && dtype.is_integer() => place.wide_product(args, target),
            Op::ShiftRight if dtype == Dtype::Int64 => place.wide_signed_shift(args, target),
            _ => place.two_operands(op, dst, args, target),
        }
        place.finish(dst, target);
    }
}

impl Place<'_, '_, Avx2> {
    fn op(&mut self, opcode: Opcode, length: Length, to: u8, a: u8, b: Rm) {
        self.e.asm.vex(opcode, length, to, a, b, None);
    }

    /// An instruction with an immediate byte.
    fn op_by(&mut self, opcode: Opcode, length: Length, to: u8, a: u8, b: Rm, immediate: u8) {
        self.e.asm.vex(opcode, length, to, a, b, Some(immediate));
    }

    /// `to` = the lanes of `from` shifted by an immediate; the field tells how.
    fn shift(&mut self, opcode: Opcode, field: u8, length: Length, to: u8, from: u8, by: u8) {
        self.op_by(opcode, length, field, to, Rm::Reg(from), by);
    }

    fn has_wide_masks(&self) -> bool {
        self.e.lanes == 4
    }

    /// A constant in all lanes.
    fn constant(&mut self, bits: u64, is_wide: bool) -> Rm {
        let word = if is_wide { bits } else { bits & 0xffff_ffff | bits << 32 };
        Rm::Constant(self.e.asm.constant([word; 4]))
    }

    /// The length of a value; masks fill a register.
    fn register_length(&self, value: Value) -> Length {
        match self.dtype(value) {
            Dtype::Bool => Length::Bits256,
            _ => self.length_of(value),
        }
    }

    /// A value as the last operand of an instruction; what must be put together is, in `scratch`.
    fn operand(&mut self, value: Value, scratch: u8) -> Rm {
        let is_wide = self.is_wide(value);
        match self.e.code.values[value as usize].source {
            Source::Constant(bits) => self.constant(bits, is_wide),
            Source::Uniform(slot) => {
                let at = Rm::Mem(self.e.uniform(slot));
                self.op(isa::repeat(is_wide), self.length_of(value), scratch, 0, at);
                Rm::Reg(scratch)
            }
            Source::Computed => match self.home(value) {
                Home::Register(register) => Rm::Reg(register),
                Home::Spill(index) => Rm::Mem(self.spill(index)),
                Home::Nowhere => Rm::Reg(scratch),
            },
        }
    }

    /// A value in a register, `scratch` if it has none.
    fn vector(&mut self, value: Value, scratch: u8) -> u8 {
        match self.operand(value, scratch) {
            Rm::Reg(register) => register,
            memory => {
                self.copy_to(value, memory, scratch);
                scratch
            }
        }
    }

    /// Copies a vector as long as `value` to a register.
    fn copy_to(&mut self, value: Value, from: Rm, register: u8) {
        let (is_wide, length) = (self.is_wide(value), self.register_length(value));
        match from {
            Rm::Reg(same) if same == register => {}
            Rm::Reg(_) => self.op(opcodes::copy(is_wide), length, register, 0, from),
            _ => self.op(opcodes::load(is_wide), length, register, 0, from),
        }
    }

    /// The register for a result, to be passed to [`Place::finish`].
    fn target(&self, value: Value) -> u8 {
        match self.home(value) {
            Home::Register(register) => register,
            _ => VD,
        }
    }

    /// Stores a result whose home is the frame.
    fn finish(&mut self, value: Value, register: u8) {
        let Home::Spill(index) = self.home(value) else { return };
        let at = Rm::Mem(self.spill(index));
        self.op(opcodes::store(self.is_wide(value)), self.register_length(value), register, 0, at);
    }

    /// `target` = `yes` where the mask holds, else `no`; both are as `dst`.
    fn blend(&mut self, dst: Value, mask: Value, yes: Value, no: Value, target: u8) {
        let is_narrow = self.has_wide_masks() && self.dtype(dst) != Dtype::Bool && !self.is_wide(dst);
        let mask = match self.vector(mask, V0) {
            mask if is_narrow => self.narrow_lanes(mask, V0),
            mask => mask,
        };
        let yes = self.operand(yes, V1);
        let no = self.vector(no, VD);
        let opcode = isa::blend_by_sign(self.is_wide(dst));
        self.op_by(opcode, self.register_length(dst), target, no, yes, mask << 4);
    }

    /// `to` = the low halves of the 64-bit lanes of `from`. Changes V1.
    fn narrow_lanes(&mut self, from: u8, to: u8) -> u8 {
        self.op_by(isa::EXTRACT_HALF, Length::Bits256, from, 0, Rm::Reg(V1), 1);
        self.op_by(isa::SHUFFLE_TWO, Length::Bits128, to, from, Rm::Reg(V1), 0b10_00_10_00);
        to
    }

    /// The low bytes, `size` of each 32-bit lane, to memory. Changes V0 and V1.
    fn store_low(&mut self, register: u8, size: usize, at: Mem) {
        // The bytes of each 128 bits move to their start; those that 0x80 selects become zero.
        let (low, high) = match size {
            1 => (0x8080_8080_0c08_0400, 0x8080_8080_8080_8080),
            _ => (0x0d0c_0908_0504_0100, 0x8080_8080_8080_8080),
        };
        let length = self.length(4);
        let order = Rm::Constant(self.e.asm.constant([low, high, low, high]));
        self.op(isa::SHUFFLE_BYTES, length, V0, register, order);
        if length == Length::Bits256 {
            let halves = if size == 1 { 4 << 32 } else { 1 << 32 };
            let order = Rm::Constant(self.e.asm.constant([halves, 5 << 32 | 4, 0, 0]));
            self.op(opcodes::load(false), length, V1, 0, order);
            self.op(isa::PERMUTE, length, V0, V1, Rm::Reg(V0));
        }
        let store = match self.e.lanes * size {
            4 => isa::STORE_32,
            8 => isa::STORE_64,
            _ => opcodes::store(false),
        };
        self.op(store, Length::Bits128, V0, 0, Rm::Mem(at));
    }

    /// `to` = the other lanes of a mask.
    fn invert(&mut self, length: Length, mask: u8, to: u8) {
        let ones = self.constant(u64::MAX, true);
        self.op(isa::XOR, length, to, mask, ones);
    }

    fn two_operands(&mut self, op: Op, dst: Value, [a, b, _]: [Value; 3], target: u8) {
        let commutes = matches!(op, Op::Add | Op::Mul | Op::And | Op::Or | Op::Xor);
        let (a, b) = if commutes && !self.e.code.is_computed(a) { (b, a) } else { (a, b) };
        let a = self.vector(a, V0);
        let b = self.operand(b, V1);
        let opcode = opcodes::arithmetic(op, self.dtype(dst));
        self.op(opcode, self.register_length(dst), target, a, b);
    }

    fn compare(&mut self, op: CompareOp, args: [Value; 3], target: u8) {
        let length = self.length_of(args[0]);
        let is_widened = self.has_wide_masks() && !self.is_wide(args[0]);
        let to = if is_widened { V0 } else { target };
        match self.dtype(args[0]).is_float() {
            true => self.compare_floats(op, args, length, to),
            false => self.compare_integers(op, args, length, to),
        }
        if is_widened {
            self.op(isa::WIDEN_SIGNED, Length::Bits256, target, 0, Rm::Reg(V0));
        }
    }

    fn compare_floats(&mut self, op: CompareOp, args: [Value; 3], length: Length, to: u8) {
        let a = self.vector(args[0], V0);
        let b = self.operand(args[1], V1);
        let opcode = opcodes::float_pair(0xc2, self.is_wide(args[0]));
        self.op_by(opcode, length, to, a, b, opcodes::float_predicate(op));
    }

    /// The processor has `==` and signed `>`; the others come from swapped operands and inversion.
    fn compare_integers(&mut self, op: CompareOp, args: [Value; 3], length: Length, to: u8) {
        let (dtype, is_wide) = (self.dtype(args[0]), self.is_wide(args[0]));
        let is_swapped = matches!(op, CompareOp::Lt | CompareOp::Ge);
        let (first, last) = if is_swapped { (args[1], args[0]) } else { (args[0], args[1]) };
        let mut a = self.vector(first, V0);
        let mut b = self.operand(last, V1);
        let is_equality = matches!(op, CompareOp::Eq | CompareOp::Ne);
        if !is_equality && matches!(dtype, Dtype::UInt32 | Dtype::UInt64) {
            let sign = self.constant(if is_wide { 1 << 63 } else { 1 << 31 }, is_wide);
            self.op(isa::XOR, length, V0, a, sign);
            let other = self.vector(last, V1);
            self.op(isa::XOR, length, V1, other, sign);
            (a, b) = (V0, Rm::Reg(V1));
        }
        let opcode = if is_equality { isa::equal(is_wide) } else { isa::greater(is_wide) };
        self.op(opcode, length, to, a, b);
        if matches!(op, CompareOp::Ne | CompareOp::Le | CompareOp::Ge) {
            self.invert(length, to, to);
        }
    }

    /// Extends the low bits of 32-bit lanes again.
    fn normalize(&mut self, dtype: Dtype, from: Value, target: u8) {
        let unused_bits = 32 - 8 * dtype.size() as u8;
        let length = self.length(4);
        let from = self.vector(from, V0);
        let right = match dtype.is_signed() {
            true => opcodes::SHIFT_ARITHMETIC_FIELD,
            false => opcodes::SHIFT_LOGICAL_FIELD,
        };
        let opcode = opcodes::SHIFT_IMMEDIATE;
        self.shift(opcode, opcodes::SHIFT_LEFT_FIELD, length, target, from, unused_bits);
        self.shift(opcode, right, length, target, target, unused_bits);
    }

    /// VD = all bits of the 64-bit lanes of `from` that are negative.
    fn wide_signs(&mut self, from: u8) {
        self.op(isa::XOR, Length::Bits256, VD, VD, Rm::Reg(VD));
        self.op(isa::greater(true), Length::Bits256, VD, VD, Rm::Reg(from));
    }

    /// Two's complement: the bits of a negative number are inverted, and one is added.
    fn wide_modulus(&mut self, from: Value, target: u8) {
        let from = self.vector(from, V0);
        self.wide_signs(from);
        self.op(isa::XOR, Length::Bits256, V0, from, Rm::Reg(VD));
        self.op(isa::SUBTRACT, Length::Bits256, target, V0, Rm::Reg(VD));
    }

    /// A negative number is inverted, shifted as an unsigned one, and inverted again.
    fn wide_signed_shift(&mut self, args: [Value; 3], target: u8) {
        let from = self.vector(args[0], V0);
        self.wide_signs(from);
        self.op(isa::XOR, Length::Bits256, V0, from, Rm::Reg(VD));
        let by = self.operand(args[1], V1);
        self.op(isa::SHIFT_RIGHT, Length::Bits256, V0, V0, by);
        self.op(isa::XOR, Length::Bits256, target, V0, Rm::Reg(VD));
    }

    /// Products of 64-bit lanes from those of their halves: `low·low + (low·high + high·low)·2^32`.
    fn wide_product(&mut self, args: [Value; 3], target: u8) {
        let all = Length::Bits256;
        let a = self.vector(args[0], V0);
        let b = self.vector(args[1], V1);
        self.op_by(isa::SHUFFLE, all, VD, 0, Rm::Reg(b), 0b10_11_00_01);
        self.op(isa::MULTIPLY_LOW, all, VD, VD, Rm::Reg(a));
        self.op(isa::MULTIPLY_PAIRS, all, V1, a, Rm::Reg(b));
        self.shift(isa::SHIFT_WIDE_IMMEDIATE, opcodes::SHIFT_LEFT_FIELD, all, V0, VD, 32);
        self.op(isa::ADD, all, V1, V1, Rm::Reg(V0));
        let high = self.constant(u64::from(u32::MAX) << 32, true);
        self.op(isa::AND, all, VD, VD, high);
        self.op(isa::ADD, all, target, V1, Rm::Reg(VD));
    }
}
