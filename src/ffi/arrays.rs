//! Evaluation over arrays: the step from C structures to views.

use std::ffi::c_int;
use std::fmt;
use std::slice;

use smallvec::SmallVec;

use super::eval::{accuracy, jit_mode};
use super::failure::{Failure, report};
use super::message::Shown;
use super::types::*;
use super::{budget, handle, sized};
use crate::array::{self, Options, View, pool};
use crate::dtype::Dtype;
use crate::error::{Error, ErrorKind};
use crate::expression::Expression;
use crate::ir::Type;
use crate::memory::OutOfMemory;

/// Inputs of this number take no allocation.
type Views<'a> = SmallVec<[Option<View<'a>>; 8]>;

/// # Safety
/// As `me_result_shape`.
pub(super) unsafe fn result_shape(
    expr: *const me_expr,
    inputs: *const me_array,
    n_inputs: c_int,
    ndim: *mut c_int,
    shape: *mut i64,
) -> c_int {
    // SAFETY: as the caller promises.
    let found = unsafe {
        expression(expr).and_then(|expression| {
            if ndim.is_null() || shape.is_null() {
                return Err(Failure::from(invalid(format_args!("the result has no place"))));
            }
            let operands = array::operands(&views(expression, inputs, n_inputs, Data::Ignored)?)?;
            Ok(array::result_shape(&expression.program, &expression.plan, &operands)?)
        })
    };
    let result = found.map(|found| {
        // SAFETY: as the caller promises; an array has at most 32 dimensions.
        unsafe {
            ndim.write(found.len() as c_int);
            shape.copy_from_nonoverlapping(found.as_ptr(), found.len());
        }
    });
    report(result, Shown::Everywhere)
}

/// # Safety
/// As `me_eval_arrays`.
pub(super) unsafe fn eval(
    expr: *const me_expr,
    inputs: *const me_array,
    n_inputs: c_int,
    output: *mut me_array,
    params: *const me_array_params,
) -> c_int {
    // SAFETY: as the caller promises.
    report(unsafe { evaluate(expr, inputs, n_inputs, output, params) }, Shown::Everywhere)
}

/// # Safety
/// As `me_eval_arrays`.
unsafe fn evaluate(
    expr: *const me_expr,
    inputs: *const me_array,
    n_inputs: c_int,
    output: *mut me_array,
    params: *const me_array_params,
) -> Result<(), Failure> {
    // SAFETY: as the caller promises.
    let (expression, params, output) =
        unsafe { (expression(expr)?, sized::read(params, |params| params.struct_size)?, output.as_ref()) };
    // SAFETY: as the caller promises.
    let inputs = unsafe { views(expression, inputs, n_inputs, Data::Needed)? };
    let output = output.ok_or_else(|| invalid(format_args!("the output is NULL")))?;
    let ty = expression.program.kernel.output;
    // SAFETY: as the caller promises.
    let output = unsafe { view(output, ty, Name::Output, Data::Needed)? };
    let params = params.unwrap_or_default();
    // SAFETY: as the caller promises.
    let limits = unsafe { budget::limits_of(params.cancel, params.timeout_ns, params.max_passes)? };
    // SAFETY: as the caller promises.
    let mut progress =
        params.progress.map(|progress| move |done, all| unsafe { progress(params.context, done, all) });
    let (accuracy, mode) = (accuracy(&raw const params.eval), jit_mode(&raw const params.eval));
    let threads = threads(params.n_threads)?;
    expression.bounded(limits, |budget| {
        let progress = progress.as_mut().map(|progress| progress as &mut dyn FnMut(i64, i64));
        let options = Options { accuracy, mode, threads, budget, progress };
        // SAFETY: as the caller promises; the arrays have the types that the kernel takes and gives.
        unsafe { array::evaluate_views(&expression.program, &expression.plan, &inputs, output, options)? };
        Ok(())
    })
}

/// Threads that a number of C asks for.
fn threads(number: c_int) -> Result<usize, Error> {
    match number {
        -1 => Ok(pool::num_threads()),
        0 => Ok(1),
        _ => usize::try_from(number).map_err(|_| invalid(format_args!("{number} threads are asked for"))),
    }
}

fn invalid(message: fmt::Arguments<'_>) -> Error {
    Error::new(ErrorKind::InvalidArgument, message)
}

/// # Safety
/// `expr` is NULL or alive.
unsafe fn expression<'a>(expr: *const me_expr) -> Result<&'a Expression, Failure> {
    // SAFETY: as the caller promises.
    unsafe { handle::from_raw(expr) }.ok_or_else(Failure::null_expression)
}

/// Whether the items of arrays are looked at.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Data {
    Needed,
    Ignored,
}

/// The arrays for the parameters of the kernel, `None` for those that it does not read.
///
/// # Safety
/// `inputs` is NULL or has `n_inputs` arrays, whose shapes and strides are NULL or have `ndim` numbers.
unsafe fn views<'a>(
    expression: &Expression,
    inputs: *const me_array,
    n_inputs: c_int,
    data: Data,
) -> Result<Views<'a>, Failure> {
    let kernel = &expression.program.kernel;
    let count = kernel.params.len();
    if usize::try_from(n_inputs) != Ok(count) {
        let error =
            Error::new(ErrorKind::InputCount, format_args!("{n_inputs} inputs for {count} variables"));
        return Err(error.into());
    }
    let mut views = Views::new();
    if count == 0 {
        return Ok(views);
    }
    if inputs.is_null() {
        return Err(invalid(format_args!("the inputs are NULL")).into());
    }
    views.try_reserve(count).map_err(|_| OutOfMemory)?;
    // SAFETY: as the caller promises.
    let inputs = unsafe { slice::from_raw_parts(inputs, count) };
    let parameters = expression.variables().iter().filter(|variable| variable.is_parameter());
    for ((param, variable), input) in kernel.params.iter().zip(parameters).zip(inputs) {
        views.push(match variable.is_used() {
            // SAFETY: as the caller promises.
            true => Some(unsafe { view(input, param.ty, Name::Input(&param.name), data)? }),
            false => None,
        });
    }
    Ok(views)
}

/// An array as messages call it.
#[derive(Clone, Copy)]
enum Name<'a> {
    Input(&'a [u8]),
    Output,
}

impl fmt::Display for Name<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Name::Input(name) => write!(f, "'{}'", name.escape_ascii()),
            Name::Output => f.write_str("the output"),
        }
    }
}

/// Checks an array for items of type `ty`.
///
/// # Safety
/// Shape and strides are NULL or have `ndim` numbers.
unsafe fn view<'a>(array: &me_array, ty: Type, name: Name<'_>, data: Data) -> Result<View<'a>, Error> {
    if Dtype::from_code(array.dtype) != Some(ty.dtype) {
        let refused = |message: fmt::Arguments<'_>| Error::new(ErrorKind::WrongType, message);
        return Err(match Dtype::from_code(array.dtype) {
            Some(dtype) => refused(format_args!("{name} is {}, not {dtype}", ty.dtype)),
            None => {
                let code = array.dtype as i32;
                refused(format_args!("{name} is {}, not of the unknown dtype {code}", ty.dtype))
            }
        });
    }
    let may_be_implied = !ty.dtype.is_string() && array.itemsize == 0;
    if array.itemsize != ty.itemsize && !may_be_implied {
        let (wanted, given) = (ty.itemsize, array.itemsize);
        let message = format_args!("{name} takes items of {wanted} bytes, not {given}");
        return Err(Error::new(ErrorKind::WrongType, message));
    }
    let ndim = usize::try_from(array.ndim).ok().filter(|ndim| *ndim <= 32);
    let Some(ndim) = ndim.filter(|ndim| *ndim == 0 || !array.shape.is_null()) else {
        return Err(match array.ndim {
            0..=32 => invalid(format_args!("the shape of {name} is NULL")),
            ndim => invalid(format_args!("{name} has {ndim} dimensions; there may be 0 to 32")),
        });
    };
    // SAFETY: as the caller promises.
    let numbers = |numbers: *const i64| unsafe { slice::from_raw_parts(numbers, ndim) };
    let view = View {
        data: array.data.cast(),
        itemsize: ty.itemsize,
        shape: if ndim == 0 { &[] } else { numbers(array.shape) },
        strides: if ndim == 0 || array.strides.is_null() { None } else { Some(numbers(array.strides)) },
    };
    if data == Data::Needed && view.data.is_null() && !view.is_empty() {
        return Err(invalid(format_args!("the data of {name} is NULL")));
    }
    Ok(view)
}
