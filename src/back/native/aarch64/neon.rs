//! Lane operations by Advanced SIMD: vectors of 128 bits; a mask is a vector too, whose lanes have all
//! bits or none.
//!
//! The lanes of a mask are as wide as a group's widest: a part of two lanes has masks of 64-bit lanes,
//! also for values of 32 bits, which then take the lower half of a register. Vector registers 28 to 31
//! hold operands and intermediate results of one operation.

use super::encoder::Encoder;
use super::instructions::{self as isa, Lanes, three, two};
use crate::back::native::allocate::{Allocation, Home, Registers};
use crate::back::native::emit::{Assembler, Emitter, Hold, Mem, Number, Place, Shape, Vectors};
use crate::back::native::lane::{Op, Slot, Source, Value};
use crate::dtype::Dtype;
use crate::ir::CompareOp;

/// Scratch registers; a result that lives in memory is put together in the last.
pub const V0: u8 = 28;
pub const V1: u8 = 29;
pub const V2: u8 = 30;
pub const VD: u8 = 31;

/// A whole register in memory, by the power of two of its bytes.
const WHOLE: u32 = 4;

/// The instruction set.
pub struct Neon;

impl Vectors for Neon {
    type Assembler = Encoder;

    const BYTES: usize = 16;
    const REGISTERS: Registers = Registers { vectors: 0..V0, masks: None, take_shared: true };

    /// The chains of several parts hide each other's latency; straight code has less of a loop round it.
    /// Calls in a loop are on 32 items where possible, the vector kernels' block.
    fn parts(shape: Shape, lanes: usize) -> (usize, &'static [usize]) {
        match (shape, lanes) {
            (Shape::Straight, _) => (1, &[4, 2]),
            (Shape::Loop, _) => (2, &[4]),
            (Shape::LoopWithCalls, 2) => (1, &[16, 4]),
            (Shape::LoopWithCalls, _) => (1, &[8, 4]),
        }
    }

    fn repeat(e: &mut Emitter<'_, Self>, number: Number, register: u8) {
        match number {
            Number::Constant(bits, dtype) => e.constant(bits, dtype, register),
            Number::General(general, dtype) => e.repeat_general(general, dtype, register),
        }
    }

    /// The sum of two 64-bit lanes, whose 32-bit lanes have all bits or none, is zero only if both are.
    fn jump_if_lanes(e: &mut Emitter<'_, Self>, hold: Hold, mask: Value, homes: &Allocation, label: usize) {
        let mut all = Place { e, homes, part: 0 }.vector(mask, V0);
        for part in 1..e.parts {
            let other = Place { e, homes, part }.vector(mask, V1);
            e.asm.word(three(isa::OR, V0, all, other));
            all = V0;
        }
        let scratch = Encoder::ROLES.scratch;
        e.asm.word(two(isa::SUM_OF_LANES, V0, all));
        e.asm.word(two(isa::LOW_TO_GENERAL, scratch, V0));
        e.asm.jump_if_zero(scratch, hold == Hold::None, label);
    }

    fn save(e: &mut Emitter<'_, Self>, _: Value, register: u8) {
        let at = Mem::Base(Encoder::ROLES.frame, e.frame.saved(register));
        e.asm.access(isa::store(WHOLE), WHOLE, register, at);
    }

    fn restore(e: &mut Emitter<'_, Self>, _: Value, register: u8) {
        let at = Mem::Base(Encoder::ROLES.frame, e.frame.saved(register));
        e.asm.access(isa::load(WHOLE), WHOLE, register, at);
    }

    fn float_to_uniform(e: &mut Emitter<'_, Self>, slot: Slot, general: u8, is_double: bool) {
        let scale = if is_double { 3 } else { 2 };
        let at = e.uniform(slot);
        e.asm.word(two(isa::scalar_from_integer(is_double, true), V0, general));
        e.asm.access(isa::store(scale), scale, V0, at);
    }

    fn load_items(place: &mut Place<'_, '_, Self>, dst: Value, at: Mem) {
        let dtype = place.dtype(dst);
        let target = place.target(dst);
        let size = dtype.size();
        let scale = place.part_scale(size);
        place.e.asm.access(isa::load(scale), scale, target, at);
        let lane = if dtype == Dtype::Bool { place.mask_bytes() } else { size.max(4) };
        for bytes in [1, 2, 4].into_iter().filter(|bytes| (size..lane).contains(bytes)) {
            place.word(two(isa::extend(bytes, dtype.is_signed()), target, target));
        }
        if dtype == Dtype::Bool {
            let test = place.mask_lanes().integer(isa::TEST);
            place.word(three(test, target, target, target));
        }
        place.finish(dst, target);
    }

    fn store_items(place: &mut Place<'_, '_, Self>, value: Value, at: Mem) {
        let dtype = place.dtype(value);
        let size = dtype.size();
        let mut register = place.vector(value, V0);
        let lane = if dtype == Dtype::Bool { place.mask_bytes() } else { size.max(4) };
        for bytes in [4, 2, 1].into_iter().filter(|bytes| (size..lane).contains(bytes)) {
            place.word(two(isa::narrow(bytes), V0, register));
            register = V0;
        }
        if dtype == Dtype::Bool {
            place.word(two(isa::HIGH_BITS_OF_BYTES, V0, register));
        }
        let scale = place.part_scale(size);
        place.e.asm.access(isa::store(scale), scale, register, at);
    }

    fn conditional_move(place: &mut Place<'_, '_, Self>, dst: Value, from: Value, mask: Option<Value>) {
        let target = place.target(dst);
        match mask {
            Some(mask) => place.blend(dst, mask, from, dst, target),
            None => place.vector_to(from, target),
        }
        place.finish(dst, target);
    }

    fn mask_result(place: &mut Place<'_, '_, Self>, op: Op, dst: Value, args: [Value; 3]) {
        let target = place.target(dst);
        match op {
            Op::MaskConstant(true) => place.word(isa::ONES | u32::from(target)),
            Op::MaskConstant(false) => place.word(isa::ZERO | u32::from(target)),
            Op::Compare(compare) => place.compare(compare, args, target),
            Op::Copy => place.vector_to(args[0], target),
            Op::Not => {
                let from = place.vector(args[0], V0);
                place.word(two(isa::NOT, target, from));
            }
            _ => place.two_operands(op, dst, args, target),
        }
        place.finish(dst, target);
    }

    fn vector_result(place: &mut Place<'_, '_, Self>, op: Op, dst: Value, args: [Value; 3]) {
        let target = place.target(dst);
        let lanes = place.lanes_of(dst);
        let dtype = place.dtype(dst);
        match op {
            Op::Copy => place.vector_to(args[0], target),
            Op::Sqrt | Op::Abs | Op::Round(_) => {
                let from = place.vector(args[0], V0);
                place.word(two(isa::unary(op, lanes), target, from));
            }
            Op::Normalize => place.normalize(dtype, args[0], target),
            Op::Convert => place.convert(dst, args[0], target),
            Op::Select => place.blend(dst, args[0], args[1], args[2], target),
            Op::MultiplyAdd => place.multiply_add(lanes, args, target),
            Op::Mul if lanes.is_wide && dtype.is_integer() => place.wide_product(args, target),
            Op::ShiftLeft | Op::ShiftRight => place.shift(op, dst, args, target),
            _ => place.two_operands(op, dst, args, target),
        }
        place.finish(dst, target);
    }
}

impl Emitter<'_, Neon> {
    /// `to` = the bits of an element in all lanes.
    fn constant(&mut self, bits: u64, dtype: Dtype, to: u8) {
        let word = if dtype.size() == 8 { bits } else { bits & 0xffff_ffff | bits << 32 };
        match word {
            0 => self.asm.word(isa::ZERO | u32::from(to)),
            u64::MAX => self.asm.word(isa::ONES | u32::from(to)),
            _ => self.asm.word_to_constant(isa::LOAD_CONSTANT | u32::from(to), [word; 2]),
        }
    }

    /// `to` = the int64 of a general register, converted, in all lanes.
    fn repeat_general(&mut self, general: u8, dtype: Dtype, to: u8) {
        let is_wide = dtype.size() == 8;
        let lanes = Lanes { is_wide, is_whole: true };
        if dtype.is_float() {
            self.asm.word(two(isa::scalar_from_integer(is_wide, true), V0, general));
            self.asm.word(two(isa::repeat_lane(lanes), to, V0));
        } else {
            self.asm.word(two(isa::repeat_general(lanes), to, general));
        }
    }
}

impl Place<'_, '_, Neon> {
    pub fn word(&mut self, word: u32) {
        self.e.asm.word(word);
    }

    /// What an instruction on 32- or 64-bit lanes of this part works on.
    pub fn lanes(&self, is_wide: bool) -> Lanes {
        Lanes { is_wide, is_whole: is_wide || self.e.lanes == 4 }
    }

    pub fn lanes_of(&self, value: Value) -> Lanes {
        self.lanes(self.is_wide(value))
    }

    fn has_wide_masks(&self) -> bool {
        self.e.lanes == 2
    }

    fn mask_lanes(&self) -> Lanes {
        self.lanes(self.has_wide_masks())
    }

    fn mask_bytes(&self) -> usize {
        if self.has_wide_masks() { 8 } else { 4 }
    }

    /// Bytes of a part of items of `size` bytes, as a power of two.
    fn part_scale(&self, size: usize) -> u32 {
        (self.e.lanes * size).trailing_zeros()
    }

    /// A value in a register, `scratch` if it has none.
    pub fn vector(&mut self, value: Value, scratch: u8) -> u8 {
        if let Some((_, register)) = self.homes.shared().iter().find(|(shared, _)| *shared == value) {
            return *register;
        }
        match self.e.code.values[value as usize].source {
            Source::Constant(bits) => self.e.constant(bits, self.dtype(value), scratch),
            Source::Uniform(slot) => self.uniform(slot, value, scratch),
            Source::Computed => match self.home(value) {
                Home::Register(register) => return register,
                Home::Spill(index) => {
                    let at = self.spill(index);
                    self.e.asm.access(isa::load(WHOLE), WHOLE, scratch, at);
                }
                Home::Nowhere => {}
            },
        }
        scratch
    }

    /// `to` = a uniform slot in all lanes.
    fn uniform(&mut self, slot: Slot, value: Value, to: u8) {
        let lanes = self.lanes_of(value);
        if let Some(general) = self.e.counter(slot) {
            return self.word(two(isa::repeat_general(lanes), to, general));
        }
        let at = self.e.uniform(slot);
        let base = self.e.asm.plain_address(at);
        self.word(two(isa::repeat(lanes), to, base));
    }

    /// A value in the register `to`.
    pub fn vector_to(&mut self, value: Value, to: u8) {
        let from = self.vector(value, to);
        self.copy(from, to);
    }

    fn copy(&mut self, from: u8, to: u8) {
        if from != to {
            self.word(three(isa::OR, to, from, from));
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
        let at = self.spill(index);
        self.e.asm.access(isa::store(WHOLE), WHOLE, register, at);
    }

    /// `target` = `yes` where the mask holds, else `no`; both are as `dst`.
    fn blend(&mut self, dst: Value, mask: Value, yes: Value, no: Value, target: u8) {
        let is_narrow = self.has_wide_masks() && self.dtype(dst) != Dtype::Bool && !self.is_wide(dst);
        let mut mask = self.vector(mask, V0);
        if is_narrow {
            self.word(two(isa::narrow(4), V0, mask));
            mask = V0;
        }
        let yes = self.vector(yes, V1);
        let no = self.vector(no, V2);
        if target == yes {
            self.word(three(isa::INSERT_UNLESS, target, no, mask));
        } else if target == no {
            self.word(three(isa::INSERT_IF, target, yes, mask));
        } else {
            self.copy(mask, target);
            self.word(three(isa::CHOOSE, target, yes, no));
        }
    }

    fn two_operands(&mut self, op: Op, dst: Value, [a, b, _]: [Value; 3], target: u8) {
        let a = self.vector(a, V0);
        let b = self.vector(b, V1);
        if op == Op::AndNot {
            return self.word(three(isa::WITHOUT, target, b, a));
        }
        let word = isa::binary(op, self.dtype(dst), self.lanes_of(dst));
        self.word(three(word, target, a, b));
    }

    fn compare(&mut self, op: CompareOp, args: [Value; 3], target: u8) {
        let is_widened = self.has_wide_masks() && !self.is_wide(args[0]);
        let to = if is_widened { V0 } else { target };
        let is_swapped = matches!(op, CompareOp::Lt | CompareOp::Le);
        let (first, last) = if is_swapped { (args[1], args[0]) } else { (args[0], args[1]) };
        let word = self.comparison(op, args[0]);
        let a = self.vector(first, V0);
        let b = self.vector(last, V1);
        self.word(three(word, to, a, b));
        if op == CompareOp::Ne {
            self.word(two(isa::NOT, to, to));
        }
        if is_widened {
            self.word(two(isa::extend(4, true), target, V0));
        }
    }

    /// The processor has `==`, `>` and `>=`; the others come from swapped operands and inversion.
    fn comparison(&self, op: CompareOp, value: Value) -> u32 {
        use CompareOp::{Eq, Ge, Gt, Le, Lt, Ne};
        let (dtype, lanes) = (self.dtype(value), self.lanes_of(value));
        if dtype.is_float() {
            return lanes.float(match op {
                Eq | Ne => isa::FLOAT_EQUAL,
                Gt | Lt => isa::FLOAT_GREATER,
                Ge | Le => isa::FLOAT_GREATER_OR_EQUAL,
            });
        }
        let is_unsigned = matches!(dtype, Dtype::UInt32 | Dtype::UInt64);
        lanes.integer(match op {
            Eq | Ne => isa::EQUAL,
            Gt | Lt if is_unsigned => isa::ABOVE,
            Ge | Le if is_unsigned => isa::ABOVE_OR_EQUAL,
            Gt | Lt => isa::GREATER,
            Ge | Le => isa::GREATER_OR_EQUAL,
        })
    }

    /// Extends the low bits of 32-bit lanes again.
    fn normalize(&mut self, dtype: Dtype, from: Value, target: u8) {
        let unused_bits = 32 - 8 * dtype.size() as u32;
        let lanes = self.lanes(false);
        let from = self.vector(from, V0);
        let right = match dtype.is_signed() {
            true => isa::SHIFT_RIGHT_SIGNED_BY,
            false => isa::SHIFT_RIGHT_UNSIGNED_BY,
        };
        self.word(two(lanes.shift_left(isa::SHIFT_LEFT_BY, unused_bits), target, from));
        self.word(two(lanes.shift_right(right, unused_bits), target, target));
    }

    /// The product is added to the last operand, where that may be overwritten.
    fn multiply_add(&mut self, lanes: Lanes, args: [Value; 3], target: u8) {
        let a = self.vector(args[0], V0);
        let b = self.vector(args[1], V1);
        let sum = if target == a || target == b { V2 } else { target };
        self.vector_to(args[2], sum);
        self.word(three(lanes.float(isa::FLOAT_MULTIPLY_ADD), sum, a, b));
        self.copy(sum, target);
    }

    /// Shifts by more than a lane has bits, read as an unsigned number, leave nothing but signs.
    fn shift(&mut self, op: Op, dst: Value, args: [Value; 3], target: u8) {
        let lanes = self.lanes_of(dst);
        let is_signed = self.dtype(dst).is_signed();
        self.shift_counts(lanes, args[1]);
        if op == Op::ShiftRight {
            self.word(two(lanes.integer(isa::NEGATE), V1, V1));
        }
        let word = if op == Op::ShiftRight && is_signed { isa::SHIFT_SIGNED } else { isa::SHIFT_UNSIGNED };
        let from = self.vector(args[0], V0);
        self.word(three(lanes.integer(word), target, from, V1));
    }

    /// V1 = shift counts, at most the bits of a lane. Changes V2.
    fn shift_counts(&mut self, lanes: Lanes, count: Value) {
        let mut count = self.vector(count, V1);
        if lanes.is_wide {
            self.word(two(isa::NARROW_SATURATING, V1, count));
            count = V1;
        }
        self.word(isa::small(if lanes.is_wide { 64 } else { 32 }) | u32::from(V2));
        let narrow = Lanes { is_wide: false, is_whole: lanes.is_whole && !lanes.is_wide };
        self.word(three(narrow.integer(isa::MINIMUM_UNSIGNED), V1, count, V2));
        if lanes.is_wide {
            self.word(two(isa::extend(4, false), V1, V1));
        }
    }

    /// Products of 64-bit lanes from those of their halves: `low·low + (low·high + high·low)·2^32`.
    fn wide_product(&mut self, args: [Value; 3], target: u8) {
        let a = self.vector(args[0], V0);
        let b = self.vector(args[1], V1);
        let halves = Lanes { is_wide: false, is_whole: true };
        self.word(two(isa::SWAP, V2, b));
        self.word(three(halves.integer(isa::MULTIPLY), V2, V2, a));
        self.word(two(isa::SUM_PAIRS, V2, V2));
        self.word(two(Lanes::WIDE.shift_left(isa::SHIFT_LEFT_BY, 32), V2, V2));
        self.word(two(isa::narrow(4), V0, a));
        self.word(two(isa::narrow(4), V1, b));
        self.word(three(isa::MULTIPLY_ADD_WIDE, V2, V0, V1));
        self.copy(V2, target);
    }
}
