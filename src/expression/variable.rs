//! The variables of an expression.

use crate::dtype::Dtype;
use crate::ir::Type;

/// One declared variable of an expression, in [`Expression::variables`](crate::Expression::variables).
///
/// ```
/// use miniexpr::{Dtype, Expression};
///
/// let expression = Expression::builder("2 * b")
///     .variable("a", Dtype::Float64)
///     .variable("b", Dtype::Int32)
///     .compile()?;
/// let used: Vec<&str> =
///     expression.variables().iter().filter(|variable| variable.is_used()).map(|variable| variable.name()).collect();
/// assert_eq!(used, ["b"]);
/// # Ok::<(), miniexpr::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Variable {
    /// The name with a NUL at its end, as C reads it.
    pub(super) name: Vec<u8>,
    /// Position in the table of names that the compilation was given.
    pub(crate) entry: u32,
    pub(super) ty: Type,
    pub(super) role: Role,
}

/// What the kernel does with a variable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// It is a parameter that is read.
    Read,
    /// It is a parameter that is not read.
    Unread,
    /// It is no parameter.
    Unbound,
}

impl Variable {
    /// The name.
    ///
    /// ```
    /// # use miniexpr::{Dtype, Expression};
    /// let expression = Expression::builder("-x").variable("x", Dtype::Int8).compile()?;
    /// assert_eq!(expression.variables()[0].name(), "x");
    /// # Ok::<(), miniexpr::Error>(())
    /// ```
    pub fn name(&self) -> &str {
        // Names that Rust gives are UTF-8; C alone can give others, and has no way to ask for them.
        std::str::from_utf8(&self.name[..self.name.len() - 1]).unwrap_or_default()
    }

    /// The name as a text of C, without NUL inside.
    pub(crate) fn c_name(&self) -> &std::ffi::CStr {
        std::ffi::CStr::from_bytes_with_nul(&self.name).unwrap_or_default()
    }

    /// Whether evaluations by C take an array for it.
    pub(crate) fn is_parameter(&self) -> bool {
        self.role != Role::Unbound
    }

    /// The dtype of its items.
    ///
    /// ```
    /// # use miniexpr::{Dtype, Expression};
    /// let expression = Expression::builder("-x").variable("x", Dtype::Int8).compile()?;
    /// assert_eq!(expression.variables()[0].dtype(), Dtype::Int8);
    /// # Ok::<(), miniexpr::Error>(())
    /// ```
    pub fn dtype(&self) -> Dtype {
        self.ty.dtype
    }

    /// Bytes of an item.
    ///
    /// ```
    /// # use miniexpr::{Dtype, Expression};
    /// let expression = Expression::builder("s == 'a'").string_variable("s", Dtype::String, 20).compile()?;
    /// assert_eq!(expression.variables()[0].itemsize(), 20);
    /// # Ok::<(), miniexpr::Error>(())
    /// ```
    pub fn itemsize(&self) -> usize {
        self.ty.itemsize
    }

    /// Whether results depend on it. The array that is given for another is not read, and may have any length.
    ///
    /// ```
    /// # use miniexpr::{ArrayRef, Dtype, Expression};
    /// let expression = Expression::builder("1 + 1").variable("x", Dtype::Int8).compile()?;
    /// assert!(!expression.variables()[0].is_used());
    /// # Ok::<(), miniexpr::Error>(())
    /// ```
    pub fn is_used(&self) -> bool {
        self.role == Role::Read
    }
}
