//! Tests of strings: comparison, containment, prefix and suffix.

use std::cmp::Ordering;

use crate::ir::CompareOp;

use super::blocks::{Decides, Differs, Ends, first, same, value, value_len};
use super::lanes::CodeVectors;
use super::narrow::{MIN_NARROW, NarrowLoop, Padded, mask, narrow_width, run_narrow, run_shortest};
use super::search::{candidate, find};
use super::{Slots, Unit};

/// Compare values code unit by code unit; a prefix comes before what it is a prefix of.
pub(super) fn compare<U: Unit>(op: CompareOp, a: Slots<'_, U>, b: Slots<'_, U>, out: &mut [u8]) {
    let decided = match (a.scalar_value(), b.scalar_value()) {
        (Some(a), Some(b)) => return out.fill(holds(op, order(a, b)) as u8),
        (Some(_), None) => return compare(op.mirrored(), b, a, out),
        (None, Some(literal)) if matches!(op, CompareOp::Eq | CompareOp::Ne) => {
            let known = literal.len() + usize::from(literal.len() < a.width());
            begins_narrow(a, literal, known, op == CompareOp::Eq, out)
        }
        (None, Some(literal)) => {
            // The units before and at the literal's end decide.
            let width = narrow_width::<U>(literal.len() + 1, a.width());
            let padded = Padded::new(literal);
            padded.head(width).map_or(0, |literal| {
                compare_narrow(op, a.array_heads(width).map(|slot| (slot, literal)), width, out)
            })
        }
        (None, None) if a.width() == b.width() => {
            let width = a.width();
            let pairs = a.array_heads(width).zip(b.array_heads(width));
            match op {
                CompareOp::Eq => run_narrow(width, Equality { pairs, verdict: true, out }),
                CompareOp::Ne => run_narrow(width, Equality { pairs, verdict: false, out }),
                _ => compare_narrow(op, pairs, width, out),
            }
        }
        (None, None) => 0,
    };
    for (item, out) in out.iter_mut().enumerate().skip(decided) {
        *out = holds(op, order(a.slot(item), b.slot(item))) as u8;
    }
}

/// Compare pairs of slots of `width` units and return the number of pairs done.
fn compare_narrow<'a, U: Unit>(
    op: CompareOp,
    pairs: impl Iterator<Item = (&'a [U], &'a [U])>,
    width: usize,
    out: &mut [u8],
) -> usize {
    let verdicts = [Ordering::Less, Ordering::Equal, Ordering::Greater].map(|order| holds(op, order) as u8);
    run_narrow(width, Comparison { pairs, verdicts, out })
}

/// The comparison of pairs of slots of one width.
struct Comparison<'a, I> {
    pairs: I,
    /// The results for less, equal and greater.
    verdicts: [u8; 3],
    out: &'a mut [u8],
}

impl<'a, U: Unit, I: Iterator<Item = (&'a [U], &'a [U])>> NarrowLoop for Comparison<'_, I> {
    #[inline(always)]
    fn run<V: CodeVectors, const N: usize, const BLOCKS: usize>(self) -> usize {
        let Comparison { pairs, verdicts, out } = self;
        let mut done = 0;
        for ((a, b), out) in pairs.zip(out) {
            let Some(decisive) = mask::<U, V, N, BLOCKS>(a, b, Decides) else { break };
            let index = decisive.trailing_zeros() as usize;
            let (a, b) = (code_at(a, index), code_at(b, index));
            *out = verdicts[1 + usize::from(a > b) - usize::from(a < b)];
            done += 1;
        }
        done
    }
}

/// The test whether the values in pairs of slots of one width are equal.
struct Equality<'a, I> {
    pairs: I,
    /// The result for equal values.
    verdict: bool,
    out: &'a mut [u8],
}

impl<'a, U: Unit, I: Iterator<Item = (&'a [U], &'a [U])>> NarrowLoop for Equality<'_, I> {
    #[inline(always)]
    fn run<V: CodeVectors, const N: usize, const BLOCKS: usize>(self) -> usize {
        let Equality { pairs, verdict, out } = self;
        let mut done = 0;
        for ((a, b), out) in pairs.zip(out) {
            let Some(differing) = mask::<U, V, N, BLOCKS>(a, b, Differs) else { break };
            let Some(ends) = mask::<U, V, N, BLOCKS>(a, a, Ends) else { break };
            let decisive = differing | ends;
            let first = decisive & decisive.wrapping_neg();
            *out = ((differing & first == 0) == verdict) as u8;
            done += 1;
        }
        done
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
    let decided = match b.scalar_value() {
        Some(prefix) if a.scalar_value().is_none() => begins_narrow(a, prefix, prefix.len(), true, out),
        _ => 0,
    };
    for (item, out) in out.iter_mut().enumerate().skip(decided) {
        let prefix = b.value(item);
        // As a value has no NUL, what the slot begins with is also what its value begins with.
        *out = a.slot(item).get(..prefix.len()).is_some_and(|head| same(head, prefix)) as u8;
    }
}

/// Write `verdict` for each slot that begins with the first `known` units of `literal` and the NULs that
/// follow it, else its opposite; return the number of items done.
fn begins_narrow<U: Unit>(
    a: Slots<'_, U>,
    literal: &[U],
    known: usize,
    verdict: bool,
    out: &mut [u8],
) -> usize {
    if literal.len() > a.width() {
        out.fill(!verdict as u8);
        return out.len();
    }
    let padded = Padded::new(literal);
    let width = narrow_width::<U>(known, a.width()).max(MIN_NARROW);
    let Some(head) = padded.head(width) else { return 0 };
    let known = u64::MAX.checked_shr(64 - known as u32).unwrap_or(0);
    if a.width() < width {
        // With units of the slots that follow, which do not count.
        let heads = a.heads(width);
        return run_shortest(PrefixTest { heads, head, known, verdict, out });
    }
    run_narrow(width, PrefixTest { heads: a.array_heads(width), head, known, verdict, out })
}

/// The test whether slots begin with the `known` units of `head`.
struct PrefixTest<'a, U, I> {
    heads: I,
    head: &'a [U],
    /// Mask of the units that count.
    known: u64,
    /// The result for slots that begin so.
    verdict: bool,
    out: &'a mut [u8],
}

impl<'a, U: Unit, I: Iterator<Item = &'a [U]>> NarrowLoop for PrefixTest<'a, U, I> {
    #[inline(always)]
    fn run<V: CodeVectors, const N: usize, const BLOCKS: usize>(self) -> usize {
        let PrefixTest { heads, head, known, verdict, out } = self;
        let mut done = 0;
        for (slot, out) in heads.zip(out) {
            let Some(differing) = mask::<U, V, N, BLOCKS>(slot, head, Differs) else { break };
            *out = ((differing & known == 0) == verdict) as u8;
            done += 1;
        }
        done
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
