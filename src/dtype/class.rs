//! Kinds of dtypes, for code that serves one kind alone and still has to name all others.

use super::Dtype;

/// What the items of a dtype are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    Bool,
    /// Of any size, signed or not.
    Integer,
    Float(Precision),
    /// By the precision of its parts.
    Complex(Precision),
    /// Strings of either kind.
    Text,
}

/// The sizes of floats.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Precision {
    /// `f32`.
    Single,
    /// `f64`.
    Double,
}

impl Dtype {
    /// The kind of its items.
    pub(crate) const fn class(self) -> Class {
        match self {
            Dtype::Bool => Class::Bool,
            Dtype::Int8
            | Dtype::Int16
            | Dtype::Int32
            | Dtype::Int64
            | Dtype::UInt8
            | Dtype::UInt16
            | Dtype::UInt32
            | Dtype::UInt64 => Class::Integer,
            Dtype::Float32 => Class::Float(Precision::Single),
            Dtype::Float64 => Class::Float(Precision::Double),
            Dtype::Complex64 => Class::Complex(Precision::Single),
            Dtype::Complex128 => Class::Complex(Precision::Double),
            Dtype::String | Dtype::Bytes => Class::Text,
        }
    }
}
