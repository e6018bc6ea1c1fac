//! Vector operations on blocks of 16, 8, 4 or 1 code units.

use wide::{i8x16, i16x8, i32x4, u8x16, u32x4, u32x8};

use super::Ucs4;

/// The case of the 26 ASCII letters from this one on is to be changed.
pub type FirstLetter = u8;

/// Blocks of code units, one after the other. Bit `i` of a mask stands for unit `i` of the block.
pub trait Lanes: Copy {
    /// Mask of the units that are equal in `a` and `b`.
    fn equal<V: CodeVectors, const N: usize>(a: &[Self; N], b: &[Self; N]) -> u32;

    /// Mask of the units that are equal in `a` and `b`, and not NUL.
    fn equal_live<V: CodeVectors, const N: usize>(a: &[Self; N], b: &[Self; N]) -> u32;

    /// Mask of the units above 0x7F.
    fn beyond_ascii<const N: usize>(block: &[Self; N]) -> u32;

    /// The first `live` units, in the other case if they are `letters`, and NULs.
    fn image<V: CodeVectors, const N: usize>(
        block: &[Self; N],
        live: usize,
        letters: Option<FirstLetter>,
    ) -> [Self; N];
}

/// Operations on blocks of code points by the vectors of one SIMD level. A block of 16 bytes is a vector
/// at every level; one of 16 code points is four of them, or one.
pub trait CodeVectors {
    /// Mask of the code points that are equal in `a` and `b`.
    fn equal<const N: usize>(a: &[Ucs4; N], b: &[Ucs4; N]) -> u32;

    /// Mask of the code points that are equal in `a` and `b`, and not NUL.
    fn equal_live<const N: usize>(a: &[Ucs4; N], b: &[Ucs4; N]) -> u32;

    /// The first `live` code points, and NULs.
    fn head<const N: usize>(block: &[Ucs4; N], live: usize) -> [Ucs4; N];
}

/// The vectors that every processor of the target has.
pub struct Portable;

impl CodeVectors for Portable {
    #[inline(always)]
    fn equal<const N: usize>(a: &[Ucs4; N], b: &[Ucs4; N]) -> u32 {
        code_mask::<N>(|start| load_eight_codes(a, start).simd_eq(load_eight_codes(b, start))) & low_bits(N)
    }

    #[inline(always)]
    fn equal_live<const N: usize>(a: &[Ucs4; N], b: &[Ucs4; N]) -> u32 {
        code_mask::<N>(|start| {
            let a = load_eight_codes(a, start);
            // What fills up a block is NUL.
            a.simd_eq(load_eight_codes(b, start)) & !a.simd_eq(u32x8::splat(0))
        })
    }

    #[inline(always)]
    fn head<const N: usize>(block: &[Ucs4; N], live: usize) -> [Ucs4; N] {
        codes_image(block, live, |codes| codes)
    }
}

impl Lanes for u8 {
    #[inline(always)]
    fn equal<V: CodeVectors, const N: usize>(a: &[u8; N], b: &[u8; N]) -> u32 {
        load_bytes(a).simd_eq(load_bytes(b)).to_bitmask() & low_bits(N)
    }

    #[inline(always)]
    fn equal_live<V: CodeVectors, const N: usize>(a: &[u8; N], b: &[u8; N]) -> u32 {
        let a = load_bytes(a);
        // What fills up a block is NUL.
        (a.simd_eq(load_bytes(b)) & !a.simd_eq(u8x16::splat(0))).to_bitmask()
    }

    #[inline(always)]
    fn beyond_ascii<const N: usize>(block: &[u8; N]) -> u32 {
        load_bytes(block).to_bitmask()
    }

    #[inline(always)]
    fn image<V: CodeVectors, const N: usize>(
        block: &[u8; N],
        live: usize,
        letters: Option<FirstLetter>,
    ) -> [u8; N] {
        let mut units = load_bytes(block);
        if let Some(first) = letters {
            let signed: i8x16 = units.cast_signed();
            let from_first = signed.simd_gt(i8x16::splat(first as i8 - 1));
            let is_letter = from_first & signed.simd_lt(i8x16::splat(first as i8 + 26));
            units ^= (is_letter & i8x16::splat(0x20)).cast_unsigned();
        }
        let numbers = i8x16::new(std::array::from_fn(|lane| lane as i8));
        let is_live = numbers.simd_lt(i8x16::splat(live as i8));
        let lanes = (units & is_live.cast_unsigned()).to_array();
        std::array::from_fn(|lane| lanes[lane])
    }
}

/// A block of at most 16 bytes, filled with NULs.
#[inline(always)]
fn load_bytes<const N: usize>(block: &[u8; N]) -> u8x16 {
    let mut lanes = [0; 16];
    lanes[..N].copy_from_slice(block);
    u8x16::new(lanes)
}

impl Lanes for Ucs4 {
    #[inline(always)]
    fn equal<V: CodeVectors, const N: usize>(a: &[Ucs4; N], b: &[Ucs4; N]) -> u32 {
        V::equal(a, b)
    }

    #[inline(always)]
    fn equal_live<V: CodeVectors, const N: usize>(a: &[Ucs4; N], b: &[Ucs4; N]) -> u32 {
        V::equal_live(a, b)
    }

    #[inline(always)]
    fn beyond_ascii<const N: usize>(block: &[Ucs4; N]) -> u32 {
        let ascii = code_mask::<N>(|start| {
            let high_bits = load_eight_codes(block, start) & u32x8::splat(!0x7F);
            high_bits.simd_eq(u32x8::splat(0))
        });
        !ascii & low_bits(N)
    }

    #[inline(always)]
    fn image<V: CodeVectors, const N: usize>(
        block: &[Ucs4; N],
        live: usize,
        letters: Option<FirstLetter>,
    ) -> [Ucs4; N] {
        let Some(first) = letters else { return V::head(block, live) };
        codes_image(block, live, |codes| {
            let signed: i32x4 = codes.cast_signed();
            let from_first = signed.simd_gt(i32x4::splat(i32::from(first) - 1));
            let is_letter = from_first & signed.simd_lt(i32x4::splat(i32::from(first) + 26));
            codes ^ (is_letter & i32x4::splat(0x20)).cast_unsigned()
        })
    }
}

/// The first `live` code points, changed by `map`, and NULs.
#[inline(always)]
fn codes_image<const N: usize>(block: &[Ucs4; N], live: usize, map: impl Fn(u32x4) -> u32x4) -> [Ucs4; N] {
    let mut image = [[0; 4]; N];
    for start in (0..N).step_by(4) {
        let codes = map(load_codes(block, start));
        let numbers = i32x4::new([0, 1, 2, 3]) + i32x4::splat(start as i32);
        let is_live = numbers.simd_lt(i32x4::splat(live as i32));
        let lanes = (codes & is_live.cast_unsigned()).to_array();
        for (unit, code) in image[start..].iter_mut().zip(lanes) {
            *unit = code.to_ne_bytes();
        }
    }
    image
}

/// Mask of the lanes, all ones or all zeros, that `lanes` gives for the eight units from a place on.
#[inline(always)]
fn code_mask<const N: usize>(lanes: impl Fn(usize) -> u32x8) -> u32 {
    let mut mask = 0;
    for start in (0..N).step_by(8) {
        mask |= i16x8::from_i32x8_saturate(lanes(start).cast_signed()).to_bitmask() << start;
    }
    mask
}

/// Eight units from `start` on, NULs beyond the end of the block.
#[inline(always)]
fn load_eight_codes<const N: usize>(block: &[Ucs4; N], start: usize) -> u32x8 {
    u32x8::new(std::array::from_fn(|lane| {
        block.get(start + lane).map_or(0, |unit| u32::from_ne_bytes(*unit))
    }))
}

/// Four units from `start` on, NULs beyond the end of the block.
#[inline(always)]
fn load_codes<const N: usize>(block: &[Ucs4; N], start: usize) -> u32x4 {
    u32x4::new(std::array::from_fn(|lane| {
        block.get(start + lane).map_or(0, |unit| u32::from_ne_bytes(*unit))
    }))
}

#[inline(always)]
fn low_bits(count: usize) -> u32 {
    (1 << count) - 1
}
