//! sinh, cosh, tanh and their inverses.
//!
//! sinh and cosh are sums of e^x and e^-x, both from the table of powers; tanh is rational in
//! `e^(2|x|) - 1`. Their inverses are logarithms. All are taken with a low part, so that only the last
//! operation rounds at full size.

use super::double::Double;
use super::exponential::{
    self, Exponent, NATURAL, NATURAL_32, Powers, fraction_of_power, power_less_one, reduce,
};
use super::float::{Float, Float32, Float64, polynomial};
use super::formula::Unary;
use super::logarithm::{self, Base, log1p_double};

/// Hyperbolic sine.
pub struct Sinh<const PRECISE: bool>;

/// Hyperbolic cosine.
pub struct Cosh<const PRECISE: bool>;

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
    fn vector<V: Float64>(x: V) -> V {
        sinh::<V, PRECISE>(x, &HYPERBOLIC)
    }

    #[inline(always)]
    fn vector32<V: Float32>(x: V) -> V {
        sinh::<V, PRECISE>(x, &HYPERBOLIC_32)
    }
}

impl<const PRECISE: bool> Unary for Cosh<PRECISE> {
    fn scalar(x: f64) -> f64 {
        x.cosh()
    }

    #[inline(always)]
    fn vector<V: Float64>(x: V) -> V {
        cosh::<V, PRECISE>(x, &HYPERBOLIC)
    }

    #[inline(always)]
    fn vector32<V: Float32>(x: V) -> V {
        cosh::<V, PRECISE>(x, &HYPERBOLIC_32)
    }
}

impl<const PRECISE: bool> Unary for Tanh<PRECISE> {
    fn scalar(x: f64) -> f64 {
        x.tanh()
    }

    #[inline(always)]
    fn vector<V: Float64>(x: V) -> V {
        tanh::<V, PRECISE>(x, &NATURAL)
    }

    #[inline(always)]
    fn vector32<V: Float32>(x: V) -> V {
        tanh::<V, PRECISE>(x, &NATURAL_32)
    }
}

impl Unary for Asinh {
    fn scalar(x: f64) -> f64 {
        libm::asinh(x)
    }

    #[inline(always)]
    fn vector<V: Float64>(x: V) -> V {
        asinh(x, &logarithm::NATURAL)
    }

    #[inline(always)]
    fn vector32<V: Float32>(x: V) -> V {
        asinh(x, &logarithm::NATURAL_32)
    }
}

impl Unary for Acosh {
    fn scalar(x: f64) -> f64 {
        libm::acosh(x)
    }

    #[inline(always)]
    fn vector<V: Float64>(x: V) -> V {
        acosh(x, &logarithm::NATURAL)
    }

    #[inline(always)]
    fn vector32<V: Float32>(x: V) -> V {
        acosh(x, &logarithm::NATURAL_32)
    }
}

impl Unary for Atanh {
    fn scalar(x: f64) -> f64 {
        libm::atanh(x)
    }

    #[inline(always)]
    fn vector<V: Float64>(x: V) -> V {
        atanh(x, &logarithm::NATURAL)
    }

    #[inline(always)]
    fn vector32<V: Float32>(x: V) -> V {
        atanh(x, &logarithm::NATURAL_32)
    }
}

/// e^a = 2^n·e^r and its inverse, both at a quarter of their size to stay finite, for a >= 0.
struct Pair<T> {
    /// `2^n / 4` and `2^-n / 4`.
    grown: Double<T>,
    shrunk: Double<T>,
    /// `cosh r - 1` and `sinh r`.
    even: T,
    odd: T,
}

#[inline(always)]
fn pair<T: Float>(a: T, k: &Hyperbolic<T::Scalar>) -> Pair<T> {
    let Exponent { rounded, n, rest, .. } = reduce(a, &k.natural.base);
    let square = rest * rest;
    Pair {
        grown: quarter_of_power(rounded, n, k.natural.powers),
        shrunk: quarter_of_power(T::FINE_ROUNDER - n, -n, k.natural.powers),
        even: square * polynomial(square, k.even),
        odd: (rest * square).multiply_add(polynomial(square, k.odd), rest),
    }
}

/// `2^n / 4` for n and `n + FINE_ROUNDER`.
#[inline(always)]
fn quarter_of_power<T: Float>(rounded: T, n: T, powers: &'static Powers<T::Scalar>) -> Double<T> {
    let [high, low] = fraction_of_power(rounded, powers);
    let hi = high.scaled(n - T::of(2.0));
    Double { hi, lo: hi * low }
}

/// With e^a = A·e^r and e^-a = B·e^-r, `((A - B)·cosh r + (A + B)·sinh r) / 2`.
#[inline(always)]
fn sinh<T: Float, const PRECISE: bool>(x: T, k: &Hyperbolic<T::Scalar>) -> T {
    let a = x.abs();
    if PRECISE {
        let half = half_of_sinh(a.at_most(T::splat(k.overflow)), &k.natural);
        return T::select(a.lt(T::of(1e-10)), x, (half + half).copysign(x));
    }
    let Pair { grown, shrunk, even, odd } = pair(a.at_most(T::splat(k.overflow)), k);
    let difference = grown.hi - shrunk.hi;
    let rest = difference.multiply_add(even, grown.lo - shrunk.lo);
    let half = difference + (grown.hi + shrunk.hi).multiply_add(odd, rest);
    T::select(a.lt(T::of(1e-10)), x, (half + half).copysign(x))
}

/// `(E + E/(E + 1)) / 4` with E = e^a - 1, for a >= 0.
#[inline(always)]
fn half_of_sinh<T: Float>(a: T, k: &exponential::Natural<T::Scalar>) -> T {
    let quarter = T::of(0.25);
    let less_one = power_less_one::<T, true>(a, 2.0, k);
    let whole = Double::sum(less_one.hi, quarter);
    let whole = Double { hi: whole.hi, lo: whole.lo + less_one.lo };
    let ratio = less_one.divided_by(whole);
    // Where the ratio is 1, products of the unfused division may overflow.
    let below_one = a.lt(T::of(20.0));
    let ratio = Double {
        hi: quarter * T::select(below_one, ratio.hi, T::ONE),
        lo: quarter * T::select(below_one, ratio.lo, T::ZERO),
    };
    less_one.add_smaller(ratio).value()
}

/// `((A + B)·cosh r + (A - B)·sinh r) / 2`, as in [`sinh`].
#[inline(always)]
fn cosh<T: Float, const PRECISE: bool>(x: T, k: &Hyperbolic<T::Scalar>) -> T {
    let Pair { grown, shrunk, even, odd } = pair(x.abs().at_most(T::splat(k.overflow)), k);
    let sum = Double::fast_sum(grown.hi, shrunk.hi);
    let low = if PRECISE { sum.lo + (grown.lo + shrunk.lo) } else { T::ZERO };
    let rest = (grown.hi - shrunk.hi).multiply_add(odd, sum.hi.multiply_add(even, low));
    let half = sum.hi + rest;
    half + half
}

/// What sinh and cosh need in one float type.
struct Hyperbolic<S: 'static> {
    natural: exponential::Natural<S>,
    /// `(cosh r - 1) / r²` and `(sinh r - r) / r³` in powers of r².
    even: &'static [S],
    odd: &'static [S],
    /// From here on, the functions are infinite.
    overflow: S,
}

const HYPERBOLIC: Hyperbolic<f64> = Hyperbolic {
    natural: NATURAL,
    even: &[0.5000000000000001, 0.0416666666633238, 0.0013889068203463391],
    odd: &[0.16666666666666669, 0.008333333332909424, 0.00019841478009827718],
    overflow: 711.0,
};

const HYPERBOLIC_32: Hyperbolic<f32> =
    Hyperbolic { natural: NATURAL_32, even: &[0.5, 0.04166721], odd: &[0.16666862], overflow: 90.0 };

/// `E / (E + 2)` with E = e^(2|x|) - 1.
#[inline(always)]
fn tanh<T: Float, const PRECISE: bool>(x: T, k: &exponential::Natural<T::Scalar>) -> T {
    let a = x.abs();
    let less_one = power_less_one::<T, PRECISE>((a + a).at_most(T::of(40.0)), 0.0, k);
    let two = T::of(2.0);
    let y = if PRECISE {
        let denominator = Double::sum(two, less_one.hi);
        let denominator = Double { hi: denominator.hi, lo: denominator.lo + less_one.lo };
        less_one.divided_by(denominator).value()
    } else {
        let numerator = less_one.value();
        numerator / (numerator + two)
    };
    T::select(a.lt(T::of(1e-10)), x, y.copysign(x))
}

/// log1p(a + a²/(1 + √(1 + a²))); for large a, log(2a).
#[inline(always)]
fn asinh<T: Float>(x: T, base: &Base<T::Scalar>) -> T {
    let a = x.abs();
    let one = T::ONE;
    let large = a.gt(T::of(LARGE));
    let bounded = T::select(large, one, a);
    let square = Double::product(bounded, bounded);
    let sum = Double::sum(one, square.hi);
    let root = square_root(Double { hi: sum.hi, lo: sum.lo + square.lo });
    let denominator = Double::fast_sum(root.hi, one);
    let denominator = Double { hi: denominator.hi, lo: denominator.lo + root.lo };
    let argument = Double::fast_sum(bounded, T::ZERO).add_smaller(square.divided_by(denominator));
    let y = log1p_of_large(argument, large, a, base);
    T::select(a.lt(T::of(1e-10)), x, y.copysign(x))
}

/// log1p(t + √(t² + 2t)) with t = x - 1; for large x, log(2x).
#[inline(always)]
fn acosh<T: Float>(x: T, base: &Base<T::Scalar>) -> T {
    let one = T::ONE;
    let large = x.gt(T::of(LARGE));
    let t = T::select(large, one, x) - one;
    let square = Double::product(t, t);
    let sum = Double::sum(t + t, square.hi);
    let root = square_root(Double::fast_sum(sum.hi, sum.lo + square.lo));
    let argument = Double::sum(t, root.hi);
    let argument = Double::fast_sum(argument.hi, argument.lo + root.lo);
    let y = log1p_of_large(argument, large, x, base);
    T::select(x.lt(one), T::NAN, y)
}

/// log1p(2a/(1 - a)) / 2.
#[inline(always)]
fn atanh<T: Float>(x: T, base: &Base<T::Scalar>) -> T {
    let a = x.abs();
    let one = T::ONE;
    let inside = T::select(a.lt(one), a, T::ZERO);
    let numerator = Double { hi: inside + inside, lo: T::ZERO };
    let ratio = numerator.divided_by(Double::sum(one, -inside));
    let y = T::of(0.5) * log1p_double::<T, true>(ratio, T::ZERO, base);
    let outside = T::select(a.eq(one), T::INFINITY, T::NAN);
    let y = T::select(a.lt(one), y, outside);
    T::select(a.lt(T::of(1e-10)), x, y.copysign(x))
}

/// From here on, x + √(x² ± 1) is 2x, and 1 + x is x.
const LARGE: f64 = 1e17;

/// log(1 + argument), or log(2·x) where `large`; infinity and NaN pass.
#[inline(always)]
fn log1p_of_large<T: Float>(argument: Double<T>, large: T::Mask, x: T, base: &Base<T::Scalar>) -> T {
    let zero = T::ZERO;
    let hi = T::select(large, x, argument.hi);
    let lo = T::select(large, zero, argument.lo);
    let y = log1p_double::<T, true>(Double { hi, lo }, T::select(large, T::ONE, zero), base);
    T::select(x.lt(T::INFINITY), y, x)
}

/// √(x.hi + x.lo) as high and low part; 0 at 0, NaN below.
#[inline(always)]
fn square_root<T: Float>(x: Double<T>) -> Double<T> {
    let hi = x.hi.sqrt();
    let square = Double::product(hi, hi);
    let lost = ((x.hi - square.hi) - square.lo) + x.lo;
    Double { hi, lo: lost * T::of(0.5) / (hi + T::MIN_POSITIVE) }
}
