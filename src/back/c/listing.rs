//! The kernel as a comment above its code, for people who read what was generated.
//!
//! Statements look as in the source, with the names of the source; choices that become a selection
//! are written as one. Long expressions are cut off.

use super::functions::function_of;
use super::generator::c_type;
use super::symbols::Symbol;
use super::text::Text;
use crate::back::identity::Gates;
use crate::dtype::Scalar;
use crate::ir::{Branch, CompareOp, ExprId, ExprKind, Kernel, LocalId, Stmt, UnaryOp};
use crate::memory::OutOfMemory;
use crate::operation::function::{Function, Spelling, unary_name};

/// Nodes of an expression that are written, and how deep they may lie.
const MAX_NODES: usize = 200;
const MAX_DEPTH: usize = 40;

/// Writes the listing of a kernel.
pub fn write(text: &mut Text, kernel: &Kernel, gates: Gates) -> Result<(), OutOfMemory> {
    text.add(format_args!("\n/*\n"))?;
    Listing { text, kernel, gates, nodes: 0 }.block(&kernel.body, 1)?;
    text.add(format_args!(" */\n"))
}

struct Listing<'a> {
    text: &'a mut Text,
    kernel: &'a Kernel,
    gates: Gates,
    /// Nodes of the expression at hand that are written.
    nodes: usize,
}

impl Listing<'_> {
    fn line_start(&mut self, indent: usize) -> Result<(), OutOfMemory> {
        self.text.add(format_args!(" * {:1$}", "", 4 * (indent - 1)))
    }

    fn add(&mut self, text: &str) -> Result<(), OutOfMemory> {
        self.text.add(format_args!("{text}"))
    }

    fn block(&mut self, block: &[Stmt], indent: usize) -> Result<(), OutOfMemory> {
        for stmt in block {
            self.line_start(indent)?;
            self.stmt(stmt, indent)?;
        }
        Ok(())
    }

    fn stmt(&mut self, stmt: &Stmt, indent: usize) -> Result<(), OutOfMemory> {
        match stmt {
            Stmt::Assign { local, value } => {
                self.local(*local)?;
                self.add(" = ")?;
                self.value(*value)?;
                self.add(";\n")
            }
            Stmt::Return(value) => {
                self.add("return ")?;
                self.typed(*value)?;
                self.add(";\n")
            }
            Stmt::If { branches, otherwise } => match (selection(branches, otherwise), self.gates) {
                (Some((local, condition, yes, no)), Gates { branch_aware: true, .. }) => {
                    self.local(local)?;
                    self.add(" = (")?;
                    self.truth(condition)?;
                    self.add(") ? ")?;
                    self.typed(yes)?;
                    self.add(" : ")?;
                    self.typed(no)?;
                    self.add(";\n")
                }
                _ => self.choice(branches, otherwise, indent),
            },
            Stmt::While { condition, body, .. } => {
                self.add("while (")?;
                self.truth(*condition)?;
                self.add(") {\n")?;
                self.block(body, indent + 1)?;
                self.end(indent)
            }
            Stmt::For { variable, start, stop, step, body } => {
                self.add("for ")?;
                self.local(*variable)?;
                self.add(" in range(")?;
                self.value(*start)?;
                for bound in [stop, step] {
                    self.add(", ")?;
                    self.value(*bound)?;
                }
                self.add(") {\n")?;
                self.block(body, indent + 1)?;
                self.end(indent)
            }
            Stmt::Break => self.add("break;\n"),
            Stmt::Continue => self.add("continue;\n"),
            Stmt::Print(_) => self.add("print();\n"),
        }
    }

    fn end(&mut self, indent: usize) -> Result<(), OutOfMemory> {
        self.line_start(indent)?;
        self.add("}\n")
    }

    fn choice(&mut self, branches: &[Branch], otherwise: &[Stmt], indent: usize) -> Result<(), OutOfMemory> {
        for (index, branch) in branches.iter().enumerate() {
            if index > 0 {
                self.line_start(indent)?;
                self.add("} else ")?;
            }
            self.add("if (")?;
            self.truth(branch.condition)?;
            self.add(") {\n")?;
            self.block(&branch.body, indent + 1)?;
        }
        if !otherwise.is_empty() {
            self.line_start(indent)?;
            self.add("} else {\n")?;
            self.block(otherwise, indent + 1)?;
        }
        self.end(indent)
    }

    fn local(&mut self, local: LocalId) -> Result<(), OutOfMemory> {
        self.text.add_bytes(&self.kernel.locals[local as usize].name)
    }

    /// Whether a condition holds.
    fn truth(&mut self, condition: ExprId) -> Result<(), OutOfMemory> {
        self.add("((bool)(")?;
        self.value(condition)?;
        self.add(")) != (bool)0")
    }

    /// A value in the dtype that it has.
    fn typed(&mut self, value: ExprId) -> Result<(), OutOfMemory> {
        let name = c_type(self.kernel.graph.expr(value).ty.dtype).unwrap_or("?");
        self.text.add(format_args!("({name})("))?;
        self.value(value)?;
        self.add(")")
    }

    fn value(&mut self, value: ExprId) -> Result<(), OutOfMemory> {
        self.nodes = 0;
        self.expression(value, 0)
    }

    fn expression(&mut self, id: ExprId, depth: usize) -> Result<(), OutOfMemory> {
        self.nodes += 1;
        if self.nodes > MAX_NODES || depth > MAX_DEPTH {
            return self.add("...");
        }
        let expr = self.kernel.graph.expr(id);
        if let Some(name) = self.function_name(id) {
            return self.call(name, id, depth);
        }
        match expr.kind {
            ExprKind::Constant(Scalar::Bool(value)) => self.text.add(format_args!("{value}")),
            ExprKind::Constant(Scalar::Int(value)) => self.text.add(format_args!("{value}")),
            ExprKind::Constant(Scalar::Float(value)) => self.text.add(format_args!("{value}")),
            ExprKind::Param(param) => self.text.add_bytes(&self.kernel.params[param as usize].name),
            ExprKind::Local(local) => self.local(local),
            ExprKind::Index(symbol) => self.text.add(format_args!("{}", Symbol(symbol))),
            ExprKind::Cast(a) => self.expression(a, depth),
            ExprKind::Binary(op, a, b) => match op.spelling() {
                Spelling::Operator(sign) | Spelling::Either(sign, _) => self.infix(sign, a, b, depth),
                Spelling::Function(Function { name, .. }) | Spelling::Name(name) => {
                    self.call(name, id, depth)
                }
            },
            ExprKind::Compare(op, a, b) => self.infix(comparison_sign(op), a, b, depth),
            ExprKind::Unary(UnaryOp::Neg, a) => self.prefix("-", a, depth),
            ExprKind::Unary(UnaryOp::BitNot, a) => self.prefix("~", a, depth),
            _ => self.call("?", id, depth),
        }
    }

    /// The name of what is written as a call.
    fn function_name(&self, id: ExprId) -> Option<&'static str> {
        let expr = self.kernel.graph.expr(id);
        let name = match expr.kind {
            ExprKind::Unary(UnaryOp::Neg | UnaryOp::BitNot, _) => return None,
            ExprKind::Unary(op, _) => unary_name(op),
            ExprKind::Select { .. } => "where",
            kind => function_of(&kind, expr.ty.dtype)?.name,
        };
        if !self.gates.scalar_bridge || !self.gates.math_bridge {
            return Some(name);
        }
        Some(match name {
            "abs" => "me_jit_abs",
            "sin" => "me_jit_sin",
            "cos" => "me_jit_cos",
            "exp" => "me_jit_exp",
            "log" => "me_jit_log",
            "sqrt" => "me_jit_sqrt",
            other => other,
        })
    }

    fn call(&mut self, name: &str, id: ExprId, depth: usize) -> Result<(), OutOfMemory> {
        self.text.add(format_args!("{name}("))?;
        let kernel = self.kernel;
        for (index, operand) in kernel.graph.operands(id).enumerate() {
            if index > 0 {
                self.add(", ")?;
            }
            self.expression(operand, depth + 1)?;
        }
        self.add(")")
    }

    fn prefix(&mut self, sign: &str, a: ExprId, depth: usize) -> Result<(), OutOfMemory> {
        self.add(sign)?;
        self.expression(a, depth + 1)
    }

    fn infix(&mut self, sign: &str, a: ExprId, b: ExprId, depth: usize) -> Result<(), OutOfMemory> {
        if depth > 0 {
            self.add("(")?;
        }
        self.expression(a, depth + 1)?;
        self.text.add(format_args!(" {sign} "))?;
        self.expression(b, depth + 1)?;
        if depth > 0 {
            self.add(")")?;
        }
        Ok(())
    }
}

/// Local, condition and values of a choice that only sets one local.
fn selection(branches: &[Branch], otherwise: &[Stmt]) -> Option<(LocalId, ExprId, ExprId, ExprId)> {
    let [Branch { condition, body }] = branches else { return None };
    match (&body[..], otherwise) {
        ([Stmt::Assign { local, value: yes }], [Stmt::Assign { local: other, value: no }])
            if local == other =>
        {
            Some((*local, *condition, *yes, *no))
        }
        _ => None,
    }
}

/// A comparison in C.
pub fn comparison_sign(op: CompareOp) -> &'static str {
    match op {
        CompareOp::Eq => "==",
        CompareOp::Ne => "!=",
        CompareOp::Lt => "<",
        CompareOp::Le => "<=",
        CompareOp::Gt => ">",
        CompareOp::Ge => ">=",
    }
}
