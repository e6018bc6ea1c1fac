//! float32 in the default mode: within 1 ULP, as smooth as correctly rounded values, and never against the
//! function's direction.

use super::{Element, Random, run_binary, run_unary, same, special_values};
use crate::ir::{BinaryOp, MathFn};
use crate::kernel::Accuracy;
use crate::kernel::level::Level;
use crate::kernel::math::{scalar_binary, scalar_unary};
use flate2::Compression;
use flate2::write::ZlibEncoder;
use std::io::Write;

/// Set, every float32 is an argument, which takes hours.
const EXHAUSTIVE: &str = "MINIEXPR_EXHAUSTIVE_FLOAT32";

/// The functions with a formula of their own, whose float64 scalar form is near enough to be the reference.
fn functions() -> impl Iterator<Item = MathFn> {
    MathFn::ALL.iter().copied().filter(|f| !matches!(f, MathFn::Tgamma | MathFn::Lgamma))
}

/// The error of `y` in units in the last place of float32; an infinite `y` counts as the next power of two.
fn error(y: f32, exact: f64) -> f64 {
    let above = 2f64.powi(128);
    let exponent = exact.abs().clamp(f64::from(f32::MIN_POSITIVE), above / 2.0).log2().floor() as i32;
    let y = f64::from(y).clamp(-above, above);
    (y - exact.clamp(-above, above)).abs() / 2f64.powi(exponent - 23)
}

/// Asserts that all results are within 1 ULP, and the special ones the same.
fn check_errors(name: &str, x: &[f32], got: &[f32], exact: impl Fn(usize) -> f64) {
    for (i, (&x, &y)) in x.iter().zip(got).enumerate() {
        let exact = exact(i);
        if y.is_nan() || exact.is_nan() || y == 0.0 && exact == 0.0 {
            assert!(same(y, exact as f32), "{name}({x:e}): {y:e} instead of {exact:e}");
        } else {
            let error = error(y, exact);
            assert!(error <= 1.0, "{name}({x:e}): {y:e} instead of {exact:e}, {error} ULP");
        }
    }
}

#[test]
fn errors_are_at_most_one_unit_in_the_last_place() {
    let step = if std::env::var_os(EXHAUSTIVE).is_some() { 1 } else { 10_007 };
    const BLOCK: u64 = 1 << 16;
    for f in functions() {
        let scalar = scalar_unary(f);
        let count = (1_u64 << 32) / step;
        for start in (0..count).step_by(BLOCK as usize) {
            let items = start..count.min(start + BLOCK);
            let mut x: Vec<f32> = items.map(|i| f32::from_bits((i * step) as u32)).collect();
            if start == 0 {
                x.extend(special_values::<f32>());
            }
            let exact: Vec<f64> = x.iter().map(|&x| scalar(f64::from(x))).collect();
            for level in Level::all_supported() {
                let got = run_unary(f, Accuracy::Fast, level, &x);
                check_errors(&format!("{level:?} {f:?}"), &x, &got, |i| exact[i]);
            }
        }
    }
}

#[test]
fn errors_of_two_arguments_are_at_most_one_unit_in_the_last_place() {
    let mut random = Random::new(31);
    for op in [BinaryOp::Pow, BinaryOp::Atan2, BinaryOp::Hypot] {
        let scalar = scalar_binary(op).expect("a math operation");
        let (mut a, mut b) = (Vec::new(), Vec::new());
        for _ in 0..60_000 {
            // Near 1 too, where powers have large exponents.
            let x = random.uniform(-8.0, 8.0).exp2().powf(random.uniform(0.0, 1.0).powi(4));
            let y = if op == BinaryOp::Pow {
                random.uniform(-150.0, 128.0) / x.log2()
            } else {
                random.uniform(-3.0, 3.0)
            };
            a.push(x as f32);
            b.push(y as f32);
            a.push(f32::from_bits(random.bits() as u32));
            b.push(f32::from_bits(random.bits() as u32));
        }
        for level in Level::all_supported() {
            let got = run_binary(op, Accuracy::Fast, level, &a, &b);
            let exact = |i: usize| scalar(f64::from(a[i]), f64::from(b[i]));
            check_errors(&format!("{level:?} {op:?}"), &a, &got, exact);
        }
    }
}

/// Where results are dense.
fn ranges(f: MathFn) -> &'static [(f64, f64)] {
    match f {
        MathFn::Log | MathFn::Log2 | MathFn::Log10 => &[(0.01, 1.0), (0.9, 1.1), (1.0, 100.0)],
        MathFn::Sqrt | MathFn::Cbrt => &[(0.0, 1.0), (1.0, 100.0)],
        MathFn::Acosh => &[(1.0, 2.0), (1.0, 100.0)],
        MathFn::Asin | MathFn::Acos | MathFn::Atanh => &[(-1.0, 1.0), (0.0, 0.1), (0.9, 1.0)],
        MathFn::Log1p => &[(-0.5, 0.5), (0.0, 1.0), (0.0, 100.0)],
        _ => &[(0.0, 1.0), (-1.0, 1.0), (0.0, 10.0), (-0.01, 0.01), (0.0, 20.0)],
    }
}

/// The size of the elements, sorted by the place of their bytes, after compression.
fn deflated<const N: usize>(elements: &[[u8; N]]) -> f64 {
    let bytes: Vec<u8> =
        (0..N).flat_map(|place| elements.iter().map(move |element| element[place])).collect();
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::new(5));
    encoder.write_all(&bytes).expect("writing to memory");
    encoder.finish().expect("writing to memory").len() as f64
}

/// `to_bytes` of the results of `f` on equidistant arguments, and of those of the scalar function.
fn check_smoothness<T: Element, const N: usize>(to_bytes: fn(T) -> [u8; N]) {
    const ITEMS: usize = 50_000;
    // AVX2 and AVX-512 give the same bits.
    let levels = [Level::Baseline, Level::supported()];
    for f in functions() {
        let scalar = scalar_unary(f);
        for &(low, high) in ranges(f) {
            let step = (high - low) / (ITEMS - 1) as f64;
            let x: Vec<T> = (0..ITEMS).map(|i| T::of(low + i as f64 * step)).collect();
            let exact: Vec<[u8; N]> = x.iter().map(|&x| to_bytes(T::of(scalar(x.into())))).collect();
            let limit = 1.03 * deflated(&exact);
            for level in levels {
                let y: Vec<[u8; N]> =
                    run_unary(f, Accuracy::Fast, level, &x).into_iter().map(to_bytes).collect();
                let size = deflated(&y);
                assert!(size <= limit, "{level:?} {f:?} on {low}..={high}: {size} bytes, {limit} allowed");
            }
        }
    }
}

#[test]
fn results_compress_like_correctly_rounded_ones() {
    check_smoothness(f32::to_le_bytes);
    check_smoothness(f64::to_le_bytes);
}

#[test]
fn results_never_go_against_the_direction_of_the_function() {
    let starts = [
        -5.0, -0.9, -0.5, -0.1, -1e-3, 1e-3, 0.02, 0.1, 0.25, 0.36, 0.5, 0.7, 0.98, 1.0, 1.93, 2.0, 3.75,
        3.9, 9.0, 20.0_f32,
    ];
    for f in functions() {
        let scalar = scalar_unary(f);
        for start in starts {
            let x: Vec<f32> = (0..20_000).map(|i| f32::from_bits(start.to_bits() + i)).collect();
            let exact: Vec<f64> = x.iter().map(|&x| scalar(f64::from(x))).collect();
            for level in Level::all_supported() {
                let y = run_unary(f, Accuracy::Fast, level, &x);
                for i in 1..x.len() {
                    let (step, exact) = (y[i] - y[i - 1], exact[i] - exact[i - 1]);
                    let against = f64::from(step) * exact < 0.0;
                    assert!(!against, "{level:?} {f:?}({:e}): {:e} after {:e}", x[i], y[i], y[i - 1]);
                }
            }
        }
    }
}

#[test]
fn zeros_keep_their_sign_in_odd_functions() {
    let odd = [
        MathFn::Cbrt,
        MathFn::Expm1,
        MathFn::Log1p,
        MathFn::Sin,
        MathFn::Tan,
        MathFn::Asin,
        MathFn::Atan,
        MathFn::Sinh,
        MathFn::Tanh,
        MathFn::Asinh,
        MathFn::Atanh,
        MathFn::Sinpi,
        MathFn::Erf,
    ];
    for level in Level::all_supported() {
        for f in odd {
            for x in
                [0.0_f32, -0.0, f32::from_bits(1), -f32::from_bits(1), f32::MIN_POSITIVE, -f32::MIN_POSITIVE]
            {
                let y = run_unary(f, Accuracy::Fast, level, &[x])[0];
                assert_eq!(y.is_sign_negative(), x.is_sign_negative(), "{level:?} {f:?}({x:e}) = {y:e}");
                assert_eq!(y == 0.0, x == 0.0, "{level:?} {f:?}({x:e}) = {y:e}");
            }
        }
    }
}

#[test]
fn sines_and_cosines_do_not_pass_one() {
    let mut x: Vec<f32> = [25_058.914, 27_457.52].to_vec();
    for quarter in 0..200_000 {
        let near = (f64::from(quarter) * std::f64::consts::FRAC_PI_2) as f32;
        x.extend([near.next_down(), near, near.next_up()]);
    }
    for level in Level::all_supported() {
        for f in [MathFn::Sin, MathFn::Cos, MathFn::Sinpi, MathFn::Cospi] {
            let y = run_unary(f, Accuracy::Fast, level, &x);
            assert!(y.iter().all(|y| y.abs() <= 1.0), "{level:?} {f:?}");
        }
    }
}

/// The last vector of a block is loaded in part: its results are those of a whole one.
#[test]
fn single_items_have_the_bits_of_many() {
    fn check<T: Element>() {
        let x = special_values::<T>();
        for level in Level::all_supported() {
            for accuracy in [Accuracy::Fast, Accuracy::Precise] {
                for &f in MathFn::ALL {
                    let many = run_unary(f, accuracy, level, &x);
                    let single = x.iter().map(|&x| run_unary(f, accuracy, level, &[x])[0]);
                    for ((x, many), single) in x.iter().zip(many).zip(single) {
                        assert!(same(many, single), "{level:?} {f:?}({:e})", (*x).into());
                    }
                }
            }
        }
    }
    check::<f32>();
    check::<f64>();
}

/// Formulas step by step, each step rounded correctly, as other evaluators with such functions have them.
#[test]
fn formulas_agree_with_correctly_rounded_steps() {
    let a: Vec<f32> = (0..100_000).map(|i| i as f32 / 100_000.0).collect();
    let exact = |f: MathFn, x: f32| scalar_unary(f)(f64::from(x)) as f32;
    for level in Level::all_supported() {
        let of = |f: MathFn, x: &[f32]| run_unary(f, Accuracy::Fast, level, x);
        let (tan, sin, cos) = (of(MathFn::Tan, &a), of(MathFn::Sin, &a), of(MathFn::Cos, &a));
        let inner: Vec<f32> = a.iter().map(|a| (a + a) * a - a).collect();
        let (inner_sin, inner_cos) = (of(MathFn::Sin, &inner), of(MathFn::Cos, &inner));
        for (i, &a) in a.iter().enumerate() {
            let first = |tan: f32, sin: f32, cos: f32| tan * (sin * sin + cos) + a.sqrt() * 2.0 + 2.0;
            let want = first(exact(MathFn::Tan, a), exact(MathFn::Sin, a), exact(MathFn::Cos, a));
            let got = first(tan[i], sin[i], cos[i]);
            assert!((got - want).abs() <= 1e-5 * want.abs(), "{level:?} {a}: {got} instead of {want}");
            let want = exact(MathFn::Sin, inner[i]) + exact(MathFn::Cos, inner[i]);
            let got = inner_sin[i] + inner_cos[i];
            assert!((got - want).abs() <= 1e-5 * want.abs(), "{level:?} {a}: {got} instead of {want}");
        }
    }
}
