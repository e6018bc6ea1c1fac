//! String literals: UTF-8 between quotes, with escapes.

/// Length in bytes of the literal that `source` begins with, quotes included.
///
/// `None` for a broken literal: without an end, with an unknown escape, with invalid UTF-8, or with
/// a NUL, which no value of a fixed-width string holds.
pub fn scan(source: &[u8]) -> Option<usize> {
    let mut characters = Characters::new(source);
    while characters.next()?.is_some() {}
    Some(source.len() - characters.rest.len())
}

/// Length in bytes of the literal that `source` begins with, quotes included, whatever its escapes; `None` if it is not
/// closed.
pub fn length(source: &[u8]) -> Option<usize> {
    let mut rest = source.iter().enumerate().skip(1);
    while let Some((index, byte)) = rest.next() {
        match byte {
            b'\\' => drop(rest.next()),
            _ if *byte == source[0] => return Some(index + 1),
            _ => {}
        }
    }
    None
}

/// The characters of a literal that [`scan`] has accepted.
pub fn characters(literal: &[u8]) -> impl Iterator<Item = Character> {
    let mut characters = Characters::new(literal);
    std::iter::from_fn(move || characters.next().flatten())
}

/// One code point of a literal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Character {
    pub code: u32,
    /// Written as `\xHH`, which in a bytes literal is that byte.
    pub is_byte: bool,
}

/// What is left of a literal after its opening quote.
struct Characters<'a> {
    quote: u8,
    rest: &'a [u8],
}

impl<'a> Characters<'a> {
    /// `source` begins with a quote.
    fn new(source: &'a [u8]) -> Characters<'a> {
        Characters { quote: source[0], rest: &source[1..] }
    }

    /// The next character, `Some(None)` at the closing quote, and `None` where the literal is broken.
    fn next(&mut self) -> Option<Option<Character>> {
        let (&byte, rest) = self.rest.split_first()?;
        if byte == self.quote {
            self.rest = rest;
            return Some(None);
        }
        let (character, length) = if byte == b'\\' { escape(rest)? } else { utf8(self.rest)? };
        self.rest = &self.rest[length..];
        (character.code != 0).then_some(Some(character))
    }
}

/// The character of an escape, given what follows the backslash, and the length of the whole escape.
fn escape(rest: &[u8]) -> Option<(Character, usize)> {
    let (&letter, rest) = rest.split_first()?;
    let digits = match letter {
        b'x' => 2,
        b'u' => 4,
        b'U' => 8,
        _ => 0,
    };
    let code = match letter {
        b'x' => hexadecimal(rest.get(..digits)?)?,
        b'u' | b'U' => char::from_u32(hexadecimal(rest.get(..digits)?)?)?.into(),
        b'\\' | b'\'' | b'"' => letter.into(),
        b'a' => 0x07,
        b'b' => 0x08,
        b't' => 0x09,
        b'n' => 0x0A,
        b'v' => 0x0B,
        b'f' => 0x0C,
        b'r' => 0x0D,
        _ => return None,
    };
    Some((Character { code, is_byte: letter == b'x' }, 2 + digits))
}

fn hexadecimal(digits: &[u8]) -> Option<u32> {
    digits.iter().try_fold(0, |value, digit| Some(value << 4 | char::from(*digit).to_digit(16)?))
}

/// The character that `rest` begins with, and its length.
fn utf8(rest: &[u8]) -> Option<(Character, usize)> {
    let length = match rest.first()? {
        0x00..=0x7F => 1,
        0x80..=0xDF => 2,
        0xE0..=0xEF => 3,
        _ => 4,
    };
    let char = std::str::from_utf8(rest.get(..length)?).ok()?.chars().next()?;
    Some((Character { code: char.into(), is_byte: false }, length))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(literal: &str) -> Vec<u32> {
        assert_eq!(scan(literal.as_bytes()), Some(literal.len()), "{literal}");
        characters(literal.as_bytes()).map(|character| character.code).collect()
    }

    #[test]
    fn escapes() {
        assert_eq!(codes(r#"'\\\"\''"#), [0x5C, 0x22, 0x27]);
        assert_eq!(codes(r#""\n\t\r\a\b\f\v""#), [10, 9, 13, 7, 8, 12, 11]);
        assert_eq!(codes(r"'\u00e9\u20AC\U0001f600\xff'"), [0xE9, 0x20AC, 0x1F600, 0xFF]);
        assert_eq!(codes("'é€😀\"\n'"), [0xE9, 0x20AC, 0x1F600, 0x22, 0x0A]);
        assert!(codes("''").is_empty());
    }

    #[test]
    fn literals_end_at_their_own_quote() {
        assert_eq!(scan(b"'a\"b' + 'c'"), Some(5));
        assert_eq!(scan(br#""a\"b" + c"#), Some(6));
    }

    #[test]
    fn broken_literals() {
        let broken = [
            "'abc",
            "'",
            r"'\q'",
            r"'\",
            r"'\'",
            r"'\u12g4'",
            r"'\u123'",
            r"'\x4'",
            r"'\ud800'",
            r"'\udfff'",
            r"'\U00110000'",
            r"'\U0000d800'",
            r"'\u0000'",
            r"'\x00'",
            r"'\0'",
            r"'\N{DASH}'",
        ];
        for literal in broken {
            assert_eq!(scan(literal.as_bytes()), None, "{literal}");
        }
        let invalid: [&[u8]; 8] = [
            b"'\x80'",
            b"'\xC3'",
            b"'\xC0\x80'",
            b"'\xE0\x80\x80'",
            b"'\xED\xA0\x80'",
            b"'\xF4\x90\x80\x80'",
            b"'\xF8\x88\x80\x80\x80'",
            b"'\xE2\x82'",
        ];
        for literal in invalid {
            assert_eq!(scan(literal), None, "{literal:x?}");
        }
    }
}
