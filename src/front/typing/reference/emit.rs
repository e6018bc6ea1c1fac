//! Emission of typed expressions, operands before users.

use super::demand::{Comparison, Demand};
use super::typed::{Typed, foreign, small_power};
use crate::dtype::{Dtype, Scalar};
use crate::front::error::CompileError;
use crate::front::lexer::Operator;
use crate::front::scope::{HostFunction, Scope, Variable};
use crate::front::tree::{NodeId, NodeKind, Tree};
use crate::front::typing::{host, text};
use crate::ir::{BinaryOp, Builder, CompareOp, ExprId, ExprKind, UnaryOp};
use crate::memory::{OutOfMemory, TryGrow};
use crate::operation::Meaning;
use crate::operation::known;

/// Adds the expressions of nodes whose operands have theirs.
pub struct Emitter<'a> {
    pub builder: &'a mut Builder,
    scope: &'a Scope<'a>,
    tree: &'a Tree,
    /// The expression of each demanded node.
    pub exprs: Vec<ExprId>,
}

impl<'a> Emitter<'a> {
    /// An emitter with room in `exprs` for each node of the tree.
    pub fn new(
        builder: &'a mut Builder,
        scope: &'a Scope<'a>,
        tree: &'a Tree,
        exprs: Vec<ExprId>,
    ) -> Emitter<'a> {
        Emitter { builder, scope, tree, exprs }
    }

    /// A demanded node, as its user wants it.
    pub fn node(&mut self, typed: &[Typed], id: NodeId, demand: Demand) -> Result<ExprId, CompileError> {
        let expr = match typed[id as usize].text {
            Some(text) => text::emit(self.builder, self.tree, text.operation, &self.exprs, demand.work)?,
            None => self.operation(typed, id, demand)?,
        };
        Ok(self.builder.cast(expr, demand.result)?)
    }

    /// An expression, or its value if it is known.
    fn add(&mut self, kind: ExprKind, dtype: Dtype) -> Result<ExprId, OutOfMemory> {
        match known::known(&self.builder.graph, kind) {
            Some(value) => self.builder.constant(value, dtype),
            None => self.builder.add(kind, dtype.into()),
        }
    }

    fn operation(&mut self, typed: &[Typed], id: NodeId, demand: Demand) -> Result<ExprId, OutOfMemory> {
        let work = demand.work;
        match self.tree.node(id).kind {
            NodeKind::Number(literal) => self.builder.constant(literal.value, work),
            NodeKind::Text(_) => unreachable!("operations on strings are emitted as such"),
            NodeKind::Variable(index) => {
                let Variable { ty, read } = self.scope.variable(index);
                self.builder.add(read, ty)
            }
            NodeKind::Index(symbol) => self.builder.add(ExprKind::Index(symbol), Dtype::Int64.into()),
            NodeKind::Negate(a) => self.unary(UnaryOp::Neg, a, work),
            NodeKind::Invert(a) | NodeKind::Not(a) => self.unary(UnaryOp::BitNot, a, work),
            NodeKind::Binary(operator, a, b) => self.binary(typed, operator, a, b, work),
            NodeKind::Comma(_, b) => self.operand(b, work),
            NodeKind::Builtin(row, list) => {
                let tree = self.tree;
                self.builtin(typed, row.meaning, tree.arguments(list), demand)
            }
            NodeKind::Call(index, list) => {
                let tree = self.tree;
                self.call(index, tree.arguments(list), typed[id as usize].compute)
            }
            NodeKind::Cast(_, a) => self.operand(a, work),
            NodeKind::Plus(_)
            | NodeKind::Conditional { .. }
            | NodeKind::Function(..)
            | NodeKind::AsType(..) => foreign(),
        }
    }

    fn operand(&mut self, id: NodeId, dtype: Dtype) -> Result<ExprId, OutOfMemory> {
        let expr = self.exprs[id as usize];
        self.builder.cast(expr, dtype)
    }

    fn unary(&mut self, op: UnaryOp, a: NodeId, work: Dtype) -> Result<ExprId, OutOfMemory> {
        let operand = self.operand(a, work)?;
        let result = match op {
            UnaryOp::Abs | UnaryOp::Real | UnaryOp::Imag => work.component(),
            _ => work,
        };
        self.add(ExprKind::Unary(op, operand), result)
    }

    fn binary(
        &mut self,
        typed: &[Typed],
        operator: Operator,
        a: NodeId,
        b: NodeId,
        work: Dtype,
    ) -> Result<ExprId, OutOfMemory> {
        if operator == Operator::Pow {
            return self.power(typed, a, b, work);
        }
        let (left, right) = (self.operand(a, work)?, self.operand(b, work)?);
        match operation_of(operator) {
            Operation::Binary(op) => self.add(ExprKind::Binary(op, left, right), work),
            Operation::Compare(op) => {
                let beyond = Comparison::of(typed[a as usize], typed[b as usize]).beyond;
                let left = self.bound(left, beyond[0], work)?;
                let right = self.bound(right, beyond[1], work)?;
                self.add(ExprKind::Compare(op, left, right), Dtype::Bool)
            }
        }
    }

    /// What stands for a compared operand.
    fn bound(&mut self, operand: ExprId, beyond: Option<f64>, work: Dtype) -> Result<ExprId, OutOfMemory> {
        match beyond {
            Some(value) => self.builder.constant(Scalar::Float(value), work),
            None => Ok(operand),
        }
    }

    /// A power; the second and the third are products.
    fn power(&mut self, typed: &[Typed], a: NodeId, b: NodeId, work: Dtype) -> Result<ExprId, OutOfMemory> {
        let base = self.operand(a, work)?;
        let Some(exponent) = small_power(typed[b as usize]) else {
            let exponent = self.operand(b, work)?;
            return self.add(ExprKind::Binary(BinaryOp::Pow, base, exponent), work);
        };
        let square = self.add(ExprKind::Binary(BinaryOp::Mul, base, base), work)?;
        if exponent == 2 {
            return Ok(square);
        }
        self.add(ExprKind::Binary(BinaryOp::Mul, square, base), work)
    }

    fn builtin(
        &mut self,
        typed: &[Typed],
        meaning: Meaning,
        args: &[NodeId],
        demand: Demand,
    ) -> Result<ExprId, OutOfMemory> {
        let work = demand.work;
        match meaning {
            Meaning::Unary(op) => self.unary(op, args[0], work),
            Meaning::Binary(BinaryOp::Pow) => self.power(typed, args[0], args[1], work),
            Meaning::Binary(op) => {
                let (a, b) = (self.operand(args[0], work)?, self.operand(args[1], work)?);
                self.add(ExprKind::Binary(op, a, b), work)
            }
            Meaning::Fma => {
                let (a, b) = (self.operand(args[0], work)?, self.operand(args[1], work)?);
                let c = self.operand(args[2], work)?;
                self.add(ExprKind::Fma(a, b, c), work)
            }
            Meaning::Where => {
                let condition = self.operand(args[0], Dtype::Bool)?;
                let (yes, no) = (self.operand(args[1], work)?, self.operand(args[2], work)?);
                self.add(ExprKind::Select { condition, yes, no }, work)
            }
            Meaning::Reduce(op) => {
                self.builder.add(ExprKind::Reduce(op, self.exprs[args[0] as usize], None), work.into())
            }
            Meaning::Constant(value) => self.builder.constant(Scalar::Float(value), work),
            Meaning::Text(_) => unreachable!("operations on strings are emitted as such"),
        }
    }

    /// A host function: float64 in, float64 out, then its declared dtype.
    fn call(&mut self, index: u32, args: &[NodeId], returns: Dtype) -> Result<ExprId, OutOfMemory> {
        let HostFunction { name, target, .. } = self.scope.function(index);
        let mut list = Vec::new();
        for arg in args {
            list.try_push(self.operand(*arg, Dtype::Float64)?)?;
        }
        host::call(self.builder, name, target, &list, returns)
    }
}

enum Operation {
    Binary(BinaryOp),
    Compare(CompareOp),
}

/// The operation of a binary operator; the logical ones are bit operations on bool.
fn operation_of(operator: Operator) -> Operation {
    use Operation::{Binary, Compare};
    match operator {
        Operator::Add => Binary(BinaryOp::Add),
        Operator::Sub => Binary(BinaryOp::Sub),
        Operator::Mul => Binary(BinaryOp::Mul),
        Operator::Div => Binary(BinaryOp::Div),
        Operator::Rem => Binary(BinaryOp::Rem),
        Operator::Pow => Binary(BinaryOp::Pow),
        Operator::Shl => Binary(BinaryOp::Shl),
        Operator::Shr => Binary(BinaryOp::Shr),
        Operator::BitAnd | Operator::And => Binary(BinaryOp::BitAnd),
        Operator::BitOr | Operator::Or => Binary(BinaryOp::BitOr),
        Operator::BitXor => Binary(BinaryOp::BitXor),
        Operator::Lt => Compare(CompareOp::Lt),
        Operator::Le => Compare(CompareOp::Le),
        Operator::Gt => Compare(CompareOp::Gt),
        Operator::Ge => Compare(CompareOp::Ge),
        Operator::Eq => Compare(CompareOp::Eq),
        Operator::Ne => Compare(CompareOp::Ne),
        Operator::Invert | Operator::Not => unreachable!("they take one operand"),
        Operator::FloorDiv => foreign(),
    }
}
