//! Fused multiply-add, rounded once.

use super::double::Double;
use super::float::select;
use super::formula::LaneKernel;
use std::marker::PhantomData;

/// `a * b + c` with one rounding, also on machines without the instruction.
pub struct FusedMultiplyAdd<T>(PhantomData<T>);

impl LaneKernel for FusedMultiplyAdd<f64> {
    type Element = f64;
    const OPERANDS: usize = 3;

    #[inline(always)]
    fn scalar([a, b, c]: [f64; 3]) -> f64 {
        a.mul_add(b, c)
    }

    #[inline(always)]
    fn vector<const FMA: bool>(x: [f64; 3]) -> f64 {
        Self::scalar(x)
    }

    #[inline(always)]
    fn covers<const FMA: bool>(_: [f64; 3]) -> bool {
        true
    }
}

impl LaneKernel for FusedMultiplyAdd<f32> {
    type Element = f32;
    const OPERANDS: usize = 3;

    #[inline(always)]
    fn scalar([a, b, c]: [f32; 3]) -> f32 {
        a.mul_add(b, c)
    }

    /// Without the instruction: the product is exact in float64, and the sum is rounded there to odd,
    /// so that rounding it again to float32 gives the result of one rounding (S. Boldo and
    /// G. Melquiond, "Emulation of a FMA and correctly rounded sums", 2008).
    #[inline(always)]
    fn vector<const FMA: bool>([a, b, c]: [f32; 3]) -> f32 {
        if FMA {
            return a.mul_add(b, c);
        }
        let sum = Double::sum(f64::from(a) * f64::from(b), f64::from(c));
        let bits = sum.hi.to_bits();
        let inexact = (sum.lo.abs() > 0.0) & (bits & 1 == 0);
        let away = (sum.lo > 0.0) == (sum.hi > 0.0);
        let odd = select(away, bits.wrapping_add(1), bits.wrapping_sub(1));
        f64::from_bits(select(inexact, odd, bits)) as f32
    }

    #[inline(always)]
    fn covers<const FMA: bool>(_: [f32; 3]) -> bool {
        true
    }
}
