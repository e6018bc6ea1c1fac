//! What generated code, traces and documents call the operations: one row each.

use crate::dtype::Dtype;
use crate::ir::{BinaryOp, ExprKind, MathFn, UnaryOp};

/// A function of one to three real numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Function {
    /// As the language and listings call it. The function on arrays that kernels call is
    /// `me_jit_vec_<name>_<dtype>`.
    pub name: &'static str,
    /// What computes it in float64, in C, without the library's functions.
    pub libm: &'static str,
    /// Whether the result is exact, so that every implementation gives the same.
    pub is_exact: bool,
    pub exports: Exports,
}

/// The forms of a function that kernels generated elsewhere find by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exports {
    Nothing,
    /// `me_jit_<name>`, of numbers in float64.
    Numbers,
    /// `me_jit_vec_<name>_f64` and `…_f32`, of arrays.
    Arrays,
    Both,
}

use Exports::{Arrays, Both, Nothing, Numbers};

impl Function {
    const fn new(name: &'static str, libm: &'static str, exports: Exports) -> Function {
        Function { name, libm, is_exact: false, exports }
    }

    const fn exact(name: &'static str, libm: &'static str) -> Function {
        Function { name, libm, is_exact: true, exports: Nothing }
    }

    /// The function that an operation on `dtype` calls; `None` for what processors have an instruction for.
    pub fn of(kind: &ExprKind, dtype: Dtype) -> Option<Function> {
        match *kind {
            _ if dtype == Dtype::Bool => None,
            ExprKind::Unary(UnaryOp::Math(MathFn::Sqrt), _) => None,
            ExprKind::Unary(UnaryOp::Math(function), _) => Some(function.row()),
            ExprKind::Unary(UnaryOp::Factorial, _) => Some(FACTORIAL),
            ExprKind::Binary(op, ..) => match op.spelling() {
                Spelling::Function(function) => Some(function),
                Spelling::Either(_, function) if !dtype.is_integer() => Some(function),
                Spelling::Either(..) | Spelling::Operator(_) | Spelling::Name(_) => None,
            },
            ExprKind::Fma(..) => Some(MULTIPLY_ADD),
            _ => None,
        }
    }

    pub fn has_numbers(&self) -> bool {
        matches!(self.exports, Numbers | Both)
    }

    pub fn has_arrays(&self) -> bool {
        matches!(self.exports, Arrays | Both)
    }
}

impl MathFn {
    /// The names of the function.
    pub const fn row(self) -> Function {
        const fn c(name: &'static str, exports: Exports) -> Function {
            Function::new(name, name, exports)
        }
        match self {
            MathFn::Sqrt => c("sqrt", Both),
            MathFn::Cbrt => c("cbrt", Nothing),
            MathFn::Exp => c("exp", Both),
            MathFn::Exp2 => c("exp2", Arrays),
            MathFn::Exp10 => Function::new("exp10", "me_jit_exp10", Both),
            MathFn::Expm1 => c("expm1", Arrays),
            MathFn::Log => c("log", Both),
            MathFn::Log2 => c("log2", Arrays),
            MathFn::Log10 => c("log10", Arrays),
            MathFn::Log1p => c("log1p", Arrays),
            MathFn::Sin => c("sin", Both),
            MathFn::Cos => c("cos", Both),
            MathFn::Tan => c("tan", Nothing),
            MathFn::Asin => c("asin", Arrays),
            MathFn::Acos => c("acos", Arrays),
            MathFn::Atan => c("atan", Arrays),
            MathFn::Sinh => c("sinh", Arrays),
            MathFn::Cosh => c("cosh", Arrays),
            MathFn::Tanh => c("tanh", Arrays),
            MathFn::Asinh => c("asinh", Arrays),
            MathFn::Acosh => c("acosh", Arrays),
            MathFn::Atanh => c("atanh", Arrays),
            MathFn::Sinpi => Function::new("sinpi", "me_jit_sinpi", Both),
            MathFn::Cospi => Function::new("cospi", "me_jit_cospi", Both),
            MathFn::Erf => c("erf", Nothing),
            MathFn::Erfc => c("erfc", Nothing),
            MathFn::Tgamma => c("tgamma", Nothing),
            MathFn::Lgamma => c("lgamma", Nothing),
        }
    }
}

/// The factorial.
#[cfg_attr(not(c_compiler), allow(dead_code, reason = "only generated C has it"))]
pub const FACTORIAL: Function = Function::new("fac", "me_jit_fac", Nothing);

/// a·b + c, rounded once.
#[cfg_attr(not(c_compiler), allow(dead_code, reason = "only generated C has it"))]
pub const MULTIPLY_ADD: Function = Function::exact("fma", "__builtin_fma");

/// What an operation on one operand is written as.
#[cfg_attr(not(c_compiler), allow(dead_code, reason = "only listings in generated C spell it"))]
pub const fn unary_name(op: UnaryOp) -> &'static str {
    match op {
        UnaryOp::Neg => "-",
        UnaryOp::BitNot => "~",
        UnaryOp::Abs => "abs",
        UnaryOp::Real => "real",
        UnaryOp::Imag => "imag",
        UnaryOp::Conj => "conj",
        UnaryOp::Sign => "sign",
        UnaryOp::Square => "square",
        UnaryOp::Reciprocal => "reciprocal",
        UnaryOp::Floor => "floor",
        UnaryOp::Ceil => "ceil",
        UnaryOp::Trunc => "trunc",
        UnaryOp::Round => "round",
        UnaryOp::Rint => "rint",
        UnaryOp::Factorial => FACTORIAL.name,
        UnaryOp::CountOnes => "bitwise_count",
        UnaryOp::Math(function) => function.row().name,
    }
}

/// How an operation on two operands is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spelling {
    /// An operator between its operands, which means the same in C on floats.
    Operator(&'static str),
    /// An operator on integers, a function on floats.
    Either(&'static str, Function),
    Function(Function),
    /// A name in listings; each engine computes it in place.
    Name(&'static str),
}

impl BinaryOp {
    /// How the operation is written.
    pub const fn spelling(self) -> Spelling {
        use Spelling::{Either, Name, Operator};
        const fn function(name: &'static str, libm: &'static str, exports: Exports) -> Spelling {
            Spelling::Function(Function::new(name, libm, exports))
        }
        const fn exact(name: &'static str, libm: &'static str) -> Spelling {
            Spelling::Function(Function::exact(name, libm))
        }
        match self {
            BinaryOp::Add => Operator("+"),
            BinaryOp::Sub => Operator("-"),
            BinaryOp::Mul => Operator("*"),
            BinaryOp::Div => Operator("/"),
            BinaryOp::Rem => Either("%", Function::exact("fmod", "__builtin_fmod")),
            BinaryOp::Pow => Either("**", Function::new("pow", "pow", Arrays)),
            BinaryOp::Powi => function("powi", "me_jit_powi", Nothing),
            BinaryOp::PlainMul => Name("multiply"),
            BinaryOp::PlainDiv => Name("divide"),
            BinaryOp::PlainPow => Name("power"),
            BinaryOp::BitAnd => Operator("&"),
            BinaryOp::BitOr => Operator("|"),
            BinaryOp::BitXor => Operator("^"),
            BinaryOp::Shl => Operator("<<"),
            BinaryOp::Shr => Operator(">>"),
            BinaryOp::Atan2 => function("atan2", "atan2", Arrays),
            BinaryOp::Copysign => exact("copysign", "__builtin_copysign"),
            BinaryOp::Fdim => function("fdim", "fdim", Nothing),
            BinaryOp::Fmax => function("fmax", "fmax", Arrays),
            BinaryOp::Fmin => function("fmin", "fmin", Arrays),
            BinaryOp::Hypot => function("hypot", "hypot", Arrays),
            BinaryOp::Ldexp => function("ldexp", "me_jit_ldexp", Nothing),
            BinaryOp::Logaddexp => function("logaddexp", "me_jit_logaddexp", Numbers),
            BinaryOp::Ncr => function("ncr", "me_jit_ncr", Nothing),
            BinaryOp::Nextafter => exact("nextafter", "__builtin_nextafter"),
            BinaryOp::Npr => function("npr", "me_jit_npr", Nothing),
            BinaryOp::Remainder => exact("remainder", "__builtin_remainder"),
            BinaryOp::FloorDiv => Either("//", Function::new("floor_divide", "me_jit_floor_divide", Nothing)),
            BinaryOp::FloorMod => Either("mod", Function::new("floor_mod", "me_jit_floor_mod", Nothing)),
            BinaryOp::Minimum => Name("minimum"),
            BinaryOp::Maximum => Name("maximum"),
            BinaryOp::Gcd => Name("gcd"),
        }
    }

    /// The function that it is on floats.
    pub const fn function(self) -> Option<Function> {
        match self.spelling() {
            Spelling::Operator(_) | Spelling::Name(_) => None,
            Spelling::Either(_, function) | Spelling::Function(function) => Some(function),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operation::{BUILTINS, Meaning, find};

    /// The rows of the language have no other name for an operation than the one here, or it is an alias.
    #[test]
    fn names_are_those_of_the_language() {
        for &function in MathFn::ALL {
            let row = find(function.row().name.as_bytes()).expect("a builtin");
            assert_eq!(row.meaning, Meaning::Unary(UnaryOp::Math(function)));
        }
        for row in BUILTINS {
            let found = match row.meaning {
                Meaning::Unary(op) => find(unary_name(op).as_bytes()),
                Meaning::Binary(op) => find(op.function().expect("a function").name.as_bytes()),
                _ => Some(row),
            };
            assert_eq!(found.map(|found| found.meaning), Some(row.meaning), "{}", row.name);
        }
    }
}
