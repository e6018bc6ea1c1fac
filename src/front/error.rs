//! Why a text was refused.

use std::fmt::{self, Write};

use crate::ir::Span;
use crate::memory::{OutOfMemory, try_box};

/// Status of a compile call; the values are those of the C header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i32)]
pub enum Status {
    OutOfMemory = -1,
    Parse = -2,
    InvalidArgument = -3,
    ReductionInvalid = -5,
    VariablesMixed = -6,
    VariablesUnspecified = -7,
    InvalidArgumentType = -8,
}

/// A refused text: status, place, and a sentence for people.
#[derive(Clone, Debug)]
pub struct CompileError {
    pub status: Status,
    /// Byte position as the C call reports it; `None` where there is no place.
    pub position: Option<usize>,
    /// The token that is refused, in bytes of the text; `None` where the fault is in no token.
    pub span: Option<Span>,
    /// `None` where there was no memory for it.
    message: Option<Box<Message>>,
}

impl CompileError {
    /// An error without a place. `message` is cut to what a [`Message`] holds.
    pub fn new(status: Status, message: fmt::Arguments<'_>) -> CompileError {
        CompileError { status, position: None, span: None, message: Message::boxed(message) }
    }

    /// A syntax error at `position`.
    pub fn parse(position: usize, message: fmt::Arguments<'_>) -> CompileError {
        CompileError { position: Some(position), ..CompileError::new(Status::Parse, message) }
    }

    /// What went wrong, at most 255 bytes of UTF-8.
    pub fn message(&self) -> &[u8] {
        self.message.as_ref().map_or(b"out of memory", |message| message.as_bytes())
    }

    /// The same error at another position.
    pub fn at(self, position: Option<usize>) -> CompileError {
        CompileError { position, ..self }
    }

    /// The same error, of the token at `span`.
    pub fn spanning(self, span: Span) -> CompileError {
        CompileError { span: Some(span), ..self }
    }

    /// The same error as a syntax error, but for want of memory.
    pub fn as_syntax_error(self) -> CompileError {
        match self.status {
            Status::OutOfMemory => self,
            _ => CompileError { status: Status::Parse, ..self },
        }
    }

    /// The same error, with what went wrong as text between two others.
    pub fn reworded(self, before: fmt::Arguments<'_>, after: fmt::Arguments<'_>) -> CompileError {
        let text = std::str::from_utf8(self.message()).unwrap_or_default();
        let message = Message::boxed(format_args!("{before}{text}{after}"));
        CompileError { message, ..self }
    }
}

impl From<OutOfMemory> for CompileError {
    fn from(_: OutOfMemory) -> CompileError {
        CompileError { status: Status::OutOfMemory, position: None, span: None, message: None }
    }
}

/// At most 255 bytes of UTF-8, without an allocation.
#[derive(Clone)]
struct Message {
    bytes: [u8; Message::CAPACITY],
    len: usize,
}

impl Message {
    const CAPACITY: usize = 255;

    fn boxed(text: fmt::Arguments<'_>) -> Option<Box<Message>> {
        try_box(Message::new(text)).ok()
    }

    fn new(text: fmt::Arguments<'_>) -> Message {
        let mut message = Message { bytes: [0; Message::CAPACITY], len: 0 };
        // An error of `write_fmt` only says that the text was cut.
        let _ = message.write_fmt(text);
        message
    }

    fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.len]
    }
}

impl Write for Message {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let room = Message::CAPACITY - self.len;
        let mut take = text.len().min(room);
        while !text.is_char_boundary(take) {
            take -= 1;
        }
        self.bytes[self.len..self.len + take].copy_from_slice(&text.as_bytes()[..take]);
        self.len += take;
        if take < text.len() { Err(fmt::Error) } else { Ok(()) }
    }
}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", String::from_utf8_lossy(self.as_bytes()))
    }
}

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_messages_are_cut_between_characters() {
        let text = "é".repeat(200);
        let message = Message::new(format_args!("{text}"));
        assert_eq!(message.as_bytes().len(), 254);
        assert!(std::str::from_utf8(message.as_bytes()).is_ok());
    }
}
