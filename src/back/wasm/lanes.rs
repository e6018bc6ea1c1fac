//! How the values of a group of items lie in vectors.

use wasm_encoder::ValType;

use super::Emitter;
use super::body::Register;
use super::code::Instructions;
use crate::dtype::{Dtype, Scalar};
use crate::memory::{OutOfMemory, TryGrow};

const MOST_PARTS: usize = 4;

/// The vectors of one value. Each holds the lanes of a part of the group: 64-bit lanes, or 32-bit
/// lanes for narrower dtypes, integers of 8 and 16 bits extended by their sign. In a wide shape a
/// 32-bit value fills the lower half of each vector. A bool is a mask, all bits of a lane, as wide as
/// the shape's lanes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lanes([Register; MOST_PARTS]);

impl Lanes {
    /// The vector of a part of the group.
    pub fn part(self, part: usize) -> Register {
        self.0[part]
    }
}

/// The size of a group.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    /// Whether lanes have 64 bits; else 32.
    pub is_wide: bool,
    parts: usize,
    /// Lanes of each vector that are in use.
    lanes: u32,
}

impl Shape {
    /// Two vectors a value hide latency and leave room in sixteen machine registers; where groups call
    /// vector kernels, four make the calls fewer.
    pub fn new(is_wide: bool, calls_by_group: bool) -> Shape {
        Shape { is_wide, parts: if calls_by_group { 4 } else { 2 }, lanes: if is_wide { 2 } else { 4 } }
    }

    /// One item, in the first lane of one vector.
    pub fn single(is_wide: bool) -> Shape {
        Shape { is_wide, parts: 1, lanes: 1 }
    }

    /// Lanes of one vector.
    pub fn lanes(self) -> u32 {
        self.lanes
    }

    /// Items of a group.
    pub fn group(self) -> u32 {
        self.lanes() * self.parts as u32
    }

    /// Whether values of a dtype fill the lower half of a vector only.
    pub fn is_half(self, dtype: Dtype) -> bool {
        self.is_wide && Width::of(dtype) == Width::Bits32
    }
}

/// Bits of a lane that are in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Width {
    Bits32,
    Bits64,
    /// As wide as the shape's lanes.
    Mask,
}

impl Width {
    pub fn of(dtype: Dtype) -> Width {
        match dtype {
            Dtype::Bool => Width::Mask,
            Dtype::Int64 | Dtype::UInt64 | Dtype::Float64 => Width::Bits64,
            Dtype::Int8
            | Dtype::Int16
            | Dtype::Int32
            | Dtype::UInt8
            | Dtype::UInt16
            | Dtype::UInt32
            | Dtype::Float32 => Width::Bits32,
            Dtype::Complex64 | Dtype::Complex128 | Dtype::String | Dtype::Bytes => {
                unreachable!("no lane holds it")
            }
        }
    }
}

/// The lower words of 64-bit lanes, side by side.
const LOWER_WORDS: [u8; 16] = [0, 1, 2, 3, 8, 9, 10, 11, 0, 1, 2, 3, 8, 9, 10, 11];

impl Emitter<'_> {
    /// New lanes, each part the value that `put` leaves on the stack.
    pub fn each_part(
        &mut self,
        mut put: impl FnMut(&mut Self, usize) -> Result<(), OutOfMemory>,
    ) -> Result<Lanes, OutOfMemory> {
        let mut lanes = Lanes([0; MOST_PARTS]);
        for part in 0..self.shape.parts {
            put(self, part)?;
            lanes.0[part] = self.body.keep(ValType::V128)?;
        }
        Ok(lanes)
    }

    /// Calls `put` for the number of each part.
    pub fn for_each_part(
        &mut self,
        put: impl FnMut(&mut Self, usize) -> Result<(), OutOfMemory>,
    ) -> Result<(), OutOfMemory> {
        let mut put = put;
        (0..self.shape.parts).try_for_each(|part| put(self, part))
    }

    /// The result of instructions on each part of `operands`, pushed in order. A copy for every operation would
    /// be faster by nothing that counts.
    #[inline(never)]
    pub fn apply(&mut self, operands: &[Lanes], instructions: Instructions) -> Result<Lanes, OutOfMemory> {
        self.each_part(|emitter, part| {
            let mut code = emitter.body.code()?;
            for operand in operands {
                code.local_get(operand.part(part));
            }
            instructions(&mut code);
            Ok(())
        })
    }

    /// A copy in registers of its own.
    pub fn copy(&mut self, lanes: Lanes) -> Result<Lanes, OutOfMemory> {
        self.apply(&[lanes], |code| code)
    }

    /// Sets lanes to others.
    pub fn move_to(&mut self, target: Lanes, from: Lanes) -> Result<(), OutOfMemory> {
        self.for_each_part(|emitter, part| {
            emitter.body.code()?.local_get(from.part(part)).local_set(target.part(part));
            Ok(())
        })
    }

    /// `yes` where a mask of the width of the values holds, else `no`.
    pub fn select(&mut self, mask: Lanes, yes: Lanes, no: Lanes) -> Result<Lanes, OutOfMemory> {
        self.apply(&[yes, no, mask], |code| code.v128_bitselect())
    }

    /// Sets lanes of a dtype, where the mask holds.
    pub fn assign(
        &mut self,
        target: Lanes,
        value: Lanes,
        dtype: Dtype,
        mask: Option<Lanes>,
    ) -> Result<(), OutOfMemory> {
        let merged = match mask {
            None => value,
            Some(mask) => {
                let mask = self.mask_for(mask, dtype)?;
                self.select(mask, value, target)?
            }
        };
        self.move_to(target, merged)
    }

    /// A mask as wide as the lanes of a dtype.
    pub fn mask_for(&mut self, mask: Lanes, dtype: Dtype) -> Result<Lanes, OutOfMemory> {
        if self.shape.is_half(dtype) { self.lower_words(mask) } else { Ok(mask) }
    }

    /// A mask that a comparison of lanes of a dtype gave, as wide as the shape's lanes.
    pub fn mask_from(&mut self, mask: Lanes, dtype: Dtype) -> Result<Lanes, OutOfMemory> {
        if self.shape.is_half(dtype) {
            self.apply(&[mask], |code| code.i64x2_extend_low_i32x4_s())
        } else {
            Ok(mask)
        }
    }

    /// The lower words of 64-bit lanes as 32-bit lanes.
    pub fn lower_words(&mut self, lanes: Lanes) -> Result<Lanes, OutOfMemory> {
        self.apply(&[lanes, lanes], |code| code.i8x16_shuffle(LOWER_WORDS))
    }

    /// Leaves on the stack whether a mask holds for any lane.
    pub fn put_any(&mut self, mask: Lanes) -> Result<(), OutOfMemory> {
        self.body.code()?.local_get(mask.part(0));
        for part in 1..self.shape.parts {
            self.body.code()?.local_get(mask.part(part)).v128_or();
        }
        self.body.code()?.v128_any_true();
        Ok(())
    }

    /// A vector that does not change.
    fn constant_vector(&mut self, bits: u128) -> Result<Lanes, OutOfMemory> {
        let known = self.constants.iter().find(|(known, _)| *known == bits);
        let register = match known {
            Some((_, register)) => *register,
            None => {
                let register = self.body.new_register(ValType::V128)?;
                self.body.once()?.v128_const(bits as i128).local_set(register);
                self.constants.try_push((bits, register))?;
                register
            }
        };
        Ok(Lanes([register; MOST_PARTS]))
    }

    /// A value in all lanes.
    pub fn constant(&mut self, value: Scalar, dtype: Dtype) -> Result<Lanes, OutOfMemory> {
        let bits = match (Width::of(dtype), value.cast(dtype)) {
            (Width::Mask, value) => match value.is_true() {
                true => u128::MAX,
                false => 0,
            },
            (Width::Bits64, value) => repeated(&value.to_bytes(dtype)[..8]),
            // Extended to 32 bits by the sign that the value has.
            (_, Scalar::Int(value)) => repeated(&(value as u32).to_le_bytes()),
            (_, value) => repeated(&value.to_bytes(dtype)[..4]),
        };
        self.constant_vector(bits)
    }

    /// An integer in all lanes of an integer dtype.
    pub fn integer(&mut self, value: i64, dtype: Dtype) -> Result<Lanes, OutOfMemory> {
        self.constant(Scalar::Int(i128::from(value)), dtype)
    }
}

/// The vector that repeats some bytes.
fn repeated(bytes: &[u8]) -> u128 {
    let mut vector = [0; 16];
    for (index, byte) in vector.iter_mut().enumerate() {
        *byte = bytes[index % bytes.len()];
    }
    u128::from_le_bytes(vector)
}
