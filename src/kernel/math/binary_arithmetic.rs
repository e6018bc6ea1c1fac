//! Functions of two arguments that are exact, or rounded once.

use super::double::Double;
use super::float::{Float, nearest, select};
use super::formula::Binary;
use super::scalar;

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
pub struct Nextafter;

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
    fn vector<const FMA: bool>(a: f64, b: f64) -> f64 {
        a.copysign(b)
    }

    #[inline(always)]
    fn vector32<const FMA: bool>(a: f32, b: f32) -> f32 {
        a.copysign(b)
    }
}

impl Binary for Fdim {
    fn scalar(a: f64, b: f64) -> f64 {
        scalar::fdim(a, b)
    }

    #[inline(always)]
    fn vector<const FMA: bool>(a: f64, b: f64) -> f64 {
        select(a <= b, 0.0, a - b)
    }

    #[inline(always)]
    fn vector32<const FMA: bool>(a: f32, b: f32) -> f32 {
        select(a <= b, 0.0, a - b)
    }
}

impl Binary for Fmax {
    fn scalar(a: f64, b: f64) -> f64 {
        a.max(b)
    }

    #[inline(always)]
    fn vector<const FMA: bool>(a: f64, b: f64) -> f64 {
        a.max(b)
    }

    #[inline(always)]
    fn vector32<const FMA: bool>(a: f32, b: f32) -> f32 {
        a.max(b)
    }
}

impl Binary for Fmin {
    fn scalar(a: f64, b: f64) -> f64 {
        a.min(b)
    }

    #[inline(always)]
    fn vector<const FMA: bool>(a: f64, b: f64) -> f64 {
        a.min(b)
    }

    #[inline(always)]
    fn vector32<const FMA: bool>(a: f32, b: f32) -> f32 {
        a.min(b)
    }
}

impl Binary for Ldexp {
    fn scalar(a: f64, b: f64) -> f64 {
        scalar::ldexp(a, b)
    }

    /// In three factors, as the exponents of two may be too far apart for one; the lower limit
    /// leaves room for 53 bits, so that only the last product rounds.
    #[inline(always)]
    fn vector<const FMA: bool>(a: f64, b: f64) -> f64 {
        let bounded = within(b, -3000.0, 3000.0);
        let n = truncated(bounded);
        let clamp = |n: f64| within(n, -969.0, 1023.0);
        let power = |n: f64| f64::exp2_of_rounded(n + f64::ROUNDER);
        let first = clamp(n);
        let second = clamp(n - first);
        let third = clamp(n - first - second);
        let y = a * power(first) * power(second) * power(third);
        select(b.is_nan(), b, y)
    }
}

impl Binary for Nextafter {
    fn scalar(a: f64, b: f64) -> f64 {
        scalar::nextafter(a, b)
    }

    fn scalar32(a: f32, b: f32) -> f32 {
        libm::nextafterf(a, b)
    }

    #[inline(always)]
    fn vector<const FMA: bool>(a: f64, b: f64) -> f64 {
        let bits = a.to_bits();
        let away = select(bits & !SIGN == 0, b.to_bits() & SIGN | 1, bits.wrapping_add(1));
        let outward = (a == 0.0) | ((b > a) == (a > 0.0));
        let moved = f64::from_bits(select(outward, away, bits.wrapping_sub(1)));
        select(a.is_nan() | b.is_nan(), a + b, select(a == b, b, moved))
    }

    #[inline(always)]
    fn vector32<const FMA: bool>(a: f32, b: f32) -> f32 {
        let bits = a.to_bits();
        let away = select(bits & !SIGN_32 == 0, b.to_bits() & SIGN_32 | 1, bits.wrapping_add(1));
        let outward = (a == 0.0) | ((b > a) == (a > 0.0));
        let moved = f32::from_bits(select(outward, away, bits.wrapping_sub(1)));
        select(a.is_nan() | b.is_nan(), a + b, select(a == b, b, moved))
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
    fn vector<const FMA: bool>(a: f64, b: f64) -> f64 {
        let (x, y) = (a.abs(), b.abs());
        let rest = rest_of::<FMA>(x, y, truncated(x / y));
        select(rest < 0.0, rest + y, rest).copysign(a)
    }

    #[inline(always)]
    fn covers<const FMA: bool>(a: f64, b: f64) -> bool {
        moderate_quotient(a, b)
    }
}

impl Binary for Remainder {
    fn scalar(a: f64, b: f64) -> f64 {
        scalar::remainder(a, b)
    }

    /// A quotient that rounding moved onto or over a half shows in a remainder above half of y.
    #[inline(always)]
    fn vector<const FMA: bool>(a: f64, b: f64) -> f64 {
        let (x, y) = (a.abs(), b.abs());
        let rest = rest_of::<FMA>(x, y, nearest(x / y));
        let rest = select(rest > 0.5 * y, rest - y, rest);
        let rest = select(rest < -0.5 * y, rest + y, rest);
        let sign = select(a.is_sign_negative(), -1.0, 1.0);
        select(rest == 0.0, rest.copysign(a), rest * sign)
    }

    #[inline(always)]
    fn covers<const FMA: bool>(a: f64, b: f64) -> bool {
        moderate_quotient(a, b)
    }
}

impl Binary for Ncr {
    fn scalar(a: f64, b: f64) -> f64 {
        scalar::ncr(a, b)
    }
}

impl Binary for Npr {
    fn scalar(a: f64, b: f64) -> f64 {
        scalar::npr(a, b)
    }
}

/// Whether the quotient has at most 51 bits before the point, and its products do not leave the
/// normal range.
#[inline(always)]
fn moderate_quotient(a: f64, b: f64) -> bool {
    let (x, y) = (a.abs(), b.abs());
    (x < y * 2_251_799_813_685_248.0) & (x < 1e290) & (y > 1e-270) & (y < 1e290)
}

/// `x - quotient·y`, exact where it has 53 bits.
#[inline(always)]
fn rest_of<const FMA: bool>(x: f64, y: f64, quotient: f64) -> f64 {
    if FMA {
        return quotient.multiply_add::<FMA>(-y, x);
    }
    let product = Double::product::<FMA>(quotient, y);
    (x - product.hi) - product.lo
}

/// x, or the limit that it passes; NaN stays.
#[inline(always)]
fn within(x: f64, low: f64, high: f64) -> f64 {
    select(x < low, low, select(x > high, high, x))
}

/// The integer part of x, for |x| < 2^51.
#[inline(always)]
fn truncated(x: f64) -> f64 {
    let rounded = nearest(x.abs());
    select(rounded > x.abs(), rounded - 1.0, rounded).copysign(x)
}
