//! Text that grows without aborting.

use std::fmt;

use crate::memory::{OutOfMemory, TryGrow};

/// Generated source.
#[derive(Debug, Default)]
pub struct Text {
    bytes: Vec<u8>,
}

impl fmt::Write for Text {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.bytes.try_extend(text.as_bytes()).map_err(|OutOfMemory| fmt::Error)
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.bytes.utf8_chunks().try_for_each(|chunk| f.write_str(chunk.valid()))
    }
}

impl Text {
    /// Appends formatted text.
    pub fn add(&mut self, text: fmt::Arguments<'_>) -> Result<(), OutOfMemory> {
        fmt::write(self, text).map_err(|_| OutOfMemory)
    }

    /// Appends bytes as they are.
    pub fn add_bytes(&mut self, bytes: &[u8]) -> Result<(), OutOfMemory> {
        self.bytes.try_extend(bytes)
    }

    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }
}
