//! What WebAssembly does for statements: blocks and loops, groups of items.

use wasm_encoder::{BlockType, ValType};

use super::access::Place;
use super::body::{ITEMS, OUTPUT, Register};
use super::code::{Instructions, at};
use super::lanes::Lanes;
use super::meter::OUT;
use super::{Emitter, Refusal, context};
use crate::back::call::Status;
use crate::back::lane::exits::has_loop;
use crate::back::lane::{self, Control, Count, Lanes as _, Part, Scope};
use crate::dtype::{Dtype, Scalar};
use crate::ir::{BinaryOp, CompareOp, ExprId, ExprKind, Graph, LocalId};
use crate::memory::{OutOfMemory, TryGrow};
use crate::mid::flatten::{Loop, Node, Region, for_each_region};
use crate::mid::range::ConstantRange;

impl lane::Lanes for Emitter<'_> {
    type Value = Lanes;
    type Counter = Register;
    type Passes = Register;

    fn scopes(&mut self) -> &mut Vec<Scope<Lanes>> {
        &mut self.scopes
    }

    fn compute(&mut self, region: &Region, values: &[ExprId]) -> Result<Vec<Lanes>, Refusal> {
        let graph = &region.graph;
        let mut roots = Vec::try_copied(values)?;
        let mut steps = Vec::new();
        for (local, value) in &region.stores {
            let lanes = self.lanes_of_write(*local);
            let step = lanes.and_then(|lanes| Some((lanes, Step::of(graph, *local, *value)?)));
            steps.try_push(step)?;
            if step.is_none() {
                roots.try_push(*value)?;
            }
        }
        let all = self.region_values(region, &roots)?;
        let mut results = Vec::new();
        for value in values {
            let mut lanes = self.operand(&all, *value)?;
            if self.variables.contains(&Some(lanes)) {
                lanes = self.copy(lanes)?;
            }
            results.try_push(lanes)?;
        }
        for ((local, value), step) in region.stores.iter().zip(steps) {
            let variable = self.variable(*local)?;
            let dtype = self.kernel.locals[*local as usize].ty.dtype;
            match step {
                Some((lanes, step)) => self.make_step(variable, step, dtype, lanes)?,
                None => {
                    let value = self.operand(&all, *value)?;
                    let lanes = self.lanes_of_write(*local);
                    self.assign(variable, value, dtype, lanes)?;
                }
            }
        }
        Ok(results)
    }

    fn give_result(&mut self, region: &Region) -> Result<(), Refusal> {
        let values = self.region_values(region, &region.values)?;
        let value = self.operand(&values, region.values[0])?;
        let active = self.active();
        match self.result {
            Some(result) => self.assign(result, value, self.kernel.output.dtype, active)?,
            None => self.store_output(value)?,
        }
        Ok(())
    }

    fn new_mask(&mut self, lanes: Option<Lanes>) -> Result<Lanes, OutOfMemory> {
        let lanes = match lanes {
            Some(lanes) => lanes,
            None => self.constant(Scalar::Bool(true), Dtype::Bool)?,
        };
        self.copy(lanes)
    }

    fn part(&mut self, part: Part, mask: Option<Lanes>, condition: Lanes) -> Result<Lanes, OutOfMemory> {
        match (mask, part) {
            (Some(mask), part) => self.apply(&[mask, condition], instruction(part)),
            (None, Part::Where) => self.copy(condition),
            (None, Part::WhereNot) => self.apply(&[condition], |code| code.v128_not()),
        }
    }

    fn narrow(&mut self, part: Part, mask: Lanes, condition: Lanes) -> Result<Lanes, OutOfMemory> {
        self.change(mask, condition, instruction(part))?;
        Ok(mask)
    }

    fn fail_if_any(&mut self, mask: Lanes, status: Status) -> Result<(), OutOfMemory> {
        self.put_any(mask)?;
        self.fail_if(status)
    }

    fn int64(&mut self, value: i64) -> Result<Lanes, OutOfMemory> {
        self.integer(value, Dtype::Int64)
    }

    fn new_int64(&mut self, value: Lanes) -> Result<Lanes, OutOfMemory> {
        self.copy(value)
    }

    fn set_int64(&mut self, target: Lanes, value: Lanes) -> Result<(), OutOfMemory> {
        self.move_to(target, value)
    }

    fn add_int64(&mut self, a: Lanes, b: Lanes) -> Result<Lanes, OutOfMemory> {
        self.binary(BinaryOp::Add, Dtype::Int64, a, b)
    }

    fn compare_int64(&mut self, op: CompareOp, a: Lanes, b: Lanes) -> Result<Lanes, OutOfMemory> {
        self.compare(op, Dtype::Int64, a, b)
    }

    fn select_mask(&mut self, mask: Lanes, yes: Lanes, no: Lanes) -> Result<Lanes, OutOfMemory> {
        self.select(mask, yes, no)
    }

    fn open_branch(&mut self, mask: Lanes, body: &[Node<Region>]) -> Result<(), OutOfMemory> {
        // To change masks takes less than to look whether there are lanes for it.
        let skips = !matches!(body, [Node::Break | Node::Continue, ..]);
        self.skips.try_push(skips)?;
        if skips {
            self.postpone(mask, body)?;
            self.put_any(mask)?;
            self.body.code()?.if_(BlockType::Empty);
        }
        Ok(())
    }

    fn close_branch(&mut self) -> Result<(), OutOfMemory> {
        if self.skips.pop() == Some(true) {
            self.body.code()?.end();
        }
        Ok(())
    }

    fn open_loop(&mut self, _: &Loop<Region>, _: Option<Lanes>) -> Result<(), Refusal> {
        Ok(self.open_metered()?)
    }

    fn begin_pass(&mut self, mask: Option<Lanes>) -> Result<(), OutOfMemory> {
        self.meter_pass()?;
        if let Some(passes) = self.capped.take() {
            self.add_to(passes, 1)?;
        }
        match mask {
            Some(mask) => self.watch_pass(mask),
            None => Ok(()),
        }
    }

    fn leave_if_none(&mut self, mask: Lanes) -> Result<(), OutOfMemory> {
        self.put_any(mask)?;
        self.body.code()?.i32_eqz().br_if(OUT);
        Ok(())
    }

    /// The end of the loop goes back.
    fn repeat(&mut self, _: Option<Lanes>) -> Result<(), OutOfMemory> {
        Ok(())
    }

    fn close_loop(&mut self, _: &Loop<Region>) -> Result<(), OutOfMemory> {
        self.close_metered(None)
    }

    fn new_passes(&mut self) -> Result<Register, OutOfMemory> {
        self.body.code()?.i64_const(0);
        self.body.keep(ValType::I64)
    }

    fn count_pass(&mut self, passes: Register) -> Result<(), OutOfMemory> {
        let limit = self.limit()?;
        self.body.code()?.local_get(passes).local_get(limit).i64_ge_u();
        self.fail_if(Status::TooManyPasses)?;
        self.capped = Some(passes);
        Ok(())
    }

    fn new_counter(&mut self, range: ConstantRange) -> Result<Register, OutOfMemory> {
        self.body.code()?.i64_const(range.start);
        self.body.keep(ValType::I64)
    }

    fn advance(&mut self, counter: Register, range: ConstantRange) -> Result<(), OutOfMemory> {
        self.add_to(counter, range.step)?;
        self.body.code()?.local_get(counter).i64_const(range.end()).i64_eq().br_if(OUT);
        Ok(())
    }

    fn bind_variable(
        &mut self,
        variable: LocalId,
        count: Count<Register, Lanes>,
        mask: Option<Lanes>,
        _: &Loop<Region>,
    ) -> Result<(), OutOfMemory> {
        // V8 makes slower code of counted loops that look at the mask where a pass ends, as `repeat` could.
        if let (Count::Same(_), Some(mask)) = (count, mask) {
            self.leave_if_none(mask)?;
        }
        let local = variable as usize;
        let value = match count {
            Count::Same(counter) if self.facts.is_counter[local] => {
                self.counters[local] = Some(counter);
                return Ok(());
            }
            _ if self.facts.common.reads[local] == 0 => return Ok(()),
            Count::Same(counter) => self.spread(counter, Dtype::Int64)?,
            Count::Each(value) => value,
        };
        let target = self.variable(variable)?;
        self.assign(target, value, Dtype::Int64, mask)
    }
}

/// What a store adds to what its local holds, or takes from it.
#[derive(Clone, Copy)]
struct Step {
    op: BinaryOp,
    amount: Scalar,
}

impl Step {
    /// The step of a store; `None` if it is another one.
    fn of(graph: &Graph, local: LocalId, value: ExprId) -> Option<Step> {
        let ExprKind::Binary(op @ (BinaryOp::Add | BinaryOp::Sub), a, b) = graph.expr(value).kind else {
            return None;
        };
        let (ExprKind::Local(read), ExprKind::Constant(amount)) = (graph.expr(a).kind, graph.expr(b).kind)
        else {
            return None;
        };
        // To take zero away changes no float; to add it makes -0 positive.
        match (op, amount) {
            _ if read != local => None,
            (_, Scalar::Float(amount)) if amount.is_nan() => None,
            (_, Scalar::Bool(_)) => None,
            (BinaryOp::Add, Scalar::Float(amount)) => {
                Some(Step { op: BinaryOp::Sub, amount: Scalar::Float(-amount) })
            }
            _ => Some(Step { op, amount }),
        }
    }
}

/// The instruction that picks a part of a mask.
fn instruction(part: Part) -> Instructions {
    match part {
        Part::Where => |code| code.v128_and(),
        Part::WhereNot => |code| code.v128_andnot(),
    }
}

impl Emitter<'_> {
    /// All statements for one group.
    pub fn group(&mut self, nodes: &[Node<Region>]) -> Result<(), Refusal> {
        let mut mask = None;
        if self.facts.has_nested_return {
            let dtype = self.kernel.output.dtype;
            self.result = Some(self.new_variable(dtype)?);
            mask = Some(self.new_mask(None)?);
        }
        self.load_inputs(nodes)?;
        if has_loop(nodes) {
            self.count_anew()?;
        }
        self.scopes.try_push(Scope::of(mask))?;
        self.block(nodes)?;
        if let Some(result) = self.result {
            self.store_output(result)?;
        }
        self.scopes.pop();
        Ok(())
    }

    /// The lanes for which a local must be written; `None` is all. Others may leave the range of a function's formula,
    /// which is slow.
    fn lanes_of_write(&self, local: LocalId) -> Option<Lanes> {
        let scope = self.scopes.last()?;
        if self.facts.calls_by_group {
            return scope.mask;
        }
        self.private.lanes_of_write(local, scope.mask, scope.body_of, &self.scopes)
    }

    /// Makes the step of a variable where the mask holds: where it does not, that of zero.
    fn make_step(
        &mut self,
        variable: Lanes,
        Step { op, amount }: Step,
        dtype: Dtype,
        mask: Lanes,
    ) -> Result<(), OutOfMemory> {
        let mask = self.mask_for(mask, dtype)?;
        let amount = self.constant(amount, dtype)?;
        let amount = self.apply(&[amount, mask], |code| code.v128_and())?;
        let value = self.binary(op, dtype, variable, amount)?;
        self.move_to(variable, value)
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

    pub fn end_function(&mut self) -> Result<(), OutOfMemory> {
        self.body.code()?.i32_const(Status::Done as i32).end();
        Ok(())
    }

    pub fn store_output(&mut self, value: Lanes) -> Result<(), OutOfMemory> {
        let place = self.output.unwrap_or(Place::array(OUTPUT));
        self.store(value, place, self.kernel.output.dtype)
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

    pub fn open_passes(&mut self) -> Result<(), OutOfMemory> {
        self.body.code()?.block(BlockType::Empty).loop_(BlockType::Empty);
        Ok(())
    }

    pub fn close_passes(&mut self) -> Result<(), OutOfMemory> {
        self.body.code()?.br(0).end().end();
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
