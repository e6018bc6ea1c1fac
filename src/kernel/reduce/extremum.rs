//! Smallest and largest of floating-point items.
//!
//! NaN wins over every number, and −0 counts as less than +0, so the result does not depend on the
//! order of the items.

use super::blend::Blend;
use super::level_dispatch::FoldItems;
use super::rows::{FoldGroups, Group, LANES, Table, fold_lanes};
use std::marker::PhantomData;

/// float32 or float64.
pub(super) trait Float: Blend + PartialOrd + Into<f64> {
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
        let mut seen = Search::<T, O> { best: [O::LAST; LANES], has_nan: false, order: PhantomData };
        items.fold_groups(&mut seen);
        if seen.has_nan {
            *state = f64::NAN;
            return;
        }
        let winner: f64 = fold_lanes(seen.best, better::<T, O>).into();
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

/// The best item of each lane, and whether there is NaN.
struct Search<T, O> {
    best: [T; LANES],
    has_nan: bool,
    order: PhantomData<O>,
}

impl<T: Float, O: Order<T>> FoldGroups<T> for Search<T, O> {
    const NEUTRAL: T = O::LAST;

    #[inline(always)]
    fn add(&mut self, group: impl Group<T>) {
        // One comparison tells of two items.
        let mut has_nan = false;
        for i in 0..LANES / 2 {
            has_nan |= group.get(i).is_nan() | group.get(i + LANES / 2).is_nan();
        }
        self.has_nan |= has_nan;
        for i in 0..LANES {
            self.best[i] = better::<T, O>(self.best[i], group.get(i));
        }
    }
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
