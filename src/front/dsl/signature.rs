//! The caller's table of entries against the parameters of a kernel.

use crate::dtype::Dtype;
use crate::front::entry::{Entry, EntryKind};
use crate::front::error::{CompileError, Quoted, Status};
use crate::front::names::is_reserved;
use crate::operation;

/// Names that one kernel may have: inputs, index symbols, locals.
pub const MAX_SYMBOLS: usize = 128;

/// Refuses the table; there is no place in the source to point to.
pub fn refuse_table(message: std::fmt::Arguments<'_>) -> CompileError {
    CompileError::new(Status::Syntax, message)
}

/// Checks the entries one by one, then against the parameters and the output dtype.
pub fn check(entries: &[Entry<'_>], params: &[&[u8]], output: Option<Dtype>) -> Result<(), CompileError> {
    for (index, entry) in entries.iter().enumerate() {
        check_entry(entry, &entries[..index], params)?;
    }
    let inputs = || entries.iter().filter(|entry| is_input(entry));
    let count = inputs().count();
    if count > MAX_SYMBOLS {
        return Err(refuse_table(format_args!("{count} inputs, more than {MAX_SYMBOLS}")));
    }
    if count != params.len() {
        let wanted = params.len();
        return Err(refuse_table(format_args!(
            "input count mismatch: {wanted} parameters, {count} variables"
        )));
    }
    if let Some(param) = params.iter().find(|param| inputs().all(|entry| entry.name != **param)) {
        return Err(refuse_table(format_args!("no variable for the parameter {}", Quoted(param))));
    }
    if output.is_none() && inputs().any(|entry| entry.dtype.is_none()) {
        return Err(refuse_table(format_args!("a variable without dtype needs an output dtype")));
    }
    Ok(())
}

fn is_input(entry: &Entry<'_>) -> bool {
    matches!(entry.kind, EntryKind::Variable)
}

fn check_entry(entry: &Entry<'_>, earlier: &[Entry<'_>], params: &[&[u8]]) -> Result<(), CompileError> {
    let name = Quoted(entry.name);
    if is_reserved(entry.name) {
        return Err(refuse_table(format_args!("{name} is a reserved name")));
    }
    let mut namesakes = earlier.iter().filter(|other| other.name == entry.name);
    match entry.kind {
        EntryKind::Variable if namesakes.any(|other| !is_input(other)) => {
            Err(refuse_table(format_args!("{name} is both a function and a variable")))
        }
        EntryKind::Variable => Ok(()),
        EntryKind::Function { .. } if operation::find(entry.name).is_some() => {
            Err(refuse_table(format_args!("the function {name} has the same name as a builtin")))
        }
        EntryKind::Function { .. } if params.contains(&entry.name) || namesakes.next().is_some() => {
            Err(refuse_table(format_args!("the function {name} has the same name as another entry")))
        }
        EntryKind::Function { .. } if entry.dtype.is_none_or(Dtype::is_string) => {
            Err(refuse_table(format_args!("the function {name} needs a numeric dtype")))
        }
        EntryKind::Function { .. } => Ok(()),
    }
}
