//! Where the places of a program lie during an evaluation.

use std::slice;

use super::layout::Place;
use super::walk::{Block, Items};
use crate::kernel::{order_streams, stream};

/// Address of a place at the start of the data, and bytes from one item to the next: zero for what
/// every block reuses.
#[derive(Clone, Copy)]
pub struct Base {
    pub address: *mut u8,
    pub stride: usize,
}

impl Base {
    /// Address of item `start`.
    pub fn at(self, start: usize) -> *mut u8 {
        self.address.wrapping_add(start.wrapping_mul(self.stride))
    }
}

/// An array of the caller that goes through a block of scratch memory: it is not aligned for its
/// dtype, it is an output that overlaps an input or is larger than the caches, or its rows are too
/// short to be worked on.
#[derive(Clone, Copy)]
pub struct Staged {
    pub place: Place,
    pub array: *mut u8,
    pub block: *mut u8,
    pub itemsize: usize,
    /// Whether items are stored past the caches.
    pub streams: bool,
}

impl Staged {
    /// Copies a block of items to scratch memory.
    ///
    /// # Safety
    /// The array holds the items and the scratch memory has room for those of the block.
    pub(super) unsafe fn load(&self, items: Items<'_>, block: Block) {
        let bytes = block.rows.total() * self.itemsize;
        // SAFETY: as the caller promises.
        unsafe {
            match items {
                Items::First(_) => {
                    self.block.copy_from_nonoverlapping(self.array.add(block.first * self.itemsize), bytes);
                }
                Items::Valid(rows) => {
                    let padded = slice::from_raw_parts(self.array, rows.padded_items() * self.itemsize);
                    let packed = slice::from_raw_parts_mut(self.block, bytes);
                    rows.gather(self.itemsize, padded, block.first, packed);
                }
            }
        }
    }

    /// Copies a block of items from scratch memory to their places.
    ///
    /// # Safety
    /// As [`Staged::load`].
    pub(super) unsafe fn store(&self, items: Items<'_>, block: Block) {
        let bytes = block.rows.total() * self.itemsize;
        // SAFETY: as the caller promises.
        unsafe {
            match items {
                Items::First(_) => {
                    let array = self.array.add(block.first * self.itemsize);
                    if self.streams {
                        stream(array, self.block, bytes);
                        order_streams();
                    } else {
                        array.copy_from_nonoverlapping(self.block, bytes);
                    }
                }
                Items::Valid(rows) => {
                    let padded = slice::from_raw_parts_mut(self.array, rows.padded_items() * self.itemsize);
                    rows.scatter(
                        self.itemsize,
                        slice::from_raw_parts(self.block, bytes),
                        block.first,
                        padded,
                    );
                }
            }
        }
    }
}
