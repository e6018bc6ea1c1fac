//! Where the items of a block lie in the whole array.

use crate::ir::IndexSymbol;

/// C functions that give the values of symbols, as [`Positions::fill`] does, from a [`Description`].
#[cfg(c_compiler)]
pub const C_FUNCTIONS: &str = include_str!("positions.h");

/// Dimensions that a description has room for.
#[cfg(any(test, c_compiler))]
const MAX_NDIM: usize = 8;

/// Version of the layout of descriptions.
#[cfg(any(test, c_compiler))]
const LAYOUT: i64 = 2;

/// A box in the words that [`C_FUNCTIONS`] read.
#[cfg(any(test, c_compiler))]
pub type Description = [i64; 4 * MAX_NDIM + 4];

/// A box of items: the valid part of a block. Items are numbered in C order within the box.
#[derive(Clone, Copy, Debug)]
pub struct Positions<'a> {
    /// Extents of the whole array.
    pub shape: &'a [i64],
    /// Coordinates of the box's first item.
    pub origin: &'a [i64],
    /// Extents of the box.
    pub extents: &'a [i64],
}

impl Positions<'_> {
    /// The value of a symbol that is the same for all items.
    pub fn uniform(&self, symbol: IndexSymbol) -> i64 {
        match symbol {
            IndexSymbol::Extent(d) => self.shape.get(usize::from(d)).copied().unwrap_or(1),
            IndexSymbol::Ndim => self.shape.len() as i64,
            IndexSymbol::Coordinate(_) | IndexSymbol::Flat => unreachable!("they differ from item to item"),
        }
    }

    /// The values of a symbol for the items from `start` on.
    pub fn fill(&self, symbol: IndexSymbol, start: usize, out: &mut [i64]) {
        match symbol {
            IndexSymbol::Coordinate(d) => self.fill_coordinate(usize::from(d), start, out),
            IndexSymbol::Flat => self.fill_flat(start, out),
            IndexSymbol::Extent(_) | IndexSymbol::Ndim => out.fill(self.uniform(symbol)),
        }
    }

    /// The box as generated C reads it; `None` where it has too many dimensions.
    #[cfg(any(test, c_compiler))]
    pub fn describe(&self) -> Option<Description> {
        let n = self.shape.len();
        if n > MAX_NDIM {
            return None;
        }
        let mut words = [0; 4 * MAX_NDIM + 4];
        words[0] = n as i64;
        let mut stride = 1i64;
        let mut first = 0i64;
        let mut is_consecutive = true;
        for d in (0..n).rev() {
            let (shape, origin, extent) = (self.shape[d], self.origin[d], self.extents[d]);
            words[1 + d] = shape;
            words[1 + n + d] = stride;
            words[1 + 2 * n + d] = origin;
            words[1 + 3 * n + d] = extent;
            first = first.wrapping_add(origin.wrapping_mul(stride));
            stride = stride.wrapping_mul(shape);
            is_consecutive &= d == 0 || (origin == 0 && extent == shape);
        }
        words[4 * n + 1] = LAYOUT;
        words[4 * n + 2] = i64::from(is_consecutive);
        words[4 * n + 3] = first;
        Some(words)
    }

    fn fill_coordinate(&self, d: usize, start: usize, out: &mut [i64]) {
        let Some(&extent) = self.extents.get(d) else { return out.fill(0) };
        let origin = self.origin[d];
        // Items between two steps of this coordinate.
        let run: i64 = self.extents[d + 1..].iter().fold(1, |run: i64, extent| run.wrapping_mul(*extent));
        if run <= 0 || extent <= 0 {
            return out.fill(origin);
        }
        let mut within = start as i64 % run;
        let mut coordinate = start as i64 / run % extent;
        for value in out {
            *value = origin.wrapping_add(coordinate);
            within += 1;
            if within == run {
                within = 0;
                coordinate = if coordinate + 1 == extent { 0 } else { coordinate + 1 };
            }
        }
    }

    /// C-order indices in the whole array, in wrapping arithmetic.
    fn fill_flat(&self, start: usize, out: &mut [i64]) {
        let last = self.extents.last().copied().unwrap_or(1).max(1);
        let mut item = start as i64;
        let mut rest = out;
        while !rest.is_empty() {
            let run = usize::try_from(last - item % last).unwrap_or(1).min(rest.len());
            let first = self.flat_index(item);
            let (row, tail) = rest.split_at_mut(run);
            for (value, offset) in row.iter_mut().zip(0..) {
                *value = first.wrapping_add(offset);
            }
            item += run as i64;
            rest = tail;
        }
    }

    fn flat_index(&self, item: i64) -> i64 {
        let mut item = item;
        let mut stride = 1i64;
        let mut index = 0i64;
        for d in (0..self.shape.len()).rev() {
            let extent = self.extents[d].max(1);
            let coordinate = self.origin[d].wrapping_add(item % extent);
            index = index.wrapping_add(coordinate.wrapping_mul(stride));
            stride = stride.wrapping_mul(self.shape[d]);
            item /= extent;
        }
        index
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOX: Positions<'static> = Positions { shape: &[3, 5], origin: &[0, 3], extents: &[2, 2] };

    fn values(symbol: IndexSymbol, start: usize, count: usize) -> Vec<i64> {
        let mut out = vec![0; count];
        BOX.fill(symbol, start, &mut out);
        out
    }

    #[test]
    fn items_of_a_box_know_their_place() {
        assert_eq!(values(IndexSymbol::Flat, 0, 4), [3, 4, 8, 9]);
        assert_eq!(values(IndexSymbol::Flat, 1, 3), [4, 8, 9]);
        assert_eq!(values(IndexSymbol::Coordinate(0), 0, 4), [0, 0, 1, 1]);
        assert_eq!(values(IndexSymbol::Coordinate(1), 1, 3), [4, 3, 4]);
        assert_eq!(values(IndexSymbol::Coordinate(2), 0, 2), [0, 0]);
        assert_eq!(BOX.uniform(IndexSymbol::Extent(1)), 5);
        assert_eq!(BOX.uniform(IndexSymbol::Extent(2)), 1);
        assert_eq!(BOX.uniform(IndexSymbol::Ndim), 2);
    }

    #[test]
    fn boxes_are_described_in_words() {
        let words = BOX.describe().unwrap();
        // Dimensions; the array's extents and strides; the box's origin and extents; layout; rows of the box
        // have gaps between them; the first item.
        assert_eq!(words[..12], [2, 3, 5, 5, 1, 0, 3, 2, 2, LAYOUT, 0, 3]);
        let rows = Positions { shape: &[3, 5], origin: &[1, 0], extents: &[2, 5] };
        assert_eq!(rows.describe().unwrap()[9..12], [LAYOUT, 1, 5]);
        let deep = [1; MAX_NDIM + 1];
        assert_eq!(Positions { shape: &deep, origin: &deep, extents: &deep }.describe(), None);
    }
}
