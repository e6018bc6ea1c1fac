//! Random chunked arrays, and the items of their blocks.

use crate::testkit::client::Grid;
use crate::testkit::random::Random;

/// A random geometry of `ndims` axes with some tens to thousands of items.
pub fn random_grid(random: &mut Random, ndims: usize) -> Grid {
    let limit = [90, 24, 11, 7, 5, 4, 3, 3][ndims - 1];
    let mut extents = || (0..ndims).map(|_| random.below(limit) as i32 + 1).collect::<Vec<i32>>();
    let (shape, chunkshape, blockshape) = (extents(), extents(), extents());
    Grid { shape: shape.into_iter().map(i64::from).collect(), chunkshape, blockshape }
}

/// For each item of a padded block, its index in the flat array, or `None` for padding.
pub fn indices(grid: &Grid, nchunk: i64, nblock: i64) -> Vec<Option<usize>> {
    let block = grid.block((nchunk, nblock)).expect("a block of the array");
    block.coordinates().map(|place| place.map(|place| grid.flat_index(&place) as usize)).collect()
}

/// The items of `array` at `indices`; `padding` where there is none.
pub fn block_of(array: &[u8], itemsize: usize, indices: &[Option<usize>], padding: u8) -> Vec<u8> {
    indices
        .iter()
        .flat_map(|index| match index {
            Some(index) => array[index * itemsize..][..itemsize].to_vec(),
            None => vec![padding; itemsize],
        })
        .collect()
}

/// The valid items alone.
pub fn packed(block: &[u8], itemsize: usize, indices: &[Option<usize>]) -> Vec<u8> {
    let items = block.chunks(itemsize).zip(indices);
    items.filter(|(_, index)| index.is_some()).flat_map(|(item, _)| item.to_vec()).collect()
}
