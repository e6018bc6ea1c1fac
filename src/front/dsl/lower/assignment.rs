//! Assignments, and the dtypes of locals.

use super::expression::Expression;
use super::{Lowering, uniform};
use crate::builtin::{Builtin, Meaning};
use crate::dtype::{Dtype, promote};
use crate::front::dsl::names::is_reserved;
use crate::front::dsl::program::{Snippet, Update};
use crate::front::error::{CompileError, Quoted};
use crate::front::lexer::Operator;
use crate::front::lower::store;
use crate::front::scope::{SymbolMeaning, Variable};
use crate::front::tree::{NodeKind, Tree};
use crate::ir::{ExprId, ExprKind, Local, LocalId, Span, Stmt, Type, UnaryOp};
use crate::memory::TryGrow;

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
    #[inline(never)]
    pub fn assign(
        &mut self,
        start: usize,
        name: &'a [u8],
        update: Option<Update>,
        value: Snippet<'_>,
    ) -> Result<Stmt, CompileError> {
        let target = self.target(start, name)?;
        let lead = update.map_or(0, |update| lead(name, update));
        let expression = Expression { lead, ..Expression::new(start, value) };
        if update.is_some() && matches!(target, Target::New) {
            return Err(self.refuse(start, format_args!("{} has no value yet", Quoted(name))));
        }
        let tree = match (update, &target) {
            (Some(update), Target::Local { variable, .. }) => self.updated(*variable, update, &expression)?,
            _ => self.parse_in_body(&expression)?,
        };
        let is_uniform = uniform::is_uniform(&tree, &self.uniform)?;
        let (local, variable, value) = match target {
            Target::Local { local, variable } => {
                let ty = self.kernel.locals[local as usize].ty;
                let value = self.value(&expression, &tree, Some(ty.dtype))?;
                if self.builder.graph.expr(value).ty.itemsize > ty.itemsize {
                    let message = format_args!(
                        "this string is wider than {}, whose width is that of its first value",
                        Quoted(name)
                    );
                    return Err(self.refuse(start, message));
                }
                (local, variable, value)
            }
            Target::New => {
                let value = self.first_value(&expression, &tree)?;
                let ty = self.builder.graph.expr(value).ty;
                let (local, variable) = self.declare_local(name, ty)?;
                (local, variable, value)
            }
        };
        let itemsize = self.kernel.locals[local as usize].ty.itemsize;
        let value = store(&mut self.builder, value, itemsize)?;
        self.uniform[variable as usize] = is_uniform;
        Ok(Stmt::Assign { local, value })
    }

    /// The tree of what a compound assignment sets `variable` to; `right` is its right side.
    fn updated(&self, variable: u32, update: Update, right: &Expression<'_>) -> Result<Tree, CompileError> {
        let span = Span::default();
        let mut tree = Tree::default();
        let left = tree.push(NodeKind::Variable(variable), span)?;
        let mut tree = self.parse_onto(tree, right)?;
        let right = tree.root();
        let kind = match update {
            Update::Add => tree.sum(left, right),
            Update::Sub => NodeKind::Binary(Operator::Sub, left, right),
            Update::Mul => NodeKind::Binary(Operator::Mul, left, right),
            Update::Div | Update::FloorDiv => NodeKind::Binary(Operator::Div, left, right),
        };
        let value = tree.push(kind, span)?;
        if update == Update::FloorDiv {
            let list = tree.push_args(&[value])?;
            tree.push(NodeKind::Builtin(&FLOOR, list), span)?;
        }
        Ok(tree)
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
        let locals = &mut self.kernel.locals;
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

/// What `//=` applies to the quotient, whatever names the kernel gives to its variables.
static FLOOR: Builtin = Builtin { name: "floor", arity: 1, meaning: Meaning::Unary(UnaryOp::Floor) };

/// How much further a caller is told positions in the right side of `name op= right`: as if it said
/// `name = name op (right)`.
fn lead(name: &[u8], update: Update) -> usize {
    let operator = match update {
        Update::FloorDiv => "floor( / (",
        _ => " + (",
    };
    name.len() + operator.len()
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
