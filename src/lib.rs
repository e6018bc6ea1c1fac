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
//!    operation  the names that a text may use          │
//!                                                      │
//!                                                    mid        what every engine needs to know of a kernel
//!                                                      │
//!                                                    back       block: the interpreter, always there
//!                                                      │        native, c, wasm: compiled kernels
//!                                                      │        nd: blocks of chunked arrays
//!                                                   kernel      typed loops, SIMD dispatch, math,
//!                                                      │        reductions, strings
//!                                                    dtype      dtypes, promotion, scalar casts
//!                                                   memory      growth that can fail
//! ```
//!
//! A plain expression is a kernel with one `return`, so there is one type checker, one set of dtype
//! rules and one interpreter. An engine that cannot run a kernel says why, and the interpreter runs it.

mod array;
pub mod back;
pub mod dtype;
mod environment;
mod error;
mod expression;
#[allow(non_camel_case_types)]
pub mod ffi;
pub mod front;
pub mod ir;
pub mod kernel;
pub mod memory;
pub mod mid;
pub mod nd;
pub mod operation;

pub use array::{ArrayMut, ArrayRef, Item};
pub use back::jit_mode::Mode as JitMode;
pub use dtype::{Complex, Dtype};
pub use error::{Error, ErrorKind};
pub use expression::{Evaluation, Expression, ExpressionBuilder, Function, FunctionPointer, Variable};
pub use kernel::Accuracy;
