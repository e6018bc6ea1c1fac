//! Operations on integer elements. They wrap modulo 2^n and never trap.
//!
//! Operations whose bits do not depend on the sign are compiled for the unsigned type only.

use std::num::Wrapping;
use std::ops;

use super::arithmetic::{Add, Mul, Neg, Square, Sub, Zero};
use super::cast::Cast;
use super::copy::copy;
use super::elementwise::{
    BinaryFn, UnaryFn, array_first_kernel, binary_kernel, commuting_kernel, unary_kernel,
};
use super::extremum::{Maximum, Minimum, Ordered};
use super::level::Level;
use super::{Kernel, Operands, through_float};
use crate::dtype::Dtype;
use crate::ir::{BinaryOp, UnaryOp};

/// Division toward zero of integer elements.
pub(super) trait Quotient: Copy {
    /// x/0 = 0 and MIN/-1 = MIN.
    fn quotient(self, divisor: Self) -> Self;
}

/// Through float32, which vectorises: the quotient of two 16-bit integers is at least 2^-16 of its
/// value away from the next integer unless it is one, so rounding it to 24 bits cannot reach it.
macro_rules! quotient_through_float32 {
    ($($type:ty)*) => {$(
        impl Quotient for $type {
            #[inline(always)]
            fn quotient(self, divisor: $type) -> $type {
                let nonzero = if divisor == 0 { 1 } else { divisor };
                let ratio = f32::from(self) / f32::from(nonzero);
                // SAFETY: the quotient of 16-bit integers by a non-zero one fits 32 bits.
                let whole = unsafe { ratio.to_int_unchecked::<i32>() } as $type;
                if divisor == 0 { 0 } else { whole }
            }
        }
    )*};
}

quotient_through_float32!(i8 i16 u8 u16);

/// Through float64, which vectorises and is exact for the reason given for the narrow types.
impl Quotient for i32 {
    #[inline(always)]
    fn quotient(self, divisor: i32) -> i32 {
        let overflows = (self == i32::MIN) & (divisor == -1);
        let safe = if overflows | (divisor == 0) { 1 } else { divisor };
        let ratio = f64::from(self) / f64::from(safe);
        // SAFETY: the divisor is not zero, and the one quotient that overflows is replaced.
        let whole = unsafe { ratio.to_int_unchecked::<i32>() };
        if divisor == 0 { 0 } else { whole }
    }
}

/// Through float64, which vectorises and is exact for the reason given for the narrow types.
impl Quotient for u32 {
    #[inline(always)]
    fn quotient(self, divisor: u32) -> u32 {
        let nonzero = if divisor == 0 { 1 } else { divisor };
        let ratio = f64::from(self) / f64::from(nonzero);
        // SAFETY: the quotient of a 32-bit integer by a non-zero one fits 32 bits.
        let whole = unsafe { ratio.to_int_unchecked::<u32>() };
        if divisor == 0 { 0 } else { whole }
    }
}

impl Quotient for i64 {
    #[inline(always)]
    fn quotient(self, divisor: i64) -> i64 {
        match self.checked_div(divisor) {
            Some(quotient) => quotient,
            None if divisor == 0 => 0,
            None => i64::MIN,
        }
    }
}

impl Quotient for u64 {
    #[inline(always)]
    fn quotient(self, divisor: u64) -> u64 {
        self.checked_div(divisor).unwrap_or(0)
    }
}

/// An integer element.
pub(super) trait Integer: Quotient + Default + PartialOrd {
    /// The remainder with the sign of `self`; x%0 = 0 and MIN%-1 = 0.
    fn remainder(self, divisor: Self) -> Self;
    /// The quotient rounded down; x/0 = 0 and MIN/-1 = MIN.
    fn floor_quotient(self, divisor: Self) -> Self;
    /// What [`floor_quotient`](Integer::floor_quotient) leaves; x%0 = 0.
    fn floor_remainder(self, divisor: Self) -> Self;
    /// The greatest common divisor of the magnitudes, wrapped.
    fn common_divisor(self, other: Self) -> Self;
    /// The number of bits that are set.
    fn ones(self) -> Self;
    /// `self` to the power of `exponent`, modulo 2^n; a negative exponent truncates the inverse.
    fn power(self, exponent: Self) -> Self;
    /// Zero for a count outside 0..width.
    fn shift_left(self, count: Self) -> Self;
    /// Arithmetic on signed types; for a count outside 0..width all bits are the sign bit.
    fn shift_right(self, count: Self) -> Self;
    /// The absolute value; MIN for MIN.
    fn magnitude(self) -> Self;
    /// -1, 0 or 1.
    fn sign(self) -> Self;

    #[inline(always)]
    fn is_negative(self) -> bool {
        self < Self::default()
    }
}

macro_rules! integer {
    ($($type:ty)*) => {$(
        impl Integer for $type {
            #[inline(always)]
            fn remainder(self, divisor: $type) -> $type {
                let rest = self.wrapping_sub(self.quotient(divisor).wrapping_mul(divisor));
                if divisor == 0 { 0 } else { rest }
            }

            #[inline(always)]
            fn floor_quotient(self, divisor: $type) -> $type {
                let quotient = self.quotient(divisor);
                let rest = self.wrapping_sub(quotient.wrapping_mul(divisor));
                let is_above = (rest != 0) & (divisor != 0) & Integer::is_negative(self ^ divisor);
                quotient.wrapping_sub(<$type>::from(is_above))
            }

            #[inline(always)]
            fn floor_remainder(self, divisor: $type) -> $type {
                let rest = self.wrapping_sub(self.quotient(divisor).wrapping_mul(divisor));
                let is_below = (rest != 0) & Integer::is_negative(self ^ divisor);
                let moved = if is_below { rest.wrapping_add(divisor) } else { rest };
                if divisor == 0 { 0 } else { moved }
            }

            #[inline(always)]
            fn common_divisor(self, other: $type) -> $type {
                let [a, b] = [self, other].map(|x| {
                    if Integer::is_negative(x) { (x as i64).unsigned_abs() } else { x as u64 }
                });
                greatest_common_divisor(a, b) as $type
            }

            #[inline(always)]
            fn ones(self) -> $type {
                self.count_ones() as $type
            }

            #[inline(always)]
            fn power(self, exponent: $type) -> $type {
                if Integer::is_negative(exponent) {
                    inverse_power(self as i64, exponent as i64) as $type
                } else {
                    wrapping_power(self as u64, exponent as u64) as $type
                }
            }

            #[inline(always)]
            fn shift_left(self, count: $type) -> $type {
                let shifted = self.wrapping_shl(count as u32);
                if (count as u64) < u64::from(<$type>::BITS) { shifted } else { 0 }
            }

            #[inline(always)]
            fn shift_right(self, count: $type) -> $type {
                let sign_bits = if Integer::is_negative(self) { !0 } else { 0 };
                let shifted = self.wrapping_shr(count as u32);
                if (count as u64) < u64::from(<$type>::BITS) { shifted } else { sign_bits }
            }

            #[inline(always)]
            fn magnitude(self) -> $type {
                if Integer::is_negative(self) { self.wrapping_neg() } else { self }
            }

            #[inline(always)]
            fn sign(self) -> $type {
                if Integer::is_negative(self) { !0 } else { <$type>::from(self != 0) }
            }
        }
    )*};
}

integer!(i8 i16 i32 i64 u8 u16 u32 u64);

/// `base` to the power of `exponent` modulo 2^64 by repeated squaring; the low bits of the result
/// are right for every narrower type.
fn wrapping_power(mut base: u64, mut exponent: u64) -> u64 {
    let mut result = 1u64;
    while exponent != 0 {
        if exponent & 1 != 0 {
            result = result.wrapping_mul(base);
        }
        base = base.wrapping_mul(base);
        exponent >>= 1;
    }
    result
}

/// By Euclid's algorithm.
fn greatest_common_divisor(mut a: u64, mut b: u64) -> u64 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

/// The truncated inverse of `base` to the power of -`exponent`: non-zero only for ±1.
fn inverse_power(base: i64, exponent: i64) -> i64 {
    match base {
        1 => 1,
        -1 if exponent & 1 != 0 => -1,
        -1 => 1,
        _ => 0,
    }
}

struct DivideInt;
struct RemainderInt;
struct FloorDivideInt;
struct FloorRemainderInt;
struct CommonDivisor;
struct Ones;
struct PowerInt;
pub(super) struct ShiftLeft;
pub(super) struct ShiftRight;
struct Magnitude;
struct SignInt;
pub(super) struct BitAnd;
pub(super) struct BitOr;
pub(super) struct BitXor;
pub(super) struct BitNot;

impl<T: Integer> BinaryFn<T> for DivideInt {
    type Out = T;
    #[inline(always)]
    fn apply(x: T, y: T) -> T {
        x.quotient(y)
    }
}

impl<T: Integer> BinaryFn<T> for RemainderInt {
    type Out = T;
    #[inline(always)]
    fn apply(x: T, y: T) -> T {
        x.remainder(y)
    }
}

impl<T: Integer> BinaryFn<T> for FloorDivideInt {
    type Out = T;
    #[inline(always)]
    fn apply(x: T, y: T) -> T {
        x.floor_quotient(y)
    }
}

impl<T: Integer> BinaryFn<T> for FloorRemainderInt {
    type Out = T;
    #[inline(always)]
    fn apply(x: T, y: T) -> T {
        x.floor_remainder(y)
    }
}

impl<T: Integer> BinaryFn<T> for CommonDivisor {
    type Out = T;
    #[inline(always)]
    fn apply(x: T, y: T) -> T {
        x.common_divisor(y)
    }
}

impl<T: Integer> UnaryFn<T> for Ones {
    type Out = T;
    #[inline(always)]
    fn apply(x: T) -> T {
        x.ones()
    }
}

impl<T: Integer> BinaryFn<T> for PowerInt {
    type Out = T;
    #[inline(always)]
    fn apply(x: T, y: T) -> T {
        x.power(y)
    }
}

impl<T: Integer> BinaryFn<T> for ShiftLeft {
    type Out = T;
    #[inline(always)]
    fn apply(x: T, y: T) -> T {
        x.shift_left(y)
    }
}

impl<T: Integer> BinaryFn<T> for ShiftRight {
    type Out = T;
    #[inline(always)]
    fn apply(x: T, y: T) -> T {
        x.shift_right(y)
    }
}

impl<T: Integer> UnaryFn<T> for Magnitude {
    type Out = T;
    #[inline(always)]
    fn apply(x: T) -> T {
        x.magnitude()
    }
}

impl<T: Integer> UnaryFn<T> for SignInt {
    type Out = T;
    #[inline(always)]
    fn apply(x: T) -> T {
        x.sign()
    }
}

impl<T: Copy + ops::BitAnd<Output = T>> BinaryFn<T> for BitAnd {
    type Out = T;
    #[inline(always)]
    fn apply(x: T, y: T) -> T {
        x & y
    }
}

impl<T: Copy + ops::BitOr<Output = T>> BinaryFn<T> for BitOr {
    type Out = T;
    #[inline(always)]
    fn apply(x: T, y: T) -> T {
        x | y
    }
}

impl<T: Copy + ops::BitXor<Output = T>> BinaryFn<T> for BitXor {
    type Out = T;
    #[inline(always)]
    fn apply(x: T, y: T) -> T {
        x ^ y
    }
}

impl<T: Copy + ops::Not<Output = T>> UnaryFn<T> for BitNot {
    type Out = T;
    #[inline(always)]
    fn apply(x: T) -> T {
        !x
    }
}

/// The kernel of `op` on an integer dtype.
pub(super) fn unary(op: UnaryOp, dtype: Dtype, level: Level) -> Option<Kernel> {
    if is_identity(op, dtype) {
        return copy(dtype, level);
    }
    match dtype {
        Dtype::Int8 | Dtype::UInt8 => unary_of_bits::<u8>(op, level),
        Dtype::Int16 | Dtype::UInt16 => unary_of_bits::<u16>(op, level),
        Dtype::Int32 | Dtype::UInt32 => unary_of_bits::<u32>(op, level),
        Dtype::Int64 | Dtype::UInt64 => unary_of_bits::<u64>(op, level),
        Dtype::Bool
        | Dtype::Float32
        | Dtype::Float64
        | Dtype::Complex64
        | Dtype::Complex128
        | Dtype::String
        | Dtype::Bytes => None,
    }
    .or_else(|| match dtype {
        Dtype::Int8 => unary_of::<i8>(op, level),
        Dtype::Int16 => unary_of::<i16>(op, level),
        Dtype::Int32 => unary_of::<i32>(op, level),
        Dtype::Int64 => unary_of::<i64>(op, level),
        Dtype::UInt8 => unary_of::<u8>(op, level),
        Dtype::UInt16 => unary_of::<u16>(op, level),
        Dtype::UInt32 => unary_of::<u32>(op, level),
        Dtype::UInt64 => unary_of::<u64>(op, level),
        Dtype::Bool
        | Dtype::Float32
        | Dtype::Float64
        | Dtype::Complex64
        | Dtype::Complex128
        | Dtype::String
        | Dtype::Bytes => None,
    })
}

/// Whether `op` gives an integer back as it is.
fn is_identity(op: UnaryOp, dtype: Dtype) -> bool {
    match op {
        UnaryOp::Real | UnaryOp::Conj => true,
        UnaryOp::Floor | UnaryOp::Ceil | UnaryOp::Trunc | UnaryOp::Round | UnaryOp::Rint => true,
        UnaryOp::Abs => dtype.is_unsigned(),
        _ => false,
    }
}

/// Operations that do the same to the bits of signed and unsigned elements.
fn unary_of_bits<T>(op: UnaryOp, level: Level) -> Option<Kernel>
where
    T: Integer,
    Wrapping<T>: ops::Neg<Output = Wrapping<T>> + ops::Mul<Output = Wrapping<T>>,
    T: ops::Not<Output = T>,
{
    match op {
        UnaryOp::Neg => Some(unary_kernel::<Neg, Wrapping<T>>(level)),
        UnaryOp::BitNot => Some(unary_kernel::<BitNot, T>(level)),
        UnaryOp::Square => Some(unary_kernel::<Square, Wrapping<T>>(level)),
        UnaryOp::Imag => Some(unary_kernel::<Zero, T>(level)),
        UnaryOp::CountOnes => Some(unary_kernel::<Ones, T>(level.of_rare_loops())),
        _ => None,
    }
}

fn unary_of<T: Integer + Cast<f64>>(op: UnaryOp, level: Level) -> Option<Kernel>
where
    f64: Cast<T>,
{
    match op {
        UnaryOp::Abs => Some(unary_kernel::<Magnitude, T>(level)),
        UnaryOp::Sign => Some(unary_kernel::<SignInt, T>(level)),
        UnaryOp::Factorial => Some(through_float::factorial::<T>()),
        _ => None,
    }
}

/// The kernel of `op` on an integer dtype. Functions of real arguments exist for two arrays only.
pub(super) fn binary(op: BinaryOp, dtype: Dtype, operands: Operands, level: Level) -> Option<Kernel> {
    let op = match op {
        BinaryOp::FloorDiv if dtype.is_unsigned() => BinaryOp::Div,
        BinaryOp::FloorMod if dtype.is_unsigned() => BinaryOp::Rem,
        _ => op,
    };
    match dtype {
        Dtype::Int8 | Dtype::UInt8 => binary_of_bits::<u8>(op, operands, level),
        Dtype::Int16 | Dtype::UInt16 => binary_of_bits::<u16>(op, operands, level),
        Dtype::Int32 | Dtype::UInt32 => binary_of_bits::<u32>(op, operands, level),
        Dtype::Int64 | Dtype::UInt64 => binary_of_bits::<u64>(op, operands, level),
        Dtype::Bool
        | Dtype::Float32
        | Dtype::Float64
        | Dtype::Complex64
        | Dtype::Complex128
        | Dtype::String
        | Dtype::Bytes => None,
    }
    .or_else(|| match dtype {
        Dtype::Int8 => binary_of::<i8>(op, operands, level),
        Dtype::Int16 => binary_of::<i16>(op, operands, level),
        Dtype::Int32 => binary_of::<i32>(op, operands, level),
        Dtype::Int64 => binary_of::<i64>(op, operands, level),
        Dtype::UInt8 => binary_of::<u8>(op, operands, level),
        Dtype::UInt16 => binary_of::<u16>(op, operands, level),
        Dtype::UInt32 => binary_of::<u32>(op, operands, level),
        Dtype::UInt64 => binary_of::<u64>(op, operands, level),
        Dtype::Bool
        | Dtype::Float32
        | Dtype::Float64
        | Dtype::Complex64
        | Dtype::Complex128
        | Dtype::String
        | Dtype::Bytes => None,
    })
}

/// Operations that do the same to the bits of signed and unsigned elements.
fn binary_of_bits<T>(op: BinaryOp, operands: Operands, level: Level) -> Option<Kernel>
where
    T: Integer + ops::BitAnd<Output = T> + ops::BitOr<Output = T> + ops::BitXor<Output = T>,
    Wrapping<T>: ops::Add<Output = Wrapping<T>>,
    Wrapping<T>: ops::Sub<Output = Wrapping<T>>,
    Wrapping<T>: ops::Mul<Output = Wrapping<T>>,
{
    match op {
        BinaryOp::Add => Some(commuting_kernel::<Add, Wrapping<T>>(operands, level)),
        BinaryOp::Sub => Some(binary_kernel::<Sub, Wrapping<T>>(operands, level)),
        BinaryOp::Mul => Some(commuting_kernel::<Mul, Wrapping<T>>(operands, level)),
        BinaryOp::BitAnd => Some(commuting_kernel::<BitAnd, T>(operands, level)),
        BinaryOp::BitOr => Some(commuting_kernel::<BitOr, T>(operands, level)),
        BinaryOp::BitXor => Some(commuting_kernel::<BitXor, T>(operands, level)),
        BinaryOp::Shl => array_first_kernel::<ShiftLeft, T>(operands, level),
        _ => None,
    }
}

fn binary_of<T: Integer + Ordered + Cast<f64>>(
    op: BinaryOp,
    operands: Operands,
    level: Level,
) -> Option<Kernel>
where
    f64: Cast<T>,
{
    // No level has vectors of 64-bit quotients: one serves all.
    let level_of_quotients = if size_of::<T>() == 8 { Level::Baseline } else { level };
    match op {
        BinaryOp::Div => array_first_kernel::<DivideInt, T>(operands, level_of_quotients),
        BinaryOp::Rem => array_first_kernel::<RemainderInt, T>(operands, level_of_quotients.of_rare_loops()),
        BinaryOp::FloorDiv => {
            array_first_kernel::<FloorDivideInt, T>(operands, level_of_quotients.of_rare_loops())
        }
        BinaryOp::FloorMod => {
            array_first_kernel::<FloorRemainderInt, T>(operands, level_of_quotients.of_rare_loops())
        }
        BinaryOp::Minimum => Some(commuting_kernel::<Minimum, T>(operands, level)),
        BinaryOp::Maximum => Some(commuting_kernel::<Maximum, T>(operands, level)),
        // As the power.
        BinaryOp::Gcd => Some(commuting_kernel::<CommonDivisor, T>(operands, Level::Baseline)),
        BinaryOp::Shr => array_first_kernel::<ShiftRight, T>(operands, level.of_rare_loops()),
        // A loop per element does not vectorise: one level serves all.
        BinaryOp::Pow => Some(binary_kernel::<PowerInt, T>(operands, Level::Baseline)),
        _ => through_float::binary::<T>(op, operands),
    }
}
