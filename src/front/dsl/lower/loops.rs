//! `for` loops over `range(…)`.

use super::Lowering;
use super::assignment::Target;
use super::expression::Expression;
use crate::dtype::{Dtype, Scalar};
use crate::front::dsl::arguments;
use crate::front::dsl::program::{Snippet, Statement};
use crate::front::error::{CompileError, Quoted};
use crate::front::number::Literal;
use crate::front::tree::{NodeKind, Tree};
use crate::ir::{ExprId, LocalId, Stmt};
use crate::memory::TryGrow;

impl<'a> Lowering<'a> {
    #[inline(never)]
    pub fn counted_loop(
        &mut self,
        start: usize,
        name: &'a [u8],
        bounds: Snippet<'_>,
        body: &[Statement<'a>],
    ) -> Result<Stmt, CompileError> {
        let known = self.known_loop_variable(start, name)?;
        let (first, stop, step) = self.range(start, bounds)?;
        let (variable, index) = match known {
            Some(known) => known,
            None => self.declare_loop_variable(name)?,
        };
        self.uniform[index as usize] = true;
        self.open_loops.try_push(variable)?;
        let body = self.nested(body)?;
        self.open_loops.pop();
        Ok(Stmt::For { variable, start: first, stop, step, body })
    }

    /// The variable of an earlier loop that is called `name`, with its index in the scope. No other
    /// variable may be called so.
    fn known_loop_variable(&self, start: usize, name: &[u8]) -> Result<Option<(LocalId, u32)>, CompileError> {
        match self.target(start, name)? {
            Target::New => Ok(None),
            Target::Local { local, variable }
                if self.loop_variables.contains(&local) && !self.open_loops.contains(&local) =>
            {
                Ok(Some((local, variable)))
            }
            Target::Local { .. } => {
                Err(self.refuse(start, format_args!("the loop variable {} is in use", Quoted(name))))
            }
        }
    }

    #[inline(never)]
    fn declare_loop_variable(&mut self, name: &'a [u8]) -> Result<(LocalId, u32), CompileError> {
        let (local, index) = self.declare_local(name, Dtype::Int64.into())?;
        self.loop_variables.try_push(local)?;
        Ok((local, index))
    }

    /// First value, end and step of `range(…)`.
    #[inline(never)]
    fn range(&mut self, start: usize, list: Snippet<'_>) -> Result<(ExprId, ExprId, ExprId), CompileError> {
        let zero = self.builder.constant(Scalar::Int(0), Dtype::Int64)?;
        let one = self.builder.constant(Scalar::Int(1), Dtype::Int64)?;
        let mut bounds = [one; 3];
        let mut count = 0;
        let mut are_numbers = true;
        for argument in arguments::split(list) {
            if count == bounds.len() || argument.text.is_empty() {
                return Err(self.refuse(start, format_args!("range() takes one to three arguments")));
            }
            match self.bound(start, argument)? {
                Some(bound) => bounds[count] = bound,
                None => are_numbers = false,
            }
            count += 1;
        }
        let [first, second, third] = bounds;
        Ok(match count {
            _ if !are_numbers => (zero, zero, zero),
            1 => (zero, first, one),
            _ => (first, second, third),
        })
    }

    /// A bound as int64. An integer literal keeps all its digits, whatever dtype literals have here.
    /// A string is no number: like a step of zero, it is an error of the evaluation, so `None`.
    fn bound(&mut self, start: usize, text: Snippet<'_>) -> Result<Option<ExprId>, CompileError> {
        let expression = Expression::new(start, text);
        let tree = self.parse_in_body(&expression)?;
        if let Some(value) = integer_literal(&tree) {
            return Ok(Some(self.builder.constant(value, Dtype::Int64)?));
        }
        let value = self.natural_value(&expression, &tree, None)?;
        if self.builder.dtype(value).is_string() {
            return Ok(None);
        }
        Ok(Some(self.builder.cast(value, Dtype::Int64)?))
    }
}

/// The value of an expression that is an integer literal, or one with a minus.
fn integer_literal(tree: &Tree) -> Option<Scalar> {
    let (literal, is_negative) = match tree.nodes.as_slice() {
        [literal] => (literal, false),
        [literal, minus] if matches!(minus.kind, NodeKind::Negate(_)) => (literal, true),
        _ => return None,
    };
    match literal.kind {
        NodeKind::Number(Literal { is_float: false, value: Scalar::Int(value) }) => {
            Some(Scalar::Int(if is_negative { -value } else { value }))
        }
        _ => None,
    }
}
