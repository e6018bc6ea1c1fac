//! Machine code for x86-64 with AVX-512 (F, BW, DQ, VL).

mod emit;
mod encoder;
mod frame;
mod instructions;

pub use emit::emit;
