//! Plain expressions: one value per item.

use std::ops::Range;

use super::dialect::Dialect;
use super::entry::{Entry, EntryKind};
use super::error::{CompileError, Status};
use super::grammar::{python, reference};
use super::lexer::{Grammar, Lexer};
use super::route::expression_place;
use super::scope::Scope;
use super::tree::{NodeKind, Tree};
use super::typing::{Rules, convert, infer, store};
use crate::dtype::Dtype;
use crate::ir::{Builder, ExprKind, Kernel, Param, Stmt};
use crate::memory::{OutOfMemory, TryGrow};

/// Compiles `text` over `entries`; `output` is the wanted dtype, `None` to infer it.
///
/// Errors: −7 and −6 for variables of unknown dtype, −2 with a position for a syntax error, −8 and
/// −5 for operations that have no meaning.
pub fn compile(
    text: &[u8],
    dialect: Dialect,
    entries: &[Entry<'_>],
    output: Option<Dtype>,
) -> Result<Kernel, CompileError> {
    check_mixing(entries, output)?;
    let mut scope = Scope::of_entries(entries, output, false)?;
    let tree = match dialect {
        Dialect::Miniexpr => {
            let Range { start, end } = expression_place(text).unwrap_or(0..text.len());
            let mut lexer = Lexer::new(&text[..end], Grammar::Reference);
            lexer.offset = start;
            reference::parse(&mut lexer, &mut scope, Tree::default()).map_err(with_offset)?
        }
        Dialect::NumPy | Dialect::NumExpr => python::parse_text(text, dialect.vocabulary(), &mut scope)?,
    };
    let mut kernel = Kernel { collapses: dialect.is_python(), ..Kernel::empty() };
    let mut builder = Builder::new();
    bind_used_variables(&mut kernel.params, &mut scope, &tree, entries)?;
    let rules = Rules::new(dialect, &scope, output, false);
    let inferred = infer(&scope, &tree, rules)?.emit(&mut builder)?;
    let value = convert(&mut builder, inferred, output)?;
    let itemsize = builder.graph.expr(value).ty.itemsize;
    let value = store(&mut builder, value, itemsize)?;
    kernel.output = builder.graph.expr(value).ty;
    kernel.body.try_push(Stmt::Return(value))?;
    (kernel.graph, kernel.tables) = (builder.graph, builder.tables);
    Ok(kernel)
}

/// The same error with its position in the message.
fn with_offset(error: CompileError) -> CompileError {
    match error.position {
        Some(position) => error.reworded(format_args!(""), format_args!(" near offset {position}")),
        None => error,
    }
}

/// Variables have all a dtype, or none and take the output's.
fn check_mixing(entries: &[Entry<'_>], output: Option<Dtype>) -> Result<(), CompileError> {
    let variables = || entries.iter().filter(|entry| matches!(entry.kind, EntryKind::Variable));
    let some_auto = variables().any(|entry| entry.dtype.is_none());
    let some_explicit = variables().any(|entry| entry.dtype.is_some());
    match output {
        None if some_auto => Err(CompileError::new(
            Status::UnknownDtype,
            format_args!("a variable without dtype needs an output dtype"),
        )),
        Some(_) if some_auto && some_explicit => Err(CompileError::new(
            Status::MixedDtypes,
            format_args!("variables with and without dtype are mixed"),
        )),
        _ => Ok(()),
    }
}

/// Makes the variables that occur in the tree parameters of the kernel, in order of declaration.
fn bind_used_variables(
    params: &mut Vec<Param>,
    scope: &mut Scope<'_>,
    tree: &Tree,
    entries: &[Entry<'_>],
) -> Result<(), OutOfMemory> {
    let mut used = Vec::try_filled(false, scope.variables.len())?;
    for node in &tree.nodes {
        if let NodeKind::Variable(index) = node.kind {
            used[index as usize] = true;
        }
    }
    let names = entries.iter().filter(|entry| matches!(entry.kind, EntryKind::Variable));
    for ((variable, entry), used) in scope.variables.iter_mut().zip(names).zip(used) {
        if used {
            variable.read = ExprKind::Param(params.len() as u32);
            params.try_push(Param { name: Vec::try_copied(entry.name)?, ty: variable.ty })?;
        }
    }
    Ok(())
}
