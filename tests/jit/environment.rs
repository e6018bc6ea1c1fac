//! What is read of the environment, and when.

use crate::session::{Session, compile, set, values};

/// An evaluation goes by what the environment was when its expression was compiled: it does not read it, so
/// a thread may change it at the same time.
#[test]
fn evaluations_do_not_read_the_environment() {
    let _session = Session::new("environment");
    let body = "def f(x):\n    n = 0.0\n    while n < x:\n        n = n + 1.0\n    return n\n";
    for (header, jit) in [("# me:compiler=tcc", "0"), ("# me:compiler=tcc", "1"), ("# me:compiler=cc", "1")] {
        set("ME_DSL_JIT", jit);
        set("ME_DSL_WHILE_MAX_ITERS", "8");
        let low = compile(&format!("{header}\n{body}")).unwrap();
        set("ME_DSL_WHILE_MAX_ITERS", "64");
        let high = compile(&format!("{header}\n{body}")).unwrap();
        for limit in ["1", "1000", ""] {
            set("ME_DSL_WHILE_MAX_ITERS", limit);
            assert_eq!(values(&low, &[8.0]).unwrap(), [8.0], "{header} {jit}");
            assert_eq!(values(&low, &[9.0]), Err(-5), "{header} {jit}");
            assert_eq!(values(&high, &[64.0]).unwrap(), [64.0], "{header} {jit}");
            assert_eq!(values(&high, &[65.0]), Err(-5), "{header} {jit}");
        }
    }
}
