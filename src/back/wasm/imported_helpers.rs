//! The helpers of a module without Emscripten: functions that it imports, so that nothing has to be registered.

use std::ffi::{c_int, c_uchar};

#[link(wasm_import_module = "env")]
unsafe extern "C" {
    fn me_jit_instantiate(bytes: *const c_uchar, length: c_int, lookup: c_int) -> c_int;
    fn me_jit_free(index: c_int);
}

/// The helper that instantiates.
///
/// # Safety
/// As the type of helpers asks for.
pub unsafe extern "C" fn instantiate(bytes: *const c_uchar, length: c_int, lookup: c_int) -> c_int {
    // SAFETY: the caller gives `length` bytes, and the host reads them during the call only.
    unsafe { me_jit_instantiate(bytes, length, lookup) }
}

/// The helper that releases.
///
/// # Safety
/// As the type of helpers asks for.
pub unsafe extern "C" fn free(index: c_int) {
    // SAFETY: as the caller promises.
    unsafe { me_jit_free(index) }
}
