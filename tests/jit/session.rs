//! A cache directory and an environment of a test's own.

use std::ffi::c_void;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::ptr;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::testkit::client::{self, AUTO, Expression, Failure, Variable};
use miniexpr::Dtype;
use miniexpr::ffi;

/// Variables that a test may set.
pub const VARIABLES: [&str; 18] = [
    "CC",
    "CFLAGS",
    "ME_DSL_FP_MODE",
    "ME_DSL_JIT",
    "ME_DSL_JIT_BRANCH_AWARE_IF",
    "ME_DSL_JIT_COMPILER",
    "ME_DSL_JIT_DEBUG_CC",
    "ME_DSL_JIT_HYBRID_EXPR_VEC_MATH",
    "ME_DSL_JIT_INDEX_VARS",
    "ME_DSL_JIT_MATH_BRIDGE",
    "ME_DSL_JIT_POS_CACHE",
    "ME_DSL_JIT_SCALAR_MATH_BRIDGE",
    "ME_DSL_JIT_TCC_OPTIONS",
    "ME_DSL_JIT_TEST_STUB_SO",
    "ME_DSL_JIT_VEC_CHUNK_ITEMS",
    "ME_DSL_JIT_VEC_MATH",
    "ME_DSL_TRACE",
    "ME_DSL_WHILE_MAX_ITERS",
];

/// A directory for the cache, and the environment, which all tests share.
pub struct Session {
    pub root: PathBuf,
    _guard: MutexGuard<'static, ()>,
}

pub fn set(name: &str, value: &str) {
    // SAFETY: tests that read or write the environment hold the lock of their session.
    unsafe { std::env::set_var(name, value) };
}

impl Session {
    pub fn new(name: &str) -> Session {
        static LOCK: Mutex<()> = Mutex::new(());
        let guard = LOCK.lock().unwrap_or_else(PoisonError::into_inner);
        for variable in VARIABLES {
            // SAFETY: as in `set`.
            unsafe { std::env::remove_var(variable) };
        }
        let root = Path::new("/tmp").join(format!("miniexpr-test-{}-{name}", std::process::id()));
        fs::create_dir_all(&root).unwrap();
        // Whatever permissions new directories get here.
        fs::set_permissions(&root, Permissions::from_mode(0o755)).unwrap();
        set("TMPDIR", root.to_str().unwrap());
        Session { root, _guard: guard }
    }

    pub fn cache(&self) -> PathBuf {
        self.root.join("miniexpr-jit")
    }

    /// Files of the cache with this extension.
    pub fn files(&self, extension: &str) -> Vec<PathBuf> {
        let Ok(entries) = fs::read_dir(self.cache()) else { return Vec::new() };
        let paths = entries.map(|entry| entry.unwrap().path());
        paths.filter(|path| path.extension().is_some_and(|found| found == extension)).collect()
    }

    /// Numbers of sources, objects and records.
    pub fn counts(&self) -> [usize; 3] {
        ["c", "so", "meta"].map(|extension| self.files(extension).len())
    }

    /// The C text of the only kernel in the cache.
    pub fn source(&self) -> String {
        let files = self.files("c");
        assert_eq!(files.len(), 1);
        fs::read_to_string(&files[0]).unwrap()
    }

    /// Empties the cache.
    pub fn clear(&self) {
        let _ = fs::remove_dir_all(self.cache());
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        set("TMPDIR", "/tmp");
        let _ = fs::remove_dir_all(&self.root);
    }
}

/// Compiles a kernel of the float64 input `x`.
pub fn compile(source: &str) -> Result<Expression, Failure> {
    client::compile(source, &[Variable::new("x", Dtype::Float64)], AUTO)
}

/// Values of a kernel of one float64 input.
pub fn values(expression: &Expression, x: &[f64]) -> Result<Vec<f64>, i32> {
    let bytes: Vec<u8> = x.iter().flat_map(|value| value.to_ne_bytes()).collect();
    let out = expression.eval(&[&bytes], x.len())?;
    Ok(out.chunks_exact(8).map(|chunk| f64::from_ne_bytes(chunk.try_into().unwrap())).collect())
}

/// Replaces the values of a buffer by those of a kernel of one float64 input; the code of the call.
pub fn evaluate_in_place(expression: &Expression, buffer: &mut [f64]) -> i32 {
    let (items, array) = (buffer.len() as i32, buffer.as_mut_ptr());
    let input: [*const c_void; 1] = [array.cast_const().cast()];
    // SAFETY: the buffer holds the items, and may be input and output.
    unsafe { ffi::me_eval(expression.raw(), input.as_ptr().cast_mut(), 1, array.cast(), items, ptr::null()) }
}

pub fn has_kernel(expression: &Expression) -> bool {
    // SAFETY: the handle is valid.
    unsafe { ffi::me_expr_has_jit_kernel(expression.raw()) }
}

/// A kernel for the C compiler that returns `body`.
pub fn cc(body: &str) -> String {
    format!("# me:compiler=cc\ndef f(x):\n    return {body}\n")
}
