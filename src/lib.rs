//! An engine for array expressions, to embed.
//!
//! A text is compiled once, for variables of known dtypes, and evaluated over arrays any number of times, from
//! any number of threads:
//!
//! ```
//! use miniexpr::{ArrayRef, Dtype, Expression};
//!
//! let hypot = Expression::builder("sqrt(a*a + b*b)")
//!     .variable("a", Dtype::Float64)
//!     .variable("b", Dtype::Float64)
//!     .compile()?;
//! let (a, b) = (vec![3.0, 5.0, 8.0], vec![4.0, 12.0, 15.0]);
//! let mut out = vec![0.0; 3];
//! hypot.evaluate(&[ArrayRef::from(&a), ArrayRef::from(&b)], &mut out)?;
//! assert_eq!(out, [5.0, 13.0, 17.0]);
//! # Ok::<(), miniexpr::Error>(())
//! ```
//!
//! Dtypes are promoted as in NumPy, reductions give one value, and a kernel has statements, branches and loops:
//!
//! ```
//! use miniexpr::{ArrayRef, Dtype, Expression};
//!
//! let total = Expression::builder("sum(a > 2)").variable("a", Dtype::Int32).compile()?;
//! assert_eq!(total.evaluate_to_vec::<i64>(&[ArrayRef::from(&[1, 2, 3, 4])])?, [2]);
//!
//! let text = "
//! def steps(n):
//!     count = 0
//!     rest = n
//!     while rest > 1:
//!         rest = rest / 2
//!         count = count + 1
//!     return count
//! ";
//! let kernel = Expression::builder(text).variable("n", Dtype::Float64).output(Dtype::Int64).compile()?;
//! assert_eq!(kernel.evaluate_to_vec::<i64>(&[ArrayRef::from(&[1.0, 8.0])])?, [0, 3]);
//! # Ok::<(), miniexpr::Error>(())
//! ```
//!
//! Every failure is an [`Error`], which shows the place in the text:
//!
//! ```
//! # use miniexpr::{Dtype, Expression};
//! let error = Expression::builder("a + (b * 2").variable("a", Dtype::Float64).compile().unwrap_err();
//! println!("{error}");
//! // unknown name 'b'
//! //   | a + (b * 2
//! //   |      ^
//! # assert_eq!(error.to_string(), "unknown name 'b'\n  | a + (b * 2\n  |      ^");
//! ```
//!
//! The language, the functions and the dtypes are described in the documents that come with the sources.
//!
//! # Inside
//!
//! Text comes in at the top, becomes one typed program in the middle, and is run by an engine at
//! the bottom. Nothing skips a floor.
//!
//! ```text
//!  C, C++, Cython, JavaScript                          Rust
//!        │ me_compile(text, variables, dtype)            │
//!        ▼                                               │
//!      ffi    a caller's pointers stop here              │
//!        └──────────────┬────────────────────────────────┘
//!      expression  the safe core: compiles, checks, evaluates
//!      array       views of a caller's arrays
//!        ▼
//!      front    text → lexer → parser → tree → lower → ir       typed kernel; every cast is a node
//!    operation  the names that a text may use          │
//!                                                      │
//!                                                    mid        what every engine needs to know of a kernel
//!                                                      │
//!                                                    back       block: the interpreter, always there
//!                                                      │        native, c, wasm: compiled kernels
//!                                                      │        lane: statements under masks, for native and wasm
//!                                                      │        nd: blocks of chunked arrays
//!                                                   kernel      typed loops, SIMD dispatch, math,
//!                                                      │        reductions, strings
//!                                                    dtype      dtypes, promotion, scalar casts
//!                                                   memory      growth that can fail
//! ```
//!
//! A plain expression is a kernel with one `return`, so there is one type checker, one set of dtype
//! rules and one interpreter. An engine that cannot run a kernel says why, and the interpreter runs it.

#![cfg_attr(threaded_wasm, feature(stdarch_wasm_atomic_wait))]

mod array;
#[allow(missing_docs, reason = "private")]
mod back;
mod dtype;
mod environment;
mod error;
mod expression;
#[allow(non_camel_case_types, reason = "the names of the C header")]
#[doc(hidden)]
pub mod ffi;
#[allow(missing_docs, reason = "private")]
mod front;
#[allow(missing_docs, reason = "private")]
mod ir;
#[allow(missing_docs, reason = "private")]
mod kernel;
mod memory;
#[allow(missing_docs, reason = "private")]
mod mid;
mod nd;
#[allow(missing_docs, reason = "private")]
mod operation;
#[cfg(test)]
#[path = "../testkit/mod.rs"]
mod testkit;
#[cfg(any(test, threaded_wasm))]
#[allow(missing_docs, reason = "private")]
mod threads;

// The name that `testkit` has for the library.
#[cfg(test)]
extern crate self as miniexpr;

pub use array::pool::{num_threads, set_num_threads};
pub use array::{ArrayMut, ArrayRef, Item};
pub use back::jit_mode::Mode as JitMode;
pub use dtype::{Complex, Dtype};
pub use error::{Error, ErrorKind};
pub use expression::{
    Builtin, BuiltinKind, Dump, Evaluation, Expression, ExpressionBuilder, Function, FunctionPointer,
    Variable, builtins, fail_evaluation, is_kernel,
};
pub use front::{Dialect, Profile};
pub use kernel::Accuracy;

/// Doors for this crate's own tests, benchmarks and fuzz targets; no part of the interface.
#[doc(hidden)]
pub mod internals {
    pub mod block {
        pub use crate::back::block::{Interpreter, Items};
    }
    pub mod dtype {
        pub use crate::dtype::{Complex, Dtype, Scalar, promote};
    }
    pub mod front {
        pub use crate::front::{CompileError, Dialect, Entry, EntryKind, Language, Lifting, Status, compile};
    }
    pub mod ir {
        pub use crate::ir::*;
    }
    pub mod kernel {
        pub use crate::kernel::*;
    }
    pub mod mid {
        pub use crate::mid::Positions;
    }
}

/// The programs of the README and of the documents, as tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
#[doc = include_str!("../docs/arrays.md")]
struct Documents;
