//! Kernels on the blocks of chunked arrays: index symbols, casts, padding.

use miniexpr::Dtype::{self, Bool, Float32, Float64, Int32, Int64};

use crate::testkit::client::{self, Expression, Grid, Variable};
use crate::testkit::values::{decode, encode};

const ON: i32 = 1;
const OFF: i32 = 2;

fn grid(shape: &[i64], chunkshape: &[i32], blockshape: &[i32]) -> Grid {
    Grid { shape: shape.to_vec(), chunkshape: chunkshape.to_vec(), blockshape: blockshape.to_vec() }
}

fn three_by_five() -> Grid {
    grid(&[3, 5], &[2, 4], &[2, 3])
}

/// A kernel of no input that returns `value`, for each engine.
fn kernels(value: &str, output: Dtype, grid: &Grid) -> [Expression; 3] {
    let source = format!("def k():\n    return {value}");
    [0, ON, OFF].map(|mode| client::compile_nd(&source, &[], output.code(), grid, mode).expect("a kernel"))
}

/// Checks a block of a kernel without inputs.
fn check(value: &str, output: Dtype, grid: &Grid, (nchunk, nblock): (i64, i64), want: &[f64]) {
    for expression in kernels(value, output, grid) {
        let out = expression.eval_nd(&[], want.len(), nchunk, nblock).expect("values");
        assert_eq!(decode(output, &out), want, "{value}, block {nchunk} {nblock}");
    }
}

#[test]
fn flat_indices_of_every_block() {
    for (block, want) in [
        ((0, 0), [0.0, 1.0, 2.0, 5.0, 6.0, 7.0]),
        ((0, 1), [3.0, 0.0, 0.0, 8.0, 0.0, 0.0]),
        ((1, 0), [4.0, 0.0, 0.0, 9.0, 0.0, 0.0]),
        ((1, 1), [0.0; 6]),
        ((2, 0), [10.0, 11.0, 12.0, 0.0, 0.0, 0.0]),
        ((2, 1), [13.0, 0.0, 0.0, 0.0, 0.0, 0.0]),
        ((3, 0), [14.0, 0.0, 0.0, 0.0, 0.0, 0.0]),
        ((3, 1), [0.0; 6]),
    ] {
        check("_flat_idx", Int64, &three_by_five(), block, &want);
        check("_i0 * _n1 + _i1", Int64, &three_by_five(), block, &want);
        check("int(_i0 * _n1 + _i1)", Int64, &three_by_five(), block, &want);
        check("float(_i0) * _n1 + _i1", Float32, &three_by_five(), block, &want);
    }
}

#[test]
fn symbols_of_the_array_and_of_its_axes() {
    let all = "_flat_idx + _i0 + _i1 + _n0 + _n1 + _ndim";
    check(all, Int64, &three_by_five(), (1, 0), &[18.0, 0.0, 0.0, 24.0, 0.0, 0.0]);
    let three = grid(&[3, 4, 5], &[2, 3, 4], &[2, 2, 3]);
    let sum = "_i0 + _i1 + _i2 + _n0 + _n1 + _n2 + _ndim";
    let want = [20.0, 0.0, 0.0, 0.0, 0.0, 0.0, 21.0, 0.0, 0.0, 0.0, 0.0, 0.0];
    check(sum, Int64, &three, (0, 3), &want);
    check("_i0 + _i1", Int64, &grid(&[6, 7], &[4, 4], &[2, 2]), (2, 1), &[6.0, 7.0, 7.0, 8.0]);
    check("_i5 + _n5 * 10", Int64, &three_by_five(), (3, 0), &[10.0, 0.0, 0.0, 0.0, 0.0, 0.0]);
    check("_i0 / _n0", Float64, &three_by_five(), (2, 0), &[0.0; 6]);
}

#[test]
fn symbols_of_axes_beyond_the_eighth_do_not_exist() {
    let nine = grid(&[2; 9], &[2; 9], &[1; 9]);
    check("_flat_idx", Int64, &nine, (0, 511), &[511.0]);
    check("_ndim", Int64, &nine, (0, 511), &[9.0]);
    for name in ["_i8", "_n8"] {
        let source = format!("def k():\n    return {name}");
        assert!(client::compile_nd(&source, &[], Int64.code(), &nine, 0).is_err());
    }
}

#[test]
fn unused_inputs_change_nothing() {
    let variables = [Variable::new("x", Float64)];
    let source = "def k(x):\n    return int(_i0 * _n1 + _i1)";
    let expression =
        client::compile_nd(source, &variables, Int64.code(), &three_by_five(), 0).expect("a kernel");
    let out = expression.eval_nd(&[&[0; 48]], 6, 1, 0).expect("values");
    assert_eq!(decode(Int64, &out), [4.0, 0.0, 0.0, 9.0, 0.0, 0.0]);
}

/// Evaluates block 0 of chunk 1 with `valid` at the two places inside the array.
fn edge_block(source: &str, x: Dtype, valid: [f64; 2], output: Dtype) -> Vec<f64> {
    let variables = [Variable::new("x", x)];
    let expression =
        client::compile_nd(source, &variables, output.code(), &three_by_five(), 0).expect("a kernel");
    let block = encode(x, &[valid[0], 9e9, 9e9, valid[1], 9e9, 9e9]);
    decode(output, &expression.eval_nd(&[&block], 6, 1, 0).expect("values"))
}

#[test]
fn casts_and_constants_in_edge_blocks() {
    let places = "def k(x):\n    return int(x) + int(_i0 * _n1 + _i1)";
    assert_eq!(edge_block(places, Float32, [1.9, -2.7], Int64), [5.0, 0.0, 0.0, 7.0, 0.0, 0.0]);
    let scaled = edge_block("def k(x):\n    return (0.1 + 0.5) * x", Float64, [0.8, 1.2], Float32);
    for (got, want) in scaled.iter().zip([0.48, 0.0, 0.0, 0.72, 0.0, 0.0]) {
        assert!((got - want).abs() < 1e-7, "{scaled:?}");
    }
    let five = grid(&[5], &[4], &[3]);
    check("int(1.9)", Int64, &five, (0, 0), &[1.0, 1.0, 1.0]);
    check("int(1.9)", Int64, &five, (1, 0), &[1.0, 0.0, 0.0]);
    let source = "def k(x):\n    return bool(x)";
    let variables = [Variable::new("x", Float64)];
    let truth = client::compile_nd(source, &variables, Bool.code(), &five, 0).expect("a kernel");
    let out = truth.eval_nd(&[&encode(Float64, &[7.0, 1.0, 1.0])], 3, 1, 0).expect("values");
    assert_eq!(decode(Bool, &out), [1.0, 0.0, 0.0]);
}

#[test]
fn a_ramp_over_all_blocks_sums_to_that_of_the_array() {
    let large = grid(&[1000, 1000], &[257, 251], &[129, 127]);
    for expression in kernels("_i0 * _n1 + _i1", Int32, &large) {
        let mut total = 0i64;
        for nchunk in 0..16 {
            for nblock in 0..4 {
                let out = expression.eval_nd(&[], 129 * 127, nchunk, nblock).expect("values");
                total +=
                    out.as_chunks().0.iter().map(|item| i64::from(i32::from_ne_bytes(*item))).sum::<i64>();
            }
        }
        assert_eq!(total, 499_999_500_000);
    }
}

#[test]
fn statements_run_for_the_items_inside_the_array() {
    let source = "def k(x):\n    y = 0\n    for i in range(x):\n        if i == _i1:\n            break\n        \
                  y += 1\n    return y + 100";
    // A bound of nine thousand million passes stands in the padding.
    assert_eq!(edge_block(source, Float64, [2.0, 7.0], Float64), [102.0, 0.0, 0.0, 104.0, 0.0, 0.0]);
}
