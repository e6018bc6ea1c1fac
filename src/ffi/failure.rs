//! Failed evaluation calls: the error, and the code that C sees.

use std::ffi::c_int;
use std::fmt;

use super::message::{self, Shown};
use super::types::EvalStatus;
use crate::array::run_error;
use crate::back::engine::RunError;
use crate::error::{Error, ErrorKind};
use crate::expression::AsError;
use crate::memory::OutOfMemory;
use crate::nd::BlockError;

/// A failed call: an error, and its code where the error does not tell it.
pub(super) struct Failure {
    pub error: Error,
    pub status: EvalStatus,
}

impl Failure {
    #[cold]
    pub fn new(status: EvalStatus, message: fmt::Arguments<'_>) -> Failure {
        Failure { error: Error::new(ErrorKind::InvalidArgument, message), status }
    }

    /// An argument is missing or out of range.
    #[cold]
    pub fn invalid(message: fmt::Arguments<'_>) -> Failure {
        Failure::new(EvalStatus::ME_EVAL_ERR_INVALID_ARG, message)
    }

    #[cold]
    pub fn null_expression() -> Failure {
        Failure::new(EvalStatus::ME_EVAL_ERR_NULL_EXPR, format_args!("the expression is NULL"))
    }
}

impl AsError for Failure {
    fn kind(&self) -> ErrorKind {
        self.error.kind()
    }
}

impl From<Error> for Failure {
    #[cold]
    fn from(error: Error) -> Failure {
        Failure { status: EvalStatus::from(error.kind()), error }
    }
}

impl From<OutOfMemory> for Failure {
    fn from(error: OutOfMemory) -> Failure {
        Error::from(error).into()
    }
}

impl From<RunError> for Failure {
    #[cold]
    fn from(error: RunError) -> Failure {
        run_error(error).into()
    }
}

impl From<BlockError> for Failure {
    fn from(error: BlockError) -> Failure {
        match error {
            BlockError::OutOfMemory => OutOfMemory.into(),
            _ => Failure::invalid(format_args!("the array has no such block")),
        }
    }
}

/// The code of a call, whose failure is recorded where `shown` says.
#[inline]
pub(super) fn report(result: Result<(), Failure>, shown: Shown) -> c_int {
    match result {
        Ok(()) => EvalStatus::ME_EVAL_SUCCESS as c_int,
        Err(failure) => report_failure(&failure, shown),
    }
}

#[cold]
fn report_failure(failure: &Failure, shown: Shown) -> c_int {
    message::set(&failure.error, failure.status as c_int, shown);
    failure.status as c_int
}
