//! Text form of a kernel, for tests and for people.

use std::fmt;

use super::{ExprId, ExprKind, Kernel, Stmt};
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
        for (index, expr) in self.exprs.iter().enumerate() {
            write!(f, "%{index}: {} = ", expr.ty.dtype)?;
            self.write_kind(f, &expr.kind)?;
            writeln!(f)?;
        }
        for stmt in &self.body {
            match stmt {
                Stmt::Return(value) => writeln!(f, "return {value}")?,
            }
        }
        Ok(())
    }
}

impl Kernel {
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
            ExprKind::Call { function, args: (start, count) } => {
                let name = &self.functions[function as usize].name;
                write!(f, "call {}", String::from_utf8_lossy(name))?;
                let start = start as usize;
                self.args[start..start + count as usize].iter().try_for_each(|id| write!(f, " {id}"))
            }
            ExprKind::Reduce(op, a) => write!(f, "reduce {op:?} {a}"),
        }
    }
}
