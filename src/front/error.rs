//! What the front end says of a text that it refuses.

use std::fmt::{self, Write};

pub use crate::error::{Error as CompileError, ErrorKind as Status};

/// Bytes of a source text as shown in a message.
pub struct Quoted<'a>(pub &'a [u8]);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_char('\'')?;
        for chunk in self.0.utf8_chunks() {
            f.write_str(chunk.valid())?;
            if !chunk.invalid().is_empty() {
                f.write_char(char::REPLACEMENT_CHARACTER)?;
            }
        }
        f.write_char('\'')
    }
}
