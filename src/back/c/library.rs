//! A loaded shared object.

use std::ffi::{CString, c_int, c_void};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::ptr::NonNull;

use super::bridge::{BRIDGE, Bridge};
use super::generate::Source;
use crate::back::block::{Positions, RunError, while_limit};
use crate::ir::IndexSymbol;
use crate::memory::{OutOfMemory, TryGrow};

type Entry = unsafe extern "C" fn(*const *const c_void, *mut c_void, i64) -> c_int;

/// Items per call where index symbols must be filled in.
const INDEX_BLOCK: usize = 1024;

/// Status of a kernel that ended with an error of the program: a step of zero, too many passes.
const PROGRAM_ERRORS: [c_int; 2] = [1, 2];

/// The machine code of one kernel, unloaded when dropped.
#[derive(Debug)]
pub struct Library {
    handle: NonNull<c_void>,
    entry: Entry,
    index_symbols: Vec<IndexSymbol>,
    item_sizes: Vec<usize>,
}

// SAFETY: the object's code keeps no state but the bridge, which is set before it is shared.
unsafe impl Send for Library {}
// SAFETY: as above.
unsafe impl Sync for Library {}

impl Library {
    /// Loads an object that was built from `source`.
    pub fn open(path: &Path, source: &Source) -> Result<Library, &'static str> {
        let path = CString::new(path.as_os_str().as_bytes()).map_err(|_| "the path holds a NUL")?;
        // SAFETY: the path is NUL-terminated; the object lies in a directory that only this user
        // writes to, and its constructors are the compiler's.
        let handle = unsafe { libc::dlopen(path.as_ptr(), libc::RTLD_NOW | libc::RTLD_LOCAL) };
        let handle = NonNull::new(handle).ok_or("dlopen failed")?;
        // SAFETY: the handle is loaded, the names are NUL-terminated.
        let (entry, bridge) = unsafe {
            let entry = libc::dlsym(handle.as_ptr(), c"me_dsl_jit_kernel".as_ptr());
            let bridge = libc::dlsym(handle.as_ptr(), c"me_dsl_jit_bridge".as_ptr());
            (entry, bridge.cast::<*const Bridge>())
        };
        let lists = Vec::try_copied(&source.index_symbols)
            .and_then(|symbols| Ok((symbols, Vec::try_copied(&source.item_sizes)?)));
        let (false, Ok((index_symbols, item_sizes))) = (entry.is_null(), lists) else {
            // SAFETY: nobody else has the handle.
            unsafe { libc::dlclose(handle.as_ptr()) };
            return Err("me_dsl_jit_kernel not found");
        };
        if !bridge.is_null() {
            // SAFETY: the symbol is a pointer to the table, in the object's writable data.
            unsafe { bridge.write(&BRIDGE) };
        }
        // SAFETY: generated code declares the function with this signature.
        let entry = unsafe { std::mem::transmute::<*mut c_void, Entry>(entry) };
        Ok(Library { handle, entry, index_symbols, item_sizes })
    }

    /// Evaluates `n` items; `None` where the interpreter has to.
    ///
    /// # Safety
    /// As [`Engine::run`](crate::back::block::Engine::run).
    pub unsafe fn run(
        &self,
        inputs: &[*const u8],
        output: *mut u8,
        n: usize,
        positions: &Positions<'_>,
    ) -> Option<Result<(), RunError>> {
        let output_size = *self.item_sizes.last()?;
        let mut arrays = inputs.iter().zip(&self.item_sizes);
        // Generated code loads each input, also one that the kernel does not read and that may be NULL.
        let is_aligned = arrays.all(|(array, size)| !array.is_null() && array.addr().is_multiple_of(*size))
            && output.addr().is_multiple_of(output_size);
        if !is_aligned {
            return None;
        }
        // SAFETY: as the caller promises; the arrays are aligned.
        unsafe { self.run_blocks(inputs, output, n, positions) }
            .unwrap_or_else(|error| Some(Err(error.into())))
    }

    /// # Safety
    /// As [`Library::run`], and the arrays are aligned.
    unsafe fn run_blocks(
        &self,
        inputs: &[*const u8],
        output: *mut u8,
        n: usize,
        positions: &Positions<'_>,
    ) -> Result<Option<Result<(), RunError>>, OutOfMemory> {
        let cap: i64 = while_limit().and_then(|limit| i64::try_from(limit).ok()).unwrap_or(i64::MAX);
        let block = if self.index_symbols.is_empty() { n } else { INDEX_BLOCK.min(n) };
        let mut indices = Vec::try_filled(0i64, self.index_symbols.len() * INDEX_BLOCK)?;
        let mut pointers: Vec<*const c_void> = Vec::new();
        let output_size = self.item_sizes.last().copied().unwrap_or(0);
        for start in (0..n).step_by(block.max(1)) {
            let count = block.min(n - start);
            pointers.clear();
            for (input, size) in inputs.iter().zip(&self.item_sizes) {
                pointers.try_push(input.wrapping_add(start * size).cast())?;
            }
            for (symbol, values) in self.index_symbols.iter().zip(indices.chunks_exact_mut(INDEX_BLOCK)) {
                positions.fill(*symbol, start, &mut values[..count]);
                pointers.try_push(values.as_ptr().cast())?;
            }
            pointers.try_push((&raw const cap).cast())?;
            let out = output.wrapping_add(start * output_size).cast();
            // SAFETY: each array holds `count` items from `start` on.
            match unsafe { (self.entry)(pointers.as_ptr(), out, count as i64) } {
                0 => {}
                status if PROGRAM_ERRORS.contains(&status) => return Ok(Some(Err(RunError::Kernel))),
                _ => return Ok(None),
            }
        }
        Ok(Some(Ok(())))
    }
}

impl Drop for Library {
    fn drop(&mut self) {
        // SAFETY: the handle was opened by `open`, and nobody runs the code any more.
        unsafe { libc::dlclose(self.handle.as_ptr()) };
    }
}
