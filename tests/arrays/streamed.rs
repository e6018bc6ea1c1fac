//! Outputs that are stored past the caches: 64 MiB and more.

use crate::testkit::strided::*;

/// Items of float64 in 64 MiB.
const LARGE: usize = 1 << 23;

fn values(items: usize, factor: usize) -> Vec<f64> {
    (0..items).map(|item| (item * factor % 1024) as f64 / 256.0).collect()
}

fn array(items: &mut [f64], shape: &[usize], strides: &[usize]) -> Array {
    let [shape, strides] =
        [shape, strides].map(|numbers| numbers.iter().map(|number| *number as i64).collect());
    Array { data: items.as_mut_ptr().cast(), ty: FLOAT64, shape, strides }
}

/// Evaluates into the middle of NaN, with one thread and with two, at an address that is no multiple of a line.
fn check(
    text: &str,
    inputs: &[(&str, Array)],
    shape: &[usize],
    strides: &[usize],
    wanted: impl Fn(usize) -> f64,
) {
    let variables: Vec<_> = inputs.iter().map(|(name, _)| (*name, FLOAT64)).collect();
    let expr = compile(text, &variables);
    let inputs: Vec<_> = inputs.iter().map(|(_, array)| array.clone()).collect();
    let span = 1 + shape.iter().zip(strides).map(|(extent, stride)| (extent - 1) * stride / 8).sum::<usize>();
    for threads in [1, 2] {
        let mut memory = vec![f64::NAN; span + 6];
        let output = array(&mut memory[3..], shape, strides);
        assert_eq!(evaluate(&expr, &inputs, &output, &params(threads)), 0);
        let (before, rest) = memory.split_at(3);
        let (items, behind) = rest.split_at(span);
        assert!(before.iter().chain(behind).all(|item| item.is_nan()), "{text}: bytes around the output");
        let items = items.iter().step_by(strides.last().map_or(1, |stride| stride / 8));
        for (index, item) in items.enumerate() {
            assert!(*item == wanted(index), "{text}, {threads} threads, item {index}: {item}");
        }
    }
}

#[test]
fn one_pass() {
    let (mut a, mut b) = (values(LARGE + 77, 7), values(LARGE + 77, 5));
    let [x, y] = [&mut a, &mut b].map(|items| array(&mut items[1..], &[LARGE + 76], &[8]));
    check("a*b + a", &[("a", x), ("b", y)], &[LARGE + 76], &[8], |i| a[i + 1] * b[i + 1] + a[i + 1]);
}

#[test]
fn machine_code_of_a_chain() {
    let (mut a, mut b) = (values(LARGE, 7), values(LARGE, 5));
    let [x, y] = [&mut a, &mut b].map(|items| array(items, &[LARGE], &[8]));
    let wanted = |i: usize| (a[i] + b[i]) * (a[i] - b[i]) + a[i] * 3.0;
    check("(a + b) * (a - b) + a*3.0", &[("a", x), ("b", y)], &[LARGE], &[8], wanted);
}

#[test]
fn several_passes() {
    let mut a = values(LARGE, 7);
    let x = array(&mut a, &[LARGE], &[8]);
    check("floor(a) + ceil(a) * abs(a - 2.0)", &[("a", x)], &[LARGE], &[8], |i| {
        a[i].floor() + a[i].ceil() * (a[i] - 2.0).abs()
    });
}

#[test]
fn rows_and_columns_that_repeat() {
    let (rows, columns) = (8400, 1000);
    let (mut a, mut b) = (values(rows, 7), values(columns, 5));
    let column = array(&mut a, &[rows, 1], &[8, 8]);
    let row = array(&mut b, &[columns], &[8]);
    let wanted = |i: usize| a[i / columns] * b[i % columns];
    check("a*b", &[("a", column), ("b", row)], &[rows, columns], &[8 * columns, 8], wanted);
}

#[test]
fn transposed_inputs() {
    let (rows, columns) = (4100, 2050);
    let (mut a, mut b) = (values(rows * columns, 7), values(rows * columns, 5));
    let x = array(&mut a, &[rows, columns], &[8, 8 * rows]);
    let y = array(&mut b, &[rows, columns], &[8 * columns, 8]);
    let wanted = |i: usize| a[i % columns * rows + i / columns] - b[i];
    check("a - b", &[("a", x), ("b", y)], &[rows, columns], &[8 * columns, 8], wanted);
}

#[test]
fn every_second_item_of_the_output() {
    let mut a = values(LARGE, 7);
    let x = array(&mut a, &[LARGE], &[8]);
    check("a + 1.0", &[("a", x)], &[LARGE], &[16], |i| a[i] + 1.0);
}

/// The order of the items shows in such kernels, which know their indices.
#[test]
fn kernels_that_know_their_indices() {
    let mut a = values(LARGE, 7);
    let x = array(&mut a, &[LARGE], &[8]);
    check("def f(a):\n    return a + _i0", &[("a", x)], &[LARGE], &[8], |i| a[i] + i as f64);
}
