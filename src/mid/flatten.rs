//! From statements to regions: straight-line code becomes one graph of expressions.
//!
//! Within a run of assignments a local that is read after it was assigned is replaced by the value
//! that it got, so that equal subexpressions of several statements are computed once, and a local
//! that nothing else reads is never stored.

use std::convert::Infallible;

use crate::ir::{
    Block, Builder, Expr, ExprId, ExprKind, Graph, Invalid, Kernel, LocalId, Print, SourcePlace, Stmt,
};
use crate::memory::{OutOfMemory, TryGrow};

/// Straight-line code: expressions of a graph of its own, which refer to the tables of the kernel.
#[derive(Debug, Default)]
pub struct Region {
    pub graph: Graph,
    /// The locals that the region sets.
    pub stores: Vec<(LocalId, ExprId)>,
    /// What else it computes: a condition, a value, bounds.
    pub values: Vec<ExprId>,
    /// Calls of host functions whose effects count, in ascending order.
    calls: Vec<ExprId>,
}

/// A statement over regions.
#[derive(Debug)]
pub enum Node<R> {
    /// Only sets locals.
    Compute(R),
    /// One value.
    Return(R),
    /// Each condition in a region of its own; `otherwise` runs where none holds.
    If {
        branches: Vec<(R, Vec<Node<R>>)>,
        otherwise: Vec<Node<R>>,
    },
    Loop(Loop<R>),
    Break,
    Continue,
    Print(R, Print),
}

/// A loop.
#[derive(Debug)]
pub struct Loop<R> {
    pub head: Head<R>,
    pub body: Vec<Node<R>>,
}

/// What decides about the next pass of a loop.
#[derive(Debug)]
pub enum Head<R> {
    /// One condition, computed before each pass.
    While { condition: R, place: SourcePlace },
    /// Start, stop and step, computed once.
    For { variable: LocalId, bounds: R },
}

/// Flattens the body of a kernel.
pub fn flatten(kernel: &Kernel) -> Result<Vec<Node<Region>>, OutOfMemory> {
    flatten_within(kernel, usize::MAX)
}

/// Flattens the body of a kernel. A statement begins a new region where the one at hand has
/// `max_reductions` or more.
pub fn flatten_within(kernel: &Kernel, max_reductions: usize) -> Result<Vec<Node<Region>>, OutOfMemory> {
    let mut flattener = Flattener {
        kernel,
        builder: Builder::for_region(),
        calls: Vec::new(),
        values: Vec::try_filled(None, kernel.locals.len())?,
        copies: Vec::try_filled((0, ExprId(0)), kernel.graph.len())?,
        stamp: 1,
        pending: Vec::new(),
        has_reductions: kernel.graph.exprs.iter().any(|expr| matches!(expr.kind, ExprKind::Reduce(..))),
        is_partial: false,
        reductions: 0,
        max_reductions,
        seen: Vec::try_filled(0, kernel.graph.len())?,
        walk: 0,
    };
    let nodes = flattener.block(&kernel.body)?;
    debug_assert_eq!(validate(kernel, &nodes), Ok(()), "flat code is well formed");
    Ok(nodes)
}

/// Checks the expressions of all regions, and that stores and values are of them.
fn validate(kernel: &Kernel, nodes: &[Node<Region>]) -> Result<(), Invalid> {
    try_for_each_region(nodes, &mut |region| {
        kernel.validate_graph(&region.graph)?;
        region
            .stores
            .iter()
            .try_for_each(|(local, value)| kernel.validate_store(&region.graph, *local, *value))
    })
}

impl Region {
    /// The calls that count but that neither the stores nor the values need: the program makes them and
    /// drops the result.
    pub fn dropped_calls(&self) -> Result<Vec<ExprId>, OutOfMemory> {
        let mut dropped = Vec::new();
        if self.calls.is_empty() {
            return Ok(dropped);
        }
        let mut needed = Vec::try_filled(false, self.graph.len())?;
        for root in self.stores.iter().map(|(_, value)| value).chain(&self.values) {
            needed[root.index()] = true;
        }
        // Users come after their operands; a dropped call needs its own.
        for id in self.graph.ids().rev() {
            if !needed[id.index()] && self.calls.binary_search(&id).is_ok() {
                dropped.try_push(id)?;
                needed[id.index()] = true;
            }
            if needed[id.index()] {
                self.graph.operands(id).for_each(|operand| needed[operand.index()] = true);
            }
        }
        Ok(dropped)
    }

    /// The locals whose earlier values the region reads.
    pub fn reads(&self) -> impl Iterator<Item = LocalId> + '_ {
        self.graph.exprs.iter().filter_map(|expr| match expr.kind {
            ExprKind::Local(local) => Some(local),
            _ => None,
        })
    }
}

impl<R> Head<R> {
    /// The region that decides.
    pub fn region(&self) -> &R {
        match self {
            Head::While { condition: region, .. } | Head::For { bounds: region, .. } => region,
        }
    }

    pub fn region_mut(&mut self) -> &mut R {
        match self {
            Head::While { condition: region, .. } | Head::For { bounds: region, .. } => region,
        }
    }
}

/// Calls `visit` with each node, and with those inside it, until an error.
pub fn try_for_each_node<'a, R, E>(
    nodes: &'a [Node<R>],
    visit: &mut impl FnMut(&'a Node<R>) -> Result<(), E>,
) -> Result<(), E> {
    for node in nodes {
        visit(node)?;
        match node {
            Node::If { branches, otherwise } => {
                branches.iter().try_for_each(|(_, body)| try_for_each_node(body, visit))?;
                try_for_each_node(otherwise, visit)?;
            }
            Node::Loop(flat) => try_for_each_node(&flat.body, visit)?,
            Node::Compute(_) | Node::Return(_) | Node::Print(..) | Node::Break | Node::Continue => {}
        }
    }
    Ok(())
}

/// Whether `test` holds for a node, or for one inside it.
pub fn any_node<R>(nodes: &[Node<R>], mut test: impl FnMut(&Node<R>) -> bool) -> bool {
    try_for_each_node(nodes, &mut |node| if test(node) { Err(()) } else { Ok(()) }).is_err()
}

/// Calls `visit` with the regions of nodes, and of those inside them, until an error.
pub fn try_for_each_region<'a, R, E>(
    nodes: &'a [Node<R>],
    visit: &mut impl FnMut(&'a R) -> Result<(), E>,
) -> Result<(), E> {
    try_for_each_node(nodes, &mut |node| match node {
        Node::Compute(region) | Node::Return(region) | Node::Print(region, _) => visit(region),
        Node::If { branches, .. } => branches.iter().try_for_each(|(region, _)| visit(region)),
        Node::Loop(flat) => visit(flat.head.region()),
        Node::Break | Node::Continue => Ok(()),
    })
}

/// Calls `visit` with each node, and with those inside it.
pub fn for_each_node<'a, R>(nodes: &'a [Node<R>], mut visit: impl FnMut(&'a Node<R>)) {
    let Ok(()) = try_for_each_node(nodes, &mut |node| {
        visit(node);
        Ok::<_, Infallible>(())
    });
}

/// Calls `visit` with the regions of nodes, and of those inside them.
pub fn for_each_region<'a, R>(nodes: &'a [Node<R>], mut visit: impl FnMut(&'a R)) {
    let Ok(()) = try_for_each_region(nodes, &mut |region| {
        visit(region);
        Ok::<_, Infallible>(())
    });
}

pub(super) struct Flattener<'a> {
    kernel: &'a Kernel,
    /// The graph of the current region.
    builder: Builder,
    /// Its calls whose effects count.
    calls: Vec<ExprId>,
    /// The value that each local got in the current region.
    pub(super) values: Vec<Option<ExprId>>,
    /// The copy of each expression in the current region, valid if its stamp is the current one.
    copies: Vec<(u64, ExprId)>,
    /// Changes with every assignment and every region.
    stamp: u64,
    /// Expressions to copy; a true flag says that the operands are there.
    pending: Vec<(ExprId, bool)>,
    has_reductions: bool,
    /// Whether statements may run for some lanes only.
    is_partial: bool,
    /// Reductions in the current region.
    reductions: usize,
    max_reductions: usize,
    /// For each expression the last walk over the kernel that met it.
    pub(super) seen: Vec<u32>,
    /// Number of the walk at hand.
    pub(super) walk: u32,
}

impl Flattener<'_> {
    fn block(&mut self, block: &Block) -> Result<Vec<Node<Region>>, OutOfMemory> {
        let mut nodes = Vec::new();
        for (index, stmt) in block.iter().enumerate() {
            // A reduction reads the locals of all lanes: those that do not run keep what they held.
            // Its argument is computed apart, so a call before it counts only once if its value is stored.
            let has_calls = !self.calls.is_empty();
            let sees_all_lanes = self.has_reductions && (self.is_partial || has_calls);
            if sees_all_lanes || self.reductions >= self.max_reductions {
                self.flush(&mut nodes)?;
            }
            if matches!(stmt, Stmt::If { .. })
                && let Some(value) = self.straight_value(&block[index..])?
            {
                self.end_with(value, &mut nodes)?;
                return Ok(nodes);
            }
            self.stmt(stmt, &mut nodes)?;
        }
        self.flush(&mut nodes)?;
        Ok(nodes)
    }

    fn stmt(&mut self, stmt: &Stmt, nodes: &mut Vec<Node<Region>>) -> Result<(), OutOfMemory> {
        match stmt {
            Stmt::Assign { local, value } => {
                let value = self.copy(*value)?;
                self.set_value(*local, value);
                Ok(())
            }
            Stmt::Return(value) => {
                let value = self.copy(*value)?;
                self.end_with(value, nodes)
            }
            Stmt::If { branches, otherwise } if self.is_convertible(branches, otherwise)? => {
                self.convert(branches, otherwise)
            }
            Stmt::If { branches, otherwise } => {
                let mut flat = Vec::new();
                for branch in branches {
                    self.open_branch(branch.condition, &mut flat)?;
                    let body = self.block(&branch.body)?;
                    if let Some(last) = flat.last_mut() {
                        last.1 = body;
                    }
                }
                let otherwise = self.block(otherwise)?;
                close_choice(nodes, flat, otherwise)
            }
            Stmt::While { condition, body, place } => {
                self.open_while(*condition, *place, nodes)?;
                let body = self.block(body)?;
                close_loop(nodes, body);
                Ok(())
            }
            Stmt::For { variable, start, stop, step, body } => {
                self.open_for(*variable, [*start, *stop, *step], nodes)?;
                let body = self.block(body)?;
                close_loop(nodes, body);
                Ok(())
            }
            Stmt::Break | Stmt::Continue => self.jump(stmt, nodes),
            Stmt::Print(print) => self.print(print, nodes),
        }
    }

    // What opens a block, or takes a region, is not inlined: the frames of `block` and `stmt` are on the stack
    // once for each nested block, and regions are large.

    /// Begins a branch without its body.
    #[inline(never)]
    fn open_branch(
        &mut self,
        condition: ExprId,
        branches: &mut Vec<(Region, Vec<Node<Region>>)>,
    ) -> Result<(), OutOfMemory> {
        let condition = self.copy(condition)?;
        let region = self.finish_region(&[condition])?;
        self.is_partial = true;
        branches.try_push((region, Vec::new()))
    }

    /// Begins a loop without its body.
    #[inline(never)]
    fn open_while(
        &mut self,
        condition: ExprId,
        place: SourcePlace,
        nodes: &mut Vec<Node<Region>>,
    ) -> Result<(), OutOfMemory> {
        self.flush(nodes)?;
        let condition = self.copy(condition)?;
        let condition = self.finish_region(&[condition])?;
        self.is_partial = true;
        nodes.try_push(Node::Loop(Loop { head: Head::While { condition, place }, body: Vec::new() }))
    }

    /// Begins a loop without its body.
    #[inline(never)]
    fn open_for(
        &mut self,
        variable: LocalId,
        [start, stop, step]: [ExprId; 3],
        nodes: &mut Vec<Node<Region>>,
    ) -> Result<(), OutOfMemory> {
        let bounds = [self.copy(start)?, self.copy(stop)?, self.copy(step)?];
        let bounds = self.finish_region(&bounds)?;
        self.is_partial = true;
        nodes.try_push(Node::Loop(Loop { head: Head::For { variable, bounds }, body: Vec::new() }))
    }

    #[inline(never)]
    fn jump(&mut self, stmt: &Stmt, nodes: &mut Vec<Node<Region>>) -> Result<(), OutOfMemory> {
        self.flush(nodes)?;
        nodes.try_push(if matches!(stmt, Stmt::Break) { Node::Break } else { Node::Continue })
    }

    #[inline(never)]
    fn print(&mut self, print: &Print, nodes: &mut Vec<Node<Region>>) -> Result<(), OutOfMemory> {
        let mut values = Vec::new();
        for (value, _) in &print.values {
            values.try_push(self.copy(*value)?)?;
        }
        let region = self.finish_region(&values)?;
        nodes.try_push(Node::Print(region, copy_print(print)?))
    }

    /// Ends the region, and the lanes, with a value; what the region sets nobody reads.
    #[inline(never)]
    fn end_with(&mut self, value: ExprId, nodes: &mut Vec<Node<Region>>) -> Result<(), OutOfMemory> {
        let mut region = self.take_region();
        region.values.try_push(value)?;
        nodes.try_push(Node::Return(region))
    }

    pub(super) fn kernel(&self) -> &Kernel {
        self.kernel
    }

    /// From here on the local has this value.
    pub(super) fn set_value(&mut self, local: LocalId, value: ExprId) {
        self.values[local as usize] = Some(value);
        self.stamp += 1;
    }

    /// Puts other values in place of the current ones, which are returned.
    pub(super) fn replace_values(&mut self, values: Vec<Option<ExprId>>) -> Vec<Option<ExprId>> {
        self.stamp += 1;
        std::mem::replace(&mut self.values, values)
    }

    /// A value of the region, or what the local held before the region.
    pub(super) fn value_or_earlier(
        &mut self,
        local: LocalId,
        value: Option<ExprId>,
    ) -> Result<ExprId, OutOfMemory> {
        match value {
            Some(value) => Ok(value),
            None => self.builder.add(ExprKind::Local(local), self.kernel.locals[local as usize].ty),
        }
    }

    /// `yes` where the condition holds, else `no`.
    pub(super) fn select(
        &mut self,
        condition: ExprId,
        yes: ExprId,
        no: ExprId,
    ) -> Result<ExprId, OutOfMemory> {
        let ty = self.builder.graph.expr(yes).ty;
        self.builder.add(ExprKind::Select { condition, yes, no }, ty)
    }

    /// Ends the region with its stores and `values`.
    fn finish_region(&mut self, values: &[ExprId]) -> Result<Region, OutOfMemory> {
        let mut stores = Vec::new();
        for (local, value) in self.values.iter().enumerate() {
            if let Some(value) = value {
                stores.try_push((local as LocalId, *value))?;
            }
        }
        let mut region = self.take_region();
        region.stores = stores;
        region.values.try_extend(values)?;
        Ok(region)
    }

    /// Ends the region if it sets anything.
    #[inline(never)]
    fn flush(&mut self, nodes: &mut Vec<Node<Region>>) -> Result<(), OutOfMemory> {
        if self.values.iter().all(Option::is_none) && self.calls.is_empty() {
            return Ok(());
        }
        let region = self.finish_region(&[])?;
        nodes.try_push(Node::Compute(region))
    }

    fn take_region(&mut self) -> Region {
        self.values.fill(None);
        self.stamp += 1;
        self.reductions = 0;
        let builder = std::mem::replace(&mut self.builder, Builder::for_region());
        Region { graph: builder.graph, calls: std::mem::take(&mut self.calls), ..Region::default() }
    }

    /// The copy of an expression in the current region, with the current values of the locals.
    pub(super) fn copy(&mut self, root: ExprId) -> Result<ExprId, OutOfMemory> {
        self.pending.try_push((root, false))?;
        while let Some((id, operands_done)) = self.pending.pop() {
            if self.copies[id.index()].0 == self.stamp {
                continue;
            }
            if operands_done {
                let copy = self.copy_one(id)?;
                self.copies[id.index()] = (self.stamp, copy);
                continue;
            }
            self.pending.try_push((id, true))?;
            let pending = &mut self.pending;
            self.kernel.graph.operands(id).try_for_each(|operand| pending.try_push((operand, false)))?;
        }
        Ok(self.copies[root.index()].1)
    }

    /// Copies one expression whose operands are copied.
    fn copy_one(&mut self, id: ExprId) -> Result<ExprId, OutOfMemory> {
        let Expr { kind, ty } = *self.kernel.graph.expr(id);
        self.builder.place = self.kernel.graph.places[id.index()];
        if let ExprKind::Local(local) = kind
            && let Some(value) = self.values[local as usize]
        {
            return Ok(value);
        }
        let kind = match kind {
            ExprKind::Call { function, args } => {
                let counts = !self.kernel.tables.function(function).target.is_pure();
                let copies = &mut self.builder.graph.args;
                let first = copies.len() as u32;
                for argument in self.kernel.graph.arguments(args) {
                    copies.try_push(self.copies[argument.index()].1)?;
                }
                let call = self.builder.add(ExprKind::Call { function, args: (first, args.1) }, ty)?;
                if counts {
                    self.calls.try_push(call)?;
                }
                return Ok(call);
            }
            other => other.with_operands(|operand| self.copies[operand.index()].1),
        };
        self.reductions += usize::from(matches!(kind, ExprKind::Reduce(..)));
        self.builder.add(kind, ty)
    }
}

#[inline(never)]
fn close_choice(
    nodes: &mut Vec<Node<Region>>,
    branches: Vec<(Region, Vec<Node<Region>>)>,
    otherwise: Vec<Node<Region>>,
) -> Result<(), OutOfMemory> {
    nodes.try_push(Node::If { branches, otherwise })
}

/// Gives the loop that was begun last its body.
fn close_loop(nodes: &mut [Node<Region>], body: Vec<Node<Region>>) {
    if let Some(Node::Loop(last)) = nodes.last_mut() {
        last.body = body;
    }
}

fn copy_print(print: &Print) -> Result<Print, OutOfMemory> {
    let prefix = Vec::try_copied(&print.prefix)?;
    let mut copy = Print { place: print.place, prefix, values: Vec::new() };
    for (value, text) in &print.values {
        copy.values.try_push((*value, Vec::try_copied(text)?))?;
    }
    Ok(copy)
}
