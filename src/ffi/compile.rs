//! Checks of the compile calls, and the step from C to the front end.

use std::ffi::{CStr, c_char, c_int, c_void};
use std::slice;

use super::budget::limit;
use super::message::{self, Shown};
use super::types::*;
use super::{handle, sized};
use crate::back::jit_mode::Mode;
use crate::dtype::Dtype;
use crate::error::{Error, ErrorKind};
use crate::expression::ExpressionBuilder;
use crate::front::error::Quoted;
use crate::front::{Dialect, Entry, EntryKind, Profile};
use crate::ir::UserFunction;
use crate::memory::OutOfMemory;
use crate::nd::{Geometry, GeometryError};

/// The raw geometry arguments of an ND compile call.
pub(super) struct Grid {
    pub ndims: c_int,
    pub shape: *const i64,
    pub chunkshape: *const i32,
    pub blockshape: *const i32,
}

/// # Safety
/// As `me_compile`.
pub(super) unsafe fn flat(
    expression: *const c_char,
    variables: *const me_variable,
    var_count: c_int,
    dtype: me_dtype,
    error: *mut c_int,
    out: *mut *mut me_expr,
) -> c_int {
    // SAFETY: as the caller promises.
    let result = unsafe {
        begin(out).and_then(|()| compile(expression, variables, var_count, dtype, Options::default()))
    };
    // SAFETY: as the caller promises.
    unsafe { report(result, error, out) }
}

/// # Safety
/// As `me_compile_with`.
pub(super) unsafe fn with(
    expression: *const c_char,
    variables: *const me_variable,
    var_count: c_int,
    dtype: me_dtype,
    params: *const me_compile_params,
    error: *mut c_int,
    out: *mut *mut me_expr,
) -> c_int {
    // SAFETY: as the caller promises.
    let result = unsafe {
        begin(out).and_then(|()| {
            let options = options(params)?;
            compile(expression, variables, var_count, dtype, options)
        })
    };
    // SAFETY: as the caller promises.
    unsafe { report(result, error, out) }
}

/// What options ask for, NULL for the defaults.
///
/// # Safety
/// `params` is NULL or begins with its size, and has that many bytes.
unsafe fn options(params: *const me_compile_params) -> Result<Options, Error> {
    // SAFETY: as the caller promises.
    let Some(params) = (unsafe { sized::read(params, |params| params.struct_size)? }) else {
        return Ok(Options { like_reference: false, ..Options::default() });
    };
    const MINIEXPR: me_dialect = DialectCode::ME_DIALECT_MINIEXPR as me_dialect;
    const NUMPY: me_dialect = DialectCode::ME_DIALECT_NUMPY as me_dialect;
    const NUMEXPR: me_dialect = DialectCode::ME_DIALECT_NUMEXPR as me_dialect;
    let dialect = match params.dialect {
        MINIEXPR => Dialect::Miniexpr,
        NUMPY => Dialect::NumPy,
        NUMEXPR => Dialect::NumExpr,
        other => return Err(invalid(format_args!("the dialect {} is not supported", other as c_int))),
    };
    let mode = Mode::from_code(params.jit_mode as c_int);
    let printer = params.print.map(|function| Sink { function, context: params.print_context });
    let profile = profile(&params)?;
    Ok(Options { dialect, mode, geometry: None, profile, printer, like_reference: false })
}

/// What the options allow a text.
fn profile(params: &me_compile_params) -> Result<Profile, Error> {
    Ok(Profile {
        expressions_only: params.expressions_only != 0,
        ignore_pragmas: params.ignore_pragmas != 0,
        no_print: params.no_print != 0,
        no_disk_cache: params.no_disk_cache != 0,
        max_nesting: limit("max_nesting", i64::from(params.max_nesting))?.map(|most| most as u32),
        max_text_bytes: limit("max_text_bytes", params.max_text_bytes)?,
        max_nodes: limit("max_nodes", params.max_nodes)?,
        max_constant_bytes: limit("max_constant_bytes", params.max_constant_bytes)?,
        max_passes: limit("max_passes", params.max_passes)?,
    })
}

/// The options that allow what [`Profile::sandbox`] does.
pub(super) fn sandbox_params() -> me_compile_params {
    let Profile {
        expressions_only,
        ignore_pragmas,
        no_print,
        no_disk_cache,
        max_nesting,
        max_text_bytes,
        max_nodes,
        max_constant_bytes,
        max_passes,
    } = Profile::sandbox();
    let number = |limit: Option<u64>| limit.and_then(|limit| i64::try_from(limit).ok()).unwrap_or(0);
    me_compile_params {
        expressions_only: expressions_only.into(),
        ignore_pragmas: ignore_pragmas.into(),
        no_print: no_print.into(),
        no_disk_cache: no_disk_cache.into(),
        max_nesting: number(max_nesting.map(u64::from)) as c_int,
        max_text_bytes: number(max_text_bytes),
        max_nodes: number(max_nodes),
        max_constant_bytes: number(max_constant_bytes),
        max_passes: number(max_passes),
        ..me_compile_params::default()
    }
}

/// The host's function that takes what is printed.
struct Sink {
    function: unsafe extern "C" fn(*mut c_void, *const c_char, usize),
    context: *mut c_void,
}

// SAFETY: the host promises that the function may be called with this context from any thread.
unsafe impl Send for Sink {}
// SAFETY: as above.
unsafe impl Sync for Sink {}

impl Sink {
    fn print(&self, line: &[u8]) {
        // SAFETY: the host's function takes such lines, as the header asks.
        unsafe { (self.function)(self.context, line.as_ptr().cast(), line.len()) }
    }
}

/// # Safety
/// As `me_compile_nd_jit`.
#[allow(clippy::too_many_arguments, reason = "the arguments of the C function")]
pub(super) unsafe fn nd(
    expression: *const c_char,
    variables: *const me_variable,
    var_count: c_int,
    dtype: me_dtype,
    grid: Grid,
    jit_mode: c_int,
    error: *mut c_int,
    out: *mut *mut me_expr,
) -> c_int {
    let mode = Mode::from_code(jit_mode);
    // SAFETY: as the caller promises.
    let result = unsafe {
        match begin(out) {
            Ok(()) if !expression.is_null() => grid.geometry().and_then(|geometry| {
                let options = Options { mode, geometry: Some(geometry), ..Options::default() };
                compile(expression, variables, var_count, dtype, options)
            }),
            _ => Err(missing_nd_arguments()),
        }
    };
    // SAFETY: as the caller promises.
    unsafe { report(result, error, out) }
}

fn missing_nd_arguments() -> Error {
    invalid(format_args!("invalid nd compile arguments: expression, shapes and output pointer are required"))
}

impl Grid {
    /// # Safety
    /// Each shape is NULL or has `ndims` extents.
    unsafe fn geometry(&self) -> Result<Geometry, Error> {
        let is_missing = self.shape.is_null() || self.chunkshape.is_null() || self.blockshape.is_null();
        if is_missing {
            return Err(missing_nd_arguments());
        }
        let ndims = match usize::try_from(self.ndims) {
            Ok(ndims @ 1..) => ndims,
            _ => return Err(invalid(format_args!("ndims is {}, not at least 1", self.ndims))),
        };
        // SAFETY: as the caller promises.
        let geometry = unsafe {
            Geometry::new(
                slice::from_raw_parts(self.shape, ndims),
                slice::from_raw_parts(self.chunkshape, ndims),
                slice::from_raw_parts(self.blockshape, ndims),
            )
        };
        geometry.map_err(|error| match error {
            GeometryError::OutOfMemory => OutOfMemory.into(),
            GeometryError::RankMismatch => missing_nd_arguments(),
            GeometryError::Extent { axis } => invalid(format_args!(
                "invalid nd shape metadata at dim {axis}: chunkshape and blockshape must be > 0"
            )),
            GeometryError::Shape { axis } => {
                invalid(format_args!("invalid nd shape metadata at dim {axis}: shape must be >= 0"))
            }
        })
    }
}

fn invalid(message: std::fmt::Arguments<'_>) -> Error {
    Error::new(ErrorKind::InvalidArgument, message)
}

fn invalid_type(message: std::fmt::Arguments<'_>) -> Error {
    Error::new(ErrorKind::InvalidType, message)
}

/// Clears what an earlier call left.
///
/// # Safety
/// `out` is NULL or writable.
unsafe fn begin(out: *mut *mut me_expr) -> Result<(), Error> {
    message::clear();
    if out.is_null() {
        return Err(invalid(format_args!("the output pointer is NULL")));
    }
    // SAFETY: as the caller promises.
    unsafe { out.write(std::ptr::null_mut()) };
    Ok(())
}

/// Stores the outcome where C looks for it.
///
/// # Safety
/// `error` is NULL or writable; `out` is writable where `result` is a success.
unsafe fn report(result: Result<*mut me_expr, Error>, error: *mut c_int, out: *mut *mut me_expr) -> c_int {
    let (code, position) = match result {
        Ok(handle) => {
            // SAFETY: a call with a NULL `out` does not succeed.
            unsafe { out.write(handle) };
            (CompileStatus::ME_COMPILE_SUCCESS as c_int, 0)
        }
        Err(failure) => {
            let status = CompileStatus::from(failure.kind()) as c_int;
            message::set(&failure, status, Shown::Everywhere);
            let position = failure.position.and_then(|position| c_int::try_from(position).ok());
            (status, position.unwrap_or(-1))
        }
    };
    if !error.is_null() {
        // SAFETY: as the caller promises.
        unsafe { error.write(position) };
    }
    code
}

/// How a text is compiled.
struct Options {
    dialect: Dialect,
    mode: Mode,
    geometry: Option<Geometry>,
    profile: Profile,
    printer: Option<Sink>,
    /// Whether the table of names is taken as the reference takes it.
    like_reference: bool,
}

impl Default for Options {
    /// Those of `me_compile`.
    fn default() -> Options {
        Options {
            dialect: Dialect::Miniexpr,
            mode: Mode::Default,
            geometry: None,
            profile: Profile::default(),
            printer: None,
            like_reference: true,
        }
    }
}

/// # Safety
/// `expression` is NULL or NUL-terminated; `variables` is NULL or has `var_count` entries.
unsafe fn compile(
    expression: *const c_char,
    variables: *const me_variable,
    var_count: c_int,
    dtype: me_dtype,
    options: Options,
) -> Result<*mut me_expr, Error> {
    if expression.is_null() {
        return Err(invalid(format_args!("the expression is NULL")));
    }
    // SAFETY: as the caller promises.
    let (text, variables) =
        unsafe { (CStr::from_ptr(expression).to_bytes(), variable_table(variables, var_count)?) };
    let Options { dialect, mode, geometry, profile, printer, like_reference } = options;
    let mut builder = ExpressionBuilder::new(text)
        .dialect(dialect)
        .jit(mode)
        .geometry(geometry)
        .profile(profile)
        .like_reference(like_reference);
    if let Some(printer) = printer {
        builder = builder.print(move |line| printer.print(line));
    }
    match output_dtype(dtype) {
        Ok(Some(dtype)) => builder = builder.output(dtype),
        Ok(None) => {}
        Err(error) => builder.add(Err(error)),
    }
    for variable in variables {
        // SAFETY: names and addresses are as the caller promises.
        builder.add(unsafe { entry(variable) });
    }
    Ok(handle::into_raw(builder.compile()?)?)
}

/// # Safety
/// `variables` is NULL or has `count` entries.
unsafe fn variable_table<'a>(
    variables: *const me_variable,
    count: c_int,
) -> Result<&'a [me_variable], Error> {
    let count =
        usize::try_from(count).map_err(|_| invalid(format_args!("the number of variables is negative")))?;
    if count == 0 {
        return Ok(&[]);
    }
    if variables.is_null() {
        return Err(invalid(format_args!("the table of {count} variables is NULL")));
    }
    // SAFETY: as the caller promises.
    Ok(unsafe { slice::from_raw_parts(variables, count) })
}

/// A dtype argument; `None` is `ME_AUTO`.
fn output_dtype(code: me_dtype) -> Result<Option<Dtype>, Error> {
    match code {
        ME_AUTO => Ok(None),
        code => Dtype::from_code(code)
            .map(Some)
            .ok_or_else(|| invalid_type(format_args!("the output dtype {} is unknown", code as i32))),
    }
}

/// Checks one entry of the variable table.
///
/// # Safety
/// The name is NULL or NUL-terminated, the address NULL or that of a function of the entry's kind.
unsafe fn entry<'a>(variable: &me_variable) -> Result<Entry<'a>, Error> {
    let name: &[u8] = if variable.name.is_null() {
        b""
    } else {
        // SAFETY: as the caller promises.
        unsafe { CStr::from_ptr(variable.name).to_bytes() }
    };
    // SAFETY: as the caller promises.
    let kind = unsafe { entry_kind(variable)? };
    let dtype = match variable.dtype {
        ME_AUTO => None,
        code => Some(Dtype::from_code(code).ok_or_else(|| {
            let name = Quoted(name);
            invalid_type(format_args!("the dtype {} of {name} is unknown", code as i32))
        })?),
    };
    if variable.name.is_null() {
        return Err(invalid(format_args!("a name in the table of variables is NULL")));
    }
    if let EntryKind::Function { target, .. } = &kind
        && !has_declared_type(target)
    {
        let name = Quoted(name);
        return Err(invalid_type(format_args!(
            "the function {name} has another type than its entry declares"
        )));
    }
    Ok(Entry { name, dtype, itemsize: variable.itemsize, kind })
}

/// Whether a function pointer has the type that its entry declares, where the machine checks types in calls.
#[cfg(wasm_modules)]
use crate::back::wasm::has_declared_type;
#[cfg(not(wasm_modules))]
fn has_declared_type(_: &UserFunction) -> bool {
    true
}

/// Kinds of entries and flags, as the header numbers them.
const KIND_MASK: c_int = 0x1f;
const FUNCTION: c_int = 8;
const CLOSURE: c_int = 16;
const FLAG_PURE: c_int = 32;
const FLAG_FLOAT_MATH: c_int = 64;

/// # Safety
/// The address is NULL or that of a function of the entry's kind, which may be called with the context from
/// any thread, and returns.
unsafe fn entry_kind(variable: &me_variable) -> Result<EntryKind, Error> {
    let kind = variable.type_ & KIND_MASK;
    let context = match kind & !7 {
        0 if kind == 0 => return Ok(EntryKind::Variable),
        FUNCTION => None,
        CLOSURE => Some(variable.context),
        _ => return Err(invalid_type(format_args!("the entry type {} is unknown", variable.type_))),
    };
    if variable.address.is_null() {
        return Err(invalid(format_args!("the address of a function is NULL")));
    }
    let is_pure = variable.type_ & FLAG_PURE != 0;
    // SAFETY: as the caller promises; the number of a kind has three bits.
    let target = unsafe { UserFunction::new(variable.address, context, (kind & 7) as u8, is_pure) };
    Ok(EntryKind::Function { target, float_math: variable.type_ & FLAG_FLOAT_MATH != 0 })
}
