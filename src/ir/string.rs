//! The operations on strings and the widths of their results.

use super::CompareOp;

/// String operation with string operands of one family; the result is a string of that family.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum StringOp {
    /// The operand in a slot of another width.
    Copy,
    Lower,
    Upper,
    /// Without white space at both ends.
    Strip,
    LeftStrip,
    RightStrip,
    /// Without the second operand, when the first begins with it.
    RemovePrefix,
    /// Without the second operand, when the first ends with it.
    RemoveSuffix,
    /// What comes before the first occurrence of the second operand; all of the first without one.
    SplitBefore,
    /// What comes after the first occurrence of the second operand; empty without one.
    SplitAfter,
    /// `count` units from `start`, which counts from the end when negative.
    Substr {
        start: i64,
        count: i64,
    },
    Concat,
    /// The first operand with each occurrence of the second, from left to right, replaced by the third.
    Replace,
}

/// Test of one or two strings of one family; the result is bool.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum StringTest {
    /// Code unit by code unit; a prefix comes before what it is a prefix of.
    Compare(CompareOp),
    Contains,
    StartsWith,
    EndsWith,
    /// Of one operand.
    NonEmpty,
}

impl StringOp {
    /// Number of operands.
    pub fn arity(self) -> usize {
        match self {
            StringOp::Copy
            | StringOp::Lower
            | StringOp::Upper
            | StringOp::Strip
            | StringOp::LeftStrip
            | StringOp::RightStrip
            | StringOp::Substr { .. } => 1,
            StringOp::RemovePrefix
            | StringOp::RemoveSuffix
            | StringOp::SplitBefore
            | StringOp::SplitAfter
            | StringOp::Concat => 2,
            StringOp::Replace => 3,
        }
    }

    /// Width in code units of the result for operands of the given widths; unused ones are ignored.
    ///
    /// The widths of the last two operands of [`StringOp::Replace`], which are literals, are the
    /// lengths of their values. `None` when the width has no bound or is not representable.
    pub fn width(self, [a, b, c]: [usize; 3]) -> Option<usize> {
        match self {
            StringOp::Concat => a.checked_add(b),
            StringOp::Substr { count, .. } => match usize::try_from(count) {
                Ok(count) if count > 0 => Some(a.min(count)),
                _ => Some(a),
            },
            StringOp::Replace => {
                let growth = c.saturating_sub(b);
                a.checked_div(b)?.checked_mul(growth)?.checked_add(a)
            }
            _ => Some(a),
        }
    }
}

impl StringTest {
    /// Number of operands.
    pub fn arity(self) -> usize {
        if self == StringTest::NonEmpty { 1 } else { 2 }
    }
}

#[cfg(test)]
mod tests {
    use super::StringOp;

    #[test]
    fn widths() {
        let replace = |a, b, c| StringOp::Replace.width([a, b, c]);
        assert_eq!(replace(8, 1, 2), Some(16));
        assert_eq!(replace(8, 3, 4), Some(10));
        assert_eq!(replace(8, 8, 10), Some(10));
        assert_eq!(replace(6, 7, 10), Some(6));
        assert_eq!(replace(8, 2, 1), Some(8));
        assert_eq!(replace(8, 0, 1), None);
        assert_eq!(replace(usize::MAX, 1, 2), None);
        assert_eq!(StringOp::Concat.width([3, 4, 0]), Some(7));
        assert_eq!(StringOp::Concat.width([usize::MAX, 1, 0]), None);
        let substr = |count| StringOp::Substr { start: 1, count }.width([8, 0, 0]);
        assert_eq!([substr(3), substr(100), substr(0), substr(-1)], [Some(3), Some(8), Some(8), Some(8)]);
        assert_eq!(StringOp::Upper.width([5, 0, 0]), Some(5));
    }
}
