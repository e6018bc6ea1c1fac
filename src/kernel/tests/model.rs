//! What each operation gives for one element, written as plainly as possible.

use crate::dtype::{Dtype, Scalar, float_to_int};
use crate::ir::{BinaryOp, CompareOp, UnaryOp};
use crate::kernel::math;

/// `x op y` in `dtype`, for real dtypes.
pub fn binary(op: BinaryOp, dtype: Dtype, x: Scalar, y: Scalar) -> Scalar {
    match (x, y) {
        (Scalar::Bool(x), Scalar::Bool(y)) => match bool_binary(op, x, y) {
            Some(value) => Scalar::Bool(value),
            None => through_float(op, dtype, Scalar::Bool(x), Scalar::Bool(y)),
        },
        (Scalar::Int(a), Scalar::Int(b)) => match integer_binary(op, dtype, a, b) {
            Some(value) => wrapped(value, dtype),
            None => through_float(op, dtype, x, y),
        },
        (Scalar::Float(x), Scalar::Float(y)) => Scalar::Float(float_binary(op, dtype, x, y)),
        _ => panic!("no model for {x:?} {op:?} {y:?}"),
    }
}

fn wrapped(value: i128, dtype: Dtype) -> Scalar {
    Scalar::Int(value).cast(dtype)
}

fn through_float(op: BinaryOp, dtype: Dtype, x: Scalar, y: Scalar) -> Scalar {
    let function = math::scalar_binary(op).expect("a function of real arguments");
    Scalar::Float(function(x.to_f64(), y.to_f64())).cast(dtype)
}

fn bool_binary(op: BinaryOp, x: bool, y: bool) -> Option<bool> {
    match op {
        BinaryOp::Add | BinaryOp::BitOr => Some(x || y),
        BinaryOp::Sub | BinaryOp::BitXor => Some(x != y),
        BinaryOp::Mul | BinaryOp::BitAnd | BinaryOp::Div => Some(x && y),
        BinaryOp::Rem => Some(false),
        BinaryOp::Pow => Some(x || !y),
        BinaryOp::Shl => Some(x),
        BinaryOp::Shr => Some(x && !y),
        BinaryOp::Minimum => Some(x && y),
        BinaryOp::Maximum => Some(x || y),
        _ => None,
    }
}

fn integer_binary(op: BinaryOp, dtype: Dtype, x: i128, y: i128) -> Option<i128> {
    let width = 8 * dtype.size() as i128;
    let in_width = (0..width).contains(&y);
    match op {
        BinaryOp::Add => Some(x + y),
        BinaryOp::Sub => Some(x - y),
        BinaryOp::Mul => Some(x.wrapping_mul(y)),
        BinaryOp::Div => Some(if y == 0 { 0 } else { x / y }),
        BinaryOp::Rem => Some(if y == 0 { 0 } else { x % y }),
        BinaryOp::Pow => Some(integer_power(dtype, x, y)),
        BinaryOp::BitAnd => Some(x & y),
        BinaryOp::BitOr => Some(x | y),
        BinaryOp::BitXor => Some(x ^ y),
        BinaryOp::Shl => Some(if in_width { x << y } else { 0 }),
        BinaryOp::Shr => Some(if in_width { x >> y } else { x >> 64 }),
        BinaryOp::FloorDiv => Some(if y == 0 { 0 } else { x / y - i128::from(floor_lowers(x, y)) }),
        BinaryOp::FloorMod => Some(if y == 0 { 0 } else { x % y + if floor_lowers(x, y) { y } else { 0 } }),
        BinaryOp::Minimum => Some(x.min(y)),
        BinaryOp::Maximum => Some(x.max(y)),
        BinaryOp::Gcd => {
            let (x, y) = (x.abs(), y.abs());
            (1..=x.min(y)).rev().find(|divisor| x % divisor == 0 && y % divisor == 0).or(Some(x.max(y)))
        }
        _ => None,
    }
}

/// Whether the quotient is below the truncated one.
fn floor_lowers(x: i128, y: i128) -> bool {
    x % y != 0 && (x < 0) != (y < 0)
}

/// x^y by one multiplication after the other, wrapped to the dtype each time; exponents beyond
/// 2^16 by the period of the powers modulo 2^64, which divides 2^62 once the base is odd.
fn integer_power(dtype: Dtype, x: i128, y: i128) -> i128 {
    let as_i128 = |value: Scalar| match value {
        Scalar::Int(value) => value,
        other => panic!("{other:?} is no integer"),
    };
    if y < 0 {
        return match x {
            1 => 1,
            -1 => 1 - 2 * (y & 1),
            _ => 0,
        };
    }
    let mut result = 1i128;
    let mut square = x;
    for bit in 0..64 {
        if y >> bit & 1 != 0 {
            result = as_i128(wrapped(result.wrapping_mul(square), dtype));
        }
        square = as_i128(wrapped(square.wrapping_mul(square), dtype));
    }
    result
}

fn float_binary(op: BinaryOp, dtype: Dtype, x: f64, y: f64) -> f64 {
    let single = dtype == Dtype::Float32;
    let (x32, y32) = (x as f32, y as f32);
    match op {
        BinaryOp::Add if single => f64::from(x32 + y32),
        BinaryOp::Sub if single => f64::from(x32 - y32),
        BinaryOp::Mul if single => f64::from(x32 * y32),
        BinaryOp::Div if single => f64::from(x32 / y32),
        BinaryOp::Add => x + y,
        BinaryOp::Sub => x - y,
        BinaryOp::Mul => x * y,
        BinaryOp::Div => x / y,
        BinaryOp::Minimum if x < y || x.is_nan() => x,
        BinaryOp::Maximum if x > y || x.is_nan() => x,
        BinaryOp::Minimum | BinaryOp::Maximum => y,
        _ => {
            let (x, y) = (float_to_int(x, Dtype::Int64), float_to_int(y, Dtype::Int64));
            let value = integer_binary(op, Dtype::Int64, x, y).expect("a bit operation");
            wrapped(value, Dtype::Int64).cast(dtype).to_f64()
        }
    }
}

/// `op x` in `dtype`, for real dtypes and operations that are not math functions.
pub fn unary(op: UnaryOp, dtype: Dtype, x: Scalar) -> Scalar {
    match x {
        Scalar::Bool(value) => Scalar::Bool(match op {
            UnaryOp::BitNot => !value,
            UnaryOp::Imag => false,
            UnaryOp::Factorial => true,
            _ => value,
        }),
        Scalar::Int(value) => integer_unary(op, dtype, value),
        Scalar::Float(value) if dtype == Dtype::Float32 && op == UnaryOp::Square => {
            Scalar::Float(f64::from(value as f32 * value as f32))
        }
        Scalar::Float(value) => Scalar::Float(float_unary(op, dtype, value)),
        Scalar::Complex(_) => panic!("no model for complex {op:?}"),
    }
}

fn integer_unary(op: UnaryOp, dtype: Dtype, x: i128) -> Scalar {
    match op {
        UnaryOp::Neg => wrapped(-x, dtype),
        UnaryOp::BitNot => wrapped(!x, dtype),
        UnaryOp::Abs => wrapped(x.abs(), dtype),
        UnaryOp::Imag => wrapped(0, dtype),
        UnaryOp::Sign => wrapped(x.signum(), dtype),
        UnaryOp::Square => wrapped(x.wrapping_mul(x), dtype),
        UnaryOp::CountOnes => wrapped((0..8 * dtype.size()).map(|bit| x >> bit & 1).sum(), dtype),
        UnaryOp::Factorial => Scalar::Float(math::factorial(x as f64)).cast(dtype),
        _ => wrapped(x, dtype),
    }
}

fn float_unary(op: UnaryOp, dtype: Dtype, x: f64) -> f64 {
    match op {
        UnaryOp::Neg => -x,
        UnaryOp::BitNot => wrapped(!float_to_int(x, Dtype::Int64), Dtype::Int64).cast(dtype).to_f64(),
        UnaryOp::Abs => x.abs(),
        UnaryOp::Imag => 0.0,
        UnaryOp::Sign if x.is_nan() => x,
        UnaryOp::Sign if x == 0.0 => 0.0,
        UnaryOp::Sign => x.signum(),
        UnaryOp::Square => x * x,
        UnaryOp::Floor => x.floor(),
        UnaryOp::Ceil => x.ceil(),
        UnaryOp::Trunc => x.trunc(),
        UnaryOp::Round => x.round(),
        UnaryOp::Rint => x.round_ties_even(),
        UnaryOp::Factorial => math::factorial(x),
        _ => x,
    }
}

/// `x op y`; complex values have equality only.
pub fn compare(op: CompareOp, x: Scalar, y: Scalar) -> bool {
    let order = match (x, y) {
        (Scalar::Bool(x), Scalar::Bool(y)) => x.partial_cmp(&y),
        (Scalar::Int(x), Scalar::Int(y)) => x.partial_cmp(&y),
        (Scalar::Float(x), Scalar::Float(y)) => x.partial_cmp(&y),
        (x, y) => (x == y).then_some(std::cmp::Ordering::Equal),
    };
    match op {
        CompareOp::Eq => order.is_some_and(|order| order.is_eq()),
        CompareOp::Ne => !order.is_some_and(|order| order.is_eq()),
        CompareOp::Lt => order.is_some_and(|order| order.is_lt()),
        CompareOp::Le => order.is_some_and(|order| order.is_le()),
        CompareOp::Gt => order.is_some_and(|order| order.is_gt()),
        CompareOp::Ge => order.is_some_and(|order| order.is_ge()),
    }
}
