//! Floor division of floats, bit for bit as NumPy has it: recorded by `scripts/record_kernels.py`.

use super::{Element, run_binary, same};
use crate::ir::BinaryOp;
use crate::kernel::Accuracy;
use crate::kernel::level::Level;

const RECORDED: &str = include_str!("floor_division.txt");

fn check<T: Element>() {
    let rows = RECORDED.lines().filter_map(|line| line.strip_prefix(&format!("{} ", T::DTYPE)));
    let mut columns: [Vec<T>; 4] = Default::default();
    for row in rows {
        let values = row.split(' ').map(|bits| T::of_bits(u64::from_str_radix(bits, 16).unwrap()));
        columns.iter_mut().zip(values).for_each(|(column, value)| column.push(value));
    }
    let [a, b, quotients, remainders] = columns;
    assert!(a.len() > 300);
    for (op, wanted) in [(BinaryOp::FloorDiv, quotients), (BinaryOp::FloorMod, remainders)] {
        for level in Level::all_supported() {
            for accuracy in Accuracy::ALL {
                let got = run_binary(op, accuracy, level, &a, &b);
                for i in 0..a.len() {
                    let [a, b, got64, wanted64] = [a[i], b[i], got[i], wanted[i]].map(Into::<f64>::into);
                    assert!(
                        same(got[i], wanted[i]),
                        "{op:?}({a:e}, {b:e}) of {} {level:?} {accuracy:?}: {got64:e} instead of {wanted64:e}",
                        T::DTYPE
                    );
                }
            }
        }
    }
}

#[test]
fn quotients_and_remainders_are_those_of_numpy() {
    check::<f32>();
    check::<f64>();
}
