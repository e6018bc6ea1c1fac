//! `round(x, decimals)`.

use super::emit::Emitter;
use super::type_error;
use crate::dtype::Dtype;
use crate::front::error::CompileError;
use crate::ir::{BinaryOp, ExprId, UnaryOp};

impl Emitter<'_> {
    /// To a number of decimals, halves to even. As NumPy does it: scaled, rounded, scaled back.
    pub fn round(&mut self, value: ExprId, decimals: i64) -> Result<ExprId, CompileError> {
        let dtype = self.dtype(value);
        if dtype.is_complex() {
            return Err(super::emit::missing(format_args!("rounding of complex numbers")));
        }
        let is_float = dtype.is_float();
        if decimals == 0 && is_float {
            return self.unary(UnaryOp::Rint, value);
        }
        if decimals >= 0 && !is_float {
            return Ok(value);
        }
        let power = i32::try_from(decimals.unsigned_abs()).ok().filter(|power| *power <= 308);
        let power =
            power.ok_or_else(|| type_error(format_args!("round() to {decimals} decimals has no meaning")))?;
        let work = if is_float { dtype } else { Dtype::Float64 };
        let scale = self.number(10f64.powi(power), work)?;
        let (first, last) =
            if decimals > 0 { (BinaryOp::Mul, BinaryOp::Div) } else { (BinaryOp::Div, BinaryOp::Mul) };
        let value = self.builder.cast(value, work)?;
        let scaled = self.binary(first, value, scale)?;
        let rounded = self.unary(UnaryOp::Rint, scaled)?;
        let result = self.binary(last, rounded, scale)?;
        Ok(self.builder.cast(result, dtype)?)
    }
}
