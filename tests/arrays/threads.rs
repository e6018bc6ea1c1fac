//! Several callers, several threads each, and forked children.

use std::sync::atomic::{AtomicUsize, Ordering};

use crate::testkit::client::Expression;
use crate::testkit::strided::*;

fn dense(items: &mut [f64]) -> Array {
    Array { data: items.as_mut_ptr().cast(), ty: FLOAT64, shape: vec![items.len() as i64], strides: vec![8] }
}

/// Evaluates over `items` items by four threads, and compares with one.
fn agree(expr: &Expression, items: usize, seed: usize) -> bool {
    let mut a: Vec<f64> = (0..items).map(|item| ((item * 7919 + seed) % 1000) as f64 * 1e-3).collect();
    let (mut one, mut many) = (vec![0.0; items], vec![0.0; items]);
    let input = [dense(&mut a)];
    assert_eq!(evaluate(expr, &input, &dense(&mut one), &params(1)), 0);
    assert_eq!(evaluate(expr, &input, &dense(&mut many), &params(4)), 0);
    one == many
}

#[test]
fn eight_callers_with_four_threads_each() {
    let expr = compile("sin(a) * exp(a) + a", &[("a", FLOAT64)]);
    let right = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for caller in 0..8 {
            let (expr, right) = (&expr, &right);
            scope.spawn(move || {
                for round in 0..10 {
                    let items = 1 + (caller * 7 + round) * 1000;
                    right.fetch_add(usize::from(agree(expr, items, caller)), Ordering::Relaxed);
                }
            });
        }
    });
    assert_eq!(right.into_inner(), 80);
}

/// A child has no workers of its parent's, and starts its own.
#[cfg(unix)]
#[test]
fn forked_children_have_a_pool_of_their_own() {
    let expr = compile("sin(a) * exp(a) + a", &[("a", FLOAT64)]);
    assert!(agree(&expr, 100_000, 0));
    for seed in 0..20 {
        // SAFETY: the child evaluates, and ends without unwinding into the tests.
        match unsafe { libc::fork() } {
            0 => {
                // A child that waits for ever is ended by its alarm.
                // SAFETY: both calls are sound anywhere.
                unsafe {
                    libc::alarm(60);
                    libc::_exit(i32::from(!agree(&expr, 100_000, seed)));
                }
            }
            child => {
                let mut status = 0;
                // SAFETY: the child is this process's own.
                assert_eq!(unsafe { libc::waitpid(child, &raw mut status, 0) }, child);
                assert_eq!(status, 0, "child {seed}");
            }
        }
    }
}
