//! The lexer: tokens of expressions, and the lines, names and blanks of kernels.

mod python;

pub use python::why_bad;

use super::names::{is_name_byte, is_name_start};
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
    /// `if`, `else`, `.` and `=` of Python's expressions.
    If,
    Else,
    Dot,
    Assign,
}

/// Whose expressions are read: the tokens of the two grammars differ in numbers, strings and symbols.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grammar {
    Reference,
    Python,
}

/// Operators as written; which of them stands where is the parser's matter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    Add,
    Sub,
    Mul,
    Div,
    /// `//`, of Python's grammar alone.
    FloorDiv,
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

impl Operator {
    /// The operator as Python writes it.
    pub fn symbol(self) -> &'static str {
        match self {
            Operator::Add => "+",
            Operator::Sub => "-",
            Operator::Mul => "*",
            Operator::Div => "/",
            Operator::FloorDiv => "//",
            Operator::Rem => "%",
            Operator::Pow => "**",
            Operator::Shl => "<<",
            Operator::Shr => ">>",
            Operator::BitAnd => "&",
            Operator::BitOr => "|",
            Operator::BitXor => "^",
            Operator::Invert => "~",
            Operator::Lt => "<",
            Operator::Le => "<=",
            Operator::Gt => ">",
            Operator::Ge => ">=",
            Operator::Eq => "==",
            Operator::Ne => "!=",
            Operator::Not => "not",
            Operator::And => "and",
            Operator::Or => "or",
        }
    }
}

/// Where an expression ends, besides the end of the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ends {
    /// Nowhere else: line ends are white space. In Python's grammar, at a line end outside parentheses.
    Text,
    /// At the end of the statement: a line end, `;` or `#` outside parentheses, or a `)` that closes nothing.
    Statement,
    /// There, and at a colon that is the last of the statement.
    Header,
    /// There, and at a comma outside parentheses.
    Item,
    /// At the comma after an argument, or the `)` of the list. Line ends are white space.
    Argument,
}

/// Reads a text: the tokens of expressions, and what stands between them in kernels.
pub struct Lexer<'a> {
    pub source: &'a [u8],
    pub offset: usize,
    grammar: Grammar,
    ends: Ends,
    /// Parentheses that are open in the expression at hand.
    depth: usize,
    /// End of the token read last.
    last_end: usize,
}

/// The first significant byte of a line, and how far the line is indented.
#[derive(Clone, Copy, Debug)]
pub struct LineStart {
    pub indent: usize,
    pub offset: usize,
}

/// The tokens of expressions.
impl<'a> Lexer<'a> {
    pub fn new(source: &'a [u8], grammar: Grammar) -> Lexer<'a> {
        Lexer { source, offset: 0, grammar, ends: Ends::Text, depth: 0, last_end: 0 }
    }

    /// Begins an expression here.
    pub fn begin(&mut self, ends: Ends) {
        (self.ends, self.depth, self.last_end) = (ends, 0, self.offset);
    }

    /// The next token of an expression and its place. After `End` and `Bad` the lexer stays where it is.
    pub fn next(&mut self) -> (Token, Span) {
        self.skip_between_tokens();
        if self.at_end() {
            let is_whole = self.ends == Ends::Text && self.grammar == Grammar::Reference;
            let end = if is_whole { self.offset } else { self.last_end } as u32;
            return (Token::End, Span { start: end, end });
        }
        let (token, length) = self.scan();
        let start = self.offset;
        match token {
            Token::Open => self.depth += 1,
            Token::Close => self.depth = self.depth.saturating_sub(1),
            _ => {}
        }
        if token != Token::Bad {
            self.offset += length;
        }
        self.last_end = self.offset;
        let prefix = if token == Token::Text { text_prefix(&self.source[start..]) } else { 0 };
        (token, Span { start: (start + prefix) as u32, end: (start + length) as u32 })
    }

    fn skip_between_tokens(&mut self) {
        while let Some(byte) = self.peek() {
            if byte == b'#' && self.joins_lines() {
                self.skip_comment();
                continue;
            }
            if !is_space(byte) || byte == b'\n' && self.line_ends() {
                return;
            }
            self.offset += 1;
            // A vertical tab is white space between tokens, but belongs to the expression.
            if byte == 0x0b {
                self.last_end = self.offset;
            }
        }
    }

    /// Whether line ends are no white space here.
    fn line_ends(&self) -> bool {
        match self.ends {
            Ends::Statement | Ends::Header | Ends::Item => self.depth == 0,
            Ends::Text => self.depth == 0 && self.grammar == Grammar::Python,
            Ends::Argument => false,
        }
    }

    /// Whether comments may stand between tokens: in parentheses of Python's grammar.
    fn joins_lines(&self) -> bool {
        self.grammar == Grammar::Python && !self.line_ends()
    }

    /// Whether the expression at hand ends here.
    pub fn at_end(&self) -> bool {
        let Some(byte) = self.peek() else { return true };
        self.depth == 0
            && match self.ends {
                Ends::Text => self.grammar == Grammar::Python && matches!(byte, b'\n' | b'#'),
                Ends::Statement => ends_statement(byte),
                Ends::Header => ends_statement(byte) || byte == b':' && self.at_last_colon(),
                Ends::Item => ends_statement(byte) || byte == b',',
                Ends::Argument => matches!(byte, b',' | b')'),
            }
    }

    fn at_last_colon(&self) -> bool {
        let blank = |byte: &&u8| byte.is_ascii_whitespace() && **byte != b'\n';
        let next = self.rest()[1..].iter().find(|byte| !blank(byte));
        next.is_none_or(|byte| ends_statement(*byte))
    }

    /// The token at the current offset and its length in bytes.
    fn scan(&self) -> (Token, usize) {
        let rest = self.rest();
        if self.grammar == Grammar::Python {
            return python::scan(rest);
        }
        match rest {
            [] => (Token::End, 0),
            [b'0'..=b'9' | b'.', ..] => match number::scan(rest) {
                Some((literal, length)) => (Token::Number(literal), length),
                None => (Token::Bad, 0),
            },
            [b'"' | b'\'', ..] | [b'b' | b'B', b'"' | b'\'', ..] => scan_text(rest, self.ends == Ends::Text),
            [first, ..] if is_name_start(*first) => scan_name(rest),
            _ => scan_symbol(rest),
        }
    }
}

/// What stands between expressions in a kernel.
impl<'a> Lexer<'a> {
    pub fn peek(&self) -> Option<u8> {
        self.source.get(self.offset).copied()
    }

    /// The text from here on.
    pub fn rest(&self) -> &'a [u8] {
        &self.source[self.offset..]
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

    /// Whether a `=` that is no `==` follows the token read last, in parentheses.
    pub fn assigns_next(&self) -> bool {
        let mut ahead = Lexer { ..*self };
        ahead.skip_between_tokens();
        matches!(ahead.rest(), [b'=', rest @ ..] if rest.first() != Some(&b'='))
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

    /// Passes the white space before an expression.
    pub fn skip_to_expression(&mut self, ends: Ends) {
        self.begin(ends);
        while self
            .peek()
            .is_some_and(|byte| byte.is_ascii_whitespace() && (byte != b'\n' || !self.line_ends()))
        {
            self.offset += 1;
        }
    }

    /// Passes the rest of a statement or, for [`Ends::Argument`], of a list of arguments.
    ///
    /// Errors: a parenthesis or a string literal that is not closed.
    pub fn skip(&mut self, ends: Ends) -> Result<(), &'static str> {
        let mut depth = 0usize;
        while let Some(byte) = self.peek() {
            match byte {
                b'\'' | b'"' => {
                    self.skip_string()?;
                    continue;
                }
                b'#' if self.grammar == Grammar::Python && (depth > 0 || ends == Ends::Argument) => {
                    self.skip_comment();
                    continue;
                }
                b'(' => depth += 1,
                b')' if depth > 0 => depth -= 1,
                b')' => return Ok(()),
                b',' if depth == 0 && ends == Ends::Item => return Ok(()),
                _ if depth == 0 && ends != Ends::Argument && ends_statement(byte) => return Ok(()),
                _ => {}
            }
            self.offset += 1;
        }
        if depth > 0 || ends == Ends::Argument { Err(OPEN_PARENTHESIS) } else { Ok(()) }
    }

    /// Passes the string literal that starts here, whatever its escapes. It must be closed on its line.
    pub fn skip_string(&mut self) -> Result<(), &'static str> {
        let rest = &self.source[self.offset..];
        let line = rest.split(|byte| *byte == b'\n').next().unwrap_or(rest);
        let length = text::length(line);
        // What is refused is passed with its line.
        self.offset += length.unwrap_or((line.len() + 1).min(rest.len()));
        length.map(drop).ok_or("a string literal is not closed on its line")
    }
}

pub const OPEN_PARENTHESIS: &str = "a parenthesis is never closed";

/// C `isspace` in the C locale.
pub fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | 0x0b | 0x0c)
}

/// A string literal. The bad token of a broken one ends at its quote, where it is reported.
fn scan_text(rest: &[u8], may_span_lines: bool) -> (Token, usize) {
    let prefix = text_prefix(rest);
    let length = text::scan(&rest[prefix..]);
    match length.filter(|length| may_span_lines || !rest[..prefix + length].contains(&b'\n')) {
        Some(length) => (Token::Text, prefix + length),
        None => (Token::Bad, prefix),
    }
}

/// Whether a statement ends at `byte`, outside parentheses and string literals.
fn ends_statement(byte: u8) -> bool {
    matches!(byte, b'\n' | b';' | b'#' | b')')
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
        let mut lexer = Lexer::new(text.as_bytes(), Grammar::Reference);
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
    /// The offset where the expression that `text` begins with ends.
    fn end(text: &str, ends: Ends) -> usize {
        let mut lexer = Lexer::new(text.as_bytes(), Grammar::Reference);
        lexer.begin(ends);
        while !matches!(lexer.next().0, Token::End | Token::Bad) {}
        lexer.offset
    }

    #[test]
    fn expressions_end_outside_parentheses_and_strings() {
        for (text, offset) in [("f(1,\n';#') ;x", 11), ("x\ny", 1), ("x # c", 2), ("x) + y", 1), ("x : y", 2)]
        {
            assert_eq!(end(text, Ends::Statement), offset, "{text}");
        }
        for (text, offset) in [("x > 1 : # c", 6), ("x : y :", 2), ("x:\n", 1)] {
            assert_eq!(end(text, Ends::Header), offset, "{text}");
        }
        for (text, offset) in [("f(1, 2) , 3", 8), ("1\n)", 2), ("x # c", 2)] {
            assert_eq!(end(text, Ends::Argument), offset, "{text}");
        }
    }

    #[test]
    fn skips_what_is_refused() {
        let skip = |text: &str, ends| {
            let mut lexer = Lexer::new(text.as_bytes(), Grammar::Reference);
            lexer.skip(ends).map(|()| lexer.offset)
        };
        assert_eq!(skip("x $ '#;' (\n;) ; y", Ends::Statement), Ok(14));
        assert_eq!(skip("1, ], ;\n# (2)) + 3", Ends::Argument), Ok(13));
        assert_eq!(skip("x $ (", Ends::Statement), Err(OPEN_PARENTHESIS));
        assert_eq!(skip("x", Ends::Argument), Err(OPEN_PARENTHESIS));
        assert!(skip("'a\nb'", Ends::Statement).is_err());
    }
}
