//! An allocator that fails when a set number of allocations of the current thread is used up.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::sync::atomic::{AtomicIsize, Ordering};

/// The system's allocator with refusals; see [`with_refusals`].
pub struct FailingAllocator;

/// Which allocations are refused, after a number that are not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusals {
    /// All later ones.
    All,
    /// The next one alone.
    One,
}

thread_local! {
    /// Allocations that this thread still gets, and what is refused then; `None` without refusals.
    static PLAN: Cell<Option<(usize, Refusals)>> = const { Cell::new(None) };
    static HAS_REFUSED: Cell<bool> = const { Cell::new(false) };
}

static LIVE_BYTES: AtomicIsize = AtomicIsize::new(0);

// SAFETY: memory comes from the system's allocator, or NULL is returned, which is a legal failure.
unsafe impl GlobalAlloc for FailingAllocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if !is_granted() {
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

/// Whether the thread gets one more allocation.
fn is_granted() -> bool {
    match PLAN.get() {
        None => true,
        Some((0, refusals)) => {
            HAS_REFUSED.set(true);
            if refusals == Refusals::One {
                PLAN.set(None);
            }
            false
        }
        Some((left, refusals)) => {
            PLAN.set(Some((left - 1, refusals)));
            true
        }
    }
}

/// Runs `call` and refuses allocations of this thread after `granted` of them. Whether any was refused.
pub fn with_refusals<T>(granted: usize, refusals: Refusals, call: impl FnOnce() -> T) -> (T, bool) {
    HAS_REFUSED.set(false);
    PLAN.set(Some((granted, refusals)));
    let result = call();
    PLAN.set(None);
    (result, HAS_REFUSED.get())
}

/// Bytes that are allocated in the process.
pub fn live_bytes() -> isize {
    LIVE_BYTES.load(Ordering::Relaxed)
}
