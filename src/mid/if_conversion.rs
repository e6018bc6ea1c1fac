//! Choices without branches: where all paths are cheap, every lane computes all of them and selects.

use super::flatten::Flattener;
use crate::ir::{
    BinaryOp, Branch, ExprId, ExprKind, Graph, Kernel, LocalId, MathFn, Stmt, UnaryOp, always_returns,
};
use crate::memory::{OutOfMemory, TryGrow};

/// Operations that all paths of one choice may have together.
const MAX_OPERATIONS: usize = 64;
/// Statements that are looked at to find out.
const MAX_STATEMENTS: usize = 256;

/// What statements may still cost.
struct Room {
    operations: usize,
    statements: usize,
}

impl Flattener<'_> {
    /// The value with which statements end, if they always return and have neither loops nor costly
    /// paths; else nothing changes.
    #[inline(never)]
    pub(super) fn straight_value(&mut self, body: &[Stmt]) -> Result<Option<ExprId>, OutOfMemory> {
        if !self.is_cheap(body)? || !always_returns(body) {
            return Ok(None);
        }
        let before = Vec::try_copied(&self.values)?;
        let value = self.tail_value(body)?;
        if value.is_none() {
            self.replace_values(before);
        }
        Ok(value)
    }

    /// Whether a choice only sets locals, at a price that is worth paying for every lane.
    #[inline(never)]
    pub(super) fn is_convertible(
        &mut self,
        branches: &[Branch],
        otherwise: &[Stmt],
    ) -> Result<bool, OutOfMemory> {
        // All conditions are computed for every lane, but a call is made for those that get as far only.
        for branch in branches.iter().skip(1) {
            if self.makes_call(branch.condition)? {
                return Ok(false);
            }
        }
        let bodies = || branches.iter().map(|branch| &branch.body[..]).chain([otherwise]);
        if !bodies().all(only_assigns) {
            return Ok(false);
        }
        for body in bodies() {
            if !self.is_cheap(body)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Runs a convertible choice: each local takes the value of the branch that holds.
    #[inline(never)]
    pub(super) fn convert(&mut self, branches: &[Branch], otherwise: &[Stmt]) -> Result<(), OutOfMemory> {
        let before = Vec::try_copied(&self.values)?;
        let mut conditions = Vec::new();
        let mut outcomes = Vec::new();
        for branch in branches {
            conditions.try_push(self.copy(branch.condition)?)?;
        }
        for branch in branches {
            self.assign_all(&branch.body)?;
            outcomes.try_push(self.replace_values(Vec::try_copied(&before)?))?;
        }
        self.assign_all(otherwise)?;
        for (condition, outcome) in conditions.into_iter().zip(outcomes).rev() {
            for (local, value) in outcome.into_iter().enumerate() {
                self.merge(local as LocalId, condition, value)?;
            }
        }
        Ok(())
    }

    /// The local is `value` where the condition holds; without one it keeps its earlier value there.
    fn merge(&mut self, local: LocalId, condition: ExprId, value: Option<ExprId>) -> Result<(), OutOfMemory> {
        let current = self.values[local as usize];
        if value == current {
            return Ok(());
        }
        let yes = self.value_or_earlier(local, value)?;
        let no = self.value_or_earlier(local, current)?;
        let merged = self.select(condition, yes, no)?;
        self.set_value(local, merged);
        Ok(())
    }

    fn assign_all(&mut self, body: &[Stmt]) -> Result<(), OutOfMemory> {
        for stmt in body {
            match stmt {
                Stmt::Assign { local, value } => {
                    let value = self.copy(*value)?;
                    self.set_value(*local, value);
                }
                Stmt::If { branches, otherwise } => self.convert(branches, otherwise)?,
                _ => unreachable!("the block only assigns"),
            }
        }
        Ok(())
    }

    /// The value of statements that always return; `None` where a path is not straight.
    fn tail_value(&mut self, body: &[Stmt]) -> Result<Option<ExprId>, OutOfMemory> {
        for (index, stmt) in body.iter().enumerate() {
            match stmt {
                Stmt::Assign { .. } => self.assign_all(std::slice::from_ref(stmt))?,
                Stmt::Return(value) => return self.copy(*value).map(Some),
                Stmt::If { branches, otherwise } if self.is_convertible(branches, otherwise)? => {
                    self.convert(branches, otherwise)?;
                }
                Stmt::If { branches, otherwise } => {
                    return self.choice_value(branches, otherwise, &body[index + 1..]);
                }
                _ => return Ok(None),
            }
        }
        Ok(None)
    }

    /// The value of a choice whose branches all return; `rest` follows it.
    fn choice_value(
        &mut self,
        branches: &[Branch],
        otherwise: &[Stmt],
        rest: &[Stmt],
    ) -> Result<Option<ExprId>, OutOfMemory> {
        if !branches.iter().all(|branch| always_returns(&branch.body)) {
            return Ok(None);
        }
        let before = Vec::try_copied(&self.values)?;
        let mut values = Vec::new();
        for branch in branches {
            let condition = self.copy(branch.condition)?;
            let Some(value) = self.tail_value(&branch.body)? else { return Ok(None) };
            values.try_push((condition, value))?;
            self.replace_values(Vec::try_copied(&before)?);
        }
        let last = match (always_returns(otherwise), only_assigns(otherwise)) {
            (true, _) => self.tail_value(otherwise)?,
            (false, true) => {
                self.assign_all(otherwise)?;
                self.tail_value(rest)?
            }
            (false, false) => None,
        };
        let Some(mut value) = last else { return Ok(None) };
        for (condition, branch_value) in values.into_iter().rev() {
            value = self.select(condition, branch_value, value)?;
        }
        Ok(Some(value))
    }

    /// Whether statements have no loop, and operations that are few and fast.
    fn is_cheap(&mut self, body: &[Stmt]) -> Result<bool, OutOfMemory> {
        self.walk += 1;
        let mut room = Room { operations: MAX_OPERATIONS, statements: MAX_STATEMENTS };
        self.spend(body, &mut room)
    }

    /// Takes the operations of statements from `room`; false if it is too small for them, or if one is
    /// costly or not straight.
    fn spend(&mut self, body: &[Stmt], room: &mut Room) -> Result<bool, OutOfMemory> {
        for stmt in body {
            if room.statements == 0 {
                return Ok(false);
            }
            room.statements -= 1;
            let cheap = match stmt {
                Stmt::Assign { value, .. } | Stmt::Return(value) => self.spend_value(*value, room)?,
                Stmt::If { branches, otherwise } => {
                    let mut cheap = self.spend(otherwise, room)?;
                    for branch in branches {
                        if !cheap {
                            break;
                        }
                        cheap =
                            self.spend_value(branch.condition, room)? && self.spend(&branch.body, room)?;
                    }
                    cheap
                }
                _ => false,
            };
            if !cheap {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Whether a value takes calls of host functions whose effects count.
    fn makes_call(&self, root: ExprId) -> Result<bool, OutOfMemory> {
        let Kernel { graph, tables, .. } = self.kernel();
        if tables.functions.iter().all(|function| function.target.is_pure()) {
            return Ok(false);
        }
        let needed = graph.needed(&[root])?;
        Ok(graph.exprs.iter().zip(needed).any(|(expr, needed)| match expr.kind {
            ExprKind::Call { function, .. } => needed && !tables.function(function).target.is_pure(),
            _ => false,
        }))
    }

    fn spend_value(&mut self, root: ExprId, room: &mut Room) -> Result<bool, OutOfMemory> {
        let mut pending = Vec::new();
        pending.try_push(root)?;
        while let Some(id) = pending.pop() {
            if std::mem::replace(&mut self.seen[id.index()], self.walk) == self.walk {
                continue;
            }
            if room.operations == 0 || is_costly(&self.kernel().graph, id) {
                return Ok(false);
            }
            room.operations -= 1;
            self.kernel().graph.operands(id).try_for_each(|operand| pending.try_push(operand))?;
        }
        Ok(true)
    }
}

/// Whether an operation must not, or should not, be done for lanes that do not need it.
fn is_costly(graph: &Graph, id: ExprId) -> bool {
    let expr = graph.expr(id);
    match expr.kind {
        ExprKind::Unary(UnaryOp::Math(function), _) => function != MathFn::Sqrt,
        ExprKind::Unary(UnaryOp::Factorial, _) | ExprKind::Call { .. } | ExprKind::Reduce(..) => true,
        ExprKind::Binary(op, ..) => !matches!(
            op,
            BinaryOp::Add
                | BinaryOp::Sub
                | BinaryOp::Mul
                | BinaryOp::Div
                | BinaryOp::BitAnd
                | BinaryOp::BitOr
                | BinaryOp::BitXor
                | BinaryOp::Shl
                | BinaryOp::Shr
                | BinaryOp::Fmax
                | BinaryOp::Fmin
                | BinaryOp::Minimum
                | BinaryOp::Maximum
                | BinaryOp::Copysign
        ),
        _ => expr.ty.dtype.is_string() || expr.ty.dtype.is_complex(),
    }
}

/// Whether the statements set locals and do nothing else.
fn only_assigns(body: &[Stmt]) -> bool {
    body.iter().all(|stmt| match stmt {
        Stmt::Assign { .. } => true,
        Stmt::If { branches, otherwise } => {
            only_assigns(otherwise) && branches.iter().all(|branch| only_assigns(&branch.body))
        }
        _ => false,
    })
}
