//! Why a text was refused, or an evaluation failed.

use std::fmt::{self, Write};
use std::ops::Range;

use crate::ir::Span;
use crate::memory::{OutOfMemory, TryGrow, try_box};

/// What went wrong, for programs that decide by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The system refused an allocation.
    OutOfMemory,
    /// The text is not a valid expression or kernel.
    Syntax,
    /// An argument is missing or out of range.
    InvalidArgument,
    /// A reduction inside a reduction, or of a dtype for which it is not defined.
    InvalidReduction,
    /// Some variables have a dtype and some have none.
    MixedDtypes,
    /// Neither the variables nor the output have a dtype.
    UnknownDtype,
    /// A dtype or itemsize is invalid, or an operation is not defined for the dtypes of its operands.
    InvalidType,
    /// Another number of inputs than the expression has variables.
    InputCount,
    /// An array of another dtype or itemsize than the expression takes or gives.
    WrongType,
    /// Arrays whose lengths do not go together.
    Shape,
    /// A kernel gave no value: a `range` with a step of zero, too many passes of a `while`, or items that
    /// reach the end without a `return`.
    Kernel,
    /// The caller stopped an evaluation.
    Cancelled,
    /// The library itself failed. This is a bug in it: please report it with the expression.
    Internal,
}

/// The error of every call: a kind, a message, and the place in the text if there is one.
///
/// `Display` writes the message; after it, where the place is known, the line and a caret under the place.
///
/// ```
/// use miniexpr::{Dtype, ErrorKind, Expression};
///
/// let error = Expression::builder("2 * (a + c)").variable("a", Dtype::Float64).compile().unwrap_err();
/// assert_eq!(error.kind(), ErrorKind::Syntax);
/// assert_eq!(error.span(), Some(9..10));
/// assert_eq!(
///     error.to_string(),
///     "unknown name 'c'\n  | 2 * (a + c)\n  |          ^"
/// );
/// ```
#[derive(Clone)]
pub struct Error {
    kind: ErrorKind,
    span: Option<Span>,
    /// Byte position as the C call reports it; `None` where there is no place.
    #[doc(hidden)]
    pub position: Option<usize>,
    /// `None` where there was no memory for it.
    message: Option<Box<Message>>,
    /// The text that the span is of; empty where it is not known.
    source: Vec<u8>,
}

impl Error {
    /// What went wrong.
    ///
    /// ```
    /// # use miniexpr::{ErrorKind, Expression};
    /// let error = Expression::builder("1 +").compile().unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::Syntax);
    /// ```
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// The bytes of the text that are to blame; `None` where there is no such place.
    ///
    /// ```
    /// # use miniexpr::Expression;
    /// let text = "1 + nothing";
    /// let error = Expression::builder(text).compile().unwrap_err();
    /// assert_eq!(&text[error.span().unwrap()], "nothing");
    /// ```
    pub fn span(&self) -> Option<Range<usize>> {
        self.span.map(Span::range)
    }

    /// What went wrong, in a sentence of at most 255 bytes, without the line of the text.
    ///
    /// ```
    /// # use miniexpr::Expression;
    /// let error = Expression::builder("1 +").compile().unwrap_err();
    /// assert_eq!(error.message(), "expected an expression, but the text ends here");
    /// ```
    pub fn message(&self) -> &str {
        self.message.as_ref().map_or("out of memory", |message| message.as_str())
    }

    /// An error without a place. `message` is cut to 255 bytes.
    #[doc(hidden)]
    pub fn new(kind: ErrorKind, message: fmt::Arguments<'_>) -> Error {
        Error { kind, span: None, position: None, message: Message::boxed(message), source: Vec::new() }
    }

    /// A bug of the library.
    pub(crate) fn internal() -> Error {
        let message = "internal error: this is a bug in miniexpr, please report it with the expression";
        Error::new(ErrorKind::Internal, format_args!("{message}"))
    }

    /// A syntax error, reported to C at `position`.
    pub(crate) fn parse(position: usize, message: fmt::Arguments<'_>) -> Error {
        Error { position: Some(position), ..Error::new(ErrorKind::Syntax, message) }
    }

    /// The same error at another position.
    pub(crate) fn at(self, position: Option<usize>) -> Error {
        Error { position, ..self }
    }

    /// The same error with the bytes of the text that are to blame.
    pub(crate) fn spanning(self, span: Span) -> Error {
        Error { span: Some(span), ..self }
    }

    /// The same error; `span` is to blame if nothing is yet, and there was memory.
    pub(crate) fn within(self, span: Span) -> Error {
        if self.span.is_some() || self.kind == ErrorKind::OutOfMemory { self } else { self.spanning(span) }
    }

    /// The same error as a syntax error, unless memory was refused.
    pub(crate) fn into_syntax_error(self) -> Error {
        match self.kind {
            ErrorKind::OutOfMemory => self,
            _ => Error { kind: ErrorKind::Syntax, ..self },
        }
    }

    /// The same error, with its message between two other texts.
    pub(crate) fn reworded(self, before: fmt::Arguments<'_>, after: fmt::Arguments<'_>) -> Error {
        let message = Message::boxed(format_args!("{before}{}{after}", self.message()));
        Error { message, ..self }
    }

    /// The same error, which shows its place in `source`. Without memory for a copy it shows none.
    pub(crate) fn in_source(self, source: &[u8]) -> Error {
        let source =
            if self.span.is_some() { Vec::try_copied(source).unwrap_or_default() } else { Vec::new() };
        Error { source, ..self }
    }
}

impl From<OutOfMemory> for Error {
    fn from(_: OutOfMemory) -> Error {
        Error { kind: ErrorKind::OutOfMemory, span: None, position: None, message: None, source: Vec::new() }
    }
}

impl std::error::Error for Error {}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.message())?;
        match self.span() {
            Some(span) if span.start <= self.source.len() && !self.source.is_empty() => {
                write_place(f, &self.source, span)
            }
            _ => Ok(()),
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("kind", &self.kind)
            .field("span", &self.span())
            .field("message", &self.message())
            .finish()
    }
}

/// Writes the line of `source` in which `span` begins, and carets under the bytes of the span in that line.
fn write_place(f: &mut fmt::Formatter<'_>, source: &[u8], span: Range<usize>) -> fmt::Result {
    let Range { start, end } = span;
    let is_end = |byte: &u8| *byte == b'\n';
    let first = source[..start].iter().rposition(is_end).map_or(0, |index| index + 1);
    let last = source[start..].iter().position(is_end).map_or(source.len(), |length| start + length);
    f.write_str("\n  | ")?;
    characters(&source[first..last]).try_for_each(|character| f.write_char(character))?;
    f.write_str("\n  | ")?;
    for character in characters(&source[first..start]) {
        f.write_char(if character == '\t' { '\t' } else { ' ' })?;
    }
    let blamed = characters(&source[start..end.clamp(start, last)]).count();
    (0..blamed.max(1)).try_for_each(|_| f.write_char('^'))
}

/// The characters of a text, with a replacement for what is not UTF-8.
fn characters(text: &[u8]) -> impl Iterator<Item = char> {
    text.utf8_chunks().flat_map(|chunk| {
        let broken = (!chunk.invalid().is_empty()).then_some(char::REPLACEMENT_CHARACTER);
        chunk.valid().chars().chain(broken)
    })
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

    fn as_str(&self) -> &str {
        std::str::from_utf8(&self.bytes[..self.len])
            .unwrap_or_else(|_| unreachable!("messages are cut between characters"))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_messages_are_cut_between_characters() {
        let text = "é".repeat(200);
        let message = Message::new(format_args!("{text}"));
        assert_eq!(message.as_str().len(), 254);
    }

    #[test]
    fn the_place_is_shown_in_its_line() {
        let shown = |source: &[u8], span: Range<usize>| {
            let span = Span { start: span.start as u32, end: span.end as u32 };
            let error = Error::new(ErrorKind::Syntax, format_args!("no")).spanning(span);
            error.in_source(source).to_string()
        };
        assert_eq!(shown(b"ab + cd", 5..7), "no\n  | ab + cd\n  |      ^^");
        assert_eq!(shown(b"a\n\tbc d\ne", 3..5), "no\n  | \tbc d\n  | \t^^");
        // Carets stand under characters, however many bytes they have.
        assert_eq!(shown("'é€' + x".as_bytes(), 10..11), "no\n  | 'é€' + x\n  |        ^");
        // The end of the text, a span over two lines, and bytes that are not UTF-8.
        assert_eq!(shown(b"a +", 3..3), "no\n  | a +\n  |    ^");
        assert_eq!(shown(b"ab\nc", 1..4), "no\n  | ab\n  |  ^");
        assert_eq!(shown(b"\xff x", 2..3), "no\n  | \u{fffd} x\n  |   ^");
        assert_eq!(shown(b"", 0..0), "no");
    }
}
