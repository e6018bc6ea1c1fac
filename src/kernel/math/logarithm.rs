//! log, log2, log10, log1p, logaddexp.
//!
//! x = 2^k·m with m in [√½, √2), f = m - 1 and s = f / (2 + f), then
//! log m = f - (f²/2 - s·(f²/2 + R(s²))), the formula of FreeBSD's msun (Sun Microsystems, 1993);
//! R is Sollya's `fpminimax` of log((1+s)/(1-s)).

use super::double::Double;
use super::exponential::Exp;
use super::float::{Float, polynomial, select};
use super::formula::{Binary, Unary};
use super::scalar;
use std::f64::consts::{LOG2_E, LOG10_E};

/// Natural logarithm.
pub struct Log;

/// Logarithm to base 2.
pub struct Log2;

/// Logarithm to base 10.
pub struct Log10;

/// log(1 + x) without cancellation near 0.
pub struct Log1p;

impl Unary for Log {
    fn scalar(x: f64) -> f64 {
        x.ln()
    }

    #[inline(always)]
    fn vector<const FMA: bool>(x: f64) -> f64 {
        log::<f64, FMA>(x, &LOG)
    }

    #[inline(always)]
    fn vector32<const FMA: bool>(x: f32) -> f32 {
        log::<f32, FMA>(x, &LOG_32)
    }
}

impl Unary for Log2 {
    fn scalar(x: f64) -> f64 {
        x.log2()
    }

    #[inline(always)]
    fn vector<const FMA: bool>(x: f64) -> f64 {
        log_to_base::<f64, FMA>(x, &LOG, &BASE_2)
    }

    #[inline(always)]
    fn vector32<const FMA: bool>(x: f32) -> f32 {
        log_to_base::<f32, FMA>(x, &LOG_32, &BASE_2_32)
    }
}

impl Unary for Log10 {
    fn scalar(x: f64) -> f64 {
        x.log10()
    }

    #[inline(always)]
    fn vector<const FMA: bool>(x: f64) -> f64 {
        log_to_base::<f64, FMA>(x, &LOG, &BASE_10)
    }

    #[inline(always)]
    fn vector32<const FMA: bool>(x: f32) -> f32 {
        log_to_base::<f32, FMA>(x, &LOG_32, &BASE_10_32)
    }
}

impl Unary for Log1p {
    fn scalar(x: f64) -> f64 {
        x.ln_1p()
    }

    #[inline(always)]
    fn vector<const FMA: bool>(x: f64) -> f64 {
        log1p::<f64, FMA>(x, &LOG)
    }

    #[inline(always)]
    fn vector32<const FMA: bool>(x: f32) -> f32 {
        log1p::<f32, FMA>(x, &LOG_32)
    }
}

/// log(e^a + e^b).
pub struct Logaddexp;

impl Binary for Logaddexp {
    fn scalar(a: f64, b: f64) -> f64 {
        scalar::logaddexp(a, b)
    }

    #[inline(always)]
    fn vector<const FMA: bool>(a: f64, b: f64) -> f64 {
        let swap = a < b;
        let (low, high) = (select(swap, a, b), select(swap, b, a));
        let difference = select(a == b, 0.0, low - high);
        high + Log1p::vector::<FMA>(Exp::vector::<FMA>(difference))
    }
}

/// What the natural logarithm needs in one float type.
pub struct Natural<T: 'static> {
    /// ln 2 with enough trailing zeros that k times it is exact.
    ln_2_high: T,
    ln_2_low: T,
    /// `(log((1+s)/(1-s)) - 2s) / s³` in powers of s², on |s| <= (√2-1)/(√2+1).
    series: &'static [T],
    /// Scales subnormal arguments into the normal range; `log2` of it is `subnormal_shift`.
    subnormal_scale: T,
    subnormal_shift: T,
}

pub const LOG: Natural<f64> = Natural {
    ln_2_high: f64::from_bits(0x3fe6_2e42_fee0_0000),
    ln_2_low: 1.908_214_929_270_587_7e-10,
    series: &[
        0.6666666666666735,
        0.39999999999409713,
        0.2857142874356461,
        0.222221984439725,
        0.18183571495776235,
        0.1531385544537799,
        0.14798017527720853,
    ],
    subnormal_scale: 18_014_398_509_481_984.0,
    subnormal_shift: 54.0,
};

pub const LOG_32: Natural<f32> = Natural {
    ln_2_high: f32::from_bits(0x3f31_7200),
    ln_2_low: 1.428_606_8e-6,
    series: &[0.6666666, 0.40000847, 0.28510404, 0.24023628],
    subnormal_scale: 33_554_432.0,
    subnormal_shift: 25.0,
};

/// `k + log(m)·slope` makes the logarithm to another base.
struct Base<T> {
    /// The logarithm of 2.
    two_high: T,
    two_low: T,
    /// The logarithm of e.
    e_high: T,
    e_low: T,
}

const BASE_2: Base<f64> = Base { two_high: 1.0, two_low: 0.0, e_high: LOG2_E, e_low: 2.0355273740931033e-17 };
const BASE_10: Base<f64> = Base {
    two_high: f64::from_bits(0x3fd3_4413_5080_0000),
    two_low: 1.1451100898021838e-10,
    e_high: LOG10_E,
    e_low: 1.098319650216765e-17,
};
const BASE_2_32: Base<f32> =
    Base { two_high: 1.0, two_low: 0.0, e_high: std::f32::consts::LOG2_E, e_low: 1.925963e-8 };
const BASE_10_32: Base<f32> = Base {
    two_high: 0.301_025_4,
    two_low: 4.605_039e-6,
    e_high: std::f32::consts::LOG10_E,
    e_low: -1.010305e-8,
};

/// `(k, m - 1)` for positive x, subnormal ones too.
#[inline(always)]
fn split<T: Float>(x: T, subnormal_scale: T, subnormal_shift: T) -> (T, T) {
    let subnormal = x < T::MIN_POSITIVE;
    let (k, m) = select(subnormal, x * subnormal_scale, x).split_exponent();
    (select(subnormal, k - subnormal_shift, k), m - T::of(1.0))
}

/// `(f²/2, s·(f²/2 + R))`: log(1 + f) is f minus the first plus the second.
#[inline(always)]
fn tail<T: Float, const FMA: bool>(f: T, series: &[T]) -> (T, T) {
    let s = f / (T::of(2.0) + f);
    let square = s * s;
    let rest = square * polynomial::<T, FMA>(square, series);
    let half_square = T::of(0.5) * f * f;
    (half_square, s * (half_square + rest))
}

/// The logarithm's values where the formula has none: at 0, infinity, NaN and below 0.
#[inline(always)]
fn at_limits<T: Float>(y: T, x: T) -> T {
    let y = select(x < T::INFINITY, y, x);
    let y = select(x < T::default(), T::NAN, y);
    select(x == T::default(), -T::INFINITY, y)
}

#[inline(always)]
fn log<T: Float, const FMA: bool>(x: T, natural: &Natural<T>) -> T {
    let (k, f) = split(x, natural.subnormal_scale, natural.subnormal_shift);
    let (half_square, correction) = tail::<T, FMA>(f, natural.series);
    let low = k.multiply_add::<FMA>(natural.ln_2_low, correction);
    let y = k.multiply_add::<FMA>(natural.ln_2_high, f - (half_square - low));
    at_limits(y, x)
}

#[inline(always)]
fn log1p<T: Float, const FMA: bool>(x: T, natural: &Natural<T>) -> T {
    let y = log1p_double::<T, FMA>(Double { hi: x, lo: T::default() }, T::default(), natural);
    let y = at_limits(y, x + T::of(1.0));
    select(x == T::default(), x, y)
}

/// `log(2^scale·(1 + x))` for finite `1 + x.hi > 0`.
#[inline(always)]
pub fn log1p_double<T: Float, const FMA: bool>(x: Double<T>, scale: T, natural: &Natural<T>) -> T {
    let sum = Double::sum(T::of(1.0), x.hi);
    let (k, reduced) = split(sum.hi, natural.subnormal_scale, natural.subnormal_shift);
    let near_one = k == T::default();
    let f = select(near_one, x.hi, reduced);
    let lost = select(near_one, T::default(), sum.lo) + x.lo;
    let (half_square, correction) = tail::<T, FMA>(f, natural.series);
    let k = k + scale;
    let low = k.multiply_add::<FMA>(natural.ln_2_low, correction + lost / sum.hi);
    k.multiply_add::<FMA>(natural.ln_2_high, f - (half_square - low))
}

#[inline(always)]
fn log_to_base<T: Float, const FMA: bool>(x: T, natural: &Natural<T>, base: &Base<T>) -> T {
    let (k, f) = split(x, natural.subnormal_scale, natural.subnormal_shift);
    let (half_square, correction) = tail::<T, FMA>(f, natural.series);
    let head = Double::fast_sum(f, -half_square);
    let low = head.lo + correction;
    let product = Double::product::<FMA>(head.hi, base.e_high);
    let product_low =
        low.multiply_add::<FMA>(base.e_high, head.hi.multiply_add::<FMA>(base.e_low, product.lo));
    // k is 0, or its logarithm is larger than that of m.
    let sum = Double::fast_sum(k * base.two_high, product.hi);
    let y = sum.hi + (sum.lo + k.multiply_add::<FMA>(base.two_low, product_low));
    at_limits(y, x)
}
