//! The engine of the system's C compiler: C text from the typed kernel, a shared object, `dlopen`.
//!
//! ```text
//! ir ── generate ──▶ C text ── compiler ──▶ shared object in the cache directory ──▶ Library
//! ```
//!
//! Nothing in it aborts when memory runs out, and no shell sees a path or a flag. Programs that have more
//! rights than those who start them get no C compiler.

mod compiler;
mod context;
mod directory;
mod engine;
mod exported;
mod expression;
mod file;
mod float_mode;
mod functions;
mod generate;
mod generator;
mod library;
mod listing;
mod metadata;
mod object;
mod path;
mod privileges;
mod process;
mod strips;
mod stub;
mod symbols;
#[cfg(test)]
mod tests;
mod text;

use super::engine::{Candidate, Refusal, Unbuilt};
use super::identity::{Gates, Names};
use super::trace::trace;
use crate::ir::Kernel;
use crate::memory::{OutOfMemory, try_format};
use compiler::Toolchain;
use directory::{Artefacts, Directory, Fresh};
use file::FileError;
use generate::{Lowering, Source, generate};
use object::{LoadError, Object};
use process::Outcome;
use text::Text;

pub use engine::SystemCompiler;
use library::Library;

/// Bytes of the longest C text that is compiled. Compilers need seconds for more, and some shapes take
/// more than twice the time for twice the text.
const MAX_TEXT: usize = 256 << 10;

/// Why there is no shared object.
enum Failure {
    OutOfMemory,
    /// Whoever started the program would choose what runs with the program's rights.
    Privileges,
    NoDirectory,
    NoSource,
    NoCompiler,
    Compilation,
    StubCopy,
    Metadata,
    /// In the loader's words.
    Load(Text),
}

impl From<OutOfMemory> for Failure {
    fn from(_: OutOfMemory) -> Failure {
        Failure::OutOfMemory
    }
}

impl Failure {
    /// What a failed operation on a file is to the caller.
    fn or_no_memory(self, error: FileError) -> Failure {
        match error {
            FileError::OutOfMemory => Failure::OutOfMemory,
            FileError::System => self,
        }
    }
}

impl From<LoadError> for Failure {
    fn from(error: LoadError) -> Failure {
        match error {
            LoadError::OutOfMemory => Failure::OutOfMemory,
            LoadError::Refused(message) => Failure::Load(message),
        }
    }
}

/// The C text of a kernel, for people.
pub fn listing(kernel: &Kernel) -> Result<String, Refusal> {
    let source = generate(kernel, Gates::from_environment())?;
    Ok(try_format(format_args!("{}", source.text))?)
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
fn build(candidate: &Candidate<'_>) -> Result<Library, Unbuilt> {
    let Candidate { kernel, names, gates, identity, .. } = candidate;
    let fp = names.fp;
    if privileges::are_raised() {
        candidate.trace_built();
        trace_failure(names, &Failure::Privileges);
        return Err(Unbuilt::Failed);
    }
    let source = match generate(kernel, *gates) {
        Ok(source) if source.text.as_bytes().len() <= MAX_TEXT => source,
        Ok(_) => {
            let reason = "too much code for the c compiler";
            trace(format_args!("jit codegen reject: fp={fp} at 0:0 reason={reason}"));
            return Err(Unbuilt::Failed);
        }
        Err(Refusal::OutOfMemory) => {
            trace(format_args!("jit codegen reject: fp={fp} at 0:0 reason=out of memory"));
            return Err(Unbuilt::OutOfMemory);
        }
        Err(Refusal::Unsupported(unsupported)) => {
            trace(format_args!("jit codegen reject: fp={fp} {unsupported}"));
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
        Failure::Privileges => "jit runtime c compiler refused with raised privileges",
        Failure::NoDirectory => "jit runtime cache directory unavailable",
        Failure::NoSource => "jit runtime failed to write source",
        Failure::Compilation => "jit runtime compilation failed",
        Failure::StubCopy => "jit runtime stub copy failed",
        Failure::Metadata => "jit runtime failed to write cache metadata",
        Failure::NoCompiler => {
            let reason = "jit runtime c compiler unavailable";
            return trace(format_args!("jit runtime skip: fp={fp} compiler=cc reason={reason}"));
        }
        Failure::Load(detail) => {
            let reason = "jit runtime shared object load failed";
            return trace(format_args!("jit runtime skip: fp={fp} reason={reason} detail={detail}"));
        }
    };
    trace(format_args!("jit runtime skip: fp={fp} reason={reason}"));
}

impl<'a> Build<'a> {
    fn new(kernel: &Kernel, source: &'a Source, names: &'a Names, key: u64) -> Result<Build<'a>, Failure> {
        let toolchain = Toolchain::from_environment(kernel.fp_mode)?;
        let directory = Directory::open()?.ok_or(Failure::NoDirectory)?;
        let artefacts = Artefacts::new(key)?;
        Ok(Build { source, names, key, toolchain, directory, artefacts })
    }

    /// The object on disk, or a new one.
    fn library(&self) -> Result<Library, Failure> {
        let (fp, key) = (self.names.fp, self.key);
        match self.known() {
            Ok(Some(library)) => {
                trace(format_args!("jit runtime hit: fp={fp} source=disk-cache key={key:016x}"));
                return Ok(library);
            }
            Ok(None) => {}
            Err(LoadError::OutOfMemory) => return Err(Failure::OutOfMemory),
            Err(LoadError::Refused(detail)) => {
                trace(format_args!(
                    "jit runtime cache reload failed: fp={fp} key={key:016x} detail={detail}"
                ));
            }
        }
        let text = self.source.text.as_bytes();
        // The name of the source ends with the extension that compilers go by. Other processes do not know
        // it: they might put the text of another kernel with this key in its place.
        let source =
            self.directory.write_fresh(".c", text).map_err(|error| Failure::NoSource.or_no_memory(error))?;
        let result = self.make(&source);
        let published = source.publish(&self.artefacts.source);
        self.directory.prune()?;
        published.map_err(|error| Failure::NoSource.or_no_memory(error))?;
        result
    }

    /// The object on disk, if it is what this kernel would become.
    fn known(&self) -> Result<Option<Library>, LoadError> {
        let Build { directory, artefacts, source, toolchain, .. } = self;
        let Ok(object) = Object::open(directory, &artefacts.object) else { return Ok(None) };
        match metadata::is_valid(directory, artefacts, &object, &source.text, toolchain) {
            // SAFETY: the object was built from this text; only this user and root can have changed it.
            Ok(true) => unsafe { Library::load(&object, source) }.map(Some),
            Err(FileError::OutOfMemory) => Err(LoadError::OutOfMemory),
            Ok(false) | Err(FileError::System) => Ok(None),
        }
    }

    /// Makes the object under a name of its own, loads it, and only then gives it the name under which
    /// others find it, with its metadata last.
    fn make(&self, source: &Fresh<'_>) -> Result<Library, Failure> {
        let (fp, key) = (self.names.fp, self.key);
        let (fresh, event) = match stub::path()? {
            None => (self.compile(source)?, "built"),
            Some(_) if self.toolchain.has_flag(stub::FAILING_FLAG) => return Err(Failure::Compilation),
            Some(path) => {
                let copy = stub::read(&path).and_then(|content| self.directory.write_fresh("", &content));
                (copy.map_err(|error| Failure::StubCopy.or_no_memory(error))?, "stubbed")
            }
        };
        let object = Object::open_new(&fresh).map_err(|_| Failure::Compilation)?;
        // SAFETY: the object was built from this source by the compiler that the environment names, or the
        // environment names it itself; the environment is that of somebody with this process's rights.
        let library = unsafe { Library::load(&object, self.source)? };
        let metadata = |error| Failure::Metadata.or_no_memory(error);
        let content = object.digest().map_err(metadata)?;
        drop(object);
        fresh.publish(&self.artefacts.object).map_err(metadata)?;
        metadata::write(&self.directory, &self.artefacts, content, &self.source.text, &self.toolchain)
            .map_err(metadata)?;
        trace(format_args!("jit runtime {event}: fp={fp} key={key:016x}"));
        Ok(library)
    }

    fn compile(&self, source: &Fresh<'_>) -> Result<Fresh<'_>, Failure> {
        let object = self.directory.fresh("")?;
        match self.toolchain.run(&source.path()?, &object.path()?)? {
            Outcome::Success => Ok(object),
            Outcome::Failure => Err(Failure::Compilation),
            Outcome::NotStarted => Err(Failure::NoCompiler),
        }
    }
}
