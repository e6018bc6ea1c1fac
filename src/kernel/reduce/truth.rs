//! Truth of any or of all items, with an early stop.

use super::level_dispatch::{Fold, FoldItems, at_level, at_level_of_rare_loops};
use super::rows::{FoldGroups, Table, first_lanes, fold_lanes, join_lanes};
use super::{Dtype, Level};
use crate::dtype::Complex;
use std::marker::PhantomData;
use std::ops::{BitOr, Not};

/// An item whose truth is that of some of its bits: anything but zero is true, NaN included.
pub(super) trait Truth: Copy {
    type Bits: Copy + PartialEq + BitOr<Output = Self::Bits> + Not<Output = Self::Bits>;

    const FALSE: Self;
    const TRUE: Self;
    /// The bits of what is false.
    const NONE: Self::Bits;

    /// Bits that are all zero if, and only if, the item is false.
    fn bits(self) -> Self::Bits;
}

macro_rules! impl_integers {
    ($($item:ident)*) => {$(
        impl Truth for $item {
            type Bits = $item;

            const FALSE: $item = 0;
            const TRUE: $item = 1;
            const NONE: $item = 0;

            #[inline(always)]
            fn bits(self) -> $item {
                self
            }
        }
    )*};
}

// They stand for integers of both signs, bytes for bools too.
impl_integers! { u8 u16 u32 u64 }

macro_rules! impl_floats {
    ($($item:ident: $bits:ident;)*) => {$(
        impl Truth for $item {
            type Bits = $bits;

            const FALSE: $item = 0.0;
            const TRUE: $item = 1.0;
            const NONE: $bits = 0;

            #[inline(always)]
            fn bits(self) -> $bits {
                self.abs().to_bits()
            }
        }
    )*};
}

impl_floats! {
    f32: u32;
    f64: u64;
}

impl<T: Truth> Truth for Complex<T> {
    type Bits = T::Bits;

    const FALSE: Complex<T> = Complex::new(T::FALSE, T::FALSE);
    const TRUE: Complex<T> = Complex::new(T::TRUE, T::FALSE);
    const NONE: T::Bits = T::NONE;

    #[inline(always)]
    fn bits(self) -> T::Bits {
        self.re.bits() | self.im.bits()
    }
}

/// Lanes with a bit set where an item was true or, with `ALL`, false.
struct Found<T: Truth, const ALL: bool, const N: usize>([T::Bits; N]);

impl<T: Truth, const ALL: bool, const N: usize> FoldGroups<T, N> for Found<T, ALL, N> {
    const NEUTRAL: T = if ALL { T::TRUE } else { T::FALSE };
    const IDEMPOTENT: bool = true;
    const START: Found<T, ALL, N> = Found([T::NONE; N]);

    type Result = bool;

    #[inline(always)]
    fn add(&mut self, group: &[T; N]) {
        for i in 0..N {
            let bits = group[i].bits();
            let found = if !ALL {
                bits
            } else if bits == T::NONE {
                !T::NONE
            } else {
                T::NONE
            };
            self.0[i] = self.0[i] | found;
        }
    }

    #[inline(always)]
    fn keep_first(&mut self, count: usize) {
        self.0 = first_lanes(&self.0, count, T::NONE);
    }

    #[inline(always)]
    fn absorb(&mut self, other: &Self) {
        join_lanes(&mut self.0, &other.0, |a, b| a | b);
    }

    #[inline(always)]
    fn result(&self) -> bool {
        fold_lanes(self.0, |a, b| a | b) != T::NONE
    }
}

/// Truth of any or, with `ALL`, of all items.
struct Truths<T, const ALL: bool>(PhantomData<T>);

impl<T: Truth, const ALL: bool> FoldItems for Truths<T, ALL> {
    type Item = T;
    type State = bool;
    const LANE_SIZE: usize = size_of::<T::Bits>();

    #[inline(always)]
    fn fold<const N: usize>(state: &mut bool, items: &Table<'_, T>) {
        if *state == ALL {
            *state = items.fold_groups::<Found<T, ALL, N>, N>() != ALL;
        }
    }
}

/// The fold for items of `dtype`; its state starts as `all`. `None` for strings.
pub(super) fn fold(all: bool, dtype: Dtype, level: Level) -> Option<Fold<bool>> {
    fn choose<T: Truth>(all: bool, level: Level) -> Fold<bool> {
        match all {
            true => at_level_of_rare_loops::<Truths<T, true>>(level),
            false => at_level_of_rare_loops::<Truths<T, false>>(level),
        }
    }
    Some(match dtype {
        // Comparisons and logical operations give bytes.
        Dtype::Bool | Dtype::Int8 | Dtype::UInt8 if all => at_level::<Truths<u8, true>>(level),
        Dtype::Bool | Dtype::Int8 | Dtype::UInt8 => at_level::<Truths<u8, false>>(level),
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
