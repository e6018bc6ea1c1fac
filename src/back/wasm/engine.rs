//! WebAssembly kernels: what the policy sees of them, and instantiated modules, run on the arrays of a call.

use std::ffi::{CStr, c_int};

use super::host::Entry;
use super::{Linking, Needs, context, host, translate};
use crate::back::budget::{Count, Meter};
use crate::back::call::{Run, Status, drive};
use crate::back::engine::{Call, Candidate, Code, Engine, Refusal, RunError, Unbuilt};
use crate::back::identity::Names;
use crate::back::jit_mode::Mode;
use crate::back::settings::Settings;
use crate::back::trace::{is_traced, trace};
use crate::ir::{Compiler, Kernel};
use crate::kernel::level::Level;
use crate::kernel::{Accuracy, Kernel as VectorKernel};
use crate::memory::try_box;

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

    /// Chains of arithmetic alone: what calls vector kernels takes its time in them. And by helpers alone: the dynamic
    /// linker takes milliseconds.
    fn build_hot(&self, kernel: &Kernel) -> Option<Box<dyn Code>> {
        let linking = host::linking().filter(|linking| *linking == Linking::Helper)?;
        let module = translate(kernel, Level::current(), linking).ok()?;
        if !module.needs.calls.is_empty() {
            return None;
        }
        let entry = host::reporting(false, || Entry::new(&module.bytes, linking))?;
        Some(try_box(Loaded { entry, needs: module.needs }).ok()?)
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

/// The function of a module, as C calls it: inputs with the context behind them, output, item count.
type Function = unsafe extern "C" fn(*const *const u8, *mut u8, c_int) -> c_int;

/// A kernel in the function table.
#[derive(Debug)]
struct Loaded {
    entry: Entry,
    needs: Needs,
}

impl Code for Loaded {
    unsafe fn run(&self, call: Call<'_>) -> Option<Result<(), RunError>> {
        let index = self.entry.index();
        if index == 0 {
            return None;
        }
        // SAFETY: the index stands for a function of this type: it is what the module exports.
        let function = unsafe { std::mem::transmute::<usize, Function>(index as usize) };
        let mut has_context = false;
        let run = |Run { arrays, output, items, frame, meter }: Run<'_, '_>| {
            if !has_context {
                // SAFETY: the frame has the size that the needs say.
                unsafe { write_context(&self.needs, call.accuracy, call.settings, frame) };
                has_context = true;
            }
            arrays.push(frame);
            let head = frame.cast::<ContextHead>();
            // SAFETY: the driver passes arrays of as many items as it says; the context has what the module's
            // needs say, and nobody else uses the meter meanwhile.
            unsafe {
                (*head).count = meter.count;
                (*head).meter = (&raw mut *meter).cast();
                let status = Status::of(function(arrays.as_ptr(), output, items as c_int));
                meter.count = (*head).count;
                status
            }
        };
        // SAFETY: as the caller promises.
        unsafe { drive(&self.needs.call, call, run) }
    }
}

/// What the function finds behind the inputs, with the vector kernels in the words that follow; see
/// `context` for where each field lies.
#[repr(C)]
pub(super) struct ContextHead {
    limit: u64,
    pub count: Count,
    scratch: *mut u8,
    pub meter: *mut Meter<'static>,
    pub stop: u32,
}

/// Writes the context of a call to `frame`, before the memory for intermediate values.
///
/// # Safety
/// The frame has the size that the needs say, and is aligned for the context.
unsafe fn write_context(needs: &Needs, accuracy: Accuracy, settings: Settings, frame: *mut u8) {
    let limit = settings.while_limit.unwrap_or(u64::MAX);
    let scratch = frame.wrapping_add(context::size(needs.calls.len()));
    // SAFETY: as the caller promises.
    unsafe {
        let head = &raw mut *frame.cast::<ContextHead>();
        (&raw mut (*head).limit).write(limit);
        (&raw mut (*head).scratch).write(scratch);
        (&raw mut (*head).stop).write(0);
        let calls = frame.add(context::CALLS as usize).cast::<VectorKernel>();
        for (index, kernels) in needs.calls.iter().enumerate() {
            calls.add(index).write(kernels[accuracy as usize]);
        }
    }
}
