//! What the formulas compute with: vectors of float32 or float64.
//!
//! A formula is written once, over [`Float`]. The types of `vector128`, `avx2` and `avx512` are vectors
//! of the three levels. All of them give the same bits where they have a fused multiply-add.

use std::ops::{Add, BitAnd, BitOr, Div, Mul, Neg, Not, Sub};

/// Entries of the tables that fit into vector registers.
pub const TABLE: usize = 16;

/// Fraction bits of an exponent that selects an entry of a table: log2 of [`TABLE`].
pub const TABLE_BITS: u32 = TABLE.trailing_zeros();

/// `N` columns of [`TABLE`] entries: by columns for vectors that hold one in registers, and by rows for
/// those that load the entries. `N` is even, as entries are loaded by pairs.
pub struct Table<S, const N: usize> {
    #[cfg(target_arch = "x86_64")]
    pub columns: [[S; TABLE]; N],
    pub rows: [Row<S, N>; TABLE],
}

/// A row of a table, aligned so that the sizes of rows are powers of two, and none crosses a cache line
/// that fits into one.
#[derive(Clone, Copy)]
#[repr(align(32))]
pub struct Row<S, const N: usize>(pub [S; N]);

impl<S: Copy, const N: usize> Table<S, N> {
    pub const fn new(columns: [[S; TABLE]; N]) -> Table<S, N> {
        let mut rows = [Row([columns[0][0]; N]); TABLE];
        let mut i = 0;
        while i < N * TABLE {
            rows[i % TABLE].0[i / TABLE] = columns[i / TABLE][i % TABLE];
            i += 1;
        }
        Table {
            #[cfg(target_arch = "x86_64")]
            columns,
            rows,
        }
    }
}

/// float32 or float64, with the constants that depend on its format of p stored mantissa bits.
pub trait Scalar: Copy + 'static {
    const ROUNDER: Self;
    const FINE_ROUNDER: Self;
    const INTEGERS: Self;
    const RESIDUE_OF_HALF_PI: Self;
    const INVERSE_CBRT_OFFSET: Self;
    /// 2^(p+2), a factor that makes subnormal numbers normal, and its exponent.
    const UP: Self;
    const UP_BITS: Self;
}

macro_rules! impl_scalar {
    ($float:ident, residue_of_half_pi: $residue:expr, inverse_cbrt_offset: $cbrt_offset:expr) => {
        impl Scalar for $float {
            const ROUNDER: $float = 1.5 / $float::EPSILON;
            const FINE_ROUNDER: $float = Self::ROUNDER / TABLE as $float;
            const INTEGERS: $float = 1.0 / $float::EPSILON;
            const RESIDUE_OF_HALF_PI: $float = $residue;
            const INVERSE_CBRT_OFFSET: $float = $cbrt_offset;
            const UP: $float = 4.0 / $float::EPSILON;
            const UP_BITS: $float = ($float::MANTISSA_DIGITS + 1) as $float;
        }
    };
}

impl_scalar!(f32, residue_of_half_pi: -4.371139e-8, inverse_cbrt_offset: 13_958_185.0);
impl_scalar!(f64, residue_of_half_pi: 6.123233995736766e-17, inverse_cbrt_offset: 7504467392749459.0);

/// A vector of float32 or float64.
pub trait Float:
    Copy + Add<Output = Self> + Sub<Output = Self> + Mul<Output = Self> + Div<Output = Self> + Neg<Output = Self>
{
    /// float32 or float64.
    type Scalar: Scalar;
    /// A truth value for each float.
    type Mask: Copy + BitAnd<Output = Self::Mask> + BitOr<Output = Self::Mask> + Not<Output = Self::Mask>;

    /// Whether [`multiply_add`](Float::multiply_add) is one instruction.
    const FMA: bool;
    /// The mask that is true everywhere.
    const ALL: Self::Mask;
    const ZERO: Self;
    const ONE: Self;
    /// 1.5·2^p for p stored mantissa bits: `x + ROUNDER` holds `x` rounded to an integer in its low
    /// bits, for |x| < 2^(p-1), and subtracting it again leaves that integer.
    const ROUNDER: Self;
    /// [`ROUNDER`](Float::ROUNDER) for multiples of 1/[`TABLE`] instead of integers.
    const FINE_ROUNDER: Self;
    /// 2^p for p stored mantissa bits: from here on, every number is an integer.
    const INTEGERS: Self;
    const INFINITY: Self;
    const NAN: Self;
    const MIN_POSITIVE: Self;
    /// π/2 minus π/2 rounded to this type.
    const RESIDUE_OF_HALF_PI: Self;
    /// From which [`rough_inverse_cbrt`](Float::rough_inverse_cbrt) subtracts a third of the bits.
    const INVERSE_CBRT_OFFSET: Self;

    /// `x` everywhere.
    fn splat(x: Self::Scalar) -> Self;

    /// `x` rounded to this type, everywhere; for constants.
    fn of(x: f64) -> Self;

    fn abs(self) -> Self;
    fn sqrt(self) -> Self;
    fn copysign(self, sign: Self) -> Self;

    /// The smaller of `self` and a limit; NaN stays.
    fn at_most(self, limit: Self) -> Self;

    /// The larger of `self` and a limit; NaN stays.
    fn at_least(self, limit: Self) -> Self;

    fn lt(self, b: Self) -> Self::Mask;
    fn le(self, b: Self) -> Self::Mask;
    fn eq(self, b: Self) -> Self::Mask;

    #[inline(always)]
    fn gt(self, b: Self) -> Self::Mask {
        b.lt(self)
    }

    #[inline(always)]
    fn ge(self, b: Self) -> Self::Mask {
        b.le(self)
    }

    #[inline(always)]
    fn is_nan(self) -> Self::Mask {
        !self.eq(self)
    }

    /// Whether the sign bit is set, also of zeros and NaN.
    fn is_negative(self) -> Self::Mask;

    /// `mask ? a : b`, with both already computed.
    fn select(mask: Self::Mask, a: Self, b: Self) -> Self;

    /// Whether `mask` is true anywhere: what is rarely needed, and then selected by the mask, is skipped
    /// by a vector that does not need it.
    fn may_hold(mask: Self::Mask) -> bool;

    /// `self * b + c`: fused in one instruction where [`FMA`](Float::FMA), else rounded twice.
    fn multiply_add(self, b: Self, c: Self) -> Self;

    /// The rounding error of the product `self * b`, given rounded as `product`; exact unless parts
    /// of it overflow or underflow.
    fn product_error(self, b: Self, product: Self) -> Self;

    /// `self` with its `bits` lowest bits cleared, those of a mantissa.
    fn without_low_bits(self, bits: u32) -> Self;

    /// `self * b` exactly, as a sum of two numbers, for b of at most half the mantissa's bits.
    fn times_short(self, b: Self) -> (Self, Self);

    /// `self * b - 1`, rounded once, for b of at most 10 bits.
    #[inline(always)]
    fn times_less_one(self, b: Self) -> Self {
        self.multiply_add(b, -Self::ONE)
    }

    /// 2^n for the integer n in `n + ROUNDER`, where 2^n is a normal number.
    fn exp2_of_rounded(rounded: Self) -> Self;

    /// Whether bit `bit` of the two's-complement integer n in `n + ROUNDER` is set.
    fn rounded_bit(rounded: Self, bit: u32) -> Self::Mask;

    /// `self` with its sign changed where the integer n in `n + ROUNDER` is odd.
    fn negated_if_odd(self, rounded: Self) -> Self;

    /// `self·2^⌊n⌋`, rounded once, for multiples n of 1/[`TABLE`] with |n| at most twice the exponent
    /// range.
    fn scaled(self, n: Self) -> Self;

    /// The float whose bits are those of `self` plus n times those of the exponent 1, for the multiple n
    /// of 1/[`TABLE`] in `n + FINE_ROUNDER`: its fraction moves the mantissa.
    fn add_to_exponent(self, rounded: Self) -> Self;

    /// A row of a table for each float.
    type Row<const N: usize>: Copy;

    /// The rows of `table` whose indices are in the lowest bits of `self`: integers from `+ ROUNDER`,
    /// sixteenths from `+ FINE_ROUNDER`, or indices from [`table_index`](Float::table_index).
    fn row<const N: usize>(self, table: &'static Table<Self::Scalar, N>) -> Self::Row<N>;

    /// The entries of the columns 2·pair and 2·pair + 1.
    fn entries<const N: usize>(row: Self::Row<N>, pair: usize) -> [Self; 2];

    /// The leading [`TABLE_BITS`] mantissa bits, as an index for
    /// [`row`](Float::row).
    fn table_index(self) -> Self;

    /// `(k, m)` with `self = 2^k·m` and m in [3/4, 3/2); for positive numbers, subnormal ones too.
    fn split_exponent(self) -> (Self, Self);

    /// `self`, the logarithm of `x`, but where it has special values: at 0, infinity, NaN and below 0.
    #[inline(always)]
    fn at_limits_of_log(self, x: Self) -> Self {
        let inside = x.gt(Self::ZERO) & x.lt(Self::INFINITY);
        if !Self::may_hold(!inside) {
            return self;
        }
        let y = Self::select(x.lt(Self::INFINITY), self, x);
        let y = Self::select(x.lt(Self::ZERO), Self::NAN, y);
        Self::select(x.eq(Self::ZERO), -Self::INFINITY, y)
    }

    /// A cube root's inverse to five bits, for positive normal numbers: a third of the negative
    /// exponent by arithmetic on the bits (W. Kahan).
    fn rough_inverse_cbrt(self) -> Self;
}

/// A vector of float64.
pub trait Float64: Float<Scalar = f64> {
    /// `√self` as [`sqrt`](Float::sqrt) rounds it, for numbers from 2^-600 to 2^600, and without the divider where
    /// that is quicker beside other roots and quotients.
    #[inline(always)]
    fn root_by_products(self) -> Self {
        self.sqrt()
    }
}

/// A vector of float32.
pub trait Float32: Float<Scalar = f32> {
    /// The half of it, in float64.
    type Wide: Float64;

    /// The lower and the upper half.
    fn halves(self) -> [Self::Wide; 2];

    /// Both halves, rounded.
    fn of_halves(halves: [Self::Wide; 2]) -> Self;
}

/// Several floats in one register.
///
/// The methods of [`Float`] use its instructions: values of these types are used only on machines
/// that have them.
pub trait Vector: Float<Mask: Into<u64>> {
    const LANES: usize;

    /// # Safety
    /// `source` is valid for reading `LANES` elements.
    unsafe fn load(source: *const Self::Scalar) -> Self;

    /// The first `n` elements, then zeros.
    ///
    /// # Safety
    /// `source` is valid for reading `n` elements, and `n` < `LANES`.
    unsafe fn load_first(source: *const Self::Scalar, n: usize) -> Self;

    /// # Safety
    /// `target` is valid for writing `LANES` elements.
    unsafe fn store(self, target: *mut Self::Scalar);

    /// # Safety
    /// `target` is valid for writing `n` elements, and `n` < `LANES`.
    unsafe fn store_first(self, target: *mut Self::Scalar, n: usize);

    /// Whether `mask` is true everywhere.
    fn all(mask: Self::Mask) -> bool;

    /// The elements, then zeros.
    fn lanes(self) -> [Self::Scalar; 16];
}

/// The integer nearest to x, ties to even, for |x| <= [`Float::INTEGERS`].
#[inline(always)]
pub fn nearest<T: Float>(x: T) -> T {
    ((x.abs() + T::INTEGERS) - T::INTEGERS).copysign(x)
}

/// `coefficients[0] + coefficients[1]·x + …`: even and odd powers in two independent chains.
#[inline(always)]
pub fn polynomial<T: Float>(x: T, coefficients: &[T::Scalar]) -> T {
    let coefficient = |i: usize| T::splat(coefficients[i]);
    let Some(mut i) = coefficients.len().checked_sub(2) else { return coefficient(0) };
    let square = x * x;
    let (mut upper, mut lower) = (coefficient(i + 1), coefficient(i));
    while i >= 2 {
        i -= 2;
        upper = upper.multiply_add(square, coefficient(i + 1));
        lower = lower.multiply_add(square, coefficient(i));
    }
    if i == 1 {
        (upper, lower) = (lower, upper.multiply_add(square, coefficient(0)));
    }
    upper.multiply_add(x, lower)
}

/// As [`polynomial`], in one chain: fewer operations, where others fill the time that it waits.
#[inline(always)]
pub fn chain<T: Float>(x: T, coefficients: &[T::Scalar]) -> T {
    let (&last, others) = coefficients.split_last().expect("a coefficient");
    others.iter().rev().fold(T::splat(last), |sum, &c| sum.multiply_add(x, T::splat(c)))
}

/// The parts of [`Float`] that repeat one number in all lanes, for vectors with a `constant` that does.
macro_rules! splats {
    ($scalar:ident) => {
        const ZERO: Self = Self::constant(0.0);
        const ONE: Self = Self::constant(1.0);
        const ROUNDER: Self = Self::constant(<$scalar as Scalar>::ROUNDER);
        const FINE_ROUNDER: Self = Self::constant(<$scalar as Scalar>::FINE_ROUNDER);
        const INTEGERS: Self = Self::constant(<$scalar as Scalar>::INTEGERS);
        const INFINITY: Self = Self::constant($scalar::INFINITY);
        const NAN: Self = Self::constant($scalar::NAN);
        const MIN_POSITIVE: Self = Self::constant($scalar::MIN_POSITIVE);
        const RESIDUE_OF_HALF_PI: Self = Self::constant(<$scalar as Scalar>::RESIDUE_OF_HALF_PI);
        const INVERSE_CBRT_OFFSET: Self = Self::constant(<$scalar as Scalar>::INVERSE_CBRT_OFFSET);

        #[inline(always)]
        fn splat(x: $scalar) -> Self {
            Self::constant(x)
        }

        #[inline(always)]
        fn of(x: f64) -> Self {
            Self::constant(x as $scalar)
        }
    };
}
pub(super) use splats;
