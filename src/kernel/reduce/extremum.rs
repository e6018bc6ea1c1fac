//! Smallest and largest of floating-point items.
//!
//! NaN wins over every number, and −0 counts as less than +0, so the result does not depend on the
//! order of the items.

use super::level_dispatch::FoldItems;
use super::rows::{FoldGroups, LANES, Table, first_lanes, fold_lanes};
use std::marker::PhantomData;

/// float32 or float64.
pub(super) trait Float: Copy + PartialOrd + Into<f64> {
    const INFINITY: Self;
    const NEG_INFINITY: Self;

    fn is_nan(self) -> bool;
}

macro_rules! impl_float {
    ($($float:ident)*) => {$(
        impl Float for $float {
            const INFINITY: $float = $float::INFINITY;
            const NEG_INFINITY: $float = $float::NEG_INFINITY;

            #[inline(always)]
            fn is_nan(self) -> bool {
                self.is_nan()
            }
        }
    )*};
}

impl_float! { f32 f64 }

/// Which of two numbers wins.
pub(super) trait Order<T> {
    /// What no number loses against.
    const LAST: T;
    /// The sign of the zero that wins over the other zero.
    const NEGATIVE_ZERO_WINS: bool;

    fn wins(challenger: T, holder: T) -> bool;
}

pub(super) struct Least;
pub(super) struct Greatest;

impl<T: Float> Order<T> for Least {
    const LAST: T = T::INFINITY;
    const NEGATIVE_ZERO_WINS: bool = true;

    #[inline(always)]
    fn wins(challenger: T, holder: T) -> bool {
        challenger < holder
    }
}

impl<T: Float> Order<T> for Greatest {
    const LAST: T = T::NEG_INFINITY;
    const NEGATIVE_ZERO_WINS: bool = false;

    #[inline(always)]
    fn wins(challenger: T, holder: T) -> bool {
        challenger > holder
    }
}

/// The item that wins, in a state that starts at the [`Order::LAST`] number.
pub(super) struct Extremum<T, O>(PhantomData<(T, O)>);

impl<T: Float, O: Order<T> + Order<f64>> FoldItems for Extremum<T, O> {
    type Item = T;
    type State = f64;

    #[inline(always)]
    fn fold(state: &mut f64, items: &Table<'_, T>) {
        let Best { best, may_have_nan } = items.fold_groups::<Search<T, O>>();
        if may_have_nan && has_nan(items) {
            *state = f64::NAN;
            return;
        }
        let winner: f64 = best.into();
        let negative_zero_wins = <O as Order<f64>>::NEGATIVE_ZERO_WINS;
        let winner = if winner == 0.0 { signed_zero(items, negative_zero_wins) } else { winner };
        let zero_wins = winner == 0.0 && winner.is_sign_negative() == negative_zero_wins;
        if O::wins(winner, *state) || (zero_wins && *state == 0.0) {
            *state = winner;
        }
    }
}

#[inline(always)]
fn better<T: Float, O: Order<T>>(holder: T, challenger: T) -> T {
    if O::wins(challenger, holder) { challenger } else { holder }
}

/// The best of some numbers, and whether there may be NaN beside them.
struct Best<T> {
    best: T,
    may_have_nan: bool,
}

/// The best item of each lane, and whether any lane has seen NaN.
struct Search<T, O> {
    best: [T; LANES],
    may_have_nan: bool,
    order: PhantomData<O>,
}

impl<T: Float, O: Order<T>> FoldGroups<T> for Search<T, O> {
    const NEUTRAL: T = O::LAST;
    const START: Search<T, O> = Search { best: [O::LAST; LANES], may_have_nan: false, order: PhantomData };

    type Result = Best<T>;

    #[inline(always)]
    fn add(&mut self, group: &[T; LANES]) {
        // One comparison tells of two items.
        let mut has_nan = false;
        for i in 0..LANES / 2 {
            has_nan |= group[i].is_nan() | group[i + LANES / 2].is_nan();
        }
        self.may_have_nan |= has_nan;
        for i in 0..LANES {
            self.best[i] = better::<T, O>(self.best[i], group[i]);
        }
    }

    #[inline(always)]
    fn result(&self, count: usize) -> Best<T> {
        let best = fold_lanes(first_lanes(&self.best, count, O::LAST), better::<T, O>);
        Best { best, may_have_nan: self.may_have_nan }
    }

    #[inline(always)]
    fn merge(a: Best<T>, b: Best<T>) -> Best<T> {
        let best = better::<T, O>(a.best, b.best);
        Best { best, may_have_nan: a.may_have_nan | b.may_have_nan }
    }
}

/// Whether there is NaN among `items`.
#[inline(always)]
fn has_nan<T: Float>(items: &Table<'_, T>) -> bool {
    let row_has_nan = |row| items.row(row).iter().fold(false, |found, item| found | item.is_nan());
    (0..items.rows.count).any(row_has_nan)
}

/// The zero that wins among `items`, none of which wins over a zero.
#[inline(always)]
fn signed_zero<T: Float>(items: &Table<'_, T>, negative_wins: bool) -> f64 {
    let is_winner = |item: &T| -> bool {
        let item: f64 = (*item).into();
        item == 0.0 && item.is_sign_negative() == negative_wins
    };
    let found = (0..items.rows.count).any(|row| items.row(row).iter().any(is_winner));
    if found == negative_wins { -0.0 } else { 0.0 }
}
