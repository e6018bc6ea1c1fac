//! Where the items of a block of a chunked array lie, by the definition: one axis after the other, in
//! integers that cannot overflow.

use super::client::Grid;

/// More axes than this have no blocks.
const MOST_AXES: usize = 64;

/// A block inside the array.
#[derive(Debug)]
pub struct Block {
    /// Extents of the padded block.
    padded: Vec<i64>,
    /// Items inside the array, along each axis.
    valid: Vec<i64>,
    /// Coordinates of the first item.
    origin: Vec<i64>,
}

fn product(mut extents: impl Iterator<Item = i64>) -> Option<i64> {
    extents.try_fold(1i64, |total, extent| total.checked_mul(extent))
}

fn ceil_div(total: i64, part: i64) -> i64 {
    (total - 1) / part + 1
}

/// `number` in the mixed radix `counts`, last digit fastest; `None` if it has more digits.
fn digits(mut number: i64, counts: &[i64]) -> Option<Vec<i64>> {
    if number < 0 || number >= product(counts.iter().copied())? {
        return None;
    }
    let mut digits = vec![0; counts.len()];
    for (digit, count) in digits.iter_mut().zip(counts).rev() {
        *digit = number % count;
        number /= count;
    }
    Some(digits)
}

impl Grid {
    /// Items of a padded block; `None` if an `i64` cannot count them.
    pub fn padded_items(&self) -> Option<i64> {
        product(self.blockshape.iter().map(|extent| i64::from(*extent)))
    }

    /// The block with these numbers of chunk and block; `None` if the array has no such block.
    pub fn block(&self, (nchunk, nblock): (i64, i64)) -> Option<Block> {
        let (shape, axes) = (&self.shape, self.shape.len());
        if axes > MOST_AXES || shape.iter().any(|extent| *extent <= 0) {
            return None;
        }
        self.padded_items()?;
        let chunk: Vec<i64> = self.chunkshape.iter().map(|extent| i64::from(*extent)).collect();
        let padded: Vec<i64> = self.blockshape.iter().map(|extent| i64::from(*extent)).collect();
        let counts = |whole: &[i64], part: &[i64]| {
            whole.iter().zip(part).map(|(w, p)| ceil_div(*w, *p)).collect::<Vec<_>>()
        };
        let chunk_at = digits(nchunk, &counts(shape, &chunk))?;
        let block_at = digits(nblock, &counts(&chunk, &padded))?;
        let start = |axis: usize| (chunk_at[axis] * chunk[axis], block_at[axis] * padded[axis]);
        let valid = |axis: usize| {
            let (chunk_start, block_start) = start(axis);
            let in_chunk = chunk[axis].min(shape[axis] - chunk_start);
            (in_chunk - block_start).clamp(0, padded[axis])
        };
        let origin = |axis: usize| start(axis).0.saturating_add(start(axis).1);
        Some(Block { valid: (0..axes).map(valid).collect(), origin: (0..axes).map(origin).collect(), padded })
    }

    /// The numbers of all blocks.
    pub fn blocks(&self) -> impl Iterator<Item = (i64, i64)> {
        let chunks = (0..).take_while(|nchunk| self.block((*nchunk, 0)).is_some());
        chunks.flat_map(|nchunk| {
            (0..).map(move |nblock| (nchunk, nblock)).take_while(|numbers| self.block(*numbers).is_some())
        })
    }

    /// Items of the array.
    pub fn items(&self) -> usize {
        self.shape.iter().product::<i64>() as usize
    }

    /// The index of an item of the flat array.
    pub fn flat_index(&self, coordinates: &[i64]) -> i64 {
        let axes = coordinates.iter().zip(&self.shape);
        axes.fold(0i64, |index, (at, extent)| index.wrapping_mul(*extent).wrapping_add(*at))
    }
}

impl Block {
    /// Items inside the array.
    pub fn valid_items(&self) -> i64 {
        product(self.valid.iter().copied()).expect("no more than padded items")
    }

    /// Items inside the array that lie side by side.
    pub fn row_items(&self) -> i64 {
        let axes = self.padded.iter().zip(&self.valid).rev();
        let mut row = 1;
        for (padded, valid) in axes {
            row *= valid;
            if valid != padded {
                break;
            }
        }
        row
    }

    /// For each item of the padded block in C order, its coordinates in the array; `None` for padding.
    pub fn coordinates(&self) -> impl Iterator<Item = Option<Vec<i64>>> {
        let items = product(self.padded.iter().copied()).expect("a size that was checked");
        (0..items).map(|item| {
            let place = digits(item, &self.padded)?;
            place
                .iter()
                .zip(&self.valid)
                .all(|(at, valid)| at < valid)
                .then(|| place.iter().zip(&self.origin).map(|(at, origin)| at + origin).collect())
        })
    }
}
