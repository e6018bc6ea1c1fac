//! What tests, fuzz targets and benchmarks share: random numbers and kernels, a client of the C functions, models of what
//! must come out, and equality of results.
//!
//! A module rather than a crate, since the unit tests of the library use it as well, with the library's own types:
//! `#[path = "../testkit/mod.rs"] mod testkit;`.
#![allow(dead_code, reason = "each program uses a part of it")]

pub mod array;
pub mod blocks;
pub mod client;
pub mod equality;
pub mod kernels;
pub mod model;
pub mod process;
pub mod random;
pub mod recorded;
pub mod strided;
pub mod text;
pub mod values;
