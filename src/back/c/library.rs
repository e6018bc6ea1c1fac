//! A loaded shared object.

use std::ffi::{c_int, c_void};

use super::context::Context;
use super::functions::Call;
use super::generate::Source;
use super::object::{LoadError, Loaded, Object};
use super::text::Text;
use crate::back::settings::Settings;
use crate::kernel::Accuracy;
use crate::memory::{OutOfMemory, TryGrow};
use crate::mid::Positions;

type Entry = unsafe extern "C" fn(*const *const c_void, *mut c_void, i64) -> c_int;

/// The machine code of one kernel.
#[derive(Debug)]
pub struct Library {
    entry: Entry,
    symbols: usize,
    item_sizes: Vec<usize>,
    calls: Vec<Call>,
    /// Where the entry lies.
    _object: Loaded,
}

impl Library {
    /// Loads an object.
    ///
    /// # Safety
    /// The object was built from `source`, or has a function of the same type.
    pub unsafe fn load(object: &Object<'_>, source: &Source) -> Result<Library, LoadError> {
        let item_sizes = Vec::try_copied(&source.item_sizes)?;
        let calls = Vec::try_copied(&source.calls)?;
        // SAFETY: as the caller promises, the constructors are those of the host's compiler.
        let loaded = unsafe { object.load()? };
        let entry = loaded.symbol(c"me_dsl_jit_kernel");
        if entry.is_null() {
            let mut message = Text::default();
            message.add(format_args!("no kernel in the object"))?;
            return Err(LoadError::Refused(message));
        }
        // SAFETY: generated code declares the function with this type.
        let entry = unsafe { std::mem::transmute::<*mut c_void, Entry>(entry) };
        Ok(Library { entry, symbols: source.symbols, item_sizes, calls, _object: loaded })
    }

    /// Evaluates `n` items; false where the interpreter has to, because an array is not aligned or the
    /// kernel gave up. What it wrote up to then does not change what the interpreter gives.
    ///
    /// # Safety
    /// As [`Interpreter::run`](crate::back::block::Interpreter::run).
    pub unsafe fn run(
        &self,
        inputs: &[*const u8],
        output: *mut u8,
        n: usize,
        positions: &Positions<'_>,
        accuracy: Accuracy,
        settings: Settings,
    ) -> bool {
        let output_size = self.item_sizes.last().copied().unwrap_or(1);
        let mut arrays = inputs.iter().zip(&self.item_sizes);
        // Generated code loads each input, also one that the kernel does not read and that may be NULL.
        let is_aligned = inputs.len() + 1 == self.item_sizes.len()
            && arrays.all(|(array, size)| !array.is_null() && array.addr().is_multiple_of(*size))
            && output.addr().is_multiple_of(output_size);
        // SAFETY: as the caller promises; the arrays are aligned.
        is_aligned && unsafe { self.call(inputs, output, n, positions, accuracy, settings) }.unwrap_or(false)
    }

    /// # Safety
    /// As [`Library::run`], and the arrays are aligned.
    unsafe fn call(
        &self,
        inputs: &[*const u8],
        output: *mut u8,
        n: usize,
        positions: &Positions<'_>,
        accuracy: Accuracy,
        settings: Settings,
    ) -> Result<bool, OutOfMemory> {
        let context = Context::new(&self.calls, accuracy, settings);
        let block;
        let mut table: Vec<*const c_void> = Vec::new();
        table.try_reserve_exact(inputs.len() + self.symbols + 2)?;
        table.extend(inputs.iter().map(|input| input.cast::<c_void>()));
        if self.symbols > 0 {
            block = match positions.describe() {
                Some(words) => words,
                None => return Ok(false),
            };
            table.extend(std::iter::repeat_n(std::ptr::null(), self.symbols));
            let is_vector = positions.shape.len() == 1 && positions.origin[0] == 0;
            let is_whole = is_vector && positions.shape[0] == n as i64;
            table.push(if is_whole { std::ptr::null() } else { block.as_ptr().cast() });
        }
        table.push((&raw const context).cast());
        // SAFETY: the table holds an array of `n` items for each parameter, then what the generated
        // code reads behind them.
        Ok(unsafe { (self.entry)(table.as_ptr(), output.cast(), n as i64) } == 0)
    }
}
