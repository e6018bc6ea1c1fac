//! The engine for guests of the bridge, modules of WebAssembly that call the functions of the C header: those functions,
//! over bytes in the memory of a guest. `BridgeEngine` of `js/bridge/index.d.ts` says what each gives.
//!
//! Sizes are checked here, whoever has checked them before: no call reads or writes beyond the arrays that it is given.

mod expression;
mod outcome;
mod request;

use std::ffi::{CStr, c_char, c_int};
use std::ptr;

use miniexpr::ffi;
use napi::Result;
use napi_derive::napi;

use crate::memory::Memory;
use expression::{GuestExpression, Parameters};
use outcome::{GuestError, last_error};
use request::{GuestCompileParams, GuestGrid, GuestVariable};

/// A name of the language.
#[napi(object, object_from_js = false)]
pub struct GuestBuiltin {
    /// The name.
    pub name: String,
    /// Its `me_builtin_kind`.
    pub kind: u32,
    /// Arguments, without those that may be left out.
    pub arity: i32,
    /// One line that says what it is.
    pub help: String,
}

/// The names of the language.
#[napi]
pub fn guest_builtins() -> Vec<GuestBuiltin> {
    (0..ffi::me_builtin_count())
        .filter_map(|index| {
            let mut info = ffi::me_builtin_info { name: ptr::null(), kind: 0, arity: 0, help: ptr::null() };
            // SAFETY: the struct is writable.
            let is_known = unsafe { ffi::me_builtin(index, &mut info) };
            // SAFETY: texts of names live as long as the process.
            let [name, help] = [info.name, info.help].map(|text| unsafe { text_at(text) });
            is_known.then_some(GuestBuiltin { name, kind: info.kind, arity: info.arity, help })
        })
        .collect()
}

/// A copy of a text of C; an empty one for NULL.
///
/// # Safety
/// It ends with NUL.
unsafe fn text_at(text: *const c_char) -> String {
    match text.is_null() {
        true => String::new(),
        // SAFETY: as the caller promises.
        false => unsafe { CStr::from_ptr(text) }.to_string_lossy().into_owned(),
    }
}

/// Whether a text is a kernel.
#[napi(catch_unwind)]
pub fn guest_is_kernel(text: Memory) -> Result<bool> {
    // SAFETY: the text ends with NUL.
    Ok(unsafe { ffi::me_is_kernel(request::text(Some(text))?) })
}

/// Options for text from users.
#[napi]
pub fn guest_sandbox_params() -> GuestCompileParams {
    GuestCompileParams::from(ffi::me_sandbox_params())
}

/// What a compile call gives.
#[napi(object, object_from_js = false, use_nullable = true)]
pub struct GuestCompiled {
    /// The `me_compile_status`.
    pub status: i32,
    /// Why it is none of success.
    pub error: Option<GuestError>,
    /// As `*error` of the call.
    pub position: i32,
    /// What the text became.
    pub expression: Option<GuestExpression>,
}

/// Compiles a text of a guest: `params` is null for the calls without them, `grid` for arrays that are not in chunks.
#[napi(catch_unwind)]
pub fn guest_compile(
    text: Option<Memory>,
    variables: Vec<GuestVariable>,
    dtype: i32,
    params: Option<GuestCompileParams>,
    grid: Option<GuestGrid>,
) -> Result<GuestCompiled> {
    let table = variables.iter().map(GuestVariable::entry).collect::<Result<Vec<_>>>()?;
    let grid = grid.map(|grid| grid.read()).transpose()?;
    let (mut position, mut expression) = (-1, ptr::null_mut());
    let (text, count, dtype) = (request::text(text)?, table.len() as c_int, dtype as u32);
    // SAFETY: texts end with NUL, the table and the shapes are as long as is said, and the rest is writable.
    let status = unsafe {
        match (&grid, params) {
            (Some(grid), params) => ffi::me_compile_nd_jit(
                text,
                table.as_ptr(),
                count,
                dtype,
                grid.ndims,
                grid.shape.as_ptr(),
                grid.chunkshape.as_ptr(),
                grid.blockshape.as_ptr(),
                params.and_then(|params| params.jit_mode).unwrap_or(0) as c_int,
                &mut position,
                &mut expression,
            ),
            (None, None) => {
                ffi::me_compile(text, table.as_ptr(), count, dtype, &mut position, &mut expression)
            }
            (None, Some(params)) => {
                let params = params.fields();
                let (position, expression) = (&mut position, &mut expression);
                ffi::me_compile_with(text, table.as_ptr(), count, dtype, &params, position, expression)
            }
        }
    };
    let parameters = Parameters { table: &table, dtype, block: grid.map(|grid| grid.block_items()) };
    Ok(GuestCompiled {
        status,
        error: last_error(status),
        position,
        // SAFETY: a call that succeeds has given an expression, which nobody else has.
        expression: (status == 0).then(|| unsafe { GuestExpression::new(expression, parameters) }),
    })
}
