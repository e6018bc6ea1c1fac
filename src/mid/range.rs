//! Loops that count between constants.

use super::flatten::Region;
use crate::dtype::Scalar;
use crate::ir::{ExprId, ExprKind, Graph};

/// The value of an integer constant.
pub fn constant_integer(graph: &Graph, id: ExprId) -> Option<i128> {
    match graph.expr(id).kind {
        ExprKind::Constant(Scalar::Int(value)) => Some(value),
        _ => None,
    }
}

/// The bounds of a loop that are constants, with a step that is not zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConstantRange {
    pub start: i64,
    pub stop: i64,
    pub step: i64,
}

impl ConstantRange {
    /// The range of a loop's bounds, if it is one of constants.
    pub fn of_region(bounds: &Region) -> Option<ConstantRange> {
        ConstantRange::of(&bounds.graph, bounds.values.as_slice().try_into().ok()?)
    }

    /// The range of three expressions, start, stop and step, if it is one of constants.
    pub fn of(graph: &Graph, bounds: [ExprId; 3]) -> Option<ConstantRange> {
        let constant = |id| i64::try_from(constant_integer(graph, id)?).ok();
        let [start, stop, step] = bounds.map(constant);
        let range = ConstantRange { start: start?, stop: stop?, step: step? };
        (range.step != 0).then_some(range)
    }

    pub fn is_empty(self) -> bool {
        if self.step > 0 { self.start >= self.stop } else { self.start <= self.stop }
    }

    /// Number of values.
    pub fn len(self) -> u64 {
        match self.is_empty() {
            true => 0,
            false => (self.start.abs_diff(self.stop) - 1) / self.step.unsigned_abs() + 1,
        }
    }

    /// What follows the last value, in wrapping arithmetic.
    pub fn end(self) -> i64 {
        self.start.wrapping_add((self.len() as i64).wrapping_mul(self.step))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_know_their_length() {
        let range = |start, stop, step| ConstantRange { start, stop, step };
        assert_eq!([range(0, 7, 3).len(), range(0, 6, 3).len(), range(5, 5, 1).len()], [3, 2, 0]);
        assert_eq!([range(7, 0, -3).len(), range(0, 7, -1).len()], [3, 0]);
        assert_eq!(range(i64::MIN, i64::MAX, 1).len(), u64::MAX);
        assert_eq!(range(i64::MAX, i64::MIN, i64::MIN).len(), 2);
        assert_eq!([range(0, 7, 3).end(), range(7, 0, -3).end(), range(4, 1, 1).end()], [9, -2, 4]);
    }
}
