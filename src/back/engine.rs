//! What the compiled engines have in common.

use std::fmt;

use crate::ir::SourcePlace;
use crate::memory::OutOfMemory;

/// Why an engine has no code for a kernel; the interpreter runs it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    OutOfMemory,
    Unsupported(Unsupported),
}

/// Something in a kernel that an engine does not take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unsupported {
    /// Start of the statement; zeros where it is nothing in the text.
    pub place: SourcePlace,
    /// In words for the trace.
    pub reason: &'static str,
}

impl fmt::Display for Unsupported {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Unsupported { place: SourcePlace { line, column }, reason } = self;
        write!(f, "at {line}:{column} reason={reason}")
    }
}

impl Refusal {
    /// A refusal of the kernel as a whole.
    pub const fn of(reason: &'static str) -> Refusal {
        Refusal::at(SourcePlace { line: 0, column: 0 }, reason)
    }

    /// A refusal of what stands at `place`.
    pub const fn at(place: SourcePlace, reason: &'static str) -> Refusal {
        Refusal::Unsupported(Unsupported { place, reason })
    }
}

impl From<OutOfMemory> for Refusal {
    fn from(_: OutOfMemory) -> Refusal {
        Refusal::OutOfMemory
    }
}

/// Reasons that several engines give, or the gates before all of them.
#[cfg_attr(not(all(feature = "jit", unix)), allow(dead_code, reason = "not every build has all engines"))]
pub mod reason {
    pub const NO_RETURN: &str = "program may reach function end without return";
    pub const PARAMETER: &str = "invalid parameter metadata for jit ir";
    pub const DTYPE: &str = "unsupported expression dtype for jit ir";
    pub const REDUCTION: &str = "reduction functions are not supported by jit ir";
    pub const PRINT: &str = "print statements are not supported by jit ir";
    pub const TOO_LARGE: &str = "the kernel is too large";
}
