//! What the environment says about evaluations, read when an expression is compiled: reading it while another
//! thread of the program changes it may crash, and an evaluation may run in any thread at any time.

use super::trace::is_traced;
use crate::environment;

/// Passes that one entry into a `while` may take, where the environment names no other number.
const DEFAULT_LIMIT: u64 = 10_000_000;
/// Items of one call of a vector kernel, likewise.
const DEFAULT_CHUNK: usize = 1 << 20;

/// How the evaluations of an expression go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Passes that one entry into a `while` may take; `None` is no cap.
    pub while_limit: Option<u64>,
    /// Most items of one call of a vector kernel by code that is not the library's own.
    #[cfg_attr(not(c_compiler), allow(dead_code, reason = "there is no such code"))]
    pub chunk_items: usize,
    /// Whether evaluations tell the trace what stops them.
    pub is_traced: bool,
}

impl Default for Settings {
    /// The settings of an empty environment.
    fn default() -> Settings {
        Settings { while_limit: Some(DEFAULT_LIMIT), chunk_items: DEFAULT_CHUNK, is_traced: false }
    }
}

impl Settings {
    /// `ME_DSL_WHILE_MAX_ITERS`, `ME_DSL_JIT_VEC_CHUNK_ITEMS` and `ME_DSL_TRACE` as they are now.
    pub fn from_environment() -> Settings {
        Settings { while_limit: while_limit(), chunk_items: chunk_items(), is_traced: is_traced() }
    }

    /// The cap of a `while` for machine code, which counts to the largest number without one.
    #[cfg_attr(not(c_compiler), allow(dead_code, reason = "there is no such code"))]
    pub fn pass_cap(&self) -> i64 {
        self.while_limit.and_then(|limit| i64::try_from(limit).ok()).unwrap_or(i64::MAX)
    }
}

/// `ME_DSL_WHILE_MAX_ITERS`, a decimal 64-bit integer that may stand between blanks; the default without a
/// valid one; `None`, no cap, where it is zero or negative.
fn while_limit() -> Option<u64> {
    let limit = environment::with(c"ME_DSL_WHILE_MAX_ITERS", |value| {
        std::str::from_utf8(value?).ok()?.trim().parse::<i64>().ok()
    });
    match limit {
        None => Some(DEFAULT_LIMIT),
        Some(limit) => u64::try_from(limit).ok().filter(|limit| *limit > 0),
    }
}

/// `ME_DSL_JIT_VEC_CHUNK_ITEMS`, a positive decimal 32-bit integer; the default without a valid one.
fn chunk_items() -> usize {
    let wanted = environment::with(c"ME_DSL_JIT_VEC_CHUNK_ITEMS", |value| {
        std::str::from_utf8(value?).ok()?.trim().parse::<i32>().ok()
    });
    wanted.and_then(|items| usize::try_from(items).ok()).filter(|items| *items > 0).unwrap_or(DEFAULT_CHUNK)
}
