//! log, log2, log10, log1p.

use super::formula::{Binary, Unary};
use super::scalar;

/// Natural logarithm.
pub struct Log;

impl Unary for Log {
    fn scalar(x: f64) -> f64 {
        x.ln()
    }
}

/// Logarithm to base 2.
pub struct Log2;

impl Unary for Log2 {
    fn scalar(x: f64) -> f64 {
        x.log2()
    }
}

/// Logarithm to base 10.
pub struct Log10;

impl Unary for Log10 {
    fn scalar(x: f64) -> f64 {
        x.log10()
    }
}

/// log(1 + x) without cancellation near 0.
pub struct Log1p;

impl Unary for Log1p {
    fn scalar(x: f64) -> f64 {
        x.ln_1p()
    }
}

/// log(e^a + e^b).
pub struct Logaddexp;

impl Binary for Logaddexp {
    fn scalar(a: f64, b: f64) -> f64 {
        scalar::logaddexp(a, b)
    }
}
