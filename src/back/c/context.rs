//! What compiled C gets beside its arrays: the functions of the library, and what bounds its loops.

use std::ffi::c_void;
use std::ptr;

use super::functions::Call;
use crate::back::budget::{Count, Meter};
use crate::back::settings::Settings;
use crate::back::vector_calls::call_in_chunks;
use crate::kernel::Accuracy;

/// `struct me_context` of the generated code, followed by what only the library reads.
#[repr(C)]
pub struct Context<'a> {
    pass_cap: i64,
    call: CallFunction,
    /// That of the meter, `struct me_count`.
    count: *mut Count,
    refill: unsafe extern "C" fn(*const Context<'_>, i64) -> i64,
    meter: *mut Meter<'static>,
    calls: &'a [Call],
    accuracy: Accuracy,
    /// Items of one call of a vector function.
    chunk: usize,
}

type CallFunction = unsafe extern "C" fn(
    *const Context<'_>,
    i64,
    *mut c_void,
    *const c_void,
    *const c_void,
    *const c_void,
    i64,
);

impl<'a> Context<'a> {
    /// The context of one evaluation.
    pub fn new(calls: &'a [Call], accuracy: Accuracy, settings: Settings) -> Context<'a> {
        Context {
            pass_cap: settings.pass_cap(),
            call,
            count: ptr::null_mut(),
            refill,
            meter: ptr::null_mut(),
            calls,
            accuracy,
            chunk: settings.chunk_items,
        }
    }

    /// The context of a run that this meter counts.
    pub fn metered(&mut self, meter: &mut Meter<'_>) {
        let meter = (&raw mut *meter).cast::<Meter<'static>>();
        // SAFETY: the meter is there.
        self.count = unsafe { &raw mut (*meter).count };
        self.meter = meter;
    }
}

/// Lets the meter look when the passes that are left have fallen to `left`. Returns those left from now on, below 0 where
/// the code is to end.
///
/// # Safety
/// The context is that of a run, whose meter nobody uses meanwhile.
unsafe extern "C" fn refill(context: *const Context<'_>, left: i64) -> i64 {
    // SAFETY: as the caller promises.
    let meter = unsafe { &mut *(*context).meter };
    meter.count.left = left;
    meter.refill().map_or(-1, |()| meter.count.left)
}

/// Calls function `number` on `n` items for generated code.
///
/// # Safety
/// The context is valid, the function has this number; `out` and the operands hold `n` items of the
/// function's dtype. An operand may be `out`; other overlaps do not occur.
unsafe extern "C" fn call(
    context: *const Context<'_>,
    number: i64,
    out: *mut c_void,
    a: *const c_void,
    b: *const c_void,
    c: *const c_void,
    n: i64,
) {
    // SAFETY: as the caller promises.
    let context = unsafe { &*context };
    let (Some(call), Ok(n)) = (context.calls.get(number as usize), usize::try_from(n)) else { return };
    let kernel = call.kernels[context.accuracy as usize];
    let operands = [a, b, c].map(|operand| operand.cast::<u8>());
    // SAFETY: as the caller promises.
    unsafe { call_in_chunks(kernel, call.dtype.size(), out.cast(), operands, n, context.chunk) }
}
