//! Reductions: loops that fold items, contiguous or in rows with gaps between them, into one value.
//!
//! An [`Accumulator`] takes the items of an array piece by piece. Its result has the same bits at
//! every SIMD level, and for every way of cutting the array into pieces of multiples of [`GRAIN`]
//! items (the last piece may be shorter). Integers, truth values and extrema do not depend on the
//! cuts at all; floating-point sums and products are combined in a tree whose shape depends on the
//! positions of the items alone, or on rows and the positions in them (see `pairwise`).

mod blend;
mod extremum;
mod integer;
mod level_dispatch;
mod pairwise;
mod rows;
mod truth;

#[cfg(test)]
mod tests;

use super::level::Level;
use crate::dtype::{Complex, Dtype, Scalar};
use crate::ir::ReduceOp;
use extremum::{Extremum, Greatest, Least};
use integer::Integers;
use level_dispatch::{Fold, at_level};
use pairwise::{Product, Sum, Tree};

pub use rows::EvenRows;

/// Items that floating-point sums and products take at once: cutting an array at its multiples
/// does not change a result by a single bit.
pub const GRAIN: usize = pairwise::CHUNK;

/// Longest row that shares a chunk of a floating-point sum or product with the rows after it.
pub const SHARED_CHUNK_ROW: usize = pairwise::PAIR;
/// Rows up to that length that make whole chunks: adding rows in groups of as many does not change a result by
/// a single bit.
pub const ROWS_OF_CHUNK: usize = 4;

/// A reduction in progress.
///
/// | operation | items | accumulated in |
/// |---|---|---|
/// | sum, prod | bool, integers | 64 bits, wrapping |
/// | sum, prod, mean | float32, float64 | float64, pairwise |
/// | sum, prod, mean | complex | complex128, pairwise |
/// | mean | bool, integers | the exact total |
/// | min, max | real | the dtype of the items; NaN wins, −0 is below +0 |
/// | any, all | every dtype | truth; NaN is true |
pub struct Accumulator {
    op: ReduceOp,
    dtype: Dtype,
    items: usize,
    state: State,
}

/// What has been accumulated, and the loop that adds to it.
#[allow(clippy::large_enum_variant, reason = "lives on the stack: evaluation must not allocate for it")]
enum State {
    Integer { value: i128, fold: Fold<i128> },
    Extremum { value: f64, fold: Fold<f64> },
    Truth { value: bool, fold: Fold<bool> },
    Float { tree: Tree<f64>, fold: Fold<Tree<f64>> },
    Complex { tree: Tree<Complex<f64>>, fold: Fold<Tree<Complex<f64>>> },
}

impl Accumulator {
    /// A reduction of items of `dtype` that has seen none yet. `None` where the operation is not
    /// defined: strings, and the extrema of complex numbers.
    pub fn new(op: ReduceOp, dtype: Dtype, level: Level) -> Option<Accumulator> {
        let state = match op {
            ReduceOp::Any | ReduceOp::All => truth_state(op == ReduceOp::All, dtype, level)?,
            ReduceOp::Min | ReduceOp::Max => extremum_state(op, dtype, level)?,
            ReduceOp::Sum | ReduceOp::Mean | ReduceOp::Prod => arithmetic_state(op, dtype, level)?,
        };
        Some(Accumulator { op, dtype, items: 0, state })
    }

    /// Adds `n` items at `items`, which follow those of the calls before.
    ///
    /// # Safety
    /// `items` must be valid for reading `n` items of the accumulator's dtype and aligned for it.
    pub unsafe fn update(&mut self, items: *const u8, n: usize) {
        // SAFETY: as the caller promises.
        unsafe { self.update_rows(items, EvenRows::one(n)) };
    }

    /// Adds the items of rows that begin at `items`; they follow those of the calls before.
    ///
    /// # Safety
    /// `items` must be valid for reading the rows and what lies between them, as items of the accumulator's
    /// dtype, and aligned for it.
    pub unsafe fn update_rows(&mut self, items: *const u8, rows: EvenRows) {
        self.items += rows.total();
        // SAFETY: each fold was chosen for the dtype and a supported level; the caller vouches for
        // the items.
        unsafe {
            match &mut self.state {
                State::Integer { value, fold } => fold(value, items, rows),
                State::Extremum { value, fold } => fold(value, items, rows),
                State::Truth { value, fold } => fold(value, items, rows),
                State::Float { tree, fold } => fold(tree, items, rows),
                State::Complex { tree, fold } => fold(tree, items, rows),
            }
        }
    }

    /// Whether no further item can change the result.
    pub fn is_decided(&self) -> bool {
        match self.state {
            State::Truth { value, .. } => value == (self.op == ReduceOp::Any),
            State::Extremum { value, .. } => value.is_nan(),
            _ => false,
        }
    }

    /// The result over all items so far.
    ///
    /// Sums and products of float32 are not yet rounded to float32, so that a caller who wants
    /// them as float64 loses nothing. Without items: 0 for sum, 1 for prod, NaN for mean, false
    /// for any, true for all, and the largest value of the dtype for min, the smallest for max.
    pub fn finish(&self) -> Scalar {
        let mean = self.op == ReduceOp::Mean;
        match &self.state {
            State::Truth { value, .. } => Scalar::Bool(*value),
            State::Extremum { value, .. } => Scalar::Float(*value),
            State::Integer { value, .. } if mean => Scalar::Float(*value as f64 / self.items as f64),
            State::Integer { value, .. } => Scalar::Int(*value).cast(self.integer_dtype()),
            State::Float { tree, .. } => Scalar::Float(match self.op {
                ReduceOp::Prod => tree.finish::<Product>(),
                _ => self.averaged(tree.finish::<Sum>()),
            }),
            State::Complex { tree, .. } => Scalar::Complex(match self.op {
                ReduceOp::Prod => tree.finish::<Product>(),
                _ => {
                    let total = tree.finish::<Sum>();
                    Complex::new(self.averaged(total.re), self.averaged(total.im))
                }
            }),
        }
    }

    /// A sum as the result: divided by the number of items if that is asked for. Adding zero
    /// makes the sum of negative zeros positive.
    fn averaged(&self, total: f64) -> f64 {
        if self.op == ReduceOp::Mean { total / self.items as f64 } else { total + 0.0 }
    }

    /// Dtype of an integer result: that of the items for extrema, else 64 bits of their signedness.
    fn integer_dtype(&self) -> Dtype {
        match self.op {
            ReduceOp::Min | ReduceOp::Max => self.dtype,
            _ if self.dtype.is_unsigned() => Dtype::UInt64,
            _ => Dtype::Int64,
        }
    }
}

/// Truth of any item or, with `all`, of all of them.
fn truth_state(all: bool, dtype: Dtype, level: Level) -> Option<State> {
    Some(State::Truth { value: all, fold: truth::fold(all, dtype, level)? })
}

/// Smallest or largest item.
fn extremum_state(op: ReduceOp, dtype: Dtype, level: Level) -> Option<State> {
    let min = op == ReduceOp::Min;
    let float = |fold| State::Extremum { value: if min { f64::INFINITY } else { f64::NEG_INFINITY }, fold };
    Some(match (dtype, min) {
        (Dtype::Float32, true) => float(at_level::<Extremum<f32, Least>>(level)),
        (Dtype::Float32, false) => float(at_level::<Extremum<f32, Greatest>>(level)),
        (Dtype::Float64, true) => float(at_level::<Extremum<f64, Least>>(level)),
        (Dtype::Float64, false) => float(at_level::<Extremum<f64, Greatest>>(level)),
        _ => integer_state(op, dtype, level)?,
    })
}

/// Sum, mean or product.
fn arithmetic_state(op: ReduceOp, dtype: Dtype, level: Level) -> Option<State> {
    let product = op == ReduceOp::Prod;
    let float = |fold| State::Float { tree: Tree::new(0.0), fold };
    let complex = |fold| State::Complex { tree: Tree::new(Complex::default()), fold };
    Some(match (dtype, product) {
        (Dtype::Float32, false) => float(at_level::<pairwise::Items<f32, Sum>>(level)),
        (Dtype::Float32, true) => float(at_level::<pairwise::Items<f32, Product>>(level)),
        (Dtype::Float64, false) => float(at_level::<pairwise::Items<f64, Sum>>(level)),
        (Dtype::Float64, true) => float(at_level::<pairwise::Items<f64, Product>>(level)),
        (Dtype::Complex64, false) => complex(at_level::<pairwise::Items<Complex<f32>, Sum>>(level)),
        (Dtype::Complex64, true) => complex(at_level::<pairwise::Items<Complex<f32>, Product>>(level)),
        (Dtype::Complex128, false) => complex(at_level::<pairwise::Items<Complex<f64>, Sum>>(level)),
        (Dtype::Complex128, true) => complex(at_level::<pairwise::Items<Complex<f64>, Product>>(level)),
        _ => integer_state(op, dtype, level)?,
    })
}

fn integer_state(op: ReduceOp, dtype: Dtype, level: Level) -> Option<State> {
    let Integers { start, fold } = integer::fold(op, dtype, level)?;
    Some(State::Integer { value: start, fold })
}
