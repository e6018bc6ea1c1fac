//! Evaluation over arrays against a model that gathers item by item: random shapes, strides, broadcasting, overlap
//! and threads, with every byte around the output compared too.

mod errors;
mod random;

use std::ffi::{CString, c_int, c_void};
use std::ptr;

use miniexpr::ffi::*;

/// The `me_dtype` codes used here, with the bytes of an item.
const FLOAT64: (u32, usize) = (11, 8);
const FLOAT32: (u32, usize) = (10, 4);
const INT64: (u32, usize) = (5, 8);
const INT32: (u32, usize) = (4, 4);
const BOOL: (u32, usize) = (1, 1);
const UINT8: (u32, usize) = (6, 1);
const COMPLEX128: (u32, usize) = (13, 16);
const STRING3: (u32, usize) = (14, 12);

/// A compiled expression, freed when dropped.
struct Compiled(*mut me_expr);

// SAFETY: expressions may be evaluated from any thread.
unsafe impl Sync for Compiled {}

impl Drop for Compiled {
    fn drop(&mut self) {
        // SAFETY: nobody uses the expression any more.
        unsafe { me_free(self.0) };
    }
}

/// Compiles `text` for variables of these names and types.
fn compile(text: &str, variables: &[(&str, (u32, usize))]) -> Compiled {
    let text = CString::new(text).unwrap();
    let names: Vec<CString> = variables.iter().map(|(name, _)| CString::new(*name).unwrap()).collect();
    let table: Vec<me_variable> = names
        .iter()
        .zip(variables)
        .map(|(name, (_, (dtype, itemsize)))| me_variable {
            name: name.as_ptr(),
            dtype: *dtype,
            address: ptr::null(),
            type_: 0,
            context: ptr::null_mut(),
            itemsize: *itemsize,
        })
        .collect();
    let mut expr = ptr::null_mut();
    let count = table.len() as c_int;
    // SAFETY: the table and the texts outlive the call.
    let code = unsafe {
        me_compile_with(
            text.as_ptr(),
            table.as_ptr(),
            count,
            ME_AUTO,
            ptr::null(),
            ptr::null_mut(),
            &raw mut expr,
        )
    };
    assert_eq!(code, 0, "{text:?}");
    Compiled(expr)
}

/// An array at an address, with strides in bytes.
#[derive(Clone, Debug)]
struct Array {
    data: *mut u8,
    ty: (u32, usize),
    shape: Vec<i64>,
    strides: Vec<i64>,
}

impl Array {
    fn raw(&self) -> me_array {
        me_array {
            data: self.data.cast(),
            dtype: self.ty.0,
            itemsize: self.ty.1,
            ndim: self.shape.len() as c_int,
            shape: self.shape.as_ptr(),
            strides: self.strides.as_ptr(),
        }
    }

    /// Where the item with these indices lies.
    fn item(&self, indices: &[i64]) -> *mut u8 {
        let offset: i64 = indices.iter().zip(&self.strides).map(|(index, stride)| index * stride).sum();
        self.data.wrapping_offset(offset as isize)
    }

    /// Where the item that is broadcast to these indices of a larger array lies.
    fn broadcast_item(&self, indices: &[i64]) -> *mut u8 {
        let own = &indices[indices.len() - self.shape.len()..];
        let own: Vec<i64> =
            own.iter().zip(&self.shape).map(|(index, n)| if *n == 1 { 0 } else { *index }).collect();
        self.item(&own)
    }
}

/// All indices of a shape, in C order.
fn indices(shape: &[i64]) -> Vec<Vec<i64>> {
    let mut all = vec![vec![]];
    for extent in shape {
        all = all
            .into_iter()
            .flat_map(|outer: Vec<i64>| (0..*extent).map(move |index| [&outer[..], &[index]].concat()))
            .collect();
    }
    all
}

/// Options of an evaluation by some threads.
fn params(n_threads: c_int) -> me_array_params {
    me_array_params {
        struct_size: size_of::<me_array_params>(),
        eval: me_eval_params::default(),
        n_threads,
        cancel: ptr::null(),
        progress: None,
        context: ptr::null_mut(),
    }
}

/// Evaluates, and gives the status.
fn evaluate(expr: &Compiled, inputs: &[Array], output: &Array, params: &me_array_params) -> c_int {
    let inputs: Vec<me_array> = inputs.iter().map(Array::raw).collect();
    let mut output = output.raw();
    // SAFETY: the arrays lie in buffers that the caller keeps.
    unsafe { me_eval_arrays(expr.0, inputs.as_ptr(), inputs.len() as c_int, &raw mut output, params) }
}

/// The shape of the result.
fn result_shape(expr: &Compiled, inputs: &[Array]) -> Result<Vec<i64>, c_int> {
    let inputs: Vec<me_array> = inputs.iter().map(Array::raw).collect();
    let (mut ndim, mut shape) = (0, [0; 32]);
    // SAFETY: the shapes outlive the call.
    let code = unsafe {
        me_result_shape(expr.0, inputs.as_ptr(), inputs.len() as c_int, &raw mut ndim, shape.as_mut_ptr())
    };
    if code == 0 { Ok(shape[..ndim as usize].to_vec()) } else { Err(code) }
}

/// Evaluates dense blocks of `items` items by the older call.
fn evaluate_blocks(expr: &Compiled, inputs: &[Vec<u8>], output: &mut [u8], items: usize) {
    let mut pointers: Vec<*const c_void> = inputs.iter().map(|input| input.as_ptr().cast()).collect();
    let (count, output) = (pointers.len() as c_int, output.as_mut_ptr().cast());
    // SAFETY: the blocks have the sizes of the caller.
    let code = unsafe { me_eval(expr.0, pointers.as_mut_ptr(), count, output, items as c_int, ptr::null()) };
    assert_eq!(code, 0);
}
