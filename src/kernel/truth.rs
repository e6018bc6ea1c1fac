//! Bool elements. Any non-zero byte is read as true; only 0 and 1 are written.

use super::elementwise::UnaryFn;

/// One bool element as it lies in memory.
#[derive(Clone, Copy, Debug, Default)]
#[repr(transparent)]
pub(super) struct Truth(pub(super) u8);

impl Truth {
    #[inline(always)]
    pub(super) fn new(value: bool) -> Truth {
        Truth(u8::from(value))
    }

    #[inline(always)]
    pub(super) fn is_true(self) -> bool {
        self.0 != 0
    }
}

impl PartialEq for Truth {
    #[inline(always)]
    fn eq(&self, other: &Truth) -> bool {
        self.is_true() == other.is_true()
    }
}

impl PartialOrd for Truth {
    #[inline(always)]
    fn partial_cmp(&self, other: &Truth) -> Option<std::cmp::Ordering> {
        self.is_true().partial_cmp(&other.is_true())
    }

    #[inline(always)]
    fn lt(&self, other: &Truth) -> bool {
        !self.is_true() & other.is_true()
    }

    #[inline(always)]
    fn le(&self, other: &Truth) -> bool {
        !self.is_true() | other.is_true()
    }

    #[inline(always)]
    fn gt(&self, other: &Truth) -> bool {
        self.is_true() & !other.is_true()
    }

    #[inline(always)]
    fn ge(&self, other: &Truth) -> bool {
        self.is_true() | !other.is_true()
    }
}

/// The operand as 0 or 1.
pub(super) struct Normalize;

impl UnaryFn<Truth> for Normalize {
    type Out = Truth;
    #[inline(always)]
    fn apply(x: Truth) -> Truth {
        Truth::new(x.is_true())
    }
}
