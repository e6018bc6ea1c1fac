//! A reference-counted pointer whose creation may fail.

use std::ops::Deref;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::memory::{OutOfMemory, try_box};

struct Counted<T> {
    count: AtomicUsize,
    value: T,
}

/// As `std::sync::Arc`, which aborts when memory runs out.
#[derive(Debug)]
pub struct Shared<T>(NonNull<Counted<T>>);

// SAFETY: as for `Arc`: the value is shared between the owners and dropped by the last of them.
unsafe impl<T: Send + Sync> Send for Shared<T> {}
// SAFETY: as above.
unsafe impl<T: Send + Sync> Sync for Shared<T> {}

impl<T> Shared<T> {
    pub fn new(value: T) -> Result<Shared<T>, OutOfMemory> {
        let counted = try_box(Counted { count: AtomicUsize::new(1), value })?;
        Ok(Shared(NonNull::from(Box::leak(counted))))
    }
}

impl<T> Clone for Shared<T> {
    fn clone(&self) -> Shared<T> {
        // SAFETY: the block lives as long as an owner does. A new owner comes from an existing one, so
        // the count needs no order.
        unsafe { self.0.as_ref() }.count.fetch_add(1, Ordering::Relaxed);
        Shared(self.0)
    }
}

impl<T> Drop for Shared<T> {
    fn drop(&mut self) {
        // SAFETY: the block lives as long as an owner does. The last owner acquires what the others did
        // with the value; a fence would do as well, but ThreadSanitizer does not see it.
        if unsafe { self.0.as_ref() }.count.fetch_sub(1, Ordering::AcqRel) == 1 {
            // SAFETY: the last owner frees the block, which comes from a box.
            drop(unsafe { Box::from_raw(self.0.as_ptr()) });
        }
    }
}

impl<T> Deref for Shared<T> {
    type Target = T;

    fn deref(&self) -> &T {
        // SAFETY: the block lives as long as an owner does.
        &unsafe { self.0.as_ref() }.value
    }
}
