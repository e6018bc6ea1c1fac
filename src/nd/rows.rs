//! The valid box of a padded block as contiguous runs, and the copies between padded and packed.

use super::{Axes, BlockError, MAX_DIMS};

/// A contiguous run of valid items.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Run {
    /// Position of the first item in the padded block.
    pub start: usize,
    pub items: usize,
}

/// Rows that lie at equal distances. After the last one, too, the padded block goes on to where another would begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plane {
    /// Position of the first item in the padded block.
    pub start: usize,
    /// Items of a row.
    pub row: usize,
    /// Items from the start of a row to the start of the next.
    pub stride: usize,
    pub rows: usize,
}

/// One level of the nest of loops over the rows: `count` steps of `stride` padded items.
#[derive(Clone, Copy, Debug)]
struct Loop {
    count: usize,
    stride: usize,
}

/// The valid items of one padded block, in C order, as rows of equal length.
///
/// Axes are merged where the items stay evenly spaced, so a row is as long as it can be: trailing
/// axes that are full become one run, and axes of one item vanish.
#[derive(Clone, Debug)]
pub struct Rows {
    padded: usize,
    valid: usize,
    /// Items of a row.
    row: usize,
    /// The innermost loop over the rows.
    inner: Loop,
    /// The loops around it, from the inside out.
    outer: Axes<Loop>,
}

impl Rows {
    /// Rows of a block of `padded` items whose axes have the extents `(block, valid)`.
    pub(super) fn new(
        padded: usize,
        axes: impl DoubleEndedIterator<Item = (usize, usize)>,
    ) -> Result<Rows, BlockError> {
        let inner = Loop { count: 1, stride: 0 };
        let mut rows = Rows { padded, valid: 1, row: 1, inner, outer: Axes::new() };
        let mut stride = 1;
        for (block, len) in axes.rev() {
            rows.valid *= len;
            rows.add_axis(len, stride)?;
            stride *= block;
        }
        Ok(rows)
    }

    /// Puts an axis of `len` valid items, `stride` apart, around those that are there.
    fn add_axis(&mut self, len: usize, stride: usize) -> Result<(), BlockError> {
        if len == 1 {
            return Ok(());
        }
        let around = Loop { count: len, stride };
        let outermost = self.outer.last_mut().unwrap_or(&mut self.inner);
        if outermost.count == 1 {
            if self.row == stride {
                self.row *= len;
            } else {
                self.inner = around;
            }
        } else if outermost.count * outermost.stride == stride {
            outermost.count *= len;
        } else {
            self.outer.try_reserve(1).map_err(|_| BlockError::OutOfMemory)?;
            self.outer.push(around);
        }
        Ok(())
    }

    /// Items of the padded block.
    pub fn padded_items(&self) -> usize {
        self.padded
    }

    /// Valid items of the block.
    pub fn valid_items(&self) -> usize {
        self.valid
    }

    /// Whether so few items are padding that computing them too costs less than leaving them out.
    pub fn are_dense(&self) -> bool {
        self.valid >= self.padded / 4 * 3
    }

    /// The rows that follow each other at equal distances from the first item on; all planes are like it.
    pub fn first_plane(&self) -> Plane {
        let Loop { count, stride } = self.inner;
        Plane { start: 0, row: self.row, stride: if count > 1 { stride } else { self.row }, rows: count }
    }

    /// Calls `visit` with the planes that hold the valid items, in order, until it returns false.
    pub fn for_each_plane(&self, mut visit: impl FnMut(Plane) -> bool) {
        let plane = self.first_plane();
        if self.outer.is_empty() {
            visit(plane);
            return;
        }
        let mut steps = [0usize; MAX_DIMS];
        for _ in 0..self.valid / (plane.row * plane.rows).max(1) {
            if !visit(Plane { start: self.start_of_plane(&steps), ..plane }) {
                return;
            }
            self.advance_outer(&mut steps);
        }
    }

    /// Items of each row.
    pub fn row_items(&self) -> usize {
        self.row
    }

    /// Calls `visit` with the runs that hold the packed positions `first..first + items`, in
    /// order; the first and the last may be parts of rows. Positions beyond the last are ignored.
    #[inline]
    pub fn for_each_run(&self, first: usize, items: usize, mut visit: impl FnMut(Run)) {
        let mut left = items.min(self.valid.saturating_sub(first));
        if left == 0 {
            return;
        }
        let mut steps = [0usize; MAX_DIMS];
        let mut skip = first % self.row;
        let mut row = first / self.row;
        let mut step_of = |level: &Loop| {
            let step = row % level.count;
            row /= level.count;
            step
        };
        let mut inner_step = step_of(&self.inner);
        for (step, level) in steps.iter_mut().zip(&self.outer) {
            *step = step_of(level);
        }
        loop {
            let plane = self.start_of_plane(&steps);
            for step in inner_step..self.inner.count {
                let run = (self.row - skip).min(left);
                visit(Run { start: plane + step * self.inner.stride + skip, items: run });
                skip = 0;
                left -= run;
                if left == 0 {
                    return;
                }
            }
            inner_step = 0;
            self.advance_outer(&mut steps);
        }
    }

    /// Position of the first item of a plane, given the steps of the outer loops.
    #[inline]
    fn start_of_plane(&self, steps: &[usize; MAX_DIMS]) -> usize {
        self.outer.iter().zip(steps).map(|(level, step)| step * level.stride).sum()
    }

    /// Moves the outer loops to the next plane.
    #[inline]
    fn advance_outer(&self, steps: &mut [usize; MAX_DIMS]) {
        for (step, level) in steps.iter_mut().zip(&self.outer) {
            *step += 1;
            if *step < level.count {
                return;
            }
            *step = 0;
        }
    }

    /// Packs the valid items from packed position `first` on: reads the whole padded block
    /// `padded`, fills `packed` as far as there are items. Both hold items of `itemsize` bytes.
    pub fn gather(&self, itemsize: usize, padded: &[u8], first: usize, packed: &mut [u8]) {
        let mut at = 0;
        self.for_each_run(first, packed.len() / itemsize, |run| {
            let bytes = run.items * itemsize;
            copy_row(&mut packed[at..at + bytes], &padded[run.start * itemsize..][..bytes]);
            at += bytes;
        });
    }

    /// Puts packed items, the first of which has packed position `first`, to their places in the
    /// padded block. Padding is not touched, see [`Rows::zero_padding`].
    pub fn scatter(&self, itemsize: usize, packed: &[u8], first: usize, padded: &mut [u8]) {
        let mut at = 0;
        self.for_each_run(first, packed.len() / itemsize, |run| {
            let bytes = run.items * itemsize;
            copy_row(&mut padded[run.start * itemsize..][..bytes], &packed[at..at + bytes]);
            at += bytes;
        });
    }

    /// Writes zero bytes to every item of the padded block that is not valid.
    pub fn zero_padding(&self, itemsize: usize, padded: &mut [u8]) {
        let padded = &mut padded[..self.padded * itemsize];
        if self.valid == 0 {
            padded.fill(0);
            return;
        }
        let mut end = 0;
        self.for_each_plane(|Plane { start, row, stride, rows }| {
            let start = start * itemsize;
            padded[end..start].fill(0);
            end = start + ((rows - 1) * stride + row) * itemsize;
            zero_gaps(&mut padded[start..end], row * itemsize, stride * itemsize);
            true
        });
        padded[end..].fill(0);
    }
}

/// Zeroes what lies between rows of `row` bytes that begin `stride` bytes apart, short gaps by overlapping words as
/// [`copy_row`] copies.
fn zero_gaps(rows: &mut [u8], row: usize, stride: usize) {
    match stride - row {
        4..8 => zero_each_gap(rows, row, stride, |gap| copy_ends::<4>(gap, &[0; 4])),
        8..16 => zero_each_gap(rows, row, stride, |gap| copy_ends::<8>(gap, &[0; 8])),
        16..32 => zero_each_gap(rows, row, stride, |gap| copy_ends::<16>(gap, &[0; 16])),
        32..=64 => zero_each_gap(rows, row, stride, |gap| copy_ends::<32>(gap, &[0; 32])),
        _ => zero_each_gap(rows, row, stride, |gap| gap.fill(0)),
    }
}

#[inline(always)]
fn zero_each_gap(rows: &mut [u8], row: usize, stride: usize, zero: impl Fn(&mut [u8])) {
    for gap_and_row in rows[row..].chunks_exact_mut(stride) {
        zero(&mut gap_and_row[..stride - row]);
    }
}

/// Copies `from` to `to`, of the same length; short rows by a few overlapping words, because a
/// call of `memcpy` costs more than the copy.
#[inline(always)]
fn copy_row(to: &mut [u8], from: &[u8]) {
    match to.len() {
        8..16 => copy_ends::<8>(to, from),
        16..32 => copy_ends::<16>(to, from),
        32..=64 => copy_ends::<32>(to, from),
        4..8 => copy_ends::<4>(to, from),
        _ => to.copy_from_slice(from),
    }
}

/// Copies the first and the last `N` bytes, which cover everything if `N ≤ len ≤ 2·N`.
#[inline(always)]
fn copy_ends<const N: usize>(to: &mut [u8], from: &[u8]) {
    if let (Some(source), Some(target)) = (from.first_chunk::<N>(), to.first_chunk_mut::<N>()) {
        *target = *source;
    }
    if let (Some(source), Some(target)) = (from.last_chunk::<N>(), to.last_chunk_mut::<N>()) {
        *target = *source;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nd::{Block, Geometry};
    use crate::testkit::random::Random;

    /// Padded positions of the valid items, by the definition: one item at a time.
    fn valid_positions(blockshape: &[i32], len: &[usize]) -> Vec<usize> {
        let padded: usize = blockshape.iter().map(|&b| b as usize).product();
        let is_valid = |position: usize| {
            let mut rest = position;
            blockshape.iter().zip(len).rev().all(|(&block, &len)| {
                let index = rest % block as usize;
                rest /= block as usize;
                index < len
            })
        };
        (0..padded).filter(|&position| is_valid(position)).collect()
    }

    fn positions_of_runs(rows: &Rows, first: usize, items: usize) -> Vec<usize> {
        let mut positions = Vec::new();
        rows.for_each_run(first, items, |run| positions.extend(run.start..run.start + run.items));
        positions
    }

    /// Extents `1..=limit` for each of `ndims` axes.
    fn random_extents(random: &mut Random, ndims: usize, limit: u64) -> Vec<i64> {
        (0..ndims).map(|_| 1 + random.below(limit) as i64).collect()
    }

    /// Calls `check` with every block of random arrays of one to eight axes.
    fn for_random_blocks(check: impl Fn(&Block, &[i32], &[usize])) {
        let mut random = Random::new(1);
        for case in 0..300 {
            let ndims = 1 + case % 8;
            let limit = [40, 12, 7, 5, 4, 3, 3, 3][ndims - 1];
            let shape = random_extents(&mut random, ndims, limit);
            let to_i32 = |extents: Vec<i64>| extents.into_iter().map(|e| e as i32).collect::<Vec<_>>();
            let chunkshape = to_i32(random_extents(&mut random, ndims, limit));
            let blockshape = to_i32(random_extents(&mut random, ndims, limit));
            let geometry = Geometry::new(&shape, &chunkshape, &blockshape).unwrap();
            let mut valid = 0;
            for nchunk in 0.. {
                if geometry.block(nchunk, 0).is_err() {
                    break;
                }
                for nblock in 0.. {
                    let Ok(block) = geometry.block(nchunk, nblock) else { break };
                    valid += block.valid_items();
                    let len: Vec<usize> = (0..ndims)
                        .map(|d| {
                            let chunk_end =
                                (block.origin()[d] / i64::from(chunkshape[d]) + 1) * i64::from(chunkshape[d]);
                            let in_chunk = chunk_end.min(shape[d]) - block.origin()[d];
                            in_chunk.clamp(0, i64::from(blockshape[d])) as usize
                        })
                        .collect();
                    check(&block, &blockshape, &len);
                }
            }
            assert_eq!(valid, shape.iter().product::<i64>());
        }
    }

    #[test]
    fn runs_cover_the_valid_box_in_order_from_any_position() {
        for_random_blocks(|block, blockshape, len| {
            let expected = valid_positions(blockshape, len);
            let rows = block.rows().unwrap();
            assert_eq!(rows.valid_items(), expected.len());
            assert_eq!(positions_of_runs(&rows, 0, usize::MAX), expected);
            for first in [1, expected.len() / 2, expected.len()] {
                let later = &expected[first.min(expected.len())..];
                assert_eq!(positions_of_runs(&rows, first, usize::MAX), later);
                assert_eq!(positions_of_runs(&rows, first, later.len() / 2), later[..later.len() / 2]);
            }
        });
    }

    #[test]
    fn planes_cover_the_valid_box_in_order() {
        for_random_blocks(|block, blockshape, len| {
            let rows = block.rows().unwrap();
            let mut positions = Vec::new();
            rows.for_each_plane(|plane| {
                assert!(plane.start + plane.rows * plane.stride <= rows.padded_items());
                for row in 0..plane.rows {
                    let start = plane.start + row * plane.stride;
                    positions.extend(start..start + plane.row);
                }
                true
            });
            assert_eq!(positions, valid_positions(blockshape, len));
        });
    }

    #[test]
    fn gather_and_scatter_agree_with_the_definition() {
        for_random_blocks(|block, blockshape, len| {
            let rows = block.rows().unwrap();
            let positions = valid_positions(blockshape, len);
            for itemsize in [1, 2, 4, 8, 12, 16] {
                let padded: Vec<u8> =
                    (0..rows.padded_items() * itemsize).map(|i| (i % 251) as u8 + 1).collect();
                let item = |position: usize| &padded[position * itemsize..][..itemsize];
                let expected: Vec<u8> =
                    positions.iter().flat_map(|&position| item(position).to_vec()).collect();
                let cut = positions.len() / 3;
                let mut packed = vec![0; expected.len()];
                let (head, tail) = packed.split_at_mut(cut * itemsize);
                rows.gather(itemsize, &padded, 0, head);
                rows.gather(itemsize, &padded, cut, tail);
                let mut scattered = vec![0xAA; padded.len()];
                rows.zero_padding(itemsize, &mut scattered);
                rows.scatter(itemsize, head, 0, &mut scattered);
                rows.scatter(itemsize, tail, cut, &mut scattered);
                assert_eq!(packed, expected);
                let mut model = vec![0; padded.len()];
                for &position in &positions {
                    model[position * itemsize..][..itemsize].copy_from_slice(item(position));
                }
                assert_eq!(scattered, model);
            }
        });
    }

    #[test]
    fn full_trailing_axes_make_one_row() {
        let geometry = Geometry::new(&[10, 4, 6, 8], &[10, 4, 6, 8], &[4, 2, 6, 8]).unwrap();
        let full = geometry.block(0, 0).unwrap().rows().unwrap();
        assert_eq!((full.row_items(), full.first_plane().rows), (4 * 2 * 6 * 8, 1));
        let partial = geometry.block(0, 4).unwrap().rows().unwrap();
        assert_eq!((partial.row_items(), partial.first_plane().rows), (2 * 2 * 6 * 8, 1));

        let geometry = Geometry::new(&[8, 3, 8, 5], &[8, 3, 8, 5], &[4, 1, 4, 8]).unwrap();
        let rows = geometry.block(0, 0).unwrap().rows().unwrap();
        assert_eq!((rows.row_items(), rows.first_plane().rows, rows.outer.len()), (5, 16, 0));
    }
}
