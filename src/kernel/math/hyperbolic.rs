//! sinh, cosh, tanh and their inverses.
//!
//! The functions are rational in `e^|x| - 1`, their inverses logarithms; both are taken with a low
//! part, so that only the last operation rounds at full size.

use super::double::Double;
use super::exponential::{self, NATURAL, NATURAL_32, exp_parts};
use super::float::{Float, select};
use super::formula::Unary;
use super::logarithm::{LOG, LOG_32, Natural, log1p_double};

/// Hyperbolic sine.
pub struct Sinh<const PRECISE: bool>;

/// Hyperbolic cosine.
pub struct Cosh;

/// Hyperbolic tangent.
pub struct Tanh<const PRECISE: bool>;

/// Inverse hyperbolic sine.
pub struct Asinh;

/// Inverse hyperbolic cosine; NaN below 1.
pub struct Acosh;

/// Inverse hyperbolic tangent; NaN outside -1..=1.
pub struct Atanh;

impl<const PRECISE: bool> Unary for Sinh<PRECISE> {
    fn scalar(x: f64) -> f64 {
        x.sinh()
    }

    #[inline(always)]
    fn vector<const FMA: bool>(x: f64) -> f64 {
        sinh::<f64, FMA, PRECISE>(x, &NATURAL, 710.5)
    }

    #[inline(always)]
    fn vector32<const FMA: bool>(x: f32) -> f32 {
        sinh::<f32, FMA, PRECISE>(x, &NATURAL_32, 89.5)
    }
}

impl Unary for Cosh {
    fn scalar(x: f64) -> f64 {
        x.cosh()
    }

    #[inline(always)]
    fn vector<const FMA: bool>(x: f64) -> f64 {
        cosh::<f64, FMA>(x, &NATURAL, 710.5)
    }

    #[inline(always)]
    fn vector32<const FMA: bool>(x: f32) -> f32 {
        cosh::<f32, FMA>(x, &NATURAL_32, 89.5)
    }
}

impl<const PRECISE: bool> Unary for Tanh<PRECISE> {
    fn scalar(x: f64) -> f64 {
        x.tanh()
    }

    #[inline(always)]
    fn vector<const FMA: bool>(x: f64) -> f64 {
        tanh::<f64, FMA, PRECISE>(x, &NATURAL)
    }

    #[inline(always)]
    fn vector32<const FMA: bool>(x: f32) -> f32 {
        tanh::<f32, FMA, PRECISE>(x, &NATURAL_32)
    }
}

impl Unary for Asinh {
    fn scalar(x: f64) -> f64 {
        libm::asinh(x)
    }

    #[inline(always)]
    fn vector<const FMA: bool>(x: f64) -> f64 {
        asinh::<f64, FMA>(x, &LOG)
    }

    #[inline(always)]
    fn vector32<const FMA: bool>(x: f32) -> f32 {
        asinh::<f32, FMA>(x, &LOG_32)
    }
}

impl Unary for Acosh {
    fn scalar(x: f64) -> f64 {
        libm::acosh(x)
    }

    #[inline(always)]
    fn vector<const FMA: bool>(x: f64) -> f64 {
        acosh::<f64, FMA>(x, &LOG)
    }

    #[inline(always)]
    fn vector32<const FMA: bool>(x: f32) -> f32 {
        acosh::<f32, FMA>(x, &LOG_32)
    }
}

impl Unary for Atanh {
    fn scalar(x: f64) -> f64 {
        libm::atanh(x)
    }

    #[inline(always)]
    fn vector<const FMA: bool>(x: f64) -> f64 {
        atanh::<f64, FMA>(x, &LOG)
    }

    #[inline(always)]
    fn vector32<const FMA: bool>(x: f32) -> f32 {
        atanh::<f32, FMA>(x, &LOG_32)
    }
}

/// `(E + E/(E + 1)) / 2` with E = e^|x| - 1, at a quarter of its size to stay finite.
#[inline(always)]
fn sinh<T: Float, const FMA: bool, const PRECISE: bool>(x: T, k: &exponential::Natural<T>, overflow: T) -> T {
    let a = x.abs();
    let e = exp_parts::<T, FMA>(a, k, 2.0);
    if !PRECISE {
        let ratio = T::of(0.25) * (e.less_one.hi / e.whole.hi);
        let sum = e.less_one.hi + ratio;
        let y = select(a >= overflow, T::INFINITY, sum + sum);
        return select(a < T::of(1e-10), x, y.copysign(x));
    }
    let ratio = e.less_one.divided_by::<FMA>(e.whole);
    // Where e^-|x| no longer counts, products of the unfused division may overflow.
    let counts = a < T::of(0.5) * k.saturation;
    let ratio = Double {
        hi: select(counts, T::of(0.25) * ratio.hi, T::default()),
        lo: select(counts, T::of(0.25) * ratio.lo, T::default()),
    };
    let head = Double {
        hi: select(counts, e.less_one.hi, e.whole.hi),
        lo: select(counts, e.less_one.lo, e.whole.lo),
    };
    let sum = head.add_smaller(ratio).value();
    let y = select(a >= overflow, T::INFINITY, sum + sum);
    select(a < T::of(1e-10), x, y.copysign(x))
}

/// `(e^|x| + e^-|x|) / 2`, at half size to stay finite.
#[inline(always)]
fn cosh<T: Float, const FMA: bool>(x: T, k: &exponential::Natural<T>, overflow: T) -> T {
    let a = x.abs();
    let whole = exp_parts::<T, FMA>(a, k, 2.0).whole;
    let inverse = T::of(0.0625) / whole.hi;
    let sum = Double::fast_sum(whole.hi, inverse);
    let half = sum.hi + (sum.lo + whole.lo);
    select(a >= overflow, T::INFINITY, half + half)
}

/// `E / (E + 2)` with E = e^(2|x|) - 1.
#[inline(always)]
fn tanh<T: Float, const FMA: bool, const PRECISE: bool>(x: T, k: &exponential::Natural<T>) -> T {
    let a = x.abs();
    let doubled = select(a > T::of(20.0), T::of(40.0), a + a);
    let less_one = exp_parts::<T, FMA>(doubled, k, 0.0).less_one;
    let denominator = Double::sum(T::of(2.0), less_one.hi);
    let denominator = Double { hi: denominator.hi, lo: denominator.lo + less_one.lo };
    let y =
        if PRECISE { less_one.divided_by::<FMA>(denominator).value() } else { less_one.hi / denominator.hi };
    select(a < T::of(1e-10), x, y.copysign(x))
}

/// log1p(a + a²/(1 + √(1 + a²))); for large a, log(2a).
#[inline(always)]
fn asinh<T: Float, const FMA: bool>(x: T, k: &Natural<T>) -> T {
    let a = x.abs();
    let one = T::of(1.0);
    let large = a > T::of(LARGE);
    let bounded = select(large, one, a);
    let square = Double::product::<FMA>(bounded, bounded);
    let sum = Double::sum(one, square.hi);
    let root = square_root::<T, FMA>(Double { hi: sum.hi, lo: sum.lo + square.lo });
    let denominator = Double::fast_sum(root.hi, one);
    let denominator = Double { hi: denominator.hi, lo: denominator.lo + root.lo };
    let argument = Double::fast_sum(bounded, T::default()).add_smaller(square.divided_by::<FMA>(denominator));
    let y = log1p_of_large::<T, FMA>(argument, large, a, k);
    select(a < T::of(1e-10), x, y.copysign(x))
}

/// log1p(t + √(t² + 2t)) with t = x - 1; for large x, log(2x).
#[inline(always)]
fn acosh<T: Float, const FMA: bool>(x: T, k: &Natural<T>) -> T {
    let one = T::of(1.0);
    let large = x > T::of(LARGE);
    let t = select(large, one, x) - one;
    let square = Double::product::<FMA>(t, t);
    let sum = Double::sum(t + t, square.hi);
    let root = square_root::<T, FMA>(Double::fast_sum(sum.hi, sum.lo + square.lo));
    let argument = Double::sum(t, root.hi);
    let argument = Double::fast_sum(argument.hi, argument.lo + root.lo);
    let y = log1p_of_large::<T, FMA>(argument, large, x, k);
    select(x < one, T::NAN, y)
}

/// log1p(2a/(1 - a)) / 2.
#[inline(always)]
fn atanh<T: Float, const FMA: bool>(x: T, k: &Natural<T>) -> T {
    let a = x.abs();
    let one = T::of(1.0);
    let inside = select(a < one, a, T::default());
    let numerator = Double { hi: inside + inside, lo: T::default() };
    let ratio = numerator.divided_by::<FMA>(Double::sum(one, -inside));
    let y = T::of(0.5) * log1p_double::<T, FMA>(ratio, T::default(), k);
    let outside = select(a == one, T::INFINITY, T::NAN);
    let y = select(a < one, y, outside);
    select(a < T::of(1e-10), x, y.copysign(x))
}

/// From here on, x + √(x² ± 1) is 2x, and 1 + x is x.
const LARGE: f64 = 1e17;

/// log(1 + argument), or log(2·x) where `large`; infinity and NaN pass.
#[inline(always)]
fn log1p_of_large<T: Float, const FMA: bool>(argument: Double<T>, large: bool, x: T, k: &Natural<T>) -> T {
    let zero = T::default();
    let hi = select(large, x, argument.hi);
    let lo = select(large, zero, argument.lo);
    let y = log1p_double::<T, FMA>(Double { hi, lo }, select(large, T::of(1.0), zero), k);
    select(x < T::INFINITY, y, x)
}

/// √(x.hi + x.lo) as high and low part; 0 at 0, NaN below.
#[inline(always)]
fn square_root<T: Float, const FMA: bool>(x: Double<T>) -> Double<T> {
    let hi = x.hi.sqrt();
    let square = Double::product::<FMA>(hi, hi);
    let lost = ((x.hi - square.hi) - square.lo) + x.lo;
    Double { hi, lo: lost * T::of(0.5) / (hi + T::MIN_POSITIVE) }
}
