//! Vector kernels: typed loops over contiguous elements, chosen once by dtype and SIMD level.
//!
//! A kernel reads up to three operands and writes one result, `n` elements each. The functions of
//! this module look kernels up; the interpreter calls them block by block.

pub mod level;
pub mod math;
pub mod reduce;
pub mod string;

/// A type-erased element-wise kernel: `(out, a, b, c, n)`.
///
/// # Safety
/// `out` must be valid for writing `n` elements of the result dtype and the operands for reading
/// `n` elements of the operand dtype (one element for a scalar operand, see [`Operands`]), all of
/// them aligned for their dtype. `out` must not overlap any operand. Unused operands may be null.
pub type Kernel = unsafe fn(out: *mut u8, a: *const u8, b: *const u8, c: *const u8, n: usize);

/// Which operands of a two-operand kernel are arrays and which one scalar for all items.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Operands {
    ArrayArray,
    ArrayScalar,
    ScalarArray,
}

/// How transcendental functions are computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Accuracy {
    /// At most 3.5 units in the last place: the default.
    Fast,
    /// At most 1 unit in the last place.
    Precise,
    /// One element at a time through the scalar math library.
    Scalar,
}
