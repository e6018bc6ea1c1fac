use super::*;
use crate::dtype::Dtype;
use crate::front::lexer::Grammar;
use crate::front::scope::{HostFunction, Variable};
use crate::ir::{ExprKind, UserFunction};

fn scope() -> Scope<'static> {
    let mut scope = Scope::default();
    for (index, name) in ["x", "y"].into_iter().enumerate() {
        let read = ExprKind::Param(index as u32);
        scope.add_input(name.as_bytes(), Variable { ty: Dtype::Float64.into(), read }).unwrap();
    }
    for (arity, name) in ["f0", "f1", "f2"].into_iter().enumerate() {
        let arity = arity as u8;
        // SAFETY: the function is never called.
        let target = unsafe { UserFunction::new(std::ptr::null(), None, arity, false) };
        let returns = Some(Dtype::Float64);
        scope
            .add_function(HostFunction { name: name.as_bytes(), target, returns, float_math: false })
            .unwrap();
    }
    scope
}

fn parsed(text: &str) -> Result<Tree, CompileError> {
    parse(&mut Lexer::new(text.as_bytes(), Grammar::Reference), &mut scope(), Tree::default())
}

/// The tree with explicit parentheses.
fn shape(text: &str) -> String {
    let scope = scope();
    let tree = parsed(text).unwrap_or_else(|error| panic!("{text}: {error:?}"));
    show(&tree, &scope, tree.root())
}

fn show(tree: &Tree, scope: &Scope, id: NodeId) -> String {
    let call = |name: &[u8], list| {
        let args: Vec<String> = tree.arguments(list).iter().map(|id| show(tree, scope, *id)).collect();
        format!("{}({})", String::from_utf8_lossy(name), args.join(","))
    };
    match tree.node(id).kind {
        NodeKind::Number(literal) => format!("{}", literal.value.to_f64()),
        NodeKind::Text(_) => "text".to_string(),
        NodeKind::Variable(index) => ["x", "y"][index as usize].to_string(),
        NodeKind::Index(_) => unreachable!("the texts are no kernels"),
        NodeKind::Negate(a) => format!("-{}", show(tree, scope, a)),
        NodeKind::Invert(a) => format!("~{}", show(tree, scope, a)),
        NodeKind::Not(a) => format!("!{}", show(tree, scope, a)),
        NodeKind::Binary(op, a, b) => format!("({} {op:?} {})", show(tree, scope, a), show(tree, scope, b)),
        NodeKind::Comma(a, b) => format!("({}, {})", show(tree, scope, a), show(tree, scope, b)),
        NodeKind::Builtin(row, list) => call(row.name.as_bytes(), list),
        NodeKind::Call(index, list) => call(scope.function(index).name, list),
        NodeKind::Cast(to, a) => format!("{to:?}({})", show(tree, scope, a)),
        NodeKind::Plus(_) | NodeKind::Conditional { .. } | NodeKind::Function(..) | NodeKind::AsType(..) => {
            unreachable!("not of this grammar")
        }
    }
}

#[test]
fn binds_as_the_grammar_says() {
    let cases = [
        ("-x**2", "(-x Pow 2)"),
        ("2**3**2", "((2 Pow 3) Pow 2)"),
        ("2**-3**2", "((2 Pow -3) Pow 2)"),
        ("x & 1 == 1", "((x BitAnd 1) Eq 1)"),
        ("x|y&1", "(x BitOr (y BitAnd 1))"),
        ("1<<2+1", "(1 Shl (2 Add 1))"),
        ("1<x<3", "((1 Lt x) Lt 3)"),
        ("!x>0", "!(x Gt 0)"),
        ("!x+1", "!(x Add 1)"),
        ("not x and y", "(!x And y)"),
        ("x or y and x", "(x Or (y And x))"),
        ("x and not y or x", "((x And !y) Or x)"),
        ("sin x**2", "(sin(x) Pow 2)"),
        ("abs -3*2", "(abs(-3) Mul 2)"),
        ("sin sin x", "sin(sin(x))"),
        ("sum x + 1", "(sum(x) Add 1)"),
        ("x, y", "(x, y)"),
        ("(x,y)*2", "((x, y) Mul 2)"),
        ("+x", "x"),
        ("x*pi()", "(x Mul pi())"),
        ("pi*x", "(pi() Mul x)"),
        ("x and pi", "(x And pi())"),
        ("f0*2", "(f0() Mul 2)"),
        ("f1 -x ** 2", "(f1(-x) Pow 2)"),
        ("f2(x, y+1)", "f2(x,(y Add 1))"),
        ("where((!x),x,y)", "where(!x,x,y)"),
        ("10%4*3", "((10 Rem 4) Mul 3)"),
        ("x or !y", "(x Or !y)"),
        ("- - x", "--x"),
    ];
    for (text, expected) in cases {
        assert_eq!(shape(text), expected, "{text}");
    }
}

#[test]
fn a_negated_literal_in_a_sum_is_a_difference() {
    assert_eq!(shape("x + -1"), "(x Sub 1)");
    assert_eq!(shape("-1 + x"), "(x Sub 1)");
    assert_eq!(shape("x+(-1)"), "(x Sub 1)");
    assert_eq!(shape("-1+-1+x"), "((-1 Sub 1) Add x)");
    assert_eq!(shape("x - -1"), "(x Sub -1)");
    assert_eq!(shape("x + -pi"), "(x Add -pi())");
}

#[test]
fn positions_of_syntax_errors() {
    let cases = [
        ("", 1),
        ("   ", 3),
        ("x +", 3),
        ("x + ", 4),
        ("+", 1),
        ("*x", 1),
        ("x***y", 4),
        ("x//y", 3),
        ("(", 1),
        (")", 1),
        ("()", 2),
        ("(x", 2),
        ("x)", 2),
        ("((x)", 4),
        ("(x))", 4),
        ("x y", 3),
        ("1 x", 3),
        ("2x", 2),
        ("2(x)", 2),
        ("x(1)", 2),
        ("(x)(y)", 4),
        ("sin", 3),
        ("sin()", 5),
        ("sin(", 4),
        ("sin(x", 5),
        ("sin(x y)", 7),
        ("sin((x)", 7),
        ("abs(x))", 7),
        ("pow", 3),
        ("pow x", 5),
        ("pow()", 5),
        ("pow(x", 5),
        ("pow(x)", 6),
        ("pow(x,", 6),
        ("pow(x,)", 7),
        ("pow(,x)", 5),
        ("pow(x,y,x)", 8),
        ("where(x,y)", 10),
        ("where(x,x,y,x)", 12),
        ("where(x and y,x,y)", 11),
        ("where(!x,x,y)", 8),
        ("where(x>0 && y>0,x,y)", 12),
        ("foo", 3),
        ("x+foo", 5),
        ("Sin(x)", 3),
        ("x.y", 1),
        ("x.", 1),
        (".x", 1),
        (".", 1),
        ("x[0]", 2),
        ("x ? y : x", 3),
        ("x,", 2),
        (",x", 1),
        ("x,,y", 3),
        ("(,)", 2),
        ("x === y", 5),
        ("x <> y", 4),
        ("x<<<y", 4),
        ("x and", 5),
        ("and x", 3),
        ("x and and y", 9),
        ("not", 3),
        ("x not y", 5),
        ("x!", 2),
        ("x ! y", 3),
        ("~", 1),
        ("x~", 2),
        ("@", 1),
        ("`x`", 1),
        ("\\", 1),
        ("\"", 1),
        ("\"abc", 1),
        ("x\"a\"", 4),
        ("1()", 2),
        ("1e", 2),
        ("1e+", 2),
        ("1.5e", 4),
        ("0x", 2),
        ("0xg", 3),
        ("0b101", 5),
        ("1_000", 5),
        ("1..2", 4),
        ("1.2.3", 5),
        ("inf", 3),
        ("é", 1),
        ("x + é", 5),
        ("xé", 2),
        ("×", 1),
        ("1+!x", 4),
        ("x * !y", 6),
        ("x + not y", 9),
        ("sin(x,y)", 6),
        ("x +!", 4),
        ("lambda x: x", 6),
    ];
    for (text, position) in cases {
        let error = parsed(text).expect_err(text);
        assert_eq!(error.position, Some(position), "{text}: {error:?}");
    }
}

#[test]
fn depth_costs_no_stack() {
    let depth = 100_000;
    let text = "(".repeat(depth) + "x" + &")".repeat(depth);
    assert_eq!(parsed(&text).unwrap().nodes.len(), 1);
    let text = "-".repeat(depth) + "x";
    assert_eq!(parsed(&text).unwrap().nodes.len(), depth + 1);
    let text = "x".to_string() + &"+x".repeat(depth);
    assert_eq!(parsed(&text).unwrap().nodes.len(), 2 * depth + 1);
}
