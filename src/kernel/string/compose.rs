//! Operations that put their result together from several values.

use super::dispatch::{Loop, at_best_level};
use super::search::find;
use super::slots::each_slot;
use super::{Slots, Unit};

/// The values of `a` and `b` one after the other.
pub(super) fn concat<U: Unit>(a: Slots<'_, U>, b: Slots<'_, U>, out: &mut [U], width: usize) {
    at_best_level(Concat { a, b, out, width });
}

struct Concat<'a, 'o, U> {
    a: Slots<'a, U>,
    b: Slots<'a, U>,
    out: &'o mut [U],
    width: usize,
}

impl<U: Unit> Loop for Concat<'_, '_, U> {
    #[inline(always)]
    fn run(self) {
        each_slot(self.out, self.width, |item, slot| {
            let end = append(slot, 0, self.a.value(item));
            let end = append(slot, end, self.b.value(item));
            slot[end..].fill(U::NUL);
        });
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
    at_best_level(Replace { a, old, new, out, width });
}

struct Replace<'a, 'o, U> {
    a: Slots<'a, U>,
    old: Slots<'a, U>,
    new: Slots<'a, U>,
    out: &'o mut [U],
    width: usize,
}

impl<U: Unit> Loop for Replace<'_, '_, U> {
    #[inline(always)]
    fn run(self) {
        each_slot(self.out, self.width, |item, slot| {
            let end = write_replaced(slot, self.a.value(item), self.old.value(item), self.new.value(item));
            slot[end..].fill(U::NUL);
        });
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
