//! What a host allows texts that it does not trust.

use super::error::{CompileError, Status};
use super::names::{is_name_byte, is_name_start};
use super::text;
use crate::ir::{Kernel, SourcePlace, Span, Stmt, find_in};
use crate::memory::{OutOfMemory, TryGrow};

/// What a text may use, and how large it may be; nothing is limited by default.
///
/// ```
/// use miniexpr::{Dtype, ErrorKind, Expression, Profile};
///
/// let compile = |text| Expression::builder(text).variable("x", Dtype::Float64).profile(Profile::sandbox()).compile();
/// assert!(compile("sqrt(x) + 1").is_ok());
/// let error = compile("def f(x):\n    return x\n").unwrap_err();
/// assert_eq!(error.kind(), ErrorKind::Refused);
///
/// let short = Profile { max_nodes: Some(3), ..Profile::default() };
/// let error = Expression::builder("1 + 2 + 3").profile(short).compile().unwrap_err();
/// assert_eq!((error.kind(), error.span()), (ErrorKind::Limit, Some(6..7)));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Profile {
    /// Kernels are refused: the text is an expression.
    pub expressions_only: bool,
    /// Lines `# me:…` are comments like any other, so that a text chooses neither its compiler nor how exact it is.
    pub ignore_pragmas: bool,
    /// Kernels that print are refused.
    pub no_print: bool,
    /// The compiler of C, whose kernels lie in files, is not run, nor are its files loaded.
    pub no_disk_cache: bool,
    /// Brackets and blocks inside one another.
    pub max_nesting: Option<u32>,
    /// Bytes of the text.
    pub max_text_bytes: Option<u64>,
    /// Names, numbers, strings and operators.
    pub max_nodes: Option<u64>,
    /// Bytes of strings and numbers in the text.
    pub max_constant_bytes: Option<u64>,
    /// Passes of loops that an item may take in all, in every evaluation of the expression.
    pub max_passes: Option<u64>,
}

impl Profile {
    /// For text from users: expressions alone, no pragmas, no print, no files, and limits under which every text is
    /// compiled within some milliseconds.
    ///
    /// ```
    /// # use miniexpr::Profile;
    /// let with_kernels = Profile { expressions_only: false, ..Profile::sandbox() };
    /// assert_eq!(with_kernels.max_passes, Some(1_000_000));
    /// ```
    pub const fn sandbox() -> Profile {
        Profile {
            expressions_only: true,
            ignore_pragmas: true,
            no_print: true,
            no_disk_cache: true,
            max_nesting: Some(64),
            max_text_bytes: Some(8192),
            max_nodes: Some(1024),
            max_constant_bytes: Some(4096),
            max_passes: Some(1_000_000),
        }
    }

    /// Refuses a text that is too large, before anything else looks at it.
    pub fn check_text(&self, text: &[u8]) -> Result<(), CompileError> {
        if let Some(most) = self.max_text_bytes.filter(|most| text.len() as u64 > *most) {
            let message = format_args!("the text has {} bytes; there may be {most}", text.len());
            return Err(CompileError::new(Status::Limit, message));
        }
        if self.max_nesting.is_none() && self.max_nodes.is_none() && self.max_constant_bytes.is_none() {
            return Ok(());
        }
        let mut sizes = Sizes { profile: self, nodes: 0, constant_bytes: 0, nesting: 0, blocks: Vec::new() };
        sizes.measure(text).map_err(|error| error.in_source(text))
    }

    /// Refuses a kernel that prints.
    pub fn check_kernel(&self, kernel: &Kernel, text: &[u8]) -> Result<(), CompileError> {
        let print = find_in(&kernel.body, &mut |stmt| match stmt {
            Stmt::Print(print) => Some(print.place),
            _ => None,
        });
        let Some(SourcePlace { line, column }) = print.filter(|_| self.no_print) else { return Ok(()) };
        let lines = text.split_inclusive(|byte| *byte == b'\n').take(line as usize - 1);
        let start = lines.map(<[u8]>::len).sum::<usize>() as u32 + column - 1;
        let message = format_args!("line {line}, column {column}: print is not allowed here");
        let span = Span { start, end: start + PRINT.len() as u32 };
        Err(CompileError::new(Status::Refused, message).spanning(span).in_source(text))
    }
}

const PRINT: &str = "print";

/// The text without its pragmas: comments of the same length.
pub fn without_pragmas(text: &[u8]) -> Result<Vec<u8>, OutOfMemory> {
    let mut text = Vec::try_copied(text)?;
    let mut index = 0;
    // Pragmas stand in comments before the first line of code.
    while let Some(&byte) = text.get(index) {
        if byte == b'#' {
            let end = text[index..]
                .iter()
                .position(|byte| *byte == b'\n')
                .map_or(text.len(), |length| index + length);
            let is_blank = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\r');
            let word = index + 1 + text[index + 1..end].iter().take_while(|byte| is_blank(byte)).count();
            if text[word..end].starts_with(b"me:") {
                text[word + 2] = b' ';
            }
            index = end;
        } else if byte.is_ascii_whitespace() {
            index += 1;
        } else {
            break;
        }
    }
    Ok(text)
}

/// The sizes of a text that a profile limits, as far as it has been read.
struct Sizes<'p> {
    profile: &'p Profile,
    nodes: u64,
    constant_bytes: u64,
    /// Open brackets.
    nesting: usize,
    /// Indentations of the open blocks.
    blocks: Vec<usize>,
}

impl Sizes<'_> {
    fn measure(&mut self, text: &[u8]) -> Result<(), CompileError> {
        let mut index = 0;
        let mut line = 0;
        while let Some(&byte) = text.get(index) {
            let rest = &text[index..];
            let length = match byte {
                b'\n' => {
                    line = index + 1;
                    1
                }
                b'#' => rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len()),
                _ if byte.is_ascii_whitespace() => 1,
                // One that is not closed takes the rest.
                b'"' | b'\'' => text::length(rest).unwrap_or(rest.len()),
                _ if is_name_start(byte) => rest.iter().take_while(|byte| is_name_byte(**byte)).count(),
                b'0'..=b'9' => number(rest),
                _ => 1,
            };
            let span = Span { start: index as u32, end: (index + length) as u32 };
            if byte != b'#' && !byte.is_ascii_whitespace() {
                if text[line..index].iter().all(u8::is_ascii_whitespace) {
                    self.open_block(index - line, span)?;
                }
                self.count(byte, length as u64, span)?;
            }
            index += length;
        }
        Ok(())
    }

    fn open_block(&mut self, indent: usize, span: Span) -> Result<(), CompileError> {
        while self.blocks.last().is_some_and(|open| *open > indent) {
            self.blocks.pop();
        }
        if self.nesting == 0 && self.blocks.last().is_none_or(|open| *open < indent) && indent > 0 {
            self.blocks.try_push(indent)?;
            self.check_nesting(span)?;
        }
        Ok(())
    }

    fn count(&mut self, byte: u8, length: u64, span: Span) -> Result<(), CompileError> {
        match byte {
            b'(' | b'[' | b'{' => {
                self.nesting += 1;
                return self.check_nesting(span);
            }
            b')' | b']' | b'}' => {
                self.nesting = self.nesting.saturating_sub(1);
                return Ok(());
            }
            b',' | b';' | b':' => return Ok(()),
            b'"' | b'\'' | b'0'..=b'9' => self.constant_bytes += length,
            _ => {}
        }
        self.nodes += 1;
        if let Some(most) = self.profile.max_nodes.filter(|most| self.nodes > *most) {
            return Err(limit(
                span,
                format_args!("there are more than {most} names, numbers, strings and operators"),
            ));
        }
        match self.profile.max_constant_bytes.filter(|most| self.constant_bytes > *most) {
            Some(most) => Err(limit(span, format_args!("strings and numbers have more than {most} bytes"))),
            None => Ok(()),
        }
    }

    fn check_nesting(&self, span: Span) -> Result<(), CompileError> {
        let depth = self.nesting + self.blocks.len();
        match self.profile.max_nesting.filter(|most| depth > *most as usize) {
            Some(most) => {
                Err(limit(span, format_args!("more than {most} brackets and blocks are inside one another")))
            }
            None => Ok(()),
        }
    }
}

fn limit(span: Span, message: std::fmt::Arguments<'_>) -> CompileError {
    CompileError::new(Status::Limit, message).spanning(span)
}

/// Bytes of the number at the start of a text.
fn number(text: &[u8]) -> usize {
    let mut index = 1;
    while let Some(&byte) = text.get(index) {
        let has_sign = matches!(byte, b'+' | b'-') && matches!(text[index - 1], b'e' | b'E' | b'p' | b'P');
        if !has_sign && byte != b'.' && !is_name_byte(byte) {
            break;
        }
        index += 1;
    }
    index
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str, profile: Profile) -> Option<String> {
        let error = profile.check_text(text.as_bytes()).err()?;
        assert_eq!(error.kind(), Status::Limit);
        Some(error.span().map_or("all", |span| &text[span]).to_string())
    }

    #[test]
    fn each_limit_blames_what_exceeds_it() {
        let nodes = Profile { max_nodes: Some(5), ..Profile::default() };
        assert_eq!(refused("a + (b) * c", nodes), None);
        assert_eq!(refused("a + f(b, c1)*2 # d + e", nodes).as_deref(), Some("*"));
        let nesting = Profile { max_nesting: Some(2), ..Profile::default() };
        assert_eq!(refused("((a)) + f(a[1])", nesting), None);
        assert_eq!(refused("((a) + f(\"(((\", (b)))", nesting).as_deref(), Some("("));
        let kernel = "def f(x):\n  if x:\n    y = 1\n  else:\n    y = 2\n  return y\n";
        assert_eq!(refused(kernel, nesting), None);
        assert_eq!(refused(&kernel.replace("= 2", "= (2)"), nesting).as_deref(), Some("("));
        let constants = Profile { max_constant_bytes: Some(6), ..Profile::default() };
        assert_eq!(refused("'abcd' + x", constants), None);
        assert_eq!(refused("1.5e-3", constants), None);
        assert_eq!(refused("12 + 1.5e-3", constants).as_deref(), Some("1.5e-3"));
        let bytes = Profile { max_text_bytes: Some(3), ..Profile::default() };
        assert_eq!(refused("a+b", bytes), None);
        assert_eq!(refused("a+ b", bytes).as_deref(), Some("all"));
        assert_eq!(refused(&"(((((\"".repeat(100_000), Profile::default()), None);
    }

    #[test]
    fn pragmas_become_comments_of_the_same_length() {
        let text = b"# note\n  #  me:fp=fast\n#me:compiler=cc\ndef f(x):\n    # me:fp=fast\n    return x\n";
        let masked = without_pragmas(text).unwrap();
        assert_eq!(masked.len(), text.len());
        let expected =
            b"# note\n  #  me fp=fast\n#me compiler=cc\ndef f(x):\n    # me:fp=fast\n    return x\n";
        assert_eq!(masked, expected);
        assert_eq!(without_pragmas(b"#").unwrap(), b"#");
    }
}
