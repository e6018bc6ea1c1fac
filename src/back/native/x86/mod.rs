//! Machine code for x86-64: one code generator, and the vector instructions of AVX2 and of AVX-512.

mod avx2;
mod avx512;
mod emit;
mod encoder;
mod frame;
mod opcodes;
mod place;
mod vectors;

pub use emit::Machine;

use super::lane::Code;
use super::phases::Schedule;
use crate::kernel::level::Level;
use crate::memory::OutOfMemory;

/// Machine code for a kernel with the instructions of a level; `None` where it has no such engine.
pub fn emit(code: &Code, schedule: &Schedule, level: Level) -> Result<Option<Machine>, OutOfMemory> {
    match level {
        Level::Avx512 => emit::emit::<avx512::Avx512>(code, schedule).map(Some),
        Level::Avx2 => emit::emit::<avx2::Avx2>(code, schedule).map(Some),
        Level::Baseline => Ok(None),
    }
}
