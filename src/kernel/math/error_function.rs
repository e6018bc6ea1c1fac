//! erf, erfc, and the gamma functions.

use super::formula::Unary;
use super::scalar;

/// Error function.
pub struct Erf;

impl Unary for Erf {
    fn scalar(x: f64) -> f64 {
        libm::erf(x)
    }
}

/// Complementary error function.
pub struct Erfc;

impl Unary for Erfc {
    fn scalar(x: f64) -> f64 {
        libm::erfc(x)
    }
}

/// Γ(x).
pub struct Tgamma;

impl Unary for Tgamma {
    fn scalar(x: f64) -> f64 {
        scalar::tgamma(x)
    }
}

/// log|Γ(x)|.
pub struct Lgamma;

impl Unary for Lgamma {
    fn scalar(x: f64) -> f64 {
        scalar::lgamma(x)
    }
}
