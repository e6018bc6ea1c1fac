//! exp, exp2, exp10, expm1.

use super::formula::Unary;

/// e^x.
pub struct Exp;

impl Unary for Exp {
    fn scalar(x: f64) -> f64 {
        x.exp()
    }
}

/// 2^x.
pub struct Exp2;

impl Unary for Exp2 {
    fn scalar(x: f64) -> f64 {
        x.exp2()
    }
}

/// 10^x.
pub struct Exp10;

impl Unary for Exp10 {
    fn scalar(x: f64) -> f64 {
        10f64.powf(x)
    }
}

/// e^x - 1 without cancellation near 0.
pub struct Expm1;

impl Unary for Expm1 {
    fn scalar(x: f64) -> f64 {
        x.exp_m1()
    }
}
