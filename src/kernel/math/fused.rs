//! Fused multiply-add, rounded once.

use crate::kernel::elementwise::TernaryFn;

/// `a * b + c` with one rounding, by the instruction or the math library's function.
pub struct FusedMultiplyAdd;

/// The same without the instruction.
pub struct EmulatedMultiplyAdd;

impl TernaryFn<f64, f64> for FusedMultiplyAdd {
    type Out = f64;

    #[inline(always)]
    fn apply(a: f64, b: f64, c: f64) -> f64 {
        a.mul_add(b, c)
    }
}

impl TernaryFn<f32, f32> for FusedMultiplyAdd {
    type Out = f32;

    #[inline(always)]
    fn apply(a: f32, b: f32, c: f32) -> f32 {
        a.mul_add(b, c)
    }
}

impl TernaryFn<f32, f32> for EmulatedMultiplyAdd {
    type Out = f32;

    /// The product is exact in float64, and the sum is rounded there to odd, so that rounding it again
    /// to float32 gives the result of one rounding (S. Boldo and G. Melquiond, "Emulation of a FMA and
    /// correctly rounded sums", 2008).
    #[inline(always)]
    fn apply(a: f32, b: f32, c: f32) -> f32 {
        let (product, c) = (f64::from(a) * f64::from(b), f64::from(c));
        let sum = product + c;
        let c_part = sum - product;
        let error = (product - (sum - c_part)) + (c - c_part);
        let bits = sum.to_bits();
        let inexact = (error.abs() > 0.0) & (bits & 1 == 0);
        let away = (error > 0.0) == (sum > 0.0);
        let odd = if away { bits.wrapping_add(1) } else { bits.wrapping_sub(1) };
        f64::from_bits(if inexact { odd } else { bits }) as f32
    }
}
