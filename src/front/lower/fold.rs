//! Constant folding: integers exactly where they stay integers, everything else in float64.

use crate::builtin::Meaning;
use crate::dtype::{Dtype, Scalar, float_to_int};
use crate::front::lexer::Operator;
use crate::ir::{BinaryOp, UnaryOp, UserFunction};
use crate::kernel::math;

pub fn negate(value: Scalar) -> Scalar {
    match value {
        // The float64 negation keeps the sign of zero: -0 is a negative zero.
        Scalar::Int(0) => Scalar::Float(-0.0),
        Scalar::Int(value) => Scalar::Int(-value),
        other => Scalar::Float(-other.to_f64()),
    }
}

/// The value of an operator on two constants.
pub fn binary(operator: Operator, left: Scalar, right: Scalar) -> Scalar {
    match (left, right) {
        (Scalar::Int(left), Scalar::Int(right)) => {
            integers(operator, left, right).unwrap_or_else(|| floats(operator, left as f64, right as f64))
        }
        _ => floats(operator, left.to_f64(), right.to_f64()),
    }
}

fn truth(value: bool) -> Scalar {
    Scalar::Int(i128::from(value))
}

/// The result of an operator on integers where it is an integer of 64 bits; `None` leaves it to
/// float64.
fn integers(operator: Operator, left: i128, right: i128) -> Option<Scalar> {
    use Operator::*;
    let exact = match operator {
        Add => left.checked_add(right)?,
        Sub => left.checked_sub(right)?,
        Mul => left.checked_mul(right)?,
        Div if right != 0 && left % right == 0 => left / right,
        Rem if right != 0 => left % right,
        Pow => left.checked_pow(u32::try_from(right).ok()?)?,
        BitAnd => left & right,
        BitOr => left | right,
        BitXor => left ^ right,
        Shl => return shift(left, right).map(|count| Scalar::Int(left << count)),
        Shr => return shift(left, right).map(|count| Scalar::Int(left >> count)),
        Lt => return Some(truth(left < right)),
        Le => return Some(truth(left <= right)),
        Gt => return Some(truth(left > right)),
        Ge => return Some(truth(left >= right)),
        Eq => return Some(truth(left == right)),
        Ne => return Some(truth(left != right)),
        _ => return None,
    };
    (exact.unsigned_abs() <= u128::from(u64::MAX)).then_some(Scalar::Int(exact))
}

/// A shift count that keeps a 64-bit value within 128 bits.
fn shift(value: i128, count: i128) -> Option<u32> {
    (value.unsigned_abs() <= u128::from(u64::MAX) && (0..64).contains(&count)).then_some(count as u32)
}

fn floats(operator: Operator, left: f64, right: f64) -> Scalar {
    use Operator::*;
    let whole = |value: f64| float_to_int(value, Dtype::Int64) as i64;
    let bits = |value: i64| Scalar::Float(value as f64);
    match operator {
        Add => Scalar::Float(left + right),
        Sub => Scalar::Float(left - right),
        Mul => Scalar::Float(left * right),
        Div => Scalar::Float(left / right),
        Rem => Scalar::Float(left % right),
        Pow => Scalar::Float(left.powf(right)),
        BitAnd => bits(whole(left) & whole(right)),
        BitOr => bits(whole(left) | whole(right)),
        BitXor => bits(whole(left) ^ whole(right)),
        Shl => bits(u32::try_from(whole(right)).ok().and_then(|n| whole(left).checked_shl(n)).unwrap_or(0)),
        Shr => bits(whole(left) >> whole(right).clamp(0, 63)),
        Lt => truth(left < right),
        Le => truth(left <= right),
        Gt => truth(left > right),
        Ge => truth(left >= right),
        Eq => truth(left == right),
        Ne => truth(left != right),
        And => truth(left != 0.0 && right != 0.0),
        Or => truth(left != 0.0 || right != 0.0),
        Invert | Not => Scalar::Float(f64::NAN),
    }
}

/// The value of a builtin whose arguments are all constants; `None` if one is not, and for
/// reductions and string functions, which depend on more than their arguments.
pub fn builtin(meaning: Meaning, mut args: impl Iterator<Item = Option<Scalar>>) -> Option<Scalar> {
    let mut next = || args.next().flatten();
    match meaning {
        Meaning::Constant(value) => Some(Scalar::Float(value)),
        Meaning::Unary(op) => Some(unary(op, next()?)),
        Meaning::Binary(BinaryOp::Pow) => Some(binary(Operator::Pow, next()?, next()?)),
        Meaning::Binary(op) => {
            let (a, b) = (next()?.to_f64(), next()?.to_f64());
            Some(Scalar::Float(math::scalar_binary(op)?(a, b)))
        }
        Meaning::Fma => {
            let (a, b, c) = (next()?.to_f64(), next()?.to_f64(), next()?.to_f64());
            Some(Scalar::Float(a.mul_add(b, c)))
        }
        Meaning::Where => {
            let (condition, yes, no) = (next()?, next()?, next()?);
            Some(if condition.is_true() { yes } else { no })
        }
        Meaning::Reduce(_) | Meaning::Text(_) => None,
    }
}

/// The value of a function of one constant.
pub fn unary(op: UnaryOp, value: Scalar) -> Scalar {
    match (op, value) {
        (UnaryOp::BitNot, Scalar::Int(value)) => Scalar::Int(!value),
        (UnaryOp::Abs, Scalar::Int(value)) => Scalar::Int(value.abs()),
        (
            UnaryOp::Conj
            | UnaryOp::Real
            | UnaryOp::Floor
            | UnaryOp::Ceil
            | UnaryOp::Trunc
            | UnaryOp::Round
            | UnaryOp::Rint,
            Scalar::Int(_),
        ) => value,
        (UnaryOp::Math(function), _) => Scalar::Float(math::scalar_unary(function)(value.to_f64())),
        _ => Scalar::Float(unary_float(op, value.to_f64())),
    }
}

fn unary_float(op: UnaryOp, value: f64) -> f64 {
    match op {
        UnaryOp::Neg => -value,
        UnaryOp::BitNot => !(float_to_int(value, Dtype::Int64) as i64) as f64,
        UnaryOp::Abs => value.abs(),
        UnaryOp::Real | UnaryOp::Conj => value,
        UnaryOp::Imag => 0.0,
        UnaryOp::Sign if value == 0.0 || value.is_nan() => value + 0.0,
        UnaryOp::Sign => value.signum(),
        UnaryOp::Square => value * value,
        UnaryOp::Floor => value.floor(),
        UnaryOp::Ceil => value.ceil(),
        UnaryOp::Trunc => value.trunc(),
        UnaryOp::Round => value.round(),
        UnaryOp::Rint => value.round_ties_even(),
        UnaryOp::Factorial => math::factorial(value),
        UnaryOp::Math(function) => math::scalar_unary(function)(value),
    }
}

/// The value of a pure host function whose arguments are all constants: the one call of it.
pub fn call(target: UserFunction, args: impl Iterator<Item = Option<Scalar>>) -> Option<f64> {
    if !target.pure {
        return None;
    }
    let mut values = [0.0; UserFunction::MAX_ARITY];
    for (value, arg) in values.iter_mut().zip(args) {
        *value = arg?.to_f64();
    }
    Some(target.call(&values))
}
