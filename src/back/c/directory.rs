//! The private directory of shared objects.

use std::sync::atomic::{AtomicU64, Ordering};

use super::path::{CPath, FileError};
use crate::environment;
use crate::memory::OutOfMemory;

/// Shared objects that the directory keeps; older ones are removed.
const MAX_OBJECTS: usize = 1024;

/// Extension of shared objects.
const OBJECT: &str = if cfg!(target_os = "macos") { "dylib" } else { "so" };

/// A directory that only this user can write to.
pub struct Directory {
    path: CPath,
}

/// The files of one kernel.
pub struct Artefacts {
    pub source: CPath,
    pub object: CPath,
    pub metadata: CPath,
}

impl Directory {
    /// `miniexpr-jit` in `TMPDIR`, or `/tmp/miniexpr-jit-<uid>`; made when missing. Where the first
    /// belongs to somebody else, `miniexpr-jit-<uid>` in `TMPDIR`. `None` when the directory cannot be
    /// made, is a symbolic link, or others may write to it.
    pub fn open() -> Result<Option<Directory>, OutOfMemory> {
        // SAFETY: these calls only read the identity of the process.
        let (uid, euid) = unsafe { (libc::getuid(), libc::geteuid()) };
        let root = environment::with(c"TMPDIR", |value| value.map(CPath::new).transpose())?;
        let path = match &root {
            Some(root) => root.join(format_args!("miniexpr-jit"))?,
            None => CPath::new(b"/tmp")?.join(format_args!("miniexpr-jit-{uid}"))?,
        };
        path.make_directories()?;
        match (path.info(), &root) {
            (Some(info), Some(root)) if info.is_directory && info.owner != euid => {
                let path = root.join(format_args!("miniexpr-jit-{uid}"))?;
                path.make_directories()?;
                Ok(Directory { path }.if_private(euid))
            }
            _ => Ok(Directory { path }.if_private(euid)),
        }
    }

    fn if_private(self, user: libc::uid_t) -> Option<Directory> {
        let info = self.path.info()?;
        let is_private = info.is_directory && info.owner == user && info.mode & 0o022 == 0;
        is_private.then_some(self)
    }

    pub fn artefacts(&self, key: u64) -> Result<Artefacts, OutOfMemory> {
        let file = |extension: &str| self.path.join(format_args!("kernel_{key:016x}.{extension}"));
        Ok(Artefacts { source: file("c")?, object: file(OBJECT)?, metadata: file("meta")? })
    }

    /// A name that no other process or thread uses.
    pub fn unique_path(&self) -> Result<CPath, OutOfMemory> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        self.path.join(format_args!(".new_{}_{number}", std::process::id()))
    }

    /// Writes a file at once: readers see all of it or what was there before.
    pub fn write(&self, path: &CPath, content: &[u8]) -> Result<(), FileError> {
        let fresh = self.unique_path()?;
        let result = fresh.write_new(content).and_then(|()| fresh.rename(path));
        if result.is_err() {
            fresh.remove();
        }
        result
    }

    /// Removes the oldest kernels beyond the limit.
    pub fn prune(&self) -> Result<(), OutOfMemory> {
        let mut count = 0;
        self.path.for_each_entry(|name| count += usize::from(object_key(name).is_some()));
        for _ in MAX_OBJECTS..count {
            let mut oldest = None;
            self.path.for_each_entry(|name| {
                let Some(key) = object_key(name) else { return };
                let info = self.artefacts(key).ok().and_then(|artefacts| artefacts.object.info());
                let Some(info) = info else { return };
                if oldest.is_none_or(|(modified, _)| info.modified < modified) {
                    oldest = Some((info.modified, key));
                }
            });
            let Some((_, key)) = oldest else { break };
            let Artefacts { source, object, metadata } = self.artefacts(key)?;
            [metadata, object, source].iter().for_each(CPath::remove);
        }
        Ok(())
    }
}

/// The key of the kernel whose shared object has this name.
fn object_key(name: &[u8]) -> Option<u64> {
    let name = std::str::from_utf8(name).ok()?;
    let key = name.strip_prefix("kernel_")?.strip_suffix(OBJECT)?.strip_suffix('.')?;
    u64::from_str_radix(key, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_kernels_make_room() {
        let root = std::env::temp_dir().join(format!("miniexpr-prune-{}", std::process::id()));
        let directory = Directory { path: CPath::new(root.to_str().unwrap().as_bytes()).unwrap() };
        directory.path.make_directories().unwrap();
        for key in 0..MAX_OBJECTS as u64 + 2 {
            let artefacts = directory.artefacts(key).unwrap();
            artefacts.object.write_new(b"").unwrap();
            artefacts.metadata.write_new(b"").unwrap();
        }
        directory.prune().unwrap();
        assert_eq!(std::fs::read_dir(&root).unwrap().count(), 2 * MAX_OBJECTS);
        assert!(directory.artefacts(MAX_OBJECTS as u64 + 1).unwrap().object.info().is_some());
        std::fs::remove_dir_all(root).unwrap();
    }

    #[test]
    fn only_shared_objects_of_kernels_count() {
        assert_eq!(object_key(format!("kernel_00000000000000ff.{OBJECT}").as_bytes()), Some(255));
        for name in ["kernel_00000000000000ff.c", ".new_1_2", "kernel_zz.so", "other.so"] {
            assert_eq!(object_key(name.as_bytes()), None, "{name}");
        }
    }
}
