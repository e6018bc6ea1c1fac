//! Choice between numbers by masks in memory, which becomes bitwise instructions on vectors at every SIMD
//! level.

use crate::dtype::Complex;

/// Most numbers that are masked together.
pub(super) const LONGEST: usize = 64;

/// As many masks with all bits set as numbers may be masked together, then as many without.
const EDGE: [u64; 2 * LONGEST] = {
    let mut edge = [0; 2 * LONGEST];
    let mut i = 0;
    while i < LONGEST {
        edge[i] = u64::MAX;
        i += 1;
    }
    edge
};

/// Masks that have all bits set, or none.
#[repr(align(64))]
pub(super) struct Masks<const N: usize>(pub [u64; N]);

impl<const N: usize> Masks<N> {
    /// Masks that choose the first `count` of at most [`LONGEST`] numbers.
    #[inline(always)]
    pub fn first(count: usize) -> Masks<N> {
        let mut masks = [0; N];
        masks.copy_from_slice(&EDGE[LONGEST - count..][..N]);
        Masks(masks)
    }
}

/// A number that a mask can choose.
pub(super) trait Blend: Copy {
    /// This number where the mask is set, else the other one.
    fn or(self, other: Self, mask: u64) -> Self;
}

impl Blend for f64 {
    #[inline(always)]
    fn or(self, other: f64, mask: u64) -> f64 {
        f64::from_bits(((self.to_bits() ^ other.to_bits()) & mask) ^ other.to_bits())
    }
}

impl Blend for Complex<f64> {
    #[inline(always)]
    fn or(self, other: Complex<f64>, mask: u64) -> Complex<f64> {
        Complex::new(self.re.or(other.re, mask), self.im.or(other.im, mask))
    }
}
