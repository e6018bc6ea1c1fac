//! Memory for JavaScript, which frees blocks without saying how large they are.

use std::alloc::{Layout, alloc, dealloc};

/// What lies in front of a block: its size, and a mark while it is in use.
#[repr(C, align(16))]
struct Head {
    size: usize,
    mark: u32,
}

const IN_USE: u32 = 0x6d65_6d6f;

fn layout_of(size: usize) -> Option<Layout> {
    Layout::from_size_align(size.checked_add(size_of::<Head>())?, align_of::<Head>()).ok()
}

/// The address of `size` new bytes, a multiple of 16; 0 if there is no memory.
#[unsafe(no_mangle)]
extern "C" fn threadpool_alloc(size: usize) -> *mut u8 {
    let Some(layout) = layout_of(size) else { return std::ptr::null_mut() };
    // SAFETY: the layout is not empty: it has room for the head, which is written before the block is used.
    unsafe {
        let head = alloc(layout).cast::<Head>();
        if head.is_null() {
            return std::ptr::null_mut();
        }
        head.write(Head { size, mark: IN_USE });
        head.add(1).cast()
    }
}

/// Gives a block back. 0 is ignored, as is a block that was given back just before.
///
/// # Safety
/// `block` is 0 or comes from [`threadpool_alloc`], and is not used again.
#[unsafe(no_mangle)]
unsafe extern "C" fn threadpool_free(block: *mut u8) {
    if block.is_null() {
        return;
    }
    // SAFETY: as the caller promises: a head lies in front of the block, and the memory of WebAssembly is never
    // taken away.
    unsafe {
        let head = block.cast::<Head>().sub(1);
        let Head { size, mark } = head.read();
        let Some(layout) = layout_of(size).filter(|_| mark == IN_USE) else { return };
        (*head).mark = 0;
        dealloc(head.cast(), layout);
    }
}

/// The address of a stack of `size` bytes, which overlaps nothing; 0 if there is no memory.
#[cfg(threaded_wasm)]
#[unsafe(no_mangle)]
extern "C" fn threadpool_alloc_stack(size: usize) -> *mut u8 {
    threadpool_alloc(size)
}
