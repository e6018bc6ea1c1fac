//! What is the same for all items.

use crate::ir::{ExprId, ExprKind, Graph};
use crate::memory::{OutOfMemory, TryGrow};

/// For each expression whether it is known to have one value for all items: if all of its operands do and
/// `varies` does not say that it differs. Locals have one unless `varies` says that they differ.
pub fn uniform(graph: &Graph, varies: impl Fn(ExprId) -> bool) -> Result<Vec<bool>, OutOfMemory> {
    let mut is_uniform = Vec::try_filled(false, graph.len())?;
    for id in graph.ids() {
        is_uniform[id.index()] = !varies(id)
            && match graph.expr(id).kind {
                ExprKind::Reduce(_, _, axes) => axes.is_none(),
                // A function of the host is called for each item.
                ExprKind::Param(_) | ExprKind::Call { .. } => false,
                ExprKind::Index(symbol) => symbol.is_uniform(),
                _ => graph.operands(id).all(|operand| is_uniform[operand.index()]),
            };
    }
    Ok(is_uniform)
}
