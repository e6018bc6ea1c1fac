//! The gamma function and its logarithm: scalar only.

use super::block_loop::Element;
use super::formula::Function;
use super::scalar;
use std::marker::PhantomData;

/// Γ(x).
pub struct Tgamma<T>(PhantomData<T>);

/// log|Γ(x)|.
pub struct Lgamma<T>(PhantomData<T>);

impl<T: Element> Function for Tgamma<T> {
    type Element = T;
    const OPERANDS: usize = 1;

    fn scalar([x, ..]: [T; 3]) -> T {
        T::of(scalar::tgamma(x.into()))
    }
}

impl<T: Element> Function for Lgamma<T> {
    type Element = T;
    const OPERANDS: usize = 1;

    fn scalar([x, ..]: [T; 3]) -> T {
        T::of(scalar::lgamma(x.into()))
    }
}
