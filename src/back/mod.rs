//! The engines that run a kernel.

pub mod block;
pub mod budget;
#[cfg(c_compiler)]
mod c;
mod cache;
mod call;
pub mod clock;
pub mod contest;
mod eligibility;
pub mod engine;
mod failures;
pub mod fork_lock;
mod hot;
mod identity;
pub mod jit;
pub mod jit_mode;
#[cfg(any(machine_code, test, wasm_modules))]
mod lane;
pub mod listing;
#[cfg(any(not(target_family = "wasm"), wasm_modules))]
mod math_bridge;
#[cfg(machine_code)]
mod native;
pub mod policy;
mod registry;
mod settings;
mod shared;
pub mod simd_backend;
mod trace;
#[cfg(any(not(target_family = "wasm"), wasm_modules))]
pub mod vector_calls;
#[cfg(any(test, wasm_modules))]
pub mod wasm;
