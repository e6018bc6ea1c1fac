//! Typed expressions: the arena that statements refer to.

use super::{Axes, AxesId, ExprId, ExprKind, Function, FunctionId, ParamId, SourcePlace, Type};
use crate::memory::{OutOfMemory, TryGrow};

/// One typed expression.
#[derive(Clone, Copy, Debug, Hash)]
pub struct Expr {
    pub kind: ExprKind,
    pub ty: Type,
}

/// Expressions, operands before their users. A node may have several users.
#[derive(Clone, Debug, Default, Hash)]
pub struct Graph {
    pub exprs: Vec<Expr>,
    /// For each expression, where the statement starts that needed it first.
    pub places: Vec<SourcePlace>,
    /// Argument lists of [`ExprKind::Call`].
    pub args: Vec<ExprId>,
}

/// What expressions refer to by number.
#[derive(Clone, Debug, Default, Hash)]
pub struct Tables {
    pub functions: Vec<Function>,
    /// Slots of [`ExprKind::Text`].
    pub texts: Vec<u8>,
    /// Axes of [`ExprKind::Reduce`].
    pub axes: Vec<Axes>,
}

impl Tables {
    pub fn function(&self, id: FunctionId) -> &Function {
        &self.functions[id as usize]
    }

    /// What a reduction goes along.
    pub fn axes(&self, id: AxesId) -> &Axes {
        &self.axes[id as usize]
    }

    /// The slot of a string constant.
    pub fn text(&self, offset: u32, ty: Type) -> &[u8] {
        &self.texts[offset as usize..][..ty.itemsize]
    }
}

impl Graph {
    /// Number of expressions.
    pub fn len(&self) -> usize {
        self.exprs.len()
    }

    /// Whether there is no expression.
    pub fn is_empty(&self) -> bool {
        self.exprs.is_empty()
    }

    pub fn expr(&self, id: ExprId) -> &Expr {
        &self.exprs[id.index()]
    }

    /// All handles, operands before their users.
    pub fn ids(&self) -> impl DoubleEndedIterator<Item = ExprId> + use<> {
        (0..self.exprs.len() as u32).map(ExprId)
    }

    /// Whether an expression reads the input `param`.
    pub fn reads(&self, param: ParamId) -> bool {
        self.exprs.iter().any(|expr| expr.kind == ExprKind::Param(param))
    }

    /// The arguments of a call.
    pub fn arguments(&self, (start, count): (u32, u32)) -> &[ExprId] {
        &self.args[start as usize..][..count as usize]
    }

    /// The operands of `id`, in order.
    #[inline]
    pub fn operands(&self, id: ExprId) -> Operands<'_> {
        let none = ExprId(0);
        let (inline, count, arguments): (_, _, &[ExprId]) = match self.expr(id).kind {
            ExprKind::Constant(_)
            | ExprKind::Text(_)
            | ExprKind::Param(_)
            | ExprKind::Local(_)
            | ExprKind::Index(_) => ([none; 3], 0, &[]),
            ExprKind::Call { args, .. } => ([none; 3], 0, self.arguments(args)),
            ExprKind::Cast(a) | ExprKind::Unary(_, a) | ExprKind::Reduce(_, a, _) => {
                ([a, none, none], 1, &[])
            }
            ExprKind::Binary(_, a, b) | ExprKind::Compare(_, a, b) => ([a, b, none], 2, &[]),
            ExprKind::Select { condition: a, yes: b, no: c } | ExprKind::Fma(a, b, c) => ([a, b, c], 3, &[]),
            ExprKind::String(op, operands) => (operands, op.arity(), &[]),
            ExprKind::StringTest(test, [a, b]) => ([a, b, none], test.arity(), &[]),
        };
        Operands { inline, next: 0, count, arguments }
    }

    /// For each expression whether `roots` need it.
    pub fn needed(&self, roots: &[ExprId]) -> Result<Vec<bool>, OutOfMemory> {
        self.needed_within(roots, |_| true)
    }

    /// For each expression whether `roots` need it, not looking into those that `enters` refuses.
    pub fn needed_within(
        &self,
        roots: &[ExprId],
        enters: impl Fn(ExprId) -> bool,
    ) -> Result<Vec<bool>, OutOfMemory> {
        let mut needed = Vec::try_filled(false, self.len())?;
        roots.iter().for_each(|root| needed[root.index()] = true);
        // Users come after their operands.
        let count = roots.iter().map(|root| root.0 + 1).max().unwrap_or(0);
        for id in (0..count).rev().map(ExprId) {
            if needed[id.index()] && enters(id) {
                self.operands(id).for_each(|operand| needed[operand.index()] = true);
            }
        }
        Ok(needed)
    }

    /// Whether an expression has a value for each item, rather than one for all: an array that is not reduced.
    pub fn has_items(&self, root: ExprId) -> Result<bool, OutOfMemory> {
        let is_single = |kind: &ExprKind| matches!(kind, ExprKind::Reduce(_, _, None));
        let needed = self.needed_within(&[root], |id| !is_single(&self.expr(id).kind))?;
        let is_array = |kind: &ExprKind| match kind {
            ExprKind::Param(_) | ExprKind::Local(_) | ExprKind::Index(_) | ExprKind::Call { .. } => true,
            ExprKind::Reduce(_, _, axes) => axes.is_some(),
            ExprKind::Constant(_)
            | ExprKind::Text(_)
            | ExprKind::Cast(_)
            | ExprKind::Unary(..)
            | ExprKind::Binary(..)
            | ExprKind::Compare(..)
            | ExprKind::Select { .. }
            | ExprKind::Fma(..)
            | ExprKind::String(..)
            | ExprKind::StringTest(..) => false,
        };
        Ok(self.exprs.iter().zip(&needed).any(|(expr, needed)| *needed && is_array(&expr.kind)))
    }

    /// For each expression whether `test` holds for it, or for one that it is made of.
    pub fn made_of(&self, test: impl Fn(&ExprKind) -> bool) -> Result<Vec<bool>, OutOfMemory> {
        let mut marked = Vec::try_filled(false, self.len())?;
        for id in self.ids() {
            marked[id.index()] =
                test(&self.expr(id).kind) || self.operands(id).any(|operand| marked[operand.index()]);
        }
        Ok(marked)
    }
}

/// The operands of an expression: those that it holds itself, or the arguments of a call.
#[derive(Clone, Debug)]
pub struct Operands<'a> {
    inline: [ExprId; 3],
    next: usize,
    count: usize,
    arguments: &'a [ExprId],
}

impl Iterator for Operands<'_> {
    type Item = ExprId;

    #[inline]
    fn next(&mut self) -> Option<ExprId> {
        if self.next < self.count {
            self.next += 1;
            return self.inline.get(self.next - 1).copied();
        }
        let (first, rest) = self.arguments.split_first()?;
        self.arguments = rest;
        Some(*first)
    }
}
