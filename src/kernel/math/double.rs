//! Unevaluated sums of two floats, for the steps where one rounding would cost an ulp.

use super::float::Float;

/// `hi + lo` with |lo| at most half an ulp of hi (or a little more between normalisations).
///
/// T. J. Dekker, "A floating-point technique for extending the available precision" (1971).
#[derive(Clone, Copy)]
pub struct Double<T> {
    pub hi: T,
    pub lo: T,
}

impl<T: Float> Double<T> {
    /// `a + b` exactly, for |a| >= |b| or a = 0.
    #[inline(always)]
    pub fn fast_sum(a: T, b: T) -> Self {
        let hi = a + b;
        Double { hi, lo: b - (hi - a) }
    }

    /// `a + b` exactly (D. E. Knuth).
    #[inline(always)]
    pub fn sum(a: T, b: T) -> Self {
        let hi = a + b;
        let b_part = hi - a;
        Double { hi, lo: (a - (hi - b_part)) + (b - b_part) }
    }

    /// `a * b` exactly.
    #[inline(always)]
    pub fn product(a: T, b: T) -> Self {
        let hi = a * b;
        Double { hi, lo: a.product_error(b, hi) }
    }

    /// `self + b`, for |self| >= |b|.
    #[inline(always)]
    pub fn add_smaller(self, b: Self) -> Self {
        let sum = Self::fast_sum(self.hi, b.hi);
        Self::fast_sum(sum.hi, sum.lo + self.lo + b.lo)
    }

    /// `self * b`; the low part may reach a few ulps.
    #[inline(always)]
    pub fn times(self, b: Self) -> Self {
        let product = Self::product(self.hi, b.hi);
        let cross = self.hi.multiply_add(b.lo, product.lo);
        Double { hi: product.hi, lo: self.lo.multiply_add(b.hi, cross) }
    }

    /// `self / b`; the low part may reach a few ulps.
    #[inline(always)]
    pub fn divided_by(self, b: Self) -> Self {
        self.quotient(b, T::ONE / b.hi)
    }

    /// `self / b` by the reciprocal of b.hi, or a number within a few ulps of it.
    #[inline(always)]
    pub fn quotient(self, b: Self, reciprocal: T) -> Self {
        let hi = self.hi * reciprocal;
        let rest = if T::FMA {
            hi.multiply_add(-b.hi, self.hi)
        } else {
            let back = Self::product(hi, b.hi);
            (self.hi - back.hi) - back.lo
        };
        let rest = hi.multiply_add(-b.lo, rest + self.lo);
        Double { hi, lo: rest * reciprocal }
    }

    /// The same value with |lo| at most half an ulp of hi.
    #[inline(always)]
    pub fn normalised(self) -> Self {
        Self::fast_sum(self.hi, self.lo)
    }

    #[inline(always)]
    pub fn times_power(self, factor: T) -> Self {
        Double { hi: self.hi * factor, lo: self.lo * factor }
    }

    /// The opposite value where `mask` holds.
    #[inline(always)]
    pub fn negated_where(self, mask: T::Mask) -> Self {
        self.or_where(mask, Double { hi: -self.hi, lo: -self.lo })
    }

    /// `other` where `mask` holds.
    #[inline(always)]
    pub fn or_where(self, mask: T::Mask, other: Self) -> Self {
        Double { hi: T::select(mask, other.hi, self.hi), lo: T::select(mask, other.lo, self.lo) }
    }

    #[inline(always)]
    pub fn value(self) -> T {
        self.hi + self.lo
    }
}
