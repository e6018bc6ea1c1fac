//! Straight-line code with calls, cut so that each vector kernel sees a whole strip of items.
//!
//! A phase is a loop over the groups of a strip, and the calls behind it. What a later phase or a
//! call reads goes through a buffer of one strip.

use super::access::Place;
use super::body::ITEMS;
use super::expression::{Value, is_call};
use super::lanes::Lanes;
use super::{Emitter, Refusal, STRIP_ITEMS};
use crate::dtype::Dtype;
use crate::ir::{ExprId, ExprKind, Graph};
use crate::memory::{OutOfMemory, TryGrow};
use crate::mid::flatten::Region;

/// When and where each expression of a graph is computed.
struct Schedule {
    needed: Vec<bool>,
    is_call: Vec<bool>,
    /// The loop that computes an expression, or that its call follows.
    phase: Vec<u32>,
    /// Offset in the scratch memory.
    buffer: Vec<Option<u32>>,
    /// The phase that stores the output.
    last: u32,
    bytes: u32,
}

impl Schedule {
    fn new(emitter: &Emitter<'_>, graph: &Graph, root: ExprId) -> Result<Schedule, Refusal> {
        let count = graph.len();
        let mut schedule = Schedule {
            needed: graph.needed(&[root])?,
            is_call: Vec::try_filled(false, count)?,
            phase: Vec::try_filled(0, count)?,
            buffer: Vec::try_filled(None, count)?,
            last: 0,
            bytes: 0,
        };
        for index in 0..count {
            let id = ExprId(index as u32);
            if schedule.needed[index] {
                schedule.is_call[index] = is_call(&emitter.facts, graph, id);
                let operands = graph.operands(id);
                schedule.phase[index] =
                    operands.map(|operand| schedule.available(operand)).max().unwrap_or(0);
                graph.operands(id).for_each(|operand| schedule.buffer_for(graph, id, operand));
            }
        }
        schedule.last = schedule.available(root);
        if schedule.is_call[root.index()] {
            schedule.keep(graph, root);
        }
        match schedule.bytes {
            u32::MAX => Err(Refusal::Unsupported("too many intermediate values")),
            _ => Ok(schedule),
        }
    }

    /// The first phase that can read an expression.
    fn available(&self, id: ExprId) -> u32 {
        self.phase[id.index()] + u32::from(self.is_call[id.index()])
    }

    /// Gives an operand a buffer if its user needs one.
    fn buffer_for(&mut self, graph: &Graph, user: ExprId, operand: ExprId) {
        let kind = graph.expr(operand).kind;
        let is_needed = if self.is_call[user.index()] {
            !is_array(kind)
        } else {
            !is_leaf(kind) && self.phase[user.index()] > self.phase[operand.index()]
        };
        if is_needed {
            self.keep(graph, operand);
        }
    }

    fn keep(&mut self, graph: &Graph, id: ExprId) {
        if self.buffer[id.index()].is_none() {
            let size = graph.expr(id).ty.dtype.size() as u32;
            self.buffer[id.index()] = Some(self.bytes);
            self.bytes = self.bytes.saturating_add(STRIP_ITEMS * size);
        }
    }

    /// Whether a phase reads an expression from its buffer.
    fn is_read(&self, id: ExprId, phase: u32) -> bool {
        let is_earlier = self.phase[id.index()] < phase || self.is_call[id.index()];
        is_earlier && self.buffer[id.index()].is_some()
    }

    /// What the loop of a phase stores: buffers, and the output in the last.
    fn roots(&self, root: ExprId, phase: u32) -> Result<Vec<ExprId>, OutOfMemory> {
        let mut roots = Vec::new();
        for index in (0..self.needed.len()).filter(|index| self.needed[*index]) {
            let is_home = self.phase[index] == phase && !self.is_call[index];
            if is_home && self.buffer[index].is_some() {
                roots.try_push(ExprId(index as u32))?;
            }
        }
        if phase == self.last {
            roots.try_push(root)?;
        }
        Ok(roots)
    }

    /// The expressions that the loop of a phase computes or loads.
    fn used(&self, graph: &Graph, roots: &[ExprId], phase: u32) -> Result<Vec<bool>, OutOfMemory> {
        let mut used = Vec::try_filled(false, graph.len())?;
        roots.iter().for_each(|root| used[root.index()] = true);
        for index in (0..used.len()).rev() {
            let id = ExprId(index as u32);
            if used[index] && !self.is_read(id, phase) {
                graph.operands(id).for_each(|operand| used[operand.index()] = true);
            }
        }
        Ok(used)
    }
}

/// Whether a call can read an expression where it lies.
fn is_array(kind: ExprKind) -> bool {
    matches!(kind, ExprKind::Param(_) | ExprKind::Index(_))
}

/// Whether it takes no work to have an expression again.
fn is_leaf(kind: ExprKind) -> bool {
    is_array(kind) || matches!(kind, ExprKind::Constant(_))
}

impl Emitter<'_> {
    /// The function of a kernel whose body is one value that takes calls.
    pub fn strips(&mut self, region: &Region) -> Result<(), Refusal> {
        let graph = &region.graph;
        let root = region.values[0];
        let schedule = Schedule::new(self, graph, root)?;
        self.scratch_bytes = schedule.bytes;
        for phase in 0..=schedule.last {
            self.phase_loop(graph, root, &schedule, phase)?;
            for index in 0..graph.len() {
                if schedule.is_call[index] && schedule.phase[index] == phase {
                    self.strip_call(graph, ExprId(index as u32), &schedule)?;
                }
            }
        }
        Ok(self.end_function()?)
    }

    fn phase_loop(
        &mut self,
        graph: &Graph,
        root: ExprId,
        schedule: &Schedule,
        phase: u32,
    ) -> Result<(), Refusal> {
        let roots = schedule.roots(root, phase)?;
        if roots.is_empty() {
            return Ok(());
        }
        self.open_groups()?;
        let mut values: Vec<Option<Value>> = Vec::try_filled(None, graph.len())?;
        let used = schedule.used(graph, &roots, phase)?;
        for index in (0..used.len()).filter(|index| used[*index]) {
            let id = ExprId(index as u32);
            let lanes = match schedule.buffer[index] {
                Some(offset) if schedule.is_read(id, phase) => {
                    self.load_buffer(offset, graph.expr(id).ty.dtype)?
                }
                _ => self.instruction_value(graph, id, &values)?,
            };
            values[index] = Some(Value::Lanes(lanes));
            if let Some(offset) = schedule.buffer[index]
                && !schedule.is_read(id, phase)
            {
                let place = self.buffer(offset)?;
                self.store(lanes, place, graph.expr(id).ty.dtype)?;
            }
        }
        if phase == schedule.last {
            let value = self.operand(&values, root)?;
            self.store_output(value)?;
        }
        Ok(self.next_group()?)
    }

    fn buffer(&mut self, offset: u32) -> Result<Place, OutOfMemory> {
        Ok(Place { base: self.scratch()?, offset, is_array: true })
    }

    fn load_buffer(&mut self, offset: u32, dtype: Dtype) -> Result<Lanes, OutOfMemory> {
        let place = self.buffer(offset)?;
        self.load(place, dtype)
    }

    fn strip_call(&mut self, graph: &Graph, id: ExprId, schedule: &Schedule) -> Result<(), Refusal> {
        let Some(kernels) = self.callee(graph, id)? else { return Ok(()) };
        let mut operands = [None; 3];
        for (place, operand) in operands.iter_mut().zip(graph.operands(id)) {
            *place = Some(self.strip_place(graph, operand, schedule)?);
        }
        let out = self.strip_place(graph, id, schedule)?;
        Ok(self.put_call(kernels, out, operands, |emitter| emitter.body.get(ITEMS))?)
    }

    /// Where the elements of an expression lie for a call.
    fn strip_place(&mut self, graph: &Graph, id: ExprId, schedule: &Schedule) -> Result<Place, OutOfMemory> {
        let array = match graph.expr(id).kind {
            ExprKind::Param(index) => Some(index as usize),
            ExprKind::Index(symbol) => Some(self.symbol_array(symbol)),
            _ => None,
        };
        match (array, schedule.buffer[id.index()]) {
            (Some(array), _) => Ok(Place::array(self.base(array)?)),
            (None, offset) => self.buffer(offset.unwrap_or(0)),
        }
    }
}
