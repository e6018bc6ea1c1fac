//! Questions about the language.

use std::ffi::{CStr, c_char, c_int};

use super::types::*;
use crate::front::{Dialect, Language};
use crate::operation::{BUILTINS, BuiltinKind as Kind};

/// # Safety
/// `text` is NULL or ends with NUL.
pub(super) unsafe fn is_kernel(text: *const c_char) -> bool {
    // SAFETY: as the caller promises.
    let text = if text.is_null() { c"" } else { unsafe { CStr::from_ptr(text) } };
    Language::of(text.to_bytes(), Dialect::Miniexpr) == Language::Kernel
}

pub(super) fn count() -> c_int {
    BUILTINS.len() as c_int
}

/// # Safety
/// `info` is NULL or writable.
pub(super) unsafe fn describe(index: c_int, info: *mut me_builtin_info) -> bool {
    let found = usize::try_from(index).ok().and_then(|index| BUILTINS.get(index));
    let Some(builtin) = found.filter(|_| !info.is_null()) else { return false };
    let kind = match builtin.kind() {
        Kind::Constant => BuiltinKind::ME_BUILTIN_CONSTANT,
        Kind::Function => BuiltinKind::ME_BUILTIN_FUNCTION,
        Kind::Reduction => BuiltinKind::ME_BUILTIN_REDUCTION,
        Kind::String => BuiltinKind::ME_BUILTIN_STRING,
    };
    let described = me_builtin_info {
        name: builtin.c_name.as_ptr(),
        kind: kind as me_builtin_kind,
        arity: c_int::from(builtin.arity),
        help: builtin.help.as_ptr(),
    };
    // SAFETY: as the caller promises.
    unsafe { info.write(described) };
    true
}
