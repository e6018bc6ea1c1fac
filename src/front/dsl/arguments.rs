//! Arguments of `range(…)` and `print(…)`.

use super::program::Snippet;
use super::scanner::{Scanner, trimmed};

/// The pieces of `list` between commas that stand outside parentheses, brackets, braces and string
/// literals, without surrounding blanks. An empty list has one empty piece.
pub fn split(list: Snippet<'_>) -> impl Iterator<Item = Snippet<'_>> {
    let mut rest = Some(list);
    std::iter::from_fn(move || {
        let list = rest?;
        let length = length_of_first(list.text);
        rest = list.text.get(length + 1..).map(|text| Snippet { text, start: list.start + length + 1 });
        Some(trimmed(Snippet { text: &list.text[..length], start: list.start }))
    })
}

/// Length of what comes before the first comma.
fn length_of_first(list: &[u8]) -> usize {
    let mut scanner = Scanner::new(list);
    let mut depth = 0usize;
    while let Some(byte) = scanner.peek() {
        match byte {
            b'\'' | b'"' => {
                scanner.skip_string();
                continue;
            }
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => depth = depth.saturating_sub(1),
            b',' if depth == 0 => break,
            _ => {}
        }
        scanner.offset += 1;
    }
    scanner.offset
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splits_at_the_outer_commas() {
        let pieces = |text: &'static str| {
            let list = Snippet { text: text.as_bytes(), start: 10 };
            split(list)
                .map(|piece| (std::str::from_utf8(piece.text).unwrap(), piece.start))
                .collect::<Vec<_>>()
        };
        assert_eq!(pieces("a, f(b, c) ,'x,y'"), [("a", 10), ("f(b, c)", 13), ("'x,y'", 22)]);
        assert_eq!(pieces(""), [("", 10)]);
        assert_eq!(pieces("1,"), [("1", 10), ("", 12)]);
        assert_eq!(pieces("a[1,2],{3,4}"), [("a[1,2]", 10), ("{3,4}", 17)]);
    }
}
