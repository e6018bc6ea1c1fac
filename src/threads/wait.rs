//! Sleeping until a word of memory changes.

use std::cell::Cell;
use std::sync::atomic::{AtomicU32, Ordering};

/// Looks at a word before a thread sleeps: some ten microseconds.
const SPINS: u32 = 10_000;

thread_local! {
    /// Whether the thread may sleep. The main thread of a page may not.
    static MAY_SLEEP: Cell<bool> = const { Cell::new(true) };
}

/// Says whether the calling thread may sleep; if not, its waits spin.
#[cfg(threaded_wasm)]
pub fn set_may_sleep(may: bool) {
    MAY_SLEEP.set(may);
}

/// Returns once the word is not `value`; the caller sees what was written before the change.
pub fn while_equal(word: &AtomicU32, value: u32) {
    loop {
        for _ in 0..SPINS {
            if word.load(Ordering::Acquire) != value {
                return;
            }
            std::hint::spin_loop();
        }
        if MAY_SLEEP.get() {
            sleep(word, value);
        }
    }
}

/// Sleeps if the word is `value`, until another thread wakes those that wait for it.
#[cfg(threaded_wasm)]
fn sleep(word: &AtomicU32, value: u32) {
    // SAFETY: the word is alive and aligned; a negative time is no limit.
    unsafe { core::arch::wasm32::memory_atomic_wait32(word.as_ptr().cast(), value.cast_signed(), -1) };
}

/// Wakes at most `count` threads that wait for a change of the word.
#[cfg(threaded_wasm)]
pub fn wake(word: &AtomicU32, count: u32) {
    // SAFETY: the word is alive and aligned.
    unsafe { core::arch::wasm32::memory_atomic_notify(word.as_ptr().cast(), count) };
}

/// Tests on other targets need no sleep.
#[cfg(not(threaded_wasm))]
fn sleep(_word: &AtomicU32, _value: u32) {
    std::thread::yield_now();
}

/// As above.
#[cfg(not(threaded_wasm))]
pub fn wake(_word: &AtomicU32, _count: u32) {}
