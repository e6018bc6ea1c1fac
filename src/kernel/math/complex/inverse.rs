//! The inverse circular and hyperbolic functions.

use super::super::float::Float64;
use super::super::formula::{Binary, Unary};
use super::super::inverse_trigonometric::Atan2;
use super::super::{logarithm, power};
use super::exponential::turned_back;
use super::{ComplexFunction, elsewhere, is_below, larger};

pub struct Asin;
pub struct Acos;
pub struct Atan;
pub struct Asinh;
pub struct Acosh;
pub struct Atanh;

/// Numbers whose squares, with the factors around them, are finite.
const GREATEST: f64 = 1e70;

#[inline(always)]
fn angle<V: Float64>(y: V, x: V) -> V {
    Atan2::<false>::vector(y, x)
}

#[inline(always)]
fn log1p<V: Float64>(x: V) -> V {
    logarithm::Log1p::<false>::vector(x)
}

/// For z = x + iy in the first quadrant: √((a - x)(a + x)), whose angle with x is the real part of acos z, and
/// acosh a, the imaginary one of asin z. a is half the sum of the distances from -1 and 1.
///
/// What cancels in a - x and a - 1 is known: a distance less its part along the axis is y² over their sum
/// (T. E. Hull, T. F. Fairgrieve and P. T. P. Tang, "Implementing the complex arcsine and arccosine functions
/// using exception handling", 1997). y² alone never counts, so tiny y lose nothing.
#[inline(always)]
fn ellipse<V: Float64>(x: V, y: V) -> [V; 2] {
    let (one, half) = (V::ONE, V::of(0.5));
    let (right, left) = (power::Hypot::vector(x - one, y), power::Hypot::vector(x + one, y));
    let a = half * (right + left);
    let beyond = x - one;
    let from_left = one / (left + (x + one));
    // For numbers beyond 1, and between 0 and 1.
    let from_right = one / (right + beyond.abs());
    let square = y * y;
    let is_inside = x.lt(one);
    let both = half * (from_left + from_right);
    let near_axis = half * square.multiply_add(from_left, right + beyond.abs());
    let less_one = V::select(is_inside, square * both, near_axis);
    let root_of_less_one =
        V::select(is_inside, y * (both * (a + one)).sqrt(), (near_axis * (a + one)).sqrt());
    let root = V::select(x.le(one), (near_axis * (a + x)).sqrt(), y * (both * (a + x)).sqrt());
    [root, log1p(less_one + root_of_less_one)]
}

impl ComplexFunction for Asin {
    #[inline(always)]
    fn vector<V: Float64>([x, y]: [V; 2]) -> [V; 2] {
        let a = x.abs();
        let [root, im] = ellipse(a, y.abs());
        // Tiny numbers, of which the angle would lose digits.
        let re = V::select(a.lt(V::of(1e-100)), a / root, angle(a, root));
        [re.copysign(x), im.copysign(y)]
    }

    #[inline(always)]
    fn covers<V: Float64>(z: [V; 2]) -> V::Mask {
        is_below(z, GREATEST)
    }

    fn elsewhere(z: [f64; 2]) -> [f64; 2] {
        elsewhere::asin(z)
    }
}

impl ComplexFunction for Acos {
    #[inline(always)]
    fn vector<V: Float64>([x, y]: [V; 2]) -> [V; 2] {
        let [root, im] = ellipse(x.abs(), y.abs());
        [angle(root, x), -im.copysign(y)]
    }

    #[inline(always)]
    fn covers<V: Float64>(z: [V; 2]) -> V::Mask {
        is_below(z, GREATEST)
    }

    fn elsewhere(z: [f64; 2]) -> [f64; 2] {
        elsewhere::acos(z)
    }
}

impl ComplexFunction for Asinh {
    #[inline(always)]
    fn vector<V: Float64>([x, y]: [V; 2]) -> [V; 2] {
        let [re, im] = Asin::vector([y, -x]);
        [-im, re]
    }

    #[inline(always)]
    fn covers<V: Float64>(z: [V; 2]) -> V::Mask {
        Asin::covers(z)
    }

    fn elsewhere([x, y]: [f64; 2]) -> [f64; 2] {
        let [re, im] = elsewhere::asin([y, -x]);
        [-im, re]
    }
}

impl ComplexFunction for Acosh {
    #[inline(always)]
    fn vector<V: Float64>(z: [V; 2]) -> [V; 2] {
        let [re, im] = Acos::vector(z);
        [im.abs(), re.copysign(z[1])]
    }

    #[inline(always)]
    fn covers<V: Float64>(z: [V; 2]) -> V::Mask {
        Acos::covers(z)
    }

    fn elsewhere(z: [f64; 2]) -> [f64; 2] {
        let [re, im] = elsewhere::acos(z);
        [im.abs(), re.copysign(z[1])]
    }
}

impl ComplexFunction for Atanh {
    /// log1p(4x/((1 - x)² + y²)) / 4, and half the angle of (1 - x)(1 + x) - y² + 2iy (W. Kahan, "Branch cuts
    /// for complex elementary functions", 1987).
    #[inline(always)]
    fn vector<V: Float64>([x, y]: [V; 2]) -> [V; 2] {
        let (a, one) = (x.abs(), V::ONE);
        let rest = one - a;
        let square = y * y;
        let ratio = V::of(4.0) * a / rest.multiply_add(rest, square);
        let re = V::of(0.25) * log1p(ratio);
        let im = V::of(0.5) * angle(y + y, rest * (one + a) - square);
        let is_tiny = larger(a, y.abs()).lt(V::of(1e-9));
        [V::select(is_tiny, x, re.copysign(x)), V::select(is_tiny, y, im)]
    }

    /// Not at the poles.
    #[inline(always)]
    fn covers<V: Float64>([x, y]: [V; 2]) -> V::Mask {
        let is_apart = !x.abs().eq(V::ONE) | y.abs().gt(V::of(1.0 / GREATEST));
        is_below([x, y], GREATEST) & is_apart
    }

    fn elsewhere(z: [f64; 2]) -> [f64; 2] {
        elsewhere::atanh(z)
    }
}

impl ComplexFunction for Atan {
    #[inline(always)]
    fn vector<V: Float64>([x, y]: [V; 2]) -> [V; 2] {
        turned_back(Atanh::vector([-y, x]))
    }

    #[inline(always)]
    fn covers<V: Float64>([x, y]: [V; 2]) -> V::Mask {
        Atanh::covers([-y, x])
    }

    fn elsewhere([x, y]: [f64; 2]) -> [f64; 2] {
        elsewhere::turned_back(elsewhere::atanh([-y, x]))
    }
}
