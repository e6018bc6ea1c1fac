//! Why a text was refused, or an evaluation failed.

use std::fmt::{self, Write};
use std::ops::Range;

use crate::ir::Span;
use crate::memory::{OutOfMemory, TryGrow, try_box, try_format};

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
    /// An evaluation took longer than the caller allows.
    TimedOut,
    /// A loop takes more passes than the caller allows.
    TooManyPasses,
    /// A function of the program reported a failure, see [`fail_evaluation`](crate::fail_evaluation).
    Callback,
    /// A text is larger than the caller allows, see [`Profile`](crate::Profile).
    Limit,
    /// A text uses what the caller does not allow: a kernel, or `print`.
    Refused,
    /// The library itself failed. This is a bug in it: please report it with the expression.
    Internal,
}

/// The error of every call: a kind, a message, and the place in the text if there is one.
///
/// `Display` writes the message; after it, where the place is known, the line and a caret under the place; and the hint
/// if there is one.
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
    /// What a function of the program gave with its failure.
    code: i32,
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

    /// What went wrong, in a sentence, without the line of the text.
    ///
    /// ```
    /// # use miniexpr::Expression;
    /// let error = Expression::builder("1 +").compile().unwrap_err();
    /// assert_eq!(error.message(), "expected an expression, but the text ends here");
    /// ```
    pub fn message(&self) -> &str {
        self.message.as_ref().map_or("out of memory", |message| &message.text)
    }

    /// What to write instead, where that can be guessed.
    ///
    /// ```
    /// # use miniexpr::{Dtype, Expression};
    /// let error = Expression::builder("cosine(x)").variable("x", Dtype::Float64).compile().unwrap_err();
    /// assert_eq!(error.hint(), Some("did you mean 'cos'?"));
    /// ```
    pub fn hint(&self) -> Option<&str> {
        self.message.as_ref().map(|message| &message.hint[..]).filter(|hint| !hint.is_empty())
    }

    /// The line and the column at which [`Error::span`] begins, counted from 1, the column in characters.
    ///
    /// ```
    /// # use miniexpr::{Dtype, Expression};
    /// let kernel = "def f(x):\n    return x + y\n";
    /// let error = Expression::builder(kernel).variable("x", Dtype::Float64).compile().unwrap_err();
    /// assert_eq!(error.line_and_column(), Some((2, 16)));
    /// ```
    pub fn line_and_column(&self) -> Option<(usize, usize)> {
        let before = self.source.get(..self.span?.range().start).filter(|_| !self.source.is_empty())?;
        let line = 1 + before.iter().filter(|byte| **byte == b'\n').count();
        let first = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |index| index + 1);
        Some((line, 1 + characters(&before[first..]).count()))
    }

    /// The number that a function of the program gave to [`fail_evaluation`](crate::fail_evaluation); 0 for any other
    /// error.
    ///
    /// ```
    /// # use miniexpr::Expression;
    /// assert_eq!(Expression::builder("1 +").compile().unwrap_err().code(), 0);
    /// ```
    pub fn code(&self) -> i32 {
        self.code
    }

    /// An error without a place.
    #[doc(hidden)]
    pub fn new(kind: ErrorKind, message: fmt::Arguments<'_>) -> Error {
        let message = Message::boxed(message);
        Error { kind, span: None, position: None, code: 0, message, source: Vec::new() }
    }

    /// The failure of a function of the program.
    pub(crate) fn of_callback(code: i32, message: &[u8]) -> Error {
        let text = Lossy(message);
        let error = match message {
            [] => Error::new(ErrorKind::Callback, format_args!("a function of the program failed")),
            _ => Error::new(ErrorKind::Callback, format_args!("{text}")),
        };
        Error { code, ..error }
    }

    /// The same error with a hint; without memory for it there is none.
    pub(crate) fn with_hint(mut self, hint: fmt::Arguments<'_>) -> Error {
        if let (Some(message), Ok(hint)) = (&mut self.message, try_format(hint)) {
            message.hint = hint;
        }
        self
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
        let mut message = Message::boxed(format_args!("{before}{}{after}", self.message()));
        if let (Some(reworded), Some(message)) = (&mut message, self.message) {
            reworded.hint = message.hint;
        }
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
        Error {
            kind: ErrorKind::OutOfMemory,
            span: None,
            position: None,
            code: 0,
            message: None,
            source: Vec::new(),
        }
    }
}

impl std::error::Error for Error {}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.message())?;
        match self.span() {
            Some(span) if span.start <= self.source.len() && !self.source.is_empty() => {
                write_place(f, &self.source, span)?;
            }
            _ => {}
        }
        // Some messages end with their hint.
        let hint = self.hint().filter(|hint| !self.message().ends_with(hint));
        hint.map_or(Ok(()), |hint| write!(f, "\n  = {hint}"))
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

/// The texts of an error.
#[derive(Clone)]
struct Message {
    text: String,
    /// Empty for none.
    hint: String,
}

impl Message {
    fn boxed(text: fmt::Arguments<'_>) -> Option<Box<Message>> {
        try_box(Message { text: try_format(text).ok()?, hint: String::new() }).ok()
    }
}

/// Bytes as text, with a replacement for what is not UTF-8.
struct Lossy<'a>(&'a [u8]);

impl fmt::Display for Lossy<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        characters(self.0).try_for_each(|character| f.write_char(character))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_have_any_length() {
        let text = "é".repeat(2000);
        let error = Error::new(ErrorKind::Syntax, format_args!("{text}"));
        assert_eq!(error.message(), text);
        assert_eq!(Error::of_callback(7, b"a\xff").message(), "a\u{fffd}");
        assert_eq!((error.code(), Error::of_callback(7, b"").code()), (0, 7));
    }

    #[test]
    fn lines_and_columns_count_from_one() {
        let place = |source: &[u8], start: u32| {
            let error = Error::new(ErrorKind::Syntax, format_args!("no"));
            error.spanning(Span { start, end: start + 1 }).in_source(source).line_and_column()
        };
        assert_eq!(place(b"ab", 0), Some((1, 1)));
        assert_eq!(place("é\né€ + x".as_bytes(), 11), Some((2, 6)));
        assert_eq!(place(b"ab", 9), None);
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
