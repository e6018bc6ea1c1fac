//! Run-time choice of the instruction set, made once per process.

use std::sync::atomic::{AtomicU8, Ordering};

use crate::environment;

/// Instruction-set level of the vector kernels, in ascending order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// What the target guarantees: SSE2 on x86-64, NEON on aarch64, SIMD128 on wasm built with it.
    Baseline,
    /// x86-64 with AVX2, FMA, BMI1/2.
    Avx2,
    /// x86-64 with AVX-512 F, BW, CD, DQ, VL on top of [`Level::Avx2`].
    Avx512,
}

impl Level {
    /// The best level of this machine, or a lower one named by the environment variable
    /// `ME_SIMD_LEVEL` (`baseline`, `avx2`, `avx512`); detected once per process.
    pub fn current() -> Level {
        // No lock, which a forked process could find taken for ever: threads that detect the level at the
        // same time find the same.
        const UNKNOWN: u8 = u8::MAX;
        static LEVEL: AtomicU8 = AtomicU8::new(UNKNOWN);
        match LEVEL.load(Ordering::Relaxed) {
            0 => Level::Baseline,
            1 => Level::Avx2,
            2 => Level::Avx512,
            _ => {
                let level = Level::wanted();
                match LEVEL.compare_exchange(UNKNOWN, level as u8, Ordering::Relaxed, Ordering::Relaxed) {
                    Ok(_) => level,
                    // Another thread was faster, perhaps with another environment.
                    Err(_) => Level::current(),
                }
            }
        }
    }

    fn wanted() -> Level {
        environment::with(c"ME_SIMD_LEVEL", |level| match level {
            Some(b"baseline") => Level::Baseline,
            Some(b"avx2") => Level::supported().min(Level::Avx2),
            _ => Level::supported(),
        })
    }

    /// The best level that this machine runs.
    pub fn supported() -> Level {
        #[cfg(target_arch = "x86_64")]
        {
            let avx2 = is_x86_feature_detected!("avx2")
                && is_x86_feature_detected!("fma")
                && is_x86_feature_detected!("bmi1")
                && is_x86_feature_detected!("bmi2");
            let avx512 = is_x86_feature_detected!("avx512f")
                && is_x86_feature_detected!("avx512bw")
                && is_x86_feature_detected!("avx512cd")
                && is_x86_feature_detected!("avx512dq")
                && is_x86_feature_detected!("avx512vl");
            if avx2 && avx512 {
                return Level::Avx512;
            }
            if avx2 {
                return Level::Avx2;
            }
        }
        Level::Baseline
    }

    /// The level for loops that are seldom run: AVX2 in place of AVX-512, whose gain is not worth the size of one
    /// more loop.
    pub(super) fn of_rare_loops(self) -> Level {
        self.min(Level::Avx2)
    }

    /// All levels that this machine runs, lowest first.
    pub fn all_supported() -> impl Iterator<Item = Level> {
        [Level::Baseline, Level::Avx2, Level::Avx512].into_iter().filter(|level| *level <= Level::supported())
    }
}
