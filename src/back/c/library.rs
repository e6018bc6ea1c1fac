//! A loaded shared object.

use std::ffi::{c_int, c_void};
use std::{iter, ptr};

use super::context::Context;
use super::functions::Call as Function;
use super::generate::Source;
use super::object::{LoadError, Loaded, Object};
use super::text::Text;
use crate::back::call::{Needs, Run, Status, drive, quiet_items};
use crate::back::engine::{Call, Code, RunError};
use crate::memory::TryGrow;

type Entry = unsafe extern "C" fn(*const *const c_void, *mut c_void, i64) -> c_int;

/// The machine code of one kernel.
#[derive(Debug)]
pub struct Library {
    entry: Entry,
    needs: Needs,
    /// Slots that stay empty, one for each index symbol.
    symbols: usize,
    calls: Vec<Function>,
    /// Where the entry lies.
    _object: Loaded,
}

impl Library {
    /// Loads an object.
    ///
    /// # Safety
    /// The object was built from `source`, or has a function of the same type.
    pub unsafe fn load(object: &Object<'_>, source: &Source) -> Result<Library, LoadError> {
        let needs = Needs {
            inputs: Vec::try_copied(&source.inputs)?,
            output: source.output,
            // The code computes them itself.
            symbols: Vec::new(),
            // Those, the positions and the context.
            slots: source.symbols + 2,
            group: 1,
            most_items: None,
            frame: 0,
            works_in_place: true,
            quiet_items: quiet_items(source.quiet_runs, 1),
            quiet_passes: source.has_loops.then_some(source.quiet_runs as i64),
        };
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
        Ok(Library { entry, needs, symbols: source.symbols, calls, _object: loaded })
    }
}

impl Code for Library {
    /// What the code wrote before it gave up does not change what the interpreter gives.
    unsafe fn run(&self, call: Call<'_>) -> Option<Result<(), RunError>> {
        // Generated code loads each input, also one that the kernel does not read.
        if call.inputs.contains(&ptr::null()) {
            return None;
        }
        let mut context = Context::new(&self.calls, call.accuracy, call.settings);
        let positions = match self.symbols {
            0 => None,
            _ => Some(call.positions.describe()?),
        };
        let run = |Run { arrays, output, items, meter, .. }: Run<'_, '_>| {
            if let Some(positions) = &positions {
                arrays.extend(iter::repeat_n(ptr::null(), self.symbols));
                let is_whole = call.positions.shape == [items as i64] && call.positions.origin == [0];
                arrays.push(if is_whole { ptr::null() } else { positions.as_ptr().cast() });
            }
            context.metered(meter);
            arrays.push((&raw const context).cast());
            // SAFETY: the table holds an array of the items for each parameter, then what the generated code reads
            // after them.
            let status = unsafe { (self.entry)(arrays.as_ptr().cast(), output.cast(), items as i64) };
            // An object may be one that the environment names, and mean anything by another status.
            match meter.stop() {
                Some(_) => Some(Status::Stopped),
                None => (status == Status::Done as i32).then_some(Status::Done),
            }
        };
        // SAFETY: as the caller promises.
        unsafe { drive(&self.needs, call, run) }
    }
}
