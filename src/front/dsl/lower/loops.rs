//! `for` loops over `range(…)`.

use super::Lowering;
use crate::dtype::{Dtype, Scalar};
use crate::front::error::{CompileError, Quoted};
use crate::front::number::Literal;
use crate::front::program::{Expression, Statement, Target};
use crate::front::tree::{NodeKind, Tree};
use crate::ir::{ExprId, LocalId, Stmt};
use crate::memory::TryGrow;

impl<'a> Lowering<'a> {
    #[inline(never)]
    pub fn counted_loop(
        &mut self,
        start: usize,
        target: Target<'_>,
        bounds: &[Expression],
        body: &[Statement<'a>],
    ) -> Result<Stmt, CompileError> {
        let known = self.known_loop_variable(start, target)?;
        let (first, stop, step) = self.range(start, bounds)?;
        let variable = match known {
            Some(known) => known,
            None => self.declare_loop_variable(target)?,
        };
        self.uniform[target.variable as usize] = true;
        self.open_loops.try_push(variable)?;
        let body = self.nested(body)?;
        self.open_loops.pop();
        Ok(Stmt::For { variable, start: first, stop, step, body })
    }

    /// The variable of an earlier loop that has the name of `target`. No other variable may have it.
    fn known_loop_variable(&self, start: usize, target: Target<'_>) -> Result<Option<LocalId>, CompileError> {
        match self.known_local(start, target)? {
            Some(local) if !self.loop_variables.contains(&local) || self.open_loops.contains(&local) => {
                let name = Quoted(target.name);
                Err(self.refuse(start, format_args!("the loop variable {name} is in use")))
            }
            known => Ok(known),
        }
    }

    #[inline(never)]
    fn declare_loop_variable(&mut self, target: Target<'_>) -> Result<LocalId, CompileError> {
        let local = self.declare_local(target, Dtype::Int64.into())?;
        self.loop_variables.try_push(local)?;
        Ok(local)
    }

    /// First value, end and step of `range(…)`.
    #[inline(never)]
    fn range(
        &mut self,
        start: usize,
        arguments: &[Expression],
    ) -> Result<(ExprId, ExprId, ExprId), CompileError> {
        let zero = self.builder.constant(Scalar::Int(0), Dtype::Int64)?;
        let one = self.builder.constant(Scalar::Int(1), Dtype::Int64)?;
        let mut bounds = [one; 3];
        let mut are_numbers = true;
        for (index, argument) in arguments.iter().enumerate() {
            match self.bound(start, argument)? {
                Some(bound) => bounds[index] = bound,
                None => are_numbers = false,
            }
        }
        let [first, second, third] = bounds;
        Ok(match arguments.len() {
            _ if !are_numbers => (zero, zero, zero),
            1 => (zero, first, one),
            _ => (first, second, third),
        })
    }

    /// A bound as int64. An integer literal keeps all its digits, whatever dtype literals have here.
    /// A string is no number: like a step of zero, it is an error of the evaluation, so `None`.
    fn bound(&mut self, start: usize, bound: &Expression) -> Result<Option<ExprId>, CompileError> {
        let tree = self.tree_in_body(start, bound)?;
        if let Some(value) = integer_literal(tree) {
            return Ok(Some(self.builder.constant(value, Dtype::Int64)?));
        }
        let value = self.natural_value(start, tree, None)?;
        let dtype = self.builder.dtype(value);
        if self.dialect.is_python() && dtype != Dtype::Bool && !dtype.is_integer() {
            return Err(self.refuse(start, format_args!("range() takes integers, not {dtype}")));
        }
        if dtype.is_string() {
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
