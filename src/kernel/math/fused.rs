//! Fused multiply-add, rounded once.

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
    fn covers(_: [f64; 3]) -> bool {
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

    #[inline(always)]
    fn vector<const FMA: bool>(x: [f32; 3]) -> f32 {
        Self::scalar(x)
    }

    #[inline(always)]
    fn covers(_: [f32; 3]) -> bool {
        true
    }
}
