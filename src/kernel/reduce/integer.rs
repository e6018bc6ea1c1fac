//! Sums, products and extrema of bool and integer items.
//!
//! The state is a 128-bit integer. Sums and products are right modulo 2^64, which is all that
//! their results keep; totals (for means) are exact.

use super::level_dispatch::{Fold, FoldItems, at_level};
use super::rows::{FoldGroups, Table, first_lanes, fold_lanes, join_lanes};
use super::{Dtype, Level, ReduceOp};
use std::marker::PhantomData;

/// An integer fold and the state it starts from.
pub(super) struct Integers {
    pub start: i128,
    pub fold: Fold<i128>,
}

/// An item as an integer.
pub(super) trait Integer: Copy + Ord {
    const FALSE: Self;
    const TRUE: Self;
    const LEAST: Self;
    const GREATEST: Self;
    const IS_SIGNED: bool;
    /// Bytes of a lane in which items are added.
    const LANE_SIZE_OF_SUM: usize;

    /// The fold for sums, right modulo 2^64: that for totals, unless these take longer.
    type Sum: FoldItems<Item = Self, State = i128>;

    /// The sum of the items modulo 2^64.
    fn sum<const N: usize>(items: &Table<'_, Self>) -> i64;
    /// The exact sum of fewer than 2^32 items.
    fn total<const N: usize>(items: &Table<'_, Self>) -> i128;
    /// The value modulo 2^64.
    fn low(self) -> i64;
    fn value(self) -> i128;
}

/// A bool as it is stored: a byte, true unless it is zero.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(transparent)]
pub(super) struct BoolByte(u8);

impl Integer for BoolByte {
    const FALSE: BoolByte = BoolByte(0);
    const TRUE: BoolByte = BoolByte(1);
    const LEAST: BoolByte = BoolByte(0);
    const GREATEST: BoolByte = BoolByte(1);
    const IS_SIGNED: bool = false;
    const LANE_SIZE_OF_SUM: usize = size_of::<u8>();

    type Sum = Total<BoolByte>;

    #[inline(always)]
    fn sum<const N: usize>(items: &Table<'_, BoolByte>) -> i64 {
        count_true::<N>(items)
    }

    #[inline(always)]
    fn total<const N: usize>(items: &Table<'_, BoolByte>) -> i128 {
        i128::from(count_true::<N>(items))
    }

    #[inline(always)]
    fn low(self) -> i64 {
        i64::from(self.0 != 0)
    }

    #[inline(always)]
    fn value(self) -> i128 {
        i128::from(self.low())
    }
}

macro_rules! impl_integer {
    ($($item:ty: $sum:ident, $total:ident, $fold:ident;)*) => {$(
        impl Integer for $item {
            const FALSE: $item = 0;
            const TRUE: $item = 1;
            const LEAST: $item = <$item>::MIN;
            const GREATEST: $item = <$item>::MAX;
            const IS_SIGNED: bool = <$item>::MIN != 0;
            const LANE_SIZE_OF_SUM: usize = if size_of::<$item>() < 4 { size_of::<i32>() } else { size_of::<i64>() };

            type Sum = $fold<$item>;

            #[inline(always)]
            fn sum<const N: usize>(items: &Table<'_, $item>) -> i64 {
                $sum::<$item, N>(items)
            }

            #[inline(always)]
            fn total<const N: usize>(items: &Table<'_, $item>) -> i128 {
                $total::<$item, N>(items)
            }

            #[inline(always)]
            fn low(self) -> i64 {
                self as i64
            }

            #[inline(always)]
            fn value(self) -> i128 {
                self as i128
            }
        }
    )*};
}

impl_integer! {
    i8: sum_small, total_of_sum, Total;
    i16: sum_small, total_of_sum, Total;
    i32: sum_large, total_of_sum, Total;
    i64: sum_large, total_of_halves, LowSum;
    u8: sum_small, total_of_sum, Total;
    u16: sum_small, total_of_sum, Total;
    u32: sum_large, total_of_sum, Total;
    u64: sum_large, total_of_halves, LowSum;
}

/// Number of true bytes, counted in lanes of bytes as long as they cannot overflow.
#[inline(always)]
fn count_true<const N: usize>(items: &Table<'_, BoolByte>) -> i64 {
    let mut total = 0;
    for piece in items.pieces::<N>(usize::from(u8::MAX)) {
        total += piece.fold_groups::<Count<N>, N>();
    }
    total
}

struct Count<const N: usize>([u8; N]);

impl<const N: usize> FoldGroups<BoolByte, N> for Count<N> {
    const NEUTRAL: BoolByte = BoolByte(0);
    const IDEMPOTENT: bool = false;
    const START: Count<N> = Count([0; N]);

    type Result = i64;

    #[inline(always)]
    fn add(&mut self, group: &[BoolByte; N]) {
        for i in 0..N {
            self.0[i] = self.0[i].wrapping_add(group[i].0.min(1));
        }
    }

    #[inline(always)]
    fn keep_first(&mut self, count: usize) {
        self.0 = first_lanes(&self.0, count, 0);
    }

    #[inline(always)]
    fn absorb(&mut self, other: &Self) {
        join_lanes(&mut self.0, &other.0, u8::wrapping_add);
    }

    #[inline(always)]
    fn result(&self) -> i64 {
        self.0.into_iter().map(i64::from).sum()
    }
}

/// Sum of items of at most 16 bits, in lanes of 32 bits as long as they cannot overflow.
#[inline(always)]
fn sum_small<T: Integer + Into<i32>, const N: usize>(items: &Table<'_, T>) -> i64 {
    let mut total = 0;
    for piece in items.pieces::<N>(1 << 15) {
        total += piece.fold_groups::<SmallSum<N>, N>();
    }
    total
}

struct SmallSum<const N: usize>([i32; N]);

impl<T: Integer + Into<i32>, const N: usize> FoldGroups<T, N> for SmallSum<N> {
    const NEUTRAL: T = T::FALSE;
    const IDEMPOTENT: bool = false;
    const START: SmallSum<N> = SmallSum([0; N]);

    type Result = i64;

    #[inline(always)]
    fn add(&mut self, group: &[T; N]) {
        for i in 0..N {
            self.0[i] = self.0[i].wrapping_add(group[i].into());
        }
    }

    #[inline(always)]
    fn keep_first(&mut self, count: usize) {
        self.0 = first_lanes(&self.0, count, 0);
    }

    #[inline(always)]
    fn absorb(&mut self, other: &Self) {
        join_lanes(&mut self.0, &other.0, i32::wrapping_add);
    }

    #[inline(always)]
    fn result(&self) -> i64 {
        self.0.into_iter().map(i64::from).sum()
    }
}

/// Sum of items modulo 2^64.
#[inline(always)]
fn sum_large<T: Integer, const N: usize>(items: &Table<'_, T>) -> i64 {
    items.fold_groups::<LargeSum<N>, N>()
}

struct LargeSum<const N: usize>([i64; N]);

impl<T: Integer, const N: usize> FoldGroups<T, N> for LargeSum<N> {
    const NEUTRAL: T = T::FALSE;
    const IDEMPOTENT: bool = false;
    const START: LargeSum<N> = LargeSum([0; N]);

    type Result = i64;

    #[inline(always)]
    fn add(&mut self, group: &[T; N]) {
        for i in 0..N {
            self.0[i] = self.0[i].wrapping_add(group[i].low());
        }
    }

    #[inline(always)]
    fn keep_first(&mut self, count: usize) {
        self.0 = first_lanes(&self.0, count, 0);
    }

    #[inline(always)]
    fn absorb(&mut self, other: &Self) {
        join_lanes(&mut self.0, &other.0, i64::wrapping_add);
    }

    #[inline(always)]
    fn result(&self) -> i64 {
        fold_lanes(self.0, i64::wrapping_add)
    }
}

/// The total of items of at most 32 bits: their sum in 64 bits cannot overflow.
#[inline(always)]
fn total_of_sum<T: Integer, const N: usize>(items: &Table<'_, T>) -> i128 {
    i128::from(T::sum::<N>(items))
}

/// The total of 64-bit items.
#[inline(always)]
fn total_of_halves<T: Integer, const N: usize>(items: &Table<'_, T>) -> i128 {
    items.fold_groups::<Halves<N>, N>()
}

/// Upper and lower halves of 64-bit items, summed apart.
struct Halves<const N: usize> {
    uppers: [i64; N],
    lowers: [u64; N],
}

impl<T: Integer, const N: usize> FoldGroups<T, N> for Halves<N> {
    const NEUTRAL: T = T::FALSE;
    const IDEMPOTENT: bool = false;
    const START: Halves<N> = Halves { uppers: [0; N], lowers: [0; N] };

    type Result = i128;

    #[inline(always)]
    fn add(&mut self, group: &[T; N]) {
        for i in 0..N {
            let bits = group[i].low();
            self.uppers[i] += if T::IS_SIGNED { bits >> 32 } else { ((bits as u64) >> 32) as i64 };
            self.lowers[i] += u64::from(bits as u32);
        }
    }

    #[inline(always)]
    fn keep_first(&mut self, count: usize) {
        self.uppers = first_lanes(&self.uppers, count, 0);
        self.lowers = first_lanes(&self.lowers, count, 0);
    }

    #[inline(always)]
    fn absorb(&mut self, other: &Self) {
        join_lanes(&mut self.uppers, &other.uppers, i64::wrapping_add);
        join_lanes(&mut self.lowers, &other.lowers, u64::wrapping_add);
    }

    #[inline(always)]
    fn result(&self) -> i128 {
        let uppers = fold_lanes(self.uppers, i64::wrapping_add);
        let lowers = fold_lanes(self.lowers, u64::wrapping_add);
        (i128::from(uppers) << 32) + i128::from(lowers)
    }
}

/// The sum modulo 2^64.
pub(super) struct LowSum<T>(PhantomData<T>);
/// The exact sum.
pub(super) struct Total<T>(PhantomData<T>);
struct Product<T>(PhantomData<T>);

impl<T: Integer> FoldItems for LowSum<T> {
    type Item = T;
    type State = i128;
    const LANE_SIZE: usize = T::LANE_SIZE_OF_SUM;

    #[inline(always)]
    fn fold<const N: usize>(state: &mut i128, items: &Table<'_, T>) {
        *state += i128::from(T::sum::<N>(items));
    }
}

impl<T: Integer> FoldItems for Total<T> {
    type Item = T;
    type State = i128;
    const LANE_SIZE: usize = T::LANE_SIZE_OF_SUM;

    #[inline(always)]
    fn fold<const N: usize>(state: &mut i128, items: &Table<'_, T>) {
        *state += T::total::<N>(items);
    }
}

impl<T: Integer> FoldItems for Product<T> {
    type Item = T;
    type State = i128;
    const LANE_SIZE: usize = size_of::<i64>();

    #[inline(always)]
    fn fold<const N: usize>(state: &mut i128, items: &Table<'_, T>) {
        let product = items.fold_groups::<ProductLanes<N>, N>();
        *state = i128::from((*state as i64).wrapping_mul(product));
    }
}

struct ProductLanes<const N: usize>([i64; N]);

impl<T: Integer, const N: usize> FoldGroups<T, N> for ProductLanes<N> {
    const NEUTRAL: T = T::TRUE;
    const IDEMPOTENT: bool = false;
    const START: ProductLanes<N> = ProductLanes([1; N]);

    type Result = i64;

    #[inline(always)]
    fn add(&mut self, group: &[T; N]) {
        for i in 0..N {
            self.0[i] = self.0[i].wrapping_mul(group[i].low());
        }
    }

    #[inline(always)]
    fn keep_first(&mut self, count: usize) {
        self.0 = first_lanes(&self.0, count, 1);
    }

    #[inline(always)]
    fn absorb(&mut self, other: &Self) {
        join_lanes(&mut self.0, &other.0, i64::wrapping_mul);
    }

    #[inline(always)]
    fn result(&self) -> i64 {
        fold_lanes(self.0, i64::wrapping_mul)
    }
}

/// The smallest or, with `MAX`, the largest item of each lane.
struct Best<T, const MAX: bool, const N: usize>([T; N]);

impl<T: Integer, const MAX: bool, const N: usize> FoldGroups<T, N> for Best<T, MAX, N> {
    const NEUTRAL: T = Self::NEUTRAL;
    const IDEMPOTENT: bool = true;
    const START: Best<T, MAX, N> = Best([Self::NEUTRAL; N]);

    type Result = T;

    #[inline(always)]
    fn add(&mut self, group: &[T; N]) {
        for i in 0..N {
            self.0[i] = Self::better(self.0[i], group[i]);
        }
    }

    #[inline(always)]
    fn keep_first(&mut self, count: usize) {
        self.0 = first_lanes(&self.0, count, Self::NEUTRAL);
    }

    #[inline(always)]
    fn absorb(&mut self, other: &Self) {
        join_lanes(&mut self.0, &other.0, Self::better);
    }

    #[inline(always)]
    fn result(&self) -> T {
        fold_lanes(self.0, Self::better)
    }
}

impl<T: Integer, const MAX: bool, const N: usize> Best<T, MAX, N> {
    const NEUTRAL: T = if MAX { T::LEAST } else { T::GREATEST };

    #[inline(always)]
    fn better(a: T, b: T) -> T {
        if MAX { a.max(b) } else { a.min(b) }
    }
}

/// The smallest or, with `MAX`, the largest item.
struct Extremum<T, const MAX: bool>(PhantomData<T>);

impl<T: Integer, const MAX: bool> FoldItems for Extremum<T, MAX> {
    type Item = T;
    type State = i128;
    const LANE_SIZE: usize = size_of::<T>();

    #[inline(always)]
    fn fold<const N: usize>(state: &mut i128, items: &Table<'_, T>) {
        let best = items.fold_groups::<Best<T, MAX, N>, N>().value();
        *state = if MAX { best.max(*state) } else { best.min(*state) };
    }
}

/// The fold for items of `dtype`. `None` for dtypes that are not bool or integer, and for `any`
/// and `all`.
pub(super) fn fold(op: ReduceOp, dtype: Dtype, level: Level) -> Option<Integers> {
    match dtype {
        Dtype::Bool => fold_of::<BoolByte>(op, level),
        Dtype::Int8 => fold_of::<i8>(op, level),
        Dtype::Int16 => fold_of::<i16>(op, level),
        Dtype::Int32 => fold_of::<i32>(op, level),
        Dtype::Int64 => fold_of::<i64>(op, level),
        Dtype::UInt8 => fold_of::<u8>(op, level),
        Dtype::UInt16 => fold_of::<u16>(op, level),
        Dtype::UInt32 => fold_of::<u32>(op, level),
        Dtype::UInt64 => fold_of::<u64>(op, level),
        Dtype::Float32 | Dtype::Float64 | Dtype::Complex64 | Dtype::Complex128 => None,
        Dtype::String | Dtype::Bytes => None,
    }
}

fn fold_of<T: Integer>(op: ReduceOp, level: Level) -> Option<Integers> {
    let (start, fold) = match op {
        ReduceOp::Sum => (0, at_level::<T::Sum>(level)),
        ReduceOp::Mean => (0, at_level::<Total<T>>(level)),
        ReduceOp::Prod => (1, at_level::<Product<T>>(level)),
        ReduceOp::Min => (T::GREATEST.value(), at_level::<Extremum<T, false>>(level)),
        ReduceOp::Max => (T::LEAST.value(), at_level::<Extremum<T, true>>(level)),
        ReduceOp::Any
        | ReduceOp::All
        | ReduceOp::Count
        | ReduceOp::Deviations
        | ReduceOp::ArgMin
        | ReduceOp::ArgMax => return None,
    };
    Some(Integers { start, fold })
}
