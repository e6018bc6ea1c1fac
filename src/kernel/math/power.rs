//! pow, sqrt, cbrt, hypot.

use super::double::Double;
use super::exponential::{self, NATURAL};
use super::float::{Float, nearest, polynomial, select};
use super::formula::{Binary, Unary};

/// Square root, correctly rounded.
pub struct Sqrt;

/// Cube root.
pub struct Cbrt;

/// a^b.
pub struct Pow;

/// sqrt(a² + b²) without overflow.
pub struct Hypot;

impl Unary for Sqrt {
    fn scalar(x: f64) -> f64 {
        x.sqrt()
    }

    #[inline(always)]
    fn vector<const FMA: bool>(x: f64) -> f64 {
        x.sqrt()
    }

    #[inline(always)]
    fn vector32<const FMA: bool>(x: f32) -> f32 {
        x.sqrt()
    }
}

impl Unary for Cbrt {
    fn scalar(x: f64) -> f64 {
        x.cbrt()
    }

    #[inline(always)]
    fn vector<const FMA: bool>(x: f64) -> f64 {
        // Numbers near the limits times 2^±54, and their roots times 2^∓18.
        let (tiny, huge) = (x.abs() < f64::MIN_POSITIVE, x.abs() > 1e300);
        let (up, down) = (18_014_398_509_481_984.0, 1.0 / 18_014_398_509_481_984.0);
        let a = x.abs() * select(tiny, up, select(huge, down, 1.0));
        let inverse = refine_inverse_cbrt::<FMA>(a, rough_inverse_cbrt::<FMA>(a));
        let root = (a * inverse) * inverse;
        let square = Double::product::<FMA>(root, root);
        let cube = Double::product::<FMA>(square.hi, root);
        let lost = (a - cube.hi) - root.multiply_add::<FMA>(square.lo, cube.lo);
        let y = (lost * (1.0 / 3.0)).multiply_add::<FMA>(inverse * inverse, root);
        let y = y * select(tiny, 1.0 / 262_144.0, select(huge, 262_144.0, 1.0));
        cbrt_at_limits(y, x)
    }

    #[inline(always)]
    fn vector32<const FMA: bool>(x: f32) -> f32 {
        let x = f64::from(x);
        let a = x.abs();
        let inverse = rough_inverse_cbrt::<FMA>(a);
        let root = (a * inverse) * inverse;
        let lost = a - (root * root) * root;
        let y = (lost * (1.0 / 3.0)).multiply_add::<FMA>(inverse * inverse, root);
        cbrt_at_limits(y, x) as f32
    }
}

/// The sign, and the arguments that are their own cube roots but have no inverse.
#[inline(always)]
fn cbrt_at_limits(y: f64, x: f64) -> f64 {
    select((x.abs() > 0.0) & (x.abs() < f64::INFINITY), y.copysign(x), x + x)
}

/// a^(-1/3) to about 20 bits, for positive normal a: a third of the negative exponent by integer
/// arithmetic on the bits (W. Kahan), then one step of fourth order.
#[inline(always)]
fn rough_inverse_cbrt<const FMA: bool>(a: f64) -> f64 {
    const ONE_THIRD: u64 = 0x5555_5556;
    const OFFSET: u64 = 0x553f_0a3e;
    let third = ((a.to_bits() >> 32) * ONE_THIRD) >> 32;
    let start = f64::from_bits(OFFSET.wrapping_sub(third) << 32);
    refine_inverse_cbrt::<FMA>(a, start)
}

/// With e = 1 - a·y³, `y·(1 - e)^(-1/3)` up to the cubic term: four times the correct bits.
#[inline(always)]
fn refine_inverse_cbrt<const FMA: bool>(a: f64, y: f64) -> f64 {
    let e = (a * y).multiply_add::<FMA>(-(y * y), 1.0);
    let series = polynomial::<f64, FMA>(e, &[1.0 / 3.0, 2.0 / 9.0, 14.0 / 81.0]);
    (y * e).multiply_add::<FMA>(series, y)
}

impl Binary for Hypot {
    fn scalar(a: f64, b: f64) -> f64 {
        a.hypot(b)
    }

    #[inline(always)]
    fn vector<const FMA: bool>(a: f64, b: f64) -> f64 {
        let (a, b) = (a.abs(), b.abs());
        let swap = a < b;
        let (large, small) = (select(swap, b, a), select(swap, a, b));
        let (up, down) = (1.0 / HYPOT_SCALE, HYPOT_SCALE);
        let factor = select(large > HYPOT_HIGH, up, select(large < 1.0 / HYPOT_HIGH, down, 1.0));
        let back = select(large > HYPOT_HIGH, down, select(large < 1.0 / HYPOT_HIGH, up, 1.0));
        let (large, small) = (large * factor, small * factor);
        let (p, q) = (Double::product::<FMA>(large, large), Double::product::<FMA>(small, small));
        let sum = Double::fast_sum(p.hi, q.hi);
        let y = (sum.hi + (sum.lo + (p.lo + q.lo))).sqrt() * back;
        select((a == f64::INFINITY) | (b == f64::INFINITY), f64::INFINITY, y)
    }

    #[inline(always)]
    fn vector32<const FMA: bool>(a: f32, b: f32) -> f32 {
        let (x, y) = (f64::from(a), f64::from(b));
        let length = x.multiply_add::<FMA>(x, y * y).sqrt() as f32;
        select((a.abs() == f32::INFINITY) | (b.abs() == f32::INFINITY), f32::INFINITY, length)
    }
}

/// Arguments above this (2^480) are scaled down by [`HYPOT_SCALE`], below its inverse up.
const HYPOT_HIGH: f64 = f64::from_bits((1023 + 480) << 52);
/// 2^560.
const HYPOT_SCALE: f64 = f64::from_bits((1023 + 560) << 52);

impl Binary for Pow {
    fn scalar(a: f64, b: f64) -> f64 {
        a.powf(b)
    }

    #[inline(always)]
    fn vector<const FMA: bool>(x: f64, y: f64) -> f64 {
        let log = log_double::<FMA>(x.abs());
        let log_high = log_at_limits(log.hi, x.abs());
        let exponent = Double::product::<FMA>(y, log_high);
        let low = y.multiply_add::<FMA>(log.lo, exponent.lo);
        let power = exponential::exp_of_double::<FMA>(Double { hi: exponent.hi, lo: low });
        with_sign_and_limits(power, x, y)
    }

    /// Unfused, the exact product of a huge exponent overflows.
    #[inline(always)]
    fn covers<const FMA: bool>(_x: f64, y: f64) -> bool {
        FMA | (y.abs() <= 1e290)
    }

    #[inline(always)]
    fn vector32<const FMA: bool>(base: f32, exponent: f32) -> f32 {
        let (x, y) = (f64::from(base), f64::from(exponent));
        let (k, m) = x.abs().split_exponent();
        let s = (m - 1.0) / (m + 1.0);
        let square = s * s;
        let cubic = (s * square) * polynomial::<f64, FMA>(square, &LOG_32_IN_64);
        let log = k.multiply_add::<FMA>(std::f64::consts::LN_2, s.multiply_add::<FMA>(2.0, cubic));
        let log_power = y * log_at_limits(log, x.abs());
        // Powers outside float32 round to 0 or infinity.
        let bounded = select(log_power.abs() > 200.0, f64::copysign(200.0, log_power), log_power);
        let (rounded, rest) = exponential::reduce::<f64, FMA>(bounded, &NATURAL);
        let r = rest.hi;
        let tail = r.multiply_add::<FMA>(polynomial::<f64, FMA>(r, &EXP_32_IN_64), 1.0);
        let power = r.multiply_add::<FMA>(tail, 1.0) * f64::exp2_of_rounded(rounded);
        with_sign_and_limits(power as f32, base, exponent)
    }
}

/// log a for positive normal or subnormal a, relative error below 2^-65.
#[inline(always)]
fn log_double<const FMA: bool>(a: f64) -> Double<f64> {
    let subnormal = a < f64::MIN_POSITIVE;
    let (k, m) = select(subnormal, a * 18_014_398_509_481_984.0, a).split_exponent();
    let k = select(subnormal, k - 54.0, k);
    let s = Double { hi: m - 1.0, lo: 0.0 }.divided_by::<FMA>(Double::fast_sum(1.0, m)).normalised();
    let square = s.times::<FMA>(s);
    // log m = 2s·(1 + s²/3 + s⁴·P(s²)), the middle term with a low part.
    let third = square.times::<FMA>(Double { hi: 1.0 / 3.0, lo: THIRD_LOW });
    let quartic = square.hi * square.hi;
    let tail = quartic.multiply_add::<FMA>(polynomial::<f64, FMA>(square.hi, &LOG_TAIL), third.lo);
    let twice = s.scaled(2.0);
    let rest = twice.times::<FMA>(Double::fast_sum(third.hi, tail));
    let log_m = Double::fast_sum(twice.hi, rest.hi);
    let sum = Double::fast_sum(k * LN_2_HIGH, log_m.hi);
    let low = log_m.lo + (twice.lo + rest.lo);
    Double { hi: sum.hi, lo: sum.lo + k.multiply_add::<FMA>(LN_2_LOW, low) }
}

#[inline(always)]
fn log_at_limits(log: f64, a: f64) -> f64 {
    select(a == 0.0, f64::NEG_INFINITY, select(a < f64::INFINITY, log, a))
}

/// C's pow from |x|^y: the sign for negative x, NaN for those with y not an integer, and the pairs
/// whose power is 1 whatever the other argument.
#[inline(always)]
fn with_sign_and_limits<T: Float>(power: T, x: T, y: T) -> T {
    let (zero, one) = (T::default(), T::of(1.0));
    let integer = |v: T| (v.abs() >= T::INTEGERS) | (nearest(v) == v);
    let (whole, even) = (integer(y), integer(T::of(0.5) * y));
    let signed = select(x.is_negative() & whole & !even, -power, power);
    let y_infinite = y.abs() == T::INFINITY;
    let fraction = nearest(y) != y;
    let outside = (x < zero) & (x > -T::INFINITY) & (y.abs() < T::INTEGERS) & fraction;
    let result = select(outside, T::NAN, signed);
    select((y == zero) | (x == one) | ((x == -one) & y_infinite), one, result)
}

const LN_2_HIGH: f64 = f64::from_bits(0x3fe6_2e42_fee0_0000);
const LN_2_LOW: f64 = 1.908_214_929_270_587_7e-10;
const THIRD_LOW: f64 = 1.850371707708594e-17;

/// `(log((1+s)/(1-s))/2s - 1 - s²/3) / s⁴` in powers of s²; Sollya's `fpminimax`.
const LOG_TAIL: [f64; 9] = [
    0.2,
    0.1428571428571247,
    0.11111111111976862,
    0.09090908905595992,
    0.0769232873893343,
    0.06665308942443601,
    0.059323767899840125,
    0.04278217799801838,
    0.12968205797978985,
];

/// `(log((1+s)/(1-s)) - 2s) / s³` in powers of s², for float32 results.
const LOG_32_IN_64: [f64; 5] =
    [0.6666666667583752, 0.39999995606346544, 0.2857211109965194, 0.22176095935177895, 0.19585643519603138];

/// `(e^r - 1 - r) / r²`, for float32 results.
const EXP_32_IN_64: [f64; 6] = [
    0.5000000044841518,
    0.16666666365855892,
    0.041666357777064754,
    0.008333389951936759,
    0.0013940893739009506,
    0.00019845898484519532,
];
