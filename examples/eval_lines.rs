//! Evaluates expressions, one a line of standard input, for programs that compare results: `scripts/compare_numpy.py`
//! and `scripts/compare_numexpr.py` do. They are of the NumPy dialect, or of numexpr's if the argument is `numexpr`.
//!
//! A line is the expression and its variables, separated by tabs: `a + b<tab>a:int32:01000000<tab>b:bool:01`. A
//! variable is its name, its dtype and the bytes of its items in hexadecimal. `\n` stands for a line end. The answer is
//! the dtype and the bytes of the result, or `error` and the message.

#[path = "../testkit/array.rs"]
mod array;

use std::io::{self, BufRead, BufWriter, Write};

use array::Array;
use miniexpr::{ArrayRef, Dialect, Dtype, Error, Expression, JitMode};

fn main() -> io::Result<()> {
    let dialect = match std::env::args().nth(1).as_deref() {
        Some("numexpr") => Dialect::NumExpr,
        _ => Dialect::NumPy,
    };
    let mut out = BufWriter::new(io::stdout().lock());
    for line in io::stdin().lock().lines() {
        match evaluate(&line?, dialect) {
            Ok((dtype, Some(values))) => {
                let hex: String = values.to_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
                writeln!(out, "{dtype} {hex}")?;
            }
            Ok((dtype, None)) => writeln!(out, "error the result has the dtype {dtype}")?,
            Err(error) => writeln!(out, "error {}", error.message())?,
        }
    }
    out.flush()
}

/// The dtype and the values, if they are numbers.
fn evaluate(line: &str, dialect: Dialect) -> Result<(Dtype, Option<Array>), Error> {
    let mut fields = line.split('\t');
    let text = fields.next().unwrap_or_default().replace("\\n", "\n");
    let variables: Vec<(&str, Dtype, Array)> = fields.map(variable).collect();
    let mut builder = Expression::builder(&text).dialect(dialect);
    for (name, dtype, _) in &variables {
        builder = builder.variable(name, *dtype);
    }
    let expression = builder.compile()?;
    let inputs: Vec<ArrayRef<'_>> = variables.iter().map(|(.., array)| array.view()).collect();
    let dtype = expression.dtype();
    if dtype.is_string() {
        return Ok((dtype, None));
    }
    Ok((dtype, Some(Array::evaluate(&expression, &inputs, JitMode::Default)?)))
}

fn variable(field: &str) -> (&str, Dtype, Array) {
    let mut parts = field.split(':');
    let mut next = || parts.next().expect("a variable is name:dtype:bytes");
    let (name, dtype, hex) = (next(), next(), next());
    let dtype = Dtype::NUMERIC.into_iter().find(|known| known.name() == dtype).expect("a numeric dtype");
    let byte = |at: usize| u8::from_str_radix(&hex[at..at + 2], 16).expect("hexadecimal digits");
    let bytes: Vec<u8> = (0..hex.len()).step_by(2).map(byte).collect();
    (name, dtype, Array::from_bytes(dtype, &bytes))
}
