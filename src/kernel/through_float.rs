//! Functions of real arguments on integer and bool elements: computed in float64, truncated into
//! the dtype of the operands by the cast rules.

use super::cast::Cast;
use super::elementwise::{Access, Each, TernaryFn, UnaryFn, output, ternary_kernel, unary_kernel};
use super::level::Level;
use super::{Kernel, LastTwo, Operands, math};
use crate::ir::BinaryOp;

/// A function of two real arguments, as a type.
trait RealFunction {
    const OP: BinaryOp;
}

macro_rules! real_functions {
    ($($name:ident)*) => {$(
        struct $name;
        impl RealFunction for $name {
            const OP: BinaryOp = BinaryOp::$name;
        }
    )*};
}

real_functions!(Atan2 Copysign Fdim Fmax Fmin Hypot Ldexp Logaddexp Ncr Nextafter Npr Remainder);

/// A kernel: the function `F` on converted operands, its result converted back.
///
/// # Safety
/// The contract of [`Kernel`], for two arrays of `T`.
unsafe fn converted<F: RealFunction, T: Copy + Cast<f64>>(
    out: *mut u8,
    a: *const u8,
    b: *const u8,
    _c: *const u8,
    n: usize,
) where
    f64: Cast<T>,
{
    let function = math::scalar_binary(F::OP).unwrap_or(|_, _| f64::NAN);
    // SAFETY: the contract is the same.
    unsafe { convert_and_call::<T>(function, out, a, b, n) }
}

/// One loop for all functions: each element is a call anyway.
///
/// # Safety
/// The contract of [`Kernel`], for two arrays of `T`.
#[inline(never)]
unsafe fn convert_and_call<T: Copy + Cast<f64>>(
    function: math::ScalarBinary,
    out: *mut u8,
    a: *const u8,
    b: *const u8,
    n: usize,
) where
    f64: Cast<T>,
{
    // SAFETY: `n` elements at `out`, `a` and `b`, without overlap.
    let (out, x, y) = unsafe { (output::<T>(out, n), Each::view::<T>(a, n), Each::view::<T>(b, n)) };
    for ((out, x), y) in out.iter_mut().zip(x).zip(y) {
        out.write(function((*x).cast(), (*y).cast()).cast());
    }
}

struct Factorial;

impl<T: Copy + Cast<f64>> UnaryFn<T> for Factorial
where
    f64: Cast<T>,
{
    type Out = T;
    #[inline(always)]
    fn apply(x: T) -> T {
        math::factorial(x.cast()).cast()
    }
}

struct MultiplyAdd;

impl<T: Copy + Cast<f64>> TernaryFn<T, T> for MultiplyAdd
where
    f64: Cast<T>,
{
    type Out = T;
    #[inline(always)]
    fn apply(x: T, y: T, z: T) -> T {
        x.cast().mul_add(y.cast(), z.cast()).cast()
    }
}

/// The kernel of `op` on two arrays; `None` for scalar operands and for operations that are no
/// functions of real arguments. One level serves all, because each element is a call.
pub(super) fn binary<T: Copy + Cast<f64>>(op: BinaryOp, operands: Operands) -> Option<Kernel>
where
    f64: Cast<T>,
{
    if operands != Operands::ArrayArray {
        return None;
    }
    match op {
        BinaryOp::Atan2 => Some(converted::<Atan2, T>),
        BinaryOp::Copysign => Some(converted::<Copysign, T>),
        BinaryOp::Fdim => Some(converted::<Fdim, T>),
        BinaryOp::Fmax => Some(converted::<Fmax, T>),
        BinaryOp::Fmin => Some(converted::<Fmin, T>),
        BinaryOp::Hypot => Some(converted::<Hypot, T>),
        BinaryOp::Ldexp => Some(converted::<Ldexp, T>),
        BinaryOp::Logaddexp => Some(converted::<Logaddexp, T>),
        BinaryOp::Ncr => Some(converted::<Ncr, T>),
        BinaryOp::Nextafter => Some(converted::<Nextafter, T>),
        BinaryOp::Npr => Some(converted::<Npr, T>),
        BinaryOp::Remainder => Some(converted::<Remainder, T>),
        _ => None,
    }
}

/// The kernel of the factorial.
pub(super) fn factorial<T: Copy + Cast<f64>>() -> Kernel
where
    f64: Cast<T>,
{
    unary_kernel::<Factorial, T>(Level::Baseline)
}

/// The kernel `a * b + c`, rounded once to float64 before the conversion.
pub(super) fn fma<T: Copy + Cast<f64>>(level: Level) -> Kernel
where
    f64: Cast<T>,
{
    ternary_kernel::<MultiplyAdd, T, T>(LastTwo::ArrayArray, level.of_rare_loops())
}
