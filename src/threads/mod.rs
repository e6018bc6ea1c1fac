//! A pool of threads that the host starts: the workers of `miniexpr-threads.wasm`, which share its memory.
//!
//! The library starts none of them. A host enters [`Pool::work`] in each thread that is to help, and [`Pool::run`]
//! shares the tasks of a job out to whoever is there, the calling thread included, by a common cursor. Results never
//! depend on who takes which task, nor on whether anybody helps.
//!
//! `wait` is how a thread sleeps until a word of memory changes.

mod pool;
mod wait;

#[cfg(threaded_wasm)]
pub use pool::{Failure, Pool, Start};
#[cfg(threaded_wasm)]
pub use wait::set_may_sleep;

/// The pool of the module.
#[cfg(threaded_wasm)]
pub static POOL: Pool = Pool::new();
