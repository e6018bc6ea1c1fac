//! Substring search in linear time.
//!
//! Positions where the first and the last unit of the needle match are found by vectors and then
//! verified. When verification takes too long the two-way algorithm of Crochemore and Perrin
//! ("Two-way string-matching", J. ACM 38, 1991) takes over.

use super::Unit;
use super::blocks::{Differs, Pair, first};

/// Units that verification may read for each unit of haystack before the two-way search takes over.
const VERIFY_LIMIT: usize = 4;

/// Index of the first occurrence of `needle`; 0 for an empty needle.
#[cfg_attr(target_family = "wasm", inline(never))]
#[cfg_attr(not(target_family = "wasm"), inline(always))]
pub(super) fn find<U: Unit>(haystack: &[U], needle: &[U]) -> Option<usize> {
    let (Some(head), Some(tail)) = (needle.first(), needle.last()) else { return Some(0) };
    let mut budget = haystack.len() * VERIFY_LIMIT;
    let mut from = 0;
    loop {
        let at = candidate(haystack, from, *head, *tail, needle.len())?;
        let window = &haystack[at..at + needle.len()];
        match first(window, needle, Differs) {
            None => return Some(at),
            Some(read) if read < budget => budget -= read,
            Some(_) => return two_way(&haystack[at..], needle).map(|index| at + index),
        }
        from = at + 1;
    }
}

/// First position from `from` on where a needle of `length` units fits whose end units match.
#[cfg_attr(target_family = "wasm", inline(never))]
#[cfg_attr(not(target_family = "wasm"), inline(always))]
pub(super) fn candidate<U: Unit>(
    haystack: &[U],
    from: usize,
    head: U,
    tail: U,
    length: usize,
) -> Option<usize> {
    let heads = haystack.get(from..)?;
    let tails = heads.get(length - 1..)?;
    first(heads, tails, Pair(head, tail)).map(|index| from + index)
}

/// Index of the first occurrence of a needle that is not empty, in linear time and constant space.
pub(super) fn two_way<U: Unit>(haystack: &[U], needle: &[U]) -> Option<usize> {
    let (middle, period) = critical_factorization(needle);
    let periodic = needle[..middle] == needle[period..period + middle];
    let shift = if periodic { period } else { middle.max(needle.len() - middle) + 1 };
    let mut at = 0;
    // Units at the start of the needle known to match, from the last shift by the period.
    let mut known = 0;
    while let Some(window) = haystack.get(at..at + needle.len()) {
        let right = middle.max(known);
        if let Some(read) = (right..needle.len()).find(|&index| needle[index] != window[index]) {
            at += read - middle + 1;
            known = 0;
            continue;
        }
        if (known..middle).rev().all(|index| needle[index] == window[index]) {
            return Some(at);
        }
        at += shift;
        known = if periodic { needle.len() - period } else { 0 };
    }
    None
}

/// Where to cut the needle so that the local period at the cut is its period, and that period (of
/// the right part).
fn critical_factorization<U: Unit>(needle: &[U]) -> (usize, usize) {
    let ascending = maximal_suffix(needle, |a, b| a < b);
    let descending = maximal_suffix(needle, |a, b| a > b);
    if ascending.0 > descending.0 { ascending } else { descending }
}

/// Start and period of the maximal suffix in the order of code units given by `less`.
fn maximal_suffix<U: Unit>(needle: &[U], less: impl Fn(u32, u32) -> bool) -> (usize, usize) {
    let (mut start, mut candidate, mut offset, mut period) = (0, 1, 0, 1);
    while let Some(unit) = needle.get(candidate + offset) {
        let (a, b) = (unit.code(), needle[start + offset].code());
        if less(a, b) {
            candidate += offset + 1;
            offset = 0;
            period = candidate - start;
        } else if a == b {
            offset += 1;
            if offset == period {
                candidate += period;
                offset = 0;
            }
        } else {
            start = candidate;
            candidate += 1;
            offset = 0;
            period = 1;
        }
    }
    (start, period)
}
