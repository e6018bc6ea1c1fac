//! The rules of the reference library.
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
mod infer;
mod typed;

use crate::dtype::Dtype;
use crate::front::error::CompileError;
use crate::front::scope::Scope;
use crate::front::tree::Tree;
use crate::ir::{Builder, ExprId};
use crate::memory::TryGrow;
use emit::Emitter;
use fold::Folder;
use typed::Typed;

/// What the surroundings of an expression say about its constants.
#[derive(Clone, Copy, Debug)]
pub struct Rules {
    /// The dtype that types number literals; `None` where there is nothing to take it from.
    pub literal: Option<Dtype>,
    /// So in kernels: `-1` has the dtype of `1`, otherwise it is float64; and without a `target` an
    /// integer literal that the dtype `literal` does not hold is wider, otherwise it wraps.
    pub literals_keep_value: bool,
    /// The dtype that the whole expression is computed for, if that is given.
    pub target: Option<Dtype>,
    /// Whether a complex variable is declared, which excludes operations without a complex form.
    pub complex_declared: bool,
    /// The family of a string of literals alone that meets no other string.
    pub literal_text: Dtype,
}

impl Rules {
    /// The rules for an expression in `scope` that is computed for the dtype `target`.
    ///
    /// Literals have the dtype `target`, else that of the first numeric variable. A bool target says
    /// nothing about the numbers in a condition, and in a kernel a bool variable nothing about those
    /// beside it: the first variable that is not bool decides there.
    pub fn new(scope: &Scope<'_>, target: Option<Dtype>, literals_keep_value: bool) -> Rules {
        let mut numeric = scope.dtypes().filter(|dtype| !dtype.is_string());
        let literal = match target {
            Some(dtype) if !dtype.is_string() && dtype != Dtype::Bool => Some(dtype),
            None if !literals_keep_value => numeric.next(),
            Some(dtype) if dtype.is_string() && !literals_keep_value => numeric.next(),
            _ => numeric.find(|dtype| *dtype != Dtype::Bool),
        };
        Rules {
            literal,
            literals_keep_value,
            target,
            complex_declared: scope.dtypes().any(Dtype::is_complex),
            literal_text: if target == Some(Dtype::Bytes) { Dtype::Bytes } else { Dtype::String },
        }
    }
}

/// A tree whose nodes have their dtypes.
pub struct TypedTree<'a> {
    scope: &'a Scope<'a>,
    tree: &'a Tree,
    rules: Rules,
    nodes: Vec<Typed>,
    folder: Folder<'a>,
}

/// Types all nodes of `tree`.
pub fn infer<'a>(scope: &'a Scope<'a>, tree: &'a Tree, rules: Rules) -> Result<TypedTree<'a>, CompileError> {
    let mut folder = Folder::new(scope, tree, rules);
    let nodes = infer::infer(scope, tree, rules, &mut folder)?;
    Ok(TypedTree { scope, tree, rules, nodes, folder })
}

impl TypedTree<'_> {
    /// The dtype of the whole expression.
    pub fn dtype(&self) -> Dtype {
        self.nodes[self.tree.root() as usize].compute
    }

    /// Adds the whole expression, in its own dtype, operands before users.
    pub fn emit(self, builder: &mut Builder) -> Result<ExprId, CompileError> {
        let TypedTree { scope, tree, rules, nodes, mut folder } = self;
        let demands = demand::spread(scope, tree, &nodes, rules)?;
        let mut emitter = Emitter::new(builder, scope, tree, Vec::try_filled(ExprId(0), tree.nodes.len())?);
        for id in 0..=tree.root() {
            let Some(demand) = demands[id as usize] else { continue };
            emitter.exprs[id as usize] = if nodes[id as usize].constant.is_some() {
                let value = folder.value(&nodes, id, demand.result)?;
                emitter.builder.constant(value, demand.result)?
            } else {
                emitter.node(&nodes, id, demand)?
            };
        }
        Ok(emitter.exprs[tree.root() as usize])
    }
}
