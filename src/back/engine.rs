//! The contract of the compiled engines: code for a kernel, or the reason why there is none.
//!
//! An engine is a folder beside this file and a line in [`ENGINES`](super::registry::ENGINES). What becomes of
//! its code (when it is wanted, remembered, not tried again) is the policy's business, in `jit` and `hot`.

#![cfg_attr(
    not(any(machine_code, c_compiler, wasm_modules)),
    allow(dead_code, reason = "a build without engines has only one side of the contract")
)]

use std::ffi::CStr;
use std::fmt;

use super::budget::Stop;
use super::identity::{Gates, Identity, Names};
use super::jit_mode::Mode;
use super::settings::Settings;
use super::trace::trace;
use crate::environment;
use crate::ir::{Compiler, Kernel, SourcePlace};
use crate::kernel::Accuracy;
use crate::memory::OutOfMemory;
use crate::mid::Positions;

/// Something that makes code for kernels.
pub trait Engine: Sync {
    /// Whether kernels that ask for `compiler` are this engine's. The first engine of the list that says so
    /// gets the kernel, and no other does if it refuses.
    fn serves(&self, compiler: Compiler) -> bool;

    /// Whether the engine can make code at all now; if not, the trace says why.
    fn is_ready(&self) -> bool {
        true
    }

    /// Makes code for a kernel that the policy admits. Traces how that went, a failure included.
    fn build(&self, candidate: &Candidate<'_>) -> Result<Box<dyn Code>, Unbuilt>;

    /// Code for a plain expression that has been evaluated on many items, if generating it takes so little
    /// time that it may happen during an evaluation, and the code is faster than the interpreter.
    fn build_hot(&self, _kernel: &Kernel) -> Option<Box<dyn Code>> {
        None
    }

    /// Whether the process remembers the engine's kernels.
    fn is_cached(&self) -> bool {
        environment::flag(c"ME_DSL_JIT_POS_CACHE", true)
    }

    /// Where the trace says that a remembered kernel comes from.
    fn cache_name(&self) -> &'static str {
        "process-cache"
    }

    /// Environment variables to which the failure of a build may be due, beside the kernel: a kernel that
    /// failed is not tried again for a while unless one of them changes. `None`: it is tried each time.
    fn failure_settings(&self) -> Option<&'static [&'static CStr]> {
        Some(&[])
    }
}

/// A kernel in code, which any number of expressions and threads may share.
pub trait Code: fmt::Debug + Send + Sync {
    /// Evaluates all items; `None` where the interpreter has to.
    ///
    /// # Safety
    /// As [`Interpreter::run`](super::block::Interpreter::run), for arrays of the types that the kernel has.
    unsafe fn run(&self, call: Call<'_>) -> Option<Result<(), RunError>>;

    /// Whether the interpreter may be faster, so that it is worth finding out which of them is.
    fn may_be_slower(&self) -> bool {
        false
    }
}

/// What an evaluation gives to the code of a kernel.
#[derive(Clone, Copy)]
pub struct Call<'a> {
    /// The arrays of the parameters; NULL for one that the kernel does not read.
    pub inputs: &'a [*const u8],
    pub output: *mut u8,
    pub items: usize,
    /// Where the items lie in the whole array.
    pub positions: &'a Positions<'a>,
    pub accuracy: Accuracy,
    pub settings: Settings,
}

/// A kernel that passed the gates, with what the trace and the caches know of it.
pub struct Candidate<'a> {
    pub kernel: &'a Kernel,
    /// What the caller of the compilation wants.
    #[cfg_attr(not(wasm_modules), allow(dead_code, reason = "only the host of modules reports by itself"))]
    pub mode: Mode,
    pub names: Names,
    #[cfg_attr(not(c_compiler), allow(dead_code, reason = "only generated C has them"))]
    pub gates: Gates,
    pub identity: Identity,
}

impl Candidate<'_> {
    /// The line of a kernel for which code exists, or is about to.
    pub fn trace_built(&self) {
        let Candidate { names: Names { fp, compiler }, identity, .. } = self;
        let key = identity.key();
        trace(format_args!("jit ir built: fp={fp} compiler={compiler} fingerprint={key:016x}"));
    }
}

/// Why a kernel got no code; the trace has said more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unbuilt {
    /// The next try may succeed.
    OutOfMemory,
    /// The next try would fail too, or is too expensive for now.
    Failed,
}

impl From<OutOfMemory> for Unbuilt {
    fn from(_: OutOfMemory) -> Unbuilt {
        Unbuilt::OutOfMemory
    }
}

/// Why an evaluation ended early.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunError {
    OutOfMemory,
    /// A step of zero, too many passes of a `while`, or items that end without a value.
    Kernel,
    /// A reduction along axes of items that have no shape.
    Axes,
    /// The budget of the evaluation says so.
    Stopped(Stop),
}

impl From<Stop> for RunError {
    fn from(stop: Stop) -> RunError {
        RunError::Stopped(stop)
    }
}

impl From<OutOfMemory> for RunError {
    fn from(_: OutOfMemory) -> RunError {
        RunError::OutOfMemory
    }
}

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
#[cfg_attr(not(machine_code), allow(dead_code, reason = "not every build has all engines"))]
pub mod reason {
    pub const NO_RETURN: &str = "program may reach function end without return";
    pub const PARAMETER: &str = "invalid parameter metadata for jit ir";
    pub const DTYPE: &str = "unsupported expression dtype for jit ir";
    pub const REDUCTION: &str = "reduction functions are not supported by jit ir";
    pub const PRINT: &str = "print statements are not supported by jit ir";
    pub const TOO_LARGE: &str = "the kernel is too large";
}
