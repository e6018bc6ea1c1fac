//! Smallest and largest of floating-point items.
//!
//! NaN wins over every number, and −0 counts as less than +0, so the result does not depend on the
//! order of the items.

use super::level_dispatch::FoldItems;
use super::rows::{FoldGroups, Table, first_lanes, fold_lanes, join_lanes};
use std::marker::PhantomData;
use std::ops::{BitAnd, BitOr};

/// float32 or float64.
pub(super) trait Float: Copy + PartialOrd + Into<f64> {
    type Mask: Copy + PartialEq + BitOr<Output = Self::Mask> + BitAnd<Output = Self::Mask>;

    const INFINITY: Self;
    const NEG_INFINITY: Self;
    /// No bits.
    const NONE: Self::Mask;

    fn is_nan(self) -> bool;

    /// All bits if one of the numbers is NaN, else none.
    fn any_nan(a: Self, b: Self) -> Self::Mask;

    fn bits(self) -> Self::Mask;

    /// Whether the sign of a number with these bits is set.
    fn is_negative(bits: Self::Mask) -> bool;
}

macro_rules! impl_float {
    ($($float:ident: $mask:ident;)*) => {$(
        impl Float for $float {
            type Mask = $mask;

            const INFINITY: $float = $float::INFINITY;
            const NEG_INFINITY: $float = $float::NEG_INFINITY;
            const NONE: $mask = 0;

            #[inline(always)]
            fn is_nan(self) -> bool {
                self.is_nan()
            }

            #[inline(always)]
            fn any_nan(a: $float, b: $float) -> $mask {
                if a.is_nan() | b.is_nan() { $mask::MAX } else { 0 }
            }

            #[inline(always)]
            fn bits(self) -> $mask {
                self.to_bits()
            }

            #[inline(always)]
            fn is_negative(bits: $mask) -> bool {
                $float::from_bits(bits).is_sign_negative()
            }
        }
    )*};
}

impl_float! {
    f32: u32;
    f64: u64;
}

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
    const LANE_SIZE: usize = 0;

    #[inline(always)]
    fn fold<const N: usize>(state: &mut f64, items: &Table<'_, T>) {
        let Best { best, has_nan } = items.fold_groups::<Search<T, O, N>, N>();
        if has_nan {
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

/// The smaller or the larger of two numbers, as [`Extremum`] has it.
pub(super) fn winner(min: bool, a: f64, b: f64) -> f64 {
    match min {
        _ if a.is_nan() || b.is_nan() => f64::NAN,
        true if b < a || (a == b && b.is_sign_negative()) => b,
        false if b > a || (a == b && b.is_sign_positive()) => b,
        _ => a,
    }
}

/// The best of some numbers, and whether there is NaN beside them.
struct Best<T> {
    best: T,
    has_nan: bool,
}

/// The best number of each lane, and where there was NaN.
struct Search<T: Float, O, const N: usize> {
    best: [T; N],
    /// Lanes that have seen NaN.
    nan: [T::Mask; N],
    /// Whether there was NaN in any lane.
    has_nan: bool,
    order: PhantomData<O>,
}

impl<T: Float, O: Order<T>, const N: usize> Search<T, O, N> {
    #[inline(always)]
    fn add_numbers(&mut self, group: &[T; N]) {
        for i in 0..N {
            self.best[i] = better::<T, O>(self.best[i], group[i]);
        }
    }
}

impl<T: Float, O: Order<T>, const N: usize> FoldGroups<T, N> for Search<T, O, N> {
    const NEUTRAL: T = O::LAST;
    const IDEMPOTENT: bool = true;
    const TWO_AT_A_TIME: bool = true;
    const START: Search<T, O, N> =
        Search { best: [O::LAST; N], nan: [T::NONE; N], has_nan: false, order: PhantomData };

    type Result = Best<T>;

    #[inline(always)]
    fn add(&mut self, group: &[T; N]) {
        self.add_two(group, &[O::LAST; N]);
    }

    /// One comparison serves two items.
    #[inline(always)]
    fn add_two(&mut self, a: &[T; N], b: &[T; N]) {
        for i in 0..N {
            self.nan[i] = self.nan[i] | T::any_nan(a[i], b[i]);
        }
        self.add_numbers(a);
        self.add_numbers(b);
    }

    /// One comparison serves two items, unless half of few lanes would not become vectors; and one truth takes fewer
    /// registers than lanes.
    #[inline(always)]
    fn add_whole(&mut self, group: &[T; N]) {
        let comparisons = const { if N < 64 { N } else { N / 2 } };
        let mut has_nan = false;
        for i in 0..comparisons {
            has_nan |= group[i].is_nan() | group[N - comparisons + i].is_nan();
        }
        self.has_nan |= has_nan;
        self.add_numbers(group);
    }

    #[inline(always)]
    fn keep_first(&mut self, count: usize) {
        self.best = first_lanes(&self.best, count, O::LAST);
        self.nan = first_lanes(&self.nan, count, T::NONE);
    }

    #[inline(always)]
    fn absorb(&mut self, other: &Self) {
        join_lanes(&mut self.best, &other.best, better::<T, O>);
        join_lanes(&mut self.nan, &other.nan, |a, b| a | b);
        self.has_nan |= other.has_nan;
    }

    #[inline(always)]
    fn result(&self) -> Best<T> {
        let nan = fold_lanes(self.nan, |a, b| a | b);
        Best { best: fold_lanes(self.best, better::<T, O>), has_nan: self.has_nan | (nan != T::NONE) }
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
