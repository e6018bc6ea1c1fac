//! One float as [`Float`]: every operation vectorises on every target.
//!
//! No conversions between floats and 64-bit integers and no `floor`: the x86-64 baseline has no
//! vector form of them. Exponents are moved with integer additions on the bits.

use super::float::{Float, Float32, Float64, TABLE, TABLE_BITS};
use std::ops::{Add, Div, Mul, Neg, Sub};

/// A float32 or float64 on a target with (`FMA`) or without a fused multiply-add instruction.
#[derive(Clone, Copy)]
#[repr(transparent)]
pub struct Lane<T, const FMA: bool>(pub T);

macro_rules! impl_operator {
    ($trait:ident, $method:ident) => {
        impl<T: $trait<Output = T>, const FMA: bool> $trait for Lane<T, FMA> {
            type Output = Self;

            #[inline(always)]
            fn $method(self, b: Self) -> Self {
                Lane(self.0.$method(b.0))
            }
        }
    };
}

impl_operator!(Add, add);
impl_operator!(Sub, sub);
impl_operator!(Mul, mul);
impl_operator!(Div, div);

impl<T: Neg<Output = T>, const FMA: bool> Neg for Lane<T, FMA> {
    type Output = Self;

    #[inline(always)]
    fn neg(self) -> Self {
        Lane(-self.0)
    }
}

macro_rules! impl_float {
    ($float:ident, $bits:ident, $splitter:expr, $residue:expr, $subnormal_shift:expr, $cbrt_offset:expr) => {
        impl<const FMA: bool> Lane<$float, FMA> {
            /// The upper and the lower half of the mantissa (G. W. Veltkamp).
            #[inline(always)]
            fn split_mantissa(self) -> (Self, Self) {
                let spread = self * Lane($splitter);
                let high = spread - (spread - self);
                (high, self - high)
            }
        }

        impl<const FUSED: bool> Float for Lane<$float, FUSED> {
            type Scalar = $float;
            type Mask = bool;

            const FMA: bool = FUSED;
            const ALL: bool = true;
            const ZERO: Self = Lane(0.0);
            const ONE: Self = Lane(1.0);
            const ROUNDER: Self = Lane(1.5 / $float::EPSILON);
            const FINE_ROUNDER: Self = Lane(1.5 / $float::EPSILON / TABLE as $float);
            const INTEGERS: Self = Lane(1.0 / $float::EPSILON);
            const INFINITY: Self = Lane($float::INFINITY);
            const NAN: Self = Lane($float::NAN);
            const MIN_POSITIVE: Self = Lane($float::MIN_POSITIVE);
            const RESIDUE_OF_HALF_PI: Self = Lane($residue);
            const INVERSE_CBRT_OFFSET: Self = Lane($cbrt_offset);

            #[inline(always)]
            fn splat(x: $float) -> Self {
                Lane(x)
            }

            #[inline(always)]
            fn of(x: f64) -> Self {
                Lane(x as $float)
            }

            #[inline(always)]
            fn abs(self) -> Self {
                Lane(self.0.abs())
            }

            #[inline(always)]
            fn sqrt(self) -> Self {
                Lane(self.0.sqrt())
            }

            #[inline(always)]
            fn copysign(self, sign: Self) -> Self {
                Lane(self.0.copysign(sign.0))
            }

            #[inline(always)]
            fn at_most(self, limit: Self) -> Self {
                Self::select(limit.lt(self), limit, self)
            }

            #[inline(always)]
            fn at_least(self, limit: Self) -> Self {
                Self::select(self.lt(limit), limit, self)
            }

            #[inline(always)]
            fn lt(self, b: Self) -> bool {
                self.0 < b.0
            }

            #[inline(always)]
            fn le(self, b: Self) -> bool {
                self.0 <= b.0
            }

            #[inline(always)]
            fn eq(self, b: Self) -> bool {
                self.0 == b.0
            }

            #[inline(always)]
            fn is_negative(self) -> bool {
                self.0.is_sign_negative()
            }

            #[inline(always)]
            fn select(mask: bool, a: Self, b: Self) -> Self {
                if mask { a } else { b }
            }

            /// A branch would keep the loop from being vectorised.
            #[inline(always)]
            fn may_hold(_mask: bool) -> bool {
                true
            }

            #[inline(always)]
            fn multiply_add(self, b: Self, c: Self) -> Self {
                if FUSED { Lane(self.0.mul_add(b.0, c.0)) } else { self * b + c }
            }

            #[inline(always)]
            fn product_error(self, b: Self, product: Self) -> Self {
                if FUSED {
                    return self.multiply_add(b, -product);
                }
                // Dekker's exact product of the halves.
                let ((a_high, a_low), (b_high, b_low)) = (self.split_mantissa(), b.split_mantissa());
                ((a_high * b_high - product) + a_high * b_low + a_low * b_high) + a_low * b_low
            }

            #[inline(always)]
            fn times_less_one(self, b: Self) -> Self {
                if FUSED {
                    return self.multiply_add(b, -Self::ONE);
                }
                let (high, low) = self.split_mantissa();
                (high * b - Self::ONE) + low * b
            }

            #[inline(always)]
            fn exp2_of_rounded(rounded: Self) -> Self {
                let one = (1.0 as $float).to_bits();
                Lane($float::from_bits(
                    (rounded.0.to_bits() << ($float::MANTISSA_DIGITS - 1)).wrapping_add(one),
                ))
            }

            #[inline(always)]
            fn rounded_bit(rounded: Self, bit: u32) -> bool {
                rounded.0.to_bits() & (1 << bit) != 0
            }

            /// In two factors of about half the exponent: the first product is exact.
            #[inline(always)]
            fn scaled(self, n: Self) -> Self {
                const MANTISSA_BITS: u32 = $float::MANTISSA_DIGITS - 1;
                const BIAS: $bits = $float::MAX_EXP as $bits - 1;
                // Even, and larger than the exponents, so that all numbers are positive.
                const OFFSET: $bits = 4 * $float::MAX_EXP as $bits;
                let sixteenths =
                    (n + Self::FINE_ROUNDER).0.to_bits().wrapping_sub(Self::FINE_ROUNDER.0.to_bits());
                let exponent = sixteenths.wrapping_add(OFFSET << TABLE_BITS) >> TABLE_BITS;
                let half = exponent >> 1;
                let power =
                    |e: $bits| Lane($float::from_bits(e.wrapping_sub(OFFSET / 2 - BIAS) << MANTISSA_BITS));
                self * power(half) * power(exponent.wrapping_sub(half))
            }

            #[inline(always)]
            fn lookup(self, table: &[$float; TABLE]) -> Self {
                Lane(table[self.0.to_bits() as usize % TABLE])
            }

            #[inline(always)]
            fn table_index(self) -> Self {
                Lane($float::from_bits(self.0.to_bits() >> ($float::MANTISSA_DIGITS - 1 - TABLE_BITS)))
            }

            #[inline(always)]
            fn split_exponent(self) -> (Self, Self) {
                const MANTISSA_BITS: u32 = $float::MANTISSA_DIGITS - 1;
                const ONE: $bits = (1.0 as $float).to_bits();
                const LEAST: $bits = (0.75 as $float).to_bits();
                const UP: Lane<$float, false> = Lane(((1 as $bits) << $subnormal_shift) as $float);
                let subnormal = self.lt(Self::MIN_POSITIVE);
                let normal = Self::select(subnormal, self * Lane(UP.0), self);
                let shifted = normal.0.to_bits().wrapping_add(ONE - LEAST);
                let mantissa = (shifted & ((1 << MANTISSA_BITS) - 1)) + LEAST;
                // The biased exponent in the low bits of 2^MANTISSA_BITS is that number plus it.
                let bias = Lane(($float::MAX_EXP - 1) as $float);
                let shift = Self::select(subnormal, bias + Lane($subnormal_shift as $float), bias);
                let exponent =
                    Lane($float::from_bits((shifted >> MANTISSA_BITS) | Self::INTEGERS.0.to_bits()));
                (exponent - (Self::INTEGERS + shift), Lane($float::from_bits(mantissa)))
            }

            #[inline(always)]
            fn rough_inverse_cbrt(self) -> Self {
                // The leading bits as an integer in those of 2^MANTISSA_BITS.
                const SHIFT: u32 = $bits::BITS - ($float::MANTISSA_DIGITS - 1);
                let bits = Lane($float::from_bits((self.0.to_bits() >> SHIFT) | Self::INTEGERS.0.to_bits()));
                let third = bits.multiply_add(Lane(-1.0 / 3.0), Self::INVERSE_CBRT_OFFSET);
                Lane($float::from_bits(third.0.to_bits() << SHIFT))
            }
        }
    };
}

impl_float!(f32, u32, 4097.0, -4.371139e-8, 25, 13_958_185.0);
impl_float!(f64, u64, 134_217_729.0, 6.123233995736766e-17, 54, 7504467392749459.0);

/// A single float.
pub trait One: Float<Mask = bool> {
    fn value(self) -> Self::Scalar;
}

impl<const FMA: bool> One for Lane<f32, FMA> {
    #[inline(always)]
    fn value(self) -> f32 {
        self.0
    }
}

impl<const FMA: bool> One for Lane<f64, FMA> {
    #[inline(always)]
    fn value(self) -> f64 {
        self.0
    }
}

impl<const FMA: bool> Float64 for Lane<f64, FMA> {}

impl<const FMA: bool> Float32 for Lane<f32, FMA> {
    type Wide = Lane<f64, FMA>;

    #[inline(always)]
    fn halves(self) -> [Self::Wide; 2] {
        [Lane(f64::from(self.0)); 2]
    }

    #[inline(always)]
    fn of_halves([first, _]: [Self::Wide; 2]) -> Self {
        Lane(first.0 as f32)
    }
}
