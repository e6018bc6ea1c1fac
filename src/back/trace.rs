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

/// Whether `ME_DSL_TRACE` is on, or unset in a build that traces by default.
pub fn is_traced() -> bool {
    environment::flag(c"ME_DSL_TRACE", cfg!(feature = "trace"))
}

/// Tells one line to the logger, and writes it if that is wanted.
pub fn trace(text: fmt::Arguments<'_>) {
    log::debug!(target: "me-dsl", "{text}");
    if !is_traced() {
        return;
    }
    let mut line = Line { bytes: [0; 512], len: 0 };
    // Nobody can be told of a failure here, and the trace is not worth one.
    let _ = write!(line, "[me-dsl] {text}");
    line.bytes[line.len] = b'\n';
    let _ = std::io::stderr().write_all(&line.bytes[..=line.len]);
}
