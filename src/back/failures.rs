//! Kernels whose compilation failed lately, which are not worth another try for a while.

use std::time::{Duration, Instant};

use super::fork_lock::ForkLock;
use crate::memory::{OutOfMemory, TryGrow};

/// Failures that are remembered.
const SLOTS: usize = 64;

/// How long a kernel that failed once, or twice, is not tried again.
const COOL_DOWNS: [Duration; 2] = [Duration::from_secs(10), Duration::from_secs(120)];

/// A key stands for its kernel here: where two kernels share one, the interpreter runs both.
pub struct Failure {
    key: u64,
    count: usize,
    until: Instant,
}

/// Failures, oldest first.
pub struct Failures(ForkLock<Vec<Failure>>);

impl Failures {
    pub const fn new() -> Failures {
        Failures(ForkLock::new(Vec::new()))
    }

    /// Whether the kernel failed so lately that it is not worth another try.
    pub fn is_cooling(&self, key: u64) -> bool {
        let now = Instant::now();
        let failures = self.0.lock();
        failures.is_some_and(|failures| failures.iter().any(|it| it.key == key && now < it.until))
    }

    /// Notes a failure.
    pub fn fail(&self, key: u64) -> Result<(), OutOfMemory> {
        let now = Instant::now();
        let Some(mut failures) = self.0.lock() else { return Ok(()) };
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
    pub fn forgive(&self, key: u64) {
        if let Some(mut failures) = self.0.lock() {
            failures.retain(|failure| failure.key != key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_cool_down_and_are_forgiven() {
        let key = 0x1234_5678_9abc_def0;
        let failures = Failures::new();
        assert!(!failures.is_cooling(key));
        failures.fail(key).unwrap();
        assert!(failures.is_cooling(key));
        failures.forgive(key);
        assert!(!failures.is_cooling(key));
    }

    #[test]
    fn failures_are_bounded() {
        let failures = Failures::new();
        for key in 0..200 {
            failures.fail(key << 32).unwrap();
        }
        assert!(failures.0.lock().unwrap().len() <= SLOTS);
        assert!(failures.is_cooling(199 << 32));
    }
}
