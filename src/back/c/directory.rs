//! The private directory of shared objects.

use std::ffi::CStr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use super::file::{ANYWHERE, File, FileError};
use super::path::{CPath, Info};
use crate::environment;
use crate::memory::OutOfMemory;

/// Shared objects that the directory keeps; older ones are removed.
const MAX_OBJECTS: usize = 1024;

/// After this time, what a process has not completed is left over from one that was ended.
const ABANDONED: Duration = Duration::from_secs(3600);

/// Extension of shared objects.
const OBJECT: &str = if cfg!(target_os = "macos") { "dylib" } else { "so" };

/// Beginning of the names of files that are not complete.
const FRESH: &str = ".new_";

/// A directory whose content only this user and root can change, and in whose place only they can put
/// another one. Names of files are relative to it.
pub struct Directory {
    /// Absolute, without symbolic links.
    path: CPath,
    file: File,
    user: libc::uid_t,
}

/// The names of the files of one kernel.
pub struct Artefacts {
    pub source: CPath,
    pub object: CPath,
    pub metadata: CPath,
}

impl Artefacts {
    pub fn new(key: u64) -> Result<Artefacts, OutOfMemory> {
        let name = |extension: &str| CPath::format(format_args!("kernel_{key:016x}.{extension}"));
        Ok(Artefacts { source: name("c")?, object: name(OBJECT)?, metadata: name("meta")? })
    }
}

/// A name that no other process or thread uses. The file is removed in the end, unless it got another name.
pub struct Fresh<'a> {
    pub directory: &'a Directory,
    pub name: CPath,
}

impl Drop for Fresh<'_> {
    fn drop(&mut self) {
        self.directory.remove(&self.name);
    }
}

impl Fresh<'_> {
    /// Gives the file another name, at once: who reads that sees all of it or what was there before.
    pub fn publish(self, name: &CPath) -> Result<(), FileError> {
        let at = self.directory.file.descriptor();
        // SAFETY: both names are NUL-terminated.
        let status = unsafe { libc::renameat(at, self.name.as_ptr(), at, name.as_ptr()) };
        if status == 0 { Ok(()) } else { Err(FileError::System) }
    }

    /// The absolute path, for other programs.
    pub fn path(&self) -> Result<CPath, OutOfMemory> {
        self.directory.path.join(&self.name)
    }
}

impl Directory {
    /// `miniexpr-jit` in `TMPDIR`, or `/tmp/miniexpr-jit-<uid>`; made when missing. Where the first
    /// belongs to somebody else, `miniexpr-jit-<uid>` in `TMPDIR`. `None` when the directory cannot be
    /// made, is a symbolic link, or others may write to it or replace it.
    pub fn open() -> Result<Option<Directory>, OutOfMemory> {
        // SAFETY: these calls only read the identity of the process.
        let (uid, user) = unsafe { (libc::getuid(), libc::geteuid()) };
        let chosen = environment::with(c"TMPDIR", |value| value.map(CPath::new).transpose())?;
        let has_choice = chosen.is_some();
        let root = chosen.map_or_else(|| CPath::new(b"/tmp"), Ok)?;
        root.make_directories()?;
        let Some(root) = root.resolve()? else { return Ok(None) };
        if !root.is_safe_parent(user)? {
            return Ok(None);
        }
        let own = root.join(&CPath::format(format_args!("miniexpr-jit-{uid}"))?)?;
        if !has_choice {
            return Ok(Directory::at(own, user));
        }
        let path = root.join(&CPath::new(b"miniexpr-jit")?)?;
        let is_foreign = path.info().is_some_and(|info| info.is_directory() && info.owner != user);
        Ok(Directory::at(if is_foreign { own } else { path }, user))
    }

    /// The directory at a path in a safe parent.
    fn at(path: CPath, user: libc::uid_t) -> Option<Directory> {
        path.make_directory();
        let file = File::open(ANYWHERE, &path, libc::O_RDONLY | libc::O_DIRECTORY | libc::O_NOFOLLOW).ok()?;
        let info = file.info()?;
        if info.owner != user || info.is_writable_for_others() {
            return None;
        }
        if info.is_open_to_others() {
            // The compiler makes its files with the permissions that the process hands out.
            file.make_private().ok()?;
        }
        Some(Directory { path, file, user })
    }

    /// The absolute path of a file, for messages and for systems that load objects by their path.
    pub fn path_of(&self, name: &CPath) -> Result<CPath, OutOfMemory> {
        self.path.join(name)
    }

    /// Opens a regular file that only this user and root can have written.
    pub fn open_file(&self, name: &CPath) -> Result<File, FileError> {
        let file = File::open_regular(self.file.descriptor(), name, libc::O_NOFOLLOW)?;
        let is_ours = |info: Info| info.owner == self.user && !info.is_writable_for_others();
        if file.info().is_some_and(is_ours) { Ok(file) } else { Err(FileError::System) }
    }

    /// Opens a file that a program of this user has just made, and makes it private.
    pub fn open_new(&self, name: &CPath) -> Result<File, FileError> {
        let file = File::open_regular(self.file.descriptor(), name, libc::O_NOFOLLOW)?;
        if file.info().is_none_or(|info| info.owner != self.user) {
            return Err(FileError::System);
        }
        file.make_private()?;
        Ok(file)
    }

    /// A name for a new file.
    pub fn fresh(&self, extension: &str) -> Result<Fresh<'_>, OutOfMemory> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let process = std::process::id();
        loop {
            let number = NEXT.fetch_add(1, Ordering::Relaxed);
            let name = CPath::format(format_args!("{FRESH}{process}_{number}{extension}"))?;
            // A process that had the same number may have left something.
            if self.info(&name).is_none() {
                return Ok(Fresh { directory: self, name });
            }
        }
    }

    /// A new file with the given content.
    pub fn write_fresh(&self, extension: &str, content: &[u8]) -> Result<Fresh<'_>, FileError> {
        let fresh = self.fresh(extension)?;
        File::write_new(self.file.descriptor(), &fresh.name, content)?;
        Ok(fresh)
    }

    /// Another name of a file, under which nothing was loaded before.
    pub fn link(&self, name: &CPath) -> Result<Fresh<'_>, FileError> {
        let fresh = self.fresh("")?;
        let at = self.file.descriptor();
        // SAFETY: both names are NUL-terminated.
        let status = unsafe { libc::linkat(at, name.as_ptr(), at, fresh.name.as_ptr(), 0) };
        if status == 0 { Ok(fresh) } else { Err(FileError::System) }
    }

    /// Removes a file, if there is one.
    fn remove(&self, name: &CPath) {
        // SAFETY: the name is NUL-terminated.
        unsafe { libc::unlinkat(self.file.descriptor(), name.as_ptr(), 0) };
    }

    /// What lies under a name; of a symbolic link, the link.
    fn info(&self, name: &CPath) -> Option<Info> {
        let at = self.file.descriptor();
        let flags = libc::AT_SYMLINK_NOFOLLOW;
        // SAFETY: the name is NUL-terminated; on success the call fills the whole record.
        unsafe { Info::from_call(|stat| libc::fstatat(at, name.as_ptr(), stat, flags)) }
    }

    /// Calls `visit` with the name of each entry.
    fn for_each_entry(&self, mut visit: impl FnMut(&[u8])) {
        // SAFETY: the name is NUL-terminated. The stream owns a new descriptor; entries stay valid until
        // the next one is read, their names are NUL-terminated.
        unsafe {
            let flags = libc::O_RDONLY | libc::O_DIRECTORY | libc::O_CLOEXEC;
            let descriptor = libc::openat(self.file.descriptor(), c".".as_ptr(), flags);
            if descriptor == -1 {
                return;
            }
            let stream = libc::fdopendir(descriptor);
            if stream.is_null() {
                libc::close(descriptor);
                return;
            }
            while let Some(entry) = libc::readdir(stream).as_ref() {
                visit(CStr::from_ptr(entry.d_name.as_ptr()).to_bytes());
            }
            libc::closedir(stream);
        }
    }

    /// Removes the oldest kernels beyond the limit, and what nobody has completed.
    pub fn prune(&self) -> Result<(), OutOfMemory> {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let horizon = now.saturating_sub(ABANDONED).as_secs();
        let mut count = 0;
        self.for_each_entry(|name| {
            count += usize::from(object_key(name).is_some());
            if name.starts_with(FRESH.as_bytes())
                && let Ok(name) = CPath::new(name)
                && self.info(&name).is_some_and(|info| (info.modified.0 as u64) < horizon)
            {
                self.remove(&name);
            }
        });
        for _ in MAX_OBJECTS..count {
            let mut oldest = None;
            self.for_each_entry(|name| {
                let Some(key) = object_key(name) else { return };
                let info = Artefacts::new(key).ok().and_then(|artefacts| self.info(&artefacts.object));
                let Some(info) = info else { return };
                if oldest.is_none_or(|(modified, _)| info.modified < modified) {
                    oldest = Some((info.modified, key));
                }
            });
            let Some((_, key)) = oldest else { break };
            let Artefacts { source, object, metadata } = Artefacts::new(key)?;
            [metadata, object, source].iter().for_each(|name| self.remove(name));
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
    use std::fs::{self, Permissions};
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    use std::path::PathBuf;

    use super::*;

    /// A directory with a name of its own.
    fn directory(name: &str) -> (PathBuf, Option<Directory>) {
        let root = std::env::temp_dir().join(format!("miniexpr-{name}-{}", std::process::id()));
        // SAFETY: the call only reads the identity of the process.
        let user = unsafe { libc::geteuid() };
        let directory = Directory::at(CPath::new(root.to_str().unwrap().as_bytes()).unwrap(), user);
        (root, directory)
    }

    #[test]
    fn the_oldest_kernels_make_room() {
        let (root, directory) = directory("prune");
        let directory = directory.unwrap();
        for key in 0..MAX_OBJECTS as u64 + 2 {
            let artefacts = Artefacts::new(key).unwrap();
            for name in [&artefacts.object, &artefacts.metadata] {
                directory.write_fresh("", b"").unwrap().publish(name).unwrap();
            }
        }
        directory.prune().unwrap();
        assert_eq!(fs::read_dir(&root).unwrap().count(), 2 * MAX_OBJECTS);
        let newest = Artefacts::new(MAX_OBJECTS as u64 + 1).unwrap();
        assert!(directory.open_file(&newest.object).is_ok());
        fs::remove_dir_all(root).unwrap();
    }

    #[test]
    fn what_was_left_over_goes() {
        let (root, directory) = directory("abandoned");
        let directory = directory.unwrap();
        let names = [".new_1_0", ".new_1_1.c", "kernel_0000000000000001.c"];
        for name in names {
            let file = fs::File::create(root.join(name)).unwrap();
            file.set_modified(SystemTime::now() - 2 * ABANDONED).unwrap();
        }
        let fresh = directory.write_fresh("", b"").unwrap();
        directory.prune().unwrap();
        let left = names.map(|name| root.join(name).exists());
        assert_eq!(left, [false, false, true]);
        assert!(directory.open_file(&fresh.name).is_ok());
        let path = root.join(std::str::from_utf8(fresh.name.bytes()).unwrap());
        assert!(path.exists());
        drop(fresh);
        assert!(!path.exists());
        fs::remove_dir_all(root).unwrap();
    }

    #[test]
    fn directories_are_private() {
        let (root, _) = directory("modes");
        for (mode, expected) in
            [(0o700, Some(0o700)), (0o755, Some(0o700)), (0o511, Some(0o500)), (0o720, None), (0o702, None)]
        {
            fs::set_permissions(&root, Permissions::from_mode(mode)).unwrap();
            let found = directory("modes").1.map(|_| fs::metadata(&root).unwrap().mode() & 0o7777);
            assert_eq!(found, expected, "{mode:o}");
        }
        fs::remove_dir_all(root).unwrap();
    }

    #[test]
    fn only_private_files_are_opened() {
        let (root, directory) = directory("files");
        let directory = directory.unwrap();
        let name = CPath::new(b"file").unwrap();
        directory.write_fresh("", b"content").unwrap().publish(&name).unwrap();
        assert_eq!(directory.open_file(&name).unwrap().read(7).unwrap(), b"content");
        fs::set_permissions(root.join("file"), Permissions::from_mode(0o664)).unwrap();
        assert!(directory.open_file(&name).is_err());
        assert!(directory.open_new(&name).is_ok() && directory.open_file(&name).is_ok());
        fs::remove_dir_all(root).unwrap();
    }

    #[test]
    fn only_shared_objects_of_kernels_count() {
        assert_eq!(object_key(format!("kernel_00000000000000ff.{OBJECT}").as_bytes()), Some(255));
        for name in ["kernel_00000000000000ff.c", ".new_1_2", "kernel_zz.so", "other.so"] {
            assert_eq!(object_key(name.as_bytes()), None, "{name}");
        }
    }
}
