//! Codes and messages for bad arguments of the calls for chunked arrays.

use std::ffi::{CString, c_int, c_void};
use std::ptr;

use crate::testkit::client::{
    AUTO, Expression, Grid, Variable, compile, compile_nd, compile_status, eval_status, last_message,
};
use miniexpr::Dtype;
use miniexpr::ffi::{self, me_expr};

fn grid_of(shape: &[i64], chunkshape: &[i32], blockshape: &[i32]) -> Grid {
    Grid { shape: shape.to_vec(), chunkshape: chunkshape.to_vec(), blockshape: blockshape.to_vec() }
}

fn identity(grid: &Grid) -> Expression {
    compile_nd("x", &[Variable::new("x", Dtype::Float64)], AUTO, grid, 0).expect("a valid geometry")
}

/// Raw compile of the constant 1 for a grid of `ndims` axes; status, `*error`, and whether `*out` is NULL.
fn raw_compile(
    text: bool,
    ndims: c_int,
    shape: Option<&[i64]>,
    chunkshape: Option<&[i32]>,
    blockshape: Option<&[i32]>,
) -> (c_int, c_int, bool) {
    let one = CString::new("1").expect("no NUL");
    let mut error = 77;
    let mut out = ptr::dangling_mut::<me_expr>();
    // SAFETY: pointers are NULL or valid for `ndims` numbers.
    let status = unsafe {
        ffi::me_compile_nd(
            if text { one.as_ptr() } else { ptr::null() },
            ptr::null(),
            0,
            AUTO,
            ndims,
            shape.map_or(ptr::null(), <[i64]>::as_ptr),
            chunkshape.map_or(ptr::null(), <[i32]>::as_ptr),
            blockshape.map_or(ptr::null(), <[i32]>::as_ptr),
            &mut error,
            &mut out,
        )
    };
    (status, error, out.is_null())
}

#[test]
fn missing_shapes_are_refused_first() {
    let refused = (compile_status::INVALID_ARG, -1, true);
    let (shape, extents) = (&[4i64][..], &[2i32][..]);
    let calls = [
        raw_compile(false, 1, Some(shape), Some(extents), Some(extents)),
        raw_compile(true, 1, None, Some(extents), Some(extents)),
        raw_compile(true, 1, Some(shape), None, Some(extents)),
        raw_compile(true, 1, Some(shape), Some(extents), None),
    ];
    assert_eq!(calls, [refused; 4]);
    let message = "invalid nd compile arguments: expression, shapes and output pointer are required";
    assert_eq!(last_message().as_deref(), Some(message));
    for ndims in [0, -1] {
        assert_eq!(raw_compile(true, ndims, Some(shape), Some(extents), Some(extents)), refused);
        assert_eq!(last_message(), Some(format!("ndims is {ndims}, not at least 1")));
    }
}

#[test]
fn the_first_bad_extent_is_named() {
    let call = |chunkshape: &[i32], blockshape: &[i32]| {
        let status = raw_compile(true, 3, Some(&[9; 3]), Some(chunkshape), Some(blockshape));
        assert_eq!(status, (compile_status::INVALID_ARG, -1, true));
        last_message().expect("a message")
    };
    let text = |dim| format!("invalid nd shape metadata at dim {dim}: chunkshape and blockshape must be > 0");
    assert_eq!(call(&[1, 0, 1], &[1, 1, 1]), text(1));
    assert_eq!(call(&[1, 1, 1], &[1, 1, -5]), text(2));
    assert_eq!(call(&[0, 0, 1], &[1, 1, 1]), text(0));
}

#[test]
fn a_negative_shape_is_refused() {
    for (shape, dim) in [(&[-1i64, 4][..], 0), (&[4, -1], 1), (&[i64::MIN, 0], 0), (&[0, -9], 1)] {
        let status = raw_compile(true, 2, Some(shape), Some(&[2, 2]), Some(&[1, 1]));
        assert_eq!(status, (compile_status::INVALID_ARG, -1, true), "{shape:?}");
        let message = format!("invalid nd shape metadata at dim {dim}: shape must be >= 0");
        assert_eq!(last_message(), Some(message));
    }
}

#[test]
fn the_geometry_is_checked_before_the_text() {
    let bad = grid_of(&[4], &[0], &[1]);
    let failure = compile_nd("1 +", &[], AUTO, &bad, 0).err().expect("a failure");
    assert_eq!(failure.status, compile_status::INVALID_ARG);
    let good = grid_of(&[4], &[2], &[1]);
    let failure = compile_nd("1 +", &[], AUTO, &good, 0).err().expect("a failure");
    assert_eq!(failure.status, compile_status::PARSE);
}

#[test]
fn an_unusable_geometry_compiles_but_has_no_blocks() {
    let unusable = [
        grid_of(&[0], &[2], &[1]),
        grid_of(&[4, 0], &[2, 2], &[1, 1]),
        grid_of(&[1; 65], &[1; 65], &[1; 65]),
        grid_of(&[i64::MAX; 2], &[1; 2], &[1; 2]),
        grid_of(&[1; 3], &[1; 3], &[i32::MAX; 3]),
    ];
    for grid in unusable {
        let expression = identity(&grid);
        assert_eq!(expression.valid_nitems(0, 0), Err(eval_status::INVALID_ARG), "{grid:?}");
        assert_eq!(expression.eval_nd(&[&[0; 8]], 1, 0, 0), Err(eval_status::INVALID_ARG), "{grid:?}");
    }
    let most = identity(&grid_of(&[1; 64], &[1; 64], &[1; 64]));
    assert_eq!(most.eval_nd(&[&2.5f64.to_le_bytes()], 1, 0, 0), Ok(2.5f64.to_le_bytes().to_vec()));
}

#[test]
fn more_items_than_an_int_can_be_counted_but_not_evaluated() {
    let expression = identity(&grid_of(&[1 << 40; 2], &[i32::MAX; 2], &[1 << 20; 2]));
    assert_eq!(expression.valid_nitems(0, 0), Ok(1 << 40));
    assert_eq!(expression.eval_nd(&[&[0; 8]], 1, 0, 0), Err(eval_status::INVALID_ARG));
}

#[test]
fn block_numbers_outside_the_grid_are_refused() {
    let expression = identity(&grid_of(&[5], &[4], &[2]));
    for (nchunk, nblock) in [(-1, 0), (0, -1), (2, 0), (0, 2), (i64::MIN, 0), (0, i64::MAX)] {
        assert_eq!(expression.valid_nitems(nchunk, nblock), Err(eval_status::INVALID_ARG));
        assert_eq!(expression.eval_nd(&[&[0; 16]], 2, nchunk, nblock), Err(eval_status::INVALID_ARG));
    }
}

#[test]
fn the_output_must_hold_the_padded_block() {
    let grid = grid_of(&[3, 4, 5], &[2, 3, 4], &[2, 2, 2]);
    let input = [0; 64];
    for text in ["x", "sum(x)"] {
        let expression = compile_nd(text, &[Variable::new("x", Dtype::Float64)], AUTO, &grid, 0).unwrap();
        for (nchunk, nblock) in [(0, 0), (5, 0), (1, 1)] {
            assert_eq!(expression.eval_nd(&[&input], 4, nchunk, nblock), Err(eval_status::INVALID_ARG));
            assert!(expression.eval_nd(&[&input], 8, nchunk, nblock).is_ok());
            assert!(expression.eval_nd(&[&[0; 80]], 10, nchunk, nblock).is_ok());
        }
    }
}

#[test]
fn the_number_of_inputs_is_checked_where_they_are_read() {
    let expression = identity(&grid_of(&[5], &[4], &[2]));
    let input: &[u8] = &[0; 16];
    for inputs in [&[][..], &[input, input]] {
        assert_eq!(expression.eval_nd(inputs, 2, 0, 0), Err(eval_status::VAR_MISMATCH));
        assert_eq!(expression.eval_nd(inputs, 2, 1, 0), Err(eval_status::VAR_MISMATCH));
        assert_eq!(expression.eval_nd(inputs, 2, 1, 1), Ok(vec![0; 16]), "a block of padding reads nothing");
    }
}

/// Raw evaluation of block 0 of chunk 0, for arguments that are not slices.
fn raw_eval(expr: *const me_expr, inputs: *const *const c_void, out: *mut c_void, items: c_int) -> c_int {
    // SAFETY: `out` is NULL or holds 16 bytes, and `inputs` is NULL or one pointer to 16 bytes.
    unsafe { ffi::me_eval_nd(expr, inputs.cast_mut(), 1, out, items, 0, 0, ptr::null()) }
}

#[test]
fn null_arguments_are_refused() {
    let expression = identity(&grid_of(&[4], &[4], &[2]));
    let input = [0u8; 16];
    let inputs = [input.as_ptr().cast::<c_void>()];
    let mut out = [0u8; 16];
    let out = out.as_mut_ptr().cast::<c_void>();
    let expr = expression.raw();
    assert_eq!(raw_eval(expr, inputs.as_ptr(), out, 2), 0);
    assert_eq!(raw_eval(ptr::null(), inputs.as_ptr(), out, 2), eval_status::NULL_EXPR);
    assert_eq!(raw_eval(expr, inputs.as_ptr(), ptr::null_mut(), 2), eval_status::INVALID_ARG);
    assert_eq!(raw_eval(expr, ptr::null(), out, 2), eval_status::INVALID_ARG);
    assert_eq!(raw_eval(expr, [ptr::null()].as_ptr(), out, 2), eval_status::INVALID_ARG);
    assert_eq!(raw_eval(expr, inputs.as_ptr(), out, 0), eval_status::INVALID_ARG);
    assert_eq!(raw_eval(expr, inputs.as_ptr(), out, -1), eval_status::INVALID_ARG);
    let mut valid = 77;
    // SAFETY: NULL is an argument that the call must refuse; `valid` is writable.
    unsafe {
        assert_eq!(ffi::me_nd_valid_nitems(ptr::null(), 0, 0, &mut valid), eval_status::INVALID_ARG);
        assert_eq!(ffi::me_nd_valid_nitems(expr, 0, 0, ptr::null_mut()), eval_status::INVALID_ARG);
        assert_eq!(ffi::me_nd_valid_nitems(expr, 9, 0, &mut valid), eval_status::INVALID_ARG);
    }
    assert_eq!(valid, 77);
}

#[test]
fn flat_and_blocked_calls_keep_apart() {
    let variables = [Variable::new("x", Dtype::Float64)];
    let flat = compile("x + 1", &variables, AUTO).unwrap();
    assert_eq!(flat.valid_nitems(0, 0), Err(eval_status::INVALID_ARG));
    assert_eq!(flat.eval_nd(&[&[0; 16]], 2, 0, 0), Err(eval_status::INVALID_ARG));
    let blocked = compile_nd("x + 1", &variables, AUTO, &grid_of(&[5], &[4], &[2]), 0).unwrap();
    let input: Vec<u8> = (0..7).flat_map(|value| f64::from(value).to_le_bytes()).collect();
    assert_eq!(blocked.eval(&[&input], 7), flat.eval(&[&input], 7));
    assert_eq!((blocked.dtype(), blocked.itemsize()), (flat.dtype(), flat.itemsize()));
}
