//! Straight-line code with calls: a loop over the groups of a strip and the calls after it, phase by phase.

use super::access::Place;
use super::body::ITEMS;
use super::expression::Value;
use super::facts::is_call;
use super::{Emitter, Refusal, STRIP_ITEMS};
use crate::ir::{ExprId, ExprKind, Graph};
use crate::memory::{OutOfMemory, TryGrow};
use crate::mid::flatten::Region;
use crate::mid::strips::{CallResult, Role, Roles, Step, Strips};

/// Bytes of a buffer: a strip of the widest elements.
const BUFFER_BYTES: u32 = STRIP_ITEMS * 8;

impl Emitter<'_> {
    /// The function of a kernel whose body is one value that takes calls.
    pub fn strips(&mut self, region: &Region) -> Result<(), Refusal> {
        let graph = &region.graph;
        let root = region.values[0];
        let code = Roles(graph, |id| match graph.expr(id).kind {
            ExprKind::Param(_) | ExprKind::Index(_) => Role::Array,
            ExprKind::Constant(_) => Role::Constant,
            _ if is_call(&self.facts, graph, id) => Role::Call,
            _ => Role::Work,
        });
        // The output may be an input, which no vector kernel can write while it reads it.
        let mut strips = Strips::cut(&code, root.index(), CallResult::Copied)?;
        strips.share_buffers(&code)?;
        let mut loops = Vec::new();
        for phase in 0..strips.phases() {
            loops.try_push(strips.steps(&code, phase)?)?;
        }
        let bytes = strips.buffers().checked_mul(BUFFER_BYTES);
        self.scratch_bytes = bytes.ok_or(Refusal::of("too many intermediate values"))?;
        for (phase, steps) in (0..).zip(&loops) {
            let result = strips.stores_result(phase).then_some(root);
            self.phase_loop(graph, steps, result)?;
            for node in strips.calls(phase) {
                self.strip_call(graph, ExprId(node as u32), &strips)?;
            }
        }
        Ok(self.end_function()?)
    }

    fn phase_loop(&mut self, graph: &Graph, steps: &[Step], result: Option<ExprId>) -> Result<(), Refusal> {
        if steps.is_empty() {
            return Ok(());
        }
        self.body.code()?.i32_const(0).local_set(self.item);
        self.open_groups()?;
        let mut values: Vec<Option<Value>> = Vec::try_filled(None, graph.len())?;
        for step in steps {
            let id = ExprId(step.node as u32);
            let dtype = graph.expr(id).ty.dtype;
            let lanes = match step.load {
                Some(buffer) => {
                    let place = self.buffer(buffer)?;
                    self.load(place, dtype)?
                }
                None => self.instruction_value(graph, id, &values)?,
            };
            values[id.index()] = Some(Value::Lanes(lanes));
            if let Some(buffer) = step.store {
                let place = self.buffer(buffer)?;
                self.store(lanes, place, dtype)?;
            }
        }
        if let Some(root) = result {
            let value = self.operand(&values, root)?;
            self.store_output(value)?;
        }
        Ok(self.next_group()?)
    }

    fn buffer(&mut self, buffer: u32) -> Result<Place, OutOfMemory> {
        Ok(Place { base: self.scratch()?, offset: buffer * BUFFER_BYTES, is_array: true })
    }

    fn strip_call(&mut self, graph: &Graph, id: ExprId, strips: &Strips) -> Result<(), Refusal> {
        let Some(kernels) = self.callee(graph, id)? else { unreachable!("the cut takes it for a call") };
        let mut operands = [None; 3];
        for (place, operand) in operands.iter_mut().zip(graph.operands(id)) {
            *place = Some(self.strip_place(graph, operand, strips)?);
        }
        let out = self.strip_place(graph, id, strips)?;
        let put_items = |emitter: &mut Self| {
            emitter.body.code()?.local_get(ITEMS);
            Ok(())
        };
        Ok(self.put_call(kernels, out, operands, put_items)?)
    }

    /// Where the elements of an expression lie for a call.
    fn strip_place(&mut self, graph: &Graph, id: ExprId, strips: &Strips) -> Result<Place, OutOfMemory> {
        let array = match graph.expr(id).kind {
            ExprKind::Param(index) => index as usize,
            ExprKind::Index(symbol) => self.symbol_array(symbol),
            _ => match strips.buffer(id.index()) {
                Some(buffer) => return self.buffer(buffer),
                None => unreachable!("what a call reads or writes has a buffer"),
            },
        };
        Ok(Place::array(self.base(array)?))
    }
}
