//! Assignments, and the dtypes of locals.

use super::{Lowering, too_many_names, uniform};
use crate::dtype::{Dtype, promote};
use crate::front::dsl::signature::MAX_SYMBOLS;
use crate::front::error::{CompileError, Quoted};
use crate::front::names::is_reserved;
use crate::front::program::{Expression, Target};
use crate::front::scope::Variable;
use crate::front::tree::Tree;
use crate::front::typing::{self, store};
use crate::ir::{Block, ExprId, ExprKind, Local, LocalId, Stmt, Type};
use crate::memory::TryGrow;

impl Lowering<'_> {
    #[inline(never)]
    pub fn assign(
        &mut self,
        start: usize,
        target: Target<'_>,
        is_update: bool,
        value: &Expression,
    ) -> Result<Stmt, CompileError> {
        let known = self.known_local(start, target)?;
        let name = target.name;
        if is_update && known.is_none() {
            return Err(self.refuse(start, format_args!("{} has no value yet", Quoted(name))));
        }
        let tree = self.tree_in_body(start, value)?;
        let is_uniform = uniform::is_uniform(tree, &self.uniform)?;
        let (local, value) = match known {
            Some(local) => {
                let ty = self.kernel.locals[local as usize].ty;
                let value = self.value(start, tree, Some(ty.dtype))?;
                if self.builder.graph.expr(value).ty.itemsize > ty.itemsize {
                    let message = format_args!(
                        "this string is wider than {}, whose width is that of its first value",
                        Quoted(name)
                    );
                    return Err(self.refuse(start, message));
                }
                (local, value)
            }
            None => {
                let value = self.first_value(start, target.variable, tree)?;
                (self.declare_local(target, self.builder.graph.expr(value).ty)?, value)
            }
        };
        let itemsize = self.kernel.locals[local as usize].ty.itemsize;
        let value = store(&mut self.builder, value, itemsize)?;
        self.uniform[target.variable as usize] = is_uniform;
        Ok(Stmt::Assign { local, value })
    }

    /// The statements of `a, b = x, y`: the values go to locals without a name first.
    pub fn assign_all(
        &mut self,
        start: usize,
        assignments: &[(Target<'_>, Expression)],
        block: &mut Block,
    ) -> Result<(), CompileError> {
        let place = self.cursor.place(self.source, start);
        self.builder.place = place;
        let mut values = Vec::new();
        for (target, expression) in assignments {
            let tree = self.tree_in_body(start, expression)?;
            let is_uniform = uniform::is_uniform(tree, &self.uniform)?;
            let value = self.first_value(start, target.variable, tree)?;
            let ty = self.builder.graph.expr(value).ty;
            let value = store(&mut self.builder, value, ty.itemsize)?;
            if self.names() + values.len() >= MAX_SYMBOLS {
                return Err(too_many_names());
            }
            let local = self.kernel.locals.len() as LocalId;
            self.kernel.locals.try_push(Local { name: Vec::new(), ty })?;
            block.try_push(Stmt::Assign { local, value })?;
            values.try_push((local, ty, is_uniform))?;
        }
        for ((target, _), (held, ty, is_uniform)) in assignments.iter().zip(values) {
            let local = match self.known_local(start, *target)? {
                Some(local) => local,
                None => self.declare_local(*target, ty)?,
            };
            let wanted = self.kernel.locals[local as usize].ty;
            if ty.dtype.is_string() && (ty.dtype != wanted.dtype || ty.itemsize > wanted.itemsize) {
                let name = Quoted(target.name);
                return Err(self.refuse(start, format_args!("this string does not fit {name}")));
            }
            let value = self.builder.add(ExprKind::Local(held), ty)?;
            let value = store(&mut self.builder, value, wanted.itemsize)?;
            self.uniform[target.variable as usize] = is_uniform;
            block.try_push(Stmt::Assign { local, value })?;
        }
        Ok(())
    }

    /// The local that an assignment to `target` sets; `None` for a new one.
    pub fn known_local(&self, start: usize, target: Target<'_>) -> Result<Option<LocalId>, CompileError> {
        let name = Quoted(target.name);
        if is_reserved(target.name) {
            return Err(self.refuse(start, format_args!("{name} is a reserved name")));
        }
        if target.is_new {
            return Ok(None);
        }
        match self.scope.variable(target.variable).read {
            ExprKind::Local(local) => Ok(Some(local)),
            _ => Err(self.refuse(start, format_args!("the input {name} cannot be assigned"))),
        }
    }

    /// Gives the new local `target` its type.
    pub fn declare_local(&mut self, target: Target<'_>, ty: Type) -> Result<LocalId, CompileError> {
        if self.names() == MAX_SYMBOLS {
            return Err(too_many_names());
        }
        let locals = &mut self.kernel.locals;
        let local = locals.len() as LocalId;
        locals.try_push(Local { name: Vec::try_copied(target.name)?, ty })?;
        debug_assert_eq!(self.scope.variables.len(), target.variable as usize);
        self.scope.variables.try_push(Variable { ty, read: ExprKind::Local(local) })?;
        self.uniform.try_push(false)?;
        Ok(local)
    }

    /// The value of the first assignment to a local, whose dtype becomes that of the local.
    ///
    /// Floating-point outputs set the precision of all locals. Under the others a local is as wide as
    /// its value needs: only the final `return` narrows. A string is never converted.
    /// In Python's dialects it is known already.
    fn first_value(&mut self, statement: usize, variable: u32, tree: &Tree) -> Result<ExprId, CompileError> {
        if let Some(kind) = self.kinds.get(variable as usize).copied() {
            return match kind.dtype() {
                dtype if dtype.is_string() => self.natural_value(statement, tree, None),
                dtype => self.value(statement, tree, Some(dtype)),
            };
        }
        let Some(output) = self.output.filter(|output| !output.is_string()) else {
            return self.natural_value(statement, tree, self.output);
        };
        let typed = typing::infer(&self.scope, tree, self.rules(None))
            .map_err(|error| self.located(error, statement))?;
        let natural = typed.dtype();
        let target = if natural.is_string() {
            None
        } else if output.is_float() || output.is_complex() {
            Some(output)
        } else {
            Some(wider(natural, output)).filter(|dtype| *dtype != natural)
        };
        match target {
            Some(_) => self.value(statement, tree, target),
            None => typed.emit(&mut self.builder).map_err(|error| self.located(error, statement)),
        }
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
