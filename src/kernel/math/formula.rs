//! What a math function is to the loops: a formula over floats or vectors, and a scalar fallback.

use super::element::Element;
use super::float::{Float, Float32, Float64};
use std::marker::PhantomData;

/// A function of one argument.
///
/// `vector` is branch-free arithmetic. It must be right wherever `covers` holds; the other elements
/// take the scalar function.
pub trait Unary {
    /// As [`Function::IS_CHAIN`], of the float64 formula.
    const IS_CHAIN: bool = false;

    /// The function at one point, by the scalar math library.
    fn scalar(x: f64) -> f64;

    /// The float32 function at one point; by default through float64, rounded once.
    fn scalar32(x: f32) -> f32 {
        Self::scalar(f64::from(x)) as f32
    }

    /// The formula for float64.
    fn vector<V: Float64>(x: V) -> V;

    /// The formula in float64 for results in float32; by default that for float64.
    #[inline(always)]
    fn single<V: Float64>(x: V) -> V {
        Self::vector(x)
    }

    /// [`single`](Unary::single), rounded once.
    #[inline(always)]
    fn widened<V: Float32>(x: V) -> V {
        let [lower, upper] = x.halves();
        V::of_halves([Self::single(lower), Self::single(upper)])
    }

    /// The formula for float32; by default through float64.
    #[inline(always)]
    fn vector32<V: Float32>(x: V) -> V {
        Self::widened(x)
    }

    /// Where the float64 formula is right.
    #[inline(always)]
    fn covers<V: Float64>(_x: V) -> V::Mask {
        V::ALL
    }

    /// Where the float32 formula is right.
    #[inline(always)]
    fn covers32<V: Float32>(_x: V) -> V::Mask {
        V::ALL
    }
}

/// A function of two arguments; see [`Unary`].
pub trait Binary {
    /// Whether the formula gains only where a fused multiply-add is one instruction.
    const NEEDS_FMA: bool = false;

    /// The function at one point, by the scalar math library.
    fn scalar(a: f64, b: f64) -> f64;

    /// The float32 function at one point; by default through float64, rounded once.
    fn scalar32(a: f32, b: f32) -> f32 {
        Self::scalar(f64::from(a), f64::from(b)) as f32
    }

    /// The formula for float64.
    fn vector<V: Float64>(a: V, b: V) -> V;

    /// The formula in float64 for results in float32; by default that for float64.
    #[inline(always)]
    fn single<V: Float64>(a: V, b: V) -> V {
        Self::vector(a, b)
    }

    /// The formula for float32; by default through float64, rounded once.
    #[inline(always)]
    fn vector32<V: Float32>(a: V, b: V) -> V {
        let ([a_lower, a_upper], [b_lower, b_upper]) = (a.halves(), b.halves());
        V::of_halves([Self::single(a_lower, b_lower), Self::single(a_upper, b_upper)])
    }

    /// Where the float64 formula is right.
    #[inline(always)]
    fn covers<V: Float64>(_a: V, _b: V) -> V::Mask {
        V::ALL
    }

    /// Where the float32 formula is right.
    #[inline(always)]
    fn covers32<V: Float32>(_a: V, _b: V) -> V::Mask {
        V::ALL
    }
}

/// A function of up to three operands of one element type, at one point.
pub trait Function {
    /// float32 or float64.
    type Element: Element;

    /// How many operands are read; the others are zeros.
    const OPERANDS: usize;

    /// Whether the formula gains only where a fused multiply-add is one instruction.
    const NEEDS_FMA: bool = false;

    /// Whether the formula is a long chain of operations: several vectors at once take less time each, where the compiler of
    /// the machine code lets the chains take turns.
    const IS_CHAIN: bool = false;

    fn scalar(x: [Self::Element; 3]) -> Self::Element;
}

/// The formula of a [`Function`] over `V`.
pub trait Formula<V: Float>: Function {
    fn vector(x: [V; 3]) -> V;

    /// Where `vector` is right; elsewhere the scalar function takes its place.
    #[inline(always)]
    fn covers(_x: [V; 3]) -> V::Mask {
        V::ALL
    }
}

/// [`Unary`] function `F` on elements of type `T`.
pub struct UnaryOf<T, F>(PhantomData<(T, F)>);

/// [`Binary`] function `F` on elements of type `T`.
pub struct BinaryOf<T, F>(PhantomData<(T, F)>);

impl<F: Unary> Function for UnaryOf<f64, F> {
    type Element = f64;
    const OPERANDS: usize = 1;
    const IS_CHAIN: bool = F::IS_CHAIN;

    #[inline(always)]
    fn scalar([x, ..]: [f64; 3]) -> f64 {
        F::scalar(x)
    }
}

impl<F: Unary, V: Float64> Formula<V> for UnaryOf<f64, F> {
    #[inline(always)]
    fn vector([x, ..]: [V; 3]) -> V {
        F::vector(x)
    }

    #[inline(always)]
    fn covers([x, ..]: [V; 3]) -> V::Mask {
        F::covers(x)
    }
}

impl<F: Unary> Function for UnaryOf<f32, F> {
    type Element = f32;
    const OPERANDS: usize = 1;

    #[inline(always)]
    fn scalar([x, ..]: [f32; 3]) -> f32 {
        F::scalar32(x)
    }
}

impl<F: Unary, V: Float32> Formula<V> for UnaryOf<f32, F> {
    #[inline(always)]
    fn vector([x, ..]: [V; 3]) -> V {
        F::vector32(x)
    }

    #[inline(always)]
    fn covers([x, ..]: [V; 3]) -> V::Mask {
        F::covers32(x)
    }
}

impl<F: Binary> Function for BinaryOf<f64, F> {
    type Element = f64;
    const OPERANDS: usize = 2;
    const NEEDS_FMA: bool = F::NEEDS_FMA;

    #[inline(always)]
    fn scalar([a, b, _]: [f64; 3]) -> f64 {
        F::scalar(a, b)
    }
}

impl<F: Binary, V: Float64> Formula<V> for BinaryOf<f64, F> {
    #[inline(always)]
    fn vector([a, b, _]: [V; 3]) -> V {
        F::vector(a, b)
    }

    #[inline(always)]
    fn covers([a, b, _]: [V; 3]) -> V::Mask {
        F::covers(a, b)
    }
}

impl<F: Binary> Function for BinaryOf<f32, F> {
    type Element = f32;
    const OPERANDS: usize = 2;
    const NEEDS_FMA: bool = F::NEEDS_FMA;

    #[inline(always)]
    fn scalar([a, b, _]: [f32; 3]) -> f32 {
        F::scalar32(a, b)
    }
}

impl<F: Binary, V: Float32> Formula<V> for BinaryOf<f32, F> {
    #[inline(always)]
    fn vector([a, b, _]: [V; 3]) -> V {
        F::vector32(a, b)
    }

    #[inline(always)]
    fn covers([a, b, _]: [V; 3]) -> V::Mask {
        F::covers32(a, b)
    }
}
