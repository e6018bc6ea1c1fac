//! exp, exp2, exp10, expm1.
//!
//! Each takes n, the nearest integer to log2 of the result, and multiplies 2^n with a minimax
//! polynomial of the rest. Coefficients: Sollya's `fpminimax` on the interval of the rest.

use super::double::Double;
use super::float::{Float, polynomial, select};
use super::formula::Unary;
use std::f64::consts::{LN_2, LN_10, LOG2_10, LOG2_E};

/// e^x.
pub struct Exp;

/// 2^x.
pub struct Exp2;

/// 10^x.
pub struct Exp10;

/// e^x - 1 without cancellation near 0.
pub struct Expm1;

impl Unary for Exp {
    fn scalar(x: f64) -> f64 {
        x.exp()
    }

    #[inline(always)]
    fn vector<const FMA: bool>(x: f64) -> f64 {
        exp::<f64, FMA>(x, &NATURAL)
    }

    #[inline(always)]
    fn vector32<const FMA: bool>(x: f32) -> f32 {
        exp::<f32, FMA>(x, &NATURAL_32)
    }
}

impl Unary for Exp2 {
    fn scalar(x: f64) -> f64 {
        x.exp2()
    }

    #[inline(always)]
    fn vector<const FMA: bool>(x: f64) -> f64 {
        exp2::<f64, FMA>(x, &EXP2, -1076.0, 1025.0)
    }

    #[inline(always)]
    fn vector32<const FMA: bool>(x: f32) -> f32 {
        exp2::<f32, FMA>(x, &EXP2_32, -151.0, 129.0)
    }
}

impl Unary for Exp10 {
    fn scalar(x: f64) -> f64 {
        10f64.powf(x)
    }

    #[inline(always)]
    fn vector<const FMA: bool>(x: f64) -> f64 {
        let rounded = x.multiply_add::<FMA>(LOG2_10, f64::ROUNDER);
        let n = rounded - f64::ROUNDER;
        let rest = n.multiply_add::<FMA>(-LOG10_2_LOW, n.multiply_add::<FMA>(-LOG10_2_HIGH, x));
        let first = Double::product::<FMA>(rest, LN_10);
        let tail = (rest * rest).multiply_add::<FMA>(polynomial::<f64, FMA>(rest, &EXP10), first.lo);
        let sum = Double::fast_sum(1.0, first.hi);
        let y = sum.hi + (sum.lo + rest.multiply_add::<FMA>(LN_10_LOW, tail));
        saturate(scale(y, rounded, x), x, -324.0, 308.5)
    }
}

impl Unary for Expm1 {
    fn scalar(x: f64) -> f64 {
        x.exp_m1()
    }

    #[inline(always)]
    fn vector<const FMA: bool>(x: f64) -> f64 {
        expm1::<f64, FMA>(x, &NATURAL)
    }

    #[inline(always)]
    fn vector32<const FMA: bool>(x: f32) -> f32 {
        expm1::<f32, FMA>(x, &NATURAL_32)
    }
}

/// What e^x needs in one float type.
pub struct Natural<T: 'static> {
    /// ln 2 with enough trailing zeros that n times it is exact.
    ln_2_high: T,
    ln_2_low: T,
    /// `(e^r - 1 - r) / r²` on |r| <= ln(2)/2, relative to e^r - 1.
    pub tail: &'static [T],
    /// Below, e^x rounds to 0.
    pub underflow: T,
    /// From here on, e^x is infinite.
    overflow: T,
    /// Below its negative, e^x - 1 rounds to -1.
    pub saturation: T,
}

pub const NATURAL: Natural<f64> = Natural {
    ln_2_high: f64::from_bits(0x3fe6_2e42_fee0_0000),
    ln_2_low: 1.908_214_929_270_587_7e-10,
    tail: &[
        0.5,
        0.16666666666666677,
        0.04166666666666661,
        0.008333333333321397,
        0.0013888888888923844,
        0.00019841269886778024,
        2.4801587237555063e-05,
        2.7557243494299953e-06,
        2.7557352676628864e-07,
        2.5109306009411233e-08,
        2.088964813056322e-09,
    ],
    underflow: -745.2,
    overflow: 709.79,
    saturation: 40.0,
};

pub const NATURAL_32: Natural<f32> = Natural {
    ln_2_high: f32::from_bits(0x3f31_7200),
    ln_2_low: 1.428_606_8e-6,
    tail: &[0.5, 0.16666666, 0.041666478, 0.008333567, 0.0013933742, 0.00019743646],
    underflow: -104.0,
    overflow: 88.73,
    saturation: 20.0,
};

/// n = round(x / ln 2) as `n + ROUNDER`, and the rest `x - n ln 2` as high and low part.
#[inline(always)]
pub fn reduce<T: Float, const FMA: bool>(x: T, k: &Natural<T>) -> (T, Double<T>) {
    let rounded = x.multiply_add::<FMA>(T::of(LOG2_E), T::ROUNDER);
    let n = rounded - T::ROUNDER;
    let high = n.multiply_add::<FMA>(-k.ln_2_high, x);
    let correction = n * k.ln_2_low;
    let rest = high - correction;
    (rounded, Double { hi: rest, lo: (high - rest) - correction })
}

#[inline(always)]
fn exp<T: Float, const FMA: bool>(x: T, k: &Natural<T>) -> T {
    let (rounded, rest) = reduce::<T, FMA>(x, k);
    let r = rest.hi;
    let tail = (r * r).multiply_add::<FMA>(polynomial::<T, FMA>(r, k.tail), rest.lo);
    saturate(scale(T::of(1.0) + (r + tail), rounded, x), x, k.underflow, k.overflow)
}

#[inline(always)]
fn exp2<T: Float, const FMA: bool>(x: T, coefficients: &[T], underflow: T, overflow: T) -> T {
    let rounded = x + T::ROUNDER;
    let rest = x - (rounded - T::ROUNDER);
    let sum = Double::fast_sum(T::of(1.0), rest * coefficients[0]);
    let tail = (rest * rest).multiply_add::<FMA>(polynomial::<T, FMA>(rest, &coefficients[1..]), sum.lo);
    let y = sum.hi + tail;
    saturate(scale(y, rounded, x), x, underflow, overflow)
}

/// e^x - 1, computed at half size so that n may be the largest.
#[inline(always)]
fn expm1<T: Float, const FMA: bool>(x: T, k: &Natural<T>) -> T {
    let clamped = select(x < -k.saturation, -k.saturation, x);
    let half = exp_parts::<T, FMA>(clamped, k, 1.0).less_one;
    let y = select(x >= k.overflow, T::INFINITY, half.hi + half.hi);
    // Subnormal results lose a bit at half size, and -0 its sign.
    select(x.abs() < T::of(1e-30), x, y)
}

/// e^x and e^x - 1, both times 2^-shift, as high and low parts.
pub struct ExpParts<T> {
    pub whole: Double<T>,
    pub less_one: Double<T>,
}

/// With s = 2^n, `s·(1 + (e^r - 1))` and `(s - 1) + s·(e^r - 1)`; for x >= -`saturation`, up to where
/// e^x·2^-shift overflows.
#[inline(always)]
pub fn exp_parts<T: Float, const FMA: bool>(x: T, k: &Natural<T>, shift: f64) -> ExpParts<T> {
    let (rounded, rest) = reduce::<T, FMA>(x, k);
    let r = rest.hi;
    let unit = T::of((-shift).exp2());
    let scale = T::exp2_of_rounded(rounded - T::of(shift));
    // The largest term of the tail apart: its rounding is the one that shows.
    let quadratic = T::of(0.5) * (r * r);
    let cubic = (r * r) * r;
    let tail = quadratic + cubic.multiply_add::<FMA>(polynomial::<T, FMA>(r, &k.tail[1..]), rest.lo);
    let one_and_r = Double::fast_sum(T::of(1.0), r);
    let whole = Double::fast_sum(one_and_r.hi, one_and_r.lo + tail).scaled(scale);
    let sum = Double::sum(scale - unit, scale * r);
    ExpParts { whole, less_one: Double::fast_sum(sum.hi, scale.multiply_add::<FMA>(tail, sum.lo)) }
}

/// e^(x.hi + x.lo), rounded once at the end; 0 and infinity far outside.
#[inline(always)]
pub fn exp_of_double<const FMA: bool>(x: Double<f64>) -> f64 {
    let (rounded, power) = power_of_double::<FMA>(x);
    saturate(scale(power.value(), rounded, x.hi), x.hi, NATURAL.underflow, 709.8)
}

/// `factor·e^(x.hi + x.lo)` for negative x, rounded once at the end.
#[inline(always)]
pub fn scaled_exp_of_double<const FMA: bool>(x: Double<f64>, factor: Double<f64>) -> f64 {
    let (rounded, power) = power_of_double::<FMA>(x);
    let y = power.times::<FMA>(factor).value();
    saturate(scale(y, rounded, x.hi), x.hi, NATURAL.underflow, 709.8)
}

/// n as `n + ROUNDER`, and `e^x / 2^n` as high and low part.
#[inline(always)]
fn power_of_double<const FMA: bool>(x: Double<f64>) -> (f64, Double<f64>) {
    let (rounded, rest) = reduce::<f64, FMA>(x.hi, &NATURAL);
    let rest = Double::fast_sum(rest.hi, rest.lo + x.lo);
    let r = rest.hi;
    let low = r.multiply_add::<FMA>(rest.lo, rest.lo);
    let tail = (r * r).multiply_add::<FMA>(polynomial::<f64, FMA>(r, NATURAL.tail), low);
    let sum = Double::fast_sum(1.0, r);
    (rounded, Double { hi: sum.hi, lo: sum.lo + tail })
}

/// `y·2^n` for n in `n + ROUNDER`, y near 1: in two factors, so that results just below overflow and
/// subnormal ones are rounded once. `exponent` tells the sign of n.
#[inline(always)]
pub fn scale<T: Float>(y: T, rounded: T, exponent: T) -> T {
    let negative = exponent < T::default();
    let shift = select(negative, T::of(64.0), T::of(-1.0));
    let back = select(negative, T::of(1.0 / 18_446_744_073_709_551_616.0), T::of(2.0));
    y * T::exp2_of_rounded(rounded + shift) * back
}

/// 0 below `underflow` and infinity from `overflow` on, where `y` is meaningless.
#[inline(always)]
pub fn saturate<T: Float>(y: T, x: T, underflow: T, overflow: T) -> T {
    let y = select(x < underflow, T::default(), y);
    select(x >= overflow, T::INFINITY, y)
}

const LOG10_2_HIGH: f64 = f64::from_bits(0x3fd3_4413_5080_0000);
const LOG10_2_LOW: f64 = 1.1451100898021838e-10;
const LN_10_LOW: f64 = -2.1707562233822494e-16;

/// `(2^r - 1) / r` on |r| <= 1/2.
const EXP2: [f64; 11] = [
    LN_2,
    0.24022650695910133,
    0.05550410866482298,
    0.009618129107593278,
    0.0013333558146151625,
    0.00015403530458190498,
    1.5252734050104964e-05,
    1.3215434745442732e-06,
    1.017797993714466e-07,
    7.073874723975139e-09,
    4.466404530696431e-10,
];

/// `(10^r - 1 - r ln 10) / r²` on |r| <= log10(2)/2.
const EXP10: [f64; 10] = [
    2.650949055239206,
    2.0346785922934805,
    1.1712551489079424,
    0.5393829291937877,
    0.20699584957553083,
    0.06808936534698212,
    0.019597616920537807,
    0.005013909584623111,
    0.0011576145200048967,
    0.00024230960022466398,
];

/// `(2^r - 1) / r` on |r| <= 1/2, for float32.
const EXP2_32: [f32; 7] =
    [std::f32::consts::LN_2, 0.2402265, 0.05550406, 0.009618077, 0.0013336827, 0.00015456368, 1.4600282e-05];
