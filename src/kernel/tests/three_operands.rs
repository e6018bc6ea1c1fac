//! Selection, fused multiply-add and pairs of operations in one pass.

use super::block::{Block, check_lengths, edge_values, run};
use super::model;
use crate::dtype::{Dtype, Scalar};
use crate::ir::BinaryOp;
use crate::kernel::level::Level;
use crate::kernel::{LastTwo, Nesting, fma, fused, select};

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

#[test]
fn fused_pairs_have_the_bits_of_two_kernels() {
    let operations = [BinaryOp::Add, BinaryOp::Sub, BinaryOp::Mul];
    let dtypes = [Dtype::Float32, Dtype::Float64, Dtype::Int32, Dtype::Int64, Dtype::UInt32, Dtype::UInt64];
    for dtype in dtypes {
        let operands = triples(dtype, 300);
        for level in Level::all_supported() {
            for (first, second) in
                operations.iter().flat_map(|&first| operations.map(|second| (first, second)))
            {
                for nesting in [Nesting::Left, Nesting::Right] {
                    for shape in SHAPES {
                        let kernel = fused(first, second, nesting, dtype, shape, level).unwrap();
                        let expected = |x, y, z| pair(dtype, first, second, nesting, [x, y, z]);
                        let context = format!("{first:?} {second:?} {nesting:?} {dtype} {shape:?} {level:?}");
                        check_triples(kernel, dtype, shape, &operands, expected, &context);
                    }
                }
            }
        }
    }
    assert!(
        fused(
            BinaryOp::Div,
            BinaryOp::Add,
            Nesting::Left,
            Dtype::Float64,
            LastTwo::ArrayArray,
            Level::Baseline
        )
        .is_none()
    );
    assert!(
        fused(BinaryOp::Add, BinaryOp::Add, Nesting::Left, Dtype::Int8, LastTwo::ArrayArray, Level::Baseline)
            .is_none()
    );
}

fn pair(dtype: Dtype, first: BinaryOp, second: BinaryOp, nesting: Nesting, [x, y, z]: [Scalar; 3]) -> Scalar {
    let inner = model::binary(first, dtype, x, y);
    match nesting {
        Nesting::Left => model::binary(second, dtype, inner, z),
        Nesting::Right => model::binary(second, dtype, z, inner),
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
