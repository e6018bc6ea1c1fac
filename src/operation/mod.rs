//! The table of builtin names: one row a name.

pub mod composed;
pub mod function;
pub mod known;
pub mod numexpr;
pub mod numpy;
pub mod single;

use crate::ir::{BinaryOp, MathFn, ReduceOp, UnaryOp};

/// One builtin.
#[derive(Debug, PartialEq)]
pub struct Builtin {
    pub name: &'static str,
    /// Number of arguments.
    pub arity: u8,
    pub meaning: Meaning,
}

/// What a builtin stands for; the typing rule follows from it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Meaning {
    /// A float64 number.
    Constant(f64),
    /// A function of one argument. [`UnaryOp::Math`] computes in float32 or float64, the others
    /// keep the dtype of their argument.
    Unary(UnaryOp),
    /// A function of two arguments, in their promoted dtype.
    Binary(BinaryOp),
    Fma,
    Where,
    Reduce(ReduceOp),
    Text(TextFn),
}

/// Functions of strings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextFn {
    Contains,
    EndsWith,
    Lower,
    LStrip,
    RemovePrefix,
    RemoveSuffix,
    Replace,
    RStrip,
    SplitPart,
    StartsWith,
    Strip,
    Substr,
    Upper,
}

/// The builtin called `name`.
pub fn find(name: &[u8]) -> Option<&'static Builtin> {
    let index = BUILTINS.binary_search_by(|row| row.name.as_bytes().cmp(name)).ok()?;
    Some(&BUILTINS[index])
}

const fn row(name: &'static str, arity: u8, meaning: Meaning) -> Builtin {
    Builtin { name, arity, meaning }
}

const fn math(name: &'static str, function: MathFn) -> Builtin {
    row(name, 1, Meaning::Unary(UnaryOp::Math(function)))
}

const fn unary(name: &'static str, op: UnaryOp) -> Builtin {
    row(name, 1, Meaning::Unary(op))
}

const fn binary(name: &'static str, op: BinaryOp) -> Builtin {
    row(name, 2, Meaning::Binary(op))
}

const fn reduction(name: &'static str, op: ReduceOp) -> Builtin {
    row(name, 1, Meaning::Reduce(op))
}

const fn text(name: &'static str, arity: u8, function: TextFn) -> Builtin {
    row(name, arity, Meaning::Text(function))
}

/// All builtins, sorted by name.
pub static BUILTINS: &[Builtin] = &[
    unary("abs", UnaryOp::Abs),
    math("acos", MathFn::Acos),
    math("acosh", MathFn::Acosh),
    reduction("all", ReduceOp::All),
    reduction("any", ReduceOp::Any),
    math("arccos", MathFn::Acos),
    math("arccosh", MathFn::Acosh),
    math("arcsin", MathFn::Asin),
    math("arcsinh", MathFn::Asinh),
    math("arctan", MathFn::Atan),
    binary("arctan2", BinaryOp::Atan2),
    math("arctanh", MathFn::Atanh),
    math("asin", MathFn::Asin),
    math("asinh", MathFn::Asinh),
    math("atan", MathFn::Atan),
    binary("atan2", BinaryOp::Atan2),
    math("atanh", MathFn::Atanh),
    math("cbrt", MathFn::Cbrt),
    unary("ceil", UnaryOp::Ceil),
    unary("conj", UnaryOp::Conj),
    text("contains", 2, TextFn::Contains),
    binary("copysign", BinaryOp::Copysign),
    math("cos", MathFn::Cos),
    math("cosh", MathFn::Cosh),
    math("cospi", MathFn::Cospi),
    row("e", 0, Meaning::Constant(std::f64::consts::E)),
    text("endswith", 2, TextFn::EndsWith),
    math("erf", MathFn::Erf),
    math("erfc", MathFn::Erfc),
    math("exp", MathFn::Exp),
    math("exp10", MathFn::Exp10),
    math("exp2", MathFn::Exp2),
    math("expm1", MathFn::Expm1),
    unary("fac", UnaryOp::Factorial),
    binary("fdim", BinaryOp::Fdim),
    unary("floor", UnaryOp::Floor),
    row("fma", 3, Meaning::Fma),
    binary("fmax", BinaryOp::Fmax),
    binary("fmin", BinaryOp::Fmin),
    binary("fmod", BinaryOp::Rem),
    binary("hypot", BinaryOp::Hypot),
    unary("imag", UnaryOp::Imag),
    binary("ldexp", BinaryOp::Ldexp),
    math("lgamma", MathFn::Lgamma),
    math("ln", MathFn::Log),
    math("log", MathFn::Log),
    math("log10", MathFn::Log10),
    math("log1p", MathFn::Log1p),
    math("log2", MathFn::Log2),
    binary("logaddexp", BinaryOp::Logaddexp),
    text("lower", 1, TextFn::Lower),
    text("lstrip", 1, TextFn::LStrip),
    reduction("max", ReduceOp::Max),
    reduction("mean", ReduceOp::Mean),
    reduction("min", ReduceOp::Min),
    binary("ncr", BinaryOp::Ncr),
    binary("nextafter", BinaryOp::Nextafter),
    binary("npr", BinaryOp::Npr),
    row("pi", 0, Meaning::Constant(std::f64::consts::PI)),
    binary("pow", BinaryOp::Pow),
    binary("power", BinaryOp::Pow),
    reduction("prod", ReduceOp::Prod),
    unary("real", UnaryOp::Real),
    binary("remainder", BinaryOp::Remainder),
    text("removeprefix", 2, TextFn::RemovePrefix),
    text("removesuffix", 2, TextFn::RemoveSuffix),
    text("replace", 3, TextFn::Replace),
    unary("rint", UnaryOp::Rint),
    unary("round", UnaryOp::Round),
    text("rstrip", 1, TextFn::RStrip),
    unary("sign", UnaryOp::Sign),
    math("sin", MathFn::Sin),
    math("sinh", MathFn::Sinh),
    math("sinpi", MathFn::Sinpi),
    text("split_part", 3, TextFn::SplitPart),
    math("sqrt", MathFn::Sqrt),
    unary("square", UnaryOp::Square),
    text("startswith", 2, TextFn::StartsWith),
    text("strip", 1, TextFn::Strip),
    text("substr", 3, TextFn::Substr),
    reduction("sum", ReduceOp::Sum),
    math("tan", MathFn::Tan),
    math("tanh", MathFn::Tanh),
    math("tgamma", MathFn::Tgamma),
    unary("trunc", UnaryOp::Trunc),
    text("upper", 1, TextFn::Upper),
    row("where", 3, Meaning::Where),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_sorted_and_found() {
        assert!(BUILTINS.is_sorted_by(|a, b| a.name.as_bytes() < b.name.as_bytes()));
        for row in BUILTINS {
            assert!(std::ptr::eq(find(row.name.as_bytes()).unwrap(), row));
        }
        assert!(find(b"sine").is_none());
        assert!(find(b"Sin").is_none());
        assert!(find(b"").is_none());
    }
    #[test]
    fn documents_name_and_count_every_builtin() {
        let functions = include_str!("../../docs/functions.md");
        let count = BUILTINS.len();
        assert!(functions.contains(&format!("\n{count} names.")), "docs/functions.md: {count} names");
        assert!(
            include_str!("../../README.md").contains(&format!("; {count} functions,")),
            "README: {count}"
        );
        let code = functions.split('`').skip(1).step_by(2);
        let names = code.flat_map(|code| code.split(|c: char| !c.is_ascii_alphanumeric() && c != '_'));
        let documented: std::collections::HashSet<&str> = names.collect();
        let missing: Vec<&str> =
            BUILTINS.iter().map(|row| row.name).filter(|name| !documented.contains(name)).collect();
        assert!(missing.is_empty(), "not in docs/functions.md: {missing:?}");
    }
}
