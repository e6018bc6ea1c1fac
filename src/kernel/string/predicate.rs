//! Tests of strings: comparison, containment, prefix and suffix.

use std::cmp::Ordering;

use crate::ir::CompareOp;

use super::blocks::{Decides, first, same, value, value_len};
use super::search::{candidate, find};
use super::{Slots, Unit};

/// Compare values code unit by code unit; a prefix comes before what it is a prefix of.
pub(super) fn compare<U: Unit>(op: CompareOp, a: Slots<'_, U>, b: Slots<'_, U>, out: &mut [u8]) {
    match op {
        CompareOp::Eq => test_slots(a, b, out, |a, b| order(a, b).is_eq()),
        CompareOp::Ne => test_slots(a, b, out, |a, b| order(a, b).is_ne()),
        CompareOp::Lt => test_slots(a, b, out, |a, b| order(a, b).is_lt()),
        CompareOp::Le => test_slots(a, b, out, |a, b| order(a, b).is_le()),
        CompareOp::Gt => test_slots(a, b, out, |a, b| order(a, b).is_gt()),
        CompareOp::Ge => test_slots(a, b, out, |a, b| order(a, b).is_ge()),
    }
}

/// Order of the values in two slots.
#[inline(always)]
fn order<U: Unit>(a: &[U], b: &[U]) -> Ordering {
    let decisive = first(a, b, Decides);
    let index = decisive.unwrap_or(a.len().min(b.len()));
    code_at(a, index).cmp(&code_at(b, index))
}

/// The code unit at `index`, NUL beyond the end of the slot.
#[inline(always)]
fn code_at<U: Unit>(slot: &[U], index: usize) -> u32 {
    slot.get(index).map_or(0, |unit| unit.code())
}

/// Whether the value of `b` occurs in that of `a`.
pub(super) fn contains<U: Unit>(a: Slots<'_, U>, b: Slots<'_, U>, out: &mut [u8]) {
    match b.scalar_value() {
        Some(needle) if !needle.is_empty() && a.scalar_value().is_none() => {
            contains_literal(a, needle, out);
        }
        _ => test_slots(a, b, out, |a, b| find(value(a), value(b)).is_some()),
    }
}

/// Look for a needle, which is not empty, in all slots at once: the vector search for candidates runs
/// over the whole column, and slots without a candidate cost nothing more.
fn contains_literal<U: Unit>(a: Slots<'_, U>, needle: &[U], out: &mut [u8]) {
    out.fill(0);
    let (Some(head), Some(tail)) = (needle.first(), needle.last()) else { return };
    let units = a.units(out.len());
    let mut from = 0;
    while let Some(at) = candidate(units, from, *head, *tail, needle.len()) {
        let item = at / a.width();
        let next = (item + 1) * a.width();
        // The slot has no candidate before this one, but its value may have ended.
        let ended = !value_fills(&units[item * a.width()..at]);
        out[item] = (!ended && find(value(&units[at..next]), needle).is_some()) as u8;
        from = next;
    }
}

fn value_fills<U: Unit>(units: &[U]) -> bool {
    value_len(units) == units.len()
}

/// Whether the value of `a` begins with that of `b`.
pub(super) fn starts_with<U: Unit>(a: Slots<'_, U>, b: Slots<'_, U>, out: &mut [u8]) {
    // As a value has no NUL, what the slot begins with is also what its value begins with.
    test_slots(a, b, out, |a, b| a.get(..value_len(b)).is_some_and(|head| same(head, value(b))));
}

/// Whether the value of `a` ends with that of `b`.
pub(super) fn ends_with<U: Unit>(a: Slots<'_, U>, b: Slots<'_, U>, out: &mut [u8]) {
    test_slots(a, b, out, |a, b| {
        let (a, b) = (value(a), value(b));
        a.len().checked_sub(b.len()).is_some_and(|start| same(&a[start..], b))
    });
}

/// Whether the value is not empty.
pub(super) fn non_empty<U: Unit>(a: Slots<'_, U>, out: &mut [u8]) {
    test_slots(a, Slots::scalar(&[]), out, |a, _| code_at(a, 0) != 0);
}

/// Write what `test` says of the slots of each item. The slot of a scalar `b` is cut to its value.
fn test_slots<U, T>(a: Slots<'_, U>, b: Slots<'_, U>, out: &mut [u8], test: T)
where
    U: Unit,
    T: Fn(&[U], &[U]) -> bool,
{
    let literal = b.scalar_value();
    for (item, out) in out.iter_mut().enumerate() {
        let b = literal.unwrap_or_else(|| b.slot(item));
        *out = test(a.slot(item), b) as u8;
    }
}
