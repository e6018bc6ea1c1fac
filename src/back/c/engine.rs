//! What the policy sees of the system's C compiler.

use std::ffi::CStr;

use super::library::Library;
use crate::back::call::Call;
use crate::back::engine::{Candidate, Code, Engine, RunError, Unbuilt};
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

impl Code for Library {
    unsafe fn run(&self, call: Call<'_>) -> Option<Result<(), RunError>> {
        let Call { inputs, output, items, positions, accuracy, settings } = call;
        // SAFETY: as the caller promises.
        unsafe { Library::run(self, inputs, output, items, positions, accuracy, settings) }.then_some(Ok(()))
    }
}
