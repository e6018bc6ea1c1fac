//! Evaluations in a thread of libuv.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use miniexpr::{Error, Expression};
use napi::bindgen_prelude::Uint8Array;

use crate::control::State;
use crate::failure::Failure;
use crate::layout::Layouts;
use crate::program::evaluate;

/// One evaluation.
pub struct Task {
    pub expression: Arc<Expression>,
    pub layouts: Layouts,
    pub output: Uint8Array,
    pub inputs: Vec<Vec<u8>>,
    pub state: Arc<State>,
}

impl napi::Task for Task {
    type Output = Option<Failure>;
    type JsValue = Option<Failure>;

    fn compute(&mut self) -> napi::Result<Option<Failure>> {
        Ok(self.evaluate().err().map(Failure::of_evaluation))
    }

    fn resolve(&mut self, _: napi::Env, failure: Option<Failure>) -> napi::Result<Option<Failure>> {
        Ok(failure)
    }
}

impl Task {
    fn evaluate(&mut self) -> Result<(), Error> {
        let Task { expression, layouts, output, inputs, state } = self;
        let inputs: Vec<&[u8]> = inputs.iter().map(Vec::as_slice).collect();
        let note = |done, all| {
            state.done.store(done, Ordering::Relaxed);
            state.all.store(all, Ordering::Relaxed);
        };
        let evaluation = expression.evaluation().cancel(&state.cancelled).progress(note);
        // SAFETY: the front gives an array that nobody else knows before the evaluation is over.
        evaluate(expression, layouts, unsafe { output.as_mut() }, &inputs, evaluation)
    }
}
