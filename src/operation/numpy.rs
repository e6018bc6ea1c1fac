//! The names of the NumPy dialect: one row a name, with the parameters of calls.

use super::TextFn;
use crate::dtype::Dtype;
use crate::ir::{CompareOp, MathFn};

/// One function of the dialect.
#[derive(Debug, PartialEq)]
pub struct Function {
    pub name: &'static str,
    pub parameters: &'static [Parameter],
    pub meaning: Meaning,
}

/// A parameter; those that are no operands come last, and can all be left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Parameter {
    /// An operand that is given by its place alone, as those of NumPy's ufuncs.
    Operand,
    /// An operand that can be given by its name.
    Named(&'static str),
    /// `axis=`: `None`, an integer, or a tuple of integers. The flag says whether a place will do.
    Axis { is_positional: bool },
    /// `keepdims=`: a bool.
    KeepDims,
    /// `dtype=`: the name of a dtype.
    Dtype { is_positional: bool },
    /// `ddof=`: a number.
    Ddof,
    /// `decimals=`: an integer.
    Decimals,
}

impl Parameter {
    /// The keyword; `None` for an operand without one.
    pub fn name(self) -> Option<&'static str> {
        match self {
            Parameter::Operand => None,
            Parameter::Named(name) => Some(name),
            Parameter::Axis { .. } => Some("axis"),
            Parameter::KeepDims => Some("keepdims"),
            Parameter::Dtype { .. } => Some("dtype"),
            Parameter::Ddof => Some("ddof"),
            Parameter::Decimals => Some("decimals"),
        }
    }

    /// Whether an argument is an expression.
    pub fn is_operand(self) -> bool {
        matches!(self, Parameter::Operand | Parameter::Named(_))
    }

    /// Whether an argument can be given by its place.
    pub fn is_positional(self) -> bool {
        match self {
            Parameter::Operand | Parameter::Named(_) | Parameter::Decimals => true,
            Parameter::Axis { is_positional } | Parameter::Dtype { is_positional } => is_positional,
            Parameter::KeepDims | Parameter::Ddof => false,
        }
    }
}

impl Function {
    /// How many operands a call has.
    pub fn arity(&self) -> usize {
        self.parameters.iter().filter(|parameter| parameter.is_operand()).count()
    }
}

/// What a function stands for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Meaning {
    /// An element-wise operation.
    Ufunc(Ufunc),
    Where,
    Clip,
    Round,
    Reduce(Reduction),
    Text(TextFn),
}

/// The element-wise operations of NumPy, by its names. Operators stand for some of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ufunc {
    Add,
    Subtract,
    Multiply,
    Divide,
    FloorDivide,
    Remainder,
    Fmod,
    Power,
    FloatPower,
    LeftShift,
    RightShift,
    BitwiseAnd,
    BitwiseOr,
    BitwiseXor,
    Compare(CompareOp),
    LogicalAnd,
    LogicalOr,
    LogicalXor,
    LogicalNot,
    Minimum,
    Maximum,
    Fmin,
    Fmax,
    Arctan2,
    Hypot,
    Copysign,
    Nextafter,
    Ldexp,
    Heaviside,
    Logaddexp,
    Logaddexp2,
    Gcd,
    Lcm,
    Negative,
    Positive,
    Invert,
    Absolute,
    Fabs,
    Sign,
    Square,
    Reciprocal,
    Conjugate,
    Real,
    Imag,
    Angle,
    Floor,
    Ceil,
    Trunc,
    Rint,
    Math(MathFn),
    Degrees,
    Radians,
    Sinc,
    IsNan,
    IsInf,
    IsFinite,
    IsReal,
    Signbit,
    BitwiseCount,
    /// The complex number of two parts.
    Complex,
    OnesLike,
}

/// Reductions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reduction {
    Sum,
    Prod,
    Mean,
    Min,
    Max,
    Any,
    All,
    Std,
    Var,
    ArgMin,
    ArgMax,
    CountNonzero,
}

/// The names that a dialect has.
#[derive(Debug)]
pub struct Vocabulary {
    /// Functions that are not, or not the same, in the NumPy dialect.
    pub own: &'static [Function],
    /// Which names of [`FUNCTIONS`] there are beside them, sorted; `None` for all.
    pub shared: Option<&'static [&'static str]>,
    /// Constants, which a variable of the same name hides.
    pub constants: &'static [(&'static str, f64)],
    /// Whether the names of dtypes, and `int`, `float` and `bool`, are functions.
    pub has_casts: bool,
}

impl Vocabulary {
    /// The function called `name`.
    pub fn find(&self, name: &[u8]) -> Option<&'static Function> {
        let own = self.own.iter().find(|row| row.name.as_bytes() == name);
        own.or_else(|| find(name).filter(|row| self.shares(row)))
    }

    /// All functions.
    pub fn functions(&self) -> impl Iterator<Item = &'static Function> {
        self.own.iter().chain(FUNCTIONS.iter().filter(|row| self.shares(row)))
    }

    /// The value of the constant called `name`, a Python float.
    pub fn constant(&self, name: &[u8]) -> Option<f64> {
        let row = self.constants.iter().find(|(constant, _)| constant.as_bytes() == name);
        row.map(|(_, value)| *value)
    }

    fn shares(&self, row: &Function) -> bool {
        self.shared.is_none_or(|shared| shared.binary_search(&row.name).is_ok())
    }
}

/// The names of the NumPy dialect.
pub static VOCABULARY: Vocabulary =
    Vocabulary { own: &[], shared: None, constants: &CONSTANTS, has_casts: true };

/// The function called `name`.
pub fn find(name: &[u8]) -> Option<&'static Function> {
    let index = FUNCTIONS.binary_search_by(|row| row.name.as_bytes().cmp(name)).ok()?;
    Some(&FUNCTIONS[index])
}

/// The dtype that NumPy calls `name`.
pub fn dtype(name: &[u8]) -> Option<Dtype> {
    Some(match name {
        b"bool" | b"bool_" | b"?" => Dtype::Bool,
        b"int8" | b"i1" | b"byte" => Dtype::Int8,
        b"int16" | b"i2" | b"short" => Dtype::Int16,
        b"int32" | b"i4" | b"intc" => Dtype::Int32,
        b"int64" | b"i8" | b"int" | b"int_" | b"longlong" => Dtype::Int64,
        b"uint8" | b"u1" | b"ubyte" => Dtype::UInt8,
        b"uint16" | b"u2" | b"ushort" => Dtype::UInt16,
        b"uint32" | b"u4" | b"uintc" => Dtype::UInt32,
        b"uint64" | b"u8" | b"uint" | b"ulonglong" => Dtype::UInt64,
        b"float32" | b"f4" | b"single" => Dtype::Float32,
        b"float64" | b"f8" | b"float" | b"double" => Dtype::Float64,
        b"complex64" | b"c8" | b"csingle" => Dtype::Complex64,
        b"complex128" | b"c16" | b"complex" | b"cdouble" => Dtype::Complex128,
        _ => return None,
    })
}

static CONSTANTS: [(&str, f64); 4] =
    [("e", std::f64::consts::E), ("inf", f64::INFINITY), ("nan", f64::NAN), ("pi", std::f64::consts::PI)];

const OPERAND: Parameter = Parameter::Operand;
const AXIS: Parameter = Parameter::Axis { is_positional: true };
const DTYPE: Parameter = Parameter::Dtype { is_positional: true };
const ARRAY: Parameter = Parameter::Named("a");

const fn unary(name: &'static str, ufunc: Ufunc) -> Function {
    Function { name, parameters: &[OPERAND], meaning: Meaning::Ufunc(ufunc) }
}

const fn math(name: &'static str, function: MathFn) -> Function {
    unary(name, Ufunc::Math(function))
}

const fn binary(name: &'static str, ufunc: Ufunc) -> Function {
    Function { name, parameters: &[OPERAND; 2], meaning: Meaning::Ufunc(ufunc) }
}

const fn compare(name: &'static str, op: CompareOp) -> Function {
    binary(name, Ufunc::Compare(op))
}

const fn reduction(name: &'static str, parameters: &'static [Parameter], reduction: Reduction) -> Function {
    Function { name, parameters, meaning: Meaning::Reduce(reduction) }
}

/// A reduction whose accumulator has a dtype.
const fn total(name: &'static str, op: Reduction) -> Function {
    reduction(name, &[ARRAY, AXIS, DTYPE, Parameter::KeepDims], op)
}

const fn choice(name: &'static str, op: Reduction) -> Function {
    reduction(name, &[ARRAY, AXIS, Parameter::KeepDims], op)
}

const fn spread(name: &'static str, op: Reduction) -> Function {
    reduction(name, &[ARRAY, AXIS, DTYPE, Parameter::Ddof, Parameter::KeepDims], op)
}

const fn text(name: &'static str, parameters: &'static [Parameter], function: TextFn) -> Function {
    Function { name, parameters, meaning: Meaning::Text(function) }
}

/// All functions, sorted by name.
pub static FUNCTIONS: &[Function] = &[
    unary("abs", Ufunc::Absolute),
    unary("absolute", Ufunc::Absolute),
    math("acos", MathFn::Acos),
    math("acosh", MathFn::Acosh),
    binary("add", Ufunc::Add),
    choice("all", Reduction::All),
    choice("amax", Reduction::Max),
    choice("amin", Reduction::Min),
    unary("angle", Ufunc::Angle),
    choice("any", Reduction::Any),
    math("arccos", MathFn::Acos),
    math("arccosh", MathFn::Acosh),
    math("arcsin", MathFn::Asin),
    math("arcsinh", MathFn::Asinh),
    math("arctan", MathFn::Atan),
    binary("arctan2", Ufunc::Arctan2),
    math("arctanh", MathFn::Atanh),
    choice("argmax", Reduction::ArgMax),
    choice("argmin", Reduction::ArgMin),
    Function { name: "around", parameters: &[ARRAY, Parameter::Decimals], meaning: Meaning::Round },
    math("asin", MathFn::Asin),
    math("asinh", MathFn::Asinh),
    math("atan", MathFn::Atan),
    binary("atan2", Ufunc::Arctan2),
    math("atanh", MathFn::Atanh),
    binary("bitwise_and", Ufunc::BitwiseAnd),
    unary("bitwise_count", Ufunc::BitwiseCount),
    unary("bitwise_invert", Ufunc::Invert),
    binary("bitwise_left_shift", Ufunc::LeftShift),
    unary("bitwise_not", Ufunc::Invert),
    binary("bitwise_or", Ufunc::BitwiseOr),
    binary("bitwise_right_shift", Ufunc::RightShift),
    binary("bitwise_xor", Ufunc::BitwiseXor),
    math("cbrt", MathFn::Cbrt),
    unary("ceil", Ufunc::Ceil),
    Function {
        name: "clip",
        parameters: &[ARRAY, Parameter::Named("a_min"), Parameter::Named("a_max")],
        meaning: Meaning::Clip,
    },
    unary("conj", Ufunc::Conjugate),
    unary("conjugate", Ufunc::Conjugate),
    text("contains", &[OPERAND; 2], TextFn::Contains),
    binary("copysign", Ufunc::Copysign),
    math("cos", MathFn::Cos),
    math("cosh", MathFn::Cosh),
    choice("count_nonzero", Reduction::CountNonzero),
    unary("deg2rad", Ufunc::Radians),
    unary("degrees", Ufunc::Degrees),
    binary("divide", Ufunc::Divide),
    text("endswith", &[OPERAND; 2], TextFn::EndsWith),
    compare("equal", CompareOp::Eq),
    math("erf", MathFn::Erf),
    math("erfc", MathFn::Erfc),
    math("exp", MathFn::Exp),
    math("exp2", MathFn::Exp2),
    math("expm1", MathFn::Expm1),
    unary("fabs", Ufunc::Fabs),
    unary("fix", Ufunc::Trunc),
    binary("float_power", Ufunc::FloatPower),
    unary("floor", Ufunc::Floor),
    binary("floor_divide", Ufunc::FloorDivide),
    binary("fmax", Ufunc::Fmax),
    binary("fmin", Ufunc::Fmin),
    binary("fmod", Ufunc::Fmod),
    math("gamma", MathFn::Tgamma),
    math("gammaln", MathFn::Lgamma),
    binary("gcd", Ufunc::Gcd),
    compare("greater", CompareOp::Gt),
    compare("greater_equal", CompareOp::Ge),
    binary("heaviside", Ufunc::Heaviside),
    binary("hypot", Ufunc::Hypot),
    unary("imag", Ufunc::Imag),
    unary("invert", Ufunc::Invert),
    unary("isfinite", Ufunc::IsFinite),
    unary("isinf", Ufunc::IsInf),
    unary("isnan", Ufunc::IsNan),
    unary("isreal", Ufunc::IsReal),
    binary("lcm", Ufunc::Lcm),
    binary("ldexp", Ufunc::Ldexp),
    binary("left_shift", Ufunc::LeftShift),
    compare("less", CompareOp::Lt),
    compare("less_equal", CompareOp::Le),
    math("log", MathFn::Log),
    math("log10", MathFn::Log10),
    math("log1p", MathFn::Log1p),
    math("log2", MathFn::Log2),
    binary("logaddexp", Ufunc::Logaddexp),
    binary("logaddexp2", Ufunc::Logaddexp2),
    binary("logical_and", Ufunc::LogicalAnd),
    unary("logical_not", Ufunc::LogicalNot),
    binary("logical_or", Ufunc::LogicalOr),
    binary("logical_xor", Ufunc::LogicalXor),
    text("lower", &[OPERAND], TextFn::Lower),
    text("lstrip", &[OPERAND], TextFn::LStrip),
    choice("max", Reduction::Max),
    binary("maximum", Ufunc::Maximum),
    total("mean", Reduction::Mean),
    choice("min", Reduction::Min),
    binary("minimum", Ufunc::Minimum),
    binary("mod", Ufunc::Remainder),
    binary("multiply", Ufunc::Multiply),
    unary("negative", Ufunc::Negative),
    binary("nextafter", Ufunc::Nextafter),
    compare("not_equal", CompareOp::Ne),
    unary("positive", Ufunc::Positive),
    binary("pow", Ufunc::Power),
    binary("power", Ufunc::Power),
    total("prod", Reduction::Prod),
    unary("rad2deg", Ufunc::Degrees),
    unary("radians", Ufunc::Radians),
    unary("real", Ufunc::Real),
    unary("reciprocal", Ufunc::Reciprocal),
    binary("remainder", Ufunc::Remainder),
    text("removeprefix", &[OPERAND; 2], TextFn::RemovePrefix),
    text("removesuffix", &[OPERAND; 2], TextFn::RemoveSuffix),
    text("replace", &[OPERAND; 3], TextFn::Replace),
    binary("right_shift", Ufunc::RightShift),
    unary("rint", Ufunc::Rint),
    Function { name: "round", parameters: &[ARRAY, Parameter::Decimals], meaning: Meaning::Round },
    text("rstrip", &[OPERAND], TextFn::RStrip),
    unary("sign", Ufunc::Sign),
    unary("signbit", Ufunc::Signbit),
    math("sin", MathFn::Sin),
    unary("sinc", Ufunc::Sinc),
    math("sinh", MathFn::Sinh),
    text("split_part", &[OPERAND; 3], TextFn::SplitPart),
    math("sqrt", MathFn::Sqrt),
    unary("square", Ufunc::Square),
    text("startswith", &[OPERAND; 2], TextFn::StartsWith),
    spread("std", Reduction::Std),
    text("strip", &[OPERAND], TextFn::Strip),
    text("substr", &[OPERAND; 3], TextFn::Substr),
    binary("subtract", Ufunc::Subtract),
    total("sum", Reduction::Sum),
    math("tan", MathFn::Tan),
    math("tanh", MathFn::Tanh),
    binary("true_divide", Ufunc::Divide),
    unary("trunc", Ufunc::Trunc),
    text("upper", &[OPERAND], TextFn::Upper),
    spread("var", Reduction::Var),
    Function { name: "where", parameters: &[OPERAND; 3], meaning: Meaning::Where },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_sorted_and_found() {
        assert!(FUNCTIONS.is_sorted_by(|a, b| a.name.as_bytes() < b.name.as_bytes()));
        for row in FUNCTIONS {
            assert!(std::ptr::eq(find(row.name.as_bytes()).unwrap(), row));
            assert!(row.arity() >= 1 && row.parameters[..row.arity()].iter().all(|p| p.is_operand()));
        }
        assert!(find(b"sine").is_none() && find(b"").is_none());
        assert_eq!(VOCABULARY.constant(b"inf"), Some(f64::INFINITY));
        assert_eq!(VOCABULARY.constant(b"infinity"), None);
    }
    #[test]
    fn every_function_has_an_entry_in_the_documents() {
        let page = include_str!("../../docs/functions-numpy.md");
        let entries = page.lines().filter(|line| line.starts_with("| `") || line.starts_with("`where("));
        let calls = entries.map(|line| line.trim_start_matches("| ").split(" | ").next().unwrap_or(""));
        let code = calls.flat_map(|calls| calls.split('`').skip(1).step_by(2));
        let documented: Vec<&str> = code.map(|call| call.split('(').next().unwrap_or("")).collect();
        for row in FUNCTIONS {
            assert!(documented.contains(&row.name), "docs/functions-numpy.md has no entry for {}", row.name);
        }
    }
}
