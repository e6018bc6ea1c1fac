//! What must be known of a kernel before the first instruction is written.

use super::Refusal;
use super::expression::has_calls;
use crate::dtype::{Dtype, Scalar};
use crate::ir::{Expr, ExprId, ExprKind, Graph, IndexSymbol, Kernel, LocalId};
use crate::memory::{OutOfMemory, TryGrow};
use crate::mid::flatten::{Head, Loop, Node, Region, for_each_node, for_each_region, try_for_each_region};

const NO_LANES: Refusal = Refusal::Unsupported("complex and string values are not supported by jit ir");

/// What is known of a kernel.
#[derive(Debug)]
pub struct Facts {
    /// Index symbols in use.
    pub symbols: Vec<IndexSymbol>,
    /// Regions that read each local's earlier value.
    pub reads: Vec<u32>,
    /// Loop variables that are the same for all items, and that only their loop's body reads.
    pub is_counter: Vec<bool>,
    /// Whether some lanes have 64 bits.
    pub is_wide: bool,
    /// Whether a `return` stands inside a branch or a loop.
    pub has_nested_return: bool,
    /// Whether groups of items call vector kernels.
    pub calls_by_group: bool,
}

impl Facts {
    /// Looks through a kernel; refuses what cannot be translated.
    pub fn gather(kernel: &Kernel, nodes: &[Node<Region>]) -> Result<Facts, Refusal> {
        if kernel.params.iter().any(|param| param.ty.dtype.is_complex() || param.ty.dtype.is_string()) {
            return Err(NO_LANES);
        }
        if !always_returns(nodes) {
            return Err(Refusal::Unsupported("program may reach function end without return"));
        }
        let count = kernel.locals.len();
        let mut facts = Facts {
            symbols: Vec::new(),
            reads: Vec::try_filled(0, count)?,
            is_counter: Vec::try_filled(false, count)?,
            is_wide: false,
            has_nested_return: !matches!(nodes, [.., Node::Return(_)]) || has_nested_return(nodes),
            calls_by_group: false,
        };
        try_for_each_region(nodes, &mut |region| {
            region.reads().for_each(|local| facts.reads[local as usize] += 1);
            facts.check(region)
        })?;
        if has_print(nodes) {
            return Err(Refusal::Unsupported("print statements are not supported by jit ir"));
        }
        facts.find_counters(nodes, nodes);
        facts.find_width(nodes)?;
        facts.calls_by_group = !facts.is_straight_with_calls(nodes)? && facts.any_calls(nodes)?;
        Ok(facts)
    }

    /// Refuses what no lane can hold; collects index symbols.
    fn check(&mut self, region: &Region) -> Result<(), Refusal> {
        for expr in &region.graph.exprs {
            if expr.ty.dtype.is_complex() || expr.ty.dtype.is_string() {
                return Err(NO_LANES);
            }
            match expr.kind {
                ExprKind::Index(symbol) if !self.symbols.contains(&symbol) => {
                    self.symbols.try_push(symbol)?
                }
                ExprKind::Reduce(..) => {
                    return Err(Refusal::Unsupported("reductions are not supported by jit ir"));
                }
                ExprKind::Call { .. } => {
                    return Err(Refusal::Unsupported("user functions are not supported by jit ir"));
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Whether a kernel is one value that takes calls: they are made for whole strips.
    pub fn is_straight_with_calls(&self, nodes: &[Node<Region>]) -> Result<bool, OutOfMemory> {
        match nodes {
            [Node::Return(region)] => has_calls(self, &region.graph, &region.values),
            _ => Ok(false),
        }
    }

    fn any_calls(&self, nodes: &[Node<Region>]) -> Result<bool, OutOfMemory> {
        let mut found = false;
        try_for_each_region(nodes, &mut |region| {
            found = found || has_calls(self, &region.graph, &self.roots(region)?)?;
            Ok::<_, OutOfMemory>(())
        })?;
        Ok(found)
    }

    fn find_counters(&mut self, all: &[Node<Region>], nodes: &[Node<Region>]) {
        for_each_node(nodes, |node| {
            if let Node::Loop(Loop { head: Head::For { variable, bounds }, body }) = node
                && constant_range(bounds).is_some()
            {
                let inside = readers(body, *variable);
                let only_counts = loops_over(all, *variable) == 1 && !is_stored(all, *variable);
                self.is_counter[*variable as usize] = only_counts && inside == self.reads[*variable as usize];
            }
        });
    }

    fn find_width(&mut self, nodes: &[Node<Region>]) -> Result<(), OutOfMemory> {
        for_each_node(nodes, |node| {
            if let Node::Loop(Loop { head: Head::For { variable, .. }, .. }) = node {
                let local = *variable as usize;
                self.is_wide |= self.reads[local] > 0 && !self.is_counter[local];
            }
        });
        try_for_each_region(nodes, &mut |region| self.widen(region, &self.roots(region)?))
    }

    /// The expressions of a region that lanes hold: the bounds of a constant range are not among them.
    fn roots(&self, region: &Region) -> Result<Vec<ExprId>, OutOfMemory> {
        let mut roots = self.stored(region)?;
        if constant_range(region).is_none() {
            roots.try_extend(&region.values)?;
        }
        Ok(roots)
    }

    /// What a region stores in locals that something reads.
    fn stored(&self, region: &Region) -> Result<Vec<ExprId>, OutOfMemory> {
        let mut roots = Vec::new();
        for (local, value) in &region.stores {
            if self.reads[*local as usize] > 0 {
                roots.try_push(*value)?;
            }
        }
        Ok(roots)
    }

    /// Counters are scalars: they need no lanes where they are converted at once.
    fn widen(&mut self, region: &Region, roots: &[ExprId]) -> Result<(), OutOfMemory> {
        let graph = &region.graph;
        let is_counter = |id: ExprId| self.is_scalar(graph, id);
        let mut is_wide = roots.iter().any(|root| is_counter(*root));
        let needed = graph.needed(roots)?;
        for id in graph.ids().filter(|id| needed[id.index()]) {
            let expr = graph.expr(id);
            is_wide |= expr.ty.dtype.size() == 8 && !is_counter(id);
            if !matches!(expr.kind, ExprKind::Cast(_)) {
                is_wide |= graph.operands(id).any(is_counter);
            }
        }
        self.is_wide |= is_wide;
        Ok(())
    }

    /// Whether an expression is a counter, which is one scalar for all items.
    pub fn is_scalar(&self, graph: &Graph, id: ExprId) -> bool {
        matches!(graph.expr(id).kind, ExprKind::Local(local) if self.is_counter[local as usize])
    }
}

/// Start, stop and step of a loop, if they are constants and the step is not zero.
pub fn constant_range(bounds: &Region) -> Option<[i64; 3]> {
    let graph = &bounds.graph;
    let &[start, stop, step] = bounds.values.as_slice() else { return None };
    let value = |id: ExprId| match *graph.expr(id) {
        Expr { kind: ExprKind::Constant(Scalar::Int(value)), ty } if ty.dtype == Dtype::Int64 => {
            i64::try_from(value).ok()
        }
        _ => None,
    };
    let range = [value(start)?, value(stop)?, value(step)?];
    (range[2] != 0).then_some(range)
}

fn readers(nodes: &[Node<Region>], local: LocalId) -> u32 {
    let mut count = 0;
    for_each_region(nodes, |region| count += region.reads().filter(|read| *read == local).count() as u32);
    count
}

fn loops_over(nodes: &[Node<Region>], local: LocalId) -> usize {
    let mut count = 0;
    for_each_node(nodes, |node| {
        let is_over =
            matches!(node, Node::Loop(Loop { head: Head::For { variable, .. }, .. }) if *variable == local);
        count += usize::from(is_over);
    });
    count
}

fn is_stored(nodes: &[Node<Region>], local: LocalId) -> bool {
    let mut found = false;
    for_each_region(nodes, |region| found |= region.stores.iter().any(|(stored, _)| *stored == local));
    found
}

fn has_print(nodes: &[Node<Region>]) -> bool {
    let mut found = false;
    for_each_node(nodes, |node| found |= matches!(node, Node::Print(..)));
    found
}

fn has_nested_return(nodes: &[Node<Region>]) -> bool {
    let mut count = 0;
    for_each_node(nodes, |node| count += usize::from(matches!(node, Node::Return(_))));
    count > 1
}

/// Whether every item that runs some nodes ends with a value.
fn always_returns(nodes: &[Node<Region>]) -> bool {
    nodes.iter().any(|node| match node {
        Node::Return(_) => true,
        Node::If { branches, otherwise } => {
            branches.iter().all(|(_, body)| always_returns(body)) && always_returns(otherwise)
        }
        _ => false,
    })
}
