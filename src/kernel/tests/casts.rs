//! Conversions between all pairs of dtypes.

use super::block::{Block, check_lengths, edge_values, run};
use crate::dtype::{Complex, Dtype, Scalar};
use crate::kernel::cast;
use crate::kernel::level::Level;

#[test]
fn every_pair_follows_the_rules_of_a_scalar() {
    for from in Dtype::NUMERIC {
        let operand = Block::new(from, &edge_values(from));
        for to in Dtype::NUMERIC.into_iter().filter(|&to| to != from) {
            for level in Level::all_supported() {
                let out = run(cast(from, to, level).unwrap(), to, &[&operand], operand.len());
                for index in 0..operand.len() {
                    let (x, got) = (operand.get(index), out.get(index));
                    let wanted = x.cast(to);
                    assert!(out.is(index, wanted), "{from} to {to} {level:?}: {x:?}: {got:?} not {wanted:?}");
                }
            }
        }
    }
}

#[test]
fn every_length_gives_the_same_elements() {
    for from in Dtype::NUMERIC {
        let operand = Block::new(from, &edge_values(from).repeat(40));
        for to in Dtype::NUMERIC.into_iter().filter(|&to| to != from) {
            for level in Level::all_supported() {
                let kernel = cast(from, to, level).unwrap();
                check_lengths(kernel, to, &[&operand], &format!("{from} to {to} {level:?}"));
            }
        }
    }
}

#[test]
fn a_bool_other_than_zero_is_one() {
    let raw = Block::filled(Dtype::Bool, 70, 0x80);
    for to in Dtype::NUMERIC.into_iter().filter(|&to| to != Dtype::Bool) {
        for level in Level::all_supported() {
            let out = run(cast(Dtype::Bool, to, level).unwrap(), to, &[&raw], 70);
            assert!((0..70).all(|index| out.is(index, Scalar::Int(1))), "{to} {level:?}");
        }
    }
}

#[test]
fn parts_of_a_complex_overflow_apart() {
    let operand = Block::new(Dtype::Complex128, &[Scalar::Complex(Complex::new(1e39, -2.0))]);
    let kernel = cast(Dtype::Complex128, Dtype::Complex64, Level::Baseline).unwrap();
    let out = run(kernel, Dtype::Complex64, &[&operand], 1);
    assert_eq!(out.get(0), Scalar::Complex(Complex::new(f64::INFINITY, -2.0)));
}

#[test]
fn equal_dtypes_and_strings_have_no_cast() {
    assert!(cast(Dtype::Int32, Dtype::Int32, Level::Baseline).is_none());
    assert!(cast(Dtype::Int32, Dtype::String, Level::Baseline).is_none());
    assert!(cast(Dtype::Bytes, Dtype::Float64, Level::Baseline).is_none());
}
