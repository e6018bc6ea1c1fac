//! Items one by one, with jumps where groups have masks.
//!
//! Lanes of a group wait where items part ways: for the other branch, and for the item with the most passes. A single
//! item only does what it has to. It lies in the first lane of vectors, so that expressions are computed by the same
//! instructions as those of a group, with the same bits.

use wasm_encoder::{BlockType, ValType};

use super::body::Register;
use super::expression::Value;
use super::lanes::{Lanes, Shape};
use super::meter::{METERED_BLOCKS, OUT};
use super::{Emitter, Refusal};
use crate::back::call::Status;
use crate::back::engine::reason;
use crate::back::lane::Lanes as _;
use crate::dtype::Dtype;
use crate::ir::{BinaryOp, CompareOp, ExprId, ExprKind, Graph, LocalId};
use crate::memory::{OutOfMemory, TryGrow};
use crate::mid::flatten::{Head, Loop, Node, Region};
use crate::mid::range::{ConstantRange, constant_integer};

/// Conditions inside one another that are looked at one by one.
const MOST_CONDITIONS: u32 = 4;

/// A block of instructions: how many were open when it began, itself included.
type Label = u32;

/// Where statements jump to.
struct Jumps {
    /// Blocks that are open.
    open: u32,
    /// To the end of the item.
    item: Label,
    loops: Vec<Around>,
    /// Where the passes of all loops are counted.
    left: Register,
}

/// A loop around a statement.
#[derive(Clone, Copy)]
struct Around {
    out: Label,
    next_pass: Label,
}

impl Jumps {
    /// How many blocks a jump to a label leaves.
    fn to(&self, label: Label) -> u32 {
        self.open - label
    }
}

impl Emitter<'_> {
    /// All statements for each item from the current one up to `end`.
    pub fn one_by_one(&mut self, nodes: &[Node<Region>], end: Register) -> Result<(), Refusal> {
        let shape = self.shape;
        self.shape = Shape::single(shape.is_wide);
        self.forget();
        let left = self.take_passes()?;
        self.open_passes()?;
        self.body.code()?.local_get(self.item).local_get(end).i32_ge_u().br_if(1);
        self.body.code()?.block(BlockType::Empty);
        for array in self.arrays_read(nodes)? {
            self.array_value(array)?;
        }
        self.open_read_variables()?;
        self.statements(nodes, &mut Jumps { open: 1, item: 1, loops: Vec::new(), left })?;
        self.body.code()?.end();
        self.body.code()?.local_get(self.item).i32_const(1).i32_add().local_set(self.item);
        self.close_passes()?;
        self.shape = shape;
        Ok(self.return_passes(left)?)
    }

    fn statements(&mut self, nodes: &[Node<Region>], jumps: &mut Jumps) -> Result<(), Refusal> {
        for node in nodes {
            self.statement(node, jumps)?;
            if matches!(node, Node::Return(_) | Node::Break | Node::Continue) {
                break;
            }
        }
        Ok(())
    }

    fn statement(&mut self, node: &Node<Region>, jumps: &mut Jumps) -> Result<(), Refusal> {
        match node {
            Node::Compute(region) => self.compute(region, &region.values).map(|_| ()),
            Node::Return(region) => self.return_item(region, jumps),
            Node::If { branches, otherwise } => self.choose(branches, otherwise, jumps),
            Node::Loop(Loop { head, body }) => self.repeat(head, body, jumps),
            Node::Break => Ok(self.jump(jumps, innermost(jumps).out)?),
            Node::Continue => Ok(self.jump(jumps, innermost(jumps).next_pass)?),
            Node::Print(..) => Err(Refusal::of(reason::PRINT)),
        }
    }

    fn return_item(&mut self, region: &Region, jumps: &Jumps) -> Result<(), Refusal> {
        let value = self.compute(region, &region.values)?[0];
        self.store_output(value)?;
        Ok(self.jump(jumps, jumps.item)?)
    }

    fn jump(&mut self, jumps: &Jumps, label: Label) -> Result<(), OutOfMemory> {
        self.body.code()?.br(jumps.to(label));
        Ok(())
    }

    fn choose(
        &mut self,
        branches: &[(Region, Vec<Node<Region>>)],
        otherwise: &[Node<Region>],
        jumps: &mut Jumps,
    ) -> Result<(), Refusal> {
        self.body.code()?.block(BlockType::Empty);
        jumps.open += 1;
        let end = jumps.open;
        for (condition, body) in branches {
            self.body.code()?.block(BlockType::Empty);
            jumps.open += 1;
            self.leave_unless(condition, 0)?;
            self.statements(body, jumps)?;
            self.jump(jumps, end)?;
            self.body.code()?.end();
            jumps.open -= 1;
        }
        self.statements(otherwise, jumps)?;
        self.body.code()?.end();
        jumps.open -= 1;
        Ok(())
    }

    /// Computes a condition, and leaves so many blocks, and that around, if it does not hold.
    fn leave_unless(&mut self, region: &Region, blocks: u32) -> Result<(), Refusal> {
        let root = region.values[0];
        if !region.stores.is_empty() {
            let holds = self.compute(region, &region.values)?[0];
            self.put_mask(holds)?;
            self.body.code()?.i32_eqz().br_if(blocks);
            return Ok(());
        }
        let mut operands = Vec::new();
        list_compared(&region.graph, root, MOST_CONDITIONS, &mut operands)?;
        let values = self.region_values(region, &operands)?;
        Ok(self.leave_unless_true(&region.graph, root, MOST_CONDITIONS, &values, blocks)?)
    }

    /// A jump for each condition that has to hold.
    fn leave_unless_true(
        &mut self,
        graph: &Graph,
        id: ExprId,
        depth: u32,
        values: &[Option<Value>],
        blocks: u32,
    ) -> Result<(), OutOfMemory> {
        match graph.expr(id).kind {
            ExprKind::Binary(BinaryOp::BitAnd, a, b) if depth > 0 => {
                self.leave_unless_true(graph, a, depth - 1, values, blocks)?;
                self.leave_unless_true(graph, b, depth - 1, values, blocks)
            }
            _ => {
                self.put_truth(graph, id, depth, values)?;
                self.body.code()?.i32_eqz().br_if(blocks);
                Ok(())
            }
        }
    }

    /// Leaves on the stack whether a condition holds whose operands, see [`list_compared`], are computed.
    fn put_truth(
        &mut self,
        graph: &Graph,
        id: ExprId,
        depth: u32,
        values: &[Option<Value>],
    ) -> Result<(), OutOfMemory> {
        match graph.expr(id).kind {
            ExprKind::Compare(op, a, b) if graph.expr(a).ty.dtype.is_float() => {
                self.put_comparison(op, graph.expr(a).ty.dtype, values, [a, b])
            }
            ExprKind::Binary(op @ (BinaryOp::BitAnd | BinaryOp::BitOr), a, b) if depth > 0 => {
                self.put_truth(graph, a, depth - 1, values)?;
                self.put_truth(graph, b, depth - 1, values)?;
                let mut code = self.body.code()?;
                if op == BinaryOp::BitAnd {
                    code.i32_and()
                } else {
                    code.i32_or()
                };
                Ok(())
            }
            _ => {
                let mask = self.operand(values, id)?;
                self.put_mask(mask)
            }
        }
    }

    /// Leaves on the stack 1 for a mask that holds, else 0.
    fn put_mask(&mut self, mask: Lanes) -> Result<(), OutOfMemory> {
        self.body.code()?.local_get(mask.part(0)).i32x4_extract_lane(0).i32_const(1).i32_and();
        Ok(())
    }

    /// Leaves on the stack how two floats compare.
    fn put_comparison(
        &mut self,
        op: CompareOp,
        dtype: Dtype,
        values: &[Option<Value>],
        operands: [ExprId; 2],
    ) -> Result<(), OutOfMemory> {
        for operand in operands {
            let lanes = self.operand(values, operand)?;
            let mut code = self.body.code()?;
            code.local_get(lanes.part(0));
            match dtype {
                Dtype::Float32 => code.f32x4_extract_lane(0),
                _ => code.f64x2_extract_lane(0),
            };
        }
        let mut code = self.body.code()?;
        match (op, dtype == Dtype::Float32) {
            (CompareOp::Eq, false) => code.f64_eq(),
            (CompareOp::Ne, false) => code.f64_ne(),
            (CompareOp::Lt, false) => code.f64_lt(),
            (CompareOp::Le, false) => code.f64_le(),
            (CompareOp::Gt, false) => code.f64_gt(),
            (CompareOp::Ge, false) => code.f64_ge(),
            (CompareOp::Eq, true) => code.f32_eq(),
            (CompareOp::Ne, true) => code.f32_ne(),
            (CompareOp::Lt, true) => code.f32_lt(),
            (CompareOp::Le, true) => code.f32_le(),
            (CompareOp::Gt, true) => code.f32_gt(),
            (CompareOp::Ge, true) => code.f32_ge(),
        };
        Ok(())
    }

    fn repeat(
        &mut self,
        head: &Head<Region>,
        body: &[Node<Region>],
        jumps: &mut Jumps,
    ) -> Result<(), Refusal> {
        match head {
            Head::While { condition, .. } => self.repeat_while(condition, body, jumps),
            Head::For { variable, bounds } => {
                let range = self.range_of(bounds)?;
                self.repeat_counted(*variable, range, body, jumps)
            }
        }
    }

    fn repeat_while(
        &mut self,
        condition: &Region,
        body: &[Node<Region>],
        jumps: &mut Jumps,
    ) -> Result<(), Refusal> {
        let limit = self.limit()?;
        self.body.code()?.local_get(limit);
        let allowed = self.body.keep(ValType::I64)?;
        self.open_loop(jumps)?;
        self.leave_unless(condition, OUT)?;
        self.body.code()?.local_get(allowed).i64_eqz();
        self.fail_if(Status::TooManyPasses)?;
        self.take_pass(jumps.left)?;
        self.add_to(allowed, -1)?;
        self.one_pass(body, jumps)?;
        Ok(self.close_loop(jumps)?)
    }

    /// As many passes as a register says.
    fn repeat_counted(
        &mut self,
        variable: LocalId,
        [counter, passes, step]: [Register; 3],
        body: &[Node<Region>],
        jumps: &mut Jumps,
    ) -> Result<(), Refusal> {
        self.open_loop(jumps)?;
        self.body.code()?.local_get(passes).i64_eqz().br_if(OUT);
        self.take_pass(jumps.left)?;
        self.add_to(passes, -1)?;
        let local = variable as usize;
        if self.facts.is_counter[local] {
            self.counters[local] = Some(counter);
        } else if self.facts.common.reads[local] > 0 {
            let value = self.spread(counter, Dtype::Int64)?;
            let target = self.variable(variable)?;
            self.move_to(target, value)?;
        }
        self.one_pass(body, jumps)?;
        self.body.code()?.local_get(counter).local_get(step).i64_add().local_set(counter);
        Ok(self.close_loop(jumps)?)
    }

    /// The first value of a loop's variable, the number of passes, and the step.
    fn range_of(&mut self, bounds: &Region) -> Result<[Register; 3], Refusal> {
        if let Some(range) = ConstantRange::of_region(bounds) {
            self.compute(bounds, &[])?;
            return Ok([
                self.number(range.start)?,
                self.number(range.len() as i64)?,
                self.number(range.step)?,
            ]);
        }
        let range = self.compute(bounds, &bounds.values)?;
        if constant_integer(&bounds.graph, bounds.values[2]) == Some(1) {
            let [start, stop] = [self.first_lane(range[0])?, self.first_lane(range[1])?];
            self.body.code()?.local_get(stop).local_get(start).i64_sub().i64_const(0);
            self.body.code()?.local_get(start).local_get(stop).i64_lt_s().select();
            let passes = self.body.keep(ValType::I64)?;
            return Ok([start, passes, self.number(1)?]);
        }
        let [start, stop, step] =
            [self.first_lane(range[0])?, self.first_lane(range[1])?, self.first_lane(range[2])?];
        let passes = self.number(0)?;
        self.body.code()?.local_get(step).i64_eqz();
        self.fail_if(Status::ZeroStep)?;
        let [low, high, size] = [self.number(0)?, self.number(0)?, self.number(0)?];
        for (target, [rising, falling]) in [(low, [start, stop]), (high, [stop, start])] {
            self.body.code()?.local_get(rising).local_get(falling);
            self.body.code()?.local_get(step).i64_const(0).i64_gt_s().select().local_set(target);
        }
        self.body.code()?.local_get(step).i64_const(0).local_get(step).i64_sub();
        self.body.code()?.local_get(step).i64_const(0).i64_gt_s().select().local_set(size);
        // Rounded up; unsigned, since the bounds may be as far apart as there are numbers.
        self.body.code()?.local_get(low).local_get(high).i64_lt_s().if_(BlockType::Empty);
        self.body.code()?.local_get(high).local_get(low).i64_sub().i64_const(1).i64_sub();
        self.body.code()?.local_get(size).i64_div_u().i64_const(1).i64_add().local_set(passes).end();
        Ok([start, passes, step])
    }

    fn open_loop(&mut self, jumps: &mut Jumps) -> Result<(), OutOfMemory> {
        jumps.open += METERED_BLOCKS;
        self.open_metered()
    }

    fn close_loop(&mut self, jumps: &mut Jumps) -> Result<(), OutOfMemory> {
        jumps.open -= METERED_BLOCKS;
        self.close_metered(Some(jumps.left))
    }

    /// The body of a loop.
    fn one_pass(&mut self, body: &[Node<Region>], jumps: &mut Jumps) -> Result<(), Refusal> {
        let out = jumps.open - OUT;
        self.body.code()?.block(BlockType::Empty);
        jumps.open += 1;
        jumps.loops.try_push(Around { out, next_pass: jumps.open })?;
        self.statements(body, jumps)?;
        jumps.loops.pop();
        jumps.open -= 1;
        self.body.code()?.end();
        Ok(())
    }

    /// A new register with an integer.
    fn number(&mut self, value: i64) -> Result<Register, OutOfMemory> {
        self.body.code()?.i64_const(value);
        self.body.keep(ValType::I64)
    }

    /// A new register with the 64 bits of the first lane.
    fn first_lane(&mut self, lanes: Lanes) -> Result<Register, OutOfMemory> {
        self.body.code()?.local_get(lanes.part(0)).i64x2_extract_lane(0);
        self.body.keep(ValType::I64)
    }
}

/// The loop around a statement that only stands in one.
fn innermost(jumps: &Jumps) -> Around {
    let Some(around) = jumps.loops.last() else { unreachable!("the grammar wants a loop around") };
    *around
}

/// What has to be computed before a condition: the floats that it compares, and truths that are something else.
fn list_compared(graph: &Graph, id: ExprId, depth: u32, list: &mut Vec<ExprId>) -> Result<(), OutOfMemory> {
    match graph.expr(id).kind {
        ExprKind::Compare(_, a, b) if graph.expr(a).ty.dtype.is_float() => {
            list.try_push(a)?;
            list.try_push(b)
        }
        ExprKind::Binary(BinaryOp::BitAnd | BinaryOp::BitOr, a, b) if depth > 0 => {
            list_compared(graph, a, depth - 1, list)?;
            list_compared(graph, b, depth - 1, list)
        }
        _ => list.try_push(id),
    }
}
