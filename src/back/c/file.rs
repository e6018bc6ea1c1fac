//! Small files in directories that are open, without an allocation that can abort.

use std::ffi::c_int;
use std::os::fd::{AsRawFd, FromRawFd, IntoRawFd, OwnedFd};

use super::path::{CPath, Info};
use crate::memory::{OutOfMemory, TryGrow};

/// What went wrong with a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileError {
    OutOfMemory,
    /// The system refused.
    System,
}

impl From<OutOfMemory> for FileError {
    fn from(_: OutOfMemory) -> FileError {
        FileError::OutOfMemory
    }
}

/// An open file or directory.
#[derive(Debug)]
pub struct File(OwnedFd);

/// In the place of a directory: paths are relative to the working directory.
pub const ANYWHERE: c_int = libc::AT_FDCWD;

impl File {
    /// Opens `path`, relative to the open directory `at`. Never blocks, whatever lies there.
    pub fn open(at: c_int, path: &CPath, flags: c_int) -> Result<File, FileError> {
        let flags = flags | libc::O_CLOEXEC | libc::O_NONBLOCK | libc::O_NOCTTY;
        let mode: libc::c_uint = 0o600;
        // SAFETY: the path is NUL-terminated; nobody else has a new descriptor.
        unsafe {
            match libc::openat(at, path.as_ptr(), flags, mode) {
                -1 => Err(FileError::System),
                descriptor => Ok(File(OwnedFd::from_raw_fd(descriptor))),
            }
        }
    }

    /// Opens a regular file for reading; what else may lie at the path is refused.
    pub fn open_regular(at: c_int, path: &CPath, flags: c_int) -> Result<File, FileError> {
        let file = File::open(at, path, libc::O_RDONLY | flags)?;
        let is_regular = file.info().is_some_and(|info| info.is_regular());
        if is_regular { Ok(file) } else { Err(FileError::System) }
    }

    pub fn descriptor(&self) -> c_int {
        self.0.as_raw_fd()
    }

    /// The same file, under a descriptor that is none of the standard streams, which may be closed.
    pub fn beyond_standard_streams(self) -> Result<File, FileError> {
        // SAFETY: the descriptor is open; nobody else has the new one.
        unsafe {
            match libc::fcntl(self.descriptor(), libc::F_DUPFD_CLOEXEC, 3) {
                -1 => Err(FileError::System),
                descriptor => Ok(File(OwnedFd::from_raw_fd(descriptor))),
            }
        }
    }

    pub fn info(&self) -> Option<Info> {
        // SAFETY: on success the call fills the whole record.
        unsafe { Info::from_call(|stat| libc::fstat(self.descriptor(), stat)) }
    }

    /// Takes all permissions of others away.
    pub fn make_private(&self) -> Result<(), FileError> {
        let info = self.info().ok_or(FileError::System)?;
        // SAFETY: the descriptor is open.
        let status = unsafe { libc::fchmod(self.descriptor(), info.owner_permissions()) };
        if status == 0 { Ok(()) } else { Err(FileError::System) }
    }

    /// Calls `visit` with the content, from its beginning, part by part.
    pub fn for_each_part(
        &self,
        mut visit: impl FnMut(&[u8]) -> Result<(), OutOfMemory>,
    ) -> Result<(), FileError> {
        let mut part = [0u8; 4096];
        let mut offset = 0;
        loop {
            // SAFETY: the part is writable.
            let count =
                unsafe { libc::pread(self.descriptor(), part.as_mut_ptr().cast(), part.len(), offset) };
            match usize::try_from(count) {
                Ok(0) => return Ok(()),
                Ok(length) => {
                    visit(&part[..length])?;
                    offset += count as libc::off_t;
                }
                Err(_) if was_interrupted() => {}
                Err(_) => return Err(FileError::System),
            }
        }
    }

    /// The content of a file of at most `limit` bytes.
    pub fn read(&self, limit: u64) -> Result<Vec<u8>, FileError> {
        if self.info().is_none_or(|info| info.length > limit) {
            return Err(FileError::System);
        }
        let mut content = Vec::new();
        self.for_each_part(|part| content.try_extend(part))?;
        Ok(content)
    }

    /// Makes a new file, which only this user can read, with the given content.
    pub fn write_new(at: c_int, path: &CPath, mut content: &[u8]) -> Result<(), FileError> {
        // A write beyond the limit would not just fail: it raises SIGXFSZ, which kills the process.
        if libc::rlim_t::try_from(content.len()).is_ok_and(|length| length > file_size_limit()) {
            return Err(FileError::System);
        }
        let flags = libc::O_WRONLY | libc::O_CREAT | libc::O_EXCL | libc::O_NOFOLLOW;
        let file = File::open(at, path, flags)?;
        while !content.is_empty() {
            // SAFETY: the content is readable.
            let count = unsafe { libc::write(file.descriptor(), content.as_ptr().cast(), content.len()) };
            match usize::try_from(count) {
                Ok(count) => content = &content[count.min(content.len())..],
                Err(_) if was_interrupted() => {}
                Err(_) => return Err(FileError::System),
            }
        }
        file.close()
    }

    /// Closes the file; some file systems report only now that the disk is full.
    fn close(self) -> Result<(), FileError> {
        // SAFETY: the descriptor is open and nobody else has it.
        if unsafe { libc::close(self.0.into_raw_fd()) } == 0 { Ok(()) } else { Err(FileError::System) }
    }
}

/// The longest file that this process may write.
fn file_size_limit() -> libc::rlim_t {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: the record is writable.
    let status = unsafe { libc::getrlimit(libc::RLIMIT_FSIZE, &mut limit) };
    if status == 0 { limit.rlim_cur } else { libc::RLIM_INFINITY }
}

fn was_interrupted() -> bool {
    std::io::Error::last_os_error().kind() == std::io::ErrorKind::Interrupted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_written_once_and_read() {
        let root = std::env::temp_dir().join(format!("miniexpr-file-{}", std::process::id()));
        std::fs::create_dir_all(&root).unwrap();
        let path = |name: &str| CPath::new(root.join(name).to_str().unwrap().as_bytes()).unwrap();
        let (file, content) = (path("file"), vec![7; 10_000]);
        File::write_new(ANYWHERE, &file, &content).unwrap();
        assert_eq!(File::write_new(ANYWHERE, &file, b"again"), Err(FileError::System));
        let opened = File::open_regular(ANYWHERE, &file, libc::O_NOFOLLOW).unwrap();
        assert_eq!(opened.read(10_000).unwrap(), content);
        assert_eq!(opened.read(9_999), Err(FileError::System));
        std::os::unix::fs::symlink(root.join("file"), root.join("link")).unwrap();
        assert!(File::open_regular(ANYWHERE, &path("link"), libc::O_NOFOLLOW).is_err());
        assert!(File::open_regular(ANYWHERE, &path("link"), 0).is_ok());
        assert!(File::open_regular(ANYWHERE, &path("."), 0).is_err());
        // SAFETY: the path is NUL-terminated.
        assert_eq!(unsafe { libc::mkfifo(path("pipe").as_ptr(), 0o600) }, 0);
        assert!(File::open_regular(ANYWHERE, &path("pipe"), 0).is_err());
        std::fs::remove_dir_all(root).unwrap();
    }
}
