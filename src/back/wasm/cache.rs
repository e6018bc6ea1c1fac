//! Kernels in the function table, remembered from expression to expression.

use std::sync::{Mutex, MutexGuard, PoisonError};

use super::engine::Loaded;
use crate::back::shared::Shared;

/// Kernels that are remembered.
const SLOTS: usize = 64;

struct Cache {
    slots: [Option<(u64, Shared<Loaded>)>; SLOTS],
    /// The slot that the next new kernel takes when all are taken.
    oldest: usize,
}

static CACHE: Mutex<Cache> = Mutex::new(Cache { slots: [const { None }; SLOTS], oldest: 0 });

fn lock() -> MutexGuard<'static, Cache> {
    CACHE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The kernel with a key.
pub fn find(key: u64) -> Option<Shared<Loaded>> {
    let cache = lock();
    let entry = cache.slots.iter().flatten().find(|(known, _)| *known == key);
    entry.map(|(_, kernel)| kernel.clone())
}

/// Remembers a kernel, in the place of the oldest if need be. A kernel that is forgotten leaves the
/// function table when no expression holds it.
pub fn remember(key: u64, kernel: Shared<Loaded>) {
    let mut cache = lock();
    let index = match cache.slots.iter().position(Option::is_none) {
        Some(free) => free,
        None => {
            let oldest = cache.oldest;
            cache.oldest = (oldest + 1) % SLOTS;
            oldest
        }
    };
    let forgotten = cache.slots[index].replace((key, kernel));
    // The host's helper runs without the lock.
    drop(cache);
    drop(forgotten);
}

/// Forgets all kernels.
pub fn clear() {
    let mut cache = lock();
    cache.oldest = 0;
    let forgotten = std::mem::replace(&mut cache.slots, [const { None }; SLOTS]);
    drop(cache);
    drop(forgotten);
}
