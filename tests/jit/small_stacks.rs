//! Deeply nested kernels on threads with little stack.

use std::thread;

use crate::session::{Session, compile, has_kernel, set, values};

/// Bytes of stack with which the deepest kernels are compiled and evaluated.
const STACK: usize = if cfg!(debug_assertions) { 128 << 10 } else { 64 << 10 };

/// Blocks that may be nested.
const DEPTH: usize = 30;

/// A kernel that adds one to `x` in its innermost block, which each line of `openings` in turn opens.
fn nested(header: &str, openings: &[&str]) -> String {
    let mut source = format!("{header}\ndef f(x):\n    y = x\n");
    for depth in 0..DEPTH {
        let indent = " ".repeat(4 * depth + 4);
        for line in openings[depth % openings.len()].lines() {
            source += &format!("{indent}{}\n", line.replace('@', &depth.to_string()));
        }
    }
    let indent = " ".repeat(4 * DEPTH + 4);
    source + &format!("{indent}y = y + exp(x - x) * where(x > 100, 2, 1)\n    return y\n")
}

#[test]
fn the_deepest_kernels_run() {
    let _session = Session::new("small-stacks");
    let shapes: [&[&str]; 6] = [
        &["for i@ in range(1):"],
        &["for i@ in range(int(x / x)):"],
        &["n@ = 0\nwhile n@ < 1:\n    n@ = n@ + 1"],
        &["if x < 50 + @:"],
        &["if x > 50 + @:\n    y = exp(y)\nelif exp(x) > 0:"],
        &["if exp(x) > 0:", "for i@ in range(1):"],
    ];
    for (header, jit) in [("# me:compiler=tcc", "0"), ("# me:compiler=tcc", "1"), ("# me:compiler=cc", "1")] {
        set("ME_DSL_JIT", jit);
        for openings in shapes {
            let source = nested(header, openings);
            let small = thread::Builder::new().stack_size(STACK);
            let work = || {
                let expression = compile(&source).unwrap();
                (has_kernel(&expression), values(&expression, &[1.0, 2.0, 3.0]).unwrap())
            };
            let (is_compiled, out) =
                thread::scope(|scope| small.spawn_scoped(scope, work).unwrap().join().unwrap());
            assert_eq!(out, [2.0, 3.0, 4.0], "{source}");
            assert!(jit == "1" || !is_compiled);
        }
    }
}
