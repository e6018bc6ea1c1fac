//! Types and constants of the C header, laid out as `miniexpr.h` declares them.

use std::ffi::{c_char, c_int, c_void};

/// Data type of an element: one of the `ME_*` dtypes. Taken as an integer, never transmuted.
pub type me_dtype = u32;
pub const ME_AUTO: me_dtype = 0;

pub const ME_JIT_DEFAULT: u32 = 0;
pub const ME_JIT_ON: u32 = 1;
pub const ME_JIT_OFF: u32 = 2;

/// One entry of the variable table of a compile call.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct me_variable {
    pub name: *const c_char,
    pub dtype: me_dtype,
    pub address: *const c_void,
    pub type_: c_int,
    pub context: *mut c_void,
    pub itemsize: usize,
}

/// Options of one evaluation.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub struct me_eval_params {
    pub disable_simd: bool,
    pub simd_ulp_mode: u32,
    pub jit_mode: u32,
}

/// A compiled expression; opaque to C.
pub struct me_expr {
    _private: (),
}

/// Instantiates a WebAssembly kernel; returns a function-table index, 0 on failure.
pub type me_wasm_jit_instantiate_helper =
    unsafe extern "C" fn(wasm_bytes: *const u8, wasm_len: c_int, bridge_lookup_fn_idx: c_int) -> c_int;

/// Releases a function-table index given by the instantiate helper.
pub type me_wasm_jit_free_helper = unsafe extern "C" fn(fn_idx: c_int);
