//! What tells kernels apart: in the trace, and in caches.

use std::fmt;

use xxhash_rust::xxh64::Xxh64;

use super::environment;
use crate::ir::{Compiler, FpMode, Kernel};

/// How a kernel is told in the trace.
pub struct Names {
    pub fp: &'static str,
    pub compiler: &'static str,
}

impl Names {
    pub fn of(kernel: &Kernel) -> Names {
        let fp = match kernel.fp_mode {
            FpMode::Strict => "strict",
            FpMode::Contract => "contract",
            FpMode::Fast => "fast",
        };
        let compiler = match kernel.compiler {
            Compiler::Tcc => "tcc",
            Compiler::Cc => "cc",
        };
        Names { fp, compiler }
    }
}

/// A hash that text is written to.
struct Hash(Xxh64);

impl fmt::Write for Hash {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.update(text.as_bytes());
        Ok(())
    }
}

/// Switches that change generated code.
const GATES: [(&std::ffi::CStr, bool); 5] = [
    (c"ME_DSL_JIT_MATH_BRIDGE", true),
    (c"ME_DSL_JIT_SCALAR_MATH_BRIDGE", false),
    (c"ME_DSL_JIT_VEC_MATH", true),
    (c"ME_DSL_JIT_HYBRID_EXPR_VEC_MATH", false),
    (c"ME_DSL_JIT_BRANCH_AWARE_IF", true),
];

/// What identifies the machine code of a kernel: the whole typed program, the switches that change
/// code, and the library.
pub fn key(kernel: &Kernel) -> u64 {
    let mut hash = Hash(Xxh64::new(0));
    let gates = GATES.map(|(name, default)| environment::flag(name, default));
    let identity = (env!("CARGO_PKG_VERSION"), size_of::<usize>(), std::env::consts::OS, gates);
    // Writing to a hash cannot fail.
    let _ = fmt::write(&mut hash, format_args!("{identity:?} {kernel:?}"));
    hash.0.digest()
}
