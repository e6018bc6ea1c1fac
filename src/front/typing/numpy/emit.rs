//! Emission of typed expressions, operands before users.

use super::infer::ufunc_of;
use super::promote::common;
use super::{Kind, Typed, type_error, ufunc};
use crate::dtype::{Dtype, Scalar};
use crate::front::error::CompileError;
use crate::front::scope::{HostFunction, Scope, Variable};
use crate::front::tree::{NodeId, NodeKind, Options, Tree};
use crate::front::typing::{host, text};
use crate::operation::known;
use crate::ir::{BinaryOp, Builder, CompareOp, ExprId, ExprKind, MathFn, ReduceOp, UnaryOp};
use crate::memory::{OutOfMemory, TryGrow};
use crate::operation::numpy::{Function, Meaning, Reduction, Ufunc};

/// Adds the whole tree, in the dtype of its root.
pub fn emit(
    builder: &mut Builder,
    scope: &Scope<'_>,
    tree: &Tree,
    typed: &[Typed],
) -> Result<ExprId, CompileError> {
    let needs = needs(tree, typed)?;
    let exprs = Vec::try_filled(ExprId(0), tree.nodes.len())?;
    let mut emitter = Emitter { builder, scope, tree, typed, exprs };
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
fn needs(tree: &Tree, typed: &[Typed]) -> Result<Vec<Option<Dtype>>, OutOfMemory> {
    let mut needs = Vec::try_filled(None, tree.nodes.len())?;
    needs[tree.root() as usize] = Some(Dtype::String);
    for id in (0..=tree.root()).rev() {
        let node = &typed[id as usize];
        let Some(wanted) = needs[id as usize].filter(|_| node.constant.is_none()) else { continue };
        let family = match node.text {
            Some(text) => {
                let is_own = node.kind.dtype().is_string();
                let result = if !is_own || node.text.is_some_and(|text| text.adapts) {
                    wanted
                } else {
                    node.kind.dtype()
                };
                let result = if is_own { result } else { Dtype::Bool };
                text::operand_family(typed, text, result, Dtype::String)
            }
            None => wanted,
        };
        match tree.node(id).kind {
            NodeKind::Conditional { condition, yes, no } if typed[condition as usize].constant.is_some() => {
                let holds = typed[condition as usize].constant.is_some_and(Scalar::is_true);
                needs[if holds { yes } else { no } as usize] = Some(family);
            }
            _ => tree.for_each_operand(id, |operand| needs[operand as usize] = Some(family)),
        }
        if node.text.is_some_and(|text| text.adapts) {
            needs[id as usize] = Some(family);
        }
    }
    Ok(needs)
}

/// Adds the expressions of nodes whose operands have theirs.
pub struct Emitter<'a> {
    pub builder: &'a mut Builder,
    scope: &'a Scope<'a>,
    tree: &'a Tree,
    typed: &'a [Typed],
    exprs: Vec<ExprId>,
}

/// What the engines have no operation for yet.
pub fn missing(what: std::fmt::Arguments<'_>) -> CompileError {
    type_error(format_args!("{what} is not supported yet"))
}

impl Emitter<'_> {
    fn get(&self, id: NodeId) -> Typed {
        self.typed[id as usize]
    }

    /// An expression, or its value if it is known.
    fn add(&mut self, kind: ExprKind, dtype: Dtype) -> Result<ExprId, CompileError> {
        Ok(match known::known(&self.builder.graph, kind) {
            Some(value) => self.builder.constant(value, dtype)?,
            None => self.builder.add(kind, dtype.into())?,
        })
    }

    /// A node in a dtype. A number of Python has it for the first time.
    fn operand(&mut self, id: NodeId, dtype: Dtype) -> Result<ExprId, CompileError> {
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

    fn node(&mut self, id: NodeId, family: Dtype) -> Result<ExprId, CompileError> {
        let Typed { kind, work, constant, text } = self.get(id);
        if constant.is_some() {
            // It is emitted where it is used.
            return Ok(ExprId(0));
        }
        if let Some(text) = text {
            let family = text::operand_family(
                self.typed,
                text,
                if kind.dtype().is_string() { family } else { Dtype::Bool },
                Dtype::String,
            );
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
                let above = self.extremum(Ufunc::Maximum, value, low)?;
                self.extremum(Ufunc::Minimum, above, high)
            }
            Meaning::Round => {
                let value = self.operand(args[0], work)?;
                self.round(value, options.decimals)
            }
            Meaning::Reduce(reduction) => self.reduce(function.name, reduction, args[0], options, work),
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
        name: &str,
        reduction: Reduction,
        argument: NodeId,
        options: &Options,
        work: Dtype,
    ) -> Result<ExprId, CompileError> {
        if options.axes.is_some() || options.keepdims {
            return Err(missing(format_args!("{name}() along an axis")));
        }
        let value = self.operand(argument, work)?;
        let is_exact = work == Dtype::Bool || work.is_integer();
        let (op, gives) = match reduction {
            Reduction::Sum | Reduction::CountNonzero => (ReduceOp::Sum, wide(work)),
            Reduction::Prod => (ReduceOp::Prod, wide(work)),
            Reduction::Mean if work.is_complex() => (ReduceOp::Mean, Dtype::Complex128),
            Reduction::Mean => (ReduceOp::Mean, Dtype::Float64),
            Reduction::Min | Reduction::Max if work.is_complex() => {
                return Err(missing(format_args!("{name}() of complex numbers")));
            }
            Reduction::Min => (ReduceOp::Min, work),
            Reduction::Max => (ReduceOp::Max, work),
            Reduction::Any => (ReduceOp::Any, Dtype::Bool),
            Reduction::All => (ReduceOp::All, Dtype::Bool),
            Reduction::Std | Reduction::Var | Reduction::ArgMin | Reduction::ArgMax => {
                return Err(missing(format_args!("{name}()")));
            }
        };
        let reduced = self.builder.add(ExprKind::Reduce(op, value), gives.into())?;
        let result = match reduction {
            Reduction::CountNonzero => Dtype::Int64,
            Reduction::Sum | Reduction::Prod if is_exact => work,
            _ => work,
        };
        Ok(self.builder.cast(reduced, result)?)
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
    pub fn dtype(&self, id: ExprId) -> Dtype {
        self.builder.dtype(id)
    }

    pub fn number(&mut self, value: f64, dtype: Dtype) -> Result<ExprId, CompileError> {
        Ok(self.builder.constant(Scalar::Float(value), dtype)?)
    }

    pub fn unary(&mut self, op: UnaryOp, a: ExprId) -> Result<ExprId, CompileError> {
        let dtype = self.dtype(a);
        let result = match op {
            UnaryOp::Abs | UnaryOp::Real | UnaryOp::Imag => dtype.component(),
            _ => dtype,
        };
        self.add(ExprKind::Unary(op, a), result)
    }

    pub fn binary(&mut self, op: BinaryOp, a: ExprId, b: ExprId) -> Result<ExprId, CompileError> {
        let dtype = self.dtype(a);
        self.add(ExprKind::Binary(op, a, b), dtype)
    }

    fn compare(&mut self, op: CompareOp, a: ExprId, b: ExprId) -> Result<ExprId, CompileError> {
        self.add(ExprKind::Compare(op, a, b), Dtype::Bool)
    }

    fn and(&mut self, a: ExprId, b: ExprId) -> Result<ExprId, CompileError> {
        self.binary(BinaryOp::BitAnd, a, b)
    }

    fn or(&mut self, a: ExprId, b: ExprId) -> Result<ExprId, CompileError> {
        self.binary(BinaryOp::BitOr, a, b)
    }

    fn select(&mut self, condition: ExprId, yes: ExprId, no: ExprId) -> Result<ExprId, CompileError> {
        let dtype = self.dtype(yes);
        self.add(ExprKind::Select { condition, yes, no }, dtype)
    }

    fn select_nodes(
        &mut self,
        [condition, yes, no]: [NodeId; 3],
        work: Dtype,
    ) -> Result<ExprId, CompileError> {
        let condition = self.operand(condition, Dtype::Bool)?;
        let (yes, no) = (self.operand(yes, work)?, self.operand(no, work)?);
        self.select(condition, yes, no)
    }

    fn ufunc(&mut self, ufunc: Ufunc, args: &[NodeId], work: Dtype) -> Result<ExprId, CompileError> {
        if let (Ufunc::Compare(op), &[a, b]) = (ufunc, args) {
            return self.comparison(op, a, b, work);
        }
        match *args {
            [a] => {
                let a = self.operand(a, work)?;
                self.of_one(ufunc, a, work)
            }
            [a, b] if ufunc == Ufunc::Power && is_two(self.get(b)) => {
                let a = self.operand(a, work)?;
                self.of_one(Ufunc::Square, a, work)
            }
            [a, b] => {
                let (a, b) = (self.operand(a, work)?, self.operand(b, work)?);
                self.of_two(ufunc, a, b, work)
            }
            _ => unreachable!("element-wise operations have one or two operands"),
        }
    }

    fn of_one(&mut self, ufunc: Ufunc, a: ExprId, work: Dtype) -> Result<ExprId, CompileError> {
        let is_exact = work == Dtype::Bool || work.is_integer();
        match ufunc {
            Ufunc::Positive => Ok(a),
            Ufunc::Negative => self.unary(UnaryOp::Neg, a),
            Ufunc::Invert | Ufunc::LogicalNot => self.unary(UnaryOp::BitNot, a),
            Ufunc::Absolute if work == Dtype::Bool || work.is_unsigned() => Ok(a),
            Ufunc::Absolute | Ufunc::Fabs => self.unary(UnaryOp::Abs, a),
            Ufunc::Sign if work.is_complex() => Err(missing(format_args!("sign() of complex numbers"))),
            Ufunc::Sign => self.unary(UnaryOp::Sign, a),
            Ufunc::Square => self.binary(BinaryOp::Mul, a, a),
            Ufunc::Reciprocal => {
                let one = self.number(1.0, work)?;
                self.binary(BinaryOp::Div, one, a)
            }
            Ufunc::Conjugate if work.is_complex() => self.unary(UnaryOp::Conj, a),
            Ufunc::Conjugate => Ok(a),
            Ufunc::Real if !work.is_complex() => Ok(a),
            Ufunc::Real => self.unary(UnaryOp::Real, a),
            Ufunc::Imag => self.unary(UnaryOp::Imag, a),
            Ufunc::Angle => {
                let (imag, real) = (self.unary(UnaryOp::Imag, a)?, self.unary(UnaryOp::Real, a)?);
                self.binary(BinaryOp::Atan2, imag, real)
            }
            Ufunc::Floor | Ufunc::Ceil | Ufunc::Trunc if is_exact => Ok(a),
            Ufunc::Floor => self.unary(UnaryOp::Floor, a),
            Ufunc::Ceil => self.unary(UnaryOp::Ceil, a),
            Ufunc::Trunc => self.unary(UnaryOp::Trunc, a),
            Ufunc::Rint => self.round(a, 0),
            Ufunc::Math(function) if work.is_complex() && function != MathFn::Sqrt => {
                Err(missing(format_args!("this function of complex numbers")))
            }
            Ufunc::Math(function) => self.unary(UnaryOp::Math(function), a),
            Ufunc::Degrees | Ufunc::Radians => {
                let factor = if ufunc == Ufunc::Degrees {
                    180.0 / std::f64::consts::PI
                } else {
                    std::f64::consts::PI / 180.0
                };
                let factor = self.number(factor, work)?;
                self.binary(BinaryOp::Mul, a, factor)
            }
            Ufunc::Sinc => self.sinc(a),
            Ufunc::IsNan => self.is_nan(a),
            Ufunc::IsInf => self.is_infinite(a),
            Ufunc::IsFinite => self.is_finite(a),
            Ufunc::IsReal => {
                let imag = self.unary(UnaryOp::Imag, a)?;
                let zero = self.number(0.0, work.component())?;
                self.compare(CompareOp::Eq, imag, zero)
            }
            Ufunc::Signbit if is_exact => {
                let zero = self.number(0.0, work)?;
                self.compare(CompareOp::Lt, a, zero)
            }
            Ufunc::Signbit => {
                let one = self.number(1.0, work)?;
                let signed = self.binary(BinaryOp::Copysign, one, a)?;
                let zero = self.number(0.0, work)?;
                self.compare(CompareOp::Lt, signed, zero)
            }
            Ufunc::BitwiseCount => Err(missing(format_args!("bitwise_count()"))),
            _ => unreachable!("this operation has two operands"),
        }
    }

    fn of_two(&mut self, ufunc: Ufunc, a: ExprId, b: ExprId, work: Dtype) -> Result<ExprId, CompileError> {
        let is_bool = work == Dtype::Bool;
        let op = match ufunc {
            Ufunc::Add | Ufunc::LogicalOr | Ufunc::Maximum | Ufunc::Fmax if is_bool => BinaryOp::BitOr,
            Ufunc::Multiply | Ufunc::LogicalAnd | Ufunc::Minimum | Ufunc::Fmin if is_bool => BinaryOp::BitAnd,
            Ufunc::LogicalXor => BinaryOp::BitXor,
            Ufunc::Add => BinaryOp::Add,
            Ufunc::Subtract => BinaryOp::Sub,
            Ufunc::Multiply => BinaryOp::Mul,
            Ufunc::Divide => BinaryOp::Div,
            Ufunc::Fmod => BinaryOp::Rem,
            Ufunc::Power | Ufunc::FloatPower => BinaryOp::Pow,
            Ufunc::LeftShift => BinaryOp::Shl,
            Ufunc::RightShift => BinaryOp::Shr,
            Ufunc::BitwiseAnd => BinaryOp::BitAnd,
            Ufunc::BitwiseOr => BinaryOp::BitOr,
            Ufunc::BitwiseXor => BinaryOp::BitXor,
            Ufunc::Arctan2 => BinaryOp::Atan2,
            Ufunc::Hypot => BinaryOp::Hypot,
            Ufunc::Copysign => BinaryOp::Copysign,
            Ufunc::Nextafter => BinaryOp::Nextafter,
            Ufunc::Ldexp => BinaryOp::Ldexp,
            Ufunc::Logaddexp => BinaryOp::Logaddexp,
            Ufunc::Minimum | Ufunc::Maximum | Ufunc::Fmin | Ufunc::Fmax => return self.extremum(ufunc, a, b),
            Ufunc::Heaviside => return self.heaviside(a, b),
            Ufunc::Logaddexp2 => return self.logaddexp2(a, b),
            Ufunc::FloorDivide => return Err(missing(format_args!("'//'"))),
            Ufunc::Remainder => return Err(missing(format_args!("'%'"))),
            Ufunc::Gcd => return Err(missing(format_args!("gcd()"))),
            Ufunc::Lcm => return Err(missing(format_args!("lcm()"))),
            _ => unreachable!("this operation has one operand, or is emitted apart"),
        };
        self.binary(op, a, b)
    }

    /// `minimum`, `maximum`, where NaN wins, `fmin`, `fmax`, where it loses. Of equal ones it is the second.
    pub fn extremum(&mut self, ufunc: Ufunc, a: ExprId, b: ExprId) -> Result<ExprId, CompileError> {
        let dtype = self.dtype(a);
        let is_least = matches!(ufunc, Ufunc::Minimum | Ufunc::Fmin);
        if dtype == Dtype::Bool {
            return self.binary(if is_least { BinaryOp::BitAnd } else { BinaryOp::BitOr }, a, b);
        }
        if dtype.is_complex() {
            return Err(missing(format_args!("the order of complex numbers")));
        }
        let op = if is_least { CompareOp::Lt } else { CompareOp::Gt };
        let wins = self.compare(op, a, b)?;
        if dtype.is_integer() {
            return self.select(wins, a, b);
        }
        let is_nan = match ufunc {
            Ufunc::Minimum | Ufunc::Maximum => self.is_nan(a)?,
            _ => self.is_nan(b)?,
        };
        let takes_a = self.or(wins, is_nan)?;
        self.select(takes_a, a, b)
    }

    fn is_nan(&mut self, a: ExprId) -> Result<ExprId, CompileError> {
        self.compare(CompareOp::Ne, a, a)
    }

    fn is_infinite(&mut self, a: ExprId) -> Result<ExprId, CompileError> {
        let dtype = self.dtype(a);
        if !dtype.is_float() && !dtype.is_complex() {
            return self.compare(CompareOp::Ne, a, a);
        }
        // The modulus of a complex number is infinite if a part is, whatever the other.
        let magnitude = self.unary(UnaryOp::Abs, a)?;
        let infinity = self.number(f64::INFINITY, dtype.component())?;
        self.compare(CompareOp::Eq, magnitude, infinity)
    }

    fn is_finite(&mut self, a: ExprId) -> Result<ExprId, CompileError> {
        let dtype = self.dtype(a);
        if dtype.is_complex() {
            // The modulus of finite parts can overflow.
            let (real, imag) = (self.unary(UnaryOp::Real, a)?, self.unary(UnaryOp::Imag, a)?);
            let (real, imag) = (self.is_finite(real)?, self.is_finite(imag)?);
            return self.and(real, imag);
        }
        if !dtype.is_float() {
            return self.compare(CompareOp::Eq, a, a);
        }
        let magnitude = self.unary(UnaryOp::Abs, a)?;
        let infinity = self.number(f64::INFINITY, dtype)?;
        self.compare(CompareOp::Lt, magnitude, infinity)
    }

    /// sin(πx)/πx, as NumPy computes it: zero counts as 10⁻²⁰.
    fn sinc(&mut self, a: ExprId) -> Result<ExprId, CompileError> {
        let dtype = self.dtype(a);
        if dtype.is_complex() {
            return Err(missing(format_args!("sinc() of complex numbers")));
        }
        let zero = self.number(0.0, dtype)?;
        let tiny = self.number(1e-20, dtype)?;
        let pi = self.number(std::f64::consts::PI, dtype)?;
        let is_zero = self.compare(CompareOp::Eq, a, zero)?;
        let argument = self.select(is_zero, tiny, a)?;
        let argument = self.binary(BinaryOp::Mul, pi, argument)?;
        let sine = self.unary(UnaryOp::Math(MathFn::Sin), argument)?;
        self.binary(BinaryOp::Div, sine, argument)
    }

    /// 0 below zero, 1 above, `b` at zero; NaN stays.
    fn heaviside(&mut self, a: ExprId, b: ExprId) -> Result<ExprId, CompileError> {
        let dtype = self.dtype(a);
        let (zero, one) = (self.number(0.0, dtype)?, self.number(1.0, dtype)?);
        let is_above = self.compare(CompareOp::Gt, a, zero)?;
        let is_below = self.compare(CompareOp::Lt, a, zero)?;
        let is_zero = self.compare(CompareOp::Eq, a, zero)?;
        let at_zero = self.select(is_zero, b, a)?;
        let up_to_zero = self.select(is_below, zero, at_zero)?;
        self.select(is_above, one, up_to_zero)
    }

    /// log2(2^a + 2^b).
    fn logaddexp2(&mut self, a: ExprId, b: ExprId) -> Result<ExprId, CompileError> {
        let dtype = self.dtype(a);
        let one = self.number(1.0, dtype)?;
        let log2_e = self.number(std::f64::consts::LOG2_E, dtype)?;
        let difference = self.binary(BinaryOp::Sub, a, b)?;
        let magnitude = self.unary(UnaryOp::Abs, difference)?;
        let exponent = self.unary(UnaryOp::Neg, magnitude)?;
        let ratio = self.unary(UnaryOp::Math(MathFn::Exp2), exponent)?;
        let logarithm = self.unary(UnaryOp::Math(MathFn::Log1p), ratio)?;
        let added = self.binary(BinaryOp::Mul, logarithm, log2_e)?;
        let larger = self.extremum(Ufunc::Maximum, a, b)?;
        let sum = self.binary(BinaryOp::Add, larger, added)?;
        // Infinities of one sign have no difference.
        let double = self.binary(BinaryOp::Add, a, one)?;
        let is_equal = self.compare(CompareOp::Eq, a, b)?;
        self.select(is_equal, double, sum)
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
        let (left, right) = (self.get(a), self.get(b));
        if let Some((value, dtype)) = beyond(left, right) {
            let other = self.operand(b, dtype)?;
            return self.beyond(op.mirrored(), other, value, dtype);
        }
        if let Some((value, dtype)) = beyond(right, left) {
            let other = self.operand(a, dtype)?;
            return self.beyond(op, other, value, dtype);
        }
        match (whole(left), whole(right)) {
            (Some(signed), Some(Dtype::UInt64)) if signed.is_signed() => self.mixed(op, a, b),
            (Some(Dtype::UInt64), Some(signed)) if signed.is_signed() => self.mixed(op.mirrored(), b, a),
            (Some(left), Some(right)) => {
                let work = common([Kind::Strong(left), Kind::Strong(right)]);
                let (a, b) = (self.operand(a, work)?, self.operand(b, work)?);
                self.compare(op, a, b)
            }
            _ => {
                let (a, b) = (self.operand(a, work)?, self.operand(b, work)?);
                self.ordered(op, a, b)
            }
        }
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
        let least =
            if dtype.is_signed() { Scalar::Int(-(1 << (8 * dtype.size() - 1))) } else { Scalar::Int(0) };
        let least = self.builder.constant(least, dtype)?;
        self.compare(if holds { Ge } else { Lt }, other, least)
    }

    /// A signed integer and one of uint64.
    fn mixed(&mut self, op: CompareOp, signed: NodeId, unsigned: NodeId) -> Result<ExprId, CompileError> {
        use CompareOp::*;
        let signed = self.operand(signed, Dtype::Int64)?;
        let unsigned = self.operand(unsigned, Dtype::UInt64)?;
        let zero = self.builder.constant(Scalar::Int(0), Dtype::Int64)?;
        let wrapped = self.builder.cast(signed, Dtype::UInt64)?;
        let holds = self.compare(op, wrapped, unsigned)?;
        match op {
            Lt | Le | Ne => {
                let is_negative = self.compare(Lt, signed, zero)?;
                self.or(is_negative, holds)
            }
            Gt | Ge | Eq => {
                let is_natural = self.compare(Ge, signed, zero)?;
                self.and(is_natural, holds)
            }
        }
    }

    /// Operands of one dtype; complex numbers have the order of their real parts, then of the imaginary ones.
    fn ordered(&mut self, op: CompareOp, a: ExprId, b: ExprId) -> Result<ExprId, CompileError> {
        use CompareOp::*;
        if !self.dtype(a).is_complex() || matches!(op, Eq | Ne) {
            return self.compare(op, a, b);
        }
        let strict = if matches!(op, Lt | Le) { Lt } else { Gt };
        let (left, right) = (self.unary(UnaryOp::Real, a)?, self.unary(UnaryOp::Real, b)?);
        let (above, below) = (self.unary(UnaryOp::Imag, a)?, self.unary(UnaryOp::Imag, b)?);
        let reals = self.compare(strict, left, right)?;
        let (first, second) = (self.compare(Eq, above, above)?, self.compare(Eq, below, below)?);
        let numbers = self.and(first, second)?;
        let reals = self.and(reals, numbers)?;
        let is_equal = self.compare(Eq, left, right)?;
        let imags = self.compare(op, above, below)?;
        let imags = self.and(is_equal, imags)?;
        self.or(reals, imags)
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

/// Whether an exponent is the number 2: such a power is a product.
fn is_two(exponent: Typed) -> bool {
    matches!(exponent.constant, Some(Scalar::Int(2) | Scalar::Float(2.0)))
}
