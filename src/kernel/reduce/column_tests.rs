//! Reductions of columns against those of the same items in a line.

use super::tests::Numbers;
use super::{Accumulator, ColumnAccumulator, ColumnReducer, Columns, GRAIN, Reducer, RowSet, RowsInMemory};
use crate::dtype::{Dtype, Scalar};
use crate::ir::ReduceOp::{self, *};
use crate::kernel::level::Level;
use crate::memory::OutOfMemory;

const OPS: [ReduceOp; 7] = [Sum, Prod, Mean, Min, Max, Any, All];

/// The dtype that results have in the language.
fn result_dtype(op: ReduceOp, dtype: Dtype) -> Dtype {
    match op {
        Any | All => Dtype::Bool,
        Min | Max => dtype,
        Mean if dtype.is_complex() => Dtype::Complex128,
        Mean => Dtype::Float64,
        _ if dtype.is_float() || dtype.is_complex() => dtype,
        _ if dtype.is_unsigned() => Dtype::UInt64,
        _ => Dtype::Int64,
    }
}

/// Rows of items with a gap between them, at an odd address.
struct Table {
    dtype: Dtype,
    bytes: Vec<u8>,
    rows: usize,
    columns: usize,
    stride: usize,
}

impl Table {
    fn new(dtype: Dtype, rows: usize, columns: usize, mut value: impl FnMut(usize) -> Scalar) -> Table {
        let itemsize = dtype.size();
        let stride = columns * itemsize + 5;
        let mut bytes = vec![0xa5; 1 + rows * stride];
        for row in 0..rows {
            for column in 0..columns {
                let place = 1 + row * stride + column * itemsize;
                let item = value(row * columns + column).to_bytes(dtype);
                bytes[place..place + itemsize].copy_from_slice(&item[..itemsize]);
            }
        }
        Table { dtype, bytes, rows, columns, stride }
    }

    fn row(&self, row: usize) -> *const u8 {
        self.bytes.as_ptr().wrapping_add(1 + row * self.stride)
    }

    /// The results of the columns, each reduced by itself in a line.
    fn expected(&self, op: ReduceOp) -> Vec<u8> {
        let itemsize = self.dtype.size();
        let result = result_dtype(op, self.dtype);
        let mut results = Vec::new();
        for column in 0..self.columns {
            let mut items = vec![0u128; (self.rows * itemsize).div_ceil(16)];
            let bytes = items.as_mut_ptr().cast::<u8>();
            let mut accumulator = Accumulator::new(Reducer::new(op, self.dtype, Level::Baseline).unwrap());
            // SAFETY: the items are as many as the rows.
            unsafe {
                for row in 0..self.rows {
                    let item = self.row(row).add(column * itemsize);
                    item.copy_to_nonoverlapping(bytes.add(row * itemsize), itemsize);
                }
                accumulator.update(bytes, self.rows);
            }
            results.extend(&accumulator.finish().to_bytes(result)[..result.size()]);
        }
        results
    }

    fn start(&self, op: ReduceOp, level: Level) -> ColumnAccumulator {
        let reducer = ColumnReducer::new(op, self.dtype, level).unwrap();
        ColumnAccumulator::new(reducer, self.columns).unwrap()
    }

    fn add(&self, to: &mut ColumnAccumulator, first: usize, rows: usize) {
        // SAFETY: the table has these rows.
        unsafe {
            to.update(self.row(first), rows, self.stride as isize, self.dtype.size() as isize).unwrap()
        };
    }

    fn finish(&self, op: ReduceOp, mut accumulator: ColumnAccumulator) -> Vec<u8> {
        assert_eq!(accumulator.rows(), self.rows);
        let result = result_dtype(op, self.dtype);
        let mut out = vec![0; self.columns * result.size()];
        // SAFETY: there is room for the columns.
        unsafe { accumulator.finish(out.as_mut_ptr(), result).unwrap() };
        out
    }

    fn reduced(&self, op: ReduceOp, level: Level) -> Vec<u8> {
        let mut accumulator = self.start(op, level);
        self.add(&mut accumulator, 0, self.rows);
        self.finish(op, accumulator)
    }

    /// Reduced in calls of so many chunks each.
    fn reduced_by_cuts(&self, op: ReduceOp, chunks: usize) -> Vec<u8> {
        let mut accumulator = self.start(op, Level::current());
        for first in (0..self.rows).step_by(chunks * GRAIN) {
            self.add(&mut accumulator, first, (self.rows - first).min(chunks * GRAIN));
        }
        self.finish(op, accumulator)
    }

    /// Reduced in pieces of so many chunks, each by itself.
    fn reduced_by_pieces(&self, op: ReduceOp, chunks: usize) -> Vec<u8> {
        let mut all = self.start(op, Level::current());
        for first in (0..self.rows).step_by(chunks * GRAIN) {
            let mut piece = self.start(op, Level::current());
            self.add(&mut piece, first, (self.rows - first).min(chunks * GRAIN));
            all.merge(&mut piece).unwrap();
        }
        self.finish(op, all)
    }
}

fn defined() -> impl Iterator<Item = (ReduceOp, Dtype)> {
    let all = OPS.into_iter().flat_map(|op| Dtype::NUMERIC.into_iter().map(move |dtype| (op, dtype)));
    all.filter(|(op, dtype)| Reducer::new(*op, *dtype, Level::Baseline).is_some())
}

/// Those that columns have too.
fn defined_of_columns() -> impl Iterator<Item = (ReduceOp, Dtype)> {
    defined().filter(|(op, dtype)| ColumnReducer::new(*op, *dtype, Level::Baseline).is_some())
}

#[test]
fn columns_have_the_bits_of_lines() {
    let mut numbers = Numbers::with_zeros(1);
    let rows =
        [0, 1, 2, 3, 7, 8, 9, 31, 32, 33, 40, 65, 97, 129, 161, 193, 224, 225, 255, 256, 257, 513, 1000];
    for (k, rows) in rows.into_iter().enumerate() {
        for (op, dtype) in defined_of_columns() {
            let columns = [1, 3, 9, 17, 33, 65][k % 6];
            let table = Table::new(dtype, rows, columns, |_| numbers.of_dtype(dtype));
            let expected = table.expected(op);
            for level in Level::all_supported() {
                let found = table.reduced(op, level);
                assert!(
                    found == expected,
                    "{op:?} of {rows} rows, {columns} columns of {dtype} at {level:?}"
                );
            }
        }
    }
}

#[test]
fn tiles_do_not_show() {
    let mut numbers = Numbers::with_zeros(2);
    for (op, dtype) in defined_of_columns() {
        let table = Table::new(dtype, 19, 1100, |_| numbers.of_dtype(dtype));
        assert!(table.reduced(op, Level::current()) == table.expected(op), "{op:?} of {dtype}");
    }
}

#[test]
fn cuts_and_pieces_do_not_show() {
    let mut numbers = Numbers::with_zeros(3);
    for (op, dtype) in defined_of_columns() {
        for rows in [0, 7, 256, 300, 1024, 2047, 2048, 2305, 4000] {
            let table = Table::new(dtype, rows, 5, |_| numbers.of_dtype(dtype));
            let expected = table.expected(op);
            for chunks in [1, 2, 3, 4, 8] {
                assert!(
                    table.reduced_by_cuts(op, chunks) == expected,
                    "{op:?} of {rows} {dtype}, {chunks} at once"
                );
                if chunks.is_power_of_two() {
                    let found = table.reduced_by_pieces(op, chunks);
                    assert!(found == expected, "{op:?} of {rows} {dtype} in pieces of {chunks}");
                }
            }
        }
    }
}

/// Lines in pieces, each by itself.
#[test]
fn lines_are_joined_without_a_trace() {
    let mut numbers = Numbers::with_zeros(7);
    for (op, dtype) in defined() {
        for n in [0, 7, 256, 300, 2047, 2305] {
            let items: Vec<f64> = (0..n).map(|_| numbers.float()).collect();
            let size = dtype.size();
            let mut memory = vec![0u128; (n * size).div_ceil(16)];
            let first = memory.as_mut_ptr().cast::<u8>();
            let reducer = Reducer::new(op, dtype, Level::current()).unwrap();
            let mut whole = Accumulator::new(reducer);
            // SAFETY: the memory has room for the items, and pieces of whole chunks begin at aligned items.
            unsafe {
                for (k, item) in items.iter().enumerate() {
                    let bytes = Scalar::Float(*item * 9.0).to_bytes(dtype);
                    bytes.as_ptr().copy_to_nonoverlapping(first.add(k * size), size);
                }
                whole.update(first, n);
                for piece in [1, 2, 4, 8].map(|chunks| chunks * GRAIN) {
                    let mut joined = Accumulator::new(reducer);
                    for start in (0..n).step_by(piece) {
                        let mut part = Accumulator::new(reducer);
                        part.update(first.add(start * size), piece.min(n - start));
                        joined.merge(&part);
                    }
                    let result = result_dtype(op, dtype);
                    let bytes = [&whole, &joined].map(|done| done.finish().to_bytes(result));
                    assert_eq!(bytes[0], bytes[1], "{op:?} of {n} {dtype} in pieces of {piece}");
                }
            }
        }
    }
}

/// The tree as the documentation of `pairwise` has it, written as a recursion.
#[test]
fn sums_have_the_documented_tree() {
    fn halves(values: &[f64]) -> f64 {
        match values {
            [value] => *value,
            _ => {
                let (left, right) = values.split_at(values.len() / 2);
                let pairs: Vec<f64> = left.iter().zip(right).map(|(a, b)| a + b).collect();
                halves(&pairs)
            }
        }
    }
    fn chunk(items: &[f64]) -> f64 {
        let item = |k: usize| items.get(k).copied().unwrap_or(0.0);
        let columns: Vec<f64> =
            (0..64).map(|c| (item(c) + item(c + 64)) + (item(c + 128) + item(c + 192))).collect();
        // Eight apart first, then those eight.
        let few: Vec<f64> =
            (0..8).map(|i| halves(&(0..8).map(|k| columns[k * 8 + i]).collect::<Vec<_>>())).collect();
        halves(&few)
    }
    fn chunks(results: &[f64]) -> f64 {
        match results.len() {
            1 => results[0],
            n => {
                let (left, right) = results.split_at(n.next_power_of_two() / 2);
                chunks(left) + chunks(right)
            }
        }
    }
    let mut numbers = Numbers::with_zeros(4);
    for rows in [1, 2, 33, 200, 256, 700, 1281, 2000] {
        let columns = 3;
        let items: Vec<f64> = (0..rows * columns).map(|_| numbers.float()).collect();
        let table = Table::new(Dtype::Float64, rows, columns, |k| Scalar::Float(items[k]));
        let expected: Vec<u8> = (0..columns)
            .flat_map(|c| {
                let column: Vec<f64> = (0..rows).map(|row| items[row * columns + c]).collect();
                let results: Vec<f64> = column.chunks(GRAIN).map(chunk).collect();
                (chunks(&results) + 0.0).to_ne_bytes()
            })
            .collect();
        assert!(table.reduced(Sum, Level::current()) == expected, "{rows} rows");
    }
}

#[test]
fn nan_wins_and_zeros_have_an_order() {
    let special = [0.0, -0.0, f64::NAN, 1.0, -1.0, f64::INFINITY, f64::NEG_INFINITY, -f64::NAN];
    let mut numbers = Numbers::with_zeros(5);
    for dtype in [Dtype::Float32, Dtype::Float64] {
        for rows in 1..20 {
            let kinds = 1 + numbers.bits() as usize % special.len();
            let value = |_| Scalar::Float(special[numbers.bits() as usize % kinds]);
            let table = Table::new(dtype, rows, 37, value);
            for op in [Min, Max, Any, All] {
                for level in Level::all_supported() {
                    assert!(table.reduced(op, level) == table.expected(op), "{op:?} of {rows} {dtype}");
                }
            }
        }
    }
}

#[test]
fn zeros_keep_their_sign_as_in_lines() {
    for op in [Sum, Mean, Prod] {
        for rows in [1, 32, 255, 256, 512, 513] {
            for dtype in [Dtype::Float64, Dtype::Complex128] {
                let zero = Scalar::Float(-0.0).cast(dtype);
                let table = Table::new(dtype, rows, 9, |_| zero);
                assert!(
                    table.reduced(op, Level::current()) == table.expected(op),
                    "{op:?} of {rows} {dtype}"
                );
            }
        }
    }
}

#[test]
fn totals_of_integers_do_not_wrap() {
    for value in [i128::from(i64::MAX), i128::from(i64::MIN)] {
        let table = Table::new(Dtype::Int64, 300, 5, |_| Scalar::Int(value));
        for found in [table.reduced(Mean, Level::current()), table.reduced_by_pieces(Mean, 1)] {
            assert_eq!(found, (value as f64).to_ne_bytes().repeat(5));
        }
    }
}

/// A table of which the columns are the rows of another.
#[test]
fn columns_may_lie_apart() {
    let mut numbers = Numbers::with_zeros(6);
    for (op, dtype) in defined_of_columns() {
        for (rows, columns) in [(3, 100), (40, 17), (300, 5)] {
            let table = Table::new(dtype, rows, columns, |_| numbers.of_dtype(dtype));
            let value = |k: usize| {
                let place = table.row(k % rows).wrapping_add(k / rows * dtype.size());
                let mut bytes = [0; 16];
                // SAFETY: the item is one of the table.
                unsafe { place.copy_to_nonoverlapping(bytes.as_mut_ptr(), dtype.size()) };
                bytes
            };
            let mut turned = vec![0u8; rows * columns * dtype.size()];
            for (k, place) in turned.chunks_mut(dtype.size()).enumerate() {
                place.copy_from_slice(&value(k)[..dtype.size()]);
            }
            let mut accumulator = table.start(op, Level::current());
            let size = dtype.size() as isize;
            // SAFETY: the turned table has the items of the other.
            unsafe { accumulator.update(turned.as_ptr(), rows, size, rows as isize * size).unwrap() };
            assert!(table.finish(op, accumulator) == table.expected(op), "{op:?} of {rows} rows of {dtype}");
        }
    }
}

#[test]
fn rows_are_asked_for_once() {
    let (rows, columns) = (700, 1200);
    let items: Vec<f64> = (0..rows * columns).map(|k| k as f64).collect();
    for op in [Sum, Max] {
        let reducer = ColumnReducer::new(op, Dtype::Float64, Level::current()).unwrap();
        let mut accumulator = ColumnAccumulator::new(reducer, columns).unwrap();
        let mut seen = vec![0; rows * columns];
        let mut buffer = vec![0.0; 8 * columns];
        let fetch = |columns_of_tile: std::ops::Range<usize>, set: RowSet| {
            for k in 0..set.count {
                let first = (set.first + k * set.step) * columns;
                for column in columns_of_tile.clone() {
                    seen[first + column] += 1;
                    buffer[k * columns + column - columns_of_tile.start] = items[first + column];
                }
            }
            let row = |row: usize| buffer[(row - set.first) / set.step * columns..].as_ptr().cast();
            Ok::<_, OutOfMemory>(RowsInMemory { rows: set.map(row), column: 8 })
        };
        // SAFETY: the buffer holds what was asked for.
        unsafe { accumulator.update_with(rows, Columns::Computed, fetch).unwrap() };
        assert!(seen.iter().all(|count| *count == 1));
        let mut out = vec![0.0f64; columns];
        // SAFETY: there is room for the columns.
        unsafe { accumulator.finish(out.as_mut_ptr().cast(), Dtype::Float64).unwrap() };
        let table = Table::new(Dtype::Float64, rows, columns, |k| Scalar::Float(items[k]));
        let expected = table.expected(op);
        assert!(out.iter().flat_map(|value| value.to_ne_bytes()).eq(expected), "{op:?}");
    }
}

#[test]
fn an_accumulator_can_be_used_again() {
    let table = Table::new(Dtype::Float64, 600, 4, |k| Scalar::Float(k as f64));
    for op in [Sum, Mean, Max] {
        let mut accumulator = table.start(op, Level::current());
        table.add(&mut accumulator, 0, 512);
        accumulator.restart(4).unwrap();
        table.add(&mut accumulator, 0, 600);
        assert_eq!(table.finish(op, accumulator), table.expected(op));
    }
}

#[test]
fn undefined_reductions_are_refused() {
    for op in OPS {
        for dtype in Dtype::NUMERIC.into_iter().chain([Dtype::String, Dtype::Bytes]) {
            let lines = Reducer::new(op, dtype, Level::current()).is_some();
            let is_line_only = dtype.is_complex() && matches!(op, ReduceOp::Min | ReduceOp::Max);
            let columns = ColumnReducer::new(op, dtype, Level::current()).is_some();
            assert_eq!(columns, lines && !is_line_only, "{op:?} of {dtype}");
        }
    }
}
