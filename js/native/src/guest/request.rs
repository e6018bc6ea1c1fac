//! What guests ask for, as the structs of the C header.

use std::ffi::{c_char, c_int};
use std::ptr;

use miniexpr::{Dtype, ffi};
use napi::bindgen_prelude::BigInt;
use napi::{Error, Result, Status};
use napi_derive::napi;

use crate::memory::Memory;

/// Refuses what the bridge never gives.
pub fn refused(message: &str) -> Error {
    Error::new(Status::InvalidArg, message.to_owned())
}

/// An array of fewer bytes than a call reads or writes.
pub fn too_small(what: &str) -> Error {
    refused(&format!("{what} is smaller than the call says"))
}

/// The address of a text, which ends with NUL; NULL for none.
pub fn text(text: Option<Memory>) -> Result<*const c_char> {
    let Some(text) = text else { return Ok(ptr::null()) };
    // SAFETY: no JavaScript runs, and nobody writes there.
    match unsafe { text.bytes() } {
        bytes @ [.., 0] => Ok(bytes.as_ptr().cast()),
        _ => Err(refused("a text has no NUL at its end")),
    }
}

/// Copies of numbers that may lie at any address.
fn numbers<const BYTES: usize, T>(array: Memory, from: fn([u8; BYTES]) -> T) -> Vec<T> {
    // SAFETY: no JavaScript runs, and nobody writes there.
    unsafe { array.bytes() }.as_chunks().0.iter().copied().map(from).collect()
}

/// An entry of the table of variables.
#[napi(object, object_to_js = false, use_nullable = true)]
pub struct GuestVariable {
    /// Its name, with NUL.
    pub name: Option<Memory>,
    /// Its `me_dtype`, or any other number.
    pub dtype: i32,
    /// Bytes of an item, if it is of strings.
    pub itemsize: u32,
}

impl GuestVariable {
    /// The entry for C.
    pub fn entry(&self) -> Result<ffi::me_variable> {
        Ok(ffi::me_variable {
            name: text(self.name)?,
            dtype: self.dtype as u32,
            address: ptr::null(),
            type_: 0,
            context: ptr::null_mut(),
            itemsize: self.itemsize as usize,
        })
    }
}

/// Bytes of an item; 0 for what is no dtype, which every call refuses.
pub fn item_bytes(dtype: u32, itemsize: usize) -> usize {
    match Dtype::from_code(dtype) {
        Some(Dtype::String | Dtype::Bytes) => itemsize,
        Some(dtype) => dtype.size(),
        None => 0,
    }
}

/// Fields of `me_compile_params`; what is absent has its default.
#[napi(object)]
pub struct GuestCompileParams {
    /// The language.
    pub dialect: Option<u32>,
    /// Whether to make native kernels.
    #[napi(js_name = "jit_mode")]
    pub jit_mode: Option<u32>,
    /// Kernels are refused.
    #[napi(js_name = "expressions_only")]
    pub expressions_only: Option<bool>,
    /// Pragmas are comments.
    #[napi(js_name = "ignore_pragmas")]
    pub ignore_pragmas: Option<bool>,
    /// Kernels that print are refused.
    #[napi(js_name = "no_print")]
    pub no_print: Option<bool>,
    /// No kernels from files.
    #[napi(js_name = "no_disk_cache")]
    pub no_disk_cache: Option<bool>,
    /// Brackets and blocks inside one another.
    #[napi(js_name = "max_nesting")]
    pub max_nesting: Option<i32>,
    /// Bytes of the text.
    #[napi(js_name = "max_text_bytes")]
    pub max_text_bytes: Option<BigInt>,
    /// Nodes of the compiled text.
    #[napi(js_name = "max_nodes")]
    pub max_nodes: Option<BigInt>,
    /// Bytes of strings and numbers in the text.
    #[napi(js_name = "max_constant_bytes")]
    pub max_constant_bytes: Option<BigInt>,
    /// Passes of loops that an item may take in all.
    #[napi(js_name = "max_passes")]
    pub max_passes: Option<BigInt>,
}

/// A number of 64 bits, 0 if it is absent.
fn long(number: &Option<BigInt>) -> i64 {
    number.as_ref().map_or(0, |number| number.get_i64().0)
}

impl GuestCompileParams {
    /// The struct for C.
    pub fn fields(&self) -> ffi::me_compile_params {
        let flag = |flag: Option<bool>| flag.unwrap_or(false).into();
        ffi::me_compile_params {
            dialect: self.dialect.unwrap_or(0),
            jit_mode: self.jit_mode.unwrap_or(0),
            expressions_only: flag(self.expressions_only),
            ignore_pragmas: flag(self.ignore_pragmas),
            no_print: flag(self.no_print),
            no_disk_cache: flag(self.no_disk_cache),
            max_nesting: self.max_nesting.unwrap_or(0),
            max_text_bytes: long(&self.max_text_bytes),
            max_nodes: long(&self.max_nodes),
            max_constant_bytes: long(&self.max_constant_bytes),
            max_passes: long(&self.max_passes),
            ..ffi::me_compile_params::default()
        }
    }
}

impl From<ffi::me_compile_params> for GuestCompileParams {
    fn from(params: ffi::me_compile_params) -> GuestCompileParams {
        GuestCompileParams {
            dialect: Some(params.dialect),
            jit_mode: Some(params.jit_mode),
            expressions_only: Some(params.expressions_only != 0),
            ignore_pragmas: Some(params.ignore_pragmas != 0),
            no_print: Some(params.no_print != 0),
            no_disk_cache: Some(params.no_disk_cache != 0),
            max_nesting: Some(params.max_nesting),
            max_text_bytes: Some(params.max_text_bytes.into()),
            max_nodes: Some(params.max_nodes.into()),
            max_constant_bytes: Some(params.max_constant_bytes.into()),
            max_passes: Some(params.max_passes.into()),
        }
    }
}

/// How an array is cut into chunks and blocks.
#[napi(object, object_to_js = false, use_nullable = true)]
pub struct GuestGrid {
    /// Dimensions.
    pub ndims: i32,
    /// Extents of the array.
    pub shape: Option<Memory>,
    /// Extents of a chunk.
    pub chunkshape: Option<Memory>,
    /// Extents of a block.
    pub blockshape: Option<Memory>,
}

/// The numbers of a grid; C gets NULL for what is not there.
pub struct Grid {
    pub ndims: c_int,
    pub shape: Numbers<i64>,
    pub chunkshape: Numbers<i32>,
    pub blockshape: Numbers<i32>,
}

/// Numbers for C, NULL if there are none.
pub struct Numbers<T>(Option<Vec<T>>);

impl<T> Numbers<T> {
    /// The address for C.
    pub fn as_ptr(&self) -> *const T {
        self.0.as_ref().map_or(ptr::null(), Vec::as_ptr)
    }

    /// Whether there are fewer than so many.
    fn are_fewer(&self, count: usize) -> bool {
        self.0.as_ref().is_some_and(|numbers| numbers.len() < count)
    }
}

impl GuestGrid {
    /// Reads the numbers.
    pub fn read(&self) -> Result<Grid> {
        let words = |array: Option<Memory>| Numbers(array.map(|array| numbers(array, i32::from_ne_bytes)));
        let shape = Numbers(self.shape.map(|array| numbers(array, i64::from_ne_bytes)));
        let (chunkshape, blockshape) = (words(self.chunkshape), words(self.blockshape));
        let ndims = usize::try_from(self.ndims).unwrap_or(0);
        if shape.are_fewer(ndims) || chunkshape.are_fewer(ndims) || blockshape.are_fewer(ndims) {
            return Err(too_small("a shape"));
        }
        Ok(Grid { ndims: self.ndims, shape, chunkshape, blockshape })
    }
}

impl Grid {
    /// Items of a block.
    pub fn block_items(&self) -> usize {
        let extents = self.blockshape.0.iter().flatten().take(usize::try_from(self.ndims).unwrap_or(0));
        extents.fold(1, |items: usize, extent| items.saturating_mul(usize::try_from(*extent).unwrap_or(0)))
    }
}

/// Fields of `me_eval_params`.
#[napi(object, object_to_js = false, use_nullable = true)]
pub struct GuestEvalParams {
    /// One item at a time.
    #[napi(js_name = "disable_simd")]
    pub disable_simd: bool,
    /// Accuracy of functions.
    #[napi(js_name = "simd_ulp_mode")]
    pub simd_ulp_mode: i32,
    /// Whether native kernels are used.
    #[napi(js_name = "jit_mode")]
    pub jit_mode: i32,
}

impl GuestEvalParams {
    /// The struct for C.
    pub fn fields(&self) -> ffi::me_eval_params {
        ffi::me_eval_params {
            disable_simd: self.disable_simd.into(),
            simd_ulp_mode: self.simd_ulp_mode as u32,
            jit_mode: self.jit_mode as u32,
        }
    }
}

/// Fields of `me_budget`.
#[napi(object, object_to_js = false, use_nullable = true)]
pub struct GuestBudget {
    /// Nanoseconds; 0 for no limit.
    #[napi(js_name = "timeout_ns")]
    pub timeout_ns: BigInt,
    /// Passes of loops; 0 for no limit.
    #[napi(js_name = "max_passes")]
    pub max_passes: BigInt,
}

impl GuestBudget {
    /// The struct for C.
    pub fn fields(&self) -> ffi::me_budget {
        ffi::me_budget {
            struct_size: size_of::<ffi::me_budget>(),
            cancel: ptr::null(),
            timeout_ns: self.timeout_ns.get_i64().0,
            max_passes: self.max_passes.get_i64().0,
        }
    }
}

/// An array of any shape.
#[napi(object, object_to_js = false, use_nullable = true)]
pub struct GuestArray {
    /// Its `me_dtype`, or any other number.
    pub dtype: i32,
    /// Bytes of an item, if it is of strings.
    pub itemsize: u32,
    /// Extents.
    pub shape: Memory,
    /// Bytes from one item to the next; null for items side by side.
    pub strides: Option<Memory>,
    /// The bytes from the first item to the last; null for none.
    pub bytes: Option<Memory>,
    /// Where the bytes of item zero begin.
    pub offset: f64,
}

/// The numbers of an array for C.
pub struct Array {
    shape: Vec<i64>,
    strides: Numbers<i64>,
    data: *mut u8,
    dtype: u32,
    itemsize: usize,
}

impl GuestArray {
    /// Reads the numbers; refuses an array that goes beyond its bytes.
    pub fn read(&self) -> Result<Array> {
        let shape = numbers(self.shape, i64::from_ne_bytes);
        let strides = Numbers(self.strides.map(|strides| numbers(strides, i64::from_ne_bytes)));
        if strides.are_fewer(shape.len()) {
            return Err(too_small("an array of strides"));
        }
        let (dtype, itemsize) = (self.dtype as u32, self.itemsize as usize);
        let mut array = Array { shape, strides, data: ptr::null_mut(), dtype, itemsize };
        let is_empty = array.shape.iter().any(|extent| *extent <= 0);
        if let Some(bytes) = self.bytes.filter(|_| !is_empty) {
            array.data = bytes.address_of(self.offset, array.reach()).ok_or_else(|| too_small("an array"))?;
        }
        Ok(array)
    }
}

impl Array {
    /// How far the items go from item zero, in bytes. There is at least one; none of the sums overflows.
    fn reach(&self) -> (i128, i128) {
        let item = item_bytes(self.dtype, self.itemsize) as i128;
        let mut dense = item;
        let (mut low, mut high) = (0_i128, item);
        for (axis, extent) in self.shape.iter().enumerate().rev() {
            let extent = i128::from(*extent);
            let stride = self.strides.0.as_ref().map_or(dense, |strides| i128::from(strides[axis]));
            dense = dense.saturating_mul(extent);
            let end = (extent - 1).saturating_mul(stride);
            low = low.saturating_add(end.min(0));
            high = high.saturating_add(end.max(0));
        }
        (low, high)
    }

    /// The struct for C, which is valid as long as this is.
    pub fn fields(&self) -> ffi::me_array {
        ffi::me_array {
            data: self.data.cast(),
            dtype: self.dtype,
            itemsize: self.itemsize,
            ndim: self.shape.len() as c_int,
            shape: self.shape.as_ptr(),
            strides: self.strides.as_ptr(),
        }
    }
}
