//! The last error message of each thread.

use std::ffi::c_char;

/// The message of the latest failed compile call of this thread, NULL after a success.
pub(super) fn last() -> *const c_char {
    std::ptr::null()
}
