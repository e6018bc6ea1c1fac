//! Straight-line code cut at its calls, so that each function of the library sees a strip of items.
//!
//! A phase is a loop over the items of the strip, and the calls behind it. What a call or a later
//! phase reads goes through an array of one strip.

use super::Refusal;
use super::exported::{Array, element_type};
use super::functions::Call;
use super::generate::Generator;
use super::symbols::Symbol;
use crate::dtype::Dtype;
use crate::ir::{ExprId, ExprKind, Graph};
use crate::memory::{OutOfMemory, TryGrow};

/// Arrays of a strip, beyond which the stack of a thread is not the place for them.
const MAX_ARRAYS: u32 = 32;

/// When and where each expression is computed.
pub struct Schedule {
    root: ExprId,
    needed: Vec<bool>,
    is_call: Vec<bool>,
    /// The loop that computes an expression, or that its call follows.
    phase: Vec<usize>,
    /// The array that keeps it.
    array: Vec<Option<u32>>,
    arrays: u32,
}

impl Schedule {
    pub fn new(graph: &Graph, root: ExprId) -> Result<Schedule, OutOfMemory> {
        let count = graph.len();
        let mut schedule = Schedule {
            root,
            needed: graph.needed(&[root])?,
            is_call: Vec::try_filled(false, count)?,
            phase: Vec::try_filled(0, count)?,
            array: Vec::try_filled(None, count)?,
            arrays: 0,
        };
        for index in 0..count {
            if schedule.needed[index] {
                schedule.place(graph, ExprId(index as u32));
            }
        }
        Ok(schedule)
    }

    fn place(&mut self, graph: &Graph, id: ExprId) {
        let expr = graph.expr(id);
        let is_call = Call::of(&expr.kind, expr.ty.dtype).is_some();
        let phase = graph.operands(id).map(|operand| self.available(operand)).max().unwrap_or(0);
        self.is_call[id.index()] = is_call;
        self.phase[id.index()] = phase;
        for operand in graph.operands(id) {
            let kind = graph.expr(operand).kind;
            let is_earlier = self.phase[operand.index()] < phase && !is_leaf(kind);
            if is_earlier || (is_call && !is_input(kind)) {
                self.keep(operand);
            }
        }
        if is_call && id != self.root {
            self.keep(id);
        }
    }

    fn keep(&mut self, id: ExprId) {
        if self.array[id.index()].is_none() {
            self.array[id.index()] = Some(self.arrays);
            self.arrays += 1;
        }
    }

    /// The first phase that can read an expression.
    fn available(&self, id: ExprId) -> usize {
        self.phase[id.index()] + usize::from(self.is_call[id.index()])
    }

    pub fn has_calls(&self) -> bool {
        self.is_call.contains(&true)
    }

    pub fn has_buffers(&self) -> bool {
        self.arrays > 0
    }

    /// Whether there is any work between the calls.
    pub fn has_loops(&self) -> bool {
        self.has_buffers() || !self.is_call[self.root.index()]
    }

    pub fn fits(&self) -> bool {
        self.arrays <= MAX_ARRAYS
    }

    /// What the loop of a phase stores.
    fn is_stored(&self, index: usize, phase: usize) -> bool {
        let is_home = self.needed[index] && self.phase[index] == phase && !self.is_call[index];
        is_home && (self.array[index].is_some() || index == self.root.index())
    }

    /// Whether a phase reads an expression from its array.
    fn is_loaded(&self, index: usize, phase: usize) -> bool {
        self.array[index].is_some() && (self.is_call[index] || self.phase[index] < phase)
    }

    /// The expressions that the loop of a phase computes or loads.
    fn used(&self, graph: &Graph, phase: usize) -> Result<Vec<bool>, OutOfMemory> {
        let mut used = Vec::try_filled(false, graph.len())?;
        for index in (0..used.len()).rev() {
            used[index] |= self.is_stored(index, phase);
            if used[index] && !self.is_loaded(index, phase) {
                graph.operands(ExprId(index as u32)).for_each(|operand| used[operand.index()] = true);
            }
        }
        Ok(used)
    }
}

/// Whether a call can read an expression where it lies.
fn is_input(kind: ExprKind) -> bool {
    matches!(kind, ExprKind::Param(_))
}

/// Whether it takes no work to have an expression again.
fn is_leaf(kind: ExprKind) -> bool {
    matches!(kind, ExprKind::Param(_) | ExprKind::Index(_) | ExprKind::Constant(_))
}

impl Generator<'_> {
    /// The function that computes a strip of items.
    pub(super) fn strip_function(&mut self, schedule: Schedule, root: ExprId) -> Result<(), Refusal> {
        let output = self.output_type()?;
        if self.symbols.is_empty() {
            self.text.add(format_args!("enum {{ ME_STRIP = 1024 }};\n\n"))?;
        }
        self.text.add(format_args!("static void __me_strip(const struct me_context *__me_context"))?;
        for param in &self.kernel.params {
            let ty = element_type(param.ty.dtype)?;
            self.text.add(format_args!(", const {ty} *{}", Array(&param.name)))?;
        }
        for symbol in &self.symbols {
            let name = Symbol(*symbol);
            match symbol.is_uniform() {
                true => self.text.add(format_args!(", int64_t {name}"))?,
                false => self.text.add(format_args!(", const int64_t *__me{name}_rt"))?,
            }
        }
        self.text.add(format_args!(", {output} *__me_outp, int64_t __me_nitems) {{\n"))?;
        self.declare_arrays(&schedule)?;
        for phase in 0..=schedule.phase[root.index()] + 1 {
            self.phase_loop(&schedule, phase)?;
            for index in 0..=root.index() {
                if schedule.is_call[index] && schedule.phase[index] == phase {
                    self.phase_call(&schedule, ExprId(index as u32))?;
                }
            }
        }
        self.strip = Some(schedule);
        Ok(self.text.add(format_args!("}}\n\n"))?)
    }

    /// What arrays of strips are called.
    fn array_name(&self) -> &'static str {
        if self.gates.hybrid_expression { "__me_vec_tmp" } else { "__me_strip" }
    }

    fn declare_arrays(&mut self, schedule: &Schedule) -> Result<(), Refusal> {
        let name = self.array_name();
        for index in 0..schedule.array.len() {
            if let Some(array) = schedule.array[index] {
                let ty = self.type_of(ExprId(index as u32))?;
                self.line(format_args!("{ty} {name}_{array}[ME_STRIP];"))?;
            }
        }
        Ok(())
    }

    fn phase_loop(&mut self, schedule: &Schedule, phase: usize) -> Result<(), Refusal> {
        let used = schedule.used(self.graph, phase)?;
        if !used.contains(&true) {
            return Ok(());
        }
        self.open_loop("__me_idx", "__me_nitems")?;
        for index in (0..used.len()).filter(|index| used[*index]) {
            let id = ExprId(index as u32);
            match (self.graph.expr(id).kind, schedule.array[index]) {
                (_, Some(array)) if schedule.is_loaded(index, phase) => self.load_array(id, array)?,
                (ExprKind::Param(param), _) => {
                    let param = &self.kernel.params[param as usize];
                    let (ty, array) = (self.type_of(id)?, Array(&param.name));
                    let test = if param.ty.dtype == Dtype::Bool { " != 0" } else { "" };
                    self.line(format_args!("const {ty} t{index} = {array}[__me_idx]{test};"))?;
                }
                (ExprKind::Index(symbol), _) if !symbol.is_uniform() => {
                    let name = Symbol(symbol);
                    self.line(format_args!("const int64_t t{index} = __me{name}_rt[__me_idx];"))?;
                }
                _ => self.constant_of(id)?,
            }
            if schedule.is_stored(index, phase) {
                self.store(schedule, id)?;
            }
        }
        self.close()
    }

    fn load_array(&mut self, id: ExprId, array: u32) -> Result<(), Refusal> {
        let (n, ty, name) = (id.0, self.type_of(id)?, self.array_name());
        if self.gates.hybrid_expression {
            return self.line(format_args!(
                "const {ty} t{n}__me_call = ({ty}){name}_{array}[__me_idx], t{n} = t{n}__me_call;"
            ));
        }
        self.line(format_args!("const {ty} t{n} = {name}_{array}[__me_idx];"))
    }

    fn store(&mut self, schedule: &Schedule, id: ExprId) -> Result<(), Refusal> {
        let (n, name) = (id.0, self.array_name());
        if let Some(array) = schedule.array[id.index()] {
            self.line(format_args!("{name}_{array}[__me_idx] = t{n};"))?;
        }
        if id == schedule.root {
            self.line(format_args!("__me_outp[__me_idx] = t{n};"))?;
        }
        Ok(())
    }

    /// The call of a function for all items of the strip.
    fn phase_call(&mut self, schedule: &Schedule, id: ExprId) -> Result<(), Refusal> {
        let expr = *self.graph.expr(id);
        let Some(call) = Call::of(&expr.kind, expr.ty.dtype) else { return Ok(()) };
        self.call_number(call)?;
        let (function, suffix, name) = (call.function.name, call.suffix(), self.array_name());
        self.text.add(format_args!("{:1$}me_jit_vec_{function}_{suffix}(", "", 4 * self.indent))?;
        for operand in self.graph.operands(id) {
            match (self.graph.expr(operand).kind, schedule.array[operand.index()]) {
                (ExprKind::Param(param), _) => {
                    self.text.add(format_args!("{}, ", Array(&self.kernel.params[param as usize].name)))?;
                }
                (_, array) => self.text.add(format_args!("{name}_{}, ", array.unwrap_or_default()))?,
            }
        }
        match schedule.array[id.index()] {
            Some(array) => self.text.add(format_args!("{name}_{array}, __me_nitems);\n"))?,
            None => self.text.add(format_args!("__me_outp, __me_nitems);\n"))?,
        }
        Ok(())
    }
}
