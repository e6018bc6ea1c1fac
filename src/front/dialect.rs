//! Which language a text is written in.

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
}
