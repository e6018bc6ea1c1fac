//! Vectors of AVX-512 as [`Float`], with its instructions for exponents and for tables in registers.

use super::float::{Float, Float32, Float64, Scalar, TABLE, TABLE_BITS, Table, Vector, splats};
use std::arch::x86_64::*;
use std::mem::transmute;
use std::ops::{Add, Div, Mul, Neg, Sub};

/// Eight float64.
#[derive(Clone, Copy)]
#[repr(transparent)]
pub struct F64x8(__m512d);

/// Sixteen float32.
#[derive(Clone, Copy)]
#[repr(transparent)]
pub struct F32x16(__m512);

/// Runs instructions of AVX-512, as [`Vector`] allows them.
macro_rules! avx512 {
    ($body:expr) => {
        // SAFETY: vectors are used on machines of `Level::Avx512` only, see `Vector`.
        unsafe { $body }
    };
}

/// What `vfixupimm` makes of a logarithm by the class of its argument, four bits a class from the
/// lowest: of quiet and signalling NaN the argument (2), of 0 -inf (4), of 1 the logarithm (0), of
/// -inf NaN (3), of +inf +inf (5), of negative numbers NaN, of positive ones the logarithm.
const LIMITS_OF_LOG: i32 = 0x0353_0422;

macro_rules! impl_operator {
    ($vector:ident, $trait:ident, $method:ident, $instruction:ident) => {
        impl $trait for $vector {
            type Output = Self;

            #[inline(always)]
            fn $method(self, b: Self) -> Self {
                $vector(avx512!($instruction(self.0, b.0)))
            }
        }
    };
}

/// The operations of one vector type, by the names of its instructions.
macro_rules! impl_vector {
    (
        $vector:ident, $scalar:ident, $bits:ident, $lanes:expr, $mask:ident, $register:ident, $lookup:ident;
        arithmetic: $add:ident $sub:ident $mul:ident $div:ident $sqrt:ident $fmadd:ident $fmsub:ident;
        bits: $and:ident $andnot:ident $or:ident $xor:ident $shl:ident $shr:ident;
        integers: $to_integer:ident $of_integer:ident $splat_integer:ident $integer_add:ident;
        masks: $compare:ident $blend:ident $sign_mask:ident $test:ident;
        limits: $min:ident $max:ident $fixup:ident;
        exponents: $scale:ident $exponent:ident $mantissa:ident;
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
                $vector(avx512!($xor(self.0, Self::constant(-0.0).0)))
            }
        }

        impl $vector {
            #[inline(always)]
            const fn constant(x: $scalar) -> Self {
                // SAFETY: an array of the vector's elements is as large as the vector.
                $vector(unsafe { transmute::<[$scalar; $lanes], $register>([x; $lanes]) })
            }

            #[inline(always)]
            fn bits(self) -> __m512i {
                avx512!($to_integer(self.0))
            }

            #[inline(always)]
            fn of_bits(bits: __m512i) -> Self {
                $vector(avx512!($of_integer(bits)))
            }
        }

        impl Float for $vector {
            type Scalar = $scalar;
            type Mask = $mask;
            type Row<const N: usize> = ($vector, &'static Table<$scalar, N>);

            const FMA: bool = true;
            const ALL: $mask = !0;
            splats!($scalar);

            #[inline(always)]
            fn abs(self) -> Self {
                $vector(avx512!($andnot(Self::constant(-0.0).0, self.0)))
            }

            #[inline(always)]
            fn sqrt(self) -> Self {
                $vector(avx512!($sqrt(self.0)))
            }

            #[inline(always)]
            fn copysign(self, sign: Self) -> Self {
                let sign_bit = Self::constant(-0.0).0;
                $vector(avx512!($or($andnot(sign_bit, self.0), $and(sign_bit, sign.0))))
            }

            // Of a number and NaN, the instructions answer the second operand.
            #[inline(always)]
            fn at_most(self, limit: Self) -> Self {
                $vector(avx512!($min(limit.0, self.0)))
            }

            #[inline(always)]
            fn at_least(self, limit: Self) -> Self {
                $vector(avx512!($max(limit.0, self.0)))
            }

            #[inline(always)]
            fn lt(self, b: Self) -> $mask {
                avx512!($compare::<_CMP_LT_OQ>(self.0, b.0))
            }

            #[inline(always)]
            fn le(self, b: Self) -> $mask {
                avx512!($compare::<_CMP_LE_OQ>(self.0, b.0))
            }

            #[inline(always)]
            fn eq(self, b: Self) -> $mask {
                avx512!($compare::<_CMP_EQ_OQ>(self.0, b.0))
            }

            #[inline(always)]
            fn is_negative(self) -> $mask {
                avx512!($sign_mask($to_integer(self.0)))
            }

            #[inline(always)]
            fn select(mask: $mask, a: Self, b: Self) -> Self {
                $vector(avx512!($blend(mask, b.0, a.0)))
            }

            #[inline(always)]
            fn may_hold(mask: $mask) -> bool {
                mask != 0
            }

            #[inline(always)]
            fn multiply_add(self, b: Self, c: Self) -> Self {
                $vector(avx512!($fmadd(self.0, b.0, c.0)))
            }

            #[inline(always)]
            fn product_error(self, b: Self, product: Self) -> Self {
                $vector(avx512!($fmsub(self.0, b.0, product.0)))
            }

            #[inline(always)]
            fn without_low_bits(self, bits: u32) -> Self {
                let others = Self::constant($scalar::from_bits($bits::MAX << bits));
                $vector(avx512!($and(self.0, others.0)))
            }

            #[inline(always)]
            fn times_short(self, b: Self) -> (Self, Self) {
                let product = self * b;
                (product, self.product_error(b, product))
            }

            #[inline(always)]
            fn exp2_of_rounded(rounded: Self) -> Self {
                let one = avx512!($splat_integer((1.0 as $scalar).to_bits().cast_signed()));
                let moved = avx512!($shl::<{ $scalar::MANTISSA_DIGITS - 1 }>(rounded.bits()));
                Self::of_bits(avx512!($integer_add(moved, one)))
            }

            #[inline(always)]
            fn rounded_bit(rounded: Self, bit: u32) -> $mask {
                avx512!($test($to_integer(rounded.0), $splat_integer(1 << bit)))
            }

            #[inline(always)]
            fn negated_if_odd(self, rounded: Self) -> Self {
                let sign = Self::of_bits(avx512!($shl::<{ $bits::BITS - 1 }>(rounded.bits())));
                $vector(avx512!($xor(self.0, sign.0)))
            }

            #[inline(always)]
            fn scaled(self, n: Self) -> Self {
                $vector(avx512!($scale(self.0, n.0)))
            }

            #[inline(always)]
            fn add_to_exponent(self, rounded: Self) -> Self {
                let moved = avx512!($shl::<{ $scalar::MANTISSA_DIGITS - 1 - TABLE_BITS }>(rounded.bits()));
                Self::of_bits(avx512!($integer_add(self.bits(), moved)))
            }

            #[inline(always)]
            fn row<const N: usize>(self, table: &'static Table<$scalar, N>) -> Self::Row<N> {
                (self, table)
            }

            #[inline(always)]
            fn entries<const N: usize>((index, table): Self::Row<N>, pair: usize) -> [Self; 2] {
                [$lookup(index, &table.columns[2 * pair]), $lookup(index, &table.columns[2 * pair + 1])]
            }

            #[inline(always)]
            fn table_index(self) -> Self {
                Self::of_bits(avx512!($shr::<{ $scalar::MANTISSA_DIGITS - 1 - TABLE_BITS }>(self.bits())))
            }

            #[inline(always)]
            fn split_exponent(self) -> (Self, Self) {
                let m = $vector(avx512!($mantissa::<_MM_MANT_NORM_P75_1P5, _MM_MANT_SIGN_SRC>(self.0)));
                let k = $vector(avx512!($exponent(self.0)));
                (Self::select(m.lt(Self::ONE), k + Self::ONE, k), m)
            }

            #[inline(always)]
            fn at_limits_of_log(self, x: Self) -> Self {
                $vector(avx512!($fixup::<0>(self.0, x.0, _mm512_set1_epi32(LIMITS_OF_LOG))))
            }

            #[inline(always)]
            fn rough_inverse_cbrt(self) -> Self {
                const SHIFT: u32 = $bits::BITS - ($scalar::MANTISSA_DIGITS - 1);
                let leading = Self::of_bits(avx512!($shr::<SHIFT>(self.bits())));
                let bits = $vector(avx512!($or(leading.0, Self::INTEGERS.0)));
                let third = bits.multiply_add(Self::constant(-1.0 / 3.0), Self::INVERSE_CBRT_OFFSET);
                Self::of_bits(avx512!($shl::<SHIFT>(third.bits())))
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
                unsafe { $vector($masked_load(!(<$mask>::MAX << n), source)) }
            }

            #[inline(always)]
            unsafe fn store(self, target: *mut $scalar) {
                // SAFETY: the caller's promise is passed on.
                unsafe { $store(target, self.0) }
            }

            #[inline(always)]
            unsafe fn store_first(self, target: *mut $scalar, n: usize) {
                // SAFETY: elements beyond the first `n` are not written.
                unsafe { $masked_store(target, !(<$mask>::MAX << n), self.0) }
            }

            #[inline(always)]
            fn all(mask: $mask) -> bool {
                mask == Self::ALL
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
    F64x8, f64, u64, 8, __mmask8, __m512d, lookup_16_of_64;
    arithmetic: _mm512_add_pd _mm512_sub_pd _mm512_mul_pd _mm512_div_pd _mm512_sqrt_pd _mm512_fmadd_pd _mm512_fmsub_pd;
    bits: _mm512_and_pd _mm512_andnot_pd _mm512_or_pd _mm512_xor_pd _mm512_slli_epi64 _mm512_srli_epi64;
    integers: _mm512_castpd_si512 _mm512_castsi512_pd _mm512_set1_epi64 _mm512_add_epi64;
    masks: _mm512_cmp_pd_mask _mm512_mask_blend_pd _mm512_movepi64_mask _mm512_test_epi64_mask;
    limits: _mm512_min_pd _mm512_max_pd _mm512_fixupimm_pd;
    exponents: _mm512_scalef_pd _mm512_getexp_pd _mm512_getmant_pd;
    memory: _mm512_loadu_pd _mm512_maskz_loadu_pd _mm512_storeu_pd _mm512_mask_storeu_pd;
}

impl_vector! {
    F32x16, f32, u32, 16, __mmask16, __m512, lookup_16_of_32;
    arithmetic: _mm512_add_ps _mm512_sub_ps _mm512_mul_ps _mm512_div_ps _mm512_sqrt_ps _mm512_fmadd_ps _mm512_fmsub_ps;
    bits: _mm512_and_ps _mm512_andnot_ps _mm512_or_ps _mm512_xor_ps _mm512_slli_epi32 _mm512_srli_epi32;
    integers: _mm512_castps_si512 _mm512_castsi512_ps _mm512_set1_epi32 _mm512_add_epi32;
    masks: _mm512_cmp_ps_mask _mm512_mask_blend_ps _mm512_movepi32_mask _mm512_test_epi32_mask;
    limits: _mm512_min_ps _mm512_max_ps _mm512_fixupimm_ps;
    exponents: _mm512_scalef_ps _mm512_getexp_ps _mm512_getmant_ps;
    memory: _mm512_loadu_ps _mm512_maskz_loadu_ps _mm512_storeu_ps _mm512_mask_storeu_ps;
}

/// The entries of a table in two registers.
#[inline(always)]
fn lookup_16_of_64(index: F64x8, table: &[f64; TABLE]) -> F64x8 {
    let (low, high) = table.split_at(TABLE / 2);
    F64x8(avx512!(_mm512_permutex2var_pd(
        _mm512_loadu_pd(low.as_ptr()),
        index.bits(),
        _mm512_loadu_pd(high.as_ptr())
    )))
}

/// The entries of a table in one register.
#[inline(always)]
fn lookup_16_of_32(index: F32x16, table: &[f32; TABLE]) -> F32x16 {
    F32x16(avx512!(_mm512_permutexvar_ps(index.bits(), _mm512_loadu_ps(table.as_ptr()))))
}

impl Float64 for F64x8 {
    /// Goldschmidt's iterations for the root and half its inverse, then a residue that rounds as the instruction
    /// does: P. Markstein, IA-64 and Elementary Functions (2000), chapter 9.
    #[inline(always)]
    fn root_by_products(self) -> Self {
        let half = Self::of(0.5);
        let estimate = F64x8(avx512!(_mm512_rsqrt14_pd(self.0)));
        let (mut root, mut half_inverse) = (self * estimate, estimate * half);
        // From 14 bits to 28, and to all but the last rounding.
        for _ in 0..2 {
            let error = (-root).multiply_add(half_inverse, half);
            root = root.multiply_add(error, root);
            half_inverse = half_inverse.multiply_add(error, half_inverse);
        }
        let residue = (-root).multiply_add(root, self);
        residue.multiply_add(half_inverse, root)
    }
}

impl Float32 for F32x16 {
    type Wide = F64x8;

    #[inline(always)]
    fn halves(self) -> [F64x8; 2] {
        avx512!({
            let (lower, upper) = (_mm512_castps512_ps256(self.0), _mm512_extractf32x8_ps::<1>(self.0));
            [F64x8(_mm512_cvtps_pd(lower)), F64x8(_mm512_cvtps_pd(upper))]
        })
    }

    #[inline(always)]
    fn of_halves([lower, upper]: [F64x8; 2]) -> Self {
        avx512!({
            let (lower, upper) = (_mm512_cvtpd_ps(lower.0), _mm512_cvtpd_ps(upper.0));
            F32x16(_mm512_insertf32x8::<1>(_mm512_castps256_ps512(lower), upper))
        })
    }
}
