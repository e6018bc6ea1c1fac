//! Sums, products and extrema of bool and integer items.
//!
//! The state is a 128-bit integer. Sums and products are right modulo 2^64, which is all that
//! their results keep; totals (for means) are exact.

use super::level_dispatch::{Fold, FoldItems, at_level};
use super::{Dtype, Level, ReduceOp};
use std::marker::PhantomData;

/// An integer fold and the state it starts from.
pub(super) struct Integers {
    pub start: i128,
    pub fold: Fold<i128>,
}

/// An item as an integer.
trait Integer: Copy + Ord {
    const MIN: i128;
    const MAX: i128;

    /// The sum of the items modulo 2^64.
    fn sum(items: &[Self]) -> i64;
    /// The exact sum of fewer than 2^32 items.
    fn total(items: &[Self]) -> i128;
    /// The value modulo 2^64.
    fn low(self) -> i64;
    fn value(self) -> i128;
}

/// A bool as it is stored: a byte, true unless it is zero.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(transparent)]
struct BoolByte(u8);

impl Integer for BoolByte {
    const MIN: i128 = 0;
    const MAX: i128 = 1;

    #[inline(always)]
    fn sum(items: &[BoolByte]) -> i64 {
        count_true(items)
    }

    #[inline(always)]
    fn total(items: &[BoolByte]) -> i128 {
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
            const MIN: i128 = <$item>::MIN as i128;
            const MAX: i128 = <$item>::MAX as i128;

            #[inline(always)]
            fn sum(items: &[$item]) -> i64 {
                $sum(items)
            }

            #[inline(always)]
            fn total(items: &[$item]) -> i128 {
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
fn count_true(items: &[BoolByte]) -> i64 {
    const LANES: usize = 64;
    let (rows, rest) = items.as_chunks::<LANES>();
    let mut count: i64 = rest.iter().map(|item| item.low()).sum();
    for rows in rows.chunks(usize::from(u8::MAX)) {
        let mut lanes = [0u8; LANES];
        for row in rows {
            for (lane, item) in lanes.iter_mut().zip(row) {
                *lane += u8::from(item.0 != 0);
            }
        }
        count += lanes.iter().map(|&lane| i64::from(lane)).sum::<i64>();
    }
    count
}

/// Sum of items of at most 16 bits, in 32 bits as long as they cannot overflow.
#[inline(always)]
fn sum_small<T: Integer + Into<i32>>(items: &[T]) -> i64 {
    let piece_sum = |piece: &[T]| piece.iter().fold(0i32, |sum, &item| sum.wrapping_add(item.into()));
    items.chunks(1 << 15).map(|piece| i64::from(piece_sum(piece))).sum()
}

#[inline(always)]
fn sum_large<T: Integer>(items: &[T]) -> i64 {
    items.iter().fold(0i64, |sum, &item| sum.wrapping_add(item.low()))
}

/// The total of items of at most 32 bits: their sum in 64 bits cannot overflow.
#[inline(always)]
fn total_of_sum<T: Integer>(items: &[T]) -> i128 {
    i128::from(T::sum(items))
}

/// The total of 64-bit items: upper and lower halves are summed apart.
#[inline(always)]
fn total_of_halves<T: Integer>(items: &[T]) -> i128 {
    let (mut upper, mut lower) = (0i64, 0u64);
    let signed = T::MIN < 0;
    for &item in items {
        let bits = item.low();
        upper += if signed { bits >> 32 } else { ((bits as u64) >> 32) as i64 };
        lower += u64::from(bits as u32);
    }
    (i128::from(upper) << 32) + i128::from(lower)
}

struct Sum<T>(PhantomData<T>);
struct Total<T>(PhantomData<T>);
struct Product<T>(PhantomData<T>);
struct Min<T>(PhantomData<T>);
struct Max<T>(PhantomData<T>);

impl<T: Integer> FoldItems for Sum<T> {
    type Item = T;
    type State = i128;

    #[inline(always)]
    fn fold(state: &mut i128, items: &[T]) {
        *state += i128::from(T::sum(items));
    }
}

impl<T: Integer> FoldItems for Total<T> {
    type Item = T;
    type State = i128;

    #[inline(always)]
    fn fold(state: &mut i128, items: &[T]) {
        *state += T::total(items);
    }
}

impl<T: Integer> FoldItems for Product<T> {
    type Item = T;
    type State = i128;

    #[inline(always)]
    fn fold(state: &mut i128, items: &[T]) {
        let start = *state as i64;
        *state = i128::from(items.iter().fold(start, |product, item| product.wrapping_mul(item.low())));
    }
}

impl<T: Integer> FoldItems for Min<T> {
    type Item = T;
    type State = i128;

    #[inline(always)]
    fn fold(state: &mut i128, items: &[T]) {
        if let Some(&first) = items.first() {
            let least = items.iter().fold(first, |least, &item| least.min(item));
            *state = (*state).min(least.value());
        }
    }
}

impl<T: Integer> FoldItems for Max<T> {
    type Item = T;
    type State = i128;

    #[inline(always)]
    fn fold(state: &mut i128, items: &[T]) {
        if let Some(&first) = items.first() {
            let greatest = items.iter().fold(first, |greatest, &item| greatest.max(item));
            *state = (*state).max(greatest.value());
        }
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
        ReduceOp::Min => (T::MAX, at_level::<Min<T>>(level)),
        ReduceOp::Max => (T::MIN, at_level::<Max<T>>(level)),
        ReduceOp::Any | ReduceOp::All => return None,
    };
    Some(Integers { start, fold })
}
