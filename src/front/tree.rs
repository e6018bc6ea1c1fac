//! The syntax tree: an arena whose nodes follow their operands.

use super::lexer::Operator;
use super::number::Literal;
use super::text;
use crate::dtype::Dtype;
use crate::ir::{IndexSymbol, Span};
use crate::memory::{OutOfMemory, TryGrow};
use crate::operation::{Builtin, Meaning, numpy};

/// Handle of a node; the operands of a node have smaller handles.
pub type NodeId = u32;

/// What a text says, with names resolved.
#[derive(Debug, Default)]
pub struct Tree {
    pub nodes: Vec<Node>,
    /// Argument lists of calls.
    pub args: Vec<NodeId>,
    /// Code points of string literals.
    pub code_points: Vec<u32>,
    /// What calls say beside their operands.
    pub options: Vec<Options>,
}

/// What a call of a NumPy function says beside its operands.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Options {
    /// The axes of a reduction, as written; `None` for all.
    pub axes: Option<Vec<i64>>,
    pub keepdims: bool,
    pub dtype: Option<Dtype>,
    pub ddof: f64,
    pub decimals: i64,
}

#[derive(Clone, Copy, Debug)]
pub struct Node {
    pub kind: NodeKind,
    pub span: Span,
}

#[derive(Clone, Copy, Debug)]
pub enum NodeKind {
    Number(Literal),
    /// A string literal; the node's span covers its quotes.
    Text(TextLiteral),
    /// Index of a variable of the scope.
    Variable(u32),
    /// An index symbol of a kernel.
    Index(IndexSymbol),
    /// Unary minus.
    Negate(NodeId),
    /// `~`.
    Invert(NodeId),
    /// `not`, `!`.
    Not(NodeId),
    /// An operator between two operands; `Invert` and `Not` do not occur.
    Binary(Operator, NodeId, NodeId),
    /// The comma operator: the value of the last.
    Comma(NodeId, NodeId),
    /// A builtin with its arguments in [`Tree::args`].
    Builtin(&'static Builtin, ArgList),
    /// A host function of the scope, with its arguments in [`Tree::args`].
    Call(u32, ArgList),
    /// `int(…)`, `float(…)`, `bool(…)` of a kernel.
    Cast(CastTo, NodeId),
    /// Unary plus, which only Python's grammar keeps.
    Plus(NodeId),
    /// `yes if condition else no`.
    Conditional {
        condition: NodeId,
        yes: NodeId,
        no: NodeId,
    },
    /// A function of the NumPy dialect with its operands in [`Tree::args`] and the index of what else the call
    /// says in [`Tree::options`].
    Function(&'static numpy::Function, ArgList, u32),
    /// `a.astype(dtype)`.
    AsType(Dtype, NodeId),
}

impl NodeKind {
    /// Whether the node gives one value for all items.
    pub fn is_reduction(self) -> bool {
        match self {
            NodeKind::Builtin(row, _) => matches!(row.meaning, Meaning::Reduce(_)),
            NodeKind::Function(function, ..) => matches!(function.meaning, numpy::Meaning::Reduce(_)),
            _ => false,
        }
    }
}

/// The cast intrinsics of kernels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CastTo {
    Int,
    Float,
    Bool,
}

/// A range of [`Tree::code_points`].
#[derive(Clone, Copy, Debug)]
pub struct TextLiteral {
    pub start: u32,
    pub count: u32,
    /// Whether each code point stands for one byte in an expression on bytes.
    pub fits_bytes: bool,
}

/// A range of [`Tree::args`].
#[derive(Clone, Copy, Debug)]
pub struct ArgList {
    pub start: u32,
    pub count: u32,
}

impl Tree {
    pub fn push(&mut self, kind: NodeKind, span: Span) -> Result<NodeId, OutOfMemory> {
        let id = u32::try_from(self.nodes.len()).map_err(|_| OutOfMemory)?;
        self.nodes.try_push(Node { kind, span })?;
        Ok(id)
    }

    pub fn push_args(&mut self, args: &[NodeId]) -> Result<ArgList, OutOfMemory> {
        let start = u32::try_from(self.args.len()).map_err(|_| OutOfMemory)?;
        self.args.try_extend(args)?;
        Ok(ArgList { start, count: args.len() as u32 })
    }

    pub fn push_options(&mut self, options: Options) -> Result<u32, OutOfMemory> {
        let index = u32::try_from(self.options.len()).map_err(|_| OutOfMemory)?;
        self.options.try_push(options)?;
        Ok(index)
    }

    /// Stores the code points of the string literal `source`; `is_bytes` says that it has the prefix `b`.
    pub fn push_text(&mut self, source: &[u8], is_bytes: bool) -> Result<TextLiteral, OutOfMemory> {
        let start = u32::try_from(self.code_points.len()).map_err(|_| OutOfMemory)?;
        let mut literal = TextLiteral { start, count: 0, fits_bytes: true };
        for character in text::characters(source) {
            self.code_points.try_push(character.code)?;
            literal.count += 1;
            literal.fits_bytes &= character.code < 0x80 || is_bytes && character.is_byte;
        }
        Ok(literal)
    }

    /// The code points of a string literal.
    pub fn text(&self, literal: TextLiteral) -> &[u32] {
        &self.code_points[literal.start as usize..(literal.start + literal.count) as usize]
    }

    pub fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id as usize]
    }

    pub fn arguments(&self, list: ArgList) -> &[NodeId] {
        &self.args[list.start as usize..(list.start + list.count) as usize]
    }

    /// `a + -1` and `-1 + a` are `a - 1`: the literal keeps the dtype that it has without the minus.
    pub fn sum(&self, left: NodeId, right: NodeId) -> NodeKind {
        if let Some(literal) = self.negated_literal(right) {
            NodeKind::Binary(Operator::Sub, left, literal)
        } else if let Some(literal) = self.negated_literal(left) {
            NodeKind::Binary(Operator::Sub, right, literal)
        } else {
            NodeKind::Binary(Operator::Add, left, right)
        }
    }

    fn negated_literal(&self, node: NodeId) -> Option<NodeId> {
        match self.node(node).kind {
            NodeKind::Negate(operand) if matches!(self.node(operand).kind, NodeKind::Number(_)) => {
                Some(operand)
            }
            _ => None,
        }
    }

    /// The last node: the whole expression.
    pub fn root(&self) -> NodeId {
        self.nodes.len() as u32 - 1
    }

    /// Calls `visit` with each operand of `id`, in order.
    pub fn for_each_operand(&self, id: NodeId, mut visit: impl FnMut(NodeId)) {
        match self.node(id).kind {
            NodeKind::Number(_) | NodeKind::Text(_) | NodeKind::Variable(_) | NodeKind::Index(_) => {}
            NodeKind::Negate(a)
            | NodeKind::Invert(a)
            | NodeKind::Not(a)
            | NodeKind::Cast(_, a)
            | NodeKind::Plus(a)
            | NodeKind::AsType(_, a) => visit(a),
            NodeKind::Conditional { condition, yes, no } => [condition, yes, no].into_iter().for_each(visit),
            NodeKind::Binary(_, a, b) | NodeKind::Comma(a, b) => {
                visit(a);
                visit(b);
            }
            NodeKind::Builtin(_, list) | NodeKind::Call(_, list) | NodeKind::Function(_, list, _) => {
                self.arguments(list).iter().for_each(|argument| visit(*argument));
            }
        }
    }
}
