//! exp, exp2, exp10, expm1.
//!
//! Each takes n, the multiple of 1/16 nearest to log2 of the result, and multiplies 2^n, from a table
//! of its fractions, with a minimax polynomial of the rest. Coefficients: Sollya's `fpminimax` on the
//! interval of the rest. float32 functions of more than one step take the power in float64.

use super::double::Double;
use super::float::{Float, Float32, Float64, TABLE, Table, chain, polynomial};
use super::formula::Unary;
use std::f32;
use std::f64::consts::{LN_2, LN_10, LOG2_10, LOG2_E, SQRT_2};

/// e^x.
pub struct Exp;

/// 2^x.
pub struct Exp2;

/// 10^x.
pub struct Exp10;

/// e^x - 1 without cancellation near 0.
pub struct Expm1<const PRECISE: bool>;

impl Unary for Exp {
    fn scalar(x: f64) -> f64 {
        x.exp()
    }

    fn scalar32(x: f32) -> f32 {
        x.exp()
    }

    #[inline(always)]
    fn vector<V: Float64>(x: V) -> V {
        power(x, &BASE_E, 700.0)
    }

    #[inline(always)]
    fn single<V: Float64>(x: V) -> V {
        power_single(x, LOG2_E)
    }

    #[inline(always)]
    fn vector32<V: Float32>(x: V) -> V {
        let x = within(x, &BASE_E_32);
        if V::FMA {
            power_of_reduced::<V, true>(reduce(x, &BASE_E_32), &BASE_E_32, &POWERS_32)
        } else {
            Self::widened(x)
        }
    }
}

impl Unary for Exp2 {
    fn scalar(x: f64) -> f64 {
        x.exp2()
    }

    fn scalar32(x: f32) -> f32 {
        x.exp2()
    }

    #[inline(always)]
    fn vector<V: Float64>(x: V) -> V {
        power(x, &BASE_2, 1010.0)
    }

    #[inline(always)]
    fn single<V: Float64>(x: V) -> V {
        power_single(x, 1.0)
    }

    #[inline(always)]
    fn vector32<V: Float32>(x: V) -> V {
        let x = within(x, &BASE_2_32);
        if V::FMA {
            power_of_reduced::<V, true>(reduce(x, &BASE_2_32), &BASE_2_32, &POWERS_32)
        } else {
            Self::widened(x)
        }
    }
}

impl Unary for Exp10 {
    fn scalar(x: f64) -> f64 {
        10f64.powf(x)
    }

    fn scalar32(x: f32) -> f32 {
        10f32.powf(x)
    }

    #[inline(always)]
    fn vector<V: Float64>(x: V) -> V {
        power(x, &BASE_10, 304.0)
    }

    #[inline(always)]
    fn single<V: Float64>(x: V) -> V {
        power_single(x, LOG2_10)
    }

    #[inline(always)]
    fn vector32<V: Float32>(x: V) -> V {
        let x = within(x, &BASE_10_32);
        if V::FMA {
            power_of_reduced::<V, true>(reduce(x, &BASE_10_32), &BASE_10_32, &POWERS_32)
        } else {
            Self::widened(x)
        }
    }
}

impl<const PRECISE: bool> Unary for Expm1<PRECISE> {
    fn scalar(x: f64) -> f64 {
        x.exp_m1()
    }

    #[inline(always)]
    fn vector<V: Float64>(x: V) -> V {
        expm1::<V, PRECISE>(x, &NATURAL)
    }

    #[inline(always)]
    fn single<V: Float64>(x: V) -> V {
        power_less_one_single(x, LOG2_E)
    }

    #[inline(always)]
    fn vector32<V: Float32>(x: V) -> V {
        Self::widened(within(x, &BASE_E_32)).copysign(x)
    }
}

/// Columns of 2^(j/16), and of the relative error of each.
pub type Powers<S> = Table<S, 2>;

/// What powers of a base b need in one float type.
pub struct Base<S: 'static> {
    /// log2 of b.
    log2: S,
    /// The logarithm of 2 to base b, with enough trailing zeros that n times it is exact, and the rest;
    /// `None` for 1.
    two: Option<(S, S)>,
    /// `(b^r - 1) / r` in powers of r.
    series: &'static [S],
    /// From here down, b^x rounds to 0.
    pub underflow: S,
    /// From here up, b^x is infinite.
    pub overflow: S,
}

/// What functions of e^x need that are not of its size.
pub struct Natural<S: 'static> {
    pub base: Base<S>,
    pub powers: &'static Powers<S>,
    /// `(e^r - 1 - r) / r²` in powers of r.
    tail: &'static [S],
}

/// An exponent x as n, a multiple of 1/16, and the rest r: b^x = 2^n·b^r.
#[derive(Clone, Copy)]
pub struct Exponent<T> {
    /// `n + FINE_ROUNDER`.
    pub rounded: T,
    pub n: T,
    pub rest: T,
    /// What `rest` lost in rounding.
    pub lost: T,
}

#[inline(always)]
pub fn reduce<T: Float>(x: T, base: &Base<T::Scalar>) -> Exponent<T> {
    let rounded = x.multiply_add(T::splat(base.log2), T::FINE_ROUNDER);
    let n = rounded - T::FINE_ROUNDER;
    let Some((high, low)) = base.two else {
        return Exponent { rounded, n, rest: x - n, lost: T::ZERO };
    };
    let (exact, low) = (n.multiply_add(-T::splat(high), x), -T::splat(low));
    let rest = n.multiply_add(low, exact);
    Exponent { rounded, n, rest, lost: n.multiply_add(low, exact - rest) }
}

/// 2^n without its integer part, as the rounded value and its relative error.
#[inline(always)]
pub fn fraction_of_power<T: Float>(rounded: T, powers: &'static Powers<T::Scalar>) -> [T; 2] {
    T::entries(rounded.row(powers), 0)
}

/// b^x, rounded once at the end; in one step of scaling within ± `moderate`, where neither b^x nor what it is rounded from
/// underflows.
#[inline(always)]
fn power<V: Float64>(x: V, base: &Base<f64>, moderate: f64) -> V {
    let Exponent { rounded, rest, .. } = reduce(x, base);
    let [fraction, low] = V::entries(rounded.row(&FRACTIONS), 0);
    let scale = fraction.add_to_exponent(rounded);
    let less_one = rest.multiply_add(polynomial(rest, base.series), low);
    let y = scale.multiply_add(less_one, scale);
    let extreme = x.abs().ge(V::of(moderate));
    if !V::may_hold(extreme) {
        return y;
    }
    V::select(extreme, power_of_reduced::<V, false>(reduce(within(x, base), base), base, &POWERS), y)
}

/// x where b^x is positive and finite, else a limit.
#[inline(always)]
fn within<T: Float>(x: T, base: &Base<T::Scalar>) -> T {
    x.at_least(T::splat(base.underflow)).at_most(T::splat(base.overflow))
}

/// 2^n·b^r, rounded once at the end; `WITH_LOST` for the last hundredths of an ulp.
#[inline(always)]
pub fn power_of_reduced<T: Float, const WITH_LOST: bool>(
    x: Exponent<T>,
    base: &Base<T::Scalar>,
    powers: &'static Powers<T::Scalar>,
) -> T {
    let [high, low] = fraction_of_power(x.rounded, powers);
    let low = if WITH_LOST { low + x.lost } else { low };
    let less_one = x.rest.multiply_add(polynomial(x.rest, base.series), low);
    high.multiply_add(less_one, high).scaled(x.n)
}

/// e^x - 1, computed at a quarter of its size so that n may be the largest.
#[inline(always)]
fn expm1<T: Float, const PRECISE: bool>(x: T, k: &Natural<T::Scalar>) -> T {
    let bounded = x.at_least(-T::of(SATURATION)).at_most(T::splat(k.base.overflow));
    let quarter = power_less_one::<T, PRECISE>(bounded, 2.0, k).value();
    // Subnormal results lose bits at a quarter of their size, and -0 its sign.
    T::select(x.abs().lt(T::of(1e-30)), x, quarter * T::of(4.0))
}

/// Below its negative, e^x - 1 rounds to -1.
const SATURATION: f64 = 40.0;

/// `(e^x - 1)·2^-shift`; for x >= -40, up to where it overflows. The low part holds the error of the
/// high one where `PRECISE`, else nothing.
#[inline(always)]
pub fn power_less_one<T: Float, const PRECISE: bool>(x: T, shift: f64, k: &Natural<T::Scalar>) -> Double<T> {
    let Exponent { rounded, n, rest: r, lost } = reduce(x, &k.base);
    let [high, low] = fraction_of_power(rounded, k.powers);
    let tail = (r * r).multiply_add(polynomial(r, k.tail), low.multiply_add(r, low));
    let unit = T::of((-shift).exp2());
    if !PRECISE {
        let scale = high.scaled(n - T::of(shift));
        return Double { hi: scale.multiply_add(r + tail, scale - unit), lo: T::ZERO };
    }
    let scale = T::ONE.scaled(n - T::of(shift));
    let rest = Double::fast_sum(r, tail);
    let product = Double::product(high, rest.hi);
    let product =
        Double { hi: product.hi, lo: high.multiply_add(rest.lo + lost, product.lo) }.times_power(scale);
    let head = Double::sum(high * scale, -unit);
    let sum = Double::fast_sum(head.hi, product.hi);
    Double { hi: sum.hi, lo: sum.lo + (head.lo + product.lo) }
}

/// 2^(x·log2) for results in float32, where they are finite.
#[inline(always)]
pub fn power_single<V: Float64>(x: V, log2: f64) -> V {
    let (scale, less_one) = split_power(x, log2);
    scale.multiply_add(less_one, scale)
}

/// `2^(x·log2) - 1` for results in float32, where they are finite; 0 for ±0.
#[inline(always)]
pub fn power_less_one_single<V: Float64>(x: V, log2: f64) -> V {
    let (scale, less_one) = split_power(x, log2);
    scale.multiply_add(less_one, scale - V::ONE)
}

/// 2^(x·log2) as 2^n and `2^r - 1`, for n the multiple of 1/16 nearest to the exponent, and the rest r.
#[inline(always)]
fn split_power<V: Float64>(x: V, log2: f64) -> (V, V) {
    let log2 = V::of(log2);
    let rounded = x.multiply_add(log2, V::FINE_ROUNDER);
    let r = x.multiply_add(log2, V::FINE_ROUNDER - rounded);
    let [fraction, _] = V::entries(rounded.row(&FRACTIONS), 0);
    (fraction.add_to_exponent(rounded), r * chain(r, &POWER_SINGLE))
}

/// `(2^r - 1) / r` in powers of r, on |r| <= 1/32, to 2^-32 (E. Remez's exchange algorithm).
const POWER_SINGLE: [f64; 4] =
    [0.6931471804009369, 0.24022650705094933, 0.05550541103236247, 0.009618129108258896];

/// What the powers 2^(j/16) lack in float64, relative to them.
const LOW_PARTS: [f64; TABLE] = [
    0.0,
    8.189317638195515e-17,
    -2.7939114859515733e-17,
    7.826573258636076e-17,
    3.3484623336251524e-17,
    3.750854201303127e-17,
    1.9572585293112036e-17,
    5.68648095791174e-17,
    -6.835808657661922e-17,
    -2.3591094770850053e-17,
    5.1548301170786783e-17,
    1.5341410053603723e-17,
    4.875160526227062e-17,
    1.685487290628973e-17,
    1.790126907604513e-17,
    -5.545065618639427e-17,
];

/// 2^(j/16) without what [`Float::add_to_exponent`] adds to the mantissa.
static FRACTIONS: Table<f64, 2> = Table::new([
    [
        1.0,
        0.9908868912137069,
        0.9827538663326288,
        0.9756443173783458,
        0.9696035575013605,
        0.964678906036742,
        0.9609197773255048,
        0.9583777734684463,
        0.9571067811865476,
        0.9571630729697497,
        0.9586054127039704,
        0.9614951659746271,
        0.9658964152537145,
        0.9718760801866497,
        0.9795040432046712,
        0.9888532806985737,
    ],
    LOW_PARTS,
]);

/// `factor·e^(x.hi + x.lo)` for |x| <= 1400, rounded once at the end.
#[inline(always)]
pub fn scaled_exp_of_double<V: Float64>(x: Double<V>, factor: Double<V>) -> V {
    let Exponent { rounded, n, rest, lost } = reduce(x.hi, &BASE_E);
    let r = rest + (x.lo + lost);
    let [high, low] = fraction_of_power(rounded, &POWERS);
    let less_one = r.multiply_add(polynomial(r, &LONG_SERIES), low);
    Double::fast_sum(high, high * less_one).times(factor).value().scaled(n)
}

/// `(e^r - 1) / r` in powers of r, to more than the precision of float64.
const LONG_SERIES: [f64; 7] = [
    1.0,
    0.5000000000000003,
    0.16666666666666669,
    0.04166666666188734,
    0.008333333332802298,
    0.001388909257348018,
    0.00019841496157214185,
];

pub const BASE_E: Base<f64> = Base {
    log2: LOG2_E,
    two: Some((0.6931471806019545, -4.2009150726810846e-11)),
    series: &[
        1.0000000000000007,
        0.4999999999999989,
        0.16666666664181307,
        0.04166666667370438,
        0.008333473569929622,
        0.0013888891635449483,
    ],
    underflow: -750.0,
    overflow: 711.0,
};

const BASE_E_32: Base<f32> = Base {
    log2: f32::consts::LOG2_E,
    two: Some((0.6933594, -2.1219444e-4)),
    series: &[1.0, 0.5000147, 0.1666686],
    underflow: -105.0,
    overflow: 90.0,
};

pub const BASE_2: Base<f64> = Base {
    log2: 1.0,
    two: None,
    series: &[
        LN_2,
        0.24022650695910014,
        0.05550410865671163,
        0.009618129109408305,
        0.0013333781164097498,
        0.00015403521027972794,
    ],
    underflow: -1080.0,
    overflow: 1028.0,
};

const BASE_2_32: Base<f32> = Base {
    log2: 1.0,
    two: None,
    series: &[f32::consts::LN_2, 0.24023357, 0.05550217],
    underflow: -153.0,
    overflow: 132.0,
};

const BASE_10: Base<f64> = Base {
    log2: LOG2_10,
    two: Some((0.3010299956658855, -1.9043128467164274e-12)),
    series: &[
        LN_10,
        2.650949055239193,
        2.034678591989362,
        1.171255149114144,
        0.5393920124549747,
        0.20699585869246806,
    ],
    underflow: -326.0,
    overflow: 309.0,
};

const BASE_10_32: Base<f32> = Base {
    log2: f32::consts::LOG2_10,
    two: Some((0.30126953, -2.3953558e-4)),
    series: &[f32::consts::LN_10, 2.651027, 2.0342216],
    underflow: -46.0,
    overflow: 39.0,
};

pub static POWERS: Powers<f64> = Table::new([
    [
        1.0,
        1.0442737824274138,
        1.0905077326652577,
        1.1387886347566916,
        1.189207115002721,
        1.241857812073484,
        1.2968395546510096,
        1.3542555469368927,
        SQRT_2,
        1.4768261459394993,
        1.5422108254079407,
        1.6104903319492543,
        1.681792830507429,
        1.7562521603732995,
        1.8340080864093424,
        1.9152065613971474,
    ],
    LOW_PARTS,
]);

pub static POWERS_32: Powers<f32> = Table::new([
    [
        1.0,
        1.0442737,
        1.0905077,
        1.1387886,
        1.1892071,
        1.2418578,
        1.2968396,
        1.3542556,
        f32::consts::SQRT_2,
        1.4768262,
        1.5422108,
        1.6104903,
        1.6817929,
        1.7562522,
        1.8340081,
        1.9152066,
    ],
    [
        0.0,
        4.628547e-8,
        -1.19921575e-8,
        4.7297824e-8,
        3.193418e-8,
        3.6210572e-8,
        -3.099072e-8,
        -7.475213e-9,
        1.7114271e-8,
        -3.0476834e-8,
        5.233334e-9,
        6.1075918e-9,
        -1.4719605e-8,
        -5.258795e-9,
        -6.1282597e-9,
        5.1406093e-9,
    ],
]);

pub const NATURAL: Natural<f64> = Natural {
    base: BASE_E,
    powers: &POWERS,
    tail: &[
        0.5000000000000001,
        0.1666666666666666,
        0.0416666666633238,
        0.008333333333608214,
        0.0013889068203460368,
        0.00019841359804893415,
    ],
};

pub const NATURAL_32: Natural<f32> =
    Natural { base: BASE_E_32, powers: &POWERS_32, tail: &[0.5, 0.1666696, 0.04166705] };
