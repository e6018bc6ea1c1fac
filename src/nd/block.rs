//! One block of a chunked array.

use super::geometry::Axis;
use super::{BlockError, MAX_DIMS, Rows};

/// Place of one block in the array: the global coordinates of its first item and its valid box.
#[derive(Clone, Debug)]
pub struct Block<'g> {
    axes: &'g [Axis],
    padded: i64,
    valid: i64,
    origin: [i64; MAX_DIMS],
    /// Valid extent of each axis, 0 ≤ `len` ≤ block extent.
    len: [i64; MAX_DIMS],
}

impl<'g> Block<'g> {
    /// Block `nblock` of chunk `nchunk`, both within the grid of `axes`, with at most
    /// [`MAX_DIMS`] axes and a product of block extents of `padded`.
    pub(super) fn new(axes: &'g [Axis], padded: i64, nchunk: i64, nblock: i64) -> Block<'g> {
        let mut block = Block { axes, padded, valid: 1, origin: [0; MAX_DIMS], len: [0; MAX_DIMS] };
        let (mut nchunk, mut nblock) = (nchunk, nblock);
        for (d, axis) in axes.iter().enumerate().rev() {
            let chunk_start = nchunk % axis.chunks * axis.chunk;
            let block_start = nblock % axis.blocks * axis.block;
            nchunk /= axis.chunks;
            nblock /= axis.blocks;
            let chunk_len = axis.chunk.min(axis.shape - chunk_start);
            let len = (chunk_len - block_start).clamp(0, axis.block);
            // Only a block without valid items can start beyond the integers.
            block.origin[d] = chunk_start.saturating_add(block_start);
            block.len[d] = len;
            block.valid *= len;
        }
        block
    }

    /// Items of the padded block.
    pub fn padded_items(&self) -> i64 {
        self.padded
    }

    /// Items of the block that lie inside its chunk and the array.
    pub fn valid_items(&self) -> i64 {
        self.valid
    }

    /// Whether every item of the block is valid, so that padded and packed form are the same.
    pub fn is_full(&self) -> bool {
        self.valid == self.padded
    }

    /// Global coordinates of the block's first item, one for each axis.
    pub fn origin(&self) -> &[i64] {
        &self.origin[..self.axes.len()]
    }

    /// The valid box as contiguous rows. Fails if the padded block has more items than memory
    /// can address.
    pub fn rows(&self) -> Result<Rows, BlockError> {
        let padded = usize::try_from(self.padded).map_err(|_| BlockError::Overflow)?;
        Ok(Rows::new(
            padded,
            self.axes.iter().zip(self.len).map(|(axis, len)| (axis.block as usize, len as usize)),
        ))
    }

    /// Writes the global coordinates along `axis` of the valid items with packed positions
    /// `first..first + out.len()`; 0 for axes that the array does not have.
    pub fn fill_coordinate(&self, axis: usize, first: usize, out: &mut [i64]) {
        if axis >= self.axes.len() || self.valid == 0 {
            out.fill(0);
            return;
        }
        let inner: i64 = self.len[axis + 1..self.axes.len()].iter().product();
        let mut position = first as i64;
        let mut rest = out;
        while !rest.is_empty() {
            let coordinate = self.origin[axis] + position / inner % self.len[axis];
            let same = (inner - position % inner).min(rest.len() as i64);
            let (here, later) = rest.split_at_mut(same as usize);
            here.fill(coordinate);
            position += same;
            rest = later;
        }
    }

    /// Writes the C-order index in the whole array of the valid items with packed positions
    /// `first..first + out.len()`; an index beyond int64 wraps.
    pub fn fill_flat_index(&self, first: usize, out: &mut [i64]) {
        if self.valid == 0 {
            out.fill(0);
            return;
        }
        let row = self.len[self.axes.len() - 1];
        let mut position = first as i64;
        let mut rest = out;
        while !rest.is_empty() {
            let in_row = (row - position % row).min(rest.len() as i64);
            let start = self.flat_index(position);
            let (here, later) = rest.split_at_mut(in_row as usize);
            for (i, index) in here.iter_mut().enumerate() {
                *index = start.wrapping_add(i as i64);
            }
            position += in_row;
            rest = later;
        }
    }

    /// C-order index in the whole array of the valid item at packed `position`.
    fn flat_index(&self, mut position: i64) -> i64 {
        let (mut index, mut stride) = (0i64, 1i64);
        for (d, axis) in self.axes.iter().enumerate().rev() {
            let coordinate = self.origin[d] + position % self.len[d];
            position /= self.len[d];
            index = index.wrapping_add(coordinate.wrapping_mul(stride));
            stride = stride.wrapping_mul(axis.shape);
        }
        index
    }
}

#[cfg(test)]
mod tests {
    use super::super::Geometry;

    #[test]
    fn index_symbols_of_partial_blocks() {
        let geometry = Geometry::new(&[3, 5], &[2, 4], &[2, 3]).unwrap();
        let indices = |nchunk, nblock| {
            let block = geometry.block(nchunk, nblock).unwrap();
            let mut out = vec![0; block.valid_items() as usize];
            block.fill_flat_index(0, &mut out);
            out
        };
        assert_eq!(indices(0, 0), [0, 1, 2, 5, 6, 7]);
        assert_eq!(indices(0, 1), [3, 8]);
        assert_eq!(indices(1, 0), [4, 9]);
        assert_eq!(indices(3, 0), [14]);
    }

    #[test]
    fn coordinates_agree_with_the_flat_index_from_any_position() {
        let shape = [7i64, 5, 9];
        let geometry = Geometry::new(&shape, &[4, 5, 6], &[3, 2, 4]).unwrap();
        let block = geometry.block(1, 1).unwrap();
        let valid = block.valid_items() as usize;
        for first in 0..valid {
            let items = valid - first;
            let mut axes = [vec![0; items], vec![0; items], vec![0; items]];
            for (d, out) in axes.iter_mut().enumerate() {
                block.fill_coordinate(d, first, out);
            }
            let mut flat = vec![0; items];
            block.fill_flat_index(first, &mut flat);
            for (i, &index) in flat.iter().enumerate() {
                assert_eq!((axes[0][i] * shape[1] + axes[1][i]) * shape[2] + axes[2][i], index);
            }
        }
    }

    #[test]
    fn missing_axes_have_coordinate_zero() {
        let geometry = Geometry::new(&[4], &[4], &[4]).unwrap();
        let mut out = [7; 3];
        geometry.block(0, 0).unwrap().fill_coordinate(1, 0, &mut out);
        assert_eq!(out, [0; 3]);
    }
}
