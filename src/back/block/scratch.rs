//! Per-thread memory of the interpreter, reused from call to call.

use std::alloc::{Layout, alloc_zeroed, dealloc};
use std::cell::Cell;
use std::ptr::NonNull;

use super::run::{Base, Staged};
use super::structured::Workspace;
use crate::kernel::reduce::Accumulator;
use crate::memory::{OutOfMemory, try_box};

/// Alignment of every register: a cache line, and the widest vector.
pub const ALIGN: usize = 64;

/// Bytes between two arrays of scratch memory. Loads that lie a multiple of 4 KiB behind a store wait
/// for it on x86, so arrays that are walked together must not lie so.
pub const SKEW: usize = 5 * ALIGN;

/// Above this size the memory is given back after the call.
pub const KEEP_BYTES: usize = 4 << 20;

/// What one evaluation needs besides the program.
#[derive(Default)]
pub struct Scratch {
    pub bytes: Bytes,
    /// Packed arrays of evaluations by machine code, which takes the rest of the scratch memory.
    packed: Bytes,
    pub bases: Vec<Base>,
    pub staged: Vec<Staged>,
    pub workspace: Workspace,
    pub accumulators: Vec<Accumulator>,
}

thread_local! {
    static CACHE: Cell<Option<Box<Scratch>>> = const { Cell::new(None) };
}

impl Scratch {
    /// The thread's scratch memory, or a new one where it is in use: a host function may evaluate.
    pub fn take() -> Result<Box<Scratch>, OutOfMemory> {
        match CACHE.try_with(Cell::take) {
            Ok(Some(scratch)) => Ok(scratch),
            // Nothing is kept, or the thread ends and has given its memory back.
            Ok(None) | Err(_) => try_box(Scratch::default()),
        }
    }

    /// Calls `work` with the thread's memory for packed arrays; it may evaluate.
    pub fn with_packed<R>(work: impl FnOnce(&mut Bytes) -> R) -> Result<R, OutOfMemory> {
        let mut scratch = Scratch::take()?;
        let mut memory = std::mem::take(&mut scratch.packed);
        scratch.put_back();
        let result = work(&mut memory);
        if let Ok(mut scratch) = Scratch::take() {
            scratch.packed = memory;
            scratch.put_back();
        }
        Ok(result)
    }

    /// Keeps the memory for the thread's next evaluation.
    pub fn put_back(mut self: Box<Self>) {
        for bytes in [&mut self.bytes, &mut self.packed] {
            if bytes.len > KEEP_BYTES {
                *bytes = Bytes::default();
            }
        }
        if self.workspace.bytes() > KEEP_BYTES {
            self.workspace = Workspace::default();
        }
        // A thread that ends keeps nothing: the memory is freed.
        let _ = CACHE.try_with(|cache| cache.set(Some(self)));
    }
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
