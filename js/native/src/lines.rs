//! What most calls do, evaluation of arrays of one dimension with all of their items, as a function of JavaScript.
//!
//! A call of few items takes less time than Node-API does, so this is written on Node-API itself and asks it for nothing but
//! the arguments and their memory: a method of a class would also look its object up, and guard it while it is borrowed.

use std::cell::RefCell;
use std::ffi::c_void;
use std::panic::{self, AssertUnwindSafe};
use std::ptr;
use std::rc::Rc;
use std::sync::Arc;

use miniexpr::{ArrayMut, ArrayRef, Error, Expression};
use napi::bindgen_prelude::{FromNapiValue, ToNapiValue, panic_to_error};
use napi::{JsError, Result, check_status, sys};
use smallvec::SmallVec;

use crate::failure::Failure;
use crate::memory::Memory;
use crate::program::{FEW, alive, apart, views};

/// Inputs of the function.
const MOST_INPUTS: usize = 4;

/// An expression that may be disposed of while a function has it.
pub type Shared = Rc<RefCell<Option<Arc<Expression>>>>;

/// The function `(output, ...inputs)`, which evaluates in the calling thread and gives nothing, or a failure. The output may
/// overlap inputs. Inputs beyond those that the expression reads are not looked at.
pub struct Lines(pub Shared);

impl ToNapiValue for Lines {
    unsafe fn to_napi_value(env: sys::napi_env, Lines(expression): Lines) -> Result<sys::napi_value> {
        let data = Rc::into_raw(expression).cast_mut().cast();
        let mut function = ptr::null_mut();
        // SAFETY: the environment is the caller's; the function's data is what `call` and `finalize` take it for, and the
        // finalizer, which runs after the last call, is given it once.
        unsafe {
            check_status!(sys::napi_create_function(
                env,
                c"evaluateLines".as_ptr(),
                -1,
                Some(call),
                data,
                &mut function
            ))?;
            let hint = ptr::null_mut();
            check_status!(sys::napi_add_finalizer(
                env,
                function,
                data,
                Some(finalize),
                hint,
                ptr::null_mut()
            ))?;
        }
        Ok(function)
    }
}

unsafe extern "C" fn finalize(_: sys::napi_env, data: *mut c_void, _: *mut c_void) {
    // SAFETY: it is the count that the function held.
    drop(unsafe { Rc::from_raw(data.cast_const().cast::<RefCell<Option<Arc<Expression>>>>()) });
}

unsafe extern "C" fn call(env: sys::napi_env, info: sys::napi_callback_info) -> sys::napi_value {
    let called = panic::catch_unwind(AssertUnwindSafe(|| {
        // SAFETY: Node-API calls with its environment, and the call's own information.
        unsafe { evaluate(env, info) }
    }));
    called.map_err(panic_to_error).flatten().unwrap_or_else(|error| {
        // SAFETY: the environment is that of the call.
        unsafe { JsError::from(error).throw_into(env) };
        ptr::null_mut()
    })
}

/// # Safety
/// The environment and the information are those of a call of a function of [`Lines`].
unsafe fn evaluate(env: sys::napi_env, info: sys::napi_callback_info) -> Result<sys::napi_value> {
    let mut values = [ptr::null_mut(); 1 + MOST_INPUTS];
    let (mut count, mut data) = (values.len(), ptr::null_mut());
    // SAFETY: there is room for as many values as `count` says, and the rest is set to `undefined`.
    let expression = unsafe {
        check_status!(sys::napi_get_cb_info(
            env,
            info,
            &mut count,
            values.as_mut_ptr(),
            ptr::null_mut(),
            &mut data
        ))?;
        &*data.cast_const().cast::<RefCell<Option<Arc<Expression>>>>()
    };
    let expression = expression.borrow();
    let expression = match alive(&expression) {
        Ok(expression) => expression,
        // SAFETY: the environment is that of the call.
        Err(error) => return unsafe { failed(env, error) },
    };
    let used = expression.variables().iter().filter(|variable| variable.is_used()).count();
    // SAFETY: the values are those of the environment.
    let memory = |value: &sys::napi_value| unsafe { Memory::from_napi_value(env, *value) };
    let output = memory(&values[0])?;
    let inputs =
        values[1..].iter().take(used).map(memory).collect::<Result<SmallVec<[Memory; MOST_INPUTS]>>>()?;
    match apart(output, inputs.into_iter(), |output, items| run(expression, output, items)) {
        // No value is `undefined`.
        Ok(()) => Ok(ptr::null_mut()),
        // SAFETY: the environment is that of the call.
        Err(error) => unsafe { failed(env, error) },
    }
}

/// # Safety
/// The environment is that of a call.
unsafe fn failed(env: sys::napi_env, error: Error) -> Result<sys::napi_value> {
    // SAFETY: as the caller promises.
    unsafe { ToNapiValue::to_napi_value(env, Failure::of_evaluation(error)) }
}

/// Evaluates arrays of one dimension, with as many items as there are bytes for.
fn run(expression: &Expression, output: &mut [u8], inputs: &[&[u8]]) -> std::result::Result<(), Error> {
    let used = expression.variables().iter().filter(|variable| variable.is_used());
    let lengths: SmallVec<[[usize; 1]; FEW]> =
        inputs.iter().zip(used).map(|(bytes, variable)| [bytes.len() / variable.itemsize()]).collect();
    let inputs = views(expression, inputs, |array, bytes, dtype, itemsize| {
        ArrayRef::from_bytes(bytes, dtype, itemsize, lengths.get(array).map_or(&[0], |length| &length[..]))
    })?;
    let (dtype, itemsize) = (expression.dtype(), expression.itemsize());
    let shape = [output.len() / itemsize];
    let output = ArrayMut::from_bytes(output, dtype, itemsize, &shape)?;
    expression.evaluation().run(&inputs, output)
}
