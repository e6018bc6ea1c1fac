//! Statements: masks for the lanes that run, jumps where no lane is left.

use super::exits::{always_leaves, has_continue, leaves_early};
use super::{Count, Lanes, Part, Scope};
use crate::back::call::Status;
use crate::back::engine::{Refusal, reason};
use crate::ir::{CompareOp, LocalId};
use crate::memory::{OutOfMemory, TryGrow};
use crate::mid::flatten::{Head, Loop, Node, Region};
use crate::mid::range::ConstantRange;

/// How far lanes go that leave a block.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Leave {
    NextPass,
    Loop,
    Kernel,
}

/// The statements, which are the same for every engine.
pub trait Control: Lanes {
    /// The lanes that run the next statement; `None` is all.
    fn active(&mut self) -> Option<Self::Value> {
        self.scopes().last().and_then(|scope| scope.mask)
    }

    fn block(&mut self, block: &[Node<Region>]) -> Result<(), Refusal> {
        for node in block {
            self.node(node)?;
            if always_leaves(std::slice::from_ref(node)) {
                break;
            }
        }
        Ok(())
    }

    fn node(&mut self, node: &Node<Region>) -> Result<(), Refusal> {
        match node {
            Node::Compute(region) => self.compute(region, &[]).map(|_| ()),
            Node::Return(region) => {
                self.give_result(region)?;
                Ok(self.leave(Leave::Kernel)?)
            }
            Node::If { branches, otherwise } => self.branches(branches, otherwise),
            Node::Loop(flat) => self.run_loop(flat),
            Node::Break => Ok(self.leave(Leave::Loop)?),
            Node::Continue => Ok(self.leave(Leave::NextPass)?),
            Node::Print(..) => Err(Refusal::of(reason::PRINT)),
        }
    }

    /// Takes the active lanes out of the blocks that they leave. Statements that could follow in the same
    /// block are not written, so unless it is a loop's body its own mask stays.
    fn leave(&mut self, to: Leave) -> Result<(), OutOfMemory> {
        let Some(lanes) = self.active() else { return Ok(()) };
        let innermost_loop = self.scopes().iter().rposition(|scope| scope.body_of.is_some());
        let first = match (to, innermost_loop) {
            (Leave::Kernel, _) => 0,
            (Leave::Loop | Leave::NextPass, Some(innermost)) => innermost,
            (Leave::Loop | Leave::NextPass, None) => unreachable!("the grammar wants a loop around"),
        };
        let is_body = self.scopes().last().is_some_and(|scope| scope.body_of.is_some());
        let end = self.scopes().len() - usize::from(!is_body);
        // From the outside in, so that the mask of the lanes themselves is the last to change.
        for index in first..end {
            let Scope { mask, loop_mask, .. } = self.scopes()[index];
            if let Some(loop_mask) = loop_mask.filter(|_| loop_mask != mask && to != Leave::NextPass) {
                self.narrow(Part::WhereNot, loop_mask, lanes)?;
            }
            let rest = match mask {
                Some(mask) => self.narrow(Part::WhereNot, mask, lanes)?,
                None => self.part(Part::WhereNot, None, lanes)?,
            };
            self.scopes()[index].mask = Some(rest);
        }
        Ok(())
    }

    fn branches(
        &mut self,
        branches: &[(Region, Vec<Node<Region>>)],
        otherwise: &[Node<Region>],
    ) -> Result<(), Refusal> {
        let mut remaining = self.active();
        for (index, (region, body)) in branches.iter().enumerate() {
            let condition = self.compute(region, &region.values)?[0];
            if index == 0 {
                // What comes before the first condition is in its region, and holds for all branches.
                self.open_choice()?;
            }
            let taken = self.part(Part::Where, remaining, condition)?;
            if index + 1 < branches.len() || !otherwise.is_empty() {
                remaining = Some(self.part(Part::WhereNot, remaining, condition)?);
            }
            self.branch(taken, body)?;
            self.choose(Some(condition), body)?;
        }
        if let Some(mask) = remaining.filter(|_| !otherwise.is_empty()) {
            self.branch(mask, otherwise)?;
        }
        self.choose(None, otherwise)?;
        Ok(self.close_choice()?)
    }

    /// Runs a block for the lanes of a mask.
    fn branch(&mut self, mask: Self::Value, body: &[Node<Region>]) -> Result<(), Refusal> {
        self.open_branch(mask, body)?;
        self.scopes().try_push(Scope::of(Some(mask)))?;
        self.block(body)?;
        self.scopes().pop();
        Ok(self.close_branch()?)
    }

    fn run_loop(&mut self, flat: &Loop<Region>) -> Result<(), Refusal> {
        match &flat.head {
            Head::While { condition, .. } => self.while_loop(condition, flat),
            Head::For { variable, bounds } => match ConstantRange::of_region(bounds) {
                Some(range) => {
                    self.compute(bounds, &[])?;
                    if range.is_empty() { Ok(()) } else { self.counted_loop(*variable, range, flat) }
                }
                None => self.range_loop(*variable, bounds, flat),
            },
        }
    }

    fn while_loop(&mut self, condition: &Region, flat: &Loop<Region>) -> Result<(), Refusal> {
        let passes = self.new_passes()?;
        let active = self.active();
        let mask = self.new_mask(active)?;
        self.open_loop(flat, Some(mask))?;
        self.scopes().try_push(Scope::of(Some(mask)))?;
        let values = self.compute(condition, &condition.values)?;
        self.scopes().pop();
        self.narrow(Part::Where, mask, values[0])?;
        self.leave_if_none(mask)?;
        self.count_pass(passes)?;
        self.pass(Some(mask), flat)?;
        self.repeat(None)?;
        Ok(self.close_loop(flat)?)
    }

    /// A loop whose counter is one number for all lanes. It has at least one pass.
    fn counted_loop(
        &mut self,
        variable: LocalId,
        range: ConstantRange,
        flat: &Loop<Region>,
    ) -> Result<(), Refusal> {
        let counter = self.new_counter(range)?;
        let active = self.active();
        let mask = if leaves_early(&flat.body) { Some(self.new_mask(active)?) } else { active };
        self.open_loop(flat, mask)?;
        self.bind_variable(variable, Count::Same(counter), mask, flat)?;
        self.pass(mask, flat)?;
        self.advance(counter, range)?;
        self.repeat(mask)?;
        Ok(self.close_loop(flat)?)
    }

    /// A loop whose bounds are computed for each lane.
    fn range_loop(&mut self, variable: LocalId, bounds: &Region, flat: &Loop<Region>) -> Result<(), Refusal> {
        let values = self.compute(bounds, &bounds.values)?;
        let [start, stop, step] = [values[0], values[1], values[2]];
        let zero = self.int64(0)?;
        let stands = self.compare_int64(CompareOp::Eq, step, zero)?;
        let active = self.active();
        let fails = self.part(Part::Where, active, stands)?;
        self.fail_if_any(fails, Status::ZeroStep)?;
        let ascends = self.compare_int64(CompareOp::Gt, step, zero)?;
        let counter = self.new_int64(start)?;
        let mask = self.new_mask(active)?;
        self.open_loop(flat, Some(mask))?;
        let is_inside = self.is_before(ascends, counter, stop)?;
        self.narrow(Part::Where, mask, is_inside)?;
        self.leave_if_none(mask)?;
        self.bind_variable(variable, Count::Each(counter), Some(mask), flat)?;
        self.pass(Some(mask), flat)?;
        let next = self.add_int64(counter, step)?;
        // A counter that would overflow has had its last pass.
        let has_next = self.is_before(ascends, counter, next)?;
        self.narrow(Part::Where, mask, has_next)?;
        self.set_int64(counter, next)?;
        self.repeat(None)?;
        Ok(self.close_loop(flat)?)
    }

    /// Whether `a` comes before `b` in the direction of the loop.
    fn is_before(
        &mut self,
        ascends: Self::Value,
        a: Self::Value,
        b: Self::Value,
    ) -> Result<Self::Value, OutOfMemory> {
        let below = self.compare_int64(CompareOp::Lt, a, b)?;
        let above = self.compare_int64(CompareOp::Gt, a, b)?;
        self.select_mask(ascends, below, above)
    }

    /// The body of a loop, for the lanes of its mask.
    fn pass(&mut self, loop_mask: Option<Self::Value>, flat: &Loop<Region>) -> Result<(), Refusal> {
        self.begin_pass(loop_mask)?;
        let mask = match loop_mask {
            Some(_) if has_continue(&flat.body) => Some(self.new_mask(loop_mask)?),
            mask => mask,
        };
        self.scopes().try_push(Scope { mask, loop_mask, body_of: Some(flat) })?;
        self.block(&flat.body)?;
        self.scopes().pop();
        Ok(())
    }
}

impl<T: Lanes> Control for T {}
