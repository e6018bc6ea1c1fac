//! Floating-point sums and products in a tree of fixed shape.
//!
//! The items are cut, by their positions, into chunks of [`CHUNK`]. A chunk is
//! a table of [`COLUMNS`] columns: each column is combined pairwise, then the columns are combined
//! in halves. An incomplete last chunk is filled up with the neutral value. Chunk results are
//! combined pairwise like the bits of a binary counter. So each operation has fixed operands,
//! however wide the vectors are, and the rounding error grows with the logarithm of the number of
//! items
//! (Higham, "The accuracy of floating point summation", SIAM J. Sci. Comput. 14, 1993).
//!
//! Rows are combined as one array in which each row is filled up with the neutral value: up to 64 items where
//! four rows then make a chunk, up to 128 where two do, else to a multiple of [`CHUNK`]. An incomplete group of
//! rows is a chunk too.

use super::blend::{Blend, Masks};
use super::level_dispatch::FoldItems;
use super::rows::{EvenRows, Table, fold_lanes};
use crate::dtype::Complex;
use std::marker::PhantomData;
use std::ops::Range;

/// Items of a segment, one in each column.
pub(super) const COLUMNS: usize = 64;
/// Items of two segments.
pub(super) const PAIR: usize = 2 * COLUMNS;
/// Items of a chunk: four segments of one item a column.
pub(super) const CHUNK: usize = 4 * COLUMNS;
/// Levels of the tree above the chunks, for as many items as can be counted.
const LEVELS: usize = (usize::BITS - CHUNK.ilog2()) as usize;

/// An item, and the type it is accumulated in.
pub(super) trait Widen: Copy {
    type Wide: Widen<Wide = Self::Wide> + Blend;
    /// Whether there are no loops of their own for what does not fill chunks. WebAssembly has none: size counts there.
    const IS_COMPACT: bool = cfg!(target_family = "wasm");
    /// Whether whole chunks have none either.
    const IS_RARE: bool = false;

    fn widen(self) -> Self::Wide;
    fn narrow(wide: Self::Wide) -> Self;
}

impl Widen for f32 {
    type Wide = f64;

    #[inline(always)]
    fn widen(self) -> f64 {
        f64::from(self)
    }

    fn narrow(wide: f64) -> f32 {
        wide as f32
    }
}

impl Widen for f64 {
    type Wide = f64;

    #[inline(always)]
    fn widen(self) -> f64 {
        self
    }

    fn narrow(wide: f64) -> f64 {
        wide
    }
}

impl<T: Widen<Wide = f64>> Widen for Complex<T> {
    type Wide = Complex<f64>;
    const IS_COMPACT: bool = true;
    const IS_RARE: bool = cfg!(target_family = "wasm");

    #[inline(always)]
    fn widen(self) -> Complex<f64> {
        Complex::new(self.re.widen(), self.im.widen())
    }

    fn narrow(wide: Complex<f64>) -> Complex<T> {
        Complex::new(T::narrow(wide.re), T::narrow(wide.im))
    }
}

/// An operation on two accumulated values.
pub(super) trait Combine<A> {
    /// Changes nothing as the right operand.
    const NEUTRAL: A;

    fn combine(left: A, right: A) -> A;
}

pub(super) struct Sum;
pub(super) struct Product;

impl Combine<f64> for Sum {
    const NEUTRAL: f64 = 0.0;

    #[inline(always)]
    fn combine(left: f64, right: f64) -> f64 {
        left + right
    }
}

impl Combine<f64> for Product {
    const NEUTRAL: f64 = 1.0;

    #[inline(always)]
    fn combine(left: f64, right: f64) -> f64 {
        left * right
    }
}

impl Combine<Complex<f64>> for Sum {
    const NEUTRAL: Complex<f64> = Complex::new(0.0, 0.0);

    #[inline(always)]
    fn combine(left: Complex<f64>, right: Complex<f64>) -> Complex<f64> {
        Complex::new(left.re + right.re, left.im + right.im)
    }
}

impl Combine<Complex<f64>> for Product {
    const NEUTRAL: Complex<f64> = Complex::new(1.0, 0.0);

    /// A factor of one changes nothing, also where the other is not finite.
    #[inline(always)]
    fn combine(left: Complex<f64>, right: Complex<f64>) -> Complex<f64> {
        if right == Self::NEUTRAL {
            return left;
        }
        Complex::new(left.re * right.re - left.im * right.im, left.re * right.im + left.im * right.re)
    }
}

/// The tree so far: results of chunks. Where bit `i` of `chunks` is set, `totals[i]` is the result
/// of `2^i` of them.
pub(super) struct Tree<A> {
    chunks: usize,
    totals: [A; LEVELS],
}

impl<A: Copy> Tree<A> {
    /// A tree without items; `filler` is never part of a result.
    pub fn new(filler: A) -> Tree<A> {
        Tree { chunks: 0, totals: [filler; LEVELS] }
    }

    /// Becomes a tree without items.
    pub fn clear(&mut self) {
        self.chunks = 0;
    }

    /// Adds the result of a chunk, as one is added to a binary counter.
    #[inline(always)]
    pub fn add<C: Combine<A>>(&mut self, mut result: A) {
        let full = self.chunks.trailing_ones() as usize;
        for total in &self.totals[..full] {
            result = C::combine(*total, result);
        }
        self.totals[full] = result;
        self.chunks += 1;
    }

    /// Adds the results of `later`, a tree over the items that follow. Where this one has a multiple of `2^k` chunks,
    /// and the later one at most as many, the tree is that of all items.
    pub fn merge<C: Combine<A>>(&mut self, later: &Tree<A>) {
        let highest = later.chunks.checked_ilog2().unwrap_or(0) as usize;
        if later.chunks.is_power_of_two() {
            let full = (self.chunks >> highest).trailing_ones() as usize;
            let mut result = later.totals[highest];
            for total in &self.totals[highest..highest + full] {
                result = C::combine(*total, result);
            }
            self.totals[highest + full] = result;
        } else {
            for level in (0..=highest).filter(|level| later.chunks >> level & 1 == 1) {
                self.totals[level] = later.totals[level];
            }
        }
        self.chunks += later.chunks;
    }

    /// The result over all items, the neutral value without any.
    pub fn finish<C: Combine<A>>(&self) -> A {
        let used = (0..LEVELS).filter(|level| self.chunks >> level & 1 == 1).map(|level| self.totals[level]);
        used.reduce(|later, earlier| C::combine(earlier, later)).unwrap_or(C::NEUTRAL)
    }
}

/// Columns that are combined side by side.
const WIDTH: usize = 8;

/// The result of a chunk, given its columns, each combined. They are combined in halves: until few are left in one
/// loop, whose body is large enough to become vector instructions as a whole.
#[inline(always)]
fn fold_columns<A: Copy, C: Combine<A>>(column: impl Fn(usize) -> A) -> A {
    let mut few = [C::NEUTRAL; WIDTH];
    for i in 0..WIDTH {
        let mut columns = [C::NEUTRAL; COLUMNS / WIDTH];
        for k in 0..COLUMNS / WIDTH {
            columns[k] = column(k * WIDTH + i);
        }
        few[i] = fold_lanes(columns, C::combine);
    }
    fold_lanes(few, C::combine)
}

/// The result of a whole chunk.
#[inline(always)]
pub(super) fn fold_chunk<T: Widen, C: Combine<T::Wide>>(chunk: &[T; CHUNK]) -> T::Wide {
    let item = |segment: usize, i: usize| chunk[segment * COLUMNS + i];
    fold_columns::<_, C>(|i| four::<T, C>(item(0, i), item(1, i), item(2, i), item(3, i)))
}

/// The result of a column of four items.
#[inline(always)]
fn four<T: Widen, C: Combine<T::Wide>>(a: T, b: T, c: T, d: T) -> T::Wide {
    C::combine(C::combine(a.widen(), b.widen()), C::combine(c.widen(), d.widen()))
}

/// The result of a chunk that consists of the items of some rows from item `start` on, filled up to segments. Out
/// of line, since it is needed where memory ends with the rows, and for items of which no loops of their own are
/// worth their size.
#[cold]
#[inline(never)]
fn fold_filled<T: Widen, C: Combine<T::Wide>>(
    items: &Table<'_, T>,
    rows: Range<usize>,
    start: usize,
) -> T::Wide {
    let mut chunk = [C::NEUTRAL; CHUNK];
    let segments = rows.flat_map(|row| items.row(row)[start..].chunks(COLUMNS));
    for (places, segment) in chunk.chunks_exact_mut(COLUMNS).zip(segments) {
        places.iter_mut().zip(segment).for_each(|(place, item)| *place = item.widen());
    }
    fold_wide_chunk::<T::Wide, C>(&chunk)
}

/// [`fold_chunk`] once for all that is accumulated in `A`.
#[inline(never)]
fn fold_wide_chunk<A: Widen<Wide = A>, C: Combine<A>>(chunk: &[A; CHUNK]) -> A {
    fold_chunk::<A, C>(chunk)
}

/// Folds items of type `T` by the operation `C`.
pub(super) struct Items<T, C>(PhantomData<(T, C)>);

impl<T: Widen, C: Combine<T::Wide>> FoldItems for Items<T, C> {
    type Item = T;
    type State = Tree<T::Wide>;
    const LANE_SIZE: usize = size_of::<T::Wide>();

    #[inline(always)]
    fn fold<const N: usize>(tree: &mut Tree<T::Wide>, items: &Table<'_, T>) {
        let EvenRows { items: row, count, .. } = items.rows;
        let fours = row <= COLUMNS;
        let pairs = !fours && row <= PAIR;
        if count == 1 || !fours && !pairs {
            fold_rows::<T, C>(tree, items);
            return;
        }
        let done = match () {
            _ if T::IS_COMPACT => 0,
            _ if pairs => fold_pairs::<T, C>(tree, items),
            _ if row > COLUMNS / 2 => fold_fours::<T, C, true>(tree, items),
            _ => fold_fours::<T, C, false>(tree, items),
        };
        let rows_of_chunk = if fours { 4 } else { 2 };
        for first in (done..count).step_by(rows_of_chunk) {
            let rows = first..count.min(first + rows_of_chunk);
            tree.add::<C>(fold_filled::<T, C>(items, rows, 0));
        }
    }
}

/// Folds rows of one segment, as long as memory goes on after them; how many there were. Four make a chunk. `LONG`
/// says whether they reach beyond the first half of the columns.
#[inline(always)]
fn fold_fours<T: Widen, C: Combine<T::Wide>, const LONG: bool>(
    tree: &mut Tree<T::Wide>,
    items: &Table<'_, T>,
) -> usize {
    let count = items.rows.items;
    let mut first = 0;
    while let Some([a, b, c, d]) = items.four_rows::<COLUMNS>(first) {
        tree.add::<C>(fold_columns::<_, C>(|i| {
            if !LONG && i >= COLUMNS / 2 {
                return C::NEUTRAL;
            }
            let abcd = four::<T, C>(a[i], b[i], c[i], d[i]);
            if LONG && i < COLUMNS / 2 || i < count { abcd } else { C::NEUTRAL }
        }));
        first += 4;
    }
    first
}

/// Folds rows of two segments, as long as memory goes on after them; how many there were. Two make a chunk.
#[inline(always)]
fn fold_pairs<T: Widen, C: Combine<T::Wide>>(tree: &mut Tree<T::Wide>, items: &Table<'_, T>) -> usize {
    let rest = items.rows.items - COLUMNS;
    let mut first = 0;
    let row = |row| Some((items.beyond_row::<COLUMNS>(row, 0)?, items.beyond_row::<COLUMNS>(row, COLUMNS)?));
    while let (Some((a, b)), Some((c, d))) = (row(first), row(first + 1)) {
        tree.add::<C>(fold_columns::<_, C>(|i| {
            let (b, d) = if i < rest { (b[i].widen(), d[i].widen()) } else { (C::NEUTRAL, C::NEUTRAL) };
            C::combine(C::combine(a[i].widen(), b), C::combine(c[i].widen(), d))
        }));
        first += 2;
    }
    first
}

/// Folds rows of which each has chunks of its own.
#[inline(always)]
fn fold_rows<T: Widen, C: Combine<T::Wide>>(tree: &mut Tree<T::Wide>, items: &Table<'_, T>) {
    for row in 0..items.rows.count {
        if T::IS_RARE {
            for start in (0..items.rows.items).step_by(CHUNK) {
                tree.add::<C>(fold_filled::<T, C>(items, row..row + 1, start));
            }
            continue;
        }
        let (chunks, rest) = items.row(row).as_chunks::<CHUNK>();
        for chunk in chunks {
            tree.add::<C>(fold_chunk::<T, C>(chunk));
        }
        if !rest.is_empty() {
            let start = items.rows.items - rest.len();
            let result = match T::IS_COMPACT {
                true => fold_filled::<T, C>(items, row..row + 1, start),
                false => fold_rest::<T, C>(items, row, start).unwrap_or_else(|| fold_last::<T, C>(rest)),
            };
            tree.add::<C>(result);
        }
    }
}

/// The result of what is left of a row after whole chunks, from item `start` on; `None` where memory ends with it.
#[inline(always)]
fn fold_rest<T: Widen, C: Combine<T::Wide>>(
    items: &Table<'_, T>,
    row: usize,
    start: usize,
) -> Option<T::Wide> {
    let segments = (items.rows.items - start) / COLUMNS;
    // What lies after the row may be read, but not used.
    let segment = |k: usize| items.beyond_row::<COLUMNS>(row, start + k * COLUMNS);
    let last = segment(segments)?;
    let masks = Masks::<COLUMNS>::first(items.rows.items % COLUMNS);
    let last = |i: usize| last[i].widen().or(C::NEUTRAL, masks.0[i]);
    fold_segments::<T, C>([segment(0), segment(1), segment(2)], segments, last)
}

/// The result of less than a chunk, at the end of memory.
#[inline(always)]
fn fold_last<T: Widen, C: Combine<T::Wide>>(items: &[T]) -> T::Wide {
    let (whole, rest) = items.as_chunks::<COLUMNS>();
    let mut last = [T::narrow(C::NEUTRAL); COLUMNS];
    last[..rest.len()].copy_from_slice(rest);
    let segments = [whole.first(), whole.get(1), whole.get(2)];
    let result = fold_segments::<T, C>(segments, whole.len(), |i| last[i].widen());
    result.unwrap_or_else(|| unreachable!("there are as many segments as were counted"))
}

/// The result of a chunk of `count` whole segments and a last one.
#[inline(always)]
fn fold_segments<T: Widen, C: Combine<T::Wide>>(
    [a, b, c]: [Option<&[T; COLUMNS]>; 3],
    count: usize,
    last: impl Fn(usize) -> T::Wide,
) -> Option<T::Wide> {
    Some(match count {
        0 => fold_columns::<_, C>(last),
        1 => {
            let a = a?;
            fold_columns::<_, C>(|i| C::combine(a[i].widen(), last(i)))
        }
        2 => {
            let (a, b) = (a?, b?);
            fold_columns::<_, C>(|i| C::combine(C::combine(a[i].widen(), b[i].widen()), last(i)))
        }
        _ => {
            let (a, b, c) = (a?, b?, c?);
            fold_columns::<_, C>(|i| {
                C::combine(C::combine(a[i].widen(), b[i].widen()), C::combine(c[i].widen(), last(i)))
            })
        }
    })
}
