//! The time, as far as the target can tell it.

use std::time::Duration;

#[cfg(not(bare_wasm))]
use std::time::Instant;

/// A point in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[cfg(not(bare_wasm))]
pub struct Moment(Instant);

#[cfg(not(bare_wasm))]
impl Moment {
    /// The present; `None` where there is no clock.
    pub fn now() -> Option<Moment> {
        Some(Moment(Instant::now()))
    }

    /// The moment `duration` later; `None` beyond what the clock can tell.
    pub fn after(self, duration: Duration) -> Option<Moment> {
        self.0.checked_add(duration).map(Moment)
    }

    /// Whether the moment has come.
    pub fn has_passed(self) -> bool {
        Instant::now() >= self.0
    }
}

/// A moment of the host's clock, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
#[cfg(bare_wasm)]
pub struct Moment(f64);

#[cfg(bare_wasm)]
impl Moment {
    /// The present; `None` where the host has given no clock.
    pub fn now() -> Option<Moment> {
        host::now().map(Moment)
    }

    /// The moment `duration` later; `None` beyond what the clock can tell.
    pub fn after(self, duration: Duration) -> Option<Moment> {
        Some(Moment(self.0 + duration.as_secs_f64() * 1e3)).filter(|moment| moment.0.is_finite())
    }

    /// Whether the moment has come.
    pub fn has_passed(self) -> bool {
        host::now().is_some_and(|now| now >= self.0)
    }
}

/// The clock of a host whose modules have none of their own.
#[cfg(bare_wasm)]
pub mod host {
    use std::mem::transmute;
    use std::sync::atomic::{AtomicUsize, Ordering};

    /// Gives milliseconds since any time.
    pub type Clock = unsafe extern "C" fn() -> f64;

    /// Index of the clock in the function table, 0 for none.
    static CLOCK: AtomicUsize = AtomicUsize::new(0);

    /// Sets or forgets the clock.
    pub fn register(clock: Option<Clock>) {
        CLOCK.store(clock.map_or(0, |clock| clock as usize), Ordering::Relaxed);
    }

    pub(super) fn now() -> Option<f64> {
        match CLOCK.load(Ordering::Relaxed) {
            0 => None,
            // SAFETY: the index is that of a function of this type, which the host lets any thread call.
            clock => Some(unsafe { transmute::<usize, Clock>(clock)() }),
        }
    }
}
