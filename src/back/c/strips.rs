//! Straight-line code with calls: a function for a strip of items, phase by phase.

use super::functions::Call;
use super::generator::{Array, Generator, element_type};
use super::symbols::Symbol;
use crate::back::engine::Refusal;
use crate::dtype::Dtype;
use crate::ir::{ExprId, ExprKind, Graph};
use crate::memory::OutOfMemory;
use crate::mid::strips::{CallResult, Role, Roles, Step, Strips};

/// Arrays of a strip, beyond which the stack of a thread is not the place for them.
pub const MAX_ARRAYS: u32 = 32;

/// What each expression is to the cut.
fn roles(graph: &Graph) -> Roles<'_, impl Fn(ExprId) -> Role> {
    Roles(graph, |id| {
        let expr = graph.expr(id);
        match expr.kind {
            ExprKind::Param(_) => Role::Array,
            ExprKind::Index(_) | ExprKind::Constant(_) => Role::Constant,
            kind if Call::of(&kind, expr.ty.dtype).is_some() => Role::Call,
            _ => Role::Work,
        }
    })
}

/// Cuts what computes `root`.
pub fn cut(graph: &Graph, root: ExprId) -> Result<Strips, OutOfMemory> {
    Strips::cut(&roles(graph), root.index(), CallResult::Direct)
}

impl Generator<'_> {
    /// The function that computes a strip of items.
    pub(super) fn strip_function(&mut self, strips: &Strips, root: ExprId) -> Result<(), Refusal> {
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
        self.declare_arrays(strips, root)?;
        for phase in 0..strips.phases() {
            let steps = strips.steps(&roles(self.graph), phase)?;
            let result = strips.stores_result(phase).then_some(root);
            self.phase_loop(&steps, result)?;
            for node in strips.calls(phase) {
                self.phase_call(strips, ExprId(node as u32))?;
            }
        }
        Ok(self.text.add(format_args!("}}\n\n"))?)
    }

    /// What arrays of strips are called.
    fn array_name(&self) -> &'static str {
        if self.gates.hybrid_expression { "__me_vec_tmp" } else { "__me_strip" }
    }

    fn declare_arrays(&mut self, strips: &Strips, root: ExprId) -> Result<(), Refusal> {
        let name = self.array_name();
        for index in 0..=root.index() {
            if let Some(array) = strips.buffer(index) {
                let ty = self.type_of(ExprId(index as u32))?;
                self.line(format_args!("{ty} {name}_{array}[ME_STRIP];"))?;
            }
        }
        Ok(())
    }

    fn phase_loop(&mut self, steps: &[Step], result: Option<ExprId>) -> Result<(), Refusal> {
        if steps.is_empty() {
            return Ok(());
        }
        self.open_loop("__me_idx", "__me_nitems")?;
        for step in steps {
            let (index, id) = (step.node, ExprId(step.node as u32));
            match (self.graph.expr(id).kind, step.load) {
                (_, Some(array)) => self.load_array(id, array)?,
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
            if let Some(array) = step.store {
                let name = self.array_name();
                self.line(format_args!("{name}_{array}[__me_idx] = t{index};"))?;
            }
        }
        if let Some(ExprId(root)) = result {
            self.line(format_args!("__me_outp[__me_idx] = t{root};"))?;
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

    /// The call of a function for all items of the strip.
    fn phase_call(&mut self, strips: &Strips, id: ExprId) -> Result<(), Refusal> {
        let expr = *self.graph.expr(id);
        let Some(call) = Call::of(&expr.kind, expr.ty.dtype) else {
            unreachable!("the cut takes it for a call")
        };
        self.call_number(call)?;
        let (function, suffix, name) = (call.function.name, call.suffix(), self.array_name());
        self.text.add(format_args!("{:1$}me_jit_vec_{function}_{suffix}(", "", 4 * self.indent))?;
        for operand in self.graph.operands(id) {
            match (self.graph.expr(operand).kind, strips.buffer(operand.index())) {
                (ExprKind::Param(param), _) => {
                    self.text.add(format_args!("{}, ", Array(&self.kernel.params[param as usize].name)))?;
                }
                (_, Some(array)) => self.text.add(format_args!("{name}_{array}, "))?,
                (_, None) => unreachable!("what a call reads has an array"),
            }
        }
        match strips.buffer(id.index()) {
            Some(array) => self.text.add(format_args!("{name}_{array}, __me_nitems);\n"))?,
            None => self.text.add(format_args!("__me_outp, __me_nitems);\n"))?,
        }
        Ok(())
    }
}
