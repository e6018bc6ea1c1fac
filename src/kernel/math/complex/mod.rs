//! Functions of complex numbers, with the branch cuts and special values of C99's Annex G.
//!
//! Each is a formula over vectors of real and imaginary parts in float64, made of the real functions, and a
//! scalar function for the arguments that the formula does not cover: infinities, NaN, and what would overflow
//! or underflow on the way. Results of complex64 are rounded once. All accuracies share the formula.

mod elsewhere;
mod exponential;
mod inverse;
mod logarithm;

pub use elsewhere::{direction, exp, exponent, scaled};

use super::element::Element;
use super::float::{Float, Float64, Vector};
use super::formula::Binary;
use super::power::Hypot;
use crate::dtype::Precision::{Double, Single};
use crate::dtype::{Class, Complex, Dtype};
use crate::ir::MathFn;
use crate::kernel::Kernel;
use crate::kernel::level::Level;
use std::marker::PhantomData;

/// A function of one complex number, given by its parts.
trait ComplexFunction {
    /// Whether the first part alone is the result, a float.
    const IS_REAL: bool = false;

    /// The parts of the result, right wherever `covers` holds.
    fn vector<V: Float64>(z: [V; 2]) -> [V; 2];

    fn covers<V: Float64>(z: [V; 2]) -> V::Mask;

    /// The function where `covers` does not hold.
    fn elsewhere(z: [f64; 2]) -> [f64; 2];
}

/// The kernel `out[i] = f(a[i])` on complex64 or complex128; `None` for functions of real arguments alone.
pub fn unary(f: MathFn, dtype: Dtype, level: Level) -> Option<Kernel> {
    match f {
        MathFn::Sqrt => kernel::<exponential::Sqrt>(dtype, level),
        MathFn::Exp => kernel::<exponential::Exp>(dtype, level),
        MathFn::Exp2 => kernel::<exponential::Exp2>(dtype, level),
        MathFn::Expm1 => kernel::<exponential::Expm1>(dtype, level),
        MathFn::Log => kernel::<logarithm::Log>(dtype, level),
        MathFn::Log2 => kernel::<logarithm::Log2>(dtype, level),
        MathFn::Log10 => kernel::<logarithm::Log10>(dtype, level),
        MathFn::Log1p => kernel::<logarithm::Log1p>(dtype, level),
        MathFn::Sinh => kernel::<exponential::Sinh>(dtype, level),
        MathFn::Cosh => kernel::<exponential::Cosh>(dtype, level),
        MathFn::Tanh => kernel::<exponential::Tanh>(dtype, level),
        MathFn::Sin => kernel::<exponential::Sin>(dtype, level),
        MathFn::Cos => kernel::<exponential::Cos>(dtype, level),
        MathFn::Tan => kernel::<exponential::Tan>(dtype, level),
        MathFn::Asin => kernel::<inverse::Asin>(dtype, level),
        MathFn::Acos => kernel::<inverse::Acos>(dtype, level),
        MathFn::Atan => kernel::<inverse::Atan>(dtype, level),
        MathFn::Asinh => kernel::<inverse::Asinh>(dtype, level),
        MathFn::Acosh => kernel::<inverse::Acosh>(dtype, level),
        MathFn::Atanh => kernel::<inverse::Atanh>(dtype, level),
        MathFn::Cbrt
        | MathFn::Exp10
        | MathFn::Sinpi
        | MathFn::Cospi
        | MathFn::Erf
        | MathFn::Erfc
        | MathFn::Tgamma
        | MathFn::Lgamma => None,
    }
}

/// The logarithm of one number, by its parts, for powers: exponents multiply its errors. So the modulus is that of the
/// formula, which is accurate near 1, and the angle that of the math library.
pub fn log(z: [f64; 2]) -> [f64; 2] {
    type Lanes = <f64 as Element>::Baseline;
    let [x, y] = z;
    let parts = z.map(Lanes::of);
    if Lanes::all(logarithm::Log::covers(parts)) {
        let [re, _] = logarithm::Log::vector(parts);
        [re.lanes()[0], y.atan2(x)]
    } else {
        elsewhere::log(z)
    }
}

/// The kernel `out[i] = |a[i]|` on complex128.
pub fn modulus(level: Level) -> Kernel {
    kernel_of::<f64, Modulus>(level)
}

struct Modulus;

impl ComplexFunction for Modulus {
    const IS_REAL: bool = true;

    #[inline(always)]
    fn vector<V: Float64>([x, y]: [V; 2]) -> [V; 2] {
        [Hypot::vector(x, y), y]
    }

    #[inline(always)]
    fn covers<V: Float64>([x, y]: [V; 2]) -> V::Mask {
        Hypot::covers(x, y)
    }

    fn elsewhere([x, y]: [f64; 2]) -> [f64; 2] {
        [Hypot::scalar(x, y), y]
    }
}

/// The kernel `out[i] = a[i] / |a[i]|` on complex128, 0 for 0.
pub fn sign(level: Level) -> Kernel {
    kernel_of::<f64, Sign>(level)
}

struct Sign;

impl ComplexFunction for Sign {
    #[inline(always)]
    fn vector<V: Float64>([x, y]: [V; 2]) -> [V; 2] {
        let modulus = Hypot::vector(x, y);
        [x / modulus, y / modulus]
    }

    /// Where the modulus is neither subnormal nor infinite.
    #[inline(always)]
    fn covers<V: Float64>(z: [V; 2]) -> V::Mask {
        let ([x, y], least, most) = (z.map(Float::abs), V::MIN_POSITIVE, V::of(1e308));
        (x.gt(least) | y.gt(least)) & x.lt(most) & y.lt(most)
    }

    fn elsewhere([x, y]: [f64; 2]) -> [f64; 2] {
        let direction = direction(Complex::new(x, y));
        [direction.re, direction.im]
    }
}

fn kernel<F: ComplexFunction>(dtype: Dtype, level: Level) -> Option<Kernel> {
    match dtype.class() {
        Class::Complex(Single) => Some(kernel_of::<f32, F>(level)),
        Class::Complex(Double) => Some(kernel_of::<f64, F>(level)),
        Class::Bool | Class::Integer | Class::Float(_) | Class::Text => None,
    }
}

fn kernel_of<T: Part, F: ComplexFunction>(level: Level) -> Kernel {
    match level {
        #[cfg(target_arch = "x86_64")]
        Level::Avx512 => run::<T, Avx512<F>>,
        #[cfg(target_arch = "x86_64")]
        Level::Avx2 => run::<T, Avx2<F>>,
        _ => run::<T, Baseline<F>>,
    }
}

/// A part of a complex number.
trait Part: Copy + Into<f64> {
    fn rounded(x: f64) -> Self;
}

impl Part for f32 {
    #[inline(always)]
    fn rounded(x: f64) -> f32 {
        x as f32
    }
}

impl Part for f64 {
    #[inline(always)]
    fn rounded(x: f64) -> f64 {
        x
    }
}

/// Items whose parts lie apart, as vectors take them.
const CHUNK: usize = 64;

/// The parts of a chunk, aligned for every vector.
#[repr(align(64))]
struct Chunk([[f64; CHUNK]; 2]);

impl Chunk {
    /// The parts of the first `n` items, of one length: loops over both become vectors.
    #[inline(always)]
    fn first(&mut self, n: usize) -> [&mut [f64]; 2] {
        let [re, im] = &mut self.0;
        let n = n.min(CHUNK);
        [&mut re[..n], &mut im[..n]]
    }
}

/// A function for one level.
trait Compute {
    /// Computes `n` items.
    ///
    /// # Safety
    /// As [`Kernel`], for one operand of complex numbers with parts `T`, on a machine of the level.
    unsafe fn compute<T: Part>(out: *mut T, a: *const Complex<T>, n: usize);
}

struct Baseline<F>(PhantomData<F>);
#[cfg(target_arch = "x86_64")]
struct Avx2<F>(PhantomData<F>);
#[cfg(target_arch = "x86_64")]
struct Avx512<F>(PhantomData<F>);

impl<F: ComplexFunction> Compute for Baseline<F> {
    unsafe fn compute<T: Part>(out: *mut T, a: *const Complex<T>, n: usize) {
        // SAFETY: the caller's promise is passed on.
        unsafe { compute_chunks::<F, <f64 as Element>::Baseline, T>(out, a, n) }
    }
}

#[cfg(target_arch = "x86_64")]
impl<F: ComplexFunction> Compute for Avx2<F> {
    #[target_feature(enable = "avx2,fma,bmi1,bmi2")]
    unsafe fn compute<T: Part>(out: *mut T, a: *const Complex<T>, n: usize) {
        // SAFETY: the caller's promise is passed on.
        unsafe { compute_chunks::<F, <f64 as Element>::Avx2, T>(out, a, n) }
    }
}

#[cfg(target_arch = "x86_64")]
impl<F: ComplexFunction> Compute for Avx512<F> {
    #[target_feature(enable = "avx2,fma,bmi1,bmi2,avx512f,avx512bw,avx512cd,avx512dq,avx512vl")]
    unsafe fn compute<T: Part>(out: *mut T, a: *const Complex<T>, n: usize) {
        // SAFETY: the caller's promise is passed on.
        unsafe { compute_chunks::<F, <f64 as Element>::Avx512, T>(out, a, n) }
    }
}

/// # Safety
/// As [`Kernel`], for one operand of complex numbers with parts `T`, on a machine of the level of `C`.
unsafe fn run<T: Part, C: Compute>(out: *mut u8, a: *const u8, _b: *const u8, _c: *const u8, n: usize) {
    // SAFETY: the caller's promise is passed on.
    unsafe { C::compute::<T>(out.cast(), a.cast(), n) }
}

/// # Safety
/// As [`Compute::compute`].
#[inline(always)]
unsafe fn compute_chunks<F, V, T>(out: *mut T, a: *const Complex<T>, n: usize)
where
    F: ComplexFunction,
    V: Vector<Scalar = f64> + Float64,
    T: Part,
{
    // Ones where a chunk has no item: all functions but one are regular there, and quick.
    let mut chunk = Chunk([[1.0; CHUNK]; 2]);
    for start in (0..n).step_by(CHUNK) {
        let items = CHUNK.min(n - start);
        // SAFETY: operand and output have `n` items, a chunk has no more, and the caller vouches for the level.
        unsafe {
            part_items(&mut chunk, a.add(start), items);
            compute_vectors::<F, V>(&mut chunk, items);
            match F::IS_REAL {
                true => store_real_parts(&chunk, out.add(start), items),
                false => store_items(&mut chunk, out.cast::<Complex<T>>().add(start), items),
            }
        }
    }
}

// Out of line on WebAssembly, where all functions share them: size counts there.

/// Takes the parts of `n` items.
///
/// # Safety
/// There are `n` items at `items`, and no more in a chunk.
#[cfg_attr(target_family = "wasm", inline(never))]
#[cfg_attr(not(target_family = "wasm"), inline(always))]
unsafe fn part_items<T: Part>(chunk: &mut Chunk, items: *const Complex<T>, n: usize) {
    let [re, im] = chunk.first(n);
    for i in 0..re.len() {
        // SAFETY: as the caller promises.
        let z = unsafe { *items.add(i) };
        (re[i], im[i]) = (z.re.into(), z.im.into());
    }
}

/// Writes the first `n` items of a chunk.
///
/// # Safety
/// There is room for `n` items at `out`.
#[cfg_attr(target_family = "wasm", inline(never))]
#[cfg_attr(not(target_family = "wasm"), inline(always))]
unsafe fn store_items<T: Part>(chunk: &mut Chunk, out: *mut Complex<T>, n: usize) {
    let [re, im] = chunk.first(n);
    for i in 0..re.len() {
        // SAFETY: as the caller promises.
        unsafe { *out.add(i) = Complex::new(T::rounded(re[i]), T::rounded(im[i])) };
    }
}

/// Writes the real parts of the first `n` items of a chunk.
///
/// # Safety
/// There is room for `n` parts at `out`.
#[cfg_attr(target_family = "wasm", inline(never))]
#[cfg_attr(not(target_family = "wasm"), inline(always))]
unsafe fn store_real_parts<T: Part>(chunk: &Chunk, out: *mut T, n: usize) {
    for (i, re) in chunk.0[0].iter().take(n).enumerate() {
        // SAFETY: as the caller promises.
        unsafe { *out.add(i) = T::rounded(*re) };
    }
}

/// Replaces the first `n` items of a chunk by the results; the rest are numbers of any value, before and after.
///
/// # Safety
/// The machine supports the level of `V`, and `n` is at most [`CHUNK`].
#[cfg_attr(target_family = "wasm", inline(never))]
#[cfg_attr(not(target_family = "wasm"), inline(always))]
unsafe fn compute_vectors<F, V>(chunk: &mut Chunk, n: usize)
where
    F: ComplexFunction,
    V: Vector<Scalar = f64> + Float64,
{
    let [re, im] = &mut chunk.0;
    let parts = [re.as_mut_ptr(), im.as_mut_ptr()];
    for start in (0..n).step_by(V::LANES) {
        // SAFETY: the lanes of all vectors divide the length of a chunk.
        let z = unsafe { [V::load(parts[0].add(start)), V::load(parts[1].add(start))] };
        let [re, im] = F::vector(z);
        // SAFETY: as above.
        unsafe {
            re.store(parts[0].add(start));
            im.store(parts[1].add(start));
        }
        let covered = F::covers(z);
        if !V::all(covered) {
            repair::<F>(chunk, start, z.map(V::lanes), V::LANES, covered.into());
        }
    }
}

/// Computes the items from `start` on, given by their parts, whose bit of `covered` is clear.
#[cold]
#[inline(never)]
fn repair<F: ComplexFunction>(
    chunk: &mut Chunk,
    start: usize,
    z: [[f64; 16]; 2],
    lanes: usize,
    covered: u64,
) {
    for i in (0..lanes).filter(|i| covered >> i & 1 == 0) {
        let [re, im] = F::elsewhere(z.map(|part| part[i]));
        chunk.0[0][start + i] = re;
        chunk.0[1][start + i] = im;
    }
}

/// The larger of two magnitudes; NaN if the second is.
#[inline(always)]
fn larger<V: Float>(a: V, b: V) -> V {
    V::select(a.gt(b), a, b)
}

/// Whether neither part is NaN, and both are below a limit.
#[inline(always)]
fn is_below<V: Float64>([x, y]: [V; 2], limit: f64) -> V::Mask {
    x.abs().lt(V::of(limit)) & y.abs().lt(V::of(limit))
}
