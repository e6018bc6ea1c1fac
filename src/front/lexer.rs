//! Tokens of an expression.

use super::number::{self, Literal};
use super::text;
use crate::ir::Span;

/// A token; `Bad` is a byte, or the start of a broken string literal, that begins none.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Token {
    End,
    Bad,
    Number(Literal),
    /// A string literal; the span covers the quotes but not a `b` prefix.
    Text,
    Name,
    Open,
    Close,
    Comma,
    Operator(Operator),
}

/// Operators as written; which of them stands where is the parser's matter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    Add,
    Sub,
    Mul,
    Div,
    Rem,
    Pow,
    Shl,
    Shr,
    BitAnd,
    BitOr,
    BitXor,
    Invert,
    Lt,
    Le,
    Gt,
    Ge,
    Eq,
    Ne,
    Not,
    And,
    Or,
}

/// Reads tokens from `text`, one at a time.
#[derive(Clone)]
pub struct Lexer<'a> {
    text: &'a [u8],
    offset: usize,
}

impl<'a> Lexer<'a> {
    pub fn new(text: &'a [u8]) -> Lexer<'a> {
        Lexer { text, offset: 0 }
    }

    /// The next token and its place. After `End` and `Bad` the lexer stays where it is.
    pub fn next(&mut self) -> (Token, Span) {
        let blanks = self.rest().iter().take_while(|byte| is_space(**byte)).count();
        self.offset += blanks;
        let (token, length) = self.scan();
        let start = self.offset;
        if !matches!(token, Token::Bad | Token::End) {
            self.offset += length;
        }
        let prefix = if token == Token::Text { text_prefix(&self.text[start..]) } else { 0 };
        (token, Span { start: (start + prefix) as u32, end: (start + length) as u32 })
    }

    fn rest(&self) -> &'a [u8] {
        &self.text[self.offset..]
    }

    /// The token at the current offset and its length in bytes.
    fn scan(&self) -> (Token, usize) {
        let rest = self.rest();
        match rest {
            [] => (Token::End, 0),
            [b'0'..=b'9' | b'.', ..] => match number::scan(rest) {
                Some((literal, length)) => (Token::Number(literal), length),
                None => (Token::Bad, 0),
            },
            [b'"' | b'\'', ..] | [b'b' | b'B', b'"' | b'\'', ..] => scan_text(rest),
            [first, ..] if is_name_start(*first) => scan_name(rest),
            _ => scan_symbol(rest),
        }
    }
}

/// C `isspace` in the C locale.
pub fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | 0x0b | 0x0c)
}

pub fn is_name_start(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || byte == b'_'
}

pub fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// A string literal. The bad token of a broken one ends at its quote, where it is reported.
fn scan_text(rest: &[u8]) -> (Token, usize) {
    let prefix = text_prefix(rest);
    match text::scan(&rest[prefix..]) {
        Some(length) => (Token::Text, prefix + length),
        None => (Token::Bad, prefix),
    }
}

/// Bytes before the quote of the string literal that `rest` begins with.
fn text_prefix(rest: &[u8]) -> usize {
    usize::from(matches!(rest[0], b'b' | b'B'))
}

fn scan_name(rest: &[u8]) -> (Token, usize) {
    let length = rest.iter().take_while(|byte| is_name_byte(**byte)).count();
    let token = match &rest[..length] {
        b"and" => Token::Operator(Operator::And),
        b"or" => Token::Operator(Operator::Or),
        b"not" => Token::Operator(Operator::Not),
        _ => Token::Name,
    };
    (token, length)
}

fn scan_symbol(rest: &[u8]) -> (Token, usize) {
    use Operator::*;
    let double = match rest {
        [b'*', b'*', ..] => Some(Pow),
        [b'&', b'&', ..] => Some(And),
        [b'|', b'|', ..] => Some(Or),
        [b'<', b'<', ..] => Some(Shl),
        [b'>', b'>', ..] => Some(Shr),
        [b'=', b'=', ..] => Some(Eq),
        [b'!', b'=', ..] => Some(Ne),
        [b'<', b'=', ..] => Some(Le),
        [b'>', b'=', ..] => Some(Ge),
        _ => None,
    };
    if let Some(operator) = double {
        return (Token::Operator(operator), 2);
    }
    let token = match rest[0] {
        b'+' => Token::Operator(Add),
        b'-' => Token::Operator(Sub),
        b'*' => Token::Operator(Mul),
        b'/' => Token::Operator(Div),
        b'%' => Token::Operator(Rem),
        b'&' => Token::Operator(BitAnd),
        b'|' => Token::Operator(BitOr),
        b'^' => Token::Operator(BitXor),
        b'~' => Token::Operator(Invert),
        b'!' => Token::Operator(Not),
        b'<' => Token::Operator(Lt),
        b'>' => Token::Operator(Gt),
        b'(' => Token::Open,
        b')' => Token::Close,
        b',' => Token::Comma,
        _ => Token::Bad,
    };
    (token, 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(text: &str) -> Vec<(Token, u32, u32)> {
        let mut lexer = Lexer::new(text.as_bytes());
        let mut all = Vec::new();
        loop {
            let (token, span) = lexer.next();
            all.push((token, span.start, span.end));
            if matches!(token, Token::End | Token::Bad) {
                return all;
            }
        }
    }

    #[test]
    fn takes_the_longest_operator() {
        use Operator::*;
        let kinds: Vec<Token> = tokens("a**b>>c>=d>e").into_iter().map(|t| t.0).collect();
        let name = Token::Name;
        let operator = Token::Operator;
        let expected = [
            name,
            operator(Pow),
            name,
            operator(Shr),
            name,
            operator(Ge),
            name,
            operator(Gt),
            name,
            Token::End,
        ];
        assert_eq!(kinds, expected);
    }

    #[test]
    fn tells_places_in_bytes() {
        assert_eq!(tokens("  x é"), [(Token::Name, 2, 3), (Token::Bad, 4, 5)]);
        assert_eq!(tokens("b'a\\'b'"), [(Token::Text, 1, 7), (Token::End, 7, 7)]);
        assert_eq!(tokens("x 'ab"), [(Token::Name, 0, 1), (Token::Bad, 2, 2)]);
        assert_eq!(tokens("b'a\\q'"), [(Token::Bad, 0, 1)]);
    }
}
