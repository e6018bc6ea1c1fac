//! Vectors of AVX2 and FMA as [`Float`], with tables by permutations and loads.

use super::float::{Float, Float32, Float64, Scalar, TABLE, TABLE_BITS, Table, Vector, splats};
use std::arch::x86_64::*;
use std::mem::transmute;
use std::ops::{Add, BitAnd, BitOr, Div, Mul, Neg, Not, Sub};

/// Four float64.
#[derive(Clone, Copy)]
#[repr(transparent)]
pub struct F64x4(__m256d);

/// Eight float32.
#[derive(Clone, Copy)]
#[repr(transparent)]
pub struct F32x8(__m256);

/// Truth values in the sign bits of float64.
#[derive(Clone, Copy)]
#[repr(transparent)]
pub struct Mask64x4(__m256d);

/// Truth values in the sign bits of float32.
#[derive(Clone, Copy)]
#[repr(transparent)]
pub struct Mask32x8(__m256);

/// Runs instructions of AVX2 and FMA, as [`Vector`] allows them.
macro_rules! avx2 {
    ($body:expr) => {
        // SAFETY: vectors are used on machines of `Level::Avx2` and above only, see `Vector`.
        unsafe { $body }
    };
}

macro_rules! impl_operator {
    ($vector:ident, $trait:ident, $method:ident, $instruction:ident) => {
        impl $trait for $vector {
            type Output = Self;

            #[inline(always)]
            fn $method(self, b: Self) -> Self {
                $vector(avx2!($instruction(self.0, b.0)))
            }
        }
    };
}

/// The operations of one vector type, by the names of its instructions.
macro_rules! impl_vector {
    (
        $vector:ident, $scalar:ident, $bits:ident, $lanes:expr, $mask:ident, $register:ident, $lookup:ident, $first:ident;
        arithmetic: $add:ident $sub:ident $mul:ident $div:ident $sqrt:ident $fmadd:ident $fmsub:ident;
        bits: $and:ident $andnot:ident $or:ident $xor:ident $shl:ident $shr:ident $shift_by:ident;
        integers: $to_integer:ident $of_integer:ident $splat_integer:ident $integer_add:ident $integer_sub:ident;
        masks: $compare:ident $blend:ident $sign_mask:ident;
        limits: $min:ident $max:ident;
        memory: $load:ident $masked_load:ident $store:ident $masked_store:ident;
    ) => {
        impl_operator!($vector, Add, add, $add);
        impl_operator!($vector, Sub, sub, $sub);
        impl_operator!($vector, Mul, mul, $mul);
        impl_operator!($vector, Div, div, $div);

        impl Neg for $vector {
            type Output = Self;

            #[inline(always)]
            fn neg(self) -> Self {
                $vector(avx2!($xor(self.0, Self::constant(-0.0).0)))
            }
        }

        impl_operator!($mask, BitAnd, bitand, $and);
        impl_operator!($mask, BitOr, bitor, $or);

        impl Not for $mask {
            type Output = Self;

            #[inline(always)]
            fn not(self) -> Self {
                $mask(avx2!($xor(self.0, $vector::ALL.0)))
            }
        }

        impl From<$mask> for u64 {
            #[inline(always)]
            fn from(mask: $mask) -> u64 {
                u64::from(avx2!($sign_mask(mask.0)).cast_unsigned())
            }
        }

        impl $vector {
            #[inline(always)]
            const fn constant(x: $scalar) -> Self {
                // SAFETY: an array of the vector's elements is as large as the vector.
                $vector(unsafe { transmute::<[$scalar; $lanes], $register>([x; $lanes]) })
            }

            #[inline(always)]
            fn bits(self) -> __m256i {
                avx2!($to_integer(self.0))
            }

            #[inline(always)]
            fn of_bits(bits: __m256i) -> Self {
                $vector(avx2!($of_integer(bits)))
            }

            #[inline(always)]
            fn splat_bits(bits: $bits) -> __m256i {
                avx2!($splat_integer(bits.cast_signed()))
            }

            /// 2^e for the integers `e + offset` in `bits`.
            #[inline(always)]
            fn power(bits: __m256i, offset: $bits) -> Self {
                const BIAS: $bits = $scalar::MAX_EXP as $bits - 1;
                let biased = avx2!($integer_sub(bits, Self::splat_bits(offset - BIAS)));
                Self::of_bits(avx2!($shl::<{ $scalar::MANTISSA_DIGITS as i32 - 1 }>(biased)))
            }
        }

        impl Float for $vector {
            type Scalar = $scalar;
            type Mask = $mask;
            type Row<const N: usize> = ($vector, &'static Table<$scalar, N>);

            const FMA: bool = true;
            const ALL: $mask = $mask(Self::constant($scalar::from_bits(!0)).0);
            splats!($scalar);

            #[inline(always)]
            fn abs(self) -> Self {
                $vector(avx2!($andnot(Self::constant(-0.0).0, self.0)))
            }

            #[inline(always)]
            fn sqrt(self) -> Self {
                $vector(avx2!($sqrt(self.0)))
            }

            #[inline(always)]
            fn copysign(self, sign: Self) -> Self {
                let sign_bit = Self::constant(-0.0).0;
                $vector(avx2!($or($andnot(sign_bit, self.0), $and(sign_bit, sign.0))))
            }

            // Of a number and NaN, the instructions answer the second operand.
            #[inline(always)]
            fn at_most(self, limit: Self) -> Self {
                $vector(avx2!($min(limit.0, self.0)))
            }

            #[inline(always)]
            fn at_least(self, limit: Self) -> Self {
                $vector(avx2!($max(limit.0, self.0)))
            }

            #[inline(always)]
            fn lt(self, b: Self) -> $mask {
                $mask(avx2!($compare::<_CMP_LT_OQ>(self.0, b.0)))
            }

            #[inline(always)]
            fn le(self, b: Self) -> $mask {
                $mask(avx2!($compare::<_CMP_LE_OQ>(self.0, b.0)))
            }

            #[inline(always)]
            fn eq(self, b: Self) -> $mask {
                $mask(avx2!($compare::<_CMP_EQ_OQ>(self.0, b.0)))
            }

            #[inline(always)]
            fn is_negative(self) -> $mask {
                $mask(self.0)
            }

            #[inline(always)]
            fn select(mask: $mask, a: Self, b: Self) -> Self {
                $vector(avx2!($blend(b.0, a.0, mask.0)))
            }

            #[inline(always)]
            fn may_hold(mask: $mask) -> bool {
                u64::from(mask) != 0
            }

            #[inline(always)]
            fn multiply_add(self, b: Self, c: Self) -> Self {
                $vector(avx2!($fmadd(self.0, b.0, c.0)))
            }

            #[inline(always)]
            fn product_error(self, b: Self, product: Self) -> Self {
                $vector(avx2!($fmsub(self.0, b.0, product.0)))
            }

            #[inline(always)]
            fn without_low_bits(self, bits: u32) -> Self {
                let others = Self::constant($scalar::from_bits($bits::MAX << bits));
                $vector(avx2!($and(self.0, others.0)))
            }

            #[inline(always)]
            fn times_short(self, b: Self) -> (Self, Self) {
                let product = self * b;
                (product, self.product_error(b, product))
            }

            #[inline(always)]
            fn exp2_of_rounded(rounded: Self) -> Self {
                let moved = avx2!($shl::<{ $scalar::MANTISSA_DIGITS as i32 - 1 }>(rounded.bits()));
                Self::of_bits(avx2!($integer_add(moved, Self::ONE.bits())))
            }

            #[inline(always)]
            fn rounded_bit(rounded: Self, bit: u32) -> $mask {
                let count = avx2!(_mm_cvtsi32_si128(($bits::BITS - 1 - bit).cast_signed()));
                $mask(Self::of_bits(avx2!($shift_by(rounded.bits(), count))).0)
            }

            #[inline(always)]
            fn negated_if_odd(self, rounded: Self) -> Self {
                let sign = Self::of_bits(avx2!($shl::<{ $bits::BITS as i32 - 1 }>(rounded.bits())));
                $vector(avx2!($xor(self.0, sign.0)))
            }

            /// In two factors of about half the exponent: the first product is exact.
            #[inline(always)]
            fn scaled(self, n: Self) -> Self {
                // Even, and larger than the exponents, so that all numbers are positive.
                const OFFSET: $bits = 4 * $scalar::MAX_EXP as $bits;
                let shift = <$scalar as Scalar>::FINE_ROUNDER.to_bits() - (OFFSET << TABLE_BITS);
                let sixteenths =
                    avx2!($integer_sub((n + Self::FINE_ROUNDER).bits(), Self::splat_bits(shift)));
                let exponent = avx2!($shr::<{ TABLE_BITS as i32 }>(sixteenths));
                let half = avx2!($shr::<1>(exponent));
                let other = avx2!($integer_sub(exponent, half));
                self * Self::power(half, OFFSET / 2) * Self::power(other, OFFSET / 2)
            }

            #[inline(always)]
            fn add_to_exponent(self, rounded: Self) -> Self {
                const SHIFT: u32 = $scalar::MANTISSA_DIGITS - 1 - TABLE_BITS;
                let moved = avx2!($shl::<{ SHIFT as i32 }>(rounded.bits()));
                Self::of_bits(avx2!($integer_add(self.bits(), moved)))
            }

            #[inline(always)]
            fn row<const N: usize>(self, table: &'static Table<$scalar, N>) -> Self::Row<N> {
                (self, table)
            }

            #[inline(always)]
            fn entries<const N: usize>((index, table): Self::Row<N>, pair: usize) -> [Self; 2] {
                $lookup(index, table, pair)
            }

            #[inline(always)]
            fn table_index(self) -> Self {
                const REST: u32 = $scalar::MANTISSA_DIGITS - 1 - TABLE_BITS;
                Self::of_bits(avx2!($shr::<{ REST as i32 }>(self.bits())))
            }

            #[inline(always)]
            fn split_exponent(self) -> (Self, Self) {
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
                let shifted = avx2!($integer_add(normal.bits(), Self::splat_bits(ABOVE)));
                // The biased exponent in the low bits of 2^p is that number plus it.
                let biased = Self::of_bits(avx2!($shr::<{ $scalar::MANTISSA_DIGITS as i32 - 1 }>(shifted)));
                let exponent = $vector(avx2!($or(biased.0, Self::INTEGERS.0)));
                let fraction_mask = Self::splat_bits((1 << ($scalar::MANTISSA_DIGITS - 1)) - 1);
                let fraction = avx2!(_mm256_and_si256(shifted, fraction_mask));
                let mantissa = Self::of_bits(avx2!($integer_add(fraction, Self::splat_bits(LEAST))));
                (exponent - shift, mantissa)
            }

            #[inline(always)]
            fn rough_inverse_cbrt(self) -> Self {
                const SHIFT: i32 = ($bits::BITS - ($scalar::MANTISSA_DIGITS - 1)) as i32;
                let leading = Self::of_bits(avx2!($shr::<SHIFT>(self.bits())));
                let bits = $vector(avx2!($or(leading.0, Self::INTEGERS.0)));
                let third = bits.multiply_add(Self::constant(-1.0 / 3.0), Self::INVERSE_CBRT_OFFSET);
                Self::of_bits(avx2!($shl::<SHIFT>(third.bits())))
            }
        }

        impl Vector for $vector {
            const LANES: usize = $lanes;

            #[inline(always)]
            unsafe fn load(source: *const $scalar) -> Self {
                // SAFETY: the caller's promise is passed on.
                unsafe { $vector($load(source)) }
            }

            #[inline(always)]
            unsafe fn load_first(source: *const $scalar, n: usize) -> Self {
                // SAFETY: elements beyond the first `n` are not read.
                unsafe { $vector($masked_load(source, $first(n))) }
            }

            #[inline(always)]
            unsafe fn store(self, target: *mut $scalar) {
                // SAFETY: the caller's promise is passed on.
                unsafe { $store(target, self.0) }
            }

            #[inline(always)]
            unsafe fn store_first(self, target: *mut $scalar, n: usize) {
                // SAFETY: elements beyond the first `n` are not written.
                unsafe { $masked_store(target, $first(n), self.0) }
            }

            #[inline(always)]
            fn all(mask: $mask) -> bool {
                u64::from(mask) == (1 << $lanes) - 1
            }

            #[inline(always)]
            fn lanes(self) -> [$scalar; 16] {
                let mut lanes = [0.0; 16];
                // SAFETY: the array has at least `LANES` elements.
                unsafe { self.store(lanes.as_mut_ptr()) };
                lanes
            }
        }
    };
}

impl_vector! {
    F64x4, f64, u64, 4, Mask64x4, __m256d, lookup_64, first_of_64;
    arithmetic: _mm256_add_pd _mm256_sub_pd _mm256_mul_pd _mm256_div_pd _mm256_sqrt_pd _mm256_fmadd_pd _mm256_fmsub_pd;
    bits: _mm256_and_pd _mm256_andnot_pd _mm256_or_pd _mm256_xor_pd _mm256_slli_epi64 _mm256_srli_epi64 _mm256_sll_epi64;
    integers: _mm256_castpd_si256 _mm256_castsi256_pd _mm256_set1_epi64x _mm256_add_epi64 _mm256_sub_epi64;
    masks: _mm256_cmp_pd _mm256_blendv_pd _mm256_movemask_pd;
    limits: _mm256_min_pd _mm256_max_pd;
    memory: _mm256_loadu_pd _mm256_maskload_pd _mm256_storeu_pd _mm256_maskstore_pd;
}

impl_vector! {
    F32x8, f32, u32, 8, Mask32x8, __m256, lookup_32, first_of_32;
    arithmetic: _mm256_add_ps _mm256_sub_ps _mm256_mul_ps _mm256_div_ps _mm256_sqrt_ps _mm256_fmadd_ps _mm256_fmsub_ps;
    bits: _mm256_and_ps _mm256_andnot_ps _mm256_or_ps _mm256_xor_ps _mm256_slli_epi32 _mm256_srli_epi32 _mm256_sll_epi32;
    integers: _mm256_castps_si256 _mm256_castsi256_ps _mm256_set1_epi32 _mm256_add_epi32 _mm256_sub_epi32;
    masks: _mm256_cmp_ps _mm256_blendv_ps _mm256_movemask_ps;
    limits: _mm256_min_ps _mm256_max_ps;
    memory: _mm256_loadu_ps _mm256_maskload_ps _mm256_storeu_ps _mm256_maskstore_ps;
}

/// All bits set in the first `n` elements.
#[inline(always)]
fn first_of_64(n: usize) -> __m256i {
    avx2!(_mm256_cmpgt_epi64(_mm256_set1_epi64x(n as i64), _mm256_setr_epi64x(0, 1, 2, 3)))
}

/// All bits set in the first `n` elements.
#[inline(always)]
fn first_of_32(n: usize) -> __m256i {
    avx2!(_mm256_cmpgt_epi32(_mm256_set1_epi32(n as i32), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7)))
}

/// By four loads from the rows: gathers take longer, on AMD's processors twice as long.
#[inline(always)]
fn lookup_64<const N: usize>(index: F64x4, table: &Table<f64, N>, pair: usize) -> [F64x4; 2] {
    avx2!({
        let [a, b, c, d] = transmute::<__m256i, [u64; 4]>(index.bits());
        let even =
            _mm256_insertf128_pd::<1>(_mm256_castpd128_pd256(two_of(a, table, pair)), two_of(c, table, pair));
        let odd =
            _mm256_insertf128_pd::<1>(_mm256_castpd128_pd256(two_of(b, table, pair)), two_of(d, table, pair));
        [F64x4(_mm256_unpacklo_pd(even, odd)), F64x4(_mm256_unpackhi_pd(even, odd))]
    })
}

/// A pair of entries of one row.
#[inline(always)]
fn two_of<const N: usize>(index: u64, table: &Table<f64, N>, pair: usize) -> __m128d {
    avx2!(_mm_loadu_pd(table.rows[index as usize % TABLE].0[2 * pair..2 * pair + 2].as_ptr()))
}

#[inline(always)]
fn lookup_32<const N: usize>(index: F32x8, table: &Table<f32, N>, pair: usize) -> [F32x8; 2] {
    [entries_of(index, &table.columns[2 * pair]), entries_of(index, &table.columns[2 * pair + 1])]
}

/// The entries of a column in two registers; the fourth bit of the index chooses one.
#[inline(always)]
fn entries_of(index: F32x8, column: &[f32; TABLE]) -> F32x8 {
    let (low, high) = column.split_at(TABLE / 2);
    avx2!({
        let low = _mm256_permutevar8x32_ps(_mm256_loadu_ps(low.as_ptr()), index.bits());
        let high = _mm256_permutevar8x32_ps(_mm256_loadu_ps(high.as_ptr()), index.bits());
        F32x8(_mm256_blendv_ps(low, high, _mm256_castsi256_ps(_mm256_slli_epi32::<28>(index.bits()))))
    })
}

impl Float64 for F64x4 {}

impl Float32 for F32x8 {
    type Wide = F64x4;

    #[inline(always)]
    fn halves(self) -> [F64x4; 2] {
        avx2!({
            let (lower, upper) = (_mm256_castps256_ps128(self.0), _mm256_extractf128_ps::<1>(self.0));
            [F64x4(_mm256_cvtps_pd(lower)), F64x4(_mm256_cvtps_pd(upper))]
        })
    }

    #[inline(always)]
    fn of_halves([lower, upper]: [F64x4; 2]) -> Self {
        avx2!(F32x8(_mm256_set_m128(_mm256_cvtpd_ps(upper.0), _mm256_cvtpd_ps(lower.0))))
    }
}
