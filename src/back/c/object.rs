//! A shared object in the directory: opened once, then read and loaded through the same descriptor.

use std::ffi::{CStr, c_void};
use std::ptr::NonNull;
use std::sync::atomic::{AtomicU64, Ordering};

use xxhash_rust::xxh64::Xxh64;

use super::directory::{Directory, Fresh};
use super::file::{File, FileError};
use super::float_mode::FloatMode;
use super::path::CPath;
use super::text::Text;
use crate::memory::OutOfMemory;

/// A shared object on disk.
pub struct Object<'a> {
    directory: &'a Directory,
    name: &'a CPath,
    file: File,
}

/// A loaded object, unloaded when dropped.
#[derive(Debug)]
pub struct Loaded(NonNull<c_void>);

// SAFETY: any thread may use and close what another one has opened.
unsafe impl Send for Loaded {}
// SAFETY: looking up a symbol changes nothing.
unsafe impl Sync for Loaded {}

/// Why an object was not loaded.
#[derive(Debug)]
pub enum LoadError {
    OutOfMemory,
    /// In the loader's words.
    Refused(Text),
}

impl From<OutOfMemory> for LoadError {
    fn from(_: OutOfMemory) -> LoadError {
        LoadError::OutOfMemory
    }
}

/// Length and hash of a file's content. They tell damage, not malice: who may write to the directory may
/// run code as this user anyway.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Digest {
    pub length: u64,
    pub hash: u64,
}

impl<'a> Object<'a> {
    /// An object that was there before.
    pub fn open(directory: &'a Directory, name: &'a CPath) -> Result<Object<'a>, FileError> {
        Ok(Object { directory, name, file: directory.open_file(name)? })
    }

    /// An object that has just been made.
    pub fn open_new(fresh: &'a Fresh<'a>) -> Result<Object<'a>, FileError> {
        let directory = fresh.directory;
        Ok(Object { directory, name: &fresh.name, file: directory.open_new(&fresh.name)? })
    }

    pub fn digest(&self) -> Result<Digest, FileError> {
        let mut hash = Xxh64::new(0);
        let mut length = 0;
        self.file.for_each_part(|part| {
            hash.update(part);
            length += part.len() as u64;
            Ok(())
        })?;
        Ok(Digest { length, hash: hash.digest() })
    }

    /// Loads the object.
    ///
    /// # Safety
    /// Its constructors and destructors may run in this process.
    pub unsafe fn load(&self) -> Result<Loaded, LoadError> {
        if cfg!(target_os = "linux") && has_descriptor_paths() {
            let path = descriptor_path(&self.file)?;
            // SAFETY: as the caller promises.
            return unsafe { self.load_from(&path) };
        }
        // The directory is private, so that the path leads to the file that was opened.
        let link = match self.directory.link(self.name) {
            Ok(link) => link,
            Err(FileError::OutOfMemory) => return Err(LoadError::OutOfMemory),
            Err(FileError::System) => {
                let mut message = Text::default();
                message.add(format_args!("no name for the loader"))?;
                return Err(LoadError::Refused(message));
            }
        };
        // SAFETY: as the caller promises.
        unsafe { self.load_from(&link.path()?) }
    }

    /// # Safety
    /// As [`Object::load`].
    unsafe fn load_from(&self, path: &CPath) -> Result<Loaded, LoadError> {
        // Constructors may change how the thread computes.
        let mode = FloatMode::current();
        // SAFETY: the path is NUL-terminated; the rest is as the caller promises.
        let handle = unsafe { libc::dlopen(path.as_ptr(), libc::RTLD_NOW | libc::RTLD_LOCAL) };
        mode.restore();
        match NonNull::new(handle) {
            Some(handle) => Ok(Loaded(handle)),
            None => Err(LoadError::Refused(self.loader_message(path)?)),
        }
    }

    /// What the loader says about the latest failure in this thread, with the object's own path in the
    /// place of the one by which it was loaded.
    fn loader_message(&self, path: &CPath) -> Result<Text, OutOfMemory> {
        let mut text = Text::default();
        // SAFETY: the message is NULL, or NUL-terminated and valid until this thread calls the loader again.
        let message = unsafe {
            let message = libc::dlerror();
            if message.is_null() { &[] } else { CStr::from_ptr(message).to_bytes() }
        };
        match message.strip_prefix(path.bytes()) {
            Some(rest) => {
                text.add_bytes(self.directory.path_of(self.name)?.bytes())?;
                text.add_bytes(rest)?;
            }
            None => text.add_bytes(message)?,
        }
        Ok(text)
    }
}

impl Loaded {
    /// The address of a symbol; NULL if there is none.
    pub fn symbol(&self, name: &CStr) -> *mut c_void {
        // SAFETY: the handle is loaded, the name is NUL-terminated.
        unsafe { libc::dlsym(self.0.as_ptr(), name.as_ptr()) }
    }
}

impl Drop for Loaded {
    fn drop(&mut self) {
        // Destructors may change how the thread computes, too.
        let mode = FloatMode::current();
        // SAFETY: the handle was opened by `load`, and nobody uses what lies in the object any more.
        unsafe { libc::dlclose(self.0.as_ptr()) };
        mode.restore();
    }
}

/// Folder of paths that lead to what descriptors refer to, whatever has become of the name since.
const DESCRIPTORS: &CStr = c"/proc/self/fd";

fn has_descriptor_paths() -> bool {
    // SAFETY: the path is NUL-terminated.
    unsafe { libc::access(DESCRIPTORS.as_ptr(), libc::F_OK) == 0 }
}

/// A path to an open file that was never used before. The loader takes an object for one that it knows if
/// it was loaded by the same path, but the same number may stand for another file by now. So the path says
/// the number of the call, in a way that leads nowhere else: `./` for each 0 and `.//` for each 1.
fn descriptor_path(file: &File) -> Result<CPath, OutOfMemory> {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    let mut path = Text::default();
    path.add_bytes(DESCRIPTORS.to_bytes())?;
    path.add(format_args!("/"))?;
    let mut number = NEXT.fetch_add(1, Ordering::Relaxed);
    while number > 0 {
        path.add(format_args!("{}", if number & 1 == 0 { "./" } else { ".//" }))?;
        number >>= 1;
    }
    path.add(format_args!("{}", file.descriptor()))?;
    CPath::new(path.as_bytes())
}
