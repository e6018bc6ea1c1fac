//! Which expressions have one value for all items of a block.

use crate::front::tree::{NodeKind, Tree};
use crate::memory::{OutOfMemory, TryGrow};

/// Whether `tree` has one value for all items, given which variables of the scope have: a reduction
/// has, whatever its argument.
pub fn is_uniform(tree: &Tree, variables: &[bool]) -> Result<bool, OutOfMemory> {
    let mut uniform = Vec::try_filled(true, tree.nodes.len())?;
    for (id, node) in tree.nodes.iter().enumerate() {
        uniform[id] = match node.kind {
            NodeKind::Variable(index) => variables[index as usize],
            NodeKind::Index(symbol) => symbol.is_uniform(),
            kind if kind.is_reduction() => true,
            _ => {
                let mut all = true;
                tree.for_each_operand(id as u32, |operand| all &= uniform[operand as usize]);
                all
            }
        };
    }
    Ok(uniform.last().copied().unwrap_or(true))
}

/// Whether a reduction occurs in `tree`.
pub fn reduces(tree: &Tree) -> bool {
    tree.nodes.iter().any(|node| node.kind.is_reduction())
}
