//! The math functions of a kernel, for the trace.

use std::fmt;

use crate::ir::Kernel;
use crate::operation::function::Function;

/// The math functions of a kernel, in the order of their first use; `-` for none.
pub struct MathFunctions<'a>(pub &'a Kernel);

impl MathFunctions<'_> {
    fn names(&self) -> impl Iterator<Item = &'static str> + '_ {
        let functions = self.0.graph.exprs.iter().filter_map(|expr| Function::of(&expr.kind, expr.ty.dtype));
        functions.map(|function| function.name)
    }

    pub fn is_empty(&self) -> bool {
        self.names().next().is_none()
    }
}

impl fmt::Display for MathFunctions<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_empty() {
            return f.write_str("-");
        }
        for (index, name) in self.names().enumerate() {
            if !self.names().take(index).any(|earlier| earlier == name) {
                write!(f, "{}{name}", if index > 0 { "," } else { "" })?;
            }
        }
        Ok(())
    }
}
