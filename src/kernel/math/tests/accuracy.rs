//! Measured errors against the bounds of `docs/accuracy.md`.

use super::reference::{Reference, ulp_error};
use super::{Element, Random, UNARY, random_bits, run_binary, run_unary, same, special_values};
use crate::ir::{BinaryOp, MathFn};
use crate::kernel::Accuracy;
use crate::kernel::level::Level;
use crate::kernel::math::{scalar_binary, scalar_unary};
use astro_float::BigFloat;
use std::fmt::Write;

const DOCUMENT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/accuracy.md");
const ACCURACIES: [Accuracy; 3] = [Accuracy::Fast, Accuracy::Precise, Accuracy::Scalar];
const BINARY: [BinaryOp; 3] = [BinaryOp::Pow, BinaryOp::Atan2, BinaryOp::Hypot];

/// Set, the table of the document is written anew from many samples instead of verified.
const UPDATE: &str = "MINIEXPR_WRITE_ACCURACY";

fn samples() -> usize {
    if std::env::var_os(UPDATE).is_some() { 2_500 } else { 250 }
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
        // The reference has positive arguments only, and log Γ crosses 0 at 1 and 2.
        MathFn::Tgamma => [&[(0.01, 170.0)], &[(0.01, 35.0)]],
        MathFn::Lgamma => [&[(3.0, 1e4)]; 2],
        _ => [WIDE; 2],
    }
}

/// Uniform samples of the ranges, and uniform bits where the function has no small domain.
fn arguments<T: Element>(ranges: &[(f64, f64)], count: usize, seed: u64) -> Vec<T> {
    let mut random = Random(seed);
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

/// Errors in the order of [`ACCURACIES`]: the largest over all instruction sets.
fn measure_unary<T: Element>(f: MathFn, ranges: &[(f64, f64)], reference: &mut Reference) -> [f64; 3] {
    let slow = matches!(f, MathFn::Erf | MathFn::Erfc | MathFn::Tgamma | MathFn::Lgamma);
    let count = if slow { samples() / 10 } else { samples() };
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
    ACCURACIES.map(|accuracy| {
        Level::all_supported()
            .map(|level| worst(&format!("{f:?} {level:?}"), &run_unary(f, accuracy, level, &x), &want))
            .fold(0.0, f64::max)
    })
}

fn measure_binary<T: Element>(op: BinaryOp, reference: &mut Reference) -> [f64; 3] {
    let count = samples();
    let limit = if T::MANTISSA_BITS == 52 { 740.0 } else { 100.0 };
    let mut random = Random(op as u64);
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
    ACCURACIES.map(|accuracy| {
        Level::all_supported()
            .map(|level| worst(&format!("{op:?} {level:?}"), &run_binary(op, accuracy, level, &a, &b), &want))
            .fold(0.0, f64::max)
    })
}

/// One line of the document's table: float64 and float32, by accuracy.
fn table_row(name: &str, errors: [f64; 6]) -> String {
    let mut row = format!("| `{}` |", name.to_lowercase());
    for error in errors {
        // Rounded up, so that the measurement itself is within.
        write!(row, " {:.2} |", (error * 100.0).ceil() / 100.0).expect("writing to a string");
    }
    row
}

fn table() -> Vec<String> {
    let mut reference = Reference::new();
    let mut rows = Vec::new();
    let mut add = |name: String, double: [f64; 3], single: [f64; 3]| {
        rows.push(table_row(&name, [double[0], double[1], double[2], single[0], single[1], single[2]]));
    };
    for f in UNARY {
        let [double, single] = ranges(f);
        let double = measure_unary::<f64>(f, double, &mut reference);
        let single = measure_unary::<f32>(f, single, &mut reference);
        add(format!("{f:?}"), double, single);
    }
    for op in BINARY {
        let double = measure_binary::<f64>(op, &mut reference);
        add(format!("{op:?}"), double, measure_binary::<f32>(op, &mut reference));
    }
    rows
}

/// The name and the numbers of a line of the table; `None` for other lines.
fn parse_row(line: &str) -> Option<(String, Vec<f64>)> {
    let mut cells = line.trim().trim_matches('|').split('|').map(str::trim);
    let name = cells.next()?.strip_prefix('`')?.strip_suffix('`')?.to_string();
    cells.map(|cell| cell.parse().ok()).collect::<Option<Vec<f64>>>().map(|numbers| (name, numbers))
}

#[test]
fn errors_are_within_the_documented_bounds() {
    let text = std::fs::read_to_string(DOCUMENT).expect("the document");
    let rows = table();
    if std::env::var_os(UPDATE).is_some() {
        let start = text.lines().position(|line| parse_row(line).is_some()).expect("a table in the document");
        let mut lines: Vec<&str> = text.lines().filter(|line| parse_row(line).is_none()).collect();
        lines.splice(start..start, rows.iter().map(String::as_str));
        std::fs::write(DOCUMENT, lines.join("\n") + "\n").expect("the document is writable");
        return;
    }
    for row in &rows {
        let (name, measured) = parse_row(row).expect("a row");
        let documented = text.lines().filter_map(parse_row).find(|(documented, _)| *documented == name);
        let (_, bounds) = documented.unwrap_or_else(|| panic!("{name} is not in the document"));
        for (column, (measured, bound)) in measured.iter().zip(&bounds).enumerate() {
            // Other samples find other maxima; the scalar columns (every third) depend on the
            // platform's library besides.
            let slack = if column % 3 == 2 { 2.0 } else { 0.15 };
            assert!(*measured <= bound + slack, "{name}, column {column}: {measured} > {bound}");
        }
        let vector_limits = [3.5, 1.0, f64::INFINITY, 3.5, 1.0, f64::INFINITY];
        let gamma = name.ends_with("gamma");
        for (bound, limit) in bounds.iter().zip(vector_limits) {
            assert!(gamma || *bound <= limit, "{name}: the documented {bound} is over the limit {limit}");
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
