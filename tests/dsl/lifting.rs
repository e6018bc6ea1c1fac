//! Plain expressions that are compiled as kernels, because the caller asks for machine code.

use miniexpr::Dtype::{Float64, Int32, Int64};

use crate::testkit::client::{self, AUTO, Expression, Failure, Grid, Variable, compile_status, eval_status};
use crate::testkit::values::{decode, encode};

const DEFAULT: i32 = 0;
const ON: i32 = 1;
const OFF: i32 = 2;

fn compile(text: &str, variables: &[Variable], output: u32, jit_mode: i32) -> Result<Expression, Failure> {
    let grid = Grid { shape: vec![4], chunkshape: vec![4], blockshape: vec![4] };
    client::compile_nd(text, variables, output, &grid, jit_mode)
}

fn x_and_y() -> [Variable; 2] {
    [Variable::new("x", Float64), Variable::new("y", Float64)]
}

#[test]
fn lifted_expressions_count_every_declared_variable() {
    let x = encode(Float64, &[1.0, 2.0, 3.0, 4.0]);
    for mode in [DEFAULT, OFF, 7] {
        let plain = compile("x * 2", &x_and_y(), AUTO, mode).expect("a plain expression");
        assert_eq!(plain.eval(&[&x, &x], 4), Err(eval_status::VAR_MISMATCH));
        assert_eq!(decode(Float64, &plain.eval(&[&x], 4).expect("values")), [2.0, 4.0, 6.0, 8.0]);
    }
    let lifted = compile("x * 2", &x_and_y(), AUTO, ON).expect("a kernel");
    assert_eq!(lifted.eval(&[&x], 4), Err(eval_status::VAR_MISMATCH));
    assert_eq!(decode(Float64, &lifted.eval(&[&x, &x], 4).expect("values")), [2.0, 4.0, 6.0, 8.0]);
}

#[test]
fn lifted_expressions_have_what_kernels_have() {
    let x = encode(Float64, &[1.9, -2.7, 0.5, 4.0]);
    let x_alone = || [Variable::new("x", Float64)];
    for (text, want) in [
        ("int(x) + _i0", [1.0, -1.0, 2.0, 7.0]),
        ("x * 0 + _flat_idx # numbered", [0.0, 1.0, 2.0, 3.0]),
        ("bool(x) + _n0", [5.0; 4]),
    ] {
        let lifted = compile(text, &x_alone(), Float64.code(), ON).expect(text);
        assert_eq!(decode(Float64, &lifted.eval(&[&x], 4).expect("values")), want, "{text}");
        assert!(compile(text, &x_alone(), Float64.code(), DEFAULT).is_err(), "{text}");
    }
    let mixed = [Variable::coded("x", AUTO), Variable::new("y", Int32)];
    assert!(compile("x + y", &mixed, Float64.code(), ON).is_ok());
    let refused = compile("x + y", &mixed, Float64.code(), DEFAULT).err().expect("a refusal");
    assert_eq!(refused.status, compile_status::VAR_MIXED);
}

/// A success has no message: the client checks that after each compile call.
#[test]
fn what_is_no_kernel_stays_a_plain_expression() {
    let reserved = [Variable::new("_i0", Int64)];
    let plain = compile("_i0 + 1", &reserved, AUTO, ON).expect("a plain expression");
    assert_eq!(decode(Int64, &plain.eval(&[&encode(Int64, &[1.0, 2.0])], 2).expect("values")), [2.0, 3.0]);
    let failure = compile("x +", &x_and_y(), AUTO, ON).err().expect("a refusal");
    assert_eq!(failure.status, compile_status::PARSE);
}

#[test]
fn candidates_never_fall_back() {
    for text in ["x + 1\ny", "x; y", "x if x else 1", "x = y", "{x}", "while x"] {
        for mode in [DEFAULT, ON, OFF] {
            let failure = compile(text, &x_and_y(), AUTO, mode).err().expect("a refusal");
            assert_eq!(failure.status, compile_status::PARSE, "{text}");
        }
    }
    for text in ["x == y", "x <= y", "x + (y != 'a=b;')", "iff + x"] {
        let failure = compile(text, &x_and_y(), AUTO, DEFAULT).err().map(|failure| failure.message);
        assert!(!format!("{failure:?}").contains("def"), "{text}: {failure:?}");
    }
}

#[test]
fn blank_lines_and_comments_belong_to_no_kernel() {
    let inputs = [encode(Float64, &[1.0, 2.0]), encode(Float64, &[3.0, 4.0])];
    for mode in [DEFAULT, ON, OFF] {
        let text = "\n# the sum\n  x + y # of both\n\n";
        let expression = compile(text, &x_and_y(), AUTO, mode).expect("an expression");
        assert_eq!(
            decode(Float64, &expression.eval(&[&inputs[0], &inputs[1]], 2).expect("values")),
            [4.0, 6.0]
        );
    }
    let failure = compile("\n# c\nx + (y\n", &x_and_y(), AUTO, DEFAULT).err().expect("a refusal");
    assert_eq!((failure.status, failure.position), (compile_status::PARSE, 11));
}
