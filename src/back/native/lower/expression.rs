//! Expressions: native lane operations, and calls of vector kernels for the rest.

use super::{Binding, Lowerer, Refusal};
use crate::back::engine::reason;
use crate::back::lane::Control;
use crate::back::native::lane::{Callee, Op, Rounding, Source, Value};
use crate::dtype::{Dtype, Scalar};
use crate::ir::{BinaryOp, CompareOp, ExprId, ExprKind, FunctionId, Graph, MathFn, UnaryOp};
use crate::kernel::{self, Accuracy, Kernel as VectorKernel, Operands};
use crate::memory::{OutOfMemory, TryGrow};
use crate::mid::facts::symbol_array;

/// Operands of a call.
const MAX_OPERANDS: usize = 3;

pub const HOST_FUNCTION: Refusal = Refusal::of(
    "user functions are not supported by jit ir with more than three arguments, or unless they are marked pure",
);

impl Lowerer<'_> {
    /// Computes the roots of a region; the result has the values of its expressions.
    pub fn region_values(&mut self, graph: &Graph, roots: &[ExprId]) -> Result<Vec<Option<Value>>, Refusal> {
        let mut values = Vec::try_filled(None, graph.len())?;
        for (id, needed) in graph.ids().zip(graph.needed(roots)?) {
            if needed {
                values[id.index()] = Some(self.node(graph, id, &values)?);
            }
        }
        Ok(values)
    }

    /// The value of an expression whose operands are computed.
    fn node(&mut self, graph: &Graph, id: ExprId, values: &[Option<Value>]) -> Result<Value, Refusal> {
        let expr = *graph.expr(id);
        let dtype = expr.ty.dtype;
        if dtype.is_complex() || dtype.is_string() {
            return Err(Refusal::of(reason::DTYPE));
        }
        let of = |id| computed(values, id);
        match expr.kind {
            ExprKind::Constant(value) => Ok(self.constant(value, dtype)?),
            ExprKind::Param(index) => Ok(self.emit(Op::Load(index), dtype, &[])?),
            ExprKind::Index(symbol) => {
                let input = symbol_array(self.kernel, &self.code.index_symbols, symbol);
                Ok(self.emit(Op::Load(input as u32), Dtype::Int64, &[])?)
            }
            ExprKind::Local(local) => Ok(self.local(local)?),
            ExprKind::Cast(a) => self.cast(of(a), dtype),
            ExprKind::Unary(op, a) => self.unary(op, of(a)),
            ExprKind::Binary(op, a, b) => self.binary(op, dtype, of(a), of(b)),
            ExprKind::Compare(op, a, b) => Ok(self.compare(op, of(a), of(b))?),
            ExprKind::Select { condition, yes, no } => Ok(self.select(of(condition), of(yes), of(no))?),
            ExprKind::Fma(a, b, c) => {
                let args = [of(a), of(b), of(c)];
                if dtype.is_float() {
                    return Ok(self.emit(Op::MultiplyAdd, dtype, &args)?);
                }
                let kernel = kernel::fma(dtype, self.level);
                self.call([kernel; 3], dtype, &args, false)
            }
            ExprKind::Call { function, args } => {
                let mut operands = [0; MAX_OPERANDS];
                let arguments = graph.arguments(args);
                for (operand, argument) in operands.iter_mut().zip(arguments) {
                    *operand = of(*argument);
                }
                self.host_call(function, operands.get(..arguments.len()))
            }
            ExprKind::Reduce(..) => Err(Refusal::of(reason::REDUCTION)),
            ExprKind::Text(_) | ExprKind::String(..) | ExprKind::StringTest(..) => {
                unreachable!("strings are refused, and operands come first")
            }
        }
    }

    /// What a local holds for the active lanes.
    fn local(&mut self, local: u32) -> Result<Value, OutOfMemory> {
        match self.env[local as usize] {
            Binding::Value(value) => Ok(value),
            Binding::Variable => self.variable(local),
            Binding::Unset if self.flow.needs_variable[local as usize] => self.variable(local),
            Binding::Unset => self.zero(self.kernel.locals[local as usize].ty.dtype),
        }
    }

    pub fn zero(&mut self, dtype: Dtype) -> Result<Value, OutOfMemory> {
        self.constant(Scalar::Bool(false).cast(dtype), dtype)
    }

    /// `value` in the range of its dtype, of which it has at least the low bits.
    fn normalized(&mut self, value: Value) -> Result<Value, OutOfMemory> {
        let dtype = self.code.dtype(value);
        if dtype.size() >= 4 { Ok(value) } else { self.emit(Op::Normalize, dtype, &[value]) }
    }

    /// The conversion of a value to `to`.
    pub fn cast(&mut self, value: Value, to: Dtype) -> Result<Value, Refusal> {
        let from = self.code.dtype(value);
        if from == to {
            return Ok(value);
        }
        if let Source::Uniform(slot) = self.code.values[value as usize].source
            && from == Dtype::Int64
            && matches!(to, Dtype::Float32 | Dtype::Float64 | Dtype::Int32)
        {
            let converted = self.code.new_slot();
            self.effect(Op::ConvertUniform(slot, converted, to), &[])?;
            return Ok(self.new_value(to, Source::Uniform(converted))?);
        }
        if to == Dtype::Bool {
            let zero = self.zero(from)?;
            return Ok(self.compare(CompareOp::Ne, value, zero)?);
        }
        if from == Dtype::Bool {
            let (one, zero) = (self.constant(Scalar::Bool(true).cast(to), to)?, self.zero(to)?);
            return Ok(self.emit(Op::Select, to, &[value, one, zero])?);
        }
        if from.is_float() && matches!(to, Dtype::UInt32 | Dtype::UInt64) {
            let kernel = kernel::cast(from, to, self.level);
            return self.call([kernel; 3], to, &[value], false);
        }
        let converted = self.emit(Op::Convert, to, &[value])?;
        Ok(self.normalized(converted)?)
    }

    fn unary(&mut self, op: UnaryOp, a: Value) -> Result<Value, Refusal> {
        let dtype = self.code.dtype(a);
        match op {
            UnaryOp::Real | UnaryOp::Conj => Ok(a),
            UnaryOp::Math(MathFn::Sqrt) if dtype.is_float() => Ok(self.emit(Op::Sqrt, dtype, &[a])?),
            _ if dtype.is_float() => self.float_unary(op, a),
            _ if dtype.is_integer() => self.integer_unary(op, a),
            UnaryOp::BitNot => Ok(self.emit(Op::Not, dtype, &[a])?),
            _ => self.unary_call(op, a),
        }
    }

    fn float_unary(&mut self, op: UnaryOp, a: Value) -> Result<Value, Refusal> {
        let dtype = self.code.dtype(a);
        let sign = Scalar::Float(-0.0);
        match op {
            UnaryOp::Neg => {
                let sign = self.constant(sign, dtype)?;
                Ok(self.emit(Op::Xor, dtype, &[a, sign])?)
            }
            UnaryOp::Abs => {
                let sign = self.constant(sign, dtype)?;
                Ok(self.emit(Op::AndNot, dtype, &[sign, a])?)
            }
            UnaryOp::Square => Ok(self.emit(Op::Mul, dtype, &[a, a])?),
            UnaryOp::Floor => Ok(self.emit(Op::Round(Rounding::Down), dtype, &[a])?),
            UnaryOp::Ceil => Ok(self.emit(Op::Round(Rounding::Up), dtype, &[a])?),
            UnaryOp::Trunc => Ok(self.emit(Op::Round(Rounding::Zero), dtype, &[a])?),
            UnaryOp::Rint => Ok(self.emit(Op::Round(Rounding::NearestEven), dtype, &[a])?),
            _ => self.unary_call(op, a),
        }
    }

    fn integer_unary(&mut self, op: UnaryOp, a: Value) -> Result<Value, Refusal> {
        let dtype = self.code.dtype(a);
        match op {
            UnaryOp::Neg => {
                let zero = self.zero(dtype)?;
                self.binary(BinaryOp::Sub, dtype, zero, a)
            }
            UnaryOp::BitNot => {
                let ones = self.integer(-1, dtype)?;
                Ok(self.emit(Op::Xor, dtype, &[a, ones])?)
            }
            UnaryOp::Abs if dtype.is_signed() => {
                let value = self.emit(Op::Abs, dtype, &[a])?;
                Ok(self.normalized(value)?)
            }
            UnaryOp::Square => self.binary(BinaryOp::Mul, dtype, a, a),
            UnaryOp::Abs
            | UnaryOp::Floor
            | UnaryOp::Ceil
            | UnaryOp::Trunc
            | UnaryOp::Round
            | UnaryOp::Rint => Ok(a),
            _ => self.unary_call(op, a),
        }
    }

    fn unary_call(&mut self, op: UnaryOp, a: Value) -> Result<Value, Refusal> {
        let dtype = self.code.dtype(a);
        let kernels = Accuracy::ALL.map(|accuracy| kernel::unary(op, dtype, accuracy, self.level));
        self.call(kernels, dtype, &[a], kernel::math::is_slow_somewhere(op))
    }

    fn binary(&mut self, op: BinaryOp, dtype: Dtype, a: Value, b: Value) -> Result<Value, Refusal> {
        match op {
            BinaryOp::Minimum if dtype != Dtype::Bool => return Ok(self.extremum(CompareOp::Lt, a, b)?),
            BinaryOp::Maximum if dtype != Dtype::Bool => return Ok(self.extremum(CompareOp::Gt, a, b)?),
            _ => {}
        }
        let Some(native) = native_binary(op, dtype) else {
            let kernels = Accuracy::ALL
                .map(|accuracy| kernel::binary(op, dtype, Operands::ArrayArray, accuracy, self.level));
            return self.call(kernels, dtype, &[a, b], kernel::math::is_binary_slow_somewhere(op));
        };
        let value = self.emit(native, dtype, &[a, b])?;
        let keeps_range = dtype.is_float() || matches!(native, Op::And | Op::Or | Op::Xor | Op::ShiftRight);
        if keeps_range { Ok(value) } else { Ok(self.normalized(value)?) }
    }

    /// The first value where it is NaN or compares with the second, else the second.
    fn extremum(&mut self, op: CompareOp, a: Value, b: Value) -> Result<Value, OutOfMemory> {
        let mut is_first = self.compare(op, a, b)?;
        if self.code.dtype(a).is_float() {
            let is_nan = self.compare(CompareOp::Ne, a, a)?;
            is_first = self.emit(Op::Or, Dtype::Bool, &[is_first, is_nan])?;
        }
        self.select(is_first, a, b)
    }

    pub fn compare(&mut self, op: CompareOp, a: Value, b: Value) -> Result<Value, OutOfMemory> {
        if self.code.dtype(a) != Dtype::Bool {
            return self.emit(Op::Compare(op), Dtype::Bool, &[a, b]);
        }
        let (mask_op, a, b) = match op {
            CompareOp::Eq | CompareOp::Ne => (Op::Xor, a, b),
            CompareOp::Lt | CompareOp::Ge => (Op::AndNot, a, b),
            CompareOp::Gt | CompareOp::Le => (Op::AndNot, b, a),
        };
        let value = self.emit(mask_op, Dtype::Bool, &[a, b])?;
        match op {
            CompareOp::Eq | CompareOp::Ge | CompareOp::Le => self.emit(Op::Not, Dtype::Bool, &[value]),
            _ => Ok(value),
        }
    }

    /// The second value where the mask holds, else the third.
    pub fn select(&mut self, mask: Value, yes: Value, no: Value) -> Result<Value, OutOfMemory> {
        if yes == no {
            return Ok(yes);
        }
        let dtype = self.code.dtype(yes);
        if dtype != Dtype::Bool {
            return self.emit(Op::Select, dtype, &[mask, yes, no]);
        }
        let yes = self.emit(Op::And, dtype, &[mask, yes])?;
        let no = self.emit(Op::AndNot, dtype, &[mask, no])?;
        self.emit(Op::Or, dtype, &[yes, no])
    }

    /// A call of the vector kernels for the three accuracies, which may be slow for some operands.
    fn call(
        &mut self,
        kernels: [Option<VectorKernel>; 3],
        dtype: Dtype,
        args: &[Value],
        is_slow_somewhere: bool,
    ) -> Result<Value, Refusal> {
        let [Some(fast), Some(precise), Some(scalar)] = kernels else {
            return Err(Refusal::of("no vector function for this operation"));
        };
        Ok(self.call_of([fast, precise, scalar].map(Callee::Kernel), dtype, args, is_slow_somewhere)?)
    }

    fn call_of(
        &mut self,
        callees: [Callee; 3],
        dtype: Dtype,
        args: &[Value],
        is_slow_somewhere: bool,
    ) -> Result<Value, OutOfMemory> {
        let op = self.call_instruction(callees)?;
        let key = self.key(op, dtype, args);
        if let Some(value) = self.known_calls.find(&key) {
            return Ok(value);
        }
        let mut operands = [0; MAX_OPERANDS];
        for (operand, arg) in operands.iter_mut().zip(args) {
            *operand = if is_slow_somewhere { self.of_active_lanes(*arg)? } else { *arg };
        }
        let value = self.append(op, dtype, &operands[..args.len()])?;
        self.known_calls.add(key, value)?;
        Ok(value)
    }

    /// The instruction that calls functions, one for each accuracy.
    fn call_instruction(&mut self, callees: [Callee; 3]) -> Result<Op, OutOfMemory> {
        let known = self.code.calls.iter().position(|known| known.iter().zip(&callees).all(|(a, b)| a.is(b)));
        let index = match known {
            Some(index) => index,
            None => {
                self.code.calls.try_push(callees)?;
                self.code.calls.len() - 1
            }
        };
        Ok(Op::Call(index as u32))
    }

    /// The operand of a function that is slow for some arguments: 1 in the lanes that have left a loop or a
    /// branch, whose values may have grown into those.
    fn of_active_lanes(&mut self, value: Value) -> Result<Value, OutOfMemory> {
        let dtype = self.code.dtype(value);
        match self.active() {
            Some(mask) if self.flow.has_jumps && dtype.is_float() => {
                let one = self.constant(Scalar::Float(1.0), dtype)?;
                self.select(mask, value, one)
            }
            _ => Ok(value),
        }
    }

    /// A call of a function of the host. It sees values of lanes that do not run the statement and of those
    /// that fill a group, so it must be pure.
    fn host_call(&mut self, function: FunctionId, args: Option<&[Value]>) -> Result<Value, Refusal> {
        let target = self.kernel.tables.function(function).target;
        let Some(args) = args else { return Err(HOST_FUNCTION) };
        Ok(self.call_of([Callee::Host(target); 3], Dtype::Float64, args, false)?)
    }
}

/// The value of an expression that is computed.
pub fn computed(values: &[Option<Value>], id: ExprId) -> Value {
    values[id.index()].unwrap_or_else(|| unreachable!("operands are computed first"))
}

/// The lane operation that does `op` on `dtype`, if there is one.
fn native_binary(op: BinaryOp, dtype: Dtype) -> Option<Op> {
    if dtype == Dtype::Bool {
        return match op {
            BinaryOp::Add | BinaryOp::BitOr | BinaryOp::Maximum => Some(Op::Or),
            BinaryOp::Mul | BinaryOp::BitAnd | BinaryOp::Minimum => Some(Op::And),
            BinaryOp::Sub | BinaryOp::BitXor => Some(Op::Xor),
            _ => None,
        };
    }
    match op {
        BinaryOp::Add => Some(Op::Add),
        BinaryOp::Sub => Some(Op::Sub),
        BinaryOp::Mul => Some(Op::Mul),
        BinaryOp::Div if dtype.is_float() => Some(Op::Div),
        _ if dtype.is_float() => None,
        BinaryOp::BitAnd => Some(Op::And),
        BinaryOp::BitOr => Some(Op::Or),
        BinaryOp::BitXor => Some(Op::Xor),
        BinaryOp::Shl => Some(Op::ShiftLeft),
        BinaryOp::Shr => Some(Op::ShiftRight),
        _ => None,
    }
}
