//! Machine code for aarch64: Advanced SIMD ("NEON"), which every such processor has.

mod convert;
mod encoder;
mod general;
mod instructions;
mod neon;
#[cfg(test)]
mod tests;

use super::emit::{self, Machine};
use super::lane::Code;
use super::phases::Schedule;
use crate::back::engine::Refusal;
use crate::kernel::level::Level;

/// Whether there is an engine for a level.
#[cfg(all(test, target_arch = "aarch64"))]
pub fn has_engine(_level: Level) -> bool {
    true
}

/// Machine code for a kernel.
pub fn emit(code: &Code, schedule: &Schedule, _level: Level) -> Result<Machine, Refusal> {
    emit::emit::<neon::Neon>(code, schedule)
}
