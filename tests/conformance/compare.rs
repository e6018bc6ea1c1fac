//! Comparison of output bytes, item by item.

use miniexpr::Dtype;

/// How far a float may be from the expected one; a value within either bound agrees.
#[derive(Clone, Copy, Default)]
pub struct Tolerance {
    /// In units in the last place.
    pub ulps: Option<u64>,
    /// Relative to the larger magnitude of both.
    pub relative: Option<f64>,
}

/// The first item of `got` that disagrees with `want`, described; `None` if all agree.
pub fn difference(dtype: Dtype, got: &[u8], want: &[u8], tolerance: Tolerance) -> Option<String> {
    if got.len() != want.len() {
        return Some(format!("{} bytes instead of {}", got.len(), want.len()));
    }
    let size = dtype.size();
    got.chunks(size).zip(want.chunks(size)).enumerate().find_map(|(index, (got, want))| {
        let agrees = got == want || items_agree(dtype, got, want, tolerance);
        (!agrees).then(|| format!("item {index}: {} instead of {}", show(dtype, got), show(dtype, want)))
    })
}

fn items_agree(dtype: Dtype, got: &[u8], want: &[u8], tolerance: Tolerance) -> bool {
    let (got_parts, want_parts) = (parts(dtype, got), parts(dtype, want));
    if got_parts.is_empty() {
        return false;
    }
    let close = tolerance.relative.is_some_and(|bound| relatively_close(&got_parts, &want_parts, bound));
    close
        || got_parts.iter().zip(&want_parts).all(|(got, want)| match tolerance.ulps {
            _ if got.is_nan() || want.is_nan() => got.is_nan() && want.is_nan(),
            None => got == want && got.is_sign_negative() == want.is_sign_negative(),
            Some(bound) => ulp_distance(dtype.component(), *got, *want) <= bound,
        })
}

/// The floats of an item: one, or two of a complex item, or none of any other dtype.
fn parts(dtype: Dtype, item: &[u8]) -> Vec<f64> {
    match dtype.component() {
        Dtype::Float32 => {
            item.as_chunks().0.iter().map(|bytes| f64::from(f32::from_le_bytes(*bytes))).collect()
        }
        Dtype::Float64 => item.as_chunks().0.iter().map(|bytes| f64::from_le_bytes(*bytes)).collect(),
        _ => Vec::new(),
    }
}

/// Whether two real or complex values differ by at most `bound` times the larger modulus.
fn relatively_close(got: &[f64], want: &[f64], bound: f64) -> bool {
    let modulus = |parts: &[f64]| parts.iter().fold(0.0, |sum: f64, part| sum.hypot(*part));
    let difference: Vec<f64> = got.iter().zip(want).map(|(got, want)| got - want).collect();
    modulus(&difference) <= bound * modulus(got).max(modulus(want))
}

/// Number of representable values between `a` and `b`, both of the float dtype `dtype`.
fn ulp_distance(dtype: Dtype, a: f64, b: f64) -> u64 {
    let rank = |value: f64| match dtype {
        Dtype::Float32 => ordered(i64::from((value as f32).to_bits() as i32), i64::from(i32::MIN)),
        _ => ordered(value.to_bits() as i64, i64::MIN),
    };
    rank(a).abs_diff(rank(b))
}

/// Maps the bits of a float, sign-extended, to a number that grows with the value.
fn ordered(bits: i64, sign: i64) -> i64 {
    if bits < 0 { sign.wrapping_sub(bits) } else { bits }
}

fn show(dtype: Dtype, item: &[u8]) -> String {
    let parts = parts(dtype, item);
    if parts.is_empty() { format!("{item:02x?}") } else { format!("{parts:?}") }
}
