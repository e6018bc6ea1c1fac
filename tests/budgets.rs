//! Flags, time limits and caps on passes stop every engine soon, and leave the expression as it was.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use miniexpr::{ArrayRef, Dtype, Error, ErrorKind, Expression, Function, JitMode, Profile, fail_evaluation};

/// Loops without an end that anybody would wait for: uniform, of bounds that differ, `while`, nested, with reductions.
const ENDLESS: &[&str] = &[
    "def f(x):\n    y = x\n    for i in range(1000000000000):\n        y = y + 1\n    return y\n",
    "def f(x):\n    y = x\n    for i in range(int(x) + 1000000000000):\n        y = y + 1\n    return y\n",
    "def f(x):\n    y = x\n    for i in range(100000000):\n        for j in range(100):\n            y = y * 0.5 + sin(y)\n    return y\n",
    "def f(x):\n    y = x\n    for i in range(1000000):\n        k = 0\n        while k < 1000000:\n            k = k + 1\n        y = y + k\n    return y\n",
    "def f(x):\n    s = 0.0\n    for i in range(1000000):\n        while sum(x) < 1:\n            s = s + 1\n    return s\n",
];

/// What an engine is asked for.
fn modes() -> [JitMode; 2] {
    [JitMode::Off, JitMode::Default]
}

fn compile(text: &str) -> Expression {
    Expression::builder(text).variable("x", Dtype::Float64).compile().unwrap()
}

/// Texts for the engine in memory, and for the compiler of C.
fn variants(text: &str) -> [String; 2] {
    [text.to_string(), format!("# me:compiler=cc\n{text}")]
}

/// How long an evaluation took, and its error.
fn timed(run: impl FnOnce() -> Result<Vec<f64>, Error>) -> (Duration, ErrorKind) {
    let start = Instant::now();
    let error = run().unwrap_err();
    (start.elapsed(), error.kind())
}

/// Stops are measured one after the other: the machine may be busy enough.
static ALONE: Mutex<()> = Mutex::new(());

/// Time from the reason to stop to the end of a call, with some for a machine on which other tests run.
const SOON: Duration = Duration::from_millis(if cfg!(debug_assertions) { 1000 } else { 50 });

#[test]
fn time_limits_stop_every_engine() {
    let _alone = ALONE.lock().unwrap();
    let limit = Duration::from_millis(20);
    for text in ENDLESS.iter().flat_map(|text| variants(text)) {
        let expression = compile(&text);
        for (items, threads) in [(1, 1), (1000, 1), (100_000, 1), (100_000, 3)] {
            let x = vec![0.0; items];
            for mode in modes() {
                let evaluation = expression.evaluation().jit(mode).threads(threads).timeout(limit);
                let (time, kind) = timed(|| evaluation.run_to_vec(&[ArrayRef::from(&x)]));
                assert_eq!(kind, ErrorKind::TimedOut, "{text}");
                assert!(time >= limit && time < limit + SOON, "{time:?} {items} {mode:?}\n{text}");
            }
        }
    }
}

#[test]
fn flags_stop_every_engine() {
    let _alone = ALONE.lock().unwrap();
    for text in ENDLESS.iter().flat_map(|text| variants(text)) {
        let expression = compile(&text);
        for mode in modes() {
            let flag = AtomicBool::new(false);
            thread::scope(|scope| {
                let running = scope.spawn(|| {
                    let evaluation = expression.evaluation().jit(mode).threads(2).cancel(&flag);
                    let error =
                        evaluation.run_to_vec::<f64>(&[ArrayRef::from(&vec![0.0; 5000])]).unwrap_err();
                    (error.kind(), Instant::now())
                });
                thread::sleep(Duration::from_millis(5));
                flag.store(true, Ordering::Relaxed);
                let set = Instant::now();
                let (kind, end) = running.join().unwrap();
                assert_eq!(kind, ErrorKind::Cancelled);
                assert!(end.saturating_duration_since(set) < SOON, "{mode:?}\n{text}");
            });
        }
    }
}

/// Plain expressions over many items, by one step, by machine code, with strings, with reductions.
#[test]
fn plain_expressions_are_stopped_between_blocks() {
    let _alone = ALONE.lock().unwrap();
    let x = vec![0.5; 1 << 24];
    // With memory that is there: what the system takes to give it is not the library's.
    let mut out = vec![1.0; x.len()];
    for text in ["x + 1", "sin(x) * exp(x) + cos(x * 3) ** 1.5", "sum(exp(sin(x)))", "x / mean(log(x))"] {
        let expression = compile(text);
        let items = if expression.is_scalar() { 1 } else { x.len() };
        for mode in modes() {
            // The time is not up before the evaluation begins.
            let limit = Duration::from_micros(200);
            let evaluation = expression.evaluation().jit(mode).timeout(limit);
            let run = || evaluation.run(&[ArrayRef::from(&x)], &mut out[..items]).map(|()| Vec::new());
            let (time, kind) = timed(run);
            assert_eq!(kind, ErrorKind::TimedOut, "{text}");
            assert!(time < limit + SOON, "{time:?} {text}");
        }
    }
}

/// The cap is that of one item, the same for each engine, and does not depend on how many items there are.
#[test]
fn passes_are_capped_exactly() {
    const CASES: &[(&str, u64)] = &[
        ("def f(x):\n    y = x\n    for i in range(100):\n        y = y + 1\n    return y\n", 100),
        (
            "def f(x):\n    y = x\n    for i in range(7):\n        for j in range(int(x) + 9):\n            y = y + 0\n    return y\n",
            70,
        ),
        ("def f(x):\n    k = 0\n    while k < 30:\n        k = k + 2\n    return x + k\n", 15),
        (
            "def f(x):\n    y = x\n    for i in range(5):\n        y = y + 1\n    z = y / sum(y)\n    for i in range(6):\n        y = y + 1\n    return y\n",
            11,
        ),
    ];
    for (text, passes) in CASES {
        for text in variants(text) {
            let expression = compile(&text);
            for mode in modes() {
                for items in [1, 3, 64, 1000, 70_000] {
                    let x = vec![0.0; items];
                    let run = |passes| {
                        let evaluation = expression.evaluation().jit(mode).max_passes(passes);
                        evaluation.run_to_vec::<f64>(&[ArrayRef::from(&x)])
                    };
                    let expected: Vec<f64> = expression.evaluate_to_vec(&[ArrayRef::from(&x)]).unwrap();
                    assert!(
                        run(*passes).is_ok_and(|values| same(&values, &expected)),
                        "{items} {mode:?}\n{text}"
                    );
                    let kind = run(passes - 1).map_err(|error| error.kind());
                    assert_eq!(kind, Err(ErrorKind::TooManyPasses), "{items} {mode:?}\n{text}");
                }
            }
        }
    }
}

/// Whether numbers have the same bits.
fn same(a: &[f64], b: &[f64]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.to_bits() == b.to_bits())
}

/// A limit that is not reached changes nothing, and one that was reached leaves the expression as it was.
#[test]
fn results_within_a_budget_are_the_same() {
    let x: Vec<f64> = (0..40_000).map(|item| f64::from(item) / 1e4 - 2.0).collect();
    let mandelbrot = "def f(x):\n    a = 0.0\n    b = 0.0\n    n = 0\n    for i in range(200):\n        if a*a + b*b > 4.0:\n            break\n        t = a*a - b*b + x\n        b = 2*a*b + 0.4\n        a = t\n        n = n + 1\n    return a + n\n";
    let newton = "def f(x):\n    y = x + 3\n    k = 0\n    while abs(y*y*y - x) > 1e-9 and k < 50:\n        y = y - (y*y*y - x) / (3*y*y + 1e-3)\n        k = k + 1\n    return y + k\n";
    let flag = AtomicBool::new(false);
    for text in [mandelbrot, newton, "sin(x) + x / 3"].iter().flat_map(|text| variants(text)) {
        if text.starts_with('#') && !text.contains("def") {
            continue;
        }
        let expression = compile(&text);
        for mode in modes() {
            let run = || expression.evaluation().jit(mode).cancel(&flag).timeout(Duration::from_secs(600));
            let expected: Vec<f64> =
                expression.evaluation().jit(mode).run_to_vec(&[ArrayRef::from(&x)]).unwrap();
            let values: Vec<f64> = run().run_to_vec(&[ArrayRef::from(&x)]).unwrap();
            assert!(same(&values, &expected), "{mode:?}\n{text}");
            let capped: Vec<f64> =
                run().max_passes(1 << 20).threads(2).run_to_vec(&[ArrayRef::from(&x)]).unwrap();
            assert!(same(&capped, &expected), "{mode:?}\n{text}");
        }
    }
}

/// What a profile allows holds for every evaluation; an evaluation may allow less, not more.
#[test]
fn profiles_cap_the_passes_of_every_evaluation() {
    let text = "def f(x):\n    y = x\n    for i in range(100):\n        y = y + 1\n    return y\n";
    let compile = |most| {
        let profile = Profile { max_passes: Some(most), ..Profile::default() };
        Expression::builder(text).variable("x", Dtype::Float64).profile(profile).compile().unwrap()
    };
    let x = [0.0; 10];
    let inputs = [ArrayRef::from(&x)];
    assert!(compile(100).evaluate_to_vec::<f64>(&inputs).is_ok());
    let kind = |result: Result<Vec<f64>, Error>| result.unwrap_err().kind();
    assert_eq!(kind(compile(99).evaluate_to_vec(&inputs)), ErrorKind::TooManyPasses);
    assert_eq!(kind(compile(99).evaluation().max_passes(1000).run_to_vec(&inputs)), ErrorKind::TooManyPasses);
    assert_eq!(kind(compile(1000).evaluation().max_passes(99).run_to_vec(&inputs)), ErrorKind::TooManyPasses);
}

static CALLS: AtomicUsize = AtomicUsize::new(0);

extern "C" fn refuses_negatives(x: f64) -> f64 {
    CALLS.fetch_add(1, Ordering::Relaxed);
    if x < 0.0 {
        assert!(fail_evaluation(-17, "it is negative"));
    }
    x
}

/// A function that fails stops all threads, soon, and is not called again.
#[test]
fn functions_fail_evaluations() {
    assert!(!fail_evaluation(1, "nobody evaluates"));
    let texts = [
        "f(x) + 1",
        "sum(f(x))",
        "def k(x):\n    y = f(x)\n    return y\n",
        "def k(x):\n    y = 0.0\n    for i in range(1000000):\n        y = y + f(x)\n    return y\n",
        "def k(x):\n    y = x\n    if y < 5:\n        y = f(y)\n    return y\n",
    ];
    for text in texts {
        let function = Function::new(refuses_negatives as extern "C" fn(f64) -> f64);
        for function in [function, function.pure()] {
            let expression = Expression::builder(text)
                .variable("x", Dtype::Float64)
                .function("f", function)
                .compile()
                .unwrap();
            for (items, threads) in [(1, 1), (300_000, 1), (300_000, 3)] {
                let mut x = vec![1.0; items];
                x[0] = -1.0;
                let before = CALLS.load(Ordering::Relaxed);
                for mode in modes() {
                    let evaluation = expression.evaluation().jit(mode).threads(threads);
                    let error = evaluation.run_to_vec::<f64>(&[ArrayRef::from(&x)]).unwrap_err();
                    assert_eq!(error.kind(), ErrorKind::Callback, "{text}");
                    assert_eq!((error.code(), error.message()), (-17, "it is negative"));
                }
                // The other threads may have begun with their items.
                let calls = CALLS.load(Ordering::Relaxed) - before;
                assert!(calls <= 2 * items + 200_000, "{calls} calls of {items} items: {text}");
            }
        }
    }
}
