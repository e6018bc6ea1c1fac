//! Short operations in WebAssembly, several vectors in each pass of the loop.
//!
//! Counting takes longer there than an addition of one vector, and nobody unrolls the loops of
//! `elementwise`: the compiler leaves that to the engine, the engine to the compiler. Elsewhere the loops are
//! those of `elementwise`.

use std::hint::black_box;
use std::marker::PhantomData;
use std::mem::MaybeUninit;

use super::element::Packed;
use super::elementwise::{
    Access, BinaryFn, Each, Loop, Same, TernaryFn, binary_kernel_of, compiled, output, ternary_kernel_of,
};
use super::level::Level;
use super::{Kernel, LastTwo, Operands};

/// An operation on two elements, or on two vectors.
pub(super) trait PackedBinaryFn<T: Packed>:
    BinaryFn<T, Out = T> + BinaryFn<T::Vector, Out = T::Vector>
{
}
impl<T: Packed, F: BinaryFn<T, Out = T> + BinaryFn<T::Vector, Out = T::Vector>> PackedBinaryFn<T> for F {}

/// An operation on three elements, or on three vectors.
pub(super) trait PackedTernaryFn<T: Packed>:
    TernaryFn<T, T, Out = T> + TernaryFn<T::Vector, T::Vector, Out = T::Vector>
{
}
impl<T, F> PackedTernaryFn<T> for F
where
    T: Packed,
    F: TernaryFn<T, T, Out = T> + TernaryFn<T::Vector, T::Vector, Out = T::Vector>,
{
}

struct PackedBinaryLoop<F, T, X, Y>(PhantomData<(F, T, X, Y)>);
struct PackedTernaryLoop<F, T, Y, Z>(PhantomData<(F, T, Y, Z)>);

impl<T: Packed, F: PackedBinaryFn<T>, X: Access, Y: Access> Loop for PackedBinaryLoop<F, T, X, Y> {
    #[inline(always)]
    unsafe fn run(out: *mut u8, a: *const u8, b: *const u8, _c: *const u8, n: usize) {
        // SAFETY: the kernel contract: `n` elements at `out`, as many as the accesses need at `a` and `b`,
        // without overlap.
        unsafe {
            let (x, y) = (X::view::<T>(a, n), Y::view::<T>(b, n));
            map(
                output(out, n),
                |index| F::apply(X::vector(x, index), Y::vector(y, index)),
                |index| F::apply(X::item(x, index), Y::item(y, index)),
            );
        }
    }
}

impl<T: Packed, F: PackedTernaryFn<T>, Y: Access, Z: Access> Loop for PackedTernaryLoop<F, T, Y, Z> {
    #[inline(always)]
    unsafe fn run(out: *mut u8, a: *const u8, b: *const u8, c: *const u8, n: usize) {
        // SAFETY: the kernel contract: `n` elements at `out` and `a`, as many as the accesses need at `b` and
        // `c`, without overlap.
        unsafe {
            let (x, y, z) = (Each::view::<T>(a, n), Y::view::<T>(b, n), Z::view::<T>(c, n));
            map(
                output(out, n),
                |index| F::apply(Each::vector(x, index), Y::vector(y, index), Z::vector(z, index)),
                |index| F::apply(Each::item(x, index), Y::item(y, index), Z::item(z, index)),
            );
        }
    }
}

/// `out[i] = item(i)`, where `vector(i)` gives the elements from `i` on.
#[inline(always)]
fn map<T: Packed>(
    out: &mut [MaybeUninit<T>],
    vector: impl Fn(usize) -> T::Vector,
    item: impl Fn(usize) -> T,
) {
    const VECTORS: usize = 4;
    let lanes = size_of::<T::Vector>() / size_of::<T>();
    let whole = out.len() - out.len() % (VECTORS * lanes);
    for start in (0..whole).step_by(VECTORS * lanes) {
        for index in [start, start + lanes, start + 2 * lanes, start + 3 * lanes] {
            // SAFETY: the vectors of a pass end within `out`.
            unsafe { out.as_mut_ptr().add(index).cast::<T::Vector>().write_unaligned(vector(index)) };
        }
    }
    for index in whole..out.len() {
        // Opaque: vectors of the few elements that are left would take more code than all the rest.
        let index = black_box(index);
        // SAFETY: it is the index of an element all the same.
        unsafe { out.get_unchecked_mut(index).write(item(index)) };
    }
}

/// The kernel `out[i] = F(a[i], b[i])`, the operands read as `X` and `Y` say.
pub(super) fn packed_binary_of<F: PackedBinaryFn<T>, T: Packed, X: Access, Y: Access>(
    level: Level,
) -> Kernel {
    if cfg!(target_family = "wasm") {
        compiled::<PackedBinaryLoop<F, T, X, Y>>(level)
    } else {
        binary_kernel_of::<F, T, X, Y>(level)
    }
}

/// The kernel `out[i] = F(a[i], b[i])`, either operand possibly a scalar.
pub(super) fn packed_binary<F: PackedBinaryFn<T>, T: Packed>(operands: Operands, level: Level) -> Kernel {
    match operands {
        Operands::ArrayArray => packed_binary_of::<F, T, Each, Each>(level),
        Operands::ArrayScalar => packed_binary_of::<F, T, Each, Same>(level),
        Operands::ScalarArray => packed_binary_of::<F, T, Same, Each>(level),
    }
}

/// The kernel `out[i] = F(a[i], b[i], c[i])`, the last two operands read as `Y` and `Z` say.
pub(super) fn packed_ternary_of<F: PackedTernaryFn<T>, T: Packed, Y: Access, Z: Access>(
    level: Level,
) -> Kernel {
    if cfg!(target_family = "wasm") {
        compiled::<PackedTernaryLoop<F, T, Y, Z>>(level)
    } else {
        ternary_kernel_of::<F, T, T, Y, Z>(level)
    }
}

/// The kernel `out[i] = F(a[i], b[i], c[i])`, `b` and `c` possibly scalars.
pub(super) fn packed_ternary<F: PackedTernaryFn<T>, T: Packed>(operands: LastTwo, level: Level) -> Kernel {
    match operands {
        LastTwo::ArrayArray => packed_ternary_of::<F, T, Each, Each>(level),
        LastTwo::ArrayScalar => packed_ternary_of::<F, T, Each, Same>(level),
        LastTwo::ScalarArray => packed_ternary_of::<F, T, Same, Each>(level),
        LastTwo::ScalarScalar => packed_ternary_of::<F, T, Same, Same>(level),
    }
}
