//! Operations that are vector instructions, or a few of them.

use super::instruction::Instruction;
use super::instruction::Instruction::*;

use super::Emitter;
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
            _ => Kind::I32,
        }
    }
}

/// The instruction of an operation on two operands, if there is one.
fn binary_instruction(op: BinaryOp, dtype: Dtype) -> Option<Instruction> {
    Some(match (op, Kind::of(dtype)) {
        (BinaryOp::Add, Kind::F64) => F64x2Add,
        (BinaryOp::Add, Kind::F32) => F32x4Add,
        (BinaryOp::Add, Kind::I64) => I64x2Add,
        (BinaryOp::Add, Kind::I32) => I32x4Add,
        (BinaryOp::Sub, Kind::F64) => F64x2Sub,
        (BinaryOp::Sub, Kind::F32) => F32x4Sub,
        (BinaryOp::Sub, Kind::I64) => I64x2Sub,
        (BinaryOp::Sub, Kind::I32) => I32x4Sub,
        (BinaryOp::Mul, Kind::F64) => F64x2Mul,
        (BinaryOp::Mul, Kind::F32) => F32x4Mul,
        (BinaryOp::Mul, Kind::I64) => I64x2Mul,
        (BinaryOp::Mul, Kind::I32) => I32x4Mul,
        (BinaryOp::Div, Kind::F64) => F64x2Div,
        (BinaryOp::Div, Kind::F32) => F32x4Div,
        (BinaryOp::Add, Kind::Mask) => V128Or,
        (BinaryOp::Sub, Kind::Mask) => V128Xor,
        (BinaryOp::Mul | BinaryOp::Div, Kind::Mask) => V128And,
        (BinaryOp::BitAnd, Kind::I64 | Kind::I32 | Kind::Mask) => V128And,
        (BinaryOp::BitOr, Kind::I64 | Kind::I32 | Kind::Mask) => V128Or,
        (BinaryOp::BitXor, Kind::I64 | Kind::I32 | Kind::Mask) => V128Xor,
        _ => return None,
    })
}

/// The instruction of an operation on one operand, if there is one.
fn unary_instruction(op: UnaryOp, dtype: Dtype) -> Option<Instruction> {
    Some(match (op, Kind::of(dtype)) {
        (UnaryOp::Neg, Kind::F64) => F64x2Neg,
        (UnaryOp::Neg, Kind::F32) => F32x4Neg,
        (UnaryOp::Neg, Kind::I64) => I64x2Neg,
        (UnaryOp::Neg, Kind::I32) => I32x4Neg,
        (UnaryOp::Abs, Kind::F64) => F64x2Abs,
        (UnaryOp::Abs, Kind::F32) => F32x4Abs,
        (UnaryOp::Abs, Kind::I64) if dtype.is_signed() => I64x2Abs,
        (UnaryOp::Abs, Kind::I32) if dtype.is_signed() => I32x4Abs,
        (UnaryOp::Floor, Kind::F64) => F64x2Floor,
        (UnaryOp::Floor, Kind::F32) => F32x4Floor,
        (UnaryOp::Ceil, Kind::F64) => F64x2Ceil,
        (UnaryOp::Ceil, Kind::F32) => F32x4Ceil,
        (UnaryOp::Trunc, Kind::F64) => F64x2Trunc,
        (UnaryOp::Trunc, Kind::F32) => F32x4Trunc,
        (UnaryOp::Rint, Kind::F64) => F64x2Nearest,
        (UnaryOp::Rint, Kind::F32) => F32x4Nearest,
        (UnaryOp::Math(MathFn::Sqrt), Kind::F64) => F64x2Sqrt,
        (UnaryOp::Math(MathFn::Sqrt), Kind::F32) => F32x4Sqrt,
        (UnaryOp::BitNot, Kind::I64 | Kind::I32 | Kind::Mask) => V128Not,
        _ => return None,
    })
}

/// Whether an operation on one operand gives the operand.
fn is_identity(op: UnaryOp, dtype: Dtype) -> bool {
    match op {
        UnaryOp::Real | UnaryOp::Conj => true,
        UnaryOp::Imag | UnaryOp::BitNot | UnaryOp::Factorial | UnaryOp::Math(_) => false,
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
                let result = self.apply(&[a], unary_instruction(op, dtype).as_slice())?;
                self.normalized(dtype, result)
            }
        }
    }

    /// An operation of [`has_binary`].
    pub fn binary(&mut self, op: BinaryOp, dtype: Dtype, a: Lanes, b: Lanes) -> Result<Lanes, OutOfMemory> {
        let result = self.apply(&[a, b], binary_instruction(op, dtype).as_slice())?;
        self.normalized(dtype, result)
    }

    /// To nearest, halves away from zero, by the same steps as the vector kernel: the difference to
    /// the whole part is exact, so a half is told from its neighbours.
    fn round(&mut self, dtype: Dtype, a: Lanes) -> Result<Lanes, OutOfMemory> {
        let [trunc, sub, add, abs, ge] = match Kind::of(dtype) {
            Kind::F32 => [F32x4Trunc, F32x4Sub, F32x4Add, F32x4Abs, F32x4Ge],
            _ => [F64x2Trunc, F64x2Sub, F64x2Add, F64x2Abs, F64x2Ge],
        };
        let whole = self.apply(&[a], &[trunc])?;
        let one = self.constant(Scalar::Float(1.0), dtype)?;
        let half = self.constant(Scalar::Float(0.5), dtype)?;
        let sign = self.constant(Scalar::Float(-0.0), dtype)?;
        let signed_one = self.apply(&[a, one, sign], &[V128Bitselect])?;
        let away = self.apply(&[whole, signed_one], &[add])?;
        let rest = self.apply(&[a, whole], &[sub, abs])?;
        let is_far = self.apply(&[rest, half], &[ge])?;
        self.select(is_far, away, whole)
    }

    /// Lanes of an integer dtype of 8 or 16 bits, extended from those bits again.
    pub fn normalized(&mut self, dtype: Dtype, lanes: Lanes) -> Result<Lanes, OutOfMemory> {
        let shift = |bits| [I32Const(bits), I32x4Shl, I32Const(bits), I32x4ShrS];
        match dtype {
            Dtype::Int8 => self.apply(&[lanes], &shift(24)),
            Dtype::Int16 => self.apply(&[lanes], &shift(16)),
            Dtype::UInt8 | Dtype::UInt16 => {
                let most = self.integer(if dtype == Dtype::UInt8 { 0xff } else { 0xffff }, Dtype::Int32)?;
                self.apply(&[lanes, most], &[V128And])
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
                let a = self.apply(&[a, sign], &[V128Xor])?;
                let b = self.apply(&[b, sign], &[V128Xor])?;
                self.apply(&[a, b], &[comparison(op, Dtype::Int64)])
            }
            _ => {
                let mask = self.apply(&[a, b], &[comparison(op, dtype)])?;
                self.mask_from(mask, dtype)
            }
        }
    }

    fn compare_masks(&mut self, op: CompareOp, a: Lanes, b: Lanes) -> Result<Lanes, OutOfMemory> {
        match op {
            CompareOp::Eq => self.apply(&[a, b], &[V128Xor, V128Not]),
            CompareOp::Ne => self.apply(&[a, b], &[V128Xor]),
            CompareOp::Lt => self.apply(&[b, a], &[V128AndNot]),
            CompareOp::Le => self.apply(&[a, b], &[V128AndNot, V128Not]),
            CompareOp::Gt => self.apply(&[a, b], &[V128AndNot]),
            CompareOp::Ge => self.apply(&[b, a], &[V128AndNot, V128Not]),
        }
    }
}

/// The instruction of a comparison; there is none of 64-bit unsigned order.
fn comparison(op: CompareOp, dtype: Dtype) -> Instruction {
    let is_unsigned = dtype.is_unsigned();
    match (op, Kind::of(dtype)) {
        (CompareOp::Eq, Kind::F64) => F64x2Eq,
        (CompareOp::Ne, Kind::F64) => F64x2Ne,
        (CompareOp::Lt, Kind::F64) => F64x2Lt,
        (CompareOp::Le, Kind::F64) => F64x2Le,
        (CompareOp::Gt, Kind::F64) => F64x2Gt,
        (CompareOp::Ge, Kind::F64) => F64x2Ge,
        (CompareOp::Eq, Kind::F32) => F32x4Eq,
        (CompareOp::Ne, Kind::F32) => F32x4Ne,
        (CompareOp::Lt, Kind::F32) => F32x4Lt,
        (CompareOp::Le, Kind::F32) => F32x4Le,
        (CompareOp::Gt, Kind::F32) => F32x4Gt,
        (CompareOp::Ge, Kind::F32) => F32x4Ge,
        (CompareOp::Eq, Kind::I64) => I64x2Eq,
        (CompareOp::Ne, Kind::I64) => I64x2Ne,
        (CompareOp::Lt, Kind::I64) => I64x2LtS,
        (CompareOp::Le, Kind::I64) => I64x2LeS,
        (CompareOp::Gt, Kind::I64) => I64x2GtS,
        (CompareOp::Ge, Kind::I64) => I64x2GeS,
        (CompareOp::Eq, _) => I32x4Eq,
        (CompareOp::Ne, _) => I32x4Ne,
        (CompareOp::Lt, _) if is_unsigned => I32x4LtU,
        (CompareOp::Le, _) if is_unsigned => I32x4LeU,
        (CompareOp::Gt, _) if is_unsigned => I32x4GtU,
        (CompareOp::Ge, _) if is_unsigned => I32x4GeU,
        (CompareOp::Lt, _) => I32x4LtS,
        (CompareOp::Le, _) => I32x4LeS,
        (CompareOp::Gt, _) => I32x4GtS,
        (CompareOp::Ge, _) => I32x4GeS,
    }
}
