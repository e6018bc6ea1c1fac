//! One generic loop, compiled for each SIMD level.

use super::Level;
use super::rows::{EvenRows, Table};

/// Lanes of the loops (see `rows`): enough independent operations to hide their latency, no more than registers hold.
const MANY_LANES: usize = 64;
/// For registers that are short beside what a lane holds. With fewer lanes, the compiler would unroll the loops over
/// them instead of making vectors.
const FEW_LANES: usize = 32;

/// WebAssembly has one level, and every loop counts in the size of its modules.
const fn has_few_lanes<F: FoldItems>(level: Level) -> bool {
    match level {
        Level::Baseline if cfg!(target_arch = "wasm32") => true,
        Level::Baseline if cfg!(target_arch = "x86_64") => F::LANE_SIZE >= 4,
        Level::Avx2 => F::LANE_SIZE >= 8,
        _ => false,
    }
}

/// A loop that folds items into a state.
///
/// `fold` must be `#[inline(always)]`, like all it calls, so that it is compiled with the
/// instructions of the level it is used at.
pub(super) trait FoldItems {
    type Item: Copy;
    type State;
    /// Bytes that a lane takes; 0 if its operations take so long that only many lanes hide it.
    const LANE_SIZE: usize;

    /// Folds in `N` lanes at a time.
    fn fold<const N: usize>(state: &mut Self::State, items: &Table<'_, Self::Item>);
}

/// A type-erased [`FoldItems::fold`]: `(state, items, rows)`.
///
/// # Safety
/// `items` must be valid for reading the rows and the gap after each, as items of the fold's type, and aligned for
/// it.
pub(super) type Fold<S> = unsafe fn(state: &mut S, items: *const u8, rows: EvenRows);

/// The fold `F` compiled for `level`, or for a lower one, since it is seldom wanted.
pub(super) fn at_level_of_rare_loops<F: FoldItems>(level: Level) -> Fold<F::State> {
    at_level::<F>(level.of_rare_loops())
}

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

/// A loop that is compiled for each level.
///
/// `run` must be `#[inline(always)]`, like all it calls.
pub(super) trait Loop {
    type Work;

    /// # Safety
    /// What the work points to can be read and written.
    unsafe fn run(work: &Self::Work);
}

/// A type-erased [`Loop::run`].
pub(super) type LoopOver<L> = unsafe fn(&<L as Loop>::Work);

/// The loop `L` compiled for `level`, or for a lower one, since it is seldom wanted.
pub(super) fn loop_at_level_of_rare_loops<L: Loop>(level: Level) -> LoopOver<L> {
    loop_at_level::<L>(level.of_rare_loops())
}

/// The loop `L` compiled for `level`, which must be one that this machine supports.
pub(super) fn loop_at_level<L: Loop>(level: Level) -> LoopOver<L> {
    match level {
        Level::Baseline => baseline_loop::<L>,
        #[cfg(target_arch = "x86_64")]
        Level::Avx2 => avx2_loop::<L>,
        #[cfg(target_arch = "x86_64")]
        Level::Avx512 => avx512_loop::<L>,
        #[cfg(not(target_arch = "x86_64"))]
        _ => baseline_loop::<L>,
    }
}

/// # Safety
/// As for [`Loop::run`].
unsafe fn baseline_loop<L: Loop>(work: &L::Work) {
    // SAFETY: the contract is the same.
    unsafe { L::run(work) }
}

/// # Safety
/// As for [`Loop::run`], and the machine must support the level.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma,bmi1,bmi2")]
unsafe fn avx2_loop<L: Loop>(work: &L::Work) {
    // SAFETY: the contract is the same.
    unsafe { L::run(work) }
}

/// # Safety
/// As for [`Loop::run`], and the machine must support the level.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma,bmi1,bmi2,avx512f,avx512bw,avx512cd,avx512dq,avx512vl")]
unsafe fn avx512_loop<L: Loop>(work: &L::Work) {
    // SAFETY: the contract is the same.
    unsafe { L::run(work) }
}

/// # Safety
/// As for [`Fold`].
#[inline(always)]
unsafe fn run<F: FoldItems>(few_lanes: bool, state: &mut F::State, items: *const u8, rows: EvenRows) {
    if rows.total() == 0 {
        return;
    }
    // SAFETY: the caller vouches for the rows.
    let memory = unsafe { std::slice::from_raw_parts(items.cast(), rows.span()) };
    let table = Table::new(memory, rows);
    match few_lanes {
        true => F::fold::<FEW_LANES>(state, &table),
        false => F::fold::<MANY_LANES>(state, &table),
    }
}

/// # Safety
/// As for [`Fold`].
unsafe fn baseline<F: FoldItems>(state: &mut F::State, items: *const u8, rows: EvenRows) {
    // SAFETY: the contract is the same.
    unsafe { run::<F>(const { has_few_lanes::<F>(Level::Baseline) }, state, items, rows) }
}

/// # Safety
/// As for [`Fold`], and the machine must support the level.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma,bmi1,bmi2")]
unsafe fn avx2<F: FoldItems>(state: &mut F::State, items: *const u8, rows: EvenRows) {
    // SAFETY: the contract is the same.
    unsafe { run::<F>(const { has_few_lanes::<F>(Level::Avx2) }, state, items, rows) }
}

/// # Safety
/// As for [`Fold`], and the machine must support the level.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma,bmi1,bmi2,avx512f,avx512bw,avx512cd,avx512dq,avx512vl")]
unsafe fn avx512<F: FoldItems>(state: &mut F::State, items: *const u8, rows: EvenRows) {
    // SAFETY: the contract is the same.
    unsafe { run::<F>(const { has_few_lanes::<F>(Level::Avx512) }, state, items, rows) }
}
