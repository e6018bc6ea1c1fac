//! Complex arithmetic: values, infinities, branch cuts, range.

use super::block::{Block, all_pairs, check_lengths, edge_values, run};
use crate::dtype::{Complex, Dtype, Scalar};
use crate::ir::{BinaryOp, MathFn, UnaryOp};
use crate::kernel::level::Level;
use crate::kernel::{Accuracy, Operands, binary, unary};

const INF: f64 = f64::INFINITY;
const NAN: f64 = f64::NAN;
const BOTH: [Dtype; 2] = [Dtype::Complex64, Dtype::Complex128];

type Pair = (f64, f64);

fn complex((re, im): Pair) -> Scalar {
    Scalar::Complex(Complex::new(re, im))
}

fn apply_two(op: BinaryOp, dtype: Dtype, x: Pair, y: Pair, level: Level) -> Block {
    let kernel = binary(op, dtype, Operands::ArrayArray, Accuracy::Fast, level).unwrap();
    run(kernel, dtype, &[&Block::new(dtype, &[complex(x)]), &Block::new(dtype, &[complex(y)])], 1)
}

fn apply_one(op: UnaryOp, dtype: Dtype, result: Dtype, z: Pair, level: Level) -> Block {
    run(unary(op, dtype, Accuracy::Fast, level).unwrap(), result, &[&Block::new(dtype, &[complex(z)])], 1)
}

/// Whether `got` is `wanted` within `tolerance` of its modulus, NaN for NaN, infinity for infinity.
fn is_near(got: Scalar, wanted: Pair, tolerance: f64) -> bool {
    let Scalar::Complex(got) = got else { return false };
    let modulus = wanted.0.hypot(wanted.1);
    let near = |x: f64, y: f64| x == y || (x.is_nan() && y.is_nan()) || (x - y).abs() <= tolerance * modulus;
    near(got.re, wanted.0) && near(got.im, wanted.1)
}

fn tolerance(dtype: Dtype) -> f64 {
    if dtype == Dtype::Complex64 { 1e-7 } else { 1e-15 }
}

fn check_two(op: BinaryOp, cases: &[(Pair, Pair, Pair)]) {
    for dtype in BOTH {
        for level in Level::all_supported() {
            for &(x, y, wanted) in cases {
                let got = apply_two(op, dtype, x, y, level).get(0);
                let context = format!("{x:?} {op:?} {y:?} {dtype} {level:?}");
                assert!(is_near(got, wanted, tolerance(dtype)), "{context}: {got:?} not {wanted:?}");
            }
        }
    }
}

#[test]
fn products_recover_infinities() {
    check_two(
        BinaryOp::Mul,
        &[
            ((1.0, 2.0), (3.0, -4.0), (11.0, 2.0)),
            ((INF, INF), (1.0, 0.0), (INF, INF)),
            ((INF, NAN), (2.0, 3.0), (INF, INF)),
            ((INF, 1.0), (2.0, 0.0), (INF, NAN)),
            ((NAN, NAN), (1.0, 1.0), (NAN, NAN)),
            ((0.0, 0.0), (INF, 1.0), (NAN, NAN)),
        ],
    );
}

#[test]
fn quotients_recover_infinities() {
    check_two(
        BinaryOp::Div,
        &[
            ((1.0, 0.0), (1.0, 2.0), (0.2, -0.4)),
            ((1.0, 0.0), (-3.0, -4.0), (-0.12, 0.16)),
            ((1.0, 0.0), (0.0, 2.0), (0.0, -0.5)),
            ((1.0, 0.0), (0.0, 0.0), (INF, NAN)),
            ((1.0, 1.0), (0.0, 0.0), (INF, INF)),
            ((-3.0, -4.0), (0.0, 0.0), (-INF, -INF)),
            ((0.0, 0.0), (0.0, 0.0), (NAN, NAN)),
            ((0.0, 2.0), (0.0, 0.0), (NAN, INF)),
            ((INF, 1.0), (2.0, 1.0), (INF, -INF)),
            ((1.0, 2.0), (INF, INF), (0.0, 0.0)),
            ((NAN, NAN), (1.0, 2.0), (NAN, NAN)),
        ],
    );
}

#[test]
fn quotients_neither_overflow_nor_underflow_on_the_way() {
    let level = Level::Baseline;
    for scale in [1e308, 1e200, 1e-200, 1e-300] {
        let got = apply_two(BinaryOp::Div, Dtype::Complex128, (scale, scale), (scale, -scale), level).get(0);
        assert!(is_near(got, (0.0, 1.0), 1e-15), "{scale}: {got:?}");
    }
}

/// As NumPy gives them.
#[test]
fn plain_products_and_quotients_recover_nothing() {
    let products = [
        ((1.0, 2.0), (3.0, -4.0), (11.0, 2.0)),
        ((INF, INF), (1.0, 0.0), (NAN, NAN)),
        ((INF, NAN), (2.0, 3.0), (NAN, NAN)),
        ((INF, 1.0), (2.0, 0.0), (INF, NAN)),
        ((7.25, INF), (1.0, 0.0), (NAN, INF)),
    ];
    check_two(BinaryOp::PlainMul, &products);
    let quotients = [
        ((1.0, 0.0), (1.0, 2.0), (0.2, -0.4)),
        ((1.0, 0.0), (-4.0, -3.0), (-0.16, 0.12)),
        ((1.0, 0.0), (0.0, 2.0), (0.0, -0.5)),
        ((1.0, 7.25), (-0.0, 0.0), (INF, INF)),
        ((-1.0, 0.0), (0.0, -0.0), (-INF, NAN)),
        ((0.0, INF), (0.0, 0.0), (NAN, INF)),
        ((INF, -2.5), (0.0, 0.0), (INF, -INF)),
        ((0.0, 1.0), (INF, INF), (NAN, NAN)),
        ((1.0, 2.0), (INF, 1.0), (0.0, 0.0)),
        ((INF, 1.0), (2.0, 1.0), (INF, -INF)),
        ((1.0, 2.0), (NAN, 0.0), (NAN, NAN)),
    ];
    check_two(BinaryOp::PlainDiv, &quotients);
    let inverses: [(Pair, Pair); 6] = [
        ((0.0, 0.0), (NAN, NAN)),
        ((1.0, 2.0), (0.2, -0.4)),
        ((-4.0, -3.0), (-0.16, 0.12)),
        ((INF, 1.0), (0.0, -0.0)),
        ((INF, INF), (NAN, NAN)),
        ((1.0, NAN), (NAN, NAN)),
    ];
    for dtype in BOTH {
        for level in Level::all_supported() {
            for (z, wanted) in inverses {
                let got = apply_one(UnaryOp::Reciprocal, dtype, dtype, z, level).get(0);
                assert!(is_near(got, wanted, tolerance(dtype)), "1/{z:?} {dtype} {level:?}: {got:?}");
            }
        }
    }
}

/// Loops make selections of branches: they are held to the same bits on every level, whichever operand is a scalar.
#[test]
fn plain_arithmetic_gives_one_answer() {
    for dtype in BOTH {
        let values = edge_values(dtype);
        let (first, second) = all_pairs(dtype, &values);
        for op in [BinaryOp::PlainMul, BinaryOp::PlainDiv] {
            let at = |operands, level| binary(op, dtype, operands, Accuracy::Fast, level).unwrap();
            let wanted =
                run(at(Operands::ArrayArray, Level::Baseline), dtype, &[&first, &second], first.len());
            for level in Level::all_supported() {
                let context = format!("{op:?} {dtype} {level:?}");
                let kernel = at(Operands::ArrayArray, level);
                check_lengths(kernel, dtype, &[&first, &second], &context);
                let out = run(kernel, dtype, &[&first, &second], first.len());
                for index in 0..first.len() {
                    assert!(out.is(index, wanted.get(index)), "{context}: item {index}");
                }
                let all = Block::new(dtype, &values);
                for (column, value) in values.iter().enumerate() {
                    let one = Block::new(dtype, &[*value]);
                    let out = run(at(Operands::ArrayScalar, level), dtype, &[&all, &one], values.len());
                    for row in 0..values.len() {
                        let expected = wanted.get(row * values.len() + column);
                        assert!(out.is(row, expected), "{context}: item {row} and {value:?}");
                    }
                }
            }
        }
    }
}

/// As NumPy gives them.
#[test]
fn plain_powers() {
    check_two(
        BinaryOp::PlainPow,
        &[
            ((0.0, 0.0), (0.0, 0.0), (1.0, 0.0)),
            ((INF, NAN), (0.0, -0.0), (1.0, 0.0)),
            ((0.0, -0.0), (2.5, 1.0), (0.0, 0.0)),
            ((0.0, 0.0), (-2.5, 0.0), (NAN, NAN)),
            ((0.0, 0.0), (0.0, 1.0), (NAN, NAN)),
            ((INF, NAN), (1.0, 0.0), (INF, NAN)),
            ((0.0, INF), (3.0, 0.0), (NAN, NAN)),
            ((1.0, 2.0), (3.0, 0.0), (-11.0, -2.0)),
            ((1.0, 2.0), (4.0, 0.0), (-7.0, -24.0)),
            ((1.0, 2.0), (-1.0, 0.0), (0.2, -0.4)),
            ((INF, NAN), (2.5, 0.0), (INF, NAN)),
            ((-2.5, -0.0), (0.0, -INF), (0.0, 0.0)),
            ((-4.0, -0.0), (0.5, 0.0), (0.0, -2.0)),
            ((2.0, 0.0), (0.0, 1.0), (std::f64::consts::LN_2.cos(), std::f64::consts::LN_2.sin())),
        ],
    );
}

#[test]
fn powers_take_the_principal_branch() {
    let quarter_turn = std::f64::consts::FRAC_PI_2;
    check_two(
        BinaryOp::Pow,
        &[
            ((0.0, 0.0), (0.0, 0.0), (1.0, 0.0)),
            ((0.0, 0.0), (2.5, 1.0), (0.0, 0.0)),
            ((1.0, 2.0), (3.0, 0.0), (-11.0, -2.0)),
            ((1.0, 2.0), (-1.0, 0.0), (0.2, -0.4)),
            ((-4.0, 0.0), (0.5, 0.0), (0.0, 2.0)),
            ((-4.0, -0.0), (0.5, 0.0), (0.0, -2.0)),
            ((0.0, 1.0), (0.0, 1.0), ((-quarter_turn).exp(), 0.0)),
            ((2.0, 0.0), (0.0, 1.0), (std::f64::consts::LN_2.cos(), std::f64::consts::LN_2.sin())),
        ],
    );
}

#[test]
fn roots_respect_the_sign_of_a_zero_imaginary_part() {
    let cases: [(Pair, Pair); 14] = [
        ((-4.0, 0.0), (0.0, 2.0)),
        ((-4.0, -0.0), (0.0, -2.0)),
        ((4.0, 0.0), (2.0, 0.0)),
        ((-3.0, -4.0), (1.0, -2.0)),
        ((0.0, 2.0), (1.0, 1.0)),
        ((1.0, 2.0), (1.272019649514069, 0.7861513777574233)),
        ((0.0, 0.0), (0.0, 0.0)),
        ((-0.0, -0.0), (0.0, -0.0)),
        ((NAN, INF), (INF, INF)),
        ((-INF, 1.0), (0.0, INF)),
        ((-INF, -1.0), (0.0, -INF)),
        ((INF, -1.0), (INF, -0.0)),
        ((INF, NAN), (INF, NAN)),
        ((NAN, 1.0), (NAN, NAN)),
    ];
    for dtype in BOTH {
        for (z, wanted) in cases {
            let block = apply_one(UnaryOp::Math(MathFn::Sqrt), dtype, dtype, z, Level::Baseline);
            let Scalar::Complex(got) = block.get(0) else { panic!() };
            assert!(is_near(block.get(0), wanted, tolerance(dtype)), "{z:?} {dtype}: {got:?}");
            let same_sign = |x: f64, y: f64| x.is_nan() || x.is_sign_negative() == y.is_sign_negative();
            assert!(same_sign(got.re, wanted.0) && same_sign(got.im, wanted.1), "{z:?} {dtype}: {got:?}");
        }
    }
}

#[test]
fn roots_and_moduli_cover_the_whole_range() {
    for (scale, root) in [(1e308, 1e154), (1e-308, 1e-154), (4e-320, 2e-160)] {
        let op = UnaryOp::Math(MathFn::Sqrt);
        let got = apply_one(op, Dtype::Complex128, Dtype::Complex128, (scale, 0.0), Level::Baseline).get(0);
        assert!(is_near(got, (root, 0.0), 1e-4), "{scale}: {got:?}");
    }
    let modulus = |z| apply_one(UnaryOp::Abs, Dtype::Complex128, Dtype::Float64, z, Level::Baseline).get(0);
    let far = 2f64.powi(1000);
    assert_eq!(modulus((3.0 * far, -4.0 * far)), Scalar::Float(5.0 * far));
    assert_eq!(modulus((INF, NAN)), Scalar::Float(INF));
    let single = apply_one(UnaryOp::Abs, Dtype::Complex64, Dtype::Float32, (3e38, -INF), Level::Baseline);
    assert_eq!(single.get(0), Scalar::Float(INF));
}

#[test]
fn parts_and_signs() {
    for dtype in BOTH {
        for level in Level::all_supported() {
            let one = |op, result| apply_one(op, dtype, result, (1.5, -0.0), level);
            assert!(one(UnaryOp::Real, dtype.component()).is(0, Scalar::Float(1.5)));
            assert!(one(UnaryOp::Imag, dtype.component()).is(0, Scalar::Float(-0.0)));
            assert!(one(UnaryOp::Conj, dtype).is(0, complex((1.5, 0.0))));
            assert!(one(UnaryOp::Neg, dtype).is(0, complex((-1.5, 0.0))));
            let negated = apply_one(UnaryOp::Neg, dtype, dtype, (0.0, 0.0), level);
            assert!(negated.is(0, complex((-0.0, -0.0))));
        }
    }
}

#[test]
fn sums_and_differences_go_part_by_part() {
    for dtype in BOTH {
        let (first, second) = all_pairs(dtype, &edge_values(dtype));
        for level in Level::all_supported() {
            for (op, sign) in [(BinaryOp::Add, 1.0), (BinaryOp::Sub, -1.0)] {
                let kernel = binary(op, dtype, Operands::ArrayArray, Accuracy::Fast, level).unwrap();
                let out = run(kernel, dtype, &[&first, &second], first.len());
                for index in 0..first.len() {
                    let (Scalar::Complex(x), Scalar::Complex(y)) = (first.get(index), second.get(index))
                    else {
                        panic!("complex elements");
                    };
                    let wanted = complex((x.re + sign * y.re, x.im + sign * y.im));
                    assert!(out.is(index, wanted), "{x:?} {op:?} {y:?} {dtype} {level:?}");
                }
                check_lengths(kernel, dtype, &[&first, &second], &format!("{op:?} {dtype} {level:?}"));
            }
        }
    }
}

#[test]
fn quotients_and_roots_undo_products() {
    let points: Vec<Pair> =
        (1..200).map(|k| (f64::from(k) * 0.37 - 30.0, (f64::from(k) * 1.7).sin() * 9.0)).collect();
    for dtype in BOTH {
        for level in Level::all_supported() {
            for pair in points.windows(2) {
                let round = |z: Pair| match complex(z).cast(dtype) {
                    Scalar::Complex(z) => (z.re, z.im),
                    other => panic!("{other:?} is not complex"),
                };
                let (x, y) = (round(pair[0]), round(pair[1]));
                let Scalar::Complex(q) = apply_two(BinaryOp::Div, dtype, x, y, level).get(0) else {
                    panic!()
                };
                let product = complex((q.re * y.0 - q.im * y.1, q.re * y.1 + q.im * y.0));
                assert!(is_near(product, x, 4.0 * tolerance(dtype)), "{x:?} / {y:?} {dtype}: {q:?}");
                let root = apply_one(UnaryOp::Math(MathFn::Sqrt), dtype, dtype, x, level).get(0);
                let Scalar::Complex(r) = root else { panic!() };
                let square = complex((r.re * r.re - r.im * r.im, 2.0 * r.re * r.im));
                assert!(is_near(square, x, 4.0 * tolerance(dtype)), "root of {x:?} {dtype}: {r:?}");
            }
        }
    }
}

#[test]
fn what_complex_values_have_not() {
    for dtype in BOTH {
        for op in [UnaryOp::Floor, UnaryOp::CountOnes, UnaryOp::BitNot, UnaryOp::Math(MathFn::Erf)] {
            assert!(unary(op, dtype, Accuracy::Fast, Level::Baseline).is_none(), "{op:?}");
        }
        for op in [BinaryOp::Rem, BinaryOp::BitAnd, BinaryOp::Hypot] {
            let kernel = binary(op, dtype, Operands::ArrayArray, Accuracy::Fast, Level::Baseline);
            assert!(kernel.is_none(), "{op:?}");
        }
    }
}
