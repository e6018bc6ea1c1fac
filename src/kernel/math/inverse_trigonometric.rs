//! asin, acos, atan, atan2.
//!
//! Arc sine and cosine use `asin s = s + s³·P(s²)` for s <= 1/2, and `asin a = π/2 - 2·asin √((1-a)/2)`
//! above; arc tangents reduce the ratio to |t| <= tan(π/8) with atan's addition theorem for π/4 and
//! π/2. Coefficients: Sollya's `fpminimax`; of the arc tangents in float32, E. Remez's exchange algorithm.

use super::double::Double;
use super::float::{Float, Float32, Float64, chain, polynomial};
use super::formula::{Binary, Unary};
use std::f64::consts::{FRAC_PI_2, FRAC_PI_4, PI};

/// Arc sine in radians; NaN outside -1..=1.
pub struct Asin<const PRECISE: bool>;

/// Arc cosine in radians; NaN outside -1..=1.
pub struct Acos<const PRECISE: bool>;

/// Arc tangent in radians.
pub struct Atan<const PRECISE: bool>;

/// Angle of the point (b, a) in radians.
pub struct Atan2<const PRECISE: bool>;

impl<const PRECISE: bool> Unary for Asin<PRECISE> {
    fn scalar(x: f64) -> f64 {
        x.asin()
    }

    #[inline(always)]
    fn vector<V: Float64>(x: V) -> V {
        asin::<V, PRECISE>(x, &ASIN)
    }

    #[inline(always)]
    fn vector32<V: Float32>(x: V) -> V {
        asin::<V, true>(x, &ASIN_32)
    }
}

impl<const PRECISE: bool> Unary for Acos<PRECISE> {
    fn scalar(x: f64) -> f64 {
        x.acos()
    }

    #[inline(always)]
    fn vector<V: Float64>(x: V) -> V {
        acos::<V, PRECISE>(x, &ASIN)
    }

    #[inline(always)]
    fn vector32<V: Float32>(x: V) -> V {
        acos::<V, true>(x, &ASIN_32)
    }
}

impl<const PRECISE: bool> Unary for Atan<PRECISE> {
    fn scalar(x: f64) -> f64 {
        x.atan()
    }

    #[inline(always)]
    fn vector<V: Float64>(x: V) -> V {
        atan::<V, PRECISE>(x, &ATAN)
    }

    #[inline(always)]
    fn single<V: Float64>(x: V) -> V {
        angle_single(x, V::ONE)
    }

    #[inline(always)]
    fn vector32<V: Float32>(x: V) -> V {
        let a = x.abs().at_most(V::of(1e30));
        let angle = if V::FMA { atan_32(a) } else { Self::widened(a) };
        angle.copysign(x)
    }
}

impl<const PRECISE: bool> Binary for Atan2<PRECISE> {
    fn scalar(a: f64, b: f64) -> f64 {
        a.atan2(b)
    }

    #[inline(always)]
    fn vector<V: Float64>(y: V, x: V) -> V {
        let angle = angle_in_first_quadrant::<V, PRECISE>(y.abs(), x.abs(), &ATAN);
        in_quadrant_of(y, x, angle)
    }

    /// Products and quotients of these neither overflow nor lose bits to underflow.
    #[inline(always)]
    fn covers<V: Float64>(y: V, x: V) -> V::Mask {
        let moderate = |v: V| v.eq(V::ZERO) | (v.abs().gt(V::of(1e-140)) & v.abs().lt(V::of(1e140)));
        moderate(y) & moderate(x)
    }

    #[inline(always)]
    fn single<V: Float64>(y: V, x: V) -> V {
        // Limits for infinite numbers, and for zeros, which float32 does not pass.
        let (above, below) = (V::of(1e90), V::of(1e-90));
        let angle = angle_single(y.abs().at_most(above), x.abs().at_least(below).at_most(above));
        V::select(x.is_negative(), V::of(PI) - angle, angle).copysign(y)
    }
}

/// π/2 as high and low part.
#[inline(always)]
fn half_pi<T: Float>() -> Double<T> {
    let hi = T::of(FRAC_PI_2);
    Double { hi, lo: T::RESIDUE_OF_HALF_PI }
}

/// For |x|: whether the half-angle form applies, s, and `asin s - s`; where `PRECISE`, with what s
/// lost in rounding.
#[inline(always)]
fn asin_parts<T: Float, const PRECISE: bool>(x: T, coefficients: &[T::Scalar]) -> (T::Mask, T, T) {
    let a = x.abs();
    let large = a.gt(T::of(0.5));
    let square = T::select(large, T::of(0.5) - T::of(0.5) * a, a * a);
    let root = square.sqrt();
    let s = T::select(large, root, a);
    let tail = s * (square * polynomial(square, coefficients));
    if !PRECISE {
        return (large, s, tail);
    }
    let root_square = Double::product(root, root);
    let lost = ((square - root_square.hi) - root_square.lo) * T::of(0.5) / (root + T::MIN_POSITIVE);
    (large, s, tail + T::select(large, lost, T::ZERO))
}

#[inline(always)]
fn asin<T: Float, const PRECISE: bool>(x: T, coefficients: &[T::Scalar]) -> T {
    let (large, s, tail) = asin_parts::<T, PRECISE>(x, coefficients);
    let two = T::of(2.0);
    let half_pi = half_pi::<T>();
    let sum = Double::fast_sum(half_pi.hi, -(two * s));
    let from_top = sum.hi + (sum.lo + (half_pi.lo - two * tail));
    T::select(large, from_top, s + tail).copysign(x)
}

#[inline(always)]
fn acos<T: Float, const PRECISE: bool>(x: T, coefficients: &[T::Scalar]) -> T {
    let (large, s, tail) = asin_parts::<T, PRECISE>(x, coefficients);
    let two = T::of(2.0);
    let negative = x.lt(T::ZERO);
    let half_pi = half_pi::<T>();
    let scale = T::select(large, two, -T::ONE);
    let scale = T::select(negative, -scale, scale);
    let base_scale = T::select(large, T::select(negative, two, T::ZERO), T::ONE);
    let sum = Double::fast_sum(half_pi.hi * base_scale, scale * s);
    sum.hi + (sum.lo + scale.multiply_add(tail, half_pi.lo * base_scale))
}

#[inline(always)]
fn atan<T: Float, const PRECISE: bool>(x: T, coefficients: &[T::Scalar]) -> T {
    let bounded = x.abs().at_most(T::of(1e30));
    let angle = angle_in_first_quadrant::<T, PRECISE>(bounded, T::ONE, coefficients).value();
    let angle = T::select(x.abs().lt(T::of(1e-10)), x.abs(), angle);
    angle.copysign(x)
}

/// The angle of (x, y), both not negative, as high and low part.
#[inline(always)]
fn angle_in_first_quadrant<T: Float, const PRECISE: bool>(
    y: T,
    x: T,
    coefficients: &[T::Scalar],
) -> Double<T> {
    let (numerator, denominator, base) = reduce_ratio(y, x);
    if !PRECISE {
        let t = numerator.hi / denominator.hi;
        let square = t * t;
        let rest = (square * t).multiply_add(polynomial(square, coefficients), t);
        return Double { hi: base.hi, lo: rest };
    }
    let t = numerator.divided_by(denominator);
    let square = t.hi * t.hi;
    let tail = (square * t.hi).multiply_add(polynomial(square, coefficients), t.lo);
    let sum = Double::fast_sum(base.hi, t.hi);
    Double::fast_sum(sum.hi, sum.lo + (tail + base.lo))
}

/// The angle of (x, y), both not negative and not both 0, for results in float32: as
/// [`angle_in_first_quadrant`], with exact products of 0 and 1 for choices.
#[inline(always)]
fn angle_single<V: Float64>(y: V, x: V) -> V {
    let (zero, one) = (V::ZERO, V::ONE);
    let low = y.le(x * V::of(0.4142135623730951));
    let high = y.gt(x * V::of(2.414213562373095));
    let (along, across) = (V::select(high, zero, one), V::select(low, zero, one));
    let base = V::select(low, zero, V::select(high, V::of(FRAC_PI_2), V::of(FRAC_PI_4)));
    let t = y.multiply_add(along, -(x * across)) / y.multiply_add(across, x * along);
    t.multiply_add(chain(t * t, &ATAN_SINGLE), base)
}

/// atan(a) for a >= 0: as [`angle_in_first_quadrant`] with limits between which a - 1 is exact.
#[inline(always)]
fn atan_32<V: Float32>(a: V) -> V {
    let (zero, one) = (V::ZERO, V::ONE);
    let (low, high) = (a.lt(V::of(0.5)), a.gt(V::of(2.0)));
    let middle = !(low | high);
    let sum = a + one;
    let numerator = V::select(low, a, V::select(high, -one, a - one));
    let denominator = V::select(low, one, V::select(high, a, sum));
    let denominator_low = V::select(middle, a - (sum - one), zero);
    let base = V::select(low, zero, V::select(high, V::of(FRAC_PI_2), V::of(FRAC_PI_4)));
    let base_low = base * V::of(RESIDUE_OF_PI_32);
    let t = numerator / denominator;
    // What the quotient lacks counts only where the denominator is from 3/2 to 3; a line is near enough
    // to its inverse.
    let rest = t.multiply_add(-denominator_low, t.multiply_add(-denominator, numerator));
    let inverse = V::select(middle, sum.multiply_add(V::of(-0.20915033), V::of(0.9411765)), zero);
    let square = t * t;
    let tail = rest.multiply_add(inverse, base_low);
    let tail = (t * square).multiply_add(polynomial(square, &ATAN_32), tail);
    let sum = Double::fast_sum(base, t);
    sum.hi + (sum.lo + tail)
}

/// `(numerator, denominator, base)` with `atan(y/x) = base + atan(numerator/denominator)` and a ratio
/// of at most tan(π/8), for y and x not negative.
#[inline(always)]
fn reduce_ratio<T: Float>(y: T, x: T) -> (Double<T>, Double<T>, Double<T>) {
    let (zero, one) = (T::ZERO, T::ONE);
    let low = y.le(x * T::of(0.4142135623730951));
    let high = y.gt(x * T::of(2.414213562373095));
    let (difference, sum) = (Double::sum(y, -x), Double::sum(y, x));
    let numerator = T::select(low, y, T::select(high, -x, difference.hi));
    let numerator_low = T::select(low | high, zero, difference.lo);
    let denominator = T::select(low, x, T::select(high, y, sum.hi));
    let denominator_low = T::select(low | high, zero, sum.lo);
    let half_pi = half_pi::<T>();
    let turns = T::select(low, zero, T::select(high, one, T::of(FRAC_PI_4 / FRAC_PI_2)));
    (
        Double { hi: numerator, lo: numerator_low },
        // 0/0 is taken as 0.
        Double { hi: T::select(denominator.eq(zero), one, denominator), lo: denominator_low },
        Double { hi: half_pi.hi * turns, lo: half_pi.lo * turns },
    )
}

/// Moves an angle of (|x|, |y|) into the quadrant of (x, y); the sign of a zero counts.
#[inline(always)]
fn in_quadrant_of<T: Float>(y: T, x: T, angle: Double<T>) -> T {
    let half_pi = half_pi::<T>();
    let (zero, one) = (T::ZERO, T::ONE);
    let left = x.is_negative();
    let base = T::select(left, half_pi.hi + half_pi.hi, zero);
    let base_low = T::select(left, half_pi.lo + half_pi.lo, zero);
    let sign = T::select(left, -one, one);
    let sum = Double::sum(base, sign * angle.hi);
    (sum.hi + (sum.lo + (base_low + sign * angle.lo))).copysign(y)
}

/// `(atan t - t) / t³` in powers of t².
const ATAN: [f64; 12] = [
    -0.33333333333333326,
    0.19999999999997253,
    -0.14285714285346832,
    0.11111111086045096,
    -0.09090908078409235,
    0.07692281443570105,
    -0.06666209375977608,
    0.058768674079232336,
    -0.05217493233620732,
    0.04500123064494781,
    -0.03340015079104949,
    0.01512442470711216,
];

/// `atan t / t` in powers of t², on |t| <= tan(π/8), to 2^-30 (E. Remez's exchange algorithm).
const ATAN_SINGLE: [f64; 6] = [
    0.9999999993966009,
    -0.33333307618858654,
    0.19998216440779373,
    -0.14240072216423413,
    0.10573392889120184,
    -0.06034555351471744,
];

/// `(atan t - t) / t³` in powers of t², on |t| <= 1/2, to 2^-31 of the result.
const ATAN_32: [f32; 6] = [-0.33333328, 0.199995, -0.1427225, 0.10942365, -0.07989106, 0.038791664];

/// What π rounded to float32 lacks, relative to it.
const RESIDUE_OF_PI_32: f64 = -2.7827534e-8;

/// `(asin s - s) / s³` in powers of s².
const ASIN: [f64; 13] = [
    0.1666666666666676,
    0.07499999999970819,
    0.04464285717463486,
    0.03038194270529706,
    0.0223722150875634,
    0.01735160978331271,
    0.01398085170129768,
    0.011398625800966178,
    0.01078201591189179,
    0.0036992076041182766,
    0.021726181596845945,
    -0.021027174339733237,
    0.03264714428044475,
];

const ASIN_32: [f32; 6] = [0.1666666, 0.07500517, 0.04451478, 0.031824008, 0.014381956, 0.037590858];
