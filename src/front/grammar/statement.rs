//! Statements of a source text.
//!
//! Errors carry the offset that a caller gets: that of the statement, unless a nearer one is
//! known.

use super::format::{self, FormatError};
use super::pragma::{self, Pragmas};
use super::{python, reference};
use crate::front::dialect::Dialect;
use crate::front::error::{CompileError, Quoted, Status};
use crate::front::lexer::{Ends, Lexer, LineStart, OPEN_PARENTHESIS, Operator};
use crate::front::names::index_symbol;
use crate::front::place::{place, position_told, refuse};
use crate::front::program::{Expression, Guarded, Program, Statement, StatementKind, Target};
use crate::front::route::expression_place;
use crate::front::scope::{Scope, SymbolMeaning};
use crate::front::tree::{NodeKind, Tree};
use crate::ir::{Span, UnaryOp};
use crate::memory::{OutOfMemory, TryGrow};
use crate::operation::{Builtin, Meaning};

/// Blocks within blocks that the body of a kernel may have.
const MAX_NESTING: usize = 30;

/// What `//=` applies to the quotient, whatever names the kernel gives to its variables.
static FLOOR: Builtin = Builtin {
    name: "floor",
    c_name: c"floor",
    arity: 1,
    meaning: Meaning::Unary(UnaryOp::Floor),
    help: c"largest whole number that is not greater",
};

/// Parses the kernel of `source`, whose names are those of `scope`; the scope with its locals.
pub fn parse<'a>(
    source: &'a [u8],
    dialect: Dialect,
    scope: Scope<'a>,
) -> Result<(Program<'a>, Scope<'a>), CompileError> {
    let mut parser = Parser::new(source, dialect, scope);
    let program = parser.program()?;
    Ok((program, parser.scope))
}

/// The names of the parameters of the kernel of `source`.
pub fn parameters(source: &[u8], dialect: Dialect) -> Result<Vec<&[u8]>, CompileError> {
    Ok(Parser::new(source, dialect, Scope::default()).signature()?.0)
}

/// Checks the statements of `source` without looking at expressions.
pub fn check(source: &[u8], dialect: Dialect) -> Result<(), CompileError> {
    Parser { reads_expressions: false, ..Parser::new(source, dialect, Scope::default()) }.program().map(drop)
}

/// Parses a plain expression as the kernel that returns it, with the parameters `params`.
pub fn parse_expression<'a>(
    text: &'a [u8],
    dialect: Dialect,
    params: Vec<&'a [u8]>,
    scope: Scope<'a>,
) -> Result<(Program<'a>, Scope<'a>), CompileError> {
    let mut parser = Parser::new(text, dialect, scope);
    match dialect {
        Dialect::Miniexpr => parser.lexer.offset = expression_place(text).map_or(0, |place| place.start),
        Dialect::NumPy | Dialect::NumExpr => drop(parser.lexer.next_line()),
    }
    let value = parser.value(0)?;
    let is_whole = match dialect {
        Dialect::Miniexpr => parser.lexer.at_line_end(),
        Dialect::NumPy | Dialect::NumExpr => parser.lexer.next_line().is_none(),
    };
    if !is_whole {
        return Err(parser.refuse_here("expected the end of the expression"));
    }
    let mut body = Vec::new();
    body.try_push(Statement { start: 0, kind: StatementKind::Return(value) })?;
    Ok((Program { params, body, fault: parser.fault, ..Program::default() }, parser.scope))
}

struct Parser<'a> {
    dialect: Dialect,
    lexer: Lexer<'a>,
    scope: Scope<'a>,
    /// Whether expressions get trees: not where only the statements matter.
    reads_expressions: bool,
    /// Why an expression is refused. Errors in the statements after it may take precedence.
    fault: Option<CompileError>,
    /// Blocks open within the function's body.
    nesting: usize,
    /// Loops open.
    loops: usize,
}

impl<'a> Parser<'a> {
    fn new(source: &'a [u8], dialect: Dialect, scope: Scope<'a>) -> Parser<'a> {
        let lexer = Lexer::new(source, dialect.grammar());
        Parser { dialect, lexer, scope, reads_expressions: true, fault: None, nesting: 0, loops: 0 }
    }

    fn program(&mut self) -> Result<Program<'a>, CompileError> {
        let Pragmas { fp_mode, compiler } = pragma::read(self.lexer.source)?;
        let (params, end) = self.signature()?;
        let body = self.block(0, end)?;
        self.skip_between_lines();
        if self.lexer.peek().is_some() {
            return Err(self.refuse_here("expected the end of the text after the function"));
        }
        Ok(Program { params, fp_mode, compiler, body, fault: self.fault.take() })
    }

    #[inline(never)]
    fn refuse(&self, offset: usize, message: &str) -> CompileError {
        refuse(self.lexer.source, offset, format_args!("{message}"))
    }

    fn refuse_here(&self, message: &str) -> CompileError {
        self.refuse(self.lexer.offset, message)
    }

    /// Passes line ends, blanks, comments and stray semicolons.
    fn skip_between_lines(&mut self) {
        loop {
            self.lexer.skip_space();
            match self.lexer.peek() {
                Some(b';') => self.lexer.offset += 1,
                Some(b'#') => self.lexer.skip_comment(),
                _ => return,
            }
        }
    }

    /// `def name(params):` and the offset after the colon.
    fn signature(&mut self) -> Result<(Vec<&'a [u8]>, usize), CompileError> {
        self.skip_between_lines();
        let start = self.lexer.offset;
        if !self.lexer.keyword(b"def") {
            return Err(self.no_kernel(start));
        }
        self.lexer.skip_blanks();
        let name = self.lexer.name();
        if name.is_empty() {
            return Err(self.refuse(start, "expected the name of the function after 'def'"));
        }
        if let Some(symbol) = index_symbol(name) {
            self.scope.mention(symbol)?;
        }
        self.lexer.skip_blanks();
        let params = self.params(start)?;
        self.lexer.skip_blanks();
        if !self.lexer.take(b":") {
            return Err(self.refuse(start, "expected ':' after the parameters"));
        }
        Ok((params, self.header_end()?))
    }

    /// What is read as a kernel begins with something else.
    fn no_kernel(&mut self, start: usize) -> CompileError {
        let word = self.lexer.name();
        self.lexer.skip_blanks();
        match (word, self.lexer.peek()) {
            (b"if", Some(b'(')) => self
                .refuse(start, "'if' begins a statement, and only kernels have statements")
                .with_hint(format_args!("write 'where(condition, a, b)' to choose between values")),
            (word, Some(b'=')) if !word.is_empty() => self
                .refuse(start, "'=' assigns a value, and only kernels assign")
                .with_hint(format_args!("compare with '==', or write a kernel, 'def f(x): …'")),
            _ => self.refuse(start, "a kernel begins with 'def'").with_hint(format_args!(
                "a text with line breaks, ';', braces or statements is a kernel: 'def name(parameters):'"
            )),
        }
    }

    /// `(name, …)`; line ends and a last comma are fine.
    fn params(&mut self, start: usize) -> Result<Vec<&'a [u8]>, CompileError> {
        if !self.lexer.take(b"(") {
            return Err(self.refuse(start, "expected '(' after the name of the function"));
        }
        let mut params: Vec<&[u8]> = Vec::new();
        loop {
            self.lexer.skip_space();
            if self.lexer.take(b")") {
                return Ok(params);
            }
            let name = self.lexer.name();
            if name.is_empty() {
                return Err(self.refuse(start, "expected the name of a parameter"));
            }
            if params.contains(&name) {
                let message = format_args!("duplicate parameter {}", Quoted(name));
                return Err(refuse(self.lexer.source, start, message));
            }
            params.try_push(name)?;
            self.lexer.skip_space();
            if !self.lexer.take(b",") && self.lexer.peek() != Some(b')') {
                return Err(self.refuse(start, "expected ',' or ')' after a parameter"));
            }
        }
    }

    /// Checks that nothing but a comment follows a header's colon, and gives the offset after it.
    #[inline(never)]
    fn header_end(&mut self) -> Result<usize, CompileError> {
        let end = self.lexer.offset;
        if self.lexer.at_line_end() {
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
            self.lexer.offset = line.offset;
            if self.skip_stray_semicolons() {
                statements.try_push(self.statement(indent)?)?;
            }
        }
        Ok(statements)
    }

    /// Goes to the start of the next line with a statement.
    fn next_line(&mut self) -> Option<LineStart> {
        if self.lexer.peek() == Some(b'\n') {
            self.lexer.offset += 1;
        }
        self.lexer.next_line()
    }

    /// Passes semicolons before a statement; whether a statement follows on the line.
    fn skip_stray_semicolons(&mut self) -> bool {
        while self.lexer.take(b";") {
            if self.lexer.at_line_end() {
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
        let start = self.lexer.offset;
        let kind = match self.lexer.peek_name() {
            b"if" => self.branches(start, indent)?,
            b"while" => {
                self.lexer.name();
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
        match self.lexer.peek_name() {
            b"return" => {
                self.lexer.name();
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
        self.lexer.skip_blanks();
        self.lexer.take(b";");
        if self.lexer.at_line_end() {
            Ok(())
        } else {
            Err(self.refuse_here("expected the end of the line: only one statement fits on a line"))
        }
    }

    /// The expression that begins here, after the nodes of `onto`; the lexer is left where it ends.
    ///
    /// An expression that is refused has no tree, nor has any after it. A caller gets the offset of
    /// the statement plus the position within the expression, as if `lead` bytes more stood before it.
    fn tree(
        &mut self,
        statement: usize,
        ends: Ends,
        lead: usize,
        onto: Tree,
    ) -> Result<Expression, CompileError> {
        let start = self.lexer.offset;
        if self.reads_expressions && self.fault.is_none() {
            self.lexer.begin(ends);
            let parsed = match self.dialect {
                Dialect::Miniexpr => reference::parse(&mut self.lexer, &mut self.scope, onto),
                Dialect::NumPy | Dialect::NumExpr => {
                    python::parse(&mut self.lexer, self.dialect.vocabulary(), &mut self.scope, onto)
                }
            };
            match parsed {
                Ok(tree) => return Ok(Some(tree)),
                Err(error) if error.kind() == Status::OutOfMemory => return Err(error),
                Err(error) => self.fault = Some(self.located(error, statement, start, lead)),
            }
            self.lexer.offset = start;
        }
        self.skip(statement, ends)?;
        Ok(None)
    }

    /// An error of the expression at `start` as one of the source; people see the place of the token.
    fn located(&self, error: CompileError, statement: usize, start: usize, lead: usize) -> CompileError {
        let within = |position: usize| position.saturating_sub(start + 1) + lead;
        let position = match self.dialect {
            Dialect::Miniexpr => statement + error.position.map_or(0, within),
            Dialect::NumPy | Dialect::NumExpr => error.position.unwrap_or(statement),
        };
        let place = place(self.lexer.source, error.span().map_or(statement, |span| span.start));
        error
            .into_syntax_error()
            .at(position_told(self.lexer.source, position))
            .reworded(format_args!("line {}, column {}: ", place.line, place.column), format_args!(""))
    }

    /// Passes the rest of the statement or of the list of arguments.
    fn skip(&mut self, statement: usize, ends: Ends) -> Result<(), CompileError> {
        self.lexer.skip(ends).map_err(|why| self.refuse(statement, why))
    }

    /// Whether an expression begins after the white space here.
    fn finds_expression(&mut self, ends: Ends) -> bool {
        self.lexer.skip_to_expression(ends);
        !self.lexer.at_end()
    }

    /// The expression up to the end of the statement; there must be one.
    fn value(&mut self, statement: usize) -> Result<Expression, CompileError> {
        if !self.finds_expression(Ends::Statement) {
            return Err(self.refuse(statement, "expected an expression"));
        }
        self.tree(statement, Ends::Statement, 0, Tree::default())
    }

    /// The arguments up to the end of their list, at most `most`; `missing` says what is wrong with a list of
    /// more, and with an empty argument.
    fn arguments(
        &mut self,
        statement: usize,
        most: usize,
        missing: &str,
    ) -> Result<Vec<Expression>, CompileError> {
        let mut list = Vec::new();
        loop {
            let is_there = self.finds_expression(Ends::Argument) || self.lexer.peek().is_none();
            if (!is_there || list.len() == most) && self.fault.is_none() {
                self.fault = Some(self.refuse(statement, missing));
            }
            list.try_push(self.tree(statement, Ends::Argument, 0, Tree::default())?)?;
            if !self.lexer.take(b",") {
                self.close(statement)?;
                return Ok(list);
            }
        }
    }

    fn close(&mut self, statement: usize) -> Result<(), CompileError> {
        if self.lexer.take(b")") { Ok(()) } else { Err(self.refuse(statement, OPEN_PARENTHESIS)) }
    }

    fn print(&mut self, start: usize) -> Result<StatementKind<'a>, CompileError> {
        const MISSING: &str = "expected an argument of print()";
        self.lexer.name();
        self.lexer.skip_blanks();
        if !self.lexer.take(b"(") {
            return Err(self.refuse(start, "expected '(' after 'print'"));
        }
        let has_format = self.finds_expression(Ends::Argument)
            && matches!(self.lexer.peek(), Some(b'\'' | b'"'))
            && self.reads_expressions
            && self.fault.is_none();
        let format = if has_format { self.format(start)? } else { None };
        let values = if format.is_none() || self.lexer.take(b",") {
            self.arguments(start, usize::MAX, MISSING)?
        } else {
            self.close(start)?;
            Vec::new()
        };
        let after = self.lexer.offset;
        self.lexer.skip_blanks();
        match self.lexer.peek() {
            None | Some(b'\n' | b';' | b'#') => {}
            _ => {
                let message = "'print' is a statement and cannot be part of an expression";
                return Err(self.refuse(start, message));
            }
        }
        self.lexer.offset = after;
        Ok(StatementKind::Print { format, values })
    }

    /// The format that begins here; `None` if it is refused.
    fn format(&mut self, statement: usize) -> Result<Option<Vec<Vec<u8>>>, CompileError> {
        let start = self.lexer.offset;
        self.lexer.skip_string().map_err(|why| self.refuse(statement, why))?;
        let literal = &self.lexer.source[start..self.lexer.offset];
        let parsed = if self.finds_expression(Ends::Argument) {
            Err(FormatError::Wrong("a format must be a single string literal"))
        } else {
            format::parse(literal)
        };
        match parsed {
            Ok(texts) => Ok(Some(texts)),
            Err(FormatError::OutOfMemory) => Err(OutOfMemory.into()),
            Err(FormatError::Wrong(why)) => {
                self.fault = Some(self.refuse(statement, why));
                Ok(None)
            }
        }
    }

    fn jump(&mut self, start: usize, kind: StatementKind<'a>) -> Result<StatementKind<'a>, CompileError> {
        let name = self.lexer.name();
        let outside = self.loops == 0;
        self.lexer.skip_blanks();
        if outside || self.lexer.peek_name() == b"if" {
            let problem = if outside { "is only allowed in a loop" } else { "takes no condition" };
            let message = format_args!("{} {problem}", Quoted(name));
            return Err(refuse(self.lexer.source, start, message));
        }
        Ok(kind)
    }

    fn assignment_or_expression(&mut self, start: usize) -> Result<StatementKind<'a>, CompileError> {
        let name = self.lexer.name();
        self.lexer.skip_blanks();
        if !name.is_empty() && self.dialect.is_python() && self.lexer.peek() == Some(b',') {
            if let Some(names) = self.targets(name)? {
                return self.tuple_assignment(start, names);
            }
            self.lexer.offset = start;
            return self.value(start).map(StatementKind::Expression);
        }
        let assigns = if name.is_empty() { None } else { self.assignment_operator() };
        let Some((update, length)) = assigns else {
            self.lexer.offset = start;
            return self.value(start).map(StatementKind::Expression);
        };
        self.lexer.offset += length;
        if !self.finds_expression(Ends::Statement) {
            return Err(self.refuse_here("expected an expression"));
        }
        let known = self.known(name);
        let value = match update {
            None => self.tree(start, Ends::Statement, 0, Tree::default())?,
            Some(update) => {
                let span = Span { start: start as u32, end: (start + name.len()) as u32 };
                self.updated(span, name, known.unwrap_or_default(), update)?
            }
        };
        let target = self.target(name, known)?;
        Ok(StatementKind::Assign { target, is_update: update.is_some(), value })
    }

    /// The assignment that comes next: the operator of a compound one, and the length of it all.
    fn assignment_operator(&self) -> Option<(Option<Operator>, usize)> {
        let rest = self.lexer.rest();
        Some(match rest {
            [b'=', ..] => (None, 1),
            [b'+', b'=', ..] => (Some(Operator::Add), 2),
            [b'-', b'=', ..] => (Some(Operator::Sub), 2),
            [b'*', b'=', ..] => (Some(Operator::Mul), 2),
            [b'/', b'=', ..] => (Some(Operator::Div), 2),
            [b'/', b'/', b'=', ..] => (Some(Operator::FloorDiv), 3),
            _ if !self.dialect.is_python() => return None,
            [b'%', b'=', ..] => (Some(Operator::Rem), 2),
            [b'&', b'=', ..] => (Some(Operator::BitAnd), 2),
            [b'|', b'=', ..] => (Some(Operator::BitOr), 2),
            [b'^', b'=', ..] => (Some(Operator::BitXor), 2),
            [b'*', b'*', b'=', ..] => (Some(Operator::Pow), 3),
            [b'<', b'<', b'=', ..] => (Some(Operator::Shl), 3),
            [b'>', b'>', b'=', ..] => (Some(Operator::Shr), 3),
            _ => return None,
        })
    }

    /// The variable called `name`, if there is one.
    fn known(&self, name: &[u8]) -> Option<u32> {
        match self.scope.find(name) {
            Some(SymbolMeaning::Variable(variable)) => Some(variable),
            _ => None,
        }
    }

    /// The names of `a, b =` from the first comma on, whose `=` is passed; `None` if this is something else.
    fn targets(&mut self, first: &'a [u8]) -> Result<Option<Vec<&'a [u8]>>, CompileError> {
        let mut names = Vec::new();
        names.try_push(first)?;
        while self.lexer.take(b",") {
            self.lexer.skip_blanks();
            let name = self.lexer.name();
            if name.is_empty() {
                break;
            }
            names.try_push(name)?;
            self.lexer.skip_blanks();
        }
        let assigns = matches!(self.lexer.rest(), [b'=', rest @ ..] if rest.first() != Some(&b'='));
        if !assigns {
            return Ok(None);
        }
        self.lexer.offset += 1;
        Ok(Some(names))
    }

    /// `a, b = x, y` after the `=`: all values are computed before the first is assigned.
    fn tuple_assignment(
        &mut self,
        start: usize,
        names: Vec<&'a [u8]>,
    ) -> Result<StatementKind<'a>, CompileError> {
        let mut values = Vec::new();
        loop {
            if !self.finds_expression(Ends::Item) {
                return Err(self.refuse_here("expected an expression"));
            }
            values.try_push(self.tree(start, Ends::Item, 0, Tree::default())?)?;
            if !self.lexer.take(b",") {
                break;
            }
        }
        if values.len() != names.len() {
            let (wanted, given) = (names.len(), values.len());
            let message = format_args!("cannot unpack {given} values into {wanted} names");
            return Err(refuse(self.lexer.source, start, message));
        }
        let mut assignments = Vec::new();
        for (name, value) in names.into_iter().zip(values) {
            let target = self.target(name, self.known(name))?;
            assignments.try_push((target, value))?;
        }
        Ok(StatementKind::AssignAll(assignments))
    }

    /// The target that is called `name`: the variable `known`, or a local that begins here.
    fn target(&mut self, name: &'a [u8], known: Option<u32>) -> Result<Target<'a>, CompileError> {
        let (variable, is_new) = match known {
            Some(variable) => (variable, false),
            None => (self.scope.add_local(name)?, true),
        };
        Ok(Target { name, variable, is_new })
    }

    /// What a compound assignment sets `variable`, called `name` at `span`, to. A caller gets positions as
    /// if the statement said `name = name op (right)`.
    fn updated(
        &mut self,
        span: Span,
        name: &[u8],
        variable: u32,
        operator: Operator,
    ) -> Result<Expression, CompileError> {
        let mut tree = Tree::default();
        let left = tree.push(NodeKind::Variable(variable), span)?;
        let is_floor = operator == Operator::FloorDiv && self.dialect == Dialect::Miniexpr;
        let text = if is_floor { "floor( / (" } else { " + (" };
        let lead = name.len() + text.len();
        let Some(mut tree) = self.tree(span.start as usize, Ends::Statement, lead, tree)? else {
            return Ok(None);
        };
        let right = tree.root();
        let kind = match operator {
            Operator::Add if self.dialect == Dialect::Miniexpr => tree.sum(left, right),
            Operator::FloorDiv if is_floor => NodeKind::Binary(Operator::Div, left, right),
            operator => NodeKind::Binary(operator, left, right),
        };
        let span = Span { end: tree.node(right).span.end, ..span };
        let value = tree.push(kind, span)?;
        if is_floor {
            let list = tree.push_args(&[value])?;
            tree.push(NodeKind::Builtin(&FLOOR, list), span)?;
        }
        Ok(Some(tree))
    }

    /// `if` with the `elif` and `else` that follow at the block's indentation.
    #[inline(never)]
    fn branches(&mut self, start: usize, indent: usize) -> Result<StatementKind<'a>, CompileError> {
        self.lexer.name();
        let mut branches = Vec::new();
        branches.try_push(self.guarded(start, indent)?)?;
        loop {
            let before = self.lexer.offset;
            let Some(line) = self.next_line().filter(|line| line.indent == indent) else { break };
            self.lexer.offset = line.offset;
            if self.lexer.keyword(b"elif") {
                branches.try_push(self.guarded(line.offset, indent)?)?;
            } else if self.lexer.keyword(b"else") {
                let otherwise = self.otherwise(line.offset, indent)?;
                return Ok(StatementKind::If { branches, otherwise });
            } else {
                self.lexer.offset = before;
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
        self.lexer.skip_blanks();
        let has_colon = self.lexer.take(b":");
        let end = self.lexer.offset;
        if !has_colon || !self.lexer.at_line_end() {
            return Err(
                self.refuse(start, "expected ':' after 'else', and an indented block on the next line")
            );
        }
        self.nested(indent, end)
    }

    /// A condition with its colon, and the offset after the colon.
    #[inline(never)]
    fn condition(&mut self, statement: usize) -> Result<(Expression, usize), CompileError> {
        let is_there = self.finds_expression(Ends::Header);
        let start = self.lexer.offset;
        let condition = if is_there { self.tree(statement, Ends::Header, 1, Tree::default())? } else { None };
        self.skip(statement, Ends::Header)?;
        let header = self.lexer.source[start..self.lexer.offset].trim_ascii_end();
        let [text @ .., b':'] = header else {
            return Err(self.refuse(statement, "expected a condition, then ':' and the end of the line"));
        };
        if text.is_empty() {
            return Err(self.refuse(statement, "expected a condition"));
        }
        self.end_statement()?;
        Ok((condition, start + header.len()))
    }

    /// `for name in range(…):` and its body.
    fn counted_loop(&mut self, start: usize, indent: usize) -> Result<StatementKind<'a>, CompileError> {
        let (target, bounds, end) = self.loop_header(start)?;
        Ok(StatementKind::For { target, bounds, body: self.repeated(indent, end)? })
    }

    /// The target of a `for`, its bounds, and the offset after the colon.
    #[inline(never)]
    fn loop_header(&mut self, start: usize) -> Result<(Target<'a>, Vec<Expression>, usize), CompileError> {
        self.lexer.name();
        self.lexer.skip_blanks();
        let variable = self.lexer.name();
        self.lexer.skip_blanks();
        let has_in = self.lexer.keyword(b"in");
        self.lexer.skip_blanks();
        if variable.is_empty() || !has_in || !self.lexer.keyword(b"range") {
            return Err(self.refuse(start, "expected 'for name in range(...):'"));
        }
        self.lexer.skip_blanks();
        if !self.lexer.take(b"(") {
            return Err(self.refuse(start, "expected '(' after 'range'"));
        }
        let known = self.known(variable);
        let bounds = self.arguments(start, 3, "range() takes one to three arguments")?;
        let target = self.target(variable, known)?;
        self.lexer.skip_blanks();
        if !self.lexer.take(b":") {
            return Err(self.refuse(start, "expected ':' after 'range(...)'"));
        }
        Ok((target, bounds, self.header_end()?))
    }
}
