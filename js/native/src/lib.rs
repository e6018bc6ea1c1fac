//! The engine for Node: what `js/native/index.js` and the package's shared front call. Arguments have been checked and
//! shapes worked out there; what could lead out of an array is checked here once more.

mod control;
mod failure;
mod guest;
mod layout;
mod lines;
mod memory;
mod program;
mod task;

use napi_derive::napi;

/// The version of the library.
#[napi]
pub fn version() -> &'static str {
    env!("CARGO_PKG_VERSION")
}

/// Threads that evaluations use which ask for as many as there are.
#[napi]
pub fn threads() -> u32 {
    miniexpr::num_threads() as u32
}
