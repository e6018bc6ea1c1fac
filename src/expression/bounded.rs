//! Evaluations within a budget.

use super::Expression;
use crate::back::budget::{self, Budget, Limits, Scope};
use crate::back::clock::Moment;
use crate::error::{Error, ErrorKind};

/// Marks the evaluation in which a [`Function`](crate::Function) of the program is called as failed: it ends with
/// [`ErrorKind::Callback`], on all its threads, with this code and message, and no function is called for it any more.
/// What the function returns is ignored. Returns false, and does nothing, if the calling thread is not in an evaluation.
///
/// ```
/// use miniexpr::{ArrayRef, Dtype, ErrorKind, Expression, Function, fail_evaluation};
///
/// extern "C" fn checked(x: f64) -> f64 {
///     if x < 0.0 {
///         fail_evaluation(7, "negative");
///     }
///     x
/// }
///
/// let checked = Function::new(checked as extern "C" fn(f64) -> f64);
/// let expression =
///     Expression::builder("checked(x)").variable("x", Dtype::Float64).function("checked", checked).compile()?;
/// let error = expression.evaluate_to_vec::<f64>(&[ArrayRef::from(&[1.0, -1.0])]).unwrap_err();
/// assert_eq!((error.kind(), error.code(), error.message()), (ErrorKind::Callback, 7, "negative"));
/// assert_eq!(expression.evaluate_to_vec::<f64>(&[ArrayRef::from(&[1.0, 2.0])])?, [1.0, 2.0]);
/// # Ok::<(), miniexpr::Error>(())
/// ```
pub fn fail_evaluation(code: i32, message: &str) -> bool {
    budget::fail(code, message.as_bytes())
}

impl Expression {
    /// Evaluates by `work` within the limits of the caller and of the expression.
    #[inline]
    pub(crate) fn bounded<E: From<Error> + AsError>(
        &self,
        limits: Limits<'_>,
        work: impl FnOnce(Option<&Budget<'_>>) -> Result<(), E>,
    ) -> Result<(), E> {
        match limits.are_none() && !self.calls_host && self.max_passes.is_none() {
            true => work(None),
            false => self.within(limits, work),
        }
    }

    #[cold]
    #[inline(never)]
    fn within<E: From<Error> + AsError>(
        &self,
        limits: Limits<'_>,
        work: impl FnOnce(Option<&Budget<'_>>) -> Result<(), E>,
    ) -> Result<(), E> {
        if limits.timeout.is_some() && Moment::now().is_none() {
            let message = format_args!("there is no clock for the time limit; see me_register_clock");
            return Err(Error::new(ErrorKind::InvalidArgument, message).into());
        }
        let most = self.max_passes.unwrap_or(u64::MAX);
        let passes = limits.passes.map_or(self.max_passes, |passes| Some(passes.min(most)));
        let budget = Budget::new(Limits { passes, ..limits });
        budget.check().map_err(Error::from)?;
        let result = Scope::run(&budget, || work(Some(&budget))).and_then(|()| match budget.stop() {
            // A function of the host has failed after the last look.
            Some(stop) => Err(Error::from(stop).into()),
            None => Ok(()),
        });
        result.map_err(|error| match error.kind() {
            ErrorKind::Callback => {
                let failure = budget.take_failure();
                Error::of_callback(failure.code, &failure.message).into()
            }
            _ => error,
        })
    }
}

/// An error of an evaluation, in any form.
pub(crate) trait AsError {
    fn kind(&self) -> ErrorKind;
}

impl AsError for Error {
    fn kind(&self) -> ErrorKind {
        self.kind()
    }
}
