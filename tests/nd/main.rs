//! Evaluation of padded blocks and reductions through the C functions, against flat evaluation.

mod arguments;
mod assembled;
mod grid_model;
mod reductions;
mod sums_of_rows;
#[path = "../../testkit/mod.rs"]
mod testkit;
mod worked_examples;
