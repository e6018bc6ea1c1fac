//! Compile time grows with the length of a text, not with its square: texts of several 100 KB, of shapes
//! that once took minutes.

use std::time::{Duration, Instant};

use miniexpr::Dtype::{Bool, Float64, Int32};

use crate::testkit::client::{AUTO, Variable, compile};

/// What a compilation of a few hundredths of a second may take on a busy machine.
const LIMIT: Duration = Duration::from_secs(15);

fn compiles_soon(shape: &str, text: &str) {
    let table = [Variable::new("x", Float64), Variable::new("k", Int32), Variable::new("b", Bool)];
    let start = Instant::now();
    let result = compile(text, &table, AUTO);
    let elapsed = start.elapsed();
    eprintln!("{shape}: {} bytes, {elapsed:?}", text.len());
    assert!(result.is_ok(), "{shape}: {:?}", result.err());
    assert!(elapsed < LIMIT, "{shape}: {elapsed:?}");
}

fn size() -> usize {
    std::env::var("MINIEXPR_GROWTH_BYTES").ok().and_then(|text| text.parse().ok()).unwrap_or(300_000)
}

fn repeated(line: impl Fn(usize) -> String) -> String {
    let mut text = String::new();
    for index in 0.. {
        if text.len() >= size() {
            break;
        }
        text += &line(index);
    }
    text
}

fn kernel(lines: &str) -> String {
    format!("def f(x, k, b):\n    t = x\n{lines}    return t\n")
}

#[test]
fn kernels() {
    let chain = |line: &str| kernel(&repeated(|_| format!("    {line}\n")));
    compiles_soon("chain of reductions", &chain("t = t + sum(t*k)"));
    compiles_soon("chain of means", &chain("t = t - mean(t)"));
    compiles_soon("independent reductions", &kernel(&repeated(|i| format!("    t = t + sum(x*{i})\n"))));
    let flat = |line: fn(usize) -> String| kernel(&repeated(line));
    compiles_soon("flat if", &flat(|i| format!("    if x > {i}:\n        t = t + {i}\n")));
    compiles_soon("same if", &flat(|_| "    if x > 1:\n        t = x\n".into()));
    compiles_soon("if with return", &flat(|i| format!("    if x > {i}:\n        return x + {i}\n")));
    compiles_soon("same if with return", &flat(|_| "    if x > 1:\n        return x\n".into()));
    compiles_soon("if with print", &flat(|_| "    if x > 1:\n        print(1)\n".into()));
    let elif = repeated(|i| format!("    elif x > {i}:\n        t = {i}.5\n"));
    compiles_soon("elif", &kernel(&format!("    if x > 0:\n        t = 1.0\n{elif}")));
    let elif = repeated(|i| format!("    elif x > {i}:\n        return {i}.5\n"));
    compiles_soon("elif with return", &kernel(&format!("    if x > 0:\n        return 1.0\n{elif}")));
    compiles_soon("compound assignments", &chain("t *= x + 1"));
}

#[test]
fn expressions() {
    let terms = |term: fn(usize) -> String| format!("x{}", repeated(term));
    compiles_soon("sum", &terms(|i| format!("+x*{i}")));
    compiles_soon("sums", &terms(|i| format!("+sum(x*{i})")));
    compiles_soon("functions of numbers", &terms(|i| format!("+atan2(x,{i})")));
    compiles_soon("constants", &terms(|i| format!("+{i}*3/2")));
    let constant = |piece: &str| repeated(|_| piece.into());
    compiles_soon("constant sum", &format!("1{}", constant("+1")));
    compiles_soon("constant float sum", &format!("1{}", constant("+1.5")));
    compiles_soon("weak constants", &format!("b+(1{})", constant("+1")));
    compiles_soon("negated constants", &format!("{}1", constant("-")));
    compiles_soon("powers", &format!("x{}", constant("**3")));
    let depth = size() / 10;
    compiles_soon("calls", &format!("{}1{}", "abs(1+".repeat(depth), ")".repeat(depth)));
    compiles_soon("calls of truths", &format!("{}1{}", "abs(1/2+(".repeat(depth), ">0))".repeat(depth)));
    compiles_soon("powers of powers", &format!("x*{}2{}", "3**(".repeat(depth), ")".repeat(depth)));
}
