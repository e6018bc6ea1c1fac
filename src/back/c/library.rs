//! A loaded shared object.

use std::ffi::{CStr, c_int, c_void};
use std::ptr::NonNull;

use super::context::Context;
use super::functions::Call;
use super::generate::Source;
use super::path::CPath;
use crate::back::block::Positions;
use crate::kernel::Accuracy;
use crate::memory::{OutOfMemory, TryGrow};

type Entry = unsafe extern "C" fn(*const *const c_void, *mut c_void, i64) -> c_int;

/// Dimensions that the context of a block can describe.
const MAX_NDIM: usize = 8;

/// Version of the context's layout.
const LAYOUT: i64 = 2;

/// The machine code of one kernel, unloaded when dropped.
#[derive(Debug)]
pub struct Library {
    handle: NonNull<c_void>,
    entry: Entry,
    symbols: usize,
    item_sizes: Vec<usize>,
    calls: Vec<Call>,
}

// SAFETY: the object's code keeps no state; the vector kernels are functions.
unsafe impl Send for Library {}
// SAFETY: as above.
unsafe impl Sync for Library {}

/// Why an object was not loaded; the loader knows the words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoadError {
    OutOfMemory,
    Refused,
}

impl From<OutOfMemory> for LoadError {
    fn from(_: OutOfMemory) -> LoadError {
        LoadError::OutOfMemory
    }
}

/// What the loader says about the latest failure in this thread; an empty text if it says nothing.
pub fn loader_message() -> &'static str {
    // SAFETY: the message is NULL or NUL-terminated, and stays until this thread calls the loader again.
    unsafe {
        let message = libc::dlerror();
        if message.is_null() { "" } else { CStr::from_ptr(message).to_str().unwrap_or("") }
    }
}

impl Library {
    /// Loads an object that was built from `source`.
    pub fn open(path: &CPath, source: &Source) -> Result<Library, LoadError> {
        let item_sizes = Vec::try_copied(&source.item_sizes)?;
        let calls = Vec::try_copied(&source.calls)?;
        // SAFETY: the path is NUL-terminated; the object lies in a directory that only this user
        // writes to, and its constructors are the compiler's.
        let handle = unsafe { libc::dlopen(path.as_ptr(), libc::RTLD_NOW | libc::RTLD_LOCAL) };
        let handle = NonNull::new(handle).ok_or(LoadError::Refused)?;
        // SAFETY: the handle is loaded, the name is NUL-terminated.
        let entry = unsafe { libc::dlsym(handle.as_ptr(), c"me_dsl_jit_kernel".as_ptr()) };
        if entry.is_null() {
            // SAFETY: nobody else has the handle.
            unsafe { libc::dlclose(handle.as_ptr()) };
            return Err(LoadError::Refused);
        }
        // SAFETY: generated code declares the function with this signature.
        let entry = unsafe { std::mem::transmute::<*mut c_void, Entry>(entry) };
        Ok(Library { handle, entry, symbols: source.symbols, item_sizes, calls })
    }

    /// Evaluates `n` items; false where the interpreter has to, because an array is not aligned or the
    /// kernel gave up. What it wrote up to then does not change what the interpreter gives.
    ///
    /// # Safety
    /// As [`Engine::run`](crate::back::block::Engine::run).
    pub unsafe fn run(
        &self,
        inputs: &[*const u8],
        output: *mut u8,
        n: usize,
        positions: &Positions<'_>,
        accuracy: Accuracy,
    ) -> bool {
        let output_size = self.item_sizes.last().copied().unwrap_or(1);
        let mut arrays = inputs.iter().zip(&self.item_sizes);
        // Generated code loads each input, also one that the kernel does not read and that may be NULL.
        let is_aligned = arrays.all(|(array, size)| !array.is_null() && array.addr().is_multiple_of(*size))
            && output.addr().is_multiple_of(output_size);
        // SAFETY: as the caller promises; the arrays are aligned.
        is_aligned && unsafe { self.call(inputs, output, n, positions, accuracy) }.unwrap_or(false)
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
    ) -> Result<bool, OutOfMemory> {
        let context = Context::new(&self.calls, accuracy);
        let mut block = [0i64; 4 * MAX_NDIM + 4];
        let mut table: Vec<*const c_void> = Vec::new();
        table.try_reserve_exact(inputs.len() + self.symbols + 2)?;
        table.extend(inputs.iter().map(|input| input.cast::<c_void>()));
        if self.symbols > 0 {
            if positions.shape.len() > MAX_NDIM {
                return Ok(false);
            }
            table.extend(std::iter::repeat_n(std::ptr::null(), self.symbols));
            let is_vector = positions.shape.len() == 1 && positions.origin[0] == 0;
            let is_whole = is_vector && positions.shape[0] == n as i64;
            table.push(if is_whole { std::ptr::null() } else { describe(positions, &mut block).cast() });
        }
        table.push((&raw const context).cast());
        // SAFETY: the table holds an array of `n` items for each parameter, then what the generated
        // code reads behind them.
        Ok(unsafe { (self.entry)(table.as_ptr(), output.cast(), n as i64) } == 0)
    }
}

/// Writes the context of a block, as `positions.h` describes it.
fn describe(positions: &Positions<'_>, words: &mut [i64; 4 * MAX_NDIM + 4]) -> *const i64 {
    let n = positions.shape.len();
    words[0] = n as i64;
    let mut stride = 1i64;
    let mut first = 0i64;
    let mut is_consecutive = true;
    for d in (0..n).rev() {
        let (shape, origin, extent) = (positions.shape[d], positions.origin[d], positions.extents[d]);
        words[1 + d] = shape;
        words[1 + n + d] = stride;
        words[1 + 2 * n + d] = origin;
        words[1 + 3 * n + d] = extent;
        first = first.wrapping_add(origin.wrapping_mul(stride));
        stride = stride.wrapping_mul(shape);
        is_consecutive &= d == 0 || (origin == 0 && extent == shape);
    }
    words[4 * n + 1] = LAYOUT;
    words[4 * n + 2] = i64::from(is_consecutive);
    words[4 * n + 3] = first;
    words.as_ptr()
}

impl Drop for Library {
    fn drop(&mut self) {
        // SAFETY: the handle was opened by `open`, and nobody runs the code any more.
        unsafe { libc::dlclose(self.handle.as_ptr()) };
    }
}
