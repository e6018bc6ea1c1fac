//! Sums, products and extrema of bool and integer items.
//!
//! The state is a 128-bit integer. Sums and products are right modulo 2^64, which is all that
//! their results keep; totals (for means) are exact.

use super::level_dispatch::{Fold, FoldItems, at_level};
use super::rows::{FoldGroups, LANES, Table, first_lanes, fold_lanes};
use super::{Dtype, Level, ReduceOp};
use std::marker::PhantomData;

/// An integer fold and the state it starts from.
pub(super) struct Integers {
    pub start: i128,
    pub fold: Fold<i128>,
}

/// An item as an integer.
trait Integer: Copy + Ord {
    const FALSE: Self;
    const TRUE: Self;
    const LEAST: Self;
    const GREATEST: Self;
    const IS_SIGNED: bool;

    /// The sum of the items modulo 2^64.
    fn sum(items: &Table<'_, Self>) -> i64;
    /// The exact sum of fewer than 2^32 items.
    fn total(items: &Table<'_, Self>) -> i128;
    /// The value modulo 2^64.
    fn low(self) -> i64;
    fn value(self) -> i128;
}

/// A bool as it is stored: a byte, true unless it is zero.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(transparent)]
struct BoolByte(u8);

impl Integer for BoolByte {
    const FALSE: BoolByte = BoolByte(0);
    const TRUE: BoolByte = BoolByte(1);
    const LEAST: BoolByte = BoolByte(0);
    const GREATEST: BoolByte = BoolByte(1);
    const IS_SIGNED: bool = false;

    #[inline(always)]
    fn sum(items: &Table<'_, BoolByte>) -> i64 {
        count_true(items)
    }

    #[inline(always)]
    fn total(items: &Table<'_, BoolByte>) -> i128 {
        i128::from(count_true(items))
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
    ($($item:ty: $sum:path, $total:path;)*) => {$(
        impl Integer for $item {
            const FALSE: $item = 0;
            const TRUE: $item = 1;
            const LEAST: $item = <$item>::MIN;
            const GREATEST: $item = <$item>::MAX;
            const IS_SIGNED: bool = <$item>::MIN != 0;

            #[inline(always)]
            fn sum(items: &Table<'_, $item>) -> i64 {
                $sum(items)
            }

            #[inline(always)]
            fn total(items: &Table<'_, $item>) -> i128 {
                $total(items)
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
    i8: sum_small, total_of_sum;
    i16: sum_small, total_of_sum;
    i32: sum_large, total_of_sum;
    i64: sum_large, total_of_halves;
    u8: sum_small, total_of_sum;
    u16: sum_small, total_of_sum;
    u32: sum_large, total_of_sum;
    u64: sum_large, total_of_halves;
}

/// Number of true bytes, counted in lanes of bytes as long as they cannot overflow.
#[inline(always)]
fn count_true(items: &Table<'_, BoolByte>) -> i64 {
    let mut total = 0;
    for piece in items.pieces(usize::from(u8::MAX)) {
        total += piece.fold_groups::<Count>();
    }
    total
}

struct Count([u8; LANES]);

impl FoldGroups<BoolByte> for Count {
    const NEUTRAL: BoolByte = BoolByte(0);
    const IDEMPOTENT: bool = false;
    const START: Count = Count([0; LANES]);

    type Result = i64;

    #[inline(always)]
    fn add(&mut self, group: &[BoolByte; LANES]) {
        for i in 0..LANES {
            self.0[i] = self.0[i].wrapping_add(group[i].0.min(1));
        }
    }

    #[inline(always)]
    fn result(&self, count: usize) -> i64 {
        first_lanes(&self.0, count, 0).into_iter().map(i64::from).sum()
    }

    #[inline(always)]
    fn merge(a: i64, b: i64) -> i64 {
        a + b
    }
}

/// Sum of items of at most 16 bits, in lanes of 32 bits as long as they cannot overflow.
#[inline(always)]
fn sum_small<T: Integer + Into<i32>>(items: &Table<'_, T>) -> i64 {
    let mut total = 0;
    for piece in items.pieces(1 << 15) {
        total += piece.fold_groups::<SmallSum>();
    }
    total
}

struct SmallSum([i32; LANES]);

impl<T: Integer + Into<i32>> FoldGroups<T> for SmallSum {
    const NEUTRAL: T = T::FALSE;
    const IDEMPOTENT: bool = false;
    const START: SmallSum = SmallSum([0; LANES]);

    type Result = i64;

    #[inline(always)]
    fn add(&mut self, group: &[T; LANES]) {
        for i in 0..LANES {
            self.0[i] = self.0[i].wrapping_add(group[i].into());
        }
    }

    #[inline(always)]
    fn result(&self, count: usize) -> i64 {
        first_lanes(&self.0, count, 0).into_iter().map(i64::from).sum()
    }

    #[inline(always)]
    fn merge(a: i64, b: i64) -> i64 {
        a + b
    }
}

/// Sum of items modulo 2^64.
#[inline(always)]
fn sum_large<T: Integer>(items: &Table<'_, T>) -> i64 {
    items.fold_groups::<LargeSum>()
}

struct LargeSum([i64; LANES]);

impl<T: Integer> FoldGroups<T> for LargeSum {
    const NEUTRAL: T = T::FALSE;
    const IDEMPOTENT: bool = false;
    const START: LargeSum = LargeSum([0; LANES]);

    type Result = i64;

    #[inline(always)]
    fn add(&mut self, group: &[T; LANES]) {
        for i in 0..LANES {
            self.0[i] = self.0[i].wrapping_add(group[i].low());
        }
    }

    #[inline(always)]
    fn result(&self, count: usize) -> i64 {
        fold_lanes(first_lanes(&self.0, count, 0), i64::wrapping_add)
    }

    #[inline(always)]
    fn merge(a: i64, b: i64) -> i64 {
        a.wrapping_add(b)
    }
}

/// The total of items of at most 32 bits: their sum in 64 bits cannot overflow.
#[inline(always)]
fn total_of_sum<T: Integer>(items: &Table<'_, T>) -> i128 {
    i128::from(T::sum(items))
}

/// The total of 64-bit items.
#[inline(always)]
fn total_of_halves<T: Integer>(items: &Table<'_, T>) -> i128 {
    items.fold_groups::<Halves>()
}

/// Upper and lower halves of 64-bit items, summed apart.
struct Halves {
    uppers: [i64; LANES],
    lowers: [u64; LANES],
}

impl<T: Integer> FoldGroups<T> for Halves {
    const NEUTRAL: T = T::FALSE;
    const IDEMPOTENT: bool = false;
    const START: Halves = Halves { uppers: [0; LANES], lowers: [0; LANES] };

    type Result = i128;

    #[inline(always)]
    fn add(&mut self, group: &[T; LANES]) {
        for i in 0..LANES {
            let bits = group[i].low();
            self.uppers[i] += if T::IS_SIGNED { bits >> 32 } else { ((bits as u64) >> 32) as i64 };
            self.lowers[i] += u64::from(bits as u32);
        }
    }

    #[inline(always)]
    fn result(&self, count: usize) -> i128 {
        let uppers = fold_lanes(first_lanes(&self.uppers, count, 0), i64::wrapping_add);
        let lowers = fold_lanes(first_lanes(&self.lowers, count, 0), u64::wrapping_add);
        (i128::from(uppers) << 32) + i128::from(lowers)
    }

    #[inline(always)]
    fn merge(a: i128, b: i128) -> i128 {
        a + b
    }
}

struct Sum<T>(PhantomData<T>);
struct Total<T>(PhantomData<T>);
struct Product<T>(PhantomData<T>);

impl<T: Integer> FoldItems for Sum<T> {
    type Item = T;
    type State = i128;

    #[inline(always)]
    fn fold(state: &mut i128, items: &Table<'_, T>) {
        *state += i128::from(T::sum(items));
    }
}

impl<T: Integer> FoldItems for Total<T> {
    type Item = T;
    type State = i128;

    #[inline(always)]
    fn fold(state: &mut i128, items: &Table<'_, T>) {
        *state += T::total(items);
    }
}

impl<T: Integer> FoldItems for Product<T> {
    type Item = T;
    type State = i128;

    #[inline(always)]
    fn fold(state: &mut i128, items: &Table<'_, T>) {
        let product = items.fold_groups::<ProductLanes>();
        *state = i128::from((*state as i64).wrapping_mul(product));
    }
}

struct ProductLanes([i64; LANES]);

impl<T: Integer> FoldGroups<T> for ProductLanes {
    const NEUTRAL: T = T::TRUE;
    const IDEMPOTENT: bool = false;
    const START: ProductLanes = ProductLanes([1; LANES]);

    type Result = i64;

    #[inline(always)]
    fn add(&mut self, group: &[T; LANES]) {
        for i in 0..LANES {
            self.0[i] = self.0[i].wrapping_mul(group[i].low());
        }
    }

    #[inline(always)]
    fn result(&self, count: usize) -> i64 {
        fold_lanes(first_lanes(&self.0, count, 1), i64::wrapping_mul)
    }

    #[inline(always)]
    fn merge(a: i64, b: i64) -> i64 {
        a.wrapping_mul(b)
    }
}

/// The smallest or, with `MAX`, the largest item.
struct Extremum<T, const MAX: bool>([T; LANES]);

impl<T: Integer, const MAX: bool> FoldGroups<T> for Extremum<T, MAX> {
    const NEUTRAL: T = if MAX { T::LEAST } else { T::GREATEST };
    const IDEMPOTENT: bool = true;
    const START: Extremum<T, MAX> = Extremum([Self::NEUTRAL; LANES]);

    type Result = T;

    #[inline(always)]
    fn add(&mut self, group: &[T; LANES]) {
        for i in 0..LANES {
            self.0[i] = Self::merge(self.0[i], group[i]);
        }
    }

    #[inline(always)]
    fn result(&self, count: usize) -> T {
        fold_lanes(first_lanes(&self.0, count, Self::NEUTRAL), Self::merge)
    }

    #[inline(always)]
    fn merge(a: T, b: T) -> T {
        if MAX { a.max(b) } else { a.min(b) }
    }
}

impl<T: Integer, const MAX: bool> FoldItems for Extremum<T, MAX> {
    type Item = T;
    type State = i128;

    #[inline(always)]
    fn fold(state: &mut i128, items: &Table<'_, T>) {
        let best = items.fold_groups::<Self>().value();
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
        _ => None,
    }
}

fn fold_of<T: Integer>(op: ReduceOp, level: Level) -> Option<Integers> {
    let (start, fold) = match op {
        ReduceOp::Sum => (0, at_level::<Sum<T>>(level)),
        ReduceOp::Mean => (0, at_level::<Total<T>>(level)),
        ReduceOp::Prod => (1, at_level::<Product<T>>(level)),
        ReduceOp::Min => (T::GREATEST.value(), at_level::<Extremum<T, false>>(level)),
        ReduceOp::Max => (T::LEAST.value(), at_level::<Extremum<T, true>>(level)),
        ReduceOp::Any | ReduceOp::All => return None,
    };
    Some(Integers { start, fold })
}
