//! pow, whole powers, sqrt, cbrt, hypot.

use super::double::Double;
use super::element::Element;
use super::exponential::{self, power_of_reduced, power_single, reduce};
use super::float::{Float, Float32, Float64, Vector, chain, nearest, polynomial};
use super::formula::{Binary, Unary};
use super::logarithm::{self, log_of_reciprocal};
use crate::ir::WHOLE_POWERS;
use std::f64::consts::LOG2_E;

/// Square root, correctly rounded.
pub struct Sqrt;

/// Cube root.
pub struct Cbrt;

/// a^b.
pub struct Pow<const PRECISE: bool>;

/// x^n for whole numbers n up to ±[`WHOLE_POWERS`], rounded once from about twice the precision.
pub struct Powi;

/// sqrt(a² + b²) without overflow.
pub struct Hypot;

impl Unary for Sqrt {
    fn scalar(x: f64) -> f64 {
        x.sqrt()
    }

    fn scalar32(x: f32) -> f32 {
        x.sqrt()
    }

    #[inline(always)]
    fn vector<V: Float64>(x: V) -> V {
        x.sqrt()
    }

    #[inline(always)]
    fn vector32<V: Float32>(x: V) -> V {
        x.sqrt()
    }
}

impl Unary for Cbrt {
    fn scalar(x: f64) -> f64 {
        x.cbrt()
    }

    #[inline(always)]
    fn vector<V: Float64>(x: V) -> V {
        cbrt::<V, Long>(x, 1e-290, 1e290)
    }

    #[inline(always)]
    fn vector32<V: Float32>(x: V) -> V {
        cbrt::<V, Short>(x, 1e-36, 1e36)
    }
}

/// The root where its products stay in the normal range, between `low` and `high`; of scaled arguments
/// elsewhere.
#[inline(always)]
fn cbrt<T: Float, R: CubeRoot<T>>(x: T, low: f64, high: f64) -> T {
    let a = x.abs();
    let rare = a.lt(T::of(low)) | !a.lt(T::of(high));
    if !T::may_hold(rare) {
        return R::of_normal(a).copysign(x);
    }
    // Numbers near the limits times 2^±54, and their roots times 2^∓18.
    let tiny = a.lt(T::ONE);
    let (up, down) = (T::of(18_014_398_509_481_984.0), T::of(1.0 / 18_014_398_509_481_984.0));
    let (back_down, back_up) = (T::of(1.0 / 262_144.0), T::of(262_144.0));
    let factor = T::select(rare, T::select(tiny, up, down), T::ONE);
    let back = T::select(rare, T::select(tiny, back_down, back_up), T::ONE);
    let root = R::of_normal(a * factor) * back;
    // The arguments that are their own cube roots but have no inverse.
    T::select(a.gt(T::ZERO) & a.lt(T::INFINITY), root, a).copysign(x)
}

/// A cube root of normal numbers. (Functions as arguments would not be inlined into loops for other
/// instruction sets.)
trait CubeRoot<T> {
    fn of_normal(a: T) -> T;
}

/// By an inverse root of 53 bits.
struct Long;

/// By an inverse root of 16 bits; the last step with what the square of the root loses, or in float64.
struct Short;

impl<V: Float64> CubeRoot<V> for Long {
    #[inline(always)]
    fn of_normal(a: V) -> V {
        let rough = refine_inverse_cbrt(a, a.rough_inverse_cbrt());
        root_of_inverse(a, refine_inverse_cbrt(a, rough))
    }
}

impl<V: Float32> CubeRoot<V> for Short {
    #[inline(always)]
    fn of_normal(a: V) -> V {
        let inverse = refine_inverse_cbrt(a, a.rough_inverse_cbrt());
        if !V::FMA {
            let ([a_lower, a_upper], [lower, upper]) = (a.halves(), inverse.halves());
            return V::of_halves([root_of_inverse(a_lower, lower), root_of_inverse(a_upper, upper)]);
        }
        let square = inverse * inverse;
        let root = a * square;
        let root_square = Double::product(root, root);
        let lost = root_square.lo.multiply_add(-root, root_square.hi.multiply_add(-root, a));
        (lost * V::of(1.0 / 3.0)).multiply_add(square, root)
    }
}

/// A step of Newton's from an inverse root.
#[inline(always)]
fn root_of_inverse<V: Float64>(a: V, inverse: V) -> V {
    let square = inverse * inverse;
    let root = a * square;
    let lost = (root * root).multiply_add(-root, a);
    (lost * V::of(1.0 / 3.0)).multiply_add(square, root)
}

/// With e = 1 - a·y³, `y·(1 - e)^(-1/3)` up to the cubic term: four times the correct bits.
#[inline(always)]
fn refine_inverse_cbrt<T: Float>(a: T, y: T) -> T {
    let e = (a * y).multiply_add(-(y * y), T::ONE);
    let series = e.multiply_add(T::of(14.0 / 81.0), T::of(2.0 / 9.0)).multiply_add(e, T::of(1.0 / 3.0));
    (y * e).multiply_add(series, y)
}

impl Binary for Hypot {
    fn scalar(a: f64, b: f64) -> f64 {
        a.hypot(b)
    }

    #[inline(always)]
    fn vector<V: Float64>(a: V, b: V) -> V {
        hypot::<V, false>(a, b, 1e-144, 1e144, f64::from_bits((1023 + 620) << 52))
    }

    #[inline(always)]
    fn vector32<V: Float32>(a: V, b: V) -> V {
        if V::FMA {
            return hypot::<V, true>(a, b, 1e-15, 1e15, 1_237_940_039_285_380_274_899_124_224.0);
        }
        // The squares are exact in float64.
        let ([a_lower, a_upper], [b_lower, b_upper]) = (a.halves(), b.halves());
        let square = |a: V::Wide, b: V::Wide| a * a + b * b;
        let y = V::of_halves([square(a_lower, b_lower).sqrt(), square(a_upper, b_upper).sqrt()]);
        V::select(a.abs().eq(V::INFINITY) | b.abs().eq(V::INFINITY), V::INFINITY, y)
    }
}

/// The squares stay in the normal range between `low` and `high`; arguments outside are multiplied or
/// divided by `scale`, a power of two.
#[inline(always)]
fn hypot<T: Float, const REFINED: bool>(a: T, b: T, low: f64, high: f64, scale: f64) -> T {
    let (a, b) = (a.abs(), b.abs());
    let swap = a.lt(b);
    let (large, small) = (T::select(swap, b, a), T::select(swap, a, b));
    let rare = !(large.gt(T::of(low)) & large.lt(T::of(high))) | small.is_nan();
    if !T::may_hold(rare) {
        return length::<T, REFINED>(large, small);
    }
    let huge = large.gt(T::ONE);
    let (up, down) = (T::of(scale), T::of(1.0 / scale));
    let factor = T::select(rare, T::select(huge, down, up), T::ONE);
    let back = T::select(rare, T::select(huge, up, down), T::ONE);
    let y = length::<T, REFINED>(large * factor, small * factor) * back;
    T::select(a.eq(T::INFINITY) | b.eq(T::INFINITY), T::INFINITY, y)
}

/// √(large² + small²), the sum with the errors of its parts; where `REFINED`, by one more step of Newton's
/// with what the root of the rounded sum lacks.
#[inline(always)]
fn length<T: Float, const REFINED: bool>(large: T, small: T) -> T {
    let (p, q) = (Double::product(large, large), Double::product(small, small));
    let sum = Double::fast_sum(p.hi, q.hi);
    let low = sum.lo + (p.lo + q.lo);
    if !REFINED {
        return (sum.hi + low).sqrt();
    }
    let root = sum.hi.sqrt();
    let lost = root.multiply_add(-root, sum.hi) + low;
    (lost * T::of(0.5) / (root + T::MIN_POSITIVE)) + root
}

impl<const PRECISE: bool> Binary for Pow<PRECISE> {
    fn scalar(a: f64, b: f64) -> f64 {
        a.powf(b)
    }

    fn scalar32(a: f32, b: f32) -> f32 {
        a.powf(b)
    }

    #[inline(always)]
    fn vector<V: Float64>(x: V, y: V) -> V {
        // Beyond, every power of a number other than 1 is 0 or infinite.
        let limit = V::of(1e30);
        let bounded = y.at_least(-limit).at_most(limit);
        let power = if V::FMA {
            power_by_base_2::<V, PRECISE>(x.abs(), bounded)
        } else {
            power_by_short_parts(x.abs(), bounded)
        };
        with_sign_and_limits(power, x, y)
    }

    #[inline(always)]
    fn vector32<V: Float32>(x: V, y: V) -> V {
        let (exponent, m) = x.abs().split_exponent();
        let (c, entry) = log_of_reciprocal(m, &logarithm::BASE_2_32);
        // Exact, as is the sum of the exponent and the entry of the table.
        let [f_lower, f_upper] = m.times_less_one(c).halves();
        let [high_lower, high_upper] = (exponent + entry.hi).halves();
        let [low_lower, low_upper] = entry.lo.halves();
        // Beyond, every power of a number other than 1 is 0 or infinite.
        let limit = V::of(1e30);
        let [y_lower, y_upper] = y.at_least(-limit).at_most(limit).halves();
        let power = V::of_halves([
            power_of_parts(f_lower, high_lower + low_lower, y_lower),
            power_of_parts(f_upper, high_upper + low_upper, y_upper),
        ]);
        with_sign_and_limits(power, x, y)
    }
}

impl Binary for Powi {
    /// The code of exact products by hand is long, and stands there once.
    const NEEDS_FMA: bool = true;

    fn scalar(x: f64, n: f64) -> f64 {
        type V = <f64 as Element>::Baseline;
        Self::vector(V::splat(x), V::splat(n)).lanes()[0]
    }

    #[inline(always)]
    fn vector<V: Float64>(x: V, n: V) -> V {
        whole_power(x, n)
    }

    /// Products in float64 have room for every power of a float32.
    #[inline(always)]
    fn single<V: Float64>(x: V, n: V) -> V {
        products::<V, false>(x, n).hi
    }
}

/// x^n by squaring, with the errors of the products. Where they may leave the range of float64, those of its
/// mantissa take their place, by the same code.
#[inline(always)]
fn whole_power<T: Float>(x: T, n: T) -> T {
    let (low, high) = (T::of(f64::from_bits((1023 - 900) << 52)), T::of(f64::from_bits((1023 + 900) << 52)));
    let mut base = x;
    let mut first = None;
    loop {
        let power = products::<T, true>(base, n);
        if let Some((ordinary, power_of_x)) = first {
            let (exponent, _) = x.abs().split_exponent();
            // Beyond, every power is 0 or infinite.
            let exponent = (exponent * n).at_least(T::of(-2000.0)).at_most(T::of(2000.0));
            let scaled = power.value().scaled(exponent);
            return T::select(ordinary, power_of_x, with_sign_and_limits(scaled, x, n));
        }
        let size = power.hi.abs();
        let ordinary = size.gt(low) & size.lt(high);
        if !T::may_hold(!ordinary) {
            return power.value();
        }
        first = Some((ordinary, power.value()));
        (_, base) = x.abs().split_exponent();
    }
}

/// x^n by squaring; the errors of the products where `EXACT`.
#[inline(always)]
fn products<T: Float, const EXACT: bool>(x: T, n: T) -> Double<T> {
    let times = |a: Double<T>, b: Double<T>| match EXACT {
        true => a.times(b),
        false => Double { hi: a.hi * b.hi, lo: T::ZERO },
    };
    let (mut base, one) = (Double { hi: x, lo: T::ZERO }, Double { hi: T::ONE, lo: T::ZERO });
    let (is_inverse, count) = (n.lt(T::ZERO), n.abs());
    if T::may_hold(is_inverse) {
        let inverse = if EXACT { one.divided_by(base) } else { Double { hi: T::ONE / x, lo: T::ZERO } };
        base = base.or_where(is_inverse, inverse);
    }
    let rounded = count + T::ROUNDER;
    let mut power = one.or_where(T::rounded_bit(rounded, 0), base);
    for bit in 1..=WHOLE_POWERS.ilog2() {
        if !T::may_hold(count.ge(T::of(f64::from(1 << bit)))) {
            break;
        }
        base = times(base, base);
        power = power.or_where(T::rounded_bit(rounded, bit), times(power, base));
    }
    power
}

/// 2^(y·(log + log2(1 + f))) for results in float32.
#[inline(always)]
fn power_of_parts<V: Float64>(f: V, log: V, y: V) -> V {
    let exponent = y * f.multiply_add(chain(f, &LOG_SINGLE), log);
    power_single(exponent.at_least(V::of(-160.0)).at_most(V::of(130.0)), 1.0)
}

/// a^y by 2^(y·log2 a), for positive finite a.
#[inline(always)]
fn power_by_base_2<V: Float64, const PRECISE: bool>(a: V, y: V) -> V {
    let log = log2_double::<V, PRECISE>(a);
    let product = Double::product(y, log.hi);
    let exponent = Double { hi: product.hi, lo: y.multiply_add(log.lo, product.lo) };
    power_of_double(exponent, &exponential::BASE_2)
}

/// b^x, rounded once at the end, for |x.lo| < 1 where it is neither 0 nor infinite.
#[inline(always)]
fn power_of_double<V: Float64>(x: Double<V>, base: &exponential::Base<f64>) -> V {
    // Far outside the range of the exponents, the low part alone would return into it.
    let low = x.lo.at_least(-V::ONE).at_most(V::ONE);
    let high = x.hi.at_least(V::splat(base.underflow)).at_most(V::splat(base.overflow));
    let mut exponent = reduce(high, base);
    exponent.rest = exponent.rest + low;
    power_of_reduced::<V, false>(exponent, base, &exponential::POWERS)
}

/// log2 a for positive finite a, as high and low part.
#[inline(always)]
fn log2_double<V: Float64, const PRECISE: bool>(a: V) -> Double<V> {
    let (exponent, m) = a.split_exponent();
    let (c, entry) = log_of_reciprocal(m, &logarithm::BASE_2);
    // Exact, as is the sum of the exponent and the entry of the table.
    let f = m.times_less_one(c);
    let high = exponent + entry.hi;
    // log2(1 + f) = f·(log2 e) - f²·(log2 e)/2 + f³·P(f), the first two terms with low parts.
    let (slope, slope_low) = (V::of(SLOPE.0), V::of(SLOPE.1));
    let minus_half_slope = V::of(-0.5) * slope;
    let first = Double::product(f, slope);
    let square = Double::product(f, f);
    let second = Double::product(square.hi, minus_half_slope);
    let second_low = square.lo.multiply_add(minus_half_slope, second.lo);
    let sloped = square.hi.multiply_add(V::of(-0.5), f);
    let low = sloped.multiply_add(slope_low, entry.lo + (first.lo + second_low));
    let tail = polynomial(f, &TAIL);
    let (third, third_low) = (V::of(THIRD.0), V::of(THIRD.1));
    // Each term is smaller than the sum of those before it, unless that is 0.
    let sum = Double::fast_sum(high, first.hi);
    let next = Double::fast_sum(sum.hi, second.hi);
    let low = sum.lo + next.lo + low;
    if PRECISE {
        let cube = Double::product(f, square.hi);
        let cube = Double { hi: cube.hi, lo: f.multiply_add(square.lo, cube.lo) };
        let cubic = cube.times(Double { hi: third, lo: third_low });
        let last = Double::fast_sum(next.hi, cubic.hi);
        return Double::fast_sum(last.hi, last.lo + (cube.hi * f).multiply_add(tail, cubic.lo + low));
    }
    Double::fast_sum(next.hi, (f * square.hi).multiply_add(f.multiply_add(tail, third), low))
}

/// a^y by e^(y·log a), for positive finite a, where a product has to be exact without its error: that of numbers
/// of few bits.
#[inline(always)]
fn power_by_short_parts<V: Float64>(a: V, y: V) -> V {
    let log = log_by_short_parts(a);
    let (y_short, log_short) = (y.without_low_bits(27), log.hi.without_low_bits(27));
    let rest = (log.hi - log_short) + log.lo;
    let exponent = Double { hi: y_short * log_short, lo: (y - y_short) * log_short + y * rest };
    power_of_double(exponent, &exponential::BASE_E)
}

/// log a for positive finite a, as high and low part. Base e, because the first terms of the series of log(1 + f)
/// then are f, f²/2 and f³/3.
#[inline(always)]
fn log_by_short_parts<V: Float64>(a: V) -> Double<V> {
    let base = &logarithm::NATURAL;
    let (exponent, m) = a.split_exponent();
    let (c, entry) = log_of_reciprocal(m, base);
    let f = m.times_less_one(c);
    // The first 17 bits of f have an exact square and cube; the rest of the powers of f is small.
    let short = f.without_low_bits(36);
    let rest = f - short;
    let (sum, square) = (f + short, f * f);
    let short_square = short * short;
    let short_cube = short * short_square;
    let third = V::of(1.0 / 3.0);
    let cubic = short_cube * third;
    // What that lacks, three times: exact, as is each difference.
    let lost = (short_cube - (cubic + cubic)) - cubic;
    let cube_rest = rest * (square + short * sum);
    let half_rest = V::of(0.5) * (rest * sum);
    let high = exponent * V::splat(base.two_high) + entry.hi;
    // Each term is smaller than the sum of those before it, unless that is 0.
    let first = Double::fast_sum(high, f);
    let second = Double::fast_sum(first.hi, V::of(-0.5) * short_square);
    let last = Double::fast_sum(second.hi, cubic);
    let entry_low = exponent * V::splat(base.two_low) + entry.lo;
    let series = (square * square) * polynomial(f, &NATURAL_TAIL) + (lost + cube_rest) * third;
    let lows = (first.lo + second.lo) + (last.lo + entry_low);
    Double::fast_sum(last.hi, lows + (series - half_rest))
}

/// C's pow from |x|^y: at x = 0 and infinity, the sign for negative x, NaN for those with y not an
/// integer, and the pairs whose power is 1 whatever the other argument.
#[inline(always)]
fn with_sign_and_limits<T: Float>(power: T, x: T, y: T) -> T {
    let (zero, one) = (T::ZERO, T::ONE);
    let ordinary = x.gt(zero) & x.lt(T::INFINITY) & y.eq(y);
    if !T::may_hold(!ordinary) {
        return power;
    }
    let a = x.abs();
    let (vanishing, infinite) = (a.eq(zero), a.eq(T::INFINITY));
    let grows = (vanishing & y.lt(zero)) | (infinite & y.gt(zero));
    let power = T::select(vanishing | infinite, T::select(grows, T::INFINITY, zero), power);
    let (whole, even) = (is_integer(y), is_integer(T::of(0.5) * y));
    let signed = T::select(x.is_negative() & whole & !even, -power, power);
    let outside = x.lt(zero) & x.gt(-T::INFINITY) & !whole;
    let result = T::select(outside | x.is_nan() | y.is_nan(), T::NAN, signed);
    T::select(y.eq(zero) | x.eq(one) | (x.eq(-one) & y.abs().eq(T::INFINITY)), one, result)
}

#[inline(always)]
fn is_integer<T: Float>(x: T) -> T::Mask {
    x.abs().ge(T::INTEGERS) | nearest(x).eq(x)
}

/// log2(e) and a third of it as high and low parts.
const SLOPE: (f64, f64) = (LOG2_E, 2.0355273740931033e-17);
const THIRD: (f64, f64) = (0.4808983469629878, 2.5288808324062953e-17);

/// `(log2(1 + f) - f·log2(e) + f²·log2(e)/2 - f³·log2(e)/3) / f⁴` in powers of f.
const TAIL: [f64; 10] = [
    -0.36067376022224085,
    0.28853900817779066,
    -0.24044917348173536,
    0.206099291571426,
    -0.18033687929655257,
    0.16029941111502122,
    -0.14427021716517288,
    0.13118992617942424,
    -0.12018644366540718,
    0.09946460214354902,
];

/// `(log(1 + f) - f + f²/2 - f³/3) / f⁴` in powers of f.
const NATURAL_TAIL: [f64; 10] = [
    -0.25,
    0.1999999999999986,
    -0.16666666666683402,
    0.14285714286813603,
    -0.12499999943538458,
    0.11111108485979651,
    -0.10000049426681061,
    0.09093392744913527,
    -0.08330689456820368,
    0.06894360854131769,
];

/// `log2(1 + f) / f` in powers of f, for the f of the table, to 2^-39 (E. Remez's exchange algorithm).
const LOG_SINGLE: [f64; 7] = [
    1.4426950408908978,
    -0.7213475203839291,
    0.48089832630803575,
    -0.3606738482728972,
    0.288573125310227,
    -0.24064532744682346,
    0.1914758088970462,
];
