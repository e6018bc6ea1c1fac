//! The private directory of shared objects.

use std::ffi::OsString;
use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Write};
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

use crate::back::environment;

/// Shared objects that the directory keeps; older ones are removed.
const MAX_OBJECTS: usize = 1024;

/// Extension of shared objects.
const OBJECT: &str = if cfg!(target_os = "macos") { "dylib" } else { "so" };

/// A directory that only this user can write to.
pub struct Directory {
    path: PathBuf,
}

/// The files of one kernel.
pub struct Artefacts {
    pub source: PathBuf,
    pub object: PathBuf,
    pub metadata: PathBuf,
}

impl Directory {
    /// `miniexpr-jit` in `TMPDIR`, or `/tmp/miniexpr-jit-<uid>`; made when missing. `None` when that
    /// fails, or when it is a symbolic link, belongs to someone else, or others may write to it.
    pub fn open() -> Option<Directory> {
        // SAFETY: these calls only read the identity of the process.
        let (uid, euid) = unsafe { (libc::getuid(), libc::geteuid()) };
        let path = environment::with(c"TMPDIR", |value| match value {
            Some(root) => PathBuf::from(OsString::from_vec(root.to_vec())).join("miniexpr-jit"),
            None => PathBuf::from(format!("/tmp/miniexpr-jit-{uid}")),
        });
        DirBuilder::new().recursive(true).mode(0o700).create(&path).ok()?;
        let metadata = fs::symlink_metadata(&path).ok()?;
        let is_private = metadata.is_dir() && metadata.uid() == euid && metadata.mode() & 0o022 == 0;
        is_private.then_some(Directory { path })
    }

    pub fn artefacts(&self, key: u64) -> Artefacts {
        let file = |extension: &str| self.path.join(format!("kernel_{key:016x}.{extension}"));
        Artefacts { source: file("c"), object: file(OBJECT), metadata: file("meta") }
    }

    /// A name that no other process or thread uses.
    pub fn unique_path(&self) -> PathBuf {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        self.path.join(format!(".new_{}_{number}", std::process::id()))
    }

    pub fn write_source(&self, artefacts: &Artefacts, text: &[u8]) -> io::Result<()> {
        self.write(&artefacts.source, text)
    }

    /// Writes a file at once: readers see all of it or what was there before.
    pub fn write(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let fresh = self.unique_path();
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&fresh)?;
        let result = file.write_all(bytes).and_then(|()| fs::rename(&fresh, path));
        if result.is_err() {
            // The error is what counts; a file left over is harmless.
            let _ = fs::remove_file(&fresh);
        }
        result
    }

    /// Removes the oldest kernels beyond the limit.
    pub fn prune(&self) {
        let Ok(entries) = fs::read_dir(&self.path) else { return };
        let mut objects: Vec<(SystemTime, PathBuf)> = entries
            .flatten()
            .map(|entry| entry.path())
            .filter(|path| path.extension().is_some_and(|extension| extension == OBJECT))
            .filter_map(|path| Some((path.metadata().ok()?.modified().ok()?, path)))
            .collect();
        if objects.len() <= MAX_OBJECTS {
            return;
        }
        objects.sort();
        for (_, object) in &objects[..objects.len() - MAX_OBJECTS] {
            for extension in ["meta", OBJECT, "c"] {
                // Another process may have removed it.
                let _ = fs::remove_file(object.with_extension(extension));
            }
        }
    }
}
