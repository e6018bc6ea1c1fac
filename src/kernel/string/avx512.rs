//! Operations on blocks of code points by the vectors of AVX-512.

use std::arch::x86_64::*;

use super::Ucs4;
use super::lanes::{CodeVectors, Portable};

/// The vectors of AVX-512 F and VL. To be used in functions that are compiled for both and run where the
/// machine has them.
pub struct Avx512;

impl CodeVectors for Avx512 {
    #[inline(always)]
    fn equal<const N: usize>(a: &[Ucs4; N], b: &[Ucs4; N]) -> u32 {
        let (left, right) = (a.as_ptr().cast(), b.as_ptr().cast());
        // SAFETY: the arrays have N code points of four bytes; the machine has the instructions.
        unsafe {
            match N {
                16 => _mm512_cmpeq_epi32_mask(_mm512_loadu_si512(left), _mm512_loadu_si512(right)).into(),
                8 => {
                    let (left, right) = (left.cast(), right.cast());
                    _mm256_cmpeq_epi32_mask(_mm256_loadu_si256(left), _mm256_loadu_si256(right)).into()
                }
                4 => {
                    let (left, right) = (left.cast(), right.cast());
                    _mm_cmpeq_epi32_mask(_mm_loadu_si128(left), _mm_loadu_si128(right)).into()
                }
                _ => Portable::equal(a, b),
            }
        }
    }

    #[inline(always)]
    fn equal_live<const N: usize>(a: &[Ucs4; N], b: &[Ucs4; N]) -> u32 {
        Avx512::equal(a, b) & !Avx512::equal(a, &[[0; 4]; N])
    }

    #[inline(always)]
    fn head<const N: usize>(block: &[Ucs4; N], live: usize) -> [Ucs4; N] {
        if N != 16 {
            return Portable::head(block, live);
        }
        let lanes = u16::MAX.checked_shr(16 - live.min(16) as u32).unwrap_or(0);
        let mut image = [[0; 4]; N];
        // SAFETY: both arrays have 16 code points; the machine has the instructions.
        unsafe {
            let codes = _mm512_maskz_loadu_epi32(lanes, block.as_ptr().cast());
            _mm512_storeu_si512(image.as_mut_ptr().cast(), codes);
        }
        image
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::level::Level;

    fn check<const N: usize>(a: [Ucs4; N], b: [Ucs4; N]) {
        assert_eq!(Avx512::equal(&a, &b), Portable::equal(&a, &b));
        assert_eq!(Avx512::equal_live(&a, &b), Portable::equal_live(&a, &b));
        for live in 0..N + 1 {
            assert_eq!(Avx512::head(&a, live), Portable::head(&a, live));
        }
    }

    #[test]
    fn agrees_with_portable_vectors() {
        if Level::supported() < Level::Avx512 {
            return;
        }
        for places in 0..1 << 16_u32 {
            // Bits choose where the arrays differ, and where both have NULs.
            let b: [Ucs4; 16] = std::array::from_fn(|place| (place as u32 % 5 * 0x0101_0101).to_ne_bytes());
            let mut a = b;
            for (place, code) in a.iter_mut().enumerate().filter(|(place, _)| places >> place & 1 == 1) {
                code[place % 4] ^= 0x80;
            }
            check(a, b);
            check::<8>(*a.first_chunk().unwrap(), *b.first_chunk().unwrap());
            check::<4>(*a.first_chunk().unwrap(), *b.first_chunk().unwrap());
        }
    }
}
