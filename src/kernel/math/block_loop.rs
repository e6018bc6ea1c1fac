//! The loops round the formulas: one block at a time, compiled once for each instruction set.

use super::formula::LaneKernel;
use crate::kernel::Kernel;
use crate::kernel::level::Level;

/// Elements of one block; the last one is padded, so every element goes through the same formula.
const BLOCK: usize = 128;

/// Whether the baseline of the target has a fused multiply-add instruction.
const BASELINE_FMA: bool = cfg!(any(target_arch = "aarch64", target_feature = "fma"));

/// The kernel that runs `K`'s vector formula on `level`.
pub fn vector_kernel<K: LaneKernel>(level: Level) -> Kernel {
    match level {
        #[cfg(target_arch = "x86_64")]
        Level::Avx512 => avx512::<K>,
        #[cfg(target_arch = "x86_64")]
        Level::Avx2 => avx2::<K>,
        _ => baseline::<K>,
    }
}

/// Runs `K`'s scalar function on each element.
///
/// # Safety
/// As [`Kernel`], for `K::OPERANDS` operands of `K::Element`.
pub unsafe fn scalar_kernel<K: LaneKernel>(out: *mut u8, a: *const u8, b: *const u8, c: *const u8, n: usize) {
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
/// As [`run`].
unsafe fn baseline<K: LaneKernel>(out: *mut u8, a: *const u8, b: *const u8, c: *const u8, n: usize) {
    // SAFETY: the caller's promise is passed on.
    unsafe { run::<K, BASELINE_FMA>(out, [a, b, c], n) }
}

/// # Safety
/// As [`run`], on a machine of [`Level::Avx2`].
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma,bmi1,bmi2")]
unsafe fn avx2<K: LaneKernel>(out: *mut u8, a: *const u8, b: *const u8, c: *const u8, n: usize) {
    // SAFETY: the caller's promise is passed on.
    unsafe { run::<K, true>(out, [a, b, c], n) }
}

/// # Safety
/// As [`run`], on a machine of [`Level::Avx512`].
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma,bmi1,bmi2,avx512f,avx512bw,avx512cd,avx512dq,avx512vl")]
unsafe fn avx512<K: LaneKernel>(out: *mut u8, a: *const u8, b: *const u8, c: *const u8, n: usize) {
    // SAFETY: the caller's promise is passed on.
    unsafe { run::<K, true>(out, [a, b, c], n) }
}

/// Runs `K`'s vector formula over whole blocks, the last one in padded copies.
///
/// # Safety
/// As [`Kernel`], for `K::OPERANDS` operands of `K::Element`.
#[inline(always)]
unsafe fn run<K: LaneKernel, const FMA: bool>(out: *mut u8, operands: [*const u8; 3], n: usize) {
    let out = out.cast::<K::Element>();
    let mut padded_out = [K::Element::default(); BLOCK];
    let mut padded = [[K::Element::default(); BLOCK]; 3];
    for start in (0..n).step_by(BLOCK) {
        let len = BLOCK.min(n - start);
        let mut inputs = [&raw const padded[0], &raw const padded[1], &raw const padded[2]];
        for (k, input) in inputs.iter_mut().enumerate().take(K::OPERANDS) {
            // SAFETY: operand `k` has `n` elements, so `len` from `start` on; where they fill a
            // block they are read in place, else from a copy.
            unsafe {
                let source = operands[k].cast::<K::Element>().add(start);
                if len == BLOCK {
                    *input = source.cast();
                } else {
                    source.copy_to_nonoverlapping(padded[k].as_mut_ptr(), len);
                }
            }
        }
        // SAFETY: each input is a whole block of an operand or a padded copy; the output is a whole
        // block of `out` or the padded one, which overlap no input.
        unsafe {
            let target = out.add(start);
            let block = if len == BLOCK { target.cast() } else { &raw mut padded_out };
            run_block::<K, FMA>(&mut *block, &*inputs[0], &*inputs[1], &*inputs[2]);
            if len < BLOCK {
                padded_out.as_ptr().copy_to_nonoverlapping(target, len);
            }
        }
    }
}

/// One block: the vector formula on all lanes, then the scalar function on those it does not cover.
#[inline(always)]
fn run_block<K: LaneKernel, const FMA: bool>(
    out: &mut [K::Element; BLOCK],
    a: &[K::Element; BLOCK],
    b: &[K::Element; BLOCK],
    c: &[K::Element; BLOCK],
) {
    let mut all_covered = true;
    for (((y, &a), &b), &c) in out.iter_mut().zip(a).zip(b).zip(c) {
        *y = K::vector::<FMA>([a, b, c]);
        all_covered &= K::covers::<FMA>([a, b, c]);
    }
    if !all_covered {
        repair::<K, FMA>(out, a, b, c);
    }
}

/// Replaces the lanes that the vector formula does not cover.
#[cold]
#[inline(never)]
fn repair<K: LaneKernel, const FMA: bool>(
    out: &mut [K::Element; BLOCK],
    a: &[K::Element; BLOCK],
    b: &[K::Element; BLOCK],
    c: &[K::Element; BLOCK],
) {
    for (((y, &a), &b), &c) in out.iter_mut().zip(a).zip(b).zip(c) {
        if !K::covers::<FMA>([a, b, c]) {
            *y = K::scalar([a, b, c]);
        }
    }
}
