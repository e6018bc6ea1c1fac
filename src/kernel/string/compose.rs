//! Operations that put their result together from several values.

use super::blocks::{clear, value_len, write, write_head};
use super::search::find;
use super::slots::numbered;
use super::{Slots, Unit};

/// The values of `a` and `b` one after the other.
pub(super) fn concat<U: Unit>(a: Slots<'_, U>, b: Slots<'_, U>, out: &mut [U], width: usize) {
    for (item, out) in numbered(out, width) {
        let (a, b) = (a.slot(item), b.slot(item));
        let (a_len, b_len) = (value_len(a), value_len(b));
        write(out, a, a_len, None);
        if let Some(rest) = out.get_mut(a_len..) {
            write_head(rest, b, b_len, None);
        }
    }
}

/// The value of `a` with each occurrence of `old`, from left to right, replaced by `new`.
///
/// An empty `old` occurs nowhere.
pub(super) fn replace<U: Unit>(
    a: Slots<'_, U>,
    old: Slots<'_, U>,
    new: Slots<'_, U>,
    out: &mut [U],
    width: usize,
) {
    for (item, out) in numbered(out, width) {
        let end = write_replaced(out, a.value(item), old.value(item), new.value(item));
        clear(&mut out[end..]);
    }
}

/// Write `value` with `old` replaced by `new` and return the number of units written.
fn write_replaced<U: Unit>(slot: &mut [U], value: &[U], old: &[U], new: &[U]) -> usize {
    let mut rest = value;
    let mut end = 0;
    if !old.is_empty() {
        while let Some(at) = find(rest, old) {
            end = append(slot, end, &rest[..at]);
            end = append(slot, end, new);
            rest = &rest[at + old.len()..];
        }
    }
    append(slot, end, rest)
}

/// Write `value`, as far as it fits, from unit `start` of `slot` on, and return where it ends.
#[inline(always)]
fn append<U: Unit>(slot: &mut [U], start: usize, value: &[U]) -> usize {
    let room = &mut slot[start..];
    let count = value.len().min(room.len());
    room[..count].copy_from_slice(&value[..count]);
    start + count
}
