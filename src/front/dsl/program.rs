//! The statements of a kernel as written: expressions are still text.

use crate::ir::{Compiler, FpMode};

/// A piece of the source text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Snippet<'a> {
    pub text: &'a [u8],
    /// Offset in the source.
    pub start: usize,
}

/// A kernel: `def name(params):` and its body.
#[derive(Debug, Default)]
pub struct Program<'a> {
    pub params: Vec<&'a [u8]>,
    /// `# me:fp=`.
    pub fp_mode: Option<FpMode>,
    /// `# me:compiler=`.
    pub compiler: Option<Compiler>,
    pub body: Vec<Statement<'a>>,
}

/// One statement and the offset of its first byte.
#[derive(Debug)]
pub struct Statement<'a> {
    pub start: usize,
    pub kind: StatementKind<'a>,
}

#[derive(Debug)]
pub enum StatementKind<'a> {
    /// `name = value`, or `name += value` and its like.
    Assign {
        name: &'a [u8],
        update: Option<Update>,
        value: Snippet<'a>,
    },
    Expression(Snippet<'a>),
    Return(Snippet<'a>),
    /// What stands between the parentheses of `print(…)`.
    Print(Snippet<'a>),
    If {
        branches: Vec<Guarded<'a>>,
        otherwise: Vec<Statement<'a>>,
    },
    While {
        condition: Snippet<'a>,
        body: Vec<Statement<'a>>,
    },
    For {
        variable: &'a [u8],
        /// What stands between the parentheses of `range(…)`.
        bounds: Snippet<'a>,
        body: Vec<Statement<'a>>,
    },
    Break,
    Continue,
}

/// `if` or `elif`: a condition and the statements that it guards.
#[derive(Debug)]
pub struct Guarded<'a> {
    /// Offset of the keyword.
    pub start: usize,
    pub condition: Snippet<'a>,
    pub body: Vec<Statement<'a>>,
}

/// The operator of a compound assignment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Update {
    Add,
    Sub,
    Mul,
    Div,
    /// `//=`: the floor of the quotient.
    FloorDiv,
}
