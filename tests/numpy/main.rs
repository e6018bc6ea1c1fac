//! The NumPy dialect against what NumPy gives, recorded by `scripts/compare_numpy.py record`.
//!
//! `operations.txt` is a table of `testkit/recorded.rs`; `functions.txt` has the values of functions, which are compared within a few
//! units in the last place.

mod kernels;
mod reductions;
#[path = "../../testkit/mod.rs"]
mod testkit;

use miniexpr::{Dialect, Dtype};
use testkit::recorded::{Values, bytes_of, check, dtype_called, evaluate, floats};

const OPERATIONS: &str = include_str!("operations.txt");
const FUNCTIONS: &str = include_str!("functions.txt");

#[test]
fn operations_give_what_numpy_gives() {
    let cells = check(OPERATIONS, Dialect::NumPy);
    assert!(cells > 10_000, "{cells} cells");
}

/// How far two results are apart, in units of the last place of the larger part of the expected one.
fn distance(dtype: Dtype, expected: &[u8], given: &[u8]) -> f64 {
    let read = |bytes: &[u8]| -> Vec<f64> {
        match dtype.component() {
            Dtype::Float32 => floats(bytes, f32::from_le_bytes).map(f64::from).collect(),
            _ => floats(bytes, f64::from_le_bytes).collect(),
        }
    };
    let epsilon = if dtype.component() == Dtype::Float32 { f32::EPSILON.into() } else { f64::EPSILON };
    let parts = if dtype.is_complex() { 2 } else { 1 };
    let (expected, given) = (read(expected), read(given));
    let mut worst = 0f64;
    for (expected, given) in expected.chunks(parts).zip(given.chunks(parts)) {
        let size =
            expected.iter().filter(|x| x.is_finite()).fold(f64::MIN_POSITIVE, |size, x| size.max(x.abs()));
        for (expected, given) in expected.iter().zip(given) {
            worst = worst.max(match (expected.is_finite(), given.is_finite()) {
                (true, true) => (expected - given).abs() / (size * epsilon),
                _ if expected.is_nan() && given.is_nan() || expected == given => 0.0,
                _ => f64::INFINITY,
            });
        }
    }
    worst
}

#[test]
fn functions_are_as_near_as_numpys() {
    let values = Values::read(OPERATIONS);
    let mut rows = 0;
    for line in FUNCTIONS.lines().filter(|line| line.contains('\t')) {
        let fields: Vec<&str> = line.split('\t').collect();
        let [text, name, expected] = fields[..] else { panic!("{line}") };
        let dtypes = vec![dtype_called(name); if text.contains(" b") { 2 } else { 1 }];
        let (result, bytes) = expected.split_once(' ').expect("dtype and bytes");
        let (dtype, found) = evaluate(text, Dialect::NumPy, &values.variables(&dtypes, "all"))
            .unwrap_or_else(|error| panic!("{text} {name}: {error}"));
        assert_eq!(dtype, dtype_called(result), "{text} {name}");
        let apart = distance(dtype, &bytes_of(bytes), &found);
        assert!(apart <= 8.0, "{text} {name}: {apart} units in the last place");
        rows += 1;
    }
    assert!(rows > 80, "{rows} rows");
}
