//! What tells kernels apart: in the trace, and in caches.

use std::fmt;

use xxhash_rust::xxh64::Xxh64;

use crate::environment;
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

/// Switches of the environment that change generated code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(target_family = "wasm", allow(dead_code, reason = "modules only need them to tell keys apart"))]
pub struct Gates {
    /// Math functions are the library's, not the C library's.
    pub math_bridge: bool,
    /// Generated C names the scalar functions by the library's names.
    pub scalar_bridge: bool,
    /// Math functions are called for many items at once.
    pub vector_math: bool,
    /// Generated C names the intermediate values of such calls as those of expressions.
    pub hybrid_expression: bool,
    /// Branches that only choose a value become a selection.
    pub branch_aware: bool,
}

impl Gates {
    pub fn from_environment() -> Gates {
        let vector_math = environment::flag(c"ME_DSL_JIT_VEC_MATH", true);
        Gates {
            math_bridge: environment::flag(c"ME_DSL_JIT_MATH_BRIDGE", true),
            scalar_bridge: environment::flag(c"ME_DSL_JIT_SCALAR_MATH_BRIDGE", false),
            vector_math,
            hybrid_expression: vector_math && environment::flag(c"ME_DSL_JIT_HYBRID_EXPR_VEC_MATH", false),
            branch_aware: environment::flag(c"ME_DSL_JIT_BRANCH_AWARE_IF", true),
        }
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

/// What identifies the machine code of a kernel: the whole typed program, the switches that change
/// code, and the library.
pub fn key(kernel: &Kernel, gates: Gates) -> u64 {
    let mut hash = Hash(Xxh64::new(0));
    let identity = (env!("CARGO_PKG_VERSION"), size_of::<usize>(), std::env::consts::OS, gates);
    // Writing to a hash cannot fail.
    let _ = fmt::write(&mut hash, format_args!("{identity:?} {kernel:?}"));
    hash.0.digest()
}

/// What a failed compilation of a kernel may have been due to beside the kernel: the settings of its
/// compiler. Where one of them changes, another try may succeed.
#[cfg(not(target_family = "wasm"))]
pub fn settings_hash(compiler: Compiler) -> u64 {
    let names: &[&std::ffi::CStr] = match compiler {
        Compiler::Tcc => &[c"ME_DSL_JIT_TCC_OPTIONS"],
        Compiler::Cc => &[c"CC", c"CFLAGS", c"PATH", c"TMPDIR", c"ME_DSL_JIT_TEST_STUB_SO"],
    };
    let mut hash = Xxh64::new(0);
    for name in names {
        environment::with(name, |value| hash.update(value.unwrap_or(b"")));
        hash.update(&[0]);
    }
    hash.digest()
}
