//! The gamma function and its logarithm.
//!
//! Between 1 and 4.875, `log Γ(y) = (y - 1)(y - 2)·F(y)` with a polynomial F for each quarter, which keeps the
//! zeros at 1 and 2; from there on it is Stirling's series. Smaller arguments are moved up by
//! `Γ(x) = Γ(1 + x)/x`, and negative ones are reflected: `Γ(-a)·Γ(a) = -π/(a·sin πa)`. All of it is
//! computed with a low part, so that the last operation is the only one that rounds at full size.
//! Next to the zeros of the logarithm at negative arguments the terms cancel. There it is taken from the
//! distance to the zero, given to twice the precision.
//! Coefficients: interpolation at Chebyshev's points.

use super::double::Double;
use super::exponential::{Exp, scaled_exp_of_double};
use super::float::{Float32, Float64, Table, nearest, polynomial};
use super::formula::Unary;
use super::logarithm::{self, Log};
use super::unary;
use crate::dtype::Dtype;
use crate::ir::MathFn;
use crate::kernel::Accuracy;
use crate::kernel::level::Level;
use std::ptr::{from_mut, from_ref, null};

/// Γ(x); infinite with the sign of the zero at ±0, NaN at negative integers and -inf.
pub struct Tgamma;

/// log|Γ(x)|; +inf at zero and the negative integers.
pub struct Lgamma;

impl Unary for Tgamma {
    fn scalar(x: f64) -> f64 {
        one_item(MathFn::Tgamma, x)
    }

    #[inline(always)]
    fn vector<V: Float64>(x: V) -> V {
        tgamma(x)
    }

    #[inline(always)]
    fn vector32<V: Float32>(x: V) -> V {
        // A loop, so that the long formula stands there once.
        let mut halves = x.halves();
        for half in &mut halves {
            *half = tgamma_without_low_parts(*half);
        }
        V::of_halves(halves)
    }
}

impl Unary for Lgamma {
    fn scalar(x: f64) -> f64 {
        one_item(MathFn::Lgamma, x)
    }

    #[inline(always)]
    fn vector<V: Float64>(x: V) -> V {
        lgamma(x)
    }

    #[inline(always)]
    fn vector32<V: Float32>(x: V) -> V {
        // A loop, so that the long formula stands there once.
        let mut halves = x.halves();
        for half in &mut halves {
            *half = lgamma_without_low_parts(*half);
        }
        V::of_halves(halves)
    }
}

/// The formula at one point: the scalar libraries are less accurate.
fn one_item(f: MathFn, x: f64) -> f64 {
    let Some(kernel) = unary(f, Dtype::Float64, Accuracy::Precise, Level::current()) else {
        unreachable!("float64 has every function")
    };
    let mut y = 0.0;
    // SAFETY: one item is read and one is written.
    unsafe { kernel(from_mut(&mut y).cast(), from_ref(&x).cast(), null(), null(), 1) };
    y
}

/// From here on, Γ overflows and its inverse underflows; its logarithm here is within the range of
/// [`scaled_exp_of_double`].
const MOST: f64 = 250.0;

/// From here on Stirling's series is used.
const LARGE: f64 = 4.875;

#[cfg_attr(target_family = "wasm", inline(never))]
#[cfg_attr(not(target_family = "wasm"), inline(always))]
fn lgamma<V: Float64>(x: V) -> V {
    let a = x.abs();
    // From 2^900 on, products of low parts would overflow.
    let huge = a.gt(V::of(8.452712498170644e270));
    let unit = V::of(200_f64.exp2());
    let log_gamma = log_gamma(a, V::select(huge, V::of(200.0), V::ZERO));
    let y = log_gamma.value() * V::select(huge, unit, V::ONE);
    let y = V::select(a.eq(V::INFINITY), V::INFINITY, y);
    let negative = x.lt(V::ZERO);
    let moved = negative | a.lt(V::ONE);
    if !V::may_hold(moved) {
        return y;
    }
    let turn = Turn::of(a);
    let factor = divisor(a, negative, &turn);
    let log = log_of(factor, V::ZERO);
    let signed = log_gamma.negated_where(negative);
    let sum = Double::sum(signed.hi, -log.hi);
    let mut z = sum.hi + (sum.lo + (signed.lo - log.lo));
    if V::may_hold(negative) {
        z = at_zeros(z, &turn, log_gamma.hi, negative);
    }
    let z = V::select(factor.hi.eq(V::ZERO) | a.eq(V::INFINITY), V::INFINITY, z);
    V::select(moved, z, y)
}

#[cfg_attr(target_family = "wasm", inline(never))]
#[cfg_attr(not(target_family = "wasm"), inline(always))]
fn tgamma<V: Float64>(x: V) -> V {
    let a = x.abs();
    let negative = x.lt(V::ZERO);
    let moved = negative | a.lt(V::ONE);
    let one = Double { hi: V::ONE, lo: V::ZERO };
    // Beyond, all results overflow or underflow.
    let log_gamma = log_gamma(a.at_most(V::of(MOST)), V::ZERO);
    if !V::may_hold(moved) {
        return scaled_exp_of_double(log_gamma, one);
    }
    let turn = Turn::of(a);
    let factor = one.divided_by(divisor(a, negative, &turn)).negated_where(negative & turn.is_positive());
    let factor = factor.or_where(!moved, one);
    let y = scaled_exp_of_double(log_gamma.negated_where(negative), factor);
    let y = V::select(a.lt(V::of(1e-18)), V::ONE / x, y);
    V::select(negative & turn.rest.eq(V::ZERO), V::NAN, y)
}

/// [`lgamma`] for float32: accurate to some 38 bits.
#[cfg_attr(target_family = "wasm", inline(never))]
#[cfg_attr(not(target_family = "wasm"), inline(always))]
fn lgamma_without_low_parts<V: Float64>(x: V) -> V {
    let a = x.abs();
    let negative = x.lt(V::ZERO);
    let moved = negative | a.lt(V::ONE);
    let mut y = log_gamma_without_low_parts(a);
    if V::may_hold(moved) {
        let log = Log::<false>::vector(divisor_without_low_parts(a, negative, &Turn::of(a)));
        y = V::select(moved, V::select(negative, -y, y) - log, y);
        let cancelled = negative & y.abs().lt(V::of(1.0 / 256.0));
        if V::may_hold(cancelled) {
            y = V::select(cancelled, lgamma(x), y);
        }
    }
    V::select(a.eq(V::INFINITY), V::INFINITY, y)
}

/// [`tgamma`] for float32: accurate to some 38 bits.
#[cfg_attr(target_family = "wasm", inline(never))]
#[cfg_attr(not(target_family = "wasm"), inline(always))]
fn tgamma_without_low_parts<V: Float64>(x: V) -> V {
    let a = x.abs();
    let negative = x.lt(V::ZERO);
    let log = log_gamma_without_low_parts(a.at_most(V::of(MOST)));
    let y = Exp::vector(V::select(negative, -log, log));
    let moved = negative | a.lt(V::ONE);
    if !V::may_hold(moved) {
        return y;
    }
    let turn = Turn::of(a);
    let divided = y / divisor_without_low_parts(a, negative, &turn);
    let signed = V::select(negative & turn.is_positive(), -divided, divided);
    let z = V::select(negative & turn.rest.eq(V::ZERO), V::NAN, V::select(a.eq(V::ZERO), V::ONE / x, signed));
    V::select(moved, z, y)
}

/// `a = n + rest` with the nearest integer n.
struct Turn<V> {
    n: V,
    rest: V,
}

impl<V: Float64> Turn<V> {
    #[inline(always)]
    fn of(a: V) -> Turn<V> {
        let n = nearest(a);
        Turn { n, rest: V::select(a.lt(V::INTEGERS), a - n, V::ZERO) }
    }

    /// Whether sin(πa) > 0, for a that is no integer.
    #[inline(always)]
    fn is_positive(&self) -> V::Mask {
        let half = V::of(0.5) * self.n;
        let even = nearest(half).eq(half);
        (even & self.rest.gt(V::ZERO)) | (!even & self.rest.lt(V::ZERO))
    }
}

/// What Γ(1 + a), for a < 1, or Γ(a) is divided by to give Γ(a); for `negative` arguments, what its inverse is
/// divided by to give |Γ(-a)|.
#[inline(always)]
fn divisor<V: Float64>(a: V, negative: V::Mask, turn: &Turn<V>) -> Double<V> {
    let moved = Double { hi: a, lo: V::ZERO };
    if !V::may_hold(negative) {
        return moved;
    }
    let multiple = V::select(a.lt(V::ONE), V::ONE, a);
    let sine = sine_over_pi(turn.rest.abs()).times(Double { hi: multiple, lo: V::ZERO });
    moved.or_where(negative, sine)
}

#[inline(always)]
fn divisor_without_low_parts<V: Float64>(a: V, negative: V::Mask, turn: &Turn<V>) -> V {
    if !V::may_hold(negative) {
        return a;
    }
    let u = turn.rest.abs();
    let (first, second) = (V::of(SINE[0].hi), V::of(SINE[1].hi));
    let square = u * u;
    let rest = square.multiply_add(polynomial(square, &SINE_TAIL), second);
    let sine = u * square.multiply_add(square.multiply_add(rest, first), V::ONE);
    V::select(negative, V::select(a.lt(V::ONE), sine, sine * a), a)
}

/// sin(πu)/π for 0 <= u <= 1/2.
#[inline(always)]
fn sine_over_pi<V: Float64>(u: V) -> Double<V> {
    let square = Double::product(u, u);
    let [first, second] = SINE;
    let rest = square.hi.multiply_add(polynomial(square.hi, &SINE_TAIL), V::of(second.lo));
    let sum = Double::fast_sum(V::of(second.hi), rest).times(square);
    let head = Double::fast_sum(V::of(first.hi), sum.hi);
    let sum = Double { hi: head.hi, lo: head.lo + (sum.lo + V::of(first.lo)) }.times(square);
    let head = Double::fast_sum(V::ONE, sum.hi);
    Double { hi: head.hi, lo: head.lo + sum.lo }.times(Double { hi: u, lo: V::ZERO })
}

/// log Γ(a) for a >= 1 and log Γ(1 + a) below. Where `shift` is not 0 and a is huge, 2^-shift times it.
#[cfg_attr(target_family = "wasm", inline(never))]
#[cfg_attr(not(target_family = "wasm"), inline(always))]
fn log_gamma<V: Float64>(a: V, shift: V) -> Double<V> {
    let large = a.ge(V::of(LARGE));
    if !V::may_hold(large) {
        return log_gamma_near_one(a);
    }
    let stirling = stirling(a, shift);
    if !V::may_hold(!large) {
        return stirling;
    }
    log_gamma_near_one(a).or_where(large, stirling)
}

/// [`log_gamma`] without `shift`.
#[inline(always)]
fn log_gamma_without_low_parts<V: Float64>(a: V) -> V {
    let large = a.ge(V::of(LARGE));
    let near = if V::may_hold(!large) {
        let (p, t, row) = piece(a);
        let square = t * t;
        let mut f = V::ZERO;
        for pair in (2..7).rev() {
            let [even, odd] = V::entries(row, pair);
            f = f.multiply_add(square, odd.multiply_add(t, even));
        }
        let ([constant, _], [slope, _]) = (V::entries(row, 0), V::entries(row, 1));
        p * (p - V::ONE) * f.multiply_add(square, slope.multiply_add(t, constant))
    } else {
        V::ZERO
    };
    if !V::may_hold(large) {
        return near;
    }
    let inverse = V::ONE / a;
    let tail = inverse * polynomial(inverse * inverse, &STIRLING);
    let main = (a - V::of(0.5)).multiply_add(Log::<false>::vector(a), -a);
    V::select(large, main + (V::of(HALF_LOG_TWO_PI.hi) + tail), near)
}

/// For y = a in 1..LARGE or y = 1 + a in 0..1: y - 1, the distance of y from the nearest multiple of 1/4, and the
/// row of [`PIECES`] for that.
#[inline(always)]
fn piece<V: Float64>(a: V) -> (V, V, V::Row<16>) {
    let p = V::select(a.lt(V::ONE), a, a - V::ONE);
    let rounded = p.multiply_add(V::of(0.25), V::FINE_ROUNDER);
    let t = (rounded - V::FINE_ROUNDER).multiply_add(V::of(-4.0), p);
    (p, t, rounded.row(&PIECES))
}

/// `(y - 1)(y - 2)·F(y)` for y = a in 1..LARGE, y = 1 + a in 0..1.
#[inline(always)]
fn log_gamma_near_one<V: Float64>(a: V) -> Double<V> {
    let (p, t, row) = piece(a);
    let square = t * t;
    let mut rest = V::ZERO;
    for pair in (2..8).rev() {
        let [even, odd] = V::entries(row, pair);
        rest = rest.multiply_add(square, odd.multiply_add(t, even));
    }
    let ([constant, constant_low], [slope, slope_low]) = (V::entries(row, 0), V::entries(row, 1));
    let linear = Double::product(t, slope);
    let head = Double::fast_sum(constant, linear.hi);
    let rest = square.multiply_add(rest, t.multiply_add(slope_low, linear.lo + constant_low));
    let f = Double::fast_sum(head.hi, head.lo + rest);
    Double { hi: p, lo: V::ZERO }.times(Double::sum(p, -V::ONE)).times(f)
}

/// `(y - 1/2)·log y - y + log(2π)/2 + S(1/y²)/y`.
#[inline(always)]
fn stirling<V: Float64>(a: V, shift: V) -> Double<V> {
    let y = a * V::select(shift.eq(V::ZERO), V::ONE, V::of((-200_f64).exp2()));
    let inverse = V::ONE / y;
    let tail = inverse * polynomial(inverse * inverse, &STIRLING);
    let log = log_of(Double { hi: y, lo: V::ZERO }, shift);
    let less_one = Double::fast_sum(log.hi, -V::ONE);
    let main = Double { hi: less_one.hi, lo: less_one.lo + log.lo }.times(Double { hi: y, lo: V::ZERO });
    let minus_half = V::of(-0.5);
    let rest = Double::sum(V::of(HALF_LOG_TWO_PI.hi), minus_half * log.hi);
    let low = log.lo.multiply_add(minus_half, rest.lo + V::of(HALF_LOG_TWO_PI.lo)) + tail;
    let sum = Double::fast_sum(main.hi, rest.hi);
    Double::fast_sum(sum.hi, sum.lo + (main.lo + low)).or_where(!shift.eq(V::ZERO), main)
}

/// log(2^scale·x) for positive x, with an error of some 2^-66, and near 1 relative to the result.
#[cfg_attr(target_family = "wasm", inline(never))]
#[cfg_attr(not(target_family = "wasm"), inline(always))]
fn log_of<V: Float64>(x: Double<V>, scale: V) -> Double<V> {
    let base = &logarithm::NATURAL;
    let (k, m) = x.hi.split_exponent();
    let row = m.table_index().row(base.table);
    let ([c, log_high], [log_low, _]) = (V::entries(row, 0), V::entries(row, 1));
    let f = m.times_less_one(c);
    let power = V::exp2_of_rounded((-k).at_least(V::of(-1000.0)).at_most(V::of(1000.0)) + V::ROUNDER);
    let lost = x.lo * power * c;
    let k = k + scale;
    let high = k.multiply_add(V::splat(base.two_high), log_high);
    let low = k.multiply_add(V::splat(base.two_low), log_low);
    let square = Double::product(f, f);
    let minus_half = V::of(-0.5);
    // The logarithm of 1 + f + lost: f - f²/2 exactly, the other terms rounded.
    let cubic = (f * square.hi) * f.multiply_add(polynomial(f, &LOG_TAIL), V::of(1.0 / 3.0));
    let lost = lost.multiply_add(square.hi - f, lost);
    let first = Double::fast_sum(high, f);
    let second = Double::fast_sum(first.hi, minus_half * square.hi);
    let low = square.lo.multiply_add(minus_half, low + (cubic + lost));
    Double::fast_sum(second.hi, (first.lo + second.lo) + low)
}

/// `y`, or where `negative` arguments are near a zero of log|Γ| the value by the distance from it.
#[inline(always)]
fn at_zeros<V: Float64>(y: V, turn: &Turn<V>, log_gamma: V, negative: V::Mask) -> V {
    let two = V::of(2.0);
    // There is one zero in each half of an interval between integers from -2 down.
    let half = turn.n.multiply_add(two, V::select(turn.rest.lt(V::ZERO), V::of(-1.0), V::ZERO));
    let near = negative & half.ge(V::of(4.0)) & half.lt(V::of(20.0));
    let far = negative & half.ge(V::of(20.0)) & half.lt(V::of(36.0));
    let index = half + (V::ROUNDER - V::of(4.0));
    // How far the terms cancel, relative to the larger of them.
    let reach = (log_gamma * V::of(0.125)).at_most(V::of(0.75));
    let mut y = y;
    if V::may_hold(near) {
        let (distance, value) = by_zero(turn.rest, index, &ZEROS);
        y = V::select(near & distance.lt(reach), value, y);
    }
    if V::may_hold(far) {
        let (distance, value) = by_zero(turn.rest, index, &FAR_ZEROS);
        y = V::select(far & distance.lt(reach), value, y);
    }
    y
}

/// With e = r - z, for the integer -n and the zero -n - z: `-log(r/z) + e·H(e)`; before it |e/z|.
///
/// Columns: z and the constant of H, both as high and low parts, and the other coefficients of H.
#[inline(always)]
fn by_zero<V: Float64, const N: usize>(r: V, index: V, table: &'static Table<f64, N>) -> (V, V) {
    let row = index.row(table);
    let ([z, z_low], [slope, slope_low]) = (V::entries(row, 0), V::entries(row, 1));
    let difference = Double::sum(r, -z);
    let e = Double::fast_sum(difference.hi, difference.lo - z_low);
    let ratio = e.divided_by(Double { hi: z, lo: z_low }).normalised();
    let one_more = Double::sum(V::ONE, ratio.hi);
    let log = log_of(Double { hi: one_more.hi, lo: one_more.lo + ratio.lo }, V::ZERO);
    let mut curve = V::ZERO;
    for pair in (2..N / 2).rev() {
        let [low, high] = V::entries(row, pair);
        curve = curve.multiply_add(e.hi, high).multiply_add(e.hi, low);
    }
    let linear = Double::product(e.hi, slope);
    let rest = e.hi.multiply_add(e.hi.multiply_add(curve, slope_low), e.lo.multiply_add(slope, linear.lo));
    let sum = Double::sum(linear.hi, -log.hi);
    (ratio.hi.abs(), sum.hi + (sum.lo + (rest - log.lo)))
}

const HALF_LOG_TWO_PI: Double<f64> = Double { hi: 0.9189385332046728, lo: -3.8782941580672414e-17 };

/// `S(w)` in powers of w = 1/y².
const STIRLING: [f64; 9] = [
    0.08333333333333333,
    -0.002777777777773581,
    0.0007936507909648469,
    -0.0005952374274271603,
    0.0008416666590868509,
    -0.0019114552278391508,
    0.006144680455357499,
    -0.022335152222367847,
    0.05653856260409164,
];

/// The coefficients of z and z² of `sin(π√z)/(π√z)`.
const SINE: [Double<f64>; 2] = [
    Double { hi: -1.6449340668482264, lo: -3.040672350398476e-17 },
    Double { hi: 0.8117424252833536, lo: 3.561384032141524e-17 },
];

/// The others, of z³ and so on.
const SINE_TAIL: [f64; 7] = [
    -0.19075182412208422,
    0.026147847817654307,
    -0.0023460810354242714,
    0.0001484287922734287,
    -6.975864995123709e-06,
    2.5307081422445327e-07,
    -7.156060389518023e-09,
];

/// `(log(1 + f) - f + f²/2 - f³/3) / f⁴` in powers of f.
const LOG_TAIL: [f64; 10] = [
    -0.25,
    0.19999999999999868,
    -0.16666666666687516,
    0.1428571428677322,
    -0.12499999935760711,
    0.11111108512111166,
    -0.1000005547309688,
    0.0909341373743405,
    -0.08328958744798708,
    0.06877884054076149,
];

/// F around 1, 5/4, … 19/4 in powers of the distance: the first two coefficients as high and low parts.
static PIECES: Table<f64, 16> = Table::new([
    [
        0.5772156649015329,
        0.5241164609163369,
        0.4831289505409809,
        0.4501393121092563,
        0.42278433509846713,
        0.3995894876556691,
        0.37957716063055885,
        0.3620683176494759,
        0.34657359027997264,
        0.33272957550532456,
        0.32025962729255314,
        0.308948691655775,
        0.2986265782046758,
        0.2891565028991961,
        0.2804270366677077,
        0.2723463193770411,
    ],
    [
        -4.003827049144419e-18,
        -4.0296366199504345e-17,
        1.672181490668746e-17,
        1.409747975480603e-17,
        4.9429659548728755e-18,
        6.21180030783484e-18,
        2.7592979265970803e-17,
        1.8447018894446583e-17,
        1.1595234230592421e-17,
        1.2210782283768657e-17,
        -1.2926079039354604e-17,
        -1.4794766311249007e-17,
        2.5753683454959158e-17,
        1.0814202933596375e-17,
        -2.9923403583962856e-18,
        -8.507862206405891e-18,
    ],
    [
        -0.24525136852258037,
        -0.18455838443681613,
        -0.14595989591430608,
        -0.11948158662524275,
        -0.10031730167435392,
        -0.08588084755126099,
        -0.07466357415449942,
        -0.06572934792248165,
        -0.05846821787072541,
        -0.05246670336016248,
        -0.047435164939991815,
        -0.04316503352502673,
        -0.03950253709859645,
        -0.03633197226462794,
        -0.03356471927391053,
        -0.03113183230761739,
    ],
    [
        6.726728458909912e-18,
        1.088641553340226e-17,
        -7.832503794393358e-19,
        3.2777964392189303e-18,
        -3.617365175882234e-18,
        -2.914942565169876e-18,
        -5.473854117580609e-18,
        -6.727847313729611e-18,
        -1.0436057706849926e-18,
        3.196064036320358e-18,
        -3.0293131325161142e-18,
        -3.1341589157564302e-18,
        -1.3628783968111825e-18,
        8.742865187985834e-19,
        -3.3428422151576395e-18,
        -4.518772735638034e-19,
    ],
    [
        0.15543426586394518,
        0.09456573803301069,
        0.06291140107456492,
        0.044520447198509686,
        0.03296500062115582,
        0.02526835495928883,
        0.019905154304743215,
        0.01603099503329038,
        0.0131490483781584,
        0.010952188945789879,
        0.009242642804675088,
        0.007888599595214933,
        0.006799597526144012,
        0.005911960561304429,
        0.005179866342315511,
        0.0045696932278344645,
    ],
    [
        -0.11514654256382795,
        -0.056273407273785776,
        -0.031308487501010986,
        -0.01905395783024757,
        -0.012384192193371278,
        -0.00846402499357538,
        -0.006018768527033202,
        -0.004419488380414852,
        -0.0033322808251406086,
        -0.0025690485830949755,
        -0.0020185106361768268,
        -0.001612063253213577,
        -0.0013059009843848937,
        -0.001071191947864081,
        -0.000888451314303293,
        -0.0007442012869464744,
    ],
    [
        0.0922390084708666,
        0.03615879797565427,
        0.016797098631206115,
        0.008776370425252132,
        0.004998641164697619,
        0.0030411186578904346,
        0.001949057488944934,
        0.0013029063338219516,
        0.0009018012625239876,
        0.0006426800237878017,
        0.0004695493619780591,
        0.00035049092473854953,
        0.0002665493450797641,
        0.00020606273166163527,
        0.00016163193136413574,
        0.0001284334678799056,
    ],
    [
        -0.07731816853823108,
        -0.024308805042172026,
        -0.009425622448481899,
        -0.004226194125914057,
        -0.0021081308339559236,
        -0.0011409865899988279,
        -0.0006586397067725389,
        -0.00040056360551349497,
        -0.00025433699555266854,
        -0.0001674420739947567,
        -0.00011368537092217887,
        -7.926468915972742e-05,
        -5.655858369970001e-05,
        -4.118515760253926e-05,
        -3.053484413721276e-05,
        -2.3004721405398853e-05,
    ],
    [
        0.06673172592559357,
        0.016827678984575056,
        0.005446457837169272,
        0.002095533879492294,
        0.0009153769221272899,
        0.00044065673246390836,
        0.00022905363754895035,
        0.00012669905938779958,
        7.37766941040395e-05,
        4.4854565491498376e-05,
        2.82916689624947e-05,
        1.8419215733318248e-05,
        1.2327258679957253e-05,
        8.452591043436756e-06,
        5.921554247616637e-06,
        4.228576300849857e-06,
    ],
    [
        -0.058777939116879965,
        -0.011888238029453164,
        -0.0032120740725594754,
        -0.0010605660750951712,
        -0.0004057073974503906,
        -0.0001737093178424905,
        -8.130228887715484e-05,
        -4.089869319074531e-05,
        -2.1837784946112708e-05,
        -1.2259277078055003e-05,
        -7.18221610512264e-06,
        -4.365496209304478e-06,
        -2.7398566427614435e-06,
        -1.768694709059009e-06,
        -1.1706024621049161e-06,
        -7.921818887956151e-07,
    ],
    [
        0.0525567460348491,
        0.008525135206592975,
        0.0019229174884478899,
        0.0005448971324477214,
        0.0001825526619383808,
        6.95227930062914e-05,
        2.9299282102741214e-05,
        1.3403851607413411e-05,
        6.562467811389244e-06,
        3.401484971004179e-06,
        1.8508576363885166e-06,
        1.0502054969663383e-06,
        6.180542499578779e-07,
        3.755859535031032e-07,
        2.3481741223747272e-07,
        1.5057570077165838e-07,
    ],
    [
        -0.04754352900753829,
        -0.006183982020853621,
        -0.0011644153206195728,
        -0.0002831906993646899,
        -8.309513706952281e-05,
        -2.8149288679373098e-05,
        -1.0682328483506816e-05,
        -4.444429308229165e-06,
        -1.995243940142992e-06,
        -9.54859468481477e-07,
        -4.825536002191123e-07,
        -2.5559859049528177e-07,
        -1.4104248297701553e-07,
        -8.068037447393498e-08,
        -4.764615946695962e-08,
        -2.8949029088269978e-08,
    ],
    [
        0.043371505071105564,
        0.004525211547380127,
        0.0007113959709519808,
        0.00014850267412741742,
        3.8166744117641874e-05,
        1.1501602369039108e-05,
        3.930521727569706e-06,
        1.487295220954331e-06,
        6.122565740481043e-07,
        2.7053739321014856e-07,
        1.269808274666357e-07,
        6.278575447499052e-08,
        3.248524618348915e-08,
        1.7491627636217838e-08,
        9.757020104003843e-09,
        5.6168174081196095e-09,
    ],
    [
        -0.039905949580259024,
        -0.0033374198375087233,
        -0.0004379158252659479,
        -7.845415313739052e-05,
        -1.7660664607640437e-05,
        -4.73439727074672e-06,
        -1.4570023794251314e-06,
        -5.014373084095477e-07,
        -1.8928708284516413e-07,
        -7.722800440199417e-08,
        -3.3666438894117304e-08,
        -1.553938935954086e-08,
        -7.538645448974305e-09,
        -3.820863273510415e-09,
        -2.013126164999944e-09,
        -1.098005357511216e-09,
    ],
    [
        0.03880496469819011,
        0.0025550064652911024,
        0.00027713005418188283,
        4.236446584956815e-05,
        8.321806709003349e-06,
        1.97952982507128e-06,
        5.476251662989878e-07,
        1.711900486878209e-07,
        5.919975135777324e-08,
        2.2284340189403954e-08,
        9.017145528834508e-09,
        3.883342880887296e-09,
        1.7657260054633367e-09,
        8.421087753560453e-10,
        4.189623122073009e-10,
        2.1645165426902702e-10,
    ],
    [
        -0.036149308965725206,
        -0.0019067965219508357,
        -0.00017256929398505786,
        -2.263646881757149e-05,
        -3.8943182742756645e-06,
        -8.240493556503204e-07,
        -2.0529888782227905e-07,
        -5.837237065272094e-08,
        -1.8511258583168555e-08,
        -6.434204638581633e-09,
        -2.4182026039783973e-09,
        -9.722032565587848e-10,
        -4.144950347843019e-10,
        -1.8607798476941246e-10,
        -8.744345921445206e-11,
        -4.2802909389606866e-11,
    ],
]);

/// The zeros between -10 and -2, see [`by_zero`].
static ZEROS: Table<f64, 14> = Table::new([
    [
        0.45702473822080064,
        -0.2523173532725874,
        0.14358088834998006,
        -0.04470571514140207,
        0.03936183974053688,
        -0.008455359439952277,
        0.008218168322593521,
        -0.0013925199191243706,
        0.0013852944531550972,
        -0.0001984921093623021,
        0.00019833340732475162,
        -2.4802904179335845e-05,
        2.48002706819597e-05,
        -2.7557490225318057e-06,
        2.7557148226503463e-06,
        -2.7557337083353163e-07,
    ],
    [
        -1.843554041574456e-17,
        2.04688991691325e-17,
        -3.862806401714152e-18,
        -8.223977942582053e-19,
        -3.2731379225891636e-18,
        -8.231751957350036e-19,
        5.582665915956405e-19,
        7.090441230646531e-20,
        2.6295731811446077e-20,
        -6.263909978492175e-21,
        -1.1820573401560963e-20,
        -3.15397713595963e-22,
        -1.0083974251164085e-21,
        6.500300408654724e-23,
        5.624459871432079e-23,
        -1.4502658434955713e-23,
    ],
    [
        0.6724619155580135,
        -2.048912693575567,
        -0.8171694269336683,
        -1.643443870809083,
        -1.3851643005403558,
        -1.7324016705503882,
        -1.68056881318875,
        -1.877151710314891,
        -1.8684395759752168,
        -2.016268063842359,
        -2.015015392351772,
        -2.1407201615962426,
        -2.1405628026608845,
        -2.251761365305546,
        -2.2517438129367284,
        -2.351753469441464,
    ],
    [
        2.1192444922353074e-17,
        -2.2155316571286722e-16,
        -4.6747350600787274e-17,
        1.9449367295282984e-17,
        1.2547118165254119e-17,
        7.67259169989676e-17,
        -6.481773782407043e-19,
        -9.660979727740022e-17,
        -9.666335192397448e-17,
        1.1481735421286852e-16,
        -8.967136054263651e-17,
        -8.343327421488136e-17,
        1.5945587248194493e-16,
        -1.9373025317799528e-16,
        -1.6752996790162429e-16,
        -1.4467687906259455e-16,
    ],
    [
        2.4645059339854773,
        1.7214631509381948,
        1.577709246549465,
        1.5396809583251128,
        1.5402675305599025,
        1.554365914711789,
        1.5546264433240642,
        1.5681513873082638,
        1.5681840038185448,
        1.5783639307702595,
        1.5783674423861969,
        1.5861778904410102,
        1.5861782325367981,
        1.5923508838067513,
        1.5923509142571335,
        1.5973508977606834,
    ],
    [
        2.080591341544408,
        -0.6557864206652787,
        0.3440938258553919,
        -0.08908692415573036,
        0.09361226396875068,
        -0.012825302871259147,
        0.023241984718539523,
        0.0009090849986372738,
        0.0069187748620032725,
        0.0025204183693845667,
        0.003379094631830775,
        0.0022452103840716543,
        0.0023525569821295747,
        0.0018356750049248972,
        0.0018476032446592865,
        0.0015077093885364904,
    ],
    [
        2.9914322450956763,
        0.9462655291053005,
        0.6522164642800411,
        0.550478913916662,
        0.5482149269286971,
        0.5410302898891115,
        0.5410145982260898,
        0.5408713643254306,
        0.5408716438053003,
        0.540966000152835,
        0.5409660307318902,
        0.5410268523085242,
        0.5410268546565148,
        0.5410649542560402,
        0.5410649544236638,
        0.5410899542959845,
    ],
    [
        4.230290311263444,
        -0.8003133025310049,
        0.3372705314640839,
        -0.09210526497164256,
        0.08106430868324745,
        -0.017158984905869704,
        0.016782077848109752,
        -0.002805882486963426,
        0.0028461266825241405,
        -0.00038829432079026606,
        0.0004191179990603023,
        -4.099623797742508e-05,
        5.99304342440104e-05,
        4.756824636193011e-07,
        1.1689767421041881e-05,
        3.5220548485362593e-06,
    ],
    [
        6.535077194424239,
        1.004895179822176,
        0.5032621619362202,
        0.35331289105562497,
        0.3500892323699711,
        0.3396106496017078,
        0.339582924878326,
        0.33912518935972635,
        0.33912505418282896,
        0.33911325641344925,
        0.3391132563312666,
        0.3391136197713869,
        0.3391136197918728,
        0.33911392912374294,
        0.3391139291249676,
        0.33911409573814677,
    ],
    [
        10.263536904546093,
        -1.0665417099522605,
        0.36816471046922555,
        -0.09194345109692516,
        0.08052482882316377,
        -0.016993377078975185,
        0.01651749905278988,
        -0.0027961566939554315,
        0.002782252298331459,
        -0.00039847326882323813,
        0.0003984140970289159,
        -4.974642435835249e-05,
        4.986442358063746e-05,
        -5.5021943648398e-06,
        5.565677619154438e-06,
        -5.359037083129649e-07,
    ],
    [
        16.55530646488958,
        1.3022243675884466,
        0.47588079598069416,
        0.2693572428205669,
        0.265176683527325,
        0.25166372868321263,
        0.2516280568427496,
        0.2510367741407366,
        0.2510365934174326,
        0.2510196811447486,
        0.25101968058209584,
        0.2510193391948831,
        0.2510193391939248,
        0.2510193366250612,
        0.25101933662506953,
        0.25101933780733476,
    ],
    [
        27.083959840782285,
        -1.507602740214406,
        0.4154090244245972,
        -0.09282879707372133,
        0.08106596031908506,
        -0.016949705389562076,
        0.0164730659693986,
        -0.0027879047271136713,
        0.0027734460304588192,
        -0.0003973780186285459,
        0.00039706293272387855,
        -4.9654656182564566e-05,
        4.96503628044028e-05,
        -5.516777013841775e-06,
        5.517113806841223e-06,
        -5.516033792053479e-07,
    ],
    [
        44.98312581460009,
        1.844444898070521,
        0.49790854014313196,
        0.2228252426239109,
        0.21764118034019306,
        0.2009921325784011,
        0.20094830215617043,
        0.20022061247365852,
        0.20022038859220437,
        0.20019936228212373,
        0.2001993615701902,
        0.2001989221130396,
        0.20019892211153587,
        0.20019891509915333,
        0.2001989150991512,
        0.20019891501957374,
    ],
    [
        75.30959177118159,
        -2.221865937367514,
        0.4797912195083665,
        -0.09420685841257771,
        0.08198794849190305,
        -0.016946933331497476,
        0.016469819860901513,
        -0.0027858716088712985,
        0.002771414986118976,
        -0.0003970823360583018,
        0.0003967648826778736,
        -4.9618012241022694e-05,
        4.9612752633541074e-05,
        -5.512852907030793e-06,
        5.51278738024471e-06,
        -5.512818356567073e-07,
    ],
]);

/// The zeros between -18 and -10, see [`by_zero`].
static FAR_ZEROS: Table<f64, 6> = Table::new([
    [
        2.755730136466002e-07,
        -2.5052109918476226e-08,
        2.5052106852407546e-08,
        -2.087675709796081e-09,
        2.087675687777539e-09,
        -1.6059043843534355e-10,
        1.6059043830108875e-10,
        -1.147074559808161e-11,
        1.147074559737784e-11,
        -7.647163731835846e-13,
        7.647163731803788e-13,
        -4.779477332388026e-14,
        4.779477332386745e-14,
        -2.8114572543455435e-15,
        2.811457254345498e-15,
        -1.5619206968586233e-16,
    ],
    [
        2.4472526783403563e-23,
        6.807394864189793e-25,
        -1.2924868620853802e-24,
        8.658839215884982e-26,
        4.849684877236172e-26,
        -6.465141936497467e-27,
        -7.046449983196074e-27,
        7.830340218001236e-28,
        -4.194056116105366e-28,
        3.8035184915187745e-29,
        -4.886154187641447e-29,
        9.319923331229129e-31,
        1.811833433216651e-30,
        8.713180440266469e-32,
        2.2878206410005478e-32,
        -9.139764076937634e-33,
    ],
    [
        -2.3517517086931186,
        -2.442661760216875,
        -2.442661599734759,
        -2.5259950200103978,
        -2.525995006607893,
        -2.6029180907486533,
        -2.602918089715791,
        -2.67434666169774,
        -2.674346661623847,
        -2.741013328329927,
        -2.741013328324994,
        -2.8035133283276146,
        -2.803513328327306,
        -2.8623368577392343,
        -2.862336857739216,
        -2.917892413294781,
    ],
    [
        -2.4023168917561612e-17,
        1.319372672174434e-16,
        -6.645900961785071e-17,
        -1.8651591281252208e-16,
        7.91299628867982e-17,
        -1.5629723675370928e-16,
        1.664726661144832e-17,
        -1.2296640144875132e-16,
        -7.969555149863323e-17,
        8.080797953699505e-17,
        1.310155858747769e-16,
        -1.3786668437168428e-16,
        -9.439894977035541e-17,
        1.3408944134423365e-16,
        1.0385702910205893e-16,
        8.23235160088427e-17,
    ],
    [
        1.597350900254595,
        1.6014831303178076,
        1.601483130506881,
        1.6049553526278946,
        1.6049553526412343,
        1.6079139325157812,
        1.6079139325166611,
        1.6104649529243573,
        1.6104649529244117,
        1.6126871751466052,
        1.6126871751466083,
        1.6146403001466068,
        1.6146403001466068,
        1.616370403952835,
        1.616370403952835,
        1.6179136138293784,
    ],
    [
        0.0015089022676244574,
        0.001257813338008682,
        0.001257921784984319,
        0.00106496180820723,
        0.0010649708456565573,
        0.0009132439341189202,
        0.0009132446293185755,
        0.0007917670945964014,
        0.0007917671442541169,
        0.0006930016856712214,
        0.000693001688981766,
        0.0006116214788897051,
        0.0006116214790966156,
        0.0005437742708996876,
        0.0005437742709118588,
        0.00048661834955198287,
    ],
]);
