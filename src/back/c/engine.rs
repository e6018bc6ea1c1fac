//! What the policy sees of the system's C compiler.

use std::ffi::CStr;

use crate::back::engine::{Candidate, Code, Engine, Unbuilt};
use crate::ir::Compiler;
use crate::memory::try_box;

/// The engine that runs the system's C compiler.
pub struct SystemCompiler;

impl Engine for SystemCompiler {
    fn serves(&self, compiler: Compiler) -> bool {
        compiler == Compiler::System
    }

    fn build(&self, candidate: &Candidate<'_>) -> Result<Box<dyn Code>, Unbuilt> {
        Ok(try_box(super::build(candidate)?)?)
    }

    fn failure_settings(&self) -> Option<&'static [&'static CStr]> {
        Some(&[c"CC", c"CFLAGS", c"PATH", c"TMPDIR", c"ME_DSL_JIT_TEST_STUB_SO"])
    }
}
