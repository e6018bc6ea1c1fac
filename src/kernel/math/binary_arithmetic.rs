//! Functions of two arguments that are exact, or rounded once.

use super::double::Double;
use super::float::{Float32, Float64, nearest};
use super::formula::{Binary, Function};
use super::scalar::{self, FACTORIALS};
use crate::kernel::elementwise::BinaryFn;
use std::marker::PhantomData;

/// `a` with the sign of `b`.
pub struct Copysign;

/// Positive difference.
pub struct Fdim;

/// Larger argument, ignoring NaN.
pub struct Fmax;

/// Smaller argument, ignoring NaN.
pub struct Fmin;

/// a·2^trunc(b).
pub struct Ldexp;

/// Neighbour of `a` in the direction of `b`.
pub struct Nextafter<T>(PhantomData<T>);

/// C `fmod`.
pub struct Fmod;

/// IEEE 754 remainder.
pub struct Remainder;

/// Binomial coefficient.
pub struct Ncr;

/// Number of permutations.
pub struct Npr;

impl Binary for Copysign {
    fn scalar(a: f64, b: f64) -> f64 {
        a.copysign(b)
    }

    fn scalar32(a: f32, b: f32) -> f32 {
        a.copysign(b)
    }

    #[inline(always)]
    fn vector<V: Float64>(a: V, b: V) -> V {
        a.copysign(b)
    }

    #[inline(always)]
    fn vector32<V: Float32>(a: V, b: V) -> V {
        a.copysign(b)
    }
}

impl Binary for Fdim {
    fn scalar(a: f64, b: f64) -> f64 {
        scalar::fdim(a, b)
    }

    #[inline(always)]
    fn vector<V: Float64>(a: V, b: V) -> V {
        V::select(a.le(b), V::ZERO, a - b)
    }

    #[inline(always)]
    fn vector32<V: Float32>(a: V, b: V) -> V {
        V::select(a.le(b), V::ZERO, a - b)
    }
}

impl Binary for Fmax {
    /// Not `f64::max`, which for a signaling NaN gives NaN on some processors.
    fn scalar(a: f64, b: f64) -> f64 {
        if a < b || a.is_nan() { b } else { a }
    }

    #[inline(always)]
    fn vector<V: Float64>(a: V, b: V) -> V {
        V::select(a.lt(b) | a.is_nan(), b, a)
    }

    #[inline(always)]
    fn vector32<V: Float32>(a: V, b: V) -> V {
        V::select(a.lt(b) | a.is_nan(), b, a)
    }
}

impl Binary for Fmin {
    /// As [`Fmax`].
    fn scalar(a: f64, b: f64) -> f64 {
        if a > b || a.is_nan() { b } else { a }
    }

    #[inline(always)]
    fn vector<V: Float64>(a: V, b: V) -> V {
        V::select(a.gt(b) | a.is_nan(), b, a)
    }

    #[inline(always)]
    fn vector32<V: Float32>(a: V, b: V) -> V {
        V::select(a.gt(b) | a.is_nan(), b, a)
    }
}

impl Binary for Ldexp {
    fn scalar(a: f64, b: f64) -> f64 {
        scalar::ldexp(a, b)
    }

    /// From the mantissa, so that the last product is the only one that rounds.
    #[inline(always)]
    fn vector<V: Float64>(a: V, b: V) -> V {
        let (exponent, mantissa) = a.abs().split_exponent();
        let n = truncated(within(b, -3000.0, 3000.0));
        // Beyond, all results are 0 or infinite.
        let y = mantissa.scaled(within(exponent + n, -1200.0, 1200.0)).copysign(a);
        let special = a.eq(V::ZERO) | !a.abs().lt(V::INFINITY) | b.is_nan();
        if !V::may_hold(special) {
            return y;
        }
        let y = V::select(special, a, y);
        V::select(b.is_nan(), b, y)
    }
}

impl Function for Nextafter<f64> {
    type Element = f64;
    const OPERANDS: usize = 2;

    fn scalar([a, b, _]: [f64; 3]) -> f64 {
        scalar::nextafter(a, b)
    }
}

impl Function for Nextafter<f32> {
    type Element = f32;
    const OPERANDS: usize = 2;

    fn scalar([a, b, _]: [f32; 3]) -> f32 {
        libm::nextafterf(a, b)
    }
}

impl BinaryFn<f64> for Nextafter<f64> {
    type Out = f64;

    #[inline(always)]
    fn apply(a: f64, b: f64) -> f64 {
        let bits = a.to_bits();
        let away = if bits & !SIGN == 0 { b.to_bits() & SIGN | 1 } else { bits.wrapping_add(1) };
        let outward = (a == 0.0) | ((b > a) == (a > 0.0));
        let moved = f64::from_bits(if outward { away } else { bits.wrapping_sub(1) });
        let apart = if a == b { b } else { moved };
        if a.is_nan() | b.is_nan() { a + b } else { apart }
    }
}

impl BinaryFn<f32> for Nextafter<f32> {
    type Out = f32;

    #[inline(always)]
    fn apply(a: f32, b: f32) -> f32 {
        let bits = a.to_bits();
        let away = if bits & !SIGN_32 == 0 { b.to_bits() & SIGN_32 | 1 } else { bits.wrapping_add(1) };
        let outward = (a == 0.0) | ((b > a) == (a > 0.0));
        let moved = f32::from_bits(if outward { away } else { bits.wrapping_sub(1) });
        let apart = if a == b { b } else { moved };
        if a.is_nan() | b.is_nan() { a + b } else { apart }
    }
}

const SIGN: u64 = 1 << 63;
const SIGN_32: u32 = 1 << 31;

impl Binary for Fmod {
    fn scalar(a: f64, b: f64) -> f64 {
        scalar::fmod(a, b)
    }

    /// The rounded quotient may reach the next integer, never pass it; then the remainder is negative.
    #[inline(always)]
    fn vector<V: Float64>(a: V, b: V) -> V {
        let (x, y) = (a.abs(), b.abs());
        let rest = rest_of(x, y, truncated(x / y));
        V::select(rest.lt(V::ZERO), rest + y, rest).copysign(a)
    }

    #[inline(always)]
    fn covers<V: Float64>(a: V, b: V) -> V::Mask {
        moderate_quotient(a, b)
    }

    #[inline(always)]
    fn covers32<V: Float32>(a: V, b: V) -> V::Mask {
        moderate_quotient_32(a, b)
    }
}

impl Binary for Remainder {
    fn scalar(a: f64, b: f64) -> f64 {
        scalar::remainder(a, b)
    }

    /// A quotient that rounding moved onto or over a half shows in a remainder above half of y.
    #[inline(always)]
    fn vector<V: Float64>(a: V, b: V) -> V {
        let (x, y) = (a.abs(), b.abs());
        let half = V::of(0.5) * y;
        let rest = rest_of(x, y, nearest(x / y));
        let rest = V::select(rest.gt(half), rest - y, rest);
        let rest = V::select(rest.lt(-half), rest + y, rest);
        let sign = V::ONE.copysign(a);
        V::select(rest.eq(V::ZERO), rest.copysign(a), rest * sign)
    }

    #[inline(always)]
    fn covers<V: Float64>(a: V, b: V) -> V::Mask {
        moderate_quotient(a, b)
    }

    #[inline(always)]
    fn covers32<V: Float32>(a: V, b: V) -> V::Mask {
        moderate_quotient_32(a, b)
    }
}

impl Binary for Ncr {
    /// The scalar function is faster where exact products take many operations.
    const NEEDS_FMA: bool = true;

    fn scalar(a: f64, b: f64) -> f64 {
        scalar::ncr(a, b)
    }

    #[inline(always)]
    fn vector<V: Float64>(a: V, b: V) -> V {
        choices(a, b)
    }
}

impl Binary for Npr {
    /// As [`Ncr`].
    const NEEDS_FMA: bool = true;

    fn scalar(a: f64, b: f64) -> f64 {
        scalar::npr(a, b)
    }

    #[inline(always)]
    fn vector<V: Float64>(a: V, b: V) -> V {
        let r = truncated(within(b, 0.0, 32.0));
        let [low, high] = V::entries((r + V::ROUNDER).row(&FACTORIALS), 0);
        let factorial = V::select(r.lt(V::of(16.0)), low, high);
        choices(a, b) * V::select(r.lt(V::of(32.0)), factorial, V::INFINITY)
    }
}

/// The number of ways to choose `r` of `n`, as [`scalar::ncr`]: numerator and denominator exact to more than
/// the 64 bits of the result, the quotient rounded to an integer before it is rounded to 53 bits.
#[cfg_attr(target_family = "wasm", inline(never))]
#[cfg_attr(not(target_family = "wasm"), inline(always))]
fn choices<V: Float64>(n: V, r: V) -> V {
    let zero = V::ZERO;
    let valid = n.ge(zero) & r.ge(zero) & n.ge(r);
    let limit = f64::from(u32::MAX);
    let whole = truncated(within(n, 0.0, limit));
    let chosen = truncated(within(r, 0.0, limit));
    let fewer = V::select(chosen.gt(whole - chosen), whole - chosen, chosen);
    let rest = whole - fewer;
    let one = Double { hi: V::ONE, lo: zero };
    let (mut numerator, mut denominator) = (one, one);
    for (i, factorial) in (1..).zip(&EXACT_FACTORIALS) {
        let i = V::of(f64::from(i));
        let taken = i.le(fewer);
        if !V::may_hold(taken) {
            break;
        }
        let product = Double::product(numerator.hi, rest + i);
        let product = Double::fast_sum(product.hi, numerator.lo.multiply_add(rest + i, product.lo));
        numerator = numerator.or_where(taken, product);
        let factorial = Double { hi: V::splat(factorial.hi), lo: V::splat(factorial.lo) };
        denominator = denominator.or_where(taken, factorial);
    }
    let quotient = numerator.divided_by(denominator).normalised();
    let y = quotient.hi + nearest(quotient.lo);
    // The last product of the recurrence is the largest. NaN is where the numerator overflowed.
    let fits =
        fewer.le(V::of(f64::from(MOST_CHOSEN))) & (y * fewer).lt(V::of(TWO_TO_64)) & n.le(V::of(limit));
    V::select(valid, V::select(fits, y, V::INFINITY), V::NAN)
}

/// The products of more than 31 items out of at least twice as many are beyond 64 bits.
const MOST_CHOSEN: u8 = 31;

/// The factorials of 1 to [`MOST_CHOSEN`].
static EXACT_FACTORIALS: [Double<f64>; MOST_CHOSEN as usize] = {
    let mut factorials = [Double { hi: 1.0, lo: 0.0 }; MOST_CHOSEN as usize];
    let (mut i, mut product) = (0, 1_u128);
    while i < factorials.len() {
        product *= i as u128 + 1;
        let hi = product as f64;
        let lo = product.cast_signed() - hi as i128;
        factorials[i] = Double { hi, lo: lo as f64 };
        i += 1;
    }
    factorials
};

const TWO_TO_64: f64 = 18_446_744_073_709_551_616.0;

/// Where the quotient has at most 51 bits before the point, and its products do not leave the
/// normal range.
#[inline(always)]
fn moderate_quotient<V: Float64>(a: V, b: V) -> V::Mask {
    let (x, y) = (a.abs(), b.abs());
    x.lt(y * V::of(2_251_799_813_685_248.0)) & x.lt(V::of(1e290)) & y.gt(V::of(1e-270)) & y.lt(V::of(1e290))
}

/// As [`moderate_quotient`]: in float64, products of float32 stay in the normal range.
#[inline(always)]
fn moderate_quotient_32<V: Float32>(a: V, b: V) -> V::Mask {
    let (x, y) = (a.abs(), b.abs());
    x.lt(y * V::of(2_251_799_813_685_248.0)) & x.lt(V::INFINITY) & y.lt(V::INFINITY)
}

/// `x - quotient·y`, exact where it has 53 bits.
#[inline(always)]
fn rest_of<V: Float64>(x: V, y: V, quotient: V) -> V {
    if V::FMA {
        return quotient.multiply_add(-y, x);
    }
    let product = Double::product(quotient, y);
    (x - product.hi) - product.lo
}

/// x, or the limit that it passes; NaN stays.
#[inline(always)]
fn within<V: Float64>(x: V, low: f64, high: f64) -> V {
    x.at_least(V::of(low)).at_most(V::of(high))
}

/// The integer part of x, for |x| < 2^51.
#[inline(always)]
fn truncated<V: Float64>(x: V) -> V {
    let rounded = nearest(x.abs());
    V::select(rounded.gt(x.abs()), rounded - V::ONE, rounded).copysign(x)
}
