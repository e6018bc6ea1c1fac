//! One generic loop, compiled for each SIMD level.

use super::Level;
use super::rows::{EvenRows, Table};

/// A loop that folds items into a state.
///
/// `fold` must be `#[inline(always)]`, like all it calls, so that it is compiled with the
/// instructions of the level it is used at.
pub(super) trait FoldItems {
    type Item: Copy;
    type State;

    fn fold(state: &mut Self::State, items: &Table<'_, Self::Item>);
}

/// A type-erased [`FoldItems::fold`]: `(state, items, rows)`.
///
/// # Safety
/// `items` must be valid for reading the rows and the gap after each, as items of the fold's type, and aligned for
/// it.
pub(super) type Fold<S> = unsafe fn(state: &mut S, items: *const u8, rows: EvenRows);

/// The fold `F` compiled for `level`, which must be one that this machine supports.
pub(super) fn at_level<F: FoldItems>(level: Level) -> Fold<F::State> {
    match level {
        Level::Baseline => baseline::<F>,
        #[cfg(target_arch = "x86_64")]
        Level::Avx2 => avx2::<F>,
        #[cfg(target_arch = "x86_64")]
        Level::Avx512 => avx512::<F>,
        #[cfg(not(target_arch = "x86_64"))]
        _ => baseline::<F>,
    }
}

/// # Safety
/// As for [`Fold`].
#[inline(always)]
unsafe fn baseline<F: FoldItems>(state: &mut F::State, items: *const u8, rows: EvenRows) {
    if rows.total() > 0 {
        // SAFETY: the caller vouches for the rows.
        let memory = unsafe { std::slice::from_raw_parts(items.cast(), rows.span()) };
        F::fold(state, &Table::new(memory, rows));
    }
}

/// # Safety
/// As for [`Fold`], and the machine must support the level.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma,bmi1,bmi2")]
unsafe fn avx2<F: FoldItems>(state: &mut F::State, items: *const u8, rows: EvenRows) {
    // SAFETY: the contract is the same.
    unsafe { baseline::<F>(state, items, rows) }
}

/// # Safety
/// As for [`Fold`], and the machine must support the level.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma,bmi1,bmi2,avx512f,avx512bw,avx512cd,avx512dq,avx512vl")]
unsafe fn avx512<F: FoldItems>(state: &mut F::State, items: *const u8, rows: EvenRows) {
    // SAFETY: the contract is the same.
    unsafe { baseline::<F>(state, items, rows) }
}
