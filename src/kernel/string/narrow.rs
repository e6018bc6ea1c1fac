//! Slots of 4 to 64 units, handled without branches that depend on the data.
//!
//! What is asked of a slot is a mask with one bit a unit, and the number of blocks that cover a slot is
//! a constant of the loop over the items. So the lengths of values, which the branch predictor could
//! only guess, cost nothing.

use super::Unit;
#[cfg(target_arch = "x86_64")]
use super::avx512::Avx512;
use super::blocks::{BlockTest, Ends};
use super::lanes::{CodeVectors, Portable};
use crate::kernel::level::Level;

/// A loop over items whose narrow slots are covered by `BLOCKS` blocks of `N` units, the last of which
/// ends where the slot ends.
///
/// Implementations are `#[inline(always)]`, like all they call, so that they are compiled for the level that
/// they are used at.
pub(super) trait NarrowLoop {
    /// Handle items from the first on and return how many it were: all, or those whose slots exist.
    fn run<V: CodeVectors, const N: usize, const BLOCKS: usize>(self) -> usize;
}

/// Run `items` for slots of `width` units and return the number of items done: none if the slots are
/// not narrow.
pub(super) fn run_narrow(width: usize, items: impl NarrowLoop) -> usize {
    let level = Level::current();
    match width {
        4..=7 => at_level::<_, 4, 2>(level, items),
        8..=15 => at_level::<_, 8, 2>(level, items),
        16 => at_level::<_, 16, 1>(level, items),
        17..=32 => at_level::<_, 16, 2>(level, items),
        33..=64 => at_level::<_, 16, 4>(level, items),
        _ => 0,
    }
}

/// Run `items` for slots of [`MIN_NARROW`] units.
pub(super) fn run_shortest(items: impl NarrowLoop) -> usize {
    at_level::<_, MIN_NARROW, 1>(Level::current(), items)
}

/// The loop compiled for `level`, which the machine must support.
fn at_level<I: NarrowLoop, const N: usize, const BLOCKS: usize>(level: Level, items: I) -> usize {
    match level {
        // SAFETY: the machine supports the level.
        #[cfg(target_arch = "x86_64")]
        Level::Avx512 => unsafe { avx512::<I, N, BLOCKS>(items) },
        _ => portable::<I, N, BLOCKS>(items),
    }
}

// Inlined side by side, the loops would not keep their values in registers.
#[inline(never)]
fn portable<I: NarrowLoop, const N: usize, const BLOCKS: usize>(items: I) -> usize {
    items.run::<Portable, N, BLOCKS>()
}

/// # Safety
/// The machine must support the level.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma,bmi1,bmi2,avx512f,avx512bw,avx512cd,avx512dq,avx512vl")]
#[inline(never)]
unsafe fn avx512<I: NarrowLoop, const N: usize, const BLOCKS: usize>(items: I) -> usize {
    items.run::<Avx512, N, BLOCKS>()
}

/// Units of the narrowest and of the widest narrow slot.
pub(super) const MIN_NARROW: usize = 4;
pub(super) const MAX_NARROW: usize = 64;

/// How many units of slots of `slot` units to look at where `needed` would do: one block that fills a
/// vector, if that covers them, costs less than several.
pub(super) fn narrow_width<U>(needed: usize, slot: usize) -> usize {
    let block = [4, 8, 16].into_iter().find(|units| *units >= needed && units * size_of::<U>() >= 16);
    block.filter(|units| *units <= slot).unwrap_or(needed.max(MIN_NARROW).min(slot))
}

/// A literal, followed by NULs up to the width of the widest narrow slot.
pub(super) struct Padded<U> {
    units: [U; MAX_NARROW],
    length: usize,
}

impl<U: Unit> Padded<U> {
    pub(super) fn new(literal: &[U]) -> Padded<U> {
        let mut units = [U::NUL; MAX_NARROW];
        for (unit, from) in units.iter_mut().zip(literal) {
            *unit = *from;
        }
        Padded { units, length: literal.len() }
    }

    /// The literal in a slot of `width` units; `None` if the slot is too wide or too short.
    pub(super) fn head(&self, width: usize) -> Option<&[U]> {
        self.units.get(..width).filter(|_| self.length <= width)
    }
}

/// Where block number `block` begins in a slot of `width` units.
#[inline(always)]
fn start_of<const N: usize>(block: usize, width: usize) -> usize {
    (block * N).min(width.saturating_sub(N))
}

/// Mask of the places of two slots of one width where `test` holds; `None` if they are no narrow slots.
#[inline(always)]
pub(super) fn mask<U: Unit, V: CodeVectors, const N: usize, const BLOCKS: usize>(
    a: &[U],
    b: &[U],
    test: impl BlockTest<U>,
) -> Option<u64> {
    let mut mask = 0;
    for block in 0..BLOCKS {
        let start = start_of::<N>(block, a.len());
        let places = test.mask::<V, N>(a.get(start..)?.first_chunk()?, b.get(start..)?.first_chunk()?);
        mask |= u64::from(places) << start;
    }
    Some(mask)
}

/// Write the value in `slot`, and NULs up to the slot's width, and return the length of the value; `None`
/// if `slot` is no narrow slot or `out` is shorter.
#[inline(always)]
pub(super) fn write_value<U: Unit, V: CodeVectors, const N: usize, const BLOCKS: usize>(
    out: &mut [U],
    slot: &[U],
) -> Option<usize> {
    let ends = mask::<U, V, N, BLOCKS>(slot, slot, Ends)?;
    let length = slot.len().min(ends.trailing_zeros() as usize);
    let out = out.get_mut(..slot.len())?;
    for block in 0..BLOCKS {
        let start = start_of::<N>(block, slot.len());
        let live = length.saturating_sub(start).min(N);
        let image = U::image::<V, N>(slot.get(start..)?.first_chunk()?, live, None);
        *out.get_mut(start..)?.first_chunk_mut()? = image;
    }
    Some(length)
}
