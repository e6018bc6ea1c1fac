//! What elements of arrays can do.

use std::num::Wrapping;
use std::ops;

use wide::{f32x4, f64x2, u32x4, u64x2};

/// A type with `+`, `-` and `*`.
pub(super) trait Ring:
    Copy + ops::Add<Output = Self> + ops::Sub<Output = Self> + ops::Mul<Output = Self>
{
}
impl<T: Copy + ops::Add<Output = T> + ops::Sub<Output = T> + ops::Mul<Output = T>> Ring for T {}

/// An element with a vector of 16 bytes.
pub(super) trait Packed: Ring {
    type Vector: Ring;
    fn splat(self) -> Self::Vector;
}

impl Packed for f32 {
    type Vector = f32x4;
    #[inline(always)]
    fn splat(self) -> f32x4 {
        f32x4::splat(self)
    }
}

impl Packed for f64 {
    type Vector = f64x2;
    #[inline(always)]
    fn splat(self) -> f64x2 {
        f64x2::splat(self)
    }
}

impl Packed for Wrapping<u32> {
    type Vector = u32x4;
    #[inline(always)]
    fn splat(self) -> u32x4 {
        u32x4::splat(self.0)
    }
}

impl Packed for Wrapping<u64> {
    type Vector = u64x2;
    #[inline(always)]
    fn splat(self) -> u64x2 {
        u64x2::splat(self.0)
    }
}

/// A float element.
pub(super) trait Float:
    Copy
    + Default
    + PartialOrd
    + ops::Add<Output = Self>
    + ops::Sub<Output = Self>
    + ops::Mul<Output = Self>
    + ops::Div<Output = Self>
    + ops::Neg<Output = Self>
{
    const HALF: Self;
    const ONE: Self;
    const INFINITY: Self;
    fn is_nan(self) -> bool;
    fn is_infinite(self) -> bool;
    fn abs(self) -> Self;
    fn copysign(self, sign: Self) -> Self;
    fn floor(self) -> Self;
    fn ceil(self) -> Self;
    fn trunc(self) -> Self;
    fn round_ties_even(self) -> Self;
}

macro_rules! float {
    ($($type:ident)*) => {$(
        impl Float for $type {
            const HALF: $type = 0.5;
            const ONE: $type = 1.0;
            const INFINITY: $type = $type::INFINITY;
            #[inline(always)]
            fn is_nan(self) -> bool {
                $type::is_nan(self)
            }
            #[inline(always)]
            fn is_infinite(self) -> bool {
                $type::is_infinite(self)
            }
            #[inline(always)]
            fn abs(self) -> $type {
                $type::abs(self)
            }
            #[inline(always)]
            fn copysign(self, sign: $type) -> $type {
                $type::copysign(self, sign)
            }
            #[inline(always)]
            fn floor(self) -> $type {
                $type::floor(self)
            }
            #[inline(always)]
            fn ceil(self) -> $type {
                $type::ceil(self)
            }
            #[inline(always)]
            fn trunc(self) -> $type {
                $type::trunc(self)
            }
            #[inline(always)]
            fn round_ties_even(self) -> $type {
                $type::round_ties_even(self)
            }
        }
    )*};
}

float!(f32 f64);
