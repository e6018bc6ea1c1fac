//! Evaluation of padded blocks and reductions through the C functions, against flat evaluation.

mod arguments;
mod assembled;
#[path = "../client/mod.rs"]
mod client;
mod grid_model;
mod reductions;
mod sums_of_rows;
mod worked_examples;
