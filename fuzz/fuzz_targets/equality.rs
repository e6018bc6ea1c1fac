//! When two arrays hold the same values.

use miniexpr::Dtype;

/// Whether two arrays of `dtype` are equal bit by bit; any NaN equals any other.
pub fn are_equal(dtype: Dtype, left: &[u8], right: &[u8]) -> bool {
    let is_nan = |bytes: &[u8]| match bytes.len() {
        4 => f32::from_ne_bytes(bytes.try_into().expect("four bytes")).is_nan(),
        _ => f64::from_ne_bytes(bytes.try_into().expect("eight bytes")).is_nan(),
    };
    let part = match dtype {
        Dtype::Float32 | Dtype::Complex64 => 4,
        Dtype::Float64 | Dtype::Complex128 => 8,
        _ => return left == right,
    };
    let mut pairs = left.chunks_exact(part).zip(right.chunks_exact(part));
    left.len() == right.len() && pairs.all(|(a, b)| a == b || is_nan(a) && is_nan(b))
}
