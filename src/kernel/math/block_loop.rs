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
    let (out, operands) = (out.cast(), [a.cast(), b.cast(), c.cast()]);
    // SAFETY: the caller's promise is passed on.
    unsafe {
        if K::IS_CHAIN && cfg!(target_family = "wasm") {
            run_vectors::<K, Baseline<K>, 4>(out, operands, n)
        } else {
            run_vectors::<K, Baseline<K>, 1>(out, operands, n)
        }
    }
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
    unsafe { run_vectors::<K, Avx2<K>, 1>(out.cast(), [a.cast(), b.cast(), c.cast()], n) }
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
    unsafe { run_vectors::<K, Avx512<K>, 1>(out.cast(), [a.cast(), b.cast(), c.cast()], n) }
}

/// Runs `K`'s formula on groups of vectors. The items that fill no group go through vectors on the stack and the same
/// loop: a second copy of the formula would make the code of all functions twice as large.
///
/// # Safety
/// As [`Kernel`], for `K::OPERANDS` operands of `K::Element`.
#[inline(always)]
unsafe fn run_vectors<K, V, const GROUP: usize>(
    out: *mut K::Element,
    operands: [*const K::Element; 3],
    n: usize,
) where
    V: Vector<Scalar = K::Element>,
    K: Formula<V>,
{
    let group = GROUP * V::LANES;
    let (rest, last) = (n % group, n - n % group);
    let mut run = Run { out, operands, whole: last, valid: group };
    // Not filled with zeros, which would cost calls of few items as much as the function.
    let mut staged = [const { MaybeUninit::<[V; GROUP]>::uninit() }; 3];
    let mut result = MaybeUninit::<[V; GROUP]>::uninit();
    loop {
        for start in (0..run.whole).step_by(group) {
            // Loops and not closures, which are not always compiled for the level: the formula has to be.
            let mut x = [[V::ZERO; 3]; GROUP];
            let mut y = [V::ZERO; GROUP];
            let mut covered = V::ALL;
            for i in 0..GROUP {
                for (vector, operand) in x[i].iter_mut().zip(run.operands).take(K::OPERANDS) {
                    // SAFETY: the operand has `whole` elements, so those of a group from `start` on.
                    *vector = unsafe { V::load(operand.add(start + i * V::LANES)) };
                }
                y[i] = K::vector(x[i]);
                covered = covered & K::covers(x[i]);
            }
            // SAFETY: as for the operands; the output overlaps none of them.
            let out = unsafe { run.out.add(start) };
            for (i, y) in y.into_iter().enumerate() {
                // SAFETY: as above.
                unsafe { y.store(out.add(i * V::LANES)) };
            }
            if !V::all(covered) {
                for (i, x) in x.into_iter().enumerate() {
                    let valid = run.valid.saturating_sub(i * V::LANES).min(V::LANES);
                    // SAFETY: as above; of the group, `valid` elements count.
                    unsafe { repair_vector::<K, V>(x, out.add(i * V::LANES), valid) };
                }
            }
        }
        if run.valid < group {
            // SAFETY: the loop has stored the result; the output has `rest` elements from `last` on.
            return unsafe { store_first(result.assume_init(), out.add(last), rest) };
        }
        if rest == 0 {
            return;
        }
        for (vectors, operand) in staged.iter_mut().zip(operands).take(K::OPERANDS) {
            // SAFETY: the operand has `n` elements, so `rest` from `last` on.
            vectors.write(unsafe { load_first(operand.add(last), rest) });
        }
        let operands = staged.each_ref().map(|vectors| vectors.as_ptr().cast());
        run = Run { out: result.as_mut_ptr().cast(), operands, whole: group, valid: rest };
    }
}

/// The first `n` elements of a group, fewer than it has, then zeros.
///
/// # Safety
/// `source` is valid for reading `n` elements.
#[inline(always)]
unsafe fn load_first<V: Vector, const GROUP: usize>(source: *const V::Scalar, n: usize) -> [V; GROUP] {
    let mut group = [V::ZERO; GROUP];
    for (i, vector) in group.iter_mut().enumerate() {
        let start = n.min(i * V::LANES);
        // SAFETY: the caller promises `n` elements.
        unsafe {
            let source = source.add(start);
            *vector = if n - start < V::LANES { V::load_first(source, n - start) } else { V::load(source) };
        }
    }
    group
}

/// Stores the first `n` elements of a group, fewer than it has.
///
/// # Safety
/// `target` is valid for writing `n` elements.
#[inline(always)]
unsafe fn store_first<V: Vector, const GROUP: usize>(group: [V; GROUP], target: *mut V::Scalar, n: usize) {
    for (i, vector) in group.into_iter().enumerate() {
        let start = n.min(i * V::LANES);
        // SAFETY: the caller promises room for `n` elements.
        unsafe {
            let target = target.add(start);
            if n - start < V::LANES { vector.store_first(target, n - start) } else { vector.store(target) }
        }
    }
}

/// What [`run_vectors`] runs the formula on.
struct Run<T> {
    out: *mut T,
    operands: [*const T; 3],
    /// Elements of each array: a multiple of those of a group.
    whole: usize,
    /// Elements of each group whose results count.
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

#[cfg(test)]
mod tests {
    use super::super::formula::UnaryOf;
    use super::super::trigonometric::Sin;
    use super::*;

    /// The groups of WebAssembly: every count of items, beyond the reach of the formula too, as by single vectors.
    #[test]
    fn groups_of_vectors_give_the_same() {
        type Sine = UnaryOf<f64, Sin<false>>;
        for n in 0..40 {
            let x: Vec<f64> = (0..n).map(|i| if i % 5 == 3 { 1e15 } else { 0.7 * f64::from(i) }).collect();
            let (mut want, mut got) = (vec![-1.0; x.len()], vec![-1.0; x.len() + 1]);
            let operands = [x.as_ptr(), std::ptr::null(), std::ptr::null()];
            // SAFETY: the operand and the results have as many elements.
            unsafe {
                run_vectors::<Sine, Baseline<Sine>, 1>(want.as_mut_ptr(), operands, x.len());
                run_vectors::<Sine, Baseline<Sine>, 4>(got.as_mut_ptr(), operands, x.len());
            }
            assert_eq!(got[..x.len()], want);
            assert_eq!(got.last(), Some(&-1.0));
        }
    }
}
