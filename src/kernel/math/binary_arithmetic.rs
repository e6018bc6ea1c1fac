//! Functions of two arguments that are exact, or rounded once.

use super::block_loop::Element;
use super::double::Double;
use super::float::{Float32, Float64, nearest};
use super::formula::{Binary, Function};
use super::scalar;
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
pub struct Ncr<T>(PhantomData<T>);

/// Number of permutations.
pub struct Npr<T>(PhantomData<T>);

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

    /// In three factors, as the exponents of two may be too far apart for one; the lower limit
    /// leaves room for 53 bits, so that only the last product rounds.
    #[inline(always)]
    fn vector<V: Float64>(a: V, b: V) -> V {
        let n = truncated(within(b, -3000.0, 3000.0));
        let clamp = |n: V| within(n, -969.0, 1023.0);
        let power = |n: V| V::exp2_of_rounded(n + V::ROUNDER);
        let first = clamp(n);
        let second = clamp(n - first);
        let third = clamp(n - first - second);
        let y = a * power(first) * power(second) * power(third);
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

impl<T: Element> Function for Ncr<T> {
    type Element = T;
    const OPERANDS: usize = 2;

    fn scalar([a, b, _]: [T; 3]) -> T {
        T::of(scalar::ncr(a.into(), b.into()))
    }
}

impl<T: Element> Function for Npr<T> {
    type Element = T;
    const OPERANDS: usize = 2;

    fn scalar([a, b, _]: [T; 3]) -> T {
        T::of(scalar::npr(a.into(), b.into()))
    }
}

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
