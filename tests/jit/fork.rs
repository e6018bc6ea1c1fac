//! Processes that fork while their threads compile.
#![cfg(target_os = "linux")]

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread;

use crate::session::{Session, compile, set, values};

const THREADS: usize = 8;

/// Children at a time.
const CHILDREN: usize = 16;

/// Seconds after which a child that hangs ends.
const PATIENCE: u32 = 60;

fn kernel(addend: u32) -> String {
    format!("def f(x):\n    y = x * 2\n    if x > 1:\n        y = y + {addend}\n    return y\n")
}

/// Compiles kernels that others compile too, and new ones, and evaluates them; the exit code of a child.
fn work(number: u32) -> i32 {
    for addend in [number % 5, number] {
        let Ok(expression) = compile(&kernel(addend)) else { return 1 };
        let Ok(out) = values(&expression, &[1.0, 2.0, 3.0]) else { return 2 };
        let addend = f64::from(addend);
        if out != [2.0, 4.0 + addend, 6.0 + addend] {
            return 3;
        }
    }
    0
}

/// Waits for a child; its status, if that is not success.
fn failure(child: Option<i32>) -> Option<i32> {
    let mut status = 0;
    // SAFETY: the child is this process's.
    unsafe { libc::waitpid(child?, &raw mut status, 0) };
    (status != 0).then_some(status)
}

/// `MINIEXPR_FORKS` asks for another number of forks.
#[test]
fn children_compile_and_evaluate() {
    let _session = Session::new("fork");
    let forks = std::env::var("MINIEXPR_FORKS").ok().and_then(|text| text.parse().ok()).unwrap_or(10_000);
    set("ME_DSL_TRACE", "0");
    let ends = AtomicBool::new(false);
    let next = AtomicU32::new(0);
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                while !ends.load(Ordering::Relaxed) {
                    assert_eq!(work(next.fetch_add(1, Ordering::Relaxed)), 0);
                }
            });
        }
        let mut children = VecDeque::new();
        let mut bad = Vec::new();
        for number in 0..forks {
            // SAFETY: the child uses what this library promises to work there, and ends without unwinding.
            let child = unsafe { libc::fork() };
            assert!(child >= 0, "no process");
            if child == 0 {
                // SAFETY: these calls end the child, whatever its state.
                unsafe {
                    libc::alarm(PATIENCE);
                    libc::_exit(work(number));
                }
            }
            children.push_back(child);
            if children.len() == CHILDREN {
                bad.extend(failure(children.pop_front()));
            }
            if !bad.is_empty() {
                break;
            }
        }
        bad.extend(children.into_iter().filter_map(|child| failure(Some(child))));
        ends.store(true, Ordering::Relaxed);
        assert!(bad.is_empty(), "statuses of children: {bad:?}");
    });
}
