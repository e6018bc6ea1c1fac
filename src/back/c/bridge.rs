//! What generated code calls: the library's scalar math functions, through a table of addresses.
//!
//! The table is handed to each shared object when it is loaded, so that nothing depends on which
//! symbols the host program exports.

use crate::ir::{BinaryOp, MathFn};
use crate::kernel::math;

/// `struct me_bridge` of the generated code.
#[repr(C)]
pub struct Bridge {
    unary: extern "C" fn(u32, f64) -> f64,
    binary: extern "C" fn(u32, f64, f64) -> f64,
}

pub static BRIDGE: Bridge = Bridge { unary, binary };

const UNARY: [(MathFn, &str); 28] = [
    (MathFn::Sqrt, "sqrt"),
    (MathFn::Cbrt, "cbrt"),
    (MathFn::Exp, "exp"),
    (MathFn::Exp2, "exp2"),
    (MathFn::Exp10, "exp10"),
    (MathFn::Expm1, "expm1"),
    (MathFn::Log, "log"),
    (MathFn::Log2, "log2"),
    (MathFn::Log10, "log10"),
    (MathFn::Log1p, "log1p"),
    (MathFn::Sin, "sin"),
    (MathFn::Cos, "cos"),
    (MathFn::Tan, "tan"),
    (MathFn::Asin, "asin"),
    (MathFn::Acos, "acos"),
    (MathFn::Atan, "atan"),
    (MathFn::Sinh, "sinh"),
    (MathFn::Cosh, "cosh"),
    (MathFn::Tanh, "tanh"),
    (MathFn::Asinh, "asinh"),
    (MathFn::Acosh, "acosh"),
    (MathFn::Atanh, "atanh"),
    (MathFn::Sinpi, "sinpi"),
    (MathFn::Cospi, "cospi"),
    (MathFn::Erf, "erf"),
    (MathFn::Erfc, "erfc"),
    (MathFn::Tgamma, "tgamma"),
    (MathFn::Lgamma, "lgamma"),
];

/// Code of the factorial, after the functions of the table.
pub const FACTORIAL: u32 = UNARY.len() as u32;

const BINARY: [(BinaryOp, &str); 14] = [
    (BinaryOp::Rem, "fmod"),
    (BinaryOp::Pow, "pow"),
    (BinaryOp::Atan2, "atan2"),
    (BinaryOp::Copysign, "copysign"),
    (BinaryOp::Fdim, "fdim"),
    (BinaryOp::Fmax, "fmax"),
    (BinaryOp::Fmin, "fmin"),
    (BinaryOp::Hypot, "hypot"),
    (BinaryOp::Ldexp, "ldexp"),
    (BinaryOp::Logaddexp, "logaddexp"),
    (BinaryOp::Ncr, "ncr"),
    (BinaryOp::Nextafter, "nextafter"),
    (BinaryOp::Npr, "npr"),
    (BinaryOp::Remainder, "remainder"),
];

/// Code and name of a function of one argument.
pub fn unary_function(function: MathFn) -> Option<(u32, &'static str)> {
    let index = UNARY.iter().position(|(known, _)| *known == function)?;
    Some((index as u32, UNARY[index].1))
}

/// Code and name of a function of two arguments.
pub fn binary_function(op: BinaryOp) -> Option<(u32, &'static str)> {
    let index = BINARY.iter().position(|(known, _)| *known == op)?;
    Some((index as u32, BINARY[index].1))
}

extern "C" fn unary(code: u32, x: f64) -> f64 {
    match UNARY.get(code as usize) {
        Some((function, _)) => math::scalar_unary(*function)(x),
        None => math::factorial(x),
    }
}

extern "C" fn binary(code: u32, a: f64, b: f64) -> f64 {
    let entry = BINARY.get(code as usize);
    entry.and_then(|(op, _)| math::scalar_binary(*op)).map_or(f64::NAN, |function| function(a, b))
}
