//! Tests of the string kernels: against a plain model on random text, and the documented tables.

mod case;
mod model;
mod random;
mod search;
mod utf8;
