//! From a syntax tree to typed expressions, by the rules of a dialect.
//!
//! The dialects share the tree and what comes out of it; each has its rules in a file or folder of its own.

mod reference;
mod text;

use super::error::{CompileError, Status};
use crate::dtype::Dtype;
use crate::ir::{Builder, ExprId};
use crate::memory::OutOfMemory;
use crate::operation::known;

pub use reference::{Rules, infer};

/// `value` in the dtype `wanted`, its own if that is `None`. Strings are never converted.
pub fn convert(builder: &mut Builder, value: ExprId, wanted: Option<Dtype>) -> Result<ExprId, CompileError> {
    let own = builder.dtype(value);
    let wanted = wanted.unwrap_or(own);
    if wanted != own && (wanted.is_string() || own.is_string()) {
        let message = format_args!("a value of dtype {own} cannot be converted to {wanted}");
        return Err(CompileError::new(Status::InvalidType, message));
    }
    if own.is_string() { Ok(value) } else { Ok(builder.cast(value, wanted)?) }
}

/// `value` as a result is stored: a string in a slot of `itemsize` bytes.
pub fn store(builder: &mut Builder, value: ExprId, itemsize: usize) -> Result<ExprId, OutOfMemory> {
    if builder.dtype(value).is_string() { builder.text_in_slot(value, itemsize) } else { Ok(value) }
}
