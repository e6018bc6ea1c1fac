//! From text to a typed kernel: lexer, parser, syntax tree, lowering.

mod dsl;
pub mod error;
mod lexer;
mod lower;
mod number;
mod parser;
mod plain;
mod route;
mod scope;
mod text;
mod tree;

pub use dsl::check_syntax;
pub use error::{CompileError, Status};
pub use plain::{Entry, EntryKind};
pub use route::is_kernel;

use crate::dtype::Dtype;
use crate::ir::Kernel;

/// What to do with a plain expression.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lifting {
    /// Compile it as such: its parameters are the inputs that it uses.
    Never,
    /// Compile it as the kernel that returns it, with all inputs as parameters, where that works.
    IfPossible,
}

/// Compiles a text over the caller's entries; `output` is the wanted dtype, `None` to infer it.
pub fn compile(
    text: &[u8],
    entries: &[Entry<'_>],
    output: Option<Dtype>,
    lifting: Lifting,
) -> Result<Kernel, CompileError> {
    if is_kernel(text) {
        return dsl::compile(text, entries, output);
    }
    if lifting == Lifting::IfPossible
        && let Ok(kernel) = dsl::lift(text, entries, output)
    {
        return Ok(kernel);
    }
    plain::compile(text, entries, output)
}
