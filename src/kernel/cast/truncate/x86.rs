//! Float to integer by the x86-64 instructions. Out of range they answer the minimum, whose low
//! bits are zero: what the cast rules ask for, so no comparison is needed.

use std::arch::x86_64::*;
use std::marker::PhantomData;
use std::mem::transmute;

use crate::kernel::Kernel;
use crate::kernel::cast::{Cast, RealToReal};
use crate::kernel::elementwise::{Access, Each, Loop, UnaryFn, compiled, output, unary_kernel};
use crate::kernel::level::Level;

/// Elements converted together.
const LANES: usize = 16;

/// A float type and the instructions that truncate it.
pub(in crate::kernel) trait Truncate: Copy + Default {
    /// # Safety
    /// The machine has SSE2, as every x86-64 has.
    unsafe fn sse2(x: &[Self; LANES]) -> [i32; LANES];
    /// # Safety
    /// The machine has the features of [`Level::Avx2`].
    unsafe fn avx2(x: &[Self; LANES]) -> [i32; LANES];
    /// # Safety
    /// The machine has the features of [`Level::Avx512`].
    unsafe fn avx512(x: &[Self; LANES]) -> [i32; LANES];
}

impl Truncate for f32 {
    #[inline(always)]
    unsafe fn sse2(x: &[f32; LANES]) -> [i32; LANES] {
        // SAFETY: the instructions are there, and the arrays have the size of the vectors.
        unsafe {
            let parts = transmute::<[f32; LANES], [__m128; 4]>(*x);
            transmute::<[__m128i; 4], [i32; LANES]>(parts.map(|part| _mm_cvttps_epi32(part)))
        }
    }

    #[inline(always)]
    unsafe fn avx2(x: &[f32; LANES]) -> [i32; LANES] {
        // SAFETY: the instructions are there, and the arrays have the size of the vectors.
        unsafe {
            let [low, high] = transmute::<[f32; LANES], [__m256; 2]>(*x);
            transmute([_mm256_cvttps_epi32(low), _mm256_cvttps_epi32(high)])
        }
    }

    #[inline(always)]
    unsafe fn avx512(x: &[f32; LANES]) -> [i32; LANES] {
        // SAFETY: the instructions are there, and the arrays have the size of the vectors.
        unsafe { transmute(_mm512_cvttps_epi32(transmute::<[f32; LANES], __m512>(*x))) }
    }
}

impl Truncate for f64 {
    #[inline(always)]
    unsafe fn sse2(x: &[f64; LANES]) -> [i32; LANES] {
        // SAFETY: the instructions are there, and the arrays have the size of the vectors.
        unsafe {
            let pairs = transmute::<[f64; LANES], [[__m128d; 2]; 4]>(*x);
            let whole = pairs.map(|[a, b]| _mm_unpacklo_epi64(_mm_cvttpd_epi32(a), _mm_cvttpd_epi32(b)));
            transmute::<[__m128i; 4], [i32; LANES]>(whole)
        }
    }

    #[inline(always)]
    unsafe fn avx2(x: &[f64; LANES]) -> [i32; LANES] {
        // SAFETY: the instructions are there, and the arrays have the size of the vectors.
        unsafe {
            let [a, b, c, d] = transmute::<[f64; LANES], [__m256d; 4]>(*x);
            let whole = [
                _mm256_cvttpd_epi32(a),
                _mm256_cvttpd_epi32(b),
                _mm256_cvttpd_epi32(c),
                _mm256_cvttpd_epi32(d),
            ];
            transmute::<[__m128i; 4], [i32; LANES]>(whole)
        }
    }

    #[inline(always)]
    unsafe fn avx512(x: &[f64; LANES]) -> [i32; LANES] {
        // SAFETY: the instructions are there, and the arrays have the size of the vectors.
        unsafe {
            let [low, high] = transmute::<[f64; LANES], [__m512d; 2]>(*x);
            transmute([_mm512_cvttpd_epi32(low), _mm512_cvttpd_epi32(high)])
        }
    }
}

/// The instructions of one level, and the integers that they give.
trait Instructions<T> {
    type Whole: Copy;

    /// # Safety
    /// The machine has the instructions.
    unsafe fn truncate(x: &[T; LANES]) -> [Self::Whole; LANES];
}

struct Sse2;
struct Avx2;
struct Avx512;
struct Avx512Long;

impl<T: Truncate> Instructions<T> for Sse2 {
    type Whole = i32;
    #[inline(always)]
    unsafe fn truncate(x: &[T; LANES]) -> [i32; LANES] {
        // SAFETY: promised by the caller.
        unsafe { T::sse2(x) }
    }
}

impl<T: Truncate> Instructions<T> for Avx2 {
    type Whole = i32;
    #[inline(always)]
    unsafe fn truncate(x: &[T; LANES]) -> [i32; LANES] {
        // SAFETY: promised by the caller.
        unsafe { T::avx2(x) }
    }
}

impl<T: Truncate> Instructions<T> for Avx512 {
    type Whole = i32;
    #[inline(always)]
    unsafe fn truncate(x: &[T; LANES]) -> [i32; LANES] {
        // SAFETY: promised by the caller.
        unsafe { T::avx512(x) }
    }
}

impl Instructions<f64> for Avx512Long {
    type Whole = i64;
    #[inline(always)]
    unsafe fn truncate(x: &[f64; LANES]) -> [i64; LANES] {
        // SAFETY: the instructions are there, and the arrays have the size of the vectors.
        unsafe {
            let [low, high] = transmute::<[f64; LANES], [__m512d; 2]>(*x);
            transmute([_mm512_cvttpd_epi64(low), _mm512_cvttpd_epi64(high)])
        }
    }
}

/// Elements of `T` truncated by `I`, then converted by `F`.
struct TruncateLoop<I, T, F>(PhantomData<(I, T, F)>);

impl<I: Instructions<T>, T: Truncate, F: UnaryFn<I::Whole>> Loop for TruncateLoop<I, T, F> {
    #[inline(always)]
    unsafe fn run(out: *mut u8, a: *const u8, _b: *const u8, _c: *const u8, n: usize) {
        // SAFETY: the kernel contract: `n` elements at `out` and `a`, without overlap, on a machine
        // with the instructions of the level.
        unsafe {
            let (out_blocks, out_rest) = output::<F::Out>(out, n).as_chunks_mut::<LANES>();
            let (blocks, rest) = Each::view::<T>(a, n).as_chunks::<LANES>();
            for (results, block) in out_blocks.iter_mut().zip(blocks) {
                let wholes = I::truncate(block);
                for (result, whole) in results.iter_mut().zip(wholes) {
                    result.write(F::apply(whole));
                }
            }
            let mut padded = [T::default(); LANES];
            padded[..rest.len()].copy_from_slice(rest);
            for (result, whole) in out_rest.iter_mut().zip(I::truncate(&padded)) {
                result.write(F::apply(whole));
            }
        }
    }
}

/// The kernel from float `T` to an integer `To` of at most 16 bits, or to int32.
pub(in crate::kernel) fn truncated<T: Truncate, To: Copy>(level: Level) -> Kernel
where
    i32: Cast<To>,
{
    match level {
        Level::Avx512 => compiled::<TruncateLoop<Avx512, T, RealToReal<To>>>(level),
        Level::Avx2 => compiled::<TruncateLoop<Avx2, T, RealToReal<To>>>(level),
        Level::Baseline => compiled::<TruncateLoop<Sse2, T, RealToReal<To>>>(level),
    }
}

/// The low half of a truncated value within -2^31..2^32, else zero.
struct LowHalf;

impl UnaryFn<i64> for LowHalf {
    type Out = u32;
    #[inline(always)]
    fn apply(whole: i64) -> u32 {
        let inside = (i64::from(i32::MIN)..=i64::from(u32::MAX)).contains(&whole);
        if inside { whole as u32 } else { 0 }
    }
}

/// The kernel from float64 to uint32. Only [`Level::Avx512`] truncates vectors to 64 bits.
pub(in crate::kernel) fn f64_to_u32(level: Level) -> Kernel {
    match level {
        Level::Avx512 => compiled::<TruncateLoop<Avx512Long, f64, LowHalf>>(level),
        Level::Avx2 | Level::Baseline => unary_kernel::<RealToReal<u32>, f64>(level),
    }
}
