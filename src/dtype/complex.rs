//! Complex numbers as the C ABI stores them: real part, then imaginary part.

/// A complex value with parts of type `T` (f32 or f64), laid out as C's `T[2]`.
///
/// ```
/// use miniexpr::{ArrayRef, Complex, Dtype, Expression};
///
/// let expression = Expression::builder("z * z").variable("z", Dtype::Complex128).compile()?;
/// let values: Vec<Complex<f64>> = expression.evaluate_to_vec(&[ArrayRef::from(&[Complex::new(0.0, 1.0)])])?;
/// assert_eq!(values, [Complex::new(-1.0, 0.0)]);
/// # Ok::<(), miniexpr::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[repr(C)]
pub struct Complex<T> {
    /// The real part.
    pub re: T,
    /// The imaginary part.
    pub im: T,
}

impl<T> Complex<T> {
    /// The value with these parts.
    ///
    /// ```
    /// assert_eq!(miniexpr::Complex::new(1.5f32, -2.0).im, -2.0);
    /// ```
    pub const fn new(re: T, im: T) -> Self {
        Complex { re, im }
    }
}
