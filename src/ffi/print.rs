//! `me_print`: the tree of an expression, one node a line, through C's `stdout`.

use crate::expression::Expression;
use std::ffi::c_void;

use crate::dtype::Scalar;
use crate::ir::{ExprId, ExprKind, Graph, Stmt};
use crate::memory::{OutOfMemory, TryGrow};

/// Prints the nodes in pre-order, indented by one space a level; `NULL` for no expression.
///
/// A constant prints as its value with six decimals, a string literal as `<string>`, a variable as
/// `bound` and its number, an operation as `f`, its number of operands and the numbers of those. What
/// an operation is made of follows where it is met first. Printing goes through the C stream, so that
/// it keeps its place among the caller's own output. It stops early when memory is refused.
pub(super) fn print(expression: Option<&Expression>) {
    let Some(expression) = expression else {
        // SAFETY: the format takes no arguments.
        unsafe { libc::printf(c"NULL\n".as_ptr()) };
        return;
    };
    let Some(&Stmt::Return(root)) = expression.program.kernel.body.first() else { return };
    let graph = &expression.program.kernel.graph;
    // An error only says that not all is printed.
    let _ = for_each_line(graph, root, |id, depth| print_node(graph, id, depth));
}

/// Calls `visit` with each node and its depth in pre-order; the operands of a node follow it once.
fn for_each_line(
    graph: &Graph,
    root: ExprId,
    mut visit: impl FnMut(ExprId, usize),
) -> Result<(), OutOfMemory> {
    let mut is_known = Vec::try_filled(false, root.index() + 1)?;
    let mut pending: Vec<(ExprId, usize)> = Vec::new();
    pending.try_push((root, 0))?;
    while let Some((id, depth)) = pending.pop() {
        visit(id, depth);
        if std::mem::replace(&mut is_known[id.index()], true) {
            continue;
        }
        let first = pending.len();
        graph.operands(id).try_for_each(|operand| pending.try_push((operand, depth + 1)))?;
        pending[first..].reverse();
    }
    Ok(())
}

/// A number for a node that looks like a pointer, as the format wants.
fn number(id: ExprId) -> *const c_void {
    std::ptr::without_provenance(id.index() + 1)
}

fn print_node(graph: &Graph, id: ExprId, depth: usize) {
    let indent = depth.min(i32::MAX as usize) as i32;
    // SAFETY: the formats match their arguments.
    unsafe {
        match graph.expr(id).kind {
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
                let operands = graph.operands(id).count() as i32;
                libc::printf(c"%*sf%d".as_ptr(), indent, c"".as_ptr(), operands);
                for operand in graph.operands(id) {
                    libc::printf(c" %p".as_ptr(), number(operand));
                }
                libc::printf(c"\n".as_ptr());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dtype::Dtype;
    use crate::front::testing::compile;

    fn lines(text: &str) -> Vec<(usize, bool)> {
        let kernel = compile(text, &[("x", Dtype::Float64)]);
        let Some(&Stmt::Return(root)) = kernel.body.first() else { panic!("no value") };
        let mut lines = Vec::new();
        let is_input = |id| matches!(kernel.graph.expr(id).kind, ExprKind::Param(_));
        for_each_line(&kernel.graph, root, |id, depth| lines.push((depth, is_input(id)))).expect("memory");
        lines
    }

    #[test]
    fn operands_follow_their_user() {
        assert_eq!(lines("sin(x) + 2"), [(0, false), (1, false), (2, true), (1, false)]);
    }

    #[test]
    fn shared_nodes_are_spelt_out_once() {
        let text = format!("x{}", "**3".repeat(15));
        assert_eq!(lines(&text).len(), 1 + 15 * 4);
    }
}
