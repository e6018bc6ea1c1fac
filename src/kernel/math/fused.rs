//! Fused multiply-add, rounded once.

use super::double::Double;
use super::formula::{Formula, Function};
use super::lane::Lane;
use std::marker::PhantomData;

/// `a * b + c` with one rounding, also on machines without the instruction.
pub struct FusedMultiplyAdd<T>(PhantomData<T>);

impl Function for FusedMultiplyAdd<f64> {
    type Element = f64;
    const OPERANDS: usize = 3;

    #[inline(always)]
    fn scalar([a, b, c]: [f64; 3]) -> f64 {
        a.mul_add(b, c)
    }
}

impl Function for FusedMultiplyAdd<f32> {
    type Element = f32;
    const OPERANDS: usize = 3;

    #[inline(always)]
    fn scalar([a, b, c]: [f32; 3]) -> f32 {
        a.mul_add(b, c)
    }
}

impl<const FMA: bool> Formula<Lane<f64, FMA>> for FusedMultiplyAdd<f64> {
    #[inline(always)]
    fn vector([a, b, c]: [Lane<f64, FMA>; 3]) -> Lane<f64, FMA> {
        Lane(a.0.mul_add(b.0, c.0))
    }
}

impl<const FMA: bool> Formula<Lane<f32, FMA>> for FusedMultiplyAdd<f32> {
    /// Without the instruction: the product is exact in float64, and the sum is rounded there to odd,
    /// so that rounding it again to float32 gives the result of one rounding (S. Boldo and
    /// G. Melquiond, "Emulation of a FMA and correctly rounded sums", 2008).
    #[inline(always)]
    fn vector([a, b, c]: [Lane<f32, FMA>; 3]) -> Lane<f32, FMA> {
        if FMA {
            return Lane(a.0.mul_add(b.0, c.0));
        }
        let product = f64::from(a.0) * f64::from(b.0);
        let sum = Double::sum(Lane::<f64, FMA>(product), Lane(f64::from(c.0)));
        let (hi, lo) = (sum.hi.0, sum.lo.0);
        let bits = hi.to_bits();
        let inexact = (lo.abs() > 0.0) & (bits & 1 == 0);
        let away = (lo > 0.0) == (hi > 0.0);
        let odd = if away { bits.wrapping_add(1) } else { bits.wrapping_sub(1) };
        Lane(f64::from_bits(if inexact { odd } else { bits }) as f32)
    }
}
