//! Text form of a kernel, for tests and for people.

use std::fmt;

use super::{ExprId, ExprKind, Kernel, LocalId, Stmt};
use crate::dtype::Scalar;

impl fmt::Display for ExprId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "%{}", self.0)
    }
}

impl fmt::Display for Kernel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for param in &self.params {
            writeln!(f, "param {}: {}", String::from_utf8_lossy(&param.name), param.ty.dtype)?;
        }
        for local in &self.locals {
            writeln!(f, "local {}: {}", String::from_utf8_lossy(&local.name), local.ty.dtype)?;
        }
        for index in 0..self.graph.len() {
            writeln!(f, "{}", self.line(ExprId(index as u32)))?;
        }
        self.write_block(f, &self.body, 0)
    }
}

/// An expression, as a line.
pub struct Line<'k> {
    kernel: &'k Kernel,
    id: ExprId,
}

impl fmt::Display for Line<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let expr = self.kernel.graph.expr(self.id);
        write!(f, "{}: {} = ", self.id, expr.ty.dtype)?;
        self.kernel.write_kind(f, &expr.kind)
    }
}

impl Kernel {
    /// The line of an expression.
    pub fn line(&self, id: ExprId) -> Line<'_> {
        Line { kernel: self, id }
    }

    fn local_name(&self, local: LocalId) -> String {
        String::from_utf8_lossy(&self.locals[local as usize].name).into_owned()
    }

    fn write_block(&self, f: &mut fmt::Formatter<'_>, block: &[Stmt], depth: usize) -> fmt::Result {
        block.iter().try_for_each(|stmt| self.write_stmt(f, stmt, depth))
    }

    fn write_stmt(&self, f: &mut fmt::Formatter<'_>, stmt: &Stmt, depth: usize) -> fmt::Result {
        let indent = 2 * depth;
        write!(f, "{:indent$}", "")?;
        match stmt {
            Stmt::Assign { local, value } => writeln!(f, "{} = {value}", self.local_name(*local)),
            Stmt::Return(value) => writeln!(f, "return {value}"),
            Stmt::If { branches, otherwise } => {
                for (index, branch) in branches.iter().enumerate() {
                    if index > 0 {
                        write!(f, "{:indent$}else ", "")?;
                    }
                    writeln!(f, "if {}", branch.condition)?;
                    self.write_block(f, &branch.body, depth + 1)?;
                }
                if otherwise.is_empty() {
                    return Ok(());
                }
                writeln!(f, "{:indent$}else", "")?;
                self.write_block(f, otherwise, depth + 1)
            }
            Stmt::While { condition, body, .. } => {
                writeln!(f, "while {condition}")?;
                self.write_block(f, body, depth + 1)
            }
            Stmt::For { variable, start, stop, step, body } => {
                writeln!(f, "for {} in {start} {stop} {step}", self.local_name(*variable))?;
                self.write_block(f, body, depth + 1)
            }
            Stmt::Break => writeln!(f, "break"),
            Stmt::Continue => writeln!(f, "continue"),
            Stmt::Print(print) => {
                write!(f, "print {:?}", String::from_utf8_lossy(&print.prefix))?;
                for (value, text) in &print.values {
                    write!(f, " {value} {:?}", String::from_utf8_lossy(text))?;
                }
                writeln!(f)
            }
        }
    }

    fn write_kind(&self, f: &mut fmt::Formatter<'_>, kind: &ExprKind) -> fmt::Result {
        match *kind {
            ExprKind::Constant(Scalar::Bool(value)) => write!(f, "{value}"),
            ExprKind::Constant(Scalar::Int(value)) => write!(f, "{value}"),
            ExprKind::Constant(Scalar::Float(value)) => write!(f, "{value:?}"),
            ExprKind::Constant(Scalar::Complex(value)) => write!(f, "{:?}{:+?}j", value.re, value.im),
            ExprKind::Param(index) => {
                write!(f, "param {}", String::from_utf8_lossy(&self.params[index as usize].name))
            }
            ExprKind::Local(index) => {
                write!(f, "local {}", String::from_utf8_lossy(&self.locals[index as usize].name))
            }
            ExprKind::Index(symbol) => write!(f, "index {symbol:?}"),
            ExprKind::Cast(a) => write!(f, "cast {a}"),
            ExprKind::Unary(super::UnaryOp::Math(function), a) => write!(f, "{function:?} {a}"),
            ExprKind::Unary(op, a) => write!(f, "{op:?} {a}"),
            ExprKind::Binary(op, a, b) => write!(f, "{op:?} {a} {b}"),
            ExprKind::Compare(op, a, b) => write!(f, "{op:?} {a} {b}"),
            ExprKind::Select { condition, yes, no } => write!(f, "select {condition} {yes} {no}"),
            ExprKind::Fma(a, b, c) => write!(f, "fma {a} {b} {c}"),
            ExprKind::Call { function, args } => {
                let name = &self.tables.function(function).name;
                write!(f, "call {}", String::from_utf8_lossy(name))?;
                self.graph.arguments(args).iter().try_for_each(|id| write!(f, " {id}"))
            }
            ExprKind::Reduce(op, a, None) => write!(f, "reduce {op:?} {a}"),
            ExprKind::Reduce(op, a, Some(axes)) => write!(f, "reduce {op:?} {a} {}", self.tables.axes(axes)),
            ExprKind::Text(offset) => write!(f, "text {offset}"),
            ExprKind::String(op, operands) => {
                write!(f, "{op:?}")?;
                operands[..op.arity()].iter().try_for_each(|id| write!(f, " {id}"))
            }
            ExprKind::StringTest(test, operands) => {
                write!(f, "{test:?}")?;
                operands[..test.arity()].iter().try_for_each(|id| write!(f, " {id}"))
            }
        }
    }
}
