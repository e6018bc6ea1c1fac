//! Which language a text is written in.

use std::ops::Range;

use super::dialect::Dialect;
use super::lexer::{Grammar, Lexer};
use super::names::{is_name_byte, is_name_start};
use super::text;

/// What a text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// Statements, which are never read as an expression.
    Kernel,
    Expression,
}

impl Language {
    /// The language of `text`.
    pub fn of(text: &[u8], dialect: Dialect) -> Language {
        let is_kernel = match dialect {
            Dialect::Miniexpr => expression_place(text).is_none(),
            Dialect::NumPy | Dialect::NumExpr => begins_with_def(text),
        };
        if is_kernel { Language::Kernel } else { Language::Expression }
    }
}

/// Whether the first word after blank lines and comments is `def`.
fn begins_with_def(text: &[u8]) -> bool {
    let mut lexer = Lexer::new(text, Grammar::Python);
    lexer.next_line();
    lexer.skip_blanks();
    lexer.peek_name() == b"def"
}

/// Where the plain expression of a text stands, without the blank lines and comments around it; `None` for a kernel.
pub fn expression_place(text: &[u8]) -> Option<Range<usize>> {
    let start = after_blanks_and_comments(text, 0);
    let end = line_end(text, start);
    let is_alone = after_blanks_and_comments(text, end) == text.len();
    // Lines without anything are a kernel that is missing.
    let is_missing = start == end && (text.contains(&b'\n') || is_kernel(text));
    (is_alone && !is_missing && !is_kernel(&text[start..end])).then_some(start..end)
}

/// Index after the blank lines, white space and comments that follow `start`.
fn after_blanks_and_comments(text: &[u8], start: usize) -> usize {
    let mut index = start;
    while let Some(&byte) = text.get(index) {
        match byte {
            b'#' => index += text[index..].iter().take_while(|byte| **byte != b'\n').count(),
            b' ' | b'\t' | b'\r' | b'\n' | 0x0b | 0x0c => index += 1,
            _ => return index,
        }
    }
    index
}

/// Index of the line end, or of the comment before it, that follows `start` outside string literals.
fn line_end(text: &[u8], start: usize) -> usize {
    let mut index = start;
    while let Some(&byte) = text.get(index) {
        match byte {
            b'"' | b'\'' => index = after_string(text, index),
            b'\n' | b'#' => return index,
            _ => index += 1,
        }
    }
    text.len()
}

/// Whether a line is part of a kernel and no plain expression: outside string literals it has `;`, a brace, a lone
/// `=`, or a statement keyword.
fn is_kernel(text: &[u8]) -> bool {
    let mut index = 0;
    while let Some(&byte) = text.get(index) {
        match byte {
            b'"' | b'\'' => index = after_string(text, index),
            b';' | b'{' | b'}' => return true,
            b'=' if is_lone_equals(text, index) => return true,
            _ if is_name_start(byte) => {
                let length = text[index..].iter().take_while(|byte| is_name_byte(**byte)).count();
                if is_keyword(&text[index..index + length]) {
                    return true;
                }
                index += length;
            }
            _ if byte.is_ascii_digit() => {
                index += text[index..].iter().take_while(|byte| is_name_byte(**byte)).count();
            }
            _ => index += 1,
        }
    }
    false
}

/// Index after the literal that opens at `start`; an open one swallows the rest.
fn after_string(text: &[u8], start: usize) -> usize {
    text::length(&text[start..]).map_or(text.len(), |length| start + length)
}

fn is_lone_equals(text: &[u8], index: usize) -> bool {
    let previous = index.checked_sub(1).map(|previous| text[previous]);
    text.get(index + 1) != Some(&b'=') && !matches!(previous, Some(b'=' | b'!' | b'<' | b'>'))
}

fn is_keyword(name: &[u8]) -> bool {
    matches!(
        name,
        b"if"
            | b"def"
            | b"for"
            | b"else"
            | b"elif"
            | b"break"
            | b"print"
            | b"while"
            | b"return"
            | b"continue"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kernels_of_python_are_functions() {
        for text in ["def f(x):\n  return x", "\n# me:fp=fast\n\n  def f():"] {
            assert_eq!(Language::of(text.as_bytes(), Dialect::NumPy), Language::Kernel, "{text}");
        }
        for text in ["x if y else z", "sum(x, axis=0)", "x +", "(x\n+ y)", "define", ""] {
            assert_eq!(Language::of(text.as_bytes(), Dialect::NumPy), Language::Expression, "{text}");
        }
    }

    #[test]
    fn blank_lines_and_comments_surround_expressions() {
        let place = |text: &str| expression_place(text.as_bytes());
        assert_eq!(place("a + b"), Some(0..5));
        assert_eq!(place("a\n"), Some(0..1));
        assert_eq!(place("\n \t\r\n# if = {\n  a + b \r\n# def\n\n"), Some(16..23));
        assert_eq!(place("a # while;"), Some(0..2));
        assert_eq!(place("s == '#\n' # x"), Some(0..10));
        assert_eq!(place("# me:compiler=cc\na"), Some(17..18));
        assert_eq!(place(" "), Some(1..1));
        for kernel in [
            "\n",
            "# c\n",
            "a\nb",
            "(a\n+ b)",
            "a # c\n+ b",
            "\n;",
            "# c\ndef f(x):\n    return x\n",
            "a =\n",
        ] {
            assert_eq!(place(kernel), None, "{kernel}");
        }
    }

    #[test]
    fn tells_kernels_from_expressions() {
        let kernels = ["a;", "a = b", "x := 1", "x => y", "x = = y", "{x}", "x if y else x", "print", "a+=1"];
        for text in kernels {
            assert!(is_kernel(text.as_bytes()), "{text}");
        }
        let expressions = [
            "a == b",
            "a <= b",
            "a != b",
            "iff + elsewhere",
            "s == 'x=y;if\n{'",
            "'a\\'=' + b",
            "",
            "x === y",
        ];
        for text in expressions {
            assert!(!is_kernel(text.as_bytes()), "{text}");
        }
    }
}
