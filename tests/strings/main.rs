//! Strings through the C functions: worked examples, typing, packed results.

#[path = "../client/mod.rs"]
mod client;
mod column;
mod kernels;
mod literals;
mod packed;
mod truths;
mod typing;
mod values;
