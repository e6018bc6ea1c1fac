//! sinh, cosh, tanh and their inverses.
//!
//! sinh and cosh are sums of e^x and e^-x, both from the table of powers; tanh is rational in
//! `e^(2|x|) - 1`. Their inverses are logarithms. All are taken with a low part, so that only the last
//! operation rounds at full size. In float32, low parts are spared where float64 is as fast.

use super::double::Double;
use super::exponential::{
    self, Exponent, NATURAL, NATURAL_32, Powers, fraction_of_power, power_less_one, power_less_one_single,
    power_single, reduce,
};
use super::float::{Float, Float32, Float64, polynomial};
use super::formula::Unary;
use super::logarithm::{self, Base, log_double, log1p_double};
use std::f64::consts::LOG2_E;

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

    /// `(E + E/(E + 1)) / 2` with E = e^x - 1, for x >= 0.
    #[inline(always)]
    fn single<V: Float64>(x: V) -> V {
        let less_one = power_less_one_single(x, LOG2_E);
        let half = V::of(0.5) * less_one;
        half + half / (less_one + V::ONE)
    }

    #[inline(always)]
    fn vector32<V: Float32>(x: V) -> V {
        Self::widened(x.abs().at_most(V::splat(HYPERBOLIC_32.overflow))).copysign(x)
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

    /// `(E + 1/E) / 2` with E = e^x.
    #[inline(always)]
    fn single<V: Float64>(x: V) -> V {
        let power = power_single(x, LOG2_E);
        let half = V::of(0.5);
        half.multiply_add(power, half / power)
    }

    #[inline(always)]
    fn vector32<V: Float32>(x: V) -> V {
        if V::FMA {
            return cosh::<V, true>(x, &HYPERBOLIC_32);
        }
        Self::widened(x.abs().at_most(V::splat(HYPERBOLIC_32.overflow)))
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

    /// `E / (E + 2)` with E = e^(2x) - 1, for x >= 0.
    #[inline(always)]
    fn single<V: Float64>(x: V) -> V {
        let less_one = power_less_one_single(x, 2.0 * LOG2_E);
        less_one / (less_one + V::of(2.0))
    }

    #[inline(always)]
    fn vector32<V: Float32>(x: V) -> V {
        Self::widened(x.abs().at_most(V::of(20.0))).copysign(x)
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
        asinh_32(x)
    }
}

impl Unary for Acosh {
    fn scalar(x: f64) -> f64 {
        // The library's answer below -1 is a number.
        if x < 1.0 { f64::NAN } else { libm::acosh(x) }
    }

    #[inline(always)]
    fn vector<V: Float64>(x: V) -> V {
        acosh(x, &logarithm::NATURAL)
    }

    #[inline(always)]
    fn vector32<V: Float32>(x: V) -> V {
        acosh_32(x)
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

/// log(a + √(a² + 1)); near 0, a series.
#[inline(always)]
fn asinh_32<V: Float32>(x: V) -> V {
    let a = x.abs();
    let bounded = a.at_most(V::of(LARGE_32));
    let square = Double::product(bounded, bounded);
    let sum = Double::sum(V::ONE, square.hi);
    let root = square_root(Double { hi: sum.hi, lo: sum.lo + square.lo });
    let near = (a * square.hi).multiply_add(polynomial(square.hi, &ASINH_32), a);
    V::select(a.lt(V::of(0.25)), near, log_of_sum(root, Double { hi: a, lo: V::ZERO }, a)).copysign(x)
}

/// log(x + √(x² - 1)); near 1, √(2(x - 1)) times a series.
#[inline(always)]
fn acosh_32<V: Float32>(x: V) -> V {
    let near = x.lt(V::of(1.5));
    let bounded = x.at_most(V::of(LARGE_32));
    let t = bounded - V::ONE;
    let square = Double::product(bounded, bounded);
    let difference = Double::fast_sum(square.hi, -V::ONE);
    let root = square_root(Double {
        hi: V::select(near, t + t, difference.hi),
        lo: V::select(near, V::ZERO, difference.lo + square.lo),
    });
    let rest = (root.hi * t).multiply_add(polynomial(t, &ACOSH_32), root.lo);
    let y = V::select(near, root.hi + rest, log_of_sum(Double { hi: x, lo: V::ZERO }, root, x));
    V::select(x.lt(V::ONE), V::NAN, y)
}

/// log(large + small), for x and its root in the order of their size, x >= 1/4; from [`LARGE_32`] on,
/// log(2x).
#[inline(always)]
fn log_of_sum<V: Float32>(large: Double<V>, small: Double<V>, x: V) -> V {
    let half = V::of(0.5);
    let sum = Double::fast_sum(half * large.hi, half * small.hi);
    let low = half.multiply_add(large.lo + small.lo, sum.lo);
    let beyond = x.gt(V::of(LARGE_32));
    let sum = Double { hi: V::select(beyond, x, sum.hi), lo: V::select(beyond, V::ZERO, low) };
    V::select(x.lt(V::INFINITY), log_double(sum, V::ONE, &logarithm::NATURAL_32), x)
}

/// From here on, √(x² ± 1) is x.
const LARGE_32: f64 = 16_384.0;

/// `(asinh x - x) / x³` in powers of x², on |x| <= 1/4, to 2^-34 of the result.
const ASINH_32: [f32; 4] = [-0.16666664, 0.07499672, -0.044481713, 0.027228057];

/// `(acosh(1 + t)/√(2t) - 1) / t` in powers of t, on t <= 1/2, to 2^-29 of the result (E. Remez's exchange
/// algorithm, as for the other).
const ACOSH_32: [f32; 5] = [-0.08333322, 0.018746657, -0.00554823, 0.0017609654, -0.00041399777];

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
