//! What each operation takes and gives: the loops that NumPy has for it.

use super::promote::{common, promote};
use super::{Kind, Typed, Weak, type_error};
use crate::dtype::{Dtype, Scalar};
use crate::front::error::CompileError;
use crate::operation::numpy::Ufunc;

/// The dtypes of a loop: that of all operands, and that of the result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Loop {
    pub work: Dtype,
    pub result: Dtype,
}

impl Loop {
    pub fn of(dtype: Dtype) -> Loop {
        Loop { work: dtype, result: dtype }
    }

    pub fn test(work: Dtype) -> Loop {
        Loop { work, result: Dtype::Bool }
    }
}

/// The loop of `ufunc` for these operands; `None` where NumPy has none.
///
/// Comparisons of integers are by value, whatever their `work` says.
pub fn loop_of(ufunc: Ufunc, operands: &[Typed]) -> Option<Loop> {
    use Ufunc::*;
    let kinds = || operands.iter().map(|operand| operand.kind);
    let dtype = common(kinds());
    let is_bool = dtype == Dtype::Bool;
    let unless = |refused: bool| (!refused).then(|| Loop::of(dtype));
    // Operations without a loop for bool take it as int8.
    let numbers = if is_bool { Dtype::Int8 } else { dtype };
    match ufunc {
        Add | Multiply | Minimum | Maximum | Fmin | Fmax => Some(Loop::of(dtype)),
        Subtract | Negative | Positive | Sign => unless(is_bool),
        Divide => Some(Loop::of(if is_bool || dtype.is_integer() { Dtype::Float64 } else { dtype })),
        FloorDivide | Remainder | Fmod => (!dtype.is_complex()).then(|| Loop::of(numbers)),
        Power | Square | Reciprocal | Conjugate => Some(Loop::of(numbers)),
        FloatPower => Some(Loop::of(promote(dtype, Dtype::Float64))),
        LeftShift | RightShift => numbers.is_integer().then(|| Loop::of(numbers)),
        BitwiseAnd | BitwiseOr | BitwiseXor | Invert => unless(!is_bool && !dtype.is_integer()),
        Gcd | Lcm => unless(!dtype.is_integer()),
        Compare(_) => Some(Loop::test(dtype)),
        LogicalAnd | LogicalOr | LogicalXor | LogicalNot => Some(Loop::of(Dtype::Bool)),
        Arctan2 | Hypot | Copysign | Nextafter | Heaviside | Logaddexp | Logaddexp2 => {
            float_of_all(operands).map(Loop::of)
        }
        Ldexp => ldexp(operands).map(Loop::of),
        Absolute => Some(Loop { work: dtype, result: dtype.component() }),
        Real | Imag => Some(Loop { work: dtype, result: dtype.component() }),
        Floor | Ceil | Trunc => unless(dtype.is_complex()),
        Rint => Some(Loop::of(float_or_complex(dtype))),
        Fabs | Degrees | Radians => (!dtype.is_complex()).then(|| Loop::of(float_or_complex(dtype))),
        Math(function) => {
            let is_defined = !dtype.is_complex() || function.is_complex();
            is_defined.then(|| Loop::of(float_or_complex(dtype)))
        }
        Sinc => Some(Loop::of(if is_bool || dtype.is_integer() { Dtype::Float64 } else { dtype })),
        Angle => {
            let work = if is_bool { Dtype::Float64 } else { float_or_complex(dtype) };
            Some(Loop { work, result: work.component() })
        }
        IsNan | IsInf | IsFinite | IsReal => Some(Loop::test(dtype)),
        Signbit => (!dtype.is_complex()).then(|| Loop::test(dtype)),
        Complex => (!dtype.is_complex()).then_some(Loop { work: Dtype::Float64, result: Dtype::Complex128 }),
        OnesLike => Some(Loop::of(dtype)),
        BitwiseCount => (is_bool || dtype.is_integer()).then_some(Loop { work: dtype, result: Dtype::UInt8 }),
    }
}

/// The dtype in which a function of floats takes a dtype. Where NumPy has float16 it is float32.
fn float_or_complex(dtype: Dtype) -> Dtype {
    match dtype {
        Dtype::Bool | Dtype::Int8 | Dtype::UInt8 | Dtype::Int16 | Dtype::UInt16 => Dtype::Float32,
        _ if dtype.is_integer() => Dtype::Float64,
        _ => dtype,
    }
}

/// The widest float dtype in which the operands are taken one by one; `None` if one is complex.
fn float_of_all(operands: &[Typed]) -> Option<Dtype> {
    let strong = operands.iter().filter_map(|operand| match operand.kind {
        Kind::Strong(dtype) => Some(dtype),
        Kind::Weak(_) => None,
    });
    let widest = strong.fold(Dtype::Bool, promote);
    let mut float = Dtype::Float32;
    for operand in operands {
        let dtype = match operand.kind {
            Kind::Strong(dtype) => float_or_complex(dtype),
            Kind::Weak(Weak::Bool) => Dtype::Float32,
            // As wide as the other operand, if that says anything.
            Kind::Weak(Weak::Int) if widest != Dtype::Bool => Dtype::Float32,
            Kind::Weak(Weak::Float) if widest.is_float() => Dtype::Float32,
            Kind::Weak(weak) => float_or_complex(weak.dtype()),
        };
        if dtype.is_complex() {
            return None;
        }
        float = promote(float, dtype);
    }
    Some(float)
}

/// The exponents are integers; the dtype is that of the first operand.
fn ldexp(operands: &[Typed]) -> Option<Dtype> {
    let [mantissa, exponent] = operands else { return None };
    let exponents = exponent.kind.dtype();
    if exponents != Dtype::Bool && !exponents.is_integer() || exponents == Dtype::UInt64 {
        return None;
    }
    match mantissa.kind {
        Kind::Weak(Weak::Int) if matches!(exponent.kind, Kind::Strong(dtype) if dtype != Dtype::Bool) => {
            Some(Dtype::Float32)
        }
        kind => Some(float_or_complex(kind.dtype())).filter(|dtype| dtype.is_float()),
    }
}

/// Refuses a number of Python that its dtype does not hold.
pub fn check_bounds(value: Option<Scalar>, dtype: Dtype) -> Result<(), CompileError> {
    match value {
        Some(Scalar::Int(value)) if dtype.is_integer() && !holds(value, dtype) => {
            Err(type_error(format_args!("Python integer {value} out of bounds for {dtype}")))
        }
        Some(Scalar::Int(value)) if (value as f64).is_infinite() => {
            Err(type_error(format_args!("int too large to convert to float")))
        }
        _ => Ok(()),
    }
}

/// Whether an integer dtype has the value.
pub fn holds(value: i128, dtype: Dtype) -> bool {
    Scalar::Int(value).cast(dtype) == Scalar::Int(value)
}
