//! Columns of strings, and expressions over them.

use miniexpr::Dtype;

use crate::testkit::client::{AUTO, Expression, Failure, Variable, compile};

/// A variable with its data.
#[derive(Clone)]
pub struct Column {
    pub variable: Variable,
    pub name: &'static str,
    pub data: Vec<u8>,
}

/// A column of text of `width` code points, `<U{width}`.
pub fn text(name: &'static str, width: usize, values: &[&str]) -> Column {
    let units = values.iter().flat_map(|value| slot(value.chars().map(u32::from), width));
    let data = units.flat_map(u32::to_ne_bytes).collect();
    Column { variable: Variable::text(name, Dtype::String, width * 4), name, data }
}

/// A column of bytes, `S{width}`.
pub fn bytes(name: &'static str, width: usize, values: &[&[u8]]) -> Column {
    let units = values.iter().flat_map(|value| slot(value.iter().map(|byte| u32::from(*byte)), width));
    let data = units.map(|unit| unit as u8).collect();
    Column { variable: Variable::text(name, Dtype::Bytes, width), name, data }
}

/// A column of float64.
pub fn numbers(name: &'static str, values: &[f64]) -> Column {
    let data = values.iter().flat_map(|value| value.to_ne_bytes()).collect();
    Column { variable: Variable::new(name, Dtype::Float64), name, data }
}

fn slot(units: impl Iterator<Item = u32>, width: usize) -> impl Iterator<Item = u32> {
    units.chain(std::iter::repeat(0)).take(width)
}

/// Compiles `source` over `columns`; `output` of `None` infers the dtype.
pub fn compiled(columns: &[Column], output: Option<Dtype>, source: &str) -> Result<Expression, Failure> {
    let variables: Vec<Variable> = columns.iter().map(|column| column.variable.clone()).collect();
    compile(source, &variables, output.map_or(AUTO, Dtype::code))
}

/// The data of the columns that `source` names outside of its literals; of all in a kernel.
pub fn used<'a>(columns: &'a [Column], source: &str) -> Vec<&'a [u8]> {
    let names = words(source);
    let is_used = |column: &&Column| source.contains("def ") || names.iter().any(|word| word == column.name);
    columns.iter().filter(is_used).map(|column| column.data.as_slice()).collect()
}

/// The identifiers of `source` outside of string literals.
fn words(source: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quote = None;
    for char in source.chars() {
        match quote {
            Some(open) if char == open => quote = None,
            Some(_) => {}
            None if char == '\'' || char == '"' => quote = Some(char),
            None if char.is_ascii_alphanumeric() || char == '_' => {
                words.last_mut().unwrap().push(char);
                continue;
            }
            None => {}
        }
        words.push(String::new());
    }
    words
}

/// Evaluates `source` for `n` items: the dtype, the itemsize and the bytes of the result.
pub fn evaluate(
    columns: &[Column],
    output: Option<Dtype>,
    n: usize,
    source: &str,
) -> (Dtype, usize, Vec<u8>) {
    let expression =
        compiled(columns, output, source).unwrap_or_else(|failure| panic!("{source}: {failure:?}"));
    let out = expression.eval(&used(columns, source), n);
    let out = out.unwrap_or_else(|status| panic!("{source}: status {status}"));
    (Dtype::from_code(expression.dtype()).unwrap(), expression.itemsize(), out)
}

/// Checks the itemsize and the values of an expression that gives text, or bytes as Latin-1.
pub fn check(columns: &[Column], source: &str, itemsize: usize, values: &[&str]) {
    let (dtype, got_itemsize, out) = evaluate(columns, None, values.len(), source);
    assert_eq!(got_itemsize, itemsize, "itemsize of {source}");
    assert_eq!(decode(dtype, itemsize, &out), values, "{source}");
}

/// Checks an expression that gives bools.
pub fn check_bools(columns: &[Column], source: &str, values: &[u8]) {
    let (dtype, itemsize, out) = evaluate(columns, None, values.len(), source);
    assert_eq!((dtype, itemsize), (Dtype::Bool, 1), "{source}");
    assert_eq!(out, values, "{source}");
}

/// The values in slots, which must be filled with zeros after them.
pub fn decode(dtype: Dtype, itemsize: usize, out: &[u8]) -> Vec<String> {
    let unit = dtype.size();
    let codes = |slot: &[u8]| -> Vec<u32> {
        slot.chunks(unit)
            .map(|unit| unit.iter().rev().fold(0, |code, byte| code << 8 | u32::from(*byte)))
            .collect()
    };
    let value = |slot: &[u8]| {
        let codes = codes(slot);
        let length = codes.iter().position(|code| *code == 0).unwrap_or(codes.len());
        assert!(codes[length..].iter().all(|code| *code == 0), "units after the value: {codes:x?}");
        codes[..length].iter().map(|code| char::from_u32(*code).unwrap()).collect()
    };
    out.chunks(itemsize).map(value).collect()
}
