//! Every kernel at every level against a plain model of one element, on all pairs of edge values.

mod block;
mod casts;
mod complex;
mod model;
mod one_operand;
mod three_operands;
mod two_operands;

use crate::dtype::Dtype;

/// The dtypes with an order: bool, integers, floats.
const REAL: [Dtype; 11] = [
    Dtype::Bool,
    Dtype::Int8,
    Dtype::Int16,
    Dtype::Int32,
    Dtype::Int64,
    Dtype::UInt8,
    Dtype::UInt16,
    Dtype::UInt32,
    Dtype::UInt64,
    Dtype::Float32,
    Dtype::Float64,
];
