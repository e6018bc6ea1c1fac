//! The table of builtin names: one row a name.

pub mod composed;
pub mod function;
pub mod known;
pub mod numexpr;
pub mod numpy;
pub mod single;

use std::ffi::CStr;

use crate::ir::{BinaryOp, MathFn, ReduceOp, UnaryOp};

/// One builtin.
#[derive(Debug, PartialEq)]
pub struct Builtin {
    pub name: &'static str,
    /// The name as C has it.
    pub c_name: &'static CStr,
    /// Number of arguments.
    pub arity: u8,
    pub meaning: Meaning,
    /// What it is, in one line.
    pub help: &'static CStr,
}

/// What kind of name a builtin is, for those who list them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum BuiltinKind {
    /// A number.
    Constant,
    /// A function of each item.
    Function,
    /// One value of all items.
    Reduction,
    /// A function of strings.
    String,
}

impl Builtin {
    pub fn kind(&self) -> BuiltinKind {
        match self.meaning {
            Meaning::Constant(_) => BuiltinKind::Constant,
            Meaning::Unary(_) | Meaning::Binary(_) | Meaning::Fma | Meaning::Where => BuiltinKind::Function,
            Meaning::Reduce(_) => BuiltinKind::Reduction,
            Meaning::Text(_) => BuiltinKind::String,
        }
    }
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

const fn row(name: &'static CStr, arity: u8, meaning: Meaning, help: &'static CStr) -> Builtin {
    match name.to_str() {
        Ok(text) => Builtin { name: text, c_name: name, arity, meaning, help },
        Err(_) => panic!("names are ASCII"),
    }
}

const fn math(name: &'static CStr, function: MathFn, help: &'static CStr) -> Builtin {
    row(name, 1, Meaning::Unary(UnaryOp::Math(function)), help)
}

const fn unary(name: &'static CStr, op: UnaryOp, help: &'static CStr) -> Builtin {
    row(name, 1, Meaning::Unary(op), help)
}

const fn binary(name: &'static CStr, op: BinaryOp, help: &'static CStr) -> Builtin {
    row(name, 2, Meaning::Binary(op), help)
}

const fn reduction(name: &'static CStr, op: ReduceOp, help: &'static CStr) -> Builtin {
    row(name, 1, Meaning::Reduce(op), help)
}

const fn text(name: &'static CStr, arity: u8, function: TextFn, help: &'static CStr) -> Builtin {
    row(name, arity, Meaning::Text(function), help)
}

/// All builtins, sorted by name.
pub static BUILTINS: &[Builtin] = &[
    unary(c"abs", UnaryOp::Abs, c"absolute value; the modulus of a complex number"),
    math(c"acos", MathFn::Acos, c"arc cosine, in radians"),
    math(c"acosh", MathFn::Acosh, c"inverse hyperbolic cosine"),
    reduction(c"all", ReduceOp::All, c"whether every item is true"),
    reduction(c"any", ReduceOp::Any, c"whether some item is true"),
    math(c"arccos", MathFn::Acos, c"arc cosine, in radians: acos"),
    math(c"arccosh", MathFn::Acosh, c"inverse hyperbolic cosine: acosh"),
    math(c"arcsin", MathFn::Asin, c"arc sine, in radians: asin"),
    math(c"arcsinh", MathFn::Asinh, c"inverse hyperbolic sine: asinh"),
    math(c"arctan", MathFn::Atan, c"arc tangent, in radians: atan"),
    binary(c"arctan2", BinaryOp::Atan2, c"angle of the point (x, y), in radians: arctan2(y, x)"),
    math(c"arctanh", MathFn::Atanh, c"inverse hyperbolic tangent: atanh"),
    math(c"asin", MathFn::Asin, c"arc sine, in radians"),
    math(c"asinh", MathFn::Asinh, c"inverse hyperbolic sine"),
    math(c"atan", MathFn::Atan, c"arc tangent, in radians"),
    binary(c"atan2", BinaryOp::Atan2, c"angle of the point (x, y), in radians: atan2(y, x)"),
    math(c"atanh", MathFn::Atanh, c"inverse hyperbolic tangent"),
    math(c"cbrt", MathFn::Cbrt, c"cube root"),
    unary(c"ceil", UnaryOp::Ceil, c"smallest whole number that is not less"),
    unary(c"conj", UnaryOp::Conj, c"complex conjugate"),
    text(c"contains", 2, TextFn::Contains, c"whether a string contains another: contains(text, part)"),
    binary(
        c"copysign",
        BinaryOp::Copysign,
        c"absolute value of the first argument with the sign of the second",
    ),
    math(c"cos", MathFn::Cos, c"cosine of an angle in radians"),
    math(c"cosh", MathFn::Cosh, c"hyperbolic cosine"),
    math(c"cospi", MathFn::Cospi, c"cosine of pi times the argument"),
    row(c"e", 0, Meaning::Constant(std::f64::consts::E), c"Euler's number"),
    text(c"endswith", 2, TextFn::EndsWith, c"whether a string ends with another: endswith(text, end)"),
    math(c"erf", MathFn::Erf, c"error function"),
    math(c"erfc", MathFn::Erfc, c"one minus the error function"),
    math(c"exp", MathFn::Exp, c"e to a power"),
    math(c"exp10", MathFn::Exp10, c"10 to a power"),
    math(c"exp2", MathFn::Exp2, c"2 to a power"),
    math(c"expm1", MathFn::Expm1, c"e to a power, minus one"),
    unary(c"fac", UnaryOp::Factorial, c"factorial"),
    binary(c"fdim", BinaryOp::Fdim, c"difference, zero where it is negative"),
    unary(c"floor", UnaryOp::Floor, c"largest whole number that is not greater"),
    row(c"fma", 3, Meaning::Fma, c"a*b + c with one rounding: fma(a, b, c)"),
    binary(c"fmax", BinaryOp::Fmax, c"larger of two; NaN is ignored"),
    binary(c"fmin", BinaryOp::Fmin, c"smaller of two; NaN is ignored"),
    binary(c"fmod", BinaryOp::Rem, c"remainder with the sign of the dividend: fmod(x, y)"),
    binary(c"hypot", BinaryOp::Hypot, c"square root of the sum of two squares"),
    unary(c"imag", UnaryOp::Imag, c"imaginary part"),
    binary(c"ldexp", BinaryOp::Ldexp, c"x times 2 to the power n: ldexp(x, n)"),
    math(c"lgamma", MathFn::Lgamma, c"logarithm of the absolute value of the gamma function"),
    math(c"ln", MathFn::Log, c"natural logarithm: log"),
    math(c"log", MathFn::Log, c"natural logarithm"),
    math(c"log10", MathFn::Log10, c"logarithm to base 10"),
    math(c"log1p", MathFn::Log1p, c"natural logarithm of one plus the argument"),
    math(c"log2", MathFn::Log2, c"logarithm to base 2"),
    binary(c"logaddexp", BinaryOp::Logaddexp, c"logarithm of the sum of two exponentials"),
    text(c"lower", 1, TextFn::Lower, c"lower case of a string"),
    text(c"lstrip", 1, TextFn::LStrip, c"string without blanks at its start"),
    reduction(c"max", ReduceOp::Max, c"largest of all items"),
    reduction(c"mean", ReduceOp::Mean, c"mean of all items"),
    reduction(c"min", ReduceOp::Min, c"smallest of all items"),
    binary(c"ncr", BinaryOp::Ncr, c"number of combinations: ncr(n, r)"),
    binary(c"nextafter", BinaryOp::Nextafter, c"next float from the first argument towards the second"),
    binary(c"npr", BinaryOp::Npr, c"number of permutations: npr(n, r)"),
    row(
        c"pi",
        0,
        Meaning::Constant(std::f64::consts::PI),
        c"ratio of a circle's circumference to its diameter",
    ),
    binary(c"pow", BinaryOp::Pow, c"power: pow(base, exponent)"),
    binary(c"power", BinaryOp::Pow, c"power: pow"),
    reduction(c"prod", ReduceOp::Prod, c"product of all items"),
    unary(c"real", UnaryOp::Real, c"real part"),
    binary(
        c"remainder",
        BinaryOp::Remainder,
        c"remainder of the quotient rounded to nearest: remainder(x, y)",
    ),
    text(
        c"removeprefix",
        2,
        TextFn::RemovePrefix,
        c"string without another at its start: removeprefix(text, start)",
    ),
    text(
        c"removesuffix",
        2,
        TextFn::RemoveSuffix,
        c"string without another at its end: removesuffix(text, end)",
    ),
    text(c"replace", 3, TextFn::Replace, c"string with every part replaced: replace(text, old, new)"),
    unary(c"rint", UnaryOp::Rint, c"nearest whole number, ties to even"),
    unary(c"round", UnaryOp::Round, c"nearest whole number, ties away from zero"),
    text(c"rstrip", 1, TextFn::RStrip, c"string without blanks at its end"),
    unary(c"sign", UnaryOp::Sign, c"-1, 0 or 1"),
    math(c"sin", MathFn::Sin, c"sine of an angle in radians"),
    math(c"sinh", MathFn::Sinh, c"hyperbolic sine"),
    math(c"sinpi", MathFn::Sinpi, c"sine of pi times the argument"),
    text(
        c"split_part",
        3,
        TextFn::SplitPart,
        c"part of a string between separators: split_part(text, separator, number)",
    ),
    math(c"sqrt", MathFn::Sqrt, c"square root"),
    unary(c"square", UnaryOp::Square, c"square"),
    text(
        c"startswith",
        2,
        TextFn::StartsWith,
        c"whether a string starts with another: startswith(text, start)",
    ),
    text(c"strip", 1, TextFn::Strip, c"string without blanks at both ends"),
    text(c"substr", 3, TextFn::Substr, c"part of a string: substr(text, start, length)"),
    reduction(c"sum", ReduceOp::Sum, c"sum of all items"),
    math(c"tan", MathFn::Tan, c"tangent of an angle in radians"),
    math(c"tanh", MathFn::Tanh, c"hyperbolic tangent"),
    math(c"tgamma", MathFn::Tgamma, c"gamma function"),
    unary(c"trunc", UnaryOp::Trunc, c"whole number towards zero"),
    text(c"upper", 1, TextFn::Upper, c"upper case of a string"),
    row(
        c"where",
        3,
        Meaning::Where,
        c"the second argument where the first is true, else the third: where(condition, x, y)",
    ),
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
