//! The functions where the formulas do not hold: zeros, infinities and NaN as in C99's Annex G (and C11's where it
//! corrects that), numbers so large or small that they overflow or underflow on the way, and huge angles.

use crate::dtype::Complex;
use std::f64::consts::{FRAC_PI_2, FRAC_PI_4, LN_2};

const INF: f64 = f64::INFINITY;
const NAN: f64 = f64::NAN;

type Parts = [f64; 2];

/// z * 2^exponent.
pub fn scaled(z: Complex<f64>, exponent: i32) -> Complex<f64> {
    Complex::new(libm::scalbn(z.re, exponent), libm::scalbn(z.im, exponent))
}

/// The exponent of the larger part; 0 when that is zero, infinite or NaN.
pub fn exponent(z: Complex<f64>) -> i32 {
    let larger = z.re.abs().max(z.im.abs());
    if larger == 0.0 || !larger.is_finite() { 0 } else { libm::ilogb(larger) }
}

/// z/|z|; 0 for 0, and along the axis of the only infinite part.
pub fn direction(z: Complex<f64>) -> Complex<f64> {
    match [z.re, z.im].map(f64::is_infinite) {
        [true, false] => Complex::new(1.0_f64.copysign(z.re), 0.0),
        [false, true] => Complex::new(0.0, 1.0_f64.copysign(z.im)),
        [false, false] if z.re == 0.0 && z.im == 0.0 => Complex::default(),
        [false, false] if !z.re.is_nan() && !z.im.is_nan() => {
            let z = scaled(z, -exponent(z));
            let modulus = (z.re * z.re + z.im * z.im).sqrt();
            Complex::new(z.re / modulus, z.im / modulus)
        }
        _ => Complex::new(NAN, NAN),
    }
}

/// z/i.
pub fn turned_back([x, y]: Parts) -> Parts {
    [y, -x]
}

/// e^x times both parts, where e^x alone may overflow or underflow.
fn times_power(x: f64, parts: Parts) -> Parts {
    let root = (0.5 * x).exp();
    parts.map(|part| root * part * root)
}

/// The cosine and the sine of a finite angle.
fn on_circle(y: f64) -> Parts {
    let (sine, cosine) = y.sin_cos();
    [cosine, sine]
}

pub fn exp([x, y]: Parts) -> Parts {
    if y == 0.0 {
        return [x.exp(), y];
    }
    if y.is_finite() {
        let direction = on_circle(y);
        return if x.abs() < 700.0 {
            direction.map(|part| x.exp() * part)
        } else {
            times_power(x, direction)
        };
    }
    match x {
        f64::NEG_INFINITY => [0.0, 0.0_f64.copysign(y)],
        f64::INFINITY => [INF, NAN],
        _ => [NAN, NAN],
    }
}

/// 2^z = e^(z·ln 2).
pub fn exp2([x, y]: Parts) -> Parts {
    if y == 0.0 {
        return [x.exp2(), y];
    }
    if x.is_finite() && y.is_finite() {
        let root = (0.5 * x).exp2();
        return on_circle(y * LN_2).map(|part| root * part * root);
    }
    exp([x * LN_2, y * LN_2])
}

/// What the formula gives for infinities and NaN, as NumPy has it: Annex G has no such function.
pub fn expm1([x, y]: Parts) -> Parts {
    let is_beyond = x.abs() > 700.0 && x.is_finite() && y.is_finite();
    if is_beyond {
        let [re, im] = exp([x, y]);
        return [re - 1.0, im];
    }
    let half = (0.5 * y).sin();
    [x.exp_m1() * y.cos() - 2.0 * half * half, x.exp() * y.sin()]
}

pub fn sinh([x, y]: Parts) -> Parts {
    if y == 0.0 {
        return [x.sinh(), y];
    }
    if !y.is_finite() {
        return [if x == 0.0 || x.is_infinite() { x } else { NAN }, NAN];
    }
    let [cosine, sine] = on_circle(y);
    if x.abs() > 700.0 {
        return times_power(x.abs(), [0.5 * cosine * 1.0_f64.copysign(x), 0.5 * sine]);
    }
    [x.sinh() * cosine, x.cosh() * sine]
}

pub fn cosh([x, y]: Parts) -> Parts {
    if y == 0.0 {
        return [x.cosh(), if x.is_nan() { y } else { y * 1.0_f64.copysign(x) }];
    }
    if !y.is_finite() {
        return match x {
            0.0 => [NAN, x],
            _ if x.is_infinite() => [INF, NAN],
            _ => [NAN, NAN],
        };
    }
    let [cosine, sine] = on_circle(y);
    if x.abs() > 700.0 {
        return times_power(x.abs(), [0.5 * cosine, 0.5 * sine * 1.0_f64.copysign(x)]);
    }
    [x.cosh() * cosine, x.sinh() * sine]
}

pub fn tanh([x, y]: Parts) -> Parts {
    if x.is_infinite() {
        let sign = if y.is_finite() { y.sin() * y.cos() } else { y };
        return [1.0_f64.copysign(x), 0.0_f64.copysign(sign)];
    }
    if y == 0.0 {
        return [x.tanh(), y];
    }
    if !y.is_finite() {
        return [if x == 0.0 { x } else { NAN }, NAN];
    }
    let [cosine, sine] = on_circle(y);
    if x.abs() > 30.0 {
        let [im, _] = times_power(-2.0 * x.abs(), [4.0 * sine * cosine, 0.0]);
        return [1.0_f64.copysign(x), im];
    }
    let (sinh, cosh) = (x.sinh(), x.cosh());
    let denominator = sinh * sinh + cosine * cosine;
    [sinh * cosh / denominator, sine * cosine / denominator]
}

pub fn sqrt([x, y]: Parts) -> Parts {
    if x == 0.0 && y == 0.0 {
        return [0.0, y];
    }
    if y.is_infinite() {
        return [INF, y];
    }
    if x.is_infinite() {
        let rest = 0.0 * y;
        return if x < 0.0 { [rest.abs(), x.abs().copysign(y)] } else { [x, rest.copysign(y)] };
    }
    // An even power of two brings the larger part near 1 and its root back.
    let z = Complex::new(x, y);
    let half_exponent = exponent(z) / 2;
    let z = scaled(z, -2 * half_exponent);
    let modulus = (z.re * z.re + z.im * z.im).sqrt();
    let larger = ((z.re.abs() + modulus) * 0.5).sqrt();
    let smaller = z.im.abs() / (2.0 * larger);
    let (re, im) = if z.re >= 0.0 { (larger, smaller) } else { (smaller, larger) };
    let root = scaled(Complex::new(re, im.copysign(z.im)), half_exponent);
    [root.re, root.im]
}

/// log |z|; infinite where a part is, even beside NaN.
fn log_of_modulus([x, y]: Parts) -> f64 {
    let large = x.abs().max(y.abs());
    if x.is_infinite() || y.is_infinite() {
        return INF;
    }
    if (1e-100..1e100).contains(&large) || large == 0.0 || x.is_nan() || y.is_nan() {
        return x.hypot(y).ln();
    }
    let exponent = libm::ilogb(large);
    let [x, y] = [x, y].map(|part| libm::scalbn(part, -exponent));
    f64::from(exponent) * LN_2 + x.hypot(y).ln()
}

pub fn log([x, y]: Parts) -> Parts {
    [log_of_modulus([x, y]), y.atan2(x)]
}

pub fn log1p([x, y]: Parts) -> Parts {
    let re = match () {
        // The square of y does not count.
        () if x > -0.5 && x < 1e100 && y.abs() < 1e-100 => x.ln_1p(),
        () => log_of_modulus([1.0 + x, y]),
    };
    [re, y.atan2(1.0 + x)]
}

/// Of NaN, and of numbers that are large or infinite.
pub fn asin([x, y]: Parts) -> Parts {
    if x.is_nan() || y.is_nan() {
        return match () {
            () if x.is_infinite() || y.is_infinite() => [NAN, INF.copysign(y)],
            () if x == 0.0 => [x, NAN],
            () => [NAN, NAN],
        };
    }
    let im = log_of_modulus([x, y]) + LN_2;
    [x.abs().atan2(y.abs()).copysign(x), im.copysign(y)]
}

/// Of NaN, and of numbers that are large or infinite.
pub fn acos([x, y]: Parts) -> Parts {
    if x.is_nan() || y.is_nan() {
        return match () {
            () if x.is_infinite() || y.is_infinite() => [NAN, -INF.copysign(y)],
            () if x == 0.0 => [FRAC_PI_2, NAN],
            () => [NAN, NAN],
        };
    }
    let im = log_of_modulus([x, y]) + LN_2;
    [y.abs().atan2(x), -im.copysign(y)]
}

/// Of NaN, of numbers that are large or infinite, and at the poles.
pub fn atanh([x, y]: Parts) -> Parts {
    let zero = 0.0_f64.copysign(x);
    if x.is_nan() || y.is_nan() {
        return match () {
            () if y.is_infinite() => [zero, FRAC_PI_2.copysign(y)],
            () if x == 0.0 || x.is_infinite() => [zero, NAN],
            () => [NAN, NAN],
        };
    }
    if x.abs() == 1.0 && y.abs() < 1.0 {
        return match y {
            0.0 => [INF.copysign(x), y],
            _ => [(0.5 * (LN_2 - y.abs().ln())).copysign(x), FRAC_PI_4.copysign(y)],
        };
    }
    let modulus = x.hypot(y);
    let re = if modulus.is_infinite() { zero } else { x / modulus / modulus };
    [re, FRAC_PI_2.copysign(y)]
}
