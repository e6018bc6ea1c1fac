//! What lane code does for statements.

use super::expression::computed;
use super::flow::{calls_host_in, for_each_assigned};
use super::{Binding, Lowerer, Mark, Refusal};
use crate::back::call::Status;
use crate::back::lane::exits::{always_leaves, has_loop};
use crate::back::lane::{Control, Count, Lanes, Part, Scope};
use crate::back::native::lane::{Label, Op, Slot, Source, Value};
use crate::dtype::Dtype;
use crate::ir::{CompareOp, ExprId, ExprKind, LocalId};
use crate::memory::{OutOfMemory, TryGrow};
use crate::mid::flatten::{Head, Loop, Node, Region, for_each_region, try_for_each_region};
use crate::mid::range::ConstantRange;

/// A loop under construction.
#[derive(Clone, Copy)]
pub struct Round {
    head: Label,
    exit: Label,
    /// What was known before the body.
    known: Mark,
}

/// A choice under construction.
pub struct Choice {
    /// What locals held before it.
    before: Vec<Binding>,
    outcomes: Vec<Outcome>,
    /// The locals that branches set whose end lanes reach.
    assigned: Vec<bool>,
}

/// What a branch leaves behind whose end lanes reach.
struct Outcome {
    /// `None` for the last branch, which has no condition.
    condition: Option<Value>,
    env: Vec<Binding>,
}

impl Lanes for Lowerer<'_> {
    type Value = Value;
    /// A value whose source is a slot.
    type Counter = Value;
    type Passes = Slot;

    fn scopes(&mut self) -> &mut Vec<Scope<Value>> {
        &mut self.scopes
    }

    fn compute(&mut self, region: &Region, values: &[ExprId]) -> Result<Vec<Value>, Refusal> {
        let mut roots = Vec::try_copied(values)?;
        region.stores.iter().try_for_each(|(_, value)| roots.try_push(*value))?;
        let all = self.region_values(&region.graph, &roots)?;
        let mut results = Vec::new();
        for root in roots {
            let mut value = computed(&all, root);
            if self.is_variable(value) {
                value = self.append(Op::Copy, self.code.dtype(value), &[value])?;
            }
            results.try_push(value)?;
        }
        for ((local, _), value) in region.stores.iter().zip(&results[values.len()..]) {
            self.bind(*local, *value)?;
        }
        results.truncate(values.len());
        Ok(results)
    }

    fn give_result(&mut self, region: &Region) -> Result<(), Refusal> {
        let value = computed(&self.region_values(&region.graph, &region.values)?, region.values[0]);
        let (result, mask) = (self.kernel.locals.len(), self.active());
        if self.flow.needs_variable[result] {
            let variable = self.variable(result as LocalId)?;
            return Ok(self.rewrite(Op::Move, variable, &[value], mask)?);
        }
        self.result = Some(match (self.result, mask) {
            (Some(before), Some(mask)) => self.select(mask, value, before)?,
            _ => value,
        });
        Ok(())
    }

    fn new_mask(&mut self, lanes: Option<Value>) -> Result<Value, OutOfMemory> {
        match lanes {
            Some(lanes) => self.append(Op::Copy, Dtype::Bool, &[lanes]),
            None => self.append(Op::MaskConstant(true), Dtype::Bool, &[]),
        }
    }

    fn part(&mut self, part: Part, mask: Option<Value>, condition: Value) -> Result<Value, OutOfMemory> {
        match (mask, part) {
            (Some(mask), part) => self.append(operation(part), Dtype::Bool, &[condition, mask]),
            (None, Part::Where) => self.append(Op::Copy, Dtype::Bool, &[condition]),
            (None, Part::WhereNot) => self.append(Op::Not, Dtype::Bool, &[condition]),
        }
    }

    fn narrow(&mut self, part: Part, mask: Value, condition: Value) -> Result<Value, OutOfMemory> {
        if !self.flow.has_jumps {
            return self.part(part, Some(mask), condition);
        }
        self.rewrite(operation(part), mask, &[condition, mask], None)?;
        Ok(mask)
    }

    fn fail_if_any(&mut self, mask: Value, status: Status) -> Result<(), OutOfMemory> {
        self.effect(Op::FailIfAny(status), &[mask])
    }

    fn int64(&mut self, value: i64) -> Result<Value, OutOfMemory> {
        self.integer(value, Dtype::Int64)
    }

    fn new_int64(&mut self, value: Value) -> Result<Value, OutOfMemory> {
        let variable = self.new_value(Dtype::Int64, Source::Computed)?;
        self.set_int64(variable, value)?;
        Ok(variable)
    }

    fn set_int64(&mut self, target: Value, value: Value) -> Result<(), OutOfMemory> {
        self.rewrite(Op::Move, target, &[value], None)
    }

    fn add_int64(&mut self, a: Value, b: Value) -> Result<Value, OutOfMemory> {
        self.append(Op::Add, Dtype::Int64, &[a, b])
    }

    fn compare_int64(&mut self, op: CompareOp, a: Value, b: Value) -> Result<Value, OutOfMemory> {
        self.compare(op, a, b)
    }

    fn select_mask(&mut self, mask: Value, yes: Value, no: Value) -> Result<Value, OutOfMemory> {
        self.select(mask, yes, no)
    }

    fn open_choice(&mut self) -> Result<(), OutOfMemory> {
        let assigned = Vec::try_filled(false, self.env.len())?;
        let before = Vec::try_copied(&self.env)?;
        self.choices.try_push(Choice { before, outcomes: Vec::new(), assigned })
    }

    fn open_branch(&mut self, mask: Value, body: &[Node<Region>]) -> Result<(), OutOfMemory> {
        let skip = match self.flow.has_jumps && (is_worth_a_jump(body) || calls_host_in(body)) {
            true => Some(self.code.new_label()?),
            false => None,
        };
        let known = self.known();
        self.skips.try_push((skip, known))?;
        match skip {
            Some(label) => self.effect(Op::JumpIfNone(label), &[mask]),
            None => Ok(()),
        }
    }

    fn close_branch(&mut self) -> Result<(), OutOfMemory> {
        match self.skips.pop() {
            Some((Some(label), known)) => {
                self.label(label)?;
                self.forget(known);
            }
            // The instructions are passed, but calls may have had other operands outside the branch.
            Some((None, known)) if self.flow.has_jumps => self.known_calls.truncate(known.calls),
            _ => {}
        }
        Ok(())
    }

    fn choose(&mut self, condition: Option<Value>, body: &[Node<Region>]) -> Result<(), OutOfMemory> {
        let Some(choice) = self.choices.last_mut() else { unreachable!("the choice is open") };
        let env = std::mem::replace(&mut self.env, Vec::try_copied(&choice.before)?);
        if always_leaves(body) {
            return Ok(());
        }
        for_each_assigned(body, |local| choice.assigned[local as usize] = true);
        choice.outcomes.try_push(Outcome { condition, env })
    }

    /// Binds the locals: selects between what the branches say.
    fn close_choice(&mut self) -> Result<(), OutOfMemory> {
        let Some(Choice { outcomes, assigned, .. }) = self.choices.pop() else {
            unreachable!("the choice is open")
        };
        for local in (0..assigned.len()).filter(|local| assigned[*local]) {
            if self.flow.needs_variable[local] {
                self.env[local] = Binding::Variable;
                continue;
            }
            let mut merged = None;
            for outcome in outcomes.iter().rev() {
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

    fn open_loop(&mut self, flat: &Loop<Region>, mask: Option<Value>) -> Result<(), Refusal> {
        self.hoist(flat)?;
        if let Some(mask) = mask {
            self.versions[mask as usize] += 1;
        }
        self.unbind(&flat.body);
        let (head, exit) = (self.code.new_label()?, self.code.new_label()?);
        let known = self.known();
        self.rounds.try_push(Round { head, exit, known })?;
        Ok(self.label(head)?)
    }

    fn begin_pass(&mut self, _: Option<Value>) -> Result<(), OutOfMemory> {
        self.effect(Op::MeterPass, &[])
    }

    fn leave_if_none(&mut self, mask: Value) -> Result<(), OutOfMemory> {
        let Round { exit, .. } = *self.round();
        self.effect(Op::JumpIfNone(exit), &[mask])
    }

    fn repeat(&mut self, mask: Option<Value>) -> Result<(), OutOfMemory> {
        let Round { head, .. } = *self.round();
        match mask {
            Some(mask) => self.effect(Op::JumpIfAny(head), &[mask]),
            None => self.effect(Op::Jump(head), &[]),
        }
    }

    /// After a loop, its variable is what each lane saw last.
    fn close_loop(&mut self, flat: &Loop<Region>) -> Result<(), OutOfMemory> {
        if let Head::For { variable, .. } = flat.head {
            self.env[variable as usize] = Binding::Unset;
        }
        let Round { exit, known, .. } = *self.round();
        self.rounds.pop();
        self.label(exit)?;
        self.unbind(&flat.body);
        self.forget(known);
        Ok(())
    }

    fn new_passes(&mut self) -> Result<Slot, OutOfMemory> {
        let passes = self.code.new_slot();
        self.effect(Op::SetUniform(passes, 0), &[])?;
        Ok(passes)
    }

    fn count_pass(&mut self, passes: Slot) -> Result<(), OutOfMemory> {
        self.effect(Op::CountPass(passes), &[])
    }

    fn new_counter(&mut self, range: ConstantRange) -> Result<Value, OutOfMemory> {
        let slot = self.code.new_slot();
        self.effect(Op::SetUniform(slot, range.start), &[])?;
        self.new_value(Dtype::Int64, Source::Uniform(slot))
    }

    fn advance(&mut self, counter: Value, range: ConstantRange) -> Result<(), OutOfMemory> {
        let Source::Uniform(slot) = self.code.values[counter as usize].source else {
            unreachable!("a counter has a slot")
        };
        let Round { exit, .. } = *self.round();
        self.effect(Op::AddUniform(slot, range.step), &[])?;
        self.effect(Op::JumpIfUniform(slot, range.end(), exit), &[])
    }

    fn bind_variable(
        &mut self,
        variable: LocalId,
        (Count::Same(value) | Count::Each(value)): Count<Value, Value>,
        mask: Option<Value>,
        flat: &Loop<Region>,
    ) -> Result<(), OutOfMemory> {
        self.bind_in(variable, value, mask, Some(flat))
    }
}

/// The operation that picks a part of a mask.
fn operation(part: Part) -> Op {
    match part {
        Part::Where => Op::And,
        Part::WhereNot => Op::AndNot,
    }
}

impl Lowerer<'_> {
    /// Computes what a loop that is not in another loop uses and does not change: all but locals, calls of the
    /// host, and what is made of them.
    fn hoist(&mut self, flat: &Loop<Region>) -> Result<(), Refusal> {
        if self.scopes.iter().any(|scope| scope.body_of.is_some()) {
            return Ok(());
        }
        if let Head::While { condition, .. } = &flat.head {
            self.hoist_from(condition)?;
        }
        try_for_each_region(&flat.body, &mut |region| self.hoist_from(region))
    }

    fn hoist_from(&mut self, region: &Region) -> Result<(), Refusal> {
        let graph = &region.graph;
        let varies = graph.made_of(|kind| matches!(kind, ExprKind::Local(_) | ExprKind::Call { .. }))?;
        let mut roots = Vec::try_copied(&region.values)?;
        region.stores.iter().try_for_each(|(_, value)| roots.try_push(*value))?;
        let needed = graph.needed(&roots)?;
        let mut fixed = Vec::new();
        for id in graph.ids().filter(|id| needed[id.index()] && !varies[id.index()]) {
            fixed.try_push(id)?;
        }
        self.region_values(graph, &fixed)?;
        Ok(())
    }

    /// The innermost loop.
    fn round(&self) -> &Round {
        self.rounds.last().unwrap_or_else(|| unreachable!("the loop is open"))
    }

    /// What a loop assigns is in variables at its border, and not what it was.
    fn unbind(&mut self, body: &[Node<Region>]) {
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

/// Operations of a block that are cheaper to run for no lane than to jump over.
const CHEAP_OPERATIONS: usize = 8;

fn is_worth_a_jump(body: &[Node<Region>]) -> bool {
    let mut operations = 0;
    for_each_region(body, |region| {
        let is_operation = |kind: &ExprKind| {
            !matches!(kind, ExprKind::Constant(_) | ExprKind::Param(_) | ExprKind::Local(_))
        };
        operations += region.graph.exprs.iter().filter(|expr| is_operation(&expr.kind)).count();
    });
    has_loop(body) || operations > CHEAP_OPERATIONS
}
