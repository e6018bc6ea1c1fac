//! What compiled C gets beside its arrays: the functions of the library, and the cap on passes.

use std::ffi::c_void;

use super::functions::Call;
use crate::back::block::while_limit;
use crate::environment;
use crate::kernel::{Accuracy, Kernel as VectorKernel};

/// `struct me_context` of the generated code, and what only the library reads behind it.
#[repr(C)]
pub struct Context<'a> {
    pass_cap: i64,
    call: CallFunction,
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
    pub fn new(calls: &'a [Call], accuracy: Accuracy) -> Context<'a> {
        let pass_cap = while_limit().and_then(|limit| i64::try_from(limit).ok()).unwrap_or(i64::MAX);
        Context { pass_cap, call, calls, accuracy, chunk: chunk_items() }
    }
}

/// `ME_DSL_JIT_VEC_CHUNK_ITEMS`.
fn chunk_items() -> usize {
    const DEFAULT: usize = 1 << 20;
    let wanted = environment::with(c"ME_DSL_JIT_VEC_CHUNK_ITEMS", |value| {
        std::str::from_utf8(value?).ok()?.trim().parse::<i32>().ok()
    });
    wanted.and_then(|items| usize::try_from(items).ok()).filter(|items| *items > 0).unwrap_or(DEFAULT)
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

/// Calls a vector kernel on `n` items of `size` bytes, `chunk` at a time.
///
/// # Safety
/// As the kernel asks, but that an operand may be `out`.
pub unsafe fn call_in_chunks(
    kernel: VectorKernel,
    size: usize,
    out: *mut u8,
    operands: [*const u8; 3],
    n: usize,
    chunk: usize,
) {
    const ROOM: usize = 512;
    let mut room = [0u64; ROOM];
    let is_in_place = operands.contains(&out.cast_const());
    let chunk = if is_in_place { chunk.min(ROOM) } else { chunk };
    let mut start = 0;
    while start < n {
        let count = chunk.min(n - start);
        let [a, b, c] = operands.map(|operand| match operand.is_null() {
            true => operand,
            false => operand.wrapping_add(start * size),
        });
        let out = out.wrapping_add(start * size);
        // SAFETY: the chunk lies in the arrays; `room` has space for it and is distinct from them.
        unsafe {
            if is_in_place {
                let room = room.as_mut_ptr().cast::<u8>();
                kernel(room, a, b, c, count);
                std::ptr::copy_nonoverlapping(room, out, count * size);
            } else {
                kernel(out, a, b, c, count);
            }
        }
        start += count;
    }
}
