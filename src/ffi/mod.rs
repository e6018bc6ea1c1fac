//! The C ABI: the only module that sees a caller's pointer.
//!
//! `api` holds the exported functions, one line of body each; the other files do the work.

mod api;
mod arrays;
mod budget;
mod builtins;
mod compile;
mod eval;
mod eval_nd;
mod failure;
mod handle;
mod message;
#[cfg(not(bare_wasm))]
mod print;
mod query;
mod sized;
mod status;
#[cfg(bare_wasm)]
mod threadpool;
mod types;
mod varlen;

pub use api::*;
pub use types::*;
