//! Powers with a constant exponent: products, roots and quotients, as numexpr makes them.

use super::opcode::{NoOpcode, common};
use crate::dtype::{Dtype, Scalar};
use crate::front::error::CompileError;
use crate::front::tree::NodeId;
use crate::front::typing::numpy::emit::Emitter;
use crate::front::typing::numpy::{Typed, type_error};
use crate::ir::{BinaryOp, ExprId, MathFn, UnaryOp};
use crate::memory::OutOfMemory;
use crate::operation::numpy::Ufunc;

/// Exponents beyond this are given to the function.
const MOST: f64 = 50.0;

/// An exponent that is an integer, or halfway between two.
#[derive(Clone, Copy)]
struct Exponent {
    whole: u32,
    is_half: bool,
    is_negative: bool,
}

impl Exponent {
    fn of(exponent: Typed) -> Option<Exponent> {
        let value = match exponent.constant? {
            Scalar::Complex(_) => return None,
            value => value.to_f64(),
        };
        let twice = 2.0 * value.abs();
        (value.abs() <= MOST && twice.fract() == 0.0).then_some(Exponent {
            whole: value.abs() as u32,
            is_half: twice % 2.0 == 1.0,
            is_negative: value < 0.0,
        })
    }

    /// The kind of the power before it is inverted.
    fn kind(self, base: Dtype) -> Dtype {
        match base.is_integer() && self.is_half {
            true => Dtype::Float64,
            false => base,
        }
    }
}

/// The kinds of a power; `None` where the exponent is not one that is treated apart.
pub fn infer(base: Typed, exponent: Typed) -> Result<Option<Typed>, CompileError> {
    let Some(known) = Exponent::of(exponent) else { return Ok(None) };
    let kind = base.kind.dtype();
    let refused = |name| {
        let operands = &[kind];
        type_error(format_args!("{}", NoOpcode { name, result: kind, operands, suffix: "" }))
    };
    let is_exact = kind == Dtype::Bool || kind.is_integer();
    if kind.is_integer() && known.is_negative && matches!(exponent.constant, Some(Scalar::Int(_))) {
        return Err(type_error(format_args!("Integers to negative integer powers are not allowed.")));
    }
    match known {
        _ if kind != Dtype::Bool => {}
        Exponent { is_half: true, .. } => return Err(refused("sqrt")),
        Exponent { whole: 0, .. } => return Err(refused("ones_like")),
        _ => {}
    }
    let power = known.kind(kind);
    let result = if known.is_negative && is_exact { Dtype::Float64 } else { power };
    Ok(Some(Typed::strong(common([result, power]), result)))
}

/// Adds the power `a ** b` of operands that meet in the kind `work`.
pub fn power(emitter: &mut Emitter<'_>, a: NodeId, b: NodeId, work: Dtype) -> Result<ExprId, CompileError> {
    let Some(exponent) = Exponent::of(emitter.get(b)) else {
        return emitter.ufunc(Ufunc::Power, &[a, b], work);
    };
    let kind = emitter.get(a).kind.dtype();
    let base = emitter.operand(a, kind)?;
    let power = positive(emitter, exponent, base)?;
    if !exponent.is_negative {
        return Ok(power);
    }
    let power = emitter.builder.cast(power, work)?;
    Ok(emitter.compose().reciprocal(power)?)
}

/// By squaring.
fn positive(emitter: &mut Emitter<'_>, exponent: Exponent, base: ExprId) -> Result<ExprId, OutOfMemory> {
    let kind = exponent.kind(emitter.builder.dtype(base));
    let mut product = None;
    if exponent.is_half {
        let base = emitter.builder.cast(base, kind)?;
        product = Some(emitter.compose().unary(UnaryOp::Math(MathFn::Sqrt), base)?);
    }
    let (mut square, mut rest) = (base, exponent.whole);
    while rest > 0 {
        if rest % 2 == 1 {
            product = Some(match product {
                None => square,
                Some(product) => times(emitter, product, square)?,
            });
        }
        rest /= 2;
        if rest > 0 {
            square = times(emitter, square, square)?;
        }
    }
    match product {
        Some(product) => Ok(product),
        None => emitter.compose().ones_like(base),
    }
}

/// The product of two values of numeric kinds; that of bools is their conjunction.
fn times(emitter: &mut Emitter<'_>, a: ExprId, b: ExprId) -> Result<ExprId, OutOfMemory> {
    let kind = common([emitter.builder.dtype(a), emitter.builder.dtype(b)]);
    let (a, b) = (emitter.builder.cast(a, kind)?, emitter.builder.cast(b, kind)?);
    match kind {
        Dtype::Bool => emitter.compose().binary(BinaryOp::BitAnd, a, b),
        _ => emitter.compose().multiply(a, b),
    }
}
