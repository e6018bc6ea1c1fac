//! Truth of any or of all items, with an early stop.

use super::blend::Blend;
use super::level_dispatch::{Fold, FoldItems, at_level};
use super::rows::{FoldGroups, Group, LANES, Table};
use super::{Dtype, Level};
use crate::dtype::Complex;
use std::marker::PhantomData;

/// Numeric truth: anything but zero, NaN included.
trait Truth: Blend {
    const FALSE: Self;
    const TRUE: Self;

    fn is_true(self) -> bool;
}

macro_rules! impl_truth {
    ($($item:ty: $false:expr, $true:expr;)*) => {$(
        impl Truth for $item {
            const FALSE: $item = $false;
            const TRUE: $item = $true;

            #[inline(always)]
            fn is_true(self) -> bool {
                self != Self::FALSE
            }
        }
    )*};
}

// Integers stand for those of both signs, bytes for bools too.
impl_truth! {
    u8: 0, 1;
    u16: 0, 1;
    u32: 0, 1;
    u64: 0, 1;
    f32: 0.0, 1.0;
    f64: 0.0, 1.0;
    Complex<f32>: Complex::new(0.0, 0.0), Complex::new(1.0, 0.0);
    Complex<f64>: Complex::new(0.0, 0.0), Complex::new(1.0, 0.0);
}

/// Whether `any`, or with `ALL` every, item is true.
struct Items<T, const ALL: bool> {
    is_true: bool,
    items: PhantomData<T>,
}

impl<T: Truth, const ALL: bool> FoldGroups<T> for Items<T, ALL> {
    const NEUTRAL: T = if ALL { T::TRUE } else { T::FALSE };

    #[inline(always)]
    fn add(&mut self, group: impl Group<T>) {
        let mut is_true = ALL;
        for i in 0..LANES {
            let item = group.get(i).is_true();
            is_true = if ALL { is_true & item } else { is_true | item };
        }
        self.is_true = if ALL { self.is_true & is_true } else { self.is_true | is_true };
    }

    #[inline(always)]
    fn is_decided(&self) -> bool {
        self.is_true != ALL
    }
}

impl<T: Truth, const ALL: bool> FoldItems for Items<T, ALL> {
    type Item = T;
    type State = bool;

    #[inline(always)]
    fn fold(state: &mut bool, items: &Table<'_, T>) {
        if *state == ALL {
            let mut seen = Self { is_true: ALL, items: PhantomData };
            items.fold_groups(&mut seen);
            *state = seen.is_true;
        }
    }
}

/// The fold for items of `dtype`; its state starts as `all`. `None` for strings.
pub(super) fn fold(all: bool, dtype: Dtype, level: Level) -> Option<Fold<bool>> {
    fn choose<T: Truth>(all: bool, level: Level) -> Fold<bool> {
        if all { at_level::<Items<T, true>>(level) } else { at_level::<Items<T, false>>(level) }
    }
    Some(match dtype {
        Dtype::Bool | Dtype::Int8 | Dtype::UInt8 => choose::<u8>(all, level),
        Dtype::Int16 | Dtype::UInt16 => choose::<u16>(all, level),
        Dtype::Int32 | Dtype::UInt32 => choose::<u32>(all, level),
        Dtype::Int64 | Dtype::UInt64 => choose::<u64>(all, level),
        Dtype::Float32 => choose::<f32>(all, level),
        Dtype::Float64 => choose::<f64>(all, level),
        Dtype::Complex64 => choose::<Complex<f32>>(all, level),
        Dtype::Complex128 => choose::<Complex<f64>>(all, level),
        Dtype::String | Dtype::Bytes => return None,
    })
}
