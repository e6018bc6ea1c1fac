//! What budgets cost: the time of an evaluation with a flag, a time limit and a cap on passes, none of which ends it, as a
//! ratio of its time without. Each engine runs kernels with loops and plain expressions; rounds alternate, and the shortest
//! time of each counts.
//!
//! `cargo bench --bench budgets` prints a line for each text and engine.

use std::hint::black_box;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use miniexpr::{ArrayRef, Dtype, Evaluation, Expression, JitMode};

/// Items of kernels and of plain expressions.
const ITEMS: usize = 1 << 14;
const MANY_ITEMS: usize = 1 << 18;
const ROUNDS: usize = 40;

const EXPRESSIONS: &[(&str, &str)] = &[
    ("one step", "a * b"),
    ("chain", "(a * b + 1) * (a - b) * 0.5"),
    ("functions", "sin(a) * exp(b)"),
    ("sum", "sum(a * b)"),
];

const KERNELS: &[(&str, &str)] = &[
    (
        "Mandelbrot",
        "def f(a, b):\n    x = 0.0\n    y = 0.0\n    passes = 0.0\n    for i in range(200):\n        if x * x + y * y > 4.0:\n            break\n        t = x * x - y * y + a\n        y = 2.0 * x * y + b\n        x = t\n        passes = passes + 1.0\n    return passes\n",
    ),
    (
        "Newton",
        "def f(a, b):\n    square = a * a + 1.0\n    root = square + b * 0.0\n    for i in range(20):\n        root = root - (root * root - square) / (2.0 * root)\n    return root\n",
    ),
    (
        "Newton, while",
        "def f(a, b):\n    square = a * a + 1.0\n    root = square + b * 0.0\n    while root * root - square > 1e-9:\n        root = root - (root * root - square) / (2.0 * root)\n    return root\n",
    ),
    (
        "long loop",
        "def f(a, b):\n    y = a\n    for i in range(2000):\n        y = y * 0.999 + b\n    return y\n",
    ),
];

fn main() {
    println!(
        "{:14} {:12} {:>10} {:>7} {:>7} {:>7} {:>7}",
        "", "", "ns/item", "flag", "time", "both", "passes"
    );
    let engines = [("interpreter", JitMode::Off), ("in memory", JitMode::On)];
    for (name, text) in KERNELS {
        engines.iter().for_each(|&engine| measure(name, text, engine, ITEMS));
        measure(name, &format!("# me:compiler=cc\n{text}"), ("compiler", JitMode::On), ITEMS);
    }
    for (name, text) in EXPRESSIONS {
        engines.iter().for_each(|&engine| measure(name, text, engine, MANY_ITEMS));
    }
}

/// Prints the line of a text and an engine.
fn measure(name: &str, text: &str, (engine, mode): (&str, JitMode), items: usize) {
    let steps = |k: usize| k as f64 / items as f64;
    let a: Vec<f64> = (0..items).map(|k| 2.5 * steps(k) - 2.0).collect();
    let b: Vec<f64> = (0..items).map(|k| 2.0 * steps(k * 97 % items) - 1.0).collect();
    let expression = Expression::builder(text)
        .variable("a", Dtype::Float64)
        .variable("b", Dtype::Float64)
        .compile()
        .expect("a text of the language");
    let mut out = vec![0.0; if expression.is_scalar() { 1 } else { items }];
    let inputs = [ArrayRef::from(&a), ArrayRef::from(&b)];
    let [plain, others @ ..] = times(&expression, mode, &inputs, &mut out);
    let [flag, time, both, passes] = others.map(|time| time / plain);
    let item = plain * 1e9 / items as f64;
    println!("{name:14} {engine:12} {item:10.2} {flag:7.3} {time:7.3} {both:7.3} {passes:7.3}");
}

/// The shortest times in seconds: without a budget, with a flag, a time limit, both, and a cap on passes.
fn times(expression: &Expression, mode: JitMode, inputs: &[ArrayRef<'_>], out: &mut [f64]) -> [f64; 5] {
    let flag = AtomicBool::new(false);
    let hour = Duration::from_secs(3600);
    let mut best = [f64::INFINITY; 5];
    for _ in 0..ROUNDS {
        for (index, best) in best.iter_mut().enumerate() {
            let evaluation: Evaluation<'_> = expression.evaluation().jit(mode);
            let evaluation = match index {
                0 => evaluation,
                1 => evaluation.cancel(&flag),
                2 => evaluation.timeout(hour),
                3 => evaluation.cancel(&flag).timeout(hour),
                _ => evaluation.max_passes(1 << 40),
            };
            let start = Instant::now();
            evaluation.run(inputs, &mut *out).expect("no budget ends it");
            black_box(&mut *out);
            *best = best.min(start.elapsed().as_secs_f64());
        }
    }
    best
}
