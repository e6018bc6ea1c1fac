//! Truth of any or of all items, with an early stop.

use super::level_dispatch::{Fold, FoldItems, at_level};
use super::{Dtype, Level};
use crate::dtype::Complex;
use std::marker::PhantomData;

/// Items looked at before asking whether the result is decided.
const PIECE: usize = 1024;

/// Numeric truth: anything but zero, NaN included.
trait Truth: Copy {
    fn is_true(self) -> bool;
}

/// A real number; bool is read as a byte.
impl<T: Copy + Default + PartialEq> Truth for T {
    #[inline(always)]
    fn is_true(self) -> bool {
        self != T::default()
    }
}

/// Whether `any`, or with `ALL` every, item is true.
struct Items<T, const ALL: bool>(PhantomData<T>);

impl<T: Truth, const ALL: bool> FoldItems for Items<T, ALL> {
    type Item = T;
    type State = bool;

    #[inline(always)]
    fn fold(state: &mut bool, items: &[T]) {
        for piece in items.chunks(PIECE) {
            if *state != ALL {
                return;
            }
            *state = if ALL {
                piece.iter().fold(true, |all, item| all & item.is_true())
            } else {
                piece.iter().fold(false, |any, item| any | item.is_true())
            };
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
