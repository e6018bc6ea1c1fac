//! Kernels whose compilation failed lately, which are not worth another try for a while.

use std::time::{Duration, Instant};

use super::fork_lock::ForkLock;
use crate::memory::{OutOfMemory, TryGrow};

/// Failures that are remembered.
const SLOTS: usize = 64;

/// How long a kernel that failed once, or twice, is not tried again.
const COOL_DOWNS: [Duration; 2] = [Duration::from_secs(10), Duration::from_secs(120)];

/// A key stands for its kernel here: where two kernels share one, the interpreter runs both.
struct Failure {
    key: u64,
    count: usize,
    until: Instant,
}

/// Oldest first.
static FAILURES: ForkLock<Vec<Failure>> = ForkLock::new(Vec::new());

/// Whether the kernel failed so lately that it is not worth another try.
pub fn is_cooling(key: u64) -> bool {
    let now = Instant::now();
    let failures = FAILURES.lock();
    failures.is_some_and(|failures| failures.iter().any(|it| it.key == key && now < it.until))
}

/// Notes a failure.
pub fn fail(key: u64) -> Result<(), OutOfMemory> {
    let now = Instant::now();
    let Some(mut failures) = FAILURES.lock() else { return Ok(()) };
    if let Some(failure) = failures.iter_mut().find(|failure| failure.key == key) {
        failure.until = now + COOL_DOWNS[failure.count % COOL_DOWNS.len()];
        failure.count += 1;
        return Ok(());
    }
    if failures.len() == SLOTS {
        failures.remove(0);
    }
    failures.try_push(Failure { key, count: 1, until: now + COOL_DOWNS[0] })
}

/// Forgets the failures of a kernel.
pub fn forgive(key: u64) {
    if let Some(mut failures) = FAILURES.lock() {
        failures.retain(|failure| failure.key != key);
    }
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
        assert!(FAILURES.lock().unwrap().len() <= SLOTS);
        assert!(is_cooling(199 << 32));
    }
}
