//! The loops over arrays of one shape: which there are, and in which order.

use smallvec::SmallVec;

use super::operand::{Extents, Operand, extents};
use crate::memory::OutOfMemory;

/// What the order of items must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// Any: each item is computed from those at its own indices alone.
    Any,
    /// C order, in the dimensions of the shape: somebody sees the order, or items know their indices.
    C,
}

/// One array in a nest of loops.
#[derive(Clone, Debug)]
pub struct Walk {
    /// The item at which all loops start.
    pub start: *mut u8,
    pub itemsize: usize,
    /// Bytes from one step of a loop to the next, for each loop.
    pub strides: Extents,
}

/// Loops over arrays, the outermost first. The first walk is that of the output.
#[derive(Debug)]
pub struct Nest {
    pub extents: Extents,
    pub walks: SmallVec<[Walk; 4]>,
}

// SAFETY: a nest says where arrays lie; whoever reads or writes them there answers for that.
unsafe impl Send for Nest {}
// SAFETY: as above.
unsafe impl Sync for Nest {}

impl Nest {
    /// The loops over `output` and the inputs, stretched to its shape. In any order, they follow the output through
    /// memory, and loops that can be one are.
    pub fn new(output: &Operand, inputs: &[Option<Operand>], order: Order) -> Result<Nest, OutOfMemory> {
        let mut walks = SmallVec::new();
        walks.try_reserve(inputs.len() + 1).map_err(|_| OutOfMemory)?;
        let shape = &output.shape;
        let walk = |operand: &Operand| -> Result<Walk, OutOfMemory> {
            let strides = operand.broadcast_strides(shape)?;
            Ok(Walk { start: operand.data, itemsize: operand.itemsize, strides })
        };
        walks.push(walk(output)?);
        for input in inputs.iter().flatten() {
            walks.push(walk(input)?);
        }
        let mut nest = Nest { extents: extents(shape.iter().copied())?, walks };
        if order == Order::Any && !output.is_empty() {
            nest.drop_single_steps();
            nest.make_output_ascend();
            nest.sort();
            nest.coalesce();
        }
        Ok(nest)
    }

    /// Removes loops of one step.
    fn drop_single_steps(&mut self) {
        let Nest { extents, walks } = self;
        let mut kept = 0;
        for d in 0..extents.len() {
            if extents[d] != 1 {
                extents[kept] = extents[d];
                walks.iter_mut().for_each(|walk| walk.strides[kept] = walk.strides[d]);
                kept += 1;
            }
        }
        self.truncate(kept);
    }

    fn truncate(&mut self, loops: usize) {
        self.extents.truncate(loops);
        self.walks.iter_mut().for_each(|walk| walk.strides.truncate(loops));
    }

    /// Turns loops round in which the output is walked towards lower addresses.
    fn make_output_ascend(&mut self) {
        for d in 0..self.extents.len() {
            if self.walks[0].strides[d] < 0 {
                for walk in &mut self.walks {
                    let last = walk.strides[d] * (self.extents[d] - 1);
                    walk.start = walk.start.wrapping_offset(last as isize);
                    walk.strides[d] = -walk.strides[d];
                }
            }
        }
    }

    /// Puts the loops with the longest strides outside, those of the output before those of the inputs.
    fn sort(&mut self) {
        // An insertion sort is stable, and there are few loops.
        for end in 1..self.extents.len() {
            let mut d = end;
            while d > 0 && self.belongs_outside(d, d - 1) {
                self.extents.swap(d, d - 1);
                self.walks.iter_mut().for_each(|walk| walk.strides.swap(d, d - 1));
                d -= 1;
            }
        }
    }

    fn belongs_outside(&self, inner: usize, outer: usize) -> bool {
        let strides = |d: usize| self.walks.iter().map(move |walk| walk.strides[d].unsigned_abs());
        strides(inner).gt(strides(outer))
    }

    /// Makes one loop of two where each array steps through both as through one.
    fn coalesce(&mut self) {
        if self.extents.is_empty() {
            return;
        }
        let mut kept = 0;
        for d in 1..self.extents.len() {
            let extent = self.extents[d];
            let follows = |walk: &Walk| walk.strides[d].checked_mul(extent) == Some(walk.strides[kept]);
            if self.walks.iter().all(follows) {
                self.extents[kept] *= extent;
            } else {
                kept += 1;
                self.extents[kept] = extent;
            }
            self.walks.iter_mut().for_each(|walk| walk.strides[kept] = walk.strides[d]);
        }
        self.truncate(kept + 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOWHERE: *mut u8 = std::ptr::without_provenance_mut(0x10_0000);

    fn nest(shape: &[i64], strides: &[&[i64]]) -> Nest {
        let operand = |strides: &&[i64]| Operand::strided(NOWHERE, 8, shape, strides).unwrap();
        let inputs: Vec<Option<Operand>> =
            strides[1..].iter().map(|strides| Some(operand(strides))).collect();
        Nest::new(&operand(&strides[0]), &inputs, Order::Any).unwrap()
    }

    fn loops(nest: &Nest) -> (Vec<i64>, Vec<Vec<i64>>) {
        (nest.extents.to_vec(), nest.walks.iter().map(|walk| walk.strides.to_vec()).collect())
    }

    #[test]
    fn contiguous_arrays_are_one_loop() {
        let c_order: &[i64] = &[96, 32, 8];
        assert_eq!(loops(&nest(&[2, 3, 4], &[c_order, c_order])), (vec![24], vec![vec![8], vec![8]]));
        let fortran: &[i64] = &[8, 16, 48];
        assert_eq!(loops(&nest(&[2, 3, 4], &[fortran, fortran])), (vec![24], vec![vec![8], vec![8]]));
        let backwards: &[i64] = &[-96, -32, -8];
        let turned = nest(&[2, 3, 4], &[backwards, backwards]);
        assert_eq!(loops(&turned), (vec![24], vec![vec![8], vec![8]]));
        assert_eq!(turned.walks[1].start.addr(), NOWHERE.addr() - 23 * 8);
    }

    #[test]
    fn loops_follow_the_output() {
        let found = nest(&[2, 3], &[&[8, 16], &[24, 8]]);
        assert_eq!(loops(&found), (vec![3, 2], vec![vec![16, 8], vec![8, 24]]));
    }

    #[test]
    fn constants_do_not_keep_loops_apart() {
        assert_eq!(loops(&nest(&[5, 3], &[&[24, 8], &[0, 0]])), (vec![15], vec![vec![8], vec![0]]));
        assert_eq!(loops(&nest(&[5, 3], &[&[24, 8], &[0, 8]])), (vec![5, 3], vec![vec![24, 8], vec![0, 8]]));
    }

    #[test]
    fn a_single_item_has_no_loop() {
        assert_eq!(loops(&nest(&[1, 1], &[&[8, 8]])), (vec![], vec![vec![]]));
    }
}
