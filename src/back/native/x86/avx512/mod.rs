//! AVX-512 (F, BW, DQ, VL): vectors of 512 bits, masks in registers of their own.
//!
//! Vector registers 29 to 31 and mask registers 6 and 7 hold operands for one instruction.

mod instructions;

use super::encoder::{Encoder, Length, Masking, Opcode, Rm};
use super::general::gpr::*;
use super::opcodes;
use crate::back::native::allocate::{Allocation, Home, Registers};
use crate::back::native::emit::{Emitter, Hold, Mem, Number, Place, Shape, Vectors};
use crate::back::native::lane::{Op, Slot, Source, Value, lane_bytes};
use crate::dtype::Dtype;
use instructions as isa;

/// Scratch vector registers.
const V0: u8 = 29;
const V1: u8 = 30;
const VD: u8 = 31;
/// Scratch mask registers.
const K0: u8 = 6;
const K1: u8 = 7;

/// Where mask registers are saved, behind the vector registers.
const MASKS: u8 = 32;

/// Lanes under no mask.
const ALL: Masking = Masking { register: 0, zero: false };

/// The instruction set.
pub struct Avx512;

impl Vectors for Avx512 {
    type Assembler = Encoder;

    const BYTES: usize = 64;
    const REGISTERS: Registers = Registers { vectors: 0..V0, masks: Some(1..K0), take_shared: false };

    fn parts(shape: Shape, _lanes: usize) -> (usize, &'static [usize]) {
        super::parts(shape)
    }

    /// Instructions read numbers from memory as well as from registers.
    fn repeat(_: &mut Emitter<'_, Self>, _: Number, _: u8) {}

    fn jump_if_lanes(e: &mut Emitter<'_, Self>, hold: Hold, mask: Value, homes: &Allocation, label: usize) {
        let first = Place { e, homes, part: 0 }.mask(mask, K0);
        let part = e.parts - 1;
        let last = Place { e, homes, part }.mask(mask, K1);
        let opcode = isa::mask(isa::MASK_TEST, e.lanes == 8);
        e.asm.vex(opcode, Length::Bits128, first, 0, Rm::Reg(last), None);
        e.asm.jump_if_lanes(hold, label);
    }

    fn save(e: &mut Emitter<'_, Self>, value: Value, register: u8) {
        if e.code.dtype(value) == Dtype::Bool {
            let at = Mem::Base(RBX, e.frame.saved(MASKS + register));
            e.mask_move(isa::MASK_TO_MEMORY, register, Rm::Mem(at));
        } else {
            let at = Mem::Base(RBX, e.frame.saved(register));
            e.asm.evex(opcodes::store(true), Length::Bits512, register, 0, Rm::Mem(at), ALL, None);
        }
    }

    fn restore(e: &mut Emitter<'_, Self>, value: Value, register: u8) {
        if e.code.dtype(value) == Dtype::Bool {
            let at = Mem::Base(RBX, e.frame.saved(MASKS + register));
            e.mask_move(isa::MASK_FROM_MEMORY, register, Rm::Mem(at));
        } else {
            let at = Mem::Base(RBX, e.frame.saved(register));
            e.asm.evex(opcodes::load(true), Length::Bits512, register, 0, Rm::Mem(at), ALL, None);
        }
    }

    fn float_to_uniform(e: &mut Emitter<'_, Self>, slot: Slot, general: u8, is_double: bool) {
        let at = Rm::Mem(e.uniform(slot));
        let convert = opcodes::scalar_from_integer(is_double);
        e.asm.evex(convert, Length::Bits128, V0, V0, Rm::Reg(general), ALL, None);
        e.asm.evex(opcodes::scalar_store(is_double), Length::Bits128, V0, 0, at, ALL, None);
    }

    fn load_items(place: &mut Place<'_, '_, Self>, dst: Value, at: Mem) {
        let dtype = place.dtype(dst);
        let target = place.target(dst);
        let length = place.length(4);
        if dtype == Dtype::Bool {
            place.e.asm.evex(opcodes::extend(dtype), length, V0, 0, Rm::Mem(at), ALL, None);
            place.e.asm.evex(isa::TEST, length, target, V0, Rm::Reg(V0), ALL, None);
        } else if dtype.size() < 4 {
            place.e.asm.evex(opcodes::extend(dtype), length, target, 0, Rm::Mem(at), ALL, None);
        } else {
            place.load_vector(dst, target, Rm::Mem(at), ALL);
        }
        place.finish(dst, target);
    }

    fn store_items(place: &mut Place<'_, '_, Self>, value: Value, at: Mem) {
        let dtype = place.dtype(value);
        let length = place.length_of(value);
        if dtype == Dtype::Bool {
            let one = Rm::Constant(place.e.asm.constant([1]));
            let ones = Masking { register: place.mask(value, K0), zero: true };
            place.e.asm.evex(isa::repeat(false), length, V0, 0, one, ones, None);
            place.e.asm.evex(isa::narrow(1), length, V0, 0, Rm::Mem(at), ALL, None);
            return;
        }
        let register = place.vector(value, V0);
        let opcode = match dtype.size() {
            size @ (1 | 2) => isa::narrow(size),
            size => opcodes::store(size == 8),
        };
        place.e.asm.evex(opcode, length, register, 0, Rm::Mem(at), ALL, None);
    }

    fn conditional_move(place: &mut Place<'_, '_, Self>, dst: Value, from: Value, mask: Option<Value>) {
        if place.dtype(dst) == Dtype::Bool {
            return place.conditional_mask_move(dst, from, mask);
        }
        let masking = match mask {
            Some(mask) => Masking { register: place.mask(mask, K0), zero: false },
            None => ALL,
        };
        match place.home(dst) {
            Home::Register(register) => {
                let from = place.last(from);
                place.load_vector(dst, register, from, masking);
            }
            Home::Spill(index) => {
                let register = place.vector(from, V0);
                let (opcode, length) = (opcodes::store(place.is_wide(dst)), place.length_of(dst));
                let at = Rm::Mem(place.spill(index));
                place.e.asm.evex(opcode, length, register, 0, at, masking, None);
            }
            Home::Nowhere => {}
        }
    }

    fn mask_result(place: &mut Place<'_, '_, Self>, op: Op, dst: Value, args: [Value; 3]) {
        let target = place.target(dst);
        place.mask_operation(op, args, target);
        place.finish(dst, target);
    }

    fn vector_result(place: &mut Place<'_, '_, Self>, op: Op, dst: Value, args: [Value; 3]) {
        let target = place.target(dst);
        place.vector_operation(op, dst, args, target);
        place.finish(dst, target);
    }
}

impl Emitter<'_, Avx512> {
    /// All bits of a mask register from or to another place.
    fn mask_move(&mut self, code: u8, register: u8, other: Rm) {
        self.asm.vex(isa::mask(code, false), Length::Bits128, register, 0, other, None);
    }
}

impl Place<'_, '_, Avx512> {
    fn is_byte(&self) -> bool {
        self.e.lanes == 8
    }

    /// A vector as the last operand of an instruction.
    fn last(&mut self, value: Value) -> Rm {
        match self.e.code.values[value as usize].source {
            Source::Constant(bits) => Rm::RepeatedConstant(self.e.asm.constant([bits])),
            Source::Uniform(slot) => Rm::Repeated(self.e.uniform(slot)),
            Source::Computed => match self.home(value) {
                Home::Register(register) => Rm::Reg(register),
                Home::Spill(index) => Rm::Mem(self.spill(index)),
                Home::Nowhere => Rm::Reg(V0),
            },
        }
    }

    /// A vector in a register, `scratch` if it has none.
    fn vector(&mut self, value: Value, scratch: u8) -> u8 {
        match self.last(value) {
            Rm::Reg(register) => register,
            memory => {
                self.load_vector(value, scratch, memory, ALL);
                scratch
            }
        }
    }

    /// A vector from anywhere to a register, for some lanes.
    fn load_vector(&mut self, value: Value, register: u8, from: Rm, masking: Masking) {
        let (is_wide, length) = (self.is_wide(value), self.length_of(value));
        let (opcode, from) = match from {
            Rm::Reg(_) => (opcodes::copy(is_wide), from),
            Rm::Mem(_) | Rm::Constant(_) => (opcodes::load(is_wide), from),
            Rm::Repeated(mem) => (isa::repeat(is_wide), Rm::Mem(mem)),
            Rm::RepeatedConstant(index) => (isa::repeat(is_wide), Rm::Constant(index)),
        };
        self.e.asm.evex(opcode, length, register, 0, from, masking, None);
    }

    /// The register for a result, to be passed to [`Place::finish`].
    fn target(&self, value: Value) -> u8 {
        match (self.home(value), self.dtype(value)) {
            (Home::Register(register), _) => register,
            (_, Dtype::Bool) => K1,
            _ => VD,
        }
    }

    /// Stores a result whose home is the frame.
    fn finish(&mut self, value: Value, register: u8) {
        let Home::Spill(index) = self.home(value) else { return };
        let at = Rm::Mem(self.spill(index));
        if self.dtype(value) == Dtype::Bool {
            self.e.mask_move(isa::MASK_TO_MEMORY, register, at);
        } else {
            let (opcode, length) = (opcodes::store(self.is_wide(value)), self.length_of(value));
            self.e.asm.evex(opcode, length, register, 0, at, ALL, None);
        }
    }

    /// A mask in a register, `scratch` if it has none.
    fn mask(&mut self, value: Value, scratch: u8) -> u8 {
        match self.home(value) {
            Home::Register(register) => register,
            Home::Spill(index) => {
                let at = Rm::Mem(self.spill(index));
                self.e.mask_move(isa::MASK_FROM_MEMORY, scratch, at);
                scratch
            }
            Home::Nowhere => scratch,
        }
    }

    fn conditional_mask_move(&mut self, dst: Value, from: Value, mask: Option<Value>) {
        let Some(mask) = mask else {
            let from = self.mask(from, K0);
            let target = self.target(dst);
            self.mask_copy(target, from);
            return self.finish(dst, target);
        };
        let target = self.target(dst);
        self.mask_operation(Op::AndNot, [mask, dst, Value::MAX], target);
        self.finish(dst, target);
        self.mask_operation(Op::And, [mask, from, Value::MAX], K0);
        let kept = self.mask(dst, K1);
        let or = isa::mask_operation(Op::Or, self.is_byte());
        self.three_masks(or, target, kept, K0);
        self.finish(dst, target);
    }

    fn mask_copy(&mut self, to: u8, from: u8) {
        if to != from {
            self.e.mask_move(isa::MASK_FROM_MEMORY, to, Rm::Reg(from));
        }
    }

    fn three_masks(&mut self, opcode: Opcode, to: u8, a: u8, b: u8) {
        self.e.asm.vex(opcode, Length::Bits256, to, a, Rm::Reg(b), None);
    }

    fn mask_operation(&mut self, op: Op, args: [Value; 3], target: u8) {
        let is_byte = self.is_byte();
        match op {
            Op::MaskConstant(value) => {
                let code = if value { isa::MASK_EQUAL } else { isa::MASK_UNEQUAL };
                let opcode = isa::mask(code, is_byte);
                self.e.asm.vex(opcode, Length::Bits256, target, K0, Rm::Reg(K0), None);
            }
            Op::Copy => {
                let from = self.mask(args[0], K0);
                self.mask_copy(target, from);
            }
            Op::Not => {
                let from = self.mask(args[0], K0);
                let opcode = isa::mask(isa::MASK_NOT, is_byte);
                self.e.asm.vex(opcode, Length::Bits128, target, 0, Rm::Reg(from), None);
            }
            Op::Compare(compare) => {
                let dtype = self.dtype(args[0]);
                let (opcode, predicate) = isa::compare(compare, dtype);
                let a = self.vector(args[0], V0);
                let b = self.last(args[1]);
                let length = self.length_of(args[0]);
                self.e.asm.evex(opcode, length, target, a, b, ALL, Some(predicate));
            }
            _ => {
                let (a, b) = (self.mask(args[0], K0), self.mask(args[1], K1));
                self.three_masks(isa::mask_operation(op, is_byte), target, a, b);
            }
        }
    }

    fn vector_operation(&mut self, op: Op, dst: Value, args: [Value; 3], target: u8) {
        let length = self.length_of(dst);
        let is_wide = self.is_wide(dst);
        match op {
            Op::Copy => {
                let from = self.last(args[0]);
                self.load_vector(dst, target, from, ALL);
            }
            Op::Sqrt | Op::Abs => {
                let from = self.last(args[0]);
                let opcode = opcodes::arithmetic(op, self.dtype(dst));
                self.e.asm.evex(opcode, length, target, 0, from, ALL, None);
            }
            Op::Round(mode) => {
                let from = self.last(args[0]);
                self.e.asm.evex(opcodes::round(is_wide), length, target, 0, from, ALL, Some(mode as u8));
            }
            Op::Normalize => self.normalize(self.dtype(dst), args[0], target),
            Op::Convert => self.convert(dst, args[0], target),
            Op::Select => {
                let no = self.vector(args[2], V0);
                let yes = self.last(args[1]);
                let masking = Masking { register: self.mask(args[0], K0), zero: false };
                self.e.asm.evex(isa::blend(is_wide), length, target, no, yes, masking, None);
            }
            Op::MultiplyAdd => {
                let a = self.last(args[0]);
                self.load_vector(dst, V0, a, ALL);
                let b = self.vector(args[1], V1);
                let c = self.last(args[2]);
                self.e.asm.evex(opcodes::multiply_add_213(is_wide), length, V0, b, c, ALL, None);
                self.load_vector(dst, target, Rm::Reg(V0), ALL);
            }
            _ => {
                let [a, b, _] = args;
                let commutes = matches!(op, Op::Add | Op::Mul | Op::And | Op::Or | Op::Xor);
                let (a, b) = if commutes && !self.e.code.is_computed(a) { (b, a) } else { (a, b) };
                let a = self.vector(a, V0);
                let b = self.last(b);
                let opcode = opcodes::arithmetic(op, self.dtype(dst));
                self.e.asm.evex(opcode, length, target, a, b, ALL, None);
            }
        }
    }

    /// Extends the low bits of 32-bit lanes again.
    fn normalize(&mut self, dtype: Dtype, from: Value, target: u8) {
        let unused_bits = Some(32 - 8 * dtype.size() as u8);
        let length = self.length(4);
        let right =
            if dtype.is_signed() { opcodes::SHIFT_ARITHMETIC_FIELD } else { opcodes::SHIFT_LOGICAL_FIELD };
        let from = self.last(from);
        let shift = opcodes::SHIFT_IMMEDIATE;
        self.e.asm.evex(shift, length, opcodes::SHIFT_LEFT_FIELD, target, from, ALL, unused_bits);
        self.e.asm.evex(shift, length, right, target, Rm::Reg(target), ALL, unused_bits);
    }

    fn convert(&mut self, dst: Value, from: Value, target: u8) {
        let (source, result) = (self.dtype(from), self.dtype(dst));
        let length = self.length(lane_bytes(source).max(lane_bytes(result)));
        let is_narrowing = source.size() == 8 && !source.is_float() && lane_bytes(result) == 4;
        match isa::convert(source, result) {
            Some(opcode) if is_narrowing && !result.is_float() => {
                let register = self.vector(from, V0);
                self.e.asm.evex(opcode, length, register, 0, Rm::Reg(target), ALL, None);
            }
            Some(opcode) => {
                let operand = if source.is_float() || result.is_float() {
                    self.last(from)
                } else {
                    // Integers are widened from a whole vector; the instruction repeats no single value.
                    Rm::Reg(self.vector(from, V0))
                };
                self.e.asm.evex(opcode, length, target, 0, operand, ALL, None);
            }
            None => {
                let operand = self.last(from);
                self.load_vector(dst, target, operand, ALL);
            }
        }
    }
}
