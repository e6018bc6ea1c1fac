//! sin, cos, tan, sinpi, cospi.
//!
//! The argument is brought into |r| <= π/4 by subtracting the nearest multiple n·π/2 with π/2 in
//! three parts (W. J. Cody and W. Waite, 1980), and n modulo 4 tells which of ±sin r, ±cos r is the
//! result. The fast float32 sine and cosine subtract multiples of π instead, and need one series.
//! Larger arguments than the three parts carry go to the scalar library. Coefficients: Sollya's
//! `fpminimax`.

use super::double::Double;
use super::float::{Float, Float32, Float64, nearest, polynomial};
use super::formula::Unary;
use super::scalar;
use std::f32;
use std::f64::consts::{FRAC_1_PI, FRAC_2_PI, PI};

/// Sine of radians.
pub struct Sin<const PRECISE: bool>;

/// Cosine of radians.
pub struct Cos<const PRECISE: bool>;

/// Tangent of radians.
pub struct Tan<const PRECISE: bool>;

/// sin(πx).
pub struct Sinpi;

/// cos(πx).
pub struct Cospi;

impl<const PRECISE: bool> Unary for Sin<PRECISE> {
    fn scalar(x: f64) -> f64 {
        x.sin()
    }

    #[inline(always)]
    fn vector<V: Float64>(x: V) -> V {
        let (n, rest) = reduce(x);
        let y = sine_of_quadrant(n, rest);
        V::select(x.eq(V::ZERO), x, y)
    }

    #[inline(always)]
    fn vector32<V: Float32>(x: V) -> V {
        if PRECISE || !V::FMA {
            return sine_widened(x);
        }
        let rounded = x.multiply_add(V::of(FRAC_1_PI), V::ROUNDER);
        let sine = sine_32(subtract_multiple(x, rounded - V::ROUNDER, &PI_PARTS));
        let y = V::select(V::rounded_bit(rounded, 0), -sine, sine);
        let beyond = beyond_parts(x);
        if V::may_hold(beyond) { V::select(beyond, sine_widened(x), y) } else { y }
    }

    #[inline(always)]
    fn covers<V: Float64>(x: V) -> V::Mask {
        within_reach(x)
    }

    #[inline(always)]
    fn covers32<V: Float32>(x: V) -> V::Mask {
        within_reach(x)
    }
}

impl<const PRECISE: bool> Unary for Cos<PRECISE> {
    fn scalar(x: f64) -> f64 {
        x.cos()
    }

    #[inline(always)]
    fn vector<V: Float64>(x: V) -> V {
        let (n, rest) = reduce(x);
        sine_of_quadrant(n + V::ONE, rest)
    }

    #[inline(always)]
    fn vector32<V: Float32>(x: V) -> V {
        if PRECISE || !V::FMA {
            return cosine_widened(x);
        }
        // cos((n + 1/2)·π + r) is -sin(r) for even n.
        let half = V::of(0.5);
        let rounded = x.multiply_add(V::of(FRAC_1_PI), -half) + V::ROUNDER;
        let sine = sine_32(subtract_multiple(x, (rounded - V::ROUNDER) + half, &PI_PARTS));
        let y = V::select(V::rounded_bit(rounded, 0), sine, -sine);
        let beyond = beyond_parts(x);
        if V::may_hold(beyond) { V::select(beyond, cosine_widened(x), y) } else { y }
    }

    #[inline(always)]
    fn covers<V: Float64>(x: V) -> V::Mask {
        within_reach(x)
    }

    #[inline(always)]
    fn covers32<V: Float32>(x: V) -> V::Mask {
        within_reach(x)
    }
}

impl<const PRECISE: bool> Unary for Tan<PRECISE> {
    fn scalar(x: f64) -> f64 {
        x.tan()
    }

    #[inline(always)]
    fn vector<V: Float64>(x: V) -> V {
        let (n, rest) = reduce(x);
        let odd = V::rounded_bit(n, 0);
        if !PRECISE {
            let (sine, cosine) = (sine(rest).value(), cosine(rest).value());
            return V::select(x.eq(V::ZERO), x, V::select(odd, -cosine, sine) / V::select(odd, sine, cosine));
        }
        let (sine, cosine) = (sine(rest).normalised(), cosine(rest).normalised());
        let numerator =
            Double { hi: V::select(odd, -cosine.hi, sine.hi), lo: V::select(odd, -cosine.lo, sine.lo) };
        let denominator =
            Double { hi: V::select(odd, sine.hi, cosine.hi), lo: V::select(odd, sine.lo, cosine.lo) };
        let y = numerator.divided_by(denominator).value();
        V::select(x.eq(V::ZERO), x, y)
    }

    #[inline(always)]
    fn vector32<V: Float32>(x: V) -> V {
        if PRECISE || !V::FMA {
            return tangent_widened(x);
        }
        let rounded = x.multiply_add(V::of(FRAC_2_PI), V::ROUNDER);
        let r = subtract_multiple(x, rounded - V::ROUNDER, &HALF_PI_PARTS);
        let square = r * r;
        let tangent = r * square.multiply_add(polynomial(square, &TANGENT_32), V::ONE);
        let odd = V::rounded_bit(rounded, 0);
        let y = V::select(odd, -V::ONE, tangent) / V::select(odd, tangent, V::ONE);
        let beyond = beyond_parts(x);
        if V::may_hold(beyond) { V::select(beyond, tangent_widened(x), y) } else { y }
    }

    #[inline(always)]
    fn covers<V: Float64>(x: V) -> V::Mask {
        within_reach(x)
    }

    #[inline(always)]
    fn covers32<V: Float32>(x: V) -> V::Mask {
        within_reach(x)
    }
}

impl Unary for Sinpi {
    fn scalar(x: f64) -> f64 {
        scalar::sinpi(x)
    }

    #[inline(always)]
    fn vector<V: Float64>(x: V) -> V {
        let (n, rest) = reduce_half_turns(x);
        let y = sine_of_quadrant(n, rest);
        let y = V::select(y.eq(V::ZERO), y.copysign(x), y);
        // The low part of the product with π underflows.
        V::select(x.abs().lt(V::of(1e-290)), x * V::of(PI), y)
    }

    #[inline(always)]
    fn vector32<V: Float32>(x: V) -> V {
        let [lower, upper] = x.halves();
        V::of_halves([sinpi_for_single(lower), sinpi_for_single(upper)])
    }
}

impl Unary for Cospi {
    fn scalar(x: f64) -> f64 {
        scalar::cospi(x)
    }

    #[inline(always)]
    fn vector<V: Float64>(x: V) -> V {
        let (n, rest) = reduce_half_turns(x);
        sine_of_quadrant(n + V::ONE, rest) + V::ZERO
    }

    #[inline(always)]
    fn vector32<V: Float32>(x: V) -> V {
        let [lower, upper] = x.halves();
        V::of_halves([cospi_for_single(lower), cospi_for_single(upper)])
    }
}

/// Where the three parts of π have enough bits.
#[inline(always)]
fn within_reach<T: Float>(x: T) -> T::Mask {
    x.abs().lt(T::of(if T::FMA { 1e9 } else { 1e6 }))
}

/// π/2 in three parts. Fused, n times the first is subtracted exactly whatever its length; without,
/// the first two have 33 bits, so that their products with |n| < 2^20 are exact.
#[inline(always)]
fn half_pi_parts<V: Float64>() -> [V; 3] {
    let [first, second, third] = if V::FMA {
        [std::f64::consts::FRAC_PI_2, 6.123233995736766e-17, -1.4973849048591698e-33]
    } else {
        [f64::from_bits(0x3ff9_21fb_5440_0000), f64::from_bits(0x3dd0_b461_1a60_0000), 2.0222662487959506e-21]
    };
    [V::splat(first), V::splat(second), V::splat(third)]
}

/// n = round(x·2/π) as `n + ROUNDER`, and `x - n·π/2` as high and low part.
#[inline(always)]
fn reduce<V: Float64>(x: V) -> (V, Double<V>) {
    let rounded = x.multiply_add(V::of(FRAC_2_PI), V::ROUNDER);
    let n = rounded - V::ROUNDER;
    let [first, second, third] = half_pi_parts::<V>();
    let high = n.multiply_add(-first, x);
    let product = n * second;
    let product_error = if V::FMA { n.multiply_add(second, -product) } else { V::ZERO };
    let rest = Double::sum(high, -product);
    let low = n.multiply_add(-third, rest.lo - product_error);
    let rest = Double { hi: rest.hi, lo: low };
    (rounded, if V::FMA { rest } else { rest.normalised() })
}

/// As [`reduce`], for results in float32: one float64 is more than enough.
#[inline(always)]
fn reduce_single<V: Float64>(x: V) -> (V, V) {
    let rounded = x.multiply_add(V::of(FRAC_2_PI), V::ROUNDER);
    let n = rounded - V::ROUNDER;
    let [first, second, third] = half_pi_parts::<V>();
    let rest = n.multiply_add(-second, n.multiply_add(-first, x));
    (rounded, if V::FMA { rest } else { n.multiply_add(-third, rest) })
}

/// `x - n·parts`, fused.
#[inline(always)]
fn subtract_multiple<V: Float32>(x: V, n: V, parts: &[f32; 3]) -> V {
    let [first, second, third] = *parts;
    let rest = n.multiply_add(V::splat(-second), n.multiply_add(V::splat(-first), x));
    n.multiply_add(V::splat(-third), rest)
}

/// Where [`subtract_multiple`] lacks bits for small rests.
#[inline(always)]
fn beyond_parts<V: Float32>(x: V) -> V::Mask {
    x.abs().gt(V::of(30_000.0))
}

/// n = round(2x) as `n + ROUNDER` (modulo 4 for huge x), and π·(x - n/2) as high and low part.
#[inline(always)]
fn reduce_half_turns<V: Float64>(x: V) -> (V, Double<V>) {
    let two = V::of(2.0);
    // Every float64 from 2^53 on is an even integer: a whole number of turns.
    let x = V::select(x.abs().lt(two * V::INTEGERS), x, x * V::ZERO);
    let turns = x - two * nearest(V::of(0.5) * x);
    let rounded = two * turns + V::ROUNDER;
    let rest = turns - V::of(0.5) * (rounded - V::ROUNDER);
    let product = Double::product(rest, V::of(PI));
    (rounded, Double { hi: product.hi, lo: rest.multiply_add(V::of(PI_LOW), product.lo) })
}

const PI_LOW: f64 = 1.2246467991473532e-16;

/// sin(n·π/2 + r) for the n in `n + ROUNDER`.
#[inline(always)]
fn sine_of_quadrant<V: Float64>(n: V, rest: Double<V>) -> V {
    let y = V::select(V::rounded_bit(n, 0), cosine(rest).value(), sine(rest).value());
    V::select(V::rounded_bit(n, 1), -y, y)
}

/// As [`sine_of_quadrant`], accurate enough for float32.
#[inline(always)]
fn sine_of_quadrant_single<V: Float64>(n: V, r: V) -> V {
    let y = V::select(V::rounded_bit(n, 0), cosine_single(r), sine_single(r));
    V::select(V::rounded_bit(n, 1), -y, y)
}

/// sin(r) for |r| <= π/4.
#[inline(always)]
fn sine<V: Float64>(rest: Double<V>) -> Double<V> {
    let r = rest.hi;
    let square = r * r;
    let cubic = (square * r) * polynomial(square, &SINE);
    // d sin(r) = cos(r) dr
    let moved = (V::of(-0.5) * square).multiply_add(rest.lo, rest.lo);
    Double { hi: r, lo: cubic + moved }
}

/// cos(r) for |r| <= π/4.
#[inline(always)]
fn cosine<V: Float64>(rest: Double<V>) -> Double<V> {
    let r = rest.hi;
    let square = r * r;
    let head = Double::fast_sum(V::ONE, V::of(-0.5) * square);
    // d cos(r) = -sin(r) dr
    let quartic = (square * square).multiply_add(polynomial(square, &COSINE), head.lo);
    Double { hi: head.hi, lo: r.multiply_add(-rest.lo, quartic) }
}

/// sin(x) through float64.
#[inline(always)]
fn sine_widened<V: Float32>(x: V) -> V {
    let [lower, upper] = x.halves();
    V::of_halves([sine_for_single(lower), sine_for_single(upper)])
}

/// sin(x), accurate enough for float32.
#[inline(always)]
fn sine_for_single<V: Float64>(x: V) -> V {
    let (n, rest) = reduce_single(x);
    V::select(x.eq(V::ZERO), x, sine_of_quadrant_single(n, rest))
}

/// cos(x) through float64.
#[inline(always)]
fn cosine_widened<V: Float32>(x: V) -> V {
    let [lower, upper] = x.halves();
    V::of_halves([cosine_for_single(lower), cosine_for_single(upper)])
}

/// cos(x), accurate enough for float32.
#[inline(always)]
fn cosine_for_single<V: Float64>(x: V) -> V {
    let (n, rest) = reduce_single(x);
    sine_of_quadrant_single(n + V::ONE, rest)
}

/// tan(x) through float64.
#[inline(always)]
fn tangent_widened<V: Float32>(x: V) -> V {
    let [lower, upper] = x.halves();
    V::of_halves([tangent_for_single(lower), tangent_for_single(upper)])
}

/// tan(x), accurate enough for float32.
#[inline(always)]
fn tangent_for_single<V: Float64>(x: V) -> V {
    let (n, rest) = reduce_single(x);
    let (sine, cosine) = (sine_single(rest), cosine_single(rest));
    let odd = V::rounded_bit(n, 0);
    let y = V::select(odd, -cosine, sine) / V::select(odd, sine, cosine);
    V::select(x.eq(V::ZERO), x, y)
}

/// sin(πx), accurate enough for float32.
#[inline(always)]
fn sinpi_for_single<V: Float64>(x: V) -> V {
    let (n, rest) = reduce_half_turns(x);
    let y = sine_of_quadrant_single(n, rest.hi);
    V::select(y.eq(V::ZERO), y.copysign(x), y)
}

/// cos(πx), accurate enough for float32.
#[inline(always)]
fn cospi_for_single<V: Float64>(x: V) -> V {
    let (n, rest) = reduce_half_turns(x);
    sine_of_quadrant_single(n + V::ONE, rest.hi) + V::ZERO
}

#[inline(always)]
fn sine_single<V: Float64>(r: V) -> V {
    let square = r * r;
    (square * r).multiply_add(polynomial(square, &SINE_SINGLE), r)
}

#[inline(always)]
fn cosine_single<V: Float64>(r: V) -> V {
    let square = r * r;
    square.multiply_add(polynomial(square, &COSINE_SINGLE), V::ONE)
}

/// sin(r) for |r| <= π/2, with its sign at 0.
#[inline(always)]
fn sine_32<V: Float32>(r: V) -> V {
    let square = r * r;
    r * square.multiply_add(polynomial(square, &SINE_32), V::ONE)
}

/// `(sin r - r) / r³` in powers of r².
const SINE: [f64; 6] = [
    -0.1666666666666663,
    0.008333333333321898,
    -0.00019841269829431722,
    2.7557313570498283e-06,
    -2.5050740180718963e-08,
    1.589580555011871e-10,
];

/// `(cos r - 1 + r²/2) / r⁴` in powers of r².
const COSINE: [f64; 6] = [
    0.0416666666666666,
    -0.0013888888888874459,
    2.4801587289653715e-05,
    -2.7557314393758335e-07,
    2.087572803595705e-09,
    -1.1359857818534934e-11,
];

const SINE_SINGLE: [f64; 4] =
    [-0.16666666640637148, 0.00833332928621924, -0.00019839306253261032, 2.7180640437812888e-06];

const COSINE_SINGLE: [f64; 4] =
    [-0.4999999972342389, 0.04166662312546859, -0.0013886757306843858, 2.4389825199488863e-05];

/// `(sin r - r) / r³` in powers of r², on |r| <= π/2.
const SINE_32: [f32; 5] = [-0.16666667, 0.008333359, -0.00019844825, 2.773559e-6, -2.762713e-8];

/// `(tan r - r) / r³` in powers of r², on |r| <= π/4.
const TANGENT_32: [f32; 6] = [0.33333325, 0.13334353, 0.05377554, 0.023161303, 0.0050930227, 0.008256848];

/// π and π/2, each in three parts.
const PI_PARTS: [f32; 3] = [f32::consts::PI, -8.742278e-8, -3.430249e-15];
const HALF_PI_PARTS: [f32; 3] = [f32::consts::FRAC_PI_2, -4.371139e-8, -1.7151245e-15];
