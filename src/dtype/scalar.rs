//! One value of a numeric dtype, with the exact cast rules of the library.

use std::hash::{Hash, Hasher};
use std::mem::discriminant;

use super::{Complex, Dtype};

/// One typed value. Integers keep all their bits, so a cast between integers is exact.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Scalar {
    /// Of bool.
    Bool(bool),
    /// A value of a signed or unsigned integer dtype, sign- or zero-extended.
    Int(i128),
    /// Of a real floating-point dtype.
    Float(f64),
    /// Of a complex dtype.
    Complex(Complex<f64>),
}

/// By the bits, so that the zeros differ, and the NaNs.
impl Hash for Scalar {
    fn hash<H: Hasher>(&self, state: &mut H) {
        discriminant(self).hash(state);
        match self {
            Scalar::Bool(value) => value.hash(state),
            Scalar::Int(value) => value.hash(state),
            Scalar::Float(value) => value.to_bits().hash(state),
            Scalar::Complex(value) => [value.re, value.im].map(f64::to_bits).hash(state),
        }
    }
}

impl Scalar {
    /// Whether both have the same bits: the zeros differ, and a NaN equals itself.
    pub fn has_bits_of(self, other: Scalar) -> bool {
        match (self, other) {
            (Scalar::Float(left), Scalar::Float(right)) => left.to_bits() == right.to_bits(),
            (Scalar::Complex(left), Scalar::Complex(right)) => {
                left.re.to_bits() == right.re.to_bits() && left.im.to_bits() == right.im.to_bits()
            }
            _ => self == other,
        }
    }

    /// Numeric truth: anything but zero; NaN is true.
    pub fn is_true(self) -> bool {
        match self {
            Scalar::Bool(value) => value,
            Scalar::Int(value) => value != 0,
            Scalar::Float(value) => value != 0.0,
            Scalar::Complex(value) => value.re != 0.0 || value.im != 0.0,
        }
    }

    /// The real part as float64 (integers beyond 2^53 round to nearest).
    pub fn to_f64(self) -> f64 {
        match self {
            Scalar::Bool(value) => f64::from(u8::from(value)),
            Scalar::Int(value) => value as f64,
            Scalar::Float(value) => value,
            Scalar::Complex(value) => value.re,
        }
    }

    fn to_complex(self) -> Complex<f64> {
        match self {
            Scalar::Complex(value) => value,
            real => Complex::new(real.to_f64(), 0.0),
        }
    }

    /// This value as a value of `dtype`, by the cast rules of [`float_to_int`] and two's-complement
    /// wrapping. A complex value loses its imaginary part unless `dtype` is complex or bool.
    pub fn cast(self, dtype: Dtype) -> Scalar {
        match dtype {
            Dtype::Bool => Scalar::Bool(self.is_true()),
            Dtype::Float32 => Scalar::Float(self.to_f32()),
            Dtype::Float64 => Scalar::Float(self.to_f64()),
            Dtype::Complex64 => Scalar::Complex(match self {
                Scalar::Complex(value) => {
                    Complex::new(f64::from(value.re as f32), f64::from(value.im as f32))
                }
                real => Complex::new(real.to_f32(), 0.0),
            }),
            Dtype::Complex128 => Scalar::Complex(self.to_complex()),
            Dtype::String | Dtype::Bytes => self,
            _ => Scalar::Int(match self {
                Scalar::Bool(value) => i128::from(value),
                Scalar::Int(value) => wrap(value, dtype),
                real => float_to_int(real.to_f64(), dtype),
            }),
        }
    }

    /// Rounded to float32 in one step, then widened.
    fn to_f32(self) -> f64 {
        match self {
            Scalar::Int(value) => f64::from(value as f32),
            other => f64::from(other.to_f64() as f32),
        }
    }

    /// The bytes of this value as `dtype` in native order; the first `dtype.size()` are used.
    pub fn to_bytes(self, dtype: Dtype) -> [u8; 16] {
        let mut bytes = [0u8; 16];
        match self.cast(dtype) {
            Scalar::Bool(value) => bytes[0] = u8::from(value),
            Scalar::Int(value) => {
                let low = (value as i64).to_ne_bytes();
                let size = dtype.size();
                if cfg!(target_endian = "little") {
                    bytes[..size].copy_from_slice(&low[..size]);
                } else {
                    bytes[..size].copy_from_slice(&low[8 - size..]);
                }
            }
            Scalar::Float(value) if dtype == Dtype::Float32 => {
                bytes[..4].copy_from_slice(&(value as f32).to_ne_bytes());
            }
            Scalar::Float(value) => bytes[..8].copy_from_slice(&value.to_ne_bytes()),
            Scalar::Complex(value) if dtype == Dtype::Complex64 => {
                bytes[..4].copy_from_slice(&(value.re as f32).to_ne_bytes());
                bytes[4..8].copy_from_slice(&(value.im as f32).to_ne_bytes());
            }
            Scalar::Complex(value) => {
                bytes[..8].copy_from_slice(&value.re.to_ne_bytes());
                bytes[8..].copy_from_slice(&value.im.to_ne_bytes());
            }
        }
        bytes
    }

    /// The value that the first `dtype.size()` of `bytes` hold in native order; a string dtype's as
    /// bytes.
    pub fn from_bytes(bytes: &[u8; 16], dtype: Dtype) -> Scalar {
        let float = |start: usize| f64::from(f32::from_ne_bytes(array(bytes, start)));
        let double = |start: usize| f64::from_ne_bytes(array(bytes, start));
        match dtype {
            Dtype::Bool => Scalar::Bool(bytes[0] != 0),
            Dtype::Int8 => Scalar::Int(i8::from_ne_bytes(array(bytes, 0)).into()),
            Dtype::Int16 => Scalar::Int(i16::from_ne_bytes(array(bytes, 0)).into()),
            Dtype::Int32 => Scalar::Int(i32::from_ne_bytes(array(bytes, 0)).into()),
            Dtype::Int64 => Scalar::Int(i64::from_ne_bytes(array(bytes, 0)).into()),
            Dtype::UInt16 => Scalar::Int(u16::from_ne_bytes(array(bytes, 0)).into()),
            Dtype::UInt32 => Scalar::Int(u32::from_ne_bytes(array(bytes, 0)).into()),
            Dtype::UInt64 => Scalar::Int(u64::from_ne_bytes(array(bytes, 0)).into()),
            Dtype::Float32 => Scalar::Float(float(0)),
            Dtype::Float64 => Scalar::Float(double(0)),
            Dtype::Complex64 => Scalar::Complex(Complex::new(float(0), float(4))),
            Dtype::Complex128 => Scalar::Complex(Complex::new(double(0), double(8))),
            Dtype::UInt8 | Dtype::String | Dtype::Bytes => Scalar::Int(bytes[0].into()),
        }
    }
}

/// `N` of the bytes from `start` on.
fn array<const N: usize>(bytes: &[u8; 16], start: usize) -> [u8; N] {
    std::array::from_fn(|index| bytes[start + index])
}

/// The low bits of `value` that fit an integer `dtype`, extended by its signedness.
fn wrap(value: i128, dtype: Dtype) -> i128 {
    match dtype {
        Dtype::Int8 => i128::from(value as i8),
        Dtype::Int16 => i128::from(value as i16),
        Dtype::Int32 => i128::from(value as i32),
        Dtype::UInt8 => i128::from(value as u8),
        Dtype::UInt16 => i128::from(value as u16),
        Dtype::UInt32 => i128::from(value as u32),
        Dtype::UInt64 => i128::from(value as u64),
        _ => i128::from(value as i64),
    }
}

/// Truncates toward zero into an integer dtype.
///
/// Outside the range of the dtype the result is what x86-64 hardware gives NumPy users:
///
/// | dtype | value | result |
/// |---|---|---|
/// | int8 int16 uint8 uint16 | within int32 | the low bits |
/// | the same | else, NaN | 0 |
/// | int32, int64 | outside, NaN | the minimum |
/// | uint32 | within int64, above −2^31 and below 2^32 | the low bits, else 0 |
/// | uint64 | −2^63 ≤ value < 0 | the low bits |
/// | uint64 | ≥ 2^64 | 0 |
/// | uint64 | below −2^63, NaN | 2^63 |
pub fn float_to_int(value: f64, dtype: Dtype) -> i128 {
    const TWO_31: f64 = 2147483648.0;
    const TWO_32: f64 = 4294967296.0;
    const TWO_63: f64 = 9223372036854775808.0;
    const TWO_64: f64 = 18446744073709551616.0;
    let whole = value.trunc();
    match dtype {
        Dtype::Int64 if (-TWO_63..TWO_63).contains(&whole) => whole as i128,
        Dtype::Int64 => i128::from(i64::MIN),
        Dtype::UInt64 if (-TWO_63..TWO_64).contains(&whole) => wrap(whole as i128, dtype),
        Dtype::UInt64 if whole >= TWO_64 => 0,
        Dtype::UInt64 => 1 << 63,
        Dtype::UInt32 if (-TWO_31..TWO_32).contains(&whole) => wrap(whole as i128, dtype),
        Dtype::UInt32 => 0,
        Dtype::Int32 if (-TWO_31..TWO_31).contains(&whole) => whole as i128,
        Dtype::Int32 => i128::from(i32::MIN),
        _ if (-TWO_31..TWO_31).contains(&whole) => wrap(whole as i128, dtype),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn out_of_range_floats_follow_the_table() {
        let cases = [
            (300.0, Dtype::Int8, 44),
            (-1.0, Dtype::UInt8, 255),
            (70000.0, Dtype::Int16, 4464),
            (f64::NAN, Dtype::UInt8, 0),
            (1e10, Dtype::Int16, 0),
            (1e10, Dtype::Int32, i128::from(i32::MIN)),
            (f64::INFINITY, Dtype::Int64, i128::from(i64::MIN)),
            (-1.0, Dtype::UInt32, 4294967295),
            (1e300, Dtype::UInt32, 0),
            (-1.0, Dtype::UInt64, i128::from(u64::MAX)),
            (f64::INFINITY, Dtype::UInt64, 0),
            (f64::NAN, Dtype::UInt64, 1 << 63),
            (-3.9, Dtype::Int32, -3),
        ];
        for (value, dtype, expected) in cases {
            assert_eq!(float_to_int(value, dtype), expected, "{value} to {dtype}");
        }
    }

    #[test]
    fn integers_round_to_float32_in_one_step() {
        let value = Scalar::Int((1 << 24) + 1).cast(Dtype::Float32);
        assert_eq!(value, Scalar::Float(16777216.0));
    }

    #[test]
    fn bytes_have_the_width_of_the_dtype() {
        assert_eq!(Scalar::Int(-2).to_bytes(Dtype::Int16)[..2], (-2i16).to_ne_bytes());
        assert_eq!(Scalar::Float(2.5).to_bytes(Dtype::Float32)[..4], 2.5f32.to_ne_bytes());
    }

    #[test]
    fn bytes_give_the_value_back() {
        for dtype in Dtype::NUMERIC {
            for value in [Scalar::Int(0), Scalar::Int(1), Scalar::Float(-3.5), Scalar::Int(i64::MIN.into())] {
                let value = value.cast(dtype);
                assert_eq!(Scalar::from_bytes(&value.to_bytes(dtype), dtype), value, "{dtype}");
            }
        }
    }
}
