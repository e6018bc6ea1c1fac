//! The gamma function and its logarithm: scalar only.

use super::formula::Unary;
use super::scalar;

/// Γ(x).
pub struct Tgamma;

/// log|Γ(x)|.
pub struct Lgamma;

impl Unary for Tgamma {
    fn scalar(x: f64) -> f64 {
        scalar::tgamma(x)
    }
}

impl Unary for Lgamma {
    fn scalar(x: f64) -> f64 {
        scalar::lgamma(x)
    }
}
