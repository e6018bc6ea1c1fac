//! Grammars: from a text to trees. Statements are those of kernels; the expressions in them, and plain ones,
//! are those of the reference library.

mod format;
mod hint;
mod pragma;
pub mod python;
pub mod reference;
pub mod statement;

pub use pragma::{chosen_compiler, chosen_fp_mode};
