//! C text for a kernel: a function for one item, or for a strip of items, and the exported loop.
//!
//! Names of the source appear only after a prefix, so any name works: inputs are `p0 …`, locals
//! `l0 …`, expressions `t0 …`. Each expression of the typed kernel is one constant of its own dtype,
//! so C's promotions and conversions never decide about a result.

use super::functions::Call;
use super::generator::{Generator, parameter_type, type_named};
use super::listing;
use super::strips::{self, MAX_ARRAYS};
use super::symbols::{Symbol, used_symbols};
use super::text::Text;
use crate::back::engine::{Refusal, reason};
use crate::back::identity::Gates;
use crate::ir::{ExprId, Graph, Kernel, LocalId, Stmt, any_in};
use crate::memory::TryGrow;
use crate::mid::flatten::{Node, flatten};
use crate::mid::positions::C_FUNCTIONS;
use crate::mid::range::constant_integer;

/// The text, and what the library must know to call the code.
#[derive(Debug)]
pub struct Source {
    pub text: Text,
    /// Empty slots after the parameters, one for each index symbol.
    pub symbols: usize,
    /// Bytes of one item of each parameter, and of the output.
    pub inputs: Vec<usize>,
    pub output: usize,
    pub calls: Vec<Call>,
    pub lowering: Lowering,
    /// How often the code can run for an item, or a pass of its loops, in little time.
    pub quiet_runs: usize,
    pub has_loops: bool,
}

/// Operations that take some hundred microseconds in all, those of C's math library apart.
const QUIET_OPERATIONS: usize = 1 << 17;

/// How math functions are called, for the trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lowering {
    /// The kernel is one call for all items.
    Vector,
    /// Calls for a strip of items between loops.
    Hybrid,
    /// One call an item, for this reason.
    Scalar(&'static str),
}

/// Generates the source of a kernel.
pub fn generate(kernel: &Kernel, gates: Gates) -> Result<Source, Refusal> {
    check_names(kernel)?;
    let nodes = flatten(kernel)?;
    // The kernel as one value, where its branches only choose between values.
    let straight = match &nodes[..] {
        [Node::Return(region)] if gates.branch_aware || !has_choice(&kernel.body) => Some(region),
        _ => None,
    };
    let graph = straight.map_or(&kernel.graph, |region| &region.graph);
    let mut generator = Generator {
        kernel,
        graph,
        gates,
        text: Text::default(),
        symbols: used_symbols(kernel)?,
        calls: Vec::new(),
        has_locals: straight.is_none(),
        written: Vec::try_filled(false, graph.len())?,
        log: Vec::new(),
        indent: 1,
        loops: 0,
    };
    listing::write(&mut generator.text, kernel, gates)?;
    let lowering = match straight {
        Some(region) => generator.straight(region.values[0])?,
        None => {
            generator.item_function(None)?;
            generator.item_loops()?;
            let reason = generator.scalar_reason();
            Lowering::Scalar(reason)
        }
    };
    generator.finish(lowering)
}

/// Names of inputs become parts of names in C; a caller's table may hold anything.
fn check_names(kernel: &Kernel) -> Result<(), Refusal> {
    let is_word = |name: &[u8]| name.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
    if kernel.params.iter().all(|param| is_word(&param.name)) {
        return Ok(());
    }
    Err(Refusal::of(reason::PARAMETER))
}

fn has_choice(body: &[Stmt]) -> bool {
    body.iter().any(|stmt| matches!(stmt, Stmt::If { .. }))
}

impl Generator<'_> {
    /// Code for a kernel that is one value.
    fn straight(&mut self, root: ExprId) -> Result<Lowering, Refusal> {
        if self.gates.math_bridge && self.gates.vector_math {
            let strips = strips::cut(self.graph, root)?;
            if strips.has_calls() && strips.buffers() <= MAX_ARRAYS {
                self.strip_function(&strips, root)?;
                self.strip_loop(&strips)?;
                let is_one_call = strips.writes_by_call() && strips.buffers() == 0;
                return Ok(if is_one_call { Lowering::Vector } else { Lowering::Hybrid });
            }
        }
        self.item_function(Some(root))?;
        self.item_loops()?;
        Ok(Lowering::Scalar(self.scalar_reason()))
    }

    fn scalar_reason(&self) -> &'static str {
        match self.gates {
            Gates { math_bridge: false, .. } => "runtime-math-bridge-disabled",
            Gates { vector_math: false, .. } => "vector-math-disabled",
            _ => "no-vector-lowering-match",
        }
    }

    /// Puts the text together: what it builds on, then what was written.
    fn finish(self, lowering: Lowering) -> Result<Source, Refusal> {
        let mut text = Text::default();
        text.add(format_args!("{PRELUDE}\n"))?;
        if !self.gates.math_bridge {
            text.add(format_args!("{LIBM}"))?;
        }
        if !self.symbols.is_empty() {
            text.add(format_args!("{C_FUNCTIONS}"))?;
        }
        for (number, call) in self.calls.iter().enumerate() {
            let (name, suffix) = (call.function.name, call.suffix());
            let (names, operands) = match call.arity {
                1 => ("a", "a, 0, 0"),
                2 => ("a, b", "a, b, 0"),
                _ => ("a, b, c", "a, b, c"),
            };
            text.add(format_args!(
                "#define me_jit_vec_{name}_{suffix}({names}, out, n) \
                 __me_context->call(__me_context, {number}, out, {operands}, n)\n"
            ))?;
        }
        text.add_bytes(self.text.as_bytes())?;
        let mut inputs = Vec::new();
        for param in &self.kernel.params {
            inputs.try_push(param.ty.itemsize)?;
        }
        let output = self.kernel.output.itemsize;
        let quiet_runs = (QUIET_OPERATIONS / self.kernel.graph.len().max(1)).max(1);
        let (symbols, has_loops) = (self.symbols.len(), has_loops(self.kernel));
        Ok(Source { text, symbols, inputs, output, calls: self.calls, lowering, quiet_runs, has_loops })
    }

    /// Whether the function for one item gives a status beside its result: it has a loop, which can fail.
    pub(super) fn can_fail(&self) -> bool {
        has_loops(self.kernel)
    }

    /// The function that computes one item: of the value `root`, or of the kernel's statements.
    fn item_function(&mut self, root: Option<ExprId>) -> Result<(), Refusal> {
        let output = self.output_type()?;
        let result = if self.can_fail() { "int" } else { output };
        self.text
            .add(format_args!("static inline {result} __me_item(const struct me_context *__me_context"))?;
        if self.can_fail() {
            self.text.add(format_args!(", {output} *__me_out, int64_t *__me_left"))?;
        }
        for (index, param) in self.kernel.params.iter().enumerate() {
            let name = parameter_type(param.ty.dtype)?;
            self.text.add(format_args!(", {name} p{index}"))?;
        }
        for symbol in &self.symbols {
            self.text.add(format_args!(", int64_t {}", Symbol(*symbol)))?;
        }
        self.text.add(format_args!(") {{\n"))?;
        match root {
            Some(root) => {
                self.expression(root)?;
                self.line(format_args!("return t{};", root.0))?;
            }
            None => self.statements()?,
        }
        Ok(self.text.add(format_args!("}}\n\n"))?)
    }

    fn statements(&mut self) -> Result<(), Refusal> {
        let kernel = self.kernel;
        for (index, local) in kernel.locals.iter().enumerate() {
            let name = type_named(local.ty.dtype, reason::DTYPE)?;
            self.line(format_args!("{name} l{index} = 0;"))?;
        }
        self.block(&kernel.body)
    }

    /// Statements in a scope of their own.
    fn block(&mut self, block: &[Stmt]) -> Result<(), Refusal> {
        let logged = self.log.len();
        for stmt in block {
            self.stmt(stmt)?;
        }
        self.forget(logged);
        Ok(())
    }

    fn forget(&mut self, logged: usize) {
        for id in self.log.drain(logged..) {
            self.written[id.index()] = false;
        }
    }

    fn nested(&mut self, block: &[Stmt]) -> Result<(), Refusal> {
        self.indent += 1;
        self.block(block)?;
        self.indent -= 1;
        Ok(())
    }

    fn stmt(&mut self, stmt: &Stmt) -> Result<(), Refusal> {
        match stmt {
            Stmt::Assign { local, value } => {
                self.expression(*value)?;
                self.line(format_args!("l{local} = t{};", value.0))?;
            }
            Stmt::Return(value) => {
                self.expression(*value)?;
                if self.can_fail() {
                    self.line(format_args!("*__me_out = t{};", value.0))?;
                    self.line(format_args!("return 0;"))?;
                } else {
                    self.line(format_args!("return t{};", value.0))?;
                }
            }
            Stmt::If { branches, otherwise } => {
                let mut logged = self.log.len();
                for (index, branch) in branches.iter().enumerate() {
                    self.expression(branch.condition)?;
                    if index == 0 {
                        // The first condition stands before the choice, the others inside it.
                        logged = self.log.len();
                    }
                    self.line(format_args!("if (t{}) {{", branch.condition.0))?;
                    self.nested(&branch.body)?;
                    self.line(format_args!("}} else {{"))?;
                    self.indent += 1;
                }
                self.block(otherwise)?;
                for _ in branches {
                    self.indent -= 1;
                    self.line(format_args!("}}"))?;
                }
                self.forget(logged);
            }
            Stmt::While { condition, body, .. } => self.while_loop(*condition, body)?,
            Stmt::For { variable, start, stop, step, body } => {
                self.for_loop(*variable, [*start, *stop, *step], body)?;
            }
            Stmt::Break => self.line(format_args!("break;"))?,
            Stmt::Continue => self.line(format_args!("continue;"))?,
            Stmt::Print(print) => {
                return Err(Refusal::at(print.place, reason::PRINT));
            }
        }
        Ok(())
    }

    fn while_loop(&mut self, condition: ExprId, body: &[Stmt]) -> Result<(), Refusal> {
        let counter = self.loops;
        self.loops += 1;
        let logged = self.log.len();
        self.line(format_args!("for (int64_t n{counter} = 0;; n{counter}++) {{"))?;
        self.indent += 1;
        self.expression(condition)?;
        self.line(format_args!("if (!t{}) break;", condition.0))?;
        self.line(format_args!("if (n{counter} >= __me_context->pass_cap) return ME_TOO_MANY_PASSES;"))?;
        self.meter_pass()?;
        self.block(body)?;
        self.indent -= 1;
        self.line(format_args!("}}"))?;
        self.forget(logged);
        Ok(())
    }

    /// Counts a pass, for the meter of the evaluation.
    fn meter_pass(&mut self) -> Result<(), Refusal> {
        self.line(format_args!(
            "if (--*__me_left < 0 && (*__me_left = __me_context->refill(__me_context, *__me_left)) < 0) return ME_STOPPED;"
        ))
    }

    fn for_loop(&mut self, variable: LocalId, range: [ExprId; 3], body: &[Stmt]) -> Result<(), Refusal> {
        for bound in range {
            self.expression(bound)?;
        }
        let [start, stop, step] = range.map(|bound| bound.0);
        let n = self.loops;
        self.loops += 1;
        let logged = self.log.len();
        if constant_integer(self.graph, range[2]) == Some(1) {
            self.line(format_args!("for (int64_t n{n} = t{start}; n{n} < t{stop}; n{n}++) {{"))?;
        } else {
            if may_be_zero(self.graph, range[2]) {
                self.line(format_args!("if (t{step} == 0) return ME_ZERO_STEP;"))?;
            }
            self.line(format_args!(
                "for (int64_t n{n} = t{start}, m{n} = 1; m{n} && (t{step} > 0 ? n{n} < t{stop} : \
                 n{n} > t{stop}); m{n} = !__builtin_add_overflow(n{n}, t{step}, &n{n})) {{"
            ))?;
        }
        self.indent += 1;
        self.meter_pass()?;
        self.line(format_args!("l{variable} = n{n};"))?;
        self.block(body)?;
        self.indent -= 1;
        self.line(format_args!("}}"))?;
        self.forget(logged);
        Ok(())
    }

    /// Writes the constants that an expression needs, and its own.
    fn expression(&mut self, root: ExprId) -> Result<(), Refusal> {
        let mut stack = Vec::new();
        stack.try_push((root, false))?;
        while let Some((id, operands_done)) = stack.pop() {
            if self.written[id.index()] {
                continue;
            }
            if operands_done {
                self.constant_of(id)?;
                self.written[id.index()] = true;
                self.log.try_push(id)?;
                continue;
            }
            stack.try_push((id, true))?;
            self.graph.operands(id).try_for_each(|operand| stack.try_push((operand, false)))?;
        }
        Ok(())
    }
}

const PRELUDE: &str = include_str!("prelude.h");
const LIBM: &str = include_str!("libm.h");

/// Whether a step is not known to differ from zero.
fn may_be_zero(graph: &Graph, step: ExprId) -> bool {
    constant_integer(graph, step).is_none_or(|step| step == 0)
}

fn has_loops(kernel: &Kernel) -> bool {
    any_in(&kernel.body, |stmt| matches!(stmt, Stmt::While { .. } | Stmt::For { .. }))
}
