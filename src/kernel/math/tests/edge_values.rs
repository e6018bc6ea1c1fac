//! Values at the limits of the functions, and independence of position.

use super::{Element, Random, random_bits, run_binary, run_unary, same, special_values, unary};
use crate::dtype::Dtype;
use crate::ir::{BinaryOp, MathFn};
use crate::kernel::Accuracy;
use crate::kernel::level::Level;
use std::f64::consts::{FRAC_PI_2, FRAC_PI_4, PI};
use std::ptr::null;

const INF: f64 = f64::INFINITY;
const NAN: f64 = f64::NAN;

fn check_unary(f: MathFn, table: &[(f64, f64)]) {
    let (x, want): (Vec<f64>, Vec<f64>) = table.iter().copied().unzip();
    let scalar = std::iter::once((Accuracy::Scalar, Level::Baseline));
    let vector = Level::all_supported().flat_map(|l| [(Accuracy::Fast, l), (Accuracy::Precise, l)]);
    for (accuracy, level) in scalar.chain(vector) {
        let got = run_unary(f, accuracy, level, &x);
        for ((x, want), got) in x.iter().zip(&want).zip(got) {
            assert!(same(got, *want), "{f:?}({x:e}) {accuracy:?} {level:?}: {got:e} instead of {want:e}");
        }
    }
}

fn check_binary(op: BinaryOp, table: &[(f64, f64, f64)]) {
    let a: Vec<f64> = table.iter().map(|row| row.0).collect();
    let b: Vec<f64> = table.iter().map(|row| row.1).collect();
    for level in Level::all_supported() {
        let got = run_binary(op, Accuracy::Fast, level, &a, &b);
        for (&(a, b, want), got) in table.iter().zip(got) {
            assert!(same(got, want), "{op:?}({a:e}, {b:e}) {level:?}: {got:e} instead of {want:e}");
        }
    }
}

#[test]
fn exponentials_and_logarithms() {
    check_unary(
        MathFn::Exp,
        &[(0.0, 1.0), (-0.0, 1.0), (INF, INF), (-INF, 0.0), (NAN, NAN), (710.0, INF), (-746.0, 0.0)],
    );
    check_unary(
        MathFn::Exp2,
        &[
            (10.0, 1024.0),
            (-1074.0, 5e-324),
            (1000.0, 2f64.powi(1000)),
            (-1000.0, 2f64.powi(-1000)),
            (1024.0, INF),
        ],
    );
    check_unary(
        MathFn::Exp10,
        &[(0.0, 1.0), (400.0, INF), (-400.0, 0.0), (1.0, 10.0), (2.0, 100.0), (NAN, NAN)],
    );
    check_unary(
        MathFn::Expm1,
        &[(0.0, 0.0), (-0.0, -0.0), (-INF, -1.0), (INF, INF), (1e-300, 1e-300), (5e-324, 5e-324)],
    );
    for f in [MathFn::Log, MathFn::Log2, MathFn::Log10] {
        check_unary(
            f,
            &[(0.0, -INF), (-0.0, -INF), (-1.0, NAN), (1.0, 0.0), (INF, INF), (-INF, NAN), (NAN, NAN)],
        );
    }
    check_unary(MathFn::Log2, &[(8.0, 3.0), (5e-324, -1074.0), (0.5, -1.0)]);
    check_unary(MathFn::Log10, &[(1000.0, 3.0), (1e22, 22.0)]);
    check_unary(
        MathFn::Log1p,
        &[(-1.0, -INF), (-2.0, NAN), (0.0, 0.0), (-0.0, -0.0), (INF, INF), (5e-324, 5e-324)],
    );
}

#[test]
fn circular_functions() {
    for f in [MathFn::Sin, MathFn::Tan] {
        check_unary(f, &[(0.0, 0.0), (-0.0, -0.0), (INF, NAN), (-INF, NAN), (NAN, NAN), (5e-324, 5e-324)]);
    }
    check_unary(MathFn::Cos, &[(0.0, 1.0), (INF, NAN), (NAN, NAN)]);
    check_unary(MathFn::Sin, &[(1e22, -0.8522008497671888)]);
    check_unary(
        MathFn::Sinpi,
        &[(0.5, 1.0), (1.0, 0.0), (-1.0, -0.0), (1.5, -1.0), (1e300, 0.0), (INF, NAN), (-0.0, -0.0)],
    );
    check_unary(
        MathFn::Cospi,
        &[(0.5, 0.0), (1.0, -1.0), (1.5, 0.0), (9007199254740991.0, -1.0), (1e300, 1.0), (INF, NAN)],
    );
    check_unary(
        MathFn::Asin,
        &[(0.0, 0.0), (-0.0, -0.0), (1.0, FRAC_PI_2), (-1.0, -FRAC_PI_2), (1.0001, NAN), (INF, NAN)],
    );
    check_unary(MathFn::Acos, &[(1.0, 0.0), (-1.0, PI), (0.0, FRAC_PI_2), (-1.0001, NAN), (NAN, NAN)]);
    check_unary(
        MathFn::Atan,
        &[(INF, FRAC_PI_2), (-INF, -FRAC_PI_2), (0.0, 0.0), (-0.0, -0.0), (1.0, FRAC_PI_4), (NAN, NAN)],
    );
    check_binary(
        BinaryOp::Atan2,
        &[
            (0.0, -1.0, PI),
            (-0.0, -1.0, -PI),
            (0.0, -0.0, PI),
            (-0.0, 0.0, -0.0),
            (INF, INF, FRAC_PI_4),
            (1.0, -INF, PI),
            (NAN, 1.0, NAN),
        ],
    );
}

/// In float64, where sine and cosine are steepest and flattest: near multiples of π/2.
#[test]
fn sines_and_cosines_are_odd_and_even_and_do_not_pass_one() {
    let mut x = Vec::new();
    for n in 0..4000 {
        let middle = (f64::from(n) * FRAC_PI_2).to_bits();
        x.extend((0..64).map(|i| f64::from_bits(middle + i)));
        x.extend((0..64).map(|i| f64::from_bits(middle.saturating_sub(i * i * 4099))));
    }
    let opposite: Vec<f64> = x.iter().map(|x| -x).collect();
    for level in Level::all_supported() {
        for accuracy in [Accuracy::Fast, Accuracy::Precise] {
            for f in [MathFn::Sin, MathFn::Cos] {
                let [y, mirrored] = [&x, &opposite].map(|x| run_unary(f, accuracy, level, x));
                for ((&x, &y), &mirrored) in x.iter().zip(&y).zip(&mirrored) {
                    assert!(y.abs() <= 1.0, "{f:?}({x:e}) {accuracy:?} {level:?}: {y:e}");
                    let want = if f == MathFn::Sin { -y } else { y };
                    assert!(same(mirrored, want), "{f:?}(-{x:e}) {accuracy:?} {level:?}: {mirrored:e}");
                }
            }
        }
    }
    for level in Level::all_supported() {
        assert_eq!(run_unary(MathFn::Sin, Accuracy::Fast, level, &[FRAC_PI_2, -FRAC_PI_2]), [1.0, -1.0]);
    }
}

#[test]
fn hyperbolic_functions() {
    check_unary(
        MathFn::Sinh,
        &[(0.0, 0.0), (-0.0, -0.0), (711.0, INF), (-INF, -INF), (5e-324, 5e-324), (NAN, NAN)],
    );
    check_unary(MathFn::Cosh, &[(0.0, 1.0), (711.0, INF), (-INF, INF), (NAN, NAN)]);
    check_unary(
        MathFn::Tanh,
        &[(0.0, 0.0), (-0.0, -0.0), (INF, 1.0), (-INF, -1.0), (1e300, 1.0), (NAN, NAN)],
    );
    check_unary(MathFn::Asinh, &[(0.0, 0.0), (-0.0, -0.0), (INF, INF), (-INF, -INF), (NAN, NAN)]);
    check_unary(
        MathFn::Acosh,
        &[
            (1.0, 0.0),
            (0.5, NAN),
            (-5.0, NAN),
            (-1e5, NAN),
            (-33554431.0, NAN),
            (-1e300, NAN),
            (-INF, NAN),
            (INF, INF),
            (NAN, NAN),
        ],
    );
    check_unary(
        MathFn::Atanh,
        &[(0.0, 0.0), (-0.0, -0.0), (1.0, INF), (-1.0, -INF), (1.5, NAN), (-INF, NAN)],
    );
    for level in Level::all_supported() {
        let large = run_unary(MathFn::Cosh, Accuracy::Fast, level, &[710.0_f64, -710.4]);
        assert!(large.iter().all(|y| y.is_finite() && *y > 1.1e308), "{large:?}");
        for f in [MathFn::Asinh, MathFn::Acosh] {
            let y: f64 = run_unary(f, Accuracy::Fast, level, &[f64::MAX])[0];
            assert!((y - 710.4758600739439).abs() < 2e-13, "{y}");
        }
    }
}

#[test]
fn powers_roots_and_special_functions() {
    check_unary(
        MathFn::Cbrt,
        &[(0.0, 0.0), (-0.0, -0.0), (27.0, 3.0), (-8.0, -2.0), (INF, INF), (-INF, -INF), (NAN, NAN)],
    );
    check_unary(MathFn::Sqrt, &[(-0.0, -0.0), (-1.0, NAN), (INF, INF)]);
    check_unary(MathFn::Erf, &[(0.0, 0.0), (-0.0, -0.0), (INF, 1.0), (-INF, -1.0), (7.0, 1.0), (NAN, NAN)]);
    check_unary(MathFn::Erfc, &[(0.0, 1.0), (INF, 0.0), (-INF, 2.0), (28.0, 0.0), (NAN, NAN)]);
    check_unary(
        MathFn::Tgamma,
        &[(0.0, INF), (-0.0, -INF), (-1.0, NAN), (-INF, NAN), (172.0, INF), (5.0, 24.0)],
    );
    check_unary(MathFn::Lgamma, &[(1.0, 0.0), (2.0, 0.0), (-3.0, INF), (0.0, INF), (-INF, INF), (NAN, NAN)]);
    check_binary(
        BinaryOp::Hypot,
        &[
            (3.0, 4.0, 5.0),
            (INF, NAN, INF),
            (NAN, -INF, INF),
            (NAN, 1.0, NAN),
            (0.0, 0.0, 0.0),
            (1e308, 0.0, 1e308),
            (5e-324, 0.0, 5e-324),
        ],
    );
}

/// Exact powers, and every pair of limits against the C library.
#[test]
fn limits_of_pow() {
    check_binary(
        BinaryOp::Pow,
        &[
            (0.0, 0.0, 1.0),
            (NAN, 0.0, 1.0),
            (1.0, NAN, 1.0),
            (-8.0, 1.0 / 3.0, NAN),
            (0.0, -1.0, INF),
            (-7.0, 2.0, 49.0),
            (-1.0, INF, 1.0),
        ],
    );
    let magnitudes = [
        0.0,
        0.5,
        1.0,
        2.0,
        3.0,
        2.5,
        1e300,
        9007199254740991.0,
        4503599627370497.0,
        1e-300,
        5e-324,
        INF,
        NAN,
    ];
    let values: Vec<f64> = magnitudes.iter().flat_map(|&x| [x, -x]).collect();
    let table: Vec<(f64, f64, f64)> = values
        .iter()
        .flat_map(|&a| values.iter().map(move |&b| (a, b, a.powf(b))))
        .filter(|&(_, _, want)| want == 0.0 || !want.is_finite() || want.abs() == 1.0)
        .collect();
    check_binary(BinaryOp::Pow, &table);
}

#[test]
fn results_do_not_depend_on_position() {
    let special = special_values::<f64>();
    for level in Level::all_supported() {
        for &f in MathFn::ALL {
            let whole = run_unary(f, Accuracy::Fast, level, &special);
            for (i, &x) in special.iter().enumerate().step_by(7) {
                let repeated = run_unary(f, Accuracy::Fast, level, &vec![x; 131]);
                assert!(repeated.iter().all(|&y| same(y, whole[i])), "{f:?}({x:e}) {level:?}");
            }
        }
    }
}

#[test]
fn levels_with_fused_multiply_add_give_the_same_bits() {
    fn check<T: Element>() {
        let mut a = special_values::<T>();
        a.extend(random_bits::<T>(20_000, 21));
        let mut random = Random::new(22);
        a.extend((0..20_000).map(|_| T::of(random.uniform(-50.0, 50.0))));
        let mut b = a.clone();
        b.rotate_left(7);
        let levels: Vec<Level> = Level::all_supported().filter(|&level| level > Level::Baseline).collect();
        for accuracy in [Accuracy::Fast, Accuracy::Precise] {
            for pair in levels.windows(2) {
                for &f in MathFn::ALL {
                    let [low, high] = [0, 1].map(|i| run_unary(f, accuracy, pair[i], &a));
                    let differs = (0..a.len()).find(|&i| !same(low[i], high[i]));
                    assert!(differs.is_none(), "{f:?}({}) {accuracy:?}", a[differs.unwrap_or(0)].into());
                }
                for op in [BinaryOp::Pow, BinaryOp::Atan2, BinaryOp::Hypot, BinaryOp::Logaddexp] {
                    let [low, high] = [0, 1].map(|i| run_binary(op, accuracy, pair[i], &a, &b));
                    let differs = (0..a.len()).find(|&i| !same(low[i], high[i]));
                    assert!(differs.is_none(), "{op:?} {accuracy:?}, item {differs:?}");
                }
            }
        }
    }
    check::<f32>();
    check::<f64>();
}

/// Vectors read and write the last items by masks: every count, and no item beyond.
#[test]
fn all_counts_of_items_are_computed_and_no_more() {
    for level in Level::all_supported() {
        for n in 0..70 {
            let x: Vec<f64> = (0..n).map(|i| 0.1 + f64::from(i)).collect();
            let mut y = vec![-1.0; x.len() + 1];
            let kernel = unary(MathFn::Log, Dtype::Float64, Accuracy::Fast, level).expect("a kernel");
            // SAFETY: `y` has one element more than `x`.
            unsafe { kernel(y.as_mut_ptr().cast(), x.as_ptr().cast(), null(), null(), x.len()) };
            assert!(x.iter().zip(&y).all(|(x, y)| (x.ln() - y).abs() < 1e-14), "{level:?} {n}");
            assert_eq!(y.last(), Some(&-1.0));
        }
    }
}

#[test]
fn no_elements_is_no_work() {
    assert!(run_unary::<f64>(MathFn::Exp, Accuracy::Fast, Level::supported(), &[]).is_empty());
}
