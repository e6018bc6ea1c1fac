//! The dtype in which each node is wanted by the one that uses it.

use super::Rules;
use super::typed::{Typed, are_truths, foreign, has_complex_form, is_exact, small_power};
use crate::dtype::{Dtype, Scalar, promote};
use crate::front::lexer::Operator;
use crate::front::scope::Scope;
use crate::front::tree::{NodeId, NodeKind, Tree};
use crate::front::typing::text::{self, TextNode, TextOperation};
use crate::ir::{BinaryOp, UnaryOp};
use crate::memory::{OutOfMemory, TryGrow};
use crate::operation::Meaning;

/// How a node is computed.
#[derive(Clone, Copy, Debug)]
pub struct Demand {
    /// The dtype that the user of the node wants.
    pub result: Dtype,
    /// The dtype of the operands; the outcome is cast to `result`.
    pub work: Dtype,
}

/// Demands for every node that is computed at all: the operands of constants are not.
pub fn spread(
    scope: &Scope<'_>,
    tree: &Tree,
    typed: &[Typed],
    rules: Rules,
) -> Result<Vec<Option<Demand>>, OutOfMemory> {
    let mut demands = Vec::try_filled(None, tree.nodes.len())?;
    let mut spreader = Spreader::new(scope, tree, typed, rules, Vec::new());
    let root = tree.root();
    let Typed { compute, .. } = typed[root as usize];
    spreader.want(root, if typed[root as usize].adapts() { rules.literal_text } else { compute });
    for id in (0..=root).rev() {
        for (operand, result) in spreader.take()? {
            demands[operand as usize] = Some(Demand { result, work: result });
        }
        if let Some(demand) = demands[id as usize]
            && typed[id as usize].constant.is_none()
        {
            let work = spreader.node(id, demand.result);
            demands[id as usize] = Some(Demand { work, ..demand });
        }
    }
    Ok(demands)
}

/// Passes what is wanted of a node on to its operands.
pub struct Spreader<'a> {
    scope: &'a Scope<'a>,
    tree: &'a Tree,
    typed: &'a [Typed],
    rules: Rules,
    /// Operands with the dtypes in which they are wanted, not taken yet.
    wanted: Vec<(NodeId, Dtype)>,
    /// Whether memory for `wanted` was refused.
    refused: bool,
}

impl<'a> Spreader<'a> {
    /// A spreader that gathers into `wanted`.
    pub fn new(
        scope: &'a Scope<'a>,
        tree: &'a Tree,
        typed: &'a [Typed],
        rules: Rules,
        wanted: Vec<(NodeId, Dtype)>,
    ) -> Spreader<'a> {
        Spreader { scope, tree, typed, rules, wanted, refused: false }
    }

    /// What is wanted since the last call.
    pub fn take(&mut self) -> Result<std::vec::Drain<'_, (NodeId, Dtype)>, OutOfMemory> {
        if self.refused { Err(OutOfMemory) } else { Ok(self.wanted.drain(..)) }
    }

    /// The buffer, for the next spreader.
    pub fn into_buffer(self) -> Vec<(NodeId, Dtype)> {
        self.wanted
    }

    fn get(&self, id: NodeId) -> Typed {
        self.typed[id as usize]
    }

    fn want(&mut self, id: NodeId, result: Dtype) {
        self.refused |= self.wanted.try_push((id, result)).is_err();
    }

    /// An operand that is computed apart, in its own dtype.
    fn want_apart(&mut self, id: NodeId) {
        self.want(id, self.get(id).compute);
    }

    /// An operand of a binary operator: across a boundary it is computed apart.
    fn want_operand(&mut self, id: NodeId, operator_parse: Dtype, work: Dtype) {
        let is_operation = !matches!(
            self.tree.node(id).kind,
            NodeKind::Number(_) | NodeKind::Text(_) | NodeKind::Variable(_) | NodeKind::Index(_)
        );
        if is_operation && !self.get(id).is_weak && self.get(id).parse != operator_parse {
            self.want_apart(id);
        } else {
            self.want(id, work);
        }
    }

    fn want_operands(&mut self, a: NodeId, b: NodeId, work: Dtype) {
        let parse = promote(self.get(a).parse, self.get(b).parse);
        self.want_operand(a, parse, work);
        self.want_operand(b, parse, work);
    }

    /// Spreads the demands of one node to its operands, and gives the node's work dtype.
    pub fn node(&mut self, id: NodeId, result: Dtype) -> Dtype {
        if let Some(text) = self.get(id).text {
            return self.strings(text, result);
        }
        match self.tree.node(id).kind {
            NodeKind::Number(_) | NodeKind::Text(_) | NodeKind::Variable(_) | NodeKind::Index(_) => result,
            NodeKind::Negate(a) => {
                self.want(a, result);
                result
            }
            NodeKind::Invert(a) if self.get(a).compute == Dtype::Bool => {
                self.want_apart(a);
                Dtype::Bool
            }
            NodeKind::Invert(a) => {
                self.want(a, result.component());
                result.component()
            }
            NodeKind::Not(a) => {
                self.want_apart(a);
                Dtype::Bool
            }
            NodeKind::Binary(operator, a, b) => self.binary(operator, a, b, result),
            NodeKind::Comma(a, b) => {
                let parse = promote(self.get(a).parse, self.get(b).parse);
                self.want_operand(b, parse, result);
                result
            }
            NodeKind::Builtin(row, list) => {
                let tree = self.tree;
                self.builtin(row.meaning, id, tree.arguments(list), result)
            }
            NodeKind::Call(index, list) => {
                let tree = self.tree;
                self.call(index, tree.arguments(list));
                Dtype::Float64
            }
            NodeKind::Cast(_, a) => {
                self.want_apart(a);
                self.get(id).compute
            }
            NodeKind::Plus(_)
            | NodeKind::Conditional { .. }
            | NodeKind::Function(..)
            | NodeKind::AsType(..) => foreign(),
        }
    }

    /// String operands are wanted in one family, a condition between them apart.
    fn strings(&mut self, text: TextNode, result: Dtype) -> Dtype {
        let family = text::operand_family(self.typed, text, result, self.rules.literal_text);
        text.operation.strings().iter().for_each(|string| self.want(*string, family));
        if let TextOperation::Select(condition, _) = text.operation {
            self.want_apart(condition);
        }
        family
    }

    fn binary(&mut self, operator: Operator, a: NodeId, b: NodeId, result: Dtype) -> Dtype {
        use Operator::*;
        let (left, right) = (self.get(a), self.get(b));
        match operator {
            And | Or => self.want_truths(a, b),
            BitAnd | BitOr | BitXor if are_truths(left, right) => self.want_truths(a, b),
            Lt | Le | Gt | Ge | Eq | Ne => {
                let Comparison { work, by_value, .. } = Comparison::of(left, right);
                if by_value {
                    self.want_value(a, work);
                    self.want_value(b, work);
                } else {
                    self.want_operands(a, b, work);
                }
                work
            }
            Pow if small_power(right).is_some() => {
                self.want_operand(a, promote(left.parse, right.parse), result);
                result
            }
            Add | Sub | Mul | Div | Pow => {
                self.want_operands(a, b, result);
                result
            }
            _ => {
                self.want_operands(a, b, result.component());
                result.component()
            }
        }
    }

    /// An operand that is compared by its value: computed apart if its own dtype holds that.
    fn want_value(&mut self, id: NodeId, work: Dtype) {
        let is_leaf = matches!(
            self.tree.node(id).kind,
            NodeKind::Number(_) | NodeKind::Variable(_) | NodeKind::Index(_)
        );
        if !is_leaf && self.get(id).keeps_value() {
            self.want_apart(id);
        } else {
            self.want(id, work);
        }
    }

    fn want_truths(&mut self, a: NodeId, b: NodeId) -> Dtype {
        self.want_apart(a);
        self.want_apart(b);
        Dtype::Bool
    }

    fn builtin(&mut self, meaning: Meaning, id: NodeId, args: &[NodeId], result: Dtype) -> Dtype {
        match meaning {
            Meaning::Unary(op) => {
                let work = self.unary_work(op, id, args[0], result);
                self.want(args[0], work);
                work
            }
            Meaning::Binary(BinaryOp::Pow) => {
                self.want(args[0], result);
                if small_power(self.get(args[1])).is_none() {
                    self.want(args[1], result);
                }
                result
            }
            Meaning::Where => {
                self.want_apart(args[0]);
                self.want(args[1], result);
                self.want(args[2], result);
                result
            }
            Meaning::Reduce(_) => {
                self.want_apart(args[0]);
                self.get(id).compute
            }
            Meaning::Binary(_) | Meaning::Fma | Meaning::Constant(_) | Meaning::Text(_) => {
                let work = result.component();
                args.iter().for_each(|arg| self.want(*arg, work));
                work
            }
        }
    }

    fn unary_work(&self, op: UnaryOp, id: NodeId, argument: NodeId, result: Dtype) -> Dtype {
        let argument = self.get(argument).compute;
        match op {
            UnaryOp::Abs | UnaryOp::Real | UnaryOp::Imag if argument.is_complex() => argument,
            UnaryOp::Abs | UnaryOp::Real | UnaryOp::Imag => result.component(),
            UnaryOp::Math(_) if !result.is_float() && !result.is_complex() => self.get(id).compute,
            _ if has_complex_form(op) => result,
            _ => result.component(),
        }
    }

    /// The arguments of a host function arrive as float64. Under a floating-point result they are
    /// computed in float64 as a whole, else in their own dtype.
    fn call(&mut self, index: u32, args: &[NodeId]) {
        let returns_float = self.scope.function(index).returns.is_some_and(Dtype::is_float);
        for arg in args {
            if returns_float {
                self.want(*arg, Dtype::Float64);
            } else {
                self.want_apart(*arg);
            }
        }
    }
}

/// How two operands are compared.
#[derive(Clone, Copy, Debug)]
pub struct Comparison {
    pub work: Dtype,
    /// Whether the values are compared that the operands have by themselves.
    pub by_value: bool,
    /// The number that stands for the left or the right constant, which no integer dtype holds
    /// together with the other operand.
    pub beyond: [Option<f64>; 2],
}

impl Comparison {
    /// Operands are compared in their promotion. A constant that an integer promotion does not hold,
    /// and arithmetic with weak numbers, are compared by value.
    pub fn of(left: Typed, right: Typed) -> Comparison {
        let sides = [left, right];
        let promoted = promote(promote(Dtype::Bool, left.compute), right.compute).component();
        let are_whole = is_whole_beside(left, right) && is_whole_beside(right, left);
        let is_beyond = |side: &Typed| match side.constant {
            // Two integer dtypes can promote to float64, which rounds.
            Some(Scalar::Int(_)) if promoted.is_float() => true,
            Some(value) => !is_exact(value, promoted),
            None => side.is_weak && promoted == Dtype::Bool,
        };
        if !are_whole || !sides.iter().any(is_beyond) {
            return Comparison { work: promoted, by_value: false, beyond: [None; 2] };
        }
        let holds_both = |wide: Dtype| {
            sides.iter().all(|side| match side.constant {
                Some(value) => is_exact(value, wide),
                None => holds_all(wide, side.own()),
            })
        };
        match [Dtype::Int64, Dtype::UInt64].into_iter().find(|wide| holds_both(*wide)) {
            Some(work) => Comparison { work, by_value: true, beyond: [None; 2] },
            None => {
                // Beyond all integers of the other side, which float64 would round to it.
                let beyond = sides.map(|side| match side.constant {
                    Some(Scalar::Int(value)) => {
                        Some(if value < 0 { f64::NEG_INFINITY } else { f64::INFINITY })
                    }
                    _ => None,
                });
                Comparison { work: Dtype::Float64, by_value: true, beyond }
            }
        }
    }
}

/// Whether a side is compared as an integer: it is one, or the negative of a literal that float64 cannot
/// tell from other 64-bit integers.
fn is_whole_beside(side: Typed, other: Typed) -> bool {
    let is_fine = |value: i128| value.unsigned_abs() > 1 << f64::MANTISSA_DIGITS;
    let is_64_bit = other.compute.is_integer() && other.compute.size() == 8;
    is_whole(side.compute) || is_64_bit && matches!(side.constant, Some(Scalar::Int(value)) if is_fine(value))
}

/// Bool or an integer dtype.
fn is_whole(dtype: Dtype) -> bool {
    dtype == Dtype::Bool || dtype.is_integer()
}

/// Whether the 64-bit integer dtype `wide` holds all values of the whole dtype `dtype`.
fn holds_all(wide: Dtype, dtype: Dtype) -> bool {
    match wide {
        Dtype::UInt64 => !dtype.is_signed(),
        _ => dtype != Dtype::UInt64,
    }
}
