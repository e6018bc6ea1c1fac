//! The typed program between the text and every engine.

mod op;
mod string;

pub use op::{BinaryOp, CompareOp, MathFn, ReduceOp, UnaryOp};
pub use string::{StringOp, StringTest};
