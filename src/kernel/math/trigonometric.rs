//! sin, cos, tan, sinpi, cospi.

use super::formula::Unary;
use super::scalar;

/// Sine of radians.
pub struct Sin;

impl Unary for Sin {
    fn scalar(x: f64) -> f64 {
        x.sin()
    }
}

/// Cosine of radians.
pub struct Cos;

impl Unary for Cos {
    fn scalar(x: f64) -> f64 {
        x.cos()
    }
}

/// Tangent of radians.
pub struct Tan;

impl Unary for Tan {
    fn scalar(x: f64) -> f64 {
        x.tan()
    }
}

/// sin(πx).
pub struct Sinpi;

impl Unary for Sinpi {
    fn scalar(x: f64) -> f64 {
        scalar::sinpi(x)
    }
}

/// cos(πx).
pub struct Cospi;

impl Unary for Cospi {
    fn scalar(x: f64) -> f64 {
        scalar::cospi(x)
    }
}
