//! The kinds of locals in Python's dialects: what all the values have in common that a local takes.

use super::{Literals, Lowering};
use crate::dtype::Dtype;
use crate::front::error::CompileError;
use crate::front::program::{Expression, Statement, StatementKind, Target};
use crate::front::scope::Variable;
use crate::front::typing;
use crate::front::typing::numpy::{Kind, Weak};
use crate::ir::{ExprKind, Type};
use crate::memory::TryGrow;

/// Finds the kinds in passes over the statements, since a value may depend on locals whose kind is not final.
struct Search {
    /// What is known of each variable of the scope.
    variables: Vec<Option<Values>>,
    /// What the kernel returns.
    returned: Option<Values>,
    has_changed: bool,
}

/// The values of a variable: their kind, and the range of those that are integers of Python.
#[derive(Clone, Copy, PartialEq)]
struct Values {
    kind: Kind,
    range: (i128, i128),
}

impl Values {
    fn of(kind: Kind) -> Values {
        Values { kind, range: (0, 0) }
    }

    fn join(self, other: Values) -> Values {
        let range = (self.range.0.min(other.range.0), self.range.1.max(other.range.1));
        Values { kind: self.kind.join(other.kind).with_room_for(range), range }
    }
}

impl Lowering<'_> {
    /// Gives every local its kind, and the kernel its output if it has none.
    pub fn find_kinds(&mut self, body: &[Statement<'_>]) -> Result<(), CompileError> {
        let inputs = self.scope.variables.len();
        let mut search = Search { variables: Vec::new(), returned: None, has_changed: true };
        for variable in &self.scope.variables {
            search.variables.try_push(Some(Values::of(Kind::Strong(variable.ty.dtype))))?;
        }
        // A kind only ever grows, and there are few, so this ends.
        while search.has_changed {
            search.has_changed = false;
            self.search(body, &mut search)?;
        }
        self.scope.variables.truncate(inputs);
        for values in &search.variables {
            self.kinds.try_push(values.map_or(Kind::Weak(Weak::Int), |values| values.kind))?;
        }
        if self.output.is_none() {
            self.output = search.returned.map(|values| values.kind.dtype());
        }
        Ok(())
    }

    fn search(&mut self, body: &[Statement<'_>], search: &mut Search) -> Result<(), CompileError> {
        for statement in body {
            match &statement.kind {
                StatementKind::Assign { target, value, .. } => {
                    let values = self.values(statement.start, value)?;
                    self.grow(*target, values, search)?;
                }
                StatementKind::AssignAll(assignments) => {
                    let mut found = Vec::new();
                    for (_, value) in assignments {
                        found.try_push(self.values(statement.start, value)?)?;
                    }
                    for ((target, _), values) in assignments.iter().zip(found) {
                        self.grow(*target, values, search)?;
                    }
                }
                StatementKind::Return(value) => {
                    let values = self.values(statement.start, value)?;
                    let joined = search.returned.map_or(values, |known| known.join(values));
                    search.returned = Some(joined);
                }
                StatementKind::If { branches, otherwise } => {
                    for branch in branches {
                        self.search(&branch.body, search)?;
                    }
                    self.search(otherwise, search)?;
                }
                StatementKind::While { body, .. } => self.search(body, search)?,
                StatementKind::For { target, body, .. } => {
                    let range = (i64::MIN.into(), i64::MAX.into());
                    self.grow(*target, Values { kind: Kind::Weak(Weak::Int), range }, search)?;
                    self.search(body, search)?;
                }
                StatementKind::Expression(_)
                | StatementKind::Print { .. }
                | StatementKind::Break
                | StatementKind::Continue => {}
            }
        }
        Ok(())
    }

    /// The values of an expression, by the kinds of variables that are known so far.
    #[inline(never)]
    fn values(&mut self, statement: usize, value: &Expression) -> Result<Values, CompileError> {
        let tree = self.tree(value)?;
        let in_kernel = self.literals == Literals::OfKernels;
        let typed = typing::infer_python(self.dialect, &self.scope, tree, in_kernel)
            .map_err(|error| self.located(error, statement))?;
        Ok(Values { kind: typed.kind(), range: typed.range() })
    }

    /// Adds values to those of a target.
    #[inline(never)]
    fn grow(&mut self, target: Target<'_>, values: Values, search: &mut Search) -> Result<(), CompileError> {
        let index = target.variable as usize;
        while self.scope.variables.len() <= index {
            // A local that begins here; nothing reads it before it has its kind.
            let ty = Type::from(Dtype::Int64);
            self.scope.variables.try_push(Variable { ty, read: ExprKind::Local(0) })?;
            search.variables.try_push(None)?;
        }
        if !matches!(self.scope.variables[index].read, ExprKind::Local(_)) {
            // The assignment to an input is refused when it is lowered.
            return Ok(());
        }
        let is_string = |values: Values| values.kind.dtype().is_string();
        let joined = match search.variables[index] {
            Some(known) if is_string(known) || is_string(values) => known,
            Some(known) => known.join(values),
            None => values,
        };
        if search.variables[index] != Some(joined) {
            search.variables[index] = Some(joined);
            search.has_changed = true;
        }
        let dtype = joined.kind.dtype();
        self.scope.variables[index].ty = Type { dtype, itemsize: dtype.size() };
        Ok(self.scope.set_weak(target.variable, matches!(joined.kind, Kind::Weak(_)))?)
    }
}
