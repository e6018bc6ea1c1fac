//! What must be known of a kernel before the first instruction is written.

use super::arithmetic::{has_binary, has_unary};
use super::convert::has_conversion;
use crate::back::engine::{Refusal, reason};
use crate::ir::{ExprId, ExprKind, Graph, Kernel, LocalId, always_returns};
use crate::memory::{OutOfMemory, TryGrow};
use crate::mid::facts;
use crate::mid::flatten::{Head, Loop, Node, Region, for_each_node, try_for_each_region};
use crate::mid::range::ConstantRange;

const NO_LANES: Refusal = Refusal::of("complex and string values are not supported by jit ir");

/// What is known of a kernel.
#[derive(Debug)]
pub struct Facts {
    /// What every engine knows.
    pub common: facts::Facts,
    /// Loop variables that are the same for all items, that only their loop's body reads, and whose range is
    /// known.
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
    pub fn gather(kernel: &Kernel, nodes: &mut [Node<Region>]) -> Result<Facts, Refusal> {
        if kernel.params.iter().any(|param| param.ty.dtype.is_complex() || param.ty.dtype.is_string()) {
            return Err(NO_LANES);
        }
        if !always_returns(&kernel.body) {
            return Err(Refusal::of(reason::NO_RETURN));
        }
        try_for_each_region(nodes, &mut |region| check(region))?;
        let common = facts::Facts::gather(kernel, nodes)?;
        let mut facts = Facts {
            common,
            is_counter: Vec::try_filled(false, kernel.locals.len())?,
            is_wide: false,
            has_nested_return: !matches!(nodes, [.., Node::Return(_)]) || has_nested_return(nodes),
            calls_by_group: false,
        };
        facts.find_counters(nodes);
        facts.find_width(nodes)?;
        facts.calls_by_group = !facts.is_straight_with_calls(nodes)? && facts.any_calls(nodes)?;
        Ok(facts)
    }

    /// Lets a counter have a value for each item.
    pub fn vary_counter(&mut self, local: LocalId, nodes: &[Node<Region>]) -> Result<(), OutOfMemory> {
        self.is_counter[local as usize] = false;
        self.calls_by_group = self.any_calls(nodes)?;
        Ok(())
    }

    /// Whether a kernel is one value that takes calls: they are made for whole strips.
    pub fn is_straight_with_calls(&self, nodes: &[Node<Region>]) -> Result<bool, OutOfMemory> {
        match nodes {
            [Node::Return(region)] => has_calls(self, &region.graph, &region.values),
            _ => Ok(false),
        }
    }

    /// Whether statements call vector kernels.
    pub fn any_calls(&self, nodes: &[Node<Region>]) -> Result<bool, OutOfMemory> {
        let mut found = false;
        try_for_each_region(nodes, &mut |region| {
            found = found || has_calls(self, &region.graph, &roots(region)?)?;
            Ok::<_, OutOfMemory>(())
        })?;
        Ok(found)
    }

    fn find_counters(&mut self, nodes: &[Node<Region>]) {
        for_each_node(nodes, |node| {
            if let Node::Loop(Loop { head: Head::For { variable, bounds }, .. }) = node {
                let local = *variable as usize;
                self.is_counter[local] =
                    self.common.is_uniform[local] && ConstantRange::of_region(bounds).is_some();
            }
        });
    }

    fn find_width(&mut self, nodes: &[Node<Region>]) -> Result<(), OutOfMemory> {
        for_each_node(nodes, |node| {
            if let Node::Loop(Loop { head: Head::For { variable, .. }, .. }) = node {
                let local = *variable as usize;
                self.is_wide |= self.common.reads[local] > 0 && !self.is_counter[local];
            }
        });
        try_for_each_region(nodes, &mut |region| self.widen(region, &roots(region)?))
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

/// Refuses what no lane can hold.
fn check(region: &Region) -> Result<(), Refusal> {
    for expr in &region.graph.exprs {
        if expr.ty.dtype.is_complex() || expr.ty.dtype.is_string() {
            return Err(NO_LANES);
        }
        match expr.kind {
            ExprKind::Reduce(..) => {
                return Err(Refusal::of(reason::REDUCTION));
            }
            ExprKind::Call { .. } => {
                return Err(Refusal::of("user functions are not supported by jit ir"));
            }
            _ => {}
        }
    }
    Ok(())
}

/// The expressions of a region that lanes hold: the bounds of a constant range are not among them.
fn roots(region: &Region) -> Result<Vec<ExprId>, OutOfMemory> {
    let mut roots = Vec::new();
    region.stores.iter().try_for_each(|(_, value)| roots.try_push(*value))?;
    if ConstantRange::of_region(region).is_none() {
        roots.try_extend(&region.values)?;
    }
    Ok(roots)
}

fn has_nested_return(nodes: &[Node<Region>]) -> bool {
    let mut count = 0;
    for_each_node(nodes, |node| count += usize::from(matches!(node, Node::Return(_))));
    count > 1
}

/// Whether an expression is a call of a vector kernel, because no instruction computes it.
pub fn is_call(facts: &Facts, graph: &Graph, id: ExprId) -> bool {
    let expr = graph.expr(id);
    match expr.kind {
        ExprKind::Unary(op, a) => !has_unary(op, graph.expr(a).ty.dtype),
        ExprKind::Binary(op, ..) => !has_binary(op, expr.ty.dtype),
        ExprKind::Cast(a) => {
            !facts.is_scalar(graph, a) && !has_conversion(graph.expr(a).ty.dtype, expr.ty.dtype)
        }
        ExprKind::Fma(..) => true,
        ExprKind::Constant(_)
        | ExprKind::Param(_)
        | ExprKind::Local(_)
        | ExprKind::Index(_)
        | ExprKind::Compare(..)
        | ExprKind::Select { .. } => false,
        ExprKind::Call { .. }
        | ExprKind::Reduce(..)
        | ExprKind::Text(_)
        | ExprKind::String(..)
        | ExprKind::StringTest(..) => unreachable!("the facts refuse kernels with it"),
    }
}

/// Whether roots need calls of vector kernels.
fn has_calls(facts: &Facts, graph: &Graph, roots: &[ExprId]) -> Result<bool, OutOfMemory> {
    let needed = graph.needed(roots)?;
    Ok(graph.ids().any(|id| needed[id.index()] && is_call(facts, graph, id)))
}
