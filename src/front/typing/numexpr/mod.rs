//! The rules of numexpr.
//!
//! There are seven kinds of values: bool, int32, int64, float32, float64, complex128 and bytes. A variable of another
//! dtype has the next of them. A number of the text has the kind of its value, and is as strong as a variable; among
//! themselves numbers are folded by Python's rules. What comes out is what the NumPy dialect emits.

mod infer;
mod opcode;
mod power;

#[cfg(test)]
mod tests;

use super::numpy::TypedTree;
use crate::dtype::{Dtype, Scalar};
use crate::front::dialect::Dialect;
use crate::front::error::CompileError;
use crate::front::scope::Scope;
use crate::front::tree::Tree;

/// Types all nodes of `tree`, which stands in a kernel or is a text by itself.
pub fn infer<'a>(
    scope: &'a Scope<'a>,
    tree: &'a Tree,
    in_kernel: bool,
) -> Result<TypedTree<'a>, CompileError> {
    let nodes = infer::infer(scope, tree, in_kernel)?;
    Ok(TypedTree { scope, tree, nodes, dialect: Dialect::NumExpr, power: power::power })
}

/// The kind that stands for a dtype. Values of uint64 wrap around.
fn kind_of(dtype: Dtype) -> Dtype {
    match dtype {
        Dtype::Bool => Dtype::Bool,
        Dtype::Int8 | Dtype::UInt8 | Dtype::Int16 | Dtype::UInt16 | Dtype::Int32 => Dtype::Int32,
        Dtype::UInt32 | Dtype::Int64 | Dtype::UInt64 => Dtype::Int64,
        Dtype::Float32 => Dtype::Float32,
        Dtype::Float64 => Dtype::Float64,
        Dtype::Complex64 | Dtype::Complex128 => Dtype::Complex128,
        Dtype::String | Dtype::Bytes => dtype,
    }
}

/// The kind of a number of the text; int64 for an integer that none has.
fn kind_of_number(value: Scalar) -> Dtype {
    match value {
        Scalar::Bool(_) => Dtype::Bool,
        Scalar::Int(value) if i32::try_from(value).is_ok() => Dtype::Int32,
        Scalar::Int(_) => Dtype::Int64,
        Scalar::Float(_) => Dtype::Float64,
        Scalar::Complex(_) => Dtype::Complex128,
    }
}
