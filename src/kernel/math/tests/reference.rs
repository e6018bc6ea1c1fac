//! Values of the functions to more than twice the precision of float64.

use crate::ir::{BinaryOp, MathFn};
use astro_float::{BigFloat, Consts, RoundingMode};

/// Bits of the intermediate values; cancellation below may cost half of them.
const PRECISION: usize = 256;
const ROUNDING: RoundingMode = RoundingMode::ToEven;

/// Multi-precision arithmetic with its cache of constants.
pub struct Reference {
    consts: Consts,
}

impl Reference {
    pub fn new() -> Reference {
        Reference { consts: Consts::new().expect("memory for the constants") }
    }

    /// `f` at finite `x` inside its domain; `None` where the value would be no finite number.
    pub fn unary(&mut self, f: MathFn, x: f64) -> Option<BigFloat> {
        let (p, rm) = (PRECISION, ROUNDING);
        let one = big(1.0);
        let v = big(x);
        let cc = &mut self.consts;
        let value = match f {
            MathFn::Sqrt => v.sqrt(p, rm),
            MathFn::Cbrt => v.cbrt(p, rm),
            MathFn::Exp => v.exp(p, rm, cc),
            MathFn::Exp2 => big(2.0).pow(&v, p, rm, cc),
            MathFn::Exp10 => big(10.0).pow(&v, p, rm, cc),
            MathFn::Expm1 if x.abs() < 1e-20 => small_series(&v, 1.0 / 2.0),
            MathFn::Expm1 => v.exp(p, rm, cc).sub(&one, p, rm),
            MathFn::Log => v.ln(p, rm, cc),
            MathFn::Log2 => v.log2(p, rm, cc),
            MathFn::Log10 => v.log10(p, rm, cc),
            MathFn::Log1p if x.abs() < 1e-20 => small_series(&v, -1.0 / 2.0),
            MathFn::Log1p => v.add(&one, p, rm).ln(p, rm, cc),
            MathFn::Sin => v.sin(p, rm, cc),
            MathFn::Cos => v.cos(p, rm, cc),
            MathFn::Tan => v.tan(p, rm, cc),
            MathFn::Asin => v.asin(p, rm, cc),
            MathFn::Acos => v.acos(p, rm, cc),
            MathFn::Atan => v.atan(p, rm, cc),
            MathFn::Sinh => v.sinh(p, rm, cc),
            MathFn::Cosh => v.cosh(p, rm, cc),
            MathFn::Tanh => v.tanh(p, rm, cc),
            MathFn::Asinh => v.asinh(p, rm, cc),
            MathFn::Acosh => v.acosh(p, rm, cc),
            MathFn::Atanh => v.atanh(p, rm, cc),
            // Exact where the other tests look; the reference would have a rest of π there.
            MathFn::Sinpi | MathFn::Cospi if (2.0 * x).fract() == 0.0 => return None,
            MathFn::Sinpi => self.half_turns(x % 2.0).sin(p, rm, &mut self.consts),
            MathFn::Cospi => self.half_turns(x % 2.0).cos(p, rm, &mut self.consts),
            // Beyond, the results are 1, 2 or 0, and the series is long.
            MathFn::Erf if x.abs() > 7.0 => return None,
            MathFn::Erfc if !(-7.0..28.0).contains(&x) => return None,
            MathFn::Erf => self.erf(x, PRECISION),
            // 1 - erf(x) loses about 1.45·x² bits.
            MathFn::Erfc => {
                let p = PRECISION + if x > 0.0 { (1.5 * x * x) as usize } else { 0 };
                one.sub(&self.erf(x, p), p, rm)
            }
            MathFn::Lgamma => self.log_gamma(x)?,
            MathFn::Tgamma => {
                let magnitude = self.log_gamma(x)?.exp(p, rm, &mut self.consts);
                if x < 0.0 && x.floor() % 2.0 != 0.0 { magnitude.neg() } else { magnitude }
            }
        };
        (!value.is_nan() && !value.is_inf()).then_some(value)
    }

    /// `op` at finite arguments inside its domain; `None` where the value would be no finite number.
    pub fn binary(&mut self, op: BinaryOp, a: f64, b: f64) -> Option<BigFloat> {
        let (p, rm) = (PRECISION, ROUNDING);
        let (x, y) = (big(a), big(b));
        let value = match op {
            BinaryOp::Pow => x.pow(&y, p, rm, &mut self.consts),
            BinaryOp::Powi => {
                let power = x.powi(b.abs() as usize, p, rm);
                if b < 0.0 { power.reciprocal(p, rm) } else { power }
            }
            BinaryOp::Hypot => x.mul(&x, p, rm).add(&y.mul(&y, p, rm), p, rm).sqrt(p, rm),
            BinaryOp::Atan2 => {
                let angle = x.abs().div(&y.abs(), p, rm).atan(p, rm, &mut self.consts);
                let angle = if b < 0.0 { self.consts.pi(p, rm).sub(&angle, p, rm) } else { angle };
                if a < 0.0 { angle.neg() } else { angle }
            }
            _ => return None,
        };
        (!value.is_nan() && !value.is_inf()).then_some(value)
    }

    fn half_turns(&mut self, x: f64) -> BigFloat {
        self.consts.pi(PRECISION, ROUNDING).mul(&big(x), PRECISION, ROUNDING)
    }

    /// `2/√π·e^(-x²)·x·Σ (2x²)^k / (1·3·…·(2k+1))`: no cancellation.
    fn erf(&mut self, x: f64, p: usize) -> BigFloat {
        let rm = ROUNDING;
        let square = big(x).mul(&big(x), p, rm);
        let (mut term, mut sum) = (big(x), big(x));
        let mut k = 0;
        while !term.is_zero() && term.exponent() > sum.exponent().map(|e| e - p as i32) {
            k += 1;
            term = term.mul(&square, p, rm).mul(&big(2.0), p, rm).div(&big(f64::from(2 * k + 1)), p, rm);
            sum = sum.add(&term, p, rm);
        }
        let power = square.neg().exp(p, rm, &mut self.consts);
        let root_pi = self.consts.pi(p, rm).sqrt(p, rm);
        sum.mul(&power, p, rm).mul(&big(2.0), p, rm).div(&root_pi, p, rm)
    }

    /// log|Γ(x)|: Stirling's series for positive x, after moving x above 200 by the recurrence; negative ones
    /// are reflected.
    fn log_gamma(&mut self, x: f64) -> Option<BigFloat> {
        if x == 1.0 || x == 2.0 || (x <= 0.0 && x == x.floor()) {
            return None;
        }
        let (p, rm) = (PRECISION, ROUNDING);
        if x < 0.0 {
            let sine = self.half_turns(x - x.round()).sin(p, rm, &mut self.consts).abs();
            let pi = self.consts.pi(p, rm);
            let ratio = pi.div(&sine.mul(&big(-x), p, rm), p, rm).ln(p, rm, &mut self.consts);
            return Some(ratio.sub(&self.log_gamma_of_positive(-x), p, rm));
        }
        Some(self.log_gamma_of_positive(x))
    }

    fn log_gamma_of_positive(&mut self, x: f64) -> BigFloat {
        // B(2k) / (2k·(2k-1)) as fractions.
        const TERMS: [(f64, f64); 10] = [
            (1.0, 12.0),
            (-1.0, 360.0),
            (1.0, 1260.0),
            (-1.0, 1680.0),
            (1.0, 1188.0),
            (-691.0, 360360.0),
            (1.0, 156.0),
            (-3617.0, 122400.0),
            (43867.0, 244188.0),
            (-174611.0, 125400.0),
        ];
        let (p, rm) = (PRECISION, ROUNDING);
        let (mut moved, mut product) = (big(x), big(1.0));
        while to_f64(&moved) < 200.0 {
            product = product.mul(&moved, p, rm);
            moved = moved.add(&big(1.0), p, rm);
        }
        let square = moved.mul(&moved, p, rm);
        let mut power = moved.clone();
        let mut sum = big(0.0);
        for (numerator, denominator) in TERMS {
            sum = sum.add(&big(numerator).div(&big(denominator).mul(&power, p, rm), p, rm), p, rm);
            power = power.mul(&square, p, rm);
        }
        let cc = &mut self.consts;
        let log_x = moved.ln(p, rm, cc);
        let two_pi = cc.pi(p, rm).mul(&big(2.0), p, rm);
        let half_log = two_pi.ln(p, rm, cc).div(&big(2.0), p, rm);
        let main = moved.sub(&big(0.5), p, rm).mul(&log_x, p, rm).sub(&moved, p, rm);
        let product_log = product.ln(p, rm, cc);
        main.add(&half_log, p, rm).add(&sum, p, rm).sub(&product_log, p, rm)
    }
}

/// `x` exactly; subnormal numbers are converted as normal ones and moved down.
pub fn big(x: f64) -> BigFloat {
    const LIFT: i32 = 64;
    if x == 0.0 || x.abs() >= f64::MIN_POSITIVE {
        return BigFloat::from_f64(x, PRECISION);
    }
    let mut lifted = BigFloat::from_f64(libm::ldexp(x, LIFT), PRECISION);
    let exponent = lifted.exponent().expect("a finite number");
    lifted.set_exponent(exponent - LIFT);
    lifted
}

/// `x + coefficient·x²`, for x so small that the next term does not count.
fn small_series(x: &BigFloat, coefficient: f64) -> BigFloat {
    let square = x.mul(x, PRECISION, ROUNDING);
    x.add(&square.mul(&big(coefficient), PRECISION, ROUNDING), PRECISION, ROUNDING)
}

/// The distance of `got` from `want` in units in the last place of `want`, for a type with
/// `mantissa_bits` stored bits and normal numbers from 2^`min_exponent` on.
pub fn ulp_error(got: f64, want: &BigFloat, mantissa_bits: i32, min_exponent: i32) -> f64 {
    let difference = big(got).sub(want, PRECISION, ROUNDING);
    if difference.is_zero() {
        return 0.0;
    }
    // Big floats are in [1/2, 1) times 2^exponent.
    let exponent = want.exponent().map_or(min_exponent, |e| (e - 1).max(min_exponent));
    let mut scaled = difference;
    let own = scaled.exponent().expect("a finite difference");
    scaled.set_exponent(own - exponent + mantissa_bits);
    to_f64(&scaled).abs()
}

/// The nearest float64, or about that.
pub fn to_f64(x: &BigFloat) -> f64 {
    let Some((words, _, sign, exponent, _)) = x.as_raw_parts() else { return f64::NAN };
    let top = words.last().map_or(0.0, |&word| word as f64) / 18_446_744_073_709_551_616.0;
    let magnitude = libm::ldexp(top, exponent);
    if sign.is_negative() { -magnitude } else { magnitude }
}

#[test]
fn the_reference_knows_known_values() {
    let mut reference = Reference::new();
    let near = |value: Option<BigFloat>, known: f64| {
        let value = value.expect("a finite value");
        assert!(ulp_error(known, &value, 52, -1022) <= 0.5, "{known} against {}", to_f64(&value));
    };
    near(reference.unary(MathFn::Exp, 1.0), std::f64::consts::E);
    near(reference.unary(MathFn::Erf, 1.0), 0.8427007929497149);
    near(reference.unary(MathFn::Erfc, 10.0), 2.088487583762545e-45);
    near(reference.unary(MathFn::Tgamma, 0.5), 1.772453850905516);
    near(reference.unary(MathFn::Lgamma, 100.5), 361.4355404677776);
    near(reference.unary(MathFn::Lgamma, -2.5), -0.056243716497674054);
    near(reference.unary(MathFn::Tgamma, -2.5), -0.9453087204829419);
    near(reference.unary(MathFn::Expm1, 1e-30), 1e-30);
    near(reference.binary(BinaryOp::Atan2, -1.0, -1.0), -0.75 * std::f64::consts::PI);
}
