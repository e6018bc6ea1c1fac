//! `print(…)`.

use super::expression::Expression;
use super::{Lowering, uniform};
use crate::front::dsl::arguments;
use crate::front::dsl::format::{self, FormatError};
use crate::front::dsl::program::Snippet;
use crate::front::error::CompileError;
use crate::ir::{ExprId, Print, Stmt};
use crate::memory::{OutOfMemory, TryGrow};

impl Lowering<'_> {
    #[inline(never)]
    pub fn print(&mut self, start: usize, list: Snippet<'_>) -> Result<Stmt, CompileError> {
        let mut arguments = arguments::split(list).peekable();
        let format = match arguments.peek() {
            Some(first) if matches!(first.text, [b'\'' | b'"', ..]) => Some(self.format(start, *first)?),
            _ => None,
        };
        if format.is_some() {
            arguments.next();
        }
        let mut values = Vec::new();
        for argument in arguments {
            values.try_push(self.printed(start, argument)?)?;
        }
        let print = match format {
            None => self.separated(Vec::new(), values)?,
            Some(mut texts) if texts.len() == 1 => {
                let mut prefix = texts.pop().unwrap_or_default();
                if !values.is_empty() && prefix.last().is_some_and(|last| !last.is_ascii_whitespace()) {
                    prefix.try_push(b' ')?;
                }
                self.separated(prefix, values)?
            }
            Some(texts) if texts.len() == values.len() + 1 => self.interleaved(texts, values)?,
            Some(texts) => {
                let (placeholders, values) = (texts.len() - 1, values.len());
                let message = format_args!("the format has {placeholders} placeholders for {values} values");
                return Err(self.refuse(start, message));
            }
        };
        Ok(Stmt::Print(print))
    }

    fn format(&self, start: usize, literal: Snippet<'_>) -> Result<Vec<Vec<u8>>, CompileError> {
        format::parse(literal.text).map_err(|error| match error {
            FormatError::Wrong(why) => self.refuse(start, format_args!("{why}")),
            FormatError::OutOfMemory => OutOfMemory.into(),
        })
    }

    /// A value to print: one for the whole block.
    fn printed(&mut self, start: usize, argument: Snippet<'_>) -> Result<ExprId, CompileError> {
        if argument.text.is_empty() {
            return Err(self.refuse(start, format_args!("expected an argument of print()")));
        }
        let expression = Expression::new(start, argument);
        let tree = self.parse(&expression)?;
        if self.depth > 0 && uniform::reduces(&tree) {
            return Err(self.refuse(start, format_args!("a reduction in a branch or loop cannot be printed")));
        }
        if !uniform::is_uniform(&tree, &self.uniform)? {
            return Err(
                self.refuse(start, format_args!("print() takes values that are the same for all items"))
            );
        }
        let target = self.output.filter(|output| !output.is_string());
        if self.natural_dtype(&expression, &tree, target)?.is_string() {
            return Err(self.refuse(start, format_args!("print() takes strings only as its format")));
        }
        self.value(&expression, &tree, target)
    }

    /// Values with single spaces between them.
    fn separated(&self, prefix: Vec<u8>, values: Vec<ExprId>) -> Result<Print, OutOfMemory> {
        let mut pairs = Vec::new();
        let count = values.len();
        for (index, value) in values.into_iter().enumerate() {
            let text: &[u8] = if index + 1 < count { b" " } else { b"" };
            pairs.try_push((value, Vec::try_copied(text)?))?;
        }
        Ok(Print { place: self.builder.place, prefix, values: pairs })
    }

    /// Values in the placeholders between `texts`.
    fn interleaved(&self, texts: Vec<Vec<u8>>, values: Vec<ExprId>) -> Result<Print, OutOfMemory> {
        let mut texts = texts.into_iter();
        let prefix = texts.next().unwrap_or_default();
        let mut pairs = Vec::new();
        for pair in values.into_iter().zip(texts) {
            pairs.try_push(pair)?;
        }
        Ok(Print { place: self.builder.place, prefix, values: pairs })
    }
}
