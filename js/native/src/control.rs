//! How far an evaluation is, and its stop.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use napi_derive::napi;

/// What the thread that evaluates and that of JavaScript share.
#[derive(Default)]
pub struct State {
    pub cancelled: AtomicBool,
    pub done: AtomicUsize,
    pub all: AtomicUsize,
}

/// The hand on an evaluation in another thread.
#[napi]
#[derive(Default)]
pub struct Control {
    pub(crate) state: Arc<State>,
}

#[napi]
impl Control {
    #[napi(constructor)]
    /// For one evaluation.
    pub fn new() -> Control {
        Control::default()
    }

    /// Stops the evaluation soon.
    #[napi]
    pub fn cancel(&self) {
        self.state.cancelled.store(true, Ordering::Relaxed);
    }

    /// Items that are done.
    #[napi(getter)]
    pub fn done(&self) -> f64 {
        self.state.done.load(Ordering::Relaxed) as f64
    }

    /// Items in all; 0 while it is not known.
    #[napi(getter)]
    pub fn all(&self) -> f64 {
        self.state.all.load(Ordering::Relaxed) as f64
    }
}
