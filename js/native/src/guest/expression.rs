//! Expressions of guests, and their evaluation.

use std::ffi::{c_char, c_int, c_void};
use std::ptr;

use miniexpr::ffi;
use napi::Result;
use napi::bindgen_prelude::{BigInt, BigInt64Array};
use napi_derive::napi;

use super::outcome::{GuestError, GuestOutcome, last_error};
use super::request::{Array, GuestArray, GuestBudget, GuestEvalParams, item_bytes, refused, too_small};
use crate::memory::Memory;

/// Extents that a shape has at most.
const MOST_DIMENSIONS: usize = 32;

/// An expression of a guest, until [`GuestExpression::free`] or the garbage collector.
#[napi]
pub struct GuestExpression {
    /// NULL after `free`.
    expression: *mut ffi::me_expr,
    inputs: Vec<u32>,
    /// Bytes of an item of each input.
    item_bytes: Vec<usize>,
    /// Items of a block, for arrays in chunks.
    block: Option<usize>,
}

/// What a text was compiled with.
pub struct Parameters<'a> {
    pub table: &'a [ffi::me_variable],
    /// The dtype that was asked for.
    pub dtype: u32,
    pub block: Option<usize>,
}

/// Which block is evaluated.
#[napi(object, object_to_js = false, use_nullable = true)]
pub struct GuestBlock {
    /// Number of the chunk.
    pub chunk: BigInt,
    /// Number of the block in it.
    pub block: BigInt,
}

/// Buffers of items, and how they are evaluated.
#[napi(object, object_to_js = false, use_nullable = true)]
pub struct GuestEvaluation {
    /// Buffers; null where the guest passed NULL.
    pub inputs: Option<Vec<Option<Memory>>>,
    /// Where results go.
    pub output: Option<Memory>,
    /// Items of each buffer.
    pub items: i32,
    /// For arrays in chunks.
    pub block: Option<GuestBlock>,
    /// Options; null for the defaults.
    pub params: Option<GuestEvalParams>,
    /// What the evaluation may take; null for no limit.
    pub budget: Option<GuestBudget>,
}

/// Buffers of items whose results are strings of their own lengths.
#[napi(object, object_to_js = false, use_nullable = true)]
pub struct GuestVarlen {
    /// Buffers; null where the guest passed NULL.
    pub inputs: Option<Vec<Option<Memory>>>,
    /// Where the offsets go.
    pub offsets: Option<Memory>,
    /// Where the bytes of the strings go.
    pub data: Option<Memory>,
    /// Bytes for them.
    pub capacity: u32,
    /// Items of each buffer.
    pub items: i32,
    /// Options; null for the defaults.
    pub params: Option<GuestEvalParams>,
    /// What the evaluation may take; null for no limit.
    pub budget: Option<GuestBudget>,
}

/// How an evaluation over arrays is done.
#[napi(object, object_to_js = false, use_nullable = true)]
pub struct GuestArrayOptions {
    /// Options; null for the defaults.
    pub params: Option<GuestEvalParams>,
    /// As `n_threads`.
    pub threads: i32,
    /// What the evaluation may take; null for no limit.
    pub budget: Option<GuestBudget>,
}

/// How an evaluation of strings ended.
#[napi(object, object_from_js = false, use_nullable = true)]
pub struct GuestVarlenOutcome {
    /// The `me_eval_status`.
    pub status: i32,
    /// Why it is none of success.
    pub error: Option<GuestError>,
    /// Bytes of the strings.
    pub used: f64,
}

/// The shape of a result.
#[napi(object, object_from_js = false, use_nullable = true)]
pub struct GuestShape {
    /// The `me_eval_status`.
    pub status: i32,
    /// Why it is none of success.
    pub error: Option<GuestError>,
    /// Its extents.
    pub shape: BigInt64Array,
}

/// Items of a block.
#[napi(object, object_from_js = false)]
pub struct GuestItems {
    /// The `me_eval_status`.
    pub status: i32,
    /// Those that are no padding.
    pub items: BigInt,
}

impl GuestExpression {
    /// # Safety
    /// The expression comes from a compile call, with these parameters, and nobody else has it.
    pub unsafe fn new(expression: *mut ffi::me_expr, parameters: Parameters<'_>) -> GuestExpression {
        let Parameters { table, dtype, block } = parameters;
        // SAFETY: the expression is alive.
        let inputs: Vec<u32> = unsafe {
            let variables = 0..ffi::me_expr_variable_count(expression);
            variables.map(|variable| ffi::me_expr_variable(expression, variable) as u32).collect()
        };
        let bytes_of = |variable: &ffi::me_variable| {
            item_bytes(if variable.dtype == ffi::ME_AUTO { dtype } else { variable.dtype }, variable.itemsize)
        };
        let item_bytes = inputs.iter().map(|input| table.get(*input as usize).map_or(0, bytes_of)).collect();
        GuestExpression { expression, inputs, item_bytes, block }
    }

    /// Addresses of inputs of so many items, which share no byte with `outputs`; none if the guest passed NULL for all.
    fn pointers(
        &self,
        inputs: Option<Vec<Option<Memory>>>,
        items: usize,
        outputs: &[Option<Memory>],
    ) -> Result<Option<Vec<*const c_void>>> {
        let pointer = |(index, input): (usize, Option<Memory>)| {
            let Some(input) = input else { return Ok(ptr::null()) };
            let needed = self.item_bytes.get(index).map_or(0, |bytes| bytes.saturating_mul(items));
            if outputs.iter().flatten().any(|output| input.overlaps(*output)) {
                return Err(refused("an input shares bytes with the output"));
            }
            input
                .address(needed)
                .map(|address| address.cast_const().cast())
                .ok_or_else(|| too_small("an input"))
        };
        inputs.map(|inputs| inputs.into_iter().enumerate().map(pointer).collect()).transpose()
    }

    /// Items of buffers that an evaluation of a block looks at: those of the block, padding included.
    fn room(&self, items: i32) -> usize {
        usize::try_from(items).unwrap_or(0).min(self.block.unwrap_or(usize::MAX))
    }
}

/// A pointer to options; NULL for the defaults.
fn pointer_to<T>(options: &Option<T>) -> *const T {
    options.as_ref().map_or(ptr::null(), ptr::from_ref)
}

/// The addresses of inputs for C; NULL for none.
fn addresses(pointers: &mut Option<Vec<*const c_void>>) -> *mut *const c_void {
    pointers.as_mut().map_or(ptr::null_mut(), Vec::as_mut_ptr)
}

/// The address of an output of so many bytes; NULL for none.
fn output(memory: Option<Memory>, bytes: usize, what: &str) -> Result<*mut c_void> {
    let Some(memory) = memory else { return Ok(ptr::null_mut()) };
    memory.address(bytes).map(<*mut u8>::cast).ok_or_else(|| too_small(what))
}

// In all calls below, expressions are NULL, which each function answers, or alive, and buffers have been measured.
#[napi]
impl GuestExpression {
    /// The `me_dtype` of the result.
    #[napi(getter)]
    pub fn dtype(&self) -> u32 {
        // SAFETY: see above.
        unsafe { ffi::me_get_dtype(self.expression) }
    }

    /// Bytes of a result.
    #[napi(getter)]
    pub fn itemsize(&self) -> u32 {
        // SAFETY: see above.
        unsafe { ffi::me_get_itemsize(self.expression) as u32 }
    }

    /// Whether there is one result for any number of items.
    #[napi(getter)]
    pub fn is_scalar(&self) -> bool {
        // SAFETY: see above.
        unsafe { ffi::me_expr_is_scalar(self.expression) }
    }

    /// Whether it has machine code.
    #[napi(getter)]
    pub fn has_kernel(&self) -> bool {
        // SAFETY: see above.
        unsafe { ffi::me_expr_has_jit_kernel(self.expression) }
    }

    /// For each array that evaluations take, the position of its variable in the table.
    #[napi(getter)]
    pub fn inputs(&self) -> Vec<u32> {
        self.inputs.clone()
    }

    /// Evaluates buffers of items.
    #[napi(catch_unwind)]
    pub fn evaluate(&self, evaluation: GuestEvaluation) -> Result<GuestOutcome> {
        let GuestEvaluation { inputs, output: target, items, block, params, budget } = evaluation;
        let room = if block.is_some() { self.room(items) } else { usize::try_from(items).unwrap_or(0) };
        let results = if self.is_scalar() { 1 } else { room };
        let bytes = results.saturating_mul(self.itemsize() as usize);
        let mut pointers = self.pointers(inputs, room, &[target])?;
        let target = output(target, bytes, "the output")?;
        let (params, budget) = (params.map(|params| params.fields()), budget.map(|budget| budget.fields()));
        let (params, budget) = (pointer_to(&params), pointer_to(&budget));
        let count = pointers.as_ref().map_or(self.inputs.len(), Vec::len) as c_int;
        let inputs = addresses(&mut pointers);
        // SAFETY: see above.
        let status = unsafe {
            match block {
                None => ffi::me_eval_with(self.expression, inputs, count, target, items, params, budget),
                Some(GuestBlock { chunk, block }) => {
                    let (chunk, block) = (chunk.get_i64().0, block.get_i64().0);
                    let expression = self.expression;
                    ffi::me_eval_nd_with(
                        expression, inputs, count, target, items, chunk, block, params, budget,
                    )
                }
            }
        };
        Ok(status.into())
    }

    /// Evaluates buffers of items whose results are strings.
    #[napi(catch_unwind)]
    pub fn evaluate_varlen(&self, evaluation: GuestVarlen) -> Result<GuestVarlenOutcome> {
        let GuestVarlen { inputs, offsets, data, capacity, items, params, budget } = evaluation;
        let results = usize::try_from(items).unwrap_or(0);
        let mut pointers = self.pointers(inputs, results, &[offsets, data])?;
        let offsets: *mut i64 =
            output(offsets, (results + 1).saturating_mul(8), "the array of offsets")?.cast();
        if !offsets.is_aligned() {
            return Err(refused("the offsets are not aligned"));
        }
        let data = output(data, capacity as usize, "the output")?;
        let count = pointers.as_ref().map_or(self.inputs.len(), Vec::len) as c_int;
        let (params, budget) = (params.map(|params| params.fields()), budget.map(|budget| budget.fields()));
        let mut used = 0;
        // SAFETY: see above.
        let status = unsafe {
            ffi::me_eval_varlen_with(
                self.expression,
                addresses(&mut pointers),
                count,
                items,
                offsets,
                data,
                capacity as usize,
                &mut used,
                pointer_to(&params),
                pointer_to(&budget),
            )
        };
        Ok(GuestVarlenOutcome { status, error: last_error(status), used: used as f64 })
    }

    /// Items of a block that are no padding.
    #[napi(catch_unwind)]
    pub fn valid_items(&self, chunk: BigInt, block: BigInt) -> GuestItems {
        let mut items = 0;
        let (chunk, block) = (chunk.get_i64().0, block.get_i64().0);
        // SAFETY: see above.
        let status = unsafe { ffi::me_nd_valid_nitems(self.expression, chunk, block, &mut items) };
        GuestItems { status, items: items.into() }
    }

    /// Bytes that the strings of so many items take at most.
    #[napi(catch_unwind)]
    pub fn varlen_data_bound(&self, items: i32) -> f64 {
        // SAFETY: see above.
        unsafe { ffi::me_varlen_data_bound(self.expression, items) as f64 }
    }

    /// The shape of the result for arrays of these shapes.
    #[napi(catch_unwind)]
    pub fn result_shape(&self, inputs: Vec<GuestArray>) -> Result<GuestShape> {
        let arrays = inputs.iter().map(GuestArray::read).collect::<Result<Vec<_>>>()?;
        let fields: Vec<ffi::me_array> = arrays.iter().map(Array::fields).collect();
        let (mut ndim, mut shape) = (0, [0; MOST_DIMENSIONS]);
        let (inputs, count) = (fields.as_ptr(), fields.len() as c_int);
        // SAFETY: see above.
        let status =
            unsafe { ffi::me_result_shape(self.expression, inputs, count, &mut ndim, shape.as_mut_ptr()) };
        let extents = shape.get(..ndim as usize).unwrap_or_default().to_vec();
        Ok(GuestShape { status, error: last_error(status), shape: extents.into() })
    }

    /// Evaluates arrays of any shape; the output may overlap inputs.
    #[napi(catch_unwind)]
    pub fn evaluate_arrays(
        &self,
        inputs: Vec<GuestArray>,
        output: GuestArray,
        options: GuestArrayOptions,
    ) -> Result<GuestOutcome> {
        let arrays = inputs.iter().map(GuestArray::read).collect::<Result<Vec<_>>>()?;
        let fields: Vec<ffi::me_array> = arrays.iter().map(Array::fields).collect();
        let target = output.read()?;
        let budget = options.budget.map(|budget| budget.fields());
        let params = ffi::me_array_params {
            eval: options.params.map_or_else(Default::default, |params| params.fields()),
            n_threads: options.threads,
            timeout_ns: budget.map_or(0, |budget| budget.timeout_ns),
            max_passes: budget.map_or(0, |budget| budget.max_passes),
            ..ffi::me_array_params::default()
        };
        let (inputs, count) = (fields.as_ptr(), fields.len() as c_int);
        // SAFETY: see above.
        let status =
            unsafe { ffi::me_eval_arrays(self.expression, inputs, count, &mut target.fields(), &params) };
        Ok(status.into())
    }

    /// What the library makes of it, a `me_dump_kind`.
    #[napi(catch_unwind)]
    pub fn dump(&self, what: u32) -> String {
        // SAFETY: see above.
        let bytes = unsafe { ffi::me_dump(self.expression, what, ptr::null_mut(), 0) };
        let mut text = vec![0; bytes + 1];
        // SAFETY: see above.
        unsafe { ffi::me_dump(self.expression, what, text.as_mut_ptr().cast::<c_char>(), text.len()) };
        text.truncate(bytes);
        String::from_utf8_lossy(&text).into_owned()
    }

    /// Gives the memory back.
    #[napi]
    pub fn free(&mut self) {
        // SAFETY: see above; nobody has the expression any more.
        unsafe { ffi::me_free(std::mem::replace(&mut self.expression, ptr::null_mut())) };
    }
}

impl Drop for GuestExpression {
    fn drop(&mut self) {
        self.free();
    }
}
