//! The functions that a module may import, by name: what `src/me_jit_glue.js` asks the library for.
//!
//! Those with a name of C's math library are the scalar functions of the interpreter.

use std::ffi::c_int;

use crate::back::math_bridge::{self, Named};
use crate::ir::{BinaryOp, MathFn};
use crate::kernel::math::{scalar_binary, scalar_unary};

/// The address of a function; `None` for other names.
pub fn address(name: &str) -> Option<*const ()> {
    let lists = math_bridge::FUNCTIONS.iter().chain(&FUNCTIONS);
    let mut functions = lists.copied().flatten();
    functions.find(|(known, _)| *known == name).map(|(_, address)| *address)
}

const FUNCTIONS: [Named; 3] = [OF_ONE, OF_TWO, OTHERS];

/// Functions of C's math library, as their addresses.
macro_rules! functions {
    ($(fn $name:ident($($x:ident: $type:ty),*) = $value:expr;)*) => {
        &[$((stringify!($name), {
            extern "C" fn $name($($x: $type),*) -> f64 {
                $value
            }
            $name as *const ()
        }),)*]
    };
}

const OF_ONE: Named = functions! {
    fn acos(x: f64) = scalar_unary(MathFn::Acos)(x);
    fn acosh(x: f64) = scalar_unary(MathFn::Acosh)(x);
    fn asin(x: f64) = scalar_unary(MathFn::Asin)(x);
    fn asinh(x: f64) = scalar_unary(MathFn::Asinh)(x);
    fn atan(x: f64) = scalar_unary(MathFn::Atan)(x);
    fn atanh(x: f64) = scalar_unary(MathFn::Atanh)(x);
    fn cbrt(x: f64) = scalar_unary(MathFn::Cbrt)(x);
    fn ceil(x: f64) = x.ceil();
    fn cos(x: f64) = scalar_unary(MathFn::Cos)(x);
    fn cosh(x: f64) = scalar_unary(MathFn::Cosh)(x);
    fn erf(x: f64) = scalar_unary(MathFn::Erf)(x);
    fn erfc(x: f64) = scalar_unary(MathFn::Erfc)(x);
    fn exp(x: f64) = scalar_unary(MathFn::Exp)(x);
    fn exp2(x: f64) = scalar_unary(MathFn::Exp2)(x);
    fn expm1(x: f64) = scalar_unary(MathFn::Expm1)(x);
    fn fabs(x: f64) = x.abs();
    fn floor(x: f64) = x.floor();
    fn lgamma(x: f64) = scalar_unary(MathFn::Lgamma)(x);
    fn log(x: f64) = scalar_unary(MathFn::Log)(x);
    fn log10(x: f64) = scalar_unary(MathFn::Log10)(x);
    fn log1p(x: f64) = scalar_unary(MathFn::Log1p)(x);
    fn log2(x: f64) = scalar_unary(MathFn::Log2)(x);
    fn rint(x: f64) = x.round_ties_even();
    fn round(x: f64) = x.round();
    fn sin(x: f64) = scalar_unary(MathFn::Sin)(x);
    fn sinh(x: f64) = scalar_unary(MathFn::Sinh)(x);
    fn sqrt(x: f64) = x.sqrt();
    fn tan(x: f64) = scalar_unary(MathFn::Tan)(x);
    fn tanh(x: f64) = scalar_unary(MathFn::Tanh)(x);
    fn tgamma(x: f64) = scalar_unary(MathFn::Tgamma)(x);
    fn trunc(x: f64) = x.trunc();
};

const OF_TWO: Named = functions! {
    fn atan2(x: f64, y: f64) = of_two(BinaryOp::Atan2, x, y);
    fn copysign(x: f64, y: f64) = x.copysign(y);
    fn fdim(x: f64, y: f64) = of_two(BinaryOp::Fdim, x, y);
    fn fmax(x: f64, y: f64) = of_two(BinaryOp::Fmax, x, y);
    fn fmin(x: f64, y: f64) = of_two(BinaryOp::Fmin, x, y);
    fn fmod(x: f64, y: f64) = x % y;
    fn hypot(x: f64, y: f64) = of_two(BinaryOp::Hypot, x, y);
    fn nextafter(x: f64, y: f64) = of_two(BinaryOp::Nextafter, x, y);
    fn pow(x: f64, y: f64) = x.powf(y);
    fn remainder(x: f64, y: f64) = of_two(BinaryOp::Remainder, x, y);
    fn ldexp(x: f64, n: c_int) = of_two(BinaryOp::Ldexp, x, f64::from(n));
    fn fma(x: f64, y: f64, z: f64) = x.mul_add(y, z);
};

const OTHERS: Named = &[("memset", memset as *const ())];

/// C's function, for hosts without a C library as well.
///
/// # Safety
/// There are `count` bytes at `to`.
unsafe extern "C" fn memset(to: *mut u8, value: c_int, count: usize) -> *mut u8 {
    // SAFETY: as the caller promises. C takes the lowest byte of the value.
    unsafe { to.write_bytes(value as u8, count) };
    to
}

fn of_two(op: BinaryOp, x: f64, y: f64) -> f64 {
    match scalar_binary(op) {
        Some(function) => function(x, y),
        None => unreachable!("the table has math functions only"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_functions() {
        let known = |name: &str| address(name).is_some();
        for function in ["sin", "nextafter", "ldexp", "fma", "memset", "me_jit_where", "me_jit_abs"] {
            assert!(known(function), "{function}");
        }
        for function in ["sin", "log1p", "abs", "atan2", "fmin"] {
            assert!(
                known(&format!("me_jit_vec_{function}_f32")) && known(&format!("me_jit_vec_{function}_f64"))
            );
        }
        assert!(!["", "sinf", "me_jit_vec_erf_f64", "malloc", "me_jit_strip"].into_iter().any(known));
    }

    #[test]
    fn no_name_is_there_twice() {
        let mut names: Vec<&str> = math_bridge::FUNCTIONS
            .iter()
            .chain(&FUNCTIONS)
            .flat_map(|list| list.iter().map(|(name, _)| *name))
            .collect();
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        // 44 functions of C, 11 of one number, 28 on arrays of either type.
        assert_eq!((names.len(), count), (44 + 11 + 2 * 28, count));
    }
}
