//! The cap on the passes of a `while`.

use crate::back::trace::trace;
use crate::environment;
use crate::ir::SourcePlace;

const DEFAULT_LIMIT: u64 = 10_000_000;

/// Passes that one entry into a `while` may take: `ME_DSL_WHILE_MAX_ITERS`, a decimal 64-bit integer
/// that may stand between blanks; without a valid one ten million; `None`, no cap, where it is zero
/// or negative.
pub fn while_limit() -> Option<u64> {
    let limit = environment::with(c"ME_DSL_WHILE_MAX_ITERS", |value| {
        std::str::from_utf8(value?).ok()?.trim().parse::<i64>().ok()
    });
    match limit {
        None => Some(DEFAULT_LIMIT),
        Some(limit) => u64::try_from(limit).ok().filter(|limit| *limit > 0),
    }
}

/// Tells in the trace that a loop was stopped.
pub fn trace_cap(place: SourcePlace, passes: u64) {
    let SourcePlace { line, column } = place;
    trace(format_args!(
        "while iteration cap hit at {line}:{column} after {passes} iterations (limit={passes})"
    ));
}
