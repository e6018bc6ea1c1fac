//! Vector loops over the units of a slot.
//!
//! A slot is covered by blocks of 16 units (8, 4 or 1 in a narrower slot), the last of which ends
//! where the slot ends and may overlap the one before. So no units are left over for a scalar loop,
//! and the number of steps depends on the width alone, which the branch predictor learns at once.
//!
//! Loops over slots have these loops inline, but not on WebAssembly, where size counts for more than calls.

use super::Unit;
use super::lanes::{CodeVectors, FirstLetter, Portable};

/// A test of the units of two blocks, place by place.
pub(super) trait BlockTest<U: Unit> {
    /// Mask of the places where the test holds; bit `i` stands for place `i`.
    fn mask<V: CodeVectors, const N: usize>(&self, a: &[U; N], b: &[U; N]) -> u32;
}

/// The unit of the first block is NUL.
pub(super) struct Ends;

impl<U: Unit> BlockTest<U> for Ends {
    #[inline(always)]
    fn mask<V: CodeVectors, const N: usize>(&self, a: &[U; N], _: &[U; N]) -> u32 {
        U::equal::<V, N>(a, &[U::NUL; N])
    }
}

/// The unit of the first block is above 0x7F.
struct BeyondAscii;

impl<U: Unit> BlockTest<U> for BeyondAscii {
    #[inline(always)]
    fn mask<V: CodeVectors, const N: usize>(&self, a: &[U; N], _: &[U; N]) -> u32 {
        U::beyond_ascii(a)
    }
}

/// The units differ.
pub(super) struct Differs;

impl<U: Unit> BlockTest<U> for Differs {
    #[inline(always)]
    fn mask<V: CodeVectors, const N: usize>(&self, a: &[U; N], b: &[U; N]) -> u32 {
        U::equal::<V, N>(a, b) ^ ((1 << N) - 1)
    }
}

/// The units differ, or both values end.
pub(super) struct Decides;

impl<U: Unit> BlockTest<U> for Decides {
    #[inline(always)]
    fn mask<V: CodeVectors, const N: usize>(&self, a: &[U; N], b: &[U; N]) -> u32 {
        U::equal_live::<V, N>(a, b) ^ ((1 << N) - 1)
    }
}

/// The units are these two.
pub(super) struct Pair<U>(pub U, pub U);

impl<U: Unit> BlockTest<U> for Pair<U> {
    #[inline(always)]
    fn mask<V: CodeVectors, const N: usize>(&self, a: &[U; N], b: &[U; N]) -> u32 {
        U::equal::<V, N>(a, &[self.0; N]) & U::equal::<V, N>(b, &[self.1; N])
    }
}

/// First place, before the end of the shorter slice, where `test` holds.
#[inline(always)]
pub(super) fn first<U: Unit>(a: &[U], b: &[U], test: impl BlockTest<U>) -> Option<usize> {
    let count = a.len().min(b.len());
    let (a, b) = (&a[..count], &b[..count]);
    match count {
        16.. => first_in_blocks::<U, 16>(a, b, test),
        8.. => first_in_blocks::<U, 8>(a, b, test),
        4.. => first_in_blocks::<U, 4>(a, b, test),
        _ => first_in_blocks::<U, 1>(a, b, test),
    }
}

#[inline(always)]
fn first_in_blocks<U: Unit, const N: usize>(a: &[U], b: &[U], test: impl BlockTest<U>) -> Option<usize> {
    let mut start = 0;
    loop {
        let mask = test.mask::<Portable, N>(a.get(start..)?.first_chunk()?, b.get(start..)?.first_chunk()?);
        if mask != 0 {
            return Some(start + mask.trailing_zeros() as usize);
        }
        start = next_block::<N>(start, a.len())?;
    }
}

/// Where the block after the one at `start` begins; `None` when that was the last of `count` units.
#[inline(always)]
fn next_block<const N: usize>(start: usize, count: usize) -> Option<usize> {
    let next = start + N;
    (next < count).then(|| next.min(count - N))
}

/// Number of units of `slot` before the first NUL.
#[cfg_attr(target_family = "wasm", inline(never))]
#[cfg_attr(not(target_family = "wasm"), inline(always))]
pub(super) fn value_len<U: Unit>(slot: &[U]) -> usize {
    first(slot, slot, Ends).unwrap_or(slot.len())
}

/// The value in `slot`: its units before the first NUL.
#[inline(always)]
pub(super) fn value<U: Unit>(slot: &[U]) -> &[U] {
    &slot[..value_len(slot)]
}

#[cfg_attr(target_family = "wasm", inline(never))]
#[cfg_attr(not(target_family = "wasm"), inline(always))]
pub(super) fn is_ascii<U: Unit>(units: &[U]) -> bool {
    first(units, units, BeyondAscii).is_none()
}

/// Whether two slices hold the same units.
#[cfg_attr(target_family = "wasm", inline(never))]
#[cfg_attr(not(target_family = "wasm"), inline(always))]
pub(super) fn same<U: Unit>(a: &[U], b: &[U]) -> bool {
    a.len() == b.len() && first(a, b, Differs).is_none()
}

/// Slots of at most this many units are copied whole, whatever the length of their values: fixed
/// steps are cheaper than exact ones. In a wider slot the units after the value are not even read.
const COPIED_WHOLE: usize = 64;

/// Write the first `length` units of `slot`, with the case of `letters` changed, as far as they fit,
/// and NULs after them.
#[cfg_attr(target_family = "wasm", inline(never))]
#[cfg_attr(not(target_family = "wasm"), inline(always))]
pub(super) fn write<U: Unit>(out: &mut [U], slot: &[U], length: usize, letters: Option<FirstLetter>) {
    let written = write_head(out, slot, length, letters);
    clear(&mut out[written..]);
}

/// [`write`] that may leave the units of `out` after the value as they are. Returns the number of units written.
#[cfg_attr(target_family = "wasm", inline(never))]
#[cfg_attr(not(target_family = "wasm"), inline(always))]
pub(super) fn write_head<U: Unit>(
    out: &mut [U],
    slot: &[U],
    length: usize,
    letters: Option<FirstLetter>,
) -> usize {
    let count = if slot.len() <= COPIED_WHOLE { slot.len() } else { length };
    let count = count.min(out.len());
    let (out, slot) = (&mut out[..count], &slot[..count]);
    match count {
        16.. => write_blocks::<U, 16>(out, slot, length, letters),
        8.. => write_blocks::<U, 8>(out, slot, length, letters),
        4.. => write_blocks::<U, 4>(out, slot, length, letters),
        _ => write_blocks::<U, 1>(out, slot, length, letters),
    };
    count
}

/// Write all blocks of slices of one length; `None` at the end.
#[inline(always)]
fn write_blocks<U: Unit, const N: usize>(
    out: &mut [U],
    slot: &[U],
    length: usize,
    letters: Option<FirstLetter>,
) -> Option<()> {
    let mut start = 0;
    loop {
        let live = length.saturating_sub(start).min(N);
        let block = slot.get(start..)?.first_chunk()?;
        *out.get_mut(start..)?.first_chunk_mut()? = U::image::<Portable, N>(block, live, letters);
        start = next_block::<N>(start, slot.len())?;
    }
}

/// Write NULs.
#[cfg_attr(target_family = "wasm", inline(never))]
#[cfg_attr(not(target_family = "wasm"), inline(always))]
pub(super) fn clear<U: Unit>(out: &mut [U]) {
    match out.len() {
        16.. => clear_blocks::<U, 16>(out),
        8.. => clear_blocks::<U, 8>(out),
        4.. => clear_blocks::<U, 4>(out),
        _ => clear_blocks::<U, 1>(out),
    };
}

/// Write NULs to all blocks; `None` at the end.
#[inline(always)]
fn clear_blocks<U: Unit, const N: usize>(out: &mut [U]) -> Option<()> {
    let count = out.len();
    let mut start = 0;
    loop {
        *out.get_mut(start..)?.first_chunk_mut()? = [U::NUL; N];
        start = next_block::<N>(start, count)?;
    }
}
