//! What the library knows of functions and of expressions.

use std::io::{self, Write};

use anyhow::Result;
use miniexpr::{Dialect, Dump, Expression, Variable, builtins};

use crate::options::ExplainWhat;

/// The functions of NumPy's language, in the tables of their document.
const NUMPY_FUNCTIONS: &str = include_str!("../../docs/functions-numpy.md");

/// Prints the functions of a dialect in whose lines `word` occurs.
pub fn list(word: &str, dialect: Dialect) -> Result<()> {
    let lines = match dialect {
        Dialect::Miniexpr => builtins().map(|row| (row.name().to_string(), row.help().to_string())).collect(),
        Dialect::NumExpr => numpy_functions().into_iter().filter(|(calls, _)| is_of_numexpr(calls)).collect(),
        _ => numpy_functions(),
    };
    let word = word.to_lowercase();
    let found = lines.iter().filter(|(calls, help)| format!("{calls} {help}").to_lowercase().contains(&word));
    let mut out = io::stdout().lock();
    for (calls, help) in found {
        writeln!(out, "{calls:24} {help}")?;
    }
    Ok(())
}

/// The calls of each function, `divide(a, b), true_divide`, and what it is.
fn numpy_functions() -> Vec<(String, String)> {
    let mut functions = Vec::new();
    for line in NUMPY_FUNCTIONS.lines().filter(|line| line.starts_with("| `")) {
        // A bar inside a cell has a backslash.
        let line = line.replace("\\|", "\u{1}");
        let cell = |index| line.split('|').nth(index).unwrap_or_default().trim().replace('\u{1}', "|");
        functions.push((cell(1).replace('`', ""), cell(2).replace('`', "")));
    }
    functions
}

/// Whether numexpr has the first of these functions: calls of it without arguments are not refused for its name.
fn is_of_numexpr(calls: &str) -> bool {
    let name: String =
        calls.chars().take_while(|character| character.is_alphanumeric() || *character == '_').collect();
    match Expression::builder(&format!("{name}()")).dialect(Dialect::NumExpr).compile() {
        Err(error) => !error.message().starts_with("unknown name"),
        Ok(_) => true,
    }
}

/// Prints the variables with their dtypes, the result, and the program; or one form of the program alone.
pub fn explain(expression: &Expression, what: ExplainWhat) -> Result<()> {
    let mut out = io::stdout().lock();
    if let Some(dump) = what.dump() {
        write!(out, "{}", expression.dump(dump)?)?;
        return Ok(());
    }
    for variable in expression.variables() {
        writeln!(out, "variable {}: {}", variable.name(), type_text(variable))?;
    }
    let shape = if expression.is_scalar() { "one value" } else { "a value for each item" };
    writeln!(out, "result: {}, {shape}", expression.dtype())?;
    writeln!(out, "\n{}", expression.dump(Dump::Ir)?.trim_end())?;
    Ok(())
}

fn type_text(variable: &Variable) -> String {
    let use_text = if variable.is_used() { "" } else { ", not used" };
    match variable.dtype().is_string() {
        true => format!("{} of {} bytes{use_text}", variable.dtype(), variable.itemsize()),
        false => format!("{}{use_text}", variable.dtype()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_table_of_the_document_is_read() {
        let functions = numpy_functions();
        assert!(functions.len() > 80, "{}", functions.len());
        let absolute = functions.iter().find(|(calls, _)| calls == "absolute(a), abs").unwrap();
        assert!(absolute.1.starts_with("|a|; of a complex number"), "{}", absolute.1);
    }

    #[test]
    fn numexpr_has_some_of_them() {
        assert!(is_of_numexpr("arcsin(a)") && !is_of_numexpr("lcm(a, b)"));
    }
}
