//! sin, cos, tan, sinpi, cospi.
//!
//! The argument is brought into |r| <= π/4 by subtracting the nearest multiple n·π/2 with π/2 in
//! three parts (W. J. Cody and W. Waite, 1980), and n modulo 4 tells which of ±sin r, ±cos r is the
//! result. Larger arguments than the three parts carry go to the scalar library. Coefficients:
//! Sollya's `fpminimax`.

use super::double::Double;
use super::float::{Float, nearest, polynomial, select};
use super::formula::Unary;
use super::scalar;
use std::f64::consts::FRAC_2_PI;

/// Sine of radians.
pub struct Sin;

/// Cosine of radians.
pub struct Cos;

/// Tangent of radians.
pub struct Tan<const PRECISE: bool>;

/// sin(πx).
pub struct Sinpi;

/// cos(πx).
pub struct Cospi;

impl Unary for Sin {
    fn scalar(x: f64) -> f64 {
        x.sin()
    }

    #[inline(always)]
    fn vector<const FMA: bool>(x: f64) -> f64 {
        let (n, rest) = reduce::<FMA>(x);
        let y = sine_of_quadrant::<FMA>(n, rest);
        select(x == 0.0, x, y)
    }

    #[inline(always)]
    fn vector32<const FMA: bool>(x: f32) -> f32 {
        let (n, rest) = reduce_32::<FMA>(x);
        let y = sine_of_quadrant_32::<FMA>(n, rest);
        select(x == 0.0, x, y)
    }

    #[inline(always)]
    fn covers<const FMA: bool>(x: f64) -> bool {
        x.abs() < reach::<FMA>()
    }
}

impl Unary for Cos {
    fn scalar(x: f64) -> f64 {
        x.cos()
    }

    #[inline(always)]
    fn vector<const FMA: bool>(x: f64) -> f64 {
        let (n, rest) = reduce::<FMA>(x);
        sine_of_quadrant::<FMA>(n + 1.0, rest)
    }

    #[inline(always)]
    fn vector32<const FMA: bool>(x: f32) -> f32 {
        let (n, rest) = reduce_32::<FMA>(x);
        sine_of_quadrant_32::<FMA>(n + 1.0, rest)
    }

    #[inline(always)]
    fn covers<const FMA: bool>(x: f64) -> bool {
        x.abs() < reach::<FMA>()
    }
}

impl<const PRECISE: bool> Unary for Tan<PRECISE> {
    fn scalar(x: f64) -> f64 {
        x.tan()
    }

    #[inline(always)]
    fn vector<const FMA: bool>(x: f64) -> f64 {
        let (n, rest) = reduce::<FMA>(x);
        let odd = f64::rounded_bit(n, 0);
        if !PRECISE {
            let (sine, cosine) = (sine::<FMA>(rest).value(), cosine::<FMA>(rest).value());
            return select(x == 0.0, x, select(odd, -cosine, sine) / select(odd, sine, cosine));
        }
        let (sine, cosine) = (sine::<FMA>(rest).normalised(), cosine::<FMA>(rest).normalised());
        let numerator = Double { hi: select(odd, -cosine.hi, sine.hi), lo: select(odd, -cosine.lo, sine.lo) };
        let denominator = Double { hi: select(odd, sine.hi, cosine.hi), lo: select(odd, sine.lo, cosine.lo) };
        let y = numerator.divided_by::<FMA>(denominator).value();
        select(x == 0.0, x, y)
    }

    #[inline(always)]
    fn vector32<const FMA: bool>(x: f32) -> f32 {
        let (n, rest) = reduce_32::<FMA>(x);
        let (sine, cosine) = (sine_32::<FMA>(rest), cosine_32::<FMA>(rest));
        let odd = f64::rounded_bit(n, 0);
        let y = select(odd, -cosine, sine) / select(odd, sine, cosine);
        select(x == 0.0, x, y as f32)
    }

    #[inline(always)]
    fn covers<const FMA: bool>(x: f64) -> bool {
        x.abs() < reach::<FMA>()
    }
}

impl Unary for Sinpi {
    fn scalar(x: f64) -> f64 {
        scalar::sinpi(x)
    }

    #[inline(always)]
    fn vector<const FMA: bool>(x: f64) -> f64 {
        let (n, rest) = reduce_half_turns::<FMA>(x);
        let y = sine_of_quadrant::<FMA>(n, rest);
        let y = select(y == 0.0, y.copysign(x), y);
        // The low part of the product with π underflows.
        select(x.abs() < 1e-290, x * std::f64::consts::PI, y)
    }

    #[inline(always)]
    fn vector32<const FMA: bool>(x: f32) -> f32 {
        let (n, rest) = reduce_half_turns::<FMA>(f64::from(x));
        let y = sine_of_quadrant_32::<FMA>(n, rest.hi);
        select(y == 0.0, y.copysign(x), y)
    }
}

impl Unary for Cospi {
    fn scalar(x: f64) -> f64 {
        scalar::cospi(x)
    }

    #[inline(always)]
    fn vector<const FMA: bool>(x: f64) -> f64 {
        let (n, rest) = reduce_half_turns::<FMA>(x);
        sine_of_quadrant::<FMA>(n + 1.0, rest) + 0.0
    }

    #[inline(always)]
    fn vector32<const FMA: bool>(x: f32) -> f32 {
        let (n, rest) = reduce_half_turns::<FMA>(f64::from(x));
        sine_of_quadrant_32::<FMA>(n + 1.0, rest.hi) + 0.0
    }
}

/// Arguments from here on need more of π than the three parts have.
#[inline(always)]
fn reach<const FMA: bool>() -> f64 {
    if FMA { 1e9 } else { 1e6 }
}

/// π/2 in three parts. Fused, n times the first is subtracted exactly whatever its length; without,
/// the first two have 33 bits, so that their products with |n| < 2^20 are exact.
#[inline(always)]
fn half_pi_parts<const FMA: bool>() -> [f64; 3] {
    if FMA {
        [std::f64::consts::FRAC_PI_2, 6.123233995736766e-17, -1.4973849048591698e-33]
    } else {
        [f64::from_bits(0x3ff9_21fb_5440_0000), f64::from_bits(0x3dd0_b461_1a60_0000), 2.0222662487959506e-21]
    }
}

/// n = round(x·2/π) as `n + ROUNDER`, and `x - n·π/2` as high and low part.
#[inline(always)]
fn reduce<const FMA: bool>(x: f64) -> (f64, Double<f64>) {
    let rounded = x.multiply_add::<FMA>(FRAC_2_PI, f64::ROUNDER);
    let n = rounded - f64::ROUNDER;
    let [first, second, third] = half_pi_parts::<FMA>();
    let high = n.multiply_add::<FMA>(-first, x);
    let product = n * second;
    let product_error = if FMA { n.multiply_add::<FMA>(second, -product) } else { 0.0 };
    let rest = Double::sum(high, -product);
    let low = n.multiply_add::<FMA>(-third, rest.lo - product_error);
    let rest = Double { hi: rest.hi, lo: low };
    (rounded, if FMA { rest } else { rest.normalised() })
}

/// As [`reduce`], for float32: one float64 is more than enough.
#[inline(always)]
fn reduce_32<const FMA: bool>(x: f32) -> (f64, f64) {
    let x = f64::from(x);
    let rounded = x.multiply_add::<FMA>(FRAC_2_PI, f64::ROUNDER);
    let n = rounded - f64::ROUNDER;
    let [first, second, third] = half_pi_parts::<FMA>();
    let rest = n.multiply_add::<FMA>(-second, n.multiply_add::<FMA>(-first, x));
    (rounded, if FMA { rest } else { n.multiply_add::<FMA>(-third, rest) })
}

/// n = round(2x) as `n + ROUNDER` (modulo 4 for huge x), and π·(x - n/2) as high and low part.
#[inline(always)]
fn reduce_half_turns<const FMA: bool>(x: f64) -> (f64, Double<f64>) {
    // Every float64 from 2^53 on is an even integer: a whole number of turns.
    let x = select(x.abs() < 9_007_199_254_740_992.0, x, x * 0.0);
    let turns = x - 2.0 * nearest(0.5 * x);
    let rounded = 2.0 * turns + f64::ROUNDER;
    let rest = turns - 0.5 * (rounded - f64::ROUNDER);
    let product = Double::product::<FMA>(rest, std::f64::consts::PI);
    (rounded, Double { hi: product.hi, lo: rest.multiply_add::<FMA>(PI_LOW, product.lo) })
}

const PI_LOW: f64 = 1.2246467991473532e-16;

/// sin(n·π/2 + r) for the n in `n + ROUNDER`.
#[inline(always)]
fn sine_of_quadrant<const FMA: bool>(n: f64, rest: Double<f64>) -> f64 {
    let y = select(f64::rounded_bit(n, 0), cosine::<FMA>(rest).value(), sine::<FMA>(rest).value());
    select(f64::rounded_bit(n, 1), -y, y)
}

#[inline(always)]
fn sine_of_quadrant_32<const FMA: bool>(n: f64, r: f64) -> f32 {
    let y = select(f64::rounded_bit(n, 0), cosine_32::<FMA>(r), sine_32::<FMA>(r));
    select(f64::rounded_bit(n, 1), -y, y) as f32
}

/// sin(r) for |r| <= π/4.
#[inline(always)]
fn sine<const FMA: bool>(rest: Double<f64>) -> Double<f64> {
    let r = rest.hi;
    let square = r * r;
    let cubic = (square * r) * polynomial::<f64, FMA>(square, &SINE);
    // d sin(r) = cos(r) dr
    let moved = (-0.5 * square).multiply_add::<FMA>(rest.lo, rest.lo);
    Double { hi: r, lo: cubic + moved }
}

/// cos(r) for |r| <= π/4.
#[inline(always)]
fn cosine<const FMA: bool>(rest: Double<f64>) -> Double<f64> {
    let r = rest.hi;
    let square = r * r;
    let head = Double::fast_sum(1.0, -0.5 * square);
    // d cos(r) = -sin(r) dr
    let quartic = (square * square).multiply_add::<FMA>(polynomial::<f64, FMA>(square, &COSINE), head.lo);
    Double { hi: head.hi, lo: r.multiply_add::<FMA>(-rest.lo, quartic) }
}

#[inline(always)]
fn sine_32<const FMA: bool>(r: f64) -> f64 {
    let square = r * r;
    (square * r).multiply_add::<FMA>(polynomial::<f64, FMA>(square, &SINE_32), r)
}

#[inline(always)]
fn cosine_32<const FMA: bool>(r: f64) -> f64 {
    let square = r * r;
    square.multiply_add::<FMA>(polynomial::<f64, FMA>(square, &COSINE_32), 1.0)
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

const SINE_32: [f64; 4] =
    [-0.16666666640637148, 0.00833332928621924, -0.00019839306253261032, 2.7180640437812888e-06];

const COSINE_32: [f64; 4] =
    [-0.4999999972342389, 0.04166662312546859, -0.0013886757306843858, 2.4389825199488863e-05];
