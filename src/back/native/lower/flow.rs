//! What must be known about a body before it is lowered: whether every path returns, which locals
//! live round a loop, which locals a statement assigns.

use crate::ir::{ExprId, ExprKind, Kernel, LocalId, Stmt, always_returns, any_in, for_each_in};
use crate::memory::{OutOfMemory, TryGrow};

/// The findings.
pub struct Flow {
    /// Whether statements may be left out or repeated: in loops, and in branches that call the host, which
    /// must not run for no lane.
    pub has_jumps: bool,
    pub always_returns: bool,
    /// Locals that are read where no assignment of the same block, or of both branches before it,
    /// says what they hold; the last entry is the result of the kernel.
    pub needs_variable: Vec<bool>,
    /// Expressions that statements may change: with locals or calls of the host.
    pub varies: Vec<bool>,
    /// Expressions that call functions of the host.
    calls_host: Vec<bool>,
}

impl Flow {
    pub fn new(kernel: &Kernel) -> Result<Flow, OutOfMemory> {
        let calls_host = kernel.graph.made_of(|kind| matches!(kind, ExprKind::Call { .. }))?;
        let calls = |id: ExprId| calls_host[id.index()];
        let has_jumps = contains_loop(&kernel.body) || branches_call(&kernel.body, &calls);
        let mut needs_variable = Vec::try_filled(false, kernel.locals.len() + 1)?;
        if has_jumps {
            needs_variable[kernel.locals.len()] = returns_inside(&kernel.body);
            let bound = Vec::try_filled(false, kernel.locals.len())?;
            let seen = Vec::try_filled(false, kernel.graph.len())?;
            let mut search = Search { kernel, needs_variable, bound, seen };
            search.block(&kernel.body)?;
            needs_variable = search.needs_variable;
        }
        let always_returns = always_returns(&kernel.body);
        let varies =
            kernel.graph.made_of(|kind| matches!(kind, ExprKind::Local(_) | ExprKind::Call { .. }))?;
        Ok(Flow { has_jumps, always_returns, needs_variable, varies, calls_host })
    }

    /// Whether an expression calls a function of the host.
    pub fn calls_host(&self, id: ExprId) -> bool {
        self.calls_host[id.index()]
    }

    /// Whether some statement of the block does.
    pub fn calls_host_in(&self, block: &[Stmt]) -> bool {
        any_root(block, &|id| self.calls_host(id))
    }
}

/// Whether a statement in a branch has an expression for which `calls` holds.
fn branches_call(block: &[Stmt], calls: &impl Fn(ExprId) -> bool) -> bool {
    block.iter().any(|stmt| match stmt {
        Stmt::If { branches, otherwise } => {
            branches.iter().any(|branch| any_root(&branch.body, calls)) || any_root(otherwise, calls)
        }
        _ => false,
    })
}

/// Whether `test` holds for an expression that the block's statements name.
fn any_root(block: &[Stmt], test: &impl Fn(ExprId) -> bool) -> bool {
    any_in(block, |stmt| {
        let mut found = false;
        stmt.for_each_value(|value| found |= test(value));
        found
    })
}

/// Whether a statement of the block, or of a block in it, is a loop.
pub fn contains_loop(block: &[Stmt]) -> bool {
    any_in(block, |stmt| matches!(stmt, Stmt::While { .. } | Stmt::For { .. }))
}

/// Whether a lane cannot reach the end of the block.
pub fn always_leaves(block: &[Stmt]) -> bool {
    block.iter().any(|stmt| match stmt {
        Stmt::Return(_) | Stmt::Break | Stmt::Continue => true,
        Stmt::If { branches, otherwise } => {
            branches.iter().all(|branch| always_leaves(&branch.body)) && always_leaves(otherwise)
        }
        _ => false,
    })
}

/// Whether a return lies inside another statement.
fn returns_inside(block: &[Stmt]) -> bool {
    block.iter().flat_map(Stmt::blocks).any(|block| any_in(block, |stmt| matches!(stmt, Stmt::Return(_))))
}

/// Whether a lane may end a pass of the loop with this body before its end.
pub fn leaves_early(body: &[Stmt]) -> bool {
    body.iter().any(|stmt| match stmt {
        Stmt::Return(_) | Stmt::Break | Stmt::Continue => true,
        Stmt::If { branches, otherwise } => {
            branches.iter().any(|branch| leaves_early(&branch.body)) || leaves_early(otherwise)
        }
        _ => returns_inside(std::slice::from_ref(stmt)),
    })
}

/// Whether a `continue` of this loop lies in its body.
pub fn contains_continue(block: &[Stmt]) -> bool {
    block.iter().any(|stmt| match stmt {
        Stmt::Continue => true,
        Stmt::If { branches, otherwise } => {
            branches.iter().any(|branch| contains_continue(&branch.body)) || contains_continue(otherwise)
        }
        _ => false,
    })
}

/// Calls `visit` for each local that the block assigns, loop variables included.
pub fn for_each_assigned(block: &[Stmt], mut visit: impl FnMut(LocalId)) {
    for_each_in(block, |stmt| stmt.assigned().into_iter().for_each(&mut visit));
}

/// A walk along the statements that notes which locals are bound to a value.
struct Search<'a> {
    kernel: &'a Kernel,
    needs_variable: Vec<bool>,
    bound: Vec<bool>,
    seen: Vec<bool>,
}

impl Search<'_> {
    fn block(&mut self, block: &[Stmt]) -> Result<(), OutOfMemory> {
        block.iter().try_for_each(|stmt| self.stmt(stmt))
    }

    fn stmt(&mut self, stmt: &Stmt) -> Result<(), OutOfMemory> {
        match stmt {
            Stmt::Assign { local, value } => {
                self.read(*value)?;
                self.bound[*local as usize] = true;
                Ok(())
            }
            Stmt::Return(value) => self.read(*value),
            Stmt::If { branches, otherwise } => {
                let before = Vec::try_copied(&self.bound)?;
                let mut after = Vec::try_filled(true, before.len())?;
                for branch in branches {
                    self.bound.copy_from_slice(&before);
                    self.read(branch.condition)?;
                    self.block(&branch.body)?;
                    self.meet(&branch.body, &mut after);
                }
                self.bound.copy_from_slice(&before);
                self.block(otherwise)?;
                self.meet(otherwise, &mut after);
                self.bound = after;
                Ok(())
            }
            Stmt::While { condition, body, .. } => {
                self.unbind(body);
                self.read(*condition)?;
                self.block(body)?;
                self.unbind(body);
                Ok(())
            }
            Stmt::For { variable, start, stop, step, body } => {
                for bound in [start, stop, step] {
                    self.read(*bound)?;
                }
                self.unbind(body);
                self.bound[*variable as usize] = true;
                self.block(body)?;
                self.unbind(body);
                self.bound[*variable as usize] = false;
                Ok(())
            }
            Stmt::Break | Stmt::Continue | Stmt::Print(_) => Ok(()),
        }
    }

    /// What is bound after a branch is bound after the statement if it is so after the others.
    fn meet(&self, branch: &[Stmt], after: &mut [bool]) {
        if always_leaves(branch) {
            return;
        }
        for (after, bound) in after.iter_mut().zip(&self.bound) {
            *after &= bound;
        }
    }

    fn unbind(&mut self, body: &[Stmt]) {
        for_each_assigned(body, |local| self.bound[local as usize] = false);
    }

    fn read(&mut self, root: ExprId) -> Result<(), OutOfMemory> {
        let mut stack = Vec::new();
        stack.try_push(root)?;
        while let Some(id) = stack.pop() {
            match self.kernel.graph.expr(id).kind {
                ExprKind::Local(local) => {
                    if !self.bound[local as usize] {
                        self.needs_variable[local as usize] = true;
                    }
                }
                _ if self.seen[id.index()] => {}
                _ => {
                    self.seen[id.index()] = true;
                    self.kernel.graph.operands(id).try_for_each(|operand| stack.try_push(operand))?;
                }
            }
        }
        Ok(())
    }
}
