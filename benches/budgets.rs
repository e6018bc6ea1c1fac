//! What budgets cost: the time of an evaluation with a flag, a time limit and a cap on passes, none of which ends it, as a
//! ratio of its time without. Each engine runs kernels with loops; rounds alternate, and the shortest time of each counts.
//!
//! `cargo bench --bench budgets` prints a line for each kernel and engine.

use std::hint::black_box;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use miniexpr::{ArrayRef, Dtype, Evaluation, Expression, JitMode};

const ITEMS: usize = 1 << 14;
const ROUNDS: usize = 40;

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
    let steps = |k: usize| k as f64 / ITEMS as f64;
    let a: Vec<f64> = (0..ITEMS).map(|k| 2.5 * steps(k) - 2.0).collect();
    let b: Vec<f64> = (0..ITEMS).map(|k| 2.0 * steps(k * 97 % ITEMS) - 1.0).collect();
    let inputs = [ArrayRef::from(&a), ArrayRef::from(&b)];
    println!(
        "{:14} {:12} {:>10} {:>7} {:>7} {:>7} {:>7}",
        "", "", "ns/item", "flag", "time", "both", "passes"
    );
    for (name, text) in KERNELS {
        for (engine, pragma, mode) in [
            ("interpreter", "", JitMode::Off),
            ("in memory", "", JitMode::On),
            ("compiler", "# me:compiler=cc\n", JitMode::On),
        ] {
            let expression = Expression::builder(&format!("{pragma}{text}"))
                .variable("a", Dtype::Float64)
                .variable("b", Dtype::Float64)
                .compile()
                .expect("a kernel");
            let [plain, others @ ..] = times(&expression, mode, &inputs);
            let [flag, time, both, passes] = others.map(|time| time / plain);
            let item = plain * 1e9 / ITEMS as f64;
            println!("{name:14} {engine:12} {item:10.2} {flag:7.3} {time:7.3} {both:7.3} {passes:7.3}");
        }
    }
}

/// The shortest times in seconds: without a budget, with a flag, a time limit, both, and a cap on passes.
fn times(expression: &Expression, mode: JitMode, inputs: &[ArrayRef<'_>]) -> [f64; 5] {
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
            black_box(evaluation.run_to_vec::<f64>(inputs).expect("no budget ends it"));
            *best = best.min(start.elapsed().as_secs_f64());
        }
    }
    best
}
