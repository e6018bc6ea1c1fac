//! Reductions: loops that fold items, contiguous or in rows with gaps between them, into one value.
//!
//! A [`Reducer`] says what is reduced how; an [`Accumulator`] takes the items of an array piece by piece. Its result has the same bits at
//! every SIMD level, and for every way of cutting the array into pieces of multiples of [`GRAIN`]
//! items (the last piece may be shorter). Integers, truth values and extrema do not depend on the
//! cuts at all; floating-point sums and products are combined in a tree whose shape depends on the
//! positions of the items alone, or on rows and the positions in them (see `pairwise`).

#![allow(
    clippy::needless_range_loop,
    reason = "lanes stay in registers in loops that count to a constant, not in those of iterators"
)]

mod blend;
mod column_loop;
mod columns;
mod extremum;
mod integer;
mod level_dispatch;
mod moments;
mod pairwise;
mod position;
mod rows;
mod truth;

#[cfg(test)]
mod column_tests;
#[cfg(test)]
mod tests;

use super::level::Level;
use super::truth::Truth;
use crate::dtype::Precision::{Double, Single};
use crate::dtype::{Class, Complex, Dtype, Scalar};
use crate::ir::ReduceOp;
use extremum::{Extremum, Greatest, Least};
use integer::Integers;
use level_dispatch::{Fold, at_level, at_level_of_rare_loops};
use moments::{Deviations, Join, Moments, Point};
use pairwise::{Product, Sum, Tree};
use position::{ComplexFold, Found, Search};

pub use columns::{ColumnAccumulator, ColumnReducer, Columns, RowSet, RowsInMemory};
pub use rows::EvenRows;

/// Items that floating-point sums and products take at once: cutting an array at its multiples
/// does not change a result by a single bit.
pub const GRAIN: usize = pairwise::CHUNK;

/// Longest row that shares a chunk of a floating-point sum or product with the rows after it.
pub const SHARED_CHUNK_ROW: usize = pairwise::PAIR;
/// Rows up to that length that make whole chunks: adding rows in groups of as many does not change a result by
/// a single bit.
pub const ROWS_OF_CHUNK: usize = 4;

/// A reduction of items of one dtype.
///
/// | operation | items | accumulated in |
/// |---|---|---|
/// | sum, prod | bool, integers | 64 bits, wrapping |
/// | sum, prod, mean | float32, float64 | float64, pairwise |
/// | sum, prod, mean | complex | complex128, pairwise |
/// | mean | bool, integers | the exact total |
/// | min, max | real | the dtype of the items; NaN wins, −0 is below +0 |
/// | min, max | complex | complex128, in lexicographic order; the first with a NaN wins |
/// | any, all | every dtype | truth; NaN is true |
/// | count | every dtype | the number of items |
/// | deviations | every dtype | float64, pairwise |
/// | argmin, argmax | every dtype | the dtype of the items; NaN wins |
///
/// Strings have none of them.
#[derive(Clone, Copy, Debug)]
pub struct Reducer {
    op: ReduceOp,
    dtype: Dtype,
    kind: Kind,
}

/// What is accumulated, from which value on, and the loop that does it.
#[derive(Clone, Copy, Debug)]
enum Kind {
    Integer { start: i128, fold: Fold<i128> },
    Extremum { start: f64, fold: Fold<f64> },
    Truth { start: bool, fold: Fold<bool> },
    Float { fold: Fold<Tree<f64>> },
    Complex { fold: Fold<Tree<Complex<f64>>> },
    Count,
    Deviations { fold: Fold<Tree<Moments>> },
    IntegerPosition { start: i128, fold: Fold<i128>, search: Search<i128> },
    FloatPosition { start: f64, fold: Fold<f64>, search: Search<f64> },
    ComplexExtremum { fold: ComplexFold },
}

impl Reducer {
    /// The reduction of items of `dtype`. `None` for strings, for which none is defined.
    pub fn new(op: ReduceOp, dtype: Dtype, level: Level) -> Option<Reducer> {
        let kind = match op {
            ReduceOp::Any | ReduceOp::All => truth(op == ReduceOp::All, dtype, level)?,
            ReduceOp::Min | ReduceOp::Max => extremum(op, dtype, level)?,
            ReduceOp::Sum | ReduceOp::Mean | ReduceOp::Prod => arithmetic(op, dtype, level)?,
            ReduceOp::Count if dtype.is_string() => return None,
            ReduceOp::Count => Kind::Count,
            ReduceOp::Deviations => deviations(dtype, level)?,
            ReduceOp::ArgMin => position(ReduceOp::Min, dtype, level)?,
            ReduceOp::ArgMax => position(ReduceOp::Max, dtype, level)?,
        };
        Some(Reducer { op, dtype, kind })
    }

    /// Whether pieces of an array can be reduced each by itself, see [`Accumulator::merge`].
    pub fn can_be_joined(&self) -> bool {
        match self.kind {
            Kind::Integer { .. }
            | Kind::Extremum { .. }
            | Kind::Truth { .. }
            | Kind::Float { .. }
            | Kind::Complex { .. }
            | Kind::ComplexExtremum { .. }
            | Kind::Count => true,
            Kind::Deviations { .. } | Kind::IntegerPosition { .. } | Kind::FloatPosition { .. } => false,
        }
    }
}

/// A reduction in progress. It has room for the state of each kind, so that it can be used again for another one
/// where it lies.
pub struct Accumulator {
    reducer: Reducer,
    items: usize,
    integer: i128,
    extremum: f64,
    truth: bool,
    real: Tree<f64>,
    complex: Tree<Complex<f64>>,
    moments: Tree<Moments>,
    position: usize,
    complex_extremum: Option<Found<Complex<f64>>>,
}

impl Accumulator {
    /// A reduction that has seen no items.
    pub fn new(reducer: Reducer) -> Accumulator {
        let mut accumulator = Accumulator {
            reducer,
            items: 0,
            integer: 0,
            extremum: 0.0,
            truth: false,
            real: Tree::new(0.0),
            complex: Tree::new(Complex::default()),
            moments: Tree::new(Moments::default()),
            position: 0,
            complex_extremum: None,
        };
        accumulator.restart(reducer);
        accumulator
    }

    /// Becomes a reduction that has seen no items.
    pub fn restart(&mut self, reducer: Reducer) {
        self.reducer = reducer;
        self.items = 0;
        match reducer.kind {
            Kind::Integer { start, .. } => self.integer = start,
            Kind::Extremum { start, .. } => self.extremum = start,
            Kind::Truth { start, .. } => self.truth = start,
            Kind::Float { .. } => self.real.clear(),
            Kind::Complex { .. } => self.complex.clear(),
            Kind::Count => {}
            Kind::Deviations { .. } => self.moments.clear(),
            Kind::IntegerPosition { start, .. } => self.integer = start,
            Kind::FloatPosition { start, .. } => self.extremum = start,
            Kind::ComplexExtremum { .. } => self.complex_extremum = None,
        }
        self.position = 0;
    }

    /// Adds `n` items at `items`, which follow those of the calls before.
    ///
    /// # Safety
    /// `items` must be valid for reading `n` items of the reduction's dtype and aligned for it.
    pub unsafe fn update(&mut self, items: *const u8, n: usize) {
        // SAFETY: as the caller promises.
        unsafe { self.update_rows(items, EvenRows::one(n)) };
    }

    /// Adds the items of rows that begin at `items`; they follow those of the calls before.
    ///
    /// # Safety
    /// `items` must be valid for reading the rows and the gap after each, as items of the reduction's dtype, and
    /// aligned for it.
    pub unsafe fn update_rows(&mut self, items: *const u8, rows: EvenRows) {
        let before = self.items;
        self.items += rows.total();
        // SAFETY: each fold was chosen for the dtype and a supported level; the caller vouches for
        // the items.
        unsafe {
            match self.reducer.kind {
                Kind::Integer { fold, .. } => fold(&mut self.integer, items, rows),
                Kind::Extremum { fold, .. } => fold(&mut self.extremum, items, rows),
                Kind::Truth { fold, .. } => fold(&mut self.truth, items, rows),
                Kind::Float { fold } => fold(&mut self.real, items, rows),
                Kind::Complex { fold } => fold(&mut self.complex, items, rows),
                Kind::Count => {}
                Kind::Deviations { fold } => fold(&mut self.moments, items, rows),
                Kind::IntegerPosition { start, fold, search } => {
                    let mut value = start;
                    fold(&mut value, items, rows);
                    let is_better = match self.reducer.op {
                        ReduceOp::ArgMin => value < self.integer,
                        _ => value > self.integer,
                    };
                    if is_better && let Some(index) = search(value, items, rows) {
                        (self.integer, self.position) = (value, before + index);
                    }
                }
                Kind::FloatPosition { start, fold, search } => {
                    let mut value = start;
                    fold(&mut value, items, rows);
                    let is_better = match self.reducer.op {
                        ReduceOp::ArgMin => value < self.extremum,
                        _ => value > self.extremum,
                    };
                    let is_first_nan = value.is_nan() && !self.extremum.is_nan();
                    if (is_better || is_first_nan)
                        && let Some(index) = search(value, items, rows)
                    {
                        (self.extremum, self.position) = (value, before + index);
                    }
                }
                Kind::ComplexExtremum { fold } => {
                    let is_least = matches!(self.reducer.op, ReduceOp::ArgMin | ReduceOp::Min);
                    self.complex_extremum = fold(self.complex_extremum, is_least, items, rows, before);
                }
            }
        }
    }

    /// Adds the items of `later`, the same reduction of the items that follow, if the reduction
    /// [can be joined](Reducer::can_be_joined). The result has the same bits as if this one had seen them, if the pieces
    /// of an array are `GRAIN · 2^k` items (the last may have fewer) for one `k`.
    pub fn merge(&mut self, later: &Accumulator) {
        let before = self.items;
        self.items += later.items;
        let op = self.reducer.op;
        match self.reducer.kind {
            Kind::Integer { .. } => {
                self.integer = match op {
                    ReduceOp::Min => self.integer.min(later.integer),
                    ReduceOp::Max => self.integer.max(later.integer),
                    ReduceOp::Prod => (self.integer as i64).wrapping_mul(later.integer as i64).into(),
                    _ => self.integer.wrapping_add(later.integer),
                }
            }
            Kind::Extremum { .. } => {
                self.extremum = extremum::winner(op == ReduceOp::Min, self.extremum, later.extremum);
            }
            Kind::Truth { .. } if op == ReduceOp::All => self.truth &= later.truth,
            Kind::Truth { .. } => self.truth |= later.truth,
            Kind::Float { .. } if op == ReduceOp::Prod => self.real.merge::<Product>(&later.real),
            Kind::Float { .. } => self.real.merge::<Sum>(&later.real),
            Kind::Complex { .. } if op == ReduceOp::Prod => self.complex.merge::<Product>(&later.complex),
            Kind::Complex { .. } => self.complex.merge::<Sum>(&later.complex),
            Kind::Count => {}
            Kind::ComplexExtremum { .. } => {
                let is_least = matches!(op, ReduceOp::ArgMin | ReduceOp::Min);
                self.complex_extremum =
                    position::first_extremum(self.complex_extremum, later.complex_extremum, is_least, before);
            }
            Kind::Deviations { .. } | Kind::IntegerPosition { .. } | Kind::FloatPosition { .. } => {
                unreachable!("deviations and positions of reals are not joined")
            }
        }
    }

    /// Whether no further item can change the result.
    pub fn is_decided(&self) -> bool {
        match self.reducer.kind {
            Kind::Truth { .. } => self.truth == (self.reducer.op == ReduceOp::Any),
            Kind::Extremum { .. } | Kind::FloatPosition { .. } => self.extremum.is_nan(),
            _ => false,
        }
    }

    /// The result over all items so far.
    ///
    /// Sums and products of float32 are not yet rounded to float32, so that a caller who wants
    /// them as float64 loses nothing. Without items: 0 for sum, 1 for prod, NaN for mean, false
    /// for any, true for all, and the largest value of the dtype for min, the smallest for max (0 for complex
    /// numbers); 0 for positions.
    pub fn finish(&self) -> Scalar {
        let op = self.reducer.op;
        match self.reducer.kind {
            Kind::Count => Scalar::Int(self.items as i128),
            Kind::Deviations { .. } => Scalar::Float(self.moments.finish::<Join>().deviations),
            Kind::IntegerPosition { .. } | Kind::FloatPosition { .. } => Scalar::Int(self.position as i128),
            Kind::ComplexExtremum { .. } => {
                let found = self.complex_extremum.unwrap_or_default();
                match op {
                    ReduceOp::Min | ReduceOp::Max => Scalar::Complex(found.value),
                    _ => Scalar::Int(found.position as i128),
                }
            }
            Kind::Truth { .. } => Scalar::Bool(self.truth),
            Kind::Extremum { .. } => Scalar::Float(self.extremum),
            Kind::Integer { .. } if op == ReduceOp::Mean => {
                Scalar::Float(self.integer as f64 / self.items as f64)
            }
            Kind::Integer { .. } => Scalar::Int(self.integer).cast(self.integer_dtype()),
            Kind::Float { .. } => Scalar::Float(match op {
                ReduceOp::Prod => self.real.finish::<Product>(),
                _ => self.averaged(self.real.finish::<Sum>()),
            }),
            Kind::Complex { .. } => Scalar::Complex(match op {
                ReduceOp::Prod => self.complex.finish::<Product>(),
                _ => {
                    let total = self.complex.finish::<Sum>();
                    Complex::new(self.averaged(total.re), self.averaged(total.im))
                }
            }),
        }
    }

    /// A sum as the result: divided by the number of items if that is asked for. Adding zero
    /// makes the sum of negative zeros positive.
    fn averaged(&self, total: f64) -> f64 {
        if self.reducer.op == ReduceOp::Mean { total / self.items as f64 } else { total + 0.0 }
    }

    /// Dtype of an integer result: that of the items for extrema, else 64 bits of their signedness.
    fn integer_dtype(&self) -> Dtype {
        let Reducer { op, dtype, .. } = self.reducer;
        match op {
            ReduceOp::Min | ReduceOp::Max => dtype,
            _ if dtype.is_unsigned() => Dtype::UInt64,
            _ => Dtype::Int64,
        }
    }
}

/// Truth of any item or, with `all`, of all of them.
fn truth(all: bool, dtype: Dtype, level: Level) -> Option<Kind> {
    Some(Kind::Truth { start: all, fold: truth::fold(all, dtype, level)? })
}

/// Smallest or largest item.
fn extremum(op: ReduceOp, dtype: Dtype, level: Level) -> Option<Kind> {
    let min = op == ReduceOp::Min;
    let float = |fold| Kind::Extremum { start: if min { f64::INFINITY } else { f64::NEG_INFINITY }, fold };
    Some(match (dtype.class(), min) {
        (Class::Float(Single), true) => float(at_level::<Extremum<f32, Least>>(level)),
        (Class::Float(Single), false) => float(at_level::<Extremum<f32, Greatest>>(level)),
        (Class::Float(Double), true) => float(at_level::<Extremum<f64, Least>>(level)),
        (Class::Float(Double), false) => float(at_level::<Extremum<f64, Greatest>>(level)),
        (Class::Bool | Class::Integer, _) => integer(op, dtype, level)?,
        (Class::Complex(_), _) => Kind::ComplexExtremum { fold: position::complex(dtype)? },
        (Class::Text, _) => return None,
    })
}

/// Sum, mean or product.
fn arithmetic(op: ReduceOp, dtype: Dtype, level: Level) -> Option<Kind> {
    let product = op == ReduceOp::Prod;
    let float = |fold| Kind::Float { fold };
    let complex = |fold| Kind::Complex { fold };
    Some(match (dtype.class(), product) {
        (Class::Float(Single), false) => float(at_level::<pairwise::Items<f32, Sum>>(level)),
        (Class::Float(Single), true) => float(at_level::<pairwise::Items<f32, Product>>(level)),
        (Class::Float(Double), false) => float(at_level::<pairwise::Items<f64, Sum>>(level)),
        (Class::Float(Double), true) => float(at_level::<pairwise::Items<f64, Product>>(level)),
        (Class::Complex(Single), false) => {
            complex(at_level_of_rare_loops::<pairwise::Items<Complex<f32>, Sum>>(level))
        }
        (Class::Complex(Single), true) => {
            complex(at_level_of_rare_loops::<pairwise::Items<Complex<f32>, Product>>(level))
        }
        (Class::Complex(Double), false) => {
            complex(at_level_of_rare_loops::<pairwise::Items<Complex<f64>, Sum>>(level))
        }
        (Class::Complex(Double), true) => {
            complex(at_level_of_rare_loops::<pairwise::Items<Complex<f64>, Product>>(level))
        }
        (Class::Bool | Class::Integer, _) => integer(op, dtype, level)?,
        (Class::Text, _) => return None,
    })
}

/// Sum of squared deviations.
fn deviations(dtype: Dtype, level: Level) -> Option<Kind> {
    fn of<T: Point>(level: Level) -> Option<Kind> {
        Some(Kind::Deviations { fold: at_level_of_rare_loops::<Deviations<T>>(level) })
    }
    match dtype {
        Dtype::Bool => of::<Truth>(level),
        Dtype::Int8 => of::<i8>(level),
        Dtype::Int16 => of::<i16>(level),
        Dtype::Int32 => of::<i32>(level),
        Dtype::Int64 => of::<i64>(level),
        Dtype::UInt8 => of::<u8>(level),
        Dtype::UInt16 => of::<u16>(level),
        Dtype::UInt32 => of::<u32>(level),
        Dtype::UInt64 => of::<u64>(level),
        Dtype::Float32 => of::<f32>(level),
        Dtype::Float64 => of::<f64>(level),
        Dtype::Complex64 => of::<Complex<f32>>(level),
        Dtype::Complex128 => of::<Complex<f64>>(level),
        Dtype::String | Dtype::Bytes => None,
    }
}

/// The position of the item that `op` gives.
fn position(op: ReduceOp, dtype: Dtype, level: Level) -> Option<Kind> {
    match extremum(op, dtype, level)? {
        Kind::Extremum { start, fold } => {
            Some(Kind::FloatPosition { start, fold, search: position::floats(dtype)? })
        }
        Kind::Integer { start, fold } => {
            Some(Kind::IntegerPosition { start, fold, search: position::integers(dtype)? })
        }
        kind @ Kind::ComplexExtremum { .. } => Some(kind),
        _ => unreachable!("an extremum is that of floats or of integers"),
    }
}

fn integer(op: ReduceOp, dtype: Dtype, level: Level) -> Option<Kind> {
    let Integers { start, fold } = integer::fold(op, dtype, level)?;
    Some(Kind::Integer { start, fold })
}
