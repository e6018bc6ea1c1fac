//! Reductions against models that loop over the items one by one.

use super::{Accumulator, EvenRows, GRAIN, Reducer};
use crate::dtype::{Complex, Dtype, Scalar};
use crate::ir::ReduceOp::{self, *};
use crate::kernel::level::Level;
use crate::testkit::equality::is_same_number;
use crate::testkit::random::Random;

const OPS: [ReduceOp; 7] = [Sum, Prod, Mean, Min, Max, Any, All];
/// What gives another dtype than that of the items or of truth.
const MORE_OPS: [ReduceOp; 4] = [Count, Deviations, ArgMin, ArgMax];

/// An accumulator that has been used before, for another reduction.
fn accumulator(op: ReduceOp, dtype: Dtype, level: Level) -> Accumulator {
    let reducer = |op, dtype| Reducer::new(op, dtype, level).unwrap();
    let mut accumulator = Accumulator::new(reducer(Prod, Dtype::Float32));
    for before in [reducer(Prod, Dtype::Float32), reducer(Max, Dtype::Float32), reducer(Any, Dtype::Float32)]
    {
        accumulator.restart(before);
        // SAFETY: the array has that many items.
        unsafe { accumulator.update([2.5f32; 300].as_ptr().cast(), 300) };
    }
    accumulator.restart(reducer(op, dtype));
    accumulator
}

/// Items of one dtype, aligned for every dtype.
struct Items {
    dtype: Dtype,
    words: Vec<u128>,
    n: usize,
}

impl Items {
    fn new(dtype: Dtype, values: &[Scalar]) -> Items {
        let size = dtype.size();
        let mut words = vec![0u128; (values.len() * size).div_ceil(16)];
        for (i, value) in values.iter().enumerate() {
            for (k, byte) in value.to_bytes(dtype)[..size].iter().enumerate() {
                let position = i * size + k;
                words[position / 16] |= u128::from(*byte) << (position % 16 * 8);
            }
        }
        Items { dtype, words, n: values.len() }
    }

    /// The reduction of all items, given in pieces of at most `piece`.
    fn reduced_by_pieces(&self, op: ReduceOp, level: Level, piece: usize) -> Scalar {
        let mut accumulator = accumulator(op, self.dtype, level);
        for start in (0..self.n).step_by(piece) {
            let items = piece.min(self.n - start);
            // SAFETY: the words hold `n` items, and a multiple of the item size keeps them aligned.
            unsafe {
                let first = self.words.as_ptr().cast::<u8>().add(start * self.dtype.size());
                accumulator.update(first, items);
            }
        }
        accumulator.finish()
    }

    /// The reduction of rows among the items, from the first item on.
    fn reduced_by_rows(&self, op: ReduceOp, level: Level, rows: EvenRows) -> Scalar {
        assert!(rows.span() <= self.n);
        let mut accumulator = accumulator(op, self.dtype, level);
        // SAFETY: the rows end before the items do.
        unsafe { accumulator.update_rows(self.words.as_ptr().cast(), rows) };
        accumulator.finish()
    }

    /// The total of the items over a count of some of them.
    fn mean_of(&self, count: usize) -> Scalar {
        match self.reduced(Sum) {
            Scalar::Complex(sum) => {
                Scalar::Complex(Complex::new(sum.re / count as f64, sum.im / count as f64))
            }
            Scalar::Float(sum) => Scalar::Float(sum / count as f64),
            _ => self.reduced(Mean),
        }
    }

    fn reduced(&self, op: ReduceOp) -> Scalar {
        self.reduced_by_pieces(op, Level::current(), usize::MAX)
    }
}

fn bits_of(value: Scalar) -> [u8; 16] {
    let dtype = match value {
        Scalar::Bool(_) => Dtype::Bool,
        Scalar::Int(value) if value < 0 => Dtype::Int64,
        Scalar::Int(_) => Dtype::UInt64,
        Scalar::Float(_) => Dtype::Float64,
        Scalar::Complex(_) => Dtype::Complex128,
    };
    value.to_bytes(dtype)
}

/// Random items of every dtype.
pub struct Numbers {
    random: Random,
    has_zeros: bool,
}

impl Numbers {
    fn new(seed: u64) -> Numbers {
        Numbers { random: Random::new(seed), has_zeros: false }
    }

    /// Floats are now and then a zero of either sign.
    pub fn with_zeros(seed: u64) -> Numbers {
        Numbers { has_zeros: true, ..Numbers::new(seed) }
    }

    pub fn bits(&mut self) -> u64 {
        self.random.bits()
    }

    /// A number in `-1.0..1.0`.
    pub fn float(&mut self) -> f64 {
        match self.has_zeros.then(|| self.random.below(16)) {
            Some(0) => 0.0,
            Some(1) => -0.0,
            _ => self.random.uniform(-1.0, 1.0),
        }
    }

    pub fn of_dtype(&mut self, dtype: Dtype) -> Scalar {
        match dtype {
            Dtype::Bool => Scalar::Bool(self.bits() & 3 != 0),
            _ if dtype.is_integer() => Scalar::Int(i128::from(self.bits() as i64)).cast(dtype),
            _ if dtype.is_complex() => Scalar::Complex(Complex::new(self.float(), self.float())).cast(dtype),
            _ => Scalar::Float(self.float()).cast(dtype),
        }
    }

    fn items(&mut self, dtype: Dtype, n: usize) -> Vec<Scalar> {
        (0..n).map(|_| self.of_dtype(dtype)).collect()
    }
}

/// Lengths with every kind of tail, and some with many chunks.
fn lengths() -> impl Iterator<Item = usize> {
    (0..70).chain([127, 255, 256, 257, 511, 1024, 1087, 5000, 40000])
}

fn floats(dtype: Dtype, values: &[f64]) -> Items {
    let values: Vec<Scalar> = values.iter().map(|&value| Scalar::Float(value)).collect();
    Items::new(dtype, &values)
}

#[test]
fn integers_agree_with_exact_arithmetic() {
    let integer = |value: &Scalar| match *value {
        Scalar::Bool(value) => i128::from(value),
        Scalar::Int(value) => value,
        _ => unreachable!("integer dtypes only"),
    };
    let mut numbers = Numbers::new(3);
    for dtype in Dtype::REAL.into_iter().filter(|dtype| !dtype.is_float()) {
        let wide = if dtype.is_unsigned() { Dtype::UInt64 } else { Dtype::Int64 };
        for n in lengths() {
            let values = numbers.items(dtype, n);
            let total: i128 = values.iter().map(integer).sum();
            let product = values
                .iter()
                .fold(1i128, |product, v| i128::from((product as i64).wrapping_mul(integer(v) as i64)));
            let items = Items::new(dtype, &values);
            for level in Level::all_supported() {
                let reduced = |op| items.reduced_by_pieces(op, level, usize::MAX);
                assert_eq!(reduced(Sum), Scalar::Int(total).cast(wide), "sum of {n} {dtype}");
                assert_eq!(reduced(Prod), Scalar::Int(product).cast(wide), "prod of {n} {dtype}");
                if n > 0 {
                    let extremum = |value: Option<i128>| Scalar::Int(value.unwrap()).cast(dtype);
                    assert_eq!(
                        reduced(Min),
                        extremum(values.iter().map(integer).min()),
                        "min of {n} {dtype}"
                    );
                    assert_eq!(
                        reduced(Max),
                        extremum(values.iter().map(integer).max()),
                        "max of {n} {dtype}"
                    );
                    assert_eq!(reduced(Mean), Scalar::Float(total as f64 / n as f64), "mean of {n} {dtype}");
                }
            }
        }
    }
}

#[test]
fn integer_means_do_not_wrap() {
    let largest = Items::new(Dtype::Int64, &[Scalar::Int(i128::from(i64::MAX)); 2]);
    assert_eq!(largest.reduced(Mean), Scalar::Float(i64::MAX as f64));
    assert_eq!(largest.reduced(Sum), Scalar::Int(-2));
    let smallest = Items::new(Dtype::Int64, &[Scalar::Int(i128::from(i64::MIN)); 5]);
    assert_eq!(smallest.reduced(Mean), Scalar::Float(i64::MIN as f64));
    let unsigned = Items::new(Dtype::UInt64, &[Scalar::Int(i128::from(u64::MAX)); 3]);
    assert_eq!(unsigned.reduced(Mean), Scalar::Float(u64::MAX as f64));
}

#[test]
fn any_nonzero_byte_of_a_bool_is_true() {
    let bytes: Vec<Scalar> = [255u8, 2, 0, 128].map(|byte| Scalar::Int(byte.into())).to_vec();
    let mut items = Items::new(Dtype::UInt8, &bytes);
    items.dtype = Dtype::Bool;
    assert_eq!(items.reduced(Sum), Scalar::Int(3));
    assert_eq!(items.reduced(Prod), Scalar::Int(0));
    assert_eq!(items.reduced(Max), Scalar::Bool(true));
    assert_eq!(items.reduced(Min), Scalar::Bool(false));
}

/// Sum with the rounding errors of all additions added back (Neumaier).
fn compensated_sum(values: impl Iterator<Item = f64>) -> f64 {
    let (mut sum, mut error) = (0.0f64, 0.0);
    for value in values {
        let next = sum + value;
        error += if sum.abs() >= value.abs() { sum - next + value } else { value - next + sum };
        sum = next;
    }
    sum + error
}

#[test]
fn float_sums_are_as_accurate_as_a_balanced_tree() {
    let mut numbers = Numbers::new(5);
    for dtype in [Dtype::Float32, Dtype::Float64] {
        for n in lengths().filter(|&n| n > 0) {
            let values = numbers.items(dtype, n);
            let items = Items::new(dtype, &values);
            let exact = compensated_sum(values.iter().map(|value| value.to_f64()));
            let magnitude: f64 = values.iter().map(|value| value.to_f64().abs()).sum();
            let bound = (n as f64).log2().ceil() * f64::EPSILON / 2.0 * magnitude;
            let Scalar::Float(sum) = items.reduced(Sum) else { panic!("a float sum is a float") };
            assert!((sum - exact).abs() <= bound, "sum of {n} {dtype}: {sum} for {exact}");
            assert_eq!(items.reduced(Mean), Scalar::Float(sum / n as f64));
        }
    }
}

#[test]
fn float_products_are_accurate() {
    let mut numbers = Numbers::new(6);
    for n in lengths() {
        let values: Vec<f64> = (0..n).map(|_| 1.0 + numbers.float() / 1000.0).collect();
        let exact = values.iter().map(|value| value.ln()).sum::<f64>().exp();
        let Scalar::Float(product) = floats(Dtype::Float64, &values).reduced(Prod) else { panic!("a float") };
        assert!((product / exact - 1.0).abs() < 1e-13, "product of {n}: {product} for {exact}");
    }
}

#[test]
fn complex_sums_and_products_agree_with_a_loop() {
    let mut numbers = Numbers::new(7);
    for dtype in [Dtype::Complex64, Dtype::Complex128] {
        for n in lengths().filter(|&n| n > 0) {
            let turns: Vec<f64> = (0..n).map(|_| numbers.float()).collect();
            let values: Vec<Complex<f64>> = turns.iter().map(|t| Complex::new(t.cos(), t.sin())).collect();
            let items = Items::new(dtype, &values.iter().map(|&v| Scalar::Complex(v)).collect::<Vec<_>>());
            let tolerance = if dtype == Dtype::Complex64 { 1e-7 } else { 1e-15 } * n as f64;
            let check = |op, re: f64, im: f64| {
                let Scalar::Complex(value) = items.reduced(op) else { panic!("a complex number") };
                let error = (value.re - re).hypot(value.im - im);
                assert!(error <= tolerance, "{op:?} of {n} {dtype}: off by {error}");
            };
            let re = compensated_sum(values.iter().map(|value| value.re));
            let im = compensated_sum(values.iter().map(|value| value.im));
            check(Sum, re, im);
            check(Mean, re / n as f64, im / n as f64);
            let turn = compensated_sum(turns.iter().copied());
            check(Prod, turn.cos(), turn.sin());
        }
    }
}

#[test]
fn results_have_the_same_bits_at_every_level_and_cut() {
    let mut numbers = Numbers::new(8);
    for dtype in Dtype::NUMERIC {
        for n in [0, 1, 63, 64, 65, 300, 1024, 5000] {
            let items = Items::new(dtype, &numbers.items(dtype, n));
            let ops = OPS.into_iter().chain(MORE_OPS);
            for op in ops.filter(|&op| Reducer::new(op, dtype, Level::Baseline).is_some()) {
                let expected = bits_of(items.reduced_by_pieces(op, Level::Baseline, usize::MAX));
                for level in Level::all_supported() {
                    for piece in [GRAIN, 3 * GRAIN, 16 * GRAIN, usize::MAX] {
                        let bits = bits_of(items.reduced_by_pieces(op, level, piece));
                        assert_eq!(bits, expected, "{op:?} of {n} {dtype}, {level:?}, pieces of {piece}");
                    }
                }
            }
        }
    }
}

/// Rows with one or more segments and every kind of tail, with gaps and without, and counts that leave some
/// rows over.
fn even_rows() -> impl Iterator<Item = EvenRows> {
    let lengths =
        [1, 15, 16, 31, 32, 33, 58, 63, 64, 65, 100, 127, 128, 129, 190, 230, 256, 257, 300, 450, 600];
    lengths.into_iter().flat_map(|items| {
        let gaps = [0, 1, 6, 70];
        gaps.into_iter()
            .flat_map(move |gap| [1, 2, 3, 5, 8].map(|count| EvenRows { items, stride: items + gap, count }))
    })
}

/// A value that changes the result of `op` wherever it is taken for an item.
fn poison(op: ReduceOp, dtype: Dtype) -> Scalar {
    let float = match op {
        Any => 1.0,
        All => 0.0,
        _ => f64::NAN,
    };
    let integer = match (op, dtype) {
        (All | Prod | Min, Dtype::Bool) => 0,
        (_, Dtype::Bool) => 1,
        (Min, _) if dtype.is_unsigned() => 0,
        (Min, _) => i128::from(i64::MIN),
        (Max, _) => i128::from(i64::MAX),
        (All | Prod, _) => 0,
        _ => 77,
    };
    if dtype.is_float() || dtype.is_complex() { Scalar::Float(float) } else { Scalar::Int(integer) }
}

/// What rows are filled up to before they are added as one array, see `pairwise`.
fn filled_length(items: usize) -> usize {
    match items {
        0..=64 => 64,
        65..=128 => 128,
        _ => items.next_multiple_of(GRAIN),
    }
}

#[test]
fn rows_give_the_bits_of_one_array_of_filled_rows_and_gaps_do_not_matter() {
    let mut numbers = Numbers::new(9);
    for (round, rows) in even_rows().enumerate() {
        let dtype = Dtype::NUMERIC[round % Dtype::NUMERIC.len()];
        let values = numbers.items(dtype, rows.total());
        for op in OPS.into_iter().filter(|&op| Reducer::new(op, dtype, Level::Baseline).is_some()) {
            let neutral = accumulator(op, dtype, Level::Baseline).finish();
            let neutral = if op == Mean { Scalar::Int(0).cast(dtype) } else { neutral };
            let spread = |length: usize, filler: Scalar| {
                let row = |row: &[Scalar]| {
                    row.iter().copied().chain(vec![filler; length - row.len()]).collect::<Vec<_>>()
                };
                values.chunks(rows.items).flat_map(row).collect::<Vec<_>>()
            };
            let filled = Items::new(dtype, &spread(filled_length(rows.items), neutral));
            let mut expected = filled.reduced_by_pieces(op, Level::Baseline, usize::MAX);
            if op == Mean {
                // The items that fill the rows count.
                let packed = Items::new(dtype, &values);
                let sum = if dtype.is_float() || dtype.is_complex() { &filled } else { &packed };
                expected = sum.mean_of(rows.total());
            }
            let items = Items::new(dtype, &spread(rows.stride, poison(op, dtype)));
            for level in Level::all_supported() {
                let result = items.reduced_by_rows(op, level, rows);
                assert_eq!(bits_of(result), bits_of(expected), "{op:?} of {rows:?} {dtype}, {level:?}");
            }
        }
    }
}

#[test]
fn special_values_follow_the_table() {
    const NAN: f64 = f64::NAN;
    const INF: f64 = f64::INFINITY;
    // Items; then sum, prod, mean, min, max, any, all.
    let cases: [(&[f64], [f64; 5], bool, bool); 8] = [
        (&[1.0, NAN, 2.0], [NAN; 5], true, true),
        (&[NAN, 0.0], [NAN; 5], true, false),
        (&[0.0, NAN], [NAN; 5], true, false),
        (&[INF, 1.0, -INF], [NAN, -INF, NAN, -INF, INF], true, true),
        (&[INF, NAN, -INF], [NAN; 5], true, true),
        (&[0.0, INF], [INF, NAN, INF, 0.0, INF], true, false),
        (&[0.0, -0.0], [0.0, -0.0, 0.0, -0.0, 0.0], false, false),
        (&[-0.0, -0.0], [0.0, 0.0, 0.0, -0.0, -0.0], false, false),
    ];
    for dtype in [Dtype::Float32, Dtype::Float64] {
        for (values, numbers, any, all) in cases {
            let items = floats(dtype, values);
            for (op, expected) in [Sum, Prod, Mean, Min, Max].into_iter().zip(numbers) {
                let result = items.reduced(op).to_f64();
                let signs_agree =
                    expected.is_nan() || result.is_sign_negative() == expected.is_sign_negative();
                assert!(is_same_number(result, expected) && signs_agree, "{op:?} of {values:?}: {result}");
            }
            assert_eq!(items.reduced(Any), Scalar::Bool(any), "any of {values:?}");
            assert_eq!(items.reduced(All), Scalar::Bool(all), "all of {values:?}");
        }
    }
}

#[test]
fn one_nan_anywhere_is_the_extremum() {
    for dtype in [Dtype::Float32, Dtype::Float64] {
        for n in [1, 2, 31, 33, 64, 1025, 2000] {
            for position in (0..n).step_by(1 + n / 40) {
                let mut values = vec![1.0; n];
                values[position] = f64::NAN;
                for op in [Min, Max] {
                    let items = floats(dtype, &values);
                    assert!(items.reduced_by_pieces(op, Level::current(), GRAIN).to_f64().is_nan());
                }
            }
        }
    }
}

#[test]
fn extrema_find_the_item_at_every_position() {
    for dtype in [Dtype::Float32, Dtype::Float64] {
        for n in [1, 31, 32, 33, 70, 1030] {
            for position in 0..n {
                let mut values = vec![0.0; n];
                values[position] = -0.0;
                let items = floats(dtype, &values);
                assert!(items.reduced(Min).to_f64().is_sign_negative());
                assert_eq!(items.reduced(Max).to_f64().is_sign_negative(), n == 1);
                values[position] = -2.5;
                assert_eq!(floats(dtype, &values).reduced(Min), Scalar::Float(-2.5));
                values[position] = 2.5;
                assert_eq!(floats(dtype, &values).reduced(Max), Scalar::Float(2.5));
            }
        }
    }
}

#[test]
fn float32_sums_are_not_rounded_on_the_way() {
    let items = floats(Dtype::Float32, &[16777216.0, 1.0, 1.0]);
    assert_eq!(items.reduced(Sum).cast(Dtype::Float32), Scalar::Float(16777218.0));
    let large = f64::from(3e38f32);
    let items = floats(Dtype::Float32, &[large, large, -large]);
    assert_eq!(items.reduced(Sum).cast(Dtype::Float32), Scalar::Float(large));
}

#[test]
fn infinite_complex_factors_keep_their_parts() {
    let items = Items::new(Dtype::Complex128, &[Scalar::Complex(Complex::new(f64::INFINITY, 0.0))]);
    assert_eq!(items.reduced(Prod), Scalar::Complex(Complex::new(f64::INFINITY, 0.0)));
}

#[test]
fn no_items_give_the_identities() {
    for dtype in Dtype::NUMERIC {
        let items = Items::new(dtype, &[]);
        let number = |value: f64| match dtype {
            _ if dtype.is_complex() => Scalar::Complex(Complex::new(value, 0.0)),
            _ if dtype.is_float() => Scalar::Float(value),
            _ => Scalar::Int(value as i128),
        };
        assert_eq!(items.reduced(Sum), number(0.0), "{dtype}");
        assert_eq!(items.reduced(Prod), number(1.0), "{dtype}");
        assert_eq!(items.reduced(Any), Scalar::Bool(false));
        assert_eq!(items.reduced(All), Scalar::Bool(true));
        match items.reduced(Mean) {
            Scalar::Complex(mean) => assert!(mean.re.is_nan() && mean.im.is_nan()),
            mean => assert!(mean.to_f64().is_nan()),
        }
    }
    let extrema = |dtype| (Items::new(dtype, &[]).reduced(Min), Items::new(dtype, &[]).reduced(Max));
    assert_eq!(extrema(Dtype::Bool), (Scalar::Bool(true), Scalar::Bool(false)));
    assert_eq!(extrema(Dtype::Int16), (Scalar::Int(32767), Scalar::Int(-32768)));
    assert_eq!(extrema(Dtype::UInt64), (Scalar::Int(u64::MAX.into()), Scalar::Int(0)));
    assert_eq!(extrema(Dtype::Float32), (Scalar::Float(f64::INFINITY), Scalar::Float(f64::NEG_INFINITY)));
}

#[test]
fn truth_is_found_at_every_position() {
    for dtype in Dtype::NUMERIC {
        for n in [1, 2, 17, 64, 1025] {
            for position in (0..n).step_by(1 + n / 20) {
                let mut values = vec![Scalar::Int(0).cast(dtype); n];
                values[position] = Scalar::Int(1).cast(dtype);
                assert_eq!(Items::new(dtype, &values).reduced(Any), Scalar::Bool(true), "{dtype}");
                let mut values = vec![Scalar::Int(1).cast(dtype); n];
                assert_eq!(Items::new(dtype, &values).reduced(All), Scalar::Bool(true), "{dtype}");
                values[position] = Scalar::Int(0).cast(dtype);
                assert_eq!(Items::new(dtype, &values).reduced(All), Scalar::Bool(false), "{dtype}");
            }
        }
    }
    let imaginary = Items::new(Dtype::Complex64, &[Scalar::Complex(Complex::new(0.0, 1.0))]);
    assert_eq!(imaginary.reduced(Any), Scalar::Bool(true));
}

#[test]
fn a_decided_reduction_says_so() {
    let decided = |op, values: &[f64]| {
        let mut accumulator = accumulator(op, Dtype::Float64, Level::current());
        // SAFETY: the slice holds that many float64 items.
        unsafe { accumulator.update(values.as_ptr().cast(), values.len()) };
        accumulator.is_decided()
    };
    assert!(decided(Any, &[0.0, 1.0]) && !decided(Any, &[0.0, 0.0]));
    assert!(decided(All, &[0.0, 1.0]) && !decided(All, &[1.0, 1.0]));
    assert!(decided(Min, &[f64::NAN]) && !decided(Max, &[f64::INFINITY]));
    assert!(decided(ArgMax, &[f64::NAN]) && !decided(ArgMin, &[f64::NEG_INFINITY]));
    assert!(!decided(Sum, &[f64::NAN]));
}

#[test]
fn undefined_reductions_are_refused() {
    for op in OPS.into_iter().chain(MORE_OPS) {
        assert!(Reducer::new(op, Dtype::String, Level::current()).is_none());
        assert!(Reducer::new(op, Dtype::Bytes, Level::current()).is_none());
    }
}

fn parts(value: Scalar) -> [f64; 2] {
    match value {
        Scalar::Complex(z) => [z.re, z.im],
        other => [other.to_f64(), 0.0],
    }
}

/// The exact values are those of two passes with compensated sums.
fn deviations_of(values: &[Scalar]) -> f64 {
    let n = values.len() as f64;
    let mean = [0, 1].map(|k| compensated_sum(values.iter().map(|value| parts(*value)[k])) / n);
    compensated_sum(values.iter().map(|value| {
        let [re, im] = parts(*value);
        (re - mean[0]).powi(2) + (im - mean[1]).powi(2)
    }))
}

#[test]
fn deviations_agree_with_two_passes_far_from_zero() {
    let mut numbers = Numbers::new(11);
    for dtype in Dtype::NUMERIC {
        for n in [1, 2, 63, 64, 65, 255, 257, 1087, 5000] {
            let mut values = numbers.items(dtype, n);
            if matches!(dtype, Dtype::Float64 | Dtype::Complex128) {
                // What a sum of squares less the square of the sum would lose all digits of.
                values = values
                    .iter()
                    .map(|value| {
                        let [re, im] = parts(*value);
                        Scalar::Complex(Complex::new(re + 1e9, im - 3e8)).cast(dtype)
                    })
                    .collect();
            }
            let wanted = deviations_of(&values);
            let got = Items::new(dtype, &values).reduced(Deviations).to_f64();
            assert!((got - wanted).abs() <= 1e-12 * wanted, "{n} {dtype}: {got} instead of {wanted}");
        }
    }
    let special = |values: &[f64]| floats(Dtype::Float64, values).reduced(Deviations).to_f64();
    assert_eq!(special(&[]), 0.0);
    assert_eq!(special(&[7.0]), 0.0);
    assert!(special(&[1.0, f64::NAN]).is_nan() && special(&[1.0, f64::INFINITY]).is_nan());
    assert_eq!(special(&[1.0; 1000]), 0.0);
}

/// The position of the first item that no other beats, or of the first NaN.
fn position_of(values: &[Scalar], is_least: bool) -> i128 {
    let is_nan = |z: [f64; 2]| z[0].is_nan() || z[1].is_nan();
    let beats = |a: Scalar, b: Scalar| {
        if let (Scalar::Int(a), Scalar::Int(b)) = (a, b) {
            return if is_least { a < b } else { a > b };
        }
        let (a, b) = (parts(a), parts(b));
        let (less, more) = if is_least { (a, b) } else { (b, a) };
        is_nan(a) && !is_nan(b)
            || !is_nan(b) && (less[0] < more[0] || less[0] == more[0] && less[1] < more[1])
    };
    let mut best = 0;
    for (index, value) in values.iter().enumerate() {
        if beats(*value, values[best]) {
            best = index;
        }
    }
    best as i128
}

#[test]
fn positions_are_those_of_a_loop() {
    let mut numbers = Numbers::new(12);
    for dtype in Dtype::NUMERIC {
        for n in [1, 2, 7, 63, 64, 65, 130, 257, 1087] {
            // Few values, so that many are equal.
            let values: Vec<Scalar> = numbers
                .items(dtype, n)
                .into_iter()
                .map(|value| {
                    let [re, im] = parts(value).map(|part| (part * 4.0).floor() / 4.0);
                    match (numbers.bits() % 997, dtype.is_integer()) {
                        (0, false) => Scalar::Complex(Complex::new(re, f64::NAN)).cast(dtype),
                        (1, false) => Scalar::Complex(Complex::new(-0.0, im)).cast(dtype),
                        (_, true) => value,
                        _ => Scalar::Complex(Complex::new(re, im)).cast(dtype),
                    }
                })
                .collect();
            let items = Items::new(dtype, &values);
            for (op, is_least) in [(ArgMin, true), (ArgMax, false)] {
                let wanted = Scalar::Int(position_of(&values, is_least));
                for level in Level::all_supported() {
                    for piece in [1, 7, 256, usize::MAX] {
                        let got = items.reduced_by_pieces(op, level, piece);
                        assert_eq!(got, wanted, "{op:?} of {n} {dtype}, {level:?}, pieces of {piece}");
                    }
                }
            }
        }
    }
    let first = |values: &[f64]| floats(Dtype::Float64, values).reduced(ArgMin);
    assert_eq!(first(&[1.0, 0.0, -0.0, f64::INFINITY]), Scalar::Int(1));
    assert_eq!(first(&[1.0, f64::NAN, -1.0, f64::NAN]), Scalar::Int(1));
    assert_eq!(first(&[f64::INFINITY; 3]), Scalar::Int(0));
    assert_eq!(first(&[]), Scalar::Int(0));
}

/// Gaps do not count.
#[test]
fn rows_have_the_positions_and_deviations_of_their_items() {
    let mut numbers = Numbers::new(13);
    for (round, rows) in even_rows().enumerate() {
        let dtype = Dtype::NUMERIC[round % Dtype::NUMERIC.len()];
        let values = numbers.items(dtype, rows.total());
        let row = |row: &[Scalar]| {
            let gap = vec![poison(Min, dtype); rows.stride - row.len()];
            row.iter().copied().chain(gap).collect::<Vec<_>>()
        };
        let items = Items::new(dtype, &values.chunks(rows.items).flat_map(row).collect::<Vec<_>>());
        for level in Level::all_supported() {
            let reduced = |op| items.reduced_by_rows(op, level, rows);
            assert_eq!(reduced(Count), Scalar::Int(rows.total() as i128));
            assert_eq!(reduced(ArgMin), Scalar::Int(position_of(&values, true)), "{rows:?} {dtype}");
            assert_eq!(reduced(ArgMax), Scalar::Int(position_of(&values, false)), "{rows:?} {dtype}");
            let (got, wanted) = (reduced(Deviations).to_f64(), deviations_of(&values));
            assert!((got - wanted).abs() <= 1e-12 * wanted, "{rows:?} {dtype}: {got} not {wanted}");
        }
    }
}
