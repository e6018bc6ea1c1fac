//! From a kernel's expressions to the steps of a register program.

use super::fusion::{Fusion, Fusions, OperandList};
use super::layout::{Layout, PlaceId};
use super::string_step::{StringOperand, StringStep, StringWork};
use super::{Pipeline, Step};
use crate::dtype::Dtype;
use crate::ir::{BinaryOp, ExprId, ExprKind, Graph, StringOp, Tables, UserFunction};
use crate::kernel::level::Level;
use crate::kernel::{self, Accuracy, Kernel as VectorKernel, Operands};
use crate::memory::{OutOfMemory, TryGrow};

/// Why a kernel cannot be planned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlanError {
    OutOfMemory,
    /// No vector kernel has the operation at `dtype`.
    Unsupported {
        dtype: Dtype,
    },
}

impl From<OutOfMemory> for PlanError {
    fn from(_: OutOfMemory) -> PlanError {
        PlanError::OutOfMemory
    }
}

/// An expression that a pipeline computes.
#[derive(Clone, Copy, Debug)]
pub struct Root {
    pub expr: ExprId,
    pub to: Destination,
}

/// Where the value of a root goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Destination {
    /// Where it is computed; no later step of the pipeline overwrites it.
    Anywhere,
    /// A register that no other root has.
    OwnRegister,
    Place(PlaceId),
}

/// Plans `roots` for vector kernels of one SIMD level. The expressions are those of `graph`, which
/// refer to `tables`. The places of a layout begin with the kernel's inputs, in order.
/// Reductions that the roots need are planned before.
pub(super) fn plan(
    tables: &Tables,
    graph: &Graph,
    layout: &mut Layout,
    roots: &[Root],
    level: Level,
) -> Result<Pipeline, PlanError> {
    let Some(last) = roots.iter().map(|root| root.expr).max() else { return Ok(Pipeline::default()) };
    let is_array = |id| match graph.expr(id).kind {
        ExprKind::Local(local) => !layout.is_single(layout.locals[local as usize]),
        _ => false,
    };
    let code = Fusions::new(graph, level, last, roots.iter().map(|root| root.expr), is_array)?;
    let mut planner = Planner::new(tables, code, layout, roots)?;
    planner.count_needs();
    for root in roots {
        planner.visit_all(root.expr)?;
    }
    for root in roots {
        planner.deliver(*root)?;
    }
    Ok(planner.pipeline)
}

/// Where an expression's value lies once its step is planned.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Location {
    Pending,
    At(PlaceId),
}

struct Planner<'a> {
    tables: &'a Tables,
    code: Fusions<'a>,
    layout: &'a mut Layout,
    /// Registers that an expression takes to compute (Sethi and Ullman, 1970).
    needs: Vec<u32>,
    locations: Vec<Location>,
    /// The register with the array of a scalar, which some kernel takes only as an array.
    splats: Vec<Option<PlaceId>>,
    /// Roots that are wanted at a place.
    placed: Vec<(ExprId, PlaceId)>,
    /// Registers that the pipeline has used and needs no more.
    free_registers: Vec<PlaceId>,
    /// Registers of other pipelines that this one has not used.
    unused_registers: Vec<PlaceId>,
    pipeline: Pipeline,
}

impl<'a> Planner<'a> {
    fn new(
        tables: &'a Tables,
        code: Fusions<'a>,
        layout: &'a mut Layout,
        roots: &[Root],
    ) -> Result<Planner<'a>, OutOfMemory> {
        let count = code.count();
        let mut unused_registers = Vec::try_copied(&layout.register_places)?;
        unused_registers.reverse();
        let mut placed = Vec::new();
        for root in roots {
            if let Destination::Place(place) = root.to {
                placed.try_push((root.expr, place))?;
            }
        }
        Ok(Planner {
            tables,
            code,
            layout,
            needs: Vec::try_filled(0, count)?,
            locations: Vec::try_filled(Location::Pending, count)?,
            splats: Vec::try_filled(None, count)?,
            placed,
            free_registers: Vec::new(),
            unused_registers,
            pipeline: Pipeline::default(),
        })
    }

    /// Numbers of registers, operands first.
    fn count_needs(&mut self) {
        for id in self.code.needed() {
            if self.code.uses[id.index()] == 0 || self.code.is_fused[id.index()] || self.code.is_leaf(id) {
                continue;
            }
            let list = self.code.operands(id);
            let mut needs = list.ids.map(|operand| self.needs[operand.index()]);
            let needs = &mut needs[..list.count];
            needs.sort_unstable_by(|a, b| b.cmp(a));
            let peak = needs.iter().enumerate().map(|(held, need)| need + held as u32).max();
            self.needs[id.index()] = peak.unwrap_or(0).max(u32::from(!self.code.is_scalar(id)));
        }
    }

    /// Plans every step that a root needs, the operand that needs most registers first.
    fn visit_all(&mut self, root: ExprId) -> Result<(), PlanError> {
        let mut stack: Vec<(ExprId, bool)> = Vec::new();
        stack.try_push((root, false))?;
        while let Some((id, operands_done)) = stack.pop() {
            if self.locations[id.index()] != Location::Pending {
                continue;
            }
            if operands_done || self.code.is_leaf(id) {
                self.plan_step(id)?;
                continue;
            }
            stack.try_push((id, true))?;
            let mut list = self.code.operands(id);
            let needs = &self.needs;
            list.ids[..list.count].sort_by_key(|operand| needs[operand.index()]);
            for &operand in list.as_slice() {
                stack.try_push((operand, false))?;
            }
        }
        Ok(())
    }

    fn plan_step(&mut self, id: ExprId) -> Result<(), PlanError> {
        let place = match self.code.kind(id) {
            ExprKind::Constant(value) => self.layout.add_constant(value, self.code.dtype(id))?,
            ExprKind::Text(offset) => {
                self.layout.add_text(self.tables.text(offset, self.code.graph.expr(id).ty))?
            }
            ExprKind::Param(index) => index,
            ExprKind::Local(local) => self.layout.locals[local as usize],
            ExprKind::Index(symbol) => {
                let dtype = self.code.dtype(id);
                self.layout.index(symbol).ok_or(PlanError::Unsupported { dtype })?
            }
            ExprKind::Reduce(..) => {
                let dtype = self.code.dtype(id);
                self.layout.reduction(id).ok_or(PlanError::Unsupported { dtype })?
            }
            _ => self.operation(id)?,
        };
        self.locations[id.index()] = Location::At(place);
        Ok(())
    }

    fn operation(&mut self, id: ExprId) -> Result<PlaceId, PlanError> {
        let list = self.code.operands(id);
        let out = self.result_place(id)?;
        let step = match self.code.kind(id) {
            ExprKind::Call { function, .. } => self.call_step(function, list, out)?,
            ExprKind::String(op, operands) => self.string_step(id, StringWork::Map(op), operands, out)?,
            ExprKind::StringTest(test, [a, b]) => {
                self.string_step(id, StringWork::Test(test), [a, b, a], out)?
            }
            ExprKind::Select { condition, yes, no } if self.code.dtype(yes).is_string() => {
                self.string_step(id, StringWork::Select, [condition, yes, no], out)?
            }
            _ => self.vector_step(id, out)?,
        };
        if self.code.is_scalar(id) {
            self.pipeline.uniform.try_push(step)?;
        } else {
            self.pipeline.steps.try_push(step)?;
        }
        for &operand in list.as_slice() {
            self.release(operand)?;
        }
        Ok(out)
    }

    /// Where an operation writes: a single value, the place that a root asks for if it is the only
    /// user, or a register.
    fn result_place(&mut self, id: ExprId) -> Result<PlaceId, OutOfMemory> {
        if self.code.is_scalar(id) {
            return self.layout.add_scalar();
        }
        let is_only_user = self.code.uses[id.index()] == 1;
        match self.placed.iter().find(|(expr, _)| is_only_user && *expr == id) {
            Some((_, place)) => Ok(*place),
            None => self.take_register(id),
        }
    }

    fn call_step(&mut self, function: u32, list: OperandList, out: PlaceId) -> Result<Step, PlanError> {
        let mut args = [0; UserFunction::MAX_ARITY];
        for (place, &operand) in args.iter_mut().zip(list.as_slice()) {
            *place = self.array(operand)?;
        }
        let target = self.tables.function(function).target;
        Ok(Step::Call { target, out, args })
    }

    fn string_step(
        &mut self,
        id: ExprId,
        work: StringWork,
        operands: [ExprId; 3],
        out: PlaceId,
    ) -> Result<Step, PlanError> {
        let [condition, _, string] = operands;
        let mut operands = operands.map(|operand| self.string_operand(operand));
        if let StringWork::Select = work {
            operands[0].place = self.array(condition)?;
            operands[0].scalar = false;
        }
        let family = self.code.dtype(string);
        let out_itemsize = self.code.graph.expr(id).ty.itemsize;
        Ok(Step::String(StringStep { work, family, operands, out, out_itemsize }))
    }

    fn string_operand(&self, id: ExprId) -> StringOperand {
        let itemsize = self.code.graph.expr(id).ty.itemsize;
        StringOperand { place: self.located(id), itemsize, scalar: self.code.is_scalar(id) }
    }

    fn vector_step(&mut self, id: ExprId, out: PlaceId) -> Result<Step, PlanError> {
        let level = self.code.level;
        let dtype = self.code.dtype(id);
        if let Some(Fusion { vector, operands }) = self.code.fused_step(id) {
            let mut places = [self.located(operands.as_slice()[0]); 3];
            for (place, operand) in places.iter_mut().zip(operands.as_slice()) {
                *place = self.located(*operand);
            }
            return self.vector(dtype, [Some(vector); 3], out, places);
        }
        match self.code.kind(id) {
            ExprKind::Cast(a) => {
                let vector = kernel::cast(self.code.dtype(a), dtype, level);
                let a = self.operand(id, a)?;
                self.vector(dtype, [vector; 3], out, [a; 3])
            }
            ExprKind::Unary(op, a) => {
                let from = self.code.dtype(a);
                let vectors = Accuracy::ALL.map(|accuracy| kernel::unary(op, from, accuracy, level));
                let a = self.operand(id, a)?;
                self.vector(from, vectors, out, [a; 3])
            }
            ExprKind::Binary(op, a, b) => self.binary_step(id, op, a, b, out),
            ExprKind::Compare(op, a, b) => {
                let from = self.code.dtype(a);
                let shape = self.shape(a, b);
                let vector = kernel::compare(op, from, shape, level);
                let (a, b) = (self.located(a), self.located(b));
                self.vector(from, [vector; 3], out, [a, b, a])
            }
            ExprKind::Select { condition, yes, no } => {
                let vector = kernel::select(dtype, self.code.last_two(yes, no), level);
                let condition = self.operand(id, condition)?;
                self.vector(dtype, [vector; 3], out, [condition, self.located(yes), self.located(no)])
            }
            ExprKind::Fma(a, b, c) => {
                let vector = kernel::fma(dtype, level);
                let places = [self.operand(id, a)?, self.operand(id, b)?, self.operand(id, c)?];
                self.vector(dtype, [vector; 3], out, places)
            }
            _ => Err(PlanError::Unsupported { dtype }),
        }
    }

    fn binary_step(
        &mut self,
        id: ExprId,
        op: BinaryOp,
        a: ExprId,
        b: ExprId,
        out: PlaceId,
    ) -> Result<Step, PlanError> {
        let (level, dtype) = (self.code.level, self.code.dtype(id));
        let find = |shape| Accuracy::ALL.map(|accuracy| kernel::binary(op, dtype, shape, accuracy, level));
        let shape = self.shape(a, b);
        let vectors = find(shape);
        if vectors[0].is_some() {
            let (a, b) = (self.located(a), self.located(b));
            return self.vector(dtype, vectors, out, [a, b, a]);
        }
        let places = [self.operand(id, a)?, self.operand(id, b)?];
        self.vector(dtype, find(Operands::ArrayArray), out, [places[0], places[1], places[0]])
    }

    fn vector(
        &self,
        dtype: Dtype,
        kernels: [Option<VectorKernel>; 3],
        out: PlaceId,
        operands: [PlaceId; 3],
    ) -> Result<Step, PlanError> {
        let [Some(fast), Some(precise), Some(scalar)] = kernels else {
            return Err(PlanError::Unsupported { dtype });
        };
        Ok(Step::Vector { kernels: [fast, precise, scalar], out, operands })
    }

    /// Which of two operands is a scalar; two scalars are arrays of one item.
    fn shape(&self, a: ExprId, b: ExprId) -> Operands {
        match (self.code.is_scalar(a), self.code.is_scalar(b)) {
            (true, false) => Operands::ScalarArray,
            (false, true) => Operands::ArrayScalar,
            _ => Operands::ArrayArray,
        }
    }

    /// Place of a planned expression.
    fn located(&self, id: ExprId) -> PlaceId {
        match self.locations[id.index()] {
            Location::At(place) => place,
            Location::Pending => unreachable!("operands are planned before their users"),
        }
    }

    /// Place of an operand that the step of `user` reads as it reads its others: an array, but for a
    /// step on single values.
    fn operand(&mut self, user: ExprId, id: ExprId) -> Result<PlaceId, PlanError> {
        if self.code.is_scalar(user) { Ok(self.located(id)) } else { self.array(id) }
    }

    /// Place of a planned expression as an array: a scalar is spread over a register, once.
    fn array(&mut self, id: ExprId) -> Result<PlaceId, PlanError> {
        let place = self.located(id);
        if !self.code.is_scalar(id) {
            return Ok(place);
        }
        if let Some(register) = self.splats[id.index()] {
            return Ok(register);
        }
        let dtype = self.code.dtype(id);
        let register = self.fresh_register(dtype.size())?;
        let step = self.vector(dtype, [kernel::splat(dtype, self.code.level); 3], register, [place; 3])?;
        self.pipeline.spread.try_push(step)?;
        self.splats[id.index()] = Some(register);
        Ok(register)
    }

    /// Records where a root lies, after a copy if it does not lie where it is wanted.
    fn deliver(&mut self, root: Root) -> Result<(), PlanError> {
        let from = self.located(root.expr);
        let ty = self.code.graph.expr(root.expr).ty;
        let to = match root.to {
            Destination::Anywhere => from,
            Destination::Place(place) => place,
            Destination::OwnRegister if self.is_own_register(root.expr, from) => from,
            Destination::OwnRegister => self.fresh_register(ty.itemsize)?,
        };
        if from != to && ty.dtype.is_string() {
            let operands = [self.string_operand(root.expr); 3];
            let work = StringWork::Map(StringOp::Copy);
            let step = StringStep { work, family: ty.dtype, operands, out: to, out_itemsize: ty.itemsize };
            self.pipeline.steps.try_push(Step::String(step))?;
        } else if from != to {
            let dtype = ty.dtype;
            let copy = if self.code.is_scalar(root.expr) { kernel::splat } else { kernel::copy };
            let step = self.vector(dtype, [copy(dtype, self.code.level); 3], to, [from; 3])?;
            self.pipeline.steps.try_push(step)?;
        }
        Ok(self.pipeline.results.try_push(to)?)
    }

    /// Whether a value lies in a register that no root before has taken.
    fn is_own_register(&self, id: ExprId, place: PlaceId) -> bool {
        !self.code.is_leaf(id) && !self.code.is_scalar(id) && !self.pipeline.results.contains(&place)
    }

    fn take_register(&mut self, id: ExprId) -> Result<PlaceId, OutOfMemory> {
        let itemsize = self.code.graph.expr(id).ty.itemsize;
        match self.free_registers.pop() {
            Some(place) => {
                self.layout.widen(itemsize);
                Ok(place)
            }
            None => self.fresh_register(itemsize),
        }
    }

    /// A register that no step of this pipeline has used.
    fn fresh_register(&mut self, itemsize: usize) -> Result<PlaceId, OutOfMemory> {
        self.layout.widen(itemsize);
        match self.unused_registers.pop() {
            Some(place) => Ok(place),
            None => self.layout.add_register(itemsize),
        }
    }

    /// One user of `operand` is done; after the last its register is free.
    fn release(&mut self, operand: ExprId) -> Result<(), OutOfMemory> {
        let uses = &mut self.code.uses[operand.index()];
        *uses -= 1;
        let is_register = !self.code.is_leaf(operand) && !self.code.is_scalar(operand);
        if self.code.uses[operand.index()] == 0 && is_register {
            self.free_registers.try_push(self.located(operand))?;
        }
        Ok(())
    }
}
