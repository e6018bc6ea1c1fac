//! What kernels write to the streams of the process: printed lines, and lines of the trace.
//!
//! A kernel writes through the C library and to the process's own streams, so it runs in a child
//! process: this test program again, which finds the kernel in its environment.

use std::env;

use miniexpr::Dtype::{self, Complex128, Float32, Float64, Int32, UInt8};

use crate::kernel;
use crate::testkit::client::{self, AUTO, Variable};
use crate::testkit::process::this_program;
use crate::testkit::values::encode;

/// Names of the child's environment.
const SOURCE: &str = "MINIEXPR_TEST_SOURCE";
const OUTPUT: &str = "MINIEXPR_TEST_OUTPUT";
const ITEMS: &str = "MINIEXPR_TEST_ITEMS";

/// The lines on standard output and the trace lines on standard error.
struct Streams {
    printed: Vec<String>,
    traced: Vec<String>,
}

/// Evaluates a kernel of `x` in a child process: `items` float64 numbers that count up from 1.
fn run(body: &str, output: u32, items: usize, environment: &[(&str, &str)]) -> Streams {
    let mut child = this_program();
    child.args(["--exact", "streams::kernel_of_the_environment", "--nocapture"]);
    child.env(SOURCE, kernel(body)).env(OUTPUT, output.to_string()).env(ITEMS, items.to_string());
    let result = child.envs(environment.iter().copied()).output().expect("a child process");
    assert!(result.status.success(), "{body}\n{}", String::from_utf8_lossy(&result.stderr));
    let lines = |bytes: &[u8]| -> Vec<String> {
        String::from_utf8_lossy(bytes).lines().map(str::to_string).collect()
    };
    let printed = lines(&result.stdout);
    let first = printed.iter().position(|line| line == "first line").expect("the first line") + 1;
    let last = printed.iter().position(|line| line == "last line").expect("the last line");
    Streams {
        printed: printed[first..last].to_vec(),
        traced: lines(&result.stderr).into_iter().filter(|line| line.starts_with("[me-dsl] ")).collect(),
    }
}

/// Runs in the child alone.
#[test]
fn kernel_of_the_environment() {
    let Ok(source) = env::var(SOURCE) else { return };
    let number = |name: &str| env::var(name).expect("a number").parse::<usize>().expect("a number");
    let output = number(OUTPUT) as u32;
    let expression = client::compile(&source, &[Variable::new("x", Float64)], output)
        .unwrap_or_else(|why| panic!("{why:?}"));
    let x: Vec<f64> = (1..=number(ITEMS)).map(|item| item as f64).collect();
    println!("\nfirst line");
    // A cap that is hit is one of the cases.
    let _ = expression.eval(&[&encode(Float64, &x)], x.len());
    println!("last line");
}

/// The lines that a kernel with the statement prints.
fn printed(statements: &str, output: u32) -> Vec<String> {
    run(&format!("{statements}\nreturn x"), output, 3, &[]).printed
}

#[test]
fn formats_and_values() {
    for (statement, line) in [
        ("print(\"value = {}\", 1 + 2)", "value = 3"),
        ("print(\"sum =\", 1 + 2, 3 + 4)", "sum = 3 7"),
        ("print(1 + 2)", "3"),
        ("print(\"v: \", 1)", "v: 1"),
        ("print(\"\", 1)", "1"),
        ("print(\"a{}b{}c\", 1.5, 2)", "a1.5b2c"),
        ("print(\"{{x}}\")", "{x}"),
        ("print('it\\'s \\u20ac', 1)", "it's \u{20ac} 1"),
        ("print('\u{e9}')", "\u{e9}"),
        ("print(1 > 0)", "1"),
        ("print(0.1)", "0.10000000000000001"),
        ("print(1e999, -0.0)", "inf -0"),
        ("print(sum(x), max(x) - min(x))", "6 2"),
        ("print(_n0, _ndim)", "3 1"),
    ] {
        assert_eq!(printed(statement, Float64.code()), [line], "{statement}");
    }
}

#[test]
fn formats_follow_the_dtype() {
    assert_eq!(printed("print(\"v\", 1.5, 300)", Int32.code()), ["v 1 300"]);
    assert_eq!(printed("print(\"v\", 1.5, 300)", UInt8.code()), ["v 1 44"]);
    assert_eq!(printed("print(0.1)", Float32.code()), ["0.100000001"]);
    assert_eq!(printed("print(1 > 0)", Dtype::Bool.code()), ["true"]);
    assert_eq!(printed("print(1 > 0, 2.5)", AUTO), ["true 2.5"]);
    assert_eq!(printed("print(1.5)", Complex128.code()), ["1.5+0j"]);
}

#[test]
fn a_line_for_each_pass_with_active_items() {
    assert_eq!(printed("for i in range(3):\n    print(i)", Float64.code()), ["0", "1", "2"]);
    assert_eq!(printed("if x > 2:\n    print('some')", Float64.code()), ["some"]);
    assert_eq!(printed("if x > 3:\n    print('none')", Float64.code()), [""; 0]);
    assert_eq!(printed("y = 2\nprint(y)\ny = x", Float64.code()), ["2"]);
    assert_eq!(run("print(1)\nreturn x", Float64.code(), 0, &[]).printed, [""; 0]);
}

/// However many items there are, and wherever they leave.
#[test]
fn a_line_for_all_items() {
    const MANY: usize = 10_000;
    let lines = |body: &str, items: usize| run(body, Float64.code(), items, &[]).printed;
    let half = |items: usize| format!("if x < {}:\n    return 1\n", items / 2);
    for items in [4, MANY] {
        assert_eq!(lines(&format!("{}print('some')\nreturn x", half(items)), items), ["some"]);
        assert_eq!(lines("if x > 0:\n    return x\nprint('none')\nreturn x", items), [""; 0]);
        let twice = "print(max(x))\ny = -x\nif sin(x) > 2:\n    y = 1\nprint('least', min(y))\nreturn x";
        assert_eq!(lines(twice, items), [format!("{items}"), format!("least -{items}")]);
        // The first item has left with the value that its line shows.
        let left = format!("n = 7\n{}n = 8\ns = sum(x)\nprint(n)\nreturn s", half(items));
        assert_eq!(lines(&left, items), ["7"]);
    }
    // The last items hit the cap, the first do not.
    let body = "y = 0\nwhile y < x:\n    y += 1\nprint('never')\nreturn y";
    let cap = [("ME_DSL_WHILE_MAX_ITERS", "9000")];
    assert_eq!(run(body, Float64.code(), MANY, &cap).printed, [""; 0]);
}

#[test]
fn a_loop_that_hits_the_cap_is_traced() {
    let body = "y = 0\nwhile y < 10:\n    y += 1\nreturn y + 0 * sum(x)";
    let cap = |passes| [("ME_DSL_TRACE", "1"), ("ME_DSL_JIT", "0"), ("ME_DSL_WHILE_MAX_ITERS", passes)];
    let is_hit = |line: &&String| line.contains("while");
    let traced = run(body, Float64.code(), 3, &cap("4")).traced;
    let line = "[me-dsl] while iteration cap hit at 3:5 after 4 iterations (limit=4)";
    assert_eq!(traced.iter().filter(is_hit).collect::<Vec<_>>(), [line]);
    assert_eq!(run(body, Float64.code(), 3, &cap("10")).traced.iter().filter(is_hit).count(), 0);
    // Machine code does not know the place.
    let by_code = [("ME_DSL_TRACE", "1"), ("ME_DSL_WHILE_MAX_ITERS", "4")];
    let traced = run("y = 0\nwhile y < 10:\n    y += 1\nreturn y + x", Float64.code(), 3, &by_code).traced;
    let line =
        |line: &&String| line.starts_with("[me-dsl] while iteration cap hit") && line.ends_with("(limit=4)");
    assert_eq!(traced.iter().filter(line).count(), 1, "{traced:?}");
    let quiet = [("ME_DSL_WHILE_MAX_ITERS", "4")];
    assert_eq!(run(body, Float64.code(), 3, &quiet).traced, [""; 0]);
}
