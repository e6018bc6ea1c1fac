//! Threads that compile and evaluate the same kernels and different ones at the same time.

use std::thread;

use crate::session::{Session, compile, has_kernel, set, values};

const THREADS: usize = 8;

/// Checks `rounds` kernels in each thread, of `kinds` different ones.
fn check(header: &str, rounds: usize, kinds: usize) {
    thread::scope(|scope| {
        for thread in 0..THREADS {
            scope.spawn(move || {
                for round in 0..rounds {
                    let addend = (thread + round) % kinds;
                    let source = format!("{header}\ndef f(x):\n    return x * 2 + {addend}\n");
                    let expression = compile(&source).unwrap();
                    let expected = 2.0 + addend as f64;
                    assert_eq!(values(&expression, &[1.0; 40]).unwrap(), [expected; 40]);
                }
            });
        }
    });
}

#[test]
fn kernels_in_memory() {
    let _session = Session::new("threads-memory");
    check("# me:compiler=tcc", 20, 5);
    check("# me:compiler=tcc", 12, 96);
}

#[test]
fn kernels_of_the_c_compiler() {
    let session = Session::new("threads-cc");
    check("# me:compiler=cc", 8, 3);
    assert_eq!(session.counts(), [3; 3]);
    set("ME_DSL_JIT_POS_CACHE", "0");
    check("# me:compiler=cc", 8, 4);
    assert_eq!(session.counts(), [4; 3]);
}

#[test]
fn more_kernels_than_the_process_remembers() {
    let _session = Session::new("threads-many");
    let kernels: Vec<_> =
        (0..140).map(|addend| compile(&format!("def f(x):\n    return x + {addend}\n")).unwrap()).collect();
    let is_compiled = has_kernel(&kernels[0]);
    for (addend, kernel) in kernels.iter().enumerate() {
        assert_eq!(has_kernel(kernel), is_compiled);
        assert_eq!(values(kernel, &[0.5]).unwrap(), [addend as f64 + 0.5]);
    }
}
