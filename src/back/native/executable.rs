//! Memory that holds machine code: written once, then executable and read-only.

use std::ptr::NonNull;

use crate::memory::OutOfMemory;

/// Pages of machine code.
#[derive(Debug)]
pub struct Executable {
    pages: NonNull<u8>,
    len: usize,
}

// SAFETY: the pages are never written after construction.
unsafe impl Send for Executable {}
// SAFETY: as above.
unsafe impl Sync for Executable {}

impl Executable {
    /// A copy of `code` that can be called.
    pub fn new(code: &[u8]) -> Result<Executable, OutOfMemory> {
        let len = code.len().max(1);
        let access = libc::PROT_READ | libc::PROT_WRITE;
        let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
        // SAFETY: a new anonymous mapping touches no memory of the program.
        let pages = unsafe { libc::mmap(std::ptr::null_mut(), len, access, flags, -1, 0) };
        if pages == libc::MAP_FAILED {
            return Err(OutOfMemory);
        }
        let executable = Executable { pages: NonNull::new(pages.cast()).ok_or(OutOfMemory)?, len };
        // SAFETY: the mapping has `len` writable bytes, and nobody else knows it yet.
        let status = unsafe {
            executable.pages.as_ptr().copy_from_nonoverlapping(code.as_ptr(), code.len());
            libc::mprotect(pages, len, libc::PROT_READ | libc::PROT_EXEC)
        };
        if status == 0 { Ok(executable) } else { Err(OutOfMemory) }
    }

    /// Address of the first instruction.
    pub fn entry(&self) -> *const u8 {
        self.pages.as_ptr()
    }
}

impl Drop for Executable {
    fn drop(&mut self) {
        // SAFETY: the mapping was made by `new`, and whoever runs the code keeps `self` alive.
        unsafe { libc::munmap(self.pages.as_ptr().cast(), self.len) };
    }
}
