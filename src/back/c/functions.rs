//! What generated code calls rather than computes: the library's vector functions, which are those
//! of the interpreter, or the C library's.

use crate::dtype::Dtype;
use crate::ir::{ExprKind, MathFn, UnaryOp};
use crate::kernel::level::Level;
use crate::kernel::{self, Accuracy, Kernel as VectorKernel, Operands};
use crate::operation::function::{self, Function, Spelling};

/// A function that a kernel calls, for one dtype.
#[derive(Clone, Copy, Debug)]
pub struct Call {
    pub function: Function,
    pub dtype: Dtype,
    pub arity: usize,
    /// For each [`Accuracy`].
    pub kernels: [VectorKernel; 3],
}

impl Call {
    /// The vector function of an operation; `None` if it is computed in place, or not at all.
    pub fn of(kind: &ExprKind, dtype: Dtype) -> Option<Call> {
        let function = function_of(kind, dtype)?;
        let level = Level::current();
        let kernel = |accuracy| match *kind {
            ExprKind::Unary(op, _) => kernel::unary(op, dtype, accuracy, level),
            ExprKind::Binary(op, ..) => kernel::binary(op, dtype, Operands::ArrayArray, accuracy, level),
            _ => kernel::fma(dtype, level),
        };
        let [Some(fast), Some(precise), Some(scalar)] = Accuracy::ALL.map(kernel) else { return None };
        let arity = match kind {
            ExprKind::Unary(..) => 1,
            ExprKind::Binary(..) => 2,
            _ => 3,
        };
        Some(Call { function, dtype, arity, kernels: [fast, precise, scalar] })
    }

    /// The dtype in the name of the vector function.
    pub fn suffix(&self) -> &'static str {
        match self.dtype {
            Dtype::Float64 => "f64",
            Dtype::Float32 => "f32",
            other => other.name(),
        }
    }
}

/// The function that an operation on `dtype` calls.
pub fn function_of(kind: &ExprKind, dtype: Dtype) -> Option<Function> {
    let row = match *kind {
        _ if dtype == Dtype::Bool => return None,
        // An instruction of every processor.
        ExprKind::Unary(UnaryOp::Math(MathFn::Sqrt), _) => return None,
        ExprKind::Unary(UnaryOp::Math(function), _) => function.row(),
        ExprKind::Unary(UnaryOp::Factorial, _) => function::FACTORIAL,
        ExprKind::Binary(op, ..) => match op.spelling() {
            Spelling::Function(function) => function,
            Spelling::Either(_, function) if !dtype.is_integer() => function,
            Spelling::Either(..) | Spelling::Operator(_) | Spelling::Name(_) => return None,
        },
        ExprKind::Fma(..) => function::MULTIPLY_ADD,
        _ => return None,
    };
    // The others give the same through float64.
    let single = match row.name {
        _ if dtype != Dtype::Float32 => None,
        "nextafter" => Some("__builtin_nextafterf"),
        "fma" => Some("__builtin_fmaf"),
        "floor_divide" => Some("me_jit_floor_dividef"),
        "floor_mod" => Some("me_jit_floor_modf"),
        _ => None,
    };
    Some(Function { libm: single.unwrap_or(row.libm), ..row })
}
