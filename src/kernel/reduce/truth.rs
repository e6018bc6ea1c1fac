//! Truth of any or of all items, with an early stop.

use super::level_dispatch::{Fold, FoldItems, at_level};
use super::rows::{FoldGroups, LANES, Table, first_lanes, fold_lanes};
use super::{Dtype, Level};
use crate::dtype::Complex;
use std::ops::{BitOr, Not};

/// An item whose truth is that of some of its bits: anything but zero is true, NaN included.
trait Truth: Copy {
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
struct Found<T: Truth, const ALL: bool>([T::Bits; LANES]);

impl<T: Truth, const ALL: bool> FoldGroups<T> for Found<T, ALL> {
    const NEUTRAL: T = if ALL { T::TRUE } else { T::FALSE };
    const IDEMPOTENT: bool = true;
    const START: Found<T, ALL> = Found([T::NONE; LANES]);

    type Result = bool;

    #[inline(always)]
    fn add(&mut self, group: &[T; LANES]) {
        for i in 0..LANES {
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
    fn result(&self, count: usize) -> bool {
        fold_lanes(first_lanes(&self.0, count, T::NONE), |a, b| a | b) != T::NONE
    }

    #[inline(always)]
    fn merge(a: bool, b: bool) -> bool {
        a | b
    }
}

impl<T: Truth, const ALL: bool> FoldItems for Found<T, ALL> {
    type Item = T;
    type State = bool;

    #[inline(always)]
    fn fold(state: &mut bool, items: &Table<'_, T>) {
        if *state == ALL {
            *state = items.fold_groups::<Self>() != ALL;
        }
    }
}

/// The fold for items of `dtype`; its state starts as `all`. `None` for strings.
pub(super) fn fold(all: bool, dtype: Dtype, level: Level) -> Option<Fold<bool>> {
    fn choose<T: Truth>(all: bool, level: Level) -> Fold<bool> {
        if all { at_level::<Found<T, true>>(level) } else { at_level::<Found<T, false>>(level) }
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
