//! Arrays of one size for the lanes of a tile.

use crate::back::block::scratch::{ALIGN, Bytes, SKEW};
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

impl Pool {
    /// Forgets all arrays; those handed out from now on have `bytes` bytes.
    pub fn reset(&mut self, bytes: usize) -> Result<(), OutOfMemory> {
        let wanted = self.arrays.max(FIRST_ARRAYS);
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
        self.add_chunk(chunk, wanted)
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
            self.add_chunk(Bytes::default(), self.arrays)?;
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
