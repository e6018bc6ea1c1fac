//! Expressions of a region, computed for one group of items.

use super::access::Place;
use super::body::Register;
use super::facts::is_call;
use super::lanes::Lanes;
use super::{Emitter, Refusal, context};
use crate::dtype::{Dtype, Scalar};
use crate::ir::{ExprId, ExprKind, Graph};
use crate::kernel::{self, Accuracy, Kernel as VectorKernel, Operands};
use crate::memory::{OutOfMemory, TryGrow};
use crate::mid::flatten::Region;

/// A computed expression.
#[derive(Clone, Copy, Debug)]
pub enum Value {
    Lanes(Lanes),
    /// An int64 that is the same for all items.
    Counter(Register),
}

impl Emitter<'_> {
    /// The vector kernels, one for each accuracy, of an expression that instructions do not compute.
    pub fn callee(&self, graph: &Graph, id: ExprId) -> Result<Option<[VectorKernel; 3]>, Refusal> {
        if !is_call(&self.facts, graph, id) {
            return Ok(None);
        }
        let expr = graph.expr(id);
        let find = |accuracy| match expr.kind {
            ExprKind::Unary(op, a) => kernel::unary(op, graph.expr(a).ty.dtype, accuracy, self.level),
            ExprKind::Binary(op, ..) => {
                kernel::binary(op, expr.ty.dtype, Operands::ArrayArray, accuracy, self.level)
            }
            ExprKind::Cast(a) => kernel::cast(graph.expr(a).ty.dtype, expr.ty.dtype, self.level),
            ExprKind::Fma(..) => kernel::fma(expr.ty.dtype, self.level),
            _ => unreachable!("instructions compute it"),
        };
        match Accuracy::ALL.map(find) {
            [Some(fast), Some(precise), Some(scalar)] => Ok(Some([fast, precise, scalar])),
            _ => Err(Refusal::of("an operation is not defined for its dtype")),
        }
    }

    /// Computes the roots of a region for one group; the result has the values of its expressions.
    pub fn region_values(
        &mut self,
        region: &Region,
        roots: &[ExprId],
    ) -> Result<Vec<Option<Value>>, Refusal> {
        let graph = &region.graph;
        let mut values: Vec<Option<Value>> = Vec::try_filled(None, graph.len())?;
        for (index, _) in graph.needed(roots)?.iter().enumerate().filter(|(_, needed)| **needed) {
            let id = ExprId(index as u32);
            let value = match self.callee(graph, id)? {
                Some(kernels) => Value::Lanes(self.call_for_group(graph, id, kernels, &values)?),
                None => self.local_or(region, id, &values)?,
            };
            values[index] = Some(value);
        }
        Ok(values)
    }

    /// The value of an expression: a local, or what [`Emitter::instruction_value`] computes.
    fn local_or(
        &mut self,
        region: &Region,
        id: ExprId,
        values: &[Option<Value>],
    ) -> Result<Value, OutOfMemory> {
        let graph = &region.graph;
        match graph.expr(id).kind {
            ExprKind::Local(local) => {
                if let Some(counter) = self.counters[local as usize] {
                    return Ok(Value::Counter(counter));
                }
                let variable = self.variable(local)?;
                // The region's own stores come after its values, in any order.
                let is_stored = region.stores.iter().any(|(stored, _)| *stored == local);
                Ok(Value::Lanes(if is_stored { self.copy(variable)? } else { variable }))
            }
            _ => Ok(Value::Lanes(self.instruction_value(graph, id, values)?)),
        }
    }

    /// Computes one expression whose operands are in `values`, and that is no call.
    pub fn instruction_value(
        &mut self,
        graph: &Graph,
        id: ExprId,
        values: &[Option<Value>],
    ) -> Result<Lanes, OutOfMemory> {
        let expr = graph.expr(id);
        match expr.kind {
            ExprKind::Constant(value) => self.constant(value, expr.ty.dtype),
            ExprKind::Param(index) => self.array_value(index as usize),
            ExprKind::Index(symbol) => self.array_value(self.symbol_array(symbol)),
            ExprKind::Cast(a) => match values[a.index()] {
                Some(Value::Counter(counter)) => self.spread(counter, expr.ty.dtype),
                _ => {
                    let value = self.operand(values, a)?;
                    self.convert(value, graph.expr(a).ty.dtype, expr.ty.dtype)
                }
            },
            ExprKind::Unary(op, a) => {
                let value = self.operand(values, a)?;
                self.unary(op, graph.expr(a).ty.dtype, value)
            }
            ExprKind::Binary(op, a, b) => {
                let (a, b) = (self.operand(values, a)?, self.operand(values, b)?);
                self.binary(op, expr.ty.dtype, a, b)
            }
            ExprKind::Compare(op, a, b) => {
                let dtype = graph.expr(a).ty.dtype;
                let (a, b) = (self.operand(values, a)?, self.operand(values, b)?);
                self.compare(op, dtype, a, b)
            }
            ExprKind::Select { condition, yes, no } => {
                let mask = self.operand(values, condition)?;
                let mask = self.mask_for(mask, expr.ty.dtype)?;
                let (yes, no) = (self.operand(values, yes)?, self.operand(values, no)?);
                self.select(mask, yes, no)
            }
            // Only straight-line code with calls comes here for a local: it stores none, so they are zero.
            ExprKind::Local(_) => self.constant(Scalar::Int(0), expr.ty.dtype),
            ExprKind::Fma(..) => unreachable!("vector kernels compute it"),
            ExprKind::Call { .. }
            | ExprKind::Reduce(..)
            | ExprKind::Text(_)
            | ExprKind::String(..)
            | ExprKind::StringTest(..) => unreachable!("the facts refuse kernels with it"),
        }
    }

    /// The lanes of a computed expression.
    pub fn operand(&mut self, values: &[Option<Value>], id: ExprId) -> Result<Lanes, OutOfMemory> {
        match values[id.index()] {
            Some(Value::Lanes(lanes)) => Ok(lanes),
            Some(Value::Counter(counter)) => self.spread(counter, Dtype::Int64),
            None => unreachable!("operands are computed before what uses them"),
        }
    }

    /// The group's items of an input or an index symbol.
    pub fn array_value(&mut self, index: usize) -> Result<Lanes, OutOfMemory> {
        if let Some(lanes) = self.loaded[index] {
            return Ok(lanes);
        }
        let base = self.base(index)?;
        let lanes = self.load(Place::array(base), self.array_dtype(index))?;
        self.loaded[index] = Some(lanes);
        Ok(lanes)
    }

    /// A call on one group: its operands and its result go through memory.
    fn call_for_group(
        &mut self,
        graph: &Graph,
        id: ExprId,
        kernels: [VectorKernel; 3],
        values: &[Option<Value>],
    ) -> Result<Lanes, OutOfMemory> {
        let group = self.shape.group();
        let base = self.scratch()?;
        let slot = |index: u32| Place { base, offset: index * group * 8, is_array: false };
        self.scratch_bytes = self.scratch_bytes.max(4 * group * 8);
        let mut operands = [None; 3];
        for (index, operand) in graph.operands(id).enumerate() {
            let lanes = self.operand(values, operand)?;
            let place = slot(index as u32 + 1);
            self.store(lanes, place, graph.expr(operand).ty.dtype)?;
            operands[index] = Some(place);
        }
        self.put_call(kernels, slot(0), operands, |emitter| {
            emitter.body.code()?.i32_const(group as i32);
            Ok(())
        })?;
        self.load(slot(0), graph.expr(id).ty.dtype)
    }

    /// Calls a vector kernel on arrays that begin at the given places.
    pub fn put_call(
        &mut self,
        kernels: [VectorKernel; 3],
        out: Place,
        operands: [Option<Place>; 3],
        put_items: impl FnOnce(&mut Self) -> Result<(), OutOfMemory>,
    ) -> Result<(), OutOfMemory> {
        let known = self.calls.iter().position(|known| known[0] as usize == kernels[0] as usize);
        let index = match known {
            Some(index) => index,
            None => {
                self.calls.try_push(kernels)?;
                self.calls.len() - 1
            }
        };
        let context = self.context()?;
        let entry = context::CALLS + 4 * index as u32;
        self.put_address(Place { base: context, offset: entry, is_array: false })?;
        self.put_address(out)?;
        for operand in operands {
            // A kernel does not look at operands that it does not have.
            self.put_address(operand.unwrap_or(out))?;
        }
        put_items(self)?;
        self.body.code()?.call(0);
        Ok(())
    }

    fn put_address(&mut self, place: Place) -> Result<(), OutOfMemory> {
        let mut code = self.body.code()?;
        code.local_get(place.base);
        if place.offset != 0 {
            code.i32_const(place.offset as i32).i32_add();
        }
        Ok(())
    }
}
