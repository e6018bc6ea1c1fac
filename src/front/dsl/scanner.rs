//! Reading a source text byte by byte: blanks, lines, indentation, names, text up to an end.

use super::place::refuse;
use super::program::Snippet;
use crate::front::error::CompileError;
use crate::front::lexer::{is_name_byte, is_name_start};

/// A position in the source text.
#[derive(Clone)]
pub struct Scanner<'a> {
    pub source: &'a [u8],
    pub offset: usize,
}

/// The first significant byte of a line, and how far the line is indented.
#[derive(Clone, Copy, Debug)]
pub struct LineStart {
    pub indent: usize,
    pub offset: usize,
}

impl<'a> Scanner<'a> {
    pub fn new(source: &'a [u8]) -> Scanner<'a> {
        Scanner { source, offset: 0 }
    }

    pub fn peek(&self) -> Option<u8> {
        self.source.get(self.offset).copied()
    }

    /// The text from here on.
    pub fn rest(&self) -> &'a [u8] {
        &self.source[self.offset..]
    }

    /// The text from `start` to here.
    pub fn snippet(&self, start: usize) -> Snippet<'a> {
        Snippet { text: &self.source[start..self.offset], start }
    }

    /// Passes `text` if it comes next.
    pub fn take(&mut self, text: &[u8]) -> bool {
        let found = self.rest().starts_with(text);
        if found {
            self.offset += text.len();
        }
        found
    }

    pub fn skip_blanks(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\r')) {
            self.offset += 1;
        }
    }

    /// Passes blanks and line ends.
    pub fn skip_space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\r' | b'\n')) {
            self.offset += 1;
        }
    }

    /// Passes a comment, if one starts here, up to the end of its line.
    pub fn skip_comment(&mut self) {
        if self.peek() == Some(b'#') {
            let length = self.rest().iter().take_while(|byte| **byte != b'\n').count();
            self.offset += length;
        }
    }

    /// Passes blanks and a comment; whether the line ends there.
    pub fn at_line_end(&mut self) -> bool {
        self.skip_blanks();
        self.skip_comment();
        matches!(self.peek(), None | Some(b'\n'))
    }

    /// The name that starts here, without passing it; empty if there is none.
    pub fn peek_name(&self) -> &'a [u8] {
        let rest = self.rest();
        if !rest.first().is_some_and(|first| is_name_start(*first)) {
            return b"";
        }
        &rest[..rest.iter().take_while(|byte| is_name_byte(**byte)).count()]
    }

    /// Passes the name that starts here; empty if there is none.
    pub fn name(&mut self) -> &'a [u8] {
        let name = self.peek_name();
        self.offset += name.len();
        name
    }

    /// Passes the whole name `keyword` if it comes next.
    pub fn keyword(&mut self, keyword: &[u8]) -> bool {
        let found = self.peek_name() == keyword;
        if found {
            self.offset += keyword.len();
        }
        found
    }

    /// Passes empty lines and lines of comment from a line's start on, up to the start of a line with
    /// a statement; `None` at the end of the text.
    pub fn next_line(&mut self) -> Option<LineStart> {
        loop {
            let start = self.offset;
            if !self.at_line_end() {
                self.offset = start;
                return Some(self.line_start());
            }
            self.peek()?;
            self.offset += 1;
        }
    }

    /// The indentation of the line that starts here: a tab counts as four spaces.
    fn line_start(&self) -> LineStart {
        let mut indent = 0;
        let mut offset = self.offset;
        while let Some(&byte) = self.source.get(offset) {
            indent += match byte {
                b' ' => 1,
                b'\t' => 4,
                b'\r' => 0,
                _ => break,
            };
            offset += 1;
        }
        LineStart { indent, offset }
    }

    /// The text up to the end of the statement, without surrounding blanks: a line end, `;` or `#`
    /// outside parentheses, or a `)` that closes nothing. The scanner stops there.
    ///
    /// Errors, at `statement`: a parenthesis or a string literal that is not closed.
    pub fn expression(&mut self, statement: usize) -> Result<Snippet<'a>, CompileError> {
        self.skip_blanks();
        let start = self.offset;
        let mut depth = 0usize;
        while let Some(byte) = self.peek() {
            match byte {
                b'\'' | b'"' => {
                    self.string(statement)?;
                    continue;
                }
                b'(' => depth += 1,
                b')' if depth > 0 => depth -= 1,
                b')' | b'\n' | b';' | b'#' if depth == 0 => break,
                _ => {}
            }
            self.offset += 1;
        }
        if depth > 0 {
            return Err(refuse(self.source, statement, format_args!("a parenthesis is never closed")));
        }
        Ok(trimmed(self.snippet(start)))
    }

    /// The text between a pair of parentheses that opens here, without surrounding blanks; `None` if
    /// none opens.
    ///
    /// Errors, at `statement`: the parenthesis or a string literal is not closed.
    pub fn parenthesized(&mut self, statement: usize) -> Result<Option<Snippet<'a>>, CompileError> {
        if !self.take(b"(") {
            return Ok(None);
        }
        let start = self.offset;
        let mut depth = 0usize;
        while let Some(byte) = self.peek() {
            match byte {
                b'\'' | b'"' => {
                    self.string(statement)?;
                    continue;
                }
                b'(' => depth += 1,
                b')' if depth == 0 => {
                    let inside = trimmed(self.snippet(start));
                    self.offset += 1;
                    return Ok(Some(inside));
                }
                b')' => depth -= 1,
                _ => {}
            }
            self.offset += 1;
        }
        Err(refuse(self.source, statement, format_args!("a parenthesis is never closed")))
    }

    /// Passes the string literal that starts here.
    fn string(&mut self, statement: usize) -> Result<(), CompileError> {
        if self.skip_string() {
            return Ok(());
        }
        Err(refuse(self.source, statement, format_args!("a string literal is not closed on its line")))
    }

    /// Passes the string literal that starts here; whether it is closed on its line.
    pub fn skip_string(&mut self) -> bool {
        let quote = self.peek();
        self.offset += 1;
        while let Some(byte) = self.peek() {
            self.offset += 1;
            match byte {
                b'\n' => return false,
                b'\\' if self.peek() != Some(b'\n') => self.offset += usize::from(self.peek().is_some()),
                _ if Some(byte) == quote => return true,
                _ => {}
            }
        }
        false
    }

    /// Passes a number and the letters that follow it.
    pub fn skip_number(&mut self) {
        self.offset += self.rest().iter().take_while(|byte| is_name_byte(**byte)).count();
    }
}

/// `snippet` without the white space around it.
pub fn trimmed(snippet: Snippet<'_>) -> Snippet<'_> {
    let text = snippet.text.trim_ascii_start();
    let start = snippet.start + (snippet.text.len() - text.len());
    Snippet { text: text.trim_ascii_end(), start }
}
