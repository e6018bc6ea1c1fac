//! Environment variables, read with the C environment at each use so that a program may change them.
//!
//! Compile calls alone read them: the header asks that no thread changes the environment during one.

use std::ffi::CStr;

/// Calls `use_value` with the bytes of a variable; `None` for one that is unset or empty.
#[cfg(not(bare_wasm))]
pub fn with<T>(name: &CStr, use_value: impl FnOnce(Option<&[u8]>) -> T) -> T {
    // SAFETY: the name is NUL-terminated.
    let value = unsafe { libc::getenv(name.as_ptr()) };
    if value.is_null() {
        return use_value(None);
    }
    // SAFETY: the C library gives NUL-terminated text. No thread changes it now, as the header asks of
    // programs during compile calls.
    let bytes = unsafe { CStr::from_ptr(value) }.to_bytes();
    use_value(Some(bytes).filter(|bytes| !bytes.is_empty()))
}

/// WebAssembly without a C library has no environment.
#[cfg(bare_wasm)]
pub fn with<T>(_name: &CStr, use_value: impl FnOnce(Option<&[u8]>) -> T) -> T {
    use_value(None)
}

/// A switch: `default` when unset or empty, off when exactly `0`, else on.
pub fn flag(name: &CStr, default: bool) -> bool {
    with(name, |value| value.map_or(default, |value| value != b"0"))
}
