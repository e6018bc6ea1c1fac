//! Plain expressions that are evaluated on many items: machine code and interpreter agree.

use crate::testkit::client::{self, AUTO, Variable};
use miniexpr::internals::dtype::{Dtype, Scalar};

/// More items than an expression is interpreted on before it may get machine code.
const ITEMS: usize = 70_001;

/// Items of a dtype, edge values among them.
fn items(dtype: Dtype, seed: usize) -> Vec<u8> {
    let edges = [0.0, -0.0, 1.0, -1.0, 2.5, -300.75, 1e10, -4e18, f64::INFINITY, 1e-310];
    let values = (0..ITEMS).map(|item| match item % 3 {
        0 => Scalar::Float(edges[(item / 3 + seed) % edges.len()]),
        1 => Scalar::Int(((item * 7 + seed) % 13) as i128 - 6),
        _ => Scalar::Float((item * seed % 4001) as f64 / 97.0 - 20.0),
    });
    values.flat_map(|value| value.to_bytes(dtype)[..dtype.size()].to_vec()).collect()
}

#[test]
fn later_evaluations_give_the_same_values() {
    let texts = [
        "((x + y) * (x - y) + z) * ((y + z) * (y - z) + x) - x * y * z",
        "where((x > y) & (y <= z), x * 2 - z, where(x == z, y, -x) + 1)",
        "(x > y) | ~(y >= z) & (x != z)",
        "abs(x - y) * 3 + sqrt(z * z + 1)",
        "floor(x * 0.5) + y * z - 7",
        "x * y + z * 4294967296",
    ];
    let groups = [
        [Dtype::Float64; 3],
        [Dtype::Float32; 3],
        [Dtype::Int32; 3],
        [Dtype::UInt64; 3],
        [Dtype::Float32, Dtype::Int64, Dtype::UInt32],
        [Dtype::Int16, Dtype::Float64, Dtype::Bool],
    ];
    for text in texts {
        for dtypes in groups {
            let variables = ["x", "y", "z"].into_iter().zip(dtypes).map(|(name, ty)| Variable::new(name, ty));
            let expression = client::compile(text, &variables.collect::<Vec<_>>(), AUTO).unwrap();
            let arrays = [items(dtypes[0], 3), items(dtypes[1], 5), items(dtypes[2], 11)];
            let inputs = [&arrays[0][..], &arrays[1], &arrays[2]];
            let first = expression.eval(&inputs, ITEMS).unwrap();
            let later = expression.eval(&inputs, ITEMS).unwrap();
            assert!(first == later, "{text} on {dtypes:?}");
        }
    }
}
