//! The engine of the system's C compiler: C text from the typed kernel, a shared object, `dlopen`.
//!
//! ```text
//! ir ── generate ──▶ C text ── compiler ──▶ shared object in the cache directory ──▶ Library
//! ```

mod bridge;
mod compiler;
mod directory;
mod expression;
mod generate;
mod library;
mod metadata;

#[cfg(test)]
mod tests;
mod text;

use super::trace::trace;
use crate::ir::Kernel;
use crate::memory::OutOfMemory;
use compiler::{CompileFailure, Toolchain};
use directory::{Artefacts, Directory};

pub use library::Library;

/// Why a kernel has no shared object.
#[derive(Debug)]
enum Refusal {
    OutOfMemory,
    /// The reason, for the trace.
    Unsupported(&'static str),
}

impl From<OutOfMemory> for Refusal {
    fn from(_: OutOfMemory) -> Refusal {
        Refusal::OutOfMemory
    }
}

/// The shared object of a kernel: from the cache directory, or built there. `None` after a line in the
/// trace, which names the floating-point mode `fp`.
pub fn build(kernel: &Kernel, key: u64, fp: &str) -> Option<Library> {
    let source = match generate::generate(kernel) {
        Ok(source) => source,
        Err(Refusal::OutOfMemory) => return None,
        Err(Refusal::Unsupported(reason)) => {
            trace(format_args!("jit codegen reject: fp={fp} at 0:0 reason={reason}"));
            return None;
        }
    };
    let skip = |reason: &str| trace(format_args!("jit runtime skip: fp={fp} reason={reason}"));
    let Some(directory) = Directory::open() else {
        skip("jit runtime cache directory unavailable");
        return None;
    };
    let toolchain = Toolchain::from_environment(kernel.fp_mode);
    let artefacts = directory.artefacts(key);
    if metadata::is_valid(&artefacts, key, &toolchain) {
        match Library::open(&artefacts.object, &source) {
            Ok(library) => {
                trace(format_args!("jit runtime hit: fp={fp} source=disk-cache key={key:016x}"));
                return Some(library);
            }
            Err(detail) => {
                trace(format_args!("jit runtime cache reload failed: fp={fp} key={key:016x} detail={detail}"))
            }
        }
    }
    if directory.write_source(&artefacts, source.text.as_bytes()).is_err() {
        skip("jit runtime failed to write source");
        return None;
    }
    match compile(&directory, &artefacts, key, &toolchain, &source) {
        Ok(library) => {
            trace(format_args!("jit runtime built: fp={fp} key={key:016x}"));
            Some(library)
        }
        Err(CompileFailure::NoCompiler) => {
            let reason = "jit runtime c compiler unavailable";
            trace(format_args!("jit runtime skip: fp={fp} compiler=cc reason={reason}"));
            None
        }
        Err(CompileFailure::Failed) => {
            skip("jit runtime compilation failed");
            None
        }
        Err(CompileFailure::Metadata) => {
            skip("jit runtime failed to write cache metadata");
            None
        }
        Err(CompileFailure::Load(detail)) => {
            let reason = "jit runtime shared object load failed";
            trace(format_args!("jit runtime skip: fp={fp} reason={reason} detail={detail}"));
            None
        }
    }
}

/// Compiles the source, loads the object under a name of its own, and only then gives it the name
/// under which others find it, with its metadata last.
fn compile(
    directory: &Directory,
    artefacts: &Artefacts,
    key: u64,
    toolchain: &Toolchain,
    source: &generate::Source,
) -> Result<Library, CompileFailure> {
    let fresh = directory.unique_path();
    let result = toolchain.run(&artefacts.source, &fresh).and_then(|()| {
        let library = Library::open(&fresh, source).map_err(CompileFailure::Load)?;
        std::fs::rename(&fresh, &artefacts.object).map_err(|_| CompileFailure::Metadata)?;
        metadata::write(directory, artefacts, key, toolchain).map_err(|_| CompileFailure::Metadata)?;
        Ok(library)
    });
    // After a success the name is gone already.
    let _ = std::fs::remove_file(&fresh);
    directory.prune();
    result
}
