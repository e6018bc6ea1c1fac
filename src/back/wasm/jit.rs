//! The policy of WebAssembly kernels: whether a kernel gets a module, from the cache or a new one.
//!
//! Compilation is best effort. Whatever stands in its way leaves the interpreter in charge, and a
//! line in the trace.

use super::engine::Loaded;
use super::host::Entry;
use super::{Linking, host, translate};
use crate::back::block::{Arrays, RunError};
use crate::back::cache::Cache;
use crate::back::contest::Contest;
use crate::back::eligibility::admit;
use crate::back::engine::Refusal;
use crate::back::identity::{Gates, Identity, Names};
use crate::back::jit_mode::Mode;
use crate::back::settings::Settings;
use crate::back::shared::Shared;
use crate::back::trace::{is_traced, trace};
use crate::ir::Kernel;
use crate::kernel::Accuracy;
use crate::kernel::level::Level;
use crate::mid::Positions;

/// The module of an expression, which may share it with others.
#[derive(Debug)]
pub struct Jit {
    code: Shared<Loaded>,
    settings: Settings,
}

/// The kernels in the function table. One that is forgotten leaves the table when no expression holds it.
static KERNELS: Cache<Loaded> = Cache::new();

/// Forgets all kernels.
pub fn forget_kernels() {
    KERNELS.clear();
}

impl Jit {
    /// A module for a kernel, if it can have one.
    pub fn prepare(kernel: &Kernel, mode: Mode) -> Option<Jit> {
        let names = admit(kernel, mode)?;
        let Names { fp, compiler } = names;
        let Some(linking) = host::linking() else {
            trace(format_args!("jit runtime skip: side-module wasm32 helpers are not registered"));
            return None;
        };
        let Ok(identity) = Identity::of(kernel, Gates::from_environment()) else {
            trace(format_args!("jit runtime skip: fp={fp} compiler={compiler} reason=out of memory"));
            return None;
        };
        let (key, settings) = (identity.key(), Settings::from_environment());
        trace(format_args!("jit ir built: fp={fp} compiler={compiler} fingerprint={key:016x}"));
        if let Some(loaded) = KERNELS.find(&identity) {
            trace(format_args!("jit runtime hit: fp={fp} source=wasm-process-cache key={key:016x}"));
            return Some(Jit { code: loaded, settings });
        }
        let loaded = build(kernel, mode, &names, linking)?;
        trace(format_args!("jit runtime built: fp={fp} compiler={compiler} key={key:016x}"));
        // A kernel that the cache has no memory for works all the same.
        let _ = KERNELS.remember(identity, &loaded);
        Some(Jit { code: loaded, settings })
    }

    /// The contest with the interpreter: modules are not timed.
    pub fn contest(&self) -> Option<&Contest> {
        None
    }

    /// Evaluates `items` items; `None` where the interpreter has to.
    ///
    /// # Safety
    /// As [`Engine::run`](crate::back::block::Engine::run).
    pub unsafe fn run(
        &self,
        inputs: &[*const u8],
        output: *mut u8,
        items: usize,
        positions: &Positions<'_>,
        accuracy: Accuracy,
    ) -> Option<Result<(), RunError>> {
        let arrays = Arrays { inputs, output, items };
        // SAFETY: as the caller promises.
        match unsafe { self.code.run(arrays, positions, accuracy, self.settings) } {
            Ok(true) => Some(Ok(())),
            Ok(false) => None,
            Err(error) => Some(Err(error.into())),
        }
    }
}

/// Translates a kernel and instantiates the module.
fn build(kernel: &Kernel, mode: Mode, names: &Names, linking: Linking) -> Option<Shared<Loaded>> {
    let Names { fp, compiler } = names;
    let module = match translate(kernel, Level::current(), linking) {
        Ok(module) => module,
        Err(Refusal::Unsupported(unsupported)) => {
            trace(format_args!("jit ir reject: fp={fp} {unsupported}"));
            return None;
        }
        Err(Refusal::OutOfMemory) => {
            trace(format_args!("jit runtime skip: fp={fp} compiler={compiler} reason=out of memory"));
            return None;
        }
    };
    let entry = host::reporting(mode == Mode::On || is_traced(), || Entry::new(&module.bytes, linking));
    if entry.is_none() {
        trace(format_args!("jit runtime skip: wasm instantiation failed"));
        let reason = "jit runtime wasm32 compilation failed";
        trace(format_args!("jit runtime skip: fp={fp} compiler={compiler} reason={reason}"));
    }
    Shared::new(Loaded { entry: entry?, needs: module.needs }).ok()
}
