//! The record that says which library, toolchain and content a shared object belongs to.

use xxhash_rust::xxh64::xxh64;

use super::compiler::Toolchain;
use super::directory::{Artefacts, Directory};
use super::path::FileError;

const MAGIC: u64 = u64::from_le_bytes(*b"mnxpjit\x01");
/// Version of this record.
const VERSION: u32 = 2;
/// Version of the generated code.
const GENERATOR: u32 = 2;
/// Version of the context that generated code calls through.
const CONTEXT: u32 = 2;

const LENGTH: usize = 64;

/// The record of the object that lies in the directory, if there is one.
fn record(artefacts: &Artefacts, key: u64, toolchain: &Toolchain) -> Result<[u8; LENGTH], FileError> {
    let content = xxh64(&artefacts.object.read()?, 0);
    let library = xxh64(concat!(env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION")).as_bytes(), 0);
    let mut bytes = [0; LENGTH];
    let mut at = 0;
    let mut put = |field: &[u8]| {
        bytes[at..at + field.len()].copy_from_slice(field);
        at += field.len();
    };
    put(&MAGIC.to_le_bytes());
    for version in [VERSION, GENERATOR, CONTEXT, size_of::<usize>() as u32] {
        put(&version.to_le_bytes());
    }
    for hash in [key, toolchain.hash(), content, library] {
        put(&hash.to_le_bytes());
    }
    Ok(bytes)
}

/// Whether the object on disk is what this library would build.
pub fn is_valid(artefacts: &Artefacts, key: u64, toolchain: &Toolchain) -> bool {
    match (artefacts.metadata.read(), record(artefacts, key, toolchain)) {
        (Ok(stored), Ok(expected)) => stored == expected,
        _ => false,
    }
}

pub fn write(
    directory: &Directory,
    artefacts: &Artefacts,
    key: u64,
    toolchain: &Toolchain,
) -> Result<(), FileError> {
    let bytes = record(artefacts, key, toolchain)?;
    directory.write(&artefacts.metadata, &bytes)
}
