//! What the engines make of a kernel, as text for people. Nothing is run, and nothing is cached.

#[cfg(any(c_compiler, machine_code))]
use super::engine::Refusal;
use crate::ir::Kernel;
use crate::memory::{OutOfMemory, try_format};

/// The vector program of the engine in memory.
#[cfg(machine_code)]
pub fn lanes(kernel: &Kernel) -> Result<String, OutOfMemory> {
    or_why_not(super::native::listing(kernel))
}

/// There is no engine in memory.
#[cfg(not(machine_code))]
pub fn lanes(_kernel: &Kernel) -> Result<String, OutOfMemory> {
    absent("machine code")
}

/// The text of the engine of the C compiler.
#[cfg(c_compiler)]
pub fn c(kernel: &Kernel) -> Result<String, OutOfMemory> {
    or_why_not(super::c::listing(kernel))
}

/// There is no engine of the C compiler.
#[cfg(not(c_compiler))]
pub fn c(_kernel: &Kernel) -> Result<String, OutOfMemory> {
    absent("C")
}

/// The module of the engine of WebAssembly.
pub fn wasm(_kernel: &Kernel) -> Result<String, OutOfMemory> {
    absent("WebAssembly")
}

fn absent(what: &str) -> Result<String, OutOfMemory> {
    try_format(format_args!("; this build does not make {what}\n"))
}

/// A text, or a comment on why there is none.
#[cfg(any(c_compiler, machine_code))]
fn or_why_not(text: Result<String, Refusal>) -> Result<String, OutOfMemory> {
    match text {
        Ok(text) => Ok(text),
        Err(Refusal::OutOfMemory) => Err(OutOfMemory),
        Err(Refusal::Unsupported(unsupported)) => try_format(format_args!("; not taken: {unsupported}\n")),
    }
}
