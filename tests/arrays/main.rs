//! Evaluation over arrays against a model that gathers item by item: random shapes, strides, broadcasting, overlap
//! and threads, with every byte around the output compared too.

mod axes;
mod errors;
mod model;
mod random;
mod threads;
