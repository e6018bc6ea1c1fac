//! The smaller and the larger of two elements, where NaN wins.

use super::elementwise::BinaryFn;

/// An element with an order.
pub(super) trait Ordered: Copy + PartialOrd {
    /// Whether it has no place in the order.
    fn is_unordered(self) -> bool;
}

macro_rules! ordered {
    ($($type:ident: $is_unordered:expr;)*) => {$(
        impl Ordered for $type {
            #[inline(always)]
            fn is_unordered(self) -> bool {
                $is_unordered(self)
            }
        }
    )*};
}

ordered! {
    f32: f32::is_nan;
    f64: f64::is_nan;
    i8: |_| false;
    i16: |_| false;
    i32: |_| false;
    i64: |_| false;
    u8: |_| false;
    u16: |_| false;
    u32: |_| false;
    u64: |_| false;
}

/// Of equal elements the second.
pub(super) struct Minimum;
/// Of equal elements the second.
pub(super) struct Maximum;

impl<T: Ordered> BinaryFn<T> for Minimum {
    type Out = T;
    #[inline(always)]
    fn apply(x: T, y: T) -> T {
        if (x < y) | x.is_unordered() { x } else { y }
    }
}

impl<T: Ordered> BinaryFn<T> for Maximum {
    type Out = T;
    #[inline(always)]
    fn apply(x: T, y: T) -> T {
        if (x > y) | x.is_unordered() { x } else { y }
    }
}
