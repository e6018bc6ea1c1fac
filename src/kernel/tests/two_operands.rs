//! Arithmetic, bit operations, functions through float64 and comparisons.

use super::block::{Block, all_pairs, check_lengths, edge_values, run};
use super::model;
use crate::dtype::{Dtype, Scalar};
use crate::ir::{BinaryOp, CompareOp};
use crate::kernel::level::Level;
use crate::kernel::{Accuracy, Kernel, Operands, binary, compare};

const ARITHMETIC: [BinaryOp; 11] = [
    BinaryOp::Add,
    BinaryOp::Sub,
    BinaryOp::Mul,
    BinaryOp::Div,
    BinaryOp::Rem,
    BinaryOp::Pow,
    BinaryOp::BitAnd,
    BinaryOp::BitOr,
    BinaryOp::BitXor,
    BinaryOp::Shl,
    BinaryOp::Shr,
];

const FUNCTIONS: [BinaryOp; 12] = [
    BinaryOp::Atan2,
    BinaryOp::Copysign,
    BinaryOp::Fdim,
    BinaryOp::Fmax,
    BinaryOp::Fmin,
    BinaryOp::Hypot,
    BinaryOp::Ldexp,
    BinaryOp::Logaddexp,
    BinaryOp::Ncr,
    BinaryOp::Nextafter,
    BinaryOp::Npr,
    BinaryOp::Remainder,
];

const COMPARISONS: [CompareOp; 6] =
    [CompareOp::Eq, CompareOp::Ne, CompareOp::Lt, CompareOp::Le, CompareOp::Gt, CompareOp::Ge];

const SHAPES: [Operands; 3] = [Operands::ArrayArray, Operands::ArrayScalar, Operands::ScalarArray];

/// Checks the kernels of one operation, for all pairs of edge values of `dtype` and each choice of
/// scalar operands, against `expected`.
fn check(
    dtype: Dtype,
    result: Dtype,
    kernel: impl Fn(Operands, Level) -> Option<Kernel>,
    expected: impl Fn(Scalar, Scalar) -> Scalar,
    context: &str,
) {
    let values = edge_values(dtype);
    let (first, second) = all_pairs(dtype, &values);
    let column = Block::new(dtype, &values);
    let scalars: Vec<Block> = values.iter().map(|&value| Block::new(dtype, &[value])).collect();
    let answers: Vec<Scalar> = (0..first.len()).map(|k| expected(first.get(k), second.get(k))).collect();
    let answer = |row: usize, column: usize| answers[row * values.len() + column];
    for level in Level::all_supported() {
        for shape in SHAPES {
            let Some(kernel) = kernel(shape, level) else { continue };
            let context = format!("{context} {dtype} {shape:?} {level:?}");
            for (k, scalar) in scalars.iter().enumerate() {
                let operands = match shape {
                    Operands::ArrayArray => break,
                    Operands::ArrayScalar => [&column, scalar],
                    Operands::ScalarArray => [scalar, &column],
                };
                let out = run(kernel, result, &operands, values.len());
                for index in 0..values.len() {
                    let (row, column) = if shape == Operands::ArrayScalar { (index, k) } else { (k, index) };
                    let (x, y) = (values[row], values[column]);
                    let wanted = answer(row, column);
                    assert!(
                        out.is(index, wanted),
                        "{context}: {x:?}, {y:?}: {:?} not {wanted:?}",
                        out.get(index)
                    );
                }
            }
            if shape == Operands::ArrayArray {
                let out = run(kernel, result, &[&first, &second], first.len());
                for (index, &wanted) in answers.iter().enumerate() {
                    let (x, y) = (first.get(index), second.get(index));
                    assert!(
                        out.is(index, wanted),
                        "{context}: {x:?}, {y:?}: {:?} not {wanted:?}",
                        out.get(index)
                    );
                }
            }
        }
    }
}

#[test]
fn arithmetic_equals_the_model() {
    for dtype in Dtype::REAL {
        for op in ARITHMETIC {
            if dtype.is_float() && matches!(op, BinaryOp::Rem | BinaryOp::Pow) {
                continue;
            }
            let kernel = |shape, level| binary(op, dtype, shape, Accuracy::Fast, level);
            check(dtype, dtype, kernel, |x, y| model::binary(op, dtype, x, y), &format!("{op:?}"));
        }
    }
}

#[test]
fn extrema_equal_the_model() {
    for dtype in Dtype::REAL {
        for op in [BinaryOp::Minimum, BinaryOp::Maximum] {
            let kernel = |shape, level| binary(op, dtype, shape, Accuracy::Fast, level);
            check(dtype, dtype, kernel, |x, y| model::binary(op, dtype, x, y), &format!("{op:?}"));
        }
    }
}

#[test]
fn floor_division_of_integers_equals_the_model() {
    for dtype in Dtype::REAL.into_iter().filter(|dtype| dtype.is_integer()) {
        for op in [BinaryOp::FloorDiv, BinaryOp::FloorMod] {
            let kernel = |shape, level| binary(op, dtype, shape, Accuracy::Fast, level);
            check(dtype, dtype, kernel, |x, y| model::binary(op, dtype, x, y), &format!("{op:?}"));
        }
    }
}

/// On numbers that the model can count through.
#[test]
fn common_divisors_equal_the_model() {
    for dtype in Dtype::REAL.into_iter().filter(|dtype| dtype.is_integer()) {
        let lowest = if dtype.is_signed() { -128 } else { 0 };
        let values: Vec<Scalar> = (lowest..128).step_by(4).chain([1, 3, 127, 99]).map(Scalar::Int).collect();
        let (first, second) = all_pairs(dtype, &values);
        let kernel =
            binary(BinaryOp::Gcd, dtype, Operands::ArrayArray, Accuracy::Fast, Level::Baseline).unwrap();
        let out = run(kernel, dtype, &[&first, &second], first.len());
        for index in 0..first.len() {
            let (x, y) = (first.get(index), second.get(index));
            let wanted = model::binary(BinaryOp::Gcd, dtype, x, y);
            assert!(out.is(index, wanted), "{x:?}, {y:?}: {:?} not {wanted:?}", out.get(index));
        }
    }
}

#[test]
fn functions_of_integers_go_through_float64() {
    for dtype in Dtype::REAL.into_iter().filter(|dtype| !dtype.is_float()) {
        for op in FUNCTIONS {
            let kernel = |shape, level| binary(op, dtype, shape, Accuracy::Fast, level);
            assert!(kernel(Operands::ArrayScalar, Level::Baseline).is_none());
            check(dtype, dtype, kernel, |x, y| model::binary(op, dtype, x, y), &format!("{op:?}"));
        }
    }
}

#[test]
fn float_functions_exist_for_two_arrays() {
    for dtype in [Dtype::Float32, Dtype::Float64] {
        for op in FUNCTIONS.into_iter().chain([BinaryOp::Rem, BinaryOp::Pow]) {
            for level in Level::all_supported() {
                let kernel = |shape| binary(op, dtype, shape, Accuracy::Fast, level);
                assert!(kernel(Operands::ArrayArray).is_some(), "{op:?}");
                assert!(kernel(Operands::ArrayScalar).is_none(), "{op:?}");
                assert!(kernel(Operands::ScalarArray).is_none(), "{op:?}");
            }
        }
    }
}

#[test]
fn comparisons_equal_the_model() {
    for dtype in Dtype::REAL.into_iter().chain([Dtype::Complex64, Dtype::Complex128]) {
        for op in COMPARISONS {
            let kernel = |shape, level| compare(op, dtype, shape, level);
            let expected = |x, y| Scalar::Bool(model::compare(op, x, y));
            check(dtype, Dtype::Bool, kernel, expected, &format!("{op:?}"));
        }
    }
}

#[test]
fn complex_values_have_no_order() {
    let kernel = |op| compare(op, Dtype::Complex128, Operands::ArrayArray, Level::Baseline);
    assert!(kernel(CompareOp::Eq).is_some() && kernel(CompareOp::Ne).is_some());
    assert!(kernel(CompareOp::Lt).is_none() && kernel(CompareOp::Ge).is_none());
}

#[test]
fn any_byte_but_zero_is_true() {
    let raw = Block::filled(Dtype::Bool, 70, 3);
    let ones = Block::filled(Dtype::Bool, 70, 1);
    let zeros = Block::filled(Dtype::Bool, 70, 0);
    for level in Level::all_supported() {
        for op in ARITHMETIC {
            let kernel = binary(op, Dtype::Bool, Operands::ArrayArray, Accuracy::Fast, level).unwrap();
            for other in [&ones, &zeros] {
                let (dirty, clean) = ([&raw, other], [&ones, other]);
                let run = |operands| run(kernel, Dtype::Bool, operands, 70);
                assert_eq!(run(&dirty).bytes(), run(&clean).bytes(), "{op:?} {level:?}");
            }
        }
        for op in COMPARISONS {
            let kernel = compare(op, Dtype::Bool, Operands::ArrayArray, level).unwrap();
            let run = |operands: [&Block; 2]| run(kernel, Dtype::Bool, &operands, 70);
            assert_eq!(run([&raw, &ones]).bytes(), run([&ones, &ones]).bytes(), "{op:?} {level:?}");
        }
    }
}

#[test]
fn every_length_gives_the_same_elements() {
    for dtype in Dtype::NUMERIC {
        let (first, second) = all_pairs(dtype, &edge_values(dtype).repeat(5));
        for level in Level::all_supported() {
            for op in ARITHMETIC {
                if let Some(kernel) = binary(op, dtype, Operands::ArrayArray, Accuracy::Fast, level) {
                    check_lengths(kernel, dtype, &[&first, &second], &format!("{op:?} {dtype} {level:?}"));
                }
            }
            for op in COMPARISONS {
                if let Some(kernel) = compare(op, dtype, Operands::ArrayArray, level) {
                    let context = format!("{op:?} {dtype} {level:?}");
                    check_lengths(kernel, Dtype::Bool, &[&first, &second], &context);
                }
            }
        }
    }
}
