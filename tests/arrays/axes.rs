//! Reductions along axes against a model that gathers the items of each result and reduces them in a line.

use miniexpr::{ArrayMut, ArrayRef, Dialect, Dtype, ErrorKind, Expression, Item};

use crate::LARGE;
use crate::testkit::strided::{Numbers, for_each_index};

/// All indices of a shape, in C order.
fn indices(shape: &[i64]) -> Vec<Vec<i64>> {
    let mut all = Vec::new();
    for_each_index(shape, |index| all.push(index.to_vec()));
    all
}

/// An array in a buffer, with strides in items.
struct Strided<T> {
    items: Vec<T>,
    first: usize,
    shape: Vec<usize>,
    strides: Vec<isize>,
}

impl<T: Item> Strided<T> {
    /// An array whose dimensions lie in any order and direction, some with gaps, some of inputs on one place.
    fn random(
        random: &mut Numbers<'_>,
        shape: &[usize],
        is_input: bool,
        mut item: impl FnMut(i64) -> T,
    ) -> Strided<T> {
        let mut order: Vec<usize> = (0..shape.len()).collect();
        for d in (1..order.len()).rev() {
            if random.below(3) == 0 {
                order.swap(d, random.below(d as u64 + 1) as usize);
            }
        }
        let mut strides = vec![0isize; shape.len()];
        let (mut first, mut stride) = (0usize, 1usize);
        for &d in order.iter().rev() {
            if is_input && random.below(10) == 0 {
                continue;
            }
            stride *= 1 + (random.below(5) == 0) as usize;
            strides[d] = stride as isize;
            if random.below(5) == 0 {
                first += stride * (shape[d].max(1) - 1);
                strides[d] = -strides[d];
            }
            stride *= shape[d].max(1);
        }
        let items = (0..stride.max(1)).map(|_| item(random.below(1 << 16))).collect();
        Strided { items, first, shape: shape.to_vec(), strides }
    }

    fn view(&self) -> ArrayRef<'_> {
        ArrayRef::strided(&self.items, self.first, &self.shape, &self.strides).unwrap()
    }

    fn place(&self, index: &[i64]) -> usize {
        let steps = index.iter().zip(&self.strides).map(|(index, stride)| *index as isize * stride);
        self.first.wrapping_add_signed(steps.sum())
    }

    fn at(&self, index: &[i64]) -> T {
        self.items[self.place(index)]
    }
}

fn random_shape(random: &mut Numbers<'_>) -> Vec<usize> {
    let ndim = random.below(5) as usize;
    let longest = [1, 3000, 90, 20, 9][ndim];
    let mut shape: Vec<usize> = (0..ndim)
        .map(|_| if random.below(25) == 0 { 0 } else { 1 + random.below(longest) as usize })
        .collect();
    // Long dimensions now and then, so that chunks, tiles and pieces end inside.
    if ndim > 0 && random.below(3) == 0 {
        let d = random.below(ndim as u64) as usize;
        shape[d] = 1 + random.below(1400) as usize;
    }
    shape
}

/// Some of the axes, by either of their names.
fn random_axes(random: &mut Numbers<'_>, ndim: usize) -> Vec<i32> {
    let mut axes = Vec::new();
    for d in 0..ndim as i32 {
        if random.below(2) == 0 {
            axes.push(if random.below(2) == 0 { d } else { d - ndim as i32 });
        }
    }
    axes
}

/// Compares `text`, of two variables, with its reduction of gathered items.
fn check<T: Item, R: Item>(
    random: &mut Numbers<'_>,
    text: &str,
    item: fn(i64) -> T,
    bits: fn(R) -> u128,
    threads: usize,
) {
    let compile = |axes: Option<(&[i32], bool)>| {
        let builder = Expression::builder(text)
            .variable("a", T::DTYPE)
            .variable("b", T::DTYPE)
            .dialect(Dialect::Miniexpr);
        match axes {
            Some((axes, keepdims)) => builder.axis(axes).keepdims(keepdims).compile(),
            None => builder.compile(),
        }
    };
    let shape = random_shape(random);
    let axes = random_axes(random, shape.len());
    let keepdims = random.below(2) == 0;
    let is_reduced =
        |d: usize| axes.iter().any(|axis| *axis == d as i32 || (*axis + shape.len() as i32) == d as i32);
    let a = Strided::random(random, &shape, true, item);
    // The second is stretched along the first dimensions.
    let dropped = random.below(shape.len() as u64 + 1) as usize;
    let b = Strided::random(random, &shape[dropped..], true, item);
    let uses_b = text.contains('b');
    let kept: Vec<i64> = (0..shape.len()).map(|d| if is_reduced(d) { 1 } else { shape[d] as i64 }).collect();
    let lines: Vec<i64> = (0..shape.len()).map(|d| if is_reduced(d) { shape[d] as i64 } else { 1 }).collect();
    let is_empty = lines.contains(&0) && (text.starts_with("min") || text.starts_with("max"));
    let results = indices(&kept);
    if is_empty && !results.is_empty() {
        return;
    }
    let plain = compile(None).unwrap();
    let expected: Vec<u128> = results
        .iter()
        .map(|result| {
            let (mut of_a, mut of_b) = (Vec::new(), Vec::new());
            for line in indices(&lines) {
                let index: Vec<i64> = result.iter().zip(&line).map(|(a, b)| a + b).collect();
                of_a.push(a.at(&index));
                of_b.push(b.at(&index[dropped..]));
            }
            let inputs = [ArrayRef::from(&of_a), ArrayRef::from(&of_b)];
            bits(plain.evaluate_to_vec::<R>(&inputs).unwrap()[0])
        })
        .collect();
    let out_shape: Vec<usize> = (0..shape.len())
        .filter(|d| keepdims || !is_reduced(*d))
        .map(|d| if is_reduced(d) { 1 } else { shape[d] })
        .collect();
    let expression = compile(Some((&axes, keepdims))).unwrap();
    let mut out = Strided::random(random, &out_shape, false, |_| R::default());
    let view = ArrayMut::strided(&mut out.items, out.first, &out.shape, &out.strides).unwrap();
    expression
        .evaluation()
        .threads(threads)
        .run(&[a.view(), b.view()], view)
        .unwrap_or_else(|error| panic!("{text} axis={axes:?} of {shape:?}: {error}"));
    let found: Vec<u128> = indices(&out_shape.iter().map(|extent| *extent as i64).collect::<Vec<_>>())
        .iter()
        .map(|index| bits(out.at(index)))
        .collect();
    let place = found.iter().zip(&expected).position(|(found, expected)| found != expected);
    assert!(
        found.len() == expected.len() && place.is_none(),
        "{text} of {} axis={axes:?} keepdims={keepdims} shape={shape:?} strides={:?} b={uses_b} {:?} threads={threads}: {place:?}",
        T::DTYPE,
        a.strides,
        b.strides,
    );
}

fn float(number: i64) -> f64 {
    match number % 64 {
        0 => -0.0,
        1 => 0.0,
        _ => (number - 30000) as f64 / 777.0,
    }
}

const TEXTS: [&str; 11] = [
    "sum(a)",
    "mean(a)",
    "min(a)",
    "max(a)",
    "any(a)",
    "all(a)",
    "prod(a)",
    "sum(a * b)",
    "max(abs(a - b))",
    "mean(a + b)",
    "all(a == b)",
];

#[test]
fn results_are_those_of_gathered_lines() {
    let mut random = Numbers::new(&[], 14, LARGE);
    for round in 0..300 {
        let text = TEXTS[round % TEXTS.len()];
        let threads = [1, 2, 3, 16][round / TEXTS.len() % 4];
        let is_truth = text.starts_with("any") || text.starts_with("all");
        let kind = random.below(4);
        match (kind, is_truth) {
            (0, true) => check::<f32, bool>(&mut random, text, |n| (n % 3) as f32, u128::from, threads),
            (_, true) => check::<i16, bool>(&mut random, text, |n| (n % 3) as i16, u128::from, threads),
            (0, _) if text.starts_with("mean") => {
                check::<i32, f64>(&mut random, text, |n| n as i32 * 30000, |x| x.to_bits().into(), threads);
            }
            (0, _) if !text.contains("m") || text.contains("sum") => {
                check::<u8, u64>(&mut random, text, |n| n as u8, u128::from, threads);
            }
            (1, _) if text.starts_with("mean") => {
                check::<f32, f64>(&mut random, text, |n| float(n) as f32, |x| x.to_bits().into(), threads);
            }
            (1, _) => {
                check::<f32, f32>(&mut random, text, |n| float(n) as f32, |x| x.to_bits().into(), threads)
            }
            _ => check::<f64, f64>(&mut random, text, float, |x| x.to_bits().into(), threads),
        }
    }
}

/// The same items in C order, of which several lines or rows are computed at once, and in other orders.
#[test]
fn computed_values_do_not_depend_on_the_order_in_memory() {
    fn check<T: Item + PartialEq + std::fmt::Debug>(
        text: &str,
        item: impl Fn(i64) -> T,
        bits: fn(T) -> u128,
    ) {
        let mut random = Numbers::new(&[], 16, LARGE);
        for shape in
            [&[7usize, 1300][..], &[300, 700], &[37, 2100], &[3, 9000], &[260, 5], &[5, 6, 900], &[1, 400]]
        {
            let count = shape.iter().product::<usize>();
            let dense: [Vec<T>; 2] =
                std::array::from_fn(|_| (0..count).map(|_| item(random.below(1 << 16))).collect());
            // Backwards, so that nothing lies side by side.
            let strides: Vec<isize> =
                (0..shape.len()).map(|d| -(shape[d + 1..].iter().product::<usize>() as isize)).collect();
            let backwards = dense.clone().map(|items| items.into_iter().rev().collect::<Vec<T>>());
            for axes in [&[0i32][..], &[-1], &[0, -1]] {
                let expression = Expression::builder(text)
                    .variable("a", T::DTYPE)
                    .variable("b", T::DTYPE)
                    .axis(axes)
                    .compile()
                    .unwrap();
                let run = |inputs: [ArrayRef<'_>; 2]| -> Vec<u128> {
                    expression.evaluation().run_to_vec::<T>(&inputs).unwrap().into_iter().map(bits).collect()
                };
                let found = run(dense.each_ref().map(|items| ArrayRef::shaped(items, shape).unwrap()));
                let expected = run(backwards
                    .each_ref()
                    .map(|items| ArrayRef::strided(items, count - 1, shape, &strides).unwrap()));
                assert_eq!(found, expected, "{text} of {} axis={axes:?} of {shape:?}", T::DTYPE);
            }
        }
    }
    for text in ["sum(a * b)", "max(abs(a - b))", "min(a + b)", "prod(a - b)"] {
        check::<f64>(text, float, |x| x.to_bits().into());
        check::<f32>(text, |n| float(n) as f32, |x| x.to_bits().into());
    }
    check::<i64>("sum(a * b)", |n| n - 30000, |x| x as u64 as u128);
    check::<i64>("max(abs(a - b))", |n| n - 30000, |x| x as u64 as u128);
}

/// Large enough that threads share it, in each way.
#[test]
fn threads_do_not_show() {
    let mut random = Numbers::new(&[], 15, LARGE);
    for shape in [&[100_000usize][..], &[3, 50_000], &[50_000, 3], &[300, 400], &[50, 40, 50], &[90_000, 1]] {
        let items: Vec<f64> = (0..shape.iter().product()).map(|_| float(random.below(1 << 16))).collect();
        let view = ArrayRef::shaped(&items, shape).unwrap();
        for axes in [&[0i32][..], &[-1], &[0, -1], &[]] {
            if shape.len() == 1 && axes.len() == 2 {
                continue;
            }
            for text in ["sum(a)", "sum(a * a)", "max(a)", "mean(a + 1)"] {
                let expression =
                    Expression::builder(text).variable("a", Dtype::Float64).axis(axes).compile().unwrap();
                let run = |threads| -> Vec<u64> {
                    let values = expression.evaluation().threads(threads).run_to_vec::<f64>(&[view]).unwrap();
                    values.into_iter().map(f64::to_bits).collect()
                };
                let alone = run(1);
                for threads in [2, 3, 16] {
                    assert!(run(threads) == alone, "{text} axis={axes:?} of {shape:?}, {threads} threads");
                }
            }
            let whole = Expression::builder("sum(a * a)").variable("a", Dtype::Float64).compile().unwrap();
            let sums = [1, 2, 16].map(|threads| {
                whole.evaluation().threads(threads).run_to_vec::<f64>(&[view]).unwrap()[0].to_bits()
            });
            assert!(sums[1..].iter().all(|sum| *sum == sums[0]), "{shape:?}");
        }
    }
}

/// Inner reductions are of what they name, not of all that the text reads.
#[test]
fn inner_reductions_have_shapes_of_their_own() {
    let expression = Expression::builder("a - sum(b)")
        .variable("a", Dtype::Int64)
        .variable("b", Dtype::Int64)
        .compile()
        .unwrap();
    let (a, b) = ([1i64, 2, 3, 4], [10i64, 20]);
    let inputs = [ArrayRef::shaped(&a, &[2, 2]).unwrap(), ArrayRef::from(&b)];
    assert_eq!(expression.evaluate_to_vec::<i64>(&inputs).unwrap(), [-29, -28, -27, -26]);
}

/// In the language of NumPy, what is reduced has no part in the shape of the result.
#[test]
fn results_have_the_shape_of_what_is_not_reduced() {
    let (a, b, none) = ([1.0, 2.0, 3.0, 4.0, 5.0], [10.0, 20.0, 30.0], [0.0; 0]);
    let run = |text: &str, shape: &[usize]| {
        let mut builder = Expression::builder(text).dialect(Dialect::NumPy);
        let mut inputs = Vec::new();
        let arrays = [("a", ArrayRef::from(&a)), ("b", ArrayRef::from(&b)), ("none", ArrayRef::from(&none))];
        for (name, array) in arrays.into_iter().filter(|(name, _)| text.contains(name)) {
            builder = builder.variable(name, Dtype::Float64);
            inputs.push(array);
        }
        let one = ArrayRef::shaped(&b[..1], &[1]).unwrap();
        if text.contains("one") {
            builder = builder.variable("one", Dtype::Float64);
            inputs.push(one);
        }
        let expression = builder.compile().unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(expression.result_shape(&inputs).unwrap(), shape, "{text}");
        let alone = expression.evaluate_to_vec::<f64>(&inputs).unwrap();
        assert_eq!(expression.evaluation().threads(2).run_to_vec::<f64>(&inputs).unwrap(), alone, "{text}");
        alone
    };
    assert_eq!(run("b - sum(a)", &[3]), [-5.0, 5.0, 15.0]);
    assert_eq!(run("one - sum(a)", &[1]), [-5.0]);
    assert_eq!(run("b * max(a) - min(one)", &[3]), [40.0, 90.0, 140.0]);
    assert_eq!(run("sum(a) - sum(b)", &[]), [-45.0]);
    assert_eq!(run("sum(a - sum(b))", &[]), [-285.0]);
    assert_eq!(run("where(b > sum(a), mean(a), 0)", &[3]), [0.0, 3.0, 3.0]);
    assert_eq!(run("b - sum(none)", &[3]), b);
    assert_eq!(run("none - sum(b)", &[0]), []);
}

/// The output may have one item for a result without dimensions.
#[test]
fn one_item_is_room_for_the_result_of_reductions() {
    let expression = Expression::builder("sum(a) - sum(b)")
        .variable("a", Dtype::Float64)
        .variable("b", Dtype::Float64)
        .dialect(Dialect::NumPy)
        .compile()
        .unwrap();
    let mut out = [0.0; 2];
    let inputs = [ArrayRef::from(&[1.0, 2.0]), ArrayRef::from(&[4.0])];
    expression.evaluate(&inputs, ArrayMut::shaped(&mut out[..1], &[1, 1]).unwrap()).unwrap();
    assert_eq!(out, [-1.0, 0.0]);
    let error = expression.evaluate(&inputs, &mut out).unwrap_err();
    assert_eq!(error.message(), "the output has the shape (2,), but the result has ()");
}

/// In the language of NumPy, axes are keywords, also of reductions inside expressions and inside each other.
#[test]
fn reductions_in_expressions_have_axes() {
    let a = [1.0, 2.0, 4.0, 3.0, 8.0, 6.0];
    let view = ArrayRef::shaped(&a, &[2, 3]).unwrap();
    let run = |text: &str| {
        let builder = Expression::builder(text).variable("a", Dtype::Float64).dialect(Dialect::NumPy);
        let expression = builder.compile().unwrap_or_else(|error| panic!("{text}: {error}"));
        let alone =
            expression.evaluate_to_vec::<f64>(&[view]).unwrap_or_else(|error| panic!("{text}: {error}"));
        let shared = expression.evaluation().threads(3).run_to_vec::<f64>(&[view]).unwrap();
        assert_eq!(alone, shared, "{text}");
        alone
    };
    assert_eq!(run("a - mean(a, axis=0, keepdims=True)"), [-1.0, -3.0, -1.0, 1.0, 3.0, 1.0]);
    assert_eq!(run("a - mean(a, axis=0)"), [-1.0, -3.0, -1.0, 1.0, 3.0, 1.0]);
    assert_eq!(
        run("a / sum(a, axis=-1, keepdims=True) * 7"),
        [1.0, 2.0, 4.0, 21.0 / 17.0, 8.0 / 17.0 * 7.0, 6.0 / 17.0 * 7.0]
    );
    assert_eq!(run("sum(a, axis=(0, 1))"), [24.0]);
    assert_eq!(run("sum(a, axis=0) * 2 + max(a)"), [16.0, 28.0, 28.0]);
    assert_eq!(
        run("(a - min(a, axis=0)) / (max(a, axis=0) - min(a, axis=0))"),
        [0.0, 0.0, 0.0, 1.0, 1.0, 1.0]
    );
    assert_eq!(run("sum(a - mean(a))"), [0.0]);
    assert_eq!(run("mean((a - mean(a, axis=0))**2, axis=0)"), [1.0, 9.0, 1.0]);
    assert_eq!(run("max(sum(a, axis=1))"), [17.0]);
    assert_eq!(run("sum(a - sum(a - min(a)) / 6)"), [6.0]);
    let broken =
        Expression::builder("a + sum(a, axis=1)").variable("a", Dtype::Float64).dialect(Dialect::NumPy);
    let error = broken.compile().unwrap().evaluate_to_vec::<f64>(&[view]).unwrap_err();
    assert_eq!(error.message(), "'a' of shape (2, 3) and 'sum' of shape (2,) cannot be broadcast together");
}

#[test]
fn results_may_take_the_place_of_inputs() {
    let mut items: Vec<f64> = (0..12).map(f64::from).collect();
    let (head, tail) = items.split_at_mut(6);
    let expression =
        Expression::builder("sum(a)").variable("a", Dtype::Float64).axis(&[0]).compile().unwrap();
    let view = ArrayRef::shaped(head, &[2, 3]).unwrap();
    expression.evaluate(&[view], ArrayMut::strided(tail, 4, &[3], &[-2]).unwrap()).unwrap();
    assert_eq!(tail, [7.0, 7.0, 5.0, 9.0, 3.0, 11.0]);
}

#[test]
fn wrong_axes_and_shapes_are_refused() {
    let compile = |text: &'static str, axes: &[i32]| {
        Expression::builder(text).variable("a", Dtype::Float64).axis(axes).compile().unwrap()
    };
    let items = [1.0; 6];
    let view = ArrayRef::shaped(&items, &[2, 3]).unwrap();
    let message = |axes: &[i32], text, view| {
        let error = compile(text, axes).evaluate_to_vec::<f64>(&[view]).unwrap_err();
        (error.kind(), error.message().to_string())
    };
    let out_of_range = "axis 2 is out of range for 2 dimensions: sum of an array of shape (2, 3)";
    assert_eq!(message(&[2], "sum(a)", view), (ErrorKind::Shape, out_of_range.to_string()));
    assert_eq!(message(&[-1, 1], "sum(a)", view).1, "axis 1 is given twice: sum of an array of shape (2, 3)");
    let empty = ArrayRef::shaped(&items[..0], &[0, 3]).unwrap();
    assert_eq!(
        message(&[0], "max(a)", empty),
        (ErrorKind::InvalidReduction, "there is no max of no items".to_string())
    );
    assert_eq!(compile("max(a)", &[1]).evaluate_to_vec::<f64>(&[empty]).unwrap(), []);
    assert_eq!(compile("sum(a)", &[0]).evaluate_to_vec::<f64>(&[empty]).unwrap(), [0.0; 3]);
    let error = compile("sum(a)", &[0]).evaluate(&[view], &mut [0.0; 2]).unwrap_err();
    assert_eq!(error.message(), "the output has the shape (2,), but the result has (3,)");
}
