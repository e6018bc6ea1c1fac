//! Expressions of statements: their trees, dtypes and values.

use super::{Literals, Lowering, uniform};
use crate::dtype::Dtype;
use crate::front::error::{CompileError, Status};
use crate::front::place::{place, position_told};
use crate::front::program::Expression;
use crate::front::tree::Tree;
use crate::front::typing::{self, Rules};
use crate::ir::{ExprId, ExprKind, StringTest};

impl Lowering<'_> {
    /// The tree of an expression, if it is not refused.
    pub fn tree<'t>(&mut self, expression: &'t Expression) -> Result<&'t Tree, CompileError> {
        let tree = expression.as_ref().ok_or_else(|| match self.fault.take() {
            Some(fault) => fault,
            None => unreachable!("the first expression without a tree is refused"),
        })?;
        if tree.options.iter().any(|options| options.axes.is_some() || options.keepdims) {
            let message = format_args!("a reduction along an axis cannot be part of a kernel");
            let at = tree.node(tree.root()).span.start as usize;
            return Err(self.refuse(at, message));
        }
        Ok(tree)
    }

    /// As [`Lowering::tree`], for a place where a reduction may stand in the function's own body but
    /// not in a branch or loop: there items that are elsewhere would take part in it.
    pub fn tree_in_body<'t>(
        &mut self,
        statement: usize,
        expression: &'t Expression,
    ) -> Result<&'t Tree, CompileError> {
        let tree = self.tree(expression)?;
        if self.depth > 0 && uniform::reduces(tree) {
            let message = format_args!("a reduction in a branch or loop may only stand in a condition");
            return Err(self.refuse(statement, message).at(None));
        }
        Ok(tree)
    }

    pub fn rules(&self, target: Option<Dtype>) -> Rules {
        Rules::new(self.dialect, &self.scope, target, self.literals == Literals::OfKernels)
    }

    /// The value of an expression that is computed for `target`, in its own dtype.
    pub fn natural_value(
        &mut self,
        statement: usize,
        tree: &Tree,
        target: Option<Dtype>,
    ) -> Result<ExprId, CompileError> {
        let rules = self.rules(target);
        let typed = typing::infer(&self.scope, tree, rules);
        typed.and_then(|typed| typed.emit(&mut self.builder)).map_err(|error| self.located(error, statement))
    }

    /// The value of an expression, in the dtype `target` if there is one.
    pub fn value(
        &mut self,
        statement: usize,
        tree: &Tree,
        target: Option<Dtype>,
    ) -> Result<ExprId, CompileError> {
        let value = self.natural_value(statement, tree, target)?;
        typing::convert(&mut self.builder, value, target).map_err(|error| self.located(error, statement))
    }

    /// The bool value of a condition: a string holds if it is not empty.
    #[inline(never)]
    pub fn condition(&mut self, start: usize, condition: &Expression) -> Result<ExprId, CompileError> {
        let tree = self.tree(condition)?;
        let value = self.natural_value(start, tree, None)?;
        if self.builder.dtype(value).is_string() {
            let is_filled = ExprKind::StringTest(StringTest::NonEmpty, [value; 2]);
            return Ok(self.builder.add(is_filled, Dtype::Bool.into())?);
        }
        Ok(self.builder.cast(value, Dtype::Bool)?)
    }

    /// An error of an expression's dtypes as an error of the statement.
    pub fn located(&self, error: CompileError, statement: usize) -> CompileError {
        if error.kind() == Status::OutOfMemory {
            return error;
        }
        let place = place(self.source, statement);
        error
            .into_syntax_error()
            .at(position_told(self.source, statement))
            .reworded(format_args!("line {}, column {}: ", place.line, place.column), format_args!(""))
    }
}
