//! Assignments, and the dtypes of locals.

use super::expression::Expression;
use super::{Lowering, uniform};
use crate::dtype::{Dtype, promote};
use crate::front::dsl::names::is_reserved;
use crate::front::dsl::program::{Snippet, Update};
use crate::front::error::{CompileError, Quoted};
use crate::front::lower::store;
use crate::front::scope::{SymbolMeaning, Variable};
use crate::front::tree::Tree;
use crate::ir::{ExprId, ExprKind, Local, LocalId, Stmt, Type};
use crate::memory::{OutOfMemory, TryGrow};

/// What an assigned name stands for.
pub(super) enum Target {
    /// Nothing so far: the assignment defines a local.
    New,
    Local {
        local: LocalId,
        /// Index in the scope.
        variable: u32,
    },
}

impl<'a> Lowering<'a> {
    pub fn assign(
        &mut self,
        start: usize,
        name: &'a [u8],
        update: Option<Update>,
        value: Snippet<'_>,
    ) -> Result<Stmt, CompileError> {
        let target = self.target(start, name)?;
        let desugared;
        let expression = match update {
            None => Expression::new(start, value),
            Some(update) => {
                desugared = Desugared::new(name, update, value.text)?;
                Expression {
                    statement: start,
                    text: &desugared.text,
                    start: value.start,
                    written: desugared.value_start,
                    in_parentheses: false,
                }
            }
        };
        let tree = self.parse_in_body(&expression)?;
        let is_uniform = uniform::is_uniform(&tree, &self.uniform)?;
        let (local, variable, value) = match target {
            Target::Local { local, variable } => {
                let ty = self.builder.kernel.locals[local as usize].ty;
                let value = self.value(&expression, &tree, Some(ty.dtype))?;
                if self.builder.kernel.expr(value).ty.itemsize > ty.itemsize {
                    let message = format_args!("{} holds no string as wide as this one", Quoted(name));
                    return Err(self.refuse(start, message));
                }
                (local, variable, value)
            }
            Target::New => {
                let value = self.first_value(&expression, &tree)?;
                let ty = self.builder.kernel.expr(value).ty;
                let (local, variable) = self.declare_local(name, ty)?;
                (local, variable, value)
            }
        };
        let itemsize = self.builder.kernel.locals[local as usize].ty.itemsize;
        let value = store(&mut self.builder, value, itemsize)?;
        self.uniform[variable as usize] = is_uniform;
        Ok(Stmt::Assign { local, value })
    }

    /// What an assignment to `name` sets.
    pub fn target(&self, start: usize, name: &[u8]) -> Result<Target, CompileError> {
        if is_reserved(name) {
            return Err(self.refuse(start, format_args!("{} is a reserved name", Quoted(name))));
        }
        let Some(SymbolMeaning::Variable(variable)) = self.scope.find(name) else {
            return Ok(Target::New);
        };
        match self.scope.variable(variable).read {
            ExprKind::Local(local) => Ok(Target::Local { local, variable }),
            _ => Err(self.refuse(start, format_args!("the input {} cannot be assigned", Quoted(name)))),
        }
    }

    /// Declares a local; its handle, and its index in the scope.
    pub fn declare_local(&mut self, name: &'a [u8], ty: Type) -> Result<(LocalId, u32), CompileError> {
        self.check_room()?;
        let locals = &mut self.builder.kernel.locals;
        let local = locals.len() as LocalId;
        locals.try_push(Local { name: Vec::try_copied(name)?, ty })?;
        let variable = self.scope.add_local(name, Variable { ty, read: ExprKind::Local(local) })?;
        self.uniform.try_push(false)?;
        Ok((local, variable))
    }

    /// The value of the first assignment to a local, whose dtype becomes that of the local.
    ///
    /// Floating-point outputs set the precision of all locals. Under the others a local is as wide as
    /// its value needs: only the final `return` narrows. A string is never converted.
    fn first_value(&mut self, expression: &Expression<'_>, tree: &Tree) -> Result<ExprId, CompileError> {
        let Some(output) = self.output.filter(|output| !output.is_string()) else {
            return self.natural_value(expression, tree, self.output);
        };
        let natural = self.natural_dtype(expression, tree, None)?;
        let target = if natural.is_string() {
            None
        } else if output.is_float() || output.is_complex() {
            Some(output)
        } else {
            Some(wider(natural, output)).filter(|dtype| *dtype != natural)
        };
        self.value(expression, tree, target)
    }
}

/// The dtype of a local of natural dtype `natural` in a kernel with the integer or bool output
/// `output`: integers stay integers.
fn wider(natural: Dtype, output: Dtype) -> Dtype {
    match promote(natural, output) {
        _ if !natural.is_integer() && natural != Dtype::Bool => natural,
        joined if !joined.is_float() => joined,
        _ if output.size() > natural.size() => output,
        _ => natural,
    }
}

/// The expression that a compound assignment stands for.
struct Desugared {
    text: Vec<u8>,
    /// Where the right side starts in `text`.
    value_start: usize,
}

impl Desugared {
    fn new(name: &[u8], update: Update, value: &[u8]) -> Result<Desugared, OutOfMemory> {
        let (before, operator, after): (&[u8], &[u8], &[u8]) = match update {
            Update::Add => (b"", b" + (", b")"),
            Update::Sub => (b"", b" - (", b")"),
            Update::Mul => (b"", b" * (", b")"),
            Update::Div => (b"", b" / (", b")"),
            Update::FloorDiv => (b"floor(", b" / (", b"))"),
        };
        let mut text = Vec::new();
        for part in [before, name, operator, value, after] {
            text.try_extend(part)?;
        }
        Ok(Desugared { text, value_start: before.len() + name.len() + operator.len() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn locals_are_as_wide_as_their_values() {
        use Dtype::*;
        assert_eq!(wider(Int64, Int32), Int64);
        assert_eq!(wider(Int32, Int64), Int64);
        assert_eq!(wider(Int64, UInt8), Int64);
        assert_eq!(wider(UInt8, Int64), Int64);
        assert_eq!(wider(UInt64, Int64), UInt64);
        assert_eq!(wider(Bool, Int16), Int16);
        assert_eq!(wider(Int16, Bool), Int16);
        assert_eq!(wider(Bool, Bool), Bool);
        assert_eq!(wider(Float32, Int64), Float32);
        assert_eq!(wider(Complex64, Bool), Complex64);
    }
}
