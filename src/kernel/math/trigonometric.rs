//! sin, cos, tan, sinpi, cospi.
//!
//! The argument is brought into |r| <= π/4 by subtracting the nearest multiple n·π/2 with π/2 in
//! three parts (W. J. Cody and W. Waite, 1980), and n modulo 4 tells which of ±sin r, ±cos r is the
//! result. Larger arguments than the three parts carry go to the scalar library. In the default mode, and for
//! float32, which is computed in float64 and rounded once, sine and cosine subtract multiples of π instead, for one
//! series; for float32 the tangent is a quotient of polynomials. Coefficients: Sollya's `fpminimax`; where multiples
//! of π are subtracted, and for float32, the exchange algorithm of E. Remez (1934) on relative errors, which for float32 are
//! below 2^-35.

use super::double::Double;
use super::float::{Float, Float32, Float64, chain, nearest, polynomial};
use super::formula::Unary;
use super::scalar;
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
    const IS_CHAIN: bool = !PRECISE;

    fn scalar(x: f64) -> f64 {
        x.sin()
    }

    fn scalar32(x: f32) -> f32 {
        x.sin()
    }

    #[inline(always)]
    fn vector<V: Float64>(x: V) -> V {
        if !PRECISE {
            let (rounded, n) = half_turns(x);
            return sine_of_half_turn(subtract_half_turns(x, n)).negated_if_odd(rounded);
        }
        let (n, rest) = reduce(x);
        let y = sine_of_quadrant(n, rest);
        V::select(x.eq(V::ZERO), x, y)
    }

    #[inline(always)]
    fn single<V: Float64>(x: V) -> V {
        let (rounded, n) = half_turns(x);
        sine_single(subtract_multiple(x, n, 2.0)).negated_if_odd(rounded)
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
    const IS_CHAIN: bool = !PRECISE;

    fn scalar(x: f64) -> f64 {
        x.cos()
    }

    fn scalar32(x: f32) -> f32 {
        x.cos()
    }

    #[inline(always)]
    fn vector<V: Float64>(x: V) -> V {
        if !PRECISE {
            // An angle half-way between two odd multiples of π/2 may go to either: to the same as its opposite.
            let x = x.abs();
            let (rounded, n) = odd_quarter_turns(x);
            return sine_of_half_turn(subtract_half_turns(x, n)).negated_if_odd(rounded);
        }
        let (n, rest) = reduce(x);
        sine_of_quadrant(n + V::ONE, rest)
    }

    #[inline(always)]
    fn single<V: Float64>(x: V) -> V {
        let (rounded, n) = odd_quarter_turns(x);
        sine_single(subtract_multiple(x, n, 2.0)).negated_if_odd(rounded)
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
            let (sine, cosine) = (sine(rest).value(), cosine::<V, false>(rest).value());
            return V::select(x.eq(V::ZERO), x, V::select(odd, -cosine, sine) / V::select(odd, sine, cosine));
        }
        let (sine, cosine) = (sine(rest).normalised(), cosine::<V, true>(rest).normalised());
        let numerator =
            Double { hi: V::select(odd, -cosine.hi, sine.hi), lo: V::select(odd, -cosine.lo, sine.lo) };
        let denominator =
            Double { hi: V::select(odd, sine.hi, cosine.hi), lo: V::select(odd, sine.lo, cosine.lo) };
        let y = numerator.divided_by(denominator).value();
        V::select(x.eq(V::ZERO), x, y)
    }

    /// tan(n·π/2 + r) is tan(r) for even n, and -1/tan(r) for odd ones.
    #[inline(always)]
    fn single<V: Float64>(x: V) -> V {
        let rounded = x.multiply_add(V::of(FRAC_2_PI), V::ROUNDER);
        let r = subtract_multiple(x, rounded - V::ROUNDER, 1.0);
        let square = r * r;
        let (sine, cosine) = (r * chain(square, &TANGENT), chain(square, &TANGENT_DIVISOR));
        let odd = V::rounded_bit(rounded, 0);
        V::select(odd, -cosine, sine) / V::select(odd, sine, cosine)
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
    fn single<V: Float64>(x: V) -> V {
        let y = sinpi_single(fraction_of_turns(x));
        V::select(y.eq(V::ZERO), y.copysign(x), y)
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
    fn single<V: Float64>(x: V) -> V {
        sinpi_single(fraction_of_turns(x) + V::of(0.5)) + V::ZERO
    }
}

/// Where the three parts of π have enough bits.
#[inline(always)]
fn within_reach<T: Float>(x: T) -> T::Mask {
    x.abs().lt(T::of(if T::FMA { 1e9 } else { 1e6 }))
}

/// π/2, times a power of two, in three parts of one sign: -0 less 0 times each stays -0. Fused, n times the first is
/// subtracted exactly whatever its length; without, the first two have 33 bits, so that their products with |n| < 2^20 are
/// exact.
#[inline(always)]
fn half_pi_parts<V: Float64>(factor: f64) -> [V; 3] {
    let [first, second, third] = if V::FMA {
        [std::f64::consts::FRAC_PI_2, 6.123233995736765e-17, 1.082856673921914e-32]
    } else {
        [f64::from_bits(0x3ff9_21fb_5440_0000), f64::from_bits(0x3dd0_b461_1a60_0000), 2.0222662487959506e-21]
    };
    [V::splat(factor * first), V::splat(factor * second), V::splat(factor * third)]
}

/// n = round(x·2/π) as `n + ROUNDER`, and `x - n·π/2` as high and low part.
#[inline(always)]
fn reduce<V: Float64>(x: V) -> (V, Double<V>) {
    let rounded = x.multiply_add(V::of(FRAC_2_PI), V::ROUNDER);
    let n = rounded - V::ROUNDER;
    let [first, second, third] = half_pi_parts::<V>(1.0);
    let high = n.multiply_add(-first, x);
    let product = n * second;
    let product_error = if V::FMA { n.multiply_add(second, -product) } else { V::ZERO };
    let rest = Double::sum(high, -product);
    let low = n.multiply_add(-third, rest.lo - product_error);
    let rest = Double { hi: rest.hi, lo: low };
    (rounded, if V::FMA { rest } else { rest.normalised() })
}

/// `x - n·unit·π/2` for results in float32, where one float64 is more than enough.
#[inline(always)]
fn subtract_multiple<V: Float64>(x: V, n: V, unit: f64) -> V {
    let [first, second, third] = half_pi_parts::<V>(-unit);
    let rest = n.multiply_add(second, n.multiply_add(first, x));
    if V::FMA { rest } else { n.multiply_add(third, rest) }
}

/// n = round(x/π), as `n + ROUNDER` and as it is: the sine of n·π + r is sin(r) for even n, and -sin(r) for odd ones.
#[inline(always)]
fn half_turns<V: Float64>(x: V) -> (V, V) {
    let rounded = x.multiply_add(V::of(FRAC_1_PI), V::ROUNDER);
    (rounded, rounded - V::ROUNDER)
}

/// n = round(x/π + 1/2) as `n + ROUNDER`, and n - 1/2: the cosine of (n - 1/2)·π + r is sin(r) for even n, and -sin(r) for
/// odd ones.
#[inline(always)]
fn odd_quarter_turns<V: Float64>(x: V) -> (V, V) {
    let half = V::of(0.5);
    let rounded = x.multiply_add(V::of(FRAC_1_PI), half) + V::ROUNDER;
    (rounded, (rounded - V::ROUNDER) - half)
}

/// `x - n·π`, rounded twice, and where fused, the second time only near 0.
#[inline(always)]
fn subtract_half_turns<V: Float64>(x: V, n: V) -> V {
    let [first, second, third] = half_pi_parts::<V>(-2.0);
    n.multiply_add(third, n.multiply_add(second, n.multiply_add(first, x)))
}

/// sin(r) for |r| <= π/2; within ±1, since the error near ±π/2 is less than two units of the numbers below 1.
#[inline(always)]
fn sine_of_half_turn<V: Float64>(r: V) -> V {
    let square = r * r;
    let quartic = (square * square) * polynomial(square, &SINE_OF_HALF_TURN_TAIL);
    let relative = square.multiply_add(V::of(SINE_OF_HALF_TURN), quartic);
    // The sum with 0 lets -0 be -0.
    r - r.multiply_add(relative, V::ZERO)
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
    let y = V::select(V::rounded_bit(n, 0), cosine::<V, false>(rest).value(), sine(rest).value());
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

/// cos(r) for |r| <= π/4; where `PRECISE`, with what r² lost in rounding.
#[inline(always)]
fn cosine<V: Float64, const PRECISE: bool>(rest: Double<V>) -> Double<V> {
    let r = rest.hi;
    let square = r * r;
    let half = V::of(-0.5);
    let head = Double::fast_sum(V::ONE, half * square);
    let low = if PRECISE { half.multiply_add(r.product_error(r, square), head.lo) } else { head.lo };
    // d cos(r) = -sin(r) dr
    let quartic = (square * square).multiply_add(polynomial(square, &COSINE), low);
    Double { hi: head.hi, lo: r.multiply_add(-rest.lo, quartic) }
}

/// x, or an even integer in place of one.
#[inline(always)]
fn fraction_of_turns<V: Float64>(x: V) -> V {
    // Every float32 from 2^24 on is one.
    V::select(x.abs().lt(V::of(16_777_216.0)), x, x * V::ZERO)
}

/// sin(πx), accurate enough for float32, for |x| < 2^25; zeros have any sign.
#[inline(always)]
fn sinpi_single<V: Float64>(x: V) -> V {
    let rounded = x + V::ROUNDER;
    sine_single(V::of(PI) * (x - (rounded - V::ROUNDER))).negated_if_odd(rounded)
}

/// sin(r), accurate enough for float32, for |r| <= π/2.
#[inline(always)]
fn sine_single<V: Float64>(r: V) -> V {
    r * chain(r * r, &SINE_SINGLE)
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

/// `(r - sin r) / r³` in powers of r², on |r| <= π/2: the first coefficient, and the others. The relative error of the
/// sine is below 2^-61.
const SINE_OF_HALF_TURN: f64 = 0.16666666666666666;
const SINE_OF_HALF_TURN_TAIL: [f64; 7] = [
    -0.008333333333333207,
    0.0001984126984121248,
    -2.7557319211569482e-06,
    2.505210690442293e-08,
    -1.6058941002133298e-10,
    7.643019354098734e-13,
    -2.7214191550134664e-15,
];

/// `sin r / r` in powers of r², on |r| <= π/2.
const SINE_SINGLE: [f64; 6] = [
    0.9999999999788469,
    -0.16666666608809066,
    0.008333330719849062,
    -0.00019840832729356336,
    2.752396611819885e-06,
    -2.3868256149512996e-08,
];

/// `tan r / r` on |r| <= π/4 as the quotient of these, in powers of r².
const TANGENT: [f64; 3] = [1.0000000000220886, -0.1113614622225567, 0.0010751562414707048];
const TANGENT_DIVISOR: [f64; 3] = [1.0, -0.4446947938935236, 0.01597340091958171];
