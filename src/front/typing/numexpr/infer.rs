//! Kinds of all nodes, Python's numbers, and the refusal of what numexpr has no operation for.

use super::opcode::{self, NoOpcode, common};
use super::{kind_of, kind_of_number, power};
use crate::dtype::{Dtype, Scalar};
use crate::front::error::{CompileError, Status};
use crate::front::lexer::Operator;
use crate::front::scope::{HostFunction, Scope};
use crate::front::tree::{CastTo, NodeId, NodeKind, Options, Tree};
use crate::front::typing::numpy::constant::{self, Prefix};
use crate::front::typing::numpy::infer::ufunc_of;
use crate::front::typing::numpy::ufunc::{self, Loop};
use crate::front::typing::numpy::{Typed, about_power, type_error};
use crate::front::typing::text::{self, TextOperation};
use crate::ir::StringTest;
use crate::memory::{OutOfMemory, TryGrow};
use crate::operation::numpy::{Function, Meaning, Reduction, Ufunc};

/// Types every node of `tree`.
pub fn infer(scope: &Scope<'_>, tree: &Tree, in_kernel: bool) -> Result<Vec<Typed>, CompileError> {
    if !in_kernel {
        check_outermost(tree)?;
    }
    let mut typing = Typing { scope, tree, in_kernel, nodes: Vec::new() };
    typing.nodes.try_reserve_exact(tree.nodes.len()).map_err(OutOfMemory::from)?;
    for id in 0..tree.nodes.len() as NodeId {
        let span = tree.node(id).span;
        let node = typing.node(id).map_err(|error| error.within(span))?;
        typing.nodes.try_push(node)?;
    }
    typing.check_range(tree.root())?;
    text::check_reductions(tree, &typing.nodes)?;
    Ok(typing.nodes)
}

/// Refuses a reduction that is part of anything.
fn check_outermost(tree: &Tree) -> Result<(), CompileError> {
    let is_inner = |id: &NodeId| *id != tree.root() && tree.node(*id).kind.is_reduction();
    match (0..tree.nodes.len() as NodeId).find(is_inner) {
        None => Ok(()),
        Some(id) => {
            let message = format_args!("invalid program: reduction operations must occur last");
            Err(CompileError::new(Status::InvalidReduction, message).spanning(tree.node(id).span))
        }
    }
}

/// The refusal of `and`, `or`, `not` and what needs a truth, of arrays.
fn no_truth() -> CompileError {
    type_error(format_args!(
        "an array has no truth value: use '&' instead of 'and', '|' instead of 'or', '~' instead of 'not', and where() \
         instead of a conditional expression"
    ))
}

fn of_kind(kind: Dtype) -> Typed {
    Typed::strong(kind, kind)
}

fn number(value: Scalar) -> Typed {
    Typed { constant: Some(value), ..of_kind(kind_of_number(value)) }
}

struct Typing<'a> {
    scope: &'a Scope<'a>,
    tree: &'a Tree,
    /// In a kernel each item is alone, and has a truth value.
    in_kernel: bool,
    nodes: Vec<Typed>,
}

impl Typing<'_> {
    fn get(&self, id: NodeId) -> Typed {
        self.nodes[id as usize]
    }

    fn kind(&self, id: NodeId) -> Dtype {
        self.get(id).kind.dtype()
    }

    fn is_string(&self, id: NodeId) -> bool {
        self.kind(id).is_string()
    }

    /// Refuses the integer `id` if no kind has it.
    fn check_range(&self, id: NodeId) -> Result<(), CompileError> {
        match self.get(id).constant {
            Some(Scalar::Int(value)) if i64::try_from(value).is_err() => {
                let message = format_args!("Python int too large to convert to C long");
                Err(type_error(message).spanning(self.tree.node(id).span))
            }
            _ => Ok(()),
        }
    }

    fn node(&self, id: NodeId) -> Result<Typed, CompileError> {
        if let Some(text) = self.text(id)? {
            return Ok(text);
        }
        match self.tree.node(id).kind {
            NodeKind::Number(literal) => Ok(number(literal.value)),
            NodeKind::Text(_) => unreachable!("literals of strings are typed as such"),
            NodeKind::Variable(index) => self.variable(index),
            NodeKind::Index(_) => Ok(of_kind(Dtype::Int64)),
            NodeKind::Plus(a) => self.prefix(Prefix::Plus, Ufunc::Positive, a),
            NodeKind::Negate(a) => self.prefix(Prefix::Minus, Ufunc::Negative, a),
            NodeKind::Invert(a) => self.prefix(Prefix::Invert, Ufunc::Invert, a),
            NodeKind::Not(a) => self.prefix(Prefix::Not, Ufunc::LogicalNot, a),
            NodeKind::Binary(operator, a, b) => self.binary(operator, a, b),
            NodeKind::Conditional { condition, yes, no } => self.conditional(condition, yes, no),
            NodeKind::Function(function, list, options) => {
                self.function(function, self.tree.arguments(list), &self.tree.options[options as usize])
            }
            NodeKind::Call(index, list) => self.call(index, self.tree.arguments(list)),
            NodeKind::Cast(to, a) => self.cast(to, a),
            NodeKind::AsType(dtype, _) => Ok(Typed::strong(dtype, kind_of(dtype))),
            NodeKind::Comma(..) | NodeKind::Builtin(..) => {
                unreachable!("Python's grammar makes no such node")
            }
        }
    }

    /// A node that takes or gives strings: a literal, a comparison, or `contains`.
    fn text(&self, id: NodeId) -> Result<Option<Typed>, CompileError> {
        let mut strings = 0;
        let mut others = 0;
        self.tree.for_each_operand(id, |operand| match self.is_string(operand) {
            true => strings += 1,
            false => others += 1,
        });
        if others > 0 && (strings > 0 || self.is_text_function(id)) {
            return Err(self.mixed(id));
        }
        let typed = text::infer(self.tree, &self.nodes, id)?;
        match typed.and_then(|typed| typed.text).map(|text| text.operation) {
            None
            | Some(
                TextOperation::Literal(_)
                | TextOperation::Test(StringTest::Compare(_) | StringTest::Contains, _),
            ) => Ok(typed),
            Some(_) => Err(self.mixed(id)),
        }
    }

    fn is_text_function(&self, id: NodeId) -> bool {
        matches!(self.tree.node(id).kind, NodeKind::Function(row, ..) if matches!(row.meaning, Meaning::Text(_)))
    }

    /// The refusal of a node that has strings where it takes none.
    fn mixed(&self, id: NodeId) -> CompileError {
        match self.tree.node(id).kind {
            NodeKind::Binary(operator, a, b) => self.no_operator(ufunc_of(operator), &[a, b]),
            NodeKind::Function(&Function { name, meaning: Meaning::Text(_), .. }, list, _) => {
                let args = self.tree.arguments(list);
                let operands = &[self.kind(args[0]), self.kind(args[1])];
                type_error(format_args!("{}", NoOpcode { name, result: Dtype::Bool, operands, suffix: "" }))
            }
            _ => type_error(format_args!("strings can only be operated with strings")),
        }
    }

    fn variable(&self, index: u32) -> Result<Typed, CompileError> {
        match kind_of(self.scope.variable(index).ty.dtype) {
            Dtype::String => Err(type_error(format_args!(
                "the numexpr dialect does not support Unicode strings: use bytes"
            ))),
            kind => Ok(of_kind(kind)),
        }
    }

    fn prefix(&self, prefix: Prefix, ufunc: Ufunc, a: NodeId) -> Result<Typed, CompileError> {
        if let Some(value) = self.get(a).constant {
            return Ok(number(constant::unary(prefix, value)?));
        }
        if ufunc == Ufunc::LogicalNot && !self.in_kernel {
            return Err(no_truth());
        }
        self.operator(ufunc, &[a])
    }

    fn binary(&self, operator: Operator, a: NodeId, b: NodeId) -> Result<Typed, CompileError> {
        let (left, right) = (self.get(a), self.get(b));
        match (operator, left.constant, right.constant) {
            // As in Python, which gives one of the operands.
            (Operator::And | Operator::Or, Some(value), _) => {
                let takes_right = value.is_true() == (operator == Operator::And);
                return Ok(self.chosen(if takes_right { b } else { a }));
            }
            (Operator::And | Operator::Or, None, _) if !self.in_kernel => return Err(no_truth()),
            (_, Some(left), Some(right)) => return Ok(number(constant::binary(operator, left, right)?)),
            (Operator::Pow, ..) => {
                if let Some(typed) = power::infer(left, right)? {
                    return Ok(typed);
                }
            }
            _ => {}
        }
        self.operator(ufunc_of(operator), &[a, b])
    }

    /// What one of several nodes is that the node at hand stands for.
    fn chosen(&self, id: NodeId) -> Typed {
        let chosen = self.get(id);
        Typed { work: chosen.kind.dtype(), text: None, ..chosen }
    }

    fn operator(&self, ufunc: Ufunc, args: &[NodeId]) -> Result<Typed, CompileError> {
        self.loop_of(ufunc, args)?.ok_or_else(|| self.no_operator(ufunc, args))
    }

    /// The kinds of an operation, if it exists.
    fn loop_of(&self, ufunc: Ufunc, args: &[NodeId]) -> Result<Option<Typed>, CompileError> {
        let mut kinds = [Dtype::Bool; 2];
        for (kind, arg) in kinds.iter_mut().zip(args) {
            self.check_range(*arg)?;
            *kind = self.kind(*arg);
        }
        let found = opcode::loop_of(ufunc, &kinds[..args.len()]);
        Ok(found.map(|Loop { work, result }| Typed::strong(work, result)))
    }

    fn no_operator(&self, ufunc: Ufunc, args: &[NodeId]) -> CompileError {
        let (name, is_exchanged) = match ufunc {
            Ufunc::LogicalAnd | Ufunc::LogicalOr => return no_truth(),
            ufunc => opcode::operator_name(ufunc),
        };
        let mut kinds = [Dtype::Bool; 2];
        for (kind, arg) in kinds.iter_mut().zip(args) {
            *kind = self.kind(*arg);
        }
        let kinds = &mut kinds[..args.len()];
        if is_exchanged {
            kinds.reverse();
        }
        let result = if let Ufunc::Compare(_) = ufunc { Dtype::Bool } else { common(kinds.iter().copied()) };
        let error = type_error(format_args!("{}", NoOpcode { name, result, operands: kinds, suffix: "" }));
        if ufunc == Ufunc::BitwiseXor { about_power(error, "^") } else { error }
    }

    fn conditional(&self, condition: NodeId, yes: NodeId, no: NodeId) -> Result<Typed, CompileError> {
        match self.get(condition).constant {
            Some(value) => Ok(self.chosen(if value.is_true() { yes } else { no })),
            None if !self.in_kernel => Err(no_truth()),
            None => Ok(of_kind(common([self.kind(yes), self.kind(no)]))),
        }
    }

    fn function(
        &self,
        function: &Function,
        args: &[NodeId],
        options: &Options,
    ) -> Result<Typed, CompileError> {
        let are_numbers = args.iter().all(|arg| self.get(*arg).constant.is_some());
        match function.meaning {
            Meaning::Ufunc(ufunc) if are_numbers && !matches!(ufunc, Ufunc::Complex | Ufunc::Conjugate) => {
                self.of_numbers(function.name, ufunc, args)
            }
            Meaning::Ufunc(ufunc) => {
                self.loop_of(ufunc, args)?.ok_or_else(|| self.no_function(function.name, ufunc, args))
            }
            Meaning::Where => self.selection(args),
            Meaning::Reduce(reduction) => self.reduce(function.name, reduction, args[0], options),
            Meaning::Clip | Meaning::Round | Meaning::Text(_) => {
                unreachable!("numexpr has no such function of numbers")
            }
        }
    }

    /// A function of numbers of the text, for which numexpr asks NumPy.
    fn of_numbers(&self, name: &str, ufunc: Ufunc, args: &[NodeId]) -> Result<Typed, CompileError> {
        let mut operands = [of_kind(Dtype::Bool); 2];
        for (operand, arg) in operands.iter_mut().zip(args) {
            self.check_range(*arg)?;
            let kind = self.kind(*arg);
            *operand = of_kind(if kind.is_integer() { Dtype::Int64 } else { kind });
        }
        if ufunc == Ufunc::Rint && operands[0].work.is_integer() {
            return Ok(operands[0]);
        }
        let found = ufunc::loop_of(ufunc, &operands[..args.len()]);
        let Loop { work, result } = found.ok_or_else(|| self.no_function(name, ufunc, args))?;
        Ok(Typed::strong(work, kind_of(result)))
    }

    fn no_function(&self, name: &str, ufunc: Ufunc, args: &[NodeId]) -> CompileError {
        let mut kinds = [Dtype::Bool; 2];
        for (kind, arg) in kinds.iter_mut().zip(args) {
            *kind = self.kind(*arg);
        }
        let operands = &kinds[..args.len()];
        let result = match ufunc {
            Ufunc::Signbit => Dtype::Bool,
            Ufunc::Ceil | Ufunc::Floor => Dtype::Float64,
            _ => common(operands.iter().copied()),
        };
        type_error(format_args!("{}", NoOpcode { name, result, operands, suffix: "" }))
    }

    /// `where`, whose condition is a bool. One that is a number of the text chooses.
    fn selection(&self, args: &[NodeId]) -> Result<Typed, CompileError> {
        let kinds = [self.kind(args[0]), self.kind(args[1]), self.kind(args[2])];
        if let Some(value) = self.get(args[0]).constant {
            let chosen = if value.is_true() { 1 } else { 2 };
            let number = self.get(args[chosen]);
            return Ok(if number.constant.is_some() { number } else { of_kind(kinds[chosen]) });
        }
        args.iter().try_for_each(|arg| self.check_range(*arg))?;
        if kinds[0] != Dtype::Bool {
            let missing = NoOpcode { name: "where", result: common(kinds), operands: &kinds, suffix: "" };
            return Err(type_error(format_args!("{missing}")));
        }
        Ok(of_kind(common([kinds[1], kinds[2]])))
    }

    /// A reduction keeps the kind of its argument.
    fn reduce(
        &self,
        name: &str,
        reduction: Reduction,
        argument: NodeId,
        options: &Options,
    ) -> Result<Typed, CompileError> {
        match options.axes.as_deref() {
            None => {}
            Some([axis]) if *axis >= 0 => {}
            Some([_]) => return Err(type_error(format_args!("negative axis are not supported"))),
            Some(_) => return Err(type_error(format_args!("axis is None or an integer"))),
        }
        self.check_range(argument)?;
        let kind = self.kind(argument);
        let is_ordered = matches!(reduction, Reduction::Min | Reduction::Max);
        if kind == Dtype::Bool || is_ordered && kind.is_complex() {
            let missing = NoOpcode { name, result: kind, operands: &[kind], suffix: "n" };
            return Err(type_error(format_args!("{missing}")));
        }
        Ok(of_kind(kind))
    }

    /// A function of the program: float64 in and out, then the kind of the dtype that it is declared with.
    fn call(&self, index: u32, args: &[NodeId]) -> Result<Typed, CompileError> {
        let HostFunction { returns, .. } = self.scope.function(index);
        for arg in args {
            if self.kind(*arg).is_complex() {
                let message = format_args!("a user function takes no complex numbers");
                return Err(type_error(message).spanning(self.tree.node(*arg).span));
            }
        }
        let result = returns.unwrap_or(Dtype::Float64);
        if result.is_complex() {
            return Err(type_error(format_args!("a user function cannot be complex")));
        }
        Ok(Typed::strong(result, kind_of(result)))
    }

    /// `int(…)`, `float(…)`, `bool(…)` of a kernel.
    fn cast(&self, to: CastTo, a: NodeId) -> Result<Typed, CompileError> {
        if let Some(value) = self.get(a).constant {
            return Ok(number(constant::cast(to, value)?));
        }
        let kind = match to {
            CastTo::Bool => Dtype::Bool,
            CastTo::Int => Dtype::Int64,
            CastTo::Float => Dtype::Float64,
        };
        if self.kind(a).is_complex() && to != CastTo::Bool {
            return Err(type_error(format_args!("a complex number has no order: take its .real")));
        }
        Ok(of_kind(kind))
    }
}
