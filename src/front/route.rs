//! Which language a text is written in.

use super::dialect::Dialect;
use super::lexer::{Grammar, Lexer, is_name_byte, is_name_start};

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
            Dialect::Miniexpr => is_kernel(text),
            Dialect::NumPy | Dialect::NumExpr => begins_with_def(text),
        };
        if is_kernel { Language::Kernel } else { Language::Expression }
    }
}

/// Whether the first word behind blank lines and comments is `def`.
fn begins_with_def(text: &[u8]) -> bool {
    let mut lexer = Lexer::new(text, Grammar::Python);
    lexer.next_line();
    lexer.skip_blanks();
    lexer.peek_name() == b"def"
}

/// Whether `text` is a kernel and not a plain expression: outside string literals it has a newline,
/// `;`, a brace, a lone `=`, or a statement keyword.
fn is_kernel(text: &[u8]) -> bool {
    let mut index = 0;
    while let Some(&byte) = text.get(index) {
        match byte {
            b'"' | b'\'' => index = after_string(text, index),
            b'\n' | b';' | b'{' | b'}' => return true,
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

/// Index behind the literal that opens at `start`; an open one swallows the rest.
fn after_string(text: &[u8], start: usize) -> usize {
    let mut index = start + 1;
    while let Some(&byte) = text.get(index) {
        match byte {
            b'\\' => index += 2,
            _ if byte == text[start] => return index + 1,
            _ => index += 1,
        }
    }
    text.len()
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
    fn tells_kernels_from_expressions() {
        let kernels =
            ["a\n", "a;", "a = b", "x := 1", "x => y", "x = = y", "{x}", "x if y else x", "print", "a+=1"];
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
