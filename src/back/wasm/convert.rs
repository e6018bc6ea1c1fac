//! Conversions between dtypes, by the rules of [`crate::dtype::float_to_int`].

use super::instruction::Instruction::*;
use super::instruction::{Instruction, ValType};

use super::Emitter;
use super::body::Register;
use super::lanes::{Lanes, Width};
use crate::dtype::{Dtype, Scalar};
use crate::ir::CompareOp;
use crate::memory::OutOfMemory;

/// Whether [`Emitter::convert`] has a conversion.
pub fn has_conversion(from: Dtype, to: Dtype) -> bool {
    !(from.is_float() && matches!(to, Dtype::UInt32 | Dtype::Int64 | Dtype::UInt64))
}

impl Emitter<'_> {
    /// A conversion of [`has_conversion`].
    pub fn convert(&mut self, value: Lanes, from: Dtype, to: Dtype) -> Result<Lanes, OutOfMemory> {
        match (from, to) {
            (_, Dtype::Bool) => {
                let zero = self.constant(Scalar::Int(0), from)?;
                self.compare(CompareOp::Ne, from, value, zero)
            }
            (Dtype::Bool, _) => {
                let mask = self.mask_for(value, to)?;
                let one = self.constant(Scalar::Int(1), to)?;
                self.apply(&[mask, one], &[V128And])
            }
            (Dtype::Float32, Dtype::Float64) => self.apply(&[value], &[F64x2PromoteLowF32x4]),
            (Dtype::Float64, Dtype::Float32) => self.apply(&[value], &[F32x4DemoteF64x2Zero]),
            _ if from.is_float() => {
                let whole = self.truncate(value, from)?;
                self.normalized(to, whole)
            }
            _ if to.is_float() && Width::of(from) == Width::Bits64 => {
                self.convert_each(value, from.is_unsigned(), to)
            }
            _ if to.is_float() => {
                let instruction = match (to, from == Dtype::UInt32) {
                    (Dtype::Float32, false) => F32x4ConvertI32x4S,
                    (Dtype::Float32, true) => F32x4ConvertI32x4U,
                    (_, false) => F64x2ConvertLowI32x4S,
                    (_, true) => F64x2ConvertLowI32x4U,
                };
                self.apply(&[value], &[instruction])
            }
            _ => self.resize(value, from, to),
        }
    }

    /// Between integer dtypes.
    fn resize(&mut self, value: Lanes, from: Dtype, to: Dtype) -> Result<Lanes, OutOfMemory> {
        match (Width::of(from), Width::of(to)) {
            (Width::Bits64, Width::Bits64) => Ok(value),
            (Width::Bits64, _) => {
                let words = self.lower_words(value)?;
                self.normalized(to, words)
            }
            (_, Width::Bits64) if from.is_unsigned() => self.apply(&[value], &[I64x2ExtendLowI32x4U]),
            (_, Width::Bits64) => self.apply(&[value], &[I64x2ExtendLowI32x4S]),
            _ => self.normalized(to, value),
        }
    }

    /// A float truncated to int32; the minimum where it is out of range.
    fn truncate(&mut self, value: Lanes, from: Dtype) -> Result<Lanes, OutOfMemory> {
        let (truncate, abs) = match from {
            Dtype::Float32 => (I32x4TruncSatF32x4S, F32x4Abs),
            _ => (I32x4TruncSatF64x2SZero, F64x2Abs),
        };
        let whole = self.apply(&[value], &[truncate])?;
        let magnitude = self.apply(&[value], &[abs])?;
        let bound = self.constant(Scalar::Float(2147483648.0), from)?;
        let is_inside = self.compare(CompareOp::Lt, from, magnitude, bound)?;
        let is_inside = self.mask_for(is_inside, Dtype::Int32)?;
        let minimum = self.integer(i64::from(i32::MIN), Dtype::Int32)?;
        self.select(is_inside, whole, minimum)
    }

    /// 64-bit integers to a float dtype, lane by lane: there is no vector instruction.
    fn convert_each(&mut self, value: Lanes, is_unsigned: bool, to: Dtype) -> Result<Lanes, OutOfMemory> {
        let [splat, replace] = match to {
            Dtype::Float32 => [F32x4Splat, F32x4ReplaceLane(1)],
            _ => [F64x2Splat, F64x2ReplaceLane(1)],
        };
        self.each_part(|emitter, part| {
            for (lane, join) in [(0, splat), (1, replace)] {
                emitter.get_part(value, part)?;
                emitter.body.put_all(&[I64x2ExtractLane(lane), scalar_conversion(is_unsigned, to), join])?;
            }
            Ok(())
        })
    }

    /// A scalar int64 in all lanes of a dtype, converted.
    pub fn spread(&mut self, counter: Register, to: Dtype) -> Result<Lanes, OutOfMemory> {
        let instructions: &[Instruction] = match to {
            Dtype::Float32 => &[F32ConvertI64S, F32x4Splat],
            Dtype::Float64 => &[F64ConvertI64S, F64x2Splat],
            _ if Width::of(to) == Width::Bits64 => &[I64x2Splat],
            Dtype::Bool if self.shape.is_wide => &[I64Eqz, I32Const(1), I32Sub, I64ExtendI32S, I64x2Splat],
            Dtype::Bool => &[I64Eqz, I32Const(1), I32Sub, I32x4Splat],
            _ => &[I32WrapI64, I32x4Splat],
        };
        let single = {
            self.body.get(counter)?;
            self.body.put_all(instructions)?;
            self.body.keep(ValType::V128)?
        };
        let lanes = self.each_part(|emitter, _| emitter.body.get(single))?;
        self.normalized(to, lanes)
    }
}

fn scalar_conversion(is_unsigned: bool, to: Dtype) -> Instruction {
    match (to, is_unsigned) {
        (Dtype::Float32, false) => F32ConvertI64S,
        (Dtype::Float32, true) => F32ConvertI64U,
        (_, false) => F64ConvertI64S,
        (_, true) => F64ConvertI64U,
    }
}
