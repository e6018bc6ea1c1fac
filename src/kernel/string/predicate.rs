//! Tests of strings: comparison, containment, prefix and suffix.

use std::cmp::Ordering;

use crate::ir::CompareOp;

use super::blocks::{Decides, first, same, value, value_len};
use super::search::{candidate, find};
use super::{Slots, Unit};

/// Stands in the result for items that the first units do not decide.
const UNDECIDED: u8 = 2;

/// Compare values code unit by code unit; a prefix comes before what it is a prefix of.
pub(super) fn compare<U: Unit>(op: CompareOp, a: Slots<'_, U>, b: Slots<'_, U>, out: &mut [u8]) {
    match (a.scalar_value(), b.scalar_value()) {
        (Some(a), Some(b)) => return out.fill(holds(op, order(a, b)) as u8),
        (Some(_), None) => return compare(reversed(op), b, a, out),
        (None, Some(literal)) if matches!(op, CompareOp::Eq | CompareOp::Ne) => {
            decide_by_words(a, literal, literal.len() < a.width(), out, (op == CompareOp::Ne) as u8);
        }
        (None, _) => decide_by_first_units(op, a, b, out),
    }
    for (item, out) in out.iter_mut().enumerate().filter(|(_, out)| **out == UNDECIDED) {
        *out = holds(op, order(a.slot(item), b.slot(item))) as u8;
    }
}

fn holds(op: CompareOp, order: Ordering) -> bool {
    match op {
        CompareOp::Eq => order.is_eq(),
        CompareOp::Ne => order.is_ne(),
        CompareOp::Lt => order.is_lt(),
        CompareOp::Le => order.is_le(),
        CompareOp::Gt => order.is_gt(),
        CompareOp::Ge => order.is_ge(),
    }
}

/// The comparison that says the same of swapped operands.
fn reversed(op: CompareOp) -> CompareOp {
    match op {
        CompareOp::Eq | CompareOp::Ne => op,
        CompareOp::Lt => CompareOp::Gt,
        CompareOp::Le => CompareOp::Ge,
        CompareOp::Gt => CompareOp::Lt,
        CompareOp::Ge => CompareOp::Le,
    }
}

/// Compare the first units of all items in a loop without branches.
fn decide_by_first_units<U: Unit>(op: CompareOp, a: Slots<'_, U>, b: Slots<'_, U>, out: &mut [u8]) {
    let less = holds(op, Ordering::Less) as u8;
    let greater = holds(op, Ordering::Greater) as u8;
    for (item, out) in out.iter_mut().enumerate() {
        let (a, b) = (code_at(a.slot(item), 0), code_at(b.slot(item), 0));
        let decided = if a < b { less } else { greater };
        *out = if a == b { UNDECIDED } else { decided };
    }
}

/// Compare the first 8 bytes of all slots with those of `prefix`, and of the NUL after it if it `ends`,
/// in a loop without branches; items that differ there get the verdict `different`.
fn decide_by_words<U: Unit>(a: Slots<'_, U>, prefix: &[U], ends: bool, out: &mut [u8], different: u8) {
    let known = (prefix.len() + ends as usize).min(8 / size_of::<U>());
    let mut units = [U::NUL; 8];
    let copied = prefix.len().min(known);
    units[..copied].copy_from_slice(&prefix[..copied]);
    let mut mask = [U::NUL; 8];
    mask[..known].fill(U::from_code(u32::MAX));
    let (wanted, mask) = (first_word(&units), first_word(&mask));
    out.fill(UNDECIDED);
    for (slot, out) in a.whole_slots(out.len()).chunks_exact(a.width()).zip(out) {
        let same =
            first_word(slot).zip(wanted).zip(mask).is_none_or(|((word, wanted), mask)| word & mask == wanted);
        *out = if same { UNDECIDED } else { different };
    }
}

/// The first 8 bytes of a slot; `None` for a narrower slot.
#[inline(always)]
fn first_word<U: Unit>(slot: &[U]) -> Option<u64> {
    U::bytes(slot).first_chunk().map(|bytes| u64::from_ne_bytes(*bytes))
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
    let units = a.whole_slots(out.len());
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
    match b.scalar_value() {
        Some(prefix) if a.scalar_value().is_none() => decide_by_words(a, prefix, false, out, 0),
        _ => out.fill(UNDECIDED),
    }
    for (item, out) in out.iter_mut().enumerate().filter(|(_, out)| **out == UNDECIDED) {
        let prefix = b.value(item);
        // As a value has no NUL, what the slot begins with is also what its value begins with.
        *out = a.slot(item).get(..prefix.len()).is_some_and(|head| same(head, prefix)) as u8;
    }
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
