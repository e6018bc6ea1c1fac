//! Sums, products and extrema of bool and integer items.
//!
//! The state is a 128-bit integer. Sums and products are right modulo 2^64, which is all that
//! their results keep; totals (for means) are exact.

use super::blend::{Blend, LONGEST};
use super::level_dispatch::{Fold, FoldItems, at_level};
use super::rows::{FoldGroups, Group, LANES, Table, fold_lanes};
use super::{Dtype, Level, ReduceOp};
use std::marker::PhantomData;

/// An integer fold and the state it starts from.
pub(super) struct Integers {
    pub start: i128,
    pub fold: Fold<i128>,
}

/// An item as an integer.
trait Integer: Blend + Ord {
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

impl Blend for BoolByte {
    type Mask = u8;
    const EDGE: &'static [u8; 2 * LONGEST] = u8::EDGE;

    #[inline(always)]
    fn or(self, other: BoolByte, mask: u8) -> BoolByte {
        BoolByte(self.0.or(other.0, mask))
    }
}

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
        let mut count = Count([0; LANES]);
        piece.fold_groups(&mut count);
        total += count.0.iter().map(|&lane| i64::from(lane)).sum::<i64>();
    }
    total
}

struct Count([u8; LANES]);

impl FoldGroups<BoolByte> for Count {
    const NEUTRAL: BoolByte = BoolByte(0);

    #[inline(always)]
    fn add(&mut self, group: impl Group<BoolByte>) {
        for i in 0..LANES {
            self.0[i] = self.0[i].wrapping_add(group.get(i).0.min(1));
        }
    }
}

/// Sum of items of at most 16 bits, in lanes of 32 bits as long as they cannot overflow.
#[inline(always)]
fn sum_small<T: Integer + Into<i32>>(items: &Table<'_, T>) -> i64 {
    let mut total = 0;
    for piece in items.pieces(1 << 15) {
        let mut sum = SmallSum([0; LANES]);
        piece.fold_groups(&mut sum);
        total += sum.0.iter().map(|&lane| i64::from(lane)).sum::<i64>();
    }
    total
}

struct SmallSum([i32; LANES]);

impl<T: Integer + Into<i32>> FoldGroups<T> for SmallSum {
    const NEUTRAL: T = T::FALSE;

    #[inline(always)]
    fn add(&mut self, group: impl Group<T>) {
        for i in 0..LANES {
            self.0[i] = self.0[i].wrapping_add(group.get(i).into());
        }
    }
}

/// Sum of items modulo 2^64.
#[inline(always)]
fn sum_large<T: Integer>(items: &Table<'_, T>) -> i64 {
    let mut sum = LargeSum([0; LANES]);
    items.fold_groups(&mut sum);
    fold_lanes(sum.0, i64::wrapping_add)
}

struct LargeSum([i64; LANES]);

impl<T: Integer> FoldGroups<T> for LargeSum {
    const NEUTRAL: T = T::FALSE;

    #[inline(always)]
    fn add(&mut self, group: impl Group<T>) {
        for i in 0..LANES {
            self.0[i] = self.0[i].wrapping_add(group.get(i).low());
        }
    }
}

/// The total of items of at most 32 bits: their sum in 64 bits cannot overflow.
#[inline(always)]
fn total_of_sum<T: Integer>(items: &Table<'_, T>) -> i128 {
    i128::from(T::sum(items))
}

/// The total of 64-bit items: upper and lower halves are summed apart.
#[inline(always)]
fn total_of_halves<T: Integer>(items: &Table<'_, T>) -> i128 {
    let mut halves = Halves { uppers: [0; LANES], lowers: [0; LANES] };
    items.fold_groups(&mut halves);
    let Halves { uppers, lowers } = halves;
    (i128::from(fold_lanes(uppers, i64::wrapping_add)) << 32)
        + i128::from(fold_lanes(lowers, u64::wrapping_add))
}

struct Halves {
    uppers: [i64; LANES],
    lowers: [u64; LANES],
}

impl<T: Integer> FoldGroups<T> for Halves {
    const NEUTRAL: T = T::FALSE;

    #[inline(always)]
    fn add(&mut self, group: impl Group<T>) {
        for i in 0..LANES {
            let bits = group.get(i).low();
            self.uppers[i] += if T::IS_SIGNED { bits >> 32 } else { ((bits as u64) >> 32) as i64 };
            self.lowers[i] += u64::from(bits as u32);
        }
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
        let mut product = ProductLanes([1; LANES]);
        items.fold_groups(&mut product);
        *state = i128::from((*state as i64).wrapping_mul(fold_lanes(product.0, i64::wrapping_mul)));
    }
}

struct ProductLanes([i64; LANES]);

impl<T: Integer> FoldGroups<T> for ProductLanes {
    const NEUTRAL: T = T::TRUE;

    #[inline(always)]
    fn add(&mut self, group: impl Group<T>) {
        for i in 0..LANES {
            self.0[i] = self.0[i].wrapping_mul(group.get(i).low());
        }
    }
}

/// The smallest or, with `MAX`, the largest item.
struct Extremum<T, const MAX: bool>([T; LANES]);

impl<T: Integer, const MAX: bool> Extremum<T, MAX> {
    /// What every item wins over.
    const LAST: T = if MAX { T::LEAST } else { T::GREATEST };

    #[inline(always)]
    fn better(a: T, b: T) -> T {
        if MAX { a.max(b) } else { a.min(b) }
    }
}

impl<T: Integer, const MAX: bool> FoldGroups<T> for Extremum<T, MAX> {
    const NEUTRAL: T = Self::LAST;

    #[inline(always)]
    fn add(&mut self, group: impl Group<T>) {
        for i in 0..LANES {
            self.0[i] = Self::better(self.0[i], group.get(i));
        }
    }
}

impl<T: Integer, const MAX: bool> FoldItems for Extremum<T, MAX> {
    type Item = T;
    type State = i128;

    #[inline(always)]
    fn fold(state: &mut i128, items: &Table<'_, T>) {
        let mut seen = Self([Self::LAST; LANES]);
        items.fold_groups(&mut seen);
        let best = fold_lanes(seen.0, Self::better).value();
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
