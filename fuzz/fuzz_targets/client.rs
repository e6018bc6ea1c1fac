//! The library as a C program uses it.
//!
//! Every buffer has exactly the size that its call asks for, so that a sanitizer sees any access
//! beyond it.
#![allow(dead_code, reason = "each target uses a part of the client")]

use std::ffi::{CStr, c_int, c_void};
use std::ops::Range;
use std::ptr;

use libfuzzer_sys::Corpus;
use miniexpr::Dtype;
use miniexpr::ffi::{self, me_eval_params, me_expr, me_variable};

/// What becomes of an input: one that says too little for a run is not kept.
pub fn kept(run: Option<()>) -> Corpus {
    run.map_or(Corpus::Reject, |()| Corpus::Keep)
}

/// Codes of the evaluation calls.
pub mod eval_status {
    pub const INVALID_ARG: i32 = -5;
}

/// Items of an input, as an evaluation reads them.
pub type Buffer = Box<[u8]>;

/// The data of a variable.
pub struct Column {
    bytes: Vec<u8>,
    itemsize: usize,
}

impl Column {
    /// `n` items, made of `data` over and over, from its byte `shift` on.
    pub fn repeat(data: &[u8], shift: usize, n: usize, itemsize: usize) -> Column {
        let bytes = data.iter().copied().cycle().skip(shift).take(n * itemsize).collect();
        Column { bytes, itemsize }
    }

    /// The data as `dtype` can hold it: a bool is 0 or 1.
    pub fn valid_for(mut self, dtype: Dtype) -> Column {
        if dtype == Dtype::Bool {
            self.bytes.iter_mut().for_each(|byte| *byte &= 1);
        }
        self
    }

    /// The items with these numbers.
    pub fn select(&self, indices: &[usize]) -> Buffer {
        indices
            .iter()
            .flat_map(|index| &self.bytes[index * self.itemsize..][..self.itemsize])
            .copied()
            .collect()
    }

    /// The same column with other bytes in the items that `is_kept` denies.
    pub fn altered(&self, is_kept: &[bool]) -> Column {
        let mut bytes = self.bytes.clone();
        let items = bytes.chunks_exact_mut(self.itemsize.max(1)).zip(is_kept);
        for (item, _) in items.filter(|(_, is_kept)| !**is_kept) {
            item.iter_mut().for_each(|byte| *byte ^= 1);
        }
        Column { bytes, itemsize: self.itemsize }
    }

    /// The items of `range` at the start of a block of `n` items.
    pub fn padded(&self, range: Range<usize>, n: usize) -> Buffer {
        let mut block = self.cut(&range).into_vec();
        block.resize(n * self.itemsize, 0xC3);
        block.into_boxed_slice()
    }

    fn cut(&self, items: &Range<usize>) -> Buffer {
        self.bytes[items.start * self.itemsize..items.end * self.itemsize].into()
    }
}

/// The items of `range` of all columns.
pub fn cut(columns: &[Column], range: Range<usize>) -> Vec<Buffer> {
    columns.iter().map(|column| column.cut(&range)).collect()
}

/// An input of a C type code; `itemsize` counts for strings.
pub fn variable(name: &'static CStr, dtype: u32, itemsize: usize) -> me_variable {
    me_variable {
        name: name.as_ptr(),
        dtype,
        address: ptr::null(),
        type_: 0,
        context: ptr::null_mut(),
        itemsize,
    }
}

/// Extents of a chunked array.
#[derive(Debug)]
pub struct Grid {
    pub shape: Vec<i64>,
    pub chunkshape: Vec<i32>,
    pub blockshape: Vec<i32>,
}

/// A compiled expression; freed when dropped.
pub struct Expression {
    raw: *mut me_expr,
}

impl Expression {
    /// Compiles for flat arrays; `None` if the text is refused.
    pub fn compile(text: &CStr, table: &[me_variable], output: u32) -> Option<Expression> {
        // SAFETY: text and table outlive the call, `error` and `out` are writable.
        finish(|error, out| unsafe {
            ffi::me_compile(text.as_ptr(), table.as_ptr(), table.len() as c_int, output, error, out)
        })
    }

    /// Compiles for the blocks of a chunked array; `None` if text or grid are refused.
    pub fn compile_nd(
        text: &CStr,
        table: &[me_variable],
        output: u32,
        grid: &Grid,
        jit_mode: c_int,
    ) -> Option<Expression> {
        // SAFETY: as in `compile`; the shapes have as many numbers as the array has axes.
        finish(|error, out| unsafe {
            ffi::me_compile_nd_jit(
                text.as_ptr(),
                table.as_ptr(),
                table.len() as c_int,
                output,
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

    /// Type code of the result.
    pub fn dtype(&self) -> u32 {
        // SAFETY: the handle is valid.
        unsafe { ffi::me_get_dtype(self.raw) }
    }

    /// Bytes of an item of the result.
    pub fn itemsize(&self) -> usize {
        // SAFETY: the handle is valid.
        unsafe { ffi::me_get_itemsize(self.raw) }
    }

    /// Evaluates `n` items into a buffer of `room` items; the code if the call fails.
    pub fn eval(
        &self,
        inputs: &[Buffer],
        n: usize,
        room: usize,
        params: me_eval_params,
    ) -> Result<Vec<u8>, c_int> {
        let pointers = pointers(inputs);
        let mut out = vec![0xA5; room * self.itemsize()];
        // SAFETY: each input has `n` items; `room` is what the expression writes.
        let status = unsafe {
            let (variables, count) = (pointers.as_ptr().cast_mut(), pointers.len() as c_int);
            ffi::me_eval(self.raw, variables, count, out.as_mut_ptr().cast(), n as c_int, &params)
        };
        if status == 0 { Ok(out) } else { Err(status) }
    }

    /// Evaluates a block that is said to have `n` items into a buffer of `room` items; the code if
    /// the call fails.
    pub fn eval_nd(
        &self,
        inputs: &[Buffer],
        n: c_int,
        room: usize,
        (nchunk, nblock): (i64, i64),
        params: me_eval_params,
    ) -> Result<Vec<u8>, c_int> {
        let pointers = pointers(inputs);
        let mut out = vec![0xA5; room * self.itemsize()];
        // SAFETY: inputs and output have the items that the call may read and write.
        let status = unsafe {
            let (variables, count) = (pointers.as_ptr().cast_mut(), pointers.len() as c_int);
            let target = out.as_mut_ptr().cast();
            ffi::me_eval_nd(self.raw, variables, count, target, n, nchunk, nblock, &params)
        };
        if status == 0 { Ok(out) } else { Err(status) }
    }

    /// Items of a block inside the array; the code if there is no such block.
    pub fn valid_nitems(&self, (nchunk, nblock): (i64, i64)) -> Result<i64, c_int> {
        let mut valid = -1;
        // SAFETY: the handle is valid and `valid` is writable.
        let status = unsafe { ffi::me_nd_valid_nitems(self.raw, nchunk, nblock, &mut valid) };
        if status == 0 { Ok(valid) } else { Err(status) }
    }

    /// Packs the strings of `n` items: their bounds and data. The call must succeed.
    pub fn eval_varlen(&self, inputs: &[Buffer], n: usize) -> (Vec<i64>, Vec<u8>) {
        let pointers = pointers(inputs);
        let mut offsets = vec![-1; n + 1];
        let mut used = 0;
        // SAFETY: each input has `n` items, the buffers have room for `n` results.
        let (status, mut data) = unsafe {
            let bound = ffi::me_varlen_data_bound(self.raw, n as c_int);
            let mut data = vec![0xA5; bound];
            let status = ffi::me_eval_varlen(
                self.raw,
                pointers.as_ptr().cast_mut(),
                pointers.len() as c_int,
                n as c_int,
                offsets.as_mut_ptr(),
                data.as_mut_ptr().cast(),
                bound,
                &mut used,
                ptr::null(),
            );
            (status, data)
        };
        assert_eq!(status, 0, "packing what evaluates");
        data.truncate(used);
        (offsets, data)
    }
}

/// Runs a compile call and checks what each promises: an expression exactly on success.
fn finish(call: impl FnOnce(*mut c_int, *mut *mut me_expr) -> c_int) -> Option<Expression> {
    let (mut error, mut raw) = (0, ptr::null_mut());
    let status = call(&mut error, &mut raw);
    assert_eq!(status == 0, !raw.is_null());
    (status == 0).then_some(Expression { raw })
}

fn pointers(columns: &[Buffer]) -> Vec<*const c_void> {
    columns.iter().map(|column| column.as_ptr().cast()).collect()
}

impl Drop for Expression {
    fn drop(&mut self) {
        // SAFETY: the handle came from a compile call and is freed once.
        unsafe { ffi::me_free(self.raw) }
    }
}
