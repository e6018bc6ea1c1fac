//! Choice between items by masks in memory, which becomes bitwise instructions on vectors at every SIMD
//! level.

use crate::dtype::Complex;

/// Most items of a group that can be masked.
pub(super) const LONGEST: usize = 64;

/// An item that a mask can choose.
pub(super) trait Blend: Copy {
    /// All bits set, or none.
    type Mask: Copy + 'static;

    /// As many masks with all bits set as a group may have items, then as many without.
    const EDGE: &'static [Self::Mask; 2 * LONGEST];

    /// This item where the mask is set, else the other one.
    fn or(self, other: Self, mask: Self::Mask) -> Self;
}

/// Masks for the items of a group.
#[repr(align(64))]
pub(super) struct Masks<T: Blend, const N: usize>(pub [T::Mask; N]);

impl<T: Blend, const N: usize> Masks<T, N> {
    /// Masks that choose the first `count` of at most [`LONGEST`] items.
    #[inline(always)]
    pub fn first(count: usize) -> Masks<T, N> {
        let mut masks = [T::EDGE[0]; N];
        masks.copy_from_slice(&T::EDGE[LONGEST - count..][..N]);
        Masks(masks)
    }
}

macro_rules! edge {
    ($mask:ident) => {
        const EDGE: &'static [$mask; 2 * LONGEST] = &{
            let mut edge = [0; 2 * LONGEST];
            let mut i = 0;
            while i < LONGEST {
                edge[i] = $mask::MAX;
                i += 1;
            }
            edge
        };
    };
}

macro_rules! impl_integers {
    ($($item:ident: $mask:ident;)*) => {$(
        impl Blend for $item {
            type Mask = $mask;
            edge!($mask);

            #[inline(always)]
            fn or(self, other: $item, mask: $mask) -> $item {
                ((self as $mask & mask) | (other as $mask & !mask)) as $item
            }
        }
    )*};
}

impl_integers! {
    i8: u8;
    u8: u8;
    i16: u16;
    u16: u16;
    i32: u32;
    u32: u32;
    i64: u64;
    u64: u64;
}

macro_rules! impl_floats {
    ($($item:ident: $mask:ident;)*) => {$(
        impl Blend for $item {
            type Mask = $mask;
            const EDGE: &'static [$mask; 2 * LONGEST] = $mask::EDGE;

            #[inline(always)]
            fn or(self, other: $item, mask: $mask) -> $item {
                $item::from_bits(self.to_bits().or(other.to_bits(), mask))
            }
        }
    )*};
}

impl_floats! {
    f32: u32;
    f64: u64;
}

impl<T: Blend> Blend for Complex<T> {
    type Mask = T::Mask;
    const EDGE: &'static [T::Mask; 2 * LONGEST] = T::EDGE;

    #[inline(always)]
    fn or(self, other: Complex<T>, mask: T::Mask) -> Complex<T> {
        Complex::new(self.re.or(other.re, mask), self.im.or(other.im, mask))
    }
}
