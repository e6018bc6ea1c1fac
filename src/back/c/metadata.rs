//! The record that says what a shared object was built from.
//!
//! An object is used only if its record is, byte for byte, what this library would write now. The record
//! holds the whole C text and the whole command, not hashes of them: whoever chooses the text of kernels
//! can find two with one key, and the C text has all types by which the object's function is called.

use super::compiler::Toolchain;
use super::directory::{Artefacts, Directory};
use super::file::FileError;
use super::object::{Digest, Object};
use super::text::Text;
use crate::memory::{OutOfMemory, TryGrow};

const MAGIC: [u8; 8] = *b"mnxpjit\x01";
/// Version of this record.
const VERSION: u32 = 3;
/// Version of the generated code.
const GENERATOR: u32 = 4;
/// Version of the context that generated code calls through.
const CONTEXT: u32 = 4;

/// The record of an object with this content, built from `text`: numbers, then texts that end with a NUL.
fn record(content: Digest, text: &Text, toolchain: &Toolchain) -> Result<Vec<u8>, OutOfMemory> {
    let mut record = Vec::new();
    record.try_extend(&MAGIC)?;
    for version in [VERSION, GENERATOR, CONTEXT, size_of::<usize>() as u32] {
        record.try_extend(&version.to_le_bytes())?;
    }
    for number in [content.length, content.hash] {
        record.try_extend(&number.to_le_bytes())?;
    }
    let library = concat!(env!("CARGO_PKG_NAME"), " ", env!("CARGO_PKG_VERSION"));
    for word in [library, std::env::consts::OS, std::env::consts::ARCH] {
        record.try_extend(word.as_bytes())?;
        record.try_push(0)?;
    }
    for word in toolchain.words() {
        record.try_extend(word)?;
        record.try_push(0)?;
    }
    // No word of a command is this long.
    record.try_extend(text.as_bytes())?;
    Ok(record)
}

/// Whether an object on disk is what this library would build.
pub fn is_valid(
    directory: &Directory,
    name: &Artefacts,
    object: &Object<'_>,
    text: &Text,
    toolchain: &Toolchain,
) -> Result<bool, FileError> {
    let expected = record(object.digest()?, text, toolchain)?;
    let stored = directory.open_file(&name.metadata)?.read(expected.len() as u64)?;
    Ok(stored == expected)
}

/// Writes the record of an object.
pub fn write(
    directory: &Directory,
    name: &Artefacts,
    content: Digest,
    text: &Text,
    toolchain: &Toolchain,
) -> Result<(), FileError> {
    let record = record(content, text, toolchain)?;
    directory.write_fresh("", &record)?.publish(&name.metadata)
}
