//! Random expressions that are well formed, so that the fuzzer gets past the parser.

use arbitrary::Arbitrary;

use crate::data::{BINARY, pick};

/// A node of an expression over `x`, `y`, `z` and `w`.
#[derive(Arbitrary)]
pub enum Node {
    Variable(u8),
    Integer(u64),
    SmallInteger(i8),
    Float(f64),
    Unary(u8, Box<Node>),
    Binary(u8, Box<Node>, Box<Node>),
    Call1(u8, Box<Node>),
    Call2(u8, Box<Node>, Box<Node>),
    Call3(bool, Box<Node>, Box<Node>, Box<Node>),
}

const VARIABLES: [&str; 4] = ["x", "y", "z", "w"];
const UNARY: [&str; 5] = ["-", "+", "~", "!", "not "];
const ONE_ARGUMENT: [&str; 42] = [
    "abs", "acos", "acosh", "asin", "asinh", "atan", "atanh", "cbrt", "ceil", "conj", "cos", "cosh", "cospi",
    "erf", "erfc", "exp", "exp10", "exp2", "expm1", "fac", "floor", "imag", "lgamma", "log", "log10",
    "log1p", "log2", "real", "rint", "round", "sign", "sin", "sinh", "sinpi", "sqrt", "square", "tan",
    "tanh", "tgamma", "trunc", "ln", "arctan",
];
const TWO_ARGUMENTS: [&str; 14] = [
    "atan2",
    "copysign",
    "fdim",
    "fmax",
    "fmin",
    "fmod",
    "hypot",
    "ldexp",
    "logaddexp",
    "ncr",
    "nextafter",
    "npr",
    "pow",
    "remainder",
];

impl Node {
    /// Appends the text of this node, in parentheses where it is an operation.
    pub fn write(&self, text: &mut String) {
        match self {
            Node::Variable(index) => text.push_str(pick(&VARIABLES, *index)),
            Node::Integer(value) => text.push_str(&value.to_string()),
            Node::SmallInteger(value) => text.push_str(&value.to_string()),
            Node::Float(value) if value.is_finite() => text.push_str(&format!("{:?}", value.abs())),
            Node::Float(_) => text.push_str("1e999"),
            Node::Unary(op, operand) => call(text, pick(&UNARY, *op), &[operand]),
            Node::Binary(op, left, right) => {
                text.push('(');
                left.write(text);
                text.push_str(pick(&BINARY, *op));
                right.write(text);
                text.push(')');
            }
            Node::Call1(name, argument) => call(text, pick(&ONE_ARGUMENT, *name), &[argument]),
            Node::Call2(name, a, b) => call(text, pick(&TWO_ARGUMENTS, *name), &[a, b]),
            Node::Call3(fused, a, b, c) => call(text, if *fused { "fma" } else { "where" }, &[a, b, c]),
        }
    }
}

/// Appends `(name(arguments))`.
fn call(text: &mut String, name: &str, arguments: &[&Node]) {
    text.push('(');
    text.push_str(name);
    for (index, argument) in arguments.iter().enumerate() {
        text.push(if index == 0 { '(' } else { ',' });
        argument.write(text);
    }
    text.push_str("))");
}
