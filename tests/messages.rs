//! What is said of texts that people often write: messages, hints, and the place of the culprit.

use miniexpr::{Dialect, Dtype, Error, Expression};

fn refused(text: &str) -> Error {
    let variables = ["a", "b", "c", "x", "y"];
    let builder = variables
        .iter()
        .fold(Expression::builder(text), |builder, name| builder.variable(name, Dtype::Float64));
    builder.dialect(Dialect::Miniexpr).compile().expect_err(text)
}

#[test]
fn habits_of_other_languages_get_hints() {
    let choose = Some("write 'where(condition, a, b)' to choose between values");
    let cases = [
        (
            "if(a, 1, 2)",
            "line 1, column 1: 'if' begins a statement, and only kernels have statements",
            choose,
            "if",
        ),
        ("a ? b : c", "unexpected character '?'", choose, "?"),
        (
            "min(a, b)",
            "min() takes exactly 1 argument",
            Some("min() is that of all items; fmin(a, b) is that of two values"),
            ",",
        ),
        (
            "max(a, b) + 1",
            "max() takes exactly 1 argument",
            Some("max() is that of all items; fmax(a, b) is that of two values"),
            ",",
        ),
        (
            "x // 2",
            "expected an operand, found '/'",
            Some("write 'floor(x / y)' for the quotient rounded down"),
            "/",
        ),
        (
            "a = b",
            "line 1, column 1: '=' assigns a value, and only kernels assign",
            Some("compare with '==', or write a kernel, 'def f(x): …'"),
            "a",
        ),
        (
            "a; b",
            "line 1, column 1: a kernel begins with 'def'",
            Some("a text with line breaks, ';', braces or statements is a kernel: 'def name(parameters):'"),
            "a",
        ),
        ("sqr(x)", "unknown name 'sqr'", Some("did you mean 'sqrt'?"), "sqr"),
        ("pow(x)", "pow() takes exactly 2 arguments", None, ")"),
        ("sin(x, y)", "sin() takes exactly 1 argument", None, ","),
        ("x[1]", "unexpected character '[': arrays have no items here", None, "["),
    ];
    for (text, message, hint, culprit) in cases {
        let error = refused(text);
        let said = error.message().split(" near offset ").next();
        assert_eq!((said, error.hint()), (Some(message), hint), "{text}");
        assert_eq!(&text[error.span().expect(text)], culprit, "{text}");
    }
}

#[test]
fn parentheses_and_ends_are_named_as_they_are() {
    let cases = [
        ("(x + y", "expected ')', but the expression ends here"),
        ("pow(x", "expected ')', but the expression ends here"),
        ("x +", "expected an operand, but the expression ends here"),
        ("x + y)", "expected an operator, found ')'"),
        ("sin(x y)", "expected an operator, found 'y'"),
        ("pow(x, y, a)", "pow() takes exactly 2 arguments"),
    ];
    for (text, message) in cases {
        let error = refused(text);
        assert_eq!(error.message().split(" near offset ").next(), Some(message), "{text}");
        assert_eq!(error.hint(), None, "{text}");
    }
}

/// `^` of floats is the exclusive or of their integer parts in the language of `me_compile`, and a comma between
/// expressions gives the last one there: neither is an error.
#[test]
fn numbers_and_powers_of_other_languages_get_hints() {
    let point = Some("write decimal numbers with a point: '1.5'");
    let power = Some("write 'x ** y' for a power: '^' is the exclusive or of integers");
    let cases = [
        (Dialect::NumPy, "1,5*a", "tuples are not supported", point),
        (Dialect::NumPy, "a, b", "tuples are not supported", None),
        (Dialect::NumPy, "sin(1,5)", "sin() takes 1 positional argument but more were given", point),
        (Dialect::NumPy, "a^2", "unsupported operand type(s) for ^: 'float64' and 'int64'", power),
        (Dialect::NumPy, "2.5^3", "unsupported operand type(s) for ^: 'float' and 'int'", power),
        (Dialect::NumPy, "a | b", "unsupported operand type(s) for |: 'float64' and 'float64'", None),
        (Dialect::NumExpr, "a^2.5", "couldn't find matching opcode for 'xor_ddd'", power),
        (Dialect::NumExpr, "1,5*a", "tuples are not supported", point),
        (Dialect::Miniexpr, "sin(1,5)", "sin() takes exactly 1 argument", point),
        (Dialect::Miniexpr, "pow(a, 1,5)", "pow() takes exactly 2 arguments", point),
        (Dialect::Miniexpr, "sin(a, b)", "sin() takes exactly 1 argument", None),
    ];
    for (dialect, text, message, hint) in cases {
        let builder = Expression::builder(text).variable("a", Dtype::Float64).variable("b", Dtype::Float64);
        let error = builder.dialect(dialect).compile().expect_err(text);
        let said = error.message().split(" near offset ").next();
        assert_eq!((said, error.hint()), (Some(message), hint), "{dialect:?} {text}");
    }
}

#[test]
fn culprits_in_kernels_have_their_place() {
    let cases = [
        ("def f(x):\n    return 10000 * x + foo\n", "foo", (2, 24)),
        ("def f(x):\n    y = sin(x, 2)\n    return y\n", ",", (2, 14)),
        ("def f(x):\n    x = 1\n    return x\n", "x", (2, 5)),
        ("def f(x):\n    break\n    return x\n", "break", (2, 5)),
    ];
    for (text, culprit, place) in cases {
        let error = Expression::builder(text)
            .variable("x", Dtype::Float64)
            .dialect(Dialect::Miniexpr)
            .compile()
            .expect_err(text);
        assert_eq!(&text[error.span().expect(text)], culprit, "{error}");
        assert_eq!(error.line_and_column(), Some(place), "{error}");
    }
}
