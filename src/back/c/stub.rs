//! A ready-made object in the place of the compiler's, for tests on machines without a compiler.

use super::file::{ANYWHERE, File, FileError};
use super::path::CPath;
use crate::environment;
use crate::memory::OutOfMemory;

/// With this word in `CFLAGS` the stub counts as a failed compilation.
pub const FAILING_FLAG: &[u8] = b"-me_intentional_bad_flag_for_neg_cache";

/// Bytes of the largest stub.
const MAX_LENGTH: u64 = 64 << 20;

/// The file that `ME_DSL_JIT_TEST_STUB_SO` names.
pub fn path() -> Result<Option<CPath>, OutOfMemory> {
    environment::with(c"ME_DSL_JIT_TEST_STUB_SO", |value| value.map(CPath::new).transpose())
}

/// The content of a stub.
pub fn read(path: &CPath) -> Result<Vec<u8>, FileError> {
    File::open_regular(ANYWHERE, path, 0)?.read(MAX_LENGTH)
}
