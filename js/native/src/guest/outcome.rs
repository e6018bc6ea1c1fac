//! How calls of a guest end.

use std::ffi::c_int;

use miniexpr::ffi;
use napi::bindgen_prelude::BigInt;
use napi_derive::napi;

use super::text_at;

/// The fields of `me_error`.
#[napi(object, object_from_js = false, use_nullable = true)]
pub struct GuestError {
    /// What the call returned.
    pub status: i32,
    /// What a function of the host gave.
    pub code: i32,
    /// First byte of the text that is to blame, -1 for none.
    pub start: BigInt,
    /// End of these bytes.
    pub end: BigInt,
    /// Line of the place.
    pub line: i32,
    /// Its column, in characters.
    pub column: i32,
    /// What went wrong.
    pub message: String,
    /// What to write instead.
    pub hint: Option<String>,
}

/// Why the latest call of this thread, which gave this status, has failed.
pub fn last_error(status: c_int) -> Option<GuestError> {
    if status == 0 {
        return None;
    }
    let mut error = ffi::me_error::default();
    // SAFETY: the struct is writable and says its size; its texts live until the next call.
    let (message, hint) = unsafe {
        ffi::me_get_last_error(&mut error);
        (text_at(error.message), (!error.hint.is_null()).then(|| text_at(error.hint)))
    };
    Some(GuestError {
        status: error.status,
        code: error.code,
        start: BigInt::from(error.start),
        end: BigInt::from(error.end),
        line: error.line,
        column: error.column,
        message,
        hint,
    })
}

/// How an evaluation ended.
#[napi(object, object_from_js = false, use_nullable = true)]
pub struct GuestOutcome {
    /// The `me_eval_status`.
    pub status: i32,
    /// Why it is none of success.
    pub error: Option<GuestError>,
}

impl From<c_int> for GuestOutcome {
    fn from(status: c_int) -> GuestOutcome {
        GuestOutcome { status, error: last_error(status) }
    }
}
