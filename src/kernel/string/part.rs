//! Operations whose result is a part of their first operand.

use super::blocks::{clear, value_len, write};
use super::search::find;
use super::slots::numbered;
use super::{Slots, Unit};

/// The operand as it is.
pub(super) fn copy<U: Unit>(a: Slots<'_, U>, out: &mut [U], width: usize) {
    for (item, out) in numbered(out, width) {
        let slot = a.slot(item);
        write(out, slot, value_len(slot), None);
    }
}

/// The operand `yes` where the condition holds, else `no`.
pub(super) fn select<U: Unit>(
    condition: &[u8],
    yes: Slots<'_, U>,
    no: Slots<'_, U>,
    out: &mut [U],
    width: usize,
) {
    for ((item, out), condition) in numbered(out, width).zip(condition) {
        let slot = if *condition != 0 { yes.slot(item) } else { no.slot(item) };
        write(out, slot, value_len(slot), None);
    }
}

/// Without white space at both ends.
pub(super) fn strip<U: Unit>(a: Slots<'_, U>, out: &mut [U], width: usize) {
    write_parts(a, Slots::scalar(&[]), out, width, |value, _| without_left_space(without_right_space(value)));
}

pub(super) fn left_strip<U: Unit>(a: Slots<'_, U>, out: &mut [U], width: usize) {
    write_parts(a, Slots::scalar(&[]), out, width, |value, _| without_left_space(value));
}

pub(super) fn right_strip<U: Unit>(a: Slots<'_, U>, out: &mut [U], width: usize) {
    write_parts(a, Slots::scalar(&[]), out, width, |value, _| without_right_space(value));
}

pub(super) fn remove_prefix<U: Unit>(a: Slots<'_, U>, prefix: Slots<'_, U>, out: &mut [U], width: usize) {
    write_parts(a, prefix, out, width, |value, prefix| value.strip_prefix(prefix).unwrap_or(value));
}

pub(super) fn remove_suffix<U: Unit>(a: Slots<'_, U>, suffix: Slots<'_, U>, out: &mut [U], width: usize) {
    write_parts(a, suffix, out, width, |value, suffix| value.strip_suffix(suffix).unwrap_or(value));
}

/// What comes before the first separator; everything when there is none.
pub(super) fn split_before<U: Unit>(a: Slots<'_, U>, separator: Slots<'_, U>, out: &mut [U], width: usize) {
    write_parts(a, separator, out, width, |value, separator| {
        find(value, separator).map_or(value, |at| &value[..at])
    });
}

/// What comes after the first separator; empty when there is none.
pub(super) fn split_after<U: Unit>(a: Slots<'_, U>, separator: Slots<'_, U>, out: &mut [U], width: usize) {
    write_parts(a, separator, out, width, |value, separator| {
        find(value, separator).map_or(&[], |at| &value[at + separator.len()..])
    });
}

/// At most `count` units from `start`, which counts from the end of the value when it is negative.
pub(super) fn substr<U: Unit>(a: Slots<'_, U>, start: i64, count: i64, out: &mut [U], width: usize) {
    let offset = usize::try_from(start.unsigned_abs()).unwrap_or(usize::MAX);
    let count = usize::try_from(count.max(0)).unwrap_or(usize::MAX);
    write_parts(a, Slots::scalar(&[]), out, width, |value, _| {
        let first = if start < 0 { value.len().saturating_sub(offset) } else { offset.min(value.len()) };
        &value[first..first.saturating_add(count).min(value.len())]
    });
}

fn without_left_space<U: Unit>(value: &[U]) -> &[U] {
    let start = value.iter().position(|unit| !unit.is_space()).unwrap_or(value.len());
    &value[start..]
}

fn without_right_space<U: Unit>(value: &[U]) -> &[U] {
    let end = value.iter().rposition(|unit| !unit.is_space()).map_or(0, |last| last + 1);
    &value[..end]
}

/// Write the part of each value of `a` that `part` chooses, given also the value of `b`.
fn write_parts<U, P>(a: Slots<'_, U>, b: Slots<'_, U>, out: &mut [U], width: usize, part: P)
where
    U: Unit,
    P: for<'v> Fn(&'v [U], &[U]) -> &'v [U],
{
    let literal = b.scalar_value();
    for (item, slot) in numbered(out, width) {
        let b = literal.unwrap_or_else(|| b.value(item));
        fill(slot, part(a.value(item), b));
    }
}

/// Write `value`, cut to the slot, and NULs after it.
fn fill<U: Unit>(slot: &mut [U], value: &[U]) {
    let (head, tail) = slot.split_at_mut(value.len().min(slot.len()));
    head.copy_from_slice(&value[..head.len()]);
    clear(tail);
}
