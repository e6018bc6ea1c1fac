//! An instantiated module, run on the arrays of a call.

use std::ffi::c_int;

use super::host::Entry;
use super::{Needs, driver};
use crate::back::block::Arrays;
use crate::back::settings::Settings;
use crate::kernel::{Accuracy, Kernel as VectorKernel};
use crate::memory::{OutOfMemory, TryGrow};
use crate::mid::Positions;

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
    /// As `Engine::run` of the interpreter.
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
