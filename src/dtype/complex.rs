//! Complex numbers as the C ABI stores them: real part, then imaginary part.

/// A complex value with parts of type `T` (f32 or f64), laid out as C's `T[2]`.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[repr(C)]
pub struct Complex<T> {
    pub re: T,
    pub im: T,
}

impl<T> Complex<T> {
    pub const fn new(re: T, im: T) -> Self {
        Complex { re, im }
    }
}
