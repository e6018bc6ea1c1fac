//! A chunked array by its definition: every item of every block is looked at alone.

use crate::client::Grid;

/// Numbers of a linear congruential generator.
pub struct Numbers(u64);

impl Numbers {
    pub fn new(seed: u64) -> Numbers {
        Numbers(seed)
    }

    /// A number in `0..limit`.
    pub fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (self.0 >> 33) % limit
    }
}

/// A random geometry of `ndims` axes with some tens to thousands of items.
pub fn random_grid(numbers: &mut Numbers, ndims: usize) -> Grid {
    let limit = [90, 24, 11, 7, 5, 4, 3, 3][ndims - 1];
    let mut extents = || (0..ndims).map(|_| numbers.below(limit) as i32 + 1).collect::<Vec<i32>>();
    let (shape, chunkshape, blockshape) = (extents(), extents(), extents());
    Grid { shape: shape.into_iter().map(i64::from).collect(), chunkshape, blockshape }
}

fn ceil_div(total: i64, part: i32) -> i64 {
    (total + i64::from(part) - 1) / i64::from(part)
}

/// `number` in the mixed radix `counts`, last digit fastest.
fn digits(mut number: i64, counts: &[i64]) -> Vec<i64> {
    let mut digits: Vec<i64> = counts
        .iter()
        .rev()
        .map(|count| {
            let digit = number % count;
            number /= count;
            digit
        })
        .collect();
    digits.reverse();
    digits
}

impl Grid {
    fn chunk_counts(&self) -> Vec<i64> {
        self.shape.iter().zip(&self.chunkshape).map(|(shape, chunk)| ceil_div(*shape, *chunk)).collect()
    }

    fn block_counts(&self) -> Vec<i64> {
        self.chunkshape
            .iter()
            .zip(&self.blockshape)
            .map(|(chunk, block)| ceil_div(i64::from(*chunk), *block))
            .collect()
    }

    /// Items of the array.
    pub fn items(&self) -> usize {
        self.shape.iter().product::<i64>() as usize
    }

    /// Items of a padded block.
    pub fn padded_items(&self) -> usize {
        self.blockshape.iter().map(|block| *block as usize).product()
    }

    /// All pairs of chunk and block number.
    pub fn blocks(&self) -> Vec<(i64, i64)> {
        let chunks: i64 = self.chunk_counts().iter().product();
        let blocks: i64 = self.block_counts().iter().product();
        (0..chunks).flat_map(|chunk| (0..blocks).map(move |block| (chunk, block))).collect()
    }

    /// For each item of a padded block, its index in the flat array, or `None` for padding.
    pub fn indices(&self, nchunk: i64, nblock: i64) -> Vec<Option<usize>> {
        let chunk = digits(nchunk, &self.chunk_counts());
        let block = digits(nblock, &self.block_counts());
        let extents: Vec<i64> = self.blockshape.iter().map(|extent| i64::from(*extent)).collect();
        (0..self.padded_items() as i64)
            .map(|item| {
                digits(item, &extents).iter().enumerate().try_fold(0, |index, (d, within)| {
                    let in_chunk = block[d] * extents[d] + within;
                    let coordinate = chunk[d] * i64::from(self.chunkshape[d]) + in_chunk;
                    let is_valid = in_chunk < i64::from(self.chunkshape[d]) && coordinate < self.shape[d];
                    is_valid.then(|| index * self.shape[d] as usize + coordinate as usize)
                })
            })
            .collect()
    }
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
