//! The typed program between the text and every engine.
//!
//! A [`Kernel`] is a [`Graph`] of typed expressions and a body of structured statements. A plain
//! expression is a kernel whose body is one `return`. Every cast is a node, every node knows its
//! type, and an operand's handle is always smaller than the handle of the node that uses it, so a
//! pass over the arena in order needs no recursion. A node may have several users (it is a graph).

mod axes;
mod builder;
mod dump;
mod graph;
mod host;
mod op;
mod stmt;
mod string;
mod validate;
mod visit;

use crate::dtype::{Dtype, Scalar};

pub use axes::{Axes, AxesError};
pub use builder::Builder;
pub use graph::{Expr, Graph, Operands, Tables};
pub use host::UserFunction;
pub use op::{BinaryOp, CompareOp, MathFn, ReduceOp, UnaryOp, WHOLE_POWERS};
pub use stmt::{Block, Branch, Print, SourcePlace, Stmt, always_returns};
pub use string::{StringOp, StringTest};
pub use validate::Invalid;
pub use visit::{any_in, find_in, for_each_in};

/// Handle of an expression in [`Graph::exprs`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ExprId(pub u32);

impl ExprId {
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// Index of an input in [`Kernel::params`].
pub type ParamId = u32;
/// Index of a local in [`Kernel::locals`].
pub type LocalId = u32;
/// Index of a user function in [`Tables::functions`].
pub type FunctionId = u32;
/// Index of the axes of a reduction in [`Tables::axes`].
pub type AxesId = u32;

/// Element type with its width, which for strings is not implied by the dtype.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Type {
    pub dtype: Dtype,
    /// Bytes of one element.
    pub itemsize: usize,
}

impl Type {
    /// Whether the items consist of whole code units, at least one; true of every numeric type.
    pub fn has_whole_units(self) -> bool {
        self.itemsize > 0 && self.itemsize.is_multiple_of(self.dtype.size())
    }
}

impl From<Dtype> for Type {
    /// The type of a numeric dtype.
    fn from(dtype: Dtype) -> Type {
        Type { dtype, itemsize: dtype.size() }
    }
}

/// Half-open byte range in the source text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Span {
    pub start: u32,
    pub end: u32,
}

impl Span {
    /// The same range as indices.
    pub fn range(self) -> std::ops::Range<usize> {
        self.start as usize..self.end as usize
    }
}

/// What an expression computes.
#[derive(Clone, Copy, Debug, PartialEq, Hash)]
pub enum ExprKind {
    /// A value of the expression's dtype.
    Constant(Scalar),
    /// Input array.
    Param(ParamId),
    /// Local variable of a kernel.
    Local(LocalId),
    /// Position of the item, or extent of the array.
    Index(IndexSymbol),
    /// Conversion of the operand to the expression's dtype.
    Cast(ExprId),
    Unary(UnaryOp, ExprId),
    Binary(BinaryOp, ExprId, ExprId),
    /// Operands of one dtype, result bool.
    Compare(CompareOp, ExprId, ExprId),
    /// `yes` where the bool `condition` holds, else `no`.
    Select {
        condition: ExprId,
        yes: ExprId,
        no: ExprId,
    },
    /// a·b + c with one rounding.
    Fma(ExprId, ExprId, ExprId),
    /// User function: float64 arguments `args.0 .. args.0 + args.1` of [`Graph::args`], float64
    /// result.
    Call {
        function: FunctionId,
        args: (u32, u32),
    },
    /// All items to one value; with axes, the items along these to one value each time.
    Reduce(ReduceOp, ExprId, Option<AxesId>),
    /// A string: the bytes of its slot, which lie at this offset of [`Tables::texts`].
    Text(u32),
    /// Operands of one string dtype and any widths; an operation with fewer repeats the first.
    String(StringOp, [ExprId; 3]),
    /// Operands of one string dtype and any widths, result bool; a test of one repeats it.
    StringTest(StringTest, [ExprId; 2]),
}

impl ExprKind {
    /// The same operation on other operands; the argument list of a call stays.
    pub fn with_operands(self, map: impl Fn(ExprId) -> ExprId) -> ExprKind {
        match self {
            ExprKind::Constant(_)
            | ExprKind::Text(_)
            | ExprKind::Param(_)
            | ExprKind::Local(_)
            | ExprKind::Index(_)
            | ExprKind::Call { .. } => self,
            ExprKind::String(op, operands) => ExprKind::String(op, operands.map(map)),
            ExprKind::StringTest(test, operands) => ExprKind::StringTest(test, operands.map(map)),
            ExprKind::Cast(a) => ExprKind::Cast(map(a)),
            ExprKind::Unary(op, a) => ExprKind::Unary(op, map(a)),
            ExprKind::Reduce(op, a, axes) => ExprKind::Reduce(op, map(a), axes),
            ExprKind::Binary(op, a, b) => ExprKind::Binary(op, map(a), map(b)),
            ExprKind::Compare(op, a, b) => ExprKind::Compare(op, map(a), map(b)),
            ExprKind::Fma(a, b, c) => ExprKind::Fma(map(a), map(b), map(c)),
            ExprKind::Select { condition, yes, no } => {
                ExprKind::Select { condition: map(condition), yes: map(yes), no: map(no) }
            }
        }
    }
}

/// Symbols that tell where an item lies; all int64.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum IndexSymbol {
    /// `_i<d>`: coordinate in dimension d.
    Coordinate(u8),
    /// `_n<d>`: extent of dimension d.
    Extent(u8),
    /// `_ndim`: number of dimensions.
    Ndim,
    /// `_flat_idx`: C-order index in the whole array.
    Flat,
}

impl IndexSymbol {
    /// Whether the symbol has one value for all items.
    pub fn is_uniform(self) -> bool {
        matches!(self, IndexSymbol::Extent(_) | IndexSymbol::Ndim)
    }
}

/// One input array.
#[derive(Clone, Debug, Hash)]
pub struct Param {
    pub name: Vec<u8>,
    pub ty: Type,
}

/// One local variable.
#[derive(Clone, Debug, Hash)]
pub struct Local {
    pub name: Vec<u8>,
    pub ty: Type,
}

/// A function of the host, called once per item with float64 arguments.
#[derive(Clone, Debug, Hash)]
pub struct Function {
    pub name: Vec<u8>,
    pub target: UserFunction,
}

/// `# me:fp=`: what a compiled engine may do with floating-point operations.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum FpMode {
    /// Each operation rounds by itself.
    #[default]
    Strict,
    /// A product and a sum may round once.
    Contract,
    /// Operations may be reassociated.
    Fast,
}

/// `# me:compiler=`: the engine that a kernel asks for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Compiler {
    /// A code generator in this process.
    #[default]
    InProcess,
    /// The system's C compiler.
    System,
}

impl Compiler {
    pub const ALL: [Compiler; 2] = [Compiler::InProcess, Compiler::System];

    /// What kernels call it, which is also what the trace does.
    pub fn name(self) -> &'static str {
        match self {
            Compiler::InProcess => "tcc",
            Compiler::System => "cc",
        }
    }
}

/// A typed program.
#[derive(Clone, Debug, Hash)]
pub struct Kernel {
    /// Inputs in the order in which evaluation receives them.
    pub params: Vec<Param>,
    pub locals: Vec<Local>,
    pub graph: Graph,
    pub tables: Tables,
    pub body: Block,
    /// How compiled engines may treat floating-point operations.
    pub fp_mode: FpMode,
    /// Which compiled engine the source asks for.
    pub compiler: Compiler,
    pub output: Type,
    /// Whether a value that is made of reductions alone, such as `sum(a) + 1`, is one item, as in NumPy, rather than
    /// one for each item of the inputs.
    pub collapses: bool,
}

impl Kernel {
    /// Whether a reduction names axes. Engines, which see items without a shape, cannot run such a kernel; the passes
    /// that it is split into can be run.
    pub fn has_axes(&self) -> bool {
        !self.tables.axes.is_empty()
    }

    /// A kernel without inputs and statements.
    pub fn empty() -> Kernel {
        Kernel {
            params: Vec::new(),
            locals: Vec::new(),
            graph: Graph::default(),
            tables: Tables::default(),
            body: Vec::new(),
            fp_mode: FpMode::Strict,
            compiler: Compiler::InProcess,
            output: Dtype::Float64.into(),
            collapses: false,
        }
    }
}
