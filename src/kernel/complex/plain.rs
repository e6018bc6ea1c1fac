//! Complex arithmetic as NumPy does it: products by their definition, quotients by Smith's formula (R. L. Smith,
//! "Algorithm 116: Complex division", 1962). Nothing recovers infinities, so results are NaN in more cases than by
//! Annex G, and overflow on the way in some.

use super::super::element::Float;
use super::super::elementwise::{BinaryFn, UnaryFn};
use super::super::math;
use super::{narrow, plain_product, widen};
use crate::dtype::Complex;

pub(super) struct PlainMul;
pub(super) struct PlainDiv;
pub(super) struct PlainPow;
pub(super) struct Reciprocal;

impl<T: Float> BinaryFn<Complex<T>> for PlainMul {
    type Out = Complex<T>;
    #[inline(always)]
    fn apply(x: Complex<T>, y: Complex<T>) -> Complex<T> {
        plain_product(x, y)
    }
}

impl<T: Float> BinaryFn<Complex<T>> for PlainDiv {
    type Out = Complex<T>;
    #[inline(always)]
    fn apply(x: Complex<T>, y: Complex<T>) -> Complex<T> {
        smith_quotient(x, y)
    }
}

impl<T: Float> UnaryFn<Complex<T>> for Reciprocal {
    type Out = Complex<T>;
    #[inline(always)]
    fn apply(z: Complex<T>) -> Complex<T> {
        smith_reciprocal(z)
    }
}

impl BinaryFn<Complex<f64>> for PlainPow {
    type Out = Complex<f64>;
    fn apply(base: Complex<f64>, exponent: Complex<f64>) -> Complex<f64> {
        power(base, exponent)
    }
}

impl BinaryFn<Complex<f32>> for PlainPow {
    type Out = Complex<f32>;
    fn apply(base: Complex<f32>, exponent: Complex<f32>) -> Complex<f32> {
        narrow(power(widen(base), widen(exponent)))
    }
}

/// Smith's formula divides by the larger part of the divisor first. Selections in place of branches let loops
/// be vectorised.
#[inline(always)]
fn smith_quotient<T: Float>(x: Complex<T>, y: Complex<T>) -> Complex<T> {
    let is_real_larger = y.re.abs() >= y.im.abs();
    let (larger, smaller) = if is_real_larger { (y.re, y.im) } else { (y.im, y.re) };
    let (first, second) = if is_real_larger { (x.re, x.im) } else { (x.im, x.re) };
    let ratio = smaller / larger;
    let scale = T::ONE / (larger + smaller * ratio);
    let turned = first * ratio;
    let difference = if is_real_larger { second - turned } else { turned - second };
    let quotient = Complex::new((first + second * ratio) * scale, difference * scale);
    // Of the four zeros all are one divisor.
    let is_zero = is_real_larger & (larger == T::default());
    let by_zero = Complex::new(x.re * T::INFINITY, x.im * T::INFINITY);
    if is_zero { by_zero } else { quotient }
}

/// 1/z; NaN for zero.
#[inline(always)]
fn smith_reciprocal<T: Float>(z: Complex<T>) -> Complex<T> {
    let is_real_larger = z.im.abs() <= z.re.abs();
    let (larger, smaller) = if is_real_larger { (z.re, z.im) } else { (z.im, z.re) };
    let ratio = smaller / larger;
    let divisor = larger + smaller * ratio;
    let (inverse, turned) = (T::ONE / divisor, ratio / divisor);
    if is_real_larger { Complex::new(inverse, -turned) } else { Complex::new(turned, -inverse) }
}

/// Whole exponents below this magnitude are done by multiplication.
const END_OF_PRODUCTS: f64 = 100.0;

/// The principal value of base^exponent. 1 for exponent 0; a zero to an exponent whose real part is not positive
/// is NaN. Whole real exponents of moderate size are done by products, the others by exp(exponent · log base) with
/// the special values of Annex G.
fn power(base: Complex<f64>, exponent: Complex<f64>) -> Complex<f64> {
    if exponent == Complex::default() {
        return Complex::new(1.0, 0.0);
    }
    if base == Complex::default() {
        let value = if exponent.re > 0.0 { 0.0 } else { f64::NAN };
        return Complex::new(value, value);
    }
    let is_whole = exponent.im == 0.0 && exponent.re.trunc() == exponent.re;
    if is_whole && exponent.re.abs() < END_OF_PRODUCTS {
        return whole_power(base, exponent.re as i32);
    }
    let [re, im] = math::complex::log([base.re, base.im]);
    let product = exponent * Complex::new(re, im);
    let [re, im] = math::complex::exp([product.re, product.im]);
    Complex::new(re, im)
}

fn whole_power(base: Complex<f64>, exponent: i32) -> Complex<f64> {
    match exponent {
        // Without the product with 1, which makes NaN of an infinity.
        1 => return base,
        2 => return plain_product(base, base),
        3 => return plain_product(base, plain_product(base, base)),
        _ => {}
    }
    let one = Complex::new(1.0, 0.0);
    let (mut result, mut square, mut rest) = (one, base, exponent.unsigned_abs());
    while rest != 0 {
        if rest % 2 == 1 {
            result = plain_product(result, square);
        }
        square = plain_product(square, square);
        rest /= 2;
    }
    if exponent < 0 { smith_quotient(one, result) } else { result }
}
