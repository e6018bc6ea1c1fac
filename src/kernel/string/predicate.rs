//! Tests of strings: comparison, containment, prefix and suffix.

use std::cmp::Ordering;

use crate::ir::CompareOp;

use super::dispatch::{Loop, at_best_level};
use super::scan::{self, first_pair_where};
use super::search::{candidate, find};
use super::{Slots, Unit};

/// Compare values code unit by code unit; a prefix comes before what it is a prefix of.
pub(super) fn compare<U: Unit>(op: CompareOp, a: Slots<'_, U>, b: Slots<'_, U>, out: &mut [u8]) {
    match op {
        CompareOp::Eq => equal(a, b, out, false),
        CompareOp::Ne => equal(a, b, out, true),
        CompareOp::Lt => test_pairs(a, b, out, |a, b| order(a, b).is_lt()),
        CompareOp::Le => test_pairs(a, b, out, |a, b| order(a, b).is_le()),
        CompareOp::Gt => test_pairs(a, b, out, |a, b| order(a, b).is_gt()),
        CompareOp::Ge => test_pairs(a, b, out, |a, b| order(a, b).is_ge()),
    }
}

/// Whether each value of `a` equals that of `b`, or the contrary if `negate` is set.
fn equal<U: Unit>(a: Slots<'_, U>, b: Slots<'_, U>, out: &mut [u8], negate: bool) {
    match (a.scalar_value(), b.scalar_value()) {
        (None, Some(literal)) => at_best_level(EqualLiteral { a, literal, out, negate }),
        (Some(literal), None) => at_best_level(EqualLiteral { a: b, literal, out, negate }),
        _ => test_pairs(a, b, out, |a, b| (a == b) != negate),
    }
}

/// Values against a literal: the slot begins with the literal, and then ends or has a NUL.
struct EqualLiteral<'a, 'o, U> {
    a: Slots<'a, U>,
    literal: &'a [U],
    out: &'o mut [u8],
    negate: bool,
}

impl<U: Unit> Loop for EqualLiteral<'_, '_, U> {
    #[inline(always)]
    fn run(self) {
        let length = self.literal.len();
        for (item, out) in self.out.iter_mut().enumerate() {
            let slot = self.a.slot(item);
            let ends = slot.get(length).is_none_or(|unit| *unit == U::NUL);
            *out = ((ends && slot.starts_with(self.literal)) != self.negate) as u8;
        }
    }
}

#[inline(always)]
fn order<U: Unit>(a: &[U], b: &[U]) -> Ordering {
    match first_pair_where(a, b, |a, b| a != b) {
        Some(index) => a[index].code().cmp(&b[index].code()),
        None => a.len().cmp(&b.len()),
    }
}

/// Whether the value of `b` occurs in that of `a`.
pub(super) fn contains<U: Unit>(a: Slots<'_, U>, b: Slots<'_, U>, out: &mut [u8]) {
    match b.scalar_value() {
        Some(needle) if !needle.is_empty() && a.scalar_value().is_none() => {
            at_best_level(ContainsLiteral { a, needle, out });
        }
        _ => test_pairs(a, b, out, |a, b| find(a, b).is_some()),
    }
}

/// A literal looked for in all slots at once: the vector search for candidates runs over the whole
/// column, and slots without a candidate cost nothing more.
struct ContainsLiteral<'a, 'o, U> {
    a: Slots<'a, U>,
    needle: &'a [U],
    out: &'o mut [u8],
}

impl<U: Unit> Loop for ContainsLiteral<'_, '_, U> {
    #[inline(always)]
    fn run(self) {
        self.out.fill(0);
        let (Some(first), Some(last)) = (self.needle.first(), self.needle.last()) else { return };
        let units = self.a.units(self.out.len());
        let mut from = 0;
        while let Some(at) = candidate(units, from, *first, *last, self.needle.len()) {
            let item = at / self.a.width();
            let slot = self.a.slot(item);
            // From the candidate on, only this slot is left to decide.
            let start = at - item * self.a.width();
            let before = &slot[..start];
            let ended = scan::value(before).len() < before.len();
            self.out[item] = (!ended && find(scan::value(&slot[start..]), self.needle).is_some()) as u8;
            from = (item + 1) * self.a.width();
        }
    }
}

/// Whether the value of `a` begins with that of `b`.
pub(super) fn starts_with<U: Unit>(a: Slots<'_, U>, b: Slots<'_, U>, out: &mut [u8]) {
    // A value has no NUL, so that the slot begins with it only if the value of the slot does.
    at_best_level(StartsWith { a, b, out });
}

struct StartsWith<'a, 'o, U> {
    a: Slots<'a, U>,
    b: Slots<'a, U>,
    out: &'o mut [u8],
}

impl<U: Unit> Loop for StartsWith<'_, '_, U> {
    #[inline(always)]
    fn run(self) {
        let literal = self.b.scalar_value();
        for (item, out) in self.out.iter_mut().enumerate() {
            let prefix = literal.unwrap_or_else(|| self.b.value(item));
            *out = self.a.slot(item).starts_with(prefix) as u8;
        }
    }
}

/// Whether the value of `a` ends with that of `b`.
pub(super) fn ends_with<U: Unit>(a: Slots<'_, U>, b: Slots<'_, U>, out: &mut [u8]) {
    test_pairs(a, b, out, |a, b| a.ends_with(b));
}

/// Whether the value is not empty.
pub(super) fn non_empty<U: Unit>(a: Slots<'_, U>, out: &mut [u8]) {
    for (item, out) in out.iter_mut().enumerate() {
        *out = a.slot(item).first().is_some_and(|unit| *unit != U::NUL) as u8;
    }
}

/// Write what `test` says of the values of each item.
fn test_pairs<U, T>(a: Slots<'_, U>, b: Slots<'_, U>, out: &mut [u8], test: T)
where
    U: Unit,
    T: Fn(&[U], &[U]) -> bool,
{
    at_best_level(Pairs { a, b, out, test });
}

struct Pairs<'a, 'o, U, T> {
    a: Slots<'a, U>,
    b: Slots<'a, U>,
    out: &'o mut [u8],
    test: T,
}

impl<U, T> Loop for Pairs<'_, '_, U, T>
where
    U: Unit,
    T: Fn(&[U], &[U]) -> bool,
{
    #[inline(always)]
    fn run(self) {
        let (a_literal, b_literal) = (self.a.scalar_value(), self.b.scalar_value());
        for (item, out) in self.out.iter_mut().enumerate() {
            let a = a_literal.unwrap_or_else(|| self.a.value(item));
            let b = b_literal.unwrap_or_else(|| self.b.value(item));
            *out = (self.test)(a, b) as u8;
        }
    }
}
