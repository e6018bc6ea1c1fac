//! Emission of typed expressions, operands before users.

use super::demand::Demand;
use super::text;
use super::typing::{Typed, small_power};
use crate::builtin::Meaning;
use crate::dtype::Dtype;
use crate::front::error::CompileError;
use crate::front::lexer::Operator;
use crate::front::scope::{Scope, Variable};
use crate::front::tree::{NodeId, NodeKind, Tree};
use crate::ir::{BinaryOp, Builder, CompareOp, ExprId, ExprKind, Function, UnaryOp, UserFunction};
use crate::memory::{OutOfMemory, TryGrow};

/// Adds the whole tree; the result has the root's demanded dtype.
pub fn emit(
    builder: &mut Builder,
    scope: &Scope<'_>,
    tree: &Tree,
    typed: &[Typed],
    demands: &[Option<Demand>],
) -> Result<ExprId, CompileError> {
    let exprs = Vec::try_filled(ExprId(0), tree.nodes.len())?;
    let mut emitter = Emitter { builder, scope, tree, typed, exprs };
    for id in 0..=tree.root() {
        if let Some(demand) = demands[id as usize] {
            emitter.exprs[id as usize] = emitter.node(id, demand)?;
        }
    }
    Ok(emitter.exprs[tree.root() as usize])
}

struct Emitter<'a> {
    builder: &'a mut Builder,
    scope: &'a Scope<'a>,
    tree: &'a Tree,
    typed: &'a [Typed],
    /// The expression of each demanded node.
    exprs: Vec<ExprId>,
}

impl Emitter<'_> {
    /// A demanded node, as its user wants it.
    fn node(&mut self, id: NodeId, demand: Demand) -> Result<ExprId, CompileError> {
        let Typed { constant, text, .. } = self.typed[id as usize];
        if let Some(value) = constant {
            return Ok(self.builder.constant(value, demand.result)?);
        }
        let expr = match text {
            Some(text) => text::emit(self.builder, self.tree, text.operation, &self.exprs, demand.work)?,
            None => self.operation(id, demand)?,
        };
        Ok(self.builder.cast(expr, demand.result)?)
    }

    fn operation(&mut self, id: NodeId, demand: Demand) -> Result<ExprId, OutOfMemory> {
        let work = demand.work;
        match self.tree.node(id).kind {
            NodeKind::Number(_) | NodeKind::Text(_) => {
                self.builder.constant(crate::dtype::Scalar::Int(0), work)
            }
            NodeKind::Variable(index) => {
                let Variable { ty, read } = self.scope.variable(index);
                self.builder.add(read, ty)
            }
            NodeKind::Negate(a) => self.unary(UnaryOp::Neg, a, work),
            NodeKind::Invert(a) | NodeKind::Not(a) => self.unary(UnaryOp::BitNot, a, work),
            NodeKind::Binary(operator, a, b) => self.binary(operator, a, b, work),
            NodeKind::Comma(_, b) => self.operand(b, work),
            NodeKind::Builtin(row, list) => {
                let tree = self.tree;
                self.builtin(row.meaning, tree.arguments(list), demand)
            }
            NodeKind::Call(index, list) => {
                let tree = self.tree;
                self.call(index, tree.arguments(list), self.typed[id as usize].compute)
            }
            NodeKind::Cast(_, a) => self.operand(a, work),
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
        self.builder.add(ExprKind::Unary(op, operand), result.into())
    }

    fn binary(
        &mut self,
        operator: Operator,
        a: NodeId,
        b: NodeId,
        work: Dtype,
    ) -> Result<ExprId, OutOfMemory> {
        if operator == Operator::Pow {
            return self.power(a, b, work);
        }
        let left = self.operand(a, work)?;
        let right = self.operand(b, work)?;
        match operation_of(operator) {
            Operation::Binary(op) => self.builder.add(ExprKind::Binary(op, left, right), work.into()),
            Operation::Compare(op) => {
                self.builder.add(ExprKind::Compare(op, left, right), Dtype::Bool.into())
            }
        }
    }

    /// A power; the second and the third are products.
    fn power(&mut self, a: NodeId, b: NodeId, work: Dtype) -> Result<ExprId, OutOfMemory> {
        let base = self.operand(a, work)?;
        let Some(exponent) = small_power(self.typed[b as usize]) else {
            let exponent = self.operand(b, work)?;
            return self.builder.add(ExprKind::Binary(BinaryOp::Pow, base, exponent), work.into());
        };
        let square = self.builder.add(ExprKind::Binary(BinaryOp::Mul, base, base), work.into())?;
        if exponent == 2 {
            return Ok(square);
        }
        self.builder.add(ExprKind::Binary(BinaryOp::Mul, square, base), work.into())
    }

    fn builtin(&mut self, meaning: Meaning, args: &[NodeId], demand: Demand) -> Result<ExprId, OutOfMemory> {
        let work = demand.work;
        match meaning {
            Meaning::Unary(op) => self.unary(op, args[0], work),
            Meaning::Binary(BinaryOp::Pow) => self.power(args[0], args[1], work),
            Meaning::Binary(op) => {
                let (a, b) = (self.operand(args[0], work)?, self.operand(args[1], work)?);
                self.builder.add(ExprKind::Binary(op, a, b), work.into())
            }
            Meaning::Fma => {
                let (a, b) = (self.operand(args[0], work)?, self.operand(args[1], work)?);
                let c = self.operand(args[2], work)?;
                self.builder.add(ExprKind::Fma(a, b, c), work.into())
            }
            Meaning::Where => {
                let condition = self.operand(args[0], Dtype::Bool)?;
                let (yes, no) = (self.operand(args[1], work)?, self.operand(args[2], work)?);
                self.builder.add(ExprKind::Select { condition, yes, no }, work.into())
            }
            Meaning::Reduce(op) => {
                self.builder.add(ExprKind::Reduce(op, self.exprs[args[0] as usize]), work.into())
            }
            Meaning::Constant(value) => self.builder.constant(crate::dtype::Scalar::Float(value), work),
            Meaning::Text(_) => Err(OutOfMemory),
        }
    }

    /// A host function: float64 in, float64 out, then its declared dtype.
    fn call(&mut self, index: u32, args: &[NodeId], returns: Dtype) -> Result<ExprId, OutOfMemory> {
        let host = self.scope.function(index);
        let function = self.function(host.name, host.target)?;
        let mut list = Vec::new();
        for arg in args {
            list.try_push(self.operand(*arg, Dtype::Float64)?)?;
        }
        let kernel = &mut self.builder.kernel;
        let start = u32::try_from(kernel.args.len()).map_err(|_| OutOfMemory)?;
        kernel.args.try_extend(&list)?;
        let kind = ExprKind::Call { function, args: (start, args.len() as u32) };
        let call = self.builder.add(kind, Dtype::Float64.into())?;
        self.builder.cast(call, returns)
    }

    /// The kernel's handle of a host function.
    fn function(&mut self, name: &[u8], target: UserFunction) -> Result<u32, OutOfMemory> {
        let functions = &mut self.builder.kernel.functions;
        if let Some(known) = functions.iter().position(|function| function.target == target) {
            return Ok(known as u32);
        }
        functions.try_push(Function { name: Vec::try_copied(name)?, target })?;
        Ok(functions.len() as u32 - 1)
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
        Operator::BitXor | Operator::Invert | Operator::Not => Binary(BinaryOp::BitXor),
        Operator::Lt => Compare(CompareOp::Lt),
        Operator::Le => Compare(CompareOp::Le),
        Operator::Gt => Compare(CompareOp::Gt),
        Operator::Ge => Compare(CompareOp::Ge),
        Operator::Eq => Compare(CompareOp::Eq),
        Operator::Ne => Compare(CompareOp::Ne),
    }
}
