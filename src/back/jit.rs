//! The policy of the compiled engines: whether a kernel gets one, and which.
//!
//! Compilation is best effort. Whatever stands in its way leaves the interpreter in charge, and a
//! line in the trace.

use super::block::{Positions, RunError};
use super::eligibility::admit;
use super::identity::{Gates, Names, key, settings_hash};
use super::jit_mode::Mode;
#[cfg(machine_code)]
use super::native;
use super::shared::Shared;
use super::trace::trace;
use super::{c, cache};
use crate::environment;
use crate::ir::{Compiler, Kernel};
use crate::kernel::Accuracy;
#[cfg(machine_code)]
use crate::kernel::level::Level;
use crate::memory::OutOfMemory;

/// A kernel in machine code.
#[derive(Debug)]
pub enum Compiled {
    #[cfg(machine_code)]
    Native(native::Native),
    C(c::Library),
}

/// The machine code of an expression, which may share it with others.
#[derive(Debug)]
pub struct Jit(Shared<Compiled>);

/// A kernel that passed the gates, as caches and the trace know it.
pub struct Candidate {
    pub names: Names,
    pub gates: Gates,
    pub key: u64,
}

impl Candidate {
    /// The line of a kernel for which code exists, or is about to.
    pub fn trace_built(&self) {
        let Candidate { names: Names { fp, compiler }, key, .. } = self;
        trace(format_args!("jit ir built: fp={fp} compiler={compiler} fingerprint={key:016x}"));
    }
}

/// Why a kernel got no machine code; the trace has said more.
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

impl Jit {
    /// Machine code for a kernel, if it can have some.
    pub fn prepare(kernel: &Kernel, mode: Mode) -> Option<Jit> {
        let names = admit(kernel, mode)?;
        let gates = Gates::from_environment();
        let candidate = Candidate { names, gates, key: key(kernel, gates) };
        let Candidate { names: Names { fp, .. }, key, .. } = candidate;
        let remembers = environment::flag(c"ME_DSL_JIT_POS_CACHE", true);
        if remembers && let Some(compiled) = cache::find(key) {
            candidate.trace_built();
            trace(format_args!("jit runtime hit: fp={fp} source=process-cache key={key:016x}"));
            return Some(Jit(compiled));
        }
        let failure_key = key ^ settings_hash(kernel.compiler);
        if cache::is_cooling(failure_key) {
            candidate.trace_built();
            let reason = "jit runtime skipped after recent failure";
            trace(format_args!("jit runtime skip: fp={fp} reason={reason} key={key:016x}"));
            return None;
        }
        let compiled = match kernel.compiler {
            Compiler::Tcc => build_native(kernel, &candidate),
            Compiler::Cc => c::build(kernel, &candidate).map(Compiled::C),
        };
        let shared = match compiled.and_then(|compiled| Ok(Shared::new(compiled)?)) {
            Ok(shared) => shared,
            Err(Unbuilt::OutOfMemory) => return None,
            Err(Unbuilt::Failed) => {
                // Without memory for it a failure is forgotten, and the next compilation tries again.
                let _ = cache::fail(failure_key);
                return None;
            }
        };
        cache::forgive(failure_key);
        if remembers {
            // A kernel that the cache has no memory for works all the same.
            let _ = cache::remember(key, &shared);
        }
        Some(Jit(shared))
    }

    /// Evaluates `n` items; `None` where the interpreter has to.
    ///
    /// # Safety
    /// As [`Engine::run`](super::block::Engine::run).
    pub unsafe fn run(
        &self,
        inputs: &[*const u8],
        output: *mut u8,
        n: usize,
        positions: &Positions<'_>,
        accuracy: Accuracy,
    ) -> Option<Result<(), RunError>> {
        // SAFETY: as the caller promises.
        unsafe {
            match &*self.0 {
                #[cfg(machine_code)]
                Compiled::Native(code) => code.run(inputs, output, n, positions, accuracy),
                Compiled::C(library) => library.run(inputs, output, n, positions, accuracy).then_some(Ok(())),
            }
        }
    }
}

#[cfg(machine_code)]
fn build_native(kernel: &Kernel, candidate: &Candidate) -> Result<Compiled, Unbuilt> {
    let Candidate { names: Names { fp, .. }, key, .. } = candidate;
    match native::Native::new(kernel, Level::current()) {
        Ok(code) => {
            let functions = c::MathFunctions(kernel);
            let (mode, reason) = match functions.is_empty() {
                true => ("scalar", "no-vector-lowering-match"),
                false => ("hybrid", "statement-vector-lowered"),
            };
            trace(format_args!("jit codegen: lowering={mode} vec_ops={functions} reason={reason}"));
            candidate.trace_built();
            trace(format_args!("jit runtime built: fp={fp} compiler=tcc key={key:016x}"));
            Ok(Compiled::Native(code))
        }
        Err(native::Refusal::Unsupported(reason)) => {
            trace(format_args!("jit codegen reject: fp={fp} at 0:0 reason={reason}"));
            Err(Unbuilt::Failed)
        }
        Err(native::Refusal::OutOfMemory) => {
            let reason = "jit runtime tcc compilation failed detail=out of memory";
            trace(format_args!("jit runtime skip: fp={fp} compiler=tcc reason={reason}"));
            Err(Unbuilt::OutOfMemory)
        }
    }
}

#[cfg(not(machine_code))]
fn build_native(_kernel: &Kernel, candidate: &Candidate) -> Result<Compiled, Unbuilt> {
    candidate.trace_built();
    let reason = "jit runtime tcc compilation failed detail=tcc backend not built";
    trace(format_args!("jit runtime skip: fp={} compiler=tcc reason={reason}", candidate.names.fp));
    Err(Unbuilt::Failed)
}
