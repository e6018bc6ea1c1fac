//! From a syntax tree to typed expressions, by the rules of a dialect.
//!
//! The dialects share the tree and what comes out of it; each has its rules in a file or folder of its own.

mod host;
mod numexpr;
pub mod numpy;
mod reference;
mod text;

use super::dialect::Dialect;
use super::error::{CompileError, Status};
use super::scope::Scope;
use super::tree::Tree;
use crate::dtype::Dtype;
use crate::ir::{Builder, ExprId};
use crate::memory::OutOfMemory;

/// By which rules an expression is typed, with what its surroundings say.
#[derive(Clone, Copy, Debug)]
pub enum Rules {
    Miniexpr(reference::Rules),
    /// Those of a dialect whose expressions are Python's.
    Python {
        dialect: Dialect,
        in_kernel: bool,
    },
}

impl Rules {
    /// The rules for an expression in `scope` that is computed for the dtype `target`, which only the reference's
    /// look at; `in_kernel` says whether it stands in a kernel.
    pub fn new(dialect: Dialect, scope: &Scope<'_>, target: Option<Dtype>, in_kernel: bool) -> Rules {
        match dialect {
            Dialect::Miniexpr => Rules::Miniexpr(reference::Rules::new(scope, target, in_kernel)),
            Dialect::NumPy | Dialect::NumExpr => Rules::Python { dialect, in_kernel },
        }
    }
}

/// A tree whose nodes have their dtypes.
#[allow(clippy::large_enum_variant, reason = "there is one at a time, on the stack")]
pub enum TypedTree<'a> {
    Miniexpr(reference::TypedTree<'a>),
    Python(numpy::TypedTree<'a>),
}

/// Types all nodes of `tree`.
pub fn infer<'a>(scope: &'a Scope<'a>, tree: &'a Tree, rules: Rules) -> Result<TypedTree<'a>, CompileError> {
    match rules {
        Rules::Miniexpr(rules) => reference::infer(scope, tree, rules).map(TypedTree::Miniexpr),
        Rules::Python { dialect, in_kernel } => {
            infer_python(dialect, scope, tree, in_kernel).map(TypedTree::Python)
        }
    }
}

/// Types all nodes of a `tree` of Python's expressions.
pub fn infer_python<'a>(
    dialect: Dialect,
    scope: &'a Scope<'a>,
    tree: &'a Tree,
    in_kernel: bool,
) -> Result<numpy::TypedTree<'a>, CompileError> {
    match dialect {
        Dialect::NumExpr => numexpr::infer(scope, tree, in_kernel),
        Dialect::Miniexpr | Dialect::NumPy => numpy::infer(scope, tree),
    }
}

impl TypedTree<'_> {
    /// The dtype of the whole expression.
    pub fn dtype(&self) -> Dtype {
        match self {
            TypedTree::Miniexpr(typed) => typed.dtype(),
            TypedTree::Python(typed) => typed.kind().dtype(),
        }
    }

    /// Adds the whole expression, in its own dtype.
    pub fn emit(self, builder: &mut Builder) -> Result<ExprId, CompileError> {
        match self {
            TypedTree::Miniexpr(typed) => typed.emit(builder),
            TypedTree::Python(typed) => typed.emit(builder),
        }
    }
}

/// `value` in the dtype `wanted`, its own if that is `None`. Strings are never converted.
pub fn convert(builder: &mut Builder, value: ExprId, wanted: Option<Dtype>) -> Result<ExprId, CompileError> {
    let own = builder.dtype(value);
    let wanted = wanted.unwrap_or(own);
    if wanted != own && (wanted.is_string() || own.is_string()) {
        let message = format_args!("a value of dtype {own} cannot be converted to {wanted}");
        return Err(CompileError::new(Status::InvalidType, message));
    }
    if own.is_string() { Ok(value) } else { Ok(builder.cast(value, wanted)?) }
}

/// `value` as a result is stored: a string in a slot of `itemsize` bytes.
pub fn store(builder: &mut Builder, value: ExprId, itemsize: usize) -> Result<ExprId, OutOfMemory> {
    if builder.dtype(value).is_string() { builder.text_in_slot(value, itemsize) } else { Ok(value) }
}
