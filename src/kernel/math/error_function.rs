//! erf, erfc.
//!
//! erf is x times a polynomial of its own in each sixteenth of the interval where it is below 1: its
//! constant has half the bits, so that its product with x is exact without much work. In float32, the pieces
//! from the fifth on are sums instead, with rounding errors that vanish as the function becomes flat. erfc
//! near 0 is 1 less an odd polynomial; elsewhere `erfc a = e^(-a²)·P(t)/(1 + 2a)` with
//! t = (a - 3)/(a + 3), the form of M. M. Shepherd and J. G. Laframboise (1981). Coefficients: Sollya's
//! `fpminimax`, interpolation at Chebyshev's points, and for the sums E. Remez's exchange algorithm.

use super::double::Double;
use super::exponential::scaled_exp_of_double;
use super::float::{Float, Float32, Float64, Table, polynomial};
use super::formula::Unary;

/// Error function.
pub struct Erf;

/// Complementary error function.
pub struct Erfc;

impl Unary for Erf {
    fn scalar(x: f64) -> f64 {
        libm::erf(x)
    }

    #[inline(always)]
    fn vector<V: Float64>(x: V) -> V {
        erf::<V, _, false>(x, &PIECES)
    }

    #[inline(always)]
    fn vector32<V: Float32>(x: V) -> V {
        let a = x.abs();
        // Where the low part of a product may underflow.
        let tiny = a.multiply_add(V::of(TWO_BY_ROOT_PI - 1.0), a);
        V::select(a.lt(V::of(1e-30)), tiny.copysign(x), erf::<V, 8, true>(x, &PIECES_32))
    }
}

impl Unary for Erfc {
    fn scalar(x: f64) -> f64 {
        libm::erfc(x)
    }

    #[inline(always)]
    fn vector<V: Float64>(x: V) -> V {
        let a = x.abs();
        let close = a.lt(V::of(0.5));
        if !V::may_hold(!close) {
            return erfc_near_zero(x);
        }
        let positive = erfc_of_positive(a.at_most(V::of(28.0)));
        let far = V::select(x.lt(V::ZERO), V::of(2.0) - positive, positive);
        if !V::may_hold(close) {
            return far;
        }
        V::select(close, erfc_near_zero(x), far)
    }
}

/// erf(a)/a by pieces, in one float type.
struct Pieces<S, const N: usize> {
    /// From here on, erf is 1, and so is the polynomial's value here.
    end: S,
    /// For each piece: a number near its middle at which erf(a)/a is almost exactly one of half the
    /// mantissa's bits, that number, and the coefficients of the powers of the distance from the first one:
    /// the lowest, the highest, and those between. Where pieces are sums, the same of erf(a) itself, with a
    /// first number of all bits.
    table: Table<S, N>,
}

/// A little less than the middle between the index of the last piece and the next.
const LAST_PIECE: f64 = 15.499;

/// With `SUMS`, the pieces from the fifth on are sums.
#[inline(always)]
fn erf<T: Float, const N: usize, const SUMS: bool>(x: T, k: &'static Pieces<T::Scalar, N>) -> T {
    let end = T::splat(k.end);
    let a = x.abs().at_most(end);
    // Parts of the products of tiny numbers are below the smallest ones, where they count.
    let tiny = a.lt(T::MIN_POSITIVE * T::of(1e9));
    let some_tiny = T::may_hold(tiny);
    let (up, down) = (T::of(1_099_511_627_776.0), T::of(1.0 / 1_099_511_627_776.0));
    let a = if some_tiny { T::select(tiny, a * up, a) } else { a };
    let piece = a.multiply_add(T::of(LAST_PIECE) / end, T::ROUNDER);
    let row = piece.row(&k.table);
    let [center, first] = T::entries(row, 0);
    let t = a - center;
    let rest = t * polynomial_of_row(t, row);
    let sum = T::rounded_bit(piece, 3) | T::rounded_bit(piece, 2);
    let factor = if SUMS { T::select(sum, T::ONE, a) } else { a };
    let (high, low) = factor.times_short(first);
    let y = high + factor.multiply_add(rest, low);
    let y = if some_tiny { T::select(tiny, y * down, y) } else { y };
    y.copysign(x)
}

/// The polynomial of the piece's row in t, its constant last, for that has the largest rounding error; the
/// rest in chains of every fourth power, as vectors wait for results rather than for instructions (G.
/// Estrin, 1960).
#[inline(always)]
fn polynomial_of_row<T: Float, const N: usize>(t: T, row: T::Row<N>) -> T {
    let square = t * t;
    let fourth = square * square;
    let [constant, highest] = T::entries(row, 1);
    let mut pairs = N / 2 - 2;
    let mut sum = highest;
    if pairs % 2 == 1 {
        sum = sum.multiply_add(square, linear(t, T::entries(row, pairs + 1)));
        pairs -= 1;
    }
    while pairs > 0 {
        pairs -= 2;
        let upper = linear(t, T::entries(row, pairs + 3));
        let cubic = upper.multiply_add(square, linear(t, T::entries(row, pairs + 2)));
        sum = sum.multiply_add(fourth, cubic);
    }
    sum.multiply_add(t, constant)
}

/// `a + b·t`.
#[inline(always)]
fn linear<T: Float>(t: T, [a, b]: [T; 2]) -> T {
    b.multiply_add(t, a)
}

/// erfc(x) for |x| <= 1/2.
#[inline(always)]
fn erfc_near_zero<V: Float64>(x: V) -> V {
    let erf = erf_near_zero(x);
    let difference = Double::fast_sum(V::ONE, -erf.hi);
    difference.hi + (difference.lo - erf.lo)
}

/// erf(x) for |x| <= 1/2.
#[inline(always)]
fn erf_near_zero<V: Float64>(x: V) -> Double<V> {
    let square = x * x;
    let first = Double::product(x, V::of(TWO_BY_ROOT_PI));
    let tail = (square * x).multiply_add(polynomial(square, &ERF_NEAR_ZERO), first.lo);
    Double { hi: first.hi, lo: x.multiply_add(V::of(TWO_BY_ROOT_PI_LOW), tail) }
}

/// erfc(a) for 1/2 <= a <= 28.
#[inline(always)]
fn erfc_of_positive<V: Float64>(a: V) -> V {
    // One division for 1/(a + 3) and 1/(1 + 2a).
    let sum = Double::fast_sum(V::of(3.0), a);
    let denominator = Double::fast_sum(a + a, V::ONE);
    let reciprocal = V::ONE / (sum.hi * denominator.hi);
    // t = 1 - q with q = 6/(a + 3), whose rounding error counts where P is steep.
    let inverse = reciprocal * denominator.hi;
    let q = Double { hi: V::of(6.0), lo: V::ZERO }.quotient(sum, inverse);
    let t = V::ONE - q.hi;
    let slope = polynomial(t.at_most(V::ZERO), &ERFC_SLOPE);
    let numerator = Double::fast_sum(V::splat(ERFC[0]), t * polynomial(t, &ERFC[1..]));
    let low = q.lo.multiply_add(-slope, numerator.lo + V::of(ERFC_LOW));
    let numerator = Double { hi: numerator.hi, lo: low };
    let scaled = numerator.quotient(denominator, reciprocal * sum.hi);
    let square = Double::product(a, a);
    scaled_exp_of_double(Double { hi: -square.hi, lo: -square.lo }, scaled)
}

const TWO_BY_ROOT_PI: f64 = std::f64::consts::FRAC_2_SQRT_PI;
const TWO_BY_ROOT_PI_LOW: f64 = 1.533545961316588e-17;

/// `(erf x - 2x/√π) / x³` in powers of x².
const ERF_NEAR_ZERO: [f64; 11] = [
    -0.376126389031836,
    0.1128379167094628,
    -0.026866170643364197,
    0.005223977607800368,
    -0.000854832599748941,
    0.00012055295349018978,
    -1.4924742475439129e-05,
    1.64474664278663e-06,
    -1.620864690004393e-07,
    1.3720246825742649e-08,
    -7.795471236660172e-10,
];

/// `e^(a²)·erfc(a)·(1 + 2a)` in powers of t.
const ERFC: [f64; 22] = [
    1.2530080582697296,
    -0.13562110612458134,
    -0.04756229435345047,
    0.12964515870278256,
    -0.11927366341533124,
    0.06830802734310616,
    -0.02377051491786196,
    0.0025293918320448477,
    0.0018886903443845538,
    -0.0007798324336425877,
    -0.00010515963609280746,
    0.00012510033565038369,
    4.948382232961931e-06,
    -2.0104312171114753e-05,
    -7.268660538086061e-07,
    3.4813408032432953e-06,
    3.4450616209463116e-07,
    -6.29393457896962e-07,
    -1.2140240349691923e-07,
    1.1133566989316784e-07,
    2.2812055732459082e-08,
    -1.525003185997634e-08,
];

/// What the constant of [`ERFC`] lost in rounding.
const ERFC_LOW: f64 = 4.3754856477737496e-17;

/// The derivative of that for t < 0, to an eighth or so; beyond, it is near the constant.
const ERFC_SLOPE: [f64; 3] = [-0.17, 0.16, 1.38];

static PIECES: Pieces<f64, 14> = Pieces {
    end: 5.96,
    table: Table::new([
        [
            0.09613455158330103,
            0.38454000153663886,
            0.7690855952818145,
            1.1536464132544344,
            1.5381422082177334,
            1.9227059698009705,
            2.307239374538476,
            2.69178509502868,
            3.0763165819625753,
            3.4608518134040374,
            3.845423519574205,
            4.2299647748872164,
            4.61450096202996,
            4.999010404884854,
            5.383570034394199,
            5.7681918202500935,
        ],
        [
            1.124912679195404,
            1.0751438438892365,
            0.9404036700725555,
            0.7777215242385864,
            0.6308841109275818,
            0.5166959315538406,
            0.4329404830932617,
            0.3714483752846718,
            0.3250596597790718,
            0.28894592076539993,
            0.26004936546087265,
            0.23640858754515648,
            0.21670815721154213,
            0.200039591640234,
            0.1857503466308117,
            0.1733645536005497,
        ],
        [
            -0.07191779543625873,
            -0.26491134448760173,
            -0.41067633717474405,
            -0.4156900828594832,
            -0.3412994434687933,
            -0.2541776865086015,
            -0.18525953131538847,
            -0.137694343582193,
            -0.10563674761117123,
            -0.08348777860147631,
            -0.0676255650762094,
            -0.05588901586487973,
            -0.04696242526695857,
            -0.04001583822048775,
            -0.03450319127341338,
            -0.030055268445117186,
        ],
        [
            0.0001078601313949442,
            -2.3167429954577648e-05,
            -8.2096874384669e-05,
            3.46163111379152e-05,
            2.8868670440652975e-05,
            -1.4644711260789788e-05,
            -6.432729251314637e-06,
            2.5954146099755674e-06,
            1.128371306557823e-06,
            -1.154694269226413e-07,
            -1.1592781688582105e-07,
            -2.2317893890765997e-08,
            -1.0415098517604515e-09,
            5.856288520319376e-10,
            3.0353263744149114e-10,
            1.2791713902554563e-10,
        ],
        [
            -0.3699037062192518,
            -0.28437031687192166,
            -0.0905784005176529,
            0.06216496304677741,
            0.11597366363401705,
            0.10421092107733776,
            0.0747924918638061,
            0.0503487490595452,
            0.034251130068431015,
            0.02411638605446222,
            0.017585559240918935,
            0.01321262419541205,
            0.010177140000573601,
            0.00800475192095377,
            0.006408979738613909,
            0.005210518197328425,
        ],
        [
            0.04291549335158654,
            0.1453462890961464,
            0.16730700128880122,
            0.08927952214872903,
            0.010258318390384573,
            -0.023178328136615304,
            -0.024747822942367572,
            -0.017360034218382735,
            -0.01096368290672859,
            -0.006952661070538125,
            -0.004572056136758133,
            -0.003123525382157136,
            -0.002205467339038032,
            -0.001601267253761558,
            -0.0011904702069675149,
            -0.0009033191612922145,
        ],
        [
            0.10914461110817515,
            0.060689939214685795,
            -0.02840152099354985,
            -0.060582580621748414,
            -0.03723982223515585,
            -0.008438857495473339,
            0.0037136243193411577,
            0.004907895230163108,
            0.0033314079691732367,
            0.0019841804441189177,
            0.0011870691720553643,
            0.0007383236755410515,
            0.00047793855407093027,
            0.0003203167236262308,
            0.00022113025092293826,
            0.00015660352311383304,
        ],
        [
            -0.015238452274786136,
            -0.0470499316978242,
            -0.03611642958411546,
            0.0018089902260633299,
            0.017322584457211455,
            0.010844018720004072,
            0.0025617021760878703,
            -0.0005670405585753113,
            -0.000847872801169627,
            -0.0005437419303061168,
            -0.0003061049216800955,
            -0.0001743848953797439,
            -0.00010356598962272105,
            -6.407579429859941e-05,
            -4.107501530811157e-05,
            -2.714949978356209e-05,
        ],
        [
            -0.025529597349009506,
            -0.00882248202568848,
            0.01524930029506749,
            0.01344877833967916,
            0.00042186542702073377,
            -0.004311934740619317,
            -0.0024483070075740163,
            -0.0005054935260410291,
            9.658310592485302e-05,
            0.0001295926593275565,
            7.678467638981065e-05,
            4.102672990064119e-05,
            2.243365199802957e-05,
            1.2817341696525605e-05,
            7.629689262155222e-06,
            4.7067607423515836e-06,
        ],
        [
            0.003927279742751084,
            0.010980133770847654,
            0.004532043779340978,
            -0.004534754183855182,
            -0.0037689001495259397,
            -2.381152313372465e-05,
            0.0009500222961169286,
            0.0004394623530774396,
            6.999826277028249e-05,
            -1.7276351881749703e-05,
            -1.748906480392592e-05,
            -9.496506930838907e-06,
            -4.8501592033052555e-06,
            -2.5635254541268477e-06,
            -1.4172047794695254e-06,
            -8.159852228840057e-07,
        ],
        [
            0.004873528550698404,
            0.0007052931018563887,
            -0.0037812750098077733,
            -0.001341411362264583,
            0.0012904126003091003,
            0.0008172330729860571,
            -6.094406036631093e-05,
            -0.00017916114650316287,
            -6.237040872122242e-05,
            -6.5614716394317665e-06,
            2.7688673697329312e-06,
            2.073566277009302e-06,
            1.0400528534142914e-06,
            5.123196193086607e-07,
            2.6323119388210884e-07,
            1.4146258252221566e-07,
        ],
        [
            -0.0007984633138619916,
            -0.0020081071636682195,
            -0.00018102189246387487,
            0.00112928548550748,
            0.00023709234043394668,
            -0.0003282164529055794,
            -0.00013186583731693288,
            2.7132054632906818e-05,
            2.7644210230712757e-05,
            6.860026619324295e-06,
            3.181892419642835e-07,
            -3.684502206880099e-07,
            -2.1631360001645737e-07,
            -1.0203065526168763e-07,
            -4.887941446812162e-08,
            -2.4524100108214296e-08,
        ],
        [
            -0.0007825609198600134,
            3.437622677870479e-05,
            0.0006439105618305806,
            -3.393315550319077e-05,
            -0.0002788912569568857,
            -9.613644839911207e-06,
            6.780973800772005e-05,
            1.3973543372319622e-05,
            -6.475565531691129e-06,
            -3.364135786144435e-06,
            -5.650871306422458e-07,
            1.4544044111448086e-08,
            4.045667745604363e-08,
            2.004366901439877e-08,
            9.065283714501692e-09,
            4.251234244583168e-09,
        ],
        [
            0.00013372599742179347,
            0.00029720499701011804,
            -5.822758455946073e-05,
            -0.00016147262007660856,
            3.8729194998859624e-05,
            5.1882753566947235e-05,
            -7.57705244877592e-06,
            -1.0474477732693086e-05,
            -5.584425858312428e-07,
            1.0210642378533573e-06,
            3.174367325410372e-07,
            3.3579812710152807e-08,
            -4.7303696848992434e-09,
            -3.75389551502752e-09,
            -1.6787882207123457e-09,
            -7.393239555334267e-10,
        ],
    ]),
};

static PIECES_32: Pieces<f32, 8> = Pieces {
    end: 4.0,
    table: Table::new([
        [
            0.0713958, 0.25178853, 0.50892514, 0.7427039, 1.0322058, 1.2905416, 1.5485989, 1.8065012,
            2.0643563, 2.3230765, 2.580102, 2.8394246, 3.0972135, 3.3551462, 3.6237051, 3.832507,
        ],
        [
            1.1264648, 1.1049805, 1.0380859, 0.9511719, 0.8556438, 0.9320143, 0.97147936, 0.98937446,
            0.9964934, 0.99898136, 0.99973655, 0.9999407, 0.99998814, 0.9999979, 0.9999997, 0.99999994,
        ],
        [
            -0.053543728,
            -0.18236428,
            -0.3284984,
            -0.40554577,
            0.38880917,
            0.21337257,
            0.10255292,
            0.043167636,
            0.01591036,
            0.005113342,
            0.0014500695,
            0.000355655,
            7.698129e-05,
            1.4574729e-05,
            2.2368301e-06,
            4.7150436e-07,
        ],
        [
            -0.026204936,
            -0.017860303,
            0.0011387416,
            0.015158471,
            0.012973601,
            0.0175926,
            0.017913252,
            0.006651587,
            -0.00091346435,
            -0.0031541146,
            -0.0024173618,
            -0.001252044,
            -0.0004952764,
            -0.00015685041,
            -3.9515977e-05,
            -8.947597e-06,
        ],
        [
            -0.3726858,
            -0.3347876,
            -0.2254299,
            -0.10393173,
            -0.40133056,
            -0.2753667,
            -0.15881331,
            -0.077982396,
            -0.032844674,
            -0.011878692,
            -0.0037413195,
            -0.0010098518,
            -0.00023842555,
            -4.8899637e-05,
            -8.105403e-06,
            -1.8070012e-06,
        ],
        [
            0.03202957,
            0.105355464,
            0.16801311,
            0.1700468,
            0.14656544,
            0.16578776,
            0.12977634,
            0.07952908,
            0.03989915,
            0.016692277,
            0.005951857,
            0.0017929387,
            0.0004665888,
            0.00010449854,
            1.8827934e-05,
            4.4620724e-06,
        ],
        [
            0.11079366,
            0.08870688,
            0.030116409,
            -0.02349504,
            0.058029465,
            -0.015089705,
            -0.047553886,
            -0.045838676,
            -0.030231792,
            -0.015427794,
            -0.006432351,
            -0.0022096224,
            -0.00064348907,
            -0.0001591498,
            -3.144727e-05,
            -7.972894e-06,
        ],
        [
            -0.011383756,
            -0.035873454,
            -0.049751718,
            -0.03838313,
            -0.06764049,
            -0.04174403,
            -0.00966957,
            0.00909698,
            0.012922263,
            0.009326858,
            0.0048694387,
            0.001986514,
            0.0006647475,
            0.00018498726,
            4.0872845e-05,
            1.0718784e-05,
        ],
    ]),
};
