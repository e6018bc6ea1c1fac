use super::*;
use crate::front::scope::{HostFunction, Variable};
use crate::ir::{ExprKind, UserFunction};

fn scope() -> Scope<'static> {
    let mut scope = Scope::default();
    for (index, name) in ["x", "y"].into_iter().enumerate() {
        let read = ExprKind::Param(index as u32);
        scope.add_input(name.as_bytes(), Variable { ty: Dtype::Float64.into(), read }).unwrap();
    }
    for (arity, name) in ["f0", "f1", "f2"].into_iter().enumerate() {
        // SAFETY: the function is never called.
        let target = unsafe { UserFunction::new(std::ptr::null(), None, arity as u8, false) };
        let returns = Some(Dtype::Float64);
        let function = HostFunction { name: name.as_bytes(), target, returns, float_math: false };
        scope.add_function(function).unwrap();
    }
    scope
}

fn parsed(text: &str) -> Result<Tree, CompileError> {
    parse_text(text.as_bytes(), &numpy::VOCABULARY, &mut scope())
}

/// The tree with explicit parentheses.
fn shape(text: &str) -> String {
    let tree = parsed(text).unwrap_or_else(|error| panic!("{text}: {error:?}"));
    show(&tree, tree.root())
}

fn show(tree: &Tree, id: NodeId) -> String {
    let show = |id: NodeId| show(tree, id);
    let all = |list| tree.arguments(list).iter().map(|id| show(*id)).collect::<Vec<_>>().join(",");
    match tree.node(id).kind {
        NodeKind::Number(literal) => match literal.value {
            Scalar::Bool(value) => value.to_string(),
            Scalar::Int(value) => value.to_string(),
            Scalar::Float(value) => format!("{value:?}"),
            Scalar::Complex(value) => format!("{:?}j", value.im),
        },
        NodeKind::Text(literal) => format!(
            "{:?}",
            String::from_iter(tree.text(literal).iter().map(|code| char::from_u32(*code).unwrap()))
        ),
        NodeKind::Variable(index) => ["x", "y"][index as usize].to_string(),
        NodeKind::Plus(a) => format!("+{}", show(a)),
        NodeKind::Negate(a) => format!("-{}", show(a)),
        NodeKind::Invert(a) => format!("~{}", show(a)),
        NodeKind::Not(a) => format!("not {}", show(a)),
        NodeKind::Binary(op, a, b) => format!("({} {op:?} {})", show(a), show(b)),
        NodeKind::Conditional { condition, yes, no } => {
            format!("({} if {} else {})", show(yes), show(condition), show(no))
        }
        NodeKind::Function(function, list, options) => {
            let options = &tree.options[options as usize];
            let said = if *options == Options::default() { String::new() } else { format!("; {options:?}") };
            format!("{}({}{said})", function.name, all(list))
        }
        NodeKind::Call(index, list) => format!("f{index}({})", all(list)),
        NodeKind::Cast(to, a) => format!("{to:?}({})", show(a)),
        NodeKind::AsType(dtype, a) => format!("{dtype}({})", show(a)),
        NodeKind::Index(_) | NodeKind::Comma(..) | NodeKind::Builtin(..) => {
            unreachable!("not of this grammar")
        }
    }
}

#[test]
fn binds_as_python_does() {
    let cases = [
        ("-x**2", "-(x Pow 2)"),
        ("2**3**2", "(2 Pow (3 Pow 2))"),
        ("2**-3**2", "(2 Pow -(3 Pow 2))"),
        ("-2**-x*3", "(-(2 Pow -x) Mul 3)"),
        ("x & 1 == 1", "((x BitAnd 1) Eq 1)"),
        ("x|y&1^3", "(x BitOr ((y BitAnd 1) BitXor 3))"),
        ("1<<2+1", "(1 Shl (2 Add 1))"),
        ("x//2%3*4/5", "((((x FloorDiv 2) Rem 3) Mul 4) Div 5)"),
        ("~x+1", "(~x Add 1)"),
        ("+-x", "+-x"),
        ("not x > 0", "not (x Gt 0)"),
        ("not not x and y", "(not not x And y)"),
        ("x or y and x", "(x Or (y And x))"),
        ("x and not y or x", "((x And not y) Or x)"),
        ("x - y - x", "((x Sub y) Sub x)"),
        ("x - (y - x)", "(x Sub (y Sub x))"),
        ("sin(x)**2", "(sin(x) Pow 2)"),
        ("-x.real", "-real(x)"),
        ("x.real.imag + (x+y).conj()", "(imag(real(x)) Add conj((x Add y)))"),
        ("2.5.real", "real(2.5)"),
        ("x.astype(float32) + y.astype('i4')", "(float32(x) Add int32(y))"),
        ("float32(x)", "float32(x)"),
        ("int(x) + bool(y)", "(Int(x) Add Bool(y))"),
        ("f0() + f1(x) + f2(x, y)", "((f0() Add f1(x)) Add f2(x,y))"),
        ("pi * inf", "(3.141592653589793 Mul inf)"),
        ("True + 2j", "(true Add 2.0j)"),
        ("x == b'a\\xff'", "(x Eq \"aÿ\")"),
    ];
    for (text, expected) in cases {
        assert_eq!(shape(text), expected, "{text}");
    }
}

#[test]
fn comparisons_form_chains() {
    assert_eq!(shape("0 < x < 1"), "((0 Lt x) And (x Lt 1))");
    assert_eq!(shape("0 < x+1 <= y != 3"), "(((0 Lt (x Add 1)) And ((x Add 1) Le y)) And (y Ne 3))");
    assert_eq!(shape("(0 < x) < 1"), "((0 Lt x) Lt 1)");
    assert_eq!(shape("not 0 < x < 1 or y"), "(not ((0 Lt x) And (x Lt 1)) Or y)");
    // The shared side is one node.
    let tree = parsed("0 < sin(x) < 1").unwrap();
    assert_eq!(tree.nodes.iter().filter(|node| matches!(node.kind, NodeKind::Function(..))).count(), 1);
}

#[test]
fn conditional_expressions() {
    assert_eq!(shape("x if y else 1"), "(x if y else 1)");
    assert_eq!(shape("x if y else 1 if x else 2"), "(x if y else (1 if x else 2))");
    assert_eq!(shape("(x if y else 1) if x else 2"), "((x if y else 1) if x else 2)");
    assert_eq!(shape("1 + x if y or x else 1 + 2"), "((1 Add x) if (y Or x) else (1 Add 2))");
    assert_eq!(shape("sin(x if y > 0 else not y)"), "sin((x if (y Gt 0) else not y))");
    assert_eq!(shape("x if not y else 1"), "(x if not y else 1)");
}

#[test]
fn calls_bind_arguments_to_parameters() {
    assert_eq!(shape("where(x, y, 1,)"), "where(x,y,1)");
    assert_eq!(shape("clip(x, a_max=1, a_min=y)"), "clip(x,y,1)");
    assert_eq!(shape("clip(a_max=1, a=x, a_min=sin(y))"), "clip(x,sin(y),1)");
    let options = |text: &str| parsed(text).unwrap().options.pop().unwrap();
    let default = Options::default;
    assert_eq!(options("sum(x)"), default());
    assert_eq!(options("sum(x, axis=None)"), default());
    assert_eq!(options("sum(x, 0)"), Options { axes: Some(vec![0]), ..default() });
    assert_eq!(
        options("sum(x + 1, axis=(0, -1,), keepdims=True)"),
        Options { axes: Some(vec![0, -1]), keepdims: true, ..default() }
    );
    assert_eq!(options("sum(axis=1, a=x)"), Options { axes: Some(vec![1]), ..default() });
    assert_eq!(options("std(x, axis=(), ddof=1)"), Options { axes: Some(vec![]), ddof: 1.0, ..default() });
    assert_eq!(options("mean(x, dtype=float32)"), Options { dtype: Some(Dtype::Float32), ..default() });
    assert_eq!(options("round(x, -2)"), Options { decimals: -2, ..default() });
    assert_eq!(options("round(decimals=3, a=x)"), Options { decimals: 3, ..default() });
}

#[test]
fn lines_join_in_parentheses() {
    assert_eq!(shape("\n # above\n  (x +  # here\n\n y)\n# below\n\n"), "(x Add y)");
    assert_eq!(shape("sin(\n x\n)"), "sin(x)");
    assert_eq!(shape("x # tail"), "x");
}

/// The bytes that a refusal blames, and its message.
fn refusal(text: &str) -> (String, String) {
    let error = parsed(text).err().unwrap_or_else(|| panic!("{text} is read"));
    let span = error.span().unwrap_or_else(|| panic!("{text}: {error:?} has no place"));
    (String::from_utf8_lossy(&text.as_bytes()[span]).into_owned(), error.message().to_string())
}

#[test]
fn refusals_name_what_is_refused_and_where() {
    let cases = [
        ("x[0]", "[", "subscripts and lists are not supported"),
        ("[x]", "[", "subscripts and lists are not supported"),
        ("{x}", "{", "sets, dictionaries and their comprehensions are not supported"),
        ("lambda x: 1", "lambda", "lambda expressions are not supported"),
        ("sum(x for x in y)", "for", "comprehensions and generators are not supported"),
        ("(y := x)", ":=", "assignment expressions (':=') are not supported"),
        ("f'{x}'", "f", "f-strings are not supported"),
        (
            "x.T",
            "T",
            "attribute 'T' is not supported: the only attributes are .real, .imag, .conj() and .astype()",
        ),
        ("sin(*x)", "*", "starred arguments are not supported"),
        ("sin(**x)", "**", "starred arguments are not supported"),
        ("(*x)", "*", "starred expressions are not supported"),
        ("x, y", ",", "tuples are not supported"),
        ("(x, y)", ",", "tuples are not supported"),
        ("x in y", "in", "'in' tests are not supported"),
        ("x not in y", "not", "'not in' tests are not supported"),
        ("x is y", "is", "'is' tests are not supported"),
        ("x @ y", "@", "the operator '@' (matrix product) is not supported"),
        ("x && y", "&", "'&&' is no operator of Python: write 'and'"),
        ("x || y", "|", "'||' is no operator of Python: write 'or'"),
        ("!x", "!", "'!' is no operator of Python: write 'not' or '~'"),
        ("x = 1", "=", "cannot assign to an expression: maybe you meant '=='"),
        ("x + not y", "not", "put this 'not' and its operand in parentheses"),
        ("x(1)", "(", "only functions can be called"),
        ("sin", "sin", "'sin' is a function: call it with '(…)'"),
        ("sin + 1", "sin", "'sin' is a function: call it with '(…)'"),
        ("f0", "f0", "'f0' is a function: call it with '(…)'"),
        ("sin()", "sin", "sin() takes 1 positional argument but 0 were given"),
        ("sin(x, y)", "y", "sin() takes 1 positional argument but more were given"),
        ("f2(x)", "f2", "f2() takes 2 positional arguments but 1 was given"),
        ("where(x)", "where", "where() takes 3 positional arguments but 1 was given"),
        ("clip(x, 1)", "clip", "clip() missing 1 required argument: 'a_max'"),
        ("clip(x)", "clip", "clip() missing 2 required arguments: 'a_min' and 'a_max'"),
        ("clip()", "clip", "clip() missing 3 required arguments: 'a', 'a_min', and 'a_max'"),
        ("(unknown := x)", "unknown", "assignment expressions (':=') are not supported"),
        ("unknown = x", "unknown", "cannot assign to 'unknown': maybe you meant '=='"),
        ("unknown == x", "unknown", "unknown name 'unknown'"),
        ("x.mean()", "mean", "attribute 'mean' is not supported: write 'mean(…)'"),
        ("true", "true", "unknown name 'true': did you mean 'True'?"),
        ("sum(x, axes=1)", "axes", "sum() got an unexpected keyword argument 'axes'"),
        ("sin(x=y)", "x", "sin() got an unexpected keyword argument 'x'"),
        ("sum(x, 0, axis=1)", "axis", "sum() got multiple values for argument 'axis'"),
        ("sum(axis=1, x)", "x", "positional argument follows keyword argument"),
        ("sum(x, axis=y)", "y", "axis is None, an integer or a tuple of integers"),
        ("sum(x, axis=1.0)", "1.0", "axis is None, an integer or a tuple of integers"),
        ("sum(x, keepdims=2)", "2", "keepdims is True or False"),
        ("sum(x, dtype=float)+mean(x, dtype=real)", "real", "data type 'real' not understood"),
        ("x if y", "if", "expected 'else' after 'if' expression"),
        ("(x if y)", "if", "expected 'else' after 'if' expression"),
        ("x else y", "else", "'else' without an 'if' before it"),
        ("x if y if x else 1 else 2", "if", "put this conditional expression in parentheses"),
        ("(x + 1", "(", "'(' was never closed"),
        ("x + sin(x", "(", "'(' was never closed"),
        ("x + 1)", ")", "unmatched ')'"),
        ("x +", "", "expected an expression, but the text ends here"),
        ("", "", "expected an expression, but the text ends here"),
        ("x +\ny", "", "expected an expression, but it ends here"),
        ("x\n+ y", "+", "the expression ends with its line: put it in parentheses to continue it here"),
        ("x y", "y", "invalid syntax: expected an operator before 'y'"),
        ("x 2", "2", "invalid syntax: expected an operator, found '2'"),
        ("'a' 'b'", "'b'", "string literals are not joined: write '+' between them"),
        (
            "007",
            "007",
            "leading zeros in decimal integer literals are not permitted; use an 0o prefix for octal integers",
        ),
        ("None", "None", "None is no value of an array"),
        ("np.sin(x)", "np", "functions have bare names here: write 'sin(…)'"),
        ("x + math.log1p (x)", "math", "functions have bare names here: write 'log1p(…)'"),
        ("cosine(x)", "cosine", "unknown name 'cosine': did you mean 'cos'?"),
        ("cossh(x)", "cossh", "unknown name 'cossh': did you mean 'cos' or 'cosh'?"),
        ("z", "z", "unknown name 'z'"),
    ];
    for (text, blamed, message) in cases {
        assert_eq!(refusal(text), (blamed.to_string(), message.to_string()), "{text}");
    }
}

#[test]
fn deep_texts_are_read_without_recursion() {
    let depth = 100_000;
    let texts = [
        format!("{}x{}", "(".repeat(depth), ")".repeat(depth)),
        format!("{}x", "-".repeat(depth)),
        format!("{}x", "x**".repeat(depth)),
        format!("{}x{}", "sin(".repeat(depth), ")".repeat(depth)),
        format!("{}x", "x if y else ".repeat(depth)),
        format!("{}x", "x<".repeat(depth)),
    ];
    for text in texts {
        parsed(&text).unwrap_or_else(|error| panic!("{}: {error:?}", &text[..20]));
    }
}
