//! exp, exp2, expm1, the circular and hyperbolic functions, and the square root.

use super::super::float::Float64;
use super::super::formula::Unary;
use super::super::{exponential, hyperbolic, trigonometric};
use super::{ComplexFunction, elsewhere, larger};
use std::f64::consts::LN_2;

/// What ln 2 is beyond its first 53 bits.
const LN_2_LOW: f64 = 2.319_046_813_846_299_6e-17;

pub struct Exp;
pub struct Exp2;
pub struct Expm1;
pub struct Sinh;
pub struct Cosh;
pub struct Tanh;
pub struct Sin;
pub struct Cos;
pub struct Tan;
pub struct Sqrt;

#[inline(always)]
fn sine<V: Float64>(x: V) -> V {
    trigonometric::Sin::<true>::vector(x)
}

#[inline(always)]
fn cosine<V: Float64>(x: V) -> V {
    trigonometric::Cos::<true>::vector(x)
}

/// sinh x and cosh x.
#[inline(always)]
fn hyperbolic_pair<V: Float64, const PRECISE: bool>(x: V) -> [V; 2] {
    [hyperbolic::Sinh::<PRECISE>::vector(x), hyperbolic::Cosh::<PRECISE>::vector(x)]
}

/// Where e^±growth is a normal number, and the angle is finite and not so large that its functions are slow.
#[inline(always)]
fn is_moderate<V: Float64>(growth: V, angle: V) -> V::Mask {
    growth.abs().lt(V::of(708.0)) & trigonometric::Sin::<true>::covers(angle)
}

impl ComplexFunction for Exp {
    #[inline(always)]
    fn vector<V: Float64>([x, y]: [V; 2]) -> [V; 2] {
        let modulus = exponential::Exp::vector(x);
        [modulus * cosine(y), modulus * sine(y)]
    }

    #[inline(always)]
    fn covers<V: Float64>([x, y]: [V; 2]) -> V::Mask {
        is_moderate(x, y)
    }

    fn elsewhere(z: [f64; 2]) -> [f64; 2] {
        elsewhere::exp(z)
    }
}

impl ComplexFunction for Exp2 {
    /// 2^x·(cos(y·ln 2) + i·sin(y·ln 2)). What the product of the angle loses turns the point by as much.
    #[inline(always)]
    fn vector<V: Float64>([x, y]: [V; 2]) -> [V; 2] {
        let modulus = exponential::Exp2::vector(x);
        let angle = y * V::of(LN_2);
        let lost = y.multiply_add(V::of(LN_2_LOW), y.product_error(V::of(LN_2), angle));
        let (sine, cosine) = (sine(angle), cosine(angle));
        let im = modulus * lost.multiply_add(cosine, sine);
        [modulus * (cosine - lost * sine), V::select(y.eq(V::ZERO), y, im)]
    }

    #[inline(always)]
    fn covers<V: Float64>([x, y]: [V; 2]) -> V::Mask {
        x.abs().lt(V::of(1021.0)) & trigonometric::Sin::<true>::covers(y)
    }

    fn elsewhere(z: [f64; 2]) -> [f64; 2] {
        elsewhere::exp2(z)
    }
}

impl ComplexFunction for Expm1 {
    /// (e^x - 1)·cos y + (cos y - 1).
    #[inline(always)]
    fn vector<V: Float64>([x, y]: [V; 2]) -> [V; 2] {
        let half = sine(V::of(0.5) * y);
        let re = exponential::Expm1::<false>::vector(x).multiply_add(cosine(y), V::of(-2.0) * (half * half));
        let im = exponential::Exp::vector(x) * sine(y);
        [V::select(re.eq(V::ZERO) & y.eq(V::ZERO), x, re), im]
    }

    #[inline(always)]
    fn covers<V: Float64>([x, y]: [V; 2]) -> V::Mask {
        is_moderate(x, y)
    }

    fn elsewhere(z: [f64; 2]) -> [f64; 2] {
        elsewhere::expm1(z)
    }
}

impl ComplexFunction for Sinh {
    #[inline(always)]
    fn vector<V: Float64>([x, y]: [V; 2]) -> [V; 2] {
        let [sinh, cosh] = hyperbolic_pair::<V, false>(x);
        [sinh * cosine(y), cosh * sine(y)]
    }

    #[inline(always)]
    fn covers<V: Float64>([x, y]: [V; 2]) -> V::Mask {
        is_moderate(x, y)
    }

    fn elsewhere(z: [f64; 2]) -> [f64; 2] {
        elsewhere::sinh(z)
    }
}

impl ComplexFunction for Cosh {
    #[inline(always)]
    fn vector<V: Float64>([x, y]: [V; 2]) -> [V; 2] {
        let [sinh, cosh] = hyperbolic_pair::<V, false>(x);
        [cosh * cosine(y), sinh * sine(y)]
    }

    #[inline(always)]
    fn covers<V: Float64>([x, y]: [V; 2]) -> V::Mask {
        is_moderate(x, y)
    }

    fn elsewhere(z: [f64; 2]) -> [f64; 2] {
        elsewhere::cosh(z)
    }
}

impl ComplexFunction for Tanh {
    /// The denominator is a sum of squares, so that nothing cancels; the errors of many factors add up.
    #[inline(always)]
    fn vector<V: Float64>([x, y]: [V; 2]) -> [V; 2] {
        let ([sinh, cosh], sine, cosine) = (hyperbolic_pair::<V, true>(x), sine(y), cosine(y));
        let denominator = sinh * sinh + cosine * cosine;
        [sinh * cosh / denominator, sine * cosine / denominator]
    }

    /// Up to where the squares are finite.
    #[inline(always)]
    fn covers<V: Float64>([x, y]: [V; 2]) -> V::Mask {
        x.abs().lt(V::of(350.0)) & trigonometric::Sin::<true>::covers(y)
    }

    fn elsewhere(z: [f64; 2]) -> [f64; 2] {
        elsewhere::tanh(z)
    }
}

/// The functions of an angle are those of hyperbolic ones, turned by a quarter.
macro_rules! circular {
    ($($circular:ident: $hyperbolic:ident, $turned:path, $turned_number:path;)*) => {$(
        impl ComplexFunction for $circular {
            #[inline(always)]
            fn vector<V: Float64>([x, y]: [V; 2]) -> [V; 2] {
                $turned($hyperbolic::vector([-y, x]))
            }

            #[inline(always)]
            fn covers<V: Float64>([x, y]: [V; 2]) -> V::Mask {
                $hyperbolic::covers([-y, x])
            }

            fn elsewhere([x, y]: [f64; 2]) -> [f64; 2] {
                $turned_number($hyperbolic::elsewhere([-y, x]))
            }
        }
    )*};
}

circular! {
    Sin: Sinh, turned_back, elsewhere::turned_back;
    Cos: Cosh, std::convert::identity, std::convert::identity;
    Tan: Tanh, turned_back, elsewhere::turned_back;
}

/// z/i.
#[inline(always)]
pub fn turned_back<V: Float64>([x, y]: [V; 2]) -> [V; 2] {
    [y, -x]
}

impl ComplexFunction for Sqrt {
    /// As FreeBSD's `csqrt` (msun/src/s_csqrt.c) computes it: the sign of a zero imaginary part chooses the
    /// side of the branch cut.
    #[inline(always)]
    fn vector<V: Float64>([x, y]: [V; 2]) -> [V; 2] {
        let modulus = (x * x + y * y).sqrt();
        let larger = ((x.abs() + modulus) * V::of(0.5)).root_by_products();
        let smaller = y.abs() / (V::of(2.0) * larger);
        let is_right = x.ge(V::ZERO);
        let re = V::select(is_right, larger, smaller);
        let im = V::select(is_right, smaller, larger);
        [re, im.copysign(y)]
    }

    /// Where squares and products neither overflow nor lose digits.
    #[inline(always)]
    fn covers<V: Float64>([x, y]: [V; 2]) -> V::Mask {
        const LEAST: f64 = f64::from_bits((1023 - 250) << 52);
        const GREATEST: f64 = f64::from_bits((1023 + 250) << 52);
        let larger = larger(x.abs(), y.abs());
        let has_numbers = x.eq(x) & y.eq(y);
        larger.ge(V::of(LEAST)) & larger.le(V::of(GREATEST)) & has_numbers
    }

    fn elsewhere(z: [f64; 2]) -> [f64; 2] {
        elsewhere::sqrt(z)
    }
}
