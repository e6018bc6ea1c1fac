//! Paths and small files without an allocation that can abort.

use std::ffi::{CStr, c_char, c_int};
use std::fmt;

use super::text::Text;
use crate::memory::{OutOfMemory, TryGrow};

/// A path for the C library: bytes with a NUL behind them.
#[derive(Debug)]
pub struct CPath(Vec<u8>);

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

/// What the system says of a file.
#[derive(Clone, Copy, Debug)]
pub struct Info {
    pub is_directory: bool,
    pub owner: libc::uid_t,
    /// Permission bits.
    pub mode: libc::mode_t,
    /// Seconds since the epoch, and nanoseconds.
    pub modified: (libc::time_t, libc::c_long),
}

impl CPath {
    /// A path of the given bytes; a NUL ends it.
    pub fn new(bytes: &[u8]) -> Result<CPath, OutOfMemory> {
        let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
        let mut path = Vec::try_copied(&bytes[..end])?;
        path.try_push(0)?;
        Ok(CPath(path))
    }

    /// `name` in this directory.
    pub fn join(&self, name: fmt::Arguments<'_>) -> Result<CPath, OutOfMemory> {
        let mut text = Text::default();
        text.add_bytes(self.bytes())?;
        text.add(format_args!("/{name}"))?;
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
        let mut stat = std::mem::MaybeUninit::<libc::stat>::uninit();
        // SAFETY: the path is NUL-terminated; on success the call fills the whole record.
        let stat = unsafe {
            if libc::lstat(self.as_ptr(), stat.as_mut_ptr()) != 0 {
                return None;
            }
            stat.assume_init()
        };
        Some(Info {
            is_directory: stat.st_mode & libc::S_IFMT == libc::S_IFDIR,
            owner: stat.st_uid,
            mode: stat.st_mode & 0o7777,
            modified: (stat.st_mtime, stat.st_mtime_nsec),
        })
    }

    /// Makes the directory and the missing ones above it, for this user only.
    pub fn make_directories(&self) -> Result<(), OutOfMemory> {
        let separators = self.bytes().iter().enumerate().skip(1).filter(|(_, byte)| **byte == b'/');
        for (end, _) in separators {
            CPath::new(&self.bytes()[..end])?.make_directory();
        }
        self.make_directory();
        Ok(())
    }

    /// A directory that cannot be made is noticed when it is used.
    fn make_directory(&self) {
        // SAFETY: the path is NUL-terminated.
        unsafe { libc::mkdir(self.as_ptr(), 0o700) };
    }

    /// Removes the file, if there is one.
    pub fn remove(&self) {
        // SAFETY: the path is NUL-terminated.
        unsafe { libc::unlink(self.as_ptr()) };
    }

    pub fn rename(&self, to: &CPath) -> Result<(), FileError> {
        // SAFETY: both paths are NUL-terminated.
        let status = unsafe { libc::rename(self.as_ptr(), to.as_ptr()) };
        if status == 0 { Ok(()) } else { Err(FileError::System) }
    }

    /// Whether this process may run the file.
    pub fn is_executable(&self) -> bool {
        // SAFETY: the path is NUL-terminated.
        unsafe { libc::access(self.as_ptr(), libc::X_OK) == 0 }
    }

    /// The content of a file.
    pub fn read(&self) -> Result<Vec<u8>, FileError> {
        let file = File::open(self, libc::O_RDONLY)?;
        let mut content = Vec::new();
        let mut block = [0u8; 4096];
        loop {
            // SAFETY: the block is writable.
            let count = unsafe { libc::read(file.0, block.as_mut_ptr().cast(), block.len()) };
            match usize::try_from(count) {
                Ok(0) => return Ok(content),
                Ok(count) => content.try_extend(&block[..count])?,
                Err(_) if was_interrupted() => {}
                Err(_) => return Err(FileError::System),
            }
        }
    }

    /// Makes a new file, which only this user can read, with the given content.
    pub fn write_new(&self, mut content: &[u8]) -> Result<(), FileError> {
        let file = File::open(self, libc::O_WRONLY | libc::O_CREAT | libc::O_EXCL)?;
        while !content.is_empty() {
            // SAFETY: the content is readable.
            let count = unsafe { libc::write(file.0, content.as_ptr().cast(), content.len()) };
            match usize::try_from(count) {
                Ok(count) => content = &content[count.min(content.len())..],
                Err(_) if was_interrupted() => {}
                Err(_) => return Err(FileError::System),
            }
        }
        file.close()
    }

    /// Calls `visit` with the name of each entry of the directory.
    pub fn for_each_entry(&self, mut visit: impl FnMut(&[u8])) {
        // SAFETY: the path is NUL-terminated; entries stay valid until the next one is read, their
        // names are NUL-terminated.
        unsafe {
            let directory = libc::opendir(self.as_ptr());
            if directory.is_null() {
                return;
            }
            while let Some(entry) = libc::readdir(directory).as_ref() {
                visit(CStr::from_ptr(entry.d_name.as_ptr()).to_bytes());
            }
            libc::closedir(directory);
        }
    }
}

fn was_interrupted() -> bool {
    std::io::Error::last_os_error().kind() == std::io::ErrorKind::Interrupted
}

/// An open file.
struct File(c_int);

impl File {
    fn open(path: &CPath, flags: c_int) -> Result<File, FileError> {
        let mode: libc::c_uint = 0o600;
        // SAFETY: the path is NUL-terminated.
        match unsafe { libc::open(path.as_ptr(), flags | libc::O_CLOEXEC, mode) } {
            -1 => Err(FileError::System),
            descriptor => Ok(File(descriptor)),
        }
    }

    /// Closes the file; some file systems report only now that the disk is full.
    fn close(self) -> Result<(), FileError> {
        let descriptor = self.0;
        std::mem::forget(self);
        // SAFETY: the descriptor is open and nobody else has it.
        if unsafe { libc::close(descriptor) } == 0 { Ok(()) } else { Err(FileError::System) }
    }
}

impl Drop for File {
    fn drop(&mut self) {
        // SAFETY: as in `close`.
        unsafe { libc::close(self.0) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_written_once_and_read() {
        let root = std::env::temp_dir().join(format!("miniexpr-path-{}", std::process::id()));
        let root = CPath::new(root.to_str().unwrap().as_bytes()).unwrap();
        let deep = root.join(format_args!("a/b")).unwrap();
        deep.make_directories().unwrap();
        assert!(deep.info().unwrap().is_directory);
        let file = deep.join(format_args!("kernel_{:04x}", 0xab)).unwrap();
        let content = vec![7; 10_000];
        file.write_new(&content).unwrap();
        assert_eq!(file.write_new(b"again"), Err(FileError::System));
        assert_eq!(file.read().unwrap(), content);
        let mut names = Vec::new();
        deep.for_each_entry(|name| names.push(name.to_vec()));
        assert!(names.contains(&b"kernel_00ab".to_vec()));
        file.remove();
        assert!(file.info().is_none());
        std::fs::remove_dir_all(std::str::from_utf8(root.bytes()).unwrap()).unwrap();
    }
}
