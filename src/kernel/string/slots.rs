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

/// The number of each item and its result slot; nothing when the width is 0.
#[inline(always)]
pub(super) fn numbered<U: Unit>(out: &mut [U], width: usize) -> impl Iterator<Item = (usize, &mut [U])> {
    let out = if width == 0 { &mut [] } else { out };
    out.chunks_exact_mut(width.max(1)).enumerate()
}
