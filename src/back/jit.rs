//! The policy of the compiled engines: whether a kernel gets one, and which.
//!
//! Compilation is best effort. Whatever stands in its way leaves the interpreter in charge, and a
//! line in the trace.

use super::block::RunError;
use super::cache::Cache;
use super::contest::Contest;
use super::eligibility::admit;
#[cfg(machine_code)]
use super::engine::Refusal;
use super::identity::{Gates, Identity, Names, settings_hash};
use super::jit_mode::Mode;
#[cfg(machine_code)]
use super::native;
use super::settings::Settings;
use super::shared::Shared;
use super::trace::trace;
use super::{c, failures};
use crate::environment;
use crate::ir::{Compiler, Kernel};
use crate::kernel::Accuracy;
#[cfg(machine_code)]
use crate::kernel::level::Level;
use crate::memory::OutOfMemory;
use crate::mid::Positions;

/// A kernel in machine code.
#[derive(Debug)]
pub enum Compiled {
    #[cfg(machine_code)]
    Native(native::Native),
    C(c::Library),
}

/// The machine code of an expression.
#[derive(Debug)]
pub struct Jit {
    /// Other expressions may have it too.
    code: Shared<Compiled>,
    settings: Settings,
    contest: Option<Contest>,
}

/// A kernel that passed the gates, as caches and the trace know it.
pub struct Candidate {
    pub names: Names,
    pub gates: Gates,
    pub identity: Identity,
}

impl Candidate {
    /// The line of a kernel for which code exists, or is about to.
    pub fn trace_built(&self) {
        let Candidate { names: Names { fp, compiler }, identity, .. } = self;
        let key = identity.key();
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

/// The kernels of the process.
static KERNELS: Cache<Compiled> = Cache::new();

impl Jit {
    /// Machine code for a kernel, if it can have some.
    pub fn prepare(kernel: &Kernel, mode: Mode) -> Option<Jit> {
        let names = admit(kernel, mode)?;
        let gates = Gates::from_environment();
        let Ok(identity) = Identity::of(kernel, gates) else {
            trace(format_args!("jit runtime skip: fp={} reason=out of memory", names.fp));
            return None;
        };
        let remembered = environment::flag(c"ME_DSL_JIT_POS_CACHE", true).then_some(&KERNELS);
        let code = find_or_build(kernel, Candidate { names, gates, identity }, remembered)?;
        Some(Jit::new(code, Settings::from_environment()))
    }

    fn new(code: Shared<Compiled>, settings: Settings) -> Jit {
        let contest = match &*code {
            #[cfg(machine_code)]
            Compiled::Native(native) if native.may_be_slower() => Some(Contest::default()),
            _ => None,
        };
        Jit { code, settings, contest }
    }

    /// The contest with the interpreter, where the code may lose it.
    pub fn contest(&self) -> Option<&Contest> {
        self.contest.as_ref()
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
        // SAFETY: as the caller promises; the code was made for this kernel, or for one of an equal identity,
        // which has the same types of inputs and output.
        unsafe {
            match &*self.code {
                #[cfg(machine_code)]
                Compiled::Native(code) => code.run(inputs, output, n, positions, accuracy, self.settings),
                Compiled::C(library) => {
                    library.run(inputs, output, n, positions, accuracy, self.settings).then_some(Ok(()))
                }
            }
        }
    }
}

/// The machine code of a kernel: remembered, or new.
fn find_or_build(
    kernel: &Kernel,
    candidate: Candidate,
    cache: Option<&Cache<Compiled>>,
) -> Option<Shared<Compiled>> {
    let (fp, key) = (candidate.names.fp, candidate.identity.key());
    if let Some(compiled) = cache.and_then(|cache| cache.find(&candidate.identity)) {
        candidate.trace_built();
        trace(format_args!("jit runtime hit: fp={fp} source=process-cache key={key:016x}"));
        return Some(compiled);
    }
    let failure_key = key ^ settings_hash(kernel.compiler);
    if failures::is_cooling(failure_key) {
        candidate.trace_built();
        let reason = "jit runtime skipped after recent failure";
        trace(format_args!("jit runtime skip: fp={fp} reason={reason} key={key:016x}"));
        return None;
    }
    let compiled = match kernel.compiler {
        Compiler::InProcess => build_native(kernel, &candidate),
        Compiler::System => c::build(kernel, &candidate).map(Compiled::C),
    };
    let shared = match compiled.and_then(|compiled| Ok(Shared::new(compiled)?)) {
        Ok(shared) => shared,
        Err(Unbuilt::OutOfMemory) => return None,
        Err(Unbuilt::Failed) => {
            // Without memory for it a failure is forgotten, and the next compilation tries again.
            let _ = failures::fail(failure_key);
            return None;
        }
    };
    failures::forgive(failure_key);
    if let Some(cache) = cache {
        // A kernel that the cache has no memory for works all the same.
        let _ = cache.remember(candidate.identity, &shared);
    }
    Some(shared)
}

#[cfg(machine_code)]
fn build_native(kernel: &Kernel, candidate: &Candidate) -> Result<Compiled, Unbuilt> {
    let (fp, key) = (candidate.names.fp, candidate.identity.key());
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
        Err(Refusal::Unsupported(unsupported)) => {
            trace(format_args!("jit codegen reject: fp={fp} {unsupported}"));
            Err(Unbuilt::Failed)
        }
        Err(Refusal::OutOfMemory) => {
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

#[cfg(all(test, machine_code))]
mod tests {
    use super::*;
    use crate::dtype::Dtype;
    use crate::front::testing::compile;

    /// Two kernels with one key get code each: the second writes a byte for each item, not eight.
    #[test]
    fn kernels_with_one_key_do_not_share_code() {
        let cache = Cache::new();
        let texts = [
            "def f(x):\n    y = x\n    k = 2257629995\n    m = 1828400147\n    return x\n",
            "def f(x):\n    y = x > 0\n    k = 2870894791\n    m = 1936784430\n    return x > 0\n",
        ];
        let items = 64;
        let x: Vec<i64> = (0..items).map(|item| item - 32).collect();
        let expected: [Vec<u8>; 2] = [
            x.iter().flat_map(|value| value.to_ne_bytes()).collect(),
            x.iter().map(|value| u8::from(*value > 0)).collect(),
        ];
        // The second round finds both in the cache.
        for _ in 0..2 {
            for (text, expected) in texts.iter().zip(&expected) {
                let kernel = compile(text, &[("x", Dtype::Int64)]);
                let gates = Gates::from_environment();
                let bytes = Identity::of(&kernel, gates).unwrap().bytes().to_vec();
                let identity = Identity::with_key(0x5eed, bytes);
                let candidate = Candidate { names: Names::of(&kernel), gates, identity };
                let Some(code) = find_or_build(&kernel, candidate, Some(&cache)) else {
                    assert!(!native::has_engine(Level::current()));
                    return;
                };
                let jit = Jit::new(code, Settings::default());
                let mut out = vec![0xa5; x.len() * 8 + 64];
                let extent = [items];
                let positions = Positions { shape: &extent, origin: &[0], extents: &extent };
                // SAFETY: the input holds the items, and the output has room for the largest.
                let result = unsafe {
                    let inputs = [x.as_ptr().cast()];
                    jit.run(&inputs, out.as_mut_ptr(), x.len(), &positions, Accuracy::Fast)
                };
                assert_eq!(result, Some(Ok(())));
                assert_eq!(out[..expected.len()], expected[..], "{text}");
                assert!(out[expected.len()..].iter().all(|byte| *byte == 0xa5), "{text}");
            }
        }
    }
}
