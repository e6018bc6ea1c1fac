//! A second evaluator of typed kernels: one item at a time, one scalar operation after the other.
//!
//! It covers the numeric dtypes that are not complex, and what does not look at several items.

use std::ops::{Add, Div, Mul, Rem, Sub};

use miniexpr::internals::dtype::{Dtype, Scalar};
use miniexpr::internals::ir::{
    BinaryOp, CompareOp, ExprId, ExprKind, IndexSymbol, Kernel, LocalId, MathFn, Stmt, UnaryOp,
};

/// The item at hand of a flat array.
pub struct Item<'a> {
    pub inputs: &'a [Scalar],
    pub index: i64,
    pub count: i64,
}

/// The value that `kernel` returns for one item, in the output's dtype.
pub fn evaluate(kernel: &Kernel, item: Item<'_>) -> Scalar {
    let locals = kernel.locals.iter().map(|local| Scalar::Int(0).cast(local.ty.dtype)).collect();
    let mut machine = Machine { kernel, item, locals };
    match machine.block(&kernel.body) {
        Flow::Return(value) => value,
        _ => panic!("the kernel ends without a value"),
    }
}

enum Flow {
    Next,
    Break,
    Continue,
    Return(Scalar),
}

struct Machine<'a> {
    kernel: &'a Kernel,
    item: Item<'a>,
    locals: Vec<Scalar>,
}

impl Machine<'_> {
    fn block(&mut self, statements: &[Stmt]) -> Flow {
        for statement in statements {
            match self.statement(statement) {
                Flow::Next => {}
                other => return other,
            }
        }
        Flow::Next
    }

    fn statement(&mut self, statement: &Stmt) -> Flow {
        match statement {
            Stmt::Assign { local, value } => {
                self.set(*local, self.value(*value));
                Flow::Next
            }
            Stmt::Return(value) => Flow::Return(self.value(*value)),
            Stmt::If { branches, otherwise } => {
                for branch in branches {
                    if self.value(branch.condition).is_true() {
                        return self.block(&branch.body);
                    }
                }
                self.block(otherwise)
            }
            Stmt::While { condition, body, .. } => {
                while self.value(*condition).is_true() {
                    match self.block(body) {
                        Flow::Break => break,
                        Flow::Return(value) => return Flow::Return(value),
                        Flow::Next | Flow::Continue => {}
                    }
                }
                Flow::Next
            }
            Stmt::For { variable, start, stop, step, body } => {
                self.counted_loop(*variable, [*start, *stop, *step], body)
            }
            Stmt::Break => Flow::Break,
            Stmt::Continue => Flow::Continue,
            Stmt::Print(_) => Flow::Next,
        }
    }

    fn counted_loop(&mut self, variable: LocalId, bounds: [ExprId; 3], body: &[Stmt]) -> Flow {
        let [mut value, stop, step] = bounds.map(|bound| integer(self.value(bound)));
        while if step > 0 { value < stop } else { value > stop } {
            self.set(variable, Scalar::Int(value));
            match self.block(body) {
                Flow::Break => break,
                Flow::Return(value) => return Flow::Return(value),
                Flow::Next | Flow::Continue => {}
            }
            value += step;
            if i64::try_from(value).is_err() {
                break;
            }
        }
        Flow::Next
    }

    fn set(&mut self, local: LocalId, value: Scalar) {
        self.locals[local as usize] = value;
    }

    fn value(&self, id: ExprId) -> Scalar {
        let expr = self.kernel.graph.expr(id);
        let dtype = expr.ty.dtype;
        match expr.kind {
            ExprKind::Constant(value) => value,
            ExprKind::Param(index) => self.item.inputs[index as usize],
            ExprKind::Local(local) => self.locals[local as usize],
            ExprKind::Index(symbol) => Scalar::Int(i128::from(match symbol {
                IndexSymbol::Coordinate(0) | IndexSymbol::Flat => self.item.index,
                IndexSymbol::Coordinate(_) => 0,
                IndexSymbol::Extent(0) => self.item.count,
                IndexSymbol::Extent(_) | IndexSymbol::Ndim => 1,
            })),
            ExprKind::Cast(a) => self.value(a).cast(dtype),
            ExprKind::Unary(op, a) => unary(op, self.value(a), dtype),
            ExprKind::Binary(op, a, b) => binary(op, self.value(a), self.value(b), dtype),
            ExprKind::Compare(op, a, b) => Scalar::Bool(compare(op, self.value(a), self.value(b))),
            ExprKind::Select { condition, yes, no } => {
                self.value(if self.value(condition).is_true() { yes } else { no })
            }
            other => panic!("{other:?} is not of this model"),
        }
    }
}

fn integer(value: Scalar) -> i128 {
    match value {
        Scalar::Bool(value) => i128::from(value),
        Scalar::Int(value) => value,
        other => panic!("{other:?} is no integer"),
    }
}

fn unary(op: UnaryOp, value: Scalar, dtype: Dtype) -> Scalar {
    match value {
        Scalar::Float(x) => Scalar::Float(match op {
            UnaryOp::Neg => -x,
            UnaryOp::Abs => x.abs(),
            UnaryOp::Floor => x.floor(),
            UnaryOp::Math(MathFn::Sqrt) => x.sqrt(),
            other => panic!("{other:?} is not of this model"),
        })
        .cast(dtype),
        Scalar::Bool(x) if op == UnaryOp::BitNot => Scalar::Bool(!x),
        Scalar::Bool(_) => value,
        _ => {
            let x = integer(value);
            Scalar::Int(match op {
                UnaryOp::Neg => -x,
                UnaryOp::Abs => x.abs(),
                UnaryOp::BitNot => !x,
                UnaryOp::Floor => x,
                other => panic!("{other:?} is not of this model"),
            })
            .cast(dtype)
        }
    }
}

fn binary(op: BinaryOp, left: Scalar, right: Scalar, dtype: Dtype) -> Scalar {
    use BinaryOp::{BitAnd, BitOr, BitXor, Shl, Shr};
    match (left, right) {
        (Scalar::Float(_), Scalar::Float(_)) if matches!(op, BitAnd | BitOr | BitXor | Shl | Shr) => {
            let [a, b] = [left, right].map(|value| integer(value.cast(Dtype::Int64)));
            Scalar::Int(whole(op, a, b, Dtype::Int64)).cast(Dtype::Int64).cast(dtype)
        }
        (Scalar::Float(a), Scalar::Float(b)) if dtype == Dtype::Float32 => {
            Scalar::Float(f64::from(float(op, a as f32, b as f32)))
        }
        (Scalar::Float(a), Scalar::Float(b)) => Scalar::Float(float(op, a, b)),
        _ => Scalar::Int(whole(op, integer(left), integer(right), dtype)).cast(dtype),
    }
}

fn float<T>(op: BinaryOp, a: T, b: T) -> T
where
    T: Add<Output = T> + Sub<Output = T> + Mul<Output = T> + Div<Output = T> + Rem<Output = T>,
{
    match op {
        BinaryOp::Add => a + b,
        BinaryOp::Sub => a - b,
        BinaryOp::Mul => a * b,
        BinaryOp::Div => a / b,
        BinaryOp::Rem => a % b,
        other => panic!("{other:?} is not of this model"),
    }
}

/// Exact, before it wraps to the dtype.
fn whole(op: BinaryOp, a: i128, b: i128, dtype: Dtype) -> i128 {
    let bits = 8 * dtype.size() as i128;
    match op {
        BinaryOp::Add => a + b,
        BinaryOp::Sub => a - b,
        BinaryOp::Mul => a.wrapping_mul(b),
        BinaryOp::Div | BinaryOp::Rem if b == 0 => 0,
        BinaryOp::Div => a / b,
        BinaryOp::Rem => a % b,
        BinaryOp::BitAnd => a & b,
        BinaryOp::BitOr => a | b,
        BinaryOp::BitXor => a ^ b,
        BinaryOp::Shl if (0..bits).contains(&b) => a << b,
        BinaryOp::Shl => 0,
        BinaryOp::Shr if (0..bits).contains(&b) => a >> b,
        BinaryOp::Shr => -i128::from(a < 0),
        other => panic!("{other:?} is not of this model"),
    }
}

fn compare(op: CompareOp, left: Scalar, right: Scalar) -> bool {
    let order = match (left, right) {
        (Scalar::Float(a), Scalar::Float(b)) => a.partial_cmp(&b),
        _ => Some(integer(left).cmp(&integer(right))),
    };
    match op {
        CompareOp::Eq => order.is_some_and(|order| order.is_eq()),
        CompareOp::Ne => order.is_none_or(|order| order.is_ne()),
        CompareOp::Lt => order.is_some_and(|order| order.is_lt()),
        CompareOp::Le => order.is_some_and(|order| order.is_le()),
        CompareOp::Gt => order.is_some_and(|order| order.is_gt()),
        CompareOp::Ge => order.is_some_and(|order| order.is_ge()),
    }
}
