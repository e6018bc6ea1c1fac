//! What generated code calls rather than computes: the library's vector functions, which are those
//! of the interpreter, or the C library's.

use crate::dtype::Dtype;
use crate::ir::{BinaryOp, ExprKind, MathFn, UnaryOp};
use crate::kernel::level::Level;
use crate::kernel::{self, Accuracy, Kernel as VectorKernel, Operands};

/// A function of one to three elements of one dtype, result of that dtype.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Function {
    /// As the language calls it.
    pub name: &'static str,
    /// What computes it in float64 without the library's functions.
    pub libm: &'static str,
}

impl Function {
    /// Whether the result is exact, so that every implementation gives the same.
    pub fn is_exact(&self) -> bool {
        matches!(self.name, "fmod" | "remainder" | "copysign" | "nextafter" | "fma")
    }
}

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
    let (name, libm) = match *kind {
        _ if dtype == Dtype::Bool => return None,
        ExprKind::Unary(UnaryOp::Math(function), _) => unary_names(function)?,
        ExprKind::Unary(UnaryOp::Factorial, _) => ("fac", "me_jit_fac"),
        ExprKind::Binary(BinaryOp::Nextafter, ..) if dtype == Dtype::Float32 => {
            ("nextafter", "__builtin_nextafterf")
        }
        ExprKind::Binary(BinaryOp::Rem | BinaryOp::Pow, ..) if dtype.is_integer() => return None,
        ExprKind::Binary(op, ..) => binary_names(op)?,
        ExprKind::Fma(..) if dtype == Dtype::Float32 => ("fma", "__builtin_fmaf"),
        ExprKind::Fma(..) => ("fma", "__builtin_fma"),
        _ => return None,
    };
    Some(Function { name, libm })
}

fn unary_names(function: MathFn) -> Option<(&'static str, &'static str)> {
    let name = match function {
        // An instruction of every processor.
        MathFn::Sqrt => return None,
        MathFn::Exp10 => return Some(("exp10", "me_jit_exp10")),
        MathFn::Sinpi => return Some(("sinpi", "me_jit_sinpi")),
        MathFn::Cospi => return Some(("cospi", "me_jit_cospi")),
        MathFn::Cbrt => "cbrt",
        MathFn::Exp => "exp",
        MathFn::Exp2 => "exp2",
        MathFn::Expm1 => "expm1",
        MathFn::Log => "log",
        MathFn::Log2 => "log2",
        MathFn::Log10 => "log10",
        MathFn::Log1p => "log1p",
        MathFn::Sin => "sin",
        MathFn::Cos => "cos",
        MathFn::Tan => "tan",
        MathFn::Asin => "asin",
        MathFn::Acos => "acos",
        MathFn::Atan => "atan",
        MathFn::Sinh => "sinh",
        MathFn::Cosh => "cosh",
        MathFn::Tanh => "tanh",
        MathFn::Asinh => "asinh",
        MathFn::Acosh => "acosh",
        MathFn::Atanh => "atanh",
        MathFn::Erf => "erf",
        MathFn::Erfc => "erfc",
        MathFn::Tgamma => "tgamma",
        MathFn::Lgamma => "lgamma",
    };
    Some((name, name))
}

fn binary_names(op: BinaryOp) -> Option<(&'static str, &'static str)> {
    Some(match op {
        BinaryOp::Rem => ("fmod", "__builtin_fmod"),
        BinaryOp::Pow => ("pow", "pow"),
        BinaryOp::Atan2 => ("atan2", "atan2"),
        BinaryOp::Copysign => ("copysign", "__builtin_copysign"),
        BinaryOp::Fdim => ("fdim", "fdim"),
        BinaryOp::Fmax => ("fmax", "fmax"),
        BinaryOp::Fmin => ("fmin", "fmin"),
        BinaryOp::Hypot => ("hypot", "hypot"),
        BinaryOp::Ldexp => ("ldexp", "me_jit_ldexp"),
        BinaryOp::Logaddexp => ("logaddexp", "me_jit_logaddexp"),
        BinaryOp::Ncr => ("ncr", "me_jit_ncr"),
        BinaryOp::Npr => ("npr", "me_jit_npr"),
        BinaryOp::Nextafter => ("nextafter", "__builtin_nextafter"),
        BinaryOp::Remainder => ("remainder", "__builtin_remainder"),
        _ => return None,
    })
}
