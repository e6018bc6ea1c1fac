//! The tokens of Python's expressions.

use super::{Operator, Token};
use crate::front::names::{is_name_byte, is_name_start};
use crate::front::number;
use crate::front::text;

/// The token that `rest` begins with, and its length in bytes. What begins none is `Bad`, see [`why_bad`].
pub fn scan(rest: &[u8]) -> (Token, usize) {
    match rest {
        [] => (Token::End, 0),
        [b'0'..=b'9', ..] | [b'.', b'0'..=b'9', ..] => match number::scan_python(rest) {
            Ok((literal, length)) => (Token::Number(literal), length),
            Err(fault) => (Token::Bad, fault.length),
        },
        [b'"' | b'\'', ..] | [b'b' | b'B', b'"' | b'\'', ..] => scan_text(rest),
        [first, ..] if is_name_start(*first) => scan_name(rest),
        _ => scan_symbol(rest),
    }
}

/// What is wrong with the token that `rest` begins with, in Python's words where it has them.
pub fn why_bad(rest: &[u8]) -> &'static str {
    match rest {
        [b'0'..=b'9', ..] | [b'.', b'0'..=b'9', ..] => match number::scan_python(rest) {
            Ok(_) => "invalid number",
            Err(fault) => fault.message,
        },
        [b'"', b'"', b'"', ..] | [b'\'', b'\'', b'\'', ..] => "triple-quoted strings are not supported",
        [b'"' | b'\'', ..] => "unterminated string literal, or an escape sequence that does not exist",
        [b'[', ..] => "subscripts and lists are not supported",
        [b'{', ..] => "sets, dictionaries and their comprehensions are not supported",
        [b':', b'=', ..] => "assignment expressions (':=') are not supported",
        [b'!', ..] => "'!' is no operator of Python: write 'not' or '~'",
        [b'@', ..] => "the operator '@' (matrix product) is not supported",
        [b'\\', ..] => "line continuation by '\\' is not supported: use parentheses",
        [b';', ..] => "there is one expression: ';' is not allowed",
        [b']', ..] => "unmatched ']'",
        [b'}', ..] => "unmatched '}'",
        [first, ..] if is_name_start(*first) => match string_prefix(rest) {
            Some(b'f' | b'F') => "f-strings are not supported",
            Some(b'r' | b'R') => "raw strings are not supported",
            Some(b't' | b'T') => "template strings are not supported",
            Some(b'b' | b'B') => "unterminated bytes literal, or an escape sequence that does not exist",
            _ => "string prefixes other than 'b' are not supported",
        },
        _ => "invalid character",
    }
}

/// The letter that says what kind of string a name right before a quote announces.
fn string_prefix(rest: &[u8]) -> Option<u8> {
    let letters = &rest[..rest.iter().take_while(|byte| is_name_byte(**byte)).count().min(2)];
    let wanted = |letter: &&u8| matches!(letter, b'f' | b'F' | b'r' | b'R' | b't' | b'T');
    letters.iter().find(wanted).or(letters.first()).copied()
}

fn scan_text(rest: &[u8]) -> (Token, usize) {
    let prefix = super::text_prefix(rest);
    let literal = &rest[prefix..];
    let is_triple = literal.starts_with(b"\"\"\"") || literal.starts_with(b"'''");
    let length = if is_triple { None } else { text::scan(literal) };
    match length.filter(|length| !literal[..*length].contains(&b'\n')) {
        Some(length) => (Token::Text, prefix + length),
        None => (Token::Bad, prefix + 1),
    }
}

fn scan_name(rest: &[u8]) -> (Token, usize) {
    let length = rest.iter().take_while(|byte| is_name_byte(**byte)).count();
    let name = &rest[..length];
    if length <= 2 && matches!(rest.get(length), Some(b'"' | b'\'')) && is_string_prefix(name) {
        return (Token::Bad, length);
    }
    let token = match name {
        b"and" => Token::Operator(Operator::And),
        b"or" => Token::Operator(Operator::Or),
        b"not" => Token::Operator(Operator::Not),
        b"if" => Token::If,
        b"else" => Token::Else,
        _ => Token::Name,
    };
    (token, length)
}

fn is_string_prefix(name: &[u8]) -> bool {
    name.iter().all(|letter| b"bBfFrRtTuU".contains(letter))
}

fn scan_symbol(rest: &[u8]) -> (Token, usize) {
    use Operator::*;
    let (token, length) = match rest {
        [b'*', b'*', ..] => (Token::Operator(Pow), 2),
        [b'/', b'/', ..] => (Token::Operator(FloorDiv), 2),
        [b'<', b'<', ..] => (Token::Operator(Shl), 2),
        [b'>', b'>', ..] => (Token::Operator(Shr), 2),
        [b'=', b'=', ..] => (Token::Operator(Eq), 2),
        [b'!', b'=', ..] => (Token::Operator(Ne), 2),
        [b'<', b'=', ..] => (Token::Operator(Le), 2),
        [b'>', b'=', ..] => (Token::Operator(Ge), 2),
        [b':', b'=', ..] => (Token::Bad, 2),
        [b'+', ..] => (Token::Operator(Add), 1),
        [b'-', ..] => (Token::Operator(Sub), 1),
        [b'*', ..] => (Token::Operator(Mul), 1),
        [b'/', ..] => (Token::Operator(Div), 1),
        [b'%', ..] => (Token::Operator(Rem), 1),
        [b'&', ..] => (Token::Operator(BitAnd), 1),
        [b'|', ..] => (Token::Operator(BitOr), 1),
        [b'^', ..] => (Token::Operator(BitXor), 1),
        [b'~', ..] => (Token::Operator(Invert), 1),
        [b'<', ..] => (Token::Operator(Lt), 1),
        [b'>', ..] => (Token::Operator(Gt), 1),
        [b'(', ..] => (Token::Open, 1),
        [b')', ..] => (Token::Close, 1),
        [b',', ..] => (Token::Comma, 1),
        [b'.', ..] => (Token::Dot, 1),
        [b'=', ..] => (Token::Assign, 1),
        _ => (Token::Bad, 1),
    };
    (token, length)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(text: &str) -> Vec<(Token, usize)> {
        let mut rest = text.as_bytes();
        let mut all = Vec::new();
        while !rest.is_empty() {
            let (token, length) = scan(rest);
            all.push((token, length));
            rest = &rest[length..];
        }
        all
    }

    #[test]
    fn takes_the_longest_symbol() {
        use Operator::*;
        let operators: Vec<Token> = kinds("//**<<>>==!=<=>=</*").into_iter().map(|pair| pair.0).collect();
        let expected = [FloorDiv, Pow, Shl, Shr, Eq, Ne, Le, Ge, Lt, Div, Mul];
        assert_eq!(operators, expected.map(Token::Operator));
        assert_eq!(kinds(".x=,"), [(Token::Dot, 1), (Token::Name, 1), (Token::Assign, 1), (Token::Comma, 1)]);
    }

    #[test]
    fn names_what_begins_no_token() {
        for (text, why) in [
            ("[0]", "subscripts"),
            ("{x}", "sets"),
            ("f'x'", "f-strings"),
            ("rb'x'", "raw strings"),
            ("u'x'", "prefixes"),
            (":=", "assignment"),
            ("!x", "'not'"),
            ("@", "matrix"),
            ("'''x'''", "triple"),
            ("'x", "unterminated"),
            ("b'\\q'", "escape"),
            ("$", "invalid character"),
            ("1x", "invalid decimal literal"),
        ] {
            assert_eq!(scan(text.as_bytes()).0, Token::Bad, "{text}");
            assert!(why_bad(text.as_bytes()).contains(why), "{text}: {}", why_bad(text.as_bytes()));
        }
    }
}
