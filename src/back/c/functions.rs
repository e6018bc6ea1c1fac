//! What generated code calls rather than computes: the library's vector functions, which are those
//! of the interpreter, or the C library's.

use crate::dtype::Dtype;
use crate::ir::ExprKind;
use crate::kernel::level::Level;
use crate::kernel::{self, Accuracy, Kernel as VectorKernel, Operands};
use crate::operation::function::Function;

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

/// The function that an operation on `dtype` calls, with its name in C for that dtype.
pub fn function_of(kind: &ExprKind, dtype: Dtype) -> Option<Function> {
    let row = Function::of(kind, dtype)?;
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
