//! Blocks of memory for the interpreter's arrays.

use std::alloc::{Layout, alloc_zeroed, dealloc};
use std::ptr::NonNull;

use crate::memory::OutOfMemory;

/// Alignment of every register: a cache line, and the widest vector.
pub const ALIGN: usize = 64;

/// Bytes between two arrays of scratch memory. Loads at a multiple of 4 KiB after a store wait
/// for it on x86, so arrays that are walked together must not lie so.
pub const SKEW: usize = 5 * ALIGN;

/// Above this size the memory is given back after the call.
pub const KEEP_BYTES: usize = 4 << 20;

/// Bytes of `count` items, up to the next alignment boundary.
pub fn aligned_bytes(count: usize, itemsize: usize) -> Result<usize, OutOfMemory> {
    let bytes = count.checked_mul(itemsize).and_then(|bytes| bytes.checked_next_multiple_of(ALIGN));
    bytes.and_then(|bytes| bytes.checked_add(SKEW)).ok_or(OutOfMemory)
}

/// A block of memory aligned to [`ALIGN`], of any contents: all bytes are initialised, since parts of it are
/// lent as slices before they are written.
#[derive(Default)]
pub struct Bytes {
    /// What the allocator gave, which is larger: allocators zero memory of this alignment by writing it, but take
    /// large blocks of theirs as zero from the system, page by page when they are used.
    block: Option<NonNull<u8>>,
    len: usize,
}

/// The layout of a block with `len` bytes from an address of [`ALIGN`] on.
fn layout_of(len: usize) -> Option<Layout> {
    Layout::from_size_align(len.checked_add(ALIGN)?, align_of::<usize>()).ok()
}

impl Bytes {
    /// The block with at least `len` bytes; its contents are lost when it has to grow.
    pub fn reserve(&mut self, len: usize) -> Result<*mut u8, OutOfMemory> {
        let block = match self.block {
            Some(block) if self.len >= len => block,
            _ => self.renew(len.max(ALIGN))?,
        };
        Ok(block.as_ptr().map_addr(|address| address.next_multiple_of(ALIGN)))
    }

    fn renew(&mut self, len: usize) -> Result<NonNull<u8>, OutOfMemory> {
        let layout = layout_of(len).ok_or(OutOfMemory)?;
        self.free();
        // SAFETY: the layout has a size.
        let block = NonNull::new(unsafe { alloc_zeroed(layout) }).ok_or(OutOfMemory)?;
        self.block = Some(block);
        self.len = len;
        Ok(block)
    }

    /// Bytes of the block.
    pub fn len(&self) -> usize {
        self.len
    }

    fn free(&mut self) {
        if let (Some(block), Some(layout)) = (self.block.take(), layout_of(self.len)) {
            // SAFETY: the block was allocated with this layout.
            unsafe { dealloc(block.as_ptr(), layout) };
        }
        self.len = 0;
    }
}

impl Drop for Bytes {
    fn drop(&mut self) {
        self.free();
    }
}
