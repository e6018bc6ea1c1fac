//! Operations that put their result together from several values.

use super::blocks::{clear, value_len, write, write_head};
use super::lanes::CodeVectors;
use super::narrow::{NarrowLoop, run_narrow, write_value};
use super::search::find;
use super::slots::numbered;
use super::{Slots, Unit};

/// Items whose first values are written before the second ones are.
const BATCH: usize = 64;

/// The values of `a` and `b` one after the other.
pub(super) fn concat<U: Unit>(a: Slots<'_, U>, b: Slots<'_, U>, out: &mut [U], width: usize) {
    let fits = a.width() + b.width() <= width;
    for (number, out) in out.chunks_mut(BATCH * width.max(1)).enumerate() {
        let (a, b) = (a.skip(number * BATCH), b.skip(number * BATCH));
        let mut ends = [0; BATCH];
        let begun =
            if fits { run_narrow(a.width(), Beginnings { a, out, width, ends: &mut ends }) } else { 0 };
        for ((item, out), end) in numbered(out, width).zip(&mut ends).skip(begun) {
            let slot = a.slot(item);
            *end = value_len(slot);
            write(out, slot, *end, None);
        }
        let done = if fits { run_narrow(b.width(), Endings { b, out, width, starts: &ends }) } else { 0 };
        for ((item, out), start) in numbered(out, width).zip(&ends).skip(done) {
            let slot = b.slot(item);
            if let Some(rest) = out.get_mut(*start..) {
                write_head(rest, slot, value_len(slot), None);
            }
        }
    }
}

/// Writes the values of `a`, with NULs after them, and where they end.
struct Beginnings<'a, U> {
    a: Slots<'a, U>,
    out: &'a mut [U],
    width: usize,
    ends: &'a mut [usize; BATCH],
}

impl<U: Unit> NarrowLoop for Beginnings<'_, U> {
    #[inline(always)]
    fn run<V: CodeVectors, const N: usize, const BLOCKS: usize>(self) -> usize {
        let Beginnings { a, out, width, ends } = self;
        let mut done = 0;
        for ((slot, (_, out)), end) in a.heads(a.width()).zip(numbered(out, width)).zip(ends) {
            let Some(length) = write_value::<U, V, N, BLOCKS>(out, slot) else { break };
            clear(&mut out[slot.len()..]);
            *end = length;
            done += 1;
        }
        done
    }
}

/// Writes the values of `b` from the places `starts` on; what lies beyond stays as it is.
struct Endings<'a, U> {
    b: Slots<'a, U>,
    out: &'a mut [U],
    width: usize,
    starts: &'a [usize; BATCH],
}

impl<U: Unit> NarrowLoop for Endings<'_, U> {
    #[inline(always)]
    fn run<V: CodeVectors, const N: usize, const BLOCKS: usize>(self) -> usize {
        let Endings { b, out, width, starts } = self;
        let mut done = 0;
        for ((slot, (_, out)), start) in b.heads(b.width()).zip(numbered(out, width)).zip(starts) {
            let rest = out.get_mut(*start..).and_then(|rest| write_value::<U, V, N, BLOCKS>(rest, slot));
            if rest.is_none() {
                break;
            }
            done += 1;
        }
        done
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
