//! # miniexpr: an array-expression engine to embed
//!
//! Text comes in at the top, becomes one typed program in the middle, and is run by an engine at
//! the bottom. Nothing skips a floor.
//!
//! ```text
//!  C, C++, Cython, JavaScript
//!        │ me_compile(text, variables, dtype)          ffi      a caller's pointers stop here
//!        ▼
//!      front    text → lexer → parser → tree → lower → ir       typed kernel; every cast is a node
//!                                                      │
//!                                                    back       engines: block interpreter, …
//!                                                      │
//!                                                   kernel      typed loops, SIMD dispatch, math
//!                                                      │
//!                                                    dtype      dtypes, promotion, scalar casts
//! ```

pub mod back;
pub mod builtin;
pub mod dtype;
#[allow(non_camel_case_types)]
pub mod ffi;
pub mod front;
pub mod ir;
pub mod kernel;
pub mod nd;

pub mod memory;
