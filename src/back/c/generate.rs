//! C text for a kernel: one function for an item, and the exported loop over items.
//!
//! Names of the source do not appear as identifiers, so any name works: inputs are `p0 …`, locals
//! `l0 …`, expressions `t0 …`. Each expression of the typed kernel is one constant of its own dtype,
//! so C's promotions and conversions never decide about a result.

use super::Refusal;
use super::text::Text;
use crate::dtype::Dtype;
use crate::ir::{ExprId, ExprKind, IndexSymbol, Kernel, LocalId, Stmt};
use crate::memory::{OutOfMemory, TryGrow};

/// The text, and the inputs after the kernel's parameters.
#[derive(Debug)]
pub struct Source {
    pub text: Text,
    pub index_symbols: Vec<IndexSymbol>,
    /// Bytes of one item of each parameter, then of the output.
    pub item_sizes: Vec<usize>,
}

/// The C type of a dtype.
pub fn c_type(dtype: Dtype) -> Option<&'static str> {
    Some(match dtype {
        Dtype::Bool => "bool",
        Dtype::Int8 => "int8_t",
        Dtype::Int16 => "int16_t",
        Dtype::Int32 => "int32_t",
        Dtype::Int64 => "int64_t",
        Dtype::UInt8 => "uint8_t",
        Dtype::UInt16 => "uint16_t",
        Dtype::UInt32 => "uint32_t",
        Dtype::UInt64 => "uint64_t",
        Dtype::Float32 => "float",
        Dtype::Float64 => "double",
        _ => return None,
    })
}

const PRELUDE: &str = include_str!("prelude.h");

/// Generates the source of a kernel.
pub fn generate(kernel: &Kernel) -> Result<Source, Refusal> {
    let mut generator = Generator {
        kernel,
        text: Text::default(),
        index_symbols: Vec::new(),
        written: Vec::try_filled(false, kernel.exprs.len())?,
        log: Vec::new(),
        indent: 1,
        loops: 0,
    };
    generator.find_index_symbols()?;
    generator.text.add(format_args!("{PRELUDE}\n"))?;
    generator.item_function()?;
    generator.exported_function()?;
    let mut item_sizes = Vec::new();
    for param in &kernel.params {
        item_sizes.try_push(param.ty.itemsize)?;
    }
    item_sizes.try_push(kernel.output.itemsize)?;
    Ok(Source { text: generator.text, index_symbols: generator.index_symbols, item_sizes })
}

pub(super) struct Generator<'a> {
    pub(super) kernel: &'a Kernel,
    pub(super) text: Text,
    pub(super) index_symbols: Vec<IndexSymbol>,
    /// Expressions that are constants of a block round the current point.
    written: Vec<bool>,
    log: Vec<ExprId>,
    indent: usize,
    loops: u32,
}

impl Generator<'_> {
    pub(super) fn type_of(&self, id: ExprId) -> Result<&'static str, Refusal> {
        c_type(self.kernel.expr(id).ty.dtype)
            .ok_or(Refusal::Unsupported("unsupported expression dtype for jit ir"))
    }

    fn find_index_symbols(&mut self) -> Result<(), OutOfMemory> {
        for expr in &self.kernel.exprs {
            if let ExprKind::Index(symbol) = expr.kind
                && !self.index_symbols.contains(&symbol)
            {
                self.index_symbols.try_push(symbol)?;
            }
        }
        Ok(())
    }

    pub(super) fn line(&mut self, text: std::fmt::Arguments<'_>) -> Result<(), Refusal> {
        let indent = 4 * self.indent;
        Ok(self.text.add(format_args!("{:indent$}{text}\n", ""))?)
    }

    /// C types of the arguments of the item function.
    fn argument_types(&self) -> Result<Vec<&'static str>, Refusal> {
        let mut types = Vec::new();
        for param in &self.kernel.params {
            let name = c_type(param.ty.dtype)
                .ok_or(Refusal::Unsupported("invalid parameter metadata for jit ir"))?;
            types.try_push(name)?;
        }
        for _ in &self.index_symbols {
            types.try_push("int64_t")?;
        }
        Ok(types)
    }

    fn item_function(&mut self) -> Result<(), Refusal> {
        let kernel = self.kernel;
        let output = c_type(kernel.output.dtype)
            .ok_or(Refusal::Unsupported("output dtype does not match jit ir return dtype"))?;
        self.text.add(format_args!("static inline int __me_item(int64_t __me_cap, {output} *__me_out"))?;
        for (index, name) in self.argument_types()?.into_iter().enumerate() {
            self.text.add(format_args!(", {name} p{index}"))?;
        }
        self.text.add(format_args!(") {{\n"))?;
        for (index, local) in kernel.locals.iter().enumerate() {
            let name = c_type(local.ty.dtype)
                .ok_or(Refusal::Unsupported("unsupported expression dtype for jit ir"))?;
            self.line(format_args!("{name} l{index} = 0;"))?;
        }
        self.block(&kernel.body)?;
        self.line(format_args!("return ME_NO_RESULT;"))?;
        Ok(self.text.add(format_args!("}}\n\n"))?)
    }

    fn exported_function(&mut self) -> Result<(), Refusal> {
        let types = self.argument_types()?;
        let output = c_type(self.kernel.output.dtype).unwrap_or("double");
        self.text.add(format_args!(
            "int me_dsl_jit_kernel(const void **__me_inputs, void *__me_output, int64_t __me_nitems) {{\n"
        ))?;
        self.line(format_args!("if (!__me_output || !__me_inputs || __me_nitems < 0) return -1;"))?;
        for (index, name) in types.iter().enumerate() {
            let source = "__me_inputs";
            self.line(format_args!("const {name} *__me_in{index} = (const {name} *){source}[{index}];"))?;
        }
        let cap = types.len();
        self.line(format_args!("const int64_t __me_cap = *(const int64_t *)__me_inputs[{cap}];"))?;
        self.line(format_args!("{output} *__me_outp = ({output} *)__me_output;"))?;
        self.line(format_args!("for (int64_t __me_idx = 0; __me_idx < __me_nitems; __me_idx++) {{"))?;
        self.indent += 1;
        self.line(format_args!("{output} __me_result = 0;"))?;
        self.text.add(format_args!("        const int __me_status = __me_item(__me_cap, &__me_result"))?;
        for (index, param) in types.iter().enumerate() {
            let test = if *param == "bool" { " != 0" } else { "" };
            self.text.add(format_args!(", __me_in{index}[__me_idx]{test}"))?;
        }
        self.text.add(format_args!(");\n"))?;
        self.line(format_args!("if (__me_status) return __me_status;"))?;
        self.line(format_args!("__me_outp[__me_idx] = __me_result;"))?;
        self.indent -= 1;
        self.line(format_args!("}}"))?;
        self.line(format_args!("return 0;"))?;
        Ok(self.text.add(format_args!("}}\n"))?)
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
                self.line(format_args!("*__me_out = t{};", value.0))?;
                self.line(format_args!("return 0;"))?;
            }
            Stmt::If { branches, otherwise } => {
                let logged = self.log.len();
                for branch in branches {
                    self.expression(branch.condition)?;
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
            Stmt::Print(_) => {
                return Err(Refusal::Unsupported("print statements are not supported by jit ir"));
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
        self.line(format_args!("if (n{counter} >= __me_cap) return ME_TOO_MANY_PASSES;"))?;
        self.block(body)?;
        self.indent -= 1;
        self.line(format_args!("}}"))?;
        self.forget(logged);
        Ok(())
    }

    fn for_loop(&mut self, variable: LocalId, range: [ExprId; 3], body: &[Stmt]) -> Result<(), Refusal> {
        for bound in range {
            self.expression(bound)?;
        }
        let [start, stop, step] = range.map(|bound| bound.0);
        let counter = self.loops;
        self.loops += 1;
        let logged = self.log.len();
        self.line(format_args!("if (t{step} == 0) return ME_ZERO_STEP;"))?;
        self.line(format_args!(
            "for (int64_t n{counter} = t{start}, m{counter} = 1; m{counter} && (t{step} > 0 ? \
             n{counter} < t{stop} : n{counter} > t{stop}); \
             m{counter} = !__builtin_add_overflow(n{counter}, t{step}, &n{counter})) {{"
        ))?;
        self.indent += 1;
        self.line(format_args!("l{variable} = n{counter};"))?;
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
            let mut result = Ok(());
            self.kernel.for_each_operand(id, |operand| {
                if result.is_ok() {
                    result = stack.try_push((operand, false));
                }
            });
            result?;
        }
        Ok(())
    }
}
