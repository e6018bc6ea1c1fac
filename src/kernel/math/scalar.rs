//! Functions of one element at a time: the scalar math library, completed.
//!
//! The standard library's methods call the platform's libm; the `libm` crate has what they lack.
//! These definitions are the meaning of each function, and what the vector formulas fall back on
//! outside the range they cover.

use super::float::{TABLE, Table};
use std::f64::consts::{LN_2, PI};

/// sin(πx), exact at multiples of 1/2; NaN for infinities.
pub fn sinpi(x: f64) -> f64 {
    let (quadrant, r) = half_turns(x);
    let y = match quadrant {
        0 => (PI * r).sin(),
        1 => (PI * r).cos(),
        2 => -(PI * r).sin(),
        _ => -(PI * r).cos(),
    };
    if y == 0.0 { y.copysign(x) } else { y }
}

/// cos(πx), exact at multiples of 1/2; NaN for infinities.
pub fn cospi(x: f64) -> f64 {
    let (quadrant, r) = half_turns(x);
    let y = match quadrant {
        0 => (PI * r).cos(),
        1 => -(PI * r).sin(),
        2 => -(PI * r).cos(),
        _ => (PI * r).sin(),
    };
    y + 0.0
}

/// Splits `x` into quarter turns modulo 4 and the rest in -1/4..=1/4, both exact.
fn half_turns(x: f64) -> (u8, f64) {
    let turn = x % 2.0;
    let quarters = (2.0 * turn).round();
    (quarters.rem_euclid(4.0) as u8, turn - 0.5 * quarters)
}

/// The factorials of 0 to 15 and of 16 to 31, infinite where 64 bits do not hold them.
pub static FACTORIALS: Table<f64, 2> = Table::new([
    [
        1.0,
        1.0,
        2.0,
        6.0,
        24.0,
        120.0,
        720.0,
        5040.0,
        40320.0,
        362880.0,
        3628800.0,
        39916800.0,
        479001600.0,
        6227020800.0,
        87178291200.0,
        1307674368000.0,
    ],
    [
        20922789888000.0,
        355687428096000.0,
        6402373705728000.0,
        1.21645100408832e+17,
        2.43290200817664e+18,
        f64::INFINITY,
        f64::INFINITY,
        f64::INFINITY,
        f64::INFINITY,
        f64::INFINITY,
        f64::INFINITY,
        f64::INFINITY,
        f64::INFINITY,
        f64::INFINITY,
        f64::INFINITY,
        f64::INFINITY,
    ],
]);

/// Factorial of `x` truncated to an integer: exact 64-bit products, +inf from 21 on, NaN for
/// negative and NaN arguments.
#[inline]
pub fn factorial(x: f64) -> f64 {
    if x.is_nan() || x < 0.0 {
        return f64::NAN;
    }
    let n = x.min(31.0) as usize;
    FACTORIALS.rows[n % TABLE].0[n / TABLE]
}

/// Number of ways to choose `r` of `n`, both truncated to integers; NaN unless 0 <= r <= n, +inf
/// once a product of the exact 64-bit recurrence overflows or an argument passes 2^32 - 1.
pub fn ncr(n: f64, r: f64) -> f64 {
    if !(n >= 0.0 && r >= 0.0 && n >= r) {
        return f64::NAN;
    }
    let limit = f64::from(u32::MAX);
    if n > limit || r > limit {
        return f64::INFINITY;
    }
    let (n, r) = (n as u64, r as u64);
    let r = r.min(n - r);
    let mut chosen = 1_u64;
    for i in 1..=r {
        match chosen.checked_mul(n - r + i) {
            Some(product) => chosen = product / i,
            None => return f64::INFINITY,
        }
    }
    chosen as f64
}

/// Number of ordered choices of `r` of `n`: `ncr(n, r) * factorial(r)`.
pub fn npr(n: f64, r: f64) -> f64 {
    ncr(n, r) * factorial(r)
}

/// `x * 2^trunc(n)`, rounded once; NaN when `n` is NaN.
pub fn ldexp(x: f64, n: f64) -> f64 {
    if n.is_nan() {
        return f64::NAN;
    }
    libm::scalbn(x, n.clamp(-5000.0, 5000.0) as i32)
}

/// `log(e^a + e^b)` as `max + log1p(e^(min - max))`; equal arguments, infinities too, give `a + ln 2`.
pub fn logaddexp(a: f64, b: f64) -> f64 {
    if a == b {
        return a + LN_2;
    }
    let (low, high) = if a < b { (a, b) } else { (b, a) };
    high + (low - high).exp().ln_1p()
}

/// Positive difference: `x - y` where `x > y`, else 0; NaN propagates.
pub fn fdim(x: f64, y: f64) -> f64 {
    if x <= y { 0.0 } else { x - y }
}

/// C `fmod`: exact remainder with the sign of the dividend.
pub fn fmod(x: f64, y: f64) -> f64 {
    x % y
}

/// IEEE 754 remainder: quotient rounded to nearest, ties to even; exact.
pub fn remainder(x: f64, y: f64) -> f64 {
    libm::remainder(x, y)
}

/// The float64 next to `x` in the direction of `y`.
pub fn nextafter(x: f64, y: f64) -> f64 {
    libm::nextafter(x, y)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn factorial_is_exact_up_to_twenty() {
        assert_eq!(factorial(0.0), 1.0);
        assert_eq!(factorial(5.9), 120.0);
        assert_eq!(factorial(20.0), 2432902008176640000.0);
        assert_eq!(factorial(21.0), f64::INFINITY);
        assert!(factorial(-1.0).is_nan() && factorial(f64::NAN).is_nan());
    }

    #[test]
    fn choices_and_permutations() {
        assert_eq!(ncr(5.0, 2.0), 10.0);
        assert_eq!(ncr(62.0, 31.0), 465428353255261088.0);
        assert_eq!(ncr(66.0, 33.0), f64::INFINITY);
        assert_eq!(npr(5.0, 2.0), 20.0);
        assert_eq!(npr(20.0, 20.0), 2432902008176640000.0);
        assert!(npr(5.0, 6.0).is_nan() && ncr(f64::NAN, 1.0).is_nan() && ncr(3.0, -1.0).is_nan());
    }

    #[test]
    fn multiples_of_half_turns_are_exact() {
        for (x, sine, cosine) in [(0.5, 1.0, 0.0), (1.0, 0.0, -1.0), (-1.5, 1.0, 0.0), (1e22, 0.0, 1.0)] {
            assert_eq!((sinpi(x), cospi(x)), (sine, cosine), "{x}");
        }
        assert!(sinpi(f64::INFINITY).is_nan() && cospi(f64::NAN).is_nan());
        assert!(sinpi(-0.0).is_sign_negative());
    }

    #[test]
    fn ldexp_truncates_and_saturates_its_count() {
        assert_eq!(ldexp(1.5, 3.7), 12.0);
        assert_eq!(ldexp(1.5, -3.7), 0.1875);
        assert_eq!(ldexp(-1.0, f64::INFINITY), f64::NEG_INFINITY);
        assert_eq!(ldexp(1.0, -1e10), 0.0);
        assert!(ldexp(1.0, f64::NAN).is_nan());
    }

    #[test]
    fn remainders_differ_in_the_rounding_of_the_quotient() {
        assert_eq!((fmod(7.0, 4.0), remainder(7.0, 4.0)), (3.0, -1.0));
        assert_eq!((fmod(-5.0, -2.0), remainder(-5.0, -2.0)), (-1.0, -1.0));
        assert_eq!(fmod(f64::MAX, 0.5), 0.0);
        assert_eq!(remainder(5.0, 2.0), 1.0);
        assert!(remainder(1.0, 0.0).is_nan());
    }

    #[test]
    fn logaddexp_of_equal_arguments_adds_ln_2() {
        assert_eq!(logaddexp(f64::NEG_INFINITY, f64::NEG_INFINITY), f64::NEG_INFINITY);
        assert_eq!(logaddexp(f64::INFINITY, f64::INFINITY), f64::INFINITY);
        assert_eq!(logaddexp(1.0, 1.0), 1.0 + LN_2);
        assert_eq!(logaddexp(0.0, f64::NEG_INFINITY), 0.0);
        assert!(logaddexp(f64::NAN, 1.0).is_nan());
    }
}
