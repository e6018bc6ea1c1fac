//! The format of `print(…)`: a string literal with escapes and `{}` for each value.

use crate::memory::{OutOfMemory, TryGrow};

/// Why a format literal is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FormatError {
    Wrong(&'static str),
    OutOfMemory,
}

impl From<OutOfMemory> for FormatError {
    fn from(_: OutOfMemory) -> FormatError {
        FormatError::OutOfMemory
    }
}

/// The texts around the placeholders of a format literal, which is given with its quotes: one more than
/// there are placeholders.
pub fn parse(literal: &[u8]) -> Result<Vec<Vec<u8>>, FormatError> {
    let mut bytes = literal[1..literal.len() - 1].iter().copied();
    let mut pieces = Vec::new();
    let mut piece = Vec::new();
    while let Some(byte) = bytes.next() {
        match byte {
            b'\\' => escape(&mut bytes, &mut piece)?,
            b'{' => match bytes.next() {
                Some(b'{') => piece.try_push(b'{')?,
                Some(b'}') => pieces.try_push(std::mem::take(&mut piece))?,
                _ => {
                    return Err(FormatError::Wrong(
                        "write '{{' for a brace in a format, '{}' for a placeholder",
                    ));
                }
            },
            b'}' => match bytes.next() {
                Some(b'}') => piece.try_push(b'}')?,
                _ => return Err(FormatError::Wrong("write '}}' for a brace in a format")),
            },
            _ => piece.try_push(byte)?,
        }
    }
    pieces.try_push(piece)?;
    Ok(pieces)
}

/// Appends what the escape sequence after a backslash stands for.
fn escape(bytes: &mut impl Iterator<Item = u8>, piece: &mut Vec<u8>) -> Result<(), FormatError> {
    match bytes.next() {
        Some(byte @ (b'\\' | b'"' | b'\'')) => Ok(piece.try_push(byte)?),
        Some(b'n') => Ok(piece.try_push(b'\n')?),
        Some(b't') => Ok(piece.try_push(b'\t')?),
        Some(b'u') => code_point(bytes, 4, piece),
        Some(b'U') => code_point(bytes, 8, piece),
        _ => Err(FormatError::Wrong("unknown escape sequence in a format")),
    }
}

/// Appends the UTF-8 of the code point that `digits` hexadecimal digits give.
fn code_point(
    bytes: &mut impl Iterator<Item = u8>,
    digits: usize,
    piece: &mut Vec<u8>,
) -> Result<(), FormatError> {
    let mut value = 0u32;
    for _ in 0..digits {
        let digit = bytes.next().and_then(|byte| char::from(byte).to_digit(16));
        let digit = digit.ok_or(FormatError::Wrong("expected hexadecimal digits in an escape sequence"))?;
        value = value << 4 | digit;
    }
    let character = char::from_u32(value).ok_or(FormatError::Wrong("there is no such code point"))?;
    Ok(piece.try_extend(character.encode_utf8(&mut [0; 4]).as_bytes())?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pieces(literal: &str) -> Result<Vec<String>, FormatError> {
        let pieces = parse(literal.as_bytes())?;
        Ok(pieces.into_iter().map(|piece| String::from_utf8(piece).unwrap()).collect())
    }

    #[test]
    fn reads_placeholders_and_escapes() {
        assert_eq!(pieces("'a{}b{}'").unwrap(), ["a", "b", ""]);
        assert_eq!(pieces("\"{{x}}\"").unwrap(), ["{x}"]);
        assert_eq!(pieces(r#"'\\\"\'\n\té\u00e9\U0001F600'"#).unwrap(), ["\\\"'\n\téé😀"]);
        assert_eq!(pieces("''").unwrap(), [""]);
    }

    #[test]
    fn refuses_what_is_no_format() {
        let wrong = ["'{0}'", "'{:d}'", "'}'", "'{'", "'{}}'", r"'\x41'", r"'\ud800'", r"'\u12'"];
        for literal in wrong {
            assert!(matches!(pieces(literal), Err(FormatError::Wrong(_))), "{literal}");
        }
    }
}
