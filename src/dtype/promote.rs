//! Promotion of two dtypes to the dtype of their binary operation.

use super::Dtype::{self, *};

/// The dtype in which a binary operation on `left` and `right` is done.
///
/// Symmetric, but not associative. It is NumPy's table but for six pairs, a signed integer with a
/// smaller unsigned one, which go one step wider: int16·uint8 → int32, int32·uint8 and
/// int32·uint16 → int64, int64 with uint8, uint16 or uint32 → float64.
/// Two strings of one family give that family; a string with anything else has no promotion, and
/// the caller must have refused it: the left dtype is returned.
pub fn promote(left: Dtype, right: Dtype) -> Dtype {
    if left == right || left.is_string() || right.is_string() {
        return left;
    }
    let (low, high) = if left < right { (left, right) } else { (right, left) };
    match (low, high) {
        (Bool, other) => other,
        (_, Complex128) => Complex128,
        (part, Complex64) => complex_of(promote(part, Float32)),
        (_, Float64) => Float64,
        (part, Float32) => {
            if part.size() <= 2 {
                Float32
            } else {
                Float64
            }
        }
        (signed, unsigned) if signed.is_signed() && unsigned.is_unsigned() => {
            let bytes = if unsigned.size() >= signed.size() { unsigned.size() } else { signed.size() };
            match bytes {
                1 => Int16,
                2 => Int32,
                4 => Int64,
                _ => Float64,
            }
        }
        (_, wider) => wider,
    }
}

/// The complex dtype whose parts have dtype `part` (float32 or float64).
fn complex_of(part: Dtype) -> Dtype {
    if part == Float32 { Complex64 } else { Complex128 }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The table of the specification, row by row: bool, int8…int64, uint8…uint64, floats, complex.
    const TABLE: &str = "\
        b1 i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 c64 c128
        i8 i8 i16 i32 i64 i16 i32 i64 f64 f32 f64 c64 c128
        i16 i16 i16 i32 i64 i32 i32 i64 f64 f32 f64 c64 c128
        i32 i32 i32 i32 i64 i64 i64 i64 f64 f64 f64 c128 c128
        i64 i64 i64 i64 i64 f64 f64 f64 f64 f64 f64 c128 c128
        u8 i16 i32 i64 f64 u8 u16 u32 u64 f32 f64 c64 c128
        u16 i32 i32 i64 f64 u16 u16 u32 u64 f32 f64 c64 c128
        u32 i64 i64 i64 f64 u32 u32 u32 u64 f64 f64 c128 c128
        u64 f64 f64 f64 f64 u64 u64 u64 u64 f64 f64 c128 c128
        f32 f32 f32 f64 f64 f32 f32 f64 f64 f32 f64 c64 c128
        f64 f64 f64 f64 f64 f64 f64 f64 f64 f64 f64 c128 c128
        c64 c64 c64 c128 c128 c64 c64 c128 c128 c64 c128 c64 c128
        c128 c128 c128 c128 c128 c128 c128 c128 c128 c128 c128 c128 c128";

    fn by_short_name(name: &str) -> Dtype {
        let names = ["b1", "i8", "i16", "i32", "i64", "u8", "u16", "u32", "u64", "f32", "f64", "c64", "c128"];
        Dtype::NUMERIC[names.iter().position(|n| *n == name).unwrap()]
    }

    #[test]
    fn equals_the_table_of_the_specification() {
        for (row, line) in TABLE.lines().enumerate() {
            for (column, name) in line.split_whitespace().enumerate() {
                let (left, right) = (Dtype::NUMERIC[row], Dtype::NUMERIC[column]);
                assert_eq!(promote(left, right), by_short_name(name), "{left} with {right}");
            }
        }
    }
}
