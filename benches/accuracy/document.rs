//! The table of `docs/accuracy.md` and the list of the worst arguments, from the records.

use super::exhaust;
use super::record::Record;
use super::subject::{MODES, Subject};
use miniexpr::Dtype;
use std::fmt::Write as _;

const DOCUMENT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/accuracy.md");
const ARGUMENTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/kernel/math/tests/worst_arguments.txt");

/// Writes what was found; a function without a record keeps its line and its arguments.
pub fn write() {
    let text = std::fs::read_to_string(DOCUMENT).expect("the document");
    let mut lines: Vec<String> = text.lines().map(String::from).collect();
    let known = std::fs::read_to_string(ARGUMENTS).unwrap_or_default();
    let mut arguments = String::new();
    for subject in Subject::all() {
        let start = format!("| `{}` |", subject.name());
        let line = lines.iter_mut().find(|line| line.starts_with(&start)).expect("the function's line");
        for (dtype, offset) in [(Dtype::Float64, 0), (Dtype::Float32, MODES.len())] {
            let start = format!("{} {dtype} ", subject.name());
            let Some(record) = Record::load(subject, dtype) else {
                known.lines().filter(|line| line.starts_with(&start)).for_each(|line| {
                    writeln!(arguments, "{line}").expect("a string");
                });
                continue;
            };
            for (mode, (_, name)) in MODES.into_iter().enumerate() {
                let Some(worst) = record.worst_of_mode(mode) else { continue };
                // Rounded up, so that the error itself is within.
                let error = (worst.error * 100.0).ceil() / 100.0;
                set_cell(line, offset + mode, error, exhaust::is_partial(&record));
                let [a, b] = worst.arguments.map(f64::to_bits);
                writeln!(arguments, "{start}{name} {a:016x} {b:016x}").expect("a string");
            }
        }
    }
    std::fs::write(DOCUMENT, lines.join("\n") + "\n").expect("the document is writable");
    std::fs::write(ARGUMENTS, arguments).expect("the list is writable");
}

/// Replaces a number of a line `| name | number | number | … |`, or only raises it.
fn set_cell(line: &mut String, column: usize, error: f64, raise: bool) {
    let mut cells: Vec<String> = line.split('|').map(String::from).collect();
    let known: f64 = cells[column + 2].trim().parse().expect("a number in the table");
    let error = if raise { error.max(known) } else { error };
    cells[column + 2] = format!(" {error:.2} ");
    *line = cells.join("|");
}
