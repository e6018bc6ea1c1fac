//! What identifies kernels: in the trace, and in caches.

use std::env::consts;
use std::ffi::CStr;
use std::hash::{Hash, Hasher};

use xxhash_rust::xxh64::{Xxh64, xxh64};

use crate::environment;
use crate::ir::{FpMode, Kernel};
use crate::kernel::level::Level;
use crate::memory::{OutOfMemory, TryGrow};

/// How a kernel is named in the trace.
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
        Names { fp, compiler: kernel.compiler.name() }
    }
}

/// Switches of the environment that change generated code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(not(c_compiler), allow(dead_code, reason = "only generated C has them"))]
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

/// What distinguishes the machine code of a kernel from that of every other: the whole typed program, with the
/// types of its inputs and of its output, the switches and the instructions that change code, and the
/// library. Machine code may stand for a kernel only if the identities are equal, which compares all of it.
#[derive(Debug, PartialEq, Eq)]
pub struct Identity {
    /// Not unique: whoever chooses the text of kernels can make two with one key.
    key: u64,
    bytes: Vec<u8>,
}

impl Identity {
    pub fn of(kernel: &Kernel, gates: Gates) -> Result<Identity, OutOfMemory> {
        let library = (env!("CARGO_PKG_VERSION"), size_of::<usize>(), consts::OS, consts::ARCH);
        let mut record = Record { bytes: Vec::new(), is_complete: true };
        (library, gates, Level::current(), kernel).hash(&mut record);
        match record.is_complete {
            true => Ok(Identity { key: record.finish(), bytes: record.bytes }),
            false => Err(OutOfMemory),
        }
    }

    /// A short name: equal for equal identities, and rarely for others.
    pub fn key(&self) -> u64 {
        self.key
    }

    /// All of it: equal for equal identities, and different for others. The bytes mean the same to every
    /// process of one build of the library, unless the kernel calls functions of the host.
    #[cfg(test)]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    #[cfg(test)]
    pub fn with_key(key: u64, bytes: Vec<u8>) -> Identity {
        Identity { key, bytes }
    }
}

/// A hasher that keeps what it is fed. `Hash` gives different values different bytes, none of which begin
/// with those of another, and where it is derived no field is missing.
struct Record {
    bytes: Vec<u8>,
    /// Whether there was memory for all bytes.
    is_complete: bool,
}

impl Hasher for Record {
    fn write(&mut self, bytes: &[u8]) {
        self.is_complete &= self.bytes.try_extend(bytes).is_ok();
    }

    /// Lengths, in a byte where they are small.
    fn write_usize(&mut self, value: usize) {
        match u8::try_from(value) {
            Ok(small) if small < u8::MAX => self.write(&[small]),
            _ => {
                self.write(&[u8::MAX]);
                self.write(&value.to_le_bytes());
            }
        }
    }

    /// Which variant an enumeration has.
    fn write_isize(&mut self, value: isize) {
        self.write_usize(value.cast_unsigned());
    }

    fn finish(&self) -> u64 {
        xxh64(&self.bytes, 0)
    }
}

/// What the variables `names` of the environment say.
pub fn settings_hash(names: &[&CStr]) -> u64 {
    let mut hash = Xxh64::new(0);
    for name in names {
        environment::with(name, |value| hash.update(value.unwrap_or(b"")));
        hash.update(&[0]);
    }
    hash.digest()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dtype::Dtype;
    use crate::front::testing::compile;

    fn identity(source: &str, dtype: Dtype, gates: Gates) -> Identity {
        Identity::of(&compile(source, &[("x", dtype)]), gates).unwrap()
    }

    /// All that changes code is in the identity itself, not only in its key.
    #[test]
    fn all_that_changes_code_is_in_the_bytes() {
        let gates = Gates {
            math_bridge: true,
            scalar_bridge: false,
            vector_math: true,
            hybrid_expression: false,
            branch_aware: true,
        };
        let texts = [
            "def f(x):\n    return x\n",
            "def f(x):\n    return x + 1\n",
            "def f(x):\n    return x + 2\n",
            "def f(x):\n    return x - 1\n",
            "def f(x):\n    return x > 0\n",
            "def f(x):\n    return x + 0.0\n",
            "def f(x):\n    return x + -0.0\n",
            "def f(x):\n    return sin(x)\n",
            "def f(x):\n    return cos(x)\n",
            "def f(x):\n    y = x\n    while y > 1:\n        y = y / 2\n    return y\n",
            "# me:fp=fast\ndef f(x):\n    return x\n",
            "# me:compiler=cc\ndef f(x):\n    return x\n",
        ];
        let mut all = Vec::new();
        for text in texts {
            all.extend([Dtype::Int64, Dtype::Float64].map(|dtype| identity(text, dtype, gates)));
        }
        all.push(identity(texts[0], Dtype::Int64, Gates { math_bridge: false, ..gates }));
        all.push(identity(texts[0], Dtype::Int64, Gates { branch_aware: false, ..gates }));
        for (index, one) in all.iter().enumerate() {
            assert!(all[index + 1..].iter().all(|other| one.bytes() != other.bytes()), "{index}");
        }
        assert_eq!(identity(texts[0], Dtype::Int64, gates), all[0]);
    }

    /// Two kernels that had one key once, of which one writes eight times as much as the other.
    #[test]
    fn kernels_with_one_key_differ() {
        let one = "def f(x):\n    y = x\n    k = 2257629995\n    m = 1828400147\n    return x\n";
        let two = "def f(x):\n    y = x > 0\n    k = 2870894791\n    m = 1936784430\n    return x > 0\n";
        let gates = Gates::from_environment();
        let [one, two] = [one, two].map(|text| identity(text, Dtype::Int64, gates));
        assert_ne!(one.bytes, two.bytes);
        assert_ne!(one, Identity::with_key(one.key, two.bytes));
    }
}
