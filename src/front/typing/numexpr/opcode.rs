//! What each operation takes and gives, and what numexpr calls it.

use std::fmt;

use crate::dtype::Dtype;
use crate::front::typing::numpy::ufunc::Loop;
use crate::ir::CompareOp;
use crate::operation::numpy::Ufunc;

/// The kind in which values of numeric kinds meet: the last of them in the order of the kinds.
pub fn common(kinds: impl IntoIterator<Item = Dtype>) -> Dtype {
    kinds.into_iter().max().unwrap_or(Dtype::Bool)
}

/// The kinds of `ufunc` for operands of numeric kinds; `None` where there is no such operation.
pub fn loop_of(ufunc: Ufunc, operands: &[Dtype]) -> Option<Loop> {
    use Ufunc::*;
    let kind = common(operands.iter().copied());
    let is_bool = kind == Dtype::Bool;
    let is_exact = is_bool || kind.is_integer();
    let is_complex = kind.is_complex();
    let float64 = if is_exact { Dtype::Float64 } else { kind };
    let unless = |refused: bool, kind: Dtype| (!refused).then(|| Loop::of(kind));
    match ufunc {
        Add | Multiply | Positive => Some(Loop::of(kind)),
        Subtract | Negative | Power | OnesLike => unless(is_bool, kind),
        Divide => Some(Loop::of(float64)),
        FloorDivide | Remainder => unless(is_bool || is_complex, kind),
        LeftShift | RightShift => unless(!kind.is_integer(), kind),
        BitwiseAnd | BitwiseOr | BitwiseXor | Invert => unless(!is_exact, kind),
        Compare(CompareOp::Eq | CompareOp::Ne) | IsNan | IsInf | IsFinite => Some(Loop::test(kind)),
        Compare(_) | Signbit => (!is_complex).then(|| Loop::test(kind)),
        LogicalAnd | LogicalOr | LogicalNot => Some(Loop::of(Dtype::Bool)),
        Arctan2 | Fmod => unless(is_complex, float_of(kind)),
        Minimum | Maximum | Hypot | Nextafter | Copysign => unless(is_complex, Dtype::Float64),
        Complex => (!is_complex).then_some(Loop { work: Dtype::Float64, result: Dtype::Complex128 }),
        Absolute | Math(_) => Some(Loop::of(float_of(kind))),
        Floor | Ceil => unless(is_complex, float_of(kind)),
        Trunc => unless(is_complex, Dtype::Float64),
        Rint | Sign => Some(Loop::of(match kind {
            Dtype::Bool | Dtype::Float32 => Dtype::Float64,
            _ => kind,
        })),
        Conjugate => Some(Loop::of(Dtype::Complex128)),
        Real | Imag => {
            let work = if is_complex { kind } else { Dtype::Float64 };
            Some(Loop { work, result: Dtype::Float64 })
        }
        FloatPower | LogicalXor | Fmin | Fmax | Ldexp | Heaviside | Logaddexp | Logaddexp2 | Gcd | Lcm
        | Fabs | Square | Reciprocal | Angle | Degrees | Radians | Sinc | IsReal | BitwiseCount => {
            unreachable!("numexpr has no such function")
        }
    }
}

/// The kind in which a function of floats takes a kind.
fn float_of(kind: Dtype) -> Dtype {
    match kind {
        Dtype::Bool => Dtype::Float32,
        _ if kind.is_integer() => Dtype::Float64,
        _ => kind,
    }
}

/// An operation that does not exist, by its name in numexpr: clients read the message.
pub struct NoOpcode<'a> {
    pub name: &'a str,
    pub result: Dtype,
    pub operands: &'a [Dtype],
    /// What follows the operands: `n` for a reduction of all items.
    pub suffix: &'static str,
}

impl fmt::Display for NoOpcode<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "couldn't find matching opcode for '{}_{}", self.name, letter(self.result))?;
        self.operands.iter().try_for_each(|kind| write!(f, "{}", letter(*kind)))?;
        write!(f, "{}'", self.suffix)
    }
}

/// The letter of a kind in the names of operations.
fn letter(kind: Dtype) -> char {
    match kind {
        Dtype::Bool => 'b',
        Dtype::Float32 => 'f',
        Dtype::Float64 => 'd',
        Dtype::String | Dtype::Bytes => 's',
        _ if kind.is_complex() => 'c',
        Dtype::Int32 => 'i',
        _ => 'l',
    }
}

/// What numexpr calls an operator, and whether it exchanges the operands.
pub fn operator_name(ufunc: Ufunc) -> (&'static str, bool) {
    match ufunc {
        Ufunc::Add => ("add", false),
        Ufunc::Subtract => ("sub", false),
        Ufunc::Multiply => ("mul", false),
        Ufunc::Divide => ("div", false),
        Ufunc::FloorDivide => ("floordiv", false),
        Ufunc::Remainder => ("mod", false),
        Ufunc::Power => ("pow", false),
        Ufunc::LeftShift => ("lshift", false),
        Ufunc::RightShift => ("rshift", false),
        Ufunc::BitwiseAnd => ("and", false),
        Ufunc::BitwiseOr => ("or", false),
        Ufunc::BitwiseXor => ("xor", false),
        Ufunc::Compare(CompareOp::Eq) => ("eq", false),
        Ufunc::Compare(CompareOp::Ne) => ("ne", false),
        Ufunc::Compare(CompareOp::Gt) => ("gt", false),
        Ufunc::Compare(CompareOp::Ge) => ("ge", false),
        Ufunc::Compare(CompareOp::Lt) => ("gt", true),
        Ufunc::Compare(CompareOp::Le) => ("ge", true),
        Ufunc::Negative => ("neg", false),
        Ufunc::Invert => ("invert", false),
        _ => unreachable!("this operation is not an operator that can be refused"),
    }
}
