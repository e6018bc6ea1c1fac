//! The policy of the compiled engines: whether a kernel gets code, and from whom.
//!
//! Compilation is best effort. Whatever stands in its way leaves the interpreter in charge, and a
//! line in the trace.

use super::cache::Cache;
use super::contest::Contest;
use super::eligibility::admit;
use super::engine::{Call, Candidate, Code, Engine, RunError, Unbuilt};
use super::failures::Failures;
use super::identity::{Gates, Identity, Names, settings_hash};
use super::jit_mode::Mode;
use super::registry::ENGINES;
use super::settings::Settings;
use super::shared::Shared;
use super::trace::trace;
use crate::ir::Kernel;
use crate::kernel::Accuracy;
use crate::mid::Positions;

/// What the process remembers of kernels.
struct Memory {
    kernels: Cache<Box<dyn Code>>,
    failures: Failures,
}

static MEMORY: Memory = Memory::new();

/// Forgets the kernels of the process. Expressions keep theirs.
#[cfg(wasm_modules)]
pub fn forget_kernels() {
    MEMORY.kernels.clear();
}

/// The code of an expression.
#[derive(Debug)]
pub struct Jit {
    /// Other expressions may have it too.
    code: Shared<Box<dyn Code>>,
    settings: Settings,
    contest: Option<Contest>,
}

impl Jit {
    /// Code for a kernel, if it can have some.
    pub fn prepare(kernel: &Kernel, mode: Mode) -> Option<Jit> {
        if ENGINES.is_empty() {
            trace(format_args!("jit runtime skip: reason=the library is built without compiled engines"));
            return None;
        }
        let names = admit(kernel, mode)?;
        let engine = engine_for(kernel, &names)?;
        let gates = Gates::from_environment();
        let Ok(identity) = Identity::of(kernel, gates) else {
            trace(format_args!("jit runtime skip: fp={} reason=out of memory", names.fp));
            return None;
        };
        let code = MEMORY.find_or_build(engine, Candidate { kernel, mode, names, gates, identity })?;
        Some(Jit::new(code, Settings::from_environment()))
    }

    fn new(code: Shared<Box<dyn Code>>, settings: Settings) -> Jit {
        let contest = code.may_be_slower().then(Contest::default);
        Jit { code, settings, contest }
    }

    /// The contest with the interpreter, where the code may lose it.
    pub fn contest(&self) -> Option<&Contest> {
        self.contest.as_ref()
    }

    /// Evaluates `items` items; `None` where the interpreter has to.
    ///
    /// # Safety
    /// As [`Interpreter::run`](super::block::Interpreter::run).
    pub unsafe fn run(
        &self,
        inputs: &[*const u8],
        output: *mut u8,
        items: usize,
        positions: &Positions<'_>,
        accuracy: Accuracy,
    ) -> Option<Result<(), RunError>> {
        let call = Call { inputs, output, items, positions, accuracy, settings: self.settings };
        // SAFETY: as the caller promises; the code was made for this kernel, or for one of an equal identity,
        // which has the same types of inputs and output.
        unsafe { self.code.run(call) }
    }
}

/// The engine that a kernel asks for, if it is there; `None` after a line in the trace.
fn engine_for(kernel: &Kernel, names: &Names) -> Option<&'static dyn Engine> {
    let found = ENGINES.iter().find(|engine| engine.serves(kernel.compiler));
    let Some(engine) = found else {
        let Names { fp, compiler } = names;
        let reason = "compilation failed detail=";
        trace(format_args!(
            "jit runtime skip: fp={fp} compiler={compiler} reason=jit runtime {compiler} {reason}\
             {compiler} backend not built"
        ));
        return None;
    };
    engine.is_ready().then_some(*engine)
}

impl Memory {
    const fn new() -> Memory {
        Memory { kernels: Cache::new(), failures: Failures::new() }
    }

    /// The code of a kernel: remembered, or new.
    fn find_or_build(&self, engine: &dyn Engine, candidate: Candidate<'_>) -> Option<Shared<Box<dyn Code>>> {
        let (fp, key) = (candidate.names.fp, candidate.identity.key());
        let cache = engine.is_cached().then_some(&self.kernels);
        if let Some(code) = cache.and_then(|cache| cache.find(&candidate.identity)) {
            candidate.trace_built();
            trace(format_args!("jit runtime hit: fp={fp} source={} key={key:016x}", engine.cache_name()));
            return Some(code);
        }
        let failure_key = engine.failure_settings().map(|names| key ^ settings_hash(names));
        if failure_key.is_some_and(|key| self.failures.is_cooling(key)) {
            candidate.trace_built();
            let reason = "jit runtime skipped after recent failure";
            trace(format_args!("jit runtime skip: fp={fp} reason={reason} key={key:016x}"));
            return None;
        }
        let built = engine.build(&candidate).and_then(|code| Ok(Shared::new(code)?));
        match (&built, failure_key) {
            (Ok(_), Some(key)) => self.failures.forgive(key),
            // Without memory for it a failure is forgotten, and the next compilation tries again.
            (Err(Unbuilt::Failed), Some(key)) => _ = self.failures.fail(key),
            (Err(Unbuilt::OutOfMemory), _) | (_, None) => {}
        }
        let code = built.ok()?;
        if let Some(cache) = cache {
            // A kernel that the cache has no memory for works all the same.
            let _ = cache.remember(candidate.identity, &code);
        }
        Some(code)
    }
}

#[cfg(test)]
mod tests {
    use std::ffi::CStr;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use crate::dtype::Dtype;
    use crate::front::testing::compile;
    use crate::ir::Compiler;

    /// Code that leaves everything to the interpreter.
    #[derive(Debug)]
    struct Nothing;

    impl Code for Nothing {
        unsafe fn run(&self, _call: Call<'_>) -> Option<Result<(), RunError>> {
            None
        }
    }

    /// An engine that counts what it is asked for.
    struct Counting {
        builds: AtomicUsize,
        outcome: Result<(), Unbuilt>,
        is_cached: bool,
        failure_settings: Option<&'static [&'static CStr]>,
    }

    impl Counting {
        fn new(outcome: Result<(), Unbuilt>) -> Counting {
            Counting { builds: AtomicUsize::new(0), outcome, is_cached: true, failure_settings: Some(&[]) }
        }

        /// How often the engine was asked, if the policy wants a kernel twice.
        fn builds_for_two(&self) -> usize {
            let kernel = compile("x + 1", &[("x", Dtype::Float64)]);
            let memory = Memory::new();
            for _ in 0..2 {
                assert_eq!(memory.find_or_build(self, candidate(&kernel)).is_some(), self.outcome.is_ok());
            }
            self.builds.load(Ordering::Relaxed)
        }
    }

    impl Engine for Counting {
        fn serves(&self, _compiler: Compiler) -> bool {
            true
        }

        fn build(&self, _candidate: &Candidate<'_>) -> Result<Box<dyn Code>, Unbuilt> {
            self.builds.fetch_add(1, Ordering::Relaxed);
            self.outcome.map(|()| Box::new(Nothing) as Box<dyn Code>)
        }

        fn is_cached(&self) -> bool {
            self.is_cached
        }

        fn failure_settings(&self) -> Option<&'static [&'static CStr]> {
            self.failure_settings
        }
    }

    fn candidate(kernel: &Kernel) -> Candidate<'_> {
        let gates = Gates::from_environment();
        let identity = Identity::of(kernel, gates).unwrap();
        Candidate { kernel, mode: Mode::Default, names: Names::of(kernel), gates, identity }
    }

    #[test]
    fn a_kernel_is_built_once_where_there_is_a_cache() {
        assert_eq!(Counting::new(Ok(())).builds_for_two(), 1);
        assert_eq!(Counting { is_cached: false, ..Counting::new(Ok(())) }.builds_for_two(), 2);
    }

    #[test]
    fn a_failed_kernel_is_tried_again_where_that_may_help() {
        let failing = || Counting::new(Err(Unbuilt::Failed));
        assert_eq!(failing().builds_for_two(), 1);
        assert_eq!(Counting { failure_settings: None, ..failing() }.builds_for_two(), 2);
        assert_eq!(Counting::new(Err(Unbuilt::OutOfMemory)).builds_for_two(), 2);
    }

    /// Each engine is found by what it serves, and no kernel stays without one that could have it.
    #[test]
    fn kernels_find_their_engine() {
        for compiler in Compiler::ALL {
            let kernel = Kernel { compiler, ..Kernel::empty() };
            let is_served = ENGINES.iter().any(|engine| engine.serves(compiler));
            assert_eq!(engine_for(&kernel, &Names::of(&kernel)).is_some(), is_served);
        }
    }

    /// Two kernels with one key get code each: the second writes a byte for each item, not eight.
    #[test]
    #[cfg(machine_code)]
    fn kernels_with_one_key_do_not_share_code() {
        use crate::back::native::{InMemory, has_engine};
        use crate::kernel::level::Level;

        let memory = Memory::new();
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
                let candidate = Candidate {
                    kernel: &kernel,
                    mode: Mode::Default,
                    names: Names::of(&kernel),
                    gates,
                    identity,
                };
                let Some(code) = memory.find_or_build(&InMemory, candidate) else {
                    assert!(!has_engine(Level::current()));
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
