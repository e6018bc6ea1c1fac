//! Division of floats with the quotient rounded down, and its remainder.
//!
//! Both follow from the exact remainder of the truncated quotient, in the arithmetic of their own dtype, as
//! NumPy's do: the quotient of what the remainder leaves is a whole number but for its rounding.

use super::binary_arithmetic::Fmod;
use super::float::{Float, Float32, Float64, nearest};
use super::formula::Binary;
use crate::kernel::element::Float as Element;

/// The quotient rounded down.
pub struct FloorDiv;

/// What [`FloorDiv`] leaves, with the sign of the divisor.
pub struct FloorMod;

/// The remainder with the sign of `b`, from `rest`, that with the sign of `a`.
#[inline(always)]
fn moved_rest<T: Element>(b: T, rest: T) -> T {
    let zero = T::default();
    if rest == zero {
        // A division by zero leaves NaN, so this is by another number.
        zero.copysign(b)
    } else if (rest < zero) != (b < zero) {
        rest + b
    } else {
        rest
    }
}

#[inline(always)]
fn floor_quotient<T: Element>(a: T, b: T, rest: T) -> T {
    let zero = T::default();
    if b == zero {
        return a / b;
    }
    let quotient = (a - rest) / b;
    let is_above = rest != zero && (rest < zero) != (b < zero);
    let quotient = if is_above { quotient - T::ONE } else { quotient };
    if quotient == zero {
        return zero.copysign(a / b);
    }
    let whole = quotient.floor();
    if quotient - whole > T::HALF { whole + T::ONE } else { whole }
}

/// As [`moved_rest`].
#[inline(always)]
fn moved_rests<V: Float>(b: V, rest: V) -> V {
    let is_exact = rest.eq(V::ZERO);
    let moved = V::select(differ::<V>(rest, b), rest + b, rest);
    V::select(is_exact, V::ZERO.copysign(b), moved)
}

/// As [`floor_quotient`], for divisors other than zero.
#[inline(always)]
fn floor_quotients<V: Float>(a: V, b: V, rest: V) -> V {
    let quotient = (a - rest) / b;
    let is_above = differ::<V>(rest, b) & !rest.eq(V::ZERO);
    let quotient = V::select(is_above, quotient - V::ONE, quotient);
    let rounded = nearest(quotient);
    let below = V::select(rounded.gt(quotient), rounded - V::ONE, rounded);
    // From here on, every number is whole, and adding and subtracting this loses digits.
    let whole = V::select(quotient.abs().lt(V::INTEGERS), below, quotient);
    let whole = V::select((quotient - whole).gt(V::of(0.5)), whole + V::ONE, whole);
    V::select(quotient.eq(V::ZERO), V::ZERO.copysign(a / b), whole)
}

/// Whether one of two numbers is negative; both are other than zero where it matters.
#[inline(always)]
fn differ<V: Float>(a: V, b: V) -> V::Mask {
    let (a, b) = (a.lt(V::ZERO), b.lt(V::ZERO));
    (a & !b) | (b & !a)
}

impl Binary for FloorDiv {
    fn scalar(a: f64, b: f64) -> f64 {
        floor_quotient(a, b, a % b)
    }

    fn scalar32(a: f32, b: f32) -> f32 {
        floor_quotient(a, b, a % b)
    }

    #[inline(always)]
    fn vector<V: Float64>(a: V, b: V) -> V {
        floor_quotients(a, b, Fmod::vector(a, b))
    }

    #[inline(always)]
    fn vector32<V: Float32>(a: V, b: V) -> V {
        floor_quotients(a, b, Fmod::vector32(a, b))
    }

    #[inline(always)]
    fn covers<V: Float64>(a: V, b: V) -> V::Mask {
        Fmod::covers(a, b)
    }

    #[inline(always)]
    fn covers32<V: Float32>(a: V, b: V) -> V::Mask {
        Fmod::covers32(a, b)
    }
}

impl Binary for FloorMod {
    fn scalar(a: f64, b: f64) -> f64 {
        moved_rest(b, a % b)
    }

    fn scalar32(a: f32, b: f32) -> f32 {
        moved_rest(b, a % b)
    }

    #[inline(always)]
    fn vector<V: Float64>(a: V, b: V) -> V {
        moved_rests(b, Fmod::vector(a, b))
    }

    #[inline(always)]
    fn vector32<V: Float32>(a: V, b: V) -> V {
        moved_rests(b, Fmod::vector32(a, b))
    }

    #[inline(always)]
    fn covers<V: Float64>(a: V, b: V) -> V::Mask {
        Fmod::covers(a, b)
    }

    #[inline(always)]
    fn covers32<V: Float32>(a: V, b: V) -> V::Mask {
        Fmod::covers32(a, b)
    }
}
