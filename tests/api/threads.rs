//! Concurrent use: one expression evaluated from many threads, compile calls beside evaluations.

use std::thread;

use miniexpr::Dtype::{Float64, Int32};

use crate::testkit::client::{AUTO, Variable, compile};
use crate::testkit::values::{decode, encode};

const THREADS: usize = 8;
const ITEMS: usize = 10_000;
const ROUNDS: usize = 20;

#[test]
fn threads_share_an_expression() {
    let variables = [Variable::new("a", Float64), Variable::new("b", Int32)];
    let expression =
        compile("sqrt(a*a + b*b) * sin(a) + where(b > 50, b, a/2)", &variables, AUTO).expect("compiles");
    let inputs: Vec<[Vec<u8>; 2]> = (0..THREADS).map(columns).collect();
    let serial: Vec<Vec<u8>> =
        inputs.iter().map(|[a, b]| expression.eval(&[a, b], ITEMS).expect("evaluates")).collect();
    thread::scope(|scope| {
        for ([a, b], want) in inputs.iter().zip(&serial) {
            let expression = &expression;
            scope.spawn(move || {
                for _ in 0..ROUNDS {
                    let out = expression.eval(&[a, b], ITEMS).expect("evaluates");
                    assert!(out == *want, "a thread got another result");
                }
            });
        }
    });
}

/// The two columns of thread `seed`.
fn columns(seed: usize) -> [Vec<u8>; 2] {
    let numbers =
        |modulus: usize| -> Vec<f64> { (0..ITEMS).map(|i| ((i * 31 + seed * 7) % modulus) as f64).collect() };
    [encode(Float64, &numbers(1009)), encode(Int32, &numbers(101))]
}

#[test]
fn threads_compile_at_the_same_time() {
    thread::scope(|scope| {
        for thread in 0..THREADS {
            scope.spawn(move || {
                for round in 0..ROUNDS {
                    let text = format!("x * {thread} + {round}");
                    let expression = compile(&text, &[Variable::new("x", Float64)], AUTO).expect("compiles");
                    let out = expression.eval(&[&2f64.to_le_bytes()], 1).expect("evaluates");
                    assert_eq!(decode(Float64, &out), [(2 * thread + round) as f64]);
                    let unknown = compile("x + y", &[Variable::new("x", Float64)], AUTO);
                    assert!(unknown.is_err());
                }
            });
        }
    });
}
