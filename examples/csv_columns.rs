//! Evaluates a formula over the columns of a CSV file, whose names are its variables:
//!
//!     cargo run --example csv_columns -- "mean(january - july)" examples/data/sea.csv

use std::error::Error;

use miniexpr::{ArrayRef, Dtype, Expression};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, formula, path] = &arguments[..] else { return Err("usage: csv_columns FORMULA FILE.csv".into()) };
    for result in evaluate(formula, &std::fs::read_to_string(path)?)? {
        println!("{result}");
    }
    Ok(())
}

/// The values of a formula over the columns of a table.
fn evaluate(formula: &str, table: &str) -> Result<Vec<f64>, Box<dyn Error>> {
    let mut lines = table.lines();
    let names: Vec<&str> = lines.next().unwrap_or_default().split(',').collect();
    let mut columns = vec![Vec::new(); names.len()];
    for line in lines {
        for (column, field) in columns.iter_mut().zip(line.split(',')) {
            column.push(field.parse::<f64>()?);
        }
    }
    let builder = names
        .iter()
        .fold(Expression::builder(formula), |builder, name| builder.variable(name, Dtype::Float64));
    let expression = builder.output(Dtype::Float64).compile()?;
    let inputs: Vec<ArrayRef> = columns.iter().map(ArrayRef::from).collect();
    Ok(expression.evaluate_to_vec(&inputs)?)
}

#[cfg(test)]
mod tests {
    use super::evaluate;

    const TABLE: &str = include_str!("data/sea.csv");

    #[test]
    fn formulas_are_evaluated_over_columns() {
        assert_eq!(evaluate("sum(january > 26) + min(year)", TABLE).unwrap(), [1953.0]);
        assert_eq!(evaluate("january - july", TABLE).unwrap().len(), 61);
    }

    #[test]
    fn wrong_formulas_are_shown() {
        let error = evaluate("january + march", TABLE).unwrap_err().to_string();
        assert!(error.contains("\n  | january + march\n  |           ^^^^^"), "{error}");
    }
}
