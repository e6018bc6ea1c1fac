//! What a math function is to the loops: a formula for one lane, and a scalar fallback.

use std::marker::PhantomData;

/// A function of one argument.
///
/// `vector` is branch-free arithmetic that the compiler turns into vector instructions; `FMA` says
/// whether `mul_add` is one instruction. It must be right wherever `covers` holds.
pub trait Unary {
    /// The function at one point, by the scalar math library.
    fn scalar(x: f64) -> f64;

    /// One lane of the vector formula for float64.
    #[inline(always)]
    fn vector<const FMA: bool>(x: f64) -> f64 {
        Self::scalar(x)
    }

    /// One lane of the vector formula for float32; by default through float64, rounded once.
    #[inline(always)]
    fn vector32<const FMA: bool>(x: f32) -> f32 {
        Self::vector::<FMA>(f64::from(x)) as f32
    }

    /// Whether the float64 vector formula is right at `x`; other lanes take the scalar function.
    #[inline(always)]
    fn covers<const FMA: bool>(_x: f64) -> bool {
        true
    }

    /// Whether the float32 vector formula is right at `x`.
    #[inline(always)]
    fn covers32<const FMA: bool>(x: f32) -> bool {
        Self::covers::<FMA>(f64::from(x))
    }
}

/// A function of two arguments; see [`Unary`].
pub trait Binary {
    /// The function at one point, by the scalar math library.
    fn scalar(a: f64, b: f64) -> f64;

    /// The float32 function at one point; by default through float64, rounded once.
    fn scalar32(a: f32, b: f32) -> f32 {
        Self::scalar(f64::from(a), f64::from(b)) as f32
    }

    /// One lane of the vector formula for float64.
    #[inline(always)]
    fn vector<const FMA: bool>(a: f64, b: f64) -> f64 {
        Self::scalar(a, b)
    }

    /// One lane of the vector formula for float32; by default through float64, rounded once.
    #[inline(always)]
    fn vector32<const FMA: bool>(a: f32, b: f32) -> f32 {
        Self::vector::<FMA>(f64::from(a), f64::from(b)) as f32
    }

    /// Whether the float64 vector formula is right at `(a, b)`.
    #[inline(always)]
    fn covers<const FMA: bool>(_a: f64, _b: f64) -> bool {
        true
    }

    /// Whether the float32 vector formula is right at `(a, b)`.
    #[inline(always)]
    fn covers32<const FMA: bool>(a: f32, b: f32) -> bool {
        Self::covers::<FMA>(f64::from(a), f64::from(b))
    }
}

/// What a block loop runs on each lane: up to three operands, one result, one element type.
pub trait LaneKernel {
    type Element: Copy + Default;

    /// How many operands are read; the others are zeros.
    const OPERANDS: usize;

    fn scalar(x: [Self::Element; 3]) -> Self::Element;
    fn vector<const FMA: bool>(x: [Self::Element; 3]) -> Self::Element;
    fn covers<const FMA: bool>(x: [Self::Element; 3]) -> bool;
}

/// [`Unary`] function `F` on elements of type `T`.
pub struct UnaryLane<T, F>(PhantomData<(T, F)>);

/// [`Binary`] function `F` on elements of type `T`.
pub struct BinaryLane<T, F>(PhantomData<(T, F)>);

impl<F: Unary> LaneKernel for UnaryLane<f64, F> {
    type Element = f64;
    const OPERANDS: usize = 1;

    #[inline(always)]
    fn scalar([x, ..]: [f64; 3]) -> f64 {
        F::scalar(x)
    }

    #[inline(always)]
    fn vector<const FMA: bool>([x, ..]: [f64; 3]) -> f64 {
        F::vector::<FMA>(x)
    }

    #[inline(always)]
    fn covers<const FMA: bool>([x, ..]: [f64; 3]) -> bool {
        F::covers::<FMA>(x)
    }
}

impl<F: Unary> LaneKernel for UnaryLane<f32, F> {
    type Element = f32;
    const OPERANDS: usize = 1;

    #[inline(always)]
    fn scalar([x, ..]: [f32; 3]) -> f32 {
        F::scalar(f64::from(x)) as f32
    }

    #[inline(always)]
    fn vector<const FMA: bool>([x, ..]: [f32; 3]) -> f32 {
        F::vector32::<FMA>(x)
    }

    #[inline(always)]
    fn covers<const FMA: bool>([x, ..]: [f32; 3]) -> bool {
        F::covers32::<FMA>(x)
    }
}

impl<F: Binary> LaneKernel for BinaryLane<f64, F> {
    type Element = f64;
    const OPERANDS: usize = 2;

    #[inline(always)]
    fn scalar([a, b, _]: [f64; 3]) -> f64 {
        F::scalar(a, b)
    }

    #[inline(always)]
    fn vector<const FMA: bool>([a, b, _]: [f64; 3]) -> f64 {
        F::vector::<FMA>(a, b)
    }

    #[inline(always)]
    fn covers<const FMA: bool>([a, b, _]: [f64; 3]) -> bool {
        F::covers::<FMA>(a, b)
    }
}

impl<F: Binary> LaneKernel for BinaryLane<f32, F> {
    type Element = f32;
    const OPERANDS: usize = 2;

    #[inline(always)]
    fn scalar([a, b, _]: [f32; 3]) -> f32 {
        F::scalar32(a, b)
    }

    #[inline(always)]
    fn vector<const FMA: bool>([a, b, _]: [f32; 3]) -> f32 {
        F::vector32::<FMA>(a, b)
    }

    #[inline(always)]
    fn covers<const FMA: bool>([a, b, _]: [f32; 3]) -> bool {
        F::covers32::<FMA>(a, b)
    }
}
