//! The engines of this build.

use super::engine::Engine;

/// The compiled engines. A kernel is the first one's that serves the compiler it asks for.
pub static ENGINES: &[&dyn Engine] = &[
    #[cfg(machine_code)]
    &super::native::InMemory,
    #[cfg(c_compiler)]
    &super::c::SystemCompiler,
    #[cfg(wasm_modules)]
    &super::wasm::Modules,
];
