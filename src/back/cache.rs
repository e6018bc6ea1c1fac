//! Compiled kernels that the process remembers from expression to expression.

use super::fork_lock::ForkLock;
use super::identity::Identity;
use super::shared::Shared;
use crate::memory::{OutOfMemory, TryGrow};

/// Kernels that a cache remembers.
const SLOTS: usize = 64;

/// The kernels used last.
pub struct Cache<T> {
    /// Oldest use first.
    kernels: ForkLock<Vec<(Identity, Shared<T>)>>,
}

impl<T> Cache<T> {
    pub const fn new() -> Cache<T> {
        Cache { kernels: ForkLock::new(Vec::new()) }
    }

    /// The kernel with this identity.
    pub fn find(&self, identity: &Identity) -> Option<Shared<T>> {
        let mut kernels = self.kernels.lock()?;
        let index = kernels.iter().position(|(known, _)| known == identity)?;
        let entry = kernels.remove(index);
        let kernel = entry.1.clone();
        kernels.push(entry);
        Some(kernel)
    }

    /// Remembers a kernel; the one that was not used for longest makes room. Those who have it keep it.
    pub fn remember(&self, identity: Identity, kernel: &Shared<T>) -> Result<(), OutOfMemory> {
        let Some(mut kernels) = self.kernels.lock() else { return Ok(()) };
        let forgotten = match kernels.iter().position(|(known, _)| *known == identity) {
            Some(index) => Some(kernels.remove(index)),
            None if kernels.len() == SLOTS => Some(kernels.remove(0)),
            None => None,
        };
        let result = kernels.try_push((identity, kernel.clone()));
        // To unload code takes locks of the system, and in WebAssembly calls the host.
        drop(kernels);
        drop(forgotten);
        result
    }

    /// Forgets all kernels.
    #[cfg(any(test, target_family = "wasm"))]
    pub fn clear(&self) {
        let Some(mut kernels) = self.kernels.lock() else { return };
        let forgotten = std::mem::take(&mut *kernels);
        drop(kernels);
        drop(forgotten);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identity(key: u64, bytes: &[u8]) -> Identity {
        Identity::with_key(key, bytes.to_vec())
    }

    #[test]
    fn kernels_with_one_key_are_told_apart() {
        let cache = Cache::new();
        cache.remember(identity(7, b"one"), &Shared::new(1).unwrap()).unwrap();
        assert!(cache.find(&identity(7, b"two")).is_none());
        cache.remember(identity(7, b"two"), &Shared::new(2).unwrap()).unwrap();
        assert_eq!(*cache.find(&identity(7, b"one")).unwrap(), 1);
        assert_eq!(*cache.find(&identity(7, b"two")).unwrap(), 2);
    }

    #[test]
    fn the_kernel_not_used_for_longest_makes_room() {
        let cache = Cache::new();
        for key in 0..SLOTS as u64 {
            cache.remember(identity(key, b""), &Shared::new(key).unwrap()).unwrap();
        }
        assert!(cache.find(&identity(0, b"")).is_some());
        cache.remember(identity(99, b""), &Shared::new(99).unwrap()).unwrap();
        assert!(cache.find(&identity(1, b"")).is_none());
        assert_eq!([0, 2, 99].map(|key| *cache.find(&identity(key, b"")).unwrap()), [0, 2, 99]);
        cache.clear();
        assert!(cache.find(&identity(0, b"")).is_none());
    }

    /// Unloading may wait for a lock of the system that another thread holds while it uses the cache.
    #[test]
    fn kernels_are_dropped_without_the_lock() {
        static CACHE: Cache<UsesTheCache> = Cache::new();
        struct UsesTheCache;
        impl Drop for UsesTheCache {
            fn drop(&mut self) {
                assert!(CACHE.kernels.lock().is_some());
            }
        }
        for bytes in [b"a", b"a"] {
            CACHE.remember(identity(1, bytes), &Shared::new(UsesTheCache).unwrap()).unwrap();
        }
        for key in 0..2 * SLOTS as u64 {
            CACHE.remember(identity(key, b""), &Shared::new(UsesTheCache).unwrap()).unwrap();
        }
        CACHE.clear();
    }
}
