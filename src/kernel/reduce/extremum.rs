//! Smallest and largest of floating-point items.
//!
//! NaN wins over every number, and −0 counts as less than +0, so the result does not depend on the
//! order of the items.

use super::level_dispatch::FoldItems;
use std::marker::PhantomData;

/// Items compared side by side.
const LANES: usize = 32;
/// Items searched for NaN before they are compared: they stay in the first-level cache.
const PIECE: usize = 1024;

/// float32 or float64.
pub(super) trait Float: Copy + PartialOrd + Into<f64> {
    fn is_nan(self) -> bool;
}

impl Float for f32 {
    #[inline(always)]
    fn is_nan(self) -> bool {
        self.is_nan()
    }
}

impl Float for f64 {
    #[inline(always)]
    fn is_nan(self) -> bool {
        self.is_nan()
    }
}

/// Which of two numbers wins.
trait Order {
    fn wins<T: PartialOrd>(challenger: T, holder: T) -> bool;
    /// The sign of the zero that wins over the other zero.
    const NEGATIVE_ZERO_WINS: bool;
}

struct Least;
struct Greatest;

impl Order for Least {
    const NEGATIVE_ZERO_WINS: bool = true;

    #[inline(always)]
    fn wins<T: PartialOrd>(challenger: T, holder: T) -> bool {
        challenger < holder
    }
}

impl Order for Greatest {
    const NEGATIVE_ZERO_WINS: bool = false;

    #[inline(always)]
    fn wins<T: PartialOrd>(challenger: T, holder: T) -> bool {
        challenger > holder
    }
}

/// The smallest item, in a state that starts at +∞.
pub(super) struct Min<T>(PhantomData<T>);
/// The largest item, in a state that starts at −∞.
pub(super) struct Max<T>(PhantomData<T>);

impl<T: Float> FoldItems for Min<T> {
    type Item = T;
    type State = f64;

    #[inline(always)]
    fn fold(state: &mut f64, items: &[T]) {
        fold::<T, Least>(state, items);
    }
}

impl<T: Float> FoldItems for Max<T> {
    type Item = T;
    type State = f64;

    #[inline(always)]
    fn fold(state: &mut f64, items: &[T]) {
        fold::<T, Greatest>(state, items);
    }
}

#[inline(always)]
fn fold<T: Float, O: Order>(state: &mut f64, items: &[T]) {
    let Some(&first) = items.first() else { return };
    let mut lanes = [first; LANES];
    for piece in items.chunks(PIECE) {
        if piece.iter().fold(false, |found, item| found | item.is_nan()) {
            *state = f64::NAN;
            return;
        }
        compete::<T, O>(&mut lanes, piece);
    }
    let winner: f64 =
        lanes.into_iter().fold(first, |best, lane| if O::wins(lane, best) { lane } else { best }).into();
    let winner = if winner == 0.0 { signed_zero::<T, O>(items) } else { winner };
    let zero_wins = winner == 0.0 && winner.is_sign_negative() == O::NEGATIVE_ZERO_WINS;
    if O::wins(winner, *state) || (zero_wins && *state == 0.0) {
        *state = winner;
    }
}

/// Leaves in each lane the better of the lane and the items of `piece` that fall to it.
#[inline(always)]
fn compete<T: Float, O: Order>(lanes: &mut [T; LANES], piece: &[T]) {
    let (rows, rest) = piece.as_chunks::<LANES>();
    let mut best = *lanes;
    for row in rows {
        for (best, item) in best.iter_mut().zip(row) {
            *best = if O::wins(*item, *best) { *item } else { *best };
        }
    }
    for (best, item) in best.iter_mut().zip(rest) {
        *best = if O::wins(*item, *best) { *item } else { *best };
    }
    *lanes = best;
}

/// The zero that wins among `items`, none of which wins over a zero.
#[inline(always)]
fn signed_zero<T: Float, O: Order>(items: &[T]) -> f64 {
    let is_winner = |item: &T| -> bool {
        let item: f64 = (*item).into();
        item == 0.0 && item.is_sign_negative() == O::NEGATIVE_ZERO_WINS
    };
    if items.iter().any(is_winner) == O::NEGATIVE_ZERO_WINS { -0.0 } else { 0.0 }
}
