//! log, log2, log10, log1p, logaddexp.
//!
//! x = 2^k·m with m in [3/4, 3/2), and the leading bits of m select c, near 1/m, from a table. Then
//! with the exact f = c·m - 1, log x = k·log 2 - log c + log(1 + f). The entries for m near 1 are
//! c = 1, so that results near 0 keep their accuracy (P. T. P. Tang, "Table-driven implementation of the
//! logarithm function", 1990). Coefficients: Sollya's `fpminimax`.

use super::double::Double;
use super::exponential::Exp;
use super::float::{Float, Float32, Float64, TABLE, Table, polynomial};
use super::formula::{Binary, Unary};
use super::scalar;
use std::f32;
use std::f64::consts::{LOG2_E, LOG10_E};

/// Natural logarithm.
pub struct Log<const PRECISE: bool>;

/// Logarithm to base 2.
pub struct Log2<const PRECISE: bool>;

/// Logarithm to base 10.
pub struct Log10<const PRECISE: bool>;

/// log(1 + x) without cancellation near 0.
pub struct Log1p<const PRECISE: bool>;

/// log(e^a + e^b).
pub struct Logaddexp;

impl<const PRECISE: bool> Unary for Log<PRECISE> {
    fn scalar(x: f64) -> f64 {
        x.ln()
    }

    fn scalar32(x: f32) -> f32 {
        x.ln()
    }

    #[inline(always)]
    fn vector<V: Float64>(x: V) -> V {
        log::<V, PRECISE>(x, &NATURAL)
    }

    #[inline(always)]
    fn vector32<V: Float32>(x: V) -> V {
        log::<V, true>(x, &NATURAL_32)
    }
}

impl<const PRECISE: bool> Unary for Log2<PRECISE> {
    fn scalar(x: f64) -> f64 {
        x.log2()
    }

    fn scalar32(x: f32) -> f32 {
        x.log2()
    }

    #[inline(always)]
    fn vector<V: Float64>(x: V) -> V {
        log::<V, PRECISE>(x, &BASE_2)
    }

    #[inline(always)]
    fn vector32<V: Float32>(x: V) -> V {
        log::<V, true>(x, &BASE_2_32)
    }
}

impl<const PRECISE: bool> Unary for Log10<PRECISE> {
    fn scalar(x: f64) -> f64 {
        x.log10()
    }

    #[inline(always)]
    fn vector<V: Float64>(x: V) -> V {
        log::<V, PRECISE>(x, &BASE_10)
    }

    #[inline(always)]
    fn vector32<V: Float32>(x: V) -> V {
        log::<V, true>(x, &BASE_10_32)
    }
}

impl<const PRECISE: bool> Unary for Log1p<PRECISE> {
    fn scalar(x: f64) -> f64 {
        x.ln_1p()
    }

    #[inline(always)]
    fn vector<V: Float64>(x: V) -> V {
        log1p::<V, PRECISE>(x, &NATURAL)
    }

    #[inline(always)]
    fn vector32<V: Float32>(x: V) -> V {
        log1p::<V, true>(x, &NATURAL_32)
    }
}

impl Binary for Logaddexp {
    fn scalar(a: f64, b: f64) -> f64 {
        scalar::logaddexp(a, b)
    }

    #[inline(always)]
    fn vector<V: Float64>(a: V, b: V) -> V {
        let swap = a.lt(b);
        let (low, high) = (V::select(swap, a, b), V::select(swap, b, a));
        let difference = V::select(a.eq(b), V::ZERO, low - high);
        high + Log1p::<true>::vector(Exp::vector(difference))
    }
}

/// A logarithm in one float type; the high parts have so few bits that their sums are exact.
pub struct Base<S: 'static> {
    /// Columns of c for the leading bits of m, of few bits, so that c·m - 1 is exact; of the high parts of
    /// the logarithm of 1/c; of the low ones; and of zeros.
    pub table: &'static Table<S, 4>,
    /// `(log(1 + f) - f) / f²` in powers of f.
    series: &'static [S],
    /// The logarithm of 2.
    pub two_high: S,
    pub two_low: S,
    /// The logarithm of e as high and low part, where it is not 1.
    e: Option<(S, S)>,
}

/// log(2^scale·(1 + x)) for finite `1 + x.hi > 0`.
#[inline(always)]
pub fn log1p_double<T: Float, const PRECISE: bool>(x: Double<T>, scale: T, base: &Base<T::Scalar>) -> T {
    let sum = Double::sum(T::ONE, x.hi);
    let (k, m) = sum.hi.split_exponent();
    let (c, entry) = log_of_reciprocal(m, base);
    let lost = (sum.lo + x.lo).scaled(-k) * c;
    let f = Double::fast_sum(m.times_less_one(c), lost);
    log_of_parts::<T, PRECISE>(k + scale, f, entry, base)
}

/// log(2^scale·x) for positive finite x, whose low part is 0 from 2^64 on.
#[inline(always)]
pub fn log_double<T: Float>(x: Double<T>, scale: T, base: &Base<T::Scalar>) -> T {
    let (k, m) = x.hi.split_exponent();
    let (c, entry) = log_of_reciprocal(m, base);
    let inverse = T::exp2_of_rounded(T::ROUNDER - k.at_most(T::of(64.0)));
    let f = Double::fast_sum(m.times_less_one(c), x.lo * inverse * c);
    log_of_parts::<T, true>(k + scale, f, entry, base)
}

#[inline(always)]
fn log1p<T: Float, const PRECISE: bool>(x: T, base: &Base<T::Scalar>) -> T {
    let y = log1p_double::<T, PRECISE>(Double { hi: x, lo: T::ZERO }, T::ZERO, base);
    y.at_limits_of_log(x + T::ONE).copysign(x)
}

#[inline(always)]
fn log<T: Float, const PRECISE: bool>(x: T, base: &Base<T::Scalar>) -> T {
    let (k, m) = x.split_exponent();
    let (c, entry) = log_of_reciprocal(m, base);
    let f = Double { hi: m.times_less_one(c), lo: T::ZERO };
    log_of_parts::<T, PRECISE>(k, f, entry, base).at_limits_of_log(x)
}

/// c near 1/m, and the logarithm of 1/c.
#[inline(always)]
pub fn log_of_reciprocal<T: Float>(m: T, base: &Base<T::Scalar>) -> (T, Double<T>) {
    let row = m.table_index().row(base.table);
    let ([c, hi], [lo, _]) = (T::entries(row, 0), T::entries(row, 1));
    (c, Double { hi, lo })
}

/// log(2^k·(1 + f)/c) for `entry`, the logarithm of 1/c; f.lo counts where `PRECISE`.
#[inline(always)]
fn log_of_parts<T: Float, const PRECISE: bool>(
    k: T,
    f: Double<T>,
    entry: Double<T>,
    base: &Base<T::Scalar>,
) -> T {
    // 0, or larger than the rest.
    let high = k.multiply_add(T::splat(base.two_high), entry.hi);
    let low = k.multiply_add(T::splat(base.two_low), entry.lo);
    let tail = (f.hi * f.hi) * polynomial(f.hi, base.series);
    if !PRECISE {
        let Some((e, _)) = base.e else { return high + (f.hi + (tail + low)) };
        return high + (f.hi + tail).multiply_add(T::splat(e), low);
    }
    let tail = tail + f.lo;
    let Some((e_high, e_low)) = base.e else {
        let sum = Double::fast_sum(high, f.hi);
        return sum.hi + (sum.lo + (low + tail));
    };
    let product = Double::product(f.hi, T::splat(e_high));
    let rest = f.hi.multiply_add(T::splat(e_low), product.lo);
    let rest = tail.multiply_add(T::splat(e_high), low + rest);
    let sum = Double::fast_sum(high, product.hi);
    sum.hi + (sum.lo + rest)
}

/// Reciprocals of at most 5 bits after the point, for sixteenths of [1, 3/2) and then of [3/4, 1).
const RECIPROCALS: [f64; TABLE] = [
    1.0, 0.90625, 0.875, 0.8125, 0.78125, 0.75, 0.71875, 0.6875, 1.3125, 1.25, 1.1875, 1.1875, 1.125, 1.0625,
    1.0625, 1.0,
];

const RECIPROCALS_32: [f32; TABLE] = [
    1.0, 0.90625, 0.875, 0.8125, 0.78125, 0.75, 0.71875, 0.6875, 1.3125, 1.25, 1.1875, 1.1875, 1.125, 1.0625,
    1.0625, 1.0,
];

const SERIES: [f64; 10] = [
    -0.5,
    0.33333333333333165,
    -0.2500000000001687,
    0.20000000001299065,
    -0.1666666660564503,
    0.1428571122025904,
    -0.12500054176755068,
    0.11113991890309514,
    -0.09997802893881363,
    0.0816822065412144,
];

const SERIES_32: [f32; 4] = [-0.49999994, 0.33334205, -0.25024825, 0.19209334];

pub const NATURAL: Base<f64> = Base {
    table: &NATURAL_TABLE,
    series: &SERIES,
    two_high: 0.6931471805601177,
    two_low: -1.7239444525614835e-13,
    e: None,
};

static NATURAL_TABLE: Table<f64, 4> = Table::new([
    RECIPROCALS,
    [
        0.0,
        0.09844007281344602,
        0.13353139262471814,
        0.20763936477806055,
        0.2468600779316148,
        0.28768207245184385,
        0.33024168687052224,
        0.37469344944156546,
        -0.2719337154835557,
        -0.22314355131402408,
        -0.17185025692651834,
        -0.17185025692651834,
        -0.11778303565643,
        -0.060624621816259605,
        -0.060624621816259605,
        0.0,
    ],
    [
        0.0,
        -1.9350243441399066e-13,
        -1.9551393909415374e-13,
        1.839482528479895e-13,
        -8.899851356560444e-14,
        -6.292357389008195e-14,
        5.4612144489920215e-14,
        -1.5476901394397567e-13,
        -8.604306772808733e-14,
        -1.856757095979601e-13,
        -1.4088127937111135e-13,
        -1.4088127937111135e-13,
        4.654729747598445e-14,
        -1.7523746905186702e-13,
        -1.7523746905186702e-13,
        0.0,
    ],
    [0.0; TABLE],
]);

pub const NATURAL_32: Base<f32> = Base {
    table: &NATURAL_32_TABLE,
    series: &SERIES_32,
    two_high: 0.69314575,
    two_low: 1.4286068e-6,
    e: None,
};

static NATURAL_32_TABLE: Table<f32, 4> = Table::new([
    RECIPROCALS_32,
    [
        0.0,
        0.09844971,
        0.13354492,
        0.2076416,
        0.24685669,
        0.2876892,
        0.3302307,
        0.37469482,
        -0.27194214,
        -0.22314453,
        -0.17184448,
        -0.17184448,
        -0.11779785,
        -0.060638428,
        -0.060638428,
        0.0,
    ],
    [
        0.0,
        -9.634218e-6,
        -1.352925e-5,
        -2.2367842e-6,
        3.3884785e-6,
        -7.1365325e-6,
        1.097398e-5,
        -1.3747773e-6,
        8.423188e-6,
        9.799357e-7,
        -5.7745046e-6,
        -5.7745046e-6,
        1.4815906e-5,
        1.3805918e-5,
        1.3805918e-5,
        0.0,
    ],
    [0.0; TABLE],
]);

pub const BASE_2: Base<f64> = Base {
    table: &BASE_2_TABLE,
    series: &SERIES,
    two_high: 1.0,
    two_low: 0.0,
    e: Some((LOG2_E, 2.0355273740931033e-17)),
};

static BASE_2_TABLE: Table<f64, 4> = Table::new([
    RECIPROCALS,
    [
        0.0,
        0.14201900487250896,
        0.1926450779424158,
        0.2995602818587031,
        0.3561438102251486,
        0.4150374992786965,
        0.47643804394283507,
        0.5405683813628457,
        -0.3923174227788877,
        -0.3219280948874257,
        -0.24792751344375574,
        -0.24792751344375574,
        -0.16992500144215228,
        -0.0874628412502716,
        -0.0874628412502716,
        0.0,
    ],
    [
        0.0,
        -8.107893466726174e-14,
        -1.9917399279874596e-14,
        2.0474716408719944e-13,
        1.266771905137232e-13,
        1.4733181985781966e-13,
        1.520621696507556e-13,
        -1.4294083388465032e-13,
        1.2741442057794507e-13,
        6.33385952568616e-14,
        1.7024883460791358e-13,
        1.7024883460791358e-13,
        -1.600837111708248e-13,
        -6.781363655020842e-14,
        -6.781363655020842e-14,
        0.0,
    ],
    [0.0; TABLE],
]);

pub const BASE_2_32: Base<f32> = Base {
    table: &BASE_2_32_TABLE,
    series: &SERIES_32,
    two_high: 1.0,
    two_low: 0.0,
    e: Some((f32::consts::LOG2_E, 1.925963e-8)),
};

static BASE_2_32_TABLE: Table<f32, 4> = Table::new([
    RECIPROCALS_32,
    [
        0.0,
        0.14202881,
        0.19265747,
        0.29956055,
        0.35614014,
        0.41503906,
        0.47644043,
        0.54055786,
        -0.39230347,
        -0.32192993,
        -0.2479248,
        -0.2479248,
        -0.16992188,
        -0.08746338,
        -0.08746338,
        0.0,
    ],
    [
        0.0,
        -9.803722e-6,
        -1.2392761e-5,
        -2.650161e-7,
        3.6735066e-6,
        -1.5632212e-6,
        -2.3857444e-6,
        1.0520034e-5,
        -1.3955982e-5,
        1.8367533e-6,
        -2.708756e-6,
        -2.708756e-6,
        -3.1264424e-6,
        5.376559e-7,
        5.376559e-7,
        0.0,
    ],
    [0.0; TABLE],
]);

const BASE_10: Base<f64> = Base {
    table: &BASE_10_TABLE,
    series: &SERIES,
    two_high: 0.3010299956640665,
    two_low: -8.532344317057107e-14,
    e: Some((LOG10_E, 1.098319650216765e-17)),
};

static BASE_10_TABLE: Table<f64, 4> = Table::new([
    RECIPROCALS,
    [
        0.0,
        0.04275198042114425,
        0.05799194697783605,
        0.09017663034910584,
        0.10720996964801088,
        0.12493873660832833,
        0.14342214230237005,
        0.16272729749789505,
        -0.11809931207790214,
        -0.09691001300825519,
        -0.07463361829695714,
        -0.07463361829695714,
        -0.051152522447409865,
        -0.026328938722144812,
        -0.026328938722144812,
        0.0,
    ],
    [
        0.0,
        -1.9436460563337893e-13,
        -1.492958626654861e-13,
        -1.78235453177227e-14,
        -1.4251675130753334e-13,
        -2.8373705641129622e-14,
        -5.695092715108574e-14,
        -1.95311387622508e-13,
        -9.234612513604464e-14,
        1.9877702137475092e-13,
        5.295754592095892e-14,
        5.295754592095892e-14,
        2.857603188831182e-14,
        -2.043353397095547e-13,
        -2.043353397095547e-13,
        0.0,
    ],
    [0.0; TABLE],
]);

const BASE_10_32: Base<f32> = Base {
    table: &BASE_10_32_TABLE,
    series: &SERIES_32,
    two_high: 0.3010254,
    two_low: 4.605039e-6,
    e: Some((f32::consts::LOG10_E, -1.010305e-8)),
};

static BASE_10_32_TABLE: Table<f32, 4> = Table::new([
    RECIPROCALS_32,
    [
        0.0,
        0.042755127,
        0.0579834,
        0.09017944,
        0.10720825,
        0.124938965,
        0.14343262,
        0.16271973,
        -0.11810303,
        -0.09692383,
        -0.074645996,
        -0.074645996,
        -0.05114746,
        -0.02633667,
        -0.02633667,
        0.0,
    ],
    [
        0.0,
        -3.1465322e-6,
        8.54854e-6,
        -2.8130103e-6,
        1.7176948e-6,
        -2.2823545e-7,
        -1.0474885e-5,
        7.5709354e-6,
        3.7152658e-6,
        1.3815117e-5,
        1.2377797e-5,
        1.2377797e-5,
        -5.06151e-6,
        7.7312e-6,
        7.7312e-6,
        0.0,
    ],
    [0.0; TABLE],
]);
