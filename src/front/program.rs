//! The statements of a kernel as written, with the trees of their expressions.

use super::error::CompileError;
use super::tree::Tree;
use crate::ir::{Compiler, FpMode};

/// A kernel: `def name(params):` and its body.
#[derive(Debug, Default)]
pub struct Program<'a> {
    pub params: Vec<&'a [u8]>,
    /// `# me:fp=`.
    pub fp_mode: Option<FpMode>,
    /// `# me:compiler=`.
    pub compiler: Option<Compiler>,
    pub body: Vec<Statement<'a>>,
    /// Why the first expression that has no tree is refused.
    pub fault: Option<CompileError>,
}

/// An expression; `None` from the first refused one on.
pub type Expression = Option<Tree>;

/// One statement and the offset of its first byte.
#[derive(Debug)]
pub struct Statement<'a> {
    pub start: usize,
    pub kind: StatementKind<'a>,
}

#[derive(Debug)]
pub enum StatementKind<'a> {
    /// `name = value`, or `name += value` and its like, whose value is that of `name + value`.
    Assign {
        target: Target<'a>,
        is_update: bool,
        value: Expression,
    },
    /// `a, b = x, y`: all values are computed before the first is assigned.
    AssignAll(Vec<(Target<'a>, Expression)>),
    Expression(Expression),
    Return(Expression),
    /// `print(…)`: the texts around the placeholders of the format, and the values.
    Print {
        format: Option<Vec<Vec<u8>>>,
        values: Vec<Expression>,
    },
    If {
        branches: Vec<Guarded<'a>>,
        otherwise: Vec<Statement<'a>>,
    },
    While {
        condition: Expression,
        body: Vec<Statement<'a>>,
    },
    For {
        target: Target<'a>,
        /// The arguments of `range(…)`.
        bounds: Vec<Expression>,
        body: Vec<Statement<'a>>,
    },
    Break,
    Continue,
}

/// A name that a statement assigns to.
#[derive(Clone, Copy, Debug)]
pub struct Target<'a> {
    pub name: &'a [u8],
    /// Index in the scope.
    pub variable: u32,
    /// Whether this is the first assignment.
    pub is_new: bool,
}

/// `if` or `elif`: a condition and the statements that it guards.
#[derive(Debug)]
pub struct Guarded<'a> {
    /// Offset of the keyword.
    pub start: usize,
    pub condition: Expression,
    pub body: Vec<Statement<'a>>,
}
