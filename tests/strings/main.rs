//! Strings through the C functions: worked examples, typing, packed results.

mod column;
mod kernels;
mod literals;
mod packed;
#[path = "../../testkit/mod.rs"]
mod testkit;
mod truths;
mod typing;
mod values;
