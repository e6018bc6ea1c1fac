//! Arrays of one size for the lanes of a tile, and arrays for all items.

use crate::back::block::bytes::{ALIGN, Bytes, KEEP_BYTES, SKEW};
use crate::memory::{OutOfMemory, TryGrow};

/// Hands out arrays of one size and takes them back, in any order.
#[derive(Default)]
pub struct Pool {
    chunks: Vec<Bytes>,
    free: Vec<*mut u8>,
    array_bytes: usize,
    arrays: usize,
}

/// Arrays of a first chunk.
const FIRST_ARRAYS: usize = 16;

/// Bytes of an array from which on chunks have few that nobody uses: so much memory is not kept for a later call.
const LARGE_ARRAY: usize = KEEP_BYTES / FIRST_ARRAYS;
/// Arrays of a chunk of large ones, beside those that are taken for sure.
const FEW_ARRAYS: usize = 4;

impl Pool {
    /// Forgets all arrays; those handed out from now on have `bytes` bytes, and at least `arrays` will be.
    pub fn reset(&mut self, bytes: usize, arrays: usize) -> Result<(), OutOfMemory> {
        let known = self.arrays.max(FIRST_ARRAYS);
        self.free.clear();
        self.array_bytes = bytes
            .checked_next_multiple_of(ALIGN)
            .and_then(|bytes| bytes.checked_add(SKEW))
            .ok_or(OutOfMemory)?;
        self.arrays = 0;
        if self.chunks.len() > 1 {
            self.chunks.clear();
        }
        let chunk = self.chunks.pop().unwrap_or_default();
        let is_large = self.array_bytes >= LARGE_ARRAY;
        self.add_chunk(chunk, if is_large { arrays.saturating_add(FEW_ARRAYS) } else { known })
    }

    fn add_chunk(&mut self, mut chunk: Bytes, arrays: usize) -> Result<(), OutOfMemory> {
        let bytes = arrays.checked_mul(self.array_bytes).ok_or(OutOfMemory)?;
        let memory = chunk.reserve(bytes)?;
        self.chunks.try_push(chunk)?;
        self.free.try_reserve(arrays)?;
        self.free.extend((0..arrays).rev().map(|index| memory.wrapping_add(index * self.array_bytes)));
        self.arrays += arrays;
        // Every array can be given back without an allocation.
        self.free.try_reserve(self.arrays)?;
        Ok(())
    }

    /// An array with unspecified contents.
    pub fn take(&mut self) -> Result<*mut u8, OutOfMemory> {
        if self.free.is_empty() {
            let is_large = self.array_bytes >= LARGE_ARRAY;
            self.add_chunk(Bytes::default(), if is_large { FEW_ARRAYS } else { self.arrays })?;
        }
        self.free.pop().ok_or(OutOfMemory)
    }

    /// Takes an array back.
    pub fn give(&mut self, array: *mut u8) {
        if self.free.len() < self.free.capacity() {
            self.free.push(array);
        }
    }

    /// Bytes of all arrays.
    pub fn bytes(&self) -> usize {
        self.arrays * self.array_bytes
    }
}

/// Hands out arrays of different sizes and takes them back.
#[derive(Default)]
pub struct Store {
    blocks: Vec<Bytes>,
    /// Blocks that are not handed out.
    free: Vec<usize>,
}

/// An array of a [`Store`].
pub struct Held {
    block: usize,
    pub address: *mut u8,
}

impl Store {
    /// Takes all arrays back.
    pub fn clear(&mut self) {
        self.free.clear();
        self.free.extend(0..self.blocks.len());
    }

    /// An array of `bytes` bytes with unspecified contents.
    pub fn take(&mut self, bytes: usize) -> Result<Held, OutOfMemory> {
        let best = self.free.iter().enumerate().min_by_key(|(_, block)| {
            let len = self.blocks[**block].len();
            (len < bytes, len.abs_diff(bytes))
        });
        let block = match best {
            Some((index, _)) => self.free.swap_remove(index),
            None => {
                // Every array can be given back without an allocation.
                self.free.try_reserve(self.blocks.len() + 1)?;
                self.blocks.try_push(Bytes::default())?;
                self.blocks.len() - 1
            }
        };
        Ok(Held { block, address: self.blocks[block].reserve(bytes)? })
    }

    /// Takes an array back.
    pub fn give(&mut self, held: Held) {
        if self.free.len() < self.free.capacity() {
            self.free.push(held.block);
        }
    }

    /// Bytes of all arrays.
    pub fn bytes(&self) -> usize {
        self.blocks.iter().map(Bytes::len).sum()
    }
}
