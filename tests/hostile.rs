//! Texts that nobody means well, under the strict profile: refused or compiled soon, and evaluated within their budget.

use std::time::Duration;

#[path = "../testkit/mod.rs"]
mod testkit;

use miniexpr::{ArrayRef, Dialect, Dtype, Error, ErrorKind, Expression, Profile};
use testkit::random::Random;

/// Texts of an ordinary run; `ME_HOSTILE_TEXTS` asks for more.
const TEXTS: usize = 5_000;

/// What an evaluation may take: texts without an end take all of it.
const BUDGET: Duration = Duration::from_millis(5);

/// What texts are made of.
const PIECES: &[&str] = &[
    "x",
    "y",
    "s",
    "n",
    "(",
    ")",
    "(",
    ")",
    "+",
    "-",
    "*",
    "/",
    "**",
    "%",
    "<",
    "==",
    "!=",
    "<<",
    ">>",
    "&",
    "|",
    "^",
    "~",
    "!",
    ",",
    "1",
    "2.5",
    "1e308",
    "0x7f",
    "9223372036854775807",
    "'abc'",
    "\"z\"",
    "sum(",
    "max(",
    "where(",
    "sin(",
    "pow(",
    "replace(",
    "concat(",
    "upper(",
    "substr(",
    "mean(",
    "fma(",
    "if",
    "else",
    "not ",
    "and ",
    "or ",
    "e",
    "pi",
    "ncr(",
    "fac(",
    " ",
    "\n",
    "=",
    ";",
    "#",
    "\\",
    "'",
    "é",
    "[",
    "]",
    "{",
    "?",
    ":",
    "@",
    "def f(x):\n",
    "    return x\n",
    "    for i in range(10**9):\n",
    "        x = x + 1\n",
    "    while x < 1:\n",
    "# me:compiler=cc\n",
    "    print(x)\n",
];

/// The time for which this thread has worked: that of others on the machine does not count.
#[cfg(unix)]
fn worked() -> Duration {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the clock writes the structure.
    assert_eq!(unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &raw mut time) }, 0);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

/// The time that has passed, where the system does not tell for whom.
#[cfg(not(unix))]
fn worked() -> Duration {
    static START: std::sync::LazyLock<std::time::Instant> = std::sync::LazyLock::new(std::time::Instant::now);
    START.elapsed()
}

/// A text of pieces; some are built by nesting or repeating.
fn text(random: &mut Random) -> String {
    let pieces = 1 + random.index(59);
    let mut text: String = (0..pieces).map(|_| PIECES[random.index(PIECES.len())]).collect();
    match random.index(12) {
        0 => text = format!("{}{text}{}", "(".repeat(1 + random.index(79)), ")".repeat(1 + random.index(79))),
        1 => text = text.repeat(1 + random.index(29)),
        2 => text = format!("x{}", "**3".repeat(1 + random.index(399))),
        3 => text = format!("x{}", " + sum(x*2)".repeat(1 + random.index(149))),
        4 => {
            text = format!(
                "{}s{}",
                "replace(".repeat(1 + random.index(11)),
                ", 'a', 'bcdefgh')".repeat(1 + random.index(11))
            )
        }
        5 => {
            let body: String = (0..(1 + random.index(39))).map(|k| format!("    t{k} = x * {k}\n")).collect();
            text = format!(
                "def f(x, y, s, n):\n{body}    for i in range(10**15):\n        t0 = t0 + sin(t0)\n    return t0\n"
            );
        }
        _ => {}
    }
    text
}

/// The time of the slowest of each, and what became of the texts.
#[derive(Default, Debug)]
struct Tally {
    compiled: usize,
    refused: usize,
    stopped: usize,
    slowest_compile: Duration,
    slowest_evaluation: Duration,
    total: Duration,
}

impl Tally {
    fn add(&mut self, text: &str, dialect: Dialect, profile: Profile) {
        let start = worked();
        let compiled = Expression::builder(text)
            .variable("x", Dtype::Float64)
            .variable("y", Dtype::Int32)
            .string_variable("s", Dtype::Bytes, 8)
            .variable("n", Dtype::UInt8)
            .dialect(dialect)
            .profile(profile)
            .compile();
        let time = worked() - start;
        self.slowest_compile = self.slowest_compile.max(time);
        match compiled {
            Ok(expression) => {
                self.compiled += 1;
                self.evaluate(&expression);
            }
            Err(error) => {
                self.refused += 1;
                check(text, &error);
            }
        }
        self.total += worked() - start;
    }

    fn evaluate(&mut self, expression: &Expression) {
        let (x, y, n) = ([0.5; 16], [3i32; 16], [7u8; 16]);
        let strings = [b'a'; 128];
        let s = ArrayRef::strings(&strings, Dtype::Bytes, 8).unwrap();
        let inputs = [ArrayRef::from(&x), ArrayRef::from(&y), s, ArrayRef::from(&n)];
        let start = worked();
        let evaluation = expression.evaluation().timeout(BUDGET);
        let result = match expression.dtype() {
            Dtype::Float64 => evaluation.run_to_vec::<f64>(&inputs).map(drop),
            Dtype::Bool => evaluation.run_to_vec::<bool>(&inputs).map(drop),
            Dtype::Int32 => evaluation.run_to_vec::<i32>(&inputs).map(drop),
            Dtype::Int64 => evaluation.run_to_vec::<i64>(&inputs).map(drop),
            _ => Ok(()),
        };
        if let Err(error) = result {
            let kinds = [
                ErrorKind::TimedOut,
                ErrorKind::TooManyPasses,
                ErrorKind::Kernel,
                ErrorKind::InvalidReduction,
            ];
            assert!(kinds.contains(&error.kind()), "{error}: {expression}");
            self.stopped += 1;
        }
        self.slowest_evaluation = self.slowest_evaluation.max(worked() - start);
    }
}

/// An error has a message, and a place within the text if it has one.
fn check(text: &str, error: &Error) {
    assert!(!error.message().is_empty() && error.kind() != ErrorKind::Internal, "{text}");
    if let Some(span) = error.span() {
        assert!(span.start <= span.end && span.end <= text.len(), "{span:?}: {text}");
    }
    assert!(!error.to_string().is_empty());
}

/// Memory of the process, where the system reports it.
fn resident_bytes() -> usize {
    let pages = std::fs::read_to_string("/proc/self/statm").ok();
    pages.and_then(|pages| pages.split(' ').nth(1)?.parse::<usize>().ok()).unwrap_or(0) * 4096
}

#[test]
fn random_texts_take_little_time() {
    let texts = std::env::var("ME_HOSTILE_TEXTS").map_or(TEXTS, |texts| texts.parse().expect("a number"));
    let mut random = Random::new(18);
    let mut tally = Tally::default();
    let mut before = 0;
    for index in 0..texts {
        if index == texts / 2 {
            before = resident_bytes();
        }
        let kernels = Profile { expressions_only: index % 4 == 0, ..Profile::sandbox() };
        let dialect = if index % 2 == 0 { Dialect::Miniexpr } else { Dialect::NumPy };
        tally.add(&text(&mut random), dialect, kernels);
    }
    let grown = resident_bytes().saturating_sub(before);
    println!("{tally:?}, {:?} each, {grown} bytes more in the second half", tally.total / texts as u32);
    assert!(grown <= 32 << 20, "{grown} bytes");
    assert!(tally.compiled > 0 && tally.refused > 0);
    // Unoptimised code takes its time.
    let factor = if cfg!(debug_assertions) { 20 } else { 1 };
    assert!(tally.total / texts as u32 <= factor * Duration::from_millis(1), "{tally:?}");
    assert!(tally.slowest_compile <= factor * Duration::from_millis(50), "{tally:?}");
    assert!(tally.slowest_evaluation <= factor * Duration::from_millis(50), "{tally:?}");
}
