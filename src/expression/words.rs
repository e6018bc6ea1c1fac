//! What the language has.

use std::ffi::CStr;

use crate::front::{Dialect, Language};
use crate::operation::{BUILTINS, Builtin as Row};

pub use crate::operation::BuiltinKind;

/// A name of the language.
#[derive(Clone, Copy, Debug)]
pub struct Builtin(&'static Row);

impl Builtin {
    /// The name.
    ///
    /// ```
    /// assert_eq!(miniexpr::builtins().next().unwrap().name(), "abs");
    /// ```
    pub fn name(&self) -> &'static str {
        self.0.name
    }

    /// What kind of name it is.
    ///
    /// ```
    /// let sum = miniexpr::builtins().find(|builtin| builtin.name() == "sum").unwrap();
    /// assert_eq!(sum.kind(), miniexpr::BuiltinKind::Reduction);
    /// ```
    pub fn kind(&self) -> BuiltinKind {
        self.0.kind()
    }

    /// Number of arguments, without those that may be left out.
    ///
    /// ```
    /// let hypot = miniexpr::builtins().find(|builtin| builtin.name() == "hypot").unwrap();
    /// assert_eq!(hypot.arity(), 2);
    /// ```
    pub fn arity(&self) -> usize {
        usize::from(self.0.arity)
    }

    /// One line that says what it is.
    ///
    /// ```
    /// let cbrt = miniexpr::builtins().find(|builtin| builtin.name() == "cbrt").unwrap();
    /// assert_eq!(cbrt.help(), "cube root");
    /// ```
    pub fn help(&self) -> &'static str {
        CStr::to_str(self.0.help).unwrap_or_default()
    }
}

/// The names of [`Dialect::Miniexpr`], in alphabetical order.
///
/// ```
/// let names: Vec<&str> = miniexpr::builtins().map(|builtin| builtin.name()).collect();
/// assert!(names.contains(&"where"));
/// ```
pub fn builtins() -> impl ExactSizeIterator<Item = Builtin> {
    BUILTINS.iter().map(Builtin)
}

/// Whether a text is read as a kernel, and not as an expression.
///
/// ```
/// use miniexpr::Dialect;
///
/// assert!(miniexpr::is_kernel("def f(x):\n    return x\n", Dialect::NumPy));
/// assert!(!miniexpr::is_kernel("x + 1", Dialect::NumPy));
/// ```
pub fn is_kernel(text: &str, dialect: Dialect) -> bool {
    Language::of(text.as_bytes(), dialect) == Language::Kernel
}
