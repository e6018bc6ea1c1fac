//! The numexpr dialect against what numexpr gives, recorded by `scripts/compare_numexpr.py record`.

#[path = "../../testkit/mod.rs"]
mod testkit;

use miniexpr::{ArrayRef, Dialect, Dtype, Expression};
use testkit::recorded;

const OPERATIONS: &str = include_str!("operations.txt");

#[test]
fn operations_give_what_numexpr_gives() {
    let cells = recorded::check(OPERATIONS, Dialect::NumExpr);
    assert!(cells > 7_000, "{cells} cells");
}

#[test]
fn inputs_are_many() {
    let names: Vec<String> = (0..128).map(|index| format!("a{index}")).collect();
    let text = names.join(" + ");
    let builder = Expression::builder(&text).dialect(Dialect::NumExpr);
    let expression =
        names.iter().fold(builder, |builder, name| builder.variable(name, Dtype::Int8)).compile().unwrap();
    let ones = vec![ArrayRef::from(&[1i8, -2]); 128];
    assert_eq!(expression.evaluate_to_vec::<i32>(&ones).unwrap(), [128, -256]);
}

#[test]
fn sums_of_float32_are_accurate() {
    let expression = Expression::builder("sum(a)")
        .variable("a", Dtype::Float32)
        .dialect(Dialect::NumExpr)
        .compile()
        .unwrap();
    let tenths = vec![0.1f32; 1_000_000];
    let sum: Vec<f32> = expression.evaluate_to_vec(&[ArrayRef::from(&tenths[..])]).unwrap();
    assert!((sum[0] - 100_000.0).abs() < 0.1, "{sum:?}");
}
