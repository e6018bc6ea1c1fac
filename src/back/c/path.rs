//! Paths without an allocation that can abort.

use std::ffi::{CStr, c_char};
use std::fmt;

use super::text::Text;
use crate::memory::{OutOfMemory, TryGrow};

/// A path for the C library: bytes that end with a NUL.
#[derive(Debug)]
pub struct CPath(Vec<u8>);

/// What the system says of a file.
#[derive(Clone, Copy, Debug)]
pub struct Info {
    /// Type and permission bits.
    mode: libc::mode_t,
    pub owner: libc::uid_t,
    pub length: u64,
    /// Seconds since the epoch, and nanoseconds.
    pub modified: (libc::time_t, libc::c_long),
}

impl Info {
    /// What a call that fills the record says of a file; `None` where the call fails.
    ///
    /// # Safety
    /// A `fill` that returns 0 has filled the record.
    pub unsafe fn from_call(fill: impl FnOnce(*mut libc::stat) -> libc::c_int) -> Option<Info> {
        let mut stat = std::mem::MaybeUninit::<libc::stat>::uninit();
        if fill(stat.as_mut_ptr()) != 0 {
            return None;
        }
        // SAFETY: as the caller promises.
        let stat = unsafe { stat.assume_init() };
        Some(Info {
            mode: stat.st_mode,
            owner: stat.st_uid,
            length: u64::try_from(stat.st_size).unwrap_or(0),
            modified: (stat.st_mtime, stat.st_mtime_nsec),
        })
    }

    pub fn is_directory(&self) -> bool {
        self.mode & libc::S_IFMT == libc::S_IFDIR
    }

    pub fn is_regular(&self) -> bool {
        self.mode & libc::S_IFMT == libc::S_IFREG
    }

    pub fn owner_permissions(&self) -> libc::mode_t {
        self.mode & libc::S_IRWXU
    }

    /// Whether permissions let others than the owner write to it.
    pub fn is_writable_for_others(&self) -> bool {
        self.mode & (libc::S_IWGRP | libc::S_IWOTH) != 0
    }

    /// Whether permissions let others than the owner do anything with it.
    pub fn is_open_to_others(&self) -> bool {
        self.mode & (libc::S_IRWXG | libc::S_IRWXO) != 0
    }

    /// Whether only `user` and root can replace what lies in the directory and belongs to one of them.
    fn is_safe_parent(&self, user: libc::uid_t) -> bool {
        let is_sticky = self.mode & libc::S_ISVTX != 0;
        self.is_directory()
            && (self.owner == user || self.owner == 0)
            && (is_sticky || !self.is_writable_for_others())
    }
}

impl CPath {
    /// A path of the given bytes; a NUL ends it.
    pub fn new(bytes: &[u8]) -> Result<CPath, OutOfMemory> {
        let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
        let mut path = Vec::try_copied(&bytes[..end])?;
        path.try_push(0)?;
        Ok(CPath(path))
    }

    /// A path that is formatted.
    pub fn format(path: fmt::Arguments<'_>) -> Result<CPath, OutOfMemory> {
        let mut text = Text::default();
        text.add(path)?;
        CPath::new(text.as_bytes())
    }

    /// `name` in this directory.
    pub fn join(&self, name: &CPath) -> Result<CPath, OutOfMemory> {
        let mut text = Text::default();
        text.add_bytes(self.bytes())?;
        text.add(format_args!("/"))?;
        text.add_bytes(name.bytes())?;
        CPath::new(text.as_bytes())
    }

    pub fn bytes(&self) -> &[u8] {
        &self.0[..self.0.len() - 1]
    }

    pub fn as_ptr(&self) -> *const c_char {
        self.0.as_ptr().cast()
    }

    /// What lies at the path; of a symbolic link, the link.
    pub fn info(&self) -> Option<Info> {
        // SAFETY: the path is NUL-terminated; on success the call fills the whole record.
        unsafe { Info::from_call(|stat| libc::lstat(self.as_ptr(), stat)) }
    }

    /// The same place as an absolute path without symbolic links; `None` if there is nothing.
    pub fn resolve(&self) -> Result<Option<CPath>, OutOfMemory> {
        // SAFETY: the path is NUL-terminated. The result is NULL, or a NUL-terminated text that the
        // caller frees.
        unsafe {
            let resolved = libc::realpath(self.as_ptr(), std::ptr::null_mut());
            if resolved.is_null() {
                return Ok(None);
            }
            let path = CPath::new(CStr::from_ptr(resolved).to_bytes());
            libc::free(resolved.cast());
            path.map(Some)
        }
    }

    /// Whether only `user` and root can change what this path leads to, and replace what one of them has
    /// put there. The path is [resolved](CPath::resolve).
    pub fn is_safe_parent(&self, user: libc::uid_t) -> Result<bool, OutOfMemory> {
        let is_safe = |path: &CPath| path.info().is_some_and(|info: Info| info.is_safe_parent(user));
        // From the root on: once a directory has turned out to be safe, so is the look at what lies in it.
        if !is_safe(&CPath::new(b"/")?) {
            return Ok(false);
        }
        let bytes = self.bytes();
        for (end, _) in bytes.iter().enumerate().skip(1).filter(|(_, byte)| **byte == b'/') {
            if !is_safe(&CPath::new(&bytes[..end])?) {
                return Ok(false);
            }
        }
        Ok(is_safe(self))
    }

    /// Makes the directory and the missing ones above it, for this user only. One that cannot be made is
    /// noticed when it is used.
    pub fn make_directories(&self) -> Result<(), OutOfMemory> {
        let bytes = self.bytes();
        for (end, _) in bytes.iter().enumerate().skip(1).filter(|(_, byte)| **byte == b'/') {
            CPath::new(&bytes[..end])?.make_directory();
        }
        self.make_directory();
        Ok(())
    }

    pub fn make_directory(&self) {
        // SAFETY: the path is NUL-terminated.
        unsafe { libc::mkdir(self.as_ptr(), 0o700) };
    }

    /// Whether this process may run the file.
    pub fn is_executable(&self) -> bool {
        // SAFETY: the path is NUL-terminated.
        unsafe { libc::access(self.as_ptr(), libc::X_OK) == 0 }
    }
}

#[cfg(test)]
mod tests {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    fn path(path: &std::path::Path) -> CPath {
        CPath::new(path.to_str().unwrap().as_bytes()).unwrap()
    }

    #[test]
    fn directories_are_made_with_their_parents() {
        let root = std::env::temp_dir().join(format!("miniexpr-path-{}", std::process::id()));
        let deep = path(&root.join("a/b"));
        assert!(deep.resolve().unwrap().is_none());
        deep.make_directories().unwrap();
        assert!(deep.info().unwrap().is_directory());
        let link = root.join("link");
        symlink(root.join("a"), &link).unwrap();
        assert!(!path(&link).info().unwrap().is_directory());
        assert_eq!(path(&link.join("b")).resolve().unwrap().unwrap().bytes(), deep.bytes());
        fs::remove_dir_all(root).unwrap();
    }

    #[test]
    fn parents_are_safe_where_others_cannot_replace_anything() {
        let root = std::env::temp_dir().join(format!("miniexpr-parents-{}", std::process::id()));
        let inner = root.join("a/b");
        fs::create_dir_all(&inner).unwrap();
        // SAFETY: the call only reads the identity of the process.
        let user = unsafe { libc::geteuid() };
        let inner = path(&inner).resolve().unwrap().unwrap();
        for (mode, expected) in [(0o700, true), (0o755, true), (0o775, false), (0o777, false), (0o1777, true)]
        {
            fs::set_permissions(&root, Permissions::from_mode(mode)).unwrap();
            assert_eq!(inner.is_safe_parent(user), Ok(expected), "{mode:o}");
        }
        // Somebody else's directory is not safe, unless it is root's.
        assert_eq!(inner.is_safe_parent(user + 1), Ok(user == 0));
        fs::remove_dir_all(root).unwrap();
    }
}
