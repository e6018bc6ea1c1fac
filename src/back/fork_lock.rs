//! A lock that a forked process cannot find taken for ever.

use std::cell::UnsafeCell;
use std::ops::{Deref, DerefMut};
use std::sync::atomic::{AtomicU32, Ordering};

/// Tries to take a lock; a thread that holds it runs meanwhile.
const ATTEMPTS: usize = 10_000;

/// Guards a value that the process can do without, for a few instructions at a time.
///
/// `fork` copies the memory of a process, but only the thread that calls it. A lock that another thread
/// held at that moment stays taken in the copy, and its value may be half changed. So the lock knows
/// which process holds it: one that holds it for another process is taken over, with a new value.
pub struct ForkLock<T> {
    /// The process of the thread that holds the lock; 0 while nobody does.
    holder: AtomicU32,
    value: UnsafeCell<T>,
}

// SAFETY: one thread at a time gets to the value.
unsafe impl<T: Send> Sync for ForkLock<T> {}

/// The value of a lock that is held as long as this lives.
pub struct Guard<'a, T>(&'a ForkLock<T>);

impl<T: Default> ForkLock<T> {
    pub const fn new(value: T) -> ForkLock<T> {
        ForkLock { holder: AtomicU32::new(0), value: UnsafeCell::new(value) }
    }

    /// Takes the lock; `None` if others keep it for so long that the caller had better do without.
    pub fn lock(&self) -> Option<Guard<'_, T>> {
        self.lock_for(process())
    }

    fn lock_for(&self, process: u32) -> Option<Guard<'_, T>> {
        for _ in 0..ATTEMPTS {
            let holder = match self.holder.compare_exchange(0, process, Ordering::Acquire, Ordering::Relaxed)
            {
                Ok(_) => return Some(Guard(self)),
                Err(holder) => holder,
            };
            if holder == process || holder == 0 {
                std::thread::yield_now();
                continue;
            }
            let taken = self.holder.compare_exchange(holder, process, Ordering::Acquire, Ordering::Relaxed);
            if taken.is_ok() {
                // SAFETY: this thread holds the lock. Nothing is dropped of what a thread of another
                // process may have left in the middle of a change.
                unsafe { self.value.get().write(T::default()) };
                return Some(Guard(self));
            }
        }
        None
    }
}

#[cfg(not(target_family = "wasm"))]
fn process() -> u32 {
    std::process::id()
}

/// Programs of WebAssembly cannot fork.
#[cfg(target_family = "wasm")]
fn process() -> u32 {
    1
}

impl<T> Deref for Guard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        // SAFETY: the guard holds the lock.
        unsafe { &*self.0.value.get() }
    }
}

impl<T> DerefMut for Guard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: as above.
        unsafe { &mut *self.0.value.get() }
    }
}

impl<T> Drop for Guard<'_, T> {
    fn drop(&mut self) {
        self.0.holder.store(0, Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn excludes_threads() {
        static LOCK: ForkLock<usize> = ForkLock::new(0);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..1000 {
                        while LOCK.lock().map(|mut count| *count += 1).is_none() {}
                    }
                });
            }
        });
        assert_eq!(*LOCK.lock().unwrap(), 4000);
    }

    #[test]
    fn gives_up_on_a_lock_that_stays_taken() {
        let lock = ForkLock::new(1);
        let held = lock.lock().unwrap();
        assert!(lock.lock().is_none());
        drop(held);
        assert_eq!(*lock.lock().unwrap(), 1);
    }

    #[test]
    fn takes_over_from_another_process() {
        let lock = ForkLock::new(vec![1, 2, 3]);
        std::mem::forget(lock.lock_for(process() ^ 1).unwrap());
        assert!(lock.lock().unwrap().is_empty());
        lock.lock().unwrap().push(4);
        assert_eq!(*lock.lock().unwrap(), [4]);
    }
}
