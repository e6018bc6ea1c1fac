//! Which expressions on strings are refused, and with which code.

use miniexpr::Dtype;

use crate::column::{Column, bytes, compiled, evaluate, numbers, text};
use crate::testkit::client::{AUTO, Variable, compile, compile_status};

fn columns() -> [Column; 4] {
    [text("a", 4, &["x"]), text("b", 4, &["y"]), bytes("s", 4, &[b"z"]), numbers("x", &[1.0])]
}

fn assert_refused(output: Option<Dtype>, sources: &[&str]) {
    for source in sources {
        match compiled(&columns(), output, source) {
            Ok(_) => panic!("{source} compiled"),
            Err(failure) => {
                assert_eq!(failure.status, compile_status::INVALID_ARG_TYPE, "{source}: {failure:?}");
                assert_eq!(failure.position, -1, "{source}");
            }
        }
    }
}

#[test]
fn strings_do_not_meet_numbers() {
    assert_refused(
        None,
        &[
            "a == x",
            "a + x",
            "x + a",
            "a + 1",
            "a + (1 + 2)",
            "(1 + 2) + a",
            "a == (1 + 2)",
            "a == sqrt(4)",
            "'x' + -1",
            "a < (1 < 2)",
            "where(x > 0, a, (1 + 2))",
            "contains(a, (1 + 2))",
            "a == 1",
            "1 == a",
            "a * 2",
            "a - b",
            "a / b",
            "a % b",
            "a ** b",
            "a << b",
            "a >> b",
            "a & b",
            "a | b",
            "a ^ b",
            "a and b",
            "a or b",
            "a && b",
            "-a",
            "~a",
            "not a",
            "!a",
            "a, b",
            "x, a",
            "a, x",
            "sin(a)",
            "abs(a)",
            "fmax(a, b)",
            "not upper(a)",
            "upper(a) and upper(a)",
            "(a+a) == 1",
            "where(upper(a),1,2)",
            "where(a,1,2)",
            "where(x>0,a,1)",
            "where(x>0,1,a)",
            "a == 'foo' | x",
            "lower(1)",
            "lower(x)",
            "upper(x > 0)",
            "contains(a, 1)",
            "contains(x, 'a')",
            "a == b == a",
            "startswith(1, a)",
            "(a - s) + 1",
            "a * s * x",
            "a - s - a",
        ],
    );
}

#[test]
fn families_do_not_meet() {
    assert_refused(
        None,
        &[
            "a + s",
            "a == s",
            "s != a",
            "contains(a, s)",
            "removeprefix(s, a)",
            "split_part(a, s, 0)",
            "where(x > 0, a, s)",
            "upper(a) + upper(s)",
            "s + '\\u00e9'",
            "s == 'é'",
            "s + '\\xe9'",
            "s + b'\\u00e9'",
            "replace(s, 'a', 'é')",
            "contains(s, upper('é'))",
        ],
    );
}

#[test]
fn families_in_unrelated_tests_are_fine() {
    assert!(compiled(&columns(), None, "contains(a,'o') & contains(s,'o')").is_ok());
}

#[test]
fn indices_and_replacements_are_literals() {
    assert_refused(
        None,
        &[
            "substr(a, x, 2)",
            "substr(a, 1, x)",
            "substr(a, 'x', 2)",
            "split_part(a, 'x', x)",
            "split_part(a, 'x', 'y')",
            "replace(a, b, 'x')",
            "replace(a, 'x', b)",
            "replace(a, 'a'+'b', 'x')",
            "replace(a, '', 'x')",
            "replace(a, upper('x'), 'y')",
        ],
    );
}

#[test]
fn reductions_take_no_strings() {
    assert_refused(
        None,
        &["sum(a)", "min(a)", "max(upper(a))", "any(a == b)", "sum(contains(a, 'a'))", "mean(a == 'x')"],
    );
    assert_refused(None, &["all((a == 'x') & (x > 0))", "prod(where(a == 'x', x, 1))"]);
}

#[test]
fn results_are_not_converted() {
    for dtype in Dtype::NUMERIC {
        assert_refused(Some(dtype), &["a", "a + b", "upper(s)", "'x'"]);
    }
    assert_refused(Some(Dtype::String), &["x", "x > 0", "a == b", "s", "upper(s)", "1"]);
    assert_refused(Some(Dtype::Bytes), &["x", "s == s", "a", "upper(a)", "'é'", "upper('é')"]);
    for (output, source, itemsize) in [
        (Dtype::String, "a", 16),
        (Dtype::Bytes, "s + 'x'", 5),
        (Dtype::String, "'lit'", 12),
        (Dtype::Bytes, "'lit'", 3),
        (Dtype::Bytes, "''", 1),
        (Dtype::Bytes, "lower('ABC') + 'd'", 4),
    ] {
        assert_eq!(evaluate(&columns(), Some(output), 1, source).1, itemsize, "{source}");
    }
}

#[test]
fn declared_itemsizes() {
    let status = |variable: Variable, output: u32| match compile("1 + 1", &[variable], output) {
        Ok(_) => 0,
        Err(failure) => {
            assert_eq!(failure.position, -1);
            failure.status
        }
    };
    let refused = compile_status::INVALID_ARG_TYPE;
    assert_eq!(status(Variable::text("a", Dtype::String, 0), AUTO), refused);
    assert_eq!(status(Variable::text("a", Dtype::String, 6), AUTO), refused);
    assert_eq!(status(Variable::text("a", Dtype::Bytes, 0), AUTO), refused);
    assert_eq!(status(Variable::text("a", Dtype::Bytes, 6), AUTO), 0);
    let auto = |itemsize| Variable { itemsize, ..Variable::coded("a", AUTO) };
    for (dtype, itemsize, expected) in [
        (Dtype::String, 8, 0),
        (Dtype::String, 0, refused),
        (Dtype::String, 6, refused),
        (Dtype::Bytes, 0, refused),
    ] {
        let result = compile("a", &[auto(itemsize)], dtype.code());
        assert_eq!(result.map_or_else(|failure| failure.status, |_| 0), expected, "{dtype} {itemsize}");
    }
}

#[test]
fn unknown_names_and_forms_are_syntax_errors() {
    for source in
        ["len(a)", "slen(a)", "length(a)", "a[0:2]", "a.lower()", "a + u'x'", "contains(a 'x')", "upper()"]
    {
        let status = compiled(&columns(), None, source).err().map(|failure| failure.status);
        assert_eq!(status, Some(compile_status::PARSE), "{source}");
    }
}

#[test]
fn operations_widen_strings_up_to_a_limit() {
    const LIMIT: usize = 1 << 20;
    let replaced = |times: usize| "replace(".repeat(times) + "a" + &",'x','xx')".repeat(times);
    let itemsize = |source: &str| compiled(&columns(), None, source).map(|expression| expression.itemsize());
    assert_eq!(itemsize(&replaced(16)).ok(), Some(LIMIT));
    for times in [17, 50, 62, 200] {
        let failure = itemsize(&replaced(times)).expect_err("too wide");
        assert_eq!(failure.status, compile_status::INVALID_ARG_TYPE);
        let message = "the result could be wider than 1 MiB, the limit of what an operation makes";
        assert_eq!(failure.message.as_deref(), Some(message));
    }
    let half = replaced(15);
    assert_eq!(itemsize(&format!("{half} + {half}")).ok(), Some(LIMIT));
    assert_refused(None, &[&format!("{half} + {half} + 'x'"), &format!("({half} + {half} + 'x') == 'a'")]);
    // What is as wide already stays as wide as it is.
    let wide = [text("w", LIMIT, &["ab"])];
    let expression = compiled(&wide, None, "upper(w)").expect("no wider than its operand");
    assert_eq!(expression.itemsize(), 4 * LIMIT);
    assert!(compiled(&wide, None, "w + 'x'").is_err());
    assert_eq!(compiled(&wide, None, "substr(w, 0, 2) + 'x'").map(|e| e.itemsize()).ok(), Some(12));
}

#[test]
fn a_variable_may_be_named_like_a_function() {
    let columns = [text("upper", 2, &["ab"]), text("b", 2, &["cd"])];
    let (_, _, out) = evaluate(&columns, None, 1, "upper + b");
    assert_eq!(out.len(), 16);
}
