//! Dtypes of all nodes, Python's numbers, and the refusal of what NumPy has no loop for.

use super::constant::{self, Prefix};
use super::promote::common;
use super::ufunc::{self, Loop};
use super::{Kind, Typed, Weak, about_power, type_error};
use crate::dtype::{Dtype, Scalar};
use crate::front::error::CompileError;
use crate::front::lexer::Operator;
use crate::front::scope::{HostFunction, Scope};
use crate::front::tree::{CastTo, NodeId, NodeKind, Options, Tree};
use crate::front::typing::text;
use crate::ir::CompareOp;
use crate::memory::{OutOfMemory, TryGrow};
use crate::operation::numpy::{Function, Meaning, Reduction, Ufunc};

/// Types every node of `tree`.
pub fn infer(scope: &Scope<'_>, tree: &Tree) -> Result<Vec<Typed>, CompileError> {
    let mut typing = Typing { scope, tree, nodes: Vec::new() };
    typing.nodes.try_reserve_exact(tree.nodes.len()).map_err(OutOfMemory::from)?;
    for id in 0..tree.nodes.len() as NodeId {
        let span = tree.node(id).span;
        let node = typing.node(id).map_err(|error| error.within(span))?;
        typing.nodes.try_push(node)?;
    }
    text::check_reductions(tree, &typing.nodes)?;
    Ok(typing.nodes)
}

/// The operation of a binary operator.
pub fn ufunc_of(operator: Operator) -> Ufunc {
    match operator {
        Operator::Add => Ufunc::Add,
        Operator::Sub => Ufunc::Subtract,
        Operator::Mul => Ufunc::Multiply,
        Operator::Div => Ufunc::Divide,
        Operator::FloorDiv => Ufunc::FloorDivide,
        Operator::Rem => Ufunc::Remainder,
        Operator::Pow => Ufunc::Power,
        Operator::Shl => Ufunc::LeftShift,
        Operator::Shr => Ufunc::RightShift,
        Operator::BitAnd => Ufunc::BitwiseAnd,
        Operator::BitOr => Ufunc::BitwiseOr,
        Operator::BitXor => Ufunc::BitwiseXor,
        Operator::Lt => Ufunc::Compare(CompareOp::Lt),
        Operator::Le => Ufunc::Compare(CompareOp::Le),
        Operator::Gt => Ufunc::Compare(CompareOp::Gt),
        Operator::Ge => Ufunc::Compare(CompareOp::Ge),
        Operator::Eq => Ufunc::Compare(CompareOp::Eq),
        Operator::Ne => Ufunc::Compare(CompareOp::Ne),
        Operator::And => Ufunc::LogicalAnd,
        Operator::Or => Ufunc::LogicalOr,
        Operator::Invert => Ufunc::Invert,
        Operator::Not => Ufunc::LogicalNot,
    }
}

/// What an operation is called in a message.
#[derive(Clone, Copy)]
enum Name<'a> {
    Operator(&'a str),
    Function(&'a str),
}

struct Typing<'a> {
    scope: &'a Scope<'a>,
    tree: &'a Tree,
    nodes: Vec<Typed>,
}

impl Typing<'_> {
    fn get(&self, id: NodeId) -> Typed {
        self.nodes[id as usize]
    }

    fn node(&self, id: NodeId) -> Result<Typed, CompileError> {
        if let Some(text) = text::infer(self.tree, &self.nodes, id)? {
            return Ok(text);
        }
        match self.tree.node(id).kind {
            NodeKind::Number(literal) => Ok(Typed::constant(literal.value)),
            NodeKind::Text(_) => unreachable!("literals of strings are typed as such"),
            NodeKind::Variable(index) => Ok(self.variable(index)),
            NodeKind::Index(_) => Ok(Typed::strong(Dtype::Int64, Dtype::Int64)),
            NodeKind::Plus(a) => self.prefix(Prefix::Plus, Ufunc::Positive, "+", a),
            NodeKind::Negate(a) => self.prefix(Prefix::Minus, Ufunc::Negative, "-", a),
            NodeKind::Invert(a) => self.prefix(Prefix::Invert, Ufunc::Invert, "~", a),
            NodeKind::Not(a) => self.prefix(Prefix::Not, Ufunc::LogicalNot, "not", a),
            NodeKind::Binary(operator, a, b) => self.binary(operator, a, b),
            NodeKind::Conditional { condition, yes, no } => self.conditional(condition, yes, no),
            NodeKind::Function(function, list, options) => {
                self.function(function, self.tree.arguments(list), &self.tree.options[options as usize])
            }
            NodeKind::Call(index, list) => self.call(index, self.tree.arguments(list)),
            NodeKind::Cast(to, a) => self.cast(to, a),
            NodeKind::AsType(dtype, a) => {
                self.check_bounds(a, dtype)?;
                Ok(Typed::strong(dtype, dtype))
            }
            NodeKind::Comma(..) | NodeKind::Builtin(..) => {
                unreachable!("Python's grammar makes no such node")
            }
        }
    }

    fn variable(&self, index: u32) -> Typed {
        let dtype = self.scope.variable(index).ty.dtype;
        let kind = if self.scope.is_weak(index) { Kind::Weak(Weak::of(dtype)) } else { Kind::Strong(dtype) };
        Typed { kind, ..Typed::strong(dtype, dtype) }
    }

    fn prefix(&self, prefix: Prefix, ufunc: Ufunc, symbol: &str, a: NodeId) -> Result<Typed, CompileError> {
        if let Some(value) = self.get(a).constant {
            return Ok(Typed::constant(constant::unary(prefix, value)?));
        }
        self.operator(ufunc, symbol, &[a])
    }

    fn binary(&self, operator: Operator, a: NodeId, b: NodeId) -> Result<Typed, CompileError> {
        let (left, right) = (self.get(a), self.get(b));
        if let (Some(left), Some(right)) = (left.constant, right.constant) {
            return Ok(Typed::constant(constant::binary(operator, left, right)?));
        }
        if let (Operator::Pow, Some(Scalar::Int(..0))) = (operator, right.constant)
            && common([left.kind, right.kind]).is_signed()
        {
            let message = "Integers to negative integer powers are not allowed";
            return Err(type_error(format_args!("{message}")).spanning(self.tree.node(b).span));
        }
        // NumPy's operator takes the power of bools apart that is a square.
        if let (Operator::Pow, Some(Scalar::Int(2)), Kind::Strong(Dtype::Bool)) =
            (operator, right.constant, left.kind)
        {
            return self.operator(Ufunc::Square, operator.symbol(), &[a]);
        }
        self.operator(ufunc_of(operator), operator.symbol(), &[a, b])
    }

    /// An operator: between numbers of Python, whose values are not known, it gives such a number.
    fn operator(&self, ufunc: Ufunc, symbol: &str, args: &[NodeId]) -> Result<Typed, CompileError> {
        let typed = self.ufunc(ufunc, Name::Operator(symbol), args)?;
        let is_weak = args.iter().all(|arg| matches!(self.get(*arg).kind, Kind::Weak(_)));
        let kind = if is_weak { Kind::Weak(Weak::of(typed.kind.dtype())) } else { typed.kind };
        Ok(Typed { kind, ..typed })
    }

    fn ufunc(&self, ufunc: Ufunc, name: Name<'_>, args: &[NodeId]) -> Result<Typed, CompileError> {
        let mut operands = [Typed::strong(Dtype::Bool, Dtype::Bool); 2];
        for (operand, arg) in operands.iter_mut().zip(args) {
            *operand = self.get(*arg);
        }
        let Some(Loop { work, result }) = ufunc::loop_of(ufunc, &operands[..args.len()]) else {
            return Err(self.unsupported(ufunc, name, args));
        };
        // Comparisons are by value, and a truth has room for any.
        if !matches!(ufunc, Ufunc::Compare(_) | Ufunc::Ldexp) && work != Dtype::Bool {
            args.iter().try_for_each(|arg| self.check_bounds(*arg, work))?;
        }
        Ok(Typed::strong(work, result))
    }

    /// Refuses the number `id` if it has none of the values of `dtype`.
    fn check_bounds(&self, id: NodeId, dtype: Dtype) -> Result<(), CompileError> {
        let span = self.tree.node(id).span;
        ufunc::check_bounds(self.get(id).constant, dtype).map_err(|error| error.within(span))
    }

    fn unsupported(&self, ufunc: Ufunc, name: Name<'_>, args: &[NodeId]) -> CompileError {
        let dtype = |index: usize| self.get(args[index]).kind.dtype();
        let is_bool = args.iter().all(|arg| self.get(*arg).kind.dtype() == Dtype::Bool);
        match (name, args.len()) {
            (Name::Operator("-"), 2) if is_bool => type_error(format_args!(
                "numpy boolean subtract, the `-` operator, is not supported: use '^' or logical_xor()"
            )),
            (Name::Operator("-"), _) if is_bool => type_error(format_args!(
                "the numpy boolean negative, the `-` operator, is not supported: use '~' or logical_not()"
            )),
            (Name::Operator(symbol), 1) => {
                type_error(format_args!("bad operand type for unary {symbol}: '{}'", dtype(0)))
            }
            (Name::Operator(symbol), _) => {
                let (left, right) = (dtype(0), dtype(1));
                let error = type_error(format_args!(
                    "unsupported operand type(s) for {symbol}: '{left}' and '{right}'"
                ));
                if left.is_string() || right.is_string() { error } else { about_power(error, symbol) }
            }
            (Name::Function(name), 2) => {
                let (left, right) = (dtype(0), dtype(1));
                let hint = if ufunc == Ufunc::Ldexp { ": the exponent is an integer" } else { "" };
                type_error(format_args!("{name}() is not supported for '{left}' and '{right}'{hint}"))
            }
            (Name::Function(name), _) => {
                type_error(format_args!("{name}() is not supported for '{}'", dtype(0)))
            }
        }
    }

    /// As [`Dtype`]s meet in `where`. A condition that Python knows chooses as Python does.
    fn conditional(&self, condition: NodeId, yes: NodeId, no: NodeId) -> Result<Typed, CompileError> {
        if let Some(value) = self.get(condition).constant {
            let chosen = self.get(if value.is_true() { yes } else { no });
            return Ok(Typed { work: chosen.kind.dtype(), text: None, ..chosen });
        }
        let (yes_kind, no_kind) = (self.get(yes).kind, self.get(no).kind);
        if let (Kind::Weak(a), Kind::Weak(b)) = (yes_kind, no_kind) {
            // Which number it is is not known, so it is one that can be both.
            let weak = a.max(b);
            [yes, no].iter().try_for_each(|id| self.check_bounds(*id, weak.dtype()))?;
            return Ok(Typed { kind: Kind::Weak(weak), ..Typed::strong(weak.dtype(), weak.dtype()) });
        }
        Ok(self.selection([yes, no]))
    }

    /// As NumPy's `where`, which wraps integers of Python around.
    fn selection(&self, choices: [NodeId; 2]) -> Typed {
        let work = common(choices.map(|id| self.get(id).kind));
        Typed::strong(work, work)
    }

    fn function(
        &self,
        function: &Function,
        args: &[NodeId],
        options: &Options,
    ) -> Result<Typed, CompileError> {
        match function.meaning {
            Meaning::Ufunc(ufunc) => self.ufunc(ufunc, Name::Function(function.name), args),
            Meaning::Where => Ok(self.selection([args[1], args[2]])),
            Meaning::Clip => {
                let work = common(args.iter().map(|arg| self.get(*arg).kind));
                args.iter().try_for_each(|arg| self.check_bounds(*arg, work))?;
                Ok(Typed::strong(work, work))
            }
            Meaning::Round => {
                let dtype = self.get(args[0]).kind.dtype();
                let work = if dtype == Dtype::Bool { Dtype::Float32 } else { dtype };
                self.check_bounds(args[0], work)?;
                Ok(Typed::strong(work, work))
            }
            Meaning::Reduce(reduction) => self.reduce(function.name, reduction, args[0], options),
            Meaning::Text(_) => unreachable!("functions of strings are typed as such"),
        }
    }

    /// A reduction: the operand is wanted in `work`.
    fn reduce(
        &self,
        name: &str,
        reduction: Reduction,
        argument: NodeId,
        options: &Options,
    ) -> Result<Typed, CompileError> {
        let dtype = self.get(argument).kind.dtype();
        self.check_bounds(argument, dtype)?;
        let is_exact = dtype == Dtype::Bool || dtype.is_integer();
        let wide = match dtype {
            _ if dtype.is_unsigned() => Dtype::UInt64,
            _ if is_exact => Dtype::Int64,
            _ => dtype,
        };
        let is_refused = |wanted: Dtype| match reduction {
            Reduction::Std | Reduction::Var if dtype.is_complex() => !wanted.is_complex(),
            Reduction::Mean | Reduction::Std | Reduction::Var => !wanted.is_float() && !wanted.is_complex(),
            _ => false,
        };
        if let Some(wanted) = options.dtype.filter(|wanted| is_refused(*wanted)) {
            return Err(type_error(format_args!("{name}() of {dtype} cannot be {wanted}")));
        }
        let average = if is_exact { Dtype::Float64 } else { dtype };
        Ok(match reduction {
            Reduction::Sum | Reduction::Prod => {
                let result = options.dtype.unwrap_or(wide);
                Typed::strong(result, result)
            }
            Reduction::Mean => {
                let result = options.dtype.unwrap_or(average);
                Typed::strong(result, result)
            }
            Reduction::Std | Reduction::Var => {
                let work = options.dtype.unwrap_or(average);
                Typed::strong(work, options.dtype.unwrap_or(work.component()))
            }
            Reduction::Min | Reduction::Max => Typed::strong(dtype, dtype),
            Reduction::Any | Reduction::All => Typed::strong(Dtype::Bool, Dtype::Bool),
            Reduction::ArgMin | Reduction::ArgMax => Typed::strong(dtype, Dtype::Int64),
            Reduction::CountNonzero => Typed::strong(Dtype::Bool, Dtype::Int64),
        })
    }

    /// A function of the program: float64 in and out, then the dtype that it is declared with.
    fn call(&self, index: u32, args: &[NodeId]) -> Result<Typed, CompileError> {
        let HostFunction { returns, float_math, .. } = self.scope.function(index);
        for arg in args {
            if self.get(*arg).kind.dtype().is_complex() {
                let message = format_args!("a user function takes no complex numbers");
                return Err(type_error(message).spanning(self.tree.node(*arg).span));
            }
        }
        let promoted = common(args.iter().map(|arg| self.get(*arg).kind));
        let result = match returns {
            Some(dtype) => dtype,
            None if args.is_empty() => Dtype::Float64,
            None if float_math && args.len() == 1 && !promoted.is_float() => Dtype::Float64,
            None => promoted,
        };
        if result.is_complex() {
            return Err(type_error(format_args!("a user function cannot be complex")));
        }
        Ok(Typed::strong(Dtype::Float64, result))
    }

    /// `int(…)`, `float(…)`, `bool(…)`: a number of Python.
    fn cast(&self, to: CastTo, a: NodeId) -> Result<Typed, CompileError> {
        let operand = self.get(a);
        if let Some(value) = operand.constant {
            return Ok(Typed::constant(constant::cast(to, value)?));
        }
        let weak = match to {
            CastTo::Bool => Weak::Bool,
            CastTo::Int => Weak::Int,
            CastTo::Float => Weak::Float,
        };
        if operand.kind.dtype().is_complex() && to != CastTo::Bool {
            return Err(type_error(format_args!(
                "a complex number has no order: take its .real or its abs()"
            )));
        }
        Ok(Typed { kind: Kind::Weak(weak), ..Typed::strong(weak.dtype(), weak.dtype()) })
    }
}
