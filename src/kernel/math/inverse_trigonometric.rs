//! asin, acos, atan, atan2.

use super::formula::{Binary, Unary};

/// Arc sine in radians; NaN outside -1..=1.
pub struct Asin;

impl Unary for Asin {
    fn scalar(x: f64) -> f64 {
        x.asin()
    }
}

/// Arc cosine in radians; NaN outside -1..=1.
pub struct Acos;

impl Unary for Acos {
    fn scalar(x: f64) -> f64 {
        x.acos()
    }
}

/// Arc tangent in radians.
pub struct Atan;

impl Unary for Atan {
    fn scalar(x: f64) -> f64 {
        x.atan()
    }
}

/// Angle of the point (b, a) in radians.
pub struct Atan2;

impl Binary for Atan2 {
    fn scalar(a: f64, b: f64) -> f64 {
        a.atan2(b)
    }
}
