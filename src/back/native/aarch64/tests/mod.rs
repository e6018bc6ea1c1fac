//! The encoder against an assembler, and what the code generator makes of a loop. Both run on every
//! machine; that the code does what it should is for the tests of all engines, on aarch64.

mod instructions;
mod mandelbrot;
