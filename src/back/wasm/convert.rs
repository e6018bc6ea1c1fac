//! Conversions between dtypes, by the rules of [`crate::dtype::float_to_int`].

use wasm_encoder::ValType;

use super::Emitter;
use super::body::Register;
use super::code::Instructions;
use super::lanes::{Lanes, Width};
use crate::dtype::{Dtype, Scalar};
use crate::ir::CompareOp;
use crate::memory::OutOfMemory;

/// Whether [`Emitter::convert`] has a conversion.
pub fn has_conversion(from: Dtype, to: Dtype) -> bool {
    !(from.is_float() && matches!(to, Dtype::UInt32 | Dtype::UInt64))
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
                self.apply(&[mask, one], |code| code.v128_and())
            }
            (Dtype::Float32, Dtype::Float64) => self.apply(&[value], |code| code.f64x2_promote_low_f32x4()),
            (Dtype::Float64, Dtype::Float32) => self.apply(&[value], |code| code.f32x4_demote_f64x2_zero()),
            (_, Dtype::Int64) if from.is_float() => self.truncate_each(value, from),
            _ if from.is_float() => {
                let whole = self.truncate(value, from)?;
                self.normalized(to, whole)
            }
            _ if to.is_float() && Width::of(from) == Width::Bits64 => {
                self.convert_each(value, from.is_unsigned(), to)
            }
            _ if to.is_float() => {
                let instruction: Instructions = match (to, from == Dtype::UInt32) {
                    (Dtype::Float32, false) => |code| code.f32x4_convert_i32x4_s(),
                    (Dtype::Float32, true) => |code| code.f32x4_convert_i32x4_u(),
                    (_, false) => |code| code.f64x2_convert_low_i32x4_s(),
                    (_, true) => |code| code.f64x2_convert_low_i32x4_u(),
                };
                self.apply(&[value], instruction)
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
            (_, Width::Bits64) if from.is_unsigned() => {
                self.apply(&[value], |code| code.i64x2_extend_low_i32x4_u())
            }
            (_, Width::Bits64) => self.apply(&[value], |code| code.i64x2_extend_low_i32x4_s()),
            _ => self.normalized(to, value),
        }
    }

    /// A float truncated to int32; the minimum where it is out of range.
    fn truncate(&mut self, value: Lanes, from: Dtype) -> Result<Lanes, OutOfMemory> {
        let [truncate, abs]: [Instructions; 2] = match from {
            Dtype::Float32 => [|code| code.i32x4_trunc_sat_f32x4_s(), |code| code.f32x4_abs()],
            _ => [|code| code.i32x4_trunc_sat_f64x2_s_zero(), |code| code.f64x2_abs()],
        };
        let whole = self.apply(&[value], truncate)?;
        let magnitude = self.apply(&[value], abs)?;
        let bound = self.constant(Scalar::Float(2147483648.0), from)?;
        let is_inside = self.compare(CompareOp::Lt, from, magnitude, bound)?;
        let is_inside = self.mask_for(is_inside, Dtype::Int32)?;
        let minimum = self.integer(i64::from(i32::MIN), Dtype::Int32)?;
        self.select(is_inside, whole, minimum)
    }

    /// A float truncated to int64, lane by lane, since there is no vector instruction; the minimum where it is out of
    /// range.
    fn truncate_each(&mut self, value: Lanes, from: Dtype) -> Result<Lanes, OutOfMemory> {
        let [first, second, abs]: [Instructions; 3] = match from {
            Dtype::Float32 => [
                |code| code.f32x4_extract_lane(0).i64_trunc_sat_f32_s(),
                |code| code.f32x4_extract_lane(1).i64_trunc_sat_f32_s(),
                |code| code.f32x4_abs(),
            ],
            _ => [
                |code| code.f64x2_extract_lane(0).i64_trunc_sat_f64_s(),
                |code| code.f64x2_extract_lane(1).i64_trunc_sat_f64_s(),
                |code| code.f64x2_abs(),
            ],
        };
        let has_second = self.shape.lanes() > 1;
        let whole = self.each_part(|emitter, part| {
            let mut code = emitter.body.code()?;
            first(code.local_get(value.part(part))).i64x2_splat();
            if has_second {
                second(code.local_get(value.part(part))).i64x2_replace_lane(1);
            }
            Ok(())
        })?;
        let magnitude = self.apply(&[value], abs)?;
        let bound = self.constant(Scalar::Float(9223372036854775808.0), from)?;
        let is_inside = self.compare(CompareOp::Lt, from, magnitude, bound)?;
        let minimum = self.integer(i64::MIN, Dtype::Int64)?;
        self.select(is_inside, whole, minimum)
    }

    /// 64-bit integers to a float dtype, lane by lane: there is no vector instruction.
    fn convert_each(&mut self, value: Lanes, is_unsigned: bool, to: Dtype) -> Result<Lanes, OutOfMemory> {
        let convert: Instructions = match (to, is_unsigned) {
            (Dtype::Float32, false) => |code| code.f32_convert_i64_s(),
            (Dtype::Float32, true) => |code| code.f32_convert_i64_u(),
            (_, false) => |code| code.f64_convert_i64_s(),
            (_, true) => |code| code.f64_convert_i64_u(),
        };
        let [splat, replace]: [Instructions; 2] = match to {
            Dtype::Float32 => [|code| code.f32x4_splat(), |code| code.f32x4_replace_lane(1)],
            _ => [|code| code.f64x2_splat(), |code| code.f64x2_replace_lane(1)],
        };
        let lanes = self.shape.lanes() as usize;
        self.each_part(|emitter, part| {
            for (lane, join) in [(0, splat), (1, replace)].into_iter().take(lanes) {
                let mut code = emitter.body.code()?;
                code.local_get(value.part(part)).i64x2_extract_lane(lane);
                join(convert(&mut code));
            }
            Ok(())
        })
    }

    /// A scalar int64 in all lanes of a dtype, converted.
    pub fn spread(&mut self, counter: Register, to: Dtype) -> Result<Lanes, OutOfMemory> {
        let is_wide = self.shape.is_wide;
        let mut code = self.body.code()?;
        code.local_get(counter);
        match to {
            Dtype::Float32 => code.f32_convert_i64_s().f32x4_splat(),
            Dtype::Float64 => code.f64_convert_i64_s().f64x2_splat(),
            _ if Width::of(to) == Width::Bits64 => code.i64x2_splat(),
            Dtype::Bool if is_wide => code.i64_eqz().i32_const(1).i32_sub().i64_extend_i32_s().i64x2_splat(),
            Dtype::Bool => code.i64_eqz().i32_const(1).i32_sub().i32x4_splat(),
            _ => code.i32_wrap_i64().i32x4_splat(),
        };
        let single = self.body.keep(ValType::V128)?;
        let lanes = self.each_part(|emitter, _| {
            emitter.body.code()?.local_get(single);
            Ok(())
        })?;
        self.normalized(to, lanes)
    }
}
