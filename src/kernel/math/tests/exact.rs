//! Functions whose result is exact or rounded once: the same bits as the scalar function.

use super::{Element, random_bits, run_binary, run_fma, run_unary, same, special_values};
use crate::ir::{BinaryOp, MathFn};
use crate::kernel::Accuracy;
use crate::kernel::level::Level;
use crate::kernel::math::scalar_binary;

const EXACT: [BinaryOp; 13] = [
    BinaryOp::Copysign,
    BinaryOp::Fdim,
    BinaryOp::Fmax,
    BinaryOp::Fmin,
    BinaryOp::Ldexp,
    BinaryOp::Nextafter,
    BinaryOp::Rem,
    BinaryOp::Remainder,
    BinaryOp::FloorDiv,
    BinaryOp::FloorMod,
    BinaryOp::Ncr,
    BinaryOp::Npr,
    // Its special pairs; the others are measured.
    BinaryOp::Atan2,
];

/// Pairs of special values, of random bits, and of numbers of like size.
fn pairs<T: Element>() -> (Vec<T>, Vec<T>) {
    let special = special_values::<T>();
    let (mut a, mut b): (Vec<T>, Vec<T>) =
        special.iter().flat_map(|&a| special.iter().map(move |&b| (a, b))).unzip();
    let (x, y) = (random_bits::<T>(20_000, 1), random_bits::<T>(20_000, 2));
    a.extend(&x);
    b.extend(&y);
    let mut random = super::Random::new(3);
    for _ in 0..20_000 {
        a.push(T::of(random.uniform(-1000.0, 1000.0)));
        b.push(T::of(random.uniform(-50.0, 50.0)));
    }
    (a, b)
}

fn check<T: Element>(op: BinaryOp) {
    let (a, b) = pairs::<T>();
    let want = run_binary(op, Accuracy::Scalar, Level::Baseline, &a, &b);
    for level in Level::all_supported() {
        let got = run_binary(op, Accuracy::Precise, level, &a, &b);
        for (((&a, &b), &y), &want) in a.iter().zip(&b).zip(&got).zip(&want) {
            let (a, b): (f64, f64) = (a.into(), b.into());
            if op == BinaryOp::Atan2 && a != 0.0 && b != 0.0 && a.is_finite() && b.is_finite() {
                continue;
            }
            // Which of two zeros the larger is, is free.
            let zeros = matches!(op, BinaryOp::Fmax | BinaryOp::Fmin) && a == 0.0 && b == 0.0;
            let (got, want64): (f64, f64) = (y.into(), want.into());
            assert!(
                same(y, want) || (zeros && got == want64),
                "{op:?} {level:?} {a:e} {b:e}: {got:e} {want64:e}"
            );
        }
    }
}

#[test]
fn two_argument_functions_equal_the_scalar_ones() {
    for op in EXACT {
        check::<f64>(op);
        check::<f32>(op);
    }
}

/// Results in the subnormal range, where a second rounding shows.
#[test]
fn ldexp_rounds_once() {
    fn check_type<T: Element>(lowest: f64) {
        let mut random = super::Random::new(11);
        let (mut a, mut b) = (Vec::new(), Vec::new());
        for _ in 0..50_000 {
            let exponent = random.uniform(lowest / 2.0, 60.0).floor();
            a.push(T::of(random.uniform(-2.0, 2.0) * exponent.exp2()));
            b.push(T::of(random.uniform(lowest - 55.0, lowest).floor() - exponent));
        }
        a.extend([T::of(f64::from_bits(0x3c40_85a0_afec_337f)), T::of(-0.0), T::of(f64::MIN_POSITIVE / 4.0)]);
        b.extend([-971.0, 3000.0, 2000.0].map(T::of));
        let want: Vec<T> =
            a.iter().zip(&b).map(|(&a, &b)| T::of(libm::scalbn(a.into(), b.into() as i32))).collect();
        for level in Level::all_supported() {
            for accuracy in Accuracy::ALL {
                let got = run_binary(BinaryOp::Ldexp, accuracy, level, &a, &b);
                for i in 0..a.len() {
                    let (a, b): (f64, f64) = (a[i].into(), b[i].into());
                    assert!(same(got[i], want[i]), "{level:?} {accuracy:?} {a:e} {b}: {:e}", got[i].into());
                }
            }
        }
    }
    check_type::<f64>(-1021.0);
    check_type::<f32>(-125.0);
}

/// Every pair of small numbers, large ones where the product of 64 bits just fits or just does not, and
/// arguments that are no valid numbers.
#[test]
fn choices_and_permutations_equal_the_scalar_ones() {
    fn check_type<T: Element>() {
        let (mut a, mut b) = (Vec::new(), Vec::new());
        let mut add = |n: f64, r: f64| {
            a.push(T::of(n));
            b.push(T::of(r));
        };
        for n in -2..80 {
            (-2..=n + 1).for_each(|r| add(f64::from(n), f64::from(r)));
        }
        for r in 1..40 {
            // The largest n whose recurrence stays within 64 bits, and those around.
            let r = f64::from(r);
            let fits = |n: f64| scalar_binary(BinaryOp::Ncr).map(|f| f(n, r).is_finite());
            let (mut low, mut high) = (2.0 * r, 4_294_967_295.0);
            while high - low > 1.0 {
                let middle = ((low + high) / 2.0_f64).floor();
                if fits(middle) == Some(true) { low = middle } else { high = middle }
            }
            for n in -3..4 {
                add(low + f64::from(n), r);
                add(low + f64::from(n), low + f64::from(n) - r);
            }
        }
        for x in [5.5, 5.9, 1e9, 4_294_967_295.0, 4_294_967_296.0, 1e300, f64::INFINITY, f64::NAN, -0.0, 0.5]
        {
            for y in [5.7, 2.5, 0.0, -0.5, 1.0, 2.0, 3.0, f64::INFINITY, f64::NAN] {
                add(x, y);
                add(y, x);
            }
        }
        for op in [BinaryOp::Ncr, BinaryOp::Npr] {
            let want = run_binary(op, Accuracy::Scalar, Level::Baseline, &a, &b);
            for level in Level::all_supported() {
                let got = run_binary(op, Accuracy::Fast, level, &a, &b);
                for i in 0..a.len() {
                    let (n, r): (f64, f64) = (a[i].into(), b[i].into());
                    let (got, want): (f64, f64) = (got[i].into(), want[i].into());
                    assert!(same(got, want), "{op:?} {level:?} {n} {r}: {got} instead of {want}");
                }
            }
        }
    }
    check_type::<f64>();
    check_type::<f32>();
}

#[test]
fn roots_are_correctly_rounded() {
    let x = random_bits::<f64>(10_000, 5);
    let y = random_bits::<f32>(10_000, 6);
    for level in Level::all_supported() {
        let roots = run_unary(MathFn::Sqrt, Accuracy::Fast, level, &x);
        assert!(x.iter().zip(&roots).all(|(x, &root)| same(root, x.sqrt())));
        let roots = run_unary(MathFn::Sqrt, Accuracy::Fast, level, &y);
        assert!(y.iter().zip(&roots).all(|(y, &root)| same(root, y.sqrt())));
    }
}

#[test]
fn fused_multiply_add_rounds_once() {
    fn triples<T: Element>() -> [Vec<T>; 3] {
        let mut random = super::Random::new(7);
        let [mut a, mut b, mut c] = [8, 9, 10].map(|seed| random_bits::<T>(20_000, seed));
        for _ in 0..20_000 {
            let (x, y) = (random.uniform(-2.0, 2.0), random.uniform(-2.0, 2.0));
            // Cancellation and halfway cases.
            let z =
                [-x * y, x * y / 1e7, f64::from(x as f32) * 16_777_216.0, 1e-40][random.bits() as usize % 4];
            a.push(T::of(x));
            b.push(T::of(y));
            c.push(T::of(z));
        }
        [a, b, c]
    }
    let [a, b, c] = triples::<f64>();
    let [x, y, z] = triples::<f32>();
    for level in Level::all_supported() {
        let got = run_fma(level, &a, &b, &c);
        assert!((0..a.len()).all(|i| same(got[i], a[i].mul_add(b[i], c[i]))), "{level:?}");
        let got = run_fma(level, &x, &y, &z);
        for i in 0..x.len() {
            assert!(same(got[i], x[i].mul_add(y[i], z[i])), "{level:?} {} {} {}", x[i], y[i], z[i]);
        }
    }
}
