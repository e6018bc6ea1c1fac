//! `me_print`: the tree of an expression, one node a line, through C's `stdout`.

use std::ffi::c_void;

use super::handle::Expression;
use crate::dtype::Scalar;
use crate::ir::{ExprId, ExprKind, Kernel, Stmt};
use crate::memory::TryGrow;

/// Prints the nodes in pre-order, indented by one space a level; `NULL` for no expression.
///
/// A constant prints as its value with six decimals, a string literal as `<string>`, a variable as
/// `bound` and its number, an operation as `f`, its number of operands and the numbers of those.
/// Printing goes through the C stream, so that it keeps its place among the caller's own output. It
/// stops early when memory for the pending nodes is refused.
pub(super) fn print(expression: Option<&Expression>) {
    let Some(expression) = expression else {
        // SAFETY: the format takes no arguments.
        unsafe { libc::printf(c"NULL\n".as_ptr()) };
        return;
    };
    let kernel = &expression.kernel;
    let Some(&Stmt::Return(root)) = kernel.body.first() else { return };
    let mut pending: Vec<(ExprId, usize)> = Vec::new();
    if pending.try_push((root, 0)).is_err() {
        return;
    }
    while let Some((id, depth)) = pending.pop() {
        print_node(kernel, id, depth);
        let first = pending.len();
        let mut refused = false;
        kernel.for_each_operand(id, |operand| refused |= pending.try_push((operand, depth + 1)).is_err());
        if refused {
            return;
        }
        pending[first..].reverse();
    }
}

/// A number for a node that looks like a pointer, as the format wants.
fn number(id: ExprId) -> *const c_void {
    std::ptr::without_provenance(id.index() + 1)
}

fn print_node(kernel: &Kernel, id: ExprId, depth: usize) {
    let indent = depth.min(i32::MAX as usize) as i32;
    // SAFETY: the formats match their arguments.
    unsafe {
        match kernel.expr(id).kind {
            ExprKind::Constant(value) => {
                let value: Scalar = value;
                libc::printf(c"%*s%f\n".as_ptr(), indent, c"".as_ptr(), value.to_f64());
            }
            ExprKind::Text(_) => {
                libc::printf(c"%*s<string>\n".as_ptr(), indent, c"".as_ptr());
            }
            ExprKind::Param(_) => {
                libc::printf(c"%*sbound %p\n".as_ptr(), indent, c"".as_ptr(), number(id));
            }
            _ => {
                let mut operands = 0;
                kernel.for_each_operand(id, |_| operands += 1);
                libc::printf(c"%*sf%d".as_ptr(), indent, c"".as_ptr(), operands);
                kernel.for_each_operand(id, |operand| {
                    libc::printf(c" %p".as_ptr(), number(operand));
                });
                libc::printf(c"\n".as_ptr());
            }
        }
    }
}
