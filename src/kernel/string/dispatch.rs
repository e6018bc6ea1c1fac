//! One loop, compiled for the baseline and for AVX2, chosen at run time.

use crate::kernel::level::Level;

/// A loop over a column. `run` and what it calls must be `#[inline(always)]`: only what is inlined
/// is compiled for the level.
pub(super) trait Loop {
    fn run(self);
}

/// Run `work` with the widest vectors of this machine that pay for strings.
pub(super) fn at_best_level<L: Loop>(work: L) {
    #[cfg(target_arch = "x86_64")]
    if Level::current() >= Level::Avx2 {
        // SAFETY: the level is one that this machine runs.
        return unsafe { with_avx2(work) };
    }
    work.run()
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,bmi1,bmi2")]
fn with_avx2<L: Loop>(work: L) {
    work.run()
}
