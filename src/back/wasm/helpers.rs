//! What the host gives to instantiate modules, and what modules may ask the library for.

use std::ffi::{CStr, c_char, c_int, c_uchar};
use std::sync::{Mutex, PoisonError};

use super::module::STRIP;
use crate::kernel::Kernel as VectorKernel;

/// Puts a module of some length into the function table and gives its index, 0 for failure; the third
/// argument is the index of the library's lookup function.
pub type Instantiate = unsafe extern "C" fn(*const c_uchar, c_int, c_int) -> c_int;
/// Takes an index out of the function table.
pub type Free = unsafe extern "C" fn(c_int);

#[derive(Clone, Copy, Debug)]
struct Helpers {
    instantiate: Option<Instantiate>,
    free: Option<Free>,
}

static HELPERS: Mutex<Helpers> = Mutex::new(Helpers { instantiate: None, free: None });

fn helpers() -> Helpers {
    *HELPERS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Replaces both helpers. Modules are made while both are there; those that live on are freed by
/// the helper that is registered then.
pub fn register(instantiate: Option<Instantiate>, free: Option<Free>) {
    *HELPERS.lock().unwrap_or_else(PoisonError::into_inner) = Helpers { instantiate, free };
}

/// Whether modules can be made.
pub fn are_registered() -> bool {
    let Helpers { instantiate, free } = helpers();
    instantiate.is_some() && free.is_some()
}

/// An entry of the function table that belongs to the library.
#[derive(Debug)]
pub struct TableEntry(c_int);

impl TableEntry {
    /// Instantiates a module.
    pub fn new(module: &[u8]) -> Option<TableEntry> {
        let instantiate = helpers().instantiate?;
        let length = c_int::try_from(module.len()).ok()?;
        let lookup: extern "C" fn(*const c_char) -> c_int = lookup;
        // SAFETY: the host promises that its helper reads the bytes during the call only.
        let index = unsafe { instantiate(module.as_ptr(), length, lookup as usize as c_int) };
        (index != 0).then_some(TableEntry(index))
    }

    pub fn index(&self) -> c_int {
        self.0
    }
}

impl Drop for TableEntry {
    fn drop(&mut self) {
        if let Some(free) = helpers().free {
            // SAFETY: the index came from the host, and nobody calls the function any more.
            unsafe { free(self.0) };
        }
    }
}

/// The table index of a function that modules import; 0 for other names and NULL.
extern "C" fn lookup(name: *const c_char) -> c_int {
    if name.is_null() {
        return 0;
    }
    // SAFETY: the host passes a NUL-terminated name.
    let name = unsafe { CStr::from_ptr(name) };
    let strip: unsafe extern "C" fn(*const VectorKernel, *mut u8, *const u8, *const u8, *const u8, usize) =
        run_strip;
    if name.to_bytes() == STRIP.as_bytes() { strip as usize as c_int } else { 0 }
}

/// Runs the vector kernel of a word of the context on arrays.
///
/// # Safety
/// As the kernel, which the word holds.
unsafe extern "C" fn run_strip(
    kernel: *const VectorKernel,
    out: *mut u8,
    a: *const u8,
    b: *const u8,
    c: *const u8,
    items: usize,
) {
    // SAFETY: as the caller promises.
    unsafe { (*kernel)(out, a, b, c, items) };
}
