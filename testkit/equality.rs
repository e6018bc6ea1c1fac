//! When results are the same. The sign and the payload of a NaN are not specified, so any NaN equals any other.

use std::fmt::Display;

use miniexpr::Dtype;

/// Whether two arrays of `dtype` have the same bits, NaNs aside.
pub fn are_equal(dtype: Dtype, left: &[u8], right: &[u8]) -> bool {
    first_difference(dtype, left, right).is_none()
}

/// Panics with the first item in which two arrays of `dtype` differ; `what` says how they came about.
#[track_caller]
pub fn assert_equal(dtype: Dtype, got: &[u8], want: &[u8], what: impl Display) {
    if let Some(index) = first_difference(dtype, got, want) {
        let item = |bytes: &[u8]| bytes.chunks(dtype.size()).nth(index).map(<[u8]>::to_vec);
        panic!("item {index} of {dtype} is {:x?} instead of {:x?}: {what}", item(got), item(want));
    }
}

/// The first item in which two arrays of `dtype` differ. Arrays of different lengths differ in the first item that one of
/// them lacks.
pub fn first_difference(dtype: Dtype, left: &[u8], right: &[u8]) -> Option<usize> {
    let component = dtype.component();
    let is_nan = |part: &[u8]| match component {
        Dtype::Float32 => part.try_into().is_ok_and(|part| f32::from_ne_bytes(part).is_nan()),
        Dtype::Float64 => part.try_into().is_ok_and(|part| f64::from_ne_bytes(part).is_nan()),
        _ => false,
    };
    let mut parts = left.chunks(component.size()).zip(right.chunks(component.size()));
    let place = parts.position(|(left, right)| left != right && !(is_nan(left) && is_nan(right)));
    let end = (left.len() != right.len()).then(|| left.len().min(right.len()) / component.size());
    place.or(end).map(|part| part * component.size() / dtype.size())
}

/// Whether two numbers are equal; zeros are, whatever their signs.
pub fn is_same_number(left: f64, right: f64) -> bool {
    left == right || left.is_nan() && right.is_nan()
}

/// Whether two numbers are equal and, if they are zeros, have the same sign.
pub fn is_same_value(left: f64, right: f64) -> bool {
    left.to_bits() == right.to_bits() || left.is_nan() && right.is_nan()
}
