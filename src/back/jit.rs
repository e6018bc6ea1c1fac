//! The policy of the compiled engines: whether a kernel gets one, and which.
//!
//! Compilation is best effort. Whatever stands in its way leaves the interpreter in charge, and a
//! line in the trace.

use super::block::{Positions, RunError};
use super::identity::{Names, key};
use super::jit_mode::Mode;
#[cfg(target_arch = "x86_64")]
use super::native;
use super::shared::Shared;
use super::trace::trace;
use super::{c, cache, environment};
use crate::ir::{Compiler, ExprKind, Kernel};
use crate::kernel::Accuracy;

/// A kernel in machine code.
#[derive(Debug)]
pub enum Compiled {
    #[cfg(target_arch = "x86_64")]
    Native(native::Native),
    C(c::Library),
}

/// The machine code of an expression, which may share it with others.
#[derive(Debug)]
pub struct Jit(Shared<Compiled>);

impl Jit {
    /// Machine code for a kernel, if it can have some.
    pub fn prepare(kernel: &Kernel, mode: Mode) -> Option<Jit> {
        let names = Names::of(kernel);
        let Names { fp, compiler } = names;
        if mode == Mode::Off {
            trace(format_args!("jit runtime skipped: fp={fp} compiler={compiler} reason=jit_mode=off"));
            return None;
        }
        let uses_index = kernel.exprs.iter().any(|expr| matches!(expr.kind, ExprKind::Index(_)));
        if uses_index && !environment::flag(c"ME_DSL_JIT_INDEX_VARS", true) {
            let reason = "reserved index vars disabled by ME_DSL_JIT_INDEX_VARS";
            trace(format_args!("jit ir skip: fp={fp} reason={reason}"));
            return None;
        }
        if !environment::flag(c"ME_DSL_JIT", true) {
            trace(format_args!("jit runtime skip: fp={fp} reason=jit runtime disabled by environment"));
            return None;
        }
        let key = key(kernel);
        trace(format_args!("jit ir built: fp={fp} compiler={compiler} fingerprint={key:016x}"));
        let remembers = environment::flag(c"ME_DSL_JIT_POS_CACHE", true);
        if remembers && let Some(compiled) = cache::find(key) {
            trace(format_args!("jit runtime hit: fp={fp} source=process-cache key={key:016x}"));
            return Some(Jit(compiled));
        }
        if cache::is_cooling(key) {
            let reason = "jit runtime skipped after recent failure";
            trace(format_args!("jit runtime skip: fp={fp} reason={reason} key={key:016x}"));
            return None;
        }
        let compiled = match kernel.compiler {
            Compiler::Tcc => build_native(kernel, key, &names),
            Compiler::Cc => c::build(kernel, key, fp).map(Compiled::C),
        };
        let shared = compiled.and_then(|compiled| Shared::new(compiled).ok());
        let Some(shared) = shared else {
            // Without memory for it a failure is forgotten, and the next compilation tries again.
            let _ = cache::fail(key);
            return None;
        };
        cache::forgive(key);
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
                #[cfg(target_arch = "x86_64")]
                Compiled::Native(code) => code.run(inputs, output, n, positions, accuracy),
                Compiled::C(library) => library.run(inputs, output, n, positions),
            }
        }
    }
}

#[cfg(target_arch = "x86_64")]
fn build_native(kernel: &Kernel, key: u64, names: &Names) -> Option<Compiled> {
    let Names { fp, .. } = names;
    match native::Native::new(kernel) {
        Ok(code) => {
            trace(format_args!("jit runtime built: fp={fp} compiler=tcc key={key:016x}"));
            Some(Compiled::Native(code))
        }
        Err(native::Refusal::Unsupported(reason)) => {
            trace(format_args!("jit ir reject: fp={fp} at 0:0 reason={reason}"));
            None
        }
        Err(native::Refusal::OutOfMemory) => {
            let reason = "jit runtime tcc compilation failed detail=out of memory";
            trace(format_args!("jit runtime skip: fp={fp} compiler=tcc reason={reason}"));
            None
        }
    }
}

#[cfg(not(target_arch = "x86_64"))]
fn build_native(_kernel: &Kernel, _key: u64, names: &Names) -> Option<Compiled> {
    let reason = "jit runtime tcc compilation failed detail=tcc backend not built";
    trace(format_args!("jit runtime skip: fp={} compiler=tcc reason={reason}", names.fp));
    None
}
