//! The engine of the system's C compiler: C text from the typed kernel, a shared object, `dlopen`.
//!
//! ```text
//! ir ── generate ──▶ C text ── compiler ──▶ shared object in the cache directory ──▶ Library
//! ```
//!
//! Nothing in it aborts when memory runs out, and no shell sees a path or a flag.

mod compiler;
mod context;
mod directory;
mod exported;
mod expression;
#[cfg(machine_code)]
mod function_list;
mod functions;
mod generate;
mod library;
mod listing;
mod metadata;
mod path;
mod process;
mod strips;
mod stub;
mod symbols;
#[cfg(test)]
mod tests;
mod text;

use super::identity::{Gates, Names};
use super::jit::{Candidate, Unbuilt};
use super::trace::trace;
use crate::ir::{Kernel, SourcePlace};
use crate::memory::OutOfMemory;
use compiler::Toolchain;
use directory::{Artefacts, Directory};
use generate::{Lowering, Source, generate};
use library::{LoadError, loader_message};
use path::{CPath, FileError};
use process::Outcome;

#[cfg(machine_code)]
pub use function_list::MathFunctions;
pub use library::Library;

/// Why a kernel has no C text.
#[derive(Debug)]
enum Refusal {
    OutOfMemory,
    /// Where and why, for the trace.
    Unsupported(SourcePlace, &'static str),
}

impl From<OutOfMemory> for Refusal {
    fn from(_: OutOfMemory) -> Refusal {
        Refusal::OutOfMemory
    }
}

/// Why there is no shared object.
enum Failure {
    OutOfMemory,
    NoDirectory,
    NoSource,
    NoCompiler,
    Compilation,
    StubCopy,
    Metadata,
    Load,
}

impl From<OutOfMemory> for Failure {
    fn from(_: OutOfMemory) -> Failure {
        Failure::OutOfMemory
    }
}

/// A kernel on its way to a shared object.
struct Build<'a> {
    source: &'a Source,
    names: &'a Names,
    key: u64,
    toolchain: Toolchain,
    directory: Directory,
    artefacts: Artefacts,
}

/// The shared object of a kernel: from the cache directory, or built there. An error after a line in the
/// trace.
pub fn build(kernel: &Kernel, candidate: &Candidate) -> Result<Library, Unbuilt> {
    let Candidate { names, gates, identity } = candidate;
    let fp = names.fp;
    let source = match generate(kernel, *gates) {
        Ok(source) => source,
        Err(Refusal::OutOfMemory) => {
            trace(format_args!("jit codegen reject: fp={fp} at 0:0 reason=out of memory"));
            return Err(Unbuilt::OutOfMemory);
        }
        Err(Refusal::Unsupported(SourcePlace { line, column }, reason)) => {
            trace(format_args!("jit codegen reject: fp={fp} at {line}:{column} reason={reason}"));
            return Err(Unbuilt::Failed);
        }
    };
    trace_lowering(&source, *gates);
    candidate.trace_built();
    let prepared = Build::new(kernel, &source, names, identity.key());
    let result = prepared.and_then(|build| build.library());
    result.inspect_err(|failure| trace_failure(names, failure)).map_err(|failure| match failure {
        Failure::OutOfMemory => Unbuilt::OutOfMemory,
        _ => Unbuilt::Failed,
    })
}

fn trace_lowering(source: &Source, gates: Gates) {
    let on = |flag: bool| if flag { "on" } else { "off" };
    if gates.math_bridge {
        let scalar = if gates.scalar_bridge { "bridge" } else { "libm" };
        let (vec, expr) = (on(gates.vector_math), on(gates.hybrid_expression));
        let choice = if gates.branch_aware { "select" } else { "if" };
        trace(format_args!(
            "jit codegen: runtime math bridge enabled (scalar={scalar} vec={vec} expr={expr} if={choice})"
        ));
    } else {
        trace(format_args!("jit codegen: runtime math bridge disabled by ME_DSL_JIT_MATH_BRIDGE"));
    }
    let (mode, reason) = match source.lowering {
        Lowering::Vector => ("vector", "vector-lowered"),
        Lowering::Hybrid => ("hybrid", "statement-vector-lowered"),
        Lowering::Scalar(reason) => ("scalar", reason),
    };
    let ops = VectorOps(source);
    trace(format_args!("jit codegen: lowering={mode} vec_ops={ops} reason={reason}"));
}

/// The functions that are called for many items, in the order of their first use.
struct VectorOps<'a>(&'a Source);

impl std::fmt::Display for VectorOps<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if matches!(self.0.lowering, Lowering::Scalar(_)) {
            return f.write_str("-");
        }
        for (index, call) in self.0.calls.iter().enumerate() {
            write!(f, "{}{}", if index > 0 { "," } else { "" }, call.function.name)?;
        }
        Ok(())
    }
}

fn trace_failure(names: &Names, failure: &Failure) {
    let fp = names.fp;
    let reason = match failure {
        Failure::OutOfMemory => "out of memory",
        Failure::NoDirectory => "jit runtime cache directory unavailable",
        Failure::NoSource => "jit runtime failed to write source",
        Failure::Compilation => "jit runtime compilation failed",
        Failure::StubCopy => "jit runtime stub copy failed",
        Failure::Metadata => "jit runtime failed to write cache metadata",
        Failure::NoCompiler => {
            let reason = "jit runtime c compiler unavailable";
            return trace(format_args!("jit runtime skip: fp={fp} compiler=cc reason={reason}"));
        }
        Failure::Load => {
            let reason = "jit runtime shared object load failed";
            let detail = loader_message();
            return trace(format_args!("jit runtime skip: fp={fp} reason={reason} detail={detail}"));
        }
    };
    trace(format_args!("jit runtime skip: fp={fp} reason={reason}"));
}

impl<'a> Build<'a> {
    fn new(kernel: &Kernel, source: &'a Source, names: &'a Names, key: u64) -> Result<Build<'a>, Failure> {
        let toolchain = Toolchain::from_environment(kernel.fp_mode)?;
        let directory = Directory::open()?.ok_or(Failure::NoDirectory)?;
        let artefacts = directory.artefacts(key)?;
        Ok(Build { source, names, key, toolchain, directory, artefacts })
    }

    /// The object on disk, or a new one.
    fn library(&self) -> Result<Library, Failure> {
        let (fp, key) = (self.names.fp, self.key);
        if metadata::is_valid(&self.artefacts, key, &self.toolchain) {
            match Library::open(&self.artefacts.object, self.source) {
                Ok(library) => {
                    trace(format_args!("jit runtime hit: fp={fp} source=disk-cache key={key:016x}"));
                    return Ok(library);
                }
                Err(_) => {
                    let detail = loader_message();
                    trace(format_args!(
                        "jit runtime cache reload failed: fp={fp} key={key:016x} detail={detail}"
                    ));
                }
            }
        }
        let text = self.source.text.as_bytes();
        self.directory.write(&self.artefacts.source, text).map_err(|error| match error {
            FileError::OutOfMemory => Failure::OutOfMemory,
            FileError::System => Failure::NoSource,
        })?;
        let fresh = self.directory.unique_path()?;
        let result = self.make(&fresh);
        // After a success the name is gone already.
        fresh.remove();
        self.directory.prune()?;
        result
    }

    /// Makes the object under a name of its own, loads it, and only then gives it the name under which
    /// others find it, with its metadata last.
    fn make(&self, fresh: &CPath) -> Result<Library, Failure> {
        let (fp, key) = (self.names.fp, self.key);
        let event = match stub::path()? {
            None => {
                self.compile(fresh)?;
                "built"
            }
            Some(_) if self.toolchain.has_flag(stub::FAILING_FLAG) => return Err(Failure::Compilation),
            Some(stub) => {
                stub.read().and_then(|content| fresh.write_new(&content)).map_err(|_| Failure::StubCopy)?;
                "stubbed"
            }
        };
        let library = Library::open(fresh, self.source).map_err(|error| match error {
            LoadError::OutOfMemory => Failure::OutOfMemory,
            LoadError::Refused => Failure::Load,
        })?;
        fresh.rename(&self.artefacts.object).map_err(|_| Failure::Metadata)?;
        metadata::write(&self.directory, &self.artefacts, key, &self.toolchain)
            .map_err(|_| Failure::Metadata)?;
        trace(format_args!("jit runtime {event}: fp={fp} key={key:016x}"));
        Ok(library)
    }

    fn compile(&self, object: &CPath) -> Result<(), Failure> {
        // The name of the source ends with the extension that compilers go by.
        match self.toolchain.run(&self.artefacts.source, object)? {
            Outcome::Success => Ok(()),
            Outcome::Failure => Err(Failure::Compilation),
            Outcome::NotStarted => Err(Failure::NoCompiler),
        }
    }
}
