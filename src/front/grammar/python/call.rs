//! Calls: which argument goes to which parameter.

use super::{Frame, Parser, hint, refuse};
use crate::dtype::{Dtype, Scalar};
use crate::front::error::{CompileError, Quoted};
use crate::front::lexer::{Operator, Token};
use crate::front::tree::{CastTo, NodeId, NodeKind, Options};
use crate::ir::{Span, UserFunction};
use crate::memory::TryGrow;
use crate::operation::numpy::{Function, Parameter};
use std::fmt;

#[derive(Clone, Copy)]
pub enum Callee {
    Function(&'static Function),
    Host(u32),
    Cast(CastTo),
    AsType(Dtype),
}

/// The most operands of a call.
const MOST: usize = UserFunction::MAX_ARITY;

/// A call whose arguments are being read.
pub struct Call {
    callee: Callee,
    name: Span,
    /// Where it opens.
    pub open: Span,
    arity: usize,
    /// Where its operands start on the value stack.
    first: usize,
    /// For each operand on the stack, which one of the callee it is.
    slots: [u8; MOST],
    operands: usize,
    /// Arguments by place so far.
    by_place: usize,
    /// The parameters that have arguments, by their bits.
    given: u32,
    has_keyword: bool,
    options: Options,
}

/// The names of operands that a call has not been given, as Python lists them; none where operands have no names.
struct MissingNames<'a>(&'a Call);

impl MissingNames<'_> {
    fn names(&self) -> impl Iterator<Item = &'static str> {
        let call = self.0;
        let is_missing = move |index: &usize| call.given & 1 << index == 0;
        (0..call.arity).filter(is_missing).filter_map(move |index| call.parameters().get(index)?.name())
    }
}

impl fmt::Display for MissingNames<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.names().count();
        for (index, name) in self.names().enumerate() {
            let before = match index {
                0 => "",
                _ if count == 2 => " and ",
                _ if index + 1 == count => ", and ",
                _ => ", ",
            };
            write!(f, "{before}'{name}'")?;
        }
        Ok(())
    }
}

impl Call {
    fn parameters(&self) -> &'static [Parameter] {
        match self.callee {
            Callee::Function(function) => function.parameters,
            Callee::Host(_) | Callee::Cast(_) | Callee::AsType(_) => &[Parameter::Operand; MOST][..],
        }
    }
}

impl Parser<'_, '_> {
    /// Opens a call of the name at hand and reads up to its first operand; false if there is none.
    pub fn open_call(&mut self, callee: Callee) -> Result<bool, CompileError> {
        let name = self.span;
        let arity = match callee {
            Callee::Function(function) => function.arity(),
            Callee::Host(index) => self.scope.function(index).target.arity().into(),
            Callee::Cast(_) | Callee::AsType(_) => 1,
        };
        self.advance();
        if self.token != Token::Open {
            let name_text = Quoted(self.text_at(name));
            return Err(refuse(name, format_args!("{name_text} is a function: call it with '(…)'")));
        }
        self.calls.try_push(Call {
            callee,
            name,
            open: self.span,
            arity,
            first: self.values.len(),
            slots: [0; MOST],
            operands: 0,
            by_place: 0,
            given: 0,
            has_keyword: false,
            options: Options::default(),
        })?;
        self.frames.try_push(Frame::Call)?;
        self.advance();
        if self.token == Token::Comma {
            return Err(self.refuse(format_args!("expected an expression, found ','")));
        }
        self.argument()
    }

    fn call(&mut self) -> &mut Call {
        self.calls.last_mut().unwrap_or_else(|| unreachable!("a frame of a call has a call"))
    }

    /// Reads the start of an argument: whole options, up to the first operand; false if the list ends before one.
    pub fn argument(&mut self) -> Result<bool, CompileError> {
        while self.token != Token::Close {
            if matches!(self.token, Token::Operator(Operator::Mul | Operator::Pow)) {
                return Err(self.refuse(format_args!("starred arguments are not supported")));
            }
            let index = if self.token == Token::Name && self.lexer.assigns_next() {
                self.keyword()?
            } else {
                self.place()?
            };
            let call = self.call();
            let parameter = call.parameters()[index];
            call.given |= 1 << index;
            if parameter.is_operand() {
                call.slots[call.operands] = index as u8;
                call.operands += 1;
                return Ok(true);
            }
            self.option(parameter)?;
            match self.token {
                Token::Comma => self.advance(),
                Token::Close => {}
                _ => return Err(self.no_operator()),
            }
        }
        Ok(false)
    }

    /// The parameter of a keyword argument, whose `=` is passed.
    fn keyword(&mut self) -> Result<usize, CompileError> {
        let (keyword, span) = (self.token_text(), self.span);
        let call = self.call();
        let named = |parameter: &Parameter| parameter.name().is_some_and(|name| name.as_bytes() == keyword);
        let (index, given, name) = (call.parameters().iter().position(named), call.given, call.name);
        call.has_keyword = true;
        let name = std::str::from_utf8(self.text_at(name)).unwrap_or_default();
        let Some(index) = index else {
            let keyword = Quoted(keyword);
            return Err(refuse(span, format_args!("{name}() got an unexpected keyword argument {keyword}")));
        };
        if given & 1 << index != 0 {
            let keyword = Quoted(keyword);
            return Err(refuse(span, format_args!("{name}() got multiple values for argument {keyword}")));
        }
        self.advance();
        self.advance();
        Ok(index)
    }

    /// The parameter of the next argument by place.
    fn place(&mut self) -> Result<usize, CompileError> {
        let span = self.span;
        let call = self.call();
        if call.has_keyword {
            return Err(refuse(span, format_args!("positional argument follows keyword argument")));
        }
        let index = call.by_place;
        call.by_place += 1;
        let limit = match call.callee {
            Callee::Function(function) => {
                function.parameters.iter().take_while(|parameter| parameter.is_positional()).count()
            }
            _ => call.arity,
        };
        if index < limit {
            return Ok(index);
        }
        let name = call.name;
        let name = std::str::from_utf8(self.text_at(name)).unwrap_or_default();
        let plural = if limit == 1 { "" } else { "s" };
        let error = refuse(
            span,
            format_args!("{name}() takes {limit} positional argument{plural} but more were given"),
        );
        // The comma may stand right before the argument.
        let comma = Span { start: span.start.saturating_sub(1), end: span.start };
        Err(match self.text_at(comma) {
            b"," => hint::about_comma(error, self.text, comma),
            _ => error,
        })
    }

    /// The value of an option, which is a literal.
    fn option(&mut self, parameter: Parameter) -> Result<(), CompileError> {
        match parameter {
            Parameter::Axis { .. } => self.call().options.axes = self.axes()?,
            Parameter::KeepDims => {
                let value = match self.token_text() {
                    b"True" | b"1" => true,
                    b"False" | b"0" => false,
                    _ => return Err(self.refuse(format_args!("keepdims is True or False"))),
                };
                self.call().options.keepdims = value;
                self.advance();
            }
            Parameter::Dtype { .. } if self.token_text() == b"None" => self.advance(),
            Parameter::Dtype { .. } => self.call().options.dtype = Some(self.dtype()?),
            Parameter::Ddof => {
                let is_negative = self.sign();
                let Token::Number(literal) = self.token else {
                    return Err(self.refuse(format_args!("ddof is a number")));
                };
                let value = literal.value.to_f64();
                self.call().options.ddof = if is_negative { -value } else { value };
                self.advance();
            }
            Parameter::Decimals => self.call().options.decimals = self.integer("decimals is an integer")?,
            Parameter::Operand | Parameter::Named(_) => unreachable!("operands are expressions"),
        }
        Ok(())
    }

    /// Passes a sign; whether it is a minus.
    fn sign(&mut self) -> bool {
        let is_negative = self.token == Token::Operator(Operator::Sub);
        if is_negative || self.token == Token::Operator(Operator::Add) {
            self.advance();
        }
        is_negative
    }

    /// An integer literal with or without a sign; `what` says what it should be.
    fn integer(&mut self, what: &str) -> Result<i64, CompileError> {
        let is_negative = self.sign();
        let value = match self.token {
            Token::Number(literal) if !literal.is_float => match literal.value {
                Scalar::Int(value) => i64::try_from(if is_negative { -value } else { value }).ok(),
                _ => None,
            },
            _ => None,
        };
        let value = value.ok_or_else(|| self.refuse(format_args!("{what}")))?;
        self.advance();
        Ok(value)
    }

    /// `None`, an integer, or a tuple of integers.
    fn axes(&mut self) -> Result<Option<Vec<i64>>, CompileError> {
        const WHAT: &str = "axis is None, an integer or a tuple of integers";
        if self.token_text() == b"None" {
            self.advance();
            return Ok(None);
        }
        let mut axes = Vec::new();
        if self.token != Token::Open {
            axes.try_push(self.integer(WHAT)?)?;
            return Ok(Some(axes));
        }
        self.advance();
        while self.token != Token::Close {
            axes.try_push(self.integer(WHAT)?)?;
            match self.token {
                Token::Comma => self.advance(),
                Token::Close => {}
                _ => return Err(self.refuse(format_args!("{WHAT}"))),
            }
        }
        self.advance();
        Ok(Some(axes))
    }

    /// Makes the value of the call that ends here.
    pub fn close_call(&mut self) -> Result<(), CompileError> {
        let call = self.calls.pop().unwrap_or_else(|| unreachable!("a frame of a call has a call"));
        let Call { callee, name, arity, first, .. } = call;
        let span = Span { start: name.start, end: self.span.end };
        if call.operands != arity {
            return Err(self.missing_argument(&call));
        }
        let mut operands: [NodeId; MOST] = [0; MOST];
        for (slot, value) in call.slots.iter().zip(&self.values[first..]) {
            operands[usize::from(*slot)] = *value;
        }
        self.values.truncate(first);
        let operands = &operands[..arity];
        let kind = match callee {
            Callee::Function(function) => {
                let list = self.tree.push_args(operands)?;
                NodeKind::Function(function, list, self.tree.push_options(call.options)?)
            }
            Callee::Host(index) => NodeKind::Call(index, self.tree.push_args(operands)?),
            Callee::Cast(to) => NodeKind::Cast(to, operands[0]),
            Callee::AsType(dtype) => NodeKind::AsType(dtype, operands[0]),
        };
        let node = self.tree.push(kind, span)?;
        Ok(self.values.try_push(node)?)
    }

    fn missing_argument(&self, call: &Call) -> CompileError {
        let name = std::str::from_utf8(self.text_at(call.name)).unwrap_or_default();
        let missing = MissingNames(call);
        if missing.names().next().is_some() {
            let count = call.arity - call.operands;
            let plural = if count == 1 { "" } else { "s" };
            return refuse(
                call.name,
                format_args!("{name}() missing {count} required argument{plural}: {missing}"),
            );
        }
        let (arity, given) = (call.arity, call.operands);
        let plural = if arity == 1 { "" } else { "s" };
        let verb = if given == 1 { "was" } else { "were" };
        let message =
            format_args!("{name}() takes {arity} positional argument{plural} but {given} {verb} given");
        refuse(call.name, message)
    }
}
