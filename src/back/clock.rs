//! The time, as far as the target can tell it.

use std::time::Duration;

#[cfg(not(any(bare_wasm, target_os = "emscripten")))]
use std::time::Instant;

/// A point in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[cfg(not(any(bare_wasm, target_os = "emscripten")))]
pub struct Moment(Instant);

#[cfg(not(any(bare_wasm, target_os = "emscripten")))]
impl Moment {
    /// The present; `None` where there is no clock.
    pub fn now() -> Option<Moment> {
        Some(Moment(Instant::now()))
    }

    /// The moment `duration` later; `None` beyond what the clock can tell.
    pub fn after(self, duration: Duration) -> Option<Moment> {
        self.0.checked_add(duration).map(Moment)
    }

    /// The time since an earlier moment.
    pub fn since(self, earlier: Moment) -> Duration {
        self.0.saturating_duration_since(earlier.0)
    }
}

/// A moment of the host's clock, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
#[cfg(any(bare_wasm, target_os = "emscripten"))]
pub struct Moment(f64);

#[cfg(any(bare_wasm, target_os = "emscripten"))]
impl Moment {
    /// The present; `None` where the host has given no clock.
    pub fn now() -> Option<Moment> {
        host::now().map(Moment)
    }

    /// The moment `duration` later; `None` beyond what the clock can tell.
    pub fn after(self, duration: Duration) -> Option<Moment> {
        Some(Moment(self.0 + duration.as_secs_f64() * 1e3)).filter(|moment| moment.0.is_finite())
    }

    /// The time since an earlier moment.
    pub fn since(self, earlier: Moment) -> Duration {
        Duration::try_from_secs_f64((self.0 - earlier.0) / 1e3).unwrap_or_default()
    }
}

impl Moment {
    /// Whether the moment has come.
    pub fn has_passed(self) -> bool {
        Moment::now().is_some_and(|now| now >= self)
    }
}

/// The clock of Emscripten's runtime. That of the standard library panics under some of its versions: they disagree on
/// the layout of C's `timespec`.
#[cfg(target_os = "emscripten")]
mod host {
    unsafe extern "C" {
        /// Milliseconds since the start of the program or any other time.
        safe fn emscripten_get_now() -> f64;
    }

    pub(super) fn now() -> Option<f64> {
        Some(emscripten_get_now())
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
