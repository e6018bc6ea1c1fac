//! Statements: masks for the lanes that run, jumps where no lane is left.

use super::flow::{always_leaves, contains_continue, contains_loop, for_each_assigned, leaves_early};
use super::{Binding, Lowerer, Refusal, Region};
use crate::back::call::Status;
use crate::back::engine::reason;
use crate::back::native::lane::{Label, Op, Slot, Source, Value};
use crate::dtype::Dtype;
use crate::ir::{Branch, CompareOp, ExprId, ExprKind, LocalId, Stmt, for_each_in};
use crate::memory::{OutOfMemory, TryGrow};
use crate::mid::range::ConstantRange;

/// How far lanes go that leave a block.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Leave {
    NextPass,
    Loop,
    Kernel,
}

/// A loop under construction.
struct Loop {
    head: Label,
    exit: Label,
    /// Lanes that go round again; `None` is all.
    mask: Option<Value>,
    /// What was known before the body.
    known: usize,
    logged: usize,
}

/// What one branch leaves behind.
struct Outcome<'a> {
    /// `None` for the last branch, which has no condition.
    condition: Option<Value>,
    env: Vec<Binding>,
    body: &'a [Stmt],
}

impl Lowerer<'_> {
    /// The body of the kernel, and the store of its result.
    pub fn whole_body(&mut self) -> Result<(), Refusal> {
        let result = self.kernel.locals.len() as LocalId;
        for local in 0..=result {
            if self.flow.needs_variable[local as usize] {
                let variable = self.variable(local)?;
                let zero = self.zero(self.code.dtype(variable))?;
                self.rewrite(Op::Move, variable, &[zero], None)?;
            }
        }
        let mask = match self.flow.needs_variable[result as usize] {
            true => Some(self.active_copy()?),
            false => None,
        };
        self.regions.try_push(Region { mask, loop_mask: None, loop_id: None })?;
        let kernel = self.kernel;
        self.block(&kernel.body)?;
        let value = match self.variables[result as usize] {
            Some(variable) => variable,
            None => self.result.ok_or(Refusal::of("jit c codegen requires at least one return"))?,
        };
        Ok(self.effect(Op::Store, &[value])?)
    }

    /// A copy of the mask of the active lanes, to be changed later.
    fn active_copy(&mut self) -> Result<Value, OutOfMemory> {
        match self.active() {
            Some(active) => self.append(Op::Copy, Dtype::Bool, &[active]),
            None => self.append(Op::MaskConstant(true), Dtype::Bool, &[]),
        }
    }

    fn block(&mut self, block: &[Stmt]) -> Result<(), Refusal> {
        for stmt in block {
            self.stmt(stmt)?;
            if always_leaves_after(stmt) {
                break;
            }
        }
        Ok(())
    }

    fn stmt(&mut self, stmt: &Stmt) -> Result<(), Refusal> {
        match stmt {
            Stmt::Assign { local, value } => self.assign(*local, *value),
            Stmt::Return(value) => self.return_value(*value),
            Stmt::If { branches, otherwise } => self.branches(branches, otherwise),
            Stmt::While { condition, body, .. } => {
                self.hoist(stmt)?;
                self.while_loop(*condition, body)
            }
            Stmt::For { variable, start, stop, step, body } => {
                self.hoist(stmt)?;
                match ConstantRange::of(&self.kernel.graph, [*start, *stop, *step]) {
                    Some(range) if !range.is_empty() => self.uniform_loop(*variable, range, body),
                    _ => self.range_loop(*variable, [*start, *stop, *step], body),
                }
            }
            Stmt::Break => Ok(self.leave(Leave::Loop)?),
            Stmt::Continue => Ok(self.leave(Leave::NextPass)?),
            Stmt::Print(_) => Err(Refusal::of(reason::PRINT)),
        }
    }

    fn assign(&mut self, local: LocalId, value: ExprId) -> Result<(), Refusal> {
        let mut value = self.expression(value)?;
        if self.is_variable(value) {
            value = self.append(Op::Copy, self.code.dtype(value), &[value])?;
        }
        Ok(self.bind(local, value)?)
    }

    /// Whether instructions that come later may write the value.
    fn is_variable(&self, value: Value) -> bool {
        self.versions[value as usize] > 0
    }

    /// Gives a local a value, for the active lanes.
    fn bind(&mut self, local: LocalId, value: Value) -> Result<(), OutOfMemory> {
        if self.flow.needs_variable[local as usize] {
            let variable = self.variable(local)?;
            let loop_id = self.regions.last().and_then(|region| region.loop_id);
            let lanes = self.lanes_of_write(local, self.active(), loop_id);
            self.rewrite(Op::Move, variable, &[value], lanes)?;
        }
        self.env[local as usize] = Binding::Value(value);
        Ok(())
    }

    fn return_value(&mut self, value: ExprId) -> Result<(), Refusal> {
        let value = self.expression(value)?;
        let result = self.kernel.locals.len();
        if self.flow.needs_variable[result] {
            let variable = self.variable(result as LocalId)?;
            self.rewrite(Op::Move, variable, &[value], self.active())?;
        } else {
            self.result = Some(match (self.result, self.active()) {
                (Some(before), Some(mask)) => self.select(mask, value, before)?,
                _ => value,
            });
        }
        Ok(self.leave(Leave::Kernel)?)
    }

    /// Takes the active lanes out of the blocks that they leave. Statements that could follow in the
    /// same block are not lowered, so unless it is a loop's body its own mask stays.
    fn leave(&mut self, to: Leave) -> Result<(), OutOfMemory> {
        let Some(lanes) = self.active() else { return Ok(()) };
        let innermost_loop = self.regions.iter().rposition(|region| region.loop_id.is_some());
        let first = match (to, innermost_loop) {
            (Leave::Kernel, _) => 0,
            (Leave::Loop | Leave::NextPass, Some(innermost)) => innermost,
            (Leave::Loop | Leave::NextPass, None) => unreachable!("the grammar wants a loop around"),
        };
        let is_body = self.regions.last().is_some_and(|region| region.loop_id.is_some());
        let end = self.regions.len() - usize::from(!is_body);
        for index in first..end {
            let Region { mask, loop_mask, .. } = self.regions[index];
            // First, because `lanes` may be the mask of this region.
            if loop_mask.is_some() && loop_mask != mask && to != Leave::NextPass {
                self.without(loop_mask, lanes)?;
            }
            self.regions[index].mask = self.without(mask, lanes)?;
        }
        Ok(())
    }

    /// A mask without some lanes. Where code may be skipped the mask itself changes.
    fn without(&mut self, mask: Option<Value>, lanes: Value) -> Result<Option<Value>, OutOfMemory> {
        match mask {
            Some(mask) if self.flow.has_jumps => {
                self.rewrite(Op::AndNot, mask, &[lanes, mask], None)?;
                Ok(Some(mask))
            }
            Some(mask) => Ok(Some(self.append(Op::AndNot, Dtype::Bool, &[lanes, mask])?)),
            None => Ok(Some(self.append(Op::Not, Dtype::Bool, &[lanes])?)),
        }
    }

    fn branches(&mut self, branches: &[Branch], otherwise: &[Stmt]) -> Result<(), Refusal> {
        let before = Vec::try_copied(&self.env)?;
        let mut outcomes = Vec::new();
        let mut remaining = self.active();
        for (index, branch) in branches.iter().enumerate() {
            if index > 0 && self.flow.calls_host(branch.condition) {
                // Where no lane is left to ask for, nothing jumps over the condition.
                return Err(Refusal::of("user functions are not supported by jit ir in elif conditions"));
            }
            let condition = self.expression(branch.condition)?;
            let mask = self.part(Op::And, remaining, condition)?;
            if index + 1 < branches.len() || !otherwise.is_empty() {
                remaining = Some(self.part(Op::AndNot, remaining, condition)?);
            }
            self.branch(mask, &branch.body)?;
            let env = std::mem::replace(&mut self.env, Vec::try_copied(&before)?);
            outcomes.try_push(Outcome { condition: Some(condition), env, body: &branch.body })?;
        }
        if let Some(mask) = remaining
            && !otherwise.is_empty()
        {
            self.branch(mask, otherwise)?;
        }
        let env = std::mem::replace(&mut self.env, before);
        outcomes.try_push(Outcome { condition: None, env, body: otherwise })?;
        self.meet(&outcomes)
    }

    /// The lanes of `mask` where the condition holds (`And`) or not (`AndNot`), as a mask of its own.
    fn part(&mut self, op: Op, mask: Option<Value>, condition: Value) -> Result<Value, OutOfMemory> {
        match mask {
            Some(mask) => self.append(op, Dtype::Bool, &[condition, mask]),
            None if op == Op::AndNot => self.append(Op::Not, Dtype::Bool, &[condition]),
            None => self.append(Op::Copy, Dtype::Bool, &[condition]),
        }
    }

    fn branch(&mut self, mask: Value, body: &[Stmt]) -> Result<(), Refusal> {
        let skip = match self.flow.has_jumps && (is_worth_a_jump(body) || self.flow.calls_host_in(body)) {
            true => Some(self.code.new_label()?),
            false => None,
        };
        let (known, logged) = (self.known.len(), self.memo_log.len());
        if let Some(label) = skip {
            self.effect(Op::JumpIfNone(label), &[mask])?;
        }
        self.regions.try_push(Region { mask: Some(mask), loop_mask: None, loop_id: None })?;
        self.block(body)?;
        self.regions.pop();
        match skip {
            Some(label) => {
                self.label(label)?;
                self.forget(known, logged);
            }
            // The instructions are passed, but expressions may have had other operands outside the branch.
            None if self.flow.has_jumps => self.forget(self.known.len(), logged),
            None => {}
        }
        Ok(())
    }

    /// Binds the locals after branches: selects between what the branches say.
    fn meet(&mut self, outcomes: &[Outcome]) -> Result<(), Refusal> {
        let mut assigned = Vec::try_filled(false, self.env.len())?;
        for outcome in outcomes.iter().filter(|outcome| !always_leaves(outcome.body)) {
            for_each_assigned(outcome.body, |local| assigned[local as usize] = true);
        }
        for local in (0..assigned.len()).filter(|local| assigned[*local]) {
            if self.flow.needs_variable[local] {
                self.env[local] = Binding::Variable;
                continue;
            }
            let mut merged = None;
            for outcome in outcomes.iter().rev().filter(|outcome| !always_leaves(outcome.body)) {
                let value = match outcome.env[local] {
                    Binding::Value(value) => value,
                    _ => self.zero(self.kernel.locals[local].ty.dtype)?,
                };
                merged = Some(match (merged, outcome.condition) {
                    (Some(merged), Some(condition)) => self.select(condition, value, merged)?,
                    _ => value,
                });
            }
            self.env[local] = merged.map_or(Binding::Unset, Binding::Value);
        }
        Ok(())
    }

    /// Computes what a loop that is not in another loop uses and does not change.
    fn hoist(&mut self, stmt: &Stmt) -> Result<(), Refusal> {
        if self.regions.iter().any(|region| region.loop_id.is_some()) {
            return Ok(());
        }
        let mut stack = Vec::new();
        let mut result = Ok(());
        for_each_in(std::slice::from_ref(stmt), |stmt| {
            stmt.for_each_value(|value| result = result.and_then(|()| stack.try_push(value)));
        });
        result?;
        let mut seen = Vec::try_filled(false, self.kernel.graph.len())?;
        while let Some(id) = stack.pop() {
            if std::mem::replace(&mut seen[id.index()], true) {
                continue;
            }
            if !self.flow.varies[id.index()] {
                if !matches!(self.kernel.graph.expr(id).kind, ExprKind::Constant(_)) {
                    self.expression(id)?;
                }
                continue;
            }
            self.kernel.graph.operands(id).try_for_each(|operand| stack.try_push(operand))?;
        }
        Ok(())
    }

    fn while_loop(&mut self, condition: ExprId, body: &[Stmt]) -> Result<(), Refusal> {
        let passes = self.code.new_slot();
        self.effect(Op::SetUniform(passes, 0), &[])?;
        let mask = self.active_copy()?;
        let round = self.open_loop(body, Some(mask))?;
        let condition = self.expression(condition)?;
        self.narrow(mask, condition, round.exit)?;
        self.effect(Op::CountPass(passes), &[])?;
        self.loop_body(&round, body)?;
        self.effect(Op::Jump(round.head), &[])?;
        Ok(self.close_loop(round, body)?)
    }

    /// A loop whose bounds are computed for each lane.
    fn range_loop(&mut self, variable: LocalId, range: [ExprId; 3], body: &[Stmt]) -> Result<(), Refusal> {
        let start = self.expression(range[0])?;
        let stop = self.expression(range[1])?;
        let step = self.expression(range[2])?;
        let zero = self.zero(Dtype::Int64)?;
        let is_zero = self.compare(CompareOp::Eq, step, zero)?;
        let fails = self.part(Op::And, self.active(), is_zero)?;
        self.effect(Op::FailIfAny(Status::ZeroStep), &[fails])?;
        let ascends = self.compare(CompareOp::Gt, step, zero)?;
        let counter = self.new_value(Dtype::Int64, Source::Computed)?;
        self.rewrite(Op::Move, counter, &[start], None)?;
        let mask = self.active_copy()?;
        let round = self.open_loop(body, Some(mask))?;
        let is_before = self.is_before(ascends, counter, stop)?;
        self.narrow(mask, is_before, round.exit)?;
        self.bind_counter(variable, counter, &round, body)?;
        self.loop_body(&round, body)?;
        let next = self.append(Op::Add, Dtype::Int64, &[counter, step])?;
        let has_next = self.is_before(ascends, counter, next)?;
        self.rewrite(Op::And, mask, &[mask, has_next], None)?;
        self.rewrite(Op::Move, counter, &[next], None)?;
        self.effect(Op::Jump(round.head), &[])?;
        Ok(self.close_for(round, variable, body)?)
    }

    /// Whether `a` comes before `b` in the direction of the loop.
    fn is_before(&mut self, ascends: Value, a: Value, b: Value) -> Result<Value, OutOfMemory> {
        let below = self.append(Op::Compare(CompareOp::Lt), Dtype::Bool, &[a, b])?;
        let above = self.append(Op::Compare(CompareOp::Gt), Dtype::Bool, &[a, b])?;
        self.select(ascends, below, above)
    }

    /// A loop whose counter is one number for all lanes.
    fn uniform_loop(
        &mut self,
        variable: LocalId,
        range: ConstantRange,
        body: &[Stmt],
    ) -> Result<(), Refusal> {
        let slot: Slot = self.code.new_slot();
        self.effect(Op::SetUniform(slot, range.start), &[])?;
        let counter = self.new_value(Dtype::Int64, Source::Uniform(slot))?;
        let mask = if leaves_early(body) { Some(self.active_copy()?) } else { self.active() };
        let round = self.open_loop(body, mask)?;
        self.bind_counter(variable, counter, &round, body)?;
        self.loop_body(&round, body)?;
        self.effect(Op::AddUniform(slot, range.step), &[])?;
        self.effect(Op::JumpIfUniform(slot, range.end(), round.exit), &[])?;
        match mask {
            Some(mask) => self.effect(Op::JumpIfAny(round.head), &[mask])?,
            None => self.effect(Op::Jump(round.head), &[])?,
        }
        Ok(self.close_for(round, variable, body)?)
    }

    /// The loop variable is the counter, for the lanes of this pass.
    fn bind_counter(
        &mut self,
        variable: LocalId,
        counter: Value,
        round: &Loop,
        body: &[Stmt],
    ) -> Result<(), OutOfMemory> {
        if self.flow.needs_variable[variable as usize] {
            let target = self.variable(variable)?;
            let lanes = self.lanes_of_write(variable, round.mask, self.private.loop_of(body));
            self.rewrite(Op::Move, target, &[counter], lanes)?;
        }
        self.env[variable as usize] = Binding::Value(counter);
        Ok(())
    }

    /// Starts a loop for the lanes of a mask, with the locals that it assigns in their variables.
    fn open_loop(&mut self, body: &[Stmt], mask: Option<Value>) -> Result<Loop, OutOfMemory> {
        if let Some(mask) = mask {
            self.versions[mask as usize] += 1;
        }
        self.unbind(body);
        let (head, exit) = (self.code.new_label()?, self.code.new_label()?);
        let (known, logged) = (self.known.len(), self.memo_log.len());
        self.label(head)?;
        Ok(Loop { head, exit, mask, known, logged })
    }

    /// Only the lanes where the condition holds go on; the loop ends without any.
    fn narrow(&mut self, mask: Value, condition: Value, exit: Label) -> Result<(), OutOfMemory> {
        self.rewrite(Op::And, mask, &[mask, condition], None)?;
        self.effect(Op::JumpIfNone(exit), &[mask])
    }

    fn loop_body(&mut self, round: &Loop, body: &[Stmt]) -> Result<(), Refusal> {
        self.effect(Op::MeterPass, &[])?;
        let mask = match round.mask {
            Some(mask) if contains_continue(body) => Some(self.append(Op::Copy, Dtype::Bool, &[mask])?),
            mask => mask,
        };
        let loop_id = self.private.loop_of(body);
        self.regions.try_push(Region { mask, loop_mask: round.mask, loop_id })?;
        self.block(body)?;
        self.regions.pop();
        Ok(())
    }

    /// Ends a `for` loop, after which the loop variable is what each lane saw last.
    fn close_for(&mut self, round: Loop, variable: LocalId, body: &[Stmt]) -> Result<(), OutOfMemory> {
        self.env[variable as usize] = Binding::Unset;
        self.close_loop(round, body)
    }

    fn close_loop(&mut self, round: Loop, body: &[Stmt]) -> Result<(), OutOfMemory> {
        self.label(round.exit)?;
        self.unbind(body);
        self.forget(round.known, round.logged);
        Ok(())
    }

    /// What a loop assigns is in variables at its border, and not what it was.
    fn unbind(&mut self, body: &[Stmt]) {
        let (env, versions, variables) = (&mut self.env, &mut self.versions, &self.variables);
        for_each_assigned(body, |local| match variables[local as usize] {
            Some(variable) => {
                env[local as usize] = Binding::Variable;
                versions[variable as usize] += 1;
            }
            None => env[local as usize] = Binding::Unset,
        });
    }

    fn label(&mut self, label: Label) -> Result<(), OutOfMemory> {
        self.code.labels[label as usize] = self.code.insts.len();
        self.effect(Op::Label(label), &[])
    }
}

fn always_leaves_after(stmt: &Stmt) -> bool {
    always_leaves(std::slice::from_ref(stmt))
}

/// Statements of a block that are cheaper to run for no lane than to jump over.
const CHEAP_STATEMENTS: usize = 4;

fn is_worth_a_jump(body: &[Stmt]) -> bool {
    contains_loop(body) || body.len() > CHEAP_STATEMENTS
}
