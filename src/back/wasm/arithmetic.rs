//! Operations that are vector instructions, or a few of them.

use super::Emitter;
use super::code::Instructions;
use super::lanes::Lanes;
use crate::dtype::{Dtype, Scalar};
use crate::ir::{BinaryOp, CompareOp, MathFn, UnaryOp};
use crate::memory::OutOfMemory;

/// How a vector instruction sees its lanes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    F64,
    F32,
    I64,
    I32,
    Mask,
}

impl Kind {
    fn of(dtype: Dtype) -> Kind {
        match dtype {
            Dtype::Bool => Kind::Mask,
            Dtype::Float64 => Kind::F64,
            Dtype::Float32 => Kind::F32,
            Dtype::Int64 | Dtype::UInt64 => Kind::I64,
            Dtype::Int8 | Dtype::Int16 | Dtype::Int32 | Dtype::UInt8 | Dtype::UInt16 | Dtype::UInt32 => {
                Kind::I32
            }
            Dtype::Complex64 | Dtype::Complex128 | Dtype::String | Dtype::Bytes => {
                unreachable!("no lane holds it")
            }
        }
    }
}

/// The instruction of an operation on two operands, if there is one.
fn binary_instruction(op: BinaryOp, dtype: Dtype) -> Option<Instructions> {
    Some(match (op, Kind::of(dtype)) {
        (BinaryOp::Add, Kind::F64) => |code| code.f64x2_add(),
        (BinaryOp::Add, Kind::F32) => |code| code.f32x4_add(),
        (BinaryOp::Add, Kind::I64) => |code| code.i64x2_add(),
        (BinaryOp::Add, Kind::I32) => |code| code.i32x4_add(),
        (BinaryOp::Sub, Kind::F64) => |code| code.f64x2_sub(),
        (BinaryOp::Sub, Kind::F32) => |code| code.f32x4_sub(),
        (BinaryOp::Sub, Kind::I64) => |code| code.i64x2_sub(),
        (BinaryOp::Sub, Kind::I32) => |code| code.i32x4_sub(),
        (BinaryOp::Mul, Kind::F64) => |code| code.f64x2_mul(),
        (BinaryOp::Mul, Kind::F32) => |code| code.f32x4_mul(),
        (BinaryOp::Mul, Kind::I64) => |code| code.i64x2_mul(),
        (BinaryOp::Mul, Kind::I32) => |code| code.i32x4_mul(),
        (BinaryOp::Div, Kind::F64) => |code| code.f64x2_div(),
        (BinaryOp::Div, Kind::F32) => |code| code.f32x4_div(),
        (BinaryOp::Add, Kind::Mask) => |code| code.v128_or(),
        (BinaryOp::Sub, Kind::Mask) => |code| code.v128_xor(),
        (BinaryOp::Mul | BinaryOp::Div, Kind::Mask) => |code| code.v128_and(),
        (BinaryOp::BitAnd, Kind::I64 | Kind::I32 | Kind::Mask) => |code| code.v128_and(),
        (BinaryOp::BitOr, Kind::I64 | Kind::I32 | Kind::Mask) => |code| code.v128_or(),
        (BinaryOp::BitXor, Kind::I64 | Kind::I32 | Kind::Mask) => |code| code.v128_xor(),
        _ => return None,
    })
}

/// The instruction of an operation on one operand, if there is one.
fn unary_instruction(op: UnaryOp, dtype: Dtype) -> Option<Instructions> {
    Some(match (op, Kind::of(dtype)) {
        (UnaryOp::Neg, Kind::F64) => |code| code.f64x2_neg(),
        (UnaryOp::Neg, Kind::F32) => |code| code.f32x4_neg(),
        (UnaryOp::Neg, Kind::I64) => |code| code.i64x2_neg(),
        (UnaryOp::Neg, Kind::I32) => |code| code.i32x4_neg(),
        (UnaryOp::Abs, Kind::F64) => |code| code.f64x2_abs(),
        (UnaryOp::Abs, Kind::F32) => |code| code.f32x4_abs(),
        (UnaryOp::Abs, Kind::I64) if dtype.is_signed() => |code| code.i64x2_abs(),
        (UnaryOp::Abs, Kind::I32) if dtype.is_signed() => |code| code.i32x4_abs(),
        (UnaryOp::Floor, Kind::F64) => |code| code.f64x2_floor(),
        (UnaryOp::Floor, Kind::F32) => |code| code.f32x4_floor(),
        (UnaryOp::Ceil, Kind::F64) => |code| code.f64x2_ceil(),
        (UnaryOp::Ceil, Kind::F32) => |code| code.f32x4_ceil(),
        (UnaryOp::Trunc, Kind::F64) => |code| code.f64x2_trunc(),
        (UnaryOp::Trunc, Kind::F32) => |code| code.f32x4_trunc(),
        (UnaryOp::Rint, Kind::F64) => |code| code.f64x2_nearest(),
        (UnaryOp::Rint, Kind::F32) => |code| code.f32x4_nearest(),
        (UnaryOp::Math(MathFn::Sqrt), Kind::F64) => |code| code.f64x2_sqrt(),
        (UnaryOp::Math(MathFn::Sqrt), Kind::F32) => |code| code.f32x4_sqrt(),
        (UnaryOp::BitNot, Kind::I64 | Kind::I32 | Kind::Mask) => |code| code.v128_not(),
        _ => return None,
    })
}

/// Whether an operation on one operand gives the operand.
fn is_identity(op: UnaryOp, dtype: Dtype) -> bool {
    match op {
        UnaryOp::Real | UnaryOp::Conj => true,
        UnaryOp::Imag | UnaryOp::BitNot | UnaryOp::Reciprocal => false,
        UnaryOp::Factorial | UnaryOp::CountOnes | UnaryOp::Math(_) => false,
        _ if dtype == Dtype::Bool => true,
        UnaryOp::Floor | UnaryOp::Ceil | UnaryOp::Trunc | UnaryOp::Round | UnaryOp::Rint => !dtype.is_float(),
        UnaryOp::Abs => dtype.is_unsigned(),
        _ => false,
    }
}

/// Whether [`Emitter::unary`] has an operation.
pub fn has_unary(op: UnaryOp, dtype: Dtype) -> bool {
    let is_composed = matches!(op, UnaryOp::Square | UnaryOp::Imag | UnaryOp::Round);
    is_composed || is_identity(op, dtype) || unary_instruction(op, dtype).is_some()
}

/// Whether [`Emitter::binary`] has an operation.
pub fn has_binary(op: BinaryOp, dtype: Dtype) -> bool {
    binary_instruction(op, dtype).is_some()
}

impl Emitter<'_> {
    /// An operation of [`has_unary`].
    pub fn unary(&mut self, op: UnaryOp, dtype: Dtype, a: Lanes) -> Result<Lanes, OutOfMemory> {
        if is_identity(op, dtype) {
            return Ok(a);
        }
        match op {
            UnaryOp::Square => self.binary(BinaryOp::Mul, dtype, a, a),
            UnaryOp::Imag => self.constant(Scalar::Int(0), dtype),
            UnaryOp::Round => self.round(dtype, a),
            _ => {
                let Some(instruction) = unary_instruction(op, dtype) else {
                    unreachable!("operations without an instruction are calls")
                };
                let result = self.apply(&[a], instruction)?;
                self.normalized(dtype, result)
            }
        }
    }

    /// An operation of [`has_binary`].
    pub fn binary(&mut self, op: BinaryOp, dtype: Dtype, a: Lanes, b: Lanes) -> Result<Lanes, OutOfMemory> {
        let Some(instruction) = binary_instruction(op, dtype) else {
            unreachable!("operations without an instruction are calls")
        };
        let result = self.apply(&[a, b], instruction)?;
        self.normalized(dtype, result)
    }

    /// To nearest, halves away from zero, by the same steps as the vector kernel: the difference to
    /// the whole part is exact, which tells halves from their neighbours.
    fn round(&mut self, dtype: Dtype, a: Lanes) -> Result<Lanes, OutOfMemory> {
        let [trunc, add, distance, ge]: [Instructions; 4] = match Kind::of(dtype) {
            Kind::F64 => [
                |code| code.f64x2_trunc(),
                |code| code.f64x2_add(),
                |code| code.f64x2_sub().f64x2_abs(),
                |code| code.f64x2_ge(),
            ],
            Kind::F32 => [
                |code| code.f32x4_trunc(),
                |code| code.f32x4_add(),
                |code| code.f32x4_sub().f32x4_abs(),
                |code| code.f32x4_ge(),
            ],
            Kind::I64 | Kind::I32 | Kind::Mask => unreachable!("whole numbers are their own rounding"),
        };
        let whole = self.apply(&[a], trunc)?;
        let one = self.constant(Scalar::Float(1.0), dtype)?;
        let half = self.constant(Scalar::Float(0.5), dtype)?;
        let sign = self.constant(Scalar::Float(-0.0), dtype)?;
        let signed_one = self.apply(&[a, one, sign], |code| code.v128_bitselect())?;
        let away = self.apply(&[whole, signed_one], add)?;
        let rest = self.apply(&[a, whole], distance)?;
        let is_far = self.apply(&[rest, half], ge)?;
        self.select(is_far, away, whole)
    }

    /// Lanes of an integer dtype of 8 or 16 bits, extended from those bits again.
    pub fn normalized(&mut self, dtype: Dtype, lanes: Lanes) -> Result<Lanes, OutOfMemory> {
        match dtype {
            Dtype::Int8 => {
                self.apply(&[lanes], |code| code.i32_const(24).i32x4_shl().i32_const(24).i32x4_shr_s())
            }
            Dtype::Int16 => {
                self.apply(&[lanes], |code| code.i32_const(16).i32x4_shl().i32_const(16).i32x4_shr_s())
            }
            Dtype::UInt8 | Dtype::UInt16 => {
                let most = self.integer(if dtype == Dtype::UInt8 { 0xff } else { 0xffff }, Dtype::Int32)?;
                self.apply(&[lanes, most], |code| code.v128_and())
            }
            _ => Ok(lanes),
        }
    }

    /// A comparison, as a mask as wide as the shape's lanes.
    pub fn compare(&mut self, op: CompareOp, dtype: Dtype, a: Lanes, b: Lanes) -> Result<Lanes, OutOfMemory> {
        match dtype {
            Dtype::Bool => self.compare_masks(op, a, b),
            Dtype::UInt64 => {
                let sign = self.integer(i64::MIN, Dtype::Int64)?;
                let a = self.apply(&[a, sign], |code| code.v128_xor())?;
                let b = self.apply(&[b, sign], |code| code.v128_xor())?;
                self.apply(&[a, b], comparison(op, Dtype::Int64))
            }
            _ => {
                let mask = self.apply(&[a, b], comparison(op, dtype))?;
                self.mask_from(mask, dtype)
            }
        }
    }

    fn compare_masks(&mut self, op: CompareOp, a: Lanes, b: Lanes) -> Result<Lanes, OutOfMemory> {
        match op {
            CompareOp::Eq => self.apply(&[a, b], |code| code.v128_xor().v128_not()),
            CompareOp::Ne => self.apply(&[a, b], |code| code.v128_xor()),
            CompareOp::Lt => self.apply(&[b, a], |code| code.v128_andnot()),
            CompareOp::Le => self.apply(&[a, b], |code| code.v128_andnot().v128_not()),
            CompareOp::Gt => self.apply(&[a, b], |code| code.v128_andnot()),
            CompareOp::Ge => self.apply(&[b, a], |code| code.v128_andnot().v128_not()),
        }
    }
}

/// The instruction of a comparison; there is none of 64-bit unsigned order.
fn comparison(op: CompareOp, dtype: Dtype) -> Instructions {
    let is_unsigned = dtype.is_unsigned();
    match (op, Kind::of(dtype)) {
        (CompareOp::Eq, Kind::F64) => |code| code.f64x2_eq(),
        (CompareOp::Ne, Kind::F64) => |code| code.f64x2_ne(),
        (CompareOp::Lt, Kind::F64) => |code| code.f64x2_lt(),
        (CompareOp::Le, Kind::F64) => |code| code.f64x2_le(),
        (CompareOp::Gt, Kind::F64) => |code| code.f64x2_gt(),
        (CompareOp::Ge, Kind::F64) => |code| code.f64x2_ge(),
        (CompareOp::Eq, Kind::F32) => |code| code.f32x4_eq(),
        (CompareOp::Ne, Kind::F32) => |code| code.f32x4_ne(),
        (CompareOp::Lt, Kind::F32) => |code| code.f32x4_lt(),
        (CompareOp::Le, Kind::F32) => |code| code.f32x4_le(),
        (CompareOp::Gt, Kind::F32) => |code| code.f32x4_gt(),
        (CompareOp::Ge, Kind::F32) => |code| code.f32x4_ge(),
        (CompareOp::Eq, Kind::I64) => |code| code.i64x2_eq(),
        (CompareOp::Ne, Kind::I64) => |code| code.i64x2_ne(),
        (CompareOp::Lt, Kind::I64) => |code| code.i64x2_lt_s(),
        (CompareOp::Le, Kind::I64) => |code| code.i64x2_le_s(),
        (CompareOp::Gt, Kind::I64) => |code| code.i64x2_gt_s(),
        (CompareOp::Ge, Kind::I64) => |code| code.i64x2_ge_s(),
        (CompareOp::Eq, Kind::I32) => |code| code.i32x4_eq(),
        (CompareOp::Ne, Kind::I32) => |code| code.i32x4_ne(),
        (CompareOp::Lt, Kind::I32) if is_unsigned => |code| code.i32x4_lt_u(),
        (CompareOp::Le, Kind::I32) if is_unsigned => |code| code.i32x4_le_u(),
        (CompareOp::Gt, Kind::I32) if is_unsigned => |code| code.i32x4_gt_u(),
        (CompareOp::Ge, Kind::I32) if is_unsigned => |code| code.i32x4_ge_u(),
        (CompareOp::Lt, Kind::I32) => |code| code.i32x4_lt_s(),
        (CompareOp::Le, Kind::I32) => |code| code.i32x4_le_s(),
        (CompareOp::Gt, Kind::I32) => |code| code.i32x4_gt_s(),
        (CompareOp::Ge, Kind::I32) => |code| code.i32x4_ge_s(),
        (_, Kind::Mask) => unreachable!("bools are compared bit by bit"),
    }
}
