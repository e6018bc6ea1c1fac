//! Operations on single values, computed by the kernels of blocks: what the compiler folds is what the
//! engine computes.

use crate::dtype::{Dtype, Scalar};
use crate::ir::{BinaryOp, CompareOp, UnaryOp};
use crate::kernel::level::Level;
use crate::kernel::{self, Accuracy, Kernel, Operands};

/// `op(a)` of a value of `dtype`; `None` for operations that the dtype does not have.
pub fn unary(op: UnaryOp, dtype: Dtype, a: Scalar) -> Option<Scalar> {
    let result = match op {
        UnaryOp::Abs | UnaryOp::Real | UnaryOp::Imag => dtype.component(),
        _ => dtype,
    };
    let kernel = kernel::unary(op, dtype, Accuracy::Scalar, Level::current())?;
    // SAFETY: the kernel is of this level, its operand has `dtype`, its result has `result`.
    Some(unsafe { apply(kernel, dtype, [a; 3], result) })
}

/// `op(a, b)` of values of `dtype`; `None` for operations that the dtype does not have.
pub fn binary(op: BinaryOp, dtype: Dtype, a: Scalar, b: Scalar) -> Option<Scalar> {
    let kernel = kernel::binary(op, dtype, Operands::ArrayArray, Accuracy::Scalar, Level::current())?;
    // SAFETY: the kernel is of this level, operands and result have `dtype`.
    Some(unsafe { apply(kernel, dtype, [a, b, a], dtype) })
}

/// Whether `op` holds between values of `dtype`; `None` for comparisons that the dtype does not have.
pub fn compare(op: CompareOp, dtype: Dtype, a: Scalar, b: Scalar) -> Option<Scalar> {
    let kernel = kernel::compare(op, dtype, Operands::ArrayArray, Level::current())?;
    // SAFETY: the kernel is of this level, its operands have `dtype`, its result is bool.
    Some(unsafe { apply(kernel, dtype, [a, b, a], Dtype::Bool) })
}

/// a·b + c of values of `dtype`; `None` for complex dtypes.
pub fn fma(dtype: Dtype, operands: [Scalar; 3]) -> Option<Scalar> {
    let kernel = kernel::fma(dtype, Level::current())?;
    // SAFETY: the kernel is of this level, operands and result have `dtype`.
    Some(unsafe { apply(kernel, dtype, operands, dtype) })
}

/// Room for one element, aligned for every dtype.
#[repr(align(16))]
struct Element([u8; 16]);

/// # Safety
/// The machine supports the level of `kernel`, which takes up to three arrays of `dtype` and gives one
/// of `result`.
unsafe fn apply(kernel: Kernel, dtype: Dtype, operands: [Scalar; 3], result: Dtype) -> Scalar {
    let [a, b, c] = operands.map(|operand| Element(operand.to_bytes(dtype)));
    let mut out = Element([0; 16]);
    // SAFETY: each array has one aligned element, and the result lies apart.
    unsafe { kernel(out.0.as_mut_ptr(), a.0.as_ptr(), b.0.as_ptr(), c.0.as_ptr(), 1) };
    Scalar::from_bytes(&out.0, result)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_go_through_the_kernels_of_their_dtype() {
        let int = Scalar::Int;
        assert_eq!(binary(BinaryOp::Div, Dtype::Int32, int(7), int(0)), Some(int(0)));
        assert_eq!(binary(BinaryOp::Add, Dtype::UInt8, int(200), int(100)), Some(int(44)));
        assert_eq!(
            binary(BinaryOp::Div, Dtype::UInt64, int(u64::MAX.into()), int(2)),
            Some(int((u64::MAX / 2).into()))
        );
        let float = Scalar::Float;
        let sum = binary(BinaryOp::Add, Dtype::Float32, float(16777216.0), float(1.0));
        assert_eq!(sum, Some(float(16777216.0)));
        assert_eq!(compare(CompareOp::Lt, Dtype::Int8, int(-1), int(1)), Some(Scalar::Bool(true)));
        assert_eq!(unary(UnaryOp::BitNot, Dtype::Bool, Scalar::Bool(true)), Some(Scalar::Bool(false)));
        assert_eq!(fma(Dtype::Float64, [float(2.0), float(3.0), float(1.0)]), Some(float(7.0)));
        assert_eq!(compare(CompareOp::Lt, Dtype::Complex64, int(1), int(1)), None);
    }
}
