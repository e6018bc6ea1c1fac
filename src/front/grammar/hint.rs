//! Names that are written like one that nobody knows.

use std::fmt;

use crate::front::error::{CompileError, Quoted};
use crate::front::scope::Scope;
use crate::ir::Span;

/// The names that a hint has.
const MOST: usize = 3;
/// Longer names are not compared: the work is bounded.
const LONGEST: usize = 64;

/// Up to three names, the nearest first.
pub struct Hint<'a>([Option<&'a [u8]>; MOST]);

/// The names of `scope` and of the language that are nearest to `name`, if they are near.
pub fn similar<'a>(name: &[u8], scope: &Scope<'a>, language: impl Iterator<Item = &'a [u8]>) -> Hint<'a> {
    let mut nearest: [Option<(usize, &[u8])>; MOST] = [None; MOST];
    for candidate in scope.names().chain(language) {
        let Some(distance) = remoteness(name, candidate).filter(|distance| *distance <= reach(name)) else {
            continue;
        };
        if nearest.iter().flatten().any(|(_, known)| *known == candidate) {
            continue;
        }
        let mut entry = Some((distance, candidate));
        for slot in &mut nearest {
            // Equal ones stay in their order: the caller's own names go first.
            if slot.is_none_or(|(least, _)| entry.is_some_and(|(distance, _)| distance < least)) {
                std::mem::swap(slot, &mut entry);
            }
        }
    }
    Hint(nearest.map(|entry| entry.map(|(_, name)| name)))
}

/// `error` about the comma at `comma`, with a hint where the comma stands in a number, as the decimal sign of some languages.
pub fn about_comma(error: CompileError, text: &[u8], comma: Span) -> CompileError {
    let is_digit = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_digit);
    let before = (comma.start as usize).checked_sub(1).and_then(|index| text.get(index));
    match is_digit(before) && is_digit(text.get(comma.end as usize)) {
        true => error.with_hint(format_args!("write decimal numbers with a point: '1.5'")),
        false => error,
    }
}

/// Up to how many letters away a name is near.
fn reach(name: &[u8]) -> usize {
    match name.len() {
        0 | 1 => 0,
        length => (length / 3).max(1),
    }
}

/// How far `candidate` is from `name`: by letters, but a name that only goes on is nearer.
fn remoteness(name: &[u8], candidate: &[u8]) -> Option<usize> {
    let (short, long) = if name.len() < candidate.len() { (name, candidate) } else { (candidate, name) };
    let letters = distance(name, candidate)?;
    Some(if short.len() >= 3 && long.starts_with(short) { letters.div_ceil(2) } else { letters })
}

/// How many letters have to be written, dropped, replaced or exchanged to make `a` from `b`.
fn distance(a: &[u8], b: &[u8]) -> Option<usize> {
    if a.len() > LONGEST || b.len() > LONGEST {
        return None;
    }
    let mut before = [0; LONGEST + 1];
    let mut above: [usize; LONGEST + 1] = std::array::from_fn(|column| column);
    for (row, &left) in a.iter().enumerate() {
        let mut here = [row + 1; LONGEST + 1];
        for (column, &right) in b.iter().enumerate() {
            let replaced = above[column] + usize::from(left != right);
            here[column + 1] = replaced.min(above[column + 1] + 1).min(here[column] + 1);
            if row > 0 && column > 0 && left == b[column - 1] && a[row - 1] == right {
                here[column + 1] = here[column + 1].min(before[column - 1] + 1);
            }
        }
        (before, above) = (above, here);
    }
    Some(above[b.len()])
}

impl Hint<'_> {
    /// Whether no name is near.
    pub fn is_empty(&self) -> bool {
        self.0[0].is_none()
    }
}

impl fmt::Display for Hint<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, name) in self.0.iter().flatten().enumerate() {
            let before = if index == 0 { "did you mean " } else { " or " };
            write!(f, "{before}{}", Quoted(name))?;
        }
        f.write_str(if self.0[0].is_some() { "?" } else { "" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operation::numpy;

    #[test]
    fn counts_letters() {
        for (a, b, expected) in
            [("cosine", "cos", 3), ("sin", "sin", 0), ("sgin", "sign", 1), ("", "abc", 3), ("log", "lgo", 1)]
        {
            assert_eq!(distance(a.as_bytes(), b.as_bytes()), Some(expected), "{a} {b}");
        }
        assert_eq!(distance(&[b'x'; 65], b"x"), None);
    }

    #[test]
    fn names_are_near_or_not_named() {
        let names = || numpy::VOCABULARY.functions().map(|function| function.name.as_bytes());
        let hint = |name: &str| similar(name.as_bytes(), &Scope::default(), names()).to_string();
        assert_eq!(hint("squareroot"), "did you mean 'square'?");
        assert_eq!(hint("cosine"), "did you mean 'cos'?");
        assert_eq!(hint("arcsine"), "did you mean 'arcsin' or 'arcsinh'?");
        assert_eq!(hint("xyzzy"), "");
    }
}
