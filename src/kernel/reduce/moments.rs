//! Sums of squared deviations from the mean, in one pass.
//!
//! Items are cut into chunks as those of float sums are (see `pairwise`). Each chunk has its mean and its sum of
//! squared deviations from that, and two of them are joined as T. F. Chan, G. H. Golub and R. J. LeVeque have it
//! ("Algorithms for computing the sample variance", 1983), in the same tree. Nothing cancels, whatever the mean.

use super::level_dispatch::FoldItems;
use super::pairwise::{CHUNK, COLUMNS, Combine, PAIR, Sum, Tree, Widen, fold_chunk};
use super::rows::{EvenRows, Table};
use crate::dtype::Complex;
use crate::kernel::truth::Truth;
use std::marker::PhantomData;
use std::ops::Range;

/// A mean as an unevaluated sum: the distance of two of them counts to its last digit, however far they are from 0.
#[derive(Clone, Copy, Debug, Default)]
struct Mean {
    hi: f64,
    lo: f64,
}

impl Mean {
    const ZERO: Mean = Mean { hi: 0.0, lo: 0.0 };

    fn distance_to(self, other: Mean) -> f64 {
        (other.hi - self.hi) + (other.lo - self.lo)
    }

    /// Moved by a distance (D. E. Knuth's exact sum).
    fn moved(self, distance: f64) -> Mean {
        let hi = self.hi + distance;
        let part = hi - self.hi;
        let lost = (self.hi - (hi - part)) + (distance - part);
        Mean { hi, lo: self.lo + lost }
    }
}

/// The moments of some items.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Moments {
    count: f64,
    re: Mean,
    im: Mean,
    /// Sum of the squared distances from the mean.
    pub deviations: f64,
}

/// Joins the moments of two sets of items.
pub(super) struct Join;

impl Combine<Moments> for Join {
    const NEUTRAL: Moments = Moments { count: 0.0, re: Mean::ZERO, im: Mean::ZERO, deviations: 0.0 };

    fn combine(left: Moments, right: Moments) -> Moments {
        let count = left.count + right.count;
        let share = right.count / count;
        let (re, im) = (left.re.distance_to(right.re), left.im.distance_to(right.im));
        let between = (re * re + im * im) * (left.count * share);
        Moments {
            count,
            re: left.re.moved(re * share),
            im: left.im.moved(im * share),
            deviations: left.deviations + right.deviations + between,
        }
    }
}

/// An item as a point of the plane.
pub(super) trait Point: Copy {
    const IS_COMPLEX: bool = false;

    fn parts(self) -> [f64; 2];
}

macro_rules! real_points {
    ($($type:ty)*) => {$(
        impl Point for $type {
            #[inline(always)]
            fn parts(self) -> [f64; 2] {
                [self as f64, 0.0]
            }
        }
    )*};
}

real_points!(i8 i16 i32 i64 u8 u16 u32 u64 f32 f64);

impl Point for Truth {
    #[inline(always)]
    fn parts(self) -> [f64; 2] {
        [if self.is_true() { 1.0 } else { 0.0 }, 0.0]
    }
}

impl<T: Widen<Wide = f64>> Point for Complex<T> {
    const IS_COMPLEX: bool = true;

    #[inline(always)]
    fn parts(self) -> [f64; 2] {
        [self.re.widen(), self.im.widen()]
    }
}

/// Folds items of type `T`.
pub(super) struct Deviations<T>(PhantomData<T>);

impl<T: Point> FoldItems for Deviations<T> {
    type Item = T;
    type State = Tree<Moments>;
    const LANE_SIZE: usize = size_of::<f64>();

    #[inline(always)]
    fn fold<const N: usize>(tree: &mut Tree<Moments>, items: &Table<'_, T>) {
        let EvenRows { items: row, count, .. } = items.rows;
        let rows_of_chunk = match () {
            () if row <= COLUMNS => 4,
            () if row <= PAIR => 2,
            () => 1,
        };
        for first in (0..count).step_by(rows_of_chunk) {
            let rows = first..count.min(first + rows_of_chunk);
            for start in (0..row).step_by(CHUNK) {
                let part = start..row.min(start + CHUNK);
                tree.add::<Join>(moments_of_chunk(items, rows.clone(), part));
            }
        }
    }
}

/// The moments of a part of each of some rows, which makes a chunk at most.
#[inline(always)]
fn moments_of_chunk<T: Point>(items: &Table<'_, T>, rows: Range<usize>, part: Range<usize>) -> Moments {
    let mut chunk = [[0.0; CHUNK]; 2];
    let mut count = 0;
    for row in rows {
        for item in &items.row(row)[part.clone()] {
            let [re, im] = item.parts();
            chunk[0][count] = re;
            if T::IS_COMPLEX {
                chunk[1][count] = im;
            }
            count += 1;
        }
    }
    let [re, im] = &mut chunk;
    let (re, re_deviations) = centred(re, count);
    let (im, im_deviations) = if T::IS_COMPLEX { centred(im, count) } else { (Mean::ZERO, 0.0) };
    Moments { count: count as f64, re, im, deviations: re_deviations + im_deviations }
}

/// The mean of the first `count` of some numbers, the others of which are 0, and the sum of their squared deviations
/// from it. Out of line on WebAssembly, where one for items of all types is enough.
#[cfg_attr(target_family = "wasm", inline(never))]
#[cfg_attr(not(target_family = "wasm"), inline(always))]
fn centred(numbers: &mut [f64; CHUNK], count: usize) -> (Mean, f64) {
    let n = count as f64;
    let hi = fold_chunk::<f64, Sum>(numbers) / n;
    for (i, number) in numbers.iter_mut().enumerate() {
        *number = if i < count { *number - hi } else { 0.0 };
    }
    // What the mean lost in rounding.
    let lo = fold_chunk::<f64, Sum>(numbers) / n;
    for number in numbers.iter_mut() {
        *number *= *number;
    }
    (Mean { hi, lo }, fold_chunk::<f64, Sum>(numbers) - n * lo * lo)
}
