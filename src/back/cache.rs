//! What the process remembers of compiled kernels: those that work, and those that failed lately.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::jit::Compiled;
use super::shared::Shared;
use crate::memory::{OutOfMemory, TryGrow};

/// Entries of each cache.
const SLOTS: usize = 64;

/// How long a kernel that failed once, or twice, is not tried again.
const COOL_DOWNS: [Duration; 2] = [Duration::from_secs(10), Duration::from_secs(120)];

struct Cache {
    /// Oldest use first.
    kernels: Vec<(u64, Shared<Compiled>)>,
    failures: Vec<Failure>,
    /// The failure that the next new one replaces.
    oldest_failure: usize,
}

struct Failure {
    key: u64,
    count: usize,
    until: Instant,
}

static CACHE: Mutex<Cache> =
    Mutex::new(Cache { kernels: Vec::new(), failures: Vec::new(), oldest_failure: 0 });

fn lock() -> MutexGuard<'static, Cache> {
    CACHE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The kernel with this key.
pub fn find(key: u64) -> Option<Shared<Compiled>> {
    let mut cache = lock();
    let index = cache.kernels.iter().position(|(known, _)| *known == key)?;
    cache.kernels[index..].rotate_left(1);
    let kernel = cache.kernels.last()?.1.clone();
    cache.failures.retain(|failure| failure.key != key);
    Some(kernel)
}

/// Remembers a kernel; the one that was not used for longest makes room. Those who have it keep it.
pub fn remember(key: u64, kernel: &Shared<Compiled>) -> Result<(), OutOfMemory> {
    let mut cache = lock();
    cache.failures.retain(|failure| failure.key != key);
    cache.kernels.retain(|(known, _)| *known != key);
    if cache.kernels.len() == SLOTS {
        cache.kernels.remove(0);
    }
    cache.kernels.try_push((key, kernel.clone()))
}

/// Whether the kernel failed so lately that it is not worth another try.
pub fn is_cooling(key: u64) -> bool {
    let now = Instant::now();
    lock().failures.iter().any(|failure| failure.key == key && now < failure.until)
}

/// Notes a failure.
pub fn fail(key: u64) -> Result<(), OutOfMemory> {
    let mut cache = lock();
    let now = Instant::now();
    if let Some(failure) = cache.failures.iter_mut().find(|failure| failure.key == key) {
        failure.until = now + COOL_DOWNS[failure.count % COOL_DOWNS.len()];
        failure.count += 1;
        return Ok(());
    }
    let failure = Failure { key, count: 1, until: now + COOL_DOWNS[0] };
    if cache.failures.len() < SLOTS {
        return cache.failures.try_push(failure);
    }
    let slot = cache.oldest_failure;
    cache.failures[slot] = failure;
    cache.oldest_failure = (slot + 1) % SLOTS;
    Ok(())
}

/// Forgets the failures of a kernel.
pub fn forgive(key: u64) {
    lock().failures.retain(|failure| failure.key != key);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_cool_down_and_are_forgiven() {
        let key = 0x1234_5678_9abc_def0;
        assert!(!is_cooling(key));
        fail(key).unwrap();
        assert!(is_cooling(key));
        forgive(key);
        assert!(!is_cooling(key));
    }

    #[test]
    fn failures_are_bounded() {
        for key in 0..200 {
            fail(key << 32).unwrap();
        }
        assert!(lock().failures.len() <= SLOTS);
        assert!(is_cooling(199 << 32));
    }
}
