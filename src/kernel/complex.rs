//! Complex arithmetic. Products and quotients recover infinities as C99 Annex G (G.5.1) shows; those of `plain` do not.
//!
//! On complex64, quotients, powers and moduli are computed in float64 and rounded once.

mod plain;

use std::ops;

use super::arithmetic::{Add, Div, Neg, Square, Sub, ring};
use super::element::Float;
use super::elementwise::{
    BinaryFn, Each, UnaryFn, array_first_kernel, binary_kernel, binary_kernel_of, commuting_kernel,
    part_by_part, unary_kernel,
};
use super::level::Level;
use super::math::complex::{exponent, scaled};
use super::{Kernel, Operands, math};
use crate::dtype::Precision::{Double, Single};
use crate::dtype::{Class, Complex, Dtype};
use crate::ir::{BinaryOp, UnaryOp};
use plain::{PlainDiv, PlainMul, PlainPow, Reciprocal};

impl<T: Float> ops::Add for Complex<T> {
    type Output = Complex<T>;
    #[inline(always)]
    fn add(self, other: Complex<T>) -> Complex<T> {
        Complex::new(self.re + other.re, self.im + other.im)
    }
}

impl<T: Float> ops::Sub for Complex<T> {
    type Output = Complex<T>;
    #[inline(always)]
    fn sub(self, other: Complex<T>) -> Complex<T> {
        Complex::new(self.re - other.re, self.im - other.im)
    }
}

impl<T: Float> ops::Neg for Complex<T> {
    type Output = Complex<T>;
    #[inline(always)]
    fn neg(self) -> Complex<T> {
        Complex::new(-self.re, -self.im)
    }
}

impl<T: Float> ops::Mul for Complex<T> {
    type Output = Complex<T>;
    #[inline(always)]
    fn mul(self, other: Complex<T>) -> Complex<T> {
        let product = plain_product(self, other);
        if product.re.is_nan() && product.im.is_nan() { recovered_product(self, other) } else { product }
    }
}

impl ops::Div for Complex<f64> {
    type Output = Complex<f64>;
    #[inline(always)]
    fn div(self, other: Complex<f64>) -> Complex<f64> {
        quotient(self, other)
    }
}

impl ops::Div for Complex<f32> {
    type Output = Complex<f32>;
    #[inline(always)]
    fn div(self, other: Complex<f32>) -> Complex<f32> {
        narrow(quotient(widen(self), widen(other)))
    }
}

#[inline(always)]
fn plain_product<T: Float>(x: Complex<T>, y: Complex<T>) -> Complex<T> {
    Complex::new(x.re * y.re - x.im * y.im, x.re * y.im + x.im * y.re)
}

/// The product of two values whose plain product is NaN in both parts: an infinity where one of
/// them, or a partial product, is infinite.
#[cold]
#[inline(never)]
fn recovered_product<T: Float>(x: Complex<T>, y: Complex<T>) -> Complex<T> {
    let partial_overflow =
        [x.re * y.re, x.im * y.im, x.re * y.im, x.im * y.re].into_iter().any(Float::is_infinite);
    let (x, y) = match (is_infinite(x), is_infinite(y)) {
        (true, true) => (unit_infinity(x), unit_infinity(y)),
        (true, false) => (unit_infinity(x), zero_for_nan(y)),
        (false, true) => (zero_for_nan(x), unit_infinity(y)),
        (false, false) if partial_overflow => (zero_for_nan(x), zero_for_nan(y)),
        (false, false) => return plain_product(x, y),
    };
    let direction = plain_product(x, y);
    Complex::new(T::INFINITY * direction.re, T::INFINITY * direction.im)
}

#[inline(always)]
fn is_infinite<T: Float>(z: Complex<T>) -> bool {
    z.re.is_infinite() || z.im.is_infinite()
}

/// Infinite parts as ±1 and the others as ±0: the direction of an infinite value.
fn unit_infinity<T: Float>(z: Complex<T>) -> Complex<T> {
    let unit = |part: T| if part.is_infinite() { T::ONE } else { T::default() }.copysign(part);
    Complex::new(unit(z.re), unit(z.im))
}

fn zero_for_nan<T: Float>(z: Complex<T>) -> Complex<T> {
    let finite = |part: T| if part.is_nan() { T::default().copysign(part) } else { part };
    Complex::new(finite(z.re), finite(z.im))
}

#[inline(always)]
fn widen(z: Complex<f32>) -> Complex<f64> {
    Complex::new(f64::from(z.re), f64::from(z.im))
}

#[inline(always)]
fn narrow(z: Complex<f64>) -> Complex<f32> {
    Complex::new(z.re as f32, z.im as f32)
}

/// Whether the larger part is so far from the ends of the range that squares and products of four
/// such parts neither overflow nor lose digits.
#[inline(always)]
fn is_moderate(z: Complex<f64>) -> bool {
    const LEAST: f64 = f64::from_bits((1023 - 250) << 52);
    const GREATEST: f64 = f64::from_bits((1023 + 250) << 52);
    let larger = z.re.abs().max(z.im.abs());
    (LEAST..=GREATEST).contains(&larger)
}

#[inline(always)]
fn quotient(x: Complex<f64>, y: Complex<f64>) -> Complex<f64> {
    if is_moderate(x) && is_moderate(y) { plain_quotient(x, y) } else { scaled_quotient(x, y) }
}

#[inline(always)]
fn plain_quotient(x: Complex<f64>, y: Complex<f64>) -> Complex<f64> {
    let norm = y.re * y.re + y.im * y.im;
    let product = conjugate_product(x, y);
    Complex::new(product.re / norm, product.im / norm)
}

/// x / y with both operands scaled to the neighbourhood of 1, so that nothing overflows on the way.
#[cold]
#[inline(never)]
fn scaled_quotient(x: Complex<f64>, y: Complex<f64>) -> Complex<f64> {
    let (x_exponent, y_exponent) = (exponent(x), exponent(y));
    let near_one = plain_quotient(scaled(x, -x_exponent), scaled(y, -y_exponent));
    let plain = scaled(near_one, x_exponent - y_exponent);
    if plain.re.is_nan() && plain.im.is_nan() { recovered_quotient(x, y, plain) } else { plain }
}

/// x times the conjugate of y.
#[inline(always)]
fn conjugate_product(x: Complex<f64>, y: Complex<f64>) -> Complex<f64> {
    Complex::new(x.re * y.re + x.im * y.im, x.im * y.re - x.re * y.im)
}

/// The quotient of two values whose `plain` quotient is NaN in both parts: infinite for a division
/// by zero or of an infinity, zero for a division by an infinity.
fn recovered_quotient(x: Complex<f64>, y: Complex<f64>, plain: Complex<f64>) -> Complex<f64> {
    let finite = |z: Complex<f64>| z.re.is_finite() && z.im.is_finite();
    if y.re == 0.0 && y.im == 0.0 {
        let infinity = f64::INFINITY.copysign(y.re);
        Complex::new(infinity * x.re, infinity * x.im)
    } else if is_infinite(x) && finite(y) {
        let direction = conjugate_product(unit_infinity(x), y);
        Complex::new(f64::INFINITY * direction.re, f64::INFINITY * direction.im)
    } else if finite(x) && is_infinite(y) {
        let direction = conjugate_product(x, unit_infinity(y));
        Complex::new(0.0 * direction.re, 0.0 * direction.im)
    } else {
        plain
    }
}

/// Exponents up to this magnitude are done by multiplication.
const MAX_PRODUCT_EXPONENT: f64 = 64.0;

/// The principal value of base^exponent = exp(exponent · log base); 1 for exponent 0. Whole real
/// exponents of moderate size are done by repeated squaring, which loses less.
fn power(base: Complex<f64>, exponent: Complex<f64>) -> Complex<f64> {
    let real = exponent.im == 0.0;
    if real && exponent.re.trunc() == exponent.re && exponent.re.abs() <= MAX_PRODUCT_EXPONENT {
        return whole_power(base, exponent.re as i32);
    }
    if base.re == 0.0 && base.im == 0.0 && exponent.re > 0.0 {
        return Complex::default();
    }
    let (log_modulus, angle) = (base.re.hypot(base.im).ln(), base.im.atan2(base.re));
    let modulus = (exponent.re * log_modulus - exponent.im * angle).exp();
    let (sin, cos) = (exponent.im * log_modulus + exponent.re * angle).sin_cos();
    if modulus.is_infinite() && cos.is_nan() {
        // An infinity of unknown direction (C99 Annex G, cexp).
        return Complex::new(modulus, f64::NAN);
    }
    Complex::new(modulus * cos, modulus * sin)
}

fn whole_power(mut base: Complex<f64>, exponent: i32) -> Complex<f64> {
    let one = Complex::new(1.0, 0.0);
    let mut result = one;
    let mut rest = exponent.unsigned_abs();
    while rest != 0 {
        if rest & 1 != 0 {
            result = result * base;
        }
        base = base * base;
        rest >>= 1;
    }
    if exponent < 0 { one / result } else { result }
}

/// What differs between complex64 and complex128: the power, computed in float64.
trait Part: Float {
    fn power(base: Complex<Self>, exponent: Complex<Self>) -> Complex<Self>;
}

impl Part for f64 {
    fn power(base: Complex<f64>, exponent: Complex<f64>) -> Complex<f64> {
        power(base, exponent)
    }
}

impl Part for f32 {
    fn power(base: Complex<f32>, exponent: Complex<f32>) -> Complex<f32> {
        narrow(power(widen(base), widen(exponent)))
    }
}

struct Conjugate;
struct RealPart;
struct ImaginaryPart;
/// The modulus by float64, where the squares cannot overflow; infinite when a part is, even beside NaN.
struct Modulus;
struct Sign;
struct Rint;
struct Power;

impl<T: Float> UnaryFn<Complex<T>> for Conjugate {
    type Out = Complex<T>;
    #[inline(always)]
    fn apply(z: Complex<T>) -> Complex<T> {
        Complex::new(z.re, -z.im)
    }
}

impl<T: Float> UnaryFn<Complex<T>> for RealPart {
    type Out = T;
    #[inline(always)]
    fn apply(z: Complex<T>) -> T {
        z.re
    }
}

impl<T: Float> UnaryFn<Complex<T>> for ImaginaryPart {
    type Out = T;
    #[inline(always)]
    fn apply(z: Complex<T>) -> T {
        z.im
    }
}

impl UnaryFn<Complex<f32>> for Modulus {
    type Out = f32;
    #[inline(always)]
    fn apply(z: Complex<f32>) -> f32 {
        let (re, im) = (f64::from(z.re), f64::from(z.im));
        let modulus = (re * re + im * im).sqrt();
        if is_infinite(z) { f32::INFINITY } else { modulus as f32 }
    }
}

impl UnaryFn<Complex<f32>> for Sign {
    type Out = Complex<f32>;
    #[inline(always)]
    fn apply(z: Complex<f32>) -> Complex<f32> {
        let modulus = Modulus::apply(z);
        let is_regular = (modulus > 0.0) & (modulus < f32::INFINITY);
        if is_regular { Complex::new(z.re / modulus, z.im / modulus) } else { extreme_sign(z) }
    }
}

/// The direction of zero, of NaN, and of numbers whose modulus is infinite.
#[cold]
#[inline(never)]
fn extreme_sign(z: Complex<f32>) -> Complex<f32> {
    narrow(math::complex::direction(widen(z)))
}

impl<T: Float> UnaryFn<Complex<T>> for Rint {
    type Out = Complex<T>;
    #[inline(always)]
    fn apply(z: Complex<T>) -> Complex<T> {
        Complex::new(z.re.round_ties_even(), z.im.round_ties_even())
    }
}

impl<T: Part> BinaryFn<Complex<T>> for Power {
    type Out = Complex<T>;
    #[inline(always)]
    fn apply(base: Complex<T>, exponent: Complex<T>) -> Complex<T> {
        T::power(base, exponent)
    }
}

/// The kernel of `op` on complex64 or complex128.
pub(super) fn unary(op: UnaryOp, dtype: Dtype, level: Level) -> Option<Kernel> {
    match (op, dtype.class()) {
        (UnaryOp::Math(function), _) => math::complex::unary(function, dtype, level),
        (UnaryOp::Abs, Class::Complex(Double)) => Some(math::complex::modulus(level)),
        (UnaryOp::Abs, Class::Complex(Single)) => Some(unary_kernel::<Modulus, Complex<f32>>(level)),
        (UnaryOp::Sign, Class::Complex(Double)) => Some(math::complex::sign(level)),
        // A branch for each element: one level serves all.
        (UnaryOp::Sign, Class::Complex(Single)) => Some(unary_kernel::<Sign, Complex<f32>>(Level::Baseline)),
        (_, Class::Complex(Single)) => unary_of::<f32>(op, level),
        (_, Class::Complex(Double)) => unary_of::<f64>(op, level),
        (_, Class::Bool | Class::Integer | Class::Float(_) | Class::Text) => None,
    }
}

fn unary_of<T: Part>(op: UnaryOp, level: Level) -> Option<Kernel> {
    let kernel = match op {
        UnaryOp::Neg => unary_kernel::<Neg, Complex<T>>(level),
        UnaryOp::Square => unary_kernel::<Square, Complex<T>>(level),
        UnaryOp::Reciprocal => unary_kernel::<Reciprocal, Complex<T>>(level),
        UnaryOp::Conj => unary_kernel::<Conjugate, Complex<T>>(level),
        UnaryOp::Real => unary_kernel::<RealPart, Complex<T>>(level),
        UnaryOp::Imag => unary_kernel::<ImaginaryPart, Complex<T>>(level),
        UnaryOp::Rint => unary_kernel::<Rint, Complex<T>>(level),
        UnaryOp::Abs
        | UnaryOp::Sign
        | UnaryOp::BitNot
        | UnaryOp::Floor
        | UnaryOp::Ceil
        | UnaryOp::Trunc
        | UnaryOp::Round
        | UnaryOp::Factorial
        | UnaryOp::CountOnes
        | UnaryOp::Math(_) => return None,
    };
    Some(kernel)
}

/// The kernel of `op` on complex64 or complex128.
pub(super) fn binary(op: BinaryOp, dtype: Dtype, operands: Operands, level: Level) -> Option<Kernel> {
    match dtype.class() {
        Class::Complex(Single) => binary_of::<f32>(op, operands, level),
        Class::Complex(Double) => binary_of::<f64>(op, operands, level),
        Class::Bool | Class::Integer | Class::Float(_) | Class::Text => None,
    }
}

fn binary_of<T: Part>(op: BinaryOp, operands: Operands, level: Level) -> Option<Kernel>
where
    Complex<T>: ops::Div<Output = Complex<T>>,
    PlainPow: BinaryFn<Complex<T>, Out = Complex<T>>,
{
    match op {
        BinaryOp::Add if operands == Operands::ArrayArray => Some(part_by_part::<Add, T>(level)),
        BinaryOp::Sub if operands == Operands::ArrayArray => Some(part_by_part::<Sub, T>(level)),
        BinaryOp::Div => Some(binary_kernel::<Div, Complex<T>>(operands, level)),
        BinaryOp::PlainMul => Some(commuting_kernel::<PlainMul, Complex<T>>(operands, level)),
        BinaryOp::PlainDiv => array_first_kernel::<PlainDiv, Complex<T>>(operands, level),
        // A call for each element: one level serves all.
        BinaryOp::Pow => Some(binary_kernel::<Power, Complex<T>>(operands, Level::Baseline)),
        BinaryOp::PlainPow if operands == Operands::ArrayArray => {
            Some(binary_kernel_of::<PlainPow, Complex<T>, Each, Each>(Level::Baseline))
        }
        _ => ring::<Complex<T>>(op, operands, level),
    }
}
