//! Functions of complex numbers: values at the limits as NumPy has them (recorded by `scripts/record_kernels.py`),
//! and errors against a multi-precision reference.

use super::Random;
use super::reference::{big, to_f64};
use crate::dtype::{Complex, Dtype};
use crate::ir::{BinaryOp, MathFn, UnaryOp};
use crate::kernel::level::Level;
use crate::kernel::math::complex::unary;
use crate::kernel::{self, Accuracy, Kernel, Operands};
use astro_float::{BigFloat, Consts, RoundingMode};
use std::f64::consts::FRAC_PI_2;
use std::ptr::null;

const LIMITS: &str = include_str!("complex_limits.txt");

fn functions() -> impl Iterator<Item = MathFn> {
    MathFn::ALL.iter().copied().filter(|function| function.is_complex())
}

fn run<T: Copy + Default>(f: MathFn, dtype: Dtype, level: Level, z: &[Complex<T>]) -> Vec<Complex<T>> {
    let mut out = vec![Complex::default(); z.len()];
    let kernel = unary(f, dtype, level).expect("a function of complex numbers");
    // SAFETY: the operand has as many items as the result.
    unsafe { kernel(out.as_mut_ptr().cast(), z.as_ptr().cast(), null(), null(), z.len()) };
    out
}

fn narrowed(z: &[Complex<f64>]) -> Vec<Complex<f32>> {
    z.iter().map(|z| Complex::new(z.re as f32, z.im as f32)).collect()
}

fn widened(z: &Complex<f32>) -> Complex<f64> {
    Complex::new(f64::from(z.re), f64::from(z.im))
}

#[test]
fn functions_that_have_kernels_say_so() {
    for &function in MathFn::ALL {
        let kernel = unary(function, Dtype::Complex64, Level::Baseline);
        assert_eq!(kernel.is_some(), function.is_complex(), "{function:?}");
    }
}

/// Whether a part is the wanted one: infinities and zeros by sign, which is free beside NaN.
fn is_same(got: f64, wanted: f64, scale: f64, is_sign_free: bool) -> bool {
    let is_sign_right = is_sign_free || got.is_sign_negative() == wanted.is_sign_negative();
    match () {
        () if wanted.is_nan() || got.is_nan() => wanted.is_nan() && got.is_nan(),
        () if wanted.is_infinite() || wanted == 0.0 => got.abs() == wanted.abs() && is_sign_right,
        () => (got - wanted).abs() <= 4.0 * f64::EPSILON * scale,
    }
}

#[test]
fn limits_are_those_of_numpy() {
    let mut wrong = Vec::new();
    for line in LIMITS.lines() {
        let (name, rest) = line.split_once(' ').unwrap();
        let function = functions().find(|function| function.row().name == name).unwrap();
        let numbers: Vec<f64> =
            rest.split(' ').map(|bits| f64::from_bits(u64::from_str_radix(bits, 16).unwrap())).collect();
        let [x, y, re, im] = numbers[..] else { panic!("four numbers") };
        let finite = [re, im].into_iter().filter(|part| part.is_finite());
        let scale = finite.map(f64::abs).fold(0.0, f64::max);
        for level in Level::all_supported() {
            let [got] = run(function, Dtype::Complex128, level, &[Complex::new(x, y)])[..] else { panic!() };
            let is_free = re.is_nan() || im.is_nan();
            if !is_same(got.re, re, scale, is_free) || !is_same(got.im, im, scale, is_free) {
                wrong.push(format!("{name}({x} {y}) {level:?}: {} {} instead of {re} {im}", got.re, got.im));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Bits of the reference; cancellation in its formulas costs up to half of them.
const PRECISION: usize = 448;
const ROUNDING: RoundingMode = RoundingMode::ToEven;

/// A complex number of many digits.
#[derive(Clone)]
struct Exact {
    re: BigFloat,
    im: BigFloat,
}

impl Exact {
    fn of(z: Complex<f64>) -> Exact {
        Exact { re: big(z.re), im: big(z.im) }
    }

    fn plus(&self, other: &Exact) -> Exact {
        let sum = |a: &BigFloat, b: &BigFloat| a.add(b, PRECISION, ROUNDING);
        Exact { re: sum(&self.re, &other.re), im: sum(&self.im, &other.im) }
    }

    fn negated(&self) -> Exact {
        Exact { re: self.re.neg(), im: self.im.neg() }
    }

    fn times(&self, other: &Exact) -> Exact {
        let product = |a: &BigFloat, b: &BigFloat| a.mul(b, PRECISION, ROUNDING);
        Exact {
            re: product(&self.re, &other.re).sub(&product(&self.im, &other.im), PRECISION, ROUNDING),
            im: product(&self.re, &other.im).add(&product(&self.im, &other.re), PRECISION, ROUNDING),
        }
    }

    fn scaled(&self, factor: &BigFloat) -> Exact {
        let product = |part: &BigFloat| part.mul(factor, PRECISION, ROUNDING);
        Exact { re: product(&self.re), im: product(&self.im) }
    }

    /// Divided by i.
    fn turned_back(&self) -> Exact {
        Exact { re: self.im.clone(), im: self.re.neg() }
    }

    fn turned(&self) -> Exact {
        Exact { re: self.im.neg(), im: self.re.clone() }
    }

    fn square_of_modulus(&self) -> BigFloat {
        let square = |part: &BigFloat| part.mul(part, PRECISION, ROUNDING);
        square(&self.re).add(&square(&self.im), PRECISION, ROUNDING)
    }

    fn modulus(&self) -> BigFloat {
        self.square_of_modulus().sqrt(PRECISION, ROUNDING)
    }

    fn root(&self) -> Exact {
        let half = big(0.5);
        let modulus = self.modulus();
        let part = |sum: BigFloat| sum.mul(&half, PRECISION, ROUNDING).sqrt(PRECISION, ROUNDING);
        let re = part(modulus.add(&self.re, PRECISION, ROUNDING));
        let im = part(modulus.sub(&self.re, PRECISION, ROUNDING));
        Exact { re, im: if self.im.is_negative() { im.neg() } else { im } }
    }

    fn log(&self, consts: &mut Consts) -> Exact {
        let (p, rm) = (PRECISION, ROUNDING);
        let re = self.square_of_modulus().ln(p, rm, consts).mul(&big(0.5), p, rm);
        let angle = self.im.abs().div(&self.re.abs(), p, rm).atan(p, rm, consts);
        let angle = if self.re.is_negative() { consts.pi(p, rm).sub(&angle, p, rm) } else { angle };
        Exact { re, im: if self.im.is_negative() { angle.neg() } else { angle } }
    }

    fn exp(&self, consts: &mut Consts) -> Exact {
        let (p, rm) = (PRECISION, ROUNDING);
        let modulus = self.re.exp(p, rm, consts);
        Exact { re: self.im.cos(p, rm, consts), im: self.im.sin(p, rm, consts) }.scaled(&modulus)
    }

    /// (e^z ± e^-z) / 2.
    fn half_of_powers(&self, sign: f64, consts: &mut Consts) -> Exact {
        let (grown, shrunk) = (self.exp(consts), self.negated().exp(consts));
        grown.plus(&shrunk.scaled(&big(sign))).scaled(&big(0.5))
    }

    fn tanh(&self, consts: &mut Consts) -> Exact {
        let (sinh, cosh) = (self.half_of_powers(-1.0, consts), self.half_of_powers(1.0, consts));
        let conjugate = Exact { re: cosh.re.clone(), im: cosh.im.neg() };
        let reciprocal = big(1.0).div(&cosh.square_of_modulus(), PRECISION, ROUNDING);
        sinh.times(&conjugate).scaled(&reciprocal)
    }

    fn asinh(&self, consts: &mut Consts) -> Exact {
        let one = Exact::of(Complex::new(1.0, 0.0));
        self.plus(&self.times(self).plus(&one).root()).log(consts)
    }

    fn atanh(&self, consts: &mut Consts) -> Exact {
        let one = Exact::of(Complex::new(1.0, 0.0));
        let (above, below) = (one.plus(self).log(consts), one.plus(&self.negated()).log(consts));
        above.plus(&below.negated()).scaled(&big(0.5))
    }

    fn inverse(&self) -> Exact {
        let conjugate = Exact { re: self.re.clone(), im: self.im.neg() };
        conjugate.scaled(&big(1.0).div(&self.square_of_modulus(), PRECISION, ROUNDING))
    }

    fn value(&self, f: MathFn, consts: &mut Consts) -> Exact {
        let (p, rm) = (PRECISION, ROUNDING);
        let one = Exact::of(Complex::new(1.0, 0.0));
        match f {
            MathFn::Sqrt => self.root(),
            MathFn::Exp => self.exp(consts),
            MathFn::Exp2 => self.scaled(&big(2.0).ln(p, rm, consts)).exp(consts),
            MathFn::Expm1 => self.exp(consts).plus(&one.negated()),
            MathFn::Log => self.log(consts),
            MathFn::Log2 => self.log(consts).scaled(&big(1.0).div(&big(2.0).ln(p, rm, consts), p, rm)),
            MathFn::Log10 => self.log(consts).scaled(&big(1.0).div(&big(10.0).ln(p, rm, consts), p, rm)),
            MathFn::Log1p => self.plus(&one).log(consts),
            MathFn::Sinh => self.half_of_powers(-1.0, consts),
            MathFn::Cosh => self.half_of_powers(1.0, consts),
            MathFn::Tanh => self.tanh(consts),
            MathFn::Sin => self.turned().half_of_powers(-1.0, consts).turned_back(),
            MathFn::Cos => self.turned().half_of_powers(1.0, consts),
            MathFn::Tan => self.turned().tanh(consts).turned_back(),
            MathFn::Asin => self.turned().asinh(consts).turned_back(),
            MathFn::Acos => {
                let right = Exact { re: consts.pi(p, rm).mul(&big(0.5), p, rm), im: big(0.0) };
                right.plus(&self.turned().asinh(consts).turned_back().negated())
            }
            MathFn::Atan => self.turned().atanh(consts).turned_back(),
            MathFn::Asinh => self.asinh(consts),
            MathFn::Acosh => {
                let (below, above) = (self.plus(&one.negated()).root(), self.plus(&one).root());
                self.plus(&below.times(&above)).log(consts)
            }
            MathFn::Atanh => self.atanh(consts),
            other => panic!("{other:?} is no function of complex numbers"),
        }
    }
}

/// The errors of both parts in units in the last place of the modulus; `None` where the result is too small or
/// too large for float64.
fn error(got: Complex<f64>, want: &Exact, mantissa_bits: i32) -> Option<f64> {
    let modulus = to_f64(&want.modulus());
    if !(1e-30..1e30).contains(&modulus) {
        return None;
    }
    let unit = 2f64.powi(libm::ilogb(modulus) - mantissa_bits);
    let part = |got: f64, want: &BigFloat| to_f64(&big(got).sub(want, PRECISION, ROUNDING)).abs() / unit;
    Some(part(got.re, &want.re).max(part(got.im, &want.im)))
}

/// The errors of both parts in units in the last place of each part itself.
fn error_of_parts(got: Complex<f64>, want: &Exact) -> f64 {
    let part = |got: f64, want: &BigFloat| {
        let size = to_f64(want).abs();
        let unit = 2f64.powi(libm::ilogb(size) - 52);
        let error = to_f64(&big(got).sub(want, PRECISION, ROUNDING)).abs() / unit;
        if (1e-30..1e30).contains(&size) { error } else { 0.0 }
    };
    part(got.re, &want.re).max(part(got.im, &want.im))
}

/// Numbers of every size and direction, near the unit circle, the axes, and the points where functions have
/// zeros, poles and branches.
fn arguments(count: usize, seed: u64) -> Vec<Complex<f64>> {
    let mut random = Random::new(seed);
    let mut z = Vec::new();
    for _ in 0..count {
        let turn = random.uniform(-3.15, 3.15);
        let on_circle = Complex::new(turn.cos(), turn.sin());
        let small = 10f64.powf(random.uniform(-9.0, 0.5));
        let (sine, cosine) = random.uniform(-3.15, 3.15).sin_cos();
        let near = Complex::new(small * cosine, small * sine);
        z.push(near);
        z.push(Complex::new(random.uniform(-20.0, 20.0), random.uniform(-20.0, 20.0)));
        z.push(Complex::new(random.uniform(-2.0, 2.0), random.uniform(-2.0, 2.0)));
        z.push(Complex::new(on_circle.re + near.re * 1e-6, on_circle.im + near.im * 1e-6));
        for (re, im) in [(1.0, 0.0), (-1.0, 0.0), (0.0, 1.0), (FRAC_PI_2, 0.0), (0.0, -3.1)] {
            z.push(Complex::new(re + near.re, im + near.im));
        }
        z.push(Complex::new(1e5 * random.uniform(-1.0, 1.0), 1e5 * random.uniform(-1.0, 1.0)));
    }
    z
}

const DOCUMENT: &str = include_str!("../../../../docs/accuracy.md");

/// The documented error of a text, for complex128 and complex64, and that of each part of complex128 by itself:
/// none where a part cancels.
fn documented(text: &str) -> [f64; 3] {
    let start = format!("| `{text}` |");
    let row = DOCUMENT.lines().find(|line| line.starts_with(&start)).unwrap_or_else(|| panic!("no {text}"));
    let mut cells = row.split('|').skip(2).map(|cell| cell.trim().parse().unwrap_or(f64::INFINITY));
    [(); 3].map(|()| cells.next().expect("three cells"))
}

/// Arguments of which each function is measured; `MINIEXPR_COMPLEX_SAMPLES` asks for another number of groups.
const SAMPLES: usize = 3;

fn samples() -> usize {
    let wanted = std::env::var("MINIEXPR_COMPLEX_SAMPLES").ok().and_then(|text| text.parse().ok());
    wanted.unwrap_or(SAMPLES)
}

#[test]
fn errors_are_within_the_documented_bounds() {
    let count = samples();
    let mut consts = Consts::new().expect("memory for the constants");
    let mut beyond = Vec::new();
    for function in functions() {
        let z = arguments(count, function as u64);
        let narrow = narrowed(&z);
        // Large results of exp and the like have no meaning to compare, and take long.
        let is_measured = |z: &Complex<f64>| {
            let growth =
                if matches!(function, MathFn::Sin | MathFn::Cos | MathFn::Tan) { z.im } else { z.re };
            growth.abs() < 30.0 || matches!(function, MathFn::Sqrt | MathFn::Log | MathFn::Log2)
        };
        let mut worst = [0.0_f64; 3];
        let mut at = [Complex::default(); 3];
        let exact: Vec<[Exact; 2]> = z
            .iter()
            .zip(&narrow)
            .filter(|(z, _)| is_measured(z))
            .map(|(z, narrow)| [*z, widened(narrow)].map(|z| Exact::of(z).value(function, &mut consts)))
            .collect();
        for level in Level::all_supported() {
            let double = run(function, Dtype::Complex128, level, &z);
            let single = run(function, Dtype::Complex64, level, &narrow);
            let measured = (0..z.len()).filter(|i| is_measured(&z[*i]));
            for (i, exact) in measured.zip(&exact) {
                let errors = [
                    error(double[i], &exact[0], 52).unwrap_or(0.0),
                    error(widened(&single[i]), &exact[1], 23).unwrap_or(0.0),
                    error_of_parts(double[i], &exact[0]),
                ];
                for (column, error) in errors.into_iter().enumerate() {
                    if error > worst[column] || error.is_nan() {
                        (worst[column], at[column]) = (error, z[i]);
                    }
                }
            }
        }
        let name = function.row().name;
        if std::env::var_os("MINIEXPR_COMPLEX_SAMPLES").is_some() {
            println!("| `{name}(z)` | {:.2} | {:.2} | {:.2} | {at:?}", worst[0], worst[1], worst[2]);
        }
        for (column, bound) in documented(&format!("{name}(z)")).into_iter().enumerate() {
            if worst[column].is_nan() || worst[column] > bound {
                beyond.push(format!(
                    "{name}, column {column}: {} > {bound} at {:?}",
                    worst[column], at[column]
                ));
            }
        }
    }
    assert!(beyond.is_empty(), "{}", beyond.join("\n"));
}

/// Arithmetic of the NumPy dialect, by its text in the documents.
#[derive(Clone, Copy, PartialEq)]
enum Arithmetic {
    Product,
    Quotient,
    Inverse,
    Power,
}

impl Arithmetic {
    const ALL: [(&str, Arithmetic); 4] = [
        ("z * w", Arithmetic::Product),
        ("z / w", Arithmetic::Quotient),
        ("reciprocal(z)", Arithmetic::Inverse),
        ("z ** w", Arithmetic::Power),
    ];

    fn kernel(self, dtype: Dtype, level: Level) -> Kernel {
        let binary = |op| kernel::binary(op, dtype, Operands::ArrayArray, Accuracy::Fast, level);
        let found = match self {
            Arithmetic::Product => binary(BinaryOp::PlainMul),
            Arithmetic::Quotient => binary(BinaryOp::PlainDiv),
            Arithmetic::Inverse => kernel::unary(UnaryOp::Reciprocal, dtype, Accuracy::Fast, level),
            Arithmetic::Power => binary(BinaryOp::PlainPow),
        };
        found.expect("an operation of complex numbers")
    }

    fn run<T: Copy + Default>(
        self,
        dtype: Dtype,
        level: Level,
        z: &[Complex<T>],
        w: &[Complex<T>],
    ) -> Vec<Complex<T>> {
        let mut out = vec![Complex::default(); z.len()];
        let kernel = self.kernel(dtype, level);
        // SAFETY: both operands have as many items as the result.
        unsafe { kernel(out.as_mut_ptr().cast(), z.as_ptr().cast(), w.as_ptr().cast(), null(), z.len()) };
        out
    }

    fn value(self, [z, w]: [Complex<f64>; 2], consts: &mut Consts) -> Exact {
        let (z, w) = (Exact::of(z), Exact::of(w));
        match self {
            Arithmetic::Product => z.times(&w),
            Arithmetic::Quotient => z.times(&w.inverse()),
            Arithmetic::Inverse => z.inverse(),
            Arithmetic::Power => z.log(consts).times(&w).exp(consts),
        }
    }

    /// Errors of powers grow with the exponent times the logarithm.
    fn is_measured(self, [z, w]: [Complex<f64>; 2]) -> bool {
        let logarithm = z.re.hypot(z.im).ln().hypot(z.im.atan2(z.re));
        self != Arithmetic::Power || w.re.hypot(w.im) * logarithm < 10.0
    }
}

#[test]
fn errors_of_arithmetic_are_within_the_documented_bounds() {
    let mut consts = Consts::new().expect("memory for the constants");
    let (z, mut w) = (arguments(samples(), 101), arguments(samples(), 102));
    w.rotate_left(1);
    let narrow = [narrowed(&z), narrowed(&w)];
    let mut beyond = Vec::new();
    for (text, operation) in Arithmetic::ALL {
        let mut worst = [0.0_f64; 3];
        for level in Level::all_supported() {
            let double = operation.run(Dtype::Complex128, level, &z, &w);
            let single = operation.run(Dtype::Complex64, level, &narrow[0], &narrow[1]);
            for i in 0..z.len() {
                let results = [
                    ([z[i], w[i]], double[i], 52),
                    ([widened(&narrow[0][i]), widened(&narrow[1][i])], widened(&single[i]), 23),
                ];
                for (column, (operands, got, bits)) in results.into_iter().enumerate() {
                    if operation.is_measured(operands) {
                        let exact = operation.value(operands, &mut consts);
                        worst[column] = worst[column].max(error(got, &exact, bits).unwrap_or(0.0));
                        if column == 0 {
                            worst[2] = worst[2].max(error_of_parts(got, &exact));
                        }
                    }
                }
            }
        }
        if std::env::var_os("MINIEXPR_COMPLEX_SAMPLES").is_some() {
            println!("| `{text}` | {:.2} | {:.2} | {:.2} |", worst[0], worst[1], worst[2]);
        }
        if worst.iter().zip(documented(text)).any(|(worst, bound)| *worst > bound) {
            beyond.push(format!("{text}: {worst:?}"));
        }
    }
    assert!(beyond.is_empty(), "{}", beyond.join("\n"));
}

/// Roots near the middle between two numbers, and near powers of two: where an iteration would round to the other side.
#[test]
fn real_roots_are_rounded_once() {
    let mut random = Random::new(29);
    let mut z: Vec<Complex<f64>> = Vec::new();
    for _ in 0..50_000 {
        let root = f64::from_bits(random.bits() >> 12 | 1023 << 52);
        let middle = root.mul_add(root, root * f64::EPSILON);
        let near_power = f64::from_bits(4f64.to_bits() + (random.bits() >> 50) - (1 << 13));
        let scale = 4f64.powi((random.bits() % 200) as i32 - 100);
        z.extend([middle, middle * 2.0, near_power, near_power * 0.5].map(|x| Complex::new(x * scale, 0.0)));
    }
    for level in Level::all_supported() {
        let roots = run(MathFn::Sqrt, Dtype::Complex128, level, &z);
        for (z, root) in z.iter().zip(&roots) {
            assert_eq!((root.re, root.im), (z.re.sqrt(), 0.0), "{level:?}: {}", z.re);
        }
    }
}

/// Of the length 1, by the formula and elsewhere: tiny, huge and subnormal numbers; with the same bits on every level.
#[test]
fn signs_have_the_length_one() {
    let mut random = Random::new(41);
    let mut z: Vec<Complex<f64>> = (0..4000)
        .map(|_| {
            let scale = libm::scalbn(1.0, random.below(2090) as i32 - 1070);
            Complex::new(scale * random.uniform(-1.0, 1.0), scale * random.uniform(-1.0, 1.0))
        })
        .filter(|z| z.re != 0.0 || z.im != 0.0)
        .collect();
    z.extend([5e-324, 1e308, f64::MAX].map(|x| Complex::new(x, -x)));
    let signs = |level| {
        let mut out = vec![Complex::<f64>::default(); z.len()];
        let kernel = kernel::unary(UnaryOp::Sign, Dtype::Complex128, Accuracy::Fast, level).unwrap();
        // SAFETY: the operand has as many items as the result.
        unsafe { kernel(out.as_mut_ptr().cast(), z.as_ptr().cast(), null(), null(), z.len()) };
        out
    };
    let got = signs(Level::Baseline);
    for (z, sign) in z.iter().zip(&got) {
        let length = sign.re.hypot(sign.im);
        assert!((length - 1.0).abs() < 4.0 * f64::EPSILON, "{z:?} -> {sign:?}");
        assert!(sign.re.signum() == z.re.signum() && sign.im.signum() == z.im.signum(), "{z:?} -> {sign:?}");
    }
    let bits = |z: &Complex<f64>| [z.re.to_bits(), z.im.to_bits()];
    for level in Level::all_supported() {
        assert!(signs(level).iter().map(bits).eq(got.iter().map(bits)), "{level:?}");
    }
}
