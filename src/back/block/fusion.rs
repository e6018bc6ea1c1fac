//! Operations that are computed inside the step of their only user, so that no array holds their values.

use crate::dtype::Dtype;
use crate::ir::{BinaryOp, ExprId, ExprKind, Graph, UnaryOp, UserFunction};
use crate::kernel::level::Level;
use crate::kernel::{self, First, Kernel as VectorKernel, LastTwo, Second};
use crate::memory::{OutOfMemory, TryGrow};
use crate::mid::uniform::uniform;

/// Up to seven operands of one step.
#[derive(Clone, Copy)]
pub(super) struct OperandList {
    pub ids: [ExprId; UserFunction::MAX_ARITY],
    pub count: usize,
}

impl OperandList {
    pub fn new() -> OperandList {
        OperandList { ids: [ExprId(0); UserFunction::MAX_ARITY], count: 0 }
    }

    pub fn push(&mut self, id: ExprId) {
        self.ids[self.count] = id;
        self.count += 1;
    }

    pub fn as_slice(&self) -> &[ExprId] {
        &self.ids[..self.count]
    }
}

/// An operand that is computed inside the step of its user.
#[derive(Clone, Copy)]
struct Partner {
    inner: ExprId,
    second: Second,
    /// The other operand of the user.
    other: ExprId,
}

/// A kernel that does several operations, and what it reads.
pub(super) struct Fusion {
    pub vector: VectorKernel,
    pub operands: OperandList,
}

impl Fusion {
    fn new(vector: VectorKernel, operands: &[ExprId]) -> Fusion {
        let mut list = OperandList::new();
        operands.iter().for_each(|operand| list.push(*operand));
        Fusion { vector, operands: list }
    }
}

/// The expressions that a pipeline computes, how often each is used, and in which steps.
pub(super) struct Fusions<'a> {
    pub graph: &'a Graph,
    pub level: Level,
    /// The greatest handle that a root needs.
    last: ExprId,
    /// Users of each expression, among those that the roots need; a root counts as used once more.
    pub uses: Vec<u32>,
    /// Whether an expression has one value for all items.
    is_uniform: Vec<bool>,
    /// Whether an expression is computed inside the step of its only user.
    pub is_fused: Vec<bool>,
    /// What an expression adds or subtracts the squares of, where its step computes these.
    squared: Vec<Option<[ExprId; 2]>>,
    /// The operand that is computed inside the step of an expression.
    partners: Vec<Option<Partner>>,
}

impl<'a> Fusions<'a> {
    /// Decides what is computed for `roots`, whose greatest handle is `last`. `is_array` says of other
    /// expressions than strings whether each item has a value of its own.
    pub fn new(
        graph: &'a Graph,
        level: Level,
        last: ExprId,
        roots: impl Iterator<Item = ExprId>,
        is_array: impl Fn(ExprId) -> bool,
    ) -> Result<Fusions<'a>, OutOfMemory> {
        let count = last.index() + 1;
        let is_uniform = uniform(graph, |id| match graph.expr(id).kind {
            // Single values have no room for a string.
            ExprKind::String(..) | ExprKind::StringTest(..) => true,
            ExprKind::Select { yes, .. } => graph.expr(yes).ty.dtype.is_string(),
            _ => is_array(id),
        })?;
        let mut fusions = Fusions {
            graph,
            level,
            last,
            uses: Vec::try_filled(0, count)?,
            is_uniform,
            is_fused: Vec::try_filled(false, count)?,
            squared: Vec::try_filled(None, count)?,
            partners: Vec::try_filled(None, count)?,
        };
        fusions.count_uses(roots);
        fusions.mark_squares();
        fusions.mark_partners();
        Ok(fusions)
    }

    /// Handles up to the last that is needed.
    pub fn count(&self) -> usize {
        self.last.index() + 1
    }

    /// The needed expressions, operands before users.
    pub fn needed(&self) -> impl DoubleEndedIterator<Item = ExprId> + use<> {
        (0..=self.last.0).map(ExprId)
    }

    pub fn kind(&self, id: ExprId) -> ExprKind {
        self.graph.expr(id).kind
    }

    pub fn dtype(&self, id: ExprId) -> Dtype {
        self.graph.expr(id).ty.dtype
    }

    /// One value for all items, which kernels take without an array of it.
    pub fn is_scalar(&self, id: ExprId) -> bool {
        self.is_uniform[id.index()]
    }

    pub fn is_leaf(&self, id: ExprId) -> bool {
        matches!(
            self.kind(id),
            ExprKind::Constant(_)
                | ExprKind::Text(_)
                | ExprKind::Param(_)
                | ExprKind::Local(_)
                | ExprKind::Index(_)
                | ExprKind::Reduce(..)
        )
    }

    /// Counts users from the roots down; handles descend from users to operands.
    fn count_uses(&mut self, roots: impl Iterator<Item = ExprId>) {
        for root in roots {
            self.uses[root.index()] += 1;
        }
        for id in self.needed().rev() {
            if self.uses[id.index()] > 0 && !self.is_leaf(id) {
                let uses = &mut self.uses;
                self.graph.operands(id).for_each(|operand| uses[operand.index()] += 1);
            }
        }
    }

    /// Lets sums and differences of two squares compute the squares.
    fn mark_squares(&mut self) {
        for id in self.needed() {
            if self.uses[id.index()] == 0 || self.is_scalar(id) {
                continue;
            }
            let ExprKind::Binary(op, left, right) = self.kind(id) else { continue };
            let has_kernel = kernel::of_squares(op, self.dtype(id), self.level).is_some();
            if has_kernel && let (Some(a), Some(b)) = (self.squared_by(left), self.squared_by(right)) {
                self.squared[id.index()] = Some([a, b]);
                self.move_into_user(left, a);
                self.move_into_user(right, b);
            }
        }
    }

    /// The value whose square an expression is, if only one other uses it.
    fn squared_by(&self, id: ExprId) -> Option<ExprId> {
        match self.kind(id) {
            _ if self.uses[id.index()] != 1 || self.is_scalar(id) => None,
            ExprKind::Unary(UnaryOp::Square, value) => Some(value),
            ExprKind::Binary(BinaryOp::Mul, left, right) if left == right => Some(left),
            _ => None,
        }
    }

    /// From here on the user of a square uses the squared value, once.
    fn move_into_user(&mut self, square: ExprId, value: ExprId) {
        self.is_fused[square.index()] = true;
        let uses = &mut self.uses[value.index()];
        *uses -= self.graph.operands(square).count() as u32 - 1;
    }

    /// Joins pairs of operations into one pass, users first.
    fn mark_partners(&mut self) {
        for id in self.needed().rev() {
            let is_candidate = self.uses[id.index()] > 0
                && !self.is_fused[id.index()]
                && !self.is_scalar(id)
                && self.squared[id.index()].is_none();
            if is_candidate && let Some(partner) = self.find_partner(id) {
                self.is_fused[partner.inner.index()] = true;
                self.partners[id.index()] = Some(partner);
            }
        }
    }

    /// An operand that only `id` uses, and that can be computed inside its step.
    fn find_partner(&self, id: ExprId) -> Option<Partner> {
        let (left, right, second) = match self.kind(id) {
            ExprKind::Binary(op, left, right) => (left, right, [Second::Left(op), Second::Right(op)]),
            ExprKind::Compare(op, left, right) => {
                (left, right, [Second::Compare(op), Second::Compare(op.mirrored())])
            }
            _ => return None,
        };
        let candidates = [
            Partner { inner: left, second: second[0], other: right },
            Partner { inner: right, second: second[1], other: left },
        ];
        candidates.into_iter().find(|partner| {
            self.uses[partner.inner.index()] == 1
                && left != right
                && !self.is_scalar(partner.inner)
                && self.join(*partner).is_some()
        })
    }

    /// The step that computes an operand and its user in one pass.
    fn join(&self, Partner { inner, second, other }: Partner) -> Option<Fusion> {
        let (first, [a, b]) = self.first(inner)?;
        let operands = self.last_two(b, other);
        let vector = kernel::fused(first, second, self.dtype(inner), operands, self.level)?;
        Some(Fusion::new(vector, &[a, b, other]))
    }

    /// An expression as the first operation of a step, and its operands: the first is an array.
    fn first(&self, id: ExprId) -> Option<(First, [ExprId; 2])> {
        let ExprKind::Binary(op, a, b) = self.kind(id) else { return None };
        if let Some(squared) = self.squared[id.index()] {
            return Some((First::OfSquares(op), squared));
        }
        let commutes = matches!(op, BinaryOp::Add | BinaryOp::Mul);
        let (a, b) = if self.is_scalar(a) && commutes { (b, a) } else { (a, b) };
        (!self.is_scalar(a)).then_some((First::Of(op), [a, b]))
    }

    /// What the step of `id` reads, looking through operands computed inside it.
    pub fn operands(&self, id: ExprId) -> OperandList {
        if let Some(fusion) = self.fused_step(id) {
            return fusion.operands;
        }
        let mut list = OperandList::new();
        self.graph.operands(id).for_each(|operand| list.push(operand));
        list
    }

    /// The step of `id` and of operands that are computed inside it, if there are any.
    pub fn fused_step(&self, id: ExprId) -> Option<Fusion> {
        if let Some(partner) = self.partners[id.index()] {
            return self.join(partner);
        }
        let squared = self.squared[id.index()]?;
        let ExprKind::Binary(op, ..) = self.kind(id) else { return None };
        let vector = kernel::of_squares(op, self.dtype(id), self.level)?;
        Some(Fusion::new(vector, &squared))
    }

    /// The last two operands of a step on three.
    pub fn last_two(&self, b: ExprId, c: ExprId) -> LastTwo {
        match (self.is_scalar(b), self.is_scalar(c)) {
            (false, false) => LastTwo::ArrayArray,
            (false, true) => LastTwo::ArrayScalar,
            (true, false) => LastTwo::ScalarArray,
            (true, true) => LastTwo::ScalarScalar,
        }
    }
}
