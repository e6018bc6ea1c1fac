//! What a caller's table of variables and functions says.

use crate::dtype::Dtype;
use crate::ir::UserFunction;

/// One entry of the caller's variable table, with its own arguments already checked.
#[derive(Clone, Copy, Debug)]
pub struct Entry<'a> {
    pub name: &'a [u8],
    /// `None` is `ME_AUTO`.
    pub dtype: Option<Dtype>,
    /// Bytes of one element of a string variable.
    pub itemsize: usize,
    pub kind: EntryKind,
}

#[derive(Clone, Copy, Debug)]
pub enum EntryKind {
    Variable,
    Function { target: UserFunction, float_math: bool },
}
