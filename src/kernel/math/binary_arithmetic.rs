//! Exact and near-exact functions of two arguments.

use super::formula::Binary;
use super::scalar;

/// `a` with the sign of `b`.
pub struct Copysign;

impl Binary for Copysign {
    fn scalar(a: f64, b: f64) -> f64 {
        a.copysign(b)
    }
}

/// Positive difference.
pub struct Fdim;

impl Binary for Fdim {
    fn scalar(a: f64, b: f64) -> f64 {
        scalar::fdim(a, b)
    }
}

/// Larger argument, ignoring NaN.
pub struct Fmax;

impl Binary for Fmax {
    fn scalar(a: f64, b: f64) -> f64 {
        a.max(b)
    }
}

/// Smaller argument, ignoring NaN.
pub struct Fmin;

impl Binary for Fmin {
    fn scalar(a: f64, b: f64) -> f64 {
        a.min(b)
    }
}

/// a·2^trunc(b).
pub struct Ldexp;

impl Binary for Ldexp {
    fn scalar(a: f64, b: f64) -> f64 {
        scalar::ldexp(a, b)
    }
}

/// Neighbour of `a` in the direction of `b`.
pub struct Nextafter;

impl Binary for Nextafter {
    fn scalar(a: f64, b: f64) -> f64 {
        scalar::nextafter(a, b)
    }

    fn scalar32(a: f32, b: f32) -> f32 {
        libm::nextafterf(a, b)
    }
}

/// C `fmod`.
pub struct Fmod;

impl Binary for Fmod {
    fn scalar(a: f64, b: f64) -> f64 {
        scalar::fmod(a, b)
    }
}

/// IEEE 754 remainder.
pub struct Remainder;

impl Binary for Remainder {
    fn scalar(a: f64, b: f64) -> f64 {
        scalar::remainder(a, b)
    }
}

/// Binomial coefficient.
pub struct Ncr;

impl Binary for Ncr {
    fn scalar(a: f64, b: f64) -> f64 {
        scalar::ncr(a, b)
    }
}

/// Number of permutations.
pub struct Npr;

impl Binary for Npr {
    fn scalar(a: f64, b: f64) -> f64 {
        scalar::npr(a, b)
    }
}
