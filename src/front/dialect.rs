//! Which language a text is written in.

use super::lexer::Grammar;
use crate::operation::numexpr;
use crate::operation::numpy::{self, Vocabulary};

/// The language of texts: a grammar of expressions, and the rules by which they get their dtypes.
///
/// ```
/// use miniexpr::{Dialect, Dtype, Expression};
///
/// let dtype = |dialect| -> Result<Dtype, miniexpr::Error> {
///     let builder = Expression::builder("7 / n").variable("n", Dtype::Int32).dialect(dialect);
///     Ok(builder.compile()?.dtype())
/// };
/// assert_eq!(dtype(Dialect::NumPy)?, Dtype::Float64);
/// assert_eq!(dtype(Dialect::Miniexpr)?, Dtype::Int32);
/// # Ok::<(), miniexpr::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Dialect {
    /// The language of the C library miniexpr, with its own precedence and dtype rules.
    Miniexpr,
    /// Python's expressions with the dtypes and values of NumPy 2.
    #[default]
    NumPy,
    /// Python's expressions with the kinds of numexpr: numbers are bool, int32, int64, float32, float64 and
    /// complex128, and strings are bytes. Inputs of other dtypes are taken as the next of these.
    NumExpr,
}

impl Dialect {
    /// The grammar of its expressions and kernels.
    pub(in crate::front) fn grammar(self) -> Grammar {
        match self {
            Dialect::Miniexpr => Grammar::Reference,
            Dialect::NumPy | Dialect::NumExpr => Grammar::Python,
        }
    }

    /// Whether its expressions are Python's.
    pub(in crate::front) fn is_python(self) -> bool {
        self.grammar() == Grammar::Python
    }

    /// The functions and constants of a dialect whose expressions are Python's.
    pub(in crate::front) fn vocabulary(self) -> &'static Vocabulary {
        match self {
            Dialect::NumExpr => &numexpr::VOCABULARY,
            Dialect::Miniexpr | Dialect::NumPy => &numpy::VOCABULARY,
        }
    }
}
