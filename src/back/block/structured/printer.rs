//! Where a kernel prints to.

use std::fmt;

use crate::memory::{OutOfMemory, try_box};

/// Takes a line with its newline.
type Function = dyn Fn(&[u8]) + Send + Sync;

/// Takes what a kernel prints; by default C's `stdout`, or nothing where there is no C library.
#[derive(Default)]
pub struct Printer(Option<Box<Function>>);

impl Printer {
    /// A printer that gives each line to a function.
    pub fn new(function: impl Fn(&[u8]) + Send + Sync + 'static) -> Result<Printer, OutOfMemory> {
        let function: Box<Function> = try_box(function)?;
        Ok(Printer(Some(function)))
    }

    /// The function; `None` for `stdout`.
    pub(super) fn function(&self) -> Option<&Function> {
        self.0.as_deref()
    }
}

impl fmt::Debug for Printer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "Printer(function)" } else { "Printer(stdout)" })
    }
}
