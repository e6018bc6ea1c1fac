//! What engines want to know of flattened code, and code without what nothing reads.

use super::flatten::{Head, Loop, Node, Region, for_each_region, try_for_each_node, try_for_each_region};
use super::uniform::uniform;
use crate::ir::{ExprId, ExprKind, IndexSymbol, Kernel, LocalId};
use crate::memory::{OutOfMemory, TryGrow};

/// What is known of flattened code.
#[derive(Debug)]
pub struct Facts {
    /// For each local, the regions that read what it held before them.
    pub reads: Vec<u32>,
    /// For each local, the loops that count with it.
    pub loops: Vec<u32>,
    /// Counters that have one value for all items: only their loop sets them, only its body reads them.
    pub is_uniform: Vec<bool>,
    /// Index symbols that the code reads.
    pub symbols: Vec<IndexSymbol>,
    pub has_reductions: bool,
    pub has_prints: bool,
}

impl Facts {
    /// Looks through flattened code of a kernel, and removes stores of locals that nothing reads.
    pub fn gather(kernel: &Kernel, nodes: &mut [Node<Region>]) -> Result<Facts, OutOfMemory> {
        let count = kernel.locals.len();
        let mut facts = Facts {
            reads: Vec::try_filled(0, count)?,
            loops: Vec::try_filled(0, count)?,
            is_uniform: Vec::try_filled(false, count)?,
            symbols: Vec::new(),
            has_reductions: false,
            has_prints: false,
        };
        try_for_each_region(nodes, &mut |region| facts.add_region(region))?;
        facts.drop_dead_stores(nodes);
        facts.add_nodes(nodes)?;
        Ok(facts)
    }

    fn add_region(&mut self, region: &Region) -> Result<(), OutOfMemory> {
        region.reads().for_each(|local| self.reads[local as usize] += 1);
        for expr in &region.graph.exprs {
            match expr.kind {
                ExprKind::Index(symbol) if !self.symbols.contains(&symbol) => {
                    self.symbols.try_push(symbol)?;
                }
                ExprKind::Reduce(..) => self.has_reductions = true,
                _ => {}
            }
        }
        Ok(())
    }

    fn drop_dead_stores(&self, nodes: &mut [Node<Region>]) {
        let retain = |region: &mut Region| region.stores.retain(|(local, _)| self.reads[*local as usize] > 0);
        for node in nodes {
            match node {
                Node::Compute(region) | Node::Return(region) | Node::Print(region, _) => retain(region),
                Node::If { branches, otherwise } => {
                    for (region, body) in branches {
                        retain(region);
                        self.drop_dead_stores(body);
                    }
                    self.drop_dead_stores(otherwise);
                }
                Node::Loop(flat) => {
                    retain(flat.head.region_mut());
                    self.drop_dead_stores(&mut flat.body);
                }
                Node::Break | Node::Continue => {}
            }
        }
    }

    /// Adds what nodes say beside their regions.
    fn add_nodes(&mut self, nodes: &[Node<Region>]) -> Result<(), OutOfMemory> {
        let mut is_stored = Vec::try_filled(false, self.reads.len())?;
        for_each_region(nodes, |region| {
            region.stores.iter().for_each(|(local, _)| is_stored[*local as usize] = true);
        });
        try_for_each_node(nodes, &mut |node| {
            match node {
                Node::Loop(Loop { head: Head::For { variable, .. }, .. }) => {
                    self.loops[*variable as usize] += 1;
                }
                Node::Print(..) => self.has_prints = true,
                _ => {}
            }
            Ok::<_, OutOfMemory>(())
        })?;
        // Bounds may read the counters of the loops around, which come first.
        try_for_each_node(nodes, &mut |node| {
            if let Node::Loop(Loop { head: Head::For { variable, bounds }, body }) = node {
                let local = *variable as usize;
                let is_only_counter = !is_stored[local] && self.loops[local] == 1;
                self.is_uniform[local] = is_only_counter
                    && count_readers(body, *variable) == self.reads[local]
                    && self.are_uniform(bounds)?;
            }
            Ok(())
        })
    }

    /// Whether the values of a region are the same for all items.
    fn are_uniform(&self, region: &Region) -> Result<bool, OutOfMemory> {
        let graph = &region.graph;
        let varies = |id: ExprId| matches!(graph.expr(id).kind, ExprKind::Local(local) if !self.is_uniform[local as usize]);
        let is_uniform = uniform(graph, varies)?;
        Ok(region.values.iter().all(|value| is_uniform[value.index()]))
    }
}

/// The place of an index symbol among the arrays that compiled code gets: `symbols`, those that the code reads,
/// come after the parameters.
#[cfg_attr(
    not(any(machine_code, test, wasm_modules)),
    allow(dead_code, reason = "not every build has all engines")
)]
pub fn symbol_array(kernel: &Kernel, symbols: &[IndexSymbol], symbol: IndexSymbol) -> usize {
    let Some(position) = symbols.iter().position(|known| *known == symbol) else {
        unreachable!("the facts list every index symbol of the kernel")
    };
    kernel.params.len() + position
}

/// Regions of `nodes` that read a local.
fn count_readers(nodes: &[Node<Region>], local: LocalId) -> u32 {
    let mut count = 0;
    for_each_region(nodes, |region| count += region.reads().filter(|read| *read == local).count() as u32);
    count
}
