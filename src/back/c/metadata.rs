//! The record that says which library, toolchain and content a shared object belongs to.

use std::{fs, io};

use xxhash_rust::xxh64::xxh64;

use super::compiler::Toolchain;
use super::directory::{Artefacts, Directory};

const MAGIC: u64 = u64::from_le_bytes(*b"mnxpjit\x01");
/// Version of this record.
const VERSION: u32 = 1;
/// Version of the generated code.
const GENERATOR: u32 = 1;
/// Version of the table that generated code calls through.
const BRIDGE: u32 = 1;

const LENGTH: usize = 64;

/// The record of the object that lies in the directory, if there is one.
fn record(artefacts: &Artefacts, key: u64, toolchain: &Toolchain) -> io::Result<[u8; LENGTH]> {
    let content = xxh64(&fs::read(&artefacts.object)?, 0);
    let library = xxh64(concat!(env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION")).as_bytes(), 0);
    let mut bytes = [0; LENGTH];
    let mut at = 0;
    let mut put = |field: &[u8]| {
        bytes[at..at + field.len()].copy_from_slice(field);
        at += field.len();
    };
    put(&MAGIC.to_le_bytes());
    for version in [VERSION, GENERATOR, BRIDGE, size_of::<usize>() as u32] {
        put(&version.to_le_bytes());
    }
    for hash in [key, toolchain.hash(), content, library] {
        put(&hash.to_le_bytes());
    }
    Ok(bytes)
}

/// Whether the object on disk is what this library would build.
pub fn is_valid(artefacts: &Artefacts, key: u64, toolchain: &Toolchain) -> bool {
    let stored = fs::read(&artefacts.metadata);
    match (stored, record(artefacts, key, toolchain)) {
        (Ok(stored), Ok(expected)) => stored == expected,
        _ => false,
    }
}

pub fn write(
    directory: &Directory,
    artefacts: &Artefacts,
    key: u64,
    toolchain: &Toolchain,
) -> io::Result<()> {
    let bytes = record(artefacts, key, toolchain)?;
    directory.write(&artefacts.metadata, &bytes)
}
