//! The language of kernels: a function of Python-like statements that runs once per item.
//!
//! `grammar::statement` reads the statements and the trees of their expressions, whose names it resolves in textual
//! order; `lower` gives every local its dtype and builds the typed statements. All errors have the status
//! of a syntax error; their position is what a caller gets, their message names line and column
//! of the fault.

mod lower;
mod signature;
mod uniform;

use super::dialect::Dialect;
use super::entry::{Entry, EntryKind};
use super::error::CompileError;
use super::grammar::statement;
use super::scope::Scope;
use crate::dtype::Dtype;
use crate::ir::Kernel;
use crate::memory::TryGrow;
use lower::Literals;

/// Compiles the kernel `source` over the caller's entries; `output` is the wanted dtype, `None` to
/// infer it. The kernel's parameters are all inputs, in the order of the entries.
pub fn compile(
    source: &[u8],
    dialect: Dialect,
    entries: &[Entry<'_>],
    output: Option<Dtype>,
) -> Result<Kernel, CompileError> {
    let (program, scope) = statement::parse(source, dialect, Scope::of_entries(entries, output, true)?)?;
    signature::check(entries, &program.params, output)?;
    let literals = Literals::OfKernels;
    lower::lower(source, dialect, program, scope, entries, output, literals)
}

/// The names of the parameters of the kernel `source`; its errors are those of [`compile`].
pub fn parameters(source: &[u8], dialect: Dialect) -> Result<Vec<&[u8]>, CompileError> {
    statement::parameters(source, dialect)
}

/// Compiles the plain expression `text` as the kernel that returns it, with all inputs as parameters.
/// Numbers have the dtypes that they have in plain expressions.
pub fn lift(
    text: &[u8],
    dialect: Dialect,
    entries: &[Entry<'_>],
    output: Option<Dtype>,
) -> Result<Kernel, CompileError> {
    let mut params = Vec::new();
    for entry in entries.iter().filter(|entry| matches!(entry.kind, EntryKind::Variable)) {
        params.try_push(entry.name)?;
    }
    let scope = Scope::of_entries(entries, output, true)?;
    let (program, scope) = statement::parse_expression(text, dialect, params, scope)?;
    signature::check(entries, &program.params, output)?;
    let literals = Literals::OfPlainExpressions;
    lower::lower(text, dialect, program, scope, entries, output, literals)
}

/// Checks the statements of `source` without looking at names and dtypes.
pub fn check_syntax(source: &[u8], dialect: Dialect) -> Result<(), CompileError> {
    statement::check(source, dialect)
}
