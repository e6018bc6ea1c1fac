//! What must be known of flattened code before it is lowered: whether code is skipped, which locals live
//! round a loop.

use crate::back::lane::exits::{always_leaves, has_loop};
use crate::ir::{ExprKind, Kernel, LocalId};
use crate::memory::{OutOfMemory, TryGrow};
use crate::mid::flatten::{Head, Loop, Node, Region, any_node, for_each_node, for_each_region};

/// The findings.
pub struct Flow {
    /// Whether statements may be left out or repeated: in loops, and in branches that call the host, which
    /// must not run for no lane.
    pub has_jumps: bool,
    /// Locals that are read where no store in the same block, or in all branches before it, says what they
    /// hold; the last entry is the result of the kernel.
    pub needs_variable: Vec<bool>,
}

impl Flow {
    pub fn new(kernel: &Kernel, nodes: &[Node<Region>]) -> Result<Flow, OutOfMemory> {
        let has_jumps = has_loop(nodes) || any_node(nodes, |node| blocks(node).any(calls_host_in));
        let mut needs_variable = Vec::try_filled(false, kernel.locals.len() + 1)?;
        if has_jumps {
            needs_variable[kernel.locals.len()] = nodes.iter().flat_map(blocks).any(returns);
            let mut search = Search { needs_variable, bound: Vec::try_filled(false, kernel.locals.len())? };
            search.block(nodes)?;
            needs_variable = search.needs_variable;
        }
        Ok(Flow { has_jumps, needs_variable })
    }
}

/// The blocks inside a node.
fn blocks(node: &Node<Region>) -> impl Iterator<Item = &[Node<Region>]> {
    let (branches, last) = match node {
        Node::If { branches, otherwise } => (&branches[..], Some(otherwise)),
        Node::Loop(flat) => (&[][..], Some(&flat.body)),
        Node::Compute(_) | Node::Return(_) | Node::Print(..) | Node::Break | Node::Continue => {
            (&[][..], None)
        }
    };
    branches.iter().map(|(_, body)| &body[..]).chain(last.map(|body| &body[..]))
}

fn returns(block: &[Node<Region>]) -> bool {
    any_node(block, |node| matches!(node, Node::Return(_)))
}

/// Whether a region calls a function of the host.
pub fn calls_host(region: &Region) -> bool {
    region.graph.exprs.iter().any(|expr| matches!(expr.kind, ExprKind::Call { .. }))
}

/// Whether some statement of the block does.
pub fn calls_host_in(block: &[Node<Region>]) -> bool {
    let mut calls = false;
    for_each_region(block, |region| calls |= calls_host(region));
    calls
}

/// Calls `visit` for each local that the block sets, loop variables included.
pub fn for_each_assigned(block: &[Node<Region>], mut visit: impl FnMut(LocalId)) {
    for_each_region(block, |region| region.stores.iter().for_each(|(local, _)| visit(*local)));
    for_each_node(block, |node| {
        if let Node::Loop(Loop { head: Head::For { variable, .. }, .. }) = node {
            visit(*variable);
        }
    });
}

/// A walk along the statements that notes which locals are bound to a value.
struct Search {
    needs_variable: Vec<bool>,
    bound: Vec<bool>,
}

impl Search {
    fn block(&mut self, block: &[Node<Region>]) -> Result<(), OutOfMemory> {
        block.iter().try_for_each(|node| self.node(node))
    }

    fn node(&mut self, node: &Node<Region>) -> Result<(), OutOfMemory> {
        match node {
            Node::Compute(region) | Node::Return(region) | Node::Print(region, _) => self.region(region),
            Node::If { branches, otherwise } => {
                let mut after = Vec::try_filled(true, self.bound.len())?;
                for (region, body) in branches {
                    self.region(region);
                    let before = Vec::try_copied(&self.bound)?;
                    self.block(body)?;
                    self.meet(body, &mut after);
                    self.bound = before;
                }
                self.block(otherwise)?;
                self.meet(otherwise, &mut after);
                self.bound = after;
            }
            Node::Loop(Loop { head, body }) => {
                if let Head::For { bounds, .. } = head {
                    self.region(bounds);
                }
                self.unbind(body);
                match head {
                    Head::While { condition, .. } => self.region(condition),
                    Head::For { variable, .. } => self.bound[*variable as usize] = true,
                }
                self.block(body)?;
                self.unbind(body);
                if let Head::For { variable, .. } = head {
                    self.bound[*variable as usize] = false;
                }
            }
            Node::Break | Node::Continue => {}
        }
        Ok(())
    }

    fn region(&mut self, region: &Region) {
        for local in region.reads() {
            self.needs_variable[local as usize] |= !self.bound[local as usize];
        }
        region.stores.iter().for_each(|(local, _)| self.bound[*local as usize] = true);
    }

    /// What is bound after a branch is bound after the statement if it is so after the others.
    fn meet(&self, branch: &[Node<Region>], after: &mut [bool]) {
        if always_leaves(branch) {
            return;
        }
        for (after, bound) in after.iter_mut().zip(&self.bound) {
            *after &= bound;
        }
    }

    fn unbind(&mut self, body: &[Node<Region>]) {
        for_each_assigned(body, |local| self.bound[local as usize] = false);
    }
}
