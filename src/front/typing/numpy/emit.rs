//! Emission of typed expressions, operands before users.

use super::infer::ufunc_of;
use super::promote::promote;
use super::{Power, Typed, TypedTree, type_error, ufunc};
use crate::dtype::{Dtype, Scalar};
use crate::front::dialect::Dialect;
use crate::front::error::CompileError;
use crate::front::lexer::Operator;
use crate::front::scope::{HostFunction, Scope, Variable};
use crate::front::tree::{NodeId, NodeKind, Options, Tree};
use crate::front::typing::host;
use crate::front::typing::text::{self, TextNode};
use crate::ir::{
    Axes, AxesId, BinaryOp, Builder, CompareOp, ExprId, ExprKind, MathFn, ReduceOp, UnaryOp, WHOLE_POWERS,
};
use crate::memory::{OutOfMemory, TryGrow};
use crate::operation::composed::Composer;
use crate::operation::numpy::{Function, Meaning, Reduction, Ufunc};

/// Adds the whole tree, in the dtype of its root.
pub fn emit(builder: &mut Builder, typed_tree: &TypedTree<'_>) -> Result<ExprId, CompileError> {
    let TypedTree { scope, tree, nodes: typed, dialect, power } = typed_tree;
    let literals = literals(*dialect);
    let needs = needs(tree, typed, literals)?;
    let exprs = Vec::try_filled(ExprId(0), tree.nodes.len())?;
    let mut emitter = Emitter { builder, scope, tree, typed, exprs, dialect: *dialect, power: *power };
    for id in 0..=tree.root() {
        if let Some(family) = needs[id as usize] {
            let span = tree.node(id).span;
            emitter.exprs[id as usize] = emitter.node(id, family).map_err(|error| error.within(span))?;
        }
    }
    let root = tree.root();
    let dtype = typed[root as usize].kind.dtype();
    let span = tree.node(root).span;
    emitter.result(root, dtype).map_err(|error| error.within(span))
}

/// For each node that is computed the family of its strings; `None` for the others.
fn needs(tree: &Tree, typed: &[Typed], literals: Dtype) -> Result<Vec<Option<Dtype>>, OutOfMemory> {
    let mut needs = Vec::try_filled(None, tree.nodes.len())?;
    needs[tree.root() as usize] = Some(literals);
    for id in (0..=tree.root()).rev() {
        let node = &typed[id as usize];
        let Some(wanted) = needs[id as usize].filter(|_| node.constant.is_none()) else { continue };
        let family = match node.text {
            Some(text) => operand_family(typed, node.kind.dtype(), text, wanted, literals),
            None => wanted,
        };
        match tree.node(id).kind {
            NodeKind::Conditional { condition, yes, no } if typed[condition as usize].constant.is_some() => {
                let holds = typed[condition as usize].constant.is_some_and(Scalar::is_true);
                needs[if holds { yes } else { no } as usize] = Some(family);
            }
            _ => tree.for_each_operand(id, |operand| needs[operand as usize] = Some(family)),
        }
    }
    Ok(needs)
}

/// The family of strings that nothing says.
fn literals(dialect: Dialect) -> Dtype {
    if dialect == Dialect::NumExpr { Dtype::Bytes } else { Dtype::String }
}

/// The family in which a node of dtype `dtype` wants its strings; one of literals alone is of the family `wanted`.
fn operand_family(typed: &[Typed], dtype: Dtype, text: TextNode, wanted: Dtype, literals: Dtype) -> Dtype {
    let result = if text.adapts { wanted } else { dtype };
    text::operand_family(typed, text, result, literals)
}

/// Adds the expressions of nodes whose operands have theirs.
pub struct Emitter<'a> {
    pub builder: &'a mut Builder,
    scope: &'a Scope<'a>,
    tree: &'a Tree,
    typed: &'a [Typed],
    exprs: Vec<ExprId>,
    dialect: Dialect,
    power: Power,
}

impl Emitter<'_> {
    pub fn get(&self, id: NodeId) -> Typed {
        self.typed[id as usize]
    }

    pub fn compose(&mut self) -> Composer<'_> {
        Composer(self.builder)
    }

    /// A node in a dtype. A number of Python has it for the first time.
    pub fn operand(&mut self, id: NodeId, dtype: Dtype) -> Result<ExprId, CompileError> {
        Ok(match self.get(id).constant {
            Some(value) => self.builder.constant(value, dtype)?,
            None => self.builder.cast(self.exprs[id as usize], dtype)?,
        })
    }

    /// The root, in its own dtype.
    fn result(&mut self, id: NodeId, dtype: Dtype) -> Result<ExprId, CompileError> {
        match self.get(id).constant {
            // What int64 does not hold is uint64.
            Some(Scalar::Int(value)) if !ufunc::holds(value, dtype) => {
                ufunc::check_bounds(Some(Scalar::Int(value)), Dtype::UInt64)?;
                self.operand(id, Dtype::UInt64)
            }
            Some(_) => self.operand(id, dtype),
            None => Ok(self.exprs[id as usize]),
        }
    }

    /// A node whose operands have their expressions, in its dtype.
    fn node(&mut self, id: NodeId, family: Dtype) -> Result<ExprId, CompileError> {
        let value = self.value(id, family)?;
        let Typed { kind, constant, text, .. } = self.get(id);
        if constant.is_some() || text.is_some() || kind.dtype().is_string() {
            return Ok(value);
        }
        Ok(self.builder.cast(value, kind.dtype())?)
    }

    fn value(&mut self, id: NodeId, family: Dtype) -> Result<ExprId, CompileError> {
        let Typed { kind, work, constant, text } = self.get(id);
        if constant.is_some() {
            // It is emitted where it is used.
            return Ok(ExprId(0));
        }
        if let Some(text) = text {
            let family = operand_family(self.typed, kind.dtype(), text, family, literals(self.dialect));
            return text::emit(self.builder, self.tree, text.operation, &self.exprs, family);
        }
        let tree = self.tree;
        match tree.node(id).kind {
            NodeKind::Number(_) | NodeKind::Text(_) => unreachable!("literals are constants"),
            NodeKind::Variable(index) => {
                let Variable { ty, read } = self.scope.variable(index);
                Ok(self.builder.add(read, ty)?)
            }
            NodeKind::Index(symbol) => Ok(self.builder.add(ExprKind::Index(symbol), Dtype::Int64.into())?),
            NodeKind::Plus(a) => self.ufunc(Ufunc::Positive, &[a], work),
            NodeKind::Negate(a) => self.ufunc(Ufunc::Negative, &[a], work),
            NodeKind::Invert(a) => self.ufunc(Ufunc::Invert, &[a], work),
            NodeKind::Not(a) => self.ufunc(Ufunc::LogicalNot, &[a], work),
            NodeKind::Binary(Operator::Pow, a, b) => (self.power)(self, a, b, work),
            NodeKind::Binary(operator @ (Operator::And | Operator::Or), a, b)
                if self.dialect == Dialect::NumExpr
                    && let Some(left) = self.get(a).constant =>
            {
                self.operand(if left.is_true() == (operator == Operator::And) { b } else { a }, work)
            }
            NodeKind::Binary(operator, a, b) => self.ufunc(ufunc_of(operator), &[a, b], work),
            NodeKind::Conditional { condition, yes, no } => match self.get(condition).constant {
                Some(value) => self.operand(if value.is_true() { yes } else { no }, work),
                None => self.select_nodes([condition, yes, no], work),
            },
            NodeKind::Function(function, list, options) => {
                self.function(function, tree.arguments(list), &tree.options[options as usize], work)
            }
            NodeKind::Call(index, list) => self.call(index, tree.arguments(list), kind.dtype()),
            NodeKind::Cast(_, a) => self.operand(a, work),
            NodeKind::AsType(dtype, a) => self.operand(a, dtype),
            NodeKind::Comma(..) | NodeKind::Builtin(..) => {
                unreachable!("Python's grammar makes no such node")
            }
        }
    }

    fn function(
        &mut self,
        function: &Function,
        args: &[NodeId],
        options: &Options,
        work: Dtype,
    ) -> Result<ExprId, CompileError> {
        match function.meaning {
            Meaning::Ufunc(ufunc) => self.ufunc(ufunc, args, work),
            Meaning::Where => self.select_nodes([args[0], args[1], args[2]], work),
            Meaning::Clip => {
                let [value, low, high] = [args[0], args[1], args[2]].map(|arg| self.operand(arg, work));
                let (value, low, high) = (value?, low?, high?);
                Ok(self.compose().clip(value, low, high)?)
            }
            Meaning::Round => {
                let value = self.operand(args[0], work)?;
                self.round(value, options.decimals)
            }
            Meaning::Reduce(reduction) => self.reduce(reduction, args[0], options, work),
            Meaning::Text(_) => unreachable!("functions of strings are emitted as such"),
        }
    }

    fn call(&mut self, index: u32, args: &[NodeId], returns: Dtype) -> Result<ExprId, CompileError> {
        let HostFunction { name, target, .. } = self.scope.function(index);
        let mut list = Vec::new();
        for arg in args {
            list.try_push(self.operand(*arg, Dtype::Float64)?)?;
        }
        Ok(host::call(self.builder, name, target, &list, returns)?)
    }

    fn reduce(
        &mut self,
        reduction: Reduction,
        argument: NodeId,
        options: &Options,
        work: Dtype,
    ) -> Result<ExprId, CompileError> {
        let axes = self.axes(options)?;
        let value = self.operand(argument, work)?;
        if self.dialect == Dialect::NumExpr && work.is_float() {
            match reduction {
                Reduction::Min => return Ok(self.compose().least_number(value, axes)?),
                Reduction::Max => return Ok(self.compose().greatest_number(value, axes)?),
                _ => {}
            }
        }
        if axes.is_none() && !self.builder.graph.has_items(value)? {
            return self.reduce_one(reduction, value, options.ddof);
        }
        let (op, gives) = match reduction {
            Reduction::Sum | Reduction::CountNonzero => (ReduceOp::Sum, wide(work)),
            Reduction::Prod => (ReduceOp::Prod, wide(work)),
            Reduction::Mean if work.is_complex() => (ReduceOp::Sum, Dtype::Complex128),
            Reduction::Mean => (ReduceOp::Mean, Dtype::Float64),
            Reduction::Min => (ReduceOp::Min, work),
            Reduction::Max => (ReduceOp::Max, work),
            Reduction::Any => (ReduceOp::Any, Dtype::Bool),
            Reduction::All => (ReduceOp::All, Dtype::Bool),
            Reduction::ArgMin => (ReduceOp::ArgMin, Dtype::Int64),
            Reduction::ArgMax => (ReduceOp::ArgMax, Dtype::Int64),
            Reduction::Std | Reduction::Var => (ReduceOp::Deviations, Dtype::Float64),
        };
        let reduced = self.builder.add(ExprKind::Reduce(op, value, axes), gives.into())?;
        if let Reduction::Std | Reduction::Var = reduction {
            let count = self.count(value, axes)?;
            let mut compose = self.compose();
            let spread = match reduction {
                Reduction::Std => compose.standard_deviation(reduced, count, options.ddof)?,
                _ => compose.variance(reduced, count, options.ddof)?,
            };
            return Ok(self.builder.cast(spread, work.component())?);
        }
        if reduction == Reduction::Mean && work.is_complex() {
            // A quotient of complex numbers: an infinite part makes NaN of the other.
            let count = self.count(value, axes)?;
            let count = self.builder.cast(count, Dtype::Complex128)?;
            let mean = self.compose().divide(reduced, count)?;
            return Ok(self.builder.cast(mean, work)?);
        }
        let result = match reduction {
            Reduction::CountNonzero | Reduction::ArgMin | Reduction::ArgMax => Dtype::Int64,
            _ => work,
        };
        Ok(self.builder.cast(reduced, result)?)
    }

    /// How many items a reduction takes.
    fn count(&mut self, value: ExprId, axes: Option<AxesId>) -> Result<ExprId, CompileError> {
        Ok(self.builder.add(ExprKind::Reduce(ReduceOp::Count, value, axes), Dtype::Int64.into())?)
    }

    /// The reduction of an array without dimensions, such as the result of another reduction.
    fn reduce_one(&mut self, reduction: Reduction, value: ExprId, ddof: f64) -> Result<ExprId, CompileError> {
        let one = self.builder.constant(Scalar::Int(1), Dtype::Int64)?;
        Ok(match reduction {
            Reduction::Sum
            | Reduction::Prod
            | Reduction::Mean
            | Reduction::Min
            | Reduction::Max
            | Reduction::Any
            | Reduction::All => value,
            Reduction::CountNonzero => self.builder.cast(value, Dtype::Int64)?,
            Reduction::ArgMin | Reduction::ArgMax => self.builder.constant(Scalar::Int(0), Dtype::Int64)?,
            Reduction::Std | Reduction::Var => {
                let component = self.builder.dtype(value).component();
                let mut compose = self.compose();
                // Zero, or NaN for what is not finite.
                let difference = compose.binary(BinaryOp::Sub, value, value)?;
                let deviation = compose.unary(UnaryOp::Abs, difference)?;
                let deviation = self.builder.cast(deviation, Dtype::Float64)?;
                let mut compose = self.compose();
                let spread = match reduction {
                    Reduction::Std => compose.standard_deviation(deviation, one, ddof)?,
                    _ => compose.variance(deviation, one, ddof)?,
                };
                self.builder.cast(spread, component)?
            }
        })
    }
}

impl Emitter<'_> {
    /// What `axis=` and `keepdims=` of a reduction say.
    fn axes(&mut self, options: &Options) -> Result<Option<AxesId>, CompileError> {
        let list = match &options.axes {
            None => None,
            Some(axes) => {
                let mut list = Vec::new();
                for axis in axes {
                    let axis = i32::try_from(*axis)
                        .map_err(|_| type_error(format_args!("axis {axis} is out of bounds")))?;
                    list.try_push(axis)?;
                }
                Some(list)
            }
        };
        Ok(self.builder.axes(Axes::new(list.as_deref(), options.keepdims)?)?)
    }
}

/// The dtype in which sums and products of `dtype` are made.
fn wide(dtype: Dtype) -> Dtype {
    match dtype {
        Dtype::Bool => Dtype::Int64,
        _ if dtype.is_unsigned() => Dtype::UInt64,
        _ if dtype.is_integer() => Dtype::Int64,
        _ => dtype,
    }
}

/// Element-wise operations.
impl Emitter<'_> {
    fn select_nodes(
        &mut self,
        [condition, yes, no]: [NodeId; 3],
        work: Dtype,
    ) -> Result<ExprId, CompileError> {
        let condition = self.operand(condition, Dtype::Bool)?;
        let (yes, no) = (self.operand(yes, work)?, self.operand(no, work)?);
        Ok(self.compose().select(condition, yes, no)?)
    }

    pub fn ufunc(&mut self, ufunc: Ufunc, args: &[NodeId], work: Dtype) -> Result<ExprId, CompileError> {
        if let (Ufunc::Compare(op), &[a, b]) = (ufunc, args) {
            return self.comparison(op, a, b, work);
        }
        match *args {
            [a, b] if ufunc == Ufunc::Power && is_two(self.get(b)) => {
                let a = self.operand(a, work)?;
                self.of_one(Ufunc::Square, a, work)
            }
            [a, b] if ufunc == Ufunc::Power && work.is_float() && is_small_and_whole(self.get(b)) => {
                let (a, b) = (self.operand(a, work)?, self.operand(b, work)?);
                Ok(self.compose().binary(BinaryOp::Powi, a, b)?)
            }
            [a, b] => {
                let (a, b) = (self.operand(a, work)?, self.operand(b, work)?);
                Ok(self.of_two(ufunc, a, b, work)?)
            }
            [a, ..] => {
                let a = self.operand(a, work)?;
                self.of_one(ufunc, a, work)
            }
            [] => unreachable!("element-wise operations have operands"),
        }
    }

    /// The operator `**`. As in NumPy, some powers of floats are other operations.
    pub fn power(&mut self, a: NodeId, b: NodeId, work: Dtype) -> Result<ExprId, CompileError> {
        let is_exact = work == Dtype::Bool || work.is_integer();
        let exponent = self.get(b).constant.filter(|value| !is_exact && !matches!(value, Scalar::Complex(_)));
        let ufunc = match exponent.map(Scalar::to_f64) {
            Some(0.5) => Ufunc::Math(MathFn::Sqrt),
            Some(-1.0) => Ufunc::Reciprocal,
            _ => return self.ufunc(Ufunc::Power, &[a, b], work),
        };
        let a = self.operand(a, work)?;
        self.of_one(ufunc, a, work)
    }

    fn of_one(&mut self, ufunc: Ufunc, a: ExprId, work: Dtype) -> Result<ExprId, CompileError> {
        let is_exact = work == Dtype::Bool || work.is_integer();
        let is_complex = work.is_complex();
        let mut compose = self.compose();
        Ok(match ufunc {
            Ufunc::Positive => a,
            Ufunc::Negative => compose.unary(UnaryOp::Neg, a)?,
            Ufunc::Invert => compose.unary(UnaryOp::BitNot, a)?,
            Ufunc::LogicalNot => compose.logical_not(a)?,
            Ufunc::Absolute if work == Dtype::Bool || work.is_unsigned() => a,
            Ufunc::Absolute | Ufunc::Fabs => compose.unary(UnaryOp::Abs, a)?,
            Ufunc::Sign => compose.unary(UnaryOp::Sign, a)?,
            Ufunc::Square => compose.multiply(a, a)?,
            Ufunc::Reciprocal => compose.reciprocal(a)?,
            Ufunc::Conjugate if is_complex => compose.unary(UnaryOp::Conj, a)?,
            Ufunc::Conjugate => a,
            Ufunc::Real if is_complex => compose.unary(UnaryOp::Real, a)?,
            Ufunc::Real => a,
            Ufunc::Imag => compose.unary(UnaryOp::Imag, a)?,
            Ufunc::Angle => compose.angle(a)?,
            Ufunc::Floor | Ufunc::Ceil | Ufunc::Trunc if is_exact => a,
            Ufunc::Floor => compose.unary(UnaryOp::Floor, a)?,
            Ufunc::Ceil => compose.unary(UnaryOp::Ceil, a)?,
            Ufunc::Trunc => compose.unary(UnaryOp::Trunc, a)?,
            Ufunc::Rint => return self.round(a, 0),
            Ufunc::Math(function) => compose.unary(UnaryOp::Math(function), a)?,
            Ufunc::Degrees => compose.degrees(a)?,
            Ufunc::Radians => compose.radians(a)?,
            Ufunc::Sinc => compose.sinc(a)?,
            Ufunc::IsNan => compose.is_nan(a)?,
            Ufunc::IsInf => compose.is_infinite(a)?,
            Ufunc::IsFinite => compose.is_finite(a)?,
            Ufunc::IsReal => compose.is_real(a)?,
            Ufunc::OnesLike => compose.ones_like(a)?,
            Ufunc::Signbit => compose.sign_bit(a)?,
            Ufunc::BitwiseCount if work == Dtype::Bool => self.builder.cast(a, Dtype::UInt8)?,
            Ufunc::BitwiseCount => compose.bitwise_count(a)?,
            _ => unreachable!("this operation has two operands"),
        })
    }

    fn of_two(&mut self, ufunc: Ufunc, a: ExprId, b: ExprId, work: Dtype) -> Result<ExprId, OutOfMemory> {
        let is_bool = work == Dtype::Bool;
        let rounds_quotient = self.dialect == Dialect::NumExpr && work.is_float();
        let mut compose = self.compose();
        let op = match ufunc {
            Ufunc::FloorDivide if rounds_quotient => {
                let quotient = compose.binary(BinaryOp::Div, a, b)?;
                return compose.unary(UnaryOp::Floor, quotient);
            }
            Ufunc::Add | Ufunc::LogicalOr | Ufunc::Maximum | Ufunc::Fmax if is_bool => BinaryOp::BitOr,
            Ufunc::Multiply | Ufunc::LogicalAnd | Ufunc::Minimum | Ufunc::Fmin if is_bool => BinaryOp::BitAnd,
            Ufunc::LogicalXor => return compose.logical_xor(a, b),
            Ufunc::BitwiseXor => BinaryOp::BitXor,
            Ufunc::Add => BinaryOp::Add,
            Ufunc::Subtract => BinaryOp::Sub,
            Ufunc::Multiply => return compose.multiply(a, b),
            Ufunc::Divide => return compose.divide(a, b),
            Ufunc::FloorDivide => BinaryOp::FloorDiv,
            Ufunc::Remainder => BinaryOp::FloorMod,
            Ufunc::Fmod => BinaryOp::Rem,
            Ufunc::Power | Ufunc::FloatPower => return compose.power(a, b),
            Ufunc::LeftShift => BinaryOp::Shl,
            Ufunc::RightShift => BinaryOp::Shr,
            Ufunc::BitwiseAnd => BinaryOp::BitAnd,
            Ufunc::BitwiseOr => BinaryOp::BitOr,
            Ufunc::Arctan2 => BinaryOp::Atan2,
            Ufunc::Hypot => BinaryOp::Hypot,
            Ufunc::Copysign => BinaryOp::Copysign,
            Ufunc::Nextafter => BinaryOp::Nextafter,
            Ufunc::Ldexp => BinaryOp::Ldexp,
            Ufunc::Logaddexp => BinaryOp::Logaddexp,
            Ufunc::Minimum => return compose.minimum(a, b),
            Ufunc::Maximum => return compose.maximum(a, b),
            Ufunc::Fmin => return compose.fmin(a, b),
            Ufunc::Fmax => return compose.fmax(a, b),
            Ufunc::Heaviside => return compose.heaviside(a, b),
            Ufunc::Logaddexp2 => return compose.logaddexp2(a, b),
            Ufunc::Gcd => return compose.gcd(a, b),
            Ufunc::Lcm => return compose.lcm(a, b),
            Ufunc::Complex => return compose.complex(a, b),
            _ => unreachable!("this operation has one operand, or is emitted apart"),
        };
        compose.binary(op, a, b)
    }

    /// To a number of decimals, halves to even. As NumPy does it: scaled, rounded, scaled back.
    fn round(&mut self, value: ExprId, decimals: i64) -> Result<ExprId, CompileError> {
        let dtype = self.builder.dtype(value);
        let is_inexact = dtype.is_float() || dtype.is_complex();
        if decimals >= 0 && !is_inexact {
            return Ok(value);
        }
        let decimals = i32::try_from(decimals).ok().filter(|decimals| decimals.abs() <= 308);
        let decimals = decimals
            .ok_or_else(|| type_error(format_args!("round() has no meaning for so many decimals")))?;
        let work = if is_inexact { dtype } else { Dtype::Float64 };
        let value = self.builder.cast(value, work)?;
        let rounded = self.compose().round_to(value, decimals)?;
        Ok(self.builder.cast(rounded, dtype)?)
    }
}

/// Comparisons.
impl Emitter<'_> {
    /// Two nodes by their values: no integer is rounded or wraps.
    fn comparison(
        &mut self,
        op: CompareOp,
        a: NodeId,
        b: NodeId,
        work: Dtype,
    ) -> Result<ExprId, CompileError> {
        if self.dialect == Dialect::NumExpr {
            let (a, b) = (self.operand(a, work)?, self.operand(b, work)?);
            return Ok(self.compose().compare(op, a, b)?);
        }
        let (left, right) = (self.get(a), self.get(b));
        if let Some((value, dtype)) = beyond(left, right) {
            let other = self.operand(b, dtype)?;
            return self.beyond(op.mirrored(), other, value, dtype);
        }
        if let Some((value, dtype)) = beyond(right, left) {
            let other = self.operand(a, dtype)?;
            return self.beyond(op, other, value, dtype);
        }
        let work = match (whole(left), whole(right)) {
            (Some(Dtype::UInt64), Some(signed)) if signed.is_signed() => {
                let (a, b) = (self.operand(a, Dtype::UInt64)?, self.operand(b, Dtype::Int64)?);
                return Ok(self.compose().compare_signed_unsigned(op, a, b)?);
            }
            (Some(signed), Some(Dtype::UInt64)) if signed.is_signed() => {
                let (a, b) = (self.operand(a, Dtype::Int64)?, self.operand(b, Dtype::UInt64)?);
                return Ok(self.compose().compare_signed_unsigned(op, a, b)?);
            }
            (Some(left), Some(right)) => promote(left, right),
            _ => work,
        };
        let (a, b) = (self.operand(a, work)?, self.operand(b, work)?);
        Ok(self.compose().compare(op, a, b)?)
    }

    /// `other op value`, where no item of the dtype has the value: the same for all items, but for each of them.
    fn beyond(
        &mut self,
        op: CompareOp,
        other: ExprId,
        value: i128,
        dtype: Dtype,
    ) -> Result<ExprId, CompileError> {
        use CompareOp::*;
        let is_above = value > 0;
        let holds = match op {
            Ne => true,
            Eq => false,
            Lt | Le => is_above,
            Gt | Ge => !is_above,
        };
        let least = if dtype.is_signed() { -(1 << (8 * dtype.size() - 1)) } else { 0 };
        let least = self.builder.constant(Scalar::Int(least), dtype)?;
        Ok(self.compose().compare(if holds { Ge } else { Lt }, other, least)?)
    }
}

/// The integer dtype of a node whose values are compared as such; a bool is one too.
fn whole(node: Typed) -> Option<Dtype> {
    match node.constant {
        Some(Scalar::Int(value)) if ufunc::holds(value, Dtype::Int64) => Some(Dtype::Int64),
        Some(Scalar::Int(_)) => Some(Dtype::UInt64),
        _ => Some(node.kind.dtype()).filter(|dtype| *dtype == Dtype::Bool || dtype.is_integer()),
    }
}

/// An integer of Python beside an integer dtype that does not have it: its value and the dtype.
fn beyond(number: Typed, other: Typed) -> Option<(i128, Dtype)> {
    let Some(Scalar::Int(value)) = number.constant else { return None };
    match other.kind.dtype() {
        dtype if dtype.is_integer() => (!ufunc::holds(value, dtype)).then_some((value, dtype)),
        // Bools are compared as int64.
        Dtype::Bool => (!ufunc::holds(value, Dtype::Int64)).then_some((value, Dtype::Int64)),
        _ => None,
    }
}

/// Whether an exponent is a small whole number: such a power is a chain of products.
fn is_small_and_whole(exponent: Typed) -> bool {
    let Some(value @ (Scalar::Int(_) | Scalar::Float(_))) = exponent.constant else { return false };
    let value = value.to_f64();
    value.fract() == 0.0 && value.abs() <= f64::from(WHOLE_POWERS)
}

/// Whether an exponent is the number 2: such a power is a product.
fn is_two(exponent: Typed) -> bool {
    matches!(exponent.constant, Some(Scalar::Int(2) | Scalar::Float(2.0)))
}
