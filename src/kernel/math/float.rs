//! The floating-point types of the formulas: arithmetic and bit tricks that vectorise everywhere.
//!
//! No conversions to integers and no `floor`: the x86-64 baseline has no vector form of them.
//! Rounding adds and subtracts [`Float::ROUNDER`], and exponents are moved with integer additions
//! on the bits.

use std::ops::{Add, Div, Mul, Neg, Sub};

/// float32 or float64.
pub trait Float:
    Copy
    + Default
    + PartialOrd
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Neg<Output = Self>
{
    /// 1.5·2^p for p stored mantissa bits: `x + ROUNDER` holds `x` rounded to an integer in its low
    /// bits, for |x| < 2^(p-1), and subtracting it again leaves that integer.
    const ROUNDER: Self;
    /// 2^p for p stored mantissa bits: from here on, every number is an integer.
    const INTEGERS: Self;
    const INFINITY: Self;
    const NAN: Self;
    const MIN_POSITIVE: Self;

    /// `x` rounded to this type; for constants.
    fn of(x: f64) -> Self;

    /// π/2 minus π/2 rounded to this type.
    fn residue_of_half_pi() -> Self;

    fn abs(self) -> Self;
    fn sqrt(self) -> Self;
    fn copysign(self, sign: Self) -> Self;

    /// Whether the sign bit is set, also of zeros and NaN.
    fn is_negative(self) -> bool;

    /// `self * b + c`: fused in one instruction where `FMA`, else rounded twice.
    fn multiply_add<const FMA: bool>(self, b: Self, c: Self) -> Self;

    /// The rounding error of the product `self * b`, given rounded as `product`; exact unless parts
    /// of it overflow or underflow.
    fn product_error<const FMA: bool>(self, b: Self, product: Self) -> Self;

    /// 2^n for the integer n in `n + ROUNDER`, where 2^n is a normal number.
    fn exp2_of_rounded(rounded: Self) -> Self;

    /// Whether bit `bit` of the two's-complement integer n in `n + ROUNDER` is set.
    fn rounded_bit(rounded: Self, bit: u32) -> bool;

    /// `(k, m)` with `self = 2^k * m` and m in [√½, √2); for positive normal numbers.
    fn split_exponent(self) -> (Self, Self);
}

/// `if condition { a } else { b }` with both already computed, so that it stays branch-free.
#[inline(always)]
pub fn select<T>(condition: bool, a: T, b: T) -> T {
    if condition { a } else { b }
}

/// The integer nearest to x, ties to even, for |x| <= [`Float::INTEGERS`].
#[inline(always)]
pub fn nearest<T: Float>(x: T) -> T {
    ((x.abs() + T::INTEGERS) - T::INTEGERS).copysign(x)
}

/// `coefficients[0] + coefficients[1]·x + …`: even and odd powers in two independent chains.
#[inline(always)]
pub fn polynomial<T: Float, const FMA: bool>(x: T, coefficients: &[T]) -> T {
    let square = x * x;
    let (mut even, mut odd) = (T::default(), T::default());
    for (i, &coefficient) in coefficients.iter().enumerate().rev() {
        if i % 2 == 0 {
            even = even.multiply_add::<FMA>(square, coefficient);
        } else {
            odd = odd.multiply_add::<FMA>(square, coefficient);
        }
    }
    odd.multiply_add::<FMA>(x, even)
}

macro_rules! impl_float {
    ($float:ident, $bits:ident, $splitter:expr, $residue:expr) => {
        impl Float for $float {
            const ROUNDER: Self = 1.5 / $float::EPSILON;
            const INTEGERS: Self = 1.0 / $float::EPSILON;
            const INFINITY: Self = $float::INFINITY;
            const NAN: Self = $float::NAN;
            const MIN_POSITIVE: Self = $float::MIN_POSITIVE;

            #[inline(always)]
            fn of(x: f64) -> Self {
                x as $float
            }

            #[inline(always)]
            fn residue_of_half_pi() -> Self {
                $residue
            }

            #[inline(always)]
            fn abs(self) -> Self {
                $float::abs(self)
            }

            #[inline(always)]
            fn sqrt(self) -> Self {
                $float::sqrt(self)
            }

            #[inline(always)]
            fn copysign(self, sign: Self) -> Self {
                $float::copysign(self, sign)
            }

            #[inline(always)]
            fn is_negative(self) -> bool {
                self.is_sign_negative()
            }

            #[inline(always)]
            fn multiply_add<const FMA: bool>(self, b: Self, c: Self) -> Self {
                if FMA { $float::mul_add(self, b, c) } else { self * b + c }
            }

            #[inline(always)]
            fn product_error<const FMA: bool>(self, b: Self, product: Self) -> Self {
                if FMA {
                    return $float::mul_add(self, b, -product);
                }
                // Veltkamp's split into halves, Dekker's exact product of them.
                let halves = |x: Self| {
                    let spread = x * $splitter;
                    let high = spread - (spread - x);
                    (high, x - high)
                };
                let ((a_high, a_low), (b_high, b_low)) = (halves(self), halves(b));
                ((a_high * b_high - product) + a_high * b_low + a_low * b_high) + a_low * b_low
            }

            #[inline(always)]
            fn exp2_of_rounded(rounded: Self) -> Self {
                let one = (1.0 as $float).to_bits();
                $float::from_bits((rounded.to_bits() << ($float::MANTISSA_DIGITS - 1)).wrapping_add(one))
            }

            #[inline(always)]
            fn rounded_bit(rounded: Self, bit: u32) -> bool {
                rounded.to_bits() & (1 << bit) != 0
            }

            #[inline(always)]
            fn split_exponent(self) -> (Self, Self) {
                const MANTISSA_BITS: u32 = $float::MANTISSA_DIGITS - 1;
                const ONE: $bits = (1.0 as $float).to_bits();
                const HALF_ROOT: $bits = (std::f64::consts::FRAC_1_SQRT_2 as $float).to_bits();
                let shifted = self.to_bits().wrapping_add(ONE - HALF_ROOT);
                let mantissa = (shifted & ((1 << MANTISSA_BITS) - 1)) + HALF_ROOT;
                // The biased exponent in the low bits of 2^MANTISSA_BITS is that number plus it.
                let anchor = 1.0 / $float::EPSILON;
                let bias = ($float::MAX_EXP - 1) as $float;
                let exponent = $float::from_bits((shifted >> MANTISSA_BITS) | anchor.to_bits());
                (exponent - (anchor + bias), $float::from_bits(mantissa))
            }
        }
    };
}

impl_float!(f32, u32, 4097.0, -4.371139e-8);
impl_float!(f64, u64, 134_217_729.0, 6.123233995736766e-17);
