//! Who makes instances of modules, and the entries of the function table that come of it.

use std::ffi::c_int;

use super::Linking;
#[cfg(feature = "dlopen")]
use super::dynamic_linker::{self, SideModule};
use super::helpers;
#[cfg(not(threaded_wasm))]
use super::helpers::TableEntry as HelperEntry;
#[cfg(threaded_wasm)]
use super::instances::Instances as HelperEntry;
#[cfg(feature = "dlopen")]
use super::module::EXPORT;
use super::signature::Callee;
use crate::ir::UserFunction;

/// Who makes instances now: the helpers, if both are registered, else the dynamic linker, if there is one.
pub fn linking() -> Option<Linking> {
    if helpers::are_usable(has_type) {
        return Some(Linking::Helper);
    }
    #[cfg(feature = "dlopen")]
    if dynamic_linker::is_there() {
        return Some(Linking::SideModule);
    }
    None
}

#[cfg(feature = "dlopen")]
use super::dynamic_linker::has_type;
/// Whether an entry of the function table has a type: only helpers could tell.
#[cfg(not(feature = "dlopen"))]
fn has_type(_index: u32, _callee: Callee) -> Option<bool> {
    None
}

/// Whether a function of the host has the type that it declares; true where there is no way to tell.
pub fn has_declared_type(function: &UserFunction) -> bool {
    let Ok(index) = u32::try_from(function.address().addr()) else { return true };
    let callee = Callee::of(function);
    has_type(index, callee).or_else(|| helpers::can_bind(index, callee)).unwrap_or(true)
}

/// Whether an index is that of a function which the thread pool may call. True where there is no way to tell.
#[cfg(threaded_wasm)]
pub fn has_task_type(index: u32) -> bool {
    helpers::with_known_task(index, || helpers::can_bind(index, Callee::Task).unwrap_or(index != 0))
}

#[cfg(feature = "embedded-glue")]
pub use super::embedded_glue::reporting;
/// Runs `run`; helpers that a program registers decide by themselves what they report.
#[cfg(not(feature = "embedded-glue"))]
pub fn reporting<T>(_reports: bool, run: impl FnOnce() -> T) -> T {
    run()
}

/// A kernel in the function table, as long as this value lives.
#[derive(Debug)]
pub enum Entry {
    Helper(HelperEntry),
    #[cfg(feature = "dlopen")]
    SideModule {
        index: c_int,
        _module: SideModule,
    },
}

impl Entry {
    /// Instantiates a module; `None` if the host does not take it.
    pub fn new(module: &[u8], linking: Linking) -> Option<Entry> {
        match linking {
            Linking::Helper => HelperEntry::new(module).map(Entry::Helper),
            #[cfg(feature = "dlopen")]
            Linking::SideModule => {
                let module = SideModule::load(module, "jit runtime skip")?;
                let index = module.function(EXPORT);
                (index != 0).then(|| Entry::SideModule { index, _module: module })
            }
            #[cfg(not(feature = "dlopen"))]
            Linking::SideModule => None,
        }
    }

    /// The index in the function table of the calling thread; 0 if there is none, which only happens where each
    /// thread has a table of its own.
    pub fn index(&self) -> c_int {
        match self {
            Entry::Helper(entry) => entry.index(),
            #[cfg(feature = "dlopen")]
            Entry::SideModule { index, .. } => *index,
        }
    }
}
