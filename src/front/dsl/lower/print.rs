//! `print(…)`.

use super::{Lowering, uniform};
use crate::dtype::Dtype;
use crate::front::dialect::Dialect;
use crate::front::error::CompileError;
use crate::front::program::Expression;
use crate::front::typing::convert;
use crate::ir::{ExprId, Print, Stmt};
use crate::memory::{OutOfMemory, TryGrow};

impl Lowering<'_> {
    #[inline(never)]
    pub fn print(
        &mut self,
        start: usize,
        format: Option<&[Vec<u8>]>,
        arguments: &[Expression],
    ) -> Result<Stmt, CompileError> {
        let mut values = Vec::new();
        for argument in arguments {
            values.try_push(self.printed(start, argument)?)?;
        }
        let print = match format {
            None => self.separated(Vec::new(), values)?,
            Some([text]) => {
                let mut prefix = Vec::try_copied(text)?;
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

    /// A value to print: one for the whole block.
    fn printed(&mut self, start: usize, argument: &Expression) -> Result<ExprId, CompileError> {
        let tree = self.tree(argument)?;
        if self.depth > 0 && uniform::reduces(tree) {
            return Err(self.refuse(start, format_args!("a reduction in a branch or loop cannot be printed")));
        }
        if !uniform::is_uniform(tree, &self.uniform)? {
            return Err(
                self.refuse(start, format_args!("print() takes values that are the same for all items"))
            );
        }
        let is_converted = |output: &Dtype| !output.is_string() && self.dialect == Dialect::Miniexpr;
        let target = self.output.filter(is_converted);
        let value = self.natural_value(start, tree, target)?;
        if self.builder.dtype(value).is_string() {
            return Err(self.refuse(start, format_args!("print() takes strings only as its format")));
        }
        convert(&mut self.builder, value, target)
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

    /// Values in the placeholders between `texts`, which are one more.
    fn interleaved(&self, texts: &[Vec<u8>], values: Vec<ExprId>) -> Result<Print, OutOfMemory> {
        let mut pairs = Vec::new();
        for (value, text) in values.into_iter().zip(&texts[1..]) {
            pairs.try_push((value, Vec::try_copied(text)?))?;
        }
        Ok(Print { place: self.builder.place, prefix: Vec::try_copied(&texts[0])?, values: pairs })
    }
}
