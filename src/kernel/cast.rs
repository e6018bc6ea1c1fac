//! Conversions between numeric dtypes, by the rules of [`crate::dtype::float_to_int`] and
//! two's-complement wrapping.

mod truncate;

use std::marker::PhantomData;

use super::Kernel;
use super::elementwise::{UnaryFn, unary_kernel};
use super::level::Level;
use super::truth::Truth;
use crate::dtype::Precision::{Double, Single};
use crate::dtype::{Class, Complex, Dtype};
use truncate::{Truncate, f64_to_u32, truncated};

/// Conversion of one real element.
pub(super) trait Cast<To: Copy>: Copy {
    fn cast(self) -> To;
}

/// Conversions that Rust's `as` does as the library wants them: from integers, between floats.
macro_rules! cast_as {
    ($($from:ident => $($to:ident)*;)*) => {$($(
        impl Cast<$to> for $from {
            #[inline(always)]
            fn cast(self) -> $to {
                self as $to
            }
        }
    )*)*};
}

cast_as! {
    i8 => i8 i16 i32 i64 u8 u16 u32 u64 f32 f64;
    i16 => i8 i16 i32 i64 u8 u16 u32 u64 f32 f64;
    i32 => i8 i16 i32 i64 u8 u16 u32 u64 f32 f64;
    i64 => i8 i16 i32 i64 u8 u16 u32 u64 f32 f64;
    u8 => i8 i16 i32 i64 u8 u16 u32 u64 f32 f64;
    u16 => i8 i16 i32 i64 u8 u16 u32 u64 f32 f64;
    u32 => i8 i16 i32 i64 u8 u16 u32 u64 f32 f64;
    u64 => i8 i16 i32 i64 u8 u16 u32 u64 f32 f64;
    f32 => f32 f64;
    f64 => f32 f64;
}

const TWO_31: f32 = 2147483648.0;
const TWO_32: f32 = 4294967296.0;
const TWO_63: f32 = 9223372036854775808.0;

/// Float to integer, out of range as `dtype::float_to_int` does. The comparisons are on the value
/// itself, not on its whole part: they need no rounding instruction. `$lowest` is the least value
/// whose whole part is -2^31.
macro_rules! cast_float_to_int {
    ($float:ident, lowest: $lowest:expr) => {
        impl Cast<i32> for $float {
            #[inline(always)]
            fn cast(self) -> i32 {
                // Where the comparison leaves out -2^31, the other branch has it.
                let inside = self.abs() < $float::from(TWO_31);
                // SAFETY: taken only when the whole part is within -2^31..2^31.
                if inside { unsafe { self.to_int_unchecked() } } else { i32::MIN }
            }
        }

        impl Cast<i64> for $float {
            #[inline(always)]
            fn cast(self) -> i64 {
                let inside = self.abs() < $float::from(TWO_63);
                // SAFETY: taken only when the whole part is within -2^63..2^63.
                if inside { unsafe { self.to_int_unchecked() } } else { i64::MIN }
            }
        }

        impl Cast<u32> for $float {
            #[inline(always)]
            fn cast(self) -> u32 {
                let inside = (self >= $lowest) & (self < $float::from(TWO_32));
                let value = if inside { self } else { 0.0 };
                let (offset, top_bit) = if value >= $float::from(TWO_31) { (TWO_31, 1 << 31) } else { (0.0, 0) };
                let near_zero = value - $float::from(offset);
                // SAFETY: after the exact subtraction the whole part is within -2^31..2^31.
                let whole: i32 = unsafe { near_zero.to_int_unchecked() };
                whole as u32 ^ top_bit
            }
        }

        impl Cast<u64> for $float {
            #[inline(always)]
            fn cast(self) -> u64 {
                let upper_half = self >= $float::from(TWO_63);
                let near_zero = if upper_half { self - $float::from(TWO_63) } else { self };
                let whole: i64 = near_zero.cast();
                whole as u64 ^ (u64::from(upper_half) << 63)
            }
        }

        cast_float_to_int!($float, lowest: $lowest, narrow: i8 i16 u8 u16);
    };
    ($float:ident, lowest: $lowest:expr, narrow: $($narrow:ident)*) => {$(
        impl Cast<$narrow> for $float {
            #[inline(always)]
            fn cast(self) -> $narrow {
                // Out of range, the low bits of the minimum are 0, as they should be.
                let whole: i32 = self.cast();
                whole as $narrow
            }
        }
    )*};
}

cast_float_to_int!(f32, lowest: -TWO_31);
cast_float_to_int!(f64, lowest: -2147483648.9999995);

impl Cast<Truth> for f64 {
    #[inline(always)]
    fn cast(self) -> Truth {
        Truth::new(self != 0.0)
    }
}

impl<To: Copy> Cast<To> for Truth
where
    u8: Cast<To>,
{
    #[inline(always)]
    fn cast(self) -> To {
        u8::from(self.is_true()).cast()
    }
}

/// Real to real.
pub(super) struct RealToReal<To>(PhantomData<To>);
/// Real to complex with parts of type `Part`; the imaginary part is +0.
struct RealToComplex<Part>(PhantomData<Part>);
/// The real part of a complex element as `To`.
struct ComplexToReal<To>(PhantomData<To>);
/// Complex to complex, part by part.
struct ComplexToComplex<Part>(PhantomData<Part>);
/// Anything but zero; NaN is true.
struct IsNonZero;

impl<From: Cast<To>, To: Copy> UnaryFn<From> for RealToReal<To> {
    type Out = To;
    #[inline(always)]
    fn apply(x: From) -> To {
        x.cast()
    }
}

impl<From: Cast<Part>, Part: Copy + Default> UnaryFn<From> for RealToComplex<Part> {
    type Out = Complex<Part>;
    #[inline(always)]
    fn apply(x: From) -> Complex<Part> {
        Complex::new(x.cast(), Part::default())
    }
}

impl<Part: Cast<To>, To: Copy> UnaryFn<Complex<Part>> for ComplexToReal<To> {
    type Out = To;
    #[inline(always)]
    fn apply(x: Complex<Part>) -> To {
        x.re.cast()
    }
}

impl<From: Cast<Part>, Part: Copy> UnaryFn<Complex<From>> for ComplexToComplex<Part> {
    type Out = Complex<Part>;
    #[inline(always)]
    fn apply(x: Complex<From>) -> Complex<Part> {
        Complex::new(x.re.cast(), x.im.cast())
    }
}

impl<From: Copy + PartialEq + Default> UnaryFn<From> for IsNonZero {
    type Out = Truth;
    #[inline(always)]
    fn apply(x: From) -> Truth {
        Truth::new(x != From::default())
    }
}

/// The kernel that converts `from` to `to`, for two different numeric dtypes; `None` otherwise.
pub fn cast(from: Dtype, to: Dtype, level: Level) -> Option<Kernel> {
    if from == to || from.is_string() || to.is_string() {
        return None;
    }
    let level = if from.is_complex() || to.is_complex() { level.of_rare_loops() } else { level };
    match (from, to) {
        (_, Dtype::Bool) => to_bool(from, level),
        (Dtype::Complex64, Dtype::Complex128) => Some(complex_to_complex::<f32, f64>(level)),
        (Dtype::Complex128, Dtype::Complex64) => Some(complex_to_complex::<f64, f32>(level)),
        (Dtype::Complex64, _) => complex_to_real::<f32>(to, level),
        (Dtype::Complex128, _) => complex_to_real::<f64>(to, level),
        (Dtype::Float32, _) => float_to::<f32>(to, level),
        (Dtype::Float64, Dtype::UInt32) => Some(f64_to_u32(level)),
        (Dtype::Float64, _) => float_to::<f64>(to, level),
        (
            Dtype::Bool
            | Dtype::Int8
            | Dtype::Int16
            | Dtype::Int32
            | Dtype::Int64
            | Dtype::UInt8
            | Dtype::UInt16
            | Dtype::UInt32
            | Dtype::UInt64,
            _,
        ) => integer_or_bool_to(from, to, level),
        (Dtype::String | Dtype::Bytes, _) => None,
    }
}

fn to_bool(from: Dtype, level: Level) -> Option<Kernel> {
    Some(match from {
        Dtype::Bool | Dtype::Int8 | Dtype::UInt8 => unary_kernel::<IsNonZero, u8>(level),
        Dtype::Int16 | Dtype::UInt16 => unary_kernel::<IsNonZero, u16>(level),
        Dtype::Int32 | Dtype::UInt32 => unary_kernel::<IsNonZero, u32>(level),
        Dtype::Int64 | Dtype::UInt64 => unary_kernel::<IsNonZero, u64>(level),
        Dtype::Float32 => unary_kernel::<IsNonZero, f32>(level),
        Dtype::Float64 => unary_kernel::<IsNonZero, f64>(level),
        Dtype::Complex64 => unary_kernel::<IsNonZero, Complex<f32>>(level),
        Dtype::Complex128 => unary_kernel::<IsNonZero, Complex<f64>>(level),
        Dtype::String | Dtype::Bytes => return None,
    })
}

fn complex_to_complex<From: Cast<Part>, Part: Copy>(level: Level) -> Kernel {
    unary_kernel::<ComplexToComplex<Part>, Complex<From>>(level)
}

/// From bool or an integer dtype. Signed and unsigned targets of one size get the same bits.
fn integer_or_bool_to(from: Dtype, to: Dtype, level: Level) -> Option<Kernel> {
    match from {
        Dtype::Bool => integer_to::<Truth>(to, level),
        Dtype::Int8 => integer_to::<i8>(to, level),
        Dtype::Int16 => integer_to::<i16>(to, level),
        Dtype::Int32 => integer_to::<i32>(to, level),
        Dtype::Int64 => integer_to::<i64>(to, level),
        Dtype::UInt8 => integer_to::<u8>(to, level),
        Dtype::UInt16 => integer_to::<u16>(to, level),
        Dtype::UInt32 => integer_to::<u32>(to, level),
        Dtype::UInt64 => integer_to::<u64>(to, level),
        Dtype::Float32
        | Dtype::Float64
        | Dtype::Complex64
        | Dtype::Complex128
        | Dtype::String
        | Dtype::Bytes => None,
    }
}

fn integer_to<From>(to: Dtype, level: Level) -> Option<Kernel>
where
    From: Cast<u8> + Cast<u16> + Cast<u32> + Cast<u64> + Cast<f32> + Cast<f64>,
{
    Some(match to {
        Dtype::Int8 | Dtype::UInt8 => unary_kernel::<RealToReal<u8>, From>(level),
        Dtype::Int16 | Dtype::UInt16 => unary_kernel::<RealToReal<u16>, From>(level),
        Dtype::Int32 | Dtype::UInt32 => unary_kernel::<RealToReal<u32>, From>(level),
        Dtype::Int64 | Dtype::UInt64 => unary_kernel::<RealToReal<u64>, From>(level),
        Dtype::Bool | Dtype::Float32 | Dtype::Float64 | Dtype::Complex64 | Dtype::Complex128 => {
            return real_to_inexact::<From>(to, level);
        }
        Dtype::String | Dtype::Bytes => return None,
    })
}

fn real_to_inexact<From: Cast<f32> + Cast<f64>>(to: Dtype, level: Level) -> Option<Kernel> {
    Some(match to.class() {
        Class::Float(Single) => unary_kernel::<RealToReal<f32>, From>(level),
        Class::Float(Double) => unary_kernel::<RealToReal<f64>, From>(level),
        Class::Complex(Single) => unary_kernel::<RealToComplex<f32>, From>(level),
        Class::Complex(Double) => unary_kernel::<RealToComplex<f64>, From>(level),
        Class::Bool | Class::Integer | Class::Text => return None,
    })
}

/// A float element: what it converts to. The 8- and 16-bit targets get the same bits signed and
/// unsigned.
trait FloatSource:
    Cast<u8> + Cast<u16> + Cast<i32> + Cast<i64> + Cast<u32> + Cast<u64> + Cast<f32> + Cast<f64> + Truncate
{
}

impl FloatSource for f32 {}
impl FloatSource for f64 {}

fn float_to<From: FloatSource>(to: Dtype, level: Level) -> Option<Kernel> {
    Some(match to {
        Dtype::Int8 | Dtype::UInt8 => truncated::<From, u8>(level),
        Dtype::Int16 | Dtype::UInt16 => truncated::<From, u16>(level),
        Dtype::Int32 => truncated::<From, i32>(level),
        Dtype::UInt32 => unary_kernel::<RealToReal<u32>, From>(level),
        Dtype::Int64 => unary_kernel::<RealToReal<i64>, From>(level),
        Dtype::UInt64 => unary_kernel::<RealToReal<u64>, From>(level),
        Dtype::Bool | Dtype::Float32 | Dtype::Float64 | Dtype::Complex64 | Dtype::Complex128 => {
            return real_to_inexact::<From>(to, level);
        }
        Dtype::String | Dtype::Bytes => return None,
    })
}

fn complex_to_real<Part: FloatSource>(to: Dtype, level: Level) -> Option<Kernel> {
    Some(match to {
        Dtype::Int8 | Dtype::UInt8 => unary_kernel::<ComplexToReal<u8>, Complex<Part>>(level),
        Dtype::Int16 | Dtype::UInt16 => unary_kernel::<ComplexToReal<u16>, Complex<Part>>(level),
        Dtype::Int32 => unary_kernel::<ComplexToReal<i32>, Complex<Part>>(level),
        Dtype::Int64 => unary_kernel::<ComplexToReal<i64>, Complex<Part>>(level),
        Dtype::UInt32 => unary_kernel::<ComplexToReal<u32>, Complex<Part>>(level),
        Dtype::UInt64 => unary_kernel::<ComplexToReal<u64>, Complex<Part>>(level),
        Dtype::Float32 => unary_kernel::<ComplexToReal<f32>, Complex<Part>>(level),
        Dtype::Float64 => unary_kernel::<ComplexToReal<f64>, Complex<Part>>(level),
        Dtype::Bool | Dtype::Complex64 | Dtype::Complex128 | Dtype::String | Dtype::Bytes => return None,
    })
}
