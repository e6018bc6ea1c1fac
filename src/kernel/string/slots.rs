//! Views of columns of slots.

use super::Unit;
use super::blocks;

/// String operands of one operation: an array of slots, or one slot that stands for every item.
#[derive(Clone, Copy, Debug)]
pub struct Slots<'a, U> {
    units: &'a [U],
    width: usize,
    /// Units from one item to the next: the width, or 0 for a scalar.
    stride: usize,
}

impl<'a, U: Unit> Slots<'a, U> {
    /// Slots of `width` units, one after the other; all values are empty when the width is 0.
    pub fn array(units: &'a [U], width: usize) -> Slots<'a, U> {
        match width {
            0 => Slots::scalar(&[]),
            _ => Slots { units, width, stride: width },
        }
    }

    /// One slot for every item.
    pub fn scalar(slot: &'a [U]) -> Slots<'a, U> {
        Slots { units: slot, width: slot.len(), stride: 0 }
    }

    /// The value of a scalar; `None` for an array.
    #[inline(always)]
    pub(super) fn scalar_value(&self) -> Option<&'a [U]> {
        (self.stride == 0).then(|| blocks::value(self.units))
    }

    /// Units of a slot.
    #[inline(always)]
    pub(super) fn width(&self) -> usize {
        self.width
    }

    /// All units of the first `n` slots of an array, or of those that exist.
    #[inline(always)]
    pub(super) fn whole_slots(&self, n: usize) -> &'a [U] {
        let slots = self.units.len().checked_div(self.width).unwrap_or(0);
        &self.units[..slots.min(n) * self.width]
    }

    /// Without the first `items` items.
    #[inline(always)]
    pub(super) fn skip(&self, items: usize) -> Slots<'a, U> {
        Slots { units: self.units.get(items * self.stride..).unwrap_or(&[]), ..*self }
    }

    /// The first `width` units of each slot, without end for a scalar; none if the slots are shorter.
    #[inline(always)]
    pub(super) fn heads(&self, width: usize) -> impl Iterator<Item = &'a [U]> {
        let Slots { mut units, stride, .. } = *self;
        std::iter::from_fn(move || {
            let head = units.get(..width)?;
            prefetch(units);
            units = units.get(stride..).unwrap_or(&[]);
            Some(head)
        })
    }

    /// The first `width` units of each slot of an array; none if the slots are shorter, or of a scalar.
    #[inline(always)]
    pub(super) fn array_heads(&self, width: usize) -> impl Iterator<Item = &'a [U]> {
        let units = if width <= self.stride { self.units } else { &[] };
        units.chunks_exact(self.stride.max(1)).map(move |slot| {
            prefetch(slot);
            &slot[..width]
        })
    }

    /// All units of a slot; empty beyond the end of the column.
    #[inline(always)]
    pub(super) fn slot(&self, item: usize) -> &'a [U] {
        let start = item * self.stride;
        self.units.get(start..start + self.width).unwrap_or(&[])
    }

    /// The units of a slot before the first NUL.
    #[inline(always)]
    pub(super) fn value(&self, item: usize) -> &'a [U] {
        blocks::value(self.slot(item))
    }
}

/// Bytes between what is read and what is fetched into the cache for later: far enough that a slot comes
/// from memory before it is needed.
#[cfg(target_arch = "x86_64")]
const PREFETCH_DISTANCE: usize = 4096;

/// Begins to fetch the units [`PREFETCH_DISTANCE`] after the start of `units`. The loops over
/// slots have so many instructions that the processor alone would look only a few slots ahead.
#[inline(always)]
fn prefetch<U>(units: &[U]) {
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        let ahead = units.as_ptr().cast::<i8>().wrapping_add(PREFETCH_DISTANCE);
        // SAFETY: the instruction accepts any address; it accesses nothing and never faults.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(ahead) }
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = units;
}

/// The number of each item and its result slot; nothing when the width is 0.
#[inline(always)]
pub(super) fn numbered<U: Unit>(out: &mut [U], width: usize) -> impl Iterator<Item = (usize, &mut [U])> {
    let out = if width == 0 { &mut [] } else { out };
    out.chunks_exact_mut(width.max(1)).enumerate()
}
