//! The codes by which C learns what went wrong.

use super::types::{CompileStatus, EvalStatus};
use crate::back::budget::Stop;
use crate::back::engine::RunError;
use crate::error::{Error, ErrorKind};
use crate::memory::OutOfMemory;
use crate::nd::BlockError;

impl From<ErrorKind> for CompileStatus {
    fn from(kind: ErrorKind) -> CompileStatus {
        match kind {
            ErrorKind::OutOfMemory => CompileStatus::ME_COMPILE_ERR_OOM,
            ErrorKind::Syntax => CompileStatus::ME_COMPILE_ERR_PARSE,
            ErrorKind::InvalidArgument
            | ErrorKind::InputCount
            | ErrorKind::WrongType
            | ErrorKind::Shape
            | ErrorKind::Kernel
            | ErrorKind::Cancelled
            | ErrorKind::TimedOut
            | ErrorKind::TooManyPasses
            | ErrorKind::Callback => CompileStatus::ME_COMPILE_ERR_INVALID_ARG,
            ErrorKind::Limit => CompileStatus::ME_COMPILE_ERR_LIMIT,
            ErrorKind::Refused => CompileStatus::ME_COMPILE_ERR_REFUSED,
            ErrorKind::InvalidReduction => CompileStatus::ME_COMPILE_ERR_REDUCTION_INVALID,
            ErrorKind::MixedDtypes => CompileStatus::ME_COMPILE_ERR_VAR_MIXED,
            ErrorKind::UnknownDtype => CompileStatus::ME_COMPILE_ERR_VAR_UNSPECIFIED,
            ErrorKind::InvalidType => CompileStatus::ME_COMPILE_ERR_INVALID_ARG_TYPE,
            ErrorKind::Internal => CompileStatus::ME_COMPILE_ERR_INTERNAL,
        }
    }
}

impl From<Error> for EvalStatus {
    fn from(error: Error) -> EvalStatus {
        error.kind().into()
    }
}

impl From<ErrorKind> for EvalStatus {
    fn from(kind: ErrorKind) -> EvalStatus {
        match kind {
            ErrorKind::OutOfMemory => EvalStatus::ME_EVAL_ERR_OOM,
            ErrorKind::InputCount => EvalStatus::ME_EVAL_ERR_VAR_MISMATCH,
            ErrorKind::Internal => EvalStatus::ME_EVAL_ERR_INTERNAL,
            ErrorKind::Cancelled => EvalStatus::ME_EVAL_ERR_CANCELLED,
            ErrorKind::TimedOut => EvalStatus::ME_EVAL_ERR_TIMEOUT,
            ErrorKind::TooManyPasses => EvalStatus::ME_EVAL_ERR_PASSES,
            ErrorKind::Callback => EvalStatus::ME_EVAL_ERR_CALLBACK,
            ErrorKind::Syntax
            | ErrorKind::InvalidArgument
            | ErrorKind::InvalidReduction
            | ErrorKind::MixedDtypes
            | ErrorKind::UnknownDtype
            | ErrorKind::InvalidType
            | ErrorKind::WrongType
            | ErrorKind::Shape
            | ErrorKind::Limit
            | ErrorKind::Refused
            | ErrorKind::Kernel => EvalStatus::ME_EVAL_ERR_INVALID_ARG,
        }
    }
}

impl From<OutOfMemory> for EvalStatus {
    fn from(_: OutOfMemory) -> EvalStatus {
        EvalStatus::ME_EVAL_ERR_OOM
    }
}

impl From<RunError> for EvalStatus {
    fn from(error: RunError) -> EvalStatus {
        match error {
            RunError::OutOfMemory => EvalStatus::ME_EVAL_ERR_OOM,
            RunError::Kernel | RunError::Axes => EvalStatus::ME_EVAL_ERR_INVALID_ARG,
            RunError::Stopped(Stop::Cancelled) => EvalStatus::ME_EVAL_ERR_CANCELLED,
            RunError::Stopped(Stop::TimedOut) => EvalStatus::ME_EVAL_ERR_TIMEOUT,
            RunError::Stopped(Stop::TooManyPasses) => EvalStatus::ME_EVAL_ERR_PASSES,
            RunError::Stopped(Stop::Failed) => EvalStatus::ME_EVAL_ERR_CALLBACK,
        }
    }
}

impl From<BlockError> for EvalStatus {
    fn from(_: BlockError) -> EvalStatus {
        EvalStatus::ME_EVAL_ERR_INVALID_ARG
    }
}
