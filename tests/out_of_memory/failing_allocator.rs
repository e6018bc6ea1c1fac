//! An allocator that fails once a set number of allocations of the current thread is used up.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::sync::atomic::{AtomicIsize, Ordering};

/// The system's allocator with a budget; see [`with_budget`].
pub struct FailingAllocator;

thread_local! {
    /// Allocations left to this thread; `None` while there is no limit.
    static BUDGET: Cell<Option<usize>> = const { Cell::new(None) };
}

static LIVE_BYTES: AtomicIsize = AtomicIsize::new(0);

// SAFETY: memory comes from the system's allocator, or NULL is returned, which is a legal failure.
unsafe impl GlobalAlloc for FailingAllocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if !take_from_budget() {
            return std::ptr::null_mut();
        }
        LIVE_BYTES.fetch_add(layout.size() as isize, Ordering::Relaxed);
        // SAFETY: passed on under the contract of this function.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        LIVE_BYTES.fetch_sub(layout.size() as isize, Ordering::Relaxed);
        // SAFETY: passed on under the contract of this function.
        unsafe { System.dealloc(memory, layout) }
    }
}

fn take_from_budget() -> bool {
    BUDGET.with(|budget| match budget.get() {
        None => true,
        Some(0) => false,
        Some(left) => {
            budget.set(Some(left - 1));
            true
        }
    })
}

/// Runs `call` with `allocations` allocations of this thread allowed; all later ones fail.
pub fn with_budget<T>(allocations: usize, call: impl FnOnce() -> T) -> T {
    BUDGET.set(Some(allocations));
    let result = call();
    BUDGET.set(None);
    result
}

/// Bytes that are allocated in the process.
pub fn live_bytes() -> isize {
    LIVE_BYTES.load(Ordering::Relaxed)
}
