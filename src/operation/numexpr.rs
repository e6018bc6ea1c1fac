//! The names of the numexpr dialect: rows of the NumPy dialect that it shares, and its own.

use super::numpy::{Function, Meaning, Parameter, Reduction, Ufunc, Vocabulary};

const OPERAND: Parameter = Parameter::Operand;

const fn reduction(name: &'static str, reduction: Reduction) -> Function {
    const PARAMETERS: &[Parameter] = &[Parameter::Named("a"), Parameter::Axis { is_positional: true }];
    Function { name, parameters: PARAMETERS, meaning: Meaning::Reduce(reduction) }
}

const fn ufunc(name: &'static str, parameters: &'static [Parameter], ufunc: Ufunc) -> Function {
    Function { name, parameters, meaning: Meaning::Ufunc(ufunc) }
}

/// The names; there are no constants, and dtypes are no functions.
pub static VOCABULARY: Vocabulary = Vocabulary {
    own: &[
        ufunc("complex", &[OPERAND; 2], Ufunc::Complex),
        ufunc("copy", &[OPERAND], Ufunc::Positive),
        reduction("max", Reduction::Max),
        reduction("min", Reduction::Min),
        ufunc("ones_like", &[OPERAND], Ufunc::OnesLike),
        reduction("prod", Reduction::Prod),
        ufunc("round", &[OPERAND], Ufunc::Rint),
        reduction("sum", Reduction::Sum),
    ],
    shared: Some(&[
        "abs",
        "arccos",
        "arccosh",
        "arcsin",
        "arcsinh",
        "arctan",
        "arctan2",
        "arctanh",
        "ceil",
        "conj",
        "contains",
        "copysign",
        "cos",
        "cosh",
        "exp",
        "expm1",
        "floor",
        "fmod",
        "hypot",
        "imag",
        "isfinite",
        "isinf",
        "isnan",
        "log",
        "log10",
        "log1p",
        "log2",
        "maximum",
        "minimum",
        "nextafter",
        "real",
        "sign",
        "signbit",
        "sin",
        "sinh",
        "sqrt",
        "tan",
        "tanh",
        "trunc",
        "where",
    ]),
    constants: &[],
    has_casts: false,
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found() {
        let names: Vec<&str> = VOCABULARY.functions().map(|function| function.name).collect();
        assert_eq!(names.len(), VOCABULARY.own.len() + VOCABULARY.shared.unwrap_or_default().len());
        for name in names {
            assert_eq!(VOCABULARY.find(name.as_bytes()).map(|function| function.name), Some(name));
        }
        assert!(VOCABULARY.shared.unwrap_or_default().is_sorted());
        assert!(VOCABULARY.find(b"erf").is_none() && VOCABULARY.find(b"").is_none());
    }
}
