//! A guest of the bridge in Rust: it leaves arithmetic on arrays to the engine of its host, which gives it the
//! functions of `miniexpr.h` as imports.
//!
//! ```sh
//! cargo build --release --target wasm32-unknown-unknown
//! ```

use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::fmt;
use std::ptr;

const FLOAT64: c_int = 11;

/// An entry of the table of variables, as the header declares it.
#[repr(C)]
struct Variable {
    name: *const c_char,
    dtype: c_int,
    address: *const c_void,
    kind: c_int,
    context: *mut c_void,
    itemsize: usize,
}

#[link(wasm_import_module = "env")]
unsafe extern "C" {
    fn me_compile(
        text: *const c_char,
        variables: *const Variable,
        count: c_int,
        dtype: c_int,
        error: *mut c_int,
        out: *mut *mut c_void,
    ) -> c_int;
    fn me_eval(
        expression: *const c_void,
        inputs: *const *const f64,
        count: c_int,
        output: *mut f64,
        items: c_int,
        params: *const c_void,
    ) -> c_int;
    fn me_free(expression: *mut c_void);
    fn me_get_last_error_message() -> *const c_char;
}

/// Why an expression was not compiled, or not evaluated.
#[derive(Debug)]
pub struct Error {
    /// A `me_compile_status` or `me_eval_status`.
    pub status: i32,
    pub message: String,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.message, self.status)
    }
}

/// A compiled expression over float64 arrays.
pub struct Expression {
    handle: *mut c_void,
    variables: usize,
}

impl Expression {
    /// Compiles a text; `names` are its variables.
    pub fn compile(text: &str, names: &[&str]) -> Result<Expression, Error> {
        let invalid = |_| Error { status: -3, message: "a text has a NUL in it".into() };
        let text = CString::new(text).map_err(invalid)?;
        let names: Result<Vec<CString>, Error> =
            names.iter().map(|name| CString::new(*name).map_err(invalid)).collect();
        let names = names?;
        let variables: Vec<Variable> = names
            .iter()
            .map(|name| Variable {
                name: name.as_ptr(),
                dtype: FLOAT64,
                address: ptr::null(),
                kind: 0,
                context: ptr::null_mut(),
                itemsize: 0,
            })
            .collect();
        let (mut position, mut handle) = (0, ptr::null_mut());
        // SAFETY: the texts end with NUL, and the table has so many entries; all live during the call.
        let status = unsafe {
            me_compile(
                text.as_ptr(),
                variables.as_ptr(),
                variables.len() as c_int,
                FLOAT64,
                &mut position,
                &mut handle,
            )
        };
        match status {
            0 => Ok(Expression { handle, variables: variables.len() }),
            status => Err(Error { status, message: last_message() }),
        }
    }

    /// Evaluates over arrays of one length, one for each variable; all of them must be in the text.
    pub fn evaluate(&self, inputs: &[&[f64]]) -> Result<Vec<f64>, Error> {
        let items = inputs.first().map_or(0, |input| input.len());
        if inputs.len() != self.variables || inputs.iter().any(|input| input.len() != items) {
            return Err(Error { status: -4, message: "the arrays do not fit the variables".into() });
        }
        let pointers: Vec<*const f64> = inputs.iter().map(|input| input.as_ptr()).collect();
        let mut output = vec![0.0; items];
        // SAFETY: the expression is alive, and every buffer has so many items.
        let status = unsafe {
            me_eval(
                self.handle,
                pointers.as_ptr(),
                pointers.len() as c_int,
                output.as_mut_ptr(),
                items as c_int,
                ptr::null(),
            )
        };
        match status {
            0 => Ok(output),
            status => Err(Error { status, message: "the evaluation failed".into() }),
        }
    }
}

impl Drop for Expression {
    fn drop(&mut self) {
        // SAFETY: it is not used again.
        unsafe { me_free(self.handle) }
    }
}

fn last_message() -> String {
    // SAFETY: the text is valid until the next call that compiles.
    unsafe {
        let text = me_get_last_error_message();
        if text.is_null() { String::new() } else { CStr::from_ptr(text).to_string_lossy().into_owned() }
    }
}

/// What the host is told of a failure; it stays until the next one.
static mut MESSAGE: Option<CString> = None;

/// The mean speed of a wind whose components are `i` and `2 i` for `i` below `count`; NaN on a failure.
#[unsafe(no_mangle)]
pub extern "C" fn mean_speed(count: usize) -> f64 {
    let east: Vec<f64> = (0..count).map(|i| i as f64).collect();
    let north: Vec<f64> = east.iter().map(|value| 2.0 * value).collect();
    let speeds = Expression::compile("sqrt(u*u + v*v)", &["u", "v"])
        .and_then(|expression| expression.evaluate(&[&east, &north]));
    match speeds {
        Ok(speeds) => speeds.iter().sum::<f64>() / count as f64,
        Err(error) => {
            remember(&error);
            f64::NAN
        }
    }
}

/// Compiles a text over `u` and `v`, which ends with NUL; the address of the message of a failure, or 0.
///
/// # Safety
/// `text` ends with NUL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn try_compile(text: *const c_char) -> *const c_char {
    // SAFETY: as the caller promises.
    let text = unsafe { CStr::from_ptr(text) };
    match Expression::compile(&text.to_string_lossy(), &["u", "v"]) {
        Ok(_) => ptr::null(),
        Err(error) => remember(&error),
    }
}

fn remember(error: &Error) -> *const c_char {
    let text = CString::new(error.to_string()).unwrap_or_default();
    let address = text.as_ptr();
    // SAFETY: this module has one thread.
    unsafe { MESSAGE = Some(text) };
    address
}

/// Memory for the host: `bytes` bytes, to be given back by `give_back`.
#[unsafe(no_mangle)]
pub extern "C" fn take(bytes: usize) -> *mut u8 {
    Box::leak(vec![0; bytes].into_boxed_slice()).as_mut_ptr()
}

/// # Safety
/// `address` comes from `take(bytes)`, and is not used again.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn give_back(address: *mut u8, bytes: usize) {
    // SAFETY: as the caller promises.
    drop(unsafe { Box::from_raw(ptr::slice_from_raw_parts_mut(address, bytes)) });
}
