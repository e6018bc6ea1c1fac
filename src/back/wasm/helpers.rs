//! The helpers that the host gives to instantiate modules, and what modules may ask the library for.

use std::cell::Cell;
use std::ffi::{CStr, c_char, c_int, c_uchar};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::bridge;
#[cfg(feature = "embedded-glue")]
use super::embedded_glue as own_helpers;
#[cfg(bare_wasm)]
use super::imported_helpers as own_helpers;
use super::module::STRIP;
use super::signature::{self, Callee, QUESTIONED};
use crate::back::trace::trace;
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
    /// Whether they were found to have other types.
    are_wrong: Option<bool>,
}

/// The helpers that the program has without registering any.
#[cfg(not(any(feature = "embedded-glue", bare_wasm)))]
const OWN_HELPERS: Option<Helpers> = None;
#[cfg(any(feature = "embedded-glue", bare_wasm))]
const OWN_HELPERS: Option<Helpers> = Some(Helpers {
    instantiate: Some(own_helpers::instantiate),
    free: Some(own_helpers::free),
    are_wrong: Some(false),
});

/// Those that it registers. Own helpers need no lock, at which the main thread of a page could not wait.
static REGISTERED: Mutex<Helpers> = Mutex::new(Helpers { instantiate: None, free: None, are_wrong: None });

thread_local! {
    /// The function that modules of [`signature::trial`] import: its index in the function table.
    static QUESTIONED_INDEX: Cell<u32> = const { Cell::new(0) };
    /// The index that was last found to be that of a task; 0 if the table may have changed since.
    #[cfg(threaded_wasm)]
    static KNOWN_TASK: Cell<u32> = const { Cell::new(0) };
}

/// Whether `index` is that of a task: as it was found before, or as `ask` says.
#[cfg(threaded_wasm)]
pub fn with_known_task(index: u32, ask: impl FnOnce() -> bool) -> bool {
    if index != 0 && KNOWN_TASK.get() == index {
        return true;
    }
    let is_task = ask();
    KNOWN_TASK.set(if is_task { index } else { 0 });
    is_task
}

fn lock() -> MutexGuard<'static, Helpers> {
    REGISTERED.lock().unwrap_or_else(PoisonError::into_inner)
}

fn helpers() -> Helpers {
    OWN_HELPERS.unwrap_or_else(|| *lock())
}

/// Replaces both helpers. Modules are made while both are there; those that live on are freed by
/// the helper that is registered then. A program that has helpers of its own ignores others.
pub fn register(instantiate: Option<Instantiate>, free: Option<Free>) {
    if OWN_HELPERS.is_none() {
        *lock() = Helpers { instantiate, free, are_wrong: None };
    }
}

/// Whether both helpers are registered, and have their types as far as `has_type` can tell; it is asked
/// once for each registration, and not before a module is wanted.
pub fn are_usable(has_type: impl Fn(u32, Callee) -> Option<bool>) -> bool {
    let Helpers { instantiate: Some(instantiate), free: Some(free), are_wrong } = helpers() else {
        return false;
    };
    let are_wrong = are_wrong.unwrap_or_else(|| {
        let callees = [(instantiate as usize, Callee::Instantiate), (free as usize, Callee::Free)];
        let are_wrong = callees.iter().any(|(index, callee)| has_type(*index as u32, *callee) == Some(false));
        lock().are_wrong = Some(are_wrong);
        are_wrong
    });
    if are_wrong {
        trace(format_args!(
            "jit runtime skip: a wasm32 helper has another function type than its declaration"
        ));
    }
    !are_wrong
}

/// Whether the helper can bind a function of the table to an import of a type; `None` if there is no
/// helper, or it fails also without the function.
pub fn can_bind(index: u32, callee: Callee) -> Option<bool> {
    helpers().instantiate?;
    QUESTIONED_INDEX.set(index);
    let can_bind = can_instantiate(Some(callee))?;
    (can_bind || can_instantiate(None)?).then_some(can_bind)
}

fn can_instantiate(callee: Option<Callee>) -> Option<bool> {
    Some(TableEntry::new(&signature::trial(callee).ok()?).is_some())
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
        #[cfg(threaded_wasm)]
        KNOWN_TASK.set(0);
        (index != 0).then(|| TableEntry(index))
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

/// The table index of a function that modules may import; 0 for other names and NULL.
extern "C" fn lookup(name: *const c_char) -> c_int {
    if name.is_null() {
        return 0;
    }
    // SAFETY: the host passes a NUL-terminated name.
    let name = unsafe { CStr::from_ptr(name) };
    let strip: unsafe extern "C" fn(*const VectorKernel, *mut u8, *const u8, *const u8, *const u8, usize) =
        run_strip;
    match name.to_str() {
        Ok(STRIP) => strip as usize as c_int,
        Ok(QUESTIONED) => QUESTIONED_INDEX.get() as c_int,
        Ok(name) => bridge::address(name).map_or(0, |address| address as usize as c_int),
        Err(_) => 0,
    }
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
