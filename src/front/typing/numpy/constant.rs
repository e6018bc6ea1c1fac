//! Python's numbers among themselves, computed as Python does.

use super::{about_power, type_error};
use crate::dtype::{Complex, Dtype, Scalar};
use crate::front::error::CompileError;
use crate::front::lexer::Operator;
use crate::front::tree::CastTo;
use crate::ir::BinaryOp;
use crate::operation::single;

/// `+ - ~ not` of one number.
pub enum Prefix {
    Plus,
    Minus,
    Invert,
    Not,
}

fn too_large() -> CompileError {
    type_error(format_args!("this integer is too large: 127 bits are supported"))
}

/// The value of a prefix operator.
pub fn unary(prefix: Prefix, value: Scalar) -> Result<Scalar, CompileError> {
    Ok(match (prefix, integer(value), value) {
        (Prefix::Not, ..) => Scalar::Bool(!value.is_true()),
        (Prefix::Plus, Some(value), _) => Scalar::Int(value),
        (Prefix::Minus, Some(value), _) => Scalar::Int(value.checked_neg().ok_or_else(too_large)?),
        (Prefix::Invert, Some(value), _) => Scalar::Int(!value),
        (Prefix::Plus, None, value) => value,
        (Prefix::Minus, None, Scalar::Complex(value)) => Scalar::Complex(Complex::new(-value.re, -value.im)),
        (Prefix::Minus, None, value) => Scalar::Float(-value.to_f64()),
        (Prefix::Invert, None, value) => {
            return Err(type_error(format_args!("bad operand type for unary ~: '{}'", name(value))));
        }
    })
}

/// The value of an operator between two numbers; `and` and `or` are logical, as they are between arrays.
pub fn binary(operator: Operator, a: Scalar, b: Scalar) -> Result<Scalar, CompileError> {
    use Operator::*;
    match operator {
        And => return Ok(Scalar::Bool(a.is_true() && b.is_true())),
        Or => return Ok(Scalar::Bool(a.is_true() || b.is_true())),
        Lt | Le | Gt | Ge | Eq | Ne => return compare(operator, a, b),
        _ => {}
    }
    if let (BitAnd | BitOr | BitXor, Scalar::Bool(a), Scalar::Bool(b)) = (operator, a, b) {
        return Ok(Scalar::Bool(match operator {
            BitAnd => a & b,
            BitOr => a | b,
            _ => a ^ b,
        }));
    }
    match (integer(a), integer(b)) {
        (Some(a), Some(b)) => integers(operator, a, b),
        _ if matches!(operator, BitAnd | BitOr | BitXor | Shl | Shr) => Err(unsupported(operator, a, b)),
        _ if matches!((a, b), (Scalar::Complex(_), _) | (_, Scalar::Complex(_))) => complexes(operator, a, b),
        _ => floats(operator, float(a)?, float(b)?),
    }
}

/// A bool or an integer.
fn integer(value: Scalar) -> Option<i128> {
    match value {
        Scalar::Bool(value) => Some(value.into()),
        Scalar::Int(value) => Some(value),
        Scalar::Float(_) | Scalar::Complex(_) => None,
    }
}

fn float(value: Scalar) -> Result<f64, CompileError> {
    let float = value.to_f64();
    if float.is_infinite() && integer(value).is_some() {
        return Err(type_error(format_args!("int too large to convert to float")));
    }
    Ok(float)
}

fn name(value: Scalar) -> &'static str {
    match value {
        Scalar::Bool(_) => "bool",
        Scalar::Int(_) => "int",
        Scalar::Float(_) => "float",
        Scalar::Complex(_) => "complex",
    }
}

fn unsupported(operator: Operator, a: Scalar, b: Scalar) -> CompileError {
    let symbol = operator.symbol();
    let error =
        type_error(format_args!("unsupported operand type(s) for {symbol}: '{}' and '{}'", name(a), name(b)));
    about_power(error, symbol)
}

fn integers(operator: Operator, a: i128, b: i128) -> Result<Scalar, CompileError> {
    use Operator::*;
    let by_zero = |what: &str| type_error(format_args!("{what} by zero"));
    let value = match operator {
        Add => a.checked_add(b),
        Sub => a.checked_sub(b),
        Mul => a.checked_mul(b),
        Div if b == 0 => return Err(by_zero("division")),
        // Both have their nearest float64, so a quotient of integers beyond 2^53 may be one step off Python's.
        Div => return Ok(Scalar::Float(a as f64 / b as f64)),
        FloorDiv | Rem if b == 0 => return Err(by_zero("integer division or modulo")),
        FloorDiv => {
            a.checked_div(b).map(|quotient| if has_rest_below(a, b) { quotient - 1 } else { quotient })
        }
        Rem => a.checked_rem(b).map(|rest| if has_rest_below(a, b) { rest + b } else { rest }),
        Pow if b < 0 => return floats(Pow, a as f64, b as f64),
        Pow => match u32::try_from(b) {
            Ok(b) => a.checked_pow(b),
            Err(_) if matches!(a, 0 | 1) => Some(a),
            Err(_) if a == -1 => Some(if b % 2 == 0 { 1 } else { -1 }),
            Err(_) => None,
        },
        Shl | Shr if b < 0 => return Err(type_error(format_args!("negative shift count"))),
        Shl if a == 0 => Some(0),
        Shl => u32::try_from(b).ok().filter(|b| *b < 127).and_then(|b| a.checked_mul(1 << b)),
        Shr => Some(a >> b.min(127)),
        BitAnd => Some(a & b),
        BitOr => Some(a | b),
        BitXor => Some(a ^ b),
        Lt | Le | Gt | Ge | Eq | Ne | And | Or | Not | Invert => unreachable!("these are no arithmetic"),
    };
    value.map(Scalar::Int).ok_or_else(too_large)
}

/// Whether the quotient, rounded toward zero, is above the one rounded down.
fn has_rest_below(a: i128, b: i128) -> bool {
    a.checked_rem(b).is_some_and(|rest| rest != 0 && (rest < 0) != (b < 0))
}

fn floats(operator: Operator, a: f64, b: f64) -> Result<Scalar, CompileError> {
    use Operator::*;
    let by_zero = || type_error(format_args!("float division by zero"));
    Ok(Scalar::Float(match operator {
        Add => a + b,
        Sub => a - b,
        Mul => a * b,
        Div | FloorDiv | Rem if b == 0.0 => return Err(by_zero()),
        Div => a / b,
        FloorDiv => floor_division(a, b).0,
        Rem => floor_division(a, b).1,
        Pow if a == 0.0 && b < 0.0 => {
            return Err(type_error(format_args!("zero to a negative power")));
        }
        Pow if a < 0.0 && a.is_finite() && b.is_finite() && b.fract() != 0.0 => {
            return complexes(Pow, Scalar::Float(a), Scalar::Float(b));
        }
        Pow => {
            let value = single::binary(BinaryOp::Pow, Dtype::Float64, Scalar::Float(a), Scalar::Float(b));
            let value = value.map_or(f64::NAN, Scalar::to_f64);
            if value.is_infinite() && a.is_finite() && b.is_finite() {
                return Err(type_error(format_args!("result too large")));
            }
            value
        }
        _ => return Err(unsupported(operator, Scalar::Float(a), Scalar::Float(b))),
    }))
}

/// The floor of a quotient and the rest, with the sign of the divisor, as Python computes them.
fn floor_division(a: f64, b: f64) -> (f64, f64) {
    let mut rest = a % b;
    let mut quotient = (a - rest) / b;
    if rest == 0.0 {
        rest = 0f64.copysign(b);
    } else if (b < 0.0) != (rest < 0.0) {
        rest += b;
        quotient -= 1.0;
    }
    if quotient == 0.0 {
        return (0f64.copysign(a / b), rest);
    }
    let floor = quotient.floor();
    (if quotient - floor > 0.5 { floor + 1.0 } else { floor }, rest)
}

fn complexes(operator: Operator, a: Scalar, b: Scalar) -> Result<Scalar, CompileError> {
    let op = match operator {
        Operator::Add => BinaryOp::Add,
        Operator::Sub => BinaryOp::Sub,
        Operator::Mul => BinaryOp::PlainMul,
        Operator::Div if !b.is_true() => {
            return Err(type_error(format_args!("complex division by zero")));
        }
        Operator::Div => return Ok(Scalar::Complex(quotient(complex(a), complex(b)))),
        Operator::Pow if !a.is_true() && (complex(b).re < 0.0 || complex(b).im != 0.0) => {
            return Err(type_error(format_args!("zero to a negative or complex power")));
        }
        Operator::Pow => BinaryOp::PlainPow,
        _ => return Err(unsupported(operator, a, b)),
    };
    let [a, b] = [a, b].map(|value| value.cast(Dtype::Complex128));
    single::binary(op, Dtype::Complex128, a, b)
        .ok_or_else(|| type_error(format_args!("this operation is not defined for these constants")))
}

fn complex(value: Scalar) -> Complex<f64> {
    match value {
        Scalar::Complex(value) => value,
        value => Complex::new(value.to_f64(), 0.0),
    }
}

/// By Smith's formula, as CPython has it: two quotients, where NumPy has products with one.
fn quotient(a: Complex<f64>, b: Complex<f64>) -> Complex<f64> {
    if b.re.abs() >= b.im.abs() {
        let ratio = b.im / b.re;
        let divisor = b.re + b.im * ratio;
        return Complex::new((a.re + a.im * ratio) / divisor, (a.im - a.re * ratio) / divisor);
    }
    let ratio = b.re / b.im;
    let divisor = b.re * ratio + b.im;
    Complex::new((a.re * ratio + a.im) / divisor, (a.im * ratio - a.re) / divisor)
}

fn compare(operator: Operator, a: Scalar, b: Scalar) -> Result<Scalar, CompileError> {
    use std::cmp::Ordering;
    let order = match (integer(a), integer(b), a, b) {
        (Some(a), Some(b), ..) => Some(a.cmp(&b)),
        (.., Scalar::Complex(_), _) | (.., Scalar::Complex(_)) => {
            let is_equal = a.cast(Dtype::Complex128) == b.cast(Dtype::Complex128);
            return match operator {
                Operator::Eq => Ok(Scalar::Bool(is_equal)),
                Operator::Ne => Ok(Scalar::Bool(!is_equal)),
                _ => Err(unsupported(operator, a, b)),
            };
        }
        (Some(a), None, _, b) => compare_exactly(b.to_f64(), a).map(Ordering::reverse),
        (None, Some(b), a, _) => compare_exactly(a.to_f64(), b),
        (None, None, a, b) => a.to_f64().partial_cmp(&b.to_f64()),
    };
    Ok(Scalar::Bool(match operator {
        Operator::Lt => order == Some(Ordering::Less),
        Operator::Le => matches!(order, Some(Ordering::Less | Ordering::Equal)),
        Operator::Gt => order == Some(Ordering::Greater),
        Operator::Ge => matches!(order, Some(Ordering::Greater | Ordering::Equal)),
        Operator::Eq => order == Some(Ordering::Equal),
        _ => order != Some(Ordering::Equal),
    }))
}

/// A float and an integer by their values: integers beyond 2^53 are not rounded.
fn compare_exactly(a: f64, b: i128) -> Option<std::cmp::Ordering> {
    let near = b as f64;
    if a != near || a.abs() >= i128::MAX as f64 {
        return a.partial_cmp(&near);
    }
    Some((a as i128).cmp(&b))
}

/// `int(…)`, `float(…)`, `bool(…)` of a number.
pub fn cast(to: CastTo, value: Scalar) -> Result<Scalar, CompileError> {
    let takes_none =
        |to: &str| type_error(format_args!("{to}() argument must be a real number, not 'complex'"));
    match (to, integer(value), value) {
        (CastTo::Bool, ..) => Ok(Scalar::Bool(value.is_true())),
        (CastTo::Int, _, Scalar::Complex(_)) => Err(takes_none("int")),
        (CastTo::Float, _, Scalar::Complex(_)) => Err(takes_none("float")),
        (CastTo::Float, ..) => Ok(Scalar::Float(float(value)?)),
        (CastTo::Int, Some(value), _) => Ok(Scalar::Int(value)),
        (CastTo::Int, None, value) => {
            let value = value.to_f64();
            if !value.is_finite() {
                let what = if value.is_nan() { "NaN" } else { "infinity" };
                return Err(type_error(format_args!("cannot convert float {what} to integer")));
            }
            if value.abs() >= i128::MAX as f64 { Err(too_large()) } else { Ok(Scalar::Int(value as i128)) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Operator::*;

    fn value(operator: Operator, a: Scalar, b: Scalar) -> Scalar {
        binary(operator, a, b).unwrap_or_else(|error| panic!("{operator:?} {a:?} {b:?}: {error:?}"))
    }

    #[test]
    fn integers_are_exact() {
        let int = |operator, a, b| value(operator, Scalar::Int(a), Scalar::Int(b));
        for (a, b, quotient, rest) in
            [(7, 2, 3, 1), (-7, 2, -4, 1), (7, -2, -4, -1), (-7, -2, 3, -1), (6, -2, -3, 0)]
        {
            assert_eq!(int(FloorDiv, a, b), Scalar::Int(quotient), "{a} // {b}");
            assert_eq!(int(Rem, a, b), Scalar::Int(rest), "{a} % {b}");
        }
        assert_eq!(int(Div, 7, 2), Scalar::Float(3.5));
        assert_eq!(int(Pow, 2, 100), Scalar::Int(1 << 100));
        assert_eq!(int(Pow, 2, -1), Scalar::Float(0.5));
        assert_eq!(int(Pow, -1, 1 << 40), Scalar::Int(1));
        assert_eq!(int(Shl, 3, 100), Scalar::Int(3 << 100));
        assert_eq!(int(Shr, -1, 1000), Scalar::Int(-1));
        assert_eq!(value(Add, Scalar::Bool(true), Scalar::Bool(true)), Scalar::Int(2));
        assert_eq!(value(BitOr, Scalar::Bool(true), Scalar::Bool(false)), Scalar::Bool(true));
        assert_eq!(unary(Prefix::Invert, Scalar::Bool(true)).unwrap(), Scalar::Int(-2));
        for (operator, a, b) in [(Div, 1, 0), (FloorDiv, 1, 0), (Shl, 1, 127), (Shl, 1, -1), (Pow, 10, 39)] {
            assert!(binary(operator, Scalar::Int(a), Scalar::Int(b)).is_err(), "{operator:?} {a} {b}");
        }
    }

    #[test]
    fn floats_are_pythons() {
        let float = |operator, a, b| value(operator, Scalar::Float(a), Scalar::Float(b)).to_f64();
        assert_eq!((float(FloorDiv, 7.5, -2.0), float(Rem, 7.5, -2.0)), (-4.0, -0.5));
        assert_eq!((float(FloorDiv, 1.0, 0.1), float(Rem, 1.0, 0.1)), (9.0, 0.09999999999999995));
        assert!(float(Rem, 4.0, -2.0).is_sign_negative());
        assert!(binary(Div, Scalar::Float(1.0), Scalar::Int(0)).is_err());
        assert!(matches!(value(Pow, Scalar::Float(-8.0), Scalar::Float(0.5)), Scalar::Complex(_)));
        assert!(matches!(
            value(Mul, Scalar::Int(2), Scalar::Complex(Complex::new(0.0, 1.0))),
            Scalar::Complex(_)
        ));
    }

    #[test]
    fn complex_numbers_are_pythons() {
        let number = |re, im| Scalar::Complex(Complex::new(re, im));
        let check = |operator, a, b, wanted| {
            let (Scalar::Complex(got), Scalar::Complex(wanted)) = (value(operator, a, b), wanted) else {
                panic!("complex numbers")
            };
            let is_same = |x: f64, y: f64| x == y || x.is_nan() && y.is_nan();
            assert!(
                is_same(got.re, wanted.re) && is_same(got.im, wanted.im),
                "{a:?} {operator:?} {b:?}: {got:?}"
            );
        };
        let (infinity, nan) = (f64::INFINITY, f64::NAN);
        check(Div, number(1.0, 2.0), number(1.0, -3.0), number(-0.5, 0.49999999999999994));
        check(Div, number(0.1, 0.7), number(0.3, 0.9), number(0.7333333333333333, 0.1333333333333333));
        check(Div, number(0.0, 1.0), number(0.0, infinity), number(0.0, 0.0));
        check(Mul, Scalar::Float(infinity), number(0.0, 1.0), number(nan, infinity));
        check(Mul, number(infinity, infinity), number(0.0, 1.0), number(nan, nan));
        check(Pow, number(1.0, 2.0), Scalar::Int(3), number(-11.0, -2.0));
        assert!(binary(Div, number(1.0, 2.0), Scalar::Int(0)).is_err());
        check(Pow, number(0.0, 0.0), number(0.0, 0.0), number(1.0, 0.0));
        for exponent in [number(0.0, 1.0), number(-1.0, 0.0)] {
            assert!(binary(Pow, Scalar::Int(0), exponent).is_err(), "{exponent:?}");
        }
    }

    #[test]
    fn comparisons_are_by_value() {
        let holds = |operator, a, b| value(operator, a, b) == Scalar::Bool(true);
        let big = (1i128 << 53) + 1;
        assert!(holds(Gt, Scalar::Int(big), Scalar::Float(9007199254740992.0)));
        assert!(holds(Lt, Scalar::Float(9007199254740992.0), Scalar::Int(big)));
        assert!(holds(Ne, Scalar::Float(f64::NAN), Scalar::Int(1)));
        assert!(holds(Lt, Scalar::Int(i128::MAX), Scalar::Float(f64::INFINITY)));
        assert!(holds(Eq, Scalar::Bool(true), Scalar::Float(1.0)));
    }

    #[test]
    fn casts() {
        assert_eq!(cast(CastTo::Int, Scalar::Float(-2.7)).unwrap(), Scalar::Int(-2));
        assert_eq!(cast(CastTo::Float, Scalar::Int(3)).unwrap(), Scalar::Float(3.0));
        assert_eq!(cast(CastTo::Bool, Scalar::Float(f64::NAN)).unwrap(), Scalar::Bool(true));
        for (value, name) in [(f64::NAN, "NaN"), (f64::NEG_INFINITY, "infinity")] {
            let error = cast(CastTo::Int, Scalar::Float(value)).unwrap_err();
            assert_eq!(error.message(), format!("cannot convert float {name} to integer"));
        }
    }
}
