//! Machine code for x86-64: the vector instructions of AVX2 and of AVX-512.

mod avx2;
mod avx512;
mod encoder;
mod general;
mod length;
mod opcodes;
#[cfg(test)]
pub mod tests;

use super::emit::{self, Machine, Shape};
use super::lane::Code;
use super::phases::Schedule;
use crate::back::engine::Refusal;
use crate::kernel::level::Level;

/// Whether there is an engine for a level.
#[cfg(test)]
pub fn has_engine(level: Level) -> bool {
    level >= Level::Avx2
}

/// Machine code for a kernel with the instructions of a level.
pub fn emit(code: &Code, schedule: &Schedule, level: Level) -> Result<Machine, Refusal> {
    match level {
        Level::Avx512 => emit::emit::<avx512::Avx512>(code, schedule),
        Level::Avx2 => emit::emit::<avx2::Avx2>(code, schedule),
        Level::Baseline => Err(Refusal::of("the processor has no AVX2")),
    }
}

/// Parts of a group: in a loop, the chains of two hide each other's latency.
fn parts(shape: Shape) -> (usize, &'static [usize]) {
    match shape {
        Shape::Straight => (1, &[]),
        Shape::Loop | Shape::LoopWithCalls => (2, &[]),
    }
}
