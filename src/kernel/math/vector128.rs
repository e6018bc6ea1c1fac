//! Vectors of 128 bits as [`Float`], which every machine of the common targets has: SSE2, NEON, SIMD128.

use super::float::{Float, Float32, Float64, Scalar, TABLE, TABLE_BITS, Table, Vector, splats};
use std::ops::{Add, BitAnd, BitOr, Div, Mul, Neg, Not, Sub};
use wide::{f32x4, f64x2, u32x4, u64x2};

/// Whether a fused multiply-add is one of their instructions.
pub const FMA: bool = cfg!(any(target_arch = "aarch64", target_feature = "fma"));

/// Two float64.
#[derive(Clone, Copy)]
#[repr(transparent)]
pub struct F64x2(f64x2);

/// Four float32.
#[derive(Clone, Copy)]
#[repr(transparent)]
pub struct F32x4(f32x4);

/// Truth values in all bits of float64.
#[derive(Clone, Copy)]
#[repr(transparent)]
pub struct Mask64x2(u64x2);

/// Truth values in all bits of float32.
#[derive(Clone, Copy)]
#[repr(transparent)]
pub struct Mask32x4(u32x4);

macro_rules! impl_operator {
    ($vector:ident, $trait:ident, $method:ident) => {
        impl $trait for $vector {
            type Output = Self;

            #[inline(always)]
            fn $method(self, b: Self) -> Self {
                $vector(self.0.$method(b.0))
            }
        }
    };
}

macro_rules! impl_vector {
    ($vector:ident: $lanes:expr, $scalar:ident in $register:ident; $mask:ident: $bits:ident in $integers:ident; $entries:ident) => {
        impl_operator!($vector, Add, add);
        impl_operator!($vector, Sub, sub);
        impl_operator!($vector, Mul, mul);
        impl_operator!($vector, Div, div);
        impl_operator!($mask, BitAnd, bitand);
        impl_operator!($mask, BitOr, bitor);

        impl Neg for $vector {
            type Output = Self;

            #[inline(always)]
            fn neg(self) -> Self {
                $vector(-self.0)
            }
        }

        impl Not for $mask {
            type Output = Self;

            #[inline(always)]
            fn not(self) -> Self {
                $mask(!self.0)
            }
        }

        impl From<$mask> for u64 {
            #[inline(always)]
            fn from(mask: $mask) -> u64 {
                u64::from(mask.0.to_bitmask())
            }
        }

        impl $vector {
            #[inline(always)]
            const fn constant(x: $scalar) -> Self {
                $vector($register::splat(x))
            }

            #[inline(always)]
            fn bits(self) -> $integers {
                self.0.to_bits()
            }

            #[inline(always)]
            fn of_bits(bits: $integers) -> Self {
                $vector($register::from_bits(bits))
            }

            /// 2^e for the integers `e + offset` in `bits`.
            #[inline(always)]
            fn power(bits: $integers, offset: $bits) -> Self {
                const BIAS: $bits = $scalar::MAX_EXP as $bits - 1;
                Self::of_bits((bits - $integers::splat(offset - BIAS)) << ($scalar::MANTISSA_DIGITS - 1))
            }
        }

        impl Float for $vector {
            type Scalar = $scalar;
            type Mask = $mask;
            type Row<const N: usize> = [&'static [$scalar; N]; $lanes];

            const FMA: bool = FMA;
            const ALL: $mask = $mask($integers::splat(!0));
            splats!($scalar);

            #[inline(always)]
            fn abs(self) -> Self {
                $vector(self.0.abs())
            }

            #[inline(always)]
            fn sqrt(self) -> Self {
                $vector(self.0.sqrt())
            }

            #[inline(always)]
            fn copysign(self, sign: Self) -> Self {
                let sign_bit = Self::constant(-0.0).bits();
                Self::of_bits((self.bits() & !sign_bit) | (sign.bits() & sign_bit))
            }

            // Of a number and NaN, the instruction of SIMD128 answers the first operand, that of SSE2 the
            // second.
            #[inline(always)]
            fn at_most(self, limit: Self) -> Self {
                if cfg!(target_family = "wasm") {
                    $vector(self.0.fast_min(limit.0))
                } else {
                    $vector(limit.0.fast_min(self.0))
                }
            }

            #[inline(always)]
            fn at_least(self, limit: Self) -> Self {
                if cfg!(target_family = "wasm") {
                    $vector(self.0.fast_max(limit.0))
                } else {
                    $vector(limit.0.fast_max(self.0))
                }
            }

            #[inline(always)]
            fn lt(self, b: Self) -> $mask {
                $mask(self.0.simd_lt(b.0).to_bits())
            }

            #[inline(always)]
            fn le(self, b: Self) -> $mask {
                $mask(self.0.simd_le(b.0).to_bits())
            }

            #[inline(always)]
            fn eq(self, b: Self) -> $mask {
                $mask(self.0.simd_eq(b.0).to_bits())
            }

            #[inline(always)]
            fn is_negative(self) -> $mask {
                $mask(self.0.is_sign_negative().to_bits())
            }

            #[inline(always)]
            fn select(mask: $mask, a: Self, b: Self) -> Self {
                $vector($register::from_bits(mask.0).bitselect(a.0, b.0))
            }

            #[inline(always)]
            fn may_hold(mask: $mask) -> bool {
                mask.0.any()
            }

            #[inline(always)]
            fn multiply_add(self, b: Self, c: Self) -> Self {
                if Self::FMA { $vector(self.0.mul_add(b.0, c.0)) } else { self * b + c }
            }

            #[inline(always)]
            fn product_error(self, b: Self, product: Self) -> Self {
                if Self::FMA {
                    return self.multiply_add(b, -product);
                }
                // Dekker's exact product of the halves.
                let ((a_high, a_low), (b_high, b_low)) = (self.split_mantissa(), b.split_mantissa());
                ((a_high * b_high - product) + a_high * b_low + a_low * b_high) + a_low * b_low
            }

            #[inline(always)]
            fn without_low_bits(self, bits: u32) -> Self {
                Self::of_bits(self.bits() & $integers::splat($bits::MAX << bits))
            }

            #[inline(always)]
            fn times_short(self, b: Self) -> (Self, Self) {
                if Self::FMA {
                    let product = self * b;
                    return (product, self.multiply_add(b, -product));
                }
                let high = self.without_low_bits($scalar::MANTISSA_DIGITS / 2);
                (high * b, (self - high) * b)
            }

            #[inline(always)]
            fn times_less_one(self, b: Self) -> Self {
                if Self::FMA {
                    return self.multiply_add(b, -Self::ONE);
                }
                let (high, low) = self.times_short(b);
                (high - Self::ONE) + low
            }

            #[inline(always)]
            fn exp2_of_rounded(rounded: Self) -> Self {
                Self::of_bits((rounded.bits() << ($scalar::MANTISSA_DIGITS - 1)) + Self::ONE.bits())
            }

            #[inline(always)]
            fn rounded_bit(rounded: Self, bit: u32) -> $mask {
                Self::of_bits(rounded.bits() << ($bits::BITS - 1 - bit)).is_negative()
            }

            #[inline(always)]
            fn negated_if_odd(self, rounded: Self) -> Self {
                Self::of_bits(self.bits() ^ (rounded.bits() << ($bits::BITS - 1)))
            }

            /// In two factors of about half the exponent: the first product is exact.
            #[inline(always)]
            fn scaled(self, n: Self) -> Self {
                // Even, and larger than the exponents, so that all numbers are positive.
                const OFFSET: $bits = 4 * $scalar::MAX_EXP as $bits;
                let offset = $integers::splat(OFFSET << TABLE_BITS) - Self::FINE_ROUNDER.bits();
                let exponent = ((n + Self::FINE_ROUNDER).bits() + offset) >> TABLE_BITS;
                let half = exponent >> 1u32;
                self * Self::power(half, OFFSET / 2) * Self::power(exponent - half, OFFSET / 2)
            }

            #[inline(always)]
            fn add_to_exponent(self, rounded: Self) -> Self {
                const SHIFT: u32 = $scalar::MANTISSA_DIGITS - 1 - TABLE_BITS;
                Self::of_bits(self.bits() + (rounded.bits() << SHIFT))
            }

            #[inline(always)]
            fn row<const N: usize>(self, table: &'static Table<$scalar, N>) -> Self::Row<N> {
                self.bits().to_array().map(|index| &table.rows[index as usize % TABLE].0)
            }

            #[inline(always)]
            fn entries<const N: usize>(row: Self::Row<N>, pair: usize) -> [Self; 2] {
                $entries(row, pair)
            }

            #[inline(always)]
            fn table_index(self) -> Self {
                Self::of_bits(self.bits() >> ($scalar::MANTISSA_DIGITS - 1 - TABLE_BITS))
            }

            #[inline(always)]
            fn split_exponent(self) -> (Self, Self) {
                const MANTISSA_BITS: u32 = $scalar::MANTISSA_DIGITS - 1;
                const LEAST: $bits = (0.75 as $scalar).to_bits();
                const ABOVE: $bits = (1.0 as $scalar).to_bits() - LEAST;
                let bias = Self::constant(($scalar::MAX_EXP - 1) as $scalar);
                let subnormal = self.lt(Self::MIN_POSITIVE);
                let (mut normal, mut shift) = (self, Self::INTEGERS + bias);
                if Self::may_hold(subnormal) {
                    normal = Self::select(subnormal, self * Self::constant($scalar::UP), self);
                    let moved = shift + Self::constant($scalar::UP_BITS);
                    shift = Self::select(subnormal, moved, shift);
                }
                let shifted = normal.bits() + $integers::splat(ABOVE);
                // The biased exponent in the low bits of 2^MANTISSA_BITS is that number plus it.
                let exponent = Self::of_bits((shifted >> MANTISSA_BITS) | Self::INTEGERS.bits());
                let fraction = shifted & $integers::splat((1 << MANTISSA_BITS) - 1);
                (exponent - shift, Self::of_bits(fraction + $integers::splat(LEAST)))
            }

            #[inline(always)]
            fn rough_inverse_cbrt(self) -> Self {
                // The leading bits as an integer in those of 2^MANTISSA_BITS.
                const SHIFT: u32 = $bits::BITS - ($scalar::MANTISSA_DIGITS - 1);
                let bits = Self::of_bits((self.bits() >> SHIFT) | Self::INTEGERS.bits());
                let third = bits.multiply_add(Self::constant(-1.0 / 3.0), Self::INVERSE_CBRT_OFFSET);
                Self::of_bits(third.bits() << SHIFT)
            }
        }

        impl $vector {
            /// The upper and the lower half of the mantissa (G. W. Veltkamp).
            #[inline(always)]
            fn split_mantissa(self) -> (Self, Self) {
                const SPLITTER: $bits = (1 << $scalar::MANTISSA_DIGITS.div_ceil(2)) + 1;
                let spread = self * Self::constant(SPLITTER as $scalar);
                let high = spread - (spread - self);
                (high, self - high)
            }
        }

        impl Vector for $vector {
            const LANES: usize = $lanes;

            #[inline(always)]
            unsafe fn load(source: *const $scalar) -> Self {
                // SAFETY: the caller's promise is passed on.
                $vector($register::new(unsafe { source.cast::<[$scalar; $lanes]>().read() }))
            }

            #[inline(always)]
            unsafe fn load_first(source: *const $scalar, n: usize) -> Self {
                let mut lanes = [0.0; $lanes];
                // SAFETY: the caller promises `n` elements, fewer than the lanes.
                unsafe { source.copy_to_nonoverlapping(lanes.as_mut_ptr(), n) };
                $vector($register::new(lanes))
            }

            #[inline(always)]
            unsafe fn store(self, target: *mut $scalar) {
                // SAFETY: the caller's promise is passed on.
                unsafe { target.cast::<[$scalar; $lanes]>().write(self.0.to_array()) }
            }

            #[inline(always)]
            unsafe fn store_first(self, target: *mut $scalar, n: usize) {
                // SAFETY: the caller promises room for `n` elements, fewer than the lanes.
                unsafe { self.0.as_array().as_ptr().copy_to_nonoverlapping(target, n) }
            }

            #[inline(always)]
            fn all(mask: $mask) -> bool {
                mask.0.all()
            }

            #[inline(always)]
            fn lanes(self) -> [$scalar; 16] {
                let mut lanes = [0.0; 16];
                lanes[..$lanes].copy_from_slice(self.0.as_array());
                lanes
            }
        }
    };
}

impl_vector!(F64x2: 2, f64 in f64x2; Mask64x2: u64 in u64x2; entries_64);
impl_vector!(F32x4: 4, f32 in f32x4; Mask32x4: u32 in u32x4; entries_32);

#[inline(always)]
fn entries_64<const N: usize>(rows: [&[f64; N]; 2], pair: usize) -> [F64x2; 2] {
    let vectors = rows.map(|row| {
        let two = &row[2 * pair..2 * pair + 2];
        // SAFETY: the entries are as long as the vector. Loading it whole takes half the instructions.
        unsafe { two.as_ptr().cast::<f64x2>().read_unaligned() }
    });
    f64x2::transpose(vectors).map(F64x2)
}

#[inline(always)]
fn entries_32<const N: usize>(rows: [&[f32; N]; 4], pair: usize) -> [F32x4; 2] {
    let [a, b, c, d] = rows;
    let column = |i: usize| F32x4(f32x4::new([a[i], b[i], c[i], d[i]]));
    [column(2 * pair), column(2 * pair + 1)]
}

impl Float64 for F64x2 {}

impl Float32 for F32x4 {
    type Wide = F64x2;

    #[inline(always)]
    fn halves(self) -> [F64x2; 2] {
        let [a, b, c, d] = self.0.to_array().map(f64::from);
        [F64x2(f64x2::new([a, b])), F64x2(f64x2::new([c, d]))]
    }

    #[inline(always)]
    fn of_halves([lower, upper]: [F64x2; 2]) -> Self {
        let ([a, b], [c, d]) = (lower.0.to_array(), upper.0.to_array());
        F32x4(f32x4::new([a, b, c, d].map(|x| x as f32)))
    }
}
