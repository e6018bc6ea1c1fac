//! Evaluations by threads that end: in the destructor of a thread-specific value of C, which runs after
//! those of Rust's thread-local values.
#![cfg(unix)]

use std::ffi::c_void;
use std::sync::atomic::{AtomicI32, Ordering};

use crate::testkit::client::{AUTO, Expression, Variable, compile};
use miniexpr::Dtype::Float64;

static STATUS: AtomicI32 = AtomicI32::new(i32::MIN);

extern "C" fn evaluate(expression: *mut c_void) {
    // SAFETY: the test gives an expression, which outlives the thread.
    let expression = unsafe { &*expression.cast::<Expression>() };
    let x: Vec<u8> = (0..100).flat_map(|item| f64::from(item).to_ne_bytes()).collect();
    let status = match expression.eval(&[&x], 100) {
        Ok(out) => i32::from(out[8..16] != 3f64.to_ne_bytes()),
        Err(status) => status,
    };
    STATUS.store(status, Ordering::Relaxed);
}

#[test]
fn destructors_of_thread_specific_values_evaluate() {
    let texts = [
        "x*2 + sqrt(x)",
        "def k(x):\n    y = x\n    while y < 3:\n        y = y + 1\n    return where(x == 1, 3, y)\n",
    ];
    for text in texts {
        let expression = compile(text, &[Variable::new("x", Float64)], AUTO).unwrap();
        let mut key = 0;
        // SAFETY: the key is written; the destructor takes what the thread sets.
        assert_eq!(unsafe { libc::pthread_key_create(&raw mut key, Some(evaluate)) }, 0);
        std::thread::scope(|scope| {
            let thread = scope.spawn(|| {
                let value: *const Expression = &raw const expression;
                // SAFETY: the key exists.
                unsafe { libc::pthread_setspecific(key, value.cast()) };
                // The thread has memory of the library when it ends.
                expression.eval(&[&[0; 80]], 10).unwrap();
            });
            // The scope itself would not wait for destructors.
            thread.join().unwrap();
        });
        // SAFETY: the key exists, and no thread has a value.
        unsafe { libc::pthread_key_delete(key) };
        assert_eq!(STATUS.swap(i32::MIN, Ordering::Relaxed), 0, "{text}");
    }
}
