//! The loops around the formulas, compiled once for each instruction set; the last vector of an array is
//! loaded and stored in part.

use super::element::Element;
use super::float::{Float, Vector};
use super::formula::{Formula, Function};
use crate::kernel::Kernel;
use crate::kernel::level::Level;
use std::mem::MaybeUninit;

type Baseline<K> = <<K as Function>::Element as Element>::Baseline;
#[cfg(target_arch = "x86_64")]
type Avx2<K> = <<K as Function>::Element as Element>::Avx2;
#[cfg(target_arch = "x86_64")]
type Avx512<K> = <<K as Function>::Element as Element>::Avx512;

/// A function with a formula for every level.
pub trait VectorFunction: Function {
    /// The kernel that runs the formula on `level`.
    fn vector_kernel(level: Level) -> Kernel;
}

#[cfg(target_arch = "x86_64")]
impl<K> VectorFunction for K
where
    K: Formula<Baseline<K>> + Formula<Avx2<K>> + Formula<Avx512<K>>,
{
    fn vector_kernel(level: Level) -> Kernel {
        match level {
            Level::Avx512 => avx512_vectors::<K>,
            Level::Avx2 => avx2_vectors::<K>,
            Level::Baseline => baseline_kernel::<K>(),
        }
    }
}

#[cfg(not(target_arch = "x86_64"))]
impl<K> VectorFunction for K
where
    K: Formula<Baseline<K>>,
{
    fn vector_kernel(_: Level) -> Kernel {
        baseline_kernel::<K>()
    }
}

/// The kernel of [`Level::Baseline`].
fn baseline_kernel<K: Formula<Baseline<K>>>() -> Kernel {
    if K::NEEDS_FMA && !Baseline::<K>::FMA { scalar_kernel::<K> } else { baseline_vectors::<K> }
}

/// Runs `K`'s scalar function on each element.
///
/// # Safety
/// As [`Kernel`], for `K::OPERANDS` operands of `K::Element`.
pub unsafe fn scalar_kernel<K: Function>(out: *mut u8, a: *const u8, b: *const u8, c: *const u8, n: usize) {
    let (out, operands) = (out.cast::<K::Element>(), [a, b, c].map(|x| x.cast::<K::Element>()));
    for i in 0..n {
        let mut x = [K::Element::default(); 3];
        for (value, operand) in x.iter_mut().zip(operands).take(K::OPERANDS) {
            // SAFETY: the caller passes `OPERANDS` arrays of `n` elements, and `i < n`.
            *value = unsafe { *operand.add(i) };
        }
        // SAFETY: `out` has room for `n` elements, and `i < n`.
        unsafe { *out.add(i) = K::scalar(x) };
    }
}

/// # Safety
/// As [`Kernel`], for `K::OPERANDS` operands of `K::Element`.
unsafe fn baseline_vectors<K: Formula<Baseline<K>>>(
    out: *mut u8,
    a: *const u8,
    b: *const u8,
    c: *const u8,
    n: usize,
) {
    // SAFETY: the caller's promise is passed on.
    unsafe { run_vectors::<K, Baseline<K>>(out.cast(), [a.cast(), b.cast(), c.cast()], n) }
}

/// # Safety
/// As [`Kernel`], for `K::OPERANDS` operands of `K::Element`, on a machine of [`Level::Avx2`].
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma,bmi1,bmi2")]
unsafe fn avx2_vectors<K: Formula<Avx2<K>>>(
    out: *mut u8,
    a: *const u8,
    b: *const u8,
    c: *const u8,
    n: usize,
) {
    // SAFETY: the caller's promise is passed on.
    unsafe { run_vectors::<K, Avx2<K>>(out.cast(), [a.cast(), b.cast(), c.cast()], n) }
}

/// # Safety
/// As [`Kernel`], for `K::OPERANDS` operands of `K::Element`, on a machine of [`Level::Avx512`].
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma,bmi1,bmi2,avx512f,avx512bw,avx512cd,avx512dq,avx512vl")]
unsafe fn avx512_vectors<K: Formula<Avx512<K>>>(
    out: *mut u8,
    a: *const u8,
    b: *const u8,
    c: *const u8,
    n: usize,
) {
    // SAFETY: the caller's promise is passed on.
    unsafe { run_vectors::<K, Avx512<K>>(out.cast(), [a.cast(), b.cast(), c.cast()], n) }
}

/// Runs `K`'s formula on vectors. The items that fill no vector go through vectors on the stack and the same
/// loop: a second copy of the formula would make the code of all functions twice as large.
///
/// # Safety
/// As [`Kernel`], for `K::OPERANDS` operands of `K::Element`.
#[inline(always)]
unsafe fn run_vectors<K, V>(out: *mut K::Element, operands: [*const K::Element; 3], n: usize)
where
    V: Vector<Scalar = K::Element>,
    K: Formula<V>,
{
    let (rest, last) = (n % V::LANES, n - n % V::LANES);
    let mut run = Run { out, operands, whole: last, valid: V::LANES };
    // Not filled with zeros, which would cost calls of few items as much as the function.
    let mut staged = [const { MaybeUninit::<V>::uninit() }; 3];
    let mut result = MaybeUninit::<V>::uninit();
    loop {
        for start in (0..run.whole).step_by(V::LANES) {
            let mut x = [V::ZERO; 3];
            for (vector, operand) in x.iter_mut().zip(run.operands).take(K::OPERANDS) {
                // SAFETY: the operand has `whole` elements, so `LANES` from `start` on.
                *vector = unsafe { V::load(operand.add(start)) };
            }
            // SAFETY: as for the operands; the output overlaps none of them.
            unsafe {
                K::vector(x).store(run.out.add(start));
                repair_vector::<K, V>(x, run.out.add(start), run.valid);
            }
        }
        if run.valid < V::LANES {
            // SAFETY: the loop has stored the result; the output has `rest` elements from `last` on.
            return unsafe { result.assume_init().store_first(out.add(last), rest) };
        }
        if rest == 0 {
            return;
        }
        for (vector, operand) in staged.iter_mut().zip(operands).take(K::OPERANDS) {
            // SAFETY: the operand has `n` elements, so `rest` from `last` on.
            vector.write(unsafe { V::load_first(operand.add(last), rest) });
        }
        let operands = staged.each_ref().map(|vector| vector.as_ptr().cast());
        run = Run { out: result.as_mut_ptr().cast(), operands, whole: V::LANES, valid: rest };
    }
}

/// What [`run_vectors`] runs the formula on.
struct Run<T> {
    out: *mut T,
    operands: [*const T; 3],
    /// Elements of each array: a multiple of the lanes of a vector.
    whole: usize,
    /// Lanes of each vector whose results count.
    valid: usize,
}

/// Replaces those of the first `n` results of a vector that the formula does not cover.
///
/// # Safety
/// `out` is valid for writing `n` elements, and `n` is at most `V::LANES`.
#[inline(always)]
unsafe fn repair_vector<K, V>(x: [V; 3], out: *mut K::Element, n: usize)
where
    V: Vector<Scalar = K::Element>,
    K: Formula<V>,
{
    let covered = K::covers(x);
    if !V::all(covered) {
        // SAFETY: the caller's promise is passed on.
        unsafe { repair_lanes::<K>([x[0].lanes(), x[1].lanes(), x[2].lanes()], covered.into(), out, n) }
    }
}

/// Replaces those of the first `n` elements whose bit of `covered` is clear.
///
/// # Safety
/// `out` is valid for writing `n` elements, and `n` is at most 16.
#[cold]
#[inline(never)]
unsafe fn repair_lanes<K: Function>(x: [[K::Element; 16]; 3], covered: u64, out: *mut K::Element, n: usize) {
    for i in (0..n).filter(|i| covered >> i & 1 == 0) {
        // SAFETY: the caller promises room for `n` elements.
        unsafe { *out.add(i) = K::scalar(x.map(|x| x[i])) };
    }
}
