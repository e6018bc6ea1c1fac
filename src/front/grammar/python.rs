//! Python's expressions: an operator-precedence parser with a stack of its own, so that no nesting overflows
//! the machine's.
//!
//! Levels, loosest first: `a if c else b`; `or`; `and`; `not`; comparisons, which form chains; `|`; `^`; `&`;
//! `<< >>`; `+ -`; `* / // %`; unary `+ - ~`; `**`, which takes its right operand first and binds tighter than a
//! unary operator on its left; calls and attributes.

mod call;

use super::hint;
use crate::dtype::{Dtype, Scalar};
use crate::front::error::{CompileError, Quoted};
use crate::front::lexer::{Ends, Grammar, Lexer, Operator, Token, why_bad};
use crate::front::number::Literal;
use crate::front::scope::{Scope, SymbolMeaning};
use crate::front::tree::{CastTo, NodeId, NodeKind, Options, Tree};
use crate::ir::Span;
use crate::memory::TryGrow;
use crate::operation::numpy::{self, Function, Vocabulary};
use call::{Call, Callee};

/// Binding powers; a higher one binds tighter.
mod power {
    pub const CONDITIONAL: u8 = 0;
    pub const OR: u8 = 1;
    pub const AND: u8 = 2;
    pub const NOT: u8 = 3;
    pub const COMPARE: u8 = 4;
    pub const BIT_OR: u8 = 5;
    pub const BIT_XOR: u8 = 6;
    pub const BIT_AND: u8 = 7;
    pub const SHIFT: u8 = 8;
    pub const SUM: u8 = 9;
    pub const PRODUCT: u8 = 10;
    pub const UNARY: u8 = 11;
    pub const POW: u8 = 12;
}

/// What waits for its right operand or its closing parenthesis.
#[derive(Clone, Copy)]
enum Frame {
    /// Parentheses, and where they open.
    Group(Span),
    /// The last of [`Parser::calls`].
    Call,
    Prefix(Prefix, Span),
    Infix(Operator),
    /// A comparison, and the conjunction of those before it in the chain.
    Compare {
        operator: Operator,
        so_far: Option<NodeId>,
    },
    /// `yes if`, which waits for the condition.
    If(Span),
    /// `yes if condition else`.
    Else,
}

#[derive(Clone, Copy, PartialEq)]
enum Prefix {
    Plus,
    Minus,
    Invert,
    Not,
}

impl Frame {
    /// The power with which the frame holds its right operand; `None` for what ends at a token of its own.
    fn power(self) -> Option<u8> {
        match self {
            Frame::Group(_) | Frame::Call | Frame::If(_) => None,
            Frame::Prefix(Prefix::Not, _) => Some(power::NOT),
            Frame::Prefix(..) => Some(power::UNARY),
            Frame::Infix(operator) => Some(power_of(operator)),
            Frame::Compare { .. } => Some(power::COMPARE),
            Frame::Else => Some(power::CONDITIONAL),
        }
    }
}

fn power_of(operator: Operator) -> u8 {
    use Operator::*;
    match operator {
        Or => power::OR,
        And => power::AND,
        Not => power::NOT,
        Lt | Le | Gt | Ge | Eq | Ne => power::COMPARE,
        BitOr => power::BIT_OR,
        BitXor => power::BIT_XOR,
        BitAnd => power::BIT_AND,
        Shl | Shr => power::SHIFT,
        Add | Sub => power::SUM,
        Mul | Div | FloorDiv | Rem => power::PRODUCT,
        Invert => power::UNARY,
        Pow => power::POW,
    }
}

/// Parses the expression that begins at `lexer` with the names of `scope` and of `vocabulary`; its nodes follow those
/// of `tree`. The lexer is left where the expression ends.
pub fn parse<'s>(
    lexer: &mut Lexer<'s>,
    vocabulary: &'static Vocabulary,
    scope: &mut Scope<'s>,
    tree: Tree,
) -> Result<Tree, CompileError> {
    let mut parser = Parser {
        text: lexer.source,
        vocabulary,
        scope,
        lexer,
        tree,
        frames: Vec::new(),
        calls: Vec::new(),
        values: Vec::new(),
        token: Token::End,
        span: Span::default(),
        end: 0,
    };
    parser.advance();
    loop {
        parser.operand()?;
        if parser.continuation()? {
            return Ok(parser.tree);
        }
    }
}

/// Parses a text that is one expression, among blank lines and comments.
pub fn parse_text<'s>(
    text: &'s [u8],
    vocabulary: &'static Vocabulary,
    scope: &mut Scope<'s>,
) -> Result<Tree, CompileError> {
    let mut lexer = Lexer::new(text, Grammar::Python);
    lexer.next_line();
    lexer.begin(Ends::Text);
    let tree = parse(&mut lexer, vocabulary, scope, Tree::default())?;
    match lexer.next_line() {
        None => Ok(tree),
        Some(line) => {
            let start = line.offset as u32;
            let message = "the expression ends with its line: put it in parentheses to continue it here";
            Err(refuse(Span { start, end: start + 1 }, format_args!("{message}")))
        }
    }
}

fn refuse(span: Span, message: std::fmt::Arguments<'_>) -> CompileError {
    CompileError::parse(span.start as usize, message).spanning(span)
}

struct Parser<'p, 's> {
    text: &'s [u8],
    vocabulary: &'static Vocabulary,
    scope: &'p mut Scope<'s>,
    lexer: &'p mut Lexer<'s>,
    tree: Tree,
    frames: Vec<Frame>,
    /// The calls that are open.
    calls: Vec<Call>,
    values: Vec<NodeId>,
    token: Token,
    span: Span,
    /// Where the token before the current one ends.
    end: u32,
}

impl<'s> Parser<'_, 's> {
    fn advance(&mut self) {
        self.end = self.span.end;
        (self.token, self.span) = self.lexer.next();
    }

    fn text_at(&self, span: Span) -> &'s [u8] {
        &self.text[span.range()]
    }

    /// The source text of the current token.
    fn token_text(&self) -> &'s [u8] {
        self.text_at(self.span)
    }

    /// Reads prefixes, opening parentheses and one operand.
    fn operand(&mut self) -> Result<(), CompileError> {
        loop {
            match self.token {
                Token::Number(literal) => return self.value(NodeKind::Number(literal)),
                Token::Text => return self.string(),
                Token::Open => self.frames.try_push(Frame::Group(self.span))?,
                Token::Operator(Operator::Add) => self.prefix(Prefix::Plus)?,
                Token::Operator(Operator::Sub) => self.prefix(Prefix::Minus)?,
                Token::Operator(Operator::Invert) => self.prefix(Prefix::Invert)?,
                Token::Operator(Operator::Not) if self.not_may_stand_here() => self.prefix(Prefix::Not)?,
                Token::Operator(Operator::Not) => {
                    return Err(self.refuse(format_args!("put this 'not' and its operand in parentheses")));
                }
                Token::Name => {
                    if self.name()? {
                        return Ok(());
                    }
                    continue;
                }
                _ => return Err(self.no_operand()),
            }
            self.advance();
        }
    }

    /// `not` is an operand of `and`, `or`, `not`, a condition and of parentheses, not of tighter operators.
    fn not_may_stand_here(&self) -> bool {
        self.frames.last().is_none_or(|frame| frame.power().is_none_or(|power| power <= power::NOT))
    }

    fn prefix(&mut self, prefix: Prefix) -> Result<(), CompileError> {
        Ok(self.frames.try_push(Frame::Prefix(prefix, self.span))?)
    }

    /// An operand of one token.
    fn value(&mut self, kind: NodeKind) -> Result<(), CompileError> {
        let node = self.tree.push(kind, self.span)?;
        self.values.try_push(node)?;
        self.advance();
        Ok(())
    }

    fn string(&mut self) -> Result<(), CompileError> {
        let quote = self.span.start as usize;
        let is_bytes = quote > 0 && matches!(self.text[quote - 1], b'b' | b'B');
        let literal = self.tree.push_text(self.token_text(), is_bytes)?;
        self.value(NodeKind::Text(literal))
    }

    /// A name: true if it is an operand by itself, false if its first argument is to be read.
    fn name(&mut self) -> Result<bool, CompileError> {
        let name = self.token_text();
        let callee = match self.scope.find(name) {
            Some(SymbolMeaning::Variable(index)) => {
                return self.value(NodeKind::Variable(index)).map(|()| true);
            }
            Some(SymbolMeaning::Index(symbol)) => {
                self.scope.mention(symbol)?;
                return self.value(NodeKind::Index(symbol)).map(|()| true);
            }
            Some(SymbolMeaning::Function(index)) => Callee::Host(index),
            Some(SymbolMeaning::Cast(to)) => Callee::Cast(to),
            None => match self.builtin(name)? {
                Builtin::Value(value) => {
                    let is_float = matches!(value, Scalar::Float(_));
                    return self.value(NodeKind::Number(Literal { value, is_float })).map(|()| true);
                }
                Builtin::Callee(callee) => callee,
            },
        };
        self.open_call(callee).map(|has_operand| !has_operand)
    }

    fn builtin(&self, name: &[u8]) -> Result<Builtin, CompileError> {
        let cast = |to| Ok(Builtin::Callee(Callee::Cast(to)));
        match name {
            b"True" => return Ok(Builtin::Value(Scalar::Bool(true))),
            b"False" => return Ok(Builtin::Value(Scalar::Bool(false))),
            b"int" if self.vocabulary.has_casts => return cast(CastTo::Int),
            b"float" if self.vocabulary.has_casts => return cast(CastTo::Float),
            b"bool" if self.vocabulary.has_casts => return cast(CastTo::Bool),
            _ => {}
        }
        if let Some(value) = self.vocabulary.constant(name) {
            return Ok(Builtin::Value(Scalar::Float(value)));
        }
        if let Some(function) = self.vocabulary.find(name) {
            return Ok(Builtin::Callee(Callee::Function(function)));
        }
        match numpy::dtype(name) {
            Some(dtype) if self.vocabulary.has_casts => Ok(Builtin::Callee(Callee::AsType(dtype))),
            _ => Err(self.unknown_name(name)),
        }
    }

    fn unknown_name(&self, name: &[u8]) -> CompileError {
        if let Some(what) = refused_keyword(name) {
            return self.refuse(format_args!("{what} are not supported"));
        }
        match name {
            b"None" => return self.refuse(format_args!("None is no value of an array")),
            b"np" | b"numpy" | b"math" if self.lexer.peek() == Some(b'.') => {
                let rest = &self.lexer.rest()[1..];
                let length =
                    rest.iter().take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'_').count();
                let call = std::str::from_utf8(&rest[..length]).unwrap_or_default();
                return self.refuse(format_args!("functions have bare names here: write '{call}(…)'"));
            }
            _ => {}
        }
        // A name that is assigned to is none that has to be known.
        let next = self.lexer.rest().trim_ascii_start();
        if next.starts_with(b":=") {
            return self.refuse(format_args!("{}", why_bad(next)));
        }
        if next.starts_with(b"=") && !next.starts_with(b"==") {
            return self.refuse(format_args!("cannot assign to {}: maybe you meant '=='", Quoted(name)));
        }
        let functions = self.vocabulary.functions().map(|function| function.name.as_bytes());
        let constants = self.vocabulary.constants.iter().map(|(constant, _)| constant.as_bytes());
        let truths = [b"True".as_slice(), b"False"];
        let name = Quoted(name);
        match hint::similar(name.0, self.scope, functions.chain(constants).chain(truths)) {
            hint if hint.is_empty() => self.refuse(format_args!("unknown name {name}")),
            hint => {
                self.refuse(format_args!("unknown name {name}: {hint}")).with_hint(format_args!("{hint}"))
            }
        }
    }

    /// Reads what may follow an operand until another operand is due; true at the end of the text.
    fn continuation(&mut self) -> Result<bool, CompileError> {
        loop {
            match self.token {
                Token::Operator(operator) if !matches!(operator, Operator::Not | Operator::Invert) => {
                    self.infix(operator)?;
                    return Ok(false);
                }
                Token::If => {
                    self.reduce(power::CONDITIONAL + 1)?;
                    if matches!(self.frames.last(), Some(Frame::If(_))) {
                        return Err(
                            self.refuse(format_args!("put this conditional expression in parentheses"))
                        );
                    }
                    self.frames.try_push(Frame::If(self.span))?;
                    self.advance();
                    return Ok(false);
                }
                Token::Else => {
                    self.reduce(power::CONDITIONAL + 1)?;
                    match self.frames.last_mut() {
                        Some(frame @ Frame::If(_)) => *frame = Frame::Else,
                        _ => return Err(self.refuse(format_args!("'else' without an 'if' before it"))),
                    }
                    self.advance();
                    return Ok(false);
                }
                Token::Comma => {
                    if self.comma()? {
                        return Ok(false);
                    }
                }
                Token::Close => self.close()?,
                Token::Dot => self.attribute()?,
                Token::End => {
                    self.reduce(power::CONDITIONAL)?;
                    return match self.frames.last() {
                        None => Ok(true),
                        Some(Frame::If(span)) => Err(missing_else(*span)),
                        Some(Frame::Group(span)) => Err(refuse(*span, format_args!("'(' was never closed"))),
                        Some(_) => Err(refuse(self.open_parenthesis(), format_args!("'(' was never closed"))),
                    };
                }
                _ => return Err(self.no_operator()),
            }
        }
    }

    fn infix(&mut self, operator: Operator) -> Result<(), CompileError> {
        let own = power_of(operator);
        let frame = if own == power::COMPARE {
            Frame::Compare { operator, so_far: self.chain()? }
        } else {
            // The right operand of a power is read first.
            self.reduce(if operator == Operator::Pow { own + 1 } else { own })?;
            Frame::Infix(operator)
        };
        self.frames.try_push(frame)?;
        self.advance();
        Ok(())
    }

    /// Completes the comparison before the one that begins here: its right operand is the left one of the next.
    fn chain(&mut self) -> Result<Option<NodeId>, CompileError> {
        self.reduce(power::COMPARE + 1)?;
        let Some(Frame::Compare { operator, so_far }) = self.frames.last().copied() else { return Ok(None) };
        self.frames.pop();
        let shared = self.values.last().copied();
        self.complete_comparison(operator, so_far)?;
        let conjunction = self.values.pop();
        if let Some(shared) = shared {
            self.values.try_push(shared)?;
        }
        Ok(conjunction)
    }

    /// Whether an operand is due after the comma.
    fn comma(&mut self) -> Result<bool, CompileError> {
        self.reduce(power::CONDITIONAL)?;
        match self.frames.last() {
            Some(Frame::Call) => {
                self.advance();
                self.argument()
            }
            Some(Frame::If(span)) => Err(missing_else(*span)),
            _ => {
                let error = self.refuse(format_args!("tuples are not supported"));
                Err(hint::about_comma(error, self.text, self.span))
            }
        }
    }

    fn close(&mut self) -> Result<(), CompileError> {
        self.reduce(power::CONDITIONAL)?;
        match self.frames.last().copied() {
            Some(Frame::Group(open)) => {
                self.frames.pop();
                if let Some(&value) = self.values.last() {
                    self.tree.nodes[value as usize].span = Span { start: open.start, end: self.span.end };
                }
            }
            Some(Frame::Call) => {
                self.frames.pop();
                self.close_call()?;
            }
            Some(Frame::If(span)) => return Err(missing_else(span)),
            _ => return Err(self.refuse(format_args!("unmatched ')'"))),
        }
        self.advance();
        Ok(())
    }

    /// Completes the frames that bind at least as tightly as an operator of `power`.
    fn reduce(&mut self, power: u8) -> Result<(), CompileError> {
        while let Some(&frame) = self.frames.last() {
            if frame.power().is_none_or(|own| own < power) {
                break;
            }
            self.frames.pop();
            self.complete(frame)?;
        }
        Ok(())
    }

    fn complete(&mut self, frame: Frame) -> Result<(), CompileError> {
        match frame {
            Frame::Prefix(prefix, span) => {
                let operand = self.pop();
                let kind = match prefix {
                    Prefix::Plus => NodeKind::Plus(operand),
                    Prefix::Minus => NodeKind::Negate(operand),
                    Prefix::Invert => NodeKind::Invert(operand),
                    Prefix::Not => NodeKind::Not(operand),
                };
                self.push(kind, span.start)
            }
            Frame::Infix(operator) => {
                let (right, left) = (self.pop(), self.pop());
                self.push(NodeKind::Binary(operator, left, right), self.start_of(left))
            }
            Frame::Compare { operator, so_far } => self.complete_comparison(operator, so_far),
            Frame::Else => {
                let (no, condition, yes) = (self.pop(), self.pop(), self.pop());
                self.push(NodeKind::Conditional { condition, yes, no }, self.start_of(yes))
            }
            Frame::Group(_) | Frame::Call | Frame::If(_) => unreachable!("these end at tokens of their own"),
        }
    }

    fn complete_comparison(
        &mut self,
        operator: Operator,
        so_far: Option<NodeId>,
    ) -> Result<(), CompileError> {
        let (right, left) = (self.pop(), self.pop());
        self.push(NodeKind::Binary(operator, left, right), self.start_of(left))?;
        if let Some(so_far) = so_far {
            let last = self.pop();
            self.push(NodeKind::Binary(Operator::And, so_far, last), self.start_of(so_far))?;
        }
        Ok(())
    }

    fn start_of(&self, node: NodeId) -> u32 {
        self.tree.node(node).span.start
    }

    /// The last value: each frame that is completed has its operands.
    fn pop(&mut self) -> NodeId {
        self.values.pop().unwrap_or_else(|| unreachable!("an operand is read before what waits for it"))
    }

    /// Adds a value from `start` to the end of the token before this one.
    fn push(&mut self, kind: NodeKind, start: u32) -> Result<(), CompileError> {
        let node = self.tree.push(kind, Span { start, end: self.end })?;
        Ok(self.values.try_push(node)?)
    }

    /// `.real`, `.imag`, `.conj()`, `.astype(NAME)` of the last value.
    fn attribute(&mut self) -> Result<(), CompileError> {
        self.advance();
        let (name, span) = (self.token_text(), self.span);
        let function = match name {
            b"real" | b"imag" => name,
            b"conj" | b"conjugate" => b"conj",
            b"astype" => return self.as_type(),
            _ if self.token == Token::Name && self.vocabulary.find(name).is_some() => {
                let call = std::str::from_utf8(name).unwrap_or_default();
                let message = format_args!("attribute '{call}' is not supported: write '{call}(…)'");
                return Err(self.refuse(message));
            }
            _ if self.token == Token::Name => {
                let message = "the only attributes are .real, .imag, .conj() and .astype()";
                return Err(
                    self.refuse(format_args!("attribute {} is not supported: {message}", Quoted(name)))
                );
            }
            _ => return Err(self.refuse(format_args!("expected the name of an attribute"))),
        };
        let function =
            self.vocabulary.find(function).unwrap_or_else(|| unreachable!("these are functions too"));
        self.advance();
        if function.name == "conj" {
            self.expect(Token::Open, "'('", span)?;
            self.expect(Token::Close, "')'", span)?;
        }
        self.apply(function)
    }

    /// A function without options of the last value.
    fn apply(&mut self, function: &'static Function) -> Result<(), CompileError> {
        let operand = self.pop();
        let list = self.tree.push_args(&[operand])?;
        let options = self.tree.push_options(Options::default())?;
        self.push(NodeKind::Function(function, list, options), self.start_of(operand))
    }

    fn as_type(&mut self) -> Result<(), CompileError> {
        let span = self.span;
        self.advance();
        self.expect(Token::Open, "'('", span)?;
        let dtype = self.dtype()?;
        self.expect(Token::Close, "')'", span)?;
        let operand = self.pop();
        self.push(NodeKind::AsType(dtype, operand), self.start_of(operand))
    }

    /// The name of a dtype, with or without quotes.
    fn dtype(&mut self) -> Result<Dtype, CompileError> {
        let name = match self.token {
            Token::Name => self.token_text(),
            Token::Text => &self.token_text()[1..self.span.range().len() - 1],
            _ => return Err(self.refuse(format_args!("expected the name of a dtype"))),
        };
        match numpy::dtype(name) {
            Some(dtype) => {
                self.advance();
                Ok(dtype)
            }
            None => Err(self.refuse(format_args!("data type {} not understood", Quoted(name)))),
        }
    }

    /// Passes `token`, which `what` names.
    fn expect(&mut self, token: Token, what: &str, after: Span) -> Result<(), CompileError> {
        if self.token != token {
            let name = Quoted(self.text_at(after));
            return Err(self.refuse(format_args!("expected {what} after {name}")));
        }
        self.advance();
        Ok(())
    }

    /// Where the innermost call opens.
    fn open_parenthesis(&self) -> Span {
        self.calls.last().map_or(self.span, |call| call.open)
    }

    /// The refusal of a token that begins no operand.
    fn no_operand(&self) -> CompileError {
        let starred = matches!(self.token, Token::Operator(Operator::Mul | Operator::Pow));
        match self.token {
            Token::Bad => self.bad(),
            Token::End if self.lexer.rest().is_empty() => {
                self.refuse(format_args!("expected an expression, but the text ends here"))
            }
            Token::End => self.refuse(format_args!("expected an expression, but it ends here")),
            _ if starred && self.text[..self.span.start as usize].trim_ascii_end().ends_with(b"(") => {
                self.refuse(format_args!("starred expressions are not supported"))
            }
            Token::Operator(Operator::BitAnd) if self.text[..self.span.start as usize].ends_with(b"&") => {
                self.refuse(format_args!("'&&' is no operator of Python: write 'and'"))
            }
            Token::Operator(Operator::BitOr) if self.text[..self.span.start as usize].ends_with(b"|") => {
                self.refuse(format_args!("'||' is no operator of Python: write 'or'"))
            }
            _ => self.refuse(format_args!("expected an expression, found {}", Quoted(self.token_text()))),
        }
    }

    /// The refusal of a token that cannot follow an operand.
    fn no_operator(&self) -> CompileError {
        let name = self.token_text();
        match self.token {
            Token::Bad => self.bad(),
            Token::Open => self.refuse(format_args!("only functions can be called")),
            Token::Assign => {
                self.refuse(format_args!("cannot assign to an expression: maybe you meant '=='"))
            }
            Token::Operator(Operator::Not) => self.refuse(format_args!("'not in' tests are not supported")),
            Token::Text => {
                self.refuse(format_args!("string literals are not joined: write '+' between them"))
            }
            Token::Name => match refused_keyword(name) {
                Some(what) => self.refuse(format_args!("{what} are not supported")),
                None => {
                    self.refuse(format_args!("invalid syntax: expected an operator before {}", Quoted(name)))
                }
            },
            _ => self.refuse(format_args!("invalid syntax: expected an operator, found {}", Quoted(name))),
        }
    }

    fn bad(&self) -> CompileError {
        self.refuse(format_args!("{}", why_bad(&self.text[self.span.start as usize..])))
    }

    /// A refusal of the current token.
    fn refuse(&self, message: std::fmt::Arguments<'_>) -> CompileError {
        refuse(self.span, message)
    }
}

/// What a name stands for that the scope does not know.
enum Builtin {
    Value(Scalar),
    Callee(Callee),
}

fn missing_else(span: Span) -> CompileError {
    refuse(span, format_args!("expected 'else' after 'if' expression"))
}

/// What a keyword of Python begins that has no place here.
fn refused_keyword(name: &[u8]) -> Option<&'static str> {
    Some(match name {
        b"lambda" => "lambda expressions",
        b"for" | b"async" => "comprehensions and generators",
        b"await" => "'await' expressions",
        b"yield" => "'yield' expressions",
        b"in" => "'in' tests",
        b"is" => "'is' tests",
        _ => return None,
    })
}

#[cfg(test)]
mod tests;
