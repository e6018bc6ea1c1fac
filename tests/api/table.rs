//! Rows of worked examples: columns of data, an expression, and what it gives.

use miniexpr::Dtype;

use crate::testkit::client::{AUTO, Variable, compile};
use crate::testkit::equality::is_same_value;
use crate::testkit::values::{decode, encode, numbers_per_item};

/// A declared variable with its data; complex items are two numbers.
pub struct Column {
    pub name: &'static str,
    pub dtype: Dtype,
    pub numbers: Vec<f64>,
}

/// Shorthand for a [`Column`].
pub fn column(name: &'static str, dtype: Dtype, numbers: &[f64]) -> Column {
    Column { name, dtype, numbers: numbers.to_vec() }
}

/// Evaluates `text` over `columns`, all used ones passed, and returns the dtype and the numbers.
///
/// `output` of `None` infers the dtype. Expressions without variables are evaluated for one item.
pub fn evaluate(columns: &[Column], output: Option<Dtype>, text: &str) -> (Dtype, Vec<f64>) {
    let (dtype, bytes) = evaluate_bytes(columns, output, text);
    (dtype, decode(dtype, &bytes))
}

/// Like [`evaluate`], with the raw bytes of the result.
pub fn evaluate_bytes(columns: &[Column], output: Option<Dtype>, text: &str) -> (Dtype, Vec<u8>) {
    let variables: Vec<Variable> =
        columns.iter().map(|column| Variable::new(column.name, column.dtype)).collect();
    let expression = compile(text, &variables, output.map_or(AUTO, Dtype::code))
        .unwrap_or_else(|failure| panic!("{text:?}: {failure:?}"));
    let used: Vec<&Column> = columns.iter().filter(|column| is_used(text, column.name)).collect();
    let data: Vec<Vec<u8>> = used.iter().map(|column| encode(column.dtype, &column.numbers)).collect();
    let inputs: Vec<&[u8]> = data.iter().map(Vec::as_slice).collect();
    let n = used.first().map_or(1, |column| column.numbers.len() / numbers_per_item(column.dtype));
    let bytes = expression.eval(&inputs, n).unwrap_or_else(|status| panic!("{text:?}: status {status}"));
    (Dtype::from_code(expression.dtype()).expect("a result dtype"), bytes)
}

/// Whether `name` occurs in `text` as a whole identifier.
fn is_used(text: &str, name: &str) -> bool {
    text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').any(|word| word == name)
}

/// Checks the dtype and the exact values (NaN equals NaN, zeros by sign) of an expression.
pub fn check(columns: &[Column], output: Option<Dtype>, text: &str, dtype: Dtype, numbers: &[f64]) {
    let got = evaluate(columns, output, text);
    assert_eq!(got.0, dtype, "dtype of {text:?}");
    let mut pairs = got.1.iter().zip(numbers);
    let agrees = got.1.len() == numbers.len() && pairs.all(|(a, b)| is_same_value(*a, *b));
    assert!(agrees, "{text:?} gave {:?} instead of {numbers:?}", got.1);
}

/// The dtype that `text` infers over variables of the given dtypes, or the code of its refusal.
pub fn inferred(variables: &[(&str, Dtype)], text: &str) -> Result<Dtype, i32> {
    let variables: Vec<Variable> =
        variables.iter().map(|(name, dtype)| Variable::new(name, *dtype)).collect();
    let expression = compile(text, &variables, AUTO).map_err(|failure| failure.status)?;
    Ok(Dtype::from_code(expression.dtype()).expect("a result dtype"))
}
