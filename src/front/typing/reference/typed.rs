//! What typing knows of a node.

use crate::dtype::{Dtype, Scalar, promote};
use crate::front::typing::text::{TextNode, TextTyped};
use crate::ir::UnaryOp;

/// What is known of a node once its operands are.
#[derive(Clone, Copy, Debug)]
pub struct Typed {
    /// Dtype in which the node is computed when nothing around it asks for another.
    pub compute: Dtype,
    /// Dtype that places boundaries: every function call and unary minus counts as float64.
    pub parse: Dtype,
    /// A whole number that a bool variable typed, or arithmetic with one: bool when dtypes are
    /// promoted, but computed with its own value wherever the surroundings have room for it.
    pub is_weak: bool,
    /// The value of a constant node: an integer literal or its negative with all its digits, else what
    /// the node computes in [`Typed::own`].
    pub constant: Option<Scalar>,
    /// What the node does with strings; `None` for nodes that take and give numbers, and for variables.
    pub text: Option<TextNode>,
}

impl Typed {
    /// A node of numbers.
    pub fn number(compute: Dtype, parse: Dtype) -> Typed {
        Typed { compute, parse, is_weak: false, constant: None, text: None }
    }

    /// Whether what the node computes in its own dtype is its value: not so for a constant that the
    /// dtype does not hold, and for arithmetic with weak numbers.
    pub fn keeps_value(&self) -> bool {
        match self.constant {
            Some(value) => is_exact(value, self.compute),
            None => !self.is_weak,
        }
    }

    /// The dtype in which the node computes its own value.
    pub fn own(&self) -> Dtype {
        if self.is_weak { Dtype::Int64 } else { self.compute }
    }

    /// A string of literals alone, which can be of either family.
    pub fn adapts(&self) -> bool {
        self.text.is_some_and(|text| text.adapts)
    }
}

impl TextTyped for Typed {
    fn of_text(dtype: Dtype, text: TextNode) -> Typed {
        Typed { text: Some(text), ..Typed::number(dtype, dtype) }
    }

    fn dtype(&self) -> Dtype {
        self.compute
    }

    fn constant(&self) -> Option<Scalar> {
        self.constant
    }

    fn adapts(&self) -> bool {
        Typed::adapts(self)
    }
}

/// Whether a bit operation on the operands is a logical one: both are bool, and not just weak numbers.
pub fn are_truths(left: Typed, right: Typed) -> bool {
    promote(left.parse, right.parse) == Dtype::Bool && !(left.is_weak && right.is_weak)
}

/// 2 or 3 where `exponent` is a constant of that value: such a power is a product.
pub fn small_power(exponent: Typed) -> Option<u8> {
    let value = exponent.constant?;
    match value.to_f64() {
        2.0 => Some(2),
        3.0 => Some(3),
        _ => None,
    }
}

/// Whether the operation is defined for complex operands.
pub fn has_complex_form(op: UnaryOp) -> bool {
    use crate::ir::MathFn::Sqrt;
    matches!(
        op,
        UnaryOp::Neg | UnaryOp::Abs | UnaryOp::Real | UnaryOp::Imag | UnaryOp::Conj | UnaryOp::Math(Sqrt)
    )
}

/// Whether a value survives the cast to `dtype`.
pub fn is_exact(value: Scalar, dtype: Dtype) -> bool {
    match (value, value.cast(dtype)) {
        (Scalar::Int(exact), Scalar::Int(cast)) => exact == cast,
        (Scalar::Int(exact), Scalar::Bool(_)) => exact == 0 || exact == 1,
        (Scalar::Int(exact), Scalar::Float(cast)) => exact == cast as i128,
        (value, cast) => value.to_f64() == cast.to_f64(),
    }
}

/// What is done with a node that the reference's grammar does not make.
pub fn foreign() -> ! {
    unreachable!("the reference's grammar makes no such node")
}
