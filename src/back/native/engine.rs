//! What the policy sees of machine code in memory.

use std::ffi::CStr;

use super::Native;
use super::function_list::MathFunctions;
use crate::back::engine::{Candidate, Code, Engine, Refusal, Unbuilt};
use crate::back::trace::trace;
use crate::ir::{Compiler, Kernel};
use crate::kernel::level::Level;
use crate::memory::try_box;

/// The engine that writes machine code into memory.
pub struct InMemory;

impl Engine for InMemory {
    fn serves(&self, compiler: Compiler) -> bool {
        compiler == Compiler::InProcess
    }

    fn build(&self, candidate: &Candidate<'_>) -> Result<Box<dyn Code>, Unbuilt> {
        let (fp, key) = (candidate.names.fp, candidate.identity.key());
        match Native::new(candidate.kernel, Level::current()) {
            Ok(code) => {
                let functions = MathFunctions(candidate.kernel);
                let (mode, reason) = match functions.is_empty() {
                    true => ("scalar", "no-vector-lowering-match"),
                    false => ("hybrid", "statement-vector-lowered"),
                };
                trace(format_args!("jit codegen: lowering={mode} vec_ops={functions} reason={reason}"));
                candidate.trace_built();
                trace(format_args!("jit runtime built: fp={fp} compiler=tcc key={key:016x}"));
                Ok(try_box(code)?)
            }
            Err(Refusal::Unsupported(unsupported)) => {
                trace(format_args!("jit codegen reject: fp={fp} {unsupported}"));
                Err(Unbuilt::Failed)
            }
            Err(Refusal::OutOfMemory) => {
                let reason = "jit runtime tcc compilation failed detail=out of memory";
                trace(format_args!("jit runtime skip: fp={fp} compiler=tcc reason={reason}"));
                Err(Unbuilt::OutOfMemory)
            }
        }
    }

    fn build_hot(&self, kernel: &Kernel) -> Option<Box<dyn Code>> {
        let code = Native::without_calls(kernel, Level::current()).ok()?;
        Some(try_box(code).ok()?)
    }

    fn failure_settings(&self) -> Option<&'static [&'static CStr]> {
        Some(&[c"ME_DSL_JIT_TCC_OPTIONS"])
    }
}
