//! Promotion: `numpy.promote_types`, and Python's numbers beside arrays (NEP 50).

use super::{Kind, Weak};
use crate::dtype::Dtype::{self, *};

/// The dtype in which values of both dtypes meet: that of `numpy.promote_types`.
pub fn promote(left: Dtype, right: Dtype) -> Dtype {
    let (low, high) = if left < right { (left, right) } else { (right, left) };
    match (low, high) {
        _ if low == high || low.is_string() || high.is_string() => left,
        (Bool, other) => other,
        (part, Complex64) if part == Float32 || part.size() <= 2 => Complex64,
        (_, Complex64 | Complex128) => Complex128,
        (part, Float32) if part.size() <= 2 => Float32,
        (_, Float32 | Float64) => Float64,
        (signed, unsigned) if signed.is_signed() && unsigned.is_unsigned() => {
            if signed.size() > unsigned.size() {
                return signed;
            }
            match unsigned.size() {
                1 => Int16,
                2 => Int32,
                4 => Int64,
                _ => Float64,
            }
        }
        (_, wider) => wider,
    }
}

/// The dtype in which operands of these kinds meet.
pub fn common(kinds: impl IntoIterator<Item = Kind>) -> Dtype {
    let mut strong: Option<Dtype> = None;
    let mut weak: Option<Weak> = None;
    for kind in kinds {
        match kind {
            // Python's bool is as strong as NumPy's: every number is stronger.
            Kind::Strong(dtype) => strong = Some(strong.map_or(dtype, |strong| promote(strong, dtype))),
            Kind::Weak(kind) => weak = weak.max(Some(kind)),
        }
    }
    match (strong, weak) {
        (None, weak) => weak.unwrap_or(Weak::Bool).dtype(),
        (Some(strong), None | Some(Weak::Bool)) => strong,
        (Some(Bool), Some(weak)) => weak.dtype(),
        (Some(strong), Some(Weak::Int)) => strong,
        (Some(strong), Some(Weak::Float)) if strong.is_integer() => Float64,
        (Some(strong), Some(Weak::Float)) => strong,
        (Some(Float32 | Complex64), Some(Weak::Complex)) => Complex64,
        (Some(_), Some(Weak::Complex)) => Complex128,
    }
}
