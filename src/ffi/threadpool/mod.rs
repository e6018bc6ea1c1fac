//! The exports of the modules without Emscripten that are no functions of the C header: memory, a question
//! about expressions, and in the module with threads the pool. The comments say what JavaScript may rely on.

#[cfg(threaded_wasm)]
mod dispatch;
mod expression;
mod memory;
