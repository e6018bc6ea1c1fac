//! Expressions of statements: parsing in the scope of the statement, dtypes, and where faults lie.

use super::{Literals, Lowering, uniform};
use crate::dtype::Dtype;
use crate::front::dsl::place::{place, position_told};
use crate::front::dsl::program::Snippet;
use crate::front::error::{CompileError, Status};
use crate::front::lower::{self, Rules};
use crate::front::parser;
use crate::front::tree::Tree;
use crate::ir::{ExprId, ExprKind, Span, StringTest};

/// An expression's text and where it comes from.
pub(super) struct Expression<'t> {
    /// Offset of the statement.
    pub statement: usize,
    pub text: &'t [u8],
    /// Offset of the text in the source.
    pub start: usize,
    /// How much further a caller is told positions: as if so many bytes stood before the text.
    pub lead: usize,
}

impl<'t> Expression<'t> {
    /// An expression that stands in the source.
    pub fn new(statement: usize, snippet: Snippet<'t>) -> Expression<'t> {
        Expression { statement, text: snippet.text, start: snippet.start, lead: 0 }
    }
}

impl Lowering<'_> {
    /// The tree of an expression whose names are those declared so far.
    pub fn parse(&self, expression: &Expression<'_>) -> Result<Tree, CompileError> {
        parser::parse(expression.text, &self.scope).map_err(|error| self.located(error, expression))
    }

    /// As [`Lowering::parse`], for a place where a reduction may stand in the function's own body but
    /// not in a branch or loop: there items that are elsewhere would take part in it.
    pub fn parse_in_body(&self, expression: &Expression<'_>) -> Result<Tree, CompileError> {
        self.parse_onto(Tree::default(), expression)
    }

    /// As [`Lowering::parse_in_body`]; the nodes follow those of `tree`.
    pub fn parse_onto(&self, tree: Tree, expression: &Expression<'_>) -> Result<Tree, CompileError> {
        let parsed = parser::parse_onto(tree, expression.text, &self.scope);
        let tree = parsed.map_err(|error| self.located(error, expression))?;
        if self.depth > 0 && uniform::reduces(&tree) {
            let refusal = self.refuse(
                expression.statement,
                format_args!("a reduction in a branch or loop may only stand in a condition"),
            );
            return Err(refusal.at(None));
        }
        Ok(tree)
    }

    fn rules(&self, target: Option<Dtype>) -> Rules {
        Rules::new(&self.scope, target, self.literals == Literals::OfKernels)
    }

    /// The dtype that the expression has by itself, when computed for `target`.
    pub fn natural_dtype(
        &self,
        expression: &Expression<'_>,
        tree: &Tree,
        target: Option<Dtype>,
    ) -> Result<Dtype, CompileError> {
        lower::natural_dtype(&self.scope, tree, self.rules(target))
            .map_err(|error| self.located(error, expression))
    }

    /// The value of an expression that is computed for `target`, in its own dtype.
    pub fn natural_value(
        &mut self,
        expression: &Expression<'_>,
        tree: &Tree,
        target: Option<Dtype>,
    ) -> Result<ExprId, CompileError> {
        let rules = self.rules(target);
        lower::lower(&mut self.builder, &self.scope, tree, rules)
            .map_err(|error| self.located(error, expression))
    }

    /// The value of an expression, of dtype `target` if there is one.
    pub fn value(
        &mut self,
        expression: &Expression<'_>,
        tree: &Tree,
        target: Option<Dtype>,
    ) -> Result<ExprId, CompileError> {
        let value = self.natural_value(expression, tree, target)?;
        lower::convert(&mut self.builder, value, target).map_err(|error| self.located(error, expression))
    }

    /// The bool value of a condition: a string holds if it is not empty.
    #[inline(never)]
    pub fn condition(&mut self, start: usize, text: Snippet<'_>) -> Result<ExprId, CompileError> {
        let expression = Expression { lead: 1, ..Expression::new(start, text) };
        let tree = self.parse(&expression)?;
        let value = self.natural_value(&expression, &tree, None)?;
        if self.builder.dtype(value).is_string() {
            let is_filled = ExprKind::StringTest(StringTest::NonEmpty, [value; 2]);
            return Ok(self.builder.add(is_filled, Dtype::Bool.into())?);
        }
        Ok(self.builder.cast(value, Dtype::Bool)?)
    }

    /// An error of an expression as an error of the source: a caller is told the statement's offset
    /// plus the position within the expression, people the place of the token.
    fn located(&self, error: CompileError, expression: &Expression<'_>) -> CompileError {
        if error.kind() == Status::OutOfMemory {
            return error;
        }
        let within = error.position.map_or(0, |position| position.saturating_sub(1) + expression.lead);
        let position = expression.statement + within;
        let shift = |offset: usize| (expression.start as u32).saturating_add(offset as u32);
        let span = error.span().map(|span| Span { start: shift(span.start), end: shift(span.end) });
        // An error that is no syntax error blames an operation, but its message names the statement.
        let fault = match (span, error.kind()) {
            (Some(span), Status::Syntax) => span.start as usize,
            _ => expression.statement,
        };
        let place = place(self.source, fault);
        let error = error
            .into_syntax_error()
            .at(position_told(self.source, position))
            .reworded(format_args!("line {}, column {}: ", place.line, place.column), format_args!(""));
        match span {
            Some(span) => error.spanning(span),
            None => error,
        }
    }
}
