//! Trace lines for people who ask what became of a kernel: on standard error, and to the logger of a Rust
//! program that has one.

use std::fmt::{self, Write as _};
use std::io::Write as _;

use crate::environment;

/// A line of bounded length, put together without allocation.
struct Line {
    bytes: [u8; 512],
    len: usize,
}

impl fmt::Write for Line {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let room = self.bytes.len() - 1 - self.len;
        let count = text.len().min(room);
        self.bytes[self.len..self.len + count].copy_from_slice(&text.as_bytes()[..count]);
        self.len += count;
        Ok(())
    }
}

/// Whether `ME_DSL_TRACE` is on, or unset in a build that traces by default. Not for evaluations, which must
/// not read the environment.
pub fn is_traced() -> bool {
    environment::flag(c"ME_DSL_TRACE", cfg!(feature = "trace"))
}

/// Passes one line of a compilation to the logger, and writes it if that is wanted.
pub fn trace(text: fmt::Arguments<'_>) {
    tell(text, is_traced());
}

/// Passes one line to the logger, and writes it if that is wanted.
#[inline(never)]
pub fn tell(text: fmt::Arguments<'_>, is_traced: bool) {
    log::debug!(target: "me-dsl", "{text}");
    if !is_traced {
        return;
    }
    let mut line = Line { bytes: [0; 512], len: 0 };
    // A failure cannot be reported here, and the trace is not worth one.
    let _ = write!(line, "[me-dsl] {text}");
    line.bytes[line.len] = b'\n';
    let _ = write_to_standard_error(&line.bytes[..=line.len]);
}

/// Writes without the lock of `std::io::stderr`, which a forked process could find taken for ever.
#[cfg(unix)]
fn write_to_standard_error(line: &[u8]) -> std::io::Result<()> {
    use std::os::fd::FromRawFd;
    // SAFETY: the descriptor is not closed, since the file is never dropped.
    let file = unsafe { std::fs::File::from_raw_fd(libc::STDERR_FILENO) };
    std::mem::ManuallyDrop::new(file).write_all(line)
}

#[cfg(not(unix))]
fn write_to_standard_error(line: &[u8]) -> std::io::Result<()> {
    std::io::stderr().write_all(line)
}
