//! Statements of a source text.
//!
//! Errors carry the offset that a caller is told: that of the statement, unless a nearer one is
//! known.

use super::place::refuse;
use super::pragma;
use super::program::{Guarded, Program, Snippet, Statement, StatementKind, Update};
use super::scanner::{LineStart, Scanner, trimmed};
use crate::front::error::{CompileError, Quoted};
use crate::memory::TryGrow;

/// Blocks within blocks that the body of a kernel may have.
const MAX_NESTING: usize = 30;

/// Parses the kernel of `source`.
pub fn parse(source: &[u8]) -> Result<Program<'_>, CompileError> {
    let pragmas = pragma::read(source)?;
    let mut parser = Parser { scanner: Scanner::new(source), nesting: 0, loops: 0 };
    let (params, end) = parser.signature()?;
    let body = parser.block(0, end)?;
    parser.skip_between_lines();
    if parser.scanner.peek().is_some() {
        return Err(parser.refuse_here("expected the end of the text after the function"));
    }
    Ok(Program { params, fp_mode: pragmas.fp_mode, compiler: pragmas.compiler, body })
}

/// Parses a plain expression as the kernel that returns it, with the parameters `params`.
pub fn parse_expression<'a>(text: &'a [u8], params: Vec<&'a [u8]>) -> Result<Program<'a>, CompileError> {
    let mut parser = Parser { scanner: Scanner::new(text), nesting: 0, loops: 0 };
    let value = parser.value(0)?;
    if !parser.scanner.at_line_end() {
        return Err(parser.refuse_here("expected the end of the expression"));
    }
    let mut body = Vec::new();
    body.try_push(Statement { start: 0, kind: StatementKind::Return(value) })?;
    Ok(Program { params, body, ..Program::default() })
}

struct Parser<'a> {
    scanner: Scanner<'a>,
    /// Blocks open within the function's body.
    nesting: usize,
    /// Loops open.
    loops: usize,
}

impl<'a> Parser<'a> {
    #[inline(never)]
    fn refuse(&self, offset: usize, message: &str) -> CompileError {
        refuse(self.scanner.source, offset, format_args!("{message}"))
    }

    fn refuse_here(&self, message: &str) -> CompileError {
        self.refuse(self.scanner.offset, message)
    }

    /// Passes line ends, blanks, comments and stray semicolons.
    fn skip_between_lines(&mut self) {
        loop {
            self.scanner.skip_space();
            match self.scanner.peek() {
                Some(b';') => self.scanner.offset += 1,
                Some(b'#') => self.scanner.skip_comment(),
                _ => return,
            }
        }
    }

    /// `def name(params):` and the offset behind the colon.
    fn signature(&mut self) -> Result<(Vec<&'a [u8]>, usize), CompileError> {
        self.skip_between_lines();
        let start = self.scanner.offset;
        if !self.scanner.keyword(b"def") {
            return Err(self.refuse(start, "expected 'def'"));
        }
        self.scanner.skip_blanks();
        if self.scanner.name().is_empty() {
            return Err(self.refuse(start, "expected the name of the function after 'def'"));
        }
        self.scanner.skip_blanks();
        let params = self.params(start)?;
        self.scanner.skip_blanks();
        if !self.scanner.take(b":") {
            return Err(self.refuse(start, "expected ':' after the parameters"));
        }
        Ok((params, self.header_end()?))
    }

    /// `(name, …)`; line ends and a last comma are fine.
    fn params(&mut self, start: usize) -> Result<Vec<&'a [u8]>, CompileError> {
        if !self.scanner.take(b"(") {
            return Err(self.refuse(start, "expected '(' after the name of the function"));
        }
        let mut params: Vec<&[u8]> = Vec::new();
        loop {
            self.scanner.skip_space();
            if self.scanner.take(b")") {
                return Ok(params);
            }
            let name = self.scanner.name();
            if name.is_empty() {
                return Err(self.refuse(start, "expected the name of a parameter"));
            }
            if params.contains(&name) {
                let message = format_args!("duplicate parameter {}", Quoted(name));
                return Err(refuse(self.scanner.source, start, message));
            }
            params.try_push(name)?;
            self.scanner.skip_space();
            if !self.scanner.take(b",") && self.scanner.peek() != Some(b')') {
                return Err(self.refuse(start, "expected ',' or ')' after a parameter"));
            }
        }
    }

    /// Checks that nothing but a comment follows a header's colon, and gives the offset behind it.
    #[inline(never)]
    fn header_end(&mut self) -> Result<usize, CompileError> {
        let end = self.scanner.offset;
        if self.scanner.at_line_end() {
            Ok(end)
        } else {
            Err(self.refuse(end, "expected an indented block on the next line"))
        }
    }

    /// The statements of a block within one of indentation `outer`, from the end of the header's line
    /// on; `header_end` is the place where a missing block is reported.
    fn block(&mut self, outer: usize, header_end: usize) -> Result<Vec<Statement<'a>>, CompileError> {
        let indent = match self.next_line() {
            Some(line) if line.indent > outer => line.indent,
            _ => return Err(self.refuse(header_end, "expected an indented block")),
        };
        let mut statements = Vec::new();
        while let Some(line) = self.next_line().filter(|line| line.indent >= indent) {
            self.scanner.offset = line.offset;
            if self.skip_stray_semicolons() {
                statements.try_push(self.statement(indent)?)?;
            }
        }
        Ok(statements)
    }

    /// Goes to the start of the next line with a statement.
    fn next_line(&mut self) -> Option<LineStart> {
        if self.scanner.peek() == Some(b'\n') {
            self.scanner.offset += 1;
        }
        self.scanner.next_line()
    }

    /// Passes semicolons before a statement; whether a statement follows on the line.
    fn skip_stray_semicolons(&mut self) -> bool {
        while self.scanner.take(b";") {
            if self.scanner.at_line_end() {
                return false;
            }
        }
        true
    }

    /// A block within the function's body.
    fn nested(&mut self, outer: usize, header_end: usize) -> Result<Vec<Statement<'a>>, CompileError> {
        if self.nesting == MAX_NESTING {
            return Err(self.refuse(header_end, "too many nested blocks"));
        }
        self.nesting += 1;
        let block = self.block(outer, header_end)?;
        self.nesting -= 1;
        Ok(block)
    }

    /// The body of a loop.
    fn repeated(&mut self, outer: usize, header_end: usize) -> Result<Vec<Statement<'a>>, CompileError> {
        self.loops += 1;
        let body = self.nested(outer, header_end)?;
        self.loops -= 1;
        Ok(body)
    }

    /// The statement that starts here, in a block of indentation `indent`.
    fn statement(&mut self, indent: usize) -> Result<Statement<'a>, CompileError> {
        let start = self.scanner.offset;
        let kind = match self.scanner.peek_name() {
            b"if" => self.branches(start, indent)?,
            b"while" => {
                self.scanner.name();
                let (condition, end) = self.condition(start)?;
                StatementKind::While { condition, body: self.repeated(indent, end)? }
            }
            b"for" => self.counted_loop(start, indent)?,
            _ => {
                let kind = self.simple_statement(start)?;
                self.end_statement()?;
                kind
            }
        };
        Ok(Statement { start, kind })
    }

    /// A statement of one line. As the other functions that are not inlined, it would make the frames larger
    /// that are on the stack once for each nested block.
    #[inline(never)]
    fn simple_statement(&mut self, start: usize) -> Result<StatementKind<'a>, CompileError> {
        match self.scanner.peek_name() {
            b"return" => {
                self.scanner.name();
                Ok(StatementKind::Return(self.value(start)?))
            }
            b"print" => self.print(start),
            b"break" => self.jump(start, StatementKind::Break),
            b"continue" => self.jump(start, StatementKind::Continue),
            b"def" => Err(self.refuse(start, "a function within a function is not supported")),
            b"elif" | b"else" => Err(self.refuse(start, "'elif' or 'else' without an 'if' before it")),
            _ => self.assignment_or_expression(start),
        }
    }

    /// Checks that the line holds no other statement: one `;` and a comment are fine.
    #[inline(never)]
    fn end_statement(&mut self) -> Result<(), CompileError> {
        self.scanner.skip_blanks();
        self.scanner.take(b";");
        if self.scanner.at_line_end() {
            Ok(())
        } else {
            Err(self.refuse_here("expected the end of the line: only one statement fits on a line"))
        }
    }

    /// The expression up to the end of the statement; there must be one.
    fn value(&mut self, statement: usize) -> Result<Snippet<'a>, CompileError> {
        let value = self.scanner.expression(statement)?;
        if value.text.is_empty() {
            return Err(self.refuse(statement, "expected an expression"));
        }
        Ok(value)
    }

    fn print(&mut self, start: usize) -> Result<StatementKind<'a>, CompileError> {
        self.scanner.name();
        self.scanner.skip_blanks();
        let Some(arguments) = self.scanner.parenthesized(start)? else {
            return Err(self.refuse(start, "expected '(' after 'print'"));
        };
        let mut behind = self.scanner.clone();
        behind.skip_blanks();
        match behind.peek() {
            None | Some(b'\n' | b';' | b'#') => Ok(StatementKind::Print(arguments)),
            _ => Err(self.refuse(start, "'print' is a statement and cannot be part of an expression")),
        }
    }

    fn jump(&mut self, start: usize, kind: StatementKind<'a>) -> Result<StatementKind<'a>, CompileError> {
        let name = self.scanner.name();
        let outside = self.loops == 0;
        self.scanner.skip_blanks();
        if outside || self.scanner.peek_name() == b"if" {
            let problem = if outside { "is only allowed in a loop" } else { "takes no condition" };
            let message = format_args!("{} {problem}", Quoted(name));
            return Err(refuse(self.scanner.source, start, message));
        }
        Ok(kind)
    }

    fn assignment_or_expression(&mut self, start: usize) -> Result<StatementKind<'a>, CompileError> {
        let name = self.scanner.name();
        self.scanner.skip_blanks();
        let update = match self.scanner.rest() {
            _ if name.is_empty() => None,
            [b'=', ..] => Some((None, 1)),
            [b'+', b'=', ..] => Some((Some(Update::Add), 2)),
            [b'-', b'=', ..] => Some((Some(Update::Sub), 2)),
            [b'*', b'=', ..] => Some((Some(Update::Mul), 2)),
            [b'/', b'=', ..] => Some((Some(Update::Div), 2)),
            [b'/', b'/', b'=', ..] => Some((Some(Update::FloorDiv), 3)),
            _ => None,
        };
        let Some((update, length)) = update else {
            self.scanner.offset = start;
            return self.value(start).map(StatementKind::Expression);
        };
        self.scanner.offset += length;
        let value = self.scanner.expression(start)?;
        if value.text.is_empty() {
            return Err(self.refuse_here("expected an expression"));
        }
        Ok(StatementKind::Assign { name, update, value })
    }

    /// `if` with the `elif` and `else` that follow at the block's indentation.
    #[inline(never)]
    fn branches(&mut self, start: usize, indent: usize) -> Result<StatementKind<'a>, CompileError> {
        self.scanner.name();
        let mut branches = Vec::new();
        branches.try_push(self.guarded(start, indent)?)?;
        loop {
            let before = self.scanner.clone();
            let Some(line) = self.next_line().filter(|line| line.indent == indent) else { break };
            self.scanner.offset = line.offset;
            if self.scanner.keyword(b"elif") {
                branches.try_push(self.guarded(line.offset, indent)?)?;
            } else if self.scanner.keyword(b"else") {
                let otherwise = self.otherwise(line.offset, indent)?;
                return Ok(StatementKind::If { branches, otherwise });
            } else {
                self.scanner = before;
                break;
            }
        }
        Ok(StatementKind::If { branches, otherwise: Vec::new() })
    }

    fn guarded(&mut self, start: usize, indent: usize) -> Result<Guarded<'a>, CompileError> {
        let (condition, end) = self.condition(start)?;
        let body = self.nested(indent, end)?;
        Ok(Guarded { start, condition, body })
    }

    fn otherwise(&mut self, start: usize, indent: usize) -> Result<Vec<Statement<'a>>, CompileError> {
        self.scanner.skip_blanks();
        let has_colon = self.scanner.take(b":");
        let end = self.scanner.offset;
        if !has_colon || !self.scanner.at_line_end() {
            return Err(
                self.refuse(start, "expected ':' after 'else', and an indented block on the next line")
            );
        }
        self.nested(indent, end)
    }

    /// A condition with its colon, and the offset behind the colon.
    #[inline(never)]
    fn condition(&mut self, start: usize) -> Result<(Snippet<'a>, usize), CompileError> {
        let header = self.scanner.expression(start)?;
        let [text @ .., b':'] = header.text else {
            return Err(self.refuse(start, "expected a condition, then ':' and the end of the line"));
        };
        let condition = trimmed(Snippet { text, start: header.start });
        if condition.text.is_empty() {
            return Err(self.refuse(start, "expected a condition"));
        }
        self.end_statement()?;
        Ok((condition, header.start + header.text.len()))
    }

    /// `for name in range(…):` and its body.
    fn counted_loop(&mut self, start: usize, indent: usize) -> Result<StatementKind<'a>, CompileError> {
        let (variable, bounds, end) = self.loop_header(start)?;
        Ok(StatementKind::For { variable, bounds, body: self.repeated(indent, end)? })
    }

    /// The variable of a `for`, its bounds, and the offset behind the colon.
    #[inline(never)]
    fn loop_header(&mut self, start: usize) -> Result<(&'a [u8], Snippet<'a>, usize), CompileError> {
        self.scanner.name();
        self.scanner.skip_blanks();
        let variable = self.scanner.name();
        self.scanner.skip_blanks();
        let has_in = self.scanner.keyword(b"in");
        self.scanner.skip_blanks();
        if variable.is_empty() || !has_in || !self.scanner.keyword(b"range") {
            return Err(self.refuse(start, "expected 'for name in range(...):'"));
        }
        self.scanner.skip_blanks();
        let Some(bounds) = self.scanner.parenthesized(start)? else {
            return Err(self.refuse(start, "expected '(' after 'range'"));
        };
        self.scanner.skip_blanks();
        if !self.scanner.take(b":") {
            return Err(self.refuse(start, "expected ':' after 'range(...)'"));
        }
        Ok((variable, bounds, self.header_end()?))
    }
}
