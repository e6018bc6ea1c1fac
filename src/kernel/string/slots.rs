//! Views of columns of slots.

use super::Unit;
use super::scan;

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
        (self.stride == 0).then(|| scan::value(self.units))
    }

    /// Units of a slot.
    #[inline(always)]
    pub(super) fn width(&self) -> usize {
        self.width
    }

    /// All units of the first `n` slots of an array, as far as they exist.
    #[inline(always)]
    pub(super) fn units(&self, n: usize) -> &'a [U] {
        &self.units[..self.units.len().min(n.saturating_mul(self.width))]
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
        scan::value(self.slot(item))
    }
}

/// Call `write` with the number of each item and its result slot.
#[inline(always)]
pub(super) fn each_slot<U: Unit>(out: &mut [U], width: usize, mut write: impl FnMut(usize, &mut [U])) {
    if width == 0 {
        return;
    }
    for (item, slot) in out.chunks_exact_mut(width).enumerate() {
        write(item, slot);
    }
}

/// Write `value`, cut to the slot, and NULs after it.
#[inline(always)]
pub(super) fn fill<U: Unit>(slot: &mut [U], value: &[U]) {
    let (head, tail) = slot.split_at_mut(value.len().min(slot.len()));
    head.copy_from_slice(&value[..head.len()]);
    tail.fill(U::NUL);
}
