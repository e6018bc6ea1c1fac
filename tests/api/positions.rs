//! Positions reported for syntax errors: the end of the first token that cannot continue the parse.

use miniexpr::Dtype;

use crate::testkit::client::{AUTO, Variable, compile, compile_status};

/// Texts over the float64 variables `x` and `y`, with the position of their error.
const NUMERIC: &[(&str, i32)] = &[
    ("", 1),
    ("where(x>0 && y>0,x,y)", 12),
    ("x // c", 4),
    ("   ", 3),
    ("fma(x,y)", 8),
    ("x /* c */", 4),
    ("x +", 3),
    ("fma(x,y,x,y)", 10),
    ("`x`", 1),
    ("x + ", 4),
    ("foo", 3),
    ("\\", 1),
    ("+", 1),
    ("foo(x)", 3),
    ("x\\y", 2),
    ("*x", 1),
    ("x+foo", 5),
    ("\"", 1),
    ("x*", 2),
    ("Sin(x)", 3),
    ("\"abc", 1),
    ("x**", 3),
    ("isnan(x)", 5),
    ("x***y", 4),
    ("mod(x,y)", 3),
    ("x\"a\"", 4),
    ("x//y", 3),
    ("x.y", 1),
    ("1()", 2),
    ("x%%y", 3),
    ("x.", 1),
    ("1e", 2),
    ("(", 1),
    (".x", 1),
    ("1e+", 2),
    (")", 1),
    (".", 1),
    ("1.5e", 4),
    ("()", 2),
    ("x[0]", 2),
    ("0x", 2),
    ("(x", 2),
    ("x ? y : x", 3),
    ("0xg", 3),
    ("x)", 2),
    ("x : y", 3),
    ("0b101", 5),
    ("((x)", 4),
    ("x,", 2),
    ("0o17", 4),
    ("(x))", 4),
    (",x", 1),
    ("1_000", 5),
    ("x y", 3),
    ("x,,y", 3),
    ("1f", 2),
    ("1 x", 3),
    ("(,)", 2),
    ("1L", 2),
    ("2x", 2),
    ("x == ", 5),
    ("1j", 2),
    ("2(x)", 2),
    ("== x", 2),
    ("1..2", 4),
    ("x(1)", 2),
    ("x === y", 5),
    ("1.2.3", 5),
    ("x()", 2),
    ("x !== y", 5),
    (".5.5", 4),
    ("(x)(y)", 4),
    ("x <> y", 4),
    ("1 2", 3),
    ("(x)y", 4),
    ("x < ", 4),
    ("inf", 3),
    ("sin", 3),
    ("x<<<y", 4),
    ("nan", 3),
    ("sin()", 5),
    ("x >>> y", 5),
    ("True", 4),
    ("sin(", 4),
    ("x &", 3),
    ("None", 4),
    ("sin(x", 5),
    ("x &&& y", 5),
    ("x is y", 4),
    ("sin(x y)", 7),
    ("x and", 5),
    ("x in y", 4),
    ("sin((x)", 7),
    ("and x", 3),
    ("lambda x: x", 6),
    ("abs(x))", 7),
    ("x and and y", 9),
    ("é", 1),
    ("pow", 3),
    ("x or", 4),
    ("x + é", 5),
    ("pow x", 5),
    ("x xor y", 5),
    ("xé", 2),
    ("pow()", 5),
    ("not", 3),
    ("×", 1),
    ("pow(x", 5),
    ("x not y", 5),
    ("1+!x", 4),
    ("pow(x)", 6),
    ("x!", 2),
    ("x * !y", 6),
    ("pow(x,", 6),
    ("x ! y", 3),
    ("pow(x,)", 7),
    ("x != ", 5),
    ("sum", 3),
    ("pow(,x)", 5),
    ("~", 1),
    ("sum()", 5),
    ("pow(x,y", 7),
    ("x~", 2),
    ("pow(x,y,x)", 8),
    ("x ^^ y", 4),
    ("pow(x y)", 7),
    ("x |", 3),
    ("where(x,y)", 10),
    ("x || ", 5),
    ("where(x>0,x)", 12),
    ("@", 1),
    ("where(x,x,y,x)", 12),
    ("#", 1),
    ("where(x and y,x,y)", 11),
    ("$", 1),
    ("arange(3)", 6),
    ("where(!x,x,y)", 8),
    ("clip(x,0,1)", 4),
    ("a +", 1),
    ("sum(x x)", 7),
];

/// Texts over the UCS4 variable `s`.
const TEXTUAL: &[(&str, i32)] =
    &[("s == \"a\" or", 11), ("(s == \"a\"", 9), ("b \"a\"", 1), ("contains(\"a\",\"b\",\"c\")", 17)];

/// Texts that look like the kernel language: positions count from 0.
const KERNELS: &[(&str, i32)] = &[
    ("x = 1", 0),
    ("x=1", 0),
    ("x := 1", 0),
    ("x => y", 0),
    ("x;", 0),
    ("x; y", 0),
    ("{x}", 0),
    ("x+\ny", 0),
    ("x\r\n+y", 0),
    ("if", 0),
    ("for", 0),
    ("print(x)", 0),
    ("return x", 0),
    ("x while", 0),
    ("x if y else x", 0),
    ("\nx\ny", 1),
    (" \n ", -1),
];

/// Texts that look wrong and are right.
const ACCEPTED: &[&str] = &[
    "x++y",
    "x+-y",
    "x**-y",
    "x**+y",
    "--x",
    "- - x",
    "-+-x",
    "~~x",
    "!!x",
    "not not x",
    "!-x",
    "not -x",
    "x or !y",
    "sin x",
    "sin -x",
    "sin sin x",
    "x, y",
    "(x,y)",
    "x*pi()",
    "x<y==y",
    "pi",
    "pi*x",
    "(pi)",
    "sin(pi)",
    "e",
    "x and pi",
    "x # c",
    "x\n",
    "\nx",
    "# c = {\n\n x + y # if\n\n# c",
];

fn assert_positions(variables: &[Variable], rows: &[(&str, i32)]) {
    let wrong: Vec<String> = rows
        .iter()
        .filter_map(|(text, position)| match compile(text, variables, AUTO) {
            Ok(_) => Some(format!("{text:?} compiled")),
            Err(failure) => ((failure.status, failure.position) != (compile_status::PARSE, *position))
                .then(|| format!("{text:?}: {failure:?} instead of position {position}")),
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn numeric_variables() -> [Variable; 2] {
    [Variable::new("x", Dtype::Float64), Variable::new("y", Dtype::Float64)]
}

#[test]
fn of_plain_expressions() {
    assert_positions(&numeric_variables(), NUMERIC);
}

#[test]
fn of_string_expressions() {
    assert_positions(&[Variable::text("s", Dtype::String, 16)], TEXTUAL);
}

#[test]
fn of_kernel_like_texts() {
    assert_positions(&numeric_variables(), KERNELS);
}

#[test]
fn surprising_texts_compile() {
    for text in ACCEPTED {
        let result = compile(text, &numeric_variables(), AUTO);
        assert!(result.is_ok(), "{text:?}: {:?}", result.err());
    }
}

#[test]
fn messages_say_what_is_wrong() {
    let x = [Variable::new("x", Dtype::Float64)];
    for (text, message) in [
        ("where(x, x)", "where() takes exactly 3 arguments near offset 11"),
        ("where(x, x, x, x)", "where() takes exactly 3 arguments near offset 14"),
        ("atan2(x, x, x)", "atan2() takes exactly 2 arguments near offset 11"),
        ("sin(x, x)", "sin() takes exactly 1 argument near offset 6"),
        ("sin()", "sin() takes exactly 1 argument near offset 5"),
        ("pi(x)", "pi() takes no arguments near offset 4"),
        ("x +", "expected an operand, but the expression ends here near offset 3"),
        ("(x", "expected ')', but the expression ends here near offset 2"),
        ("x )", "expected an operator, found ')' near offset 3"),
        ("x x", "expected an operator, found 'x' near offset 3"),
        ("atan2 x", "expected '(', found 'x' near offset 7"),
        ("x + * x", "expected an operand, found '*' near offset 5"),
        ("foo", "unknown name 'foo' near offset 3"),
    ] {
        let failure = compile(text, &x, AUTO).err().expect("a failure");
        assert_eq!(failure.status, compile_status::PARSE, "{text}");
        assert_eq!(failure.message.as_deref(), Some(message), "{text}");
    }
}
