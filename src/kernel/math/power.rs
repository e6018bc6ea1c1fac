//! pow, sqrt, cbrt, hypot.

use super::formula::{Binary, Unary};

/// Square root, correctly rounded.
pub struct Sqrt;

impl Unary for Sqrt {
    fn scalar(x: f64) -> f64 {
        x.sqrt()
    }
}

/// Cube root.
pub struct Cbrt;

impl Unary for Cbrt {
    fn scalar(x: f64) -> f64 {
        x.cbrt()
    }
}

/// a^b.
pub struct Pow;

impl Binary for Pow {
    fn scalar(a: f64, b: f64) -> f64 {
        a.powf(b)
    }
}

/// sqrt(a² + b²) without overflow.
pub struct Hypot;

impl Binary for Hypot {
    fn scalar(a: f64, b: f64) -> f64 {
        a.hypot(b)
    }
}
