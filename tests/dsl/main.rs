//! The kernel language: which programs are accepted, where others are refused, and what the accepted
//! ones become.

mod chunked;
mod lifting;
mod program_table;
mod random_programs;
mod reductions;
mod streams;
#[path = "../../testkit/mod.rs"]
mod testkit;
mod typed_programs;
mod worked_programs;

use miniexpr::Dialect;
use miniexpr::Dtype;
use miniexpr::internals::front::{self, CompileError, Entry, EntryKind, Lifting, Status};
use miniexpr::internals::ir::Kernel;

/// Compiles over variables of the given names and dtypes (itemsize 20 for strings).
fn compile(source: &str, variables: &[(&str, Dtype)], output: Option<Dtype>) -> Result<Kernel, CompileError> {
    let entries: Vec<Entry> = variables.iter().map(|(name, dtype)| variable(name, *dtype)).collect();
    front::compile(
        source.as_bytes(),
        front::Language::of(source.as_bytes(), Dialect::Miniexpr),
        Dialect::Miniexpr,
        &entries,
        output,
        Lifting::Never,
    )
}

fn variable(name: &str, dtype: Dtype) -> Entry<'_> {
    Entry { name: name.as_bytes(), dtype: Some(dtype), itemsize: 20, kind: EntryKind::Variable }
}

/// The function `k` of one variable `x`, with the lines of `body` indented once.
fn kernel(body: &str) -> String {
    let lines: Vec<String> = body.split('\n').map(|line| format!("    {line}")).collect();
    format!("def k(x):\n{}", lines.join("\n"))
}

fn message(error: &CompileError) -> &str {
    error.message()
}

/// The position of a refusal as C sees it.
fn refusal(result: Result<Kernel, CompileError>, source: &str) -> i64 {
    match result {
        Ok(_) => panic!("accepted:\n{source}"),
        Err(error) => {
            assert_eq!(error.kind(), Status::Syntax, "{source}\n{}", message(&error));
            assert!(!error.message().is_empty());
            error.position.map_or(-1, |position| position as i64)
        }
    }
}
