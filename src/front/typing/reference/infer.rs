//! Dtypes of all nodes, constant folding, and the refusal of meaningless operations.

use super::Rules;
use super::fold::Folder;
use super::typed::{Typed, are_truths, foreign, has_complex_form, small_power};
use crate::dtype::{Dtype, Scalar, promote};
use crate::front::error::{CompileError, Status};
use crate::front::lexer::Operator;
use crate::front::number::Literal;
use crate::front::scope::{HostFunction, Scope};
use crate::front::tree::{ArgList, CastTo, NodeId, NodeKind, Tree};
use crate::front::typing::text;
use crate::ir::{BinaryOp, ReduceOp, UnaryOp};
use crate::memory::TryGrow;
use crate::operation::Meaning;

/// Types every node of `tree`.
///
/// Errors: −8 for an operation that its operand's dtype does not have, −5 for a reduction that has
/// no meaning.
pub fn infer(
    scope: &Scope<'_>,
    tree: &Tree,
    rules: Rules,
    folder: &mut Folder<'_>,
) -> Result<Vec<Typed>, CompileError> {
    check_reductions(tree)?;
    let mut typing = Typing { scope, tree, rules, nodes: Vec::new() };
    typing.nodes.try_reserve_exact(tree.nodes.len()).map_err(crate::memory::OutOfMemory::from)?;
    for id in 0..tree.nodes.len() as NodeId {
        typing.widen_folded_operands(id);
        let span = tree.node(id).span;
        let node = typing.node(id).map_err(|error| error.within(span))?;
        typing.nodes.try_push(node)?;
        if node.constant.is_none() && typing.is_constant(id) {
            let value = match typing.negated_integer(id) {
                Some(value) => Scalar::Int(value),
                None => folder.compute(&typing.nodes, id, node.own()).map_err(|error| error.within(span))?,
            };
            typing.nodes[id as usize].constant = Some(value);
        }
    }
    text::check_reductions(tree, &typing.nodes)?;
    Ok(typing.nodes)
}

/// Refuses a reduction inside the argument of a reduction.
fn check_reductions(tree: &Tree) -> Result<(), CompileError> {
    let mut reduces: Vec<bool> = Vec::try_filled(false, tree.nodes.len())?;
    for id in 0..tree.nodes.len() as NodeId {
        let mut below = false;
        tree.for_each_operand(id, |operand| below |= reduces[operand as usize]);
        let is_reduction = tree.node(id).kind.is_reduction();
        if is_reduction && below {
            let message = format_args!("a reduction cannot be part of the argument of another");
            return Err(reduction_error(message).spanning(tree.node(id).span));
        }
        reduces[id as usize] = below || is_reduction;
    }
    Ok(())
}

fn reduction_error(message: std::fmt::Arguments<'_>) -> CompileError {
    CompileError::new(Status::InvalidReduction, message)
}

fn type_error(message: std::fmt::Arguments<'_>) -> CompileError {
    CompileError::new(Status::InvalidType, message)
}

struct Typing<'a> {
    scope: &'a Scope<'a>,
    tree: &'a Tree,
    rules: Rules,
    nodes: Vec<Typed>,
}

impl Typing<'_> {
    fn get(&self, id: NodeId) -> Typed {
        self.nodes[id as usize]
    }

    /// A folded operation across a boundary is a constant of the dtype that places the boundary: its
    /// value is computed apart, as that of any operand there, and converted.
    fn widen_folded_operands(&mut self, id: NodeId) {
        let NodeKind::Binary(_, a, b) = self.tree.node(id).kind else { return };
        let parse = promote(self.get(a).parse, self.get(b).parse);
        if parse.is_string() {
            return;
        }
        for operand in [a, b] {
            let is_literal = matches!(self.tree.node(operand).kind, NodeKind::Number(_));
            let typed = &mut self.nodes[operand as usize];
            if let Some(value) = typed.constant
                && !is_literal
                && typed.parse != parse
            {
                typed.constant = Some(value.cast(parse));
                typed.compute = parse;
                typed.is_weak = false;
            }
        }
    }

    /// The value of a negated integer literal, which keeps all its digits as the literal does. Not that
    /// of zero, whose float64 negative has a sign.
    fn negated_integer(&self, id: NodeId) -> Option<i128> {
        let NodeKind::Negate(a) = self.tree.node(id).kind else { return None };
        match (self.tree.node(a).kind, self.nodes[id as usize].compute) {
            (NodeKind::Number(Literal { value: Scalar::Int(value @ 1..), .. }), Dtype::Float64) => {
                Some(-value)
            }
            _ => None,
        }
    }

    /// Whether a node has one value that is known now.
    fn is_constant(&self, id: NodeId) -> bool {
        let can_fold = match self.tree.node(id).kind {
            NodeKind::Variable(_) | NodeKind::Index(_) | NodeKind::Text(_) => false,
            NodeKind::Builtin(row, _) => !matches!(row.meaning, Meaning::Reduce(_) | Meaning::Text(_)),
            NodeKind::Call(index, _) => self.scope.function(index).target.is_pure(),
            _ => true,
        };
        let mut all = can_fold;
        self.tree.for_each_operand(id, |operand| all &= self.get(operand).constant.is_some());
        all
    }

    fn node(&self, id: NodeId) -> Result<Typed, CompileError> {
        if let Some(text) = text::infer(self.tree, &self.nodes, id)? {
            return Ok(text);
        }
        match self.tree.node(id).kind {
            NodeKind::Number(literal) => Ok(self.literal(literal)),
            NodeKind::Text(_) => Err(type_error(format_args!("a string is not allowed here"))),
            NodeKind::Variable(index) => Ok(self.variable(index)),
            NodeKind::Index(_) => Ok(Typed::number(Dtype::Int64, Dtype::Int64)),
            NodeKind::Negate(a) => self.negate(a),
            NodeKind::Invert(a) => self.invert(a),
            NodeKind::Not(_) => self.not(),
            NodeKind::Binary(operator, a, b) => self.binary(operator, a, b),
            NodeKind::Comma(a, b) => self.comma(a, b),
            NodeKind::Builtin(row, list) => self.builtin(id, row.name, row.meaning, list),
            NodeKind::Call(index, list) => self.call(index, list),
            NodeKind::Cast(to, _) => Ok(self.cast(to)),
            NodeKind::Plus(_)
            | NodeKind::Conditional { .. }
            | NodeKind::Function(..)
            | NodeKind::AsType(..) => foreign(),
        }
    }

    fn literal(&self, literal: Literal) -> Typed {
        let dtype = self.literal_dtype(literal);
        Typed { is_weak: dtype == Dtype::Bool, constant: Some(literal.value), ..Typed::number(dtype, dtype) }
    }

    /// Dtype of a literal as the expression's literal target types it.
    fn literal_dtype(&self, literal: Literal) -> Dtype {
        if let Some(target) = self.rules.literal
            && self.widens_literals()
            && target.is_integer()
            && let Scalar::Int(value) = literal.value
        {
            return integer_for(value, target);
        }
        // Beside integers and bools: what the target does not hold is int64, uint64 or float64.
        let by_value = |target: Dtype| match literal.value {
            Scalar::Int(value) if value <= i128::from(i32::MAX) || target.size() == 8 => target,
            Scalar::Int(value) if value <= i128::from(i64::MAX) => Dtype::Int64,
            Scalar::Int(_) => Dtype::UInt64,
            _ => Dtype::Float64,
        };
        match self.rules.literal {
            None if literal.is_float => Dtype::Float64,
            None => by_value(Dtype::Int32),
            Some(Dtype::Bool) => beside_bool(literal.value),
            Some(target) if target.is_integer() && literal.is_float => Dtype::Float64,
            Some(target) if target.is_integer() => by_value(target),
            Some(target) => target,
        }
    }

    /// Whether an integer literal takes a wider dtype than the variables' where that does not hold it.
    fn widens_literals(&self) -> bool {
        self.rules.literals_keep_value && self.rules.target.is_none_or(Dtype::is_string)
    }

    fn variable(&self, index: u32) -> Typed {
        let dtype = self.scope.variable(index).ty.dtype;
        Typed::number(dtype, dtype)
    }

    fn negate(&self, a: NodeId) -> Result<Typed, CompileError> {
        let operand = self.get(a);
        Ok(match operand.constant {
            Some(value) if self.rules.literals_keep_value => {
                let dtype = self.negative_dtype(value, operand.compute);
                Typed::number(dtype, dtype)
            }
            Some(_) => Typed::number(Dtype::Float64, Dtype::Float64),
            None => Typed { is_weak: operand.is_weak, ..Typed::number(operand.compute, Dtype::Float64) },
        })
    }

    /// Dtype of the negative of the constant `value` of dtype `positive`.
    fn negative_dtype(&self, value: Scalar, positive: Dtype) -> Dtype {
        match value {
            Scalar::Int(value) if self.widens_literals() && positive.is_integer() => {
                integer_for(-value, positive)
            }
            _ => positive,
        }
    }

    fn invert(&self, a: NodeId) -> Result<Typed, CompileError> {
        self.refuse_complex("'~'")?;
        let operand = self.get(a);
        Ok(Typed::number(operand.compute, operand.parse))
    }

    fn not(&self) -> Result<Typed, CompileError> {
        self.refuse_complex("'not'")?;
        Ok(Typed::number(Dtype::Bool, Dtype::Bool))
    }

    fn binary(&self, operator: Operator, a: NodeId, b: NodeId) -> Result<Typed, CompileError> {
        use Operator::*;
        let (left, right) = (self.get(a), self.get(b));
        if !matches!(operator, Add | Sub | Mul | Div | Pow) {
            self.refuse_complex("this operator")?;
        }
        let parse = promote(left.parse, right.parse);
        let node = match operator {
            Lt | Le | Gt | Ge | Eq | Ne | And | Or => Typed::number(Dtype::Bool, Dtype::Bool),
            BitAnd | BitOr | BitXor if are_truths(left, right) => Typed::number(Dtype::Bool, Dtype::Bool),
            Pow if small_power(right).is_some() && left.constant.is_none() => {
                number_of(&[left], left.compute, parse)
            }
            _ => number_of(&[left, right], promote(left.compute, right.compute), parse),
        };
        Ok(node)
    }

    fn comma(&self, a: NodeId, b: NodeId) -> Result<Typed, CompileError> {
        self.refuse_complex("','")?;
        let (left, right) = (self.get(a), self.get(b));
        let parse = promote(left.parse, right.parse);
        Ok(number_of(&[right], promote(left.compute, right.compute), parse))
    }

    fn builtin(
        &self,
        id: NodeId,
        name: &str,
        meaning: Meaning,
        list: ArgList,
    ) -> Result<Typed, CompileError> {
        let args = self.tree.arguments(list);
        let is_pow = meaning == Meaning::Binary(BinaryOp::Pow);
        if self.is_constant(id) {
            // A call of constants is float64, but for a second or third power, which is a product and
            // keeps the dtype of its base.
            return Ok(match args {
                [base, exponent] if is_pow && small_power(self.get(*exponent)).is_some() => {
                    let base = self.get(*base);
                    number_of(&[base], base.compute, Dtype::Float64)
                }
                _ => Typed::number(Dtype::Float64, Dtype::Float64),
            });
        }
        let compute = match meaning {
            Meaning::Constant(_) => Dtype::Float64,
            Meaning::Unary(op) => self.unary(name, op, args[0])?,
            Meaning::Binary(_) => {
                if !is_pow {
                    self.refuse_complex(name)?;
                }
                match small_power(self.get(args[1])) {
                    Some(_) if is_pow => self.get(args[0]).compute,
                    _ => self.promoted(args),
                }
            }
            Meaning::Fma => {
                self.refuse_complex(name)?;
                self.promoted(args)
            }
            Meaning::Where => {
                self.refuse_complex(name)?;
                promote(self.get(args[1]).compute, self.get(args[2]).compute)
            }
            Meaning::Reduce(op) => reduction_dtype(op, self.get(args[0]).compute)?,
            Meaning::Text(_) => return Err(type_error(format_args!("{name}() takes strings"))),
        };
        let passed_on = match meaning {
            Meaning::Reduce(_) => &[],
            Meaning::Where => &args[1..],
            _ => args,
        };
        let is_weak = compute == Dtype::Bool && passed_on.iter().any(|arg| self.get(*arg).is_weak);
        Ok(Typed { is_weak, ..Typed::number(compute, Dtype::Float64) })
    }

    fn unary(&self, name: &str, op: UnaryOp, argument: NodeId) -> Result<Dtype, CompileError> {
        let dtype = self.get(argument).compute;
        if !has_complex_form(op) {
            self.refuse_complex(name)?;
        }
        Ok(match op {
            UnaryOp::Abs | UnaryOp::Real | UnaryOp::Imag => dtype.component(),
            UnaryOp::Math(_) if dtype.is_complex() && has_complex_form(op) => dtype,
            UnaryOp::Math(_) if dtype == Dtype::Float32 || dtype == Dtype::Complex64 => Dtype::Float32,
            UnaryOp::Math(_) => Dtype::Float64,
            _ => dtype,
        })
    }

    fn call(&self, index: u32, list: ArgList) -> Result<Typed, CompileError> {
        self.refuse_complex("a user function")?;
        let HostFunction { returns, float_math, .. } = self.scope.function(index);
        let args = self.tree.arguments(list);
        let promoted = self.promoted(args);
        let compute = match returns {
            Some(dtype) => dtype,
            None if args.is_empty() => Dtype::Float64,
            None if float_math && args.len() == 1 && !promoted.is_float() => Dtype::Float64,
            None => promoted,
        };
        if compute.is_complex() {
            return Err(type_error(format_args!("a user function cannot be complex")));
        }
        Ok(Typed::number(compute, returns.unwrap_or(Dtype::Float64)))
    }

    /// A cast: to the dtype that the whole expression is for where that is of the kind, else to the
    /// widest of the kind.
    fn cast(&self, to: CastTo) -> Typed {
        let wanted = self.rules.target;
        let dtype = match to {
            CastTo::Int => wanted.filter(|dtype| dtype.is_signed()).unwrap_or(Dtype::Int64),
            CastTo::Float => wanted.filter(|dtype| dtype.is_float()).unwrap_or(Dtype::Float64),
            CastTo::Bool => Dtype::Bool,
        };
        Typed::number(dtype, dtype)
    }

    /// The promotion of all arguments, folded from the left.
    fn promoted(&self, args: &[NodeId]) -> Dtype {
        args.iter().fold(Dtype::Bool, |dtype, arg| promote(dtype, self.get(*arg).compute))
    }

    fn refuse_complex(&self, what: &str) -> Result<(), CompileError> {
        if self.rules.complex_declared {
            return Err(type_error(format_args!("{what} is not defined for complex numbers")));
        }
        Ok(())
    }
}

/// The integer dtype of a literal beside `target`: the next wider one that holds the value. A negative
/// one beside an unsigned dtype is signed and wide enough for the numbers of both.
fn integer_for(value: i128, target: Dtype) -> Dtype {
    use Dtype::*;
    let (wider, least): (&[Dtype], usize) = match (target.is_signed(), value < 0) {
        (true, _) => (&[Int8, Int16, Int32, Int64, UInt64], target.size()),
        (false, false) => (&[UInt8, UInt16, UInt32, UInt64], target.size()),
        (false, true) => (&[Int16, Int32, Int64], (2 * target.size()).min(8)),
    };
    let holds =
        |dtype: &&Dtype| dtype.size() >= least && Scalar::Int(value).cast(**dtype) == Scalar::Int(value);
    wider.iter().find(holds).copied().unwrap_or(target)
}

/// Dtype of a number beside a first variable that is bool. A whole one that fits int32 leaves the dtype
/// to the operands around it.
fn beside_bool(value: Scalar) -> Dtype {
    const LARGEST: i32 = i32::MAX;
    match value {
        Scalar::Int(value) if value <= LARGEST.into() => Dtype::Bool,
        Scalar::Int(value) if value <= i64::MAX.into() => Dtype::Int64,
        Scalar::Int(_) => Dtype::UInt64,
        Scalar::Float(value) if value <= LARGEST.into() && value.fract() == 0.0 => Dtype::Bool,
        _ => Dtype::Float64,
    }
}

/// An arithmetic node over `operands`. Where bool is all that it promotes to, it is as weak as they are.
fn number_of(operands: &[Typed], compute: Dtype, parse: Dtype) -> Typed {
    let is_weak = compute == Dtype::Bool && operands.iter().any(|operand| operand.is_weak);
    Typed { is_weak, ..Typed::number(compute, parse) }
}

/// Dtype of a reduction's result.
fn reduction_dtype(op: ReduceOp, argument: Dtype) -> Result<Dtype, CompileError> {
    match op {
        ReduceOp::Any | ReduceOp::All => Ok(Dtype::Bool),
        ReduceOp::Min | ReduceOp::Max if argument.is_complex() => {
            Err(reduction_error(format_args!("complex numbers have no minimum or maximum")))
        }
        ReduceOp::Min | ReduceOp::Max => Ok(argument),
        ReduceOp::Mean if argument.is_complex() => Ok(Dtype::Complex128),
        ReduceOp::Mean => Ok(Dtype::Float64),
        ReduceOp::Sum | ReduceOp::Prod if argument.is_unsigned() => Ok(Dtype::UInt64),
        ReduceOp::Sum | ReduceOp::Prod if argument.is_signed() || argument == Dtype::Bool => Ok(Dtype::Int64),
        ReduceOp::Sum | ReduceOp::Prod => Ok(argument),
        ReduceOp::Count | ReduceOp::ArgMin | ReduceOp::ArgMax => Ok(Dtype::Int64),
        ReduceOp::Deviations => Ok(Dtype::Float64),
    }
}
