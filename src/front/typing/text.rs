//! Strings: what a node does with them, which family they belong to, and how wide the results are.
//!
//! A string's dtype is its family, text or bytes. The variables in a string decide it; a string of
//! literals alone adapts to the strings that it meets, or else to what the surroundings say. The
//! strings that an operation combines are of one family.

use crate::dtype::{Dtype, Scalar};
use crate::front::error::{CompileError, Status};
use crate::front::lexer::Operator;
use crate::front::tree::{NodeId, NodeKind, TextLiteral, Tree};
use crate::ir::{Builder, CompareOp, ExprId, ExprKind, StringOp, StringTest, Type};
use crate::memory::TryGrow;
use crate::operation::numpy::{self, Function};
use crate::operation::{Builtin, Meaning, TextFn};

/// Bytes of one string beyond which no operation makes it wider than its operands are.
const MAX_ITEMSIZE: usize = 1 << 20;

/// A node that makes or tests strings.
#[derive(Clone, Copy, Debug)]
pub struct TextNode {
    pub operation: TextOperation,
    /// A string of literals alone, of either family.
    pub adapts: bool,
}

/// What the rules of strings ask of a typed node, and how they make one.
pub trait TextTyped: Copy {
    /// A node that takes or gives strings.
    fn of_text(dtype: Dtype, text: TextNode) -> Self;

    fn dtype(&self) -> Dtype;

    /// The value of a constant number.
    fn constant(&self) -> Option<Scalar>;

    /// Whether it is a string of literals alone, which can be of either family.
    fn adapts(&self) -> bool;
}

/// What a node does with strings. Operations with fewer operands repeat the first.
#[derive(Clone, Copy, Debug)]
pub enum TextOperation {
    Literal(TextLiteral),
    Map(StringOp, [NodeId; 3]),
    Test(StringTest, [NodeId; 2]),
    /// The first of two strings where the condition holds.
    Select(NodeId, [NodeId; 2]),
}

impl TextOperation {
    /// The operands that are strings.
    pub fn strings(&self) -> &[NodeId] {
        match self {
            TextOperation::Literal(_) => &[],
            TextOperation::Map(op, operands) => &operands[..op.arity()],
            TextOperation::Test(test, operands) => &operands[..test.arity()],
            TextOperation::Select(_, choices) => choices,
        }
    }
}

fn type_error(message: std::fmt::Arguments<'_>) -> CompileError {
    CompileError::new(Status::InvalidType, message)
}

/// Types a node that has to do with strings, given its typed operands; `None` for any other node.
///
/// Errors: −8 where a string stands in the place of a number or the reverse, and where text meets bytes.
pub fn infer<T: TextTyped>(tree: &Tree, typed: &[T], id: NodeId) -> Result<Option<T>, CompileError> {
    let Some(operation) = operation(tree, typed, id)? else { return Ok(None) };
    let family = join(typed, operation.strings())?;
    let dtype = match operation {
        TextOperation::Test(..) => Dtype::Bool,
        _ => family.unwrap_or(Dtype::String),
    };
    let text = TextNode { operation, adapts: dtype.is_string() && family.is_none() };
    Ok(Some(T::of_text(dtype, text)))
}

/// The family of strings that meet; `None` if all adapt.
pub fn join<T: TextTyped>(typed: &[T], strings: &[NodeId]) -> Result<Option<Dtype>, CompileError> {
    let mut family = None;
    for string in strings.iter().map(|id| typed[*id as usize]).filter(|string| !string.adapts()) {
        if family.is_some_and(|family| family != string.dtype()) {
            return Err(type_error(format_args!("text and bytes cannot be combined")));
        }
        family = Some(string.dtype());
    }
    Ok(family)
}

fn operation<T: TextTyped>(
    tree: &Tree,
    typed: &[T],
    id: NodeId,
) -> Result<Option<TextOperation>, CompileError> {
    let is_string = |id: NodeId| typed[id as usize].dtype().is_string();
    let mut takes_string = false;
    tree.for_each_operand(id, |operand| takes_string |= is_string(operand));
    match tree.node(id).kind {
        NodeKind::Text(literal) => Ok(Some(TextOperation::Literal(literal))),
        NodeKind::Builtin(row, list) if let Meaning::Text(function) = row.meaning => {
            call(tree, typed, row.name, function, tree.arguments(list)).map(Some)
        }
        NodeKind::Function(row, list, _) if let numpy::Meaning::Text(function) = row.meaning => {
            call(tree, typed, row.name, function, tree.arguments(list)).map(Some)
        }
        _ if !takes_string => Ok(None),
        NodeKind::Binary(operator, a, b) if is_string(a) && is_string(b) => binary(operator, a, b).map(Some),
        NodeKind::Binary(..) => Err(type_error(format_args!("a string and a number cannot be combined"))),
        NodeKind::Builtin(row, list) if row.meaning == Meaning::Where => {
            select(tree.arguments(list), is_string).map(Some)
        }
        NodeKind::Function(row, list, _) if row.meaning == numpy::Meaning::Where => {
            select(tree.arguments(list), is_string).map(Some)
        }
        NodeKind::Conditional { condition, yes, no } => select(&[condition, yes, no], is_string).map(Some),
        NodeKind::Builtin(&Builtin { name, .. }, _) | NodeKind::Function(&Function { name, .. }, ..) => {
            Err(type_error(format_args!("{name}() is not defined for strings")))
        }
        _ => Err(type_error(format_args!("this operation is not defined for strings"))),
    }
}

fn select(args: &[NodeId], is_string: impl Fn(NodeId) -> bool) -> Result<TextOperation, CompileError> {
    match *args {
        [condition, yes, no] if !is_string(condition) && is_string(yes) && is_string(no) => {
            Ok(TextOperation::Select(condition, [yes, no]))
        }
        _ => Err(type_error(format_args!("where() takes a condition, then two strings or two numbers"))),
    }
}

fn binary(operator: Operator, a: NodeId, b: NodeId) -> Result<TextOperation, CompileError> {
    let comparison = match operator {
        Operator::Add => return Ok(TextOperation::Map(StringOp::Concat, [a, b, a])),
        Operator::Eq => CompareOp::Eq,
        Operator::Ne => CompareOp::Ne,
        Operator::Lt => CompareOp::Lt,
        Operator::Le => CompareOp::Le,
        Operator::Gt => CompareOp::Gt,
        Operator::Ge => CompareOp::Ge,
        _ => return Err(type_error(format_args!("this operator is not defined for strings"))),
    };
    Ok(TextOperation::Test(StringTest::Compare(comparison), [a, b]))
}

/// A call of a string function, whose number of arguments the parser has checked.
fn call<T: TextTyped>(
    tree: &Tree,
    typed: &[T],
    name: &str,
    function: TextFn,
    args: &[NodeId],
) -> Result<TextOperation, CompileError> {
    let string = |index: usize| match args.get(index) {
        Some(&arg) if typed[arg as usize].dtype().is_string() => Ok(arg),
        _ => Err(type_error(format_args!("argument {} of {name}() must be a string", index + 1))),
    };
    let number = |index: usize| {
        let value = args.get(index).and_then(|arg| typed[*arg as usize].constant()).and_then(whole_number);
        value.ok_or_else(|| {
            type_error(format_args!("argument {} of {name}() must be a number literal", index + 1))
        })
    };
    let literal = |index: usize| match string(index).map(|arg| tree.node(arg).kind) {
        Ok(NodeKind::Text(literal)) if literal.count > 0 || index == 2 => Ok(args[index]),
        Ok(NodeKind::Text(_)) => Err(type_error(format_args!("{name}() cannot search for an empty string"))),
        _ => Err(type_error(format_args!("argument {} of {name}() must be a string literal", index + 1))),
    };
    let first = string(0)?;
    let of_one = |op| Ok(TextOperation::Map(op, [first; 3]));
    let of_two = |op| Ok(TextOperation::Map(op, [first, string(1)?, first]));
    let test = |test| Ok(TextOperation::Test(test, [first, string(1)?]));
    match function {
        TextFn::Contains => test(StringTest::Contains),
        TextFn::StartsWith => test(StringTest::StartsWith),
        TextFn::EndsWith => test(StringTest::EndsWith),
        TextFn::Lower => of_one(StringOp::Lower),
        TextFn::Upper => of_one(StringOp::Upper),
        TextFn::Strip => of_one(StringOp::Strip),
        TextFn::LStrip => of_one(StringOp::LeftStrip),
        TextFn::RStrip => of_one(StringOp::RightStrip),
        TextFn::RemovePrefix => of_two(StringOp::RemovePrefix),
        TextFn::RemoveSuffix => of_two(StringOp::RemoveSuffix),
        TextFn::SplitPart if number(2)? > 0 => of_two(StringOp::SplitAfter),
        TextFn::SplitPart => of_two(StringOp::SplitBefore),
        TextFn::Substr => of_one(StringOp::Substr { start: number(1)?, count: number(2)? }),
        TextFn::Replace => Ok(TextOperation::Map(StringOp::Replace, [first, literal(1)?, literal(2)?])),
    }
}

/// A real number truncated toward zero, and to the range of 64 bits.
fn whole_number(value: Scalar) -> Option<i64> {
    match value {
        Scalar::Bool(value) => Some(value.into()),
        Scalar::Int(value) => Some(value.clamp(i64::MIN.into(), i64::MAX.into()) as i64),
        Scalar::Float(value) => Some(value as i64),
        Scalar::Complex(_) => None,
    }
}

/// Refuses a reduction whose argument holds a string, be it only in a test.
pub fn check_reductions<T: TextTyped>(tree: &Tree, typed: &[T]) -> Result<(), CompileError> {
    let mut holds_string: Vec<bool> = Vec::try_filled(false, typed.len())?;
    for (id, node) in typed.iter().enumerate() {
        let mut below = false;
        tree.for_each_operand(id as NodeId, |operand| below |= holds_string[operand as usize]);
        match tree.node(id as NodeId).kind {
            kind if below && kind.is_reduction() => {
                let name = match kind {
                    NodeKind::Builtin(row, _) => row.name,
                    NodeKind::Function(row, ..) => row.name,
                    _ => unreachable!("reductions are calls"),
                };
                return Err(type_error(format_args!("{name}() is not defined for strings")));
            }
            _ => holds_string[id] = below || node.dtype().is_string(),
        }
    }
    Ok(())
}

/// The family in which a node wants its string operands, when its user wants `result` of it.
pub fn operand_family<T: TextTyped>(
    typed: &[T],
    node: TextNode,
    result: Dtype,
    literal_text: Dtype,
) -> Dtype {
    if result.is_string() {
        return result;
    }
    // Typing has refused operands of two families.
    join(typed, node.operation.strings()).ok().flatten().unwrap_or(literal_text)
}

/// Adds the expression of a node whose operands are `exprs`, all strings in `family`.
///
/// Errors: −8 for a literal that bytes cannot hold, and for a result that could be wider than [`MAX_ITEMSIZE`].
pub fn emit(
    builder: &mut Builder,
    tree: &Tree,
    operation: TextOperation,
    exprs: &[ExprId],
    family: Dtype,
) -> Result<ExprId, CompileError> {
    let expr = |id: NodeId| exprs[id as usize];
    match operation {
        TextOperation::Literal(literal) if family == Dtype::Bytes && !literal.fits_bytes => {
            Err(type_error(format_args!("a string literal combined with bytes must be ASCII")))
        }
        TextOperation::Literal(literal) => Ok(builder.text(tree.text(literal), family)?),
        TextOperation::Test(test, operands) => {
            Ok(builder.add(ExprKind::StringTest(test, operands.map(expr)), Dtype::Bool.into())?)
        }
        TextOperation::Select(condition, choices) => {
            let condition = builder.cast(expr(condition), Dtype::Bool)?;
            let [yes, no] = choices.map(expr);
            let itemsize =
                [yes, no].map(|id| builder.graph.expr(id).ty.itemsize).into_iter().max().unwrap_or(0);
            Ok(builder.add(ExprKind::Select { condition, yes, no }, Type { dtype: family, itemsize })?)
        }
        TextOperation::Map(op, operands) => {
            let mut widths = operands.map(|id| width(builder, expr(id)));
            if let (StringOp::Replace, NodeKind::Text(new)) = (op, tree.node(operands[2]).kind) {
                widths[2] = new.count as usize;
            }
            let itemsize = op.width(widths).and_then(|width| width.checked_mul(family.size()));
            let widest = operands.iter().map(|id| builder.graph.expr(expr(*id)).ty.itemsize).max();
            let limit = MAX_ITEMSIZE.max(widest.unwrap_or(0));
            let itemsize = itemsize.filter(|itemsize| *itemsize <= limit).ok_or_else(|| {
                let limit = MAX_ITEMSIZE >> 20;
                type_error(format_args!(
                    "the result could be wider than {limit} MiB, the limit of what an operation makes"
                ))
            })?;
            Ok(builder.add(ExprKind::String(op, operands.map(expr)), Type { dtype: family, itemsize })?)
        }
    }
}

/// Width in code units.
fn width(builder: &Builder, id: ExprId) -> usize {
    let Type { dtype, itemsize } = builder.graph.expr(id).ty;
    itemsize / dtype.size()
}
