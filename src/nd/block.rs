//! One block of a chunked array.

use super::geometry::Axis;
use super::{Axes, BlockError, Rows};

/// Place of one block in the array: the global coordinates of its first item and its valid box.
#[derive(Clone, Debug)]
pub struct Block<'g> {
    shape: &'g [i64],
    axes: &'g [Axis],
    padded: i64,
    valid: i64,
    origin: Axes<i64>,
    /// Valid extent of each axis, 0 ≤ `len` ≤ block extent.
    len: Axes<i64>,
}

impl<'g> Block<'g> {
    /// Block `nblock` of chunk `nchunk`, both within the grid of `axes`, with a product of block extents of
    /// `padded`.
    pub(super) fn new(
        shape: &'g [i64],
        axes: &'g [Axis],
        padded: i64,
        nchunk: i64,
        nblock: i64,
    ) -> Result<Block<'g>, BlockError> {
        let zeros = || {
            let mut zeros = Axes::new();
            zeros.try_reserve(axes.len()).map_err(|_| BlockError::OutOfMemory)?;
            zeros.resize(axes.len(), 0);
            Ok(zeros)
        };
        let mut block = Block { shape, axes, padded, valid: 1, origin: zeros()?, len: zeros()? };
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
        Ok(block)
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
        &self.origin
    }

    /// Extents of the whole array, one for each axis.
    pub fn shape(&self) -> &[i64] {
        self.shape
    }

    /// Extents of the valid box, one for each axis.
    pub fn extents(&self) -> &[i64] {
        &self.len
    }

    /// The valid box as contiguous rows. Fails if the padded block has more items than memory
    /// can address, and if there is no memory.
    pub fn rows(&self) -> Result<Rows, BlockError> {
        let padded = usize::try_from(self.padded).map_err(|_| BlockError::Overflow)?;
        Rows::new(
            padded,
            self.axes.iter().zip(&self.len).map(|(axis, len)| (axis.block as usize, *len as usize)),
        )
    }
}
