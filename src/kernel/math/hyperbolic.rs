//! sinh, cosh, tanh and their inverses.

use super::formula::Unary;

/// Hyperbolic sine.
pub struct Sinh;

impl Unary for Sinh {
    fn scalar(x: f64) -> f64 {
        x.sinh()
    }
}

/// Hyperbolic cosine.
pub struct Cosh;

impl Unary for Cosh {
    fn scalar(x: f64) -> f64 {
        x.cosh()
    }
}

/// Hyperbolic tangent.
pub struct Tanh;

impl Unary for Tanh {
    fn scalar(x: f64) -> f64 {
        x.tanh()
    }
}

/// Inverse hyperbolic sine.
pub struct Asinh;

impl Unary for Asinh {
    fn scalar(x: f64) -> f64 {
        libm::asinh(x)
    }
}

/// Inverse hyperbolic cosine; NaN below 1.
pub struct Acosh;

impl Unary for Acosh {
    fn scalar(x: f64) -> f64 {
        libm::acosh(x)
    }
}

/// Inverse hyperbolic tangent; NaN outside -1..=1.
pub struct Atanh;

impl Unary for Atanh {
    fn scalar(x: f64) -> f64 {
        libm::atanh(x)
    }
}
