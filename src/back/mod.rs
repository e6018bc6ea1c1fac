//! The engines that run a kernel.

pub mod block;
#[cfg(all(feature = "jit", unix, not(target_family = "wasm")))]
mod c;
#[cfg(all(feature = "jit", unix))]
mod cache;
pub mod contest;
#[cfg(all(feature = "jit", unix))]
mod eligibility;
#[cfg(any(test, all(feature = "jit", unix)))]
mod engine;
#[cfg(all(feature = "jit", unix, not(target_family = "wasm")))]
mod failures;
#[cfg(all(feature = "jit", unix))]
mod fork_lock;
#[cfg(machine_code)]
pub mod hot;
#[cfg(not(machine_code))]
#[path = "hot_absent.rs"]
pub mod hot;
#[cfg(all(feature = "jit", unix))]
mod identity;
#[cfg(all(feature = "jit", unix, not(target_family = "wasm")))]
pub mod jit;
#[cfg(not(all(feature = "jit", unix)))]
#[path = "jit_absent.rs"]
pub mod jit;
pub mod jit_mode;
#[cfg(any(not(target_family = "wasm"), all(feature = "jit", target_os = "emscripten")))]
mod math_bridge;
#[cfg(machine_code)]
mod native;
pub mod policy;
mod settings;
#[cfg(all(feature = "jit", unix))]
mod shared;
pub mod simd_backend;
mod trace;
#[cfg(any(not(target_family = "wasm"), all(feature = "jit", target_os = "emscripten")))]
pub mod vector_calls;
#[cfg(any(test, all(feature = "jit", target_os = "emscripten")))]
pub mod wasm;
#[cfg(all(feature = "jit", target_os = "emscripten"))]
pub use wasm::jit;
