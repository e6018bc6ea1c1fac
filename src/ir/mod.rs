//! The typed program between the text and every engine.

mod op;

pub use op::{BinaryOp, CompareOp, MathFn, ReduceOp, UnaryOp};
