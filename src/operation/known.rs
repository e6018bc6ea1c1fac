//! Values of operations on constants: those that the engine computes.

use super::single;
use crate::dtype::Scalar;
use crate::ir::{ExprId, ExprKind, Graph, UserFunction};

/// The value of a constant.
pub fn value_of(graph: &Graph, id: ExprId) -> Option<Scalar> {
    match graph.expr(id).kind {
        ExprKind::Constant(value) => Some(value),
        _ => None,
    }
}

/// The value of an operation on constants; `None` if one of the operands is not, and for operations
/// whose value depends on more than their operands.
pub fn known(graph: &Graph, kind: ExprKind) -> Option<Scalar> {
    let value = |id| value_of(graph, id);
    let dtype = |id: ExprId| graph.expr(id).ty.dtype;
    match kind {
        ExprKind::Unary(op, a) => single::unary(op, dtype(a), value(a)?),
        ExprKind::Binary(op, a, b) => single::binary(op, dtype(a), value(a)?, value(b)?),
        ExprKind::Compare(op, a, b) => single::compare(op, dtype(a), value(a)?, value(b)?),
        ExprKind::Fma(a, b, c) => single::fma(dtype(a), [value(a)?, value(b)?, value(c)?]),
        ExprKind::Select { condition, yes, no } => {
            let (condition, yes, no) = (value(condition)?, value(yes)?, value(no)?);
            Some(if condition.is_true() { yes } else { no })
        }
        _ => None,
    }
}

/// The value of a pure host function whose arguments are all constants: the one call of it.
pub fn call(graph: &Graph, target: UserFunction, args: &[ExprId]) -> Option<f64> {
    if !target.is_pure() {
        return None;
    }
    let mut values = [0.0; UserFunction::MAX_ARITY];
    for (value, arg) in values.iter_mut().zip(args) {
        *value = value_of(graph, *arg)?.to_f64();
    }
    Some(target.call(&values))
}
