//! The shapes of a chunked array, and the grid of its chunks and blocks.

use super::{Block, MAX_DIMS};
use crate::memory::TryGrow;

/// Why three shapes do not describe a chunked array at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GeometryError {
    /// The three shapes differ in length, or have none.
    RankMismatch,
    /// The chunk or block extent of this axis is not positive.
    Extent {
        axis: usize,
    },
    /// The extent of the array along this axis is negative.
    Shape {
        axis: usize,
    },
    OutOfMemory,
}

/// Why a geometry has no such block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BlockError {
    /// More than [`MAX_DIMS`] axes.
    TooManyDims,
    /// Some axis of the array has no items, so there are no chunks.
    EmptyShape,
    /// The number of chunks, of blocks in a chunk, or of items in a block exceeds the integer that counts it.
    Overflow,
    /// The chunk or block number is negative or beyond the grid.
    OutOfRange,
    /// There is no memory for many axes.
    OutOfMemory,
}

/// Extents along one axis, in items, and how many chunks and blocks they make.
#[derive(Clone, Copy, Debug)]
pub(super) struct Axis {
    pub shape: i64,
    pub chunk: i64,
    pub block: i64,
    /// Chunks of the array along this axis; 0 if the array is empty.
    pub chunks: i64,
    /// Blocks of a chunk along this axis, the same for every chunk.
    pub blocks: i64,
}

impl Axis {
    fn new(shape: i64, chunk: i32, block: i32) -> Axis {
        let (chunk, block) = (i64::from(chunk), i64::from(block));
        let chunks = if shape > 0 { ceil_div(shape, chunk) } else { 0 };
        Axis { shape, chunk, block, chunks, blocks: ceil_div(chunk, block) }
    }
}

/// ⌈`total` / `part`⌉ of positive numbers.
fn ceil_div(total: i64, part: i64) -> i64 {
    (total - 1) / part + 1
}

/// Totals over all axes.
#[derive(Clone, Copy, Debug)]
struct Grid {
    /// Chunks of the array.
    chunks: i64,
    /// Blocks of a chunk.
    blocks: i64,
    /// Items of a padded block.
    padded: i64,
}

impl Grid {
    fn new(axes: &[Axis]) -> Result<Grid, BlockError> {
        if axes.len() > MAX_DIMS {
            return Err(BlockError::TooManyDims);
        }
        if axes.iter().any(|axis| axis.chunks == 0) {
            return Err(BlockError::EmptyShape);
        }
        Ok(Grid {
            chunks: product(axes, |axis| axis.chunks)?,
            blocks: product(axes, |axis| axis.blocks)?,
            padded: product(axes, |axis| axis.block)?,
        })
    }
}

fn product(axes: &[Axis], extent: impl Fn(&Axis) -> i64) -> Result<i64, BlockError> {
    axes.iter().try_fold(1i64, |total, axis| total.checked_mul(extent(axis))).ok_or(BlockError::Overflow)
}

/// Shape, chunk shape and block shape of an array.
///
/// Only the signs of extents are checked when it is made. An empty or oversized array is accepted and
/// remembered as such: asking it for a block is the error.
#[derive(Debug)]
pub struct Geometry {
    shape: Vec<i64>,
    axes: Vec<Axis>,
    grid: Result<Grid, BlockError>,
}

impl Geometry {
    /// A geometry of `shape.len()` axes; extents are in items. A chunk may be larger than the
    /// array and a block larger than the chunk; nothing needs to divide evenly.
    pub fn new(shape: &[i64], chunkshape: &[i32], blockshape: &[i32]) -> Result<Geometry, GeometryError> {
        if shape.is_empty() || shape.len() != chunkshape.len() || shape.len() != blockshape.len() {
            return Err(GeometryError::RankMismatch);
        }
        let mut axes = Vec::new();
        axes.try_reserve_exact(shape.len()).map_err(|_| GeometryError::OutOfMemory)?;
        for (axis, ((&shape, &chunk), &block)) in shape.iter().zip(chunkshape).zip(blockshape).enumerate() {
            if chunk <= 0 || block <= 0 {
                return Err(GeometryError::Extent { axis });
            }
            if shape < 0 {
                return Err(GeometryError::Shape { axis });
            }
            axes.push(Axis::new(shape, chunk, block));
        }
        let grid = Grid::new(&axes);
        let shape = Vec::try_copied(shape).map_err(|_| GeometryError::OutOfMemory)?;
        Ok(Geometry { shape, axes, grid })
    }

    /// Where block `nblock` of chunk `nchunk` lies; both count in C order.
    pub fn block(&self, nchunk: i64, nblock: i64) -> Result<Block<'_>, BlockError> {
        let grid = self.grid?;
        if !(0..grid.chunks).contains(&nchunk) || !(0..grid.blocks).contains(&nblock) {
            return Err(BlockError::OutOfRange);
        }
        Block::new(&self.shape, &self.axes, grid.padded, nchunk, nblock)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn valid_per_chunk(geometry: &Geometry) -> Vec<Vec<i64>> {
        let grid = geometry.grid.unwrap();
        let valid = |chunk, block| geometry.block(chunk, block).unwrap().valid_items();
        (0..grid.chunks).map(|chunk| (0..grid.blocks).map(|block| valid(chunk, block)).collect()).collect()
    }

    #[test]
    fn counts_the_valid_items_of_every_block() {
        type Case<'a> = (&'a [i64], &'a [i32], &'a [i32], i64, &'a [&'a [i64]]);
        let cases: &[Case] = &[
            (&[5], &[4], &[2], 2, &[&[2, 2], &[1, 0]]),
            (&[10], &[6], &[4], 4, &[&[4, 2], &[4, 0]]),
            (&[10], &[4], &[6], 6, &[&[4], &[4], &[2]]),
            (&[3], &[10], &[8], 8, &[&[3, 0]]),
            (&[1], &[1], &[1], 1, &[&[1]]),
            (&[3, 5], &[2, 4], &[1, 3], 3, &[&[3, 1, 3, 1], &[1, 0, 1, 0], &[3, 1, 0, 0], &[1, 0, 0, 0]]),
            (&[3, 5], &[2, 4], &[2, 3], 6, &[&[6, 2], &[2, 0], &[3, 1], &[1, 0]]),
            (&[5, 4], &[3, 3], &[2, 2], 4, &[&[4, 2, 2, 1], &[2, 0, 1, 0], &[4, 2, 0, 0], &[2, 0, 0, 0]]),
            (&[2, 2], &[4, 4], &[3, 3], 9, &[&[4, 0, 0, 0]]),
            (
                &[3, 4, 5],
                &[2, 3, 4],
                &[2, 2, 2],
                8,
                &[
                    &[8, 8, 4, 4],
                    &[4, 0, 2, 0],
                    &[4, 4, 0, 0],
                    &[2, 0, 0, 0],
                    &[4, 4, 2, 2],
                    &[2, 0, 1, 0],
                    &[2, 2, 0, 0],
                    &[1, 0, 0, 0],
                ],
            ),
        ];
        for (shape, chunkshape, blockshape, padded, expected) in cases {
            let geometry = Geometry::new(shape, chunkshape, blockshape).unwrap();
            assert_eq!(geometry.block(0, 0).unwrap().padded_items(), *padded);
            assert_eq!(valid_per_chunk(&geometry), *expected, "{shape:?} {chunkshape:?} {blockshape:?}");
        }
    }

    #[test]
    fn a_huge_array_needs_no_memory() {
        let geometry = Geometry::new(&[20000; 3], &[250; 3], &[32, 64, 64]).unwrap();
        let chunk = (15 * 80 + 10) * 80 + 5;
        let block = geometry.block(chunk, 8 * 4 * 4 - 1).unwrap();
        assert_eq!((block.padded_items(), block.valid_items()), (131072, 26 * 58 * 58));
        assert_eq!(block.origin(), [15 * 250 + 224, 10 * 250 + 192, 5 * 250 + 192]);
        assert_eq!(geometry.block(chunk, 128).unwrap_err(), BlockError::OutOfRange);
    }

    #[test]
    fn only_the_signs_of_extents_are_checked_at_once() {
        assert_eq!(Geometry::new(&[], &[], &[]).unwrap_err(), GeometryError::RankMismatch);
        assert_eq!(Geometry::new(&[1, 2], &[1], &[1, 1]).unwrap_err(), GeometryError::RankMismatch);
        let error = Geometry::new(&[4, 4, 4], &[2, 2, 2], &[1, 0, -1]).unwrap_err();
        assert_eq!(error, GeometryError::Extent { axis: 1 });
        assert_eq!(Geometry::new(&[4], &[-2], &[1]).unwrap_err(), GeometryError::Extent { axis: 0 });
        let error = Geometry::new(&[4, -1], &[2, 2], &[1, 1]).unwrap_err();
        assert_eq!(error, GeometryError::Shape { axis: 1 });
    }

    #[test]
    fn an_unusable_geometry_has_no_blocks() {
        let error = |shape: &[i64], chunkshape: &[i32], blockshape: &[i32]| {
            Geometry::new(shape, chunkshape, blockshape).unwrap().block(0, 0).unwrap_err()
        };
        assert_eq!(error(&[4, 0], &[2, 2], &[1, 1]), BlockError::EmptyShape);
        assert_eq!(error(&[0], &[2], &[1]), BlockError::EmptyShape);
        assert_eq!(error(&[1; 65], &[1; 65], &[1; 65]), BlockError::TooManyDims);
        assert_eq!(error(&[i64::MAX, 2], &[1, 1], &[1, 1]), BlockError::Overflow);
        assert_eq!(error(&[1; 3], &[i32::MAX; 3], &[1; 3]), BlockError::Overflow);
        assert_eq!(error(&[1; 3], &[1; 3], &[i32::MAX; 3]), BlockError::Overflow);
        assert!(Geometry::new(&[1; 64], &[1; 64], &[1; 64]).unwrap().block(0, 0).is_ok());
    }

    #[test]
    fn block_numbers_are_checked() {
        let geometry = Geometry::new(&[5], &[4], &[2]).unwrap();
        for (nchunk, nblock) in [(-1, 0), (0, -1), (2, 0), (0, 2), (i64::MIN, 0), (i64::MAX, i64::MAX)] {
            assert_eq!(geometry.block(nchunk, nblock).unwrap_err(), BlockError::OutOfRange);
        }
    }

    #[test]
    fn extents_near_the_integer_limits_do_not_overflow() {
        let geometry = Geometry::new(&[i64::MAX], &[i32::MAX], &[i32::MAX - 1]).unwrap();
        let last = geometry.grid.unwrap().chunks - 1;
        let in_last_chunk = i64::MAX - last * i64::from(i32::MAX);
        assert_eq!(
            geometry.block(last, 0).unwrap().valid_items(),
            in_last_chunk.min(i64::from(i32::MAX) - 1)
        );
        assert_eq!(geometry.block(last, 1).unwrap().valid_items(), 0);
    }
}
