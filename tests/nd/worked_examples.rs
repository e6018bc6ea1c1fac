//! Small blocks with the values that the documentation gives.

use crate::testkit::client::{AUTO, Expression, Grid, Variable, compile_nd, is_untouched};
use crate::testkit::equality::is_same_number;
use miniexpr::Dtype;

fn grid(shape: &[i64], chunkshape: &[i32], blockshape: &[i32]) -> Grid {
    Grid { shape: shape.to_vec(), chunkshape: chunkshape.to_vec(), blockshape: blockshape.to_vec() }
}

fn of_x(text: &str, dtype: Dtype, output: u32, grid: &Grid) -> Expression {
    compile_nd(text, &[Variable::new("x", dtype)], output, grid, 0).expect(text)
}

fn bytes_of_f64(values: &[f64]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}

fn bytes_of_i32(values: &[i32]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}

fn f64s(bytes: &[u8]) -> Vec<f64> {
    bytes.as_chunks().0.iter().map(|item| f64::from_le_bytes(*item)).collect()
}

/// `text` on a float64 block that counts up from 1.
fn counted(text: &str, grid: &Grid, (nchunk, nblock): (i64, i64)) -> Vec<f64> {
    let items: i32 = grid.blockshape.iter().product();
    let block: Vec<f64> = (1..=items).map(f64::from).collect();
    let expression = of_x(text, Dtype::Float64, AUTO, grid);
    f64s(&expression.eval_nd(&[&bytes_of_f64(&block)], block.len(), nchunk, nblock).unwrap())
}

#[test]
fn valid_items_keep_their_places_and_padding_is_zero() {
    let plus = "x + 100";
    let one = grid(&[10], &[6], &[4]);
    assert_eq!(counted(plus, &one, (0, 1)), [101.0, 102.0, 0.0, 0.0]);
    assert_eq!(counted(plus, &one, (1, 1)), [0.0; 4]);
    let larger_block = grid(&[10], &[4], &[6]);
    assert_eq!(counted(plus, &larger_block, (0, 0)), [101.0, 102.0, 103.0, 104.0, 0.0, 0.0]);
    let two = grid(&[3, 5], &[2, 4], &[2, 3]);
    assert_eq!(counted(plus, &two, (1, 0)), [101.0, 0.0, 0.0, 104.0, 0.0, 0.0]);
    assert_eq!(counted(plus, &two, (0, 1)), [101.0, 0.0, 0.0, 104.0, 0.0, 0.0]);
    assert_eq!(counted(plus, &two, (2, 0)), [101.0, 102.0, 103.0, 0.0, 0.0, 0.0]);
    let square = grid(&[5, 4], &[3, 3], &[2, 2]);
    assert_eq!(counted(plus, &square, (0, 1)), [101.0, 0.0, 103.0, 0.0]);
    assert_eq!(counted(plus, &square, (0, 2)), [101.0, 102.0, 0.0, 0.0]);
    assert_eq!(counted(plus, &square, (0, 3)), [101.0, 0.0, 0.0, 0.0]);
    assert_eq!(counted(plus, &square, (3, 0)), [101.0, 0.0, 103.0, 0.0]);
    let small = grid(&[2, 2], &[4, 4], &[3, 3]);
    assert_eq!(counted(plus, &small, (0, 0)), [101.0, 102.0, 0.0, 104.0, 105.0, 0.0, 0.0, 0.0, 0.0]);
    let three = grid(&[3, 4, 5], &[2, 3, 4], &[2, 2, 2]);
    assert_eq!(counted("x * 2", &three, (5, 0)), [2.0, 0.0, 6.0, 0.0, 0.0, 0.0, 0.0, 0.0]);
}

#[test]
fn inputs_of_different_sizes_share_a_geometry() {
    let grid = grid(&[3, 5], &[2, 4], &[1, 3]);
    let variables = [Variable::new("x", Dtype::Float32), Variable::new("y", Dtype::Int32)];
    let expression = compile_nd("x + y", &variables, Dtype::Float64.code(), &grid, 0).unwrap();
    let x: Vec<u8> = [10f32, 20.0, 30.0].iter().flat_map(|value| value.to_le_bytes()).collect();
    let out = expression.eval_nd(&[&x, &bytes_of_i32(&[1, 2, 3])], 3, 3, 0).unwrap();
    assert_eq!(f64s(&out), [11.0, 0.0, 0.0]);
}

#[test]
fn items_beyond_the_block_are_not_touched() {
    let grid = grid(&[5], &[4], &[2]);
    let expression = of_x("x", Dtype::Float64, AUTO, &grid);
    let out = expression.eval_nd(&[&bytes_of_f64(&[3.0, 999.0, 5.0])], 3, 1, 0).unwrap();
    assert_eq!(f64s(&out[..16]), [3.0, 0.0]);
    assert!(is_untouched(&out[16..]));
}

/// One element of a reduction over the block {1, …, 6}; the rest of the output must be untouched.
fn reduced(text: &str, output: Dtype, (nchunk, nblock): (i64, i64)) -> f64 {
    let grid = grid(&[3, 5], &[2, 4], &[2, 3]);
    let expression = of_x(text, Dtype::Float64, output.code(), &grid);
    let block = bytes_of_f64(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
    let out = expression.eval_nd(&[&block], 6, nchunk, nblock).unwrap();
    let (item, rest) = out.split_at(output.size());
    assert!(is_untouched(rest), "{text} wrote more than one item");
    match output {
        Dtype::Bool => f64::from(item[0]),
        Dtype::Int64 => i64::from_le_bytes(item.try_into().unwrap()) as f64,
        _ => f64::from_le_bytes(item.try_into().unwrap()),
    }
}

#[test]
fn reductions_cover_the_valid_items_and_write_one() {
    const CALLS: [(i64, i64); 4] = [(0, 0), (0, 1), (1, 1), (3, 0)];
    let table: [(&str, Dtype, [f64; 4]); 9] = [
        ("sum(x)", Dtype::Float64, [21.0, 5.0, 0.0, 1.0]),
        ("prod(x)", Dtype::Float64, [720.0, 4.0, 0.0, 1.0]),
        ("min(x)", Dtype::Float64, [1.0, 1.0, 0.0, 1.0]),
        ("max(x)", Dtype::Float64, [6.0, 4.0, 0.0, 1.0]),
        ("mean(x)", Dtype::Float64, [3.5, 2.5, f64::NAN, 1.0]),
        ("any(x > 5)", Dtype::Bool, [1.0, 0.0, 0.0, 0.0]),
        ("all(x < 6)", Dtype::Bool, [0.0, 1.0, 0.0, 1.0]),
        ("sum(x > 2)", Dtype::Int64, [4.0, 1.0, 0.0, 0.0]),
        ("+(sum(x))", Dtype::Float64, [21.0, 5.0, 0.0, 1.0]),
    ];
    for (text, dtype, expected) in table {
        for (call, expected) in CALLS.into_iter().zip(expected) {
            let value = reduced(text, dtype, call);
            assert!(is_same_number(value, expected), "{text} {call:?}: {value}");
        }
    }
}

#[test]
fn composite_scalars_are_repeated_for_each_valid_item() {
    let grid = grid(&[3, 5], &[2, 4], &[2, 3]);
    let expression = of_x("sum(x) + 1", Dtype::Float64, AUTO, &grid);
    let block = bytes_of_f64(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
    let evaluate = |nchunk, nblock| expression.eval_nd(&[&block], 6, nchunk, nblock).unwrap();
    assert_eq!(f64s(&evaluate(0, 0)), [22.0; 6]);
    let partial = evaluate(0, 1);
    assert_eq!(f64s(&partial[..16]), [6.0; 2]);
    assert!(is_untouched(&partial[16..]));
    let padded = evaluate(1, 1);
    assert_eq!(f64s(&padded[..8]), [0.0]);
    assert!(is_untouched(&padded[8..]));
}

#[test]
fn a_mean_is_that_of_the_whole_box() {
    let grid = grid(&[2, 3], &[2, 3], &[2, 2]);
    let expression = of_x("x - mean(x)", Dtype::Float64, AUTO, &grid);
    let out = expression.eval_nd(&[&bytes_of_f64(&[1.0, 10.0, 2.0, 20.0])], 4, 0, 1).unwrap();
    assert_eq!(f64s(&out), [-0.5, 0.0, 0.5, 0.0]);
}

#[test]
fn padding_outside_the_domain_of_a_function_does_not_matter() {
    let grid = grid(&[10], &[6], &[4]);
    let block = bytes_of_i32(&[0, 1, 12345, 12345]);
    let arccos = of_x("arccos(x)", Dtype::Int32, Dtype::Float64.code(), &grid);
    let out = f64s(&arccos.eval_nd(&[&block], 4, 0, 1).unwrap());
    assert_eq!(out, [std::f64::consts::FRAC_PI_2, 0.0, 0.0, 0.0]);
    let negated = of_x("0 - x", Dtype::Int32, AUTO, &grid);
    assert_eq!(negated.eval_nd(&[&block], 4, 0, 1).unwrap(), bytes_of_i32(&[0, -1, 0, 0]));
}

#[test]
fn expressions_without_variables_fill_the_valid_items() {
    let grid = grid(&[5], &[4], &[2]);
    let constant = compile_nd("1 + 2.5", &[], AUTO, &grid, 0).unwrap();
    assert_eq!(f64s(&constant.eval_nd(&[], 2, 0, 0).unwrap()), [3.5, 3.5]);
    assert_eq!(f64s(&constant.eval_nd(&[], 2, 1, 0).unwrap()), [3.5, 0.0]);
    let count = compile_nd("sum(1.0)", &[], AUTO, &grid, 0).unwrap();
    assert_eq!(f64s(&count.eval_nd(&[], 2, 1, 0).unwrap()[..8]), [1.0]);
}

#[test]
fn an_edge_block_of_a_huge_array() {
    let grid = grid(&[20000; 3], &[250; 3], &[32, 64, 64]);
    let expression = of_x("x", Dtype::Float64, AUTO, &grid);
    let block = vec![1.0; 131072];
    let out = expression.eval_nd(&[&bytes_of_f64(&block)], 131072, (15 * 80 + 10) * 80 + 5, 127).unwrap();
    assert_eq!(f64s(&out).iter().filter(|value| **value != 0.0).count(), 26 * 58 * 58);
}

#[test]
fn sums_and_products_of_ones_are_exact() {
    let grid = grid(&[310, 305, 299], &[200, 180, 170], &[90; 3]);
    let expression = of_x("prod(x) + sum(x) + min(x)", Dtype::Float64, AUTO, &grid);
    let block = bytes_of_f64(&vec![1.0; 90 * 90 * 90]);
    for (nchunk, nblock) in [(0, 0), (0, 11), (3, 1), (7, 0), (7, 11)] {
        let valid = expression.valid_nitems(nchunk, nblock).unwrap();
        let out = expression.eval_nd(&[&block], 90 * 90 * 90, nchunk, nblock).unwrap();
        let copies = &f64s(&out)[..valid as usize];
        assert!(copies.iter().all(|copy| *copy == 2.0 + valid as f64));
    }
}
