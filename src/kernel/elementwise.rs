//! The loops that every element-wise kernel is made of, compiled once per instruction-set level.
//!
//! An operation is a zero-sized type with an `apply` for one element. A loop applies it to whole
//! slices; the compiler vectorises the loop for the features of the level it is compiled for.

use std::marker::PhantomData;
use std::mem::MaybeUninit;

use super::element::Packed;
use super::level::Level;
use super::{Kernel, LastTwo, Operands};

/// An operation on one element.
pub(super) trait UnaryFn<A: Copy> {
    type Out: Copy;
    fn apply(x: A) -> Self::Out;
}

/// An operation on two elements of one type.
pub(super) trait BinaryFn<T: Copy> {
    type Out: Copy;
    fn apply(x: T, y: T) -> Self::Out;
}

/// An operation on three elements; the last two have one type.
pub(super) trait TernaryFn<A: Copy, B: Copy> {
    type Out: Copy;
    fn apply(x: A, y: B, z: B) -> Self::Out;
}

/// How an operand is read: [`Each`] or [`Same`].
pub(super) trait Access {
    type View<'a, T: Copy + 'a>: Copy;

    /// # Safety
    /// `items` must be valid for reading as many elements as the access needs for `n` items, for
    /// the whole life of the view, and aligned for `T`.
    unsafe fn view<'a, T: Copy + 'a>(items: *const u8, n: usize) -> Self::View<'a, T>;

    /// # Safety
    /// `index` must be below the `n` that the view was made for.
    unsafe fn item<T: Copy>(view: Self::View<'_, T>, index: usize) -> T;

    /// The elements from `index` on.
    ///
    /// # Safety
    /// The view must hold a whole vector of items from `index` on.
    unsafe fn vector<T: Packed>(view: Self::View<'_, T>, index: usize) -> T::Vector;
}

/// An array operand: one element for each item.
pub(super) struct Each;

/// A scalar operand: the same element for all items.
pub(super) struct Same;

impl Access for Each {
    type View<'a, T: Copy + 'a> = &'a [T];

    #[inline(always)]
    unsafe fn view<'a, T: Copy + 'a>(items: *const u8, n: usize) -> &'a [T] {
        // SAFETY: the caller promises `n` readable, aligned elements.
        unsafe { std::slice::from_raw_parts(items.cast::<T>(), n) }
    }

    #[inline(always)]
    unsafe fn item<T: Copy>(view: &[T], index: usize) -> T {
        // SAFETY: the caller promises an index below the length of the view.
        unsafe { *view.get_unchecked(index) }
    }

    #[inline(always)]
    unsafe fn vector<T: Packed>(view: &[T], index: usize) -> T::Vector {
        // SAFETY: the caller promises as many elements as the vector has.
        unsafe { view.as_ptr().add(index).cast::<T::Vector>().read_unaligned() }
    }
}

impl Access for Same {
    type View<'a, T: Copy + 'a> = T;

    #[inline(always)]
    unsafe fn view<'a, T: Copy + 'a>(items: *const u8, _n: usize) -> T {
        // SAFETY: the caller promises one readable, aligned element.
        unsafe { *items.cast::<T>() }
    }

    #[inline(always)]
    unsafe fn item<T: Copy>(view: T, _index: usize) -> T {
        view
    }

    #[inline(always)]
    unsafe fn vector<T: Packed>(view: T, _index: usize) -> T::Vector {
        view.splat()
    }
}

/// A whole kernel as a type, so that one generic wrapper per level compiles it.
pub(super) trait Loop {
    /// # Safety
    /// The contract of [`Kernel`]; for `n` = 0 no pointer is used.
    unsafe fn run(out: *mut u8, a: *const u8, b: *const u8, c: *const u8, n: usize);
}

struct UnaryLoop<F, A, X>(PhantomData<(F, A, X)>);
struct BinaryLoop<F, T, X, Y>(PhantomData<(F, T, X, Y)>);
struct TernaryLoop<F, A, B, Y, Z>(PhantomData<(F, A, B, Y, Z)>);

impl<A: Copy, F: UnaryFn<A>, X: Access> Loop for UnaryLoop<F, A, X> {
    #[inline(always)]
    unsafe fn run(out: *mut u8, a: *const u8, _b: *const u8, _c: *const u8, n: usize) {
        // SAFETY: the kernel contract: `n` elements at `out`, as many as the access needs at `a`,
        // without overlap.
        unsafe {
            let x = X::view::<A>(a, n);
            map_one::<F, A, X>(output(out, n), x);
        }
    }
}

impl<T: Copy, F: BinaryFn<T>, X: Access, Y: Access> Loop for BinaryLoop<F, T, X, Y> {
    #[inline(always)]
    unsafe fn run(out: *mut u8, a: *const u8, b: *const u8, _c: *const u8, n: usize) {
        // SAFETY: the kernel contract: `n` elements at `out`, as many as the accesses need at `a`
        // and `b`, without overlap.
        unsafe {
            let (x, y) = (X::view::<T>(a, n), Y::view::<T>(b, n));
            map_two::<F, T, X, Y>(output(out, n), x, y);
        }
    }
}

impl<A, B, F, Y, Z> Loop for TernaryLoop<F, A, B, Y, Z>
where
    A: Copy,
    B: Copy,
    F: TernaryFn<A, B>,
    Y: Access,
    Z: Access,
{
    #[inline(always)]
    unsafe fn run(out: *mut u8, a: *const u8, b: *const u8, c: *const u8, n: usize) {
        // SAFETY: the kernel contract: `n` elements at `out` and `a`, as many as the accesses need
        // at `b` and `c`, without overlap.
        unsafe {
            let (x, y, z) = (Each::view::<A>(a, n), Y::view::<B>(b, n), Z::view::<B>(c, n));
            map_three::<F, A, B, Y, Z>(output(out, n), x, y, z);
        }
    }
}

/// The loop `L` over the parts of complex elements, two for each item.
struct PartLoop<L>(PhantomData<L>);

impl<L: Loop> Loop for PartLoop<L> {
    #[inline(always)]
    unsafe fn run(out: *mut u8, a: *const u8, b: *const u8, c: *const u8, n: usize) {
        // SAFETY: `n` complex elements lie in memory as `2 * n` parts, which fit the address space.
        unsafe { L::run(out, a, b, c, 2 * n) }
    }
}

/// The result block as a slice; its elements may be uninitialised, they are only written.
///
/// # Safety
/// `out` must be valid for writing `n` elements, aligned for `R`, and not overlap an operand.
#[inline(always)]
pub(super) unsafe fn output<'a, R>(out: *mut u8, n: usize) -> &'a mut [MaybeUninit<R>] {
    // SAFETY: promised by the caller.
    unsafe { std::slice::from_raw_parts_mut(out.cast(), n) }
}

/// # Safety
/// The view must be made for at least `out.len()` items.
#[inline(always)]
unsafe fn map_one<F: UnaryFn<A>, A: Copy, X: Access>(out: &mut [MaybeUninit<F::Out>], x: X::View<'_, A>) {
    for (index, result) in out.iter_mut().enumerate() {
        // SAFETY: `index` is below the length of `out`.
        let x = unsafe { X::item(x, index) };
        result.write(F::apply(x));
    }
}

/// # Safety
/// The views must be made for at least `out.len()` items.
#[inline(always)]
unsafe fn map_two<F: BinaryFn<T>, T: Copy, X: Access, Y: Access>(
    out: &mut [MaybeUninit<F::Out>],
    x: X::View<'_, T>,
    y: Y::View<'_, T>,
) {
    for (index, result) in out.iter_mut().enumerate() {
        // SAFETY: `index` is below the length of `out`.
        let (x, y) = unsafe { (X::item(x, index), Y::item(y, index)) };
        result.write(F::apply(x, y));
    }
}

/// # Safety
/// The views must be made for at least `out.len()` items.
#[inline(always)]
unsafe fn map_three<F: TernaryFn<A, B>, A: Copy, B: Copy, Y: Access, Z: Access>(
    out: &mut [MaybeUninit<F::Out>],
    x: &[A],
    y: Y::View<'_, B>,
    z: Z::View<'_, B>,
) {
    for (index, result) in out.iter_mut().enumerate() {
        // SAFETY: `index` is below the length of `out`.
        let (x, y, z) = unsafe { (Each::item(x, index), Y::item(y, index), Z::item(z, index)) };
        result.write(F::apply(x, y, z));
    }
}

#[inline(never)] // `exchanged_baseline` jumps to it
unsafe fn baseline<L: Loop>(out: *mut u8, a: *const u8, b: *const u8, c: *const u8, n: usize) {
    // SAFETY: the caller keeps the contract of `Kernel`.
    unsafe { L::run(out, a, b, c, n) }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma,bmi1,bmi2")]
unsafe fn avx2<L: Loop>(out: *mut u8, a: *const u8, b: *const u8, c: *const u8, n: usize) {
    // SAFETY: the caller keeps the contract of `Kernel`.
    unsafe { L::run(out, a, b, c, n) }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma,bmi1,bmi2,avx512f,avx512bw,avx512cd,avx512dq,avx512vl")]
unsafe fn avx512<L: Loop>(out: *mut u8, a: *const u8, b: *const u8, c: *const u8, n: usize) {
    // SAFETY: the caller keeps the contract of `Kernel`.
    unsafe { L::run(out, a, b, c, n) }
}

/// The loop `L` compiled for `level`, which the machine must support.
pub(super) fn compiled<L: Loop>(level: Level) -> Kernel {
    match level {
        #[cfg(target_arch = "x86_64")]
        Level::Avx512 => avx512::<L>,
        #[cfg(target_arch = "x86_64")]
        Level::Avx2 => avx2::<L>,
        _ => baseline::<L>,
    }
}

/// The loop `L` for `level` with its first two operands exchanged: a jump, not a second loop.
fn exchanged<L: Loop>(level: Level) -> Kernel {
    match level {
        #[cfg(target_arch = "x86_64")]
        Level::Avx512 => exchanged_avx512::<L>,
        #[cfg(target_arch = "x86_64")]
        Level::Avx2 => exchanged_avx2::<L>,
        _ => exchanged_baseline::<L>,
    }
}

unsafe fn exchanged_baseline<L: Loop>(out: *mut u8, a: *const u8, b: *const u8, c: *const u8, n: usize) {
    // SAFETY: the caller keeps the contract of `Kernel`.
    unsafe { baseline::<L>(out, b, a, c, n) }
}

/// Has not the features of the level, so the loop is never made part of it.
#[cfg(target_arch = "x86_64")]
unsafe fn exchanged_avx2<L: Loop>(out: *mut u8, a: *const u8, b: *const u8, c: *const u8, n: usize) {
    // SAFETY: the caller keeps the contract of `Kernel`.
    unsafe { avx2::<L>(out, b, a, c, n) }
}

/// As `exchanged_avx2`.
#[cfg(target_arch = "x86_64")]
unsafe fn exchanged_avx512<L: Loop>(out: *mut u8, a: *const u8, b: *const u8, c: *const u8, n: usize) {
    // SAFETY: the caller keeps the contract of `Kernel`.
    unsafe { avx512::<L>(out, b, a, c, n) }
}

/// The kernel `out[i] = F(a[i])`.
pub(super) fn unary_kernel<F: UnaryFn<A>, A: Copy>(level: Level) -> Kernel {
    unary_kernel_of::<F, A, Each>(level)
}

/// The kernel `out[i] = F(a[i])`, the operand read as `X` says.
pub(super) fn unary_kernel_of<F: UnaryFn<A>, A: Copy, X: Access>(level: Level) -> Kernel {
    compiled::<UnaryLoop<F, A, X>>(level)
}

/// The kernel `out[i] = F(a[i], b[i])`, either operand possibly a scalar.
pub(super) fn binary_kernel<F: BinaryFn<T>, T: Copy>(operands: Operands, level: Level) -> Kernel {
    match operands {
        Operands::ArrayArray => binary_kernel_of::<F, T, Each, Each>(level),
        Operands::ArrayScalar => binary_kernel_of::<F, T, Each, Same>(level),
        Operands::ScalarArray => binary_kernel_of::<F, T, Same, Each>(level),
    }
}

/// The kernel `out[i] = F(a[i], b[i])` for an `F` with `F(x, y)` = `F(y, x)`.
pub(super) fn commuting_kernel<F: BinaryFn<T>, T: Copy>(operands: Operands, level: Level) -> Kernel {
    match operands {
        Operands::ScalarArray => exchanged::<BinaryLoop<F, T, Each, Same>>(level),
        _ => binary_kernel::<F, T>(operands, level),
    }
}

/// The kernel `out[i] = F(b[i], a[i])`, either operand possibly a scalar.
pub(super) fn mirrored_kernel<F: BinaryFn<T>, T: Copy>(operands: Operands, level: Level) -> Kernel {
    match operands {
        Operands::ArrayArray => exchanged::<BinaryLoop<F, T, Each, Each>>(level),
        Operands::ArrayScalar => exchanged::<BinaryLoop<F, T, Same, Each>>(level),
        Operands::ScalarArray => exchanged::<BinaryLoop<F, T, Each, Same>>(level),
    }
}

/// The kernel `out[i] = F(a[i], b[i])` unless the first operand is a scalar: seldom wanted, and an array can take
/// its place.
pub(super) fn array_first_kernel<F: BinaryFn<T>, T: Copy>(
    operands: Operands,
    level: Level,
) -> Option<Kernel> {
    (operands != Operands::ScalarArray).then(|| binary_kernel::<F, T>(operands, level))
}

/// The kernel `out[i] = F(a[i], b[i])`, the operands read as `X` and `Y` say.
pub(super) fn binary_kernel_of<F: BinaryFn<T>, T: Copy, X: Access, Y: Access>(level: Level) -> Kernel {
    compiled::<BinaryLoop<F, T, X, Y>>(level)
}

/// The kernel `out[i] = F(a[i], b[i])` on two arrays of complex elements, where `F` does the same
/// to both parts: plain loops over the parts vectorise better than loops over pairs.
pub(super) fn part_by_part<F: BinaryFn<T>, T: Copy>(level: Level) -> Kernel {
    compiled::<PartLoop<BinaryLoop<F, T, Each, Each>>>(level)
}

/// The kernel `out[i] = F(a[i], b[i], c[i])`, `b` and `c` possibly scalars.
pub(super) fn ternary_kernel<F: TernaryFn<A, B>, A: Copy, B: Copy>(
    operands: LastTwo,
    level: Level,
) -> Kernel {
    match operands {
        LastTwo::ArrayArray => ternary_kernel_of::<F, A, B, Each, Each>(level),
        LastTwo::ArrayScalar => ternary_kernel_of::<F, A, B, Each, Same>(level),
        LastTwo::ScalarArray => ternary_kernel_of::<F, A, B, Same, Each>(level),
        LastTwo::ScalarScalar => ternary_kernel_of::<F, A, B, Same, Same>(level),
    }
}

/// The kernel `out[i] = F(a[i], b[i], c[i])`, the last two operands read as `Y` and `Z` say.
pub(super) fn ternary_kernel_of<F: TernaryFn<A, B>, A: Copy, B: Copy, Y: Access, Z: Access>(
    level: Level,
) -> Kernel {
    compiled::<TernaryLoop<F, A, B, Y, Z>>(level)
}
