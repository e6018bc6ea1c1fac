//! Floating-point sums and products in a tree of fixed shape.
//!
//! The items are cut, by their positions, into chunks of [`CHUNK`]. A chunk is
//! a table of [`LANES`] columns: each column is combined pairwise, then the columns are combined
//! in halves. An incomplete last chunk is filled up with the neutral value. Chunk results are
//! combined pairwise like the bits of a binary counter. So each operation has fixed operands,
//! however wide the vectors are, and the rounding error grows with the logarithm of the number of
//! items
//! (Higham, "The accuracy of floating point summation", SIAM J. Sci. Comput. 14, 1993).

use super::level_dispatch::FoldItems;
use crate::dtype::Complex;
use std::marker::PhantomData;

/// Columns of a chunk: enough independent operations to hide their latency at every level.
const LANES: usize = 64;
/// Items of a chunk.
pub(super) const CHUNK: usize = 4 * LANES;
/// Levels of the tree above the chunks, for as many items as can be counted.
const LEVELS: usize = (usize::BITS - CHUNK.ilog2()) as usize;

/// An item, and the type it is accumulated in.
pub(super) trait Widen: Copy {
    type Wide: Widen<Wide = Self::Wide>;

    fn widen(self) -> Self::Wide;
}

impl Widen for f32 {
    type Wide = f64;

    #[inline(always)]
    fn widen(self) -> f64 {
        f64::from(self)
    }
}

impl Widen for f64 {
    type Wide = f64;

    #[inline(always)]
    fn widen(self) -> f64 {
        self
    }
}

impl<T: Widen<Wide = f64>> Widen for Complex<T> {
    type Wide = Complex<f64>;

    #[inline(always)]
    fn widen(self) -> Complex<f64> {
        Complex::new(self.re.widen(), self.im.widen())
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

impl<A: Widen<Wide = A>> Tree<A> {
    /// A tree without items; `filler` is never part of a result.
    pub fn new(filler: A) -> Tree<A> {
        Tree { chunks: 0, totals: [filler; LEVELS] }
    }

    /// Adds the result of a chunk, as one is added to a binary counter.
    #[inline(always)]
    fn add<C: Combine<A>>(&mut self, mut result: A) {
        let full = self.chunks.trailing_ones() as usize;
        for total in &self.totals[..full] {
            result = C::combine(*total, result);
        }
        self.totals[full] = result;
        self.chunks += 1;
    }

    /// The result over all items, the neutral value without any.
    pub fn finish<C: Combine<A>>(&self) -> A {
        let used = (0..LEVELS).filter(|level| self.chunks >> level & 1 == 1).map(|level| self.totals[level]);
        used.reduce(|later, earlier| C::combine(earlier, later)).unwrap_or(C::NEUTRAL)
    }
}

/// The result of a whole chunk.
#[inline(always)]
fn fold_chunk<T: Widen, C: Combine<T::Wide>>(chunk: &[T; CHUNK]) -> T::Wide {
    let mut lanes = [chunk[0].widen(); LANES];
    for (i, lane) in lanes.iter_mut().enumerate() {
        let item = |row: usize| chunk[row * LANES + i].widen();
        *lane = C::combine(C::combine(item(0), item(1)), C::combine(item(2), item(3)));
    }
    let mut half = LANES / 2;
    while half > 0 {
        for i in 0..half {
            lanes[i] = C::combine(lanes[i], lanes[i + half]);
        }
        half /= 2;
    }
    lanes[0]
}

/// Folds items of type `T` by the operation `C`.
pub(super) struct Items<T, C>(PhantomData<(T, C)>);

impl<T: Widen, C: Combine<T::Wide>> FoldItems for Items<T, C> {
    type Item = T;
    type State = Tree<T::Wide>;

    #[inline(always)]
    fn fold(tree: &mut Tree<T::Wide>, items: &[T]) {
        let (chunks, rest) = items.as_chunks::<CHUNK>();
        for chunk in chunks {
            tree.add::<C>(fold_chunk::<T, C>(chunk));
        }
        if !rest.is_empty() {
            let mut chunk = [C::NEUTRAL; CHUNK];
            chunk.iter_mut().zip(rest).for_each(|(place, item)| *place = item.widen());
            tree.add::<C>(fold_chunk::<T::Wide, C>(&chunk));
        }
    }
}
