//! WebAssembly kernels: what the policy sees of them, and instantiated modules, run on the arrays of a call.

use std::ffi::{CStr, c_int};

use super::host::Entry;
use super::{Linking, Needs, driver, host, translate};
use crate::back::block::Arrays;
use crate::back::call::Call;
use crate::back::engine::{Candidate, Code, Engine, Refusal, RunError, Unbuilt};
use crate::back::identity::Names;
use crate::back::jit_mode::Mode;
use crate::back::settings::Settings;
use crate::back::trace::{is_traced, trace};
use crate::ir::Compiler;
use crate::kernel::level::Level;
use crate::kernel::{Accuracy, Kernel as VectorKernel};
use crate::memory::{OutOfMemory, TryGrow, try_box};
use crate::mid::Positions;

/// The engine whose kernels are modules in the function table. One that is forgotten leaves the table when no
/// expression holds it.
pub struct Modules;

impl Engine for Modules {
    /// There is no other compiler to ask for.
    fn serves(&self, _compiler: Compiler) -> bool {
        true
    }

    fn is_ready(&self) -> bool {
        linking().is_some()
    }

    fn build(&self, candidate: &Candidate<'_>) -> Result<Box<dyn Code>, Unbuilt> {
        let Candidate { kernel, mode, names: Names { fp, compiler }, identity, .. } = candidate;
        candidate.trace_built();
        let linking = linking().ok_or(Unbuilt::Failed)?;
        let module = match translate(kernel, Level::current(), linking) {
            Ok(module) => module,
            Err(Refusal::Unsupported(unsupported)) => {
                trace(format_args!("jit ir reject: fp={fp} {unsupported}"));
                return Err(Unbuilt::Failed);
            }
            Err(Refusal::OutOfMemory) => {
                trace(format_args!("jit runtime skip: fp={fp} compiler={compiler} reason=out of memory"));
                return Err(Unbuilt::OutOfMemory);
            }
        };
        let is_told = *mode == Mode::On || is_traced();
        let Some(entry) = host::reporting(is_told, || Entry::new(&module.bytes, linking)) else {
            trace(format_args!("jit runtime skip: wasm instantiation failed"));
            let reason = "jit runtime wasm32 compilation failed";
            trace(format_args!("jit runtime skip: fp={fp} compiler={compiler} reason={reason}"));
            return Err(Unbuilt::Failed);
        };
        let code = try_box(Loaded { entry, needs: module.needs })?;
        let key = identity.key();
        trace(format_args!("jit runtime built: fp={fp} compiler={compiler} key={key:016x}"));
        Ok(code)
    }

    /// Always: the host makes each instance in the program's own memory, and nothing else keeps it.
    fn is_cached(&self) -> bool {
        true
    }

    fn cache_name(&self) -> &'static str {
        "wasm-process-cache"
    }

    /// A host that fails may do better at any time: when it has room in its table, or other helpers.
    fn failure_settings(&self) -> Option<&'static [&'static CStr]> {
        None
    }
}

/// Who makes instances now; `None` after a line in the trace.
fn linking() -> Option<Linking> {
    let linking = host::linking();
    if linking.is_none() {
        trace(format_args!("jit runtime skip: side-module wasm32 helpers are not registered"));
    }
    linking
}

impl Code for Loaded {
    unsafe fn run(&self, call: Call<'_>) -> Option<Result<(), RunError>> {
        let Call { inputs, output, items, positions, accuracy, settings } = call;
        let arrays = Arrays { inputs, output, items };
        // SAFETY: as the caller promises.
        match unsafe { Loaded::run(self, arrays, positions, accuracy, settings) } {
            Ok(true) => Some(Ok(())),
            Ok(false) => None,
            Err(error) => Some(Err(error.into())),
        }
    }
}

/// The function of a module, as C calls it: inputs with the context behind them, output, item count.
type Function = unsafe extern "C" fn(*const *const u8, *mut u8, c_int) -> c_int;

/// A kernel in the function table.
#[derive(Debug)]
pub struct Loaded {
    pub entry: Entry,
    pub needs: Needs,
}

/// What the function finds behind the inputs, with the vector kernels in the words that follow; see
/// `context` for where each field lies.
#[repr(C)]
struct ContextHead {
    limit: u64,
    scratch: *mut u8,
}

impl Loaded {
    /// Evaluates all items. Tells whether the output is complete; if not, the interpreter can write it.
    ///
    /// # Safety
    /// As `Interpreter::run`.
    pub unsafe fn run(
        &self,
        arrays: Arrays<'_>,
        positions: &Positions<'_>,
        accuracy: Accuracy,
        settings: Settings,
    ) -> Result<bool, OutOfMemory> {
        let context = Context::new(&self.needs, accuracy, settings)?;
        let mut table = Vec::new();
        // SAFETY: the index stands for a function of this type: it is what the module exports.
        let function = unsafe { std::mem::transmute::<usize, Function>(self.entry.index() as usize) };
        let call = |inputs: &[*const u8], output: *mut u8, items: usize| {
            table.clear();
            if table.try_extend(inputs).is_err() || table.try_push(context.address()).is_err() {
                return driver::Status::NotRun as i32;
            }
            // SAFETY: the driver passes arrays of as many items as it says; the context has what the
            // module's needs say.
            unsafe { function(table.as_ptr(), output, items as c_int) }
        };
        // SAFETY: as the caller promises.
        unsafe { driver::run(&self.needs, arrays, positions, call) }
    }
}

/// The context of a call and the memory it points to.
struct Context {
    words: Vec<u64>,
    /// Kept for its memory.
    _scratch: Vec<u64>,
}

impl Context {
    fn new(needs: &Needs, accuracy: Accuracy, settings: Settings) -> Result<Context, OutOfMemory> {
        let bytes = super::context::CALLS as usize + needs.calls.len() * size_of::<VectorKernel>();
        let mut words: Vec<u64> = Vec::try_filled(0, bytes.div_ceil(size_of::<u64>()))?;
        let mut scratch: Vec<u64> = Vec::try_filled(0, (needs.scratch as usize).div_ceil(size_of::<u64>()))?;
        let base = words.as_mut_ptr().cast::<u8>();
        let limit = settings.while_limit.unwrap_or(u64::MAX);
        let head = ContextHead { limit, scratch: scratch.as_mut_ptr().cast() };
        let kind = match accuracy {
            Accuracy::Fast => 0,
            Accuracy::Precise => 1,
            Accuracy::Scalar => 2,
        };
        // SAFETY: the words have room for the head and a word for each kernel behind it.
        unsafe {
            base.cast::<ContextHead>().write(head);
            let calls = base.add(super::context::CALLS as usize).cast::<VectorKernel>();
            for (index, kernels) in needs.calls.iter().enumerate() {
                calls.add(index).write(kernels[kind]);
            }
        }
        Ok(Context { words, _scratch: scratch })
    }

    fn address(&self) -> *const u8 {
        self.words.as_ptr().cast()
    }
}
