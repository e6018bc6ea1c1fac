//! Places in the source text, for people and for callers.

use std::fmt;

use crate::front::error::{CompileError, Status};
use crate::front::names::is_name_byte;
use crate::ir::{SourcePlace, Span};

/// Line and column of `offset`. Columns count bytes.
pub fn place(source: &[u8], offset: usize) -> SourcePlace {
    Cursor::default().place(source, offset)
}

/// Finds the places of statements in the order of the text without counting the lines before again.
#[derive(Debug, Default)]
pub struct Cursor {
    offset: usize,
    /// Zero for the first line.
    line: usize,
    line_start: usize,
}

impl Cursor {
    /// Line and column of `offset`. Columns count bytes.
    pub fn place(&mut self, source: &[u8], offset: usize) -> SourcePlace {
        let offset = offset.min(source.len());
        if offset < self.offset {
            *self = Cursor::default();
        }
        for (index, byte) in source[self.offset..offset].iter().enumerate() {
            if *byte == b'\n' {
                self.line += 1;
                self.line_start = self.offset + index + 1;
            }
        }
        self.offset = offset;
        let bounded = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        SourcePlace { line: bounded(self.line + 1), column: bounded(offset - self.line_start + 1) }
    }
}

/// A refusal of the text at `offset`.
pub fn refuse(source: &[u8], offset: usize, message: fmt::Arguments<'_>) -> CompileError {
    let SourcePlace { line, column } = place(source, offset);
    let end = offset + word(source.get(offset..).unwrap_or_default());
    CompileError::new(Status::Syntax, format_args!("line {line}, column {column}: {message}"))
        .at(position_told(source, offset))
        .spanning(Span { start: offset as u32, end: end as u32 })
}

/// Bytes of the word at the start of a text, or of the sign; none at the end of a line.
fn word(text: &[u8]) -> usize {
    match text.iter().take_while(|byte| is_name_byte(**byte)).count() {
        0 => usize::from(text.first().is_some_and(|byte| byte.is_ascii_graphic())),
        length => length,
    }
}

/// `offset` as a caller gets it: `None` past the last byte.
pub fn position_told(source: &[u8], offset: usize) -> Option<usize> {
    (offset < source.len()).then_some(offset)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_from_one() {
        let source = b"ab\n\tc\n";
        let at = |offset| (place(source, offset).line, place(source, offset).column);
        assert_eq!([at(0), at(1), at(3), at(4), at(6)], [(1, 1), (1, 2), (2, 1), (2, 2), (3, 1)]);
    }

    #[test]
    fn cursors_go_on_and_back() {
        let source = b"ab\n\tc\n";
        let mut cursor = Cursor::default();
        for offset in [0, 1, 4, 6, 3, 9] {
            assert_eq!(cursor.place(source, offset), place(source, offset), "{offset}");
        }
    }

    #[test]
    fn the_end_of_the_text_has_no_position() {
        assert_eq!(refuse(b"abc", 2, format_args!("no")).position, Some(2));
        let error = refuse(b"abc", 3, format_args!("no"));
        assert_eq!((error.position, error.message()), (None, "line 1, column 4: no"));
    }
}
