//! What went wrong, as a value: the front makes the exception.

use miniexpr::{Error, ErrorKind};
use napi_derive::napi;

/// An error of the library.
#[napi(object, object_from_js = false)]
pub struct Failure {
    /// What kind of error it is, one of the codes of `js/core/error.js`.
    pub code: &'static str,
    /// A sentence.
    pub message: String,
    /// First byte of the text, as UTF-8, that is to blame; absent if there is none.
    pub start: Option<u32>,
    /// End of these bytes.
    pub end: Option<u32>,
    /// What to write instead.
    pub hint: Option<String>,
}

impl Failure {
    /// Why a text was refused.
    pub fn of_text(error: Error) -> Failure {
        let code = match error.kind() {
            ErrorKind::Syntax => "ERR_SYNTAX",
            ErrorKind::InvalidReduction => "ERR_REDUCTION",
            ErrorKind::MixedDtypes | ErrorKind::UnknownDtype | ErrorKind::InvalidType => "ERR_DTYPE",
            kind => common_code(kind),
        };
        Failure::new(code, error)
    }

    /// Why an evaluation failed.
    pub fn of_evaluation(error: Error) -> Failure {
        let code = match error.kind() {
            ErrorKind::Cancelled => "ABORT_ERR",
            kind => common_code(kind),
        };
        Failure::new(code, error)
    }

    fn new(code: &'static str, error: Error) -> Failure {
        let span = error.span();
        Failure {
            code,
            message: error.message().to_owned(),
            start: span.as_ref().map(|span| span.start as u32),
            end: span.map(|span| span.end as u32),
            hint: error.hint().map(str::to_owned),
        }
    }
}

/// The codes tell apart what the C interface does, so that the WebAssembly engine gives the same.
fn common_code(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::OutOfMemory => "ERR_OUT_OF_MEMORY",
        ErrorKind::Internal => "ERR_INTERNAL",
        ErrorKind::Refused => "ERR_REFUSED",
        ErrorKind::Limit | ErrorKind::TooManyPasses => "ERR_LIMIT",
        ErrorKind::TimedOut => "ERR_TIMEOUT",
        _ => "ERR_ARGUMENT",
    }
}
