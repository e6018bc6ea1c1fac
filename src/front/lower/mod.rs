//! From a syntax tree to typed expressions.
//!
//! Three passes over the tree's arena, none recursive. *Typing* runs from operands to users: it
//! folds constants and gives each node its computation dtype. *Demand* runs from users to operands:
//! it tells each node the dtype in which its user wants it. *Emission* runs from operands to users
//! again and adds the expressions.
//!
//! The evaluation model: an expression is computed in the dtype of its root; an operand of a binary
//! operator that is itself an operation, and whose dtype differs from the operator's, is computed in
//! its own dtype first (a *boundary*). Comparisons, logical operators, conditions and reductions
//! compute their operands apart.

mod demand;
mod emit;
mod fold;
mod text;
mod typing;

use super::error::CompileError;
use super::scope::Scope;
use super::tree::Tree;
use crate::dtype::Dtype;
use crate::ir::{Builder, ExprId};

/// What the surroundings of an expression say about its constants.
#[derive(Clone, Copy, Debug)]
pub struct Rules {
    /// The dtype that types number literals; `None` where there is nothing to take it from.
    pub literal: Option<Dtype>,
    /// Whether `-1` has the dtype of `1`; otherwise a negated literal is float64.
    pub negation_keeps_dtype: bool,
    /// Whether a complex variable is declared, which excludes operations without a complex form.
    pub complex_declared: bool,
    /// The family of a string of literals alone that meets no other string.
    pub literal_text: Dtype,
}

/// Lowers the whole of `tree`; the result has the dtype that the expression infers.
pub fn lower(
    builder: &mut Builder,
    scope: &Scope<'_>,
    tree: &Tree,
    rules: Rules,
) -> Result<ExprId, CompileError> {
    let typed = typing::infer(scope, tree, rules)?;
    let demands = demand::spread(scope, tree, &typed, rules)?;
    emit::emit(builder, scope, tree, &typed, &demands)
}
