//! Every kernel at every level against a plain model of one element, on all pairs of edge values.

mod block;
mod casts;
mod complex;
mod model;
mod one_operand;
mod three_operands;
mod two_operands;
