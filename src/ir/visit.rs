//! Walks over statements.

use super::{Block, ExprId, LocalId, Stmt};

impl Stmt {
    /// The blocks inside the statement, in order.
    pub fn blocks(&self) -> impl Iterator<Item = &Block> {
        let (branches, last) = match self {
            Stmt::If { branches, otherwise } => (&branches[..], Some(otherwise)),
            Stmt::While { body, .. } | Stmt::For { body, .. } => (&[][..], Some(body)),
            Stmt::Assign { .. } | Stmt::Return(_) | Stmt::Break | Stmt::Continue | Stmt::Print(_) => {
                (&[][..], None)
            }
        };
        branches.iter().map(|branch| &branch.body).chain(last)
    }

    /// Calls `visit` with the expressions that the statement itself names: not those of the blocks inside it.
    pub fn for_each_value(&self, mut visit: impl FnMut(ExprId)) {
        match self {
            Stmt::Assign { value, .. } | Stmt::Return(value) => visit(*value),
            Stmt::If { branches, .. } => branches.iter().for_each(|branch| visit(branch.condition)),
            Stmt::While { condition, .. } => visit(*condition),
            Stmt::For { start, stop, step, .. } => [*start, *stop, *step].into_iter().for_each(visit),
            Stmt::Print(print) => print.values.iter().for_each(|(value, _)| visit(*value)),
            Stmt::Break | Stmt::Continue => {}
        }
    }

    /// The local that the statement itself sets; that of a loop is its counter.
    pub fn assigned(&self) -> Option<LocalId> {
        match self {
            Stmt::Assign { local, .. } | Stmt::For { variable: local, .. } => Some(*local),
            Stmt::Return(_)
            | Stmt::If { .. }
            | Stmt::While { .. }
            | Stmt::Break
            | Stmt::Continue
            | Stmt::Print(_) => None,
        }
    }
}

/// The first thing that `find` gives for a statement of the block, or of the blocks inside it, in order.
pub fn find_in<T>(block: &[Stmt], find: &mut impl FnMut(&Stmt) -> Option<T>) -> Option<T> {
    block.iter().find_map(|stmt| match find(stmt) {
        Some(found) => Some(found),
        None => stmt.blocks().find_map(|block| find_in(block, find)),
    })
}

/// Whether `test` holds for a statement of the block, or of the blocks inside it.
pub fn any_in(block: &[Stmt], mut test: impl FnMut(&Stmt) -> bool) -> bool {
    find_in(block, &mut |stmt| test(stmt).then_some(())).is_some()
}

/// Calls `visit` with each statement of the block, and of the blocks inside it.
pub fn for_each_in(block: &[Stmt], mut visit: impl FnMut(&Stmt)) {
    any_in(block, |stmt| {
        visit(stmt);
        false
    });
}
