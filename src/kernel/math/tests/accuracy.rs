//! Measured errors against the bounds of `docs/accuracy.md`.

use super::reference::{Reference, ulp_error};
use super::{Element, Random, random_bits, run_binary, run_unary, same, special_values};
use crate::ir::{BinaryOp, MathFn};
use crate::kernel::Accuracy;
use crate::kernel::level::Level;
use crate::kernel::math::{scalar_binary, scalar_unary};
use astro_float::BigFloat;

const DOCUMENT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/accuracy.md");
const BINARY: [BinaryOp; 3] = [BinaryOp::Pow, BinaryOp::Atan2, BinaryOp::Hypot];

/// A line for the worst argument found of each function, dtype and mode: their names, and the arguments' bits
/// as float64, the second one of functions with two. Written by the search that `docs/accuracy.md` names.
const WORST_ARGUMENTS: &str = include_str!("worst_arguments.txt");

const SAMPLES: usize = 250;

fn name_of(op: BinaryOp) -> &'static str {
    op.function().expect("a function").name
}

/// Where the function varies, in float64 and in float32.
fn ranges(f: MathFn) -> [&'static [(f64, f64)]; 2] {
    const WIDE: &[(f64, f64)] = &[(-10.0, 10.0), (-1.0, 1.0), (-1e-3, 1e-3)];
    const TURNS: &[(f64, f64)] = &[(-10.0, 10.0), (-1.0, 1.0), (-1e3, 1e3), (-1e6, 1e6)];
    const UNIT: &[(f64, f64)] = &[(-1.0, 1.0), (0.4, 0.6), (0.99, 1.0)];
    const POSITIVE: &[(f64, f64)] = &[(0.5, 2.0), (0.0, 100.0), (0.9, 1.1)];
    match f {
        MathFn::Exp | MathFn::Sinh | MathFn::Cosh | MathFn::Expm1 => {
            [&[(-1.0, 1.0), (-745.0, 710.0), (-40.0, 40.0)], &[(-1.0, 1.0), (-104.0, 89.0), (-20.0, 20.0)]]
        }
        MathFn::Exp2 => [&[(-1.0, 1.0), (-1075.0, 1024.0)], &[(-1.0, 1.0), (-150.0, 128.0)]],
        MathFn::Exp10 => [&[(-1.0, 1.0), (-323.0, 308.0)], &[(-1.0, 1.0), (-45.0, 38.0)]],
        MathFn::Log | MathFn::Log2 | MathFn::Log10 => [POSITIVE; 2],
        MathFn::Log1p => [&[(-1.0, 1.0), (-0.3, 0.5), (0.0, 1e3)]; 2],
        MathFn::Sin | MathFn::Cos | MathFn::Tan => [TURNS; 2],
        MathFn::Asin | MathFn::Acos | MathFn::Atanh => [UNIT; 2],
        MathFn::Acosh => [&[(1.0, 1.1), (1.0, 100.0)]; 2],
        MathFn::Erf => [&[(-6.0, 6.0), (-1.0, 1.0)]; 2],
        MathFn::Erfc => [&[(-6.0, 27.2), (-1.0, 1.0)], &[(-4.0, 10.5), (-1.0, 1.0)]],
        MathFn::Tgamma => [&[(0.01, 170.0), (-20.0, 5.0)], &[(0.01, 35.0), (-20.0, 5.0)]],
        MathFn::Lgamma => [&[(3.0, 1e4), (-20.0, 5.0), (0.9, 2.1)]; 2],
        _ => [WIDE; 2],
    }
}

/// Uniform samples of the ranges, and uniform bits where the function has no small domain.
fn arguments<T: Element>(ranges: &[(f64, f64)], count: usize, seed: u64) -> Vec<T> {
    let mut random = Random::new(seed);
    let mut x: Vec<T> = ranges
        .iter()
        .flat_map(|&(low, high)| (0..count).map(move |_| (low, high)))
        .map(|(low, high)| T::of(random.uniform(low, high)))
        .collect();
    x.extend(random_bits::<T>(count / 4, seed ^ 1));
    x
}

/// The largest error of `got` against `want`; where the scalar function gives no finite number, or
/// the reference has no value, both must be the same.
fn worst<T: Element>(name: &str, got: &[T], want: &[(T, Option<BigFloat>)]) -> f64 {
    let mut largest = 0.0_f64;
    for (i, (&y, (scalar, exact))) in got.iter().zip(want).enumerate() {
        let finite: f64 = (*scalar).into();
        match exact {
            Some(exact) if finite.is_finite() && y.into().is_finite() => {
                largest = largest.max(ulp_error(y.into(), exact, T::MANTISSA_BITS, T::MIN_EXPONENT));
            }
            Some(_) | None if finite.is_finite() && exact.is_none() => {}
            _ => assert!(same(y, *scalar), "{name}, item {i}: {} instead of {finite}", y.into()),
        }
    }
    largest
}

/// Errors in the order of [`Accuracy::ALL`]: the largest over all instruction sets.
fn measure_unary<T: Element>(f: MathFn, ranges: &[(f64, f64)], reference: &mut Reference) -> [f64; 3] {
    let slow = matches!(f, MathFn::Erf | MathFn::Erfc | MathFn::Tgamma | MathFn::Lgamma);
    let count = if slow { SAMPLES / 10 } else { SAMPLES };
    let mut x = arguments::<T>(ranges, count, f as u64);
    if slow {
        x.retain(|&x| x.into().abs() < 1e4 || !x.into().is_finite());
    }
    x.extend(special_values::<T>().into_iter().filter(|&x| !slow || x.into().abs() < 200.0));
    let scalar = scalar_unary(f);
    let want: Vec<_> = x
        .iter()
        .map(|&x| {
            let value = scalar(x.into());
            (T::of(value), if value.is_finite() { reference.unary(f, x.into()) } else { None })
        })
        .collect();
    Accuracy::ALL.map(|accuracy| {
        Level::all_supported()
            .map(|level| worst(&format!("{f:?} {level:?}"), &run_unary(f, accuracy, level, &x), &want))
            .fold(0.0, f64::max)
    })
}

fn measure_binary<T: Element>(op: BinaryOp, reference: &mut Reference) -> [f64; 3] {
    let count = SAMPLES;
    let limit = if T::MANTISSA_BITS == 52 { 740.0 } else { 100.0 };
    let mut random = Random::new(op as u64);
    let (mut a, mut b) = (Vec::new(), Vec::new());
    for i in 0..3 * count {
        // Powers of every exponent; for the others, ratios of every kind.
        let x = random.uniform(-3.0, 3.0).exp();
        let log = if op == BinaryOp::Pow { random.uniform(-limit, limit) } else { random.uniform(-3.0, 3.0) };
        let y = if op == BinaryOp::Pow { log / x.ln() } else { log.exp() };
        let sign = if op == BinaryOp::Pow || i % 2 == 0 { 1.0 } else { -1.0 };
        a.push(T::of(sign * x));
        b.push(T::of(if i % 3 == 0 { -y } else { y }));
    }
    a.extend(random_bits::<T>(count, 3));
    b.extend(random_bits::<T>(count, 4));
    let scalar = scalar_binary(op).expect("a math operation");
    let want: Vec<_> = a
        .iter()
        .zip(&b)
        .map(|(&a, &b)| {
            let value = scalar(a.into(), b.into());
            (T::of(value), if value.is_finite() { reference.binary(op, a.into(), b.into()) } else { None })
        })
        .collect();
    Accuracy::ALL.map(|accuracy| {
        Level::all_supported()
            .map(|level| worst(&format!("{op:?} {level:?}"), &run_binary(op, accuracy, level, &a, &b), &want))
            .fold(0.0, f64::max)
    })
}

/// The errors of samples, in the order of the columns of the document.
fn measured() -> Vec<(String, [f64; 6])> {
    let mut reference = Reference::new();
    let mut rows = Vec::new();
    let mut add = |name: &str, [a, b, c]: [f64; 3], [d, e, f]: [f64; 3]| {
        rows.push((name.to_string(), [a, b, c, d, e, f]));
    };
    for &f in MathFn::ALL {
        let [double, single] = ranges(f);
        let double = measure_unary::<f64>(f, double, &mut reference);
        let single = measure_unary::<f32>(f, single, &mut reference);
        add(f.row().name, double, single);
    }
    for op in BINARY {
        let double = measure_binary::<f64>(op, &mut reference);
        add(name_of(op), double, measure_binary::<f32>(op, &mut reference));
    }
    rows
}

/// The name and the numbers of a line of the table; `None` for other lines.
fn parse_row(line: &str) -> Option<(String, Vec<f64>)> {
    let mut cells = line.trim().trim_matches('|').split('|').map(str::trim);
    let name = cells.next()?.strip_prefix('`')?.strip_suffix('`')?.to_string();
    cells.map(|cell| cell.parse().ok()).collect::<Option<Vec<f64>>>().map(|numbers| (name, numbers))
}

/// The documented bounds by name, in the order of the columns.
fn documented() -> Vec<(String, Vec<f64>)> {
    let text = std::fs::read_to_string(DOCUMENT).expect("the document");
    text.lines().filter_map(parse_row).collect()
}

/// What a measured error may exceed the document by: nothing but for the scalar columns (every third),
/// which depend on the platform's library.
fn slack(column: usize) -> f64 {
    if column % 3 == 2 { 2.0 } else { 0.0 }
}

#[test]
fn errors_are_within_the_documented_bounds() {
    let documented = documented();
    for (name, errors) in measured() {
        let row = documented.iter().find(|row| row.0 == name);
        let (_, bounds) = row.unwrap_or_else(|| panic!("{name} is not in the document"));
        for (column, (error, bound)) in errors.iter().zip(bounds).enumerate() {
            assert!(*error <= bound + slack(column), "{name}, column {column}: {error} > {bound}");
        }
        let vector_limits = [3.5, 1.0, f64::INFINITY, 3.5, 1.0, f64::INFINITY];
        for (bound, limit) in bounds.iter().zip(vector_limits) {
            assert!(*bound <= limit, "{name}: the documented {bound} is over the limit {limit}");
        }
    }
}

#[test]
fn errors_at_the_worst_known_arguments_are_within_the_documented_bounds() {
    let documented = documented();
    let mut reference = Reference::new();
    for line in WORST_ARGUMENTS.lines() {
        let words: Vec<&str> = line.split(' ').collect();
        let [name, dtype, mode, a, b] = words[..] else { panic!("not a line of the list: {line}") };
        let [a, b] =
            [a, b].map(|bits| f64::from_bits(u64::from_str_radix(bits, 16).expect("hexadecimal bits")));
        let mode = ["fast", "precise", "scalar"].iter().position(|known| *known == mode).expect("a mode");
        let (_, bounds) = documented.iter().find(|row| row.0 == name).expect("a row of the document");
        let column = mode + if dtype == "float32" { 3 } else { 0 };
        for level in Level::all_supported() {
            let error = if dtype == "float32" {
                error_at::<f32>(name, Accuracy::ALL[mode], level, a, b, &mut reference)
            } else {
                error_at::<f64>(name, Accuracy::ALL[mode], level, a, b, &mut reference)
            };
            let bound = bounds[column] + slack(column);
            assert!(error <= bound, "{name} {dtype} {mode} {level:?} at {a:e}, {b:e}: {error} > {bound}");
        }
    }
}

/// The error of the named function at one argument or two.
fn error_at<T: Element>(
    name: &str,
    accuracy: Accuracy,
    level: Level,
    a: f64,
    b: f64,
    reference: &mut Reference,
) -> f64 {
    let (y, exact) = if let Some(f) = MathFn::ALL.iter().copied().find(|f| f.row().name == name) {
        (run_unary(f, accuracy, level, &[T::of(a)])[0], reference.unary(f, a))
    } else {
        let op = BINARY.into_iter().find(|&op| name_of(op) == name);
        let op = op.unwrap_or_else(|| panic!("no function {name}"));
        (run_binary(op, accuracy, level, &[T::of(a)], &[T::of(b)])[0], reference.binary(op, a, b))
    };
    exact.map_or(0.0, |exact| ulp_error(y.into(), &exact, T::MANTISSA_BITS, T::MIN_EXPONENT))
}

/// Around the zeros of log|Γ|, where its terms cancel, and where Γ is large or small.
#[test]
fn the_gamma_functions_are_accurate_everywhere() {
    let mut reference = Reference::new();
    let mut random = Random::new(23);
    let mut x = vec![-2.747682646727413, -33.73404582105205, 2.974767267683057, 1e-300, -1e-300, 1e17, 171.6];
    // Both zeros next to each negative integer, by bisection.
    for n in 2..18 {
        for sign in [-1.0, 1.0] {
            let (mut low, mut high) = (1e-17_f64, 0.5);
            for _ in 0..200 {
                let middle = (low * high).sqrt();
                let value = reference.unary(MathFn::Lgamma, -f64::from(n) + sign * middle);
                let positive = value.is_none_or(|value| value.is_positive());
                if positive { low = middle } else { high = middle }
            }
            let zero = -f64::from(n) + sign * low;
            for step in 0..12 {
                let bits = zero.to_bits();
                x.push(f64::from_bits(bits + step));
                x.push(f64::from_bits(bits - step));
            }
            x.extend((0..6).map(|_| zero + low * random.uniform(-0.3, 0.3)));
        }
    }
    for zero in [1.0_f64, 2.0] {
        x.extend((1..50).map(|i| zero + f64::from(i) * 0.7_f64.powi(i)));
        x.extend((1..50).map(|i| zero - 0.7_f64.powi(i)));
    }
    for f in [MathFn::Lgamma, MathFn::Tgamma] {
        let exact: Vec<_> = x.iter().map(|&x| reference.unary(f, x)).collect();
        let scalar = scalar_unary(f);
        for level in Level::all_supported() {
            let mut y = run_unary(f, Accuracy::Fast, level, &x);
            y.extend(x.iter().map(|&x| scalar(x)));
            for (i, y) in y.iter().enumerate() {
                let Some(exact) = &exact[i % x.len()] else { continue };
                let error = ulp_error(*y, exact, 52, -1022);
                assert!(error <= 1.0, "{f:?}({:e}) {level:?}: {error}", x[i % x.len()]);
            }
        }
    }
}

#[test]
fn logaddexp_is_close_to_its_larger_term() {
    let a = arguments::<f64>(&[(-700.0, 700.0), (-3.0, 3.0)], 500, 11);
    let b = arguments::<f64>(&[(-700.0, 700.0), (-3.0, 3.0)], 500, 12);
    let scalar = scalar_binary(BinaryOp::Logaddexp).expect("a math operation");
    for level in Level::all_supported() {
        let got = run_binary(BinaryOp::Logaddexp, Accuracy::Precise, level, &a, &b);
        for ((&a, &b), &y) in a.iter().zip(&b).zip(&got) {
            let want = scalar(a, b);
            let scale = a.max(b).abs().max(1.0);
            assert!(same(y, want) || (y - want).abs() <= 4.0 * f64::EPSILON * scale, "{a} {b}: {y} {want}");
        }
    }
}
