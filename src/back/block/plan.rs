//! From a kernel's expressions to the steps of a register program.

use super::{ConstantBytes, Place, PlaceId, Program, Step};
use crate::dtype::{Dtype, Scalar};
use crate::ir::{BinaryOp, ExprId, ExprKind, Kernel, Stmt, UserFunction};
use crate::kernel::level::Level;
use crate::kernel::{self, Accuracy, Kernel as VectorKernel, LastTwo, Nesting, Operands};
use crate::memory::{OutOfMemory, TryGrow};

/// Bytes of scratch registers that one block may take: what the first-level cache holds beside
/// the inputs and the output.
const REGISTER_BUDGET: usize = 16 * 1024;
const MIN_BLOCK_ITEMS: usize = 256;
const MAX_BLOCK_ITEMS: usize = 4096;

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

/// Plans a kernel for vector kernels of one SIMD level.
pub fn plan(kernel: &Kernel, level: Level) -> Result<Program, PlanError> {
    let Some(&Stmt::Return(root)) = kernel.body.first() else {
        return Err(PlanError::Unsupported { dtype: kernel.output.dtype });
    };
    let mut planner = Planner::new(kernel, level)?;
    planner.count_uses(root)?;
    planner.mark_fused(root);
    planner.count_needs(root)?;
    planner.visit_all(root)?;
    planner.store_root(root)?;
    planner.finish()
}

/// Where an expression's value lies once its step is planned.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Location {
    Pending,
    At(PlaceId),
}

struct Planner<'a> {
    kernel: &'a Kernel,
    level: Level,
    /// Users of each expression, among those that the root needs.
    uses: Vec<u32>,
    /// Whether an expression is computed inside the step of its only user.
    is_fused: Vec<bool>,
    /// Registers that an expression takes to compute (Sethi and Ullman, 1970).
    needs: Vec<u32>,
    locations: Vec<Location>,
    /// Arrays of scalars that some kernel takes only as arrays: constant, register.
    splats: Vec<(PlaceId, PlaceId)>,
    free_registers: Vec<u32>,
    program: Program,
}

/// Up to seven operands of one step.
#[derive(Clone, Copy)]
struct OperandList {
    ids: [ExprId; UserFunction::MAX_ARITY],
    count: usize,
}

impl OperandList {
    fn new() -> OperandList {
        OperandList { ids: [ExprId(0); UserFunction::MAX_ARITY], count: 0 }
    }

    fn push(&mut self, id: ExprId) {
        self.ids[self.count] = id;
        self.count += 1;
    }

    fn as_slice(&self) -> &[ExprId] {
        &self.ids[..self.count]
    }
}

impl<'a> Planner<'a> {
    fn new(kernel: &'a Kernel, level: Level) -> Result<Planner<'a>, OutOfMemory> {
        let count = kernel.exprs.len();
        let mut inputs = Vec::new();
        for param in &kernel.params {
            inputs.try_push(param.ty)?;
        }
        let program = Program {
            inputs,
            output: kernel.output,
            places: Vec::new(),
            constants: Vec::new(),
            setup: Vec::new(),
            steps: Vec::new(),
            registers: 0,
            register_itemsize: 1,
            block_items: 0,
        };
        Ok(Planner {
            kernel,
            level,
            uses: Vec::try_filled(0, count)?,
            is_fused: Vec::try_filled(false, count)?,
            needs: Vec::try_filled(0, count)?,
            locations: Vec::try_filled(Location::Pending, count)?,
            splats: Vec::new(),
            free_registers: Vec::new(),
            program,
        })
    }

    fn kind(&self, id: ExprId) -> ExprKind {
        self.kernel.expr(id).kind
    }

    fn dtype(&self, id: ExprId) -> Dtype {
        self.kernel.expr(id).ty.dtype
    }

    /// One value for all items, which kernels take without an array of it.
    fn is_scalar(&self, id: ExprId) -> bool {
        matches!(self.kind(id), ExprKind::Constant(_))
    }

    fn is_leaf(&self, id: ExprId) -> bool {
        matches!(self.kind(id), ExprKind::Constant(_) | ExprKind::Param(_))
    }

    /// Counts users from the root down; handles descend from users to operands.
    fn count_uses(&mut self, root: ExprId) -> Result<(), OutOfMemory> {
        self.uses[root.index()] = 1;
        for index in (0..=root.0).rev() {
            if self.uses[index as usize] > 0 {
                let uses = &mut self.uses;
                self.kernel.for_each_operand(ExprId(index), |operand| uses[operand.index()] += 1);
            }
        }
        Ok(())
    }

    /// Joins pairs of arithmetic operations into one pass, users first.
    fn mark_fused(&mut self, root: ExprId) {
        for index in (0..=root.0).rev() {
            let id = ExprId(index);
            if self.uses[id.index()] == 0 || self.is_fused[id.index()] {
                continue;
            }
            if let Some((inner, _)) = self.fusion(id) {
                self.is_fused[inner.index()] = true;
            }
        }
    }

    /// The operand that can be computed inside the step of `id`, and that step's kernel.
    fn fusion(&self, id: ExprId) -> Option<(ExprId, Fusion)> {
        let ExprKind::Binary(second, left, right) = self.kind(id) else { return None };
        [(left, right, Nesting::Left), (right, left, Nesting::Right)]
            .into_iter()
            .find_map(|(inner, other, nesting)| Some((inner, self.fuse(id, second, inner, other, nesting)?)))
    }

    fn fuse(
        &self,
        id: ExprId,
        second: BinaryOp,
        inner: ExprId,
        other: ExprId,
        nesting: Nesting,
    ) -> Option<Fusion> {
        let ExprKind::Binary(first, a, b) = self.kind(inner) else { return None };
        if self.uses[inner.index()] != 1 || inner == other {
            return None;
        }
        let commutes = matches!(first, BinaryOp::Add | BinaryOp::Mul);
        let (a, b) = if self.is_scalar(a) && commutes { (b, a) } else { (a, b) };
        let operands = match (self.is_scalar(a), self.is_scalar(b), self.is_scalar(other)) {
            (true, _, _) => return None,
            (_, false, false) => LastTwo::ArrayArray,
            (_, false, true) => LastTwo::ArrayScalar,
            (_, true, false) => LastTwo::ScalarArray,
            (_, true, true) => LastTwo::ScalarScalar,
        };
        let vector = kernel::fused(first, second, nesting, self.dtype(id), operands, self.level)?;
        Some(Fusion { vector, operands: [a, b, other] })
    }

    /// What the step of `id` reads, looking through an operand computed inside it.
    fn operands(&self, id: ExprId) -> OperandList {
        let mut list = OperandList::new();
        match self.fused_step(id) {
            Some(fusion) => fusion.operands.into_iter().for_each(|operand| list.push(operand)),
            None => self.kernel.for_each_operand(id, |operand| list.push(operand)),
        }
        list
    }

    /// The joint step of `id` and an operand, if `mark_fused` decided for it.
    fn fused_step(&self, id: ExprId) -> Option<Fusion> {
        let (inner, fusion) = self.fusion(id)?;
        self.is_fused[inner.index()].then_some(fusion)
    }

    /// Numbers of registers, operands first.
    fn count_needs(&mut self, root: ExprId) -> Result<(), OutOfMemory> {
        for index in 0..=root.0 {
            let id = ExprId(index);
            if self.uses[id.index()] == 0 || self.is_fused[id.index()] || self.is_leaf(id) {
                continue;
            }
            let list = self.operands(id);
            let mut needs = list.ids.map(|operand| self.needs[operand.index()]);
            let needs = &mut needs[..list.count];
            needs.sort_unstable_by(|a, b| b.cmp(a));
            let peak = needs.iter().enumerate().map(|(held, need)| need + held as u32).max();
            self.needs[id.index()] = peak.unwrap_or(0).max(1);
        }
        Ok(())
    }

    /// Plans every step that the root needs, the operand that needs most registers first.
    fn visit_all(&mut self, root: ExprId) -> Result<(), PlanError> {
        let mut stack: Vec<(ExprId, bool)> = Vec::new();
        stack.try_push((root, false))?;
        while let Some((id, operands_done)) = stack.pop() {
            if self.locations[id.index()] != Location::Pending {
                continue;
            }
            if operands_done || self.is_leaf(id) {
                self.plan_step(id, id == root)?;
                continue;
            }
            stack.try_push((id, true))?;
            let mut list = self.operands(id);
            let needs = &self.needs;
            list.ids[..list.count].sort_by_key(|operand| needs[operand.index()]);
            for &operand in list.as_slice() {
                stack.try_push((operand, false))?;
            }
        }
        Ok(())
    }

    fn plan_step(&mut self, id: ExprId, is_root: bool) -> Result<(), PlanError> {
        let place = match self.kind(id) {
            ExprKind::Constant(value) => self.constant(value, self.dtype(id))?,
            ExprKind::Param(index) => self.place(Place::Input(index))?,
            _ => self.operation(id, is_root)?,
        };
        self.locations[id.index()] = Location::At(place);
        Ok(())
    }

    fn operation(&mut self, id: ExprId, is_root: bool) -> Result<PlaceId, PlanError> {
        let list = self.operands(id);
        let out = if is_root { self.place(Place::Output)? } else { self.take_register(id)? };
        let step = match self.kind(id) {
            ExprKind::Call { function, .. } => self.call_step(function, list, out)?,
            _ => self.vector_step(id, out)?,
        };
        self.program.steps.try_push(step)?;
        for &operand in list.as_slice() {
            self.release(operand)?;
        }
        Ok(out)
    }

    fn call_step(&mut self, function: u32, list: OperandList, out: PlaceId) -> Result<Step, PlanError> {
        let mut args = [0; UserFunction::MAX_ARITY];
        for (place, &operand) in args.iter_mut().zip(list.as_slice()) {
            *place = self.array(operand)?;
        }
        let target = self.kernel.functions[function as usize].target;
        Ok(Step::Call { target, out, args })
    }

    fn vector_step(&mut self, id: ExprId, out: PlaceId) -> Result<Step, PlanError> {
        let level = self.level;
        let dtype = self.dtype(id);
        match self.kind(id) {
            ExprKind::Cast(a) => {
                let vector = kernel::cast(self.dtype(a), dtype, level);
                let a = self.array(a)?;
                self.vector(dtype, [vector; 3], out, [a; 3])
            }
            ExprKind::Unary(op, a) => {
                let from = self.dtype(a);
                let vectors = ACCURACIES.map(|accuracy| kernel::unary(op, from, accuracy, level));
                let a = self.array(a)?;
                self.vector(from, vectors, out, [a; 3])
            }
            ExprKind::Binary(op, a, b) => self.binary_step(id, op, a, b, out),
            ExprKind::Compare(op, a, b) => {
                let from = self.dtype(a);
                let shape = self.shape(a, b);
                let vector = kernel::compare(op, from, shape, level);
                let (a, b) = self.pair(a, b, shape)?;
                self.vector(from, [vector; 3], out, [a, b, a])
            }
            ExprKind::Select { condition, yes, no } => {
                let shape = match (self.is_scalar(yes), self.is_scalar(no)) {
                    (false, false) => LastTwo::ArrayArray,
                    (false, true) => LastTwo::ArrayScalar,
                    (true, false) => LastTwo::ScalarArray,
                    (true, true) => LastTwo::ScalarScalar,
                };
                let vector = kernel::select(dtype, shape, level);
                let places = [self.array(condition)?, self.located(yes), self.located(no)];
                self.vector(dtype, [vector; 3], out, places)
            }
            ExprKind::Fma(a, b, c) => {
                let vector = kernel::fma(dtype, level);
                let places = [self.array(a)?, self.array(b)?, self.array(c)?];
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
        let (level, dtype) = (self.level, self.dtype(id));
        if let Some(fusion) = self.fused_step(id) {
            let [a, b, c] = fusion.operands.map(|operand| self.located(operand));
            return self.vector(dtype, [Some(fusion.vector); 3], out, [a, b, c]);
        }
        let find = |shape| ACCURACIES.map(|accuracy| kernel::binary(op, dtype, shape, accuracy, level));
        let shape = self.shape(a, b);
        let vectors = find(shape);
        if vectors[0].is_some() {
            let (a, b) = self.pair(a, b, shape)?;
            return self.vector(dtype, vectors, out, [a, b, a]);
        }
        let places = [self.array(a)?, self.array(b)?];
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

    /// Which of two operands is a scalar; of two scalars the first is made an array.
    fn shape(&self, a: ExprId, b: ExprId) -> Operands {
        match (self.is_scalar(a), self.is_scalar(b)) {
            (_, true) => Operands::ArrayScalar,
            (true, false) => Operands::ScalarArray,
            (false, false) => Operands::ArrayArray,
        }
    }

    fn pair(&mut self, a: ExprId, b: ExprId, shape: Operands) -> Result<(PlaceId, PlaceId), PlanError> {
        let a = if shape == Operands::ScalarArray { self.located(a) } else { self.array(a)? };
        Ok((a, self.located(b)))
    }

    /// Place of a planned expression.
    fn located(&self, id: ExprId) -> PlaceId {
        match self.locations[id.index()] {
            Location::At(place) => place,
            Location::Pending => 0,
        }
    }

    /// Place of a planned expression as an array: a scalar is spread over a register, once.
    fn array(&mut self, id: ExprId) -> Result<PlaceId, PlanError> {
        let place = self.located(id);
        if !self.is_scalar(id) {
            return Ok(place);
        }
        if let Some((_, register)) = self.splats.iter().find(|(constant, _)| *constant == place) {
            return Ok(*register);
        }
        let dtype = self.dtype(id);
        let register = self.new_register(dtype.size())?;
        let step = self.vector(dtype, [kernel::splat(dtype, self.level); 3], register, [place; 3])?;
        self.program.setup.try_push(step)?;
        self.splats.try_push((place, register))?;
        Ok(register)
    }

    /// A root that no step computes, an input or a constant, is copied to the output.
    fn store_root(&mut self, root: ExprId) -> Result<(), PlanError> {
        if !self.is_leaf(root) {
            return Ok(());
        }
        let dtype = self.dtype(root);
        let copy = if self.is_scalar(root) {
            kernel::splat(dtype, self.level)
        } else {
            kernel::copy(dtype, self.level)
        };
        let from = self.located(root);
        let out = self.place(Place::Output)?;
        let step = self.vector(dtype, [copy; 3], out, [from; 3])?;
        Ok(self.program.steps.try_push(step)?)
    }

    fn place(&mut self, place: Place) -> Result<PlaceId, OutOfMemory> {
        self.program.places.try_push(place)?;
        Ok(self.program.places.len() as PlaceId - 1)
    }

    fn constant(&mut self, value: Scalar, dtype: Dtype) -> Result<PlaceId, OutOfMemory> {
        self.program.constants.try_push(ConstantBytes(value.to_bytes(dtype)))?;
        self.place(Place::Constant(self.program.constants.len() as u32 - 1))
    }

    fn new_register(&mut self, itemsize: usize) -> Result<PlaceId, OutOfMemory> {
        let program = &mut self.program;
        program.register_itemsize = program.register_itemsize.max(itemsize);
        program.registers += 1;
        let index = program.registers as u32 - 1;
        self.place(Place::Register(index))
    }

    fn take_register(&mut self, id: ExprId) -> Result<PlaceId, OutOfMemory> {
        let itemsize = self.kernel.expr(id).ty.itemsize;
        match self.free_registers.pop() {
            Some(place) => {
                self.program.register_itemsize = self.program.register_itemsize.max(itemsize);
                Ok(place)
            }
            None => self.new_register(itemsize),
        }
    }

    /// One user of `operand` is done; after the last its register is free.
    fn release(&mut self, operand: ExprId) -> Result<(), OutOfMemory> {
        let uses = &mut self.uses[operand.index()];
        *uses -= 1;
        if *uses == 0 && !self.is_leaf(operand) {
            self.free_registers.try_push(self.located(operand))?;
        }
        Ok(())
    }

    fn finish(mut self) -> Result<Program, PlanError> {
        let program = &mut self.program;
        program.block_items = match program.registers * program.register_itemsize {
            0 => usize::MAX,
            bytes => (REGISTER_BUDGET / bytes).clamp(MIN_BLOCK_ITEMS, MAX_BLOCK_ITEMS) & !63,
        };
        Ok(self.program)
    }
}

/// A kernel that does two operations, and what it reads.
#[derive(Clone, Copy)]
struct Fusion {
    vector: VectorKernel,
    operands: [ExprId; 3],
}

/// In the order of [`Step::Vector`]'s kernels.
const ACCURACIES: [Accuracy; 3] = [Accuracy::Fast, Accuracy::Precise, Accuracy::Scalar];
