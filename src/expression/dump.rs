//! What the library makes of an expression, as text for people.

use std::fmt;

use super::Expression;
use crate::back::listing;
use crate::error::Error;
use crate::ir::{ExprId, Kernel, for_each_in};
use crate::memory::{OutOfMemory, TryGrow, try_format};

/// What [`Expression::dump`] shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Dump {
    /// The operations of the result and what each works on, one a line.
    Tree,
    /// The typed program that the engines run.
    Ir,
    /// The vector program of the machine code engine, one instruction a line.
    Lanes,
    /// The C text that the C compiler's engine would compile.
    C,
    /// The WebAssembly module that the engine of modules would instantiate, as text (WAT). Only builds for WebAssembly
    /// make one.
    Wasm,
}

impl Expression {
    /// What the library makes of the expression, as text for people: the format may change. Where an engine does not take
    /// the expression, the text begins with `;` and says why.
    ///
    /// Errors: [`ErrorKind::OutOfMemory`](crate::ErrorKind::OutOfMemory).
    ///
    /// ```
    /// use miniexpr::{Dtype, Dump, Expression};
    ///
    /// let expression = Expression::builder("sqrt(x) + 1").variable("x", Dtype::Float64).compile()?;
    /// let ir = expression.dump(Dump::Ir)?;
    /// assert!(ir.starts_with("param x: float64\n"));
    /// # Ok::<(), miniexpr::Error>(())
    /// ```
    pub fn dump(&self, what: Dump) -> Result<String, Error> {
        let kernel = &self.program.kernel;
        Ok(match what {
            Dump::Tree => tree(kernel)?,
            Dump::Ir => try_format(format_args!("{kernel}"))?,
            Dump::Lanes => listing::lanes(kernel)?,
            Dump::C => listing::c(kernel)?,
            Dump::Wasm => listing::wasm(kernel)?,
        })
    }
}

/// A node for each value that a statement computes, and below it what it is made of.
fn tree(kernel: &Kernel) -> Result<String, OutOfMemory> {
    let mut roots = Vec::new();
    let mut result = Ok(());
    for_each_in(&kernel.body, |stmt| {
        stmt.for_each_value(|value| result = result.and_then(|()| roots.try_push(value)));
    });
    result?;
    let mut lines = Vec::new();
    let mut is_known = Vec::try_filled(false, kernel.graph.len())?;
    let mut pending: Vec<(ExprId, usize)> = Vec::new();
    for root in roots {
        pending.try_push((root, 0))?;
        while let Some((id, depth)) = pending.pop() {
            lines.try_push((id, depth))?;
            // What a node is made of follows where it is met first.
            if std::mem::replace(&mut is_known[id.index()], true) {
                continue;
            }
            let first = pending.len();
            kernel.graph.operands(id).try_for_each(|operand| pending.try_push((operand, depth + 1)))?;
            pending[first..].reverse();
        }
    }
    try_format(format_args!("{}", Tree { kernel, lines: &lines }))
}

/// Nodes with their depths.
struct Tree<'a> {
    kernel: &'a Kernel,
    lines: &'a [(ExprId, usize)],
}

impl fmt::Display for Tree<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (id, depth) in self.lines {
            // Deeper lines would make a chain of nodes a text of quadratic size.
            let depth = 2 * depth.min(&40);
            writeln!(f, "{:depth$}{}", "", self.kernel.line(*id))?;
        }
        Ok(())
    }
}
