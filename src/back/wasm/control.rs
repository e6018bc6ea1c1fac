//! Statements: masks for the lanes that run, jumps where no lane is left.

use wasm_encoder::{BlockType, ValType};

use super::access::Place;
use super::body::{ITEMS, OUTPUT, Register};
use super::code::{Instructions, at};
use super::expression::Value;
use super::facts::constant_range;
use super::lanes::Lanes;
use super::{Emitter, Refusal, context};
use crate::back::call::Status;
use crate::back::engine::reason;
use crate::dtype::{Dtype, Scalar};
use crate::ir::{CompareOp, ExprId, ExprKind, LocalId};
use crate::memory::{OutOfMemory, TryGrow};
use crate::mid::flatten::{Head, Loop, Node, Region, for_each_node, for_each_region};
use crate::mid::range::ConstantRange;

/// A block of statements and the lanes that run it.
#[derive(Clone, Copy, Debug)]
pub struct Scope {
    /// The lanes that run the next statement; `None` is all.
    mask: Option<Lanes>,
    /// Set for the body of a loop: the lanes that go round again.
    loop_mask: Option<Lanes>,
}

impl Scope {
    /// A block that the lanes of a mask run.
    pub fn of(mask: Lanes) -> Scope {
        Scope { mask: Some(mask), loop_mask: None }
    }
}

/// How far lanes go that leave a block.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Leave {
    NextPass,
    Loop,
    Kernel,
}

impl Emitter<'_> {
    /// The loop over groups of items, which runs all statements for each.
    pub fn groups(&mut self, nodes: &[Node<Region>]) -> Result<(), Refusal> {
        self.body.code()?.i32_const(0).local_set(self.item);
        self.open_groups()?;
        self.group(nodes)?;
        Ok(self.close_groups()?)
    }

    /// All statements for one group.
    pub fn group(&mut self, nodes: &[Node<Region>]) -> Result<(), Refusal> {
        let mut mask = None;
        if self.facts.has_nested_return {
            let dtype = self.kernel.output.dtype;
            self.result = Some(self.new_variable(dtype)?);
            let all = self.all_lanes()?;
            mask = Some(self.copy(all)?);
        }
        self.load_inputs(nodes)?;
        let mut has_loops = false;
        for_each_node(nodes, |node| has_loops |= matches!(node, Node::Loop(_)));
        if has_loops {
            self.count_anew()?;
        }
        self.scopes.try_push(Scope { mask, loop_mask: None })?;
        self.block(nodes)?;
        if let Some(result) = self.result {
            self.store_output(result)?;
        }
        self.scopes.pop();
        Ok(())
    }

    /// Begins a loop over the groups of the call, from the current item.
    pub fn open_groups(&mut self) -> Result<(), OutOfMemory> {
        self.open_passes()?;
        self.body.code()?.local_get(self.item).local_get(ITEMS).i32_ge_u().br_if(1);
        self.loaded.fill(None);
        Ok(())
    }

    pub fn next_group(&mut self) -> Result<(), OutOfMemory> {
        let group = self.shape.group() as i32;
        self.body.code()?.local_get(self.item).i32_const(group).i32_add().local_set(self.item);
        self.close_passes()
    }

    /// Ends the loop over groups, and the function.
    fn close_groups(&mut self) -> Result<(), OutOfMemory> {
        self.next_group()?;
        self.end_function()
    }

    pub fn end_function(&mut self) -> Result<(), OutOfMemory> {
        self.body.code()?.i32_const(Status::Done as i32).end();
        Ok(())
    }

    pub fn store_output(&mut self, value: Lanes) -> Result<(), OutOfMemory> {
        self.store(value, Place::array(OUTPUT), self.kernel.output.dtype)
    }

    /// Loads what any statement reads, before the first branch.
    fn load_inputs(&mut self, nodes: &[Node<Region>]) -> Result<(), Refusal> {
        for index in self.arrays_read(nodes)? {
            self.array_value(index)?;
        }
        Ok(self.open_read_variables()?)
    }

    /// The inputs and index symbols that any statement reads.
    pub fn arrays_read(&self, nodes: &[Node<Region>]) -> Result<Vec<usize>, OutOfMemory> {
        let mut arrays: Vec<bool> = Vec::try_filled(false, self.loaded.len())?;
        for_each_region(nodes, |region| {
            for expr in &region.graph.exprs {
                match expr.kind {
                    ExprKind::Param(index) => arrays[index as usize] = true,
                    ExprKind::Index(symbol) => arrays[self.symbol_array(symbol)] = true,
                    _ => {}
                }
            }
        });
        let mut read = Vec::new();
        for (index, _) in arrays.iter().enumerate().filter(|(_, is_read)| **is_read) {
            read.try_push(index)?;
        }
        Ok(read)
    }

    /// Gives the locals that are read their registers, before the first branch.
    pub fn open_read_variables(&mut self) -> Result<(), OutOfMemory> {
        for local in 0..self.variables.len() {
            if self.facts.common.reads[local] > 0 && !self.facts.is_counter[local] {
                self.variable(local as LocalId)?;
            }
        }
        Ok(())
    }

    /// The variable of a local, which is zero for each item at first.
    pub fn variable(&mut self, local: LocalId) -> Result<Lanes, OutOfMemory> {
        if let Some(variable) = self.variables[local as usize] {
            return Ok(variable);
        }
        let variable = self.new_variable(self.kernel.locals[local as usize].ty.dtype)?;
        self.variables[local as usize] = Some(variable);
        Ok(variable)
    }

    pub fn new_variable(&mut self, dtype: Dtype) -> Result<Lanes, OutOfMemory> {
        let zero = self.constant(Scalar::Int(0), dtype)?;
        self.copy(zero)
    }

    fn all_lanes(&mut self) -> Result<Lanes, OutOfMemory> {
        self.constant(Scalar::Bool(true), Dtype::Bool)
    }

    /// The lanes that run the next statement.
    fn active(&self) -> Option<Lanes> {
        self.scopes.last().and_then(|scope| scope.mask)
    }

    /// A copy of the mask of the active lanes, to be changed later.
    fn active_copy(&mut self) -> Result<Lanes, OutOfMemory> {
        let mask = match self.active() {
            Some(mask) => mask,
            None => self.all_lanes()?,
        };
        self.copy(mask)
    }

    pub fn block(&mut self, nodes: &[Node<Region>]) -> Result<(), Refusal> {
        for node in nodes {
            self.node(node)?;
            if matches!(node, Node::Return(_) | Node::Break | Node::Continue) {
                break;
            }
        }
        Ok(())
    }

    fn node(&mut self, node: &Node<Region>) -> Result<(), Refusal> {
        match node {
            Node::Compute(region) => self.compute(region).map(|_| ()),
            Node::Return(region) => self.return_value(region),
            Node::If { branches, otherwise } => self.branches(branches, otherwise),
            Node::Loop(flat) => self.run_loop(flat),
            Node::Break => Ok(self.leave(Leave::Loop)?),
            Node::Continue => Ok(self.leave(Leave::NextPass)?),
            Node::Print(..) => Err(Refusal::of(reason::PRINT)),
        }
    }

    /// Computes a region and stores its locals for the active lanes; the result has its values.
    pub fn compute(&mut self, region: &Region) -> Result<Vec<Lanes>, Refusal> {
        let mut roots = Vec::try_copied(&region.values)?;
        region.stores.iter().try_for_each(|(_, value)| roots.try_push(*value))?;
        let values = self.region_values(region, &roots)?;
        self.store_locals(region, &values)?;
        let mut results = Vec::new();
        for value in &region.values {
            results.try_push(self.operand(&values, *value)?)?;
        }
        Ok(results)
    }

    fn store_locals(&mut self, region: &Region, values: &[Option<Value>]) -> Result<(), OutOfMemory> {
        for (local, value) in &region.stores {
            let lanes = self.operand(values, *value)?;
            let variable = self.variable(*local)?;
            let dtype = self.kernel.locals[*local as usize].ty.dtype;
            self.assign(variable, lanes, dtype, self.active())?;
        }
        Ok(())
    }

    fn return_value(&mut self, region: &Region) -> Result<(), Refusal> {
        let value = self.compute(region)?[0];
        let Some(result) = self.result else { return Ok(self.store_output(value)?) };
        self.assign(result, value, self.kernel.output.dtype, self.active())?;
        Ok(self.leave(Leave::Kernel)?)
    }

    /// Takes the active lanes out of the blocks that they leave. Masks change where they are, since the
    /// code behind may be reached without this statement.
    fn leave(&mut self, to: Leave) -> Result<(), OutOfMemory> {
        let Some(lanes) = self.active() else { return Ok(()) };
        let innermost_loop = self.scopes.iter().rposition(|scope| scope.loop_mask.is_some());
        let first = match (to, innermost_loop) {
            (Leave::Kernel, _) => 0,
            (Leave::Loop | Leave::NextPass, Some(innermost)) => innermost,
            (Leave::Loop | Leave::NextPass, None) => unreachable!("the grammar wants a loop around"),
        };
        // From the outside in, so that the mask of the lanes themselves is the last to change.
        for index in first..self.scopes.len() {
            let Scope { mask, loop_mask } = self.scopes[index];
            if let Some(loop_mask) = loop_mask.filter(|_| to != Leave::NextPass)
                && Some(loop_mask) != mask
            {
                self.remove(loop_mask, lanes)?;
            }
            if let Some(mask) = mask {
                self.remove(mask, lanes)?;
            }
        }
        Ok(())
    }

    /// Takes lanes out of a mask.
    fn remove(&mut self, mask: Lanes, lanes: Lanes) -> Result<(), OutOfMemory> {
        self.change(mask, lanes, |code| code.v128_andnot())
    }

    /// Takes the lanes out of a mask for which a condition does not hold.
    pub fn keep_lanes(&mut self, mask: Lanes, condition: Lanes) -> Result<(), OutOfMemory> {
        self.change(mask, condition, |code| code.v128_and())
    }

    /// Sets a mask to what an instruction makes of it and of another one.
    pub fn change(
        &mut self,
        mask: Lanes,
        other: Lanes,
        instruction: Instructions,
    ) -> Result<(), OutOfMemory> {
        self.for_each_part(|emitter, part| {
            let mut code = emitter.body.code()?;
            code.local_get(mask.part(part)).local_get(other.part(part));
            instruction(&mut code).local_set(mask.part(part));
            Ok(())
        })
    }

    fn branches(
        &mut self,
        branches: &[(Region, Vec<Node<Region>>)],
        otherwise: &[Node<Region>],
    ) -> Result<(), Refusal> {
        let depth = self.scopes.len();
        for (region, body) in branches {
            let condition = self.compute(region)?[0];
            let (taken, rest) = match self.active() {
                None => (self.copy(condition)?, self.apply(&[condition], |code| code.v128_not())?),
                Some(active) => (
                    self.apply(&[active, condition], |code| code.v128_and())?,
                    self.apply(&[active, condition], |code| code.v128_andnot())?,
                ),
            };
            self.branch(taken, body)?;
            // Later conditions are for the lanes that no branch has taken.
            self.scopes.truncate(depth);
            self.scopes.try_push(Scope::of(rest))?;
        }
        if !otherwise.is_empty() {
            let rest = self.active_copy()?;
            self.branch(rest, otherwise)?;
        }
        self.scopes.truncate(depth);
        Ok(())
    }

    /// Runs a block for the lanes of a mask, if there are any.
    pub fn branch(&mut self, mask: Lanes, body: &[Node<Region>]) -> Result<(), Refusal> {
        self.put_any(mask)?;
        self.body.code()?.if_(BlockType::Empty);
        self.scopes.try_push(Scope::of(mask))?;
        self.block(body)?;
        self.scopes.pop();
        self.body.code()?.end();
        Ok(())
    }

    fn run_loop(&mut self, flat: &Loop<Region>) -> Result<(), Refusal> {
        match &flat.head {
            Head::While { condition, .. } => self.while_loop(condition, &flat.body),
            Head::For { variable, bounds } => match constant_range(bounds) {
                Some(range) => {
                    self.compute_stores(bounds)?;
                    self.counted_loop(*variable, range, &flat.body)
                }
                None => self.range_loop(*variable, bounds, &flat.body),
            },
        }
    }

    /// Stores the locals of a region whose values are not needed.
    pub fn compute_stores(&mut self, region: &Region) -> Result<(), Refusal> {
        let mut roots: Vec<ExprId> = Vec::new();
        region.stores.iter().try_for_each(|(_, value)| roots.try_push(*value))?;
        let values = self.region_values(region, &roots)?;
        Ok(self.store_locals(region, &values)?)
    }

    fn while_loop(&mut self, condition: &Region, body: &[Node<Region>]) -> Result<(), Refusal> {
        let waiting = self.waiting.take();
        let limit = self.limit()?;
        let mask = self.active_copy()?;
        self.body.code()?.i64_const(0);
        let passes = self.body.keep(ValType::I64)?;
        self.open_passes()?;
        self.scopes.try_push(Scope::of(mask))?;
        let holds = self.compute(condition)?[0];
        self.scopes.pop();
        self.keep_lanes(mask, holds)?;
        self.leave_if_none(mask)?;
        self.count_waiting(waiting, mask)?;
        self.body.code()?.local_get(passes).local_get(limit).i64_ge_u();
        self.fail_if(Status::TooManyPasses)?;
        self.add_to(passes, 1)?;
        self.pass(mask, body)?;
        Ok(self.close_passes()?)
    }

    /// A loop whose passes are the same for all items.
    fn counted_loop(
        &mut self,
        variable: LocalId,
        range: ConstantRange,
        body: &[Node<Region>],
    ) -> Result<(), Refusal> {
        let waiting = self.waiting.take();
        let mask = self.active_copy()?;
        self.body.code()?.i64_const(range.start);
        let counter = self.body.keep(ValType::I64)?;
        self.body.code()?.i64_const(range.len() as i64);
        let left = self.body.keep(ValType::I64)?;
        self.open_passes()?;
        self.body.code()?.local_get(left).i64_eqz().br_if(1);
        self.leave_if_none(mask)?;
        self.count_waiting(waiting, mask)?;
        let local = variable as usize;
        if self.facts.is_counter[local] {
            self.counters[local] = Some(counter);
        } else if self.facts.common.reads[local] > 0 {
            let value = self.spread(counter, Dtype::Int64)?;
            let target = self.variable(variable)?;
            self.assign(target, value, Dtype::Int64, Some(mask))?;
        }
        self.pass(mask, body)?;
        self.add_to(counter, range.step)?;
        self.add_to(left, -1)?;
        Ok(self.close_passes()?)
    }

    /// A loop whose bounds differ from item to item.
    fn range_loop(
        &mut self,
        variable: LocalId,
        bounds: &Region,
        body: &[Node<Region>],
    ) -> Result<(), Refusal> {
        let range = self.compute(bounds)?;
        let (value, stop, step) = (self.copy(range[0])?, self.copy(range[1])?, self.copy(range[2])?);
        let mask = self.active_copy()?;
        let zero = self.integer(0, Dtype::Int64)?;
        let stands = self.compare(CompareOp::Eq, Dtype::Int64, step, zero)?;
        let stands = self.apply(&[stands, mask], |code| code.v128_and())?;
        self.put_any(stands)?;
        self.fail_if(Status::ZeroStep)?;
        let rises = self.compare(CompareOp::Gt, Dtype::Int64, step, zero)?;
        self.open_passes()?;
        let below = self.compare(CompareOp::Lt, Dtype::Int64, value, stop)?;
        let above = self.compare(CompareOp::Gt, Dtype::Int64, value, stop)?;
        let runs = self.select(rises, below, above)?;
        self.keep_lanes(mask, runs)?;
        self.leave_if_none(mask)?;
        if self.facts.common.reads[variable as usize] > 0 {
            let target = self.variable(variable)?;
            self.assign(target, value, Dtype::Int64, Some(mask))?;
        }
        self.advance(value, stop, step)?;
        self.pass(mask, body)?;
        Ok(self.close_passes()?)
    }

    /// `value += step`; a counter that would overflow stops at its bound.
    fn advance(&mut self, value: Lanes, stop: Lanes, step: Lanes) -> Result<(), OutOfMemory> {
        let next = self.apply(&[value, step], |code| code.i64x2_add())?;
        let value_changes = self.apply(&[value, next], |code| code.v128_xor())?;
        let step_differs = self.apply(&[step, next], |code| code.v128_xor())?;
        let overflow =
            self.apply(&[value_changes, step_differs], |code| code.v128_and().i32_const(63).i64x2_shr_s())?;
        let bounded = self.select(overflow, stop, next)?;
        self.move_to(value, bounded)
    }

    /// The body of a loop, for the lanes of its mask.
    pub fn pass(&mut self, mask: Lanes, body: &[Node<Region>]) -> Result<(), Refusal> {
        self.meter_pass()?;
        let pass_mask = if has_continue(body) { self.copy(mask)? } else { mask };
        self.scopes.try_push(Scope { mask: Some(pass_mask), loop_mask: Some(mask) })?;
        self.block(body)?;
        self.scopes.pop();
        Ok(())
    }

    pub fn open_passes(&mut self) -> Result<(), OutOfMemory> {
        self.body.code()?.block(BlockType::Empty).loop_(BlockType::Empty);
        Ok(())
    }

    pub fn close_passes(&mut self) -> Result<(), OutOfMemory> {
        self.body.code()?.br(0).end().end();
        Ok(())
    }

    /// Jumps out of the loop around the current position when a mask is empty.
    fn leave_if_none(&mut self, mask: Lanes) -> Result<(), OutOfMemory> {
        self.put_any(mask)?;
        self.body.code()?.i32_eqz().br_if(1);
        Ok(())
    }

    /// Ends the call with a status if the number on the stack is not zero.
    pub fn fail_if(&mut self, status: Status) -> Result<(), OutOfMemory> {
        self.body.code()?.if_(BlockType::Empty).i32_const(status as i32).return_().end();
        Ok(())
    }

    pub fn add_to(&mut self, register: Register, amount: i64) -> Result<(), OutOfMemory> {
        self.body.code()?.local_get(register).i64_const(amount).i64_add().local_set(register);
        Ok(())
    }

    /// The cap on the passes of a `while`.
    pub fn limit(&mut self) -> Result<Register, OutOfMemory> {
        if let Some(limit) = self.limit {
            return Ok(limit);
        }
        let context = self.context()?;
        let limit = self.body.new_register(ValType::I64)?;
        self.body.once()?.local_get(context).i64_load(at(context::LIMIT)).local_set(limit);
        self.limit = Some(limit);
        Ok(limit)
    }
}

/// Whether a `continue` of the loop is in its body.
fn has_continue(body: &[Node<Region>]) -> bool {
    body.iter().any(|node| match node {
        Node::Continue => true,
        Node::If { branches, otherwise } => {
            branches.iter().any(|(_, body)| has_continue(body)) || has_continue(otherwise)
        }
        _ => false,
    })
}
