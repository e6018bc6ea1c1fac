//! Operations on one operand, copies and fills.

use super::block::{Block, check_lengths, edge_values, run};
use super::model;
use crate::dtype::{Dtype, Scalar};
use crate::ir::{MathFn, UnaryOp};
use crate::kernel::level::Level;
use crate::kernel::{Accuracy, copy, splat, unary};

const OPERATIONS: [UnaryOp; 14] = [
    UnaryOp::Neg,
    UnaryOp::BitNot,
    UnaryOp::Abs,
    UnaryOp::Real,
    UnaryOp::Imag,
    UnaryOp::Conj,
    UnaryOp::Sign,
    UnaryOp::Square,
    UnaryOp::Floor,
    UnaryOp::Ceil,
    UnaryOp::Trunc,
    UnaryOp::Round,
    UnaryOp::Rint,
    UnaryOp::Factorial,
];

#[test]
fn operations_equal_the_model() {
    for dtype in Dtype::REAL {
        let values = edge_values(dtype);
        let operand = Block::new(dtype, &values);
        for op in OPERATIONS {
            for level in Level::all_supported() {
                let kernel = unary(op, dtype, Accuracy::Fast, level).unwrap();
                let out = run(kernel, dtype, &[&operand], operand.len());
                for index in 0..operand.len() {
                    let x = operand.get(index);
                    let wanted = model::unary(op, dtype, x);
                    let got = out.get(index);
                    assert!(out.is(index, wanted), "{op:?} {dtype} {level:?}: {x:?}: {got:?} not {wanted:?}");
                }
            }
        }
    }
}

#[test]
fn bits_are_counted() {
    for dtype in Dtype::REAL {
        let values = edge_values(dtype);
        let operand = Block::new(dtype, &values);
        for level in Level::all_supported() {
            let kernel = unary(UnaryOp::CountOnes, dtype, Accuracy::Fast, level);
            assert_eq!(kernel.is_some(), dtype.is_integer());
            let Some(kernel) = kernel else { continue };
            let out = run(kernel, dtype, &[&operand], operand.len());
            for index in 0..operand.len() {
                let wanted = model::unary(UnaryOp::CountOnes, dtype, operand.get(index));
                assert!(out.is(index, wanted), "{:?} of {dtype}: {:?}", operand.get(index), out.get(index));
            }
        }
    }
}

#[test]
fn math_functions_are_for_floats() {
    let kernel = |dtype| unary(UnaryOp::Math(MathFn::Erf), dtype, Accuracy::Fast, Level::Baseline);
    assert!(kernel(Dtype::Float32).is_some() && kernel(Dtype::Float64).is_some());
    assert!(
        kernel(Dtype::Int32).is_none() && kernel(Dtype::Bool).is_none() && kernel(Dtype::Complex64).is_none()
    );
}

#[test]
fn copies_are_bit_exact() {
    for dtype in Dtype::NUMERIC {
        let values = edge_values(dtype).repeat(40);
        let operand = Block::new(dtype, &values);
        for level in Level::all_supported() {
            let kernel = copy(dtype, level).unwrap();
            let out = run(kernel, dtype, &[&operand], operand.len());
            assert_eq!(out.bytes(), operand.bytes(), "{dtype} {level:?}");
            check_lengths(kernel, dtype, &[&operand], &format!("copy {dtype} {level:?}"));
        }
    }
}

#[test]
fn a_splat_fills_with_its_operand() {
    for dtype in Dtype::NUMERIC {
        for value in edge_values(dtype) {
            let operand = Block::new(dtype, &[value]);
            for level in Level::all_supported() {
                let out = run(splat(dtype, level).unwrap(), dtype, &[&operand], 37);
                assert!((0..37).all(|index| out.element(index) == operand.element(0)), "{value:?} {dtype}");
            }
        }
    }
}

#[test]
fn bool_bytes_are_normalised() {
    let raw = Block::filled(Dtype::Bool, 70, 0xFE);
    for level in Level::all_supported() {
        let kernels = OPERATIONS.into_iter().map(|op| unary(op, Dtype::Bool, Accuracy::Fast, level));
        for kernel in kernels.chain([copy(Dtype::Bool, level), splat(Dtype::Bool, level)]) {
            let out = run(kernel.unwrap(), Dtype::Bool, &[&raw], 70);
            assert!(out.bytes().iter().all(|&byte| byte <= 1));
        }
    }
}

#[test]
fn signalling_nans_pass_copies_negation_and_modulus() {
    let payload = 0x7ff0_0000_0000_1234u64;
    let mut operand = Block::new(Dtype::Float64, &[Scalar::Float(0.0); 19]);
    operand.bytes_mut().chunks_exact_mut(8).for_each(|chunk| chunk.copy_from_slice(&payload.to_ne_bytes()));
    let negated = (payload | 1 << 63).to_ne_bytes();
    for level in Level::all_supported() {
        let bits = |op| {
            let kernel = unary(op, Dtype::Float64, Accuracy::Fast, level).unwrap();
            run(kernel, Dtype::Float64, &[&operand], 19)
        };
        assert_eq!(bits(UnaryOp::Conj).bytes(), operand.bytes());
        assert_eq!(bits(UnaryOp::Abs).bytes(), operand.bytes());
        assert!(bits(UnaryOp::Neg).bytes().chunks_exact(8).all(|chunk| chunk == negated));
    }
}
