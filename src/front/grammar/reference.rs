//! Operator-precedence parser with a stack of its own, so that no nesting overflows the machine's.
//!
//! Levels, tightest first: function application without parentheses and unary `+ - ~`; `**`;
//! `* / %`; `+ -`; `<< >>`; `&`; `^`; `|`; comparisons; `not !`; `and`; `or`; the comma operator.
//! All binary operators associate to the left.

use super::hint;
use crate::front::error::{CompileError, Quoted, Status};
use crate::front::lexer::{Lexer, Operator, Token};
use crate::front::scope::{Scope, SymbolMeaning};
use crate::front::tree::{CastTo, NodeId, NodeKind, Tree};
use crate::ir::Span;
use crate::memory::TryGrow;
use crate::operation::{self, BUILTINS, Builtin};

/// Binding powers; a higher one binds tighter.
mod power {
    pub const COMMA: u8 = 0;
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
    pub const POW: u8 = 11;
    pub const UNARY: u8 = 12;
}

/// What waits for its right operand or its closing parenthesis.
#[derive(Clone, Copy)]
enum Frame {
    /// Parentheses around an expression list, and where they open.
    Group(u32),
    /// Parentheses of a function of one argument: no comma.
    OneArgument,
    /// Arguments of a function of several; `first` is where they start on the value stack.
    Arguments {
        callee: Callee,
        arity: u8,
        first: usize,
        name: Span,
    },
    Prefix(Prefix, Span),
    Infix(Infix),
}

#[derive(Clone, Copy)]
enum Prefix {
    Plus,
    Minus,
    Invert,
    Not,
    /// A function of one argument, which binds as a unary operator.
    Apply(Callee),
}

#[derive(Clone, Copy)]
enum Infix {
    Comma,
    Operator(Operator),
}

#[derive(Clone, Copy)]
enum Callee {
    Builtin(&'static Builtin),
    Host(u32),
    Cast(CastTo),
}

impl Prefix {
    fn power(self) -> u8 {
        if matches!(self, Prefix::Not) { power::NOT } else { power::UNARY }
    }
}

impl Infix {
    fn power(self) -> u8 {
        use Operator::*;
        match self {
            Infix::Comma => power::COMMA,
            Infix::Operator(operator) => match operator {
                Or => power::OR,
                And => power::AND,
                Lt | Le | Gt | Ge | Eq | Ne => power::COMPARE,
                BitOr => power::BIT_OR,
                BitXor => power::BIT_XOR,
                BitAnd => power::BIT_AND,
                Shl | Shr => power::SHIFT,
                Add | Sub => power::SUM,
                Mul | Div | FloorDiv | Rem => power::PRODUCT,
                Pow => power::POW,
                Invert | Not => power::NOT,
            },
        }
    }
}

/// Parses the expression that begins at `lexer` with the names of `scope` and the builtins; its nodes
/// follow those of `tree`. The lexer is left where the expression ends.
///
/// On a syntax error the position is the end of the first token that cannot continue the
/// expression (the start of a broken string literal or a lone point), at least 1.
pub fn parse<'s>(lexer: &mut Lexer<'s>, scope: &mut Scope<'s>, tree: Tree) -> Result<Tree, CompileError> {
    let mut parser = Parser {
        text: lexer.source,
        scope,
        lexer,
        tree,
        frames: Vec::new(),
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

struct Parser<'p, 's> {
    text: &'s [u8],
    scope: &'p mut Scope<'s>,
    lexer: &'p mut Lexer<'s>,
    tree: Tree,
    frames: Vec<Frame>,
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

    /// The source text of the current token.
    fn token_text(&self) -> &'s [u8] {
        &self.text[self.span.start as usize..self.span.end as usize]
    }

    /// Reads prefixes, opening parentheses and one operand.
    fn operand(&mut self) -> Result<(), CompileError> {
        loop {
            match self.token {
                Token::Number(literal) => return self.value(NodeKind::Number(literal)),
                Token::Text => return self.text(),
                Token::Open => self.frames.try_push(Frame::Group(self.span.start))?,
                Token::Operator(Operator::Add) => self.prefix(Prefix::Plus)?,
                Token::Operator(Operator::Sub) => self.prefix(Prefix::Minus)?,
                Token::Operator(Operator::Invert) => self.prefix(Prefix::Invert)?,
                Token::Operator(Operator::Not) => {
                    if !self.not_may_stand_here() {
                        return Err(self.misplaced_not());
                    }
                    self.prefix(Prefix::Not)?;
                }
                Token::Name => {
                    if self.name()? {
                        return Ok(());
                    }
                    continue;
                }
                Token::Close if matches!(self.frames.last(), Some(Frame::OneArgument)) => {
                    return Err(self.misused_argument());
                }
                _ => return Err(self.unexpected("an operand")),
            }
            self.advance();
        }
    }

    /// `not` is an operand of `and`, `or`, `not` and of parentheses, not of tighter operators.
    fn not_may_stand_here(&self) -> bool {
        match self.frames.last() {
            None | Some(Frame::Group(_) | Frame::OneArgument) => true,
            Some(Frame::Prefix(prefix, _)) => prefix.power() <= power::NOT,
            Some(Frame::Infix(infix)) => infix.power() < power::NOT,
            Some(Frame::Arguments { .. }) => false,
        }
    }

    /// A `not` where it may not stand; the position is that of the token after it, or after its
    /// parenthesis.
    fn misplaced_not(&mut self) -> CompileError {
        let not = self.span;
        self.advance();
        if self.token == Token::Open {
            self.advance();
        }
        let message = format_args!("put this 'not' and its operand in parentheses");
        CompileError::parse(self.position(), message).spanning(not)
    }

    fn prefix(&mut self, prefix: Prefix) -> Result<(), CompileError> {
        Ok(self.frames.try_push(Frame::Prefix(prefix, self.span))?)
    }

    /// The current token is an operand by itself.
    fn value(&mut self, kind: NodeKind) -> Result<(), CompileError> {
        let node = self.tree.push(kind, self.span)?;
        self.values.try_push(node)?;
        self.advance();
        Ok(())
    }

    fn text(&mut self) -> Result<(), CompileError> {
        let Span { start, end } = self.span;
        let is_bytes = start > 0 && matches!(self.text[start as usize - 1], b'b' | b'B');
        let literal = self.tree.push_text(&self.text[start as usize..end as usize], is_bytes)?;
        self.value(NodeKind::Text(literal))
    }

    /// Handles the name at hand; true if it was a whole operand.
    fn name(&mut self) -> Result<bool, CompileError> {
        let (callee, arity) = match self.scope.find(self.token_text()) {
            Some(SymbolMeaning::Variable(index)) => {
                self.value(NodeKind::Variable(index))?;
                return Ok(true);
            }
            Some(SymbolMeaning::Index(symbol)) => {
                self.scope.mention(symbol)?;
                self.value(NodeKind::Index(symbol))?;
                return Ok(true);
            }
            Some(SymbolMeaning::Function(index)) => {
                (Callee::Host(index), self.scope.function(index).target.arity())
            }
            Some(SymbolMeaning::Cast(to)) => (Callee::Cast(to), 1),
            None => match operation::find(self.token_text()) {
                Some(row) => (Callee::Builtin(row), row.arity),
                None => return Err(self.unknown_name()),
            },
        };
        match arity {
            0 => self.nullary(callee).map(|()| true),
            1 => self.apply(callee).map(|()| false),
            _ => self.open_arguments(callee, arity).map(|()| false),
        }
    }

    /// A constant or a function of no argument, with or without `()`.
    fn nullary(&mut self, callee: Callee) -> Result<(), CompileError> {
        let span = self.span;
        self.advance();
        if self.token == Token::Open {
            self.advance();
            if self.token != Token::Close {
                return Err(self.wrong_count(span, 0));
            }
            self.advance();
        }
        let node = self.call(callee, self.values.len(), span)?;
        Ok(self.values.try_push(node)?)
    }

    /// A function of one argument; parentheses right after it may not hold a list.
    fn apply(&mut self, callee: Callee) -> Result<(), CompileError> {
        self.prefix(Prefix::Apply(callee))?;
        self.advance();
        if self.token == Token::Open {
            self.frames.try_push(Frame::OneArgument)?;
            self.advance();
        }
        Ok(())
    }

    fn open_arguments(&mut self, callee: Callee, arity: u8) -> Result<(), CompileError> {
        let span = self.span;
        self.advance();
        if self.token != Token::Open {
            return Err(self.unexpected("'('"));
        }
        self.advance();
        let first = self.values.len();
        Ok(self.frames.try_push(Frame::Arguments { callee, arity, first, name: span })?)
    }

    /// Reads what may follow an operand until another operand is due; true at the end of the text.
    fn continuation(&mut self) -> Result<bool, CompileError> {
        loop {
            match self.token {
                Token::Operator(operator) if !matches!(operator, Operator::Not | Operator::Invert) => {
                    self.infix(Infix::Operator(operator))?;
                    return Ok(false);
                }
                Token::Comma => {
                    self.comma()?;
                    return Ok(false);
                }
                Token::Close => self.close()?,
                Token::End => {
                    self.reduce(power::COMMA)?;
                    return if self.frames.is_empty() { Ok(true) } else { Err(self.unexpected("')'")) };
                }
                _ => return Err(self.unexpected("an operator")),
            }
        }
    }

    fn infix(&mut self, infix: Infix) -> Result<(), CompileError> {
        self.reduce(infix.power())?;
        let in_arguments = matches!(self.frames.last(), Some(Frame::Arguments { .. }));
        if in_arguments && infix.power() < power::COMPARE {
            return Err(self.unexpected("',' or ')' (put the condition in parentheses)"));
        }
        self.frames.try_push(Frame::Infix(infix))?;
        self.advance();
        Ok(())
    }

    fn comma(&mut self) -> Result<(), CompileError> {
        self.reduce(power::COMMA)?;
        match self.frames.last() {
            Some(Frame::Arguments { arity, first, name, .. }) => {
                if self.values.len() - first == usize::from(*arity) {
                    return Err(self.about_comma(self.wrong_count(*name, *arity)));
                }
                self.advance();
                Ok(())
            }
            Some(Frame::OneArgument) => Err(self.about_comma(self.misused_argument())),
            _ => self.infix(Infix::Comma),
        }
    }

    fn close(&mut self) -> Result<(), CompileError> {
        self.reduce(power::COMMA)?;
        match self.frames.last().copied() {
            Some(Frame::Group(start)) => {
                self.frames.pop();
                if let Some(&value) = self.values.last() {
                    self.tree.nodes[value as usize].span = Span { start, end: self.span.end };
                }
            }
            Some(Frame::OneArgument) => {
                self.frames.pop();
            }
            Some(Frame::Arguments { callee, arity, first, name }) => {
                if self.values.len() - first != usize::from(arity) {
                    return Err(self.wrong_count(name, arity));
                }
                self.frames.pop();
                let node = self.call(callee, first, Span { start: name.start, end: self.span.end })?;
                self.values.truncate(first);
                self.values.try_push(node)?;
            }
            _ => return Err(self.unexpected("an operator")),
        }
        self.advance();
        Ok(())
    }

    /// Completes the frames that bind at least as tightly as an operator of `power`.
    fn reduce(&mut self, power: u8) -> Result<(), CompileError> {
        loop {
            match self.frames.last().copied() {
                Some(Frame::Prefix(prefix, span)) if prefix.power() >= power => {
                    self.frames.pop();
                    self.complete_prefix(prefix, span)?;
                }
                Some(Frame::Infix(infix)) if infix.power() >= power => {
                    self.frames.pop();
                    self.complete_infix(infix)?;
                }
                _ => return Ok(()),
            }
        }
    }

    fn complete_prefix(&mut self, prefix: Prefix, span: Span) -> Result<(), CompileError> {
        let Some(&operand) = self.values.last() else { return Err(self.unexpected("an operand")) };
        let span = Span { start: span.start, end: self.end };
        let kind = match prefix {
            Prefix::Plus => return Ok(()),
            Prefix::Minus => NodeKind::Negate(operand),
            Prefix::Invert => NodeKind::Invert(operand),
            Prefix::Not => NodeKind::Not(operand),
            Prefix::Apply(callee) => {
                let node = self.call(callee, self.values.len() - 1, span)?;
                self.values.pop();
                return Ok(self.values.try_push(node)?);
            }
        };
        let node = self.tree.push(kind, span)?;
        self.values.pop();
        Ok(self.values.try_push(node)?)
    }

    fn complete_infix(&mut self, infix: Infix) -> Result<(), CompileError> {
        let (Some(right), Some(left)) = (self.values.pop(), self.values.pop()) else {
            return Err(self.unexpected("an operand"));
        };
        let span = Span { start: self.tree.node(left).span.start, end: self.end };
        let kind = match infix {
            Infix::Comma => NodeKind::Comma(left, right),
            Infix::Operator(Operator::Add) => self.tree.sum(left, right),
            Infix::Operator(operator) => NodeKind::Binary(operator, left, right),
        };
        let node = self.tree.push(kind, span)?;
        Ok(self.values.try_push(node)?)
    }

    /// A call with the values from `first` on as arguments.
    fn call(&mut self, callee: Callee, first: usize, span: Span) -> Result<NodeId, CompileError> {
        let args = &self.values[first..];
        let kind = match callee {
            Callee::Builtin(row) => NodeKind::Builtin(row, self.tree.push_args(args)?),
            Callee::Host(index) => NodeKind::Call(index, self.tree.push_args(args)?),
            Callee::Cast(to) => NodeKind::Cast(to, args[0]),
        };
        Ok(self.tree.push(kind, span)?)
    }

    /// No argument, or more than one, where a function takes one.
    fn misused_argument(&self) -> CompileError {
        match self.frames.as_slice() {
            [.., Frame::Prefix(Prefix::Apply(Callee::Cast(_)), _), Frame::OneArgument] => CompileError::new(
                Status::Syntax,
                format_args!("invalid cast intrinsic usage: int(), float() and bool() take one argument"),
            ),
            [.., Frame::Prefix(Prefix::Apply(_), name), Frame::OneArgument] => self.wrong_count(*name, 1),
            _ => self.unexpected("an operand"),
        }
    }

    /// `error` about the current token, a comma.
    fn about_comma(&self, error: CompileError) -> CompileError {
        hint::about_comma(error, self.text, self.span)
    }

    /// Another number of arguments than the function `name` takes.
    fn wrong_count(&self, name: Span, arity: u8) -> CompileError {
        let name =
            std::str::from_utf8(&self.text[name.start as usize..name.end as usize]).unwrap_or_default();
        match (self.token, arity) {
            (Token::Bad, _) => self.unexpected("an argument"),
            (_, 0) => self.refuse(format_args!("{name}() takes no arguments")),
            (_, 1) => {
                let error = self.refuse(format_args!("{name}() takes exactly 1 argument"));
                match name {
                    "min" | "max" => error.with_hint(format_args!(
                        "{name}() is that of all items; f{name}(a, b) is that of two values"
                    )),
                    _ => error,
                }
            }
            _ => self.refuse(format_args!("{name}() takes exactly {arity} arguments")),
        }
    }

    fn unexpected(&self, expected: &str) -> CompileError {
        match self.token {
            Token::End => self.refuse(format_args!("expected {expected}, but the expression ends here")),
            Token::Bad => self.bad_token(),
            Token::Operator(Operator::Div) if self.follows(b"/") => self
                .refuse(format_args!("expected {expected}, found '/'"))
                .with_hint(format_args!("write 'floor(x / y)' for the quotient rounded down")),
            _ => self.refuse(format_args!("expected {expected}, found {}", Quoted(self.token_text()))),
        }
    }

    /// Whether these bytes stand right before the current token.
    fn follows(&self, bytes: &[u8]) -> bool {
        self.text[..self.span.start as usize].ends_with(bytes)
    }

    /// A character that begins nothing, or a string that does not end.
    fn bad_token(&self) -> CompileError {
        let rest = &self.text[self.span.start as usize..];
        let character = rest.utf8_chunks().next().and_then(|chunk| chunk.valid().chars().next());
        match character {
            Some('"' | '\'') => self.refuse(format_args!("this string does not end")),
            Some('?') => self
                .refuse(format_args!("unexpected character '?'"))
                .with_hint(format_args!("write 'where(condition, a, b)' to choose between values")),
            Some('[') => self.refuse(format_args!("unexpected character '[': arrays have no items here")),
            Some(character) => {
                self.refuse(format_args!("unexpected character '{}'", character.escape_debug()))
            }
            None => self.refuse(format_args!("unexpected byte: the text is not UTF-8")),
        }
    }

    fn unknown_name(&self) -> CompileError {
        let builtins = BUILTINS.iter().map(|builtin| builtin.name.as_bytes());
        let error = self.refuse(format_args!("unknown name {}", Quoted(self.token_text())));
        match hint::similar(self.token_text(), self.scope, builtins) {
            hint if hint.is_empty() => error,
            hint => error.with_hint(format_args!("{hint}")),
        }
    }

    /// A refusal of the current token.
    fn refuse(&self, message: std::fmt::Arguments<'_>) -> CompileError {
        CompileError::parse(self.position(), message).spanning(self.span)
    }

    /// End of the current token (a broken string literal and a lone point have no length), at least 1.
    fn position(&self) -> usize {
        (self.span.end as usize).max(1)
    }
}

#[cfg(test)]
mod tests;
