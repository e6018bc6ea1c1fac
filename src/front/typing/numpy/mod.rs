//! The rules of NumPy 2.
//!
//! Every node has a dtype of its own that depends on its operands alone. Python's numbers are *weak*: they take
//! the dtype of what they meet (NEP 50), and among themselves they are folded by Python's rules. The variable of a
//! loop, and a local of a kernel that only ever has such values, is weak too.
//!
//! *Typing* runs from operands to users and finds for each node the dtype of its operands and that of its result;
//! *emission* runs the same way and adds the expressions.

pub mod constant;
pub mod emit;
pub mod infer;
mod promote;
pub mod ufunc;

#[cfg(test)]
mod tests;

use crate::dtype::{Dtype, Scalar};
use crate::front::dialect::Dialect;
use crate::front::error::{CompileError, Status};
use crate::front::scope::Scope;
use crate::front::tree::{NodeId, Tree};
use crate::front::typing::text::{TextNode, TextTyped};
use crate::ir::{Builder, ExprId};

pub use promote::promote;

/// A number of Python, by its kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Weak {
    Bool,
    Int,
    Float,
    Complex,
}

impl Weak {
    /// The dtype of such a number where nothing says another.
    pub fn dtype(self) -> Dtype {
        match self {
            Weak::Bool => Dtype::Bool,
            Weak::Int => Dtype::Int64,
            Weak::Float => Dtype::Float64,
            Weak::Complex => Dtype::Complex128,
        }
    }

    /// The kind of the numbers of a dtype.
    pub fn of(dtype: Dtype) -> Weak {
        match dtype {
            Dtype::Bool => Weak::Bool,
            Dtype::Float32 | Dtype::Float64 => Weak::Float,
            Dtype::Complex64 | Dtype::Complex128 => Weak::Complex,
            _ => Weak::Int,
        }
    }
}

/// What is known of the values of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Strong(Dtype),
    Weak(Weak),
}

impl Kind {
    /// The dtype of the values.
    pub fn dtype(self) -> Dtype {
        match self {
            Kind::Strong(dtype) => dtype,
            Kind::Weak(weak) => weak.dtype(),
        }
    }

    /// The kind of values of this kind, and of integers of Python within a range.
    pub fn with_room_for(self, (least, greatest): (i128, i128)) -> Kind {
        match self {
            Kind::Strong(dtype)
                if dtype.is_integer() && !(ufunc::holds(least, dtype) && ufunc::holds(greatest, dtype)) =>
            {
                Kind::Strong(promote(dtype, Dtype::Int64))
            }
            kind => kind,
        }
    }

    /// What values of both kinds have in common: the kind of a local that takes them.
    pub fn join(self, other: Kind) -> Kind {
        match (self, other) {
            (Kind::Weak(a), Kind::Weak(b)) => Kind::Weak(a.max(b)),
            _ => Kind::Strong(promote::common([self, other])),
        }
    }
}

/// What is known of a node once its operands are.
#[derive(Clone, Copy, Debug)]
pub struct Typed {
    pub kind: Kind,
    /// The dtype in which the operands are wanted, where all are wanted in one.
    pub work: Dtype,
    /// The value of a number that Python knows.
    pub constant: Option<Scalar>,
    /// What the node does with strings; `None` for nodes that take and give numbers, and for variables.
    pub text: Option<TextNode>,
}

impl Typed {
    pub fn strong(work: Dtype, dtype: Dtype) -> Typed {
        Typed { kind: Kind::Strong(dtype), work, constant: None, text: None }
    }

    fn constant(value: Scalar) -> Typed {
        let weak = match value {
            Scalar::Bool(_) => Weak::Bool,
            Scalar::Int(_) => Weak::Int,
            Scalar::Float(_) => Weak::Float,
            Scalar::Complex(_) => Weak::Complex,
        };
        Typed { kind: Kind::Weak(weak), work: weak.dtype(), constant: Some(value), text: None }
    }
}

impl TextTyped for Typed {
    fn of_text(dtype: Dtype, text: TextNode) -> Typed {
        Typed { text: Some(text), ..Typed::strong(dtype, dtype) }
    }

    fn dtype(&self) -> Dtype {
        self.kind.dtype()
    }

    fn constant(&self) -> Option<Scalar> {
        self.constant
    }

    fn adapts(&self) -> bool {
        self.text.is_some_and(|text| text.adapts)
    }
}

/// A tree whose nodes have their dtypes.
pub struct TypedTree<'a> {
    pub scope: &'a Scope<'a>,
    pub tree: &'a Tree,
    pub nodes: Vec<Typed>,
    /// Whose rules gave them: some operations mean different things.
    pub dialect: Dialect,
    /// What emits `a ** b`.
    pub power: Power,
}

/// Adds a power of two nodes that meet in a dtype.
pub type Power = fn(&mut emit::Emitter<'_>, NodeId, NodeId, Dtype) -> Result<ExprId, CompileError>;

/// Types all nodes of `tree`.
pub fn infer<'a>(scope: &'a Scope<'a>, tree: &'a Tree) -> Result<TypedTree<'a>, CompileError> {
    let nodes = infer::infer(scope, tree)?;
    Ok(TypedTree {
        scope,
        tree,
        nodes,
        dialect: Dialect::NumPy,
        power: |emitter, a, b, work| emitter.power(a, b, work),
    })
}

impl TypedTree<'_> {
    /// The kind of the whole expression.
    pub fn kind(&self) -> Kind {
        self.nodes[self.tree.root() as usize].kind
    }

    /// The least and the greatest value that the whole expression has as an integer of Python; zeros if it is
    /// something else.
    pub fn range(&self) -> (i128, i128) {
        let root = self.nodes[self.tree.root() as usize];
        match (root.kind, root.constant) {
            (Kind::Weak(Weak::Int), Some(Scalar::Int(value))) => (value.min(0), value.max(0)),
            (Kind::Weak(Weak::Int), _) => (i64::MIN.into(), i64::MAX.into()),
            _ => (0, 0),
        }
    }

    /// Adds the whole expression, in its own dtype.
    pub fn emit(self, builder: &mut Builder) -> Result<ExprId, CompileError> {
        emit::emit(builder, &self)
    }
}

pub fn type_error(message: std::fmt::Arguments<'_>) -> CompileError {
    CompileError::new(Status::InvalidType, message)
}

/// `error` about an operator that numbers do not have, with a hint for `^`, which is a power elsewhere.
pub fn about_power(error: CompileError, symbol: &str) -> CompileError {
    match symbol {
        "^" => {
            error.with_hint(format_args!("write 'x ** y' for a power: '^' is the exclusive or of integers"))
        }
        _ => error,
    }
}
