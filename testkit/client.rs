//! The library as a C client sees it: every call goes through the C functions with raw pointers.
//!
//! Output buffers carry guard bytes, so that a write past what the caller gave is noticed.

use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::ptr;

use miniexpr::Dtype;
use miniexpr::ffi::{self, DialectCode, me_compile_params, me_eval_params, me_expr, me_variable};

/// `me_dtype` of "infer the dtype".
pub const AUTO: u32 = 0;

/// Codes of the compile calls.
pub mod compile_status {
    pub const OOM: i32 = -1;
    pub const PARSE: i32 = -2;
    pub const INVALID_ARG: i32 = -3;
    pub const REDUCTION_INVALID: i32 = -5;
    pub const VAR_MIXED: i32 = -6;
    pub const VAR_UNSPECIFIED: i32 = -7;
    pub const INVALID_ARG_TYPE: i32 = -8;
}

/// Codes of the evaluation calls.
pub mod eval_status {
    pub const OOM: i32 = -1;
    pub const NULL_EXPR: i32 = -2;
    pub const TOO_MANY_VARS: i32 = -3;
    pub const VAR_MISMATCH: i32 = -4;
    pub const INVALID_ARG: i32 = -5;
}

/// Bytes after an output buffer that no evaluation may change. Under a fuzzer AddressSanitizer guards buffers, which end
/// where they must.
const GUARD_LEN: usize = if cfg!(fuzzing) { 0 } else { 64 };
/// What output and guard bytes hold before an evaluation.
pub const FILL: u8 = 0xA5;

/// One entry of the variable table, with an owned name.
#[derive(Clone)]
pub struct Variable {
    pub name: CString,
    pub dtype: u32,
    pub address: *const c_void,
    pub kind: c_int,
    pub context: *mut c_void,
    pub itemsize: usize,
}

impl Variable {
    /// A variable of the `me_dtype` code `dtype`.
    pub fn coded(name: &str, dtype: u32) -> Variable {
        let name = CString::new(name).expect("a name without NUL");
        Variable { name, dtype, address: ptr::null(), kind: 0, context: ptr::null_mut(), itemsize: 0 }
    }

    /// A variable of a numeric dtype.
    pub fn new(name: &str, dtype: Dtype) -> Variable {
        Variable::coded(name, dtype.code())
    }

    /// A string or bytes variable of `itemsize` bytes.
    pub fn text(name: &str, dtype: Dtype, itemsize: usize) -> Variable {
        Variable { itemsize, ..Variable::new(name, dtype) }
    }

    /// A user function or closure of kind `kind`, which returns the `me_dtype` code `dtype`.
    pub fn function(name: &str, dtype: u32, kind: c_int, address: *const c_void) -> Variable {
        Variable { address, kind, ..Variable::coded(name, dtype) }
    }

    fn entry(&self) -> me_variable {
        me_variable {
            name: self.name.as_ptr(),
            dtype: self.dtype,
            address: self.address,
            type_: self.kind,
            context: self.context,
            itemsize: self.itemsize,
        }
    }
}

/// The C entries of `variables`, which point into it.
pub fn entries(variables: &[Variable]) -> Vec<me_variable> {
    variables.iter().map(Variable::entry).collect()
}

/// Why a compile call failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    pub status: i32,
    /// `*error` after the call.
    pub position: i32,
    pub message: Option<String>,
}

/// Geometry of a chunked array.
#[derive(Clone, Debug)]
pub struct Grid {
    pub shape: Vec<i64>,
    pub chunkshape: Vec<i32>,
    pub blockshape: Vec<i32>,
}

/// A compiled expression; freed when dropped.
pub struct Expression {
    raw: *mut me_expr,
}

// SAFETY: a compiled expression is immutable and may be evaluated from any number of threads.
unsafe impl Sync for Expression {}
// SAFETY: as above; an expression may be freed by another thread than the one that compiled it.
unsafe impl Send for Expression {}

/// Compiles `text` for flat arrays with `me_compile`.
pub fn compile(
    text: &(impl AsRef<[u8]> + ?Sized),
    variables: &[Variable],
    dtype: u32,
) -> Result<Expression, Failure> {
    let text = CString::new(text.as_ref()).expect("a text without NUL");
    let entries = entries(variables);
    // SAFETY: text and entries outlive the call; `out` and `error` are valid for writing.
    finish(|error, out| unsafe {
        ffi::me_compile(text.as_ptr(), entries.as_ptr(), entries.len() as c_int, dtype, error, out)
    })
}

/// Compiles `text` of a dialect with `me_compile_with`.
pub fn compile_with(
    text: &(impl AsRef<[u8]> + ?Sized),
    variables: &[Variable],
    dtype: u32,
    dialect: DialectCode,
) -> Result<Expression, Failure> {
    let text = CString::new(text.as_ref()).expect("a text without NUL");
    let entries = entries(variables);
    let params = me_compile_params { dialect: dialect as u32, ..me_compile_params::default() };
    // SAFETY: text, entries and options outlive the call; `out` and `error` are valid for writing.
    finish(|error, out| unsafe {
        let count = entries.len() as c_int;
        ffi::me_compile_with(text.as_ptr(), entries.as_ptr(), count, dtype, &params, error, out)
    })
}

/// Compiles `text` for the blocks of a chunked array with `me_compile_nd_jit`.
pub fn compile_nd(
    text: &(impl AsRef<[u8]> + ?Sized),
    variables: &[Variable],
    dtype: u32,
    grid: &Grid,
    jit_mode: c_int,
) -> Result<Expression, Failure> {
    let text = CString::new(text.as_ref()).expect("a text without NUL");
    let entries = entries(variables);
    // SAFETY: as in `compile`; the three shapes have as many numbers as the array has dimensions.
    finish(|error, out| unsafe {
        ffi::me_compile_nd_jit(
            text.as_ptr(),
            entries.as_ptr(),
            entries.len() as c_int,
            dtype,
            grid.shape.len() as c_int,
            grid.shape.as_ptr(),
            grid.chunkshape.as_ptr(),
            grid.blockshape.as_ptr(),
            jit_mode,
            error,
            out,
        )
    })
}

/// Runs a compile call and checks what every compile call promises: `*out` set exactly on success.
fn finish(call: impl FnOnce(*mut c_int, *mut *mut me_expr) -> c_int) -> Result<Expression, Failure> {
    let mut position: c_int = 12345;
    let mut raw = ptr::dangling_mut::<me_expr>();
    let status = call(&mut position, &mut raw);
    if status == 0 {
        assert!(!raw.is_null(), "success without an expression");
        assert_eq!(position, 0, "*error after success");
        assert_eq!(last_message(), None, "a message after success");
        return Ok(Expression { raw });
    }
    assert!(raw.is_null(), "*out is not NULL after failure {status}");
    let message = last_message();
    assert!(message.as_ref().is_some_and(|text| !text.is_empty()), "no message for failure {status}");
    Err(Failure { status, position, message })
}

/// The text of `me_get_last_error_message`.
pub fn last_message() -> Option<String> {
    let text: *const c_char = ffi::me_get_last_error_message();
    if text.is_null() {
        return None;
    }
    // SAFETY: a non-NULL message is NUL-terminated and valid until this thread compiles again.
    Some(unsafe { CStr::from_ptr(text) }.to_string_lossy().into_owned())
}

/// What an evaluation wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Varlen {
    pub offsets: Vec<i64>,
    pub data: Vec<u8>,
}

impl Expression {
    /// The handle, for calls with arguments that this wrapper would not pass.
    pub fn raw(&self) -> *mut me_expr {
        self.raw
    }

    /// `me_get_dtype`.
    pub fn dtype(&self) -> u32 {
        // SAFETY: the handle is valid until it is dropped.
        unsafe { ffi::me_get_dtype(self.raw) }
    }

    /// `me_get_itemsize`, in bytes.
    pub fn itemsize(&self) -> usize {
        // SAFETY: as above.
        unsafe { ffi::me_get_itemsize(self.raw) }
    }

    /// Evaluates `n` items with default parameters into a buffer of `n` items.
    pub fn eval(&self, inputs: &[&[u8]], n: usize) -> Result<Vec<u8>, i32> {
        self.eval_with(inputs, n, None)
    }

    /// Evaluates `n` items into a buffer of `n` items.
    pub fn eval_with(
        &self,
        inputs: &[&[u8]],
        n: usize,
        params: Option<&me_eval_params>,
    ) -> Result<Vec<u8>, i32> {
        self.eval_into(inputs, n, n, params)
    }

    /// Evaluates `n` items with default parameters into a buffer of `room` items.
    pub fn eval_room(&self, inputs: &[&[u8]], n: usize, room: usize) -> Result<Vec<u8>, i32> {
        self.eval_into(inputs, n, room, None)
    }

    /// Evaluates `n` items into a buffer of `room` items.
    pub fn eval_into(
        &self,
        inputs: &[&[u8]],
        n: usize,
        room: usize,
        params: Option<&me_eval_params>,
    ) -> Result<Vec<u8>, i32> {
        self.guarded_call(inputs, room, params, |expression, variables, count, out, params| {
            // SAFETY: every input has n items, `out` has room for n items, and for one of a reduction.
            unsafe { ffi::me_eval(expression, variables, count, out, n as c_int, params) }
        })
    }

    /// Evaluates block `nblock` of chunk `nchunk` into a buffer of `n` items.
    pub fn eval_nd(&self, inputs: &[&[u8]], n: usize, nchunk: i64, nblock: i64) -> Result<Vec<u8>, i32> {
        self.eval_nd_into(inputs, n as c_int, n, (nchunk, nblock), None)
    }

    /// Evaluates a block that is said to have `n` items into a buffer of `room` items.
    pub fn eval_nd_into(
        &self,
        inputs: &[&[u8]],
        n: c_int,
        room: usize,
        (nchunk, nblock): (i64, i64),
        params: Option<&me_eval_params>,
    ) -> Result<Vec<u8>, i32> {
        self.guarded_call(inputs, room, params, |expression, variables, count, out, params| {
            // SAFETY: inputs and output have the items that the call may read and write.
            unsafe { ffi::me_eval_nd(expression, variables, count, out, n, nchunk, nblock, params) }
        })
    }

    /// What `call` writes into a guarded buffer of `room` items.
    fn guarded_call(
        &self,
        inputs: &[&[u8]],
        room: usize,
        params: Option<&me_eval_params>,
        call: impl FnOnce(*const me_expr, *mut *const c_void, c_int, *mut c_void, *const me_eval_params) -> c_int,
    ) -> Result<Vec<u8>, i32> {
        let pointers = pointers(inputs);
        let params = params.map_or(ptr::null(), ptr::from_ref);
        guarded(room * self.itemsize(), |out| {
            call(self.raw, pointers.as_ptr().cast_mut(), pointers.len() as c_int, out, params)
        })
    }

    /// `me_nd_valid_nitems`.
    pub fn valid_nitems(&self, nchunk: i64, nblock: i64) -> Result<i64, i32> {
        let mut valid = -1;
        // SAFETY: the handle is valid and `valid` is writable.
        let status = unsafe { ffi::me_nd_valid_nitems(self.raw, nchunk, nblock, &mut valid) };
        if status == 0 { Ok(valid) } else { Err(status) }
    }

    /// Evaluates `n` strings, with room for `me_varlen_data_bound` bytes.
    pub fn eval_varlen(&self, inputs: &[&[u8]], n: usize) -> Result<Varlen, i32> {
        let pointers = pointers(inputs);
        let items = n as c_int;
        // SAFETY: the handle is valid.
        let capacity = unsafe { ffi::me_varlen_data_bound(self.raw, items) };
        let mut offsets = vec![-1i64; n + 1];
        let mut used = usize::MAX;
        let mut data = guarded(capacity, |out| {
            // SAFETY: offsets has n + 1 numbers and `out` has room for `capacity` bytes.
            unsafe {
                ffi::me_eval_varlen(
                    self.raw,
                    pointers.as_ptr().cast_mut(),
                    pointers.len() as c_int,
                    items,
                    offsets.as_mut_ptr(),
                    out,
                    capacity,
                    &mut used,
                    ptr::null(),
                )
            }
        })?;
        assert!(used <= capacity, "more data used than there is room for");
        data.truncate(used);
        Ok(Varlen { offsets, data })
    }
}

impl Drop for Expression {
    fn drop(&mut self) {
        // SAFETY: the handle came from a compile call and is freed once.
        unsafe { ffi::me_free(self.raw) }
    }
}

fn pointers(inputs: &[&[u8]]) -> Vec<*const c_void> {
    inputs.iter().map(|bytes| bytes.as_ptr().cast()).collect()
}

/// Runs an evaluation on a buffer of `len` bytes and checks the guard bytes after it.
fn guarded(len: usize, call: impl FnOnce(*mut c_void) -> c_int) -> Result<Vec<u8>, i32> {
    let mut buffer = vec![FILL; len + GUARD_LEN];
    let status = call(buffer.as_mut_ptr().cast());
    assert!(buffer[len..] == [FILL; GUARD_LEN], "bytes after the output were changed");
    if status != 0 {
        return Err(status);
    }
    buffer.truncate(len);
    Ok(buffer)
}

/// Whether no evaluation has written to `bytes`, a part of an output buffer.
pub fn is_untouched(bytes: &[u8]) -> bool {
    bytes.iter().all(|byte| *byte == FILL)
}
