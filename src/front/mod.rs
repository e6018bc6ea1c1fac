//! From text to a typed kernel: lexer, parser, syntax tree, lowering.

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

pub use error::{CompileError, Status};
pub use plain::{Entry, EntryKind};

use crate::dtype::Dtype;
use crate::ir::Kernel;

/// Compiles a text over the caller's entries; `output` is the wanted dtype, `None` to infer it.
pub fn compile(text: &[u8], entries: &[Entry<'_>], output: Option<Dtype>) -> Result<Kernel, CompileError> {
    if route::is_kernel(text) {
        return Err(CompileError::parse(0, format_args!("kernels of statements are not supported")));
    }
    plain::compile(text, entries, output)
}
