//! Kernels for the tests of other rooms.

use super::{Dialect, Entry, EntryKind, Language, Lifting};
use crate::dtype::{Dtype, Scalar};
use crate::ir::{BinaryOp, Builder, ExprId, ExprKind, Kernel, Param, Stmt, Type, UnaryOp};

/// Entries for variables of numeric dtypes.
pub fn entries<'a>(variables: &[(&'a str, Dtype)]) -> Vec<Entry<'a>> {
    let entry = |&(name, dtype): &(&'a str, Dtype)| Entry {
        name: name.as_bytes(),
        dtype: Some(dtype),
        itemsize: 0,
        kind: EntryKind::Variable,
    };
    variables.iter().map(entry).collect()
}

/// The typed kernel of a text over `variables`.
pub fn compile(text: &str, variables: &[(&str, Dtype)]) -> Kernel {
    compile_entries(text, &entries(variables), None)
}

/// The typed kernel of a text, whose results have a dtype of their own unless one is given.
pub fn compile_entries(text: &str, entries: &[Entry<'_>], output: Option<Dtype>) -> Kernel {
    let dialect = Dialect::Miniexpr;
    super::compile(
        text.as_bytes(),
        Language::of(text.as_bytes(), dialect),
        dialect,
        entries,
        output,
        Lifting::Never,
    )
    .unwrap_or_else(|error| panic!("{}: {text}", error.message()))
}

/// The kernel that returns what `build` makes of the inputs `x` and `y`.
pub fn built(dtypes: [Dtype; 2], build: impl FnOnce(&mut Builder, [ExprId; 2]) -> ExprId) -> Kernel {
    let mut builder = Builder::new();
    let inputs =
        [0, 1].map(|index| builder.add(ExprKind::Param(index), dtypes[index as usize].into()).unwrap());
    let value = build(&mut builder, inputs);
    let mut kernel = Kernel::empty();
    let param = |(name, dtype): (&[u8], Dtype)| Param { name: name.to_vec(), ty: Type::from(dtype) };
    kernel.params = [b"x", b"y"].into_iter().map(<[u8; 1]>::as_slice).zip(dtypes).map(param).collect();
    kernel.output = builder.graph.expr(value).ty;
    kernel.body = vec![Stmt::Return(value)];
    kernel.graph = builder.graph;
    assert_eq!(kernel.validate(), Ok(()));
    kernel
}

/// Kernels of one operation each, on items of a real dtype: those that the reference's language has no
/// names for.
pub fn operations_without_names(dtype: Dtype) -> Vec<(String, Kernel)> {
    use BinaryOp::{FloorDiv, FloorMod, Gcd, Maximum, Minimum};
    let binary: &[BinaryOp] = match dtype {
        Dtype::Bool => &[Minimum, Maximum],
        _ if dtype.is_float() => &[Minimum, Maximum, FloorDiv, FloorMod],
        _ => &[Minimum, Maximum, FloorDiv, FloorMod, Gcd],
    };
    let unary: &[UnaryOp] = if dtype.is_integer() { &[UnaryOp::CountOnes] } else { &[] };
    let exponents: &[f64] = if dtype.is_float() { &[-31.0, -2.0, 0.0, 3.0, 32.0] } else { &[] };
    let powers = exponents.iter().map(|&exponent| {
        let kernel = built([dtype; 2], |builder, [x, _]| {
            let exponent = builder.constant(Scalar::Float(exponent), dtype).unwrap();
            builder.add(ExprKind::Binary(BinaryOp::Powi, x, exponent), dtype.into()).unwrap()
        });
        (format!("{dtype} to {exponent}"), kernel)
    });
    let of_two = binary.iter().map(|&op| {
        let kernel = built([dtype; 2], |builder, [x, y]| {
            builder.add(ExprKind::Binary(op, x, y), dtype.into()).unwrap()
        });
        (format!("{op:?} of {dtype}"), kernel)
    });
    let of_one = unary.iter().map(|&op| {
        let kernel =
            built([dtype; 2], |builder, [x, _]| builder.add(ExprKind::Unary(op, x), dtype.into()).unwrap());
        (format!("{op:?} of {dtype}"), kernel)
    });
    of_two.chain(of_one).chain(powers).collect()
}

/// Puts operations that the reference's language has no names for in the place of others.
pub fn exchange_operations(kernel: &mut Kernel) {
    for index in 0..kernel.graph.len() {
        let expr = &mut kernel.graph.exprs[index];
        let dtype = expr.ty.dtype;
        let is_odd = index % 2 == 1;
        let has_quotients = dtype.is_integer() || dtype.is_float();
        expr.kind = match expr.kind {
            ExprKind::Binary(BinaryOp::Rem, a, b) if has_quotients => {
                ExprKind::Binary(BinaryOp::FloorMod, a, b)
            }
            ExprKind::Binary(BinaryOp::Div, a, b) if has_quotients => {
                ExprKind::Binary(BinaryOp::FloorDiv, a, b)
            }
            ExprKind::Binary(BinaryOp::Sub, a, b) if is_odd => ExprKind::Binary(BinaryOp::Minimum, a, b),
            ExprKind::Binary(BinaryOp::Mul, a, b) if is_odd => ExprKind::Binary(BinaryOp::Maximum, a, b),
            ExprKind::Binary(BinaryOp::BitXor, a, b) if dtype.is_integer() => {
                ExprKind::Binary(BinaryOp::Gcd, a, b)
            }
            ExprKind::Unary(UnaryOp::Neg, a) if dtype.is_integer() => ExprKind::Unary(UnaryOp::CountOnes, a),
            kind => kind,
        };
    }
    assert_eq!(kernel.validate(), Ok(()));
}

/// Engines are compared on the operations that have names, by texts, and on [`operations_without_names`]; those of
/// complex numbers have the interpreter alone.
#[test]
fn every_operation_is_among_those_that_are_compared() {
    use crate::operation::{BUILTINS, Meaning};
    use BinaryOp::*;
    let operators = [Add, Sub, Mul, Div, Rem, Pow, BitAnd, BitOr, BitXor, Shl, Shr];
    let of_complex = [PlainMul, PlainDiv, PlainPow];
    let kernels = [Dtype::Int32, Dtype::Float64].map(operations_without_names);
    let without_names = |op| {
        let mut exprs = kernels.iter().flatten().flat_map(|(_, kernel)| &kernel.graph.exprs);
        exprs.any(|expr| matches!(expr.kind, ExprKind::Binary(found, ..) if found == op))
    };
    for &op in BinaryOp::ALL {
        let is_named =
            operators.contains(&op) || BUILTINS.iter().any(|row| row.meaning == Meaning::Binary(op));
        let known = [is_named, without_names(op), of_complex.contains(&op)];
        assert_eq!(known.iter().filter(|known| **known).count(), 1, "{op:?}: {known:?}");
    }
}
