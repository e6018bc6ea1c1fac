//! Statements of a kernel's body.

use super::{ExprId, LocalId};

/// Statements in order.
pub type Block = Vec<Stmt>;

/// One statement. Each item of a block runs the body as if alone: `break`, `continue` and `return`
/// end the loop, the pass or the body for the items that reach them.
#[derive(Clone, Debug, Hash)]
pub enum Stmt {
    /// The local takes the value, which has the local's type.
    Assign { local: LocalId, value: ExprId },
    /// The items end with this value, which has the kernel's output type.
    Return(ExprId),
    /// Each item runs the body of the first branch whose condition holds, else `otherwise`.
    If { branches: Vec<Branch>, otherwise: Block },
    /// Runs the body while the bool condition holds.
    While { condition: ExprId, body: Block, place: SourcePlace },
    /// The local runs from `start` to before `stop` by `step`, int64 values that are computed once.
    /// A step of zero is an error of the evaluation.
    For { variable: LocalId, start: ExprId, stop: ExprId, step: ExprId, body: Block },
    /// Leaves the innermost loop.
    Break,
    /// Goes to the next pass of the innermost loop.
    Continue,
    /// Writes one line to standard output, once for the block.
    Print(Print),
}

/// A condition, of dtype bool, and what it guards.
#[derive(Clone, Debug, Hash)]
pub struct Branch {
    pub condition: ExprId,
    pub body: Block,
}

/// Text before the first value, then each value with the text that follows it.
#[derive(Clone, Debug, Hash)]
pub struct Print {
    pub place: SourcePlace,
    pub prefix: Vec<u8>,
    pub values: Vec<(ExprId, Vec<u8>)>,
}

/// Line and column in the source text, both from 1; zeros where there is no text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SourcePlace {
    pub line: u32,
    pub column: u32,
}

/// Whether every item that enters the block returns in it; a loop may have no pass.
pub fn always_returns(block: &[Stmt]) -> bool {
    block.iter().any(|stmt| match stmt {
        Stmt::Return(_) => true,
        Stmt::If { branches, otherwise } => {
            always_returns(otherwise) && branches.iter().all(|branch| always_returns(&branch.body))
        }
        Stmt::Assign { .. }
        | Stmt::While { .. }
        | Stmt::For { .. }
        | Stmt::Break
        | Stmt::Continue
        | Stmt::Print(_) => false,
    })
}
