//! Vector search for the first unit of a kind.
//!
//! The loops over [`LANES`] flags have no branches, so that the compiler turns them into vector
//! comparisons; the flags, one a byte, then say as one integer which lane was first.

use super::Unit;

/// Units tested at a time.
const LANES: usize = 16;

/// Number of the first flag that is set, of flags that are 0 or 1.
#[inline(always)]
fn first_set(flags: [u8; LANES]) -> Option<usize> {
    let bits = u128::from_le_bytes(flags);
    (bits != 0).then(|| bits.trailing_zeros() as usize / 8)
}

/// Index of the first unit for which `test` holds.
#[inline(always)]
pub(super) fn first_where<U: Unit>(units: &[U], test: impl Fn(U) -> bool) -> Option<usize> {
    let (chunks, tail) = units.as_chunks::<LANES>();
    for (number, chunk) in chunks.iter().enumerate() {
        let mut flags = [0; LANES];
        for (flag, unit) in flags.iter_mut().zip(chunk) {
            *flag = test(*unit) as u8;
        }
        if let Some(lane) = first_set(flags) {
            return Some(number * LANES + lane);
        }
    }
    tail.iter().position(|unit| test(*unit)).map(|index| chunks.len() * LANES + index)
}

/// Index of the first pair of units of `a` and `b`, as long as the shorter one, for which `test` holds.
#[inline(always)]
pub(super) fn first_pair_where<U: Unit>(a: &[U], b: &[U], test: impl Fn(U, U) -> bool) -> Option<usize> {
    let (a_chunks, _) = a.as_chunks::<LANES>();
    let (b_chunks, _) = b.as_chunks::<LANES>();
    for (number, (a_chunk, b_chunk)) in a_chunks.iter().zip(b_chunks).enumerate() {
        let mut flags = [0; LANES];
        for (flag, (a, b)) in flags.iter_mut().zip(a_chunk.iter().zip(b_chunk)) {
            *flag = test(*a, *b) as u8;
        }
        if let Some(lane) = first_set(flags) {
            return Some(number * LANES + lane);
        }
    }
    let done = a_chunks.len().min(b_chunks.len()) * LANES;
    a[done..].iter().zip(&b[done..]).position(|(a, b)| test(*a, *b)).map(|index| done + index)
}

/// The value in `slot`: its units before the first NUL.
#[inline(always)]
pub(super) fn value<U: Unit>(slot: &[U]) -> &[U] {
    match first_where(slot, |unit| unit == U::NUL) {
        Some(length) => &slot[..length],
        None => slot,
    }
}
