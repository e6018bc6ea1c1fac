//! Reductions of the NumPy dialect: dtypes, and axes in the text.

use miniexpr::{ArrayMut, ArrayRef, Complex, Dtype, ErrorKind, Expression};

/// What a text over a 2 × 3 array of int32, 1 to 6, gives as an array of float64 of this shape.
fn values(text: &str, shape: &[usize]) -> Vec<f64> {
    let expression = Expression::builder(text).variable("a", Dtype::Int32).output(Dtype::Float64).compile();
    let expression = expression.unwrap_or_else(|error| panic!("{error}"));
    let items = [1i32, 2, 3, 4, 5, 6];
    let a = ArrayRef::shaped(&items, &[2, 3]).unwrap();
    let count = shape.iter().product();
    let mut values = vec![0f64; count];
    let output = ArrayMut::shaped(&mut values, shape).unwrap();
    expression.evaluate(&[a], output).unwrap_or_else(|error| panic!("{text}: {error}"));
    values
}

#[test]
fn axes_are_part_of_the_text() {
    assert_eq!(values("sum(a, axis=0)", &[3]), [5.0, 7.0, 9.0]);
    assert_eq!(values("sum(a, 1)", &[2]), [6.0, 15.0]);
    assert_eq!(values("max(a, axis=-1, keepdims=True)", &[2, 1]), [3.0, 6.0]);
    assert_eq!(values("a - mean(a, axis=1, keepdims=True)", &[2, 3]), [-1.0, 0.0, 1.0, -1.0, 0.0, 1.0]);
    assert_eq!(values("sum(a * 2, axis=(0, 1))", &[]), [42.0]);
    assert_eq!(values("count_nonzero(a % 2, axis=0)", &[3]), [1.0, 1.0, 1.0]);
    assert_eq!(values("var(a, axis=0)", &[3]), [2.25; 3]);
    assert_eq!(values("std(a - 1, axis=1, ddof=1)", &[2]), [1.0; 2]);
    assert_eq!(values("argmax(a % 3, axis=1)", &[2]), [1.0; 2]);
    assert_eq!(values("a / sum(a, axis=0) * sum(a)", &[2, 3])[0], 4.2);
}

/// What is made of reductions of all items alone has no dimensions.
#[test]
fn values_of_reductions_alone_are_one_item() {
    assert_eq!(values("sum(a) + 1", &[]), [22.0]);
    assert_eq!(values("var(a, ddof=1)", &[]), [3.5]);
    assert_eq!(values("max(a) - min(a)", &[1]), [5.0]);
    let expression = Expression::builder("std(a)").variable("a", Dtype::Float64).compile().unwrap();
    assert!(expression.is_scalar());
    assert_eq!(expression.evaluate_to_vec::<f64>(&[ArrayRef::from(&[1.0, 3.0])]).unwrap(), [1.0]);
    assert!(expression.evaluate_to_vec::<f64>(&[ArrayRef::from(&[0f64; 0])]).unwrap()[0].is_nan());
}

#[test]
fn axes_that_do_not_exist_are_refused() {
    let expression = Expression::builder("sum(a, axis=2)").variable("a", Dtype::Int32).compile().unwrap();
    let items = [1i32, 2];
    let error = expression.evaluate_to_vec::<i64>(&[ArrayRef::from(&items)]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Shape);
    let text = "def f(a):\n    return a - sum(a, axis=0)\n";
    let error = Expression::builder(text).variable("a", Dtype::Int32).compile().unwrap_err();
    assert_eq!(error.message(), "line 2, column 12: a reduction along an axis cannot be part of a kernel");
}

/// What reductions of all items give has no dimensions: it is reduced as one item.
#[test]
fn reductions_of_one_value_leave_it() {
    assert_eq!(values("sum(max(a))", &[]), [6.0]);
    assert_eq!(values("mean(sum(a) / 2) + prod(min(a) + 1)", &[]), [12.5]);
    assert_eq!(values("a + sum(max(a) - min(a))", &[2, 3])[0], 6.0);
    assert_eq!(values("count_nonzero(sum(a)) + argmax(max(a)) + sum(2)", &[]), [3.0]);
    assert_eq!(values("std(sum(a)) + var(1.5)", &[]), [0.0]);
    assert!(values("std(sum(a), ddof=1)", &[])[0].is_nan());
    assert!(values("var(sum(a) * inf)", &[])[0].is_nan());
}

#[test]
fn complex_numbers_have_an_order_and_a_spread() {
    let z = [(1.0, 2.0), (3.0, -1.0), (1.0, 1.0), (3.0, -2.0)].map(|(re, im)| Complex::new(re, im));
    let run = |text: &str, z: &[Complex<f64>]| {
        let expression = Expression::builder(text).variable("z", Dtype::Complex128).compile();
        let expression = expression.unwrap_or_else(|error| panic!("{text}: {error}"));
        expression.evaluate_to_vec::<Complex<f64>>(&[ArrayRef::from(z)]).unwrap()[0]
    };
    assert_eq!(run("min(z)", &z), Complex::new(1.0, 1.0));
    assert_eq!(run("max(z)", &z), Complex::new(3.0, -1.0));
    assert_eq!(run("argmin(z) + 10 * argmax(z) + 0j", &z), Complex::new(12.0, 0.0));
    assert_eq!(run("var(z) + 0j", &z), Complex::new(3.5, 0.0));
    assert_eq!(run("std(z, ddof=1) ** 2 * 3 + 0j", &z).re.round(), 14.0);
    assert_eq!(run("min(z) + max(z)", &z), Complex::new(4.0, 0.0));
    let expression =
        Expression::builder("max(z, axis=0)").variable("z", Dtype::Complex128).compile().unwrap();
    let table = ArrayRef::shaped(&z, &[2, 2]).unwrap();
    let columns: Vec<Complex<f64>> = expression.evaluate_to_vec(&[table]).unwrap();
    assert_eq!(columns, [z[0], z[1]]);
    let with_nan = [z[0], Complex::new(5.0, f64::NAN), Complex::new(f64::NAN, 0.0)];
    let least = run("min(z)", &with_nan);
    assert!(least.re == 5.0 && least.im.is_nan());
}
