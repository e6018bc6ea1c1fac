//! From text to a typed kernel: lexer, parser, syntax tree, lowering.

mod dialect;
mod dsl;
mod entry;
pub mod error;
mod grammar;
mod lexer;
mod names;
mod number;
mod place;
mod plain;
mod profile;
mod program;
mod route;
mod scope;
#[cfg(test)]
pub mod testing;
mod text;
mod tree;
mod typing;

pub use dialect::Dialect;
pub use dsl::parameters as kernel_parameters;
pub use entry::{Entry, EntryKind};
pub use error::{CompileError, Status};
pub use profile::{Profile, without_pragmas};
pub use route::Language;

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

/// Compiles a text of `language` in `dialect` over the caller's entries; `output` is the wanted dtype, `None` to infer it.
pub fn compile(
    text: &[u8],
    language: Language,
    dialect: Dialect,
    entries: &[Entry<'_>],
    output: Option<Dtype>,
    lifting: Lifting,
) -> Result<Kernel, CompileError> {
    let compiled = if language == Language::Kernel {
        dsl::compile(text, dialect, entries, output)
    } else if lifting == Lifting::IfPossible
        && let Ok(kernel) = dsl::lift(text, dialect, entries, output)
    {
        Ok(kernel)
    } else {
        plain::compile(text, dialect, entries, output)
    };
    let kernel = compiled.map_err(|error| error.in_source(text))?;
    debug_assert_eq!(kernel.validate(), Ok(()), "what is compiled is well formed");
    Ok(kernel)
}

/// Whether a text can mention a variable or function called `name`.
pub fn is_name(name: &[u8]) -> bool {
    let is_word = name.first().is_some_and(|byte| names::is_name_start(*byte))
        && name.iter().all(|byte| names::is_name_byte(*byte));
    is_word && !matches!(name, b"and" | b"or" | b"not" | b"if" | b"else" | b"def" | b"return")
}

/// Checks the statements of the kernel `source` without looking at names and dtypes.
pub fn check_syntax(source: &[u8], dialect: Dialect) -> Result<(), CompileError> {
    dsl::check_syntax(source, dialect).map_err(|error| error.in_source(source))
}
