//! log, log2, log10, log1p.

use super::super::double::Double;
use super::super::float::Float64;
use super::super::formula::Binary;
use super::super::inverse_trigonometric::Atan2;
use super::super::logarithm::{NATURAL, log_double};
use super::{ComplexFunction, elsewhere, larger};
use std::f64::consts::{LOG2_E, LOG10_E};

pub struct Log;
pub struct Log2;
pub struct Log10;
pub struct Log1p;

/// log |z| from the square of the modulus, which is a normal number.
#[inline(always)]
fn half_of_log<V: Float64>(square: Double<V>) -> V {
    // Beyond, the low part is not asked for, and would be taken for a larger number.
    let low = V::select(square.hi.lt(V::of(1e18)), square.lo, V::ZERO);
    V::of(0.5) * log_double(Double { hi: square.hi, lo: low }, V::ZERO, &NATURAL)
}

/// x² + y², to about twice the precision.
#[inline(always)]
fn square_of_modulus<V: Float64>(x: V, y: V) -> Double<V> {
    let (x, y) = (x.abs(), y.abs());
    let (large, small) = (larger(x, y), V::select(x.gt(y), y, x));
    let (large, small) = (Double::product(large, large), Double::product(small, small));
    let sum = Double::fast_sum(large.hi, small.hi);
    Double::fast_sum(sum.hi, sum.lo + (large.lo + small.lo))
}

#[inline(always)]
fn angle<V: Float64>(y: V, x: V) -> V {
    Atan2::<false>::vector(y, x)
}

/// Where the angle is covered, and the number is not 0.
#[inline(always)]
fn is_moderate<V: Float64>([x, y]: [V; 2]) -> V::Mask {
    Atan2::<false>::covers(y, x) & !(x.eq(V::ZERO) & y.eq(V::ZERO))
}

impl ComplexFunction for Log {
    #[inline(always)]
    fn vector<V: Float64>([x, y]: [V; 2]) -> [V; 2] {
        [half_of_log(square_of_modulus(x, y)), angle(y, x)]
    }

    #[inline(always)]
    fn covers<V: Float64>(z: [V; 2]) -> V::Mask {
        is_moderate(z)
    }

    fn elsewhere(z: [f64; 2]) -> [f64; 2] {
        elsewhere::log(z)
    }
}

/// Logarithms to other bases.
macro_rules! to_base {
    ($($name:ident: $factor:expr;)*) => {$(
        impl ComplexFunction for $name {
            #[inline(always)]
            fn vector<V: Float64>(z: [V; 2]) -> [V; 2] {
                let [re, im] = Log::vector(z);
                [re * V::of($factor), im * V::of($factor)]
            }

            #[inline(always)]
            fn covers<V: Float64>(z: [V; 2]) -> V::Mask {
                Log::covers(z)
            }

            fn elsewhere(z: [f64; 2]) -> [f64; 2] {
                Log::elsewhere(z).map(|part| part * $factor)
            }
        }
    )*};
}

to_base! {
    Log2: LOG2_E;
    Log10: LOG10_E;
}

impl ComplexFunction for Log1p {
    /// |1 + z|² is 1 + (2x + x² + y²), or near 0 (1 + x)² + y².
    #[inline(always)]
    fn vector<V: Float64>([x, y]: [V; 2]) -> [V; 2] {
        let (x_square, y_square) = (Double::product(x, x), Double::product(y, y));
        let sum = Double::sum(x + x, y_square.hi);
        let whole = Double::sum(sum.hi, x_square.hi);
        let rest = Double::sum(whole.hi, whole.lo + (sum.lo + (x_square.lo + y_square.lo)));
        let square = Double::sum(V::ONE, rest.hi);
        let square = Double::fast_sum(square.hi, square.lo + rest.lo);
        let next = V::ONE + x;
        let square = square.or_where(square.hi.lt(V::of(0.5)), square_of_modulus(next, y));
        [half_of_log(square), angle(y, next)]
    }

    #[inline(always)]
    fn covers<V: Float64>([x, y]: [V; 2]) -> V::Mask {
        is_moderate([V::ONE + x, y])
    }

    fn elsewhere(z: [f64; 2]) -> [f64; 2] {
        elsewhere::log1p(z)
    }
}
