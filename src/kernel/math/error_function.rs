//! erf, erfc.
//!
//! Near 0, erf is an odd polynomial. Elsewhere `erfc a = e^(-a²)·P(t)/(1 + 2a)` with
//! t = (a - 3)/(a + 3), the form of M. M. Shepherd and J. G. Laframboise (1981). Coefficients:
//! Sollya's `fpminimax`.

use super::double::Double;
use super::exponential::scaled_exp_of_double;
use super::float::{Float, polynomial, select};
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
    fn vector<const FMA: bool>(x: f64) -> f64 {
        let a = x.abs();
        let far = 1.0 - erfc_of_positive::<FMA>(select(a < 6.0, a, 6.0));
        let near = erf_near_zero::<FMA>(x).value();
        select(x.is_nan(), x, select(a < 0.7, near, far).copysign(x))
    }
}

impl Unary for Erfc {
    fn scalar(x: f64) -> f64 {
        libm::erfc(x)
    }

    #[inline(always)]
    fn vector<const FMA: bool>(x: f64) -> f64 {
        let a = x.abs();
        let erf = erf_near_zero::<FMA>(x);
        let difference = Double::sum(1.0, -erf.hi);
        let near = difference.hi + (difference.lo - erf.lo);
        let positive = erfc_of_positive::<FMA>(select(a < 28.0, a, 28.0));
        let far = select(x < 0.0, 2.0 - positive, positive);
        select(a < 0.5, near, select(x.is_nan(), x, far))
    }
}

/// erf(x) for |x| <= 1.
#[inline(always)]
fn erf_near_zero<const FMA: bool>(x: f64) -> Double<f64> {
    let square = x * x;
    let first = Double::product::<FMA>(x, TWO_BY_ROOT_PI);
    let tail = (square * x).multiply_add::<FMA>(polynomial::<f64, FMA>(square, &ERF), first.lo);
    Double { hi: first.hi, lo: x.multiply_add::<FMA>(TWO_BY_ROOT_PI_LOW, tail) }
}

/// erfc(a) for 1/2 <= a <= 28.
#[inline(always)]
fn erfc_of_positive<const FMA: bool>(a: f64) -> f64 {
    let t = (a - 3.0) / (a + 3.0);
    let rest = t * polynomial::<f64, FMA>(t, &ERFC[1..]);
    let numerator = Double::fast_sum(ERFC[0], rest);
    let scaled = numerator.divided_by::<FMA>(Double::sum(1.0, 2.0 * a));
    let square = Double::product::<FMA>(a, a);
    scaled_exp_of_double::<FMA>(Double { hi: -square.hi, lo: -square.lo }, scaled)
}

const TWO_BY_ROOT_PI: f64 = std::f64::consts::FRAC_2_SQRT_PI;
const TWO_BY_ROOT_PI_LOW: f64 = 1.533545961316588e-17;

/// `(erf x - 2x/√π) / x³` in powers of x².
const ERF: [f64; 11] = [
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
const ERFC: [f64; 21] = [
    1.2530080582697296,
    -0.13562110612458111,
    -0.04756229435343376,
    0.12964515870275004,
    -0.11927366341638526,
    0.06830802734453544,
    -0.02377051489208887,
    0.002529391802870119,
    0.0018886900243817453,
    -0.0007798321037940541,
    -0.00010515735317740739,
    0.00012509808728710284,
    4.93846032536033e-06,
    -2.009470856472221e-05,
    -7.00151337796109e-07,
    3.4554963697189138e-06,
    3.0098918260591347e-07,
    -5.868928346255854e-07,
    -8.210750173748297e-08,
    7.236938037175665e-08,
    7.712234020967372e-09,
];
