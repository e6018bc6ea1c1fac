//! Selection, fused multiply-add and several operations in one pass.

use super::block::{Block, check_lengths, edge_values, run};
use super::model;
use crate::dtype::{Dtype, Scalar};
use crate::ir::{BinaryOp, CompareOp};
use crate::kernel::level::Level;
use crate::kernel::{First, LastTwo, Second, fma, fused, of_squares, select};

const SHAPES: [LastTwo; 4] =
    [LastTwo::ArrayArray, LastTwo::ArrayScalar, LastTwo::ScalarArray, LastTwo::ScalarScalar];

/// Three blocks of `len` edge values that meet in changing combinations.
fn triples(dtype: Dtype, len: usize) -> [Block; 3] {
    let values = edge_values(dtype);
    let block = |step: usize, start: usize| {
        let items: Vec<Scalar> = (0..len).map(|k| values[(k * step + start) % values.len()]).collect();
        Block::new(dtype, &items)
    };
    [block(1, 0), block(3, 1), block(7, 2)]
}

/// The indices of the elements of `b` and `c` that item `index` reads.
fn indices(shape: LastTwo, index: usize) -> (usize, usize) {
    match shape {
        LastTwo::ArrayArray => (index, index),
        LastTwo::ArrayScalar => (index, 0),
        LastTwo::ScalarArray => (0, index),
        LastTwo::ScalarScalar => (0, 0),
    }
}

#[test]
fn selection_copies_the_chosen_element() {
    let conditions: Vec<Scalar> = (0..200).map(|k| Scalar::Bool(k % 3 == 0 || k % 7 == 1)).collect();
    let condition = Block::new(Dtype::Bool, &conditions);
    for dtype in Dtype::NUMERIC {
        let [_, yes, no] = triples(dtype, 200);
        for level in Level::all_supported() {
            for shape in SHAPES {
                let kernel = select(dtype, shape, level).unwrap();
                let operands = [&condition, &yes, &no];
                let out = run(kernel, dtype, &operands, 200);
                for index in 0..200 {
                    let (b, c) = indices(shape, index);
                    let wanted = if condition.bytes()[index] != 0 { yes.element(b) } else { no.element(c) };
                    assert_eq!(out.element(index), wanted, "{dtype} {shape:?} {level:?} {index}");
                }
                check_lengths(kernel, dtype, &operands, &format!("select {dtype} {shape:?} {level:?}"));
            }
        }
    }
}

#[test]
fn selection_reads_any_byte_as_true() {
    let raw = Block::filled(Dtype::Bool, 70, 0x40);
    let [_, yes, no] = triples(Dtype::Int16, 70);
    for level in Level::all_supported() {
        let out = run(
            select(Dtype::Int16, LastTwo::ArrayArray, level).unwrap(),
            Dtype::Int16,
            &[&raw, &yes, &no],
            70,
        );
        assert_eq!(out.bytes(), yes.bytes());
        let kernel = select(Dtype::Bool, LastTwo::ArrayArray, level).unwrap();
        let out = run(kernel, Dtype::Bool, &[&raw, &raw, &raw], 70);
        assert!(out.bytes().iter().all(|&byte| byte == 1));
    }
}

#[test]
fn fused_multiply_add_rounds_once() {
    for dtype in Dtype::REAL {
        let operands = triples(dtype, 500);
        let [a, b, c] = &operands;
        for level in Level::all_supported() {
            let out = run(fma(dtype, level).unwrap(), dtype, &[a, b, c], 500);
            for index in 0..500 {
                let [x, y, z] = [a, b, c].map(|block| block.get(index));
                let wanted = match dtype {
                    Dtype::Float32 => {
                        let fused = (x.to_f64() as f32).mul_add(y.to_f64() as f32, z.to_f64() as f32);
                        Scalar::Float(f64::from(fused))
                    }
                    _ => Scalar::Float(x.to_f64().mul_add(y.to_f64(), z.to_f64())).cast(dtype),
                };
                let got = out.get(index);
                assert!(
                    out.is(index, wanted),
                    "{dtype} {level:?}: {x:?} {y:?} {z:?}: {got:?} not {wanted:?}"
                );
            }
        }
    }
    assert!(fma(Dtype::Complex64, Level::Baseline).is_none());
}

const RING: [BinaryOp; 3] = [BinaryOp::Add, BinaryOp::Sub, BinaryOp::Mul];
const FLOATS: [Dtype; 2] = [Dtype::Float32, Dtype::Float64];

#[test]
fn fused_pairs_have_the_bits_of_two_kernels() {
    let dtypes = [Dtype::Float32, Dtype::Float64, Dtype::Int32, Dtype::Int64, Dtype::UInt32, Dtype::UInt64];
    let seconds = RING.into_iter().flat_map(|op| [Second::Left(op), Second::Right(op)]);
    let pairs = seconds.flat_map(|second| RING.map(|op| (First::Of(op), second)));
    for (first, second) in pairs {
        for dtype in dtypes {
            check_fused(first, second, dtype, &SHAPES);
        }
    }
    let shape = LastTwo::ArrayArray;
    let find = |op, second, dtype| fused(First::Of(op), second, dtype, shape, Level::Baseline);
    assert!(find(BinaryOp::Div, Second::Left(BinaryOp::Add), Dtype::Float64).is_none());
    assert!(find(BinaryOp::Add, Second::Left(BinaryOp::Div), Dtype::Float64).is_none());
    assert!(find(BinaryOp::Add, Second::Left(BinaryOp::Add), Dtype::Int8).is_none());
}

#[test]
fn sums_of_squares_have_the_bits_of_several_kernels() {
    for op in [BinaryOp::Add, BinaryOp::Sub] {
        for dtype in FLOATS {
            for second in [Second::Left(op), Second::Right(op), Second::Left(BinaryOp::Add)] {
                let shapes = [LastTwo::ArrayArray, LastTwo::ArrayScalar];
                check_fused(First::OfSquares(op), second, dtype, &shapes);
                check_fused(First::OfSquares(BinaryOp::Sub), second, dtype, &shapes);
            }
            let [a, b, _] = triples(dtype, 300);
            for level in Level::all_supported() {
                let kernel = of_squares(op, dtype, level).unwrap();
                let out = run(kernel, dtype, &[&a, &b], 300);
                for index in 0..300 {
                    let wanted = first_value(First::OfSquares(op), dtype, [a.get(index), b.get(index)]);
                    assert!(out.is(index, wanted), "{op:?} of squares {dtype} {level:?} {index}");
                }
                check_lengths(kernel, dtype, &[&a, &b], &format!("{op:?} of squares {dtype} {level:?}"));
            }
        }
    }
    assert!(of_squares(BinaryOp::Mul, Dtype::Float64, Level::Baseline).is_none());
    assert!(of_squares(BinaryOp::Add, Dtype::Int64, Level::Baseline).is_none());
}

#[test]
fn comparisons_with_one_value_have_the_bits_of_several_kernels() {
    let orders = [CompareOp::Lt, CompareOp::Le, CompareOp::Gt, CompareOp::Ge];
    for second in orders.map(Second::Compare) {
        for dtype in FLOATS {
            for op in RING {
                let shapes = [LastTwo::ArrayScalar, LastTwo::ScalarScalar];
                check_fused(First::Of(op), second, dtype, &shapes);
            }
            check_fused(First::OfSquares(BinaryOp::Add), second, dtype, &[LastTwo::ArrayScalar]);
        }
    }
    let equal = Second::Compare(CompareOp::Eq);
    let shape = LastTwo::ArrayScalar;
    assert!(fused(First::Of(BinaryOp::Add), equal, Dtype::Float64, shape, Level::Baseline).is_none());
}

/// Checks the kernels of two operations in one pass against the model of one after the other.
fn check_fused(first: First, second: Second, dtype: Dtype, shapes: &[LastTwo]) {
    let operands = triples(dtype, 300);
    let out = if let Second::Compare(_) = second { Dtype::Bool } else { dtype };
    for level in Level::all_supported() {
        for &shape in shapes {
            let context = format!("{first:?} {second:?} {dtype} {shape:?} {level:?}");
            if !dtype.is_float() && level != Level::Baseline {
                assert!(fused(first, second, dtype, shape, level).is_none(), "{context}");
                continue;
            }
            let kernel = fused(first, second, dtype, shape, level).unwrap_or_else(|| panic!("{context}"));
            let expected = |x, y, z| {
                let value = first_value(first, dtype, [x, y]);
                match second {
                    Second::Left(op) => model::binary(op, dtype, value, z),
                    Second::Right(op) => model::binary(op, dtype, z, value),
                    Second::Compare(op) => Scalar::Bool(model::compare(op, value, z)),
                }
            };
            check_triples(kernel, out, shape, &operands, expected, &context);
            check_lengths(kernel, out, &[&operands[0], &operands[1], &operands[2]], &context);
        }
    }
}

fn first_value(first: First, dtype: Dtype, [x, y]: [Scalar; 2]) -> Scalar {
    let square = |x| model::binary(BinaryOp::Mul, dtype, x, x);
    match first {
        First::Of(op) => model::binary(op, dtype, x, y),
        First::OfSquares(op) => model::binary(op, dtype, square(x), square(y)),
    }
}

fn check_triples(
    kernel: crate::kernel::Kernel,
    dtype: Dtype,
    shape: LastTwo,
    [a, b, c]: &[Block; 3],
    expected: impl Fn(Scalar, Scalar, Scalar) -> Scalar,
    context: &str,
) {
    let out = run(kernel, dtype, &[a, b, c], a.len());
    for index in 0..a.len() {
        let (b_index, c_index) = indices(shape, index);
        let wanted = expected(a.get(index), b.get(b_index), c.get(c_index));
        assert!(out.is(index, wanted), "{context} {index}: {:?} not {wanted:?}", out.get(index));
    }
}
