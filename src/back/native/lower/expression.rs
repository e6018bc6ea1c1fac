//! Expressions: native lane operations, and calls of vector kernels for the rest.

use super::{Binding, Lowerer, Refusal};
use crate::back::engine::reason;
use crate::back::native::lane::{Callee, Op, Rounding, Source, Value};
use crate::dtype::{Dtype, Scalar};
use crate::ir::{BinaryOp, CompareOp, ExprId, ExprKind, FunctionId, IndexSymbol, MathFn, UnaryOp};
use crate::kernel::{self, Accuracy, Kernel as VectorKernel, Operands};
use crate::memory::{OutOfMemory, TryGrow};

/// Operands of a call.
const MAX_OPERANDS: usize = 3;

impl Lowerer<'_> {
    /// The value of an expression, operands first, without recursion.
    pub fn expression(&mut self, root: ExprId) -> Result<Value, Refusal> {
        let mut stack = Vec::new();
        stack.try_push((root, false))?;
        while let Some((id, operands_done)) = stack.pop() {
            if self.memo[id.index()].is_some() {
                continue;
            }
            if operands_done {
                let value = self.node(id)?;
                self.memo[id.index()] = Some(value);
                self.memo_log.try_push(id)?;
                continue;
            }
            stack.try_push((id, true))?;
            self.kernel.graph.operands(id).try_for_each(|operand| stack.try_push((operand, false)))?;
        }
        Ok(self.value_of(root))
    }

    /// The value of an expression that is computed.
    fn value_of(&self, id: ExprId) -> Value {
        self.memo[id.index()].unwrap_or_else(|| unreachable!("operands are computed first"))
    }

    fn node(&mut self, id: ExprId) -> Result<Value, Refusal> {
        let expr = *self.kernel.graph.expr(id);
        let dtype = expr.ty.dtype;
        if dtype.is_complex() || dtype.is_string() {
            return Err(Refusal::of(reason::DTYPE));
        }
        let of = |id: ExprId| self.value_of(id);
        match expr.kind {
            ExprKind::Constant(value) => Ok(self.constant(value, dtype)?),
            ExprKind::Param(index) => Ok(self.emit(Op::Load(index), dtype, &[])?),
            ExprKind::Index(symbol) => self.index_symbol(symbol),
            ExprKind::Local(local) => Ok(self.local(local)?),
            ExprKind::Cast(a) => {
                let a = of(a);
                self.cast(a, dtype)
            }
            ExprKind::Unary(op, a) => {
                let a = of(a);
                self.unary(op, a)
            }
            ExprKind::Binary(op, a, b) => {
                let (a, b) = (of(a), of(b));
                self.binary(op, dtype, a, b)
            }
            ExprKind::Compare(op, a, b) => {
                let (a, b) = (of(a), of(b));
                Ok(self.compare(op, a, b)?)
            }
            ExprKind::Select { condition, yes, no } => {
                let (condition, yes, no) = (of(condition), of(yes), of(no));
                Ok(self.select(condition, yes, no)?)
            }
            ExprKind::Fma(a, b, c) => {
                let args = [of(a), of(b), of(c)];
                if dtype.is_float() {
                    return Ok(self.emit(Op::MultiplyAdd, dtype, &args)?);
                }
                let kernel = kernel::fma(dtype, self.level);
                self.call([kernel; 3], dtype, &args)
            }
            ExprKind::Call { function, args } => self.host_call(function, args),
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

    /// Index symbols arrive as inputs after the parameters.
    fn index_symbol(&mut self, symbol: IndexSymbol) -> Result<Value, Refusal> {
        let index = match self.code.index_symbols.iter().position(|known| *known == symbol) {
            Some(index) => index,
            None => {
                self.code.index_symbols.try_push(symbol)?;
                self.code.index_symbols.len() - 1
            }
        };
        let input = (self.kernel.params.len() + index) as u32;
        Ok(self.emit(Op::Load(input), Dtype::Int64, &[])?)
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
            return self.call([kernel; 3], to, &[value]);
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

    fn unary_call(&mut self, op: UnaryOp, mut a: Value) -> Result<Value, Refusal> {
        let dtype = self.code.dtype(a);
        if kernel::math::is_slow_somewhere(op) {
            a = self.of_active_lanes(a)?;
        }
        let kernels = Accuracy::ALL.map(|accuracy| kernel::unary(op, dtype, accuracy, self.level));
        self.call(kernels, dtype, &[a])
    }

    fn binary(&mut self, op: BinaryOp, dtype: Dtype, a: Value, b: Value) -> Result<Value, Refusal> {
        match op {
            BinaryOp::Minimum if dtype != Dtype::Bool => return Ok(self.extremum(CompareOp::Lt, a, b)?),
            BinaryOp::Maximum if dtype != Dtype::Bool => return Ok(self.extremum(CompareOp::Gt, a, b)?),
            _ => {}
        }
        let Some(native) = native_binary(op, dtype) else {
            let (a, b) = match kernel::math::is_binary_slow_somewhere(op) {
                true => (self.of_active_lanes(a)?, self.of_active_lanes(b)?),
                false => (a, b),
            };
            let kernels = Accuracy::ALL
                .map(|accuracy| kernel::binary(op, dtype, Operands::ArrayArray, accuracy, self.level));
            return self.call(kernels, dtype, &[a, b]);
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

    /// A call of the vector kernels for the three accuracies.
    fn call(
        &mut self,
        kernels: [Option<VectorKernel>; 3],
        dtype: Dtype,
        args: &[Value],
    ) -> Result<Value, Refusal> {
        let [Some(fast), Some(precise), Some(scalar)] = kernels else {
            return Err(Refusal::of("no vector function for this operation"));
        };
        Ok(self.call_of([fast, precise, scalar].map(Callee::Kernel), dtype, args)?)
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
    fn host_call(&mut self, function: FunctionId, (start, count): (u32, u32)) -> Result<Value, Refusal> {
        let target = self.kernel.tables.function(function).target;
        if !target.is_pure() || count as usize > MAX_OPERANDS {
            return Err(Refusal::of(
                "user functions are not supported by jit ir with more than three arguments, or unless they \
                 are marked pure",
            ));
        }
        let arguments = self.kernel.graph.arguments((start, count));
        let mut values = [0; MAX_OPERANDS];
        for (value, argument) in values.iter_mut().zip(arguments) {
            *value = self.value_of(*argument);
        }
        Ok(self.call_of([Callee::Host(target); 3], Dtype::Float64, &values[..arguments.len()])?)
    }

    fn call_of(&mut self, callees: [Callee; 3], dtype: Dtype, args: &[Value]) -> Result<Value, OutOfMemory> {
        self.code.calls.try_push(callees)?;
        let index = self.code.calls.len() as u32 - 1;
        self.append(Op::Call(index), dtype, args)
    }
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
