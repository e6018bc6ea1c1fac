//! The engines that run a kernel.

pub mod block;
