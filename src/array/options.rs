//! How evaluations over arrays go, and why they stop.

use std::cell::UnsafeCell;

use crate::back::budget::{self, Budget};
use crate::back::engine::RunError;
use crate::back::jit_mode::Mode;
use crate::error::{Error, ErrorKind};
use crate::kernel::Accuracy;
use crate::memory::OutOfMemory;

/// How an evaluation goes.
pub struct Options<'o> {
    pub accuracy: Accuracy,
    pub mode: Mode,
    /// Threads that may work at once, the calling one included; at least 1.
    pub threads: usize,
    /// What bounds the evaluation. The calling thread is in its scope, the others enter it.
    pub budget: Option<&'o Budget<'o>>,
    /// Told now and then, on the calling thread, how many items are done, and of how many.
    pub progress: Option<&'o mut dyn FnMut(i64, i64)>,
}

impl Options<'_> {
    /// Whether a single thread works, and nobody follows its progress, so that it need not pause. Engines watch
    /// the budget themselves.
    pub(super) fn are_quiet(&self) -> bool {
        self.threads <= 1 && self.progress.is_none()
    }
}

/// A value for the calling thread alone.
pub(super) struct CallerOnly<T>(UnsafeCell<T>);

// SAFETY: other threads cannot get to the value but by an unsafe function.
unsafe impl<T> Sync for CallerOnly<T> {}

impl<T> CallerOnly<T> {
    pub(super) fn new(value: T) -> CallerOnly<T> {
        CallerOnly(UnsafeCell::new(value))
    }

    pub(super) fn into_inner(self) -> T {
        self.0.into_inner()
    }

    /// # Safety
    /// Called by the thread that owns the value, which holds no other reference to it.
    #[allow(clippy::mut_from_ref, reason = "the caller promises that there is one reference")]
    pub(super) unsafe fn get(&self) -> &mut T {
        // SAFETY: as the caller promises.
        unsafe { &mut *self.0.get() }
    }
}

/// What is said of an evaluation that engines gave up.
pub fn run_error(error: RunError) -> Error {
    match error {
        RunError::Stopped(stop) => stop.into(),
        RunError::OutOfMemory => OutOfMemory.into(),
        RunError::Axes => Error::new(
            ErrorKind::InvalidReduction,
            format_args!("a reduction along axes is not available in a kernel with branches or loops"),
        ),
        RunError::Kernel => Error::new(
            ErrorKind::Kernel,
            format_args!("a range has a step of zero, a loop does not end, or items end without a value"),
        ),
    }
}

impl From<budget::Stop> for Error {
    fn from(stop: budget::Stop) -> Error {
        let (kind, message) = match stop {
            budget::Stop::Cancelled => (ErrorKind::Cancelled, "the evaluation was cancelled"),
            budget::Stop::TimedOut => (ErrorKind::TimedOut, "the time for the evaluation is up"),
            budget::Stop::TooManyPasses => {
                (ErrorKind::TooManyPasses, "loops take more passes than the evaluation may")
            }
            budget::Stop::Failed => (ErrorKind::Callback, "a function of the program failed"),
        };
        Error::new(kind, format_args!("{message}"))
    }
}

/// Whether the budget, if there is one, allows to go on.
pub(super) fn check(budget: Option<&Budget<'_>>) -> Result<(), Stop> {
    Ok(budget.map_or(Ok(()), Budget::check)?)
}

/// Why an evaluation stops early, as threads tell each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Stop {
    OutOfMemory = 1,
    Kernel = 2,
    /// The budget knows more.
    Budget = 3,
}

impl Stop {
    /// The reason with a number, as threads tell it; `None` for 0.
    pub(super) fn from_code(code: u8) -> Option<Stop> {
        [Stop::OutOfMemory, Stop::Kernel, Stop::Budget].into_iter().find(|stop| *stop as u8 == code)
    }
}

impl From<OutOfMemory> for Stop {
    fn from(_: OutOfMemory) -> Stop {
        Stop::OutOfMemory
    }
}

impl From<RunError> for Stop {
    fn from(error: RunError) -> Stop {
        match error {
            RunError::OutOfMemory => Stop::OutOfMemory,
            RunError::Kernel | RunError::Axes => Stop::Kernel,
            RunError::Stopped(_) => Stop::Budget,
        }
    }
}

impl From<budget::Stop> for Stop {
    fn from(_: budget::Stop) -> Stop {
        Stop::Budget
    }
}

impl Stop {
    /// The error of an evaluation with this budget.
    pub(super) fn error(self, budget: Option<&Budget<'_>>) -> Error {
        run_error(match self {
            Stop::OutOfMemory => RunError::OutOfMemory,
            Stop::Kernel => RunError::Kernel,
            // Without a budget of its own, the evaluation is part of another one that ends.
            Stop::Budget => {
                RunError::Stopped(budget.and_then(Budget::stop).unwrap_or(budget::Stop::Cancelled))
            }
        })
    }
}
