//! Grammars: from a text to trees. Statements are those of kernels; the expressions in them, and plain ones,
//! are those of the reference library.

mod format;
mod pragma;
#[allow(dead_code, reason = "the dialect that reads these expressions is not wired yet")]
pub mod python;
pub mod reference;
pub mod statement;

pub use pragma::{chosen_compiler, chosen_fp_mode};
