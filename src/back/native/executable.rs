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
    /// A copy of `code` that can be called, once [`Executable::entry`] has told its address.
    pub fn new(code: &[u8]) -> Result<Executable, OutOfMemory> {
        let len = code.len().max(1);
        // SAFETY: a new anonymous mapping touches no memory of the program.
        let pages = unsafe { libc::mmap(std::ptr::null_mut(), len, pages::ACCESS, pages::FLAGS, -1, 0) };
        if pages == libc::MAP_FAILED {
            return Err(OutOfMemory);
        }
        let executable = Executable { pages: NonNull::new(pages.cast()).ok_or(OutOfMemory)?, len };
        // SAFETY: the mapping has room for the code, and nobody else knows it yet.
        unsafe { pages::fill(executable.pages, code)? };
        Ok(executable)
    }

    /// Address of the first instruction, for a call by the current thread.
    pub fn entry(&self) -> *const u8 {
        pages::forget_fetched();
        self.pages.as_ptr()
    }
}

impl Drop for Executable {
    fn drop(&mut self) {
        // SAFETY: the mapping was made by `new`, and whoever runs the code keeps `self` alive.
        unsafe { libc::munmap(self.pages.as_ptr().cast(), self.len) };
    }
}

/// Pages that change from writable to executable.
#[cfg(not(all(target_os = "macos", target_arch = "aarch64")))]
mod pages {
    use super::{NonNull, OutOfMemory};

    pub use super::caches::forget_fetched;

    pub const ACCESS: i32 = libc::PROT_READ | libc::PROT_WRITE;
    pub const FLAGS: i32 = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;

    /// # Safety
    /// `pages` are a mapping of as many bytes as the code has, which nobody else uses.
    pub unsafe fn fill(pages: NonNull<u8>, code: &[u8]) -> Result<(), OutOfMemory> {
        // SAFETY: as the caller promises.
        let status = unsafe {
            pages.as_ptr().copy_from_nonoverlapping(code.as_ptr(), code.len());
            super::caches::publish(pages.as_ptr(), code.len());
            libc::mprotect(pages.as_ptr().cast(), code.len(), libc::PROT_READ | libc::PROT_EXEC)
        };
        if status == 0 { Ok(()) } else { Err(OutOfMemory) }
    }
}

/// Apple's processors run what was written only from pages that were mapped for it, which are writable
/// for the threads that ask, and executable for the others.
#[cfg(all(target_os = "macos", target_arch = "aarch64"))]
mod pages {
    use std::ffi::c_void;

    use super::{NonNull, OutOfMemory};

    pub use super::caches::forget_fetched;

    pub const ACCESS: i32 = libc::PROT_READ | libc::PROT_WRITE | libc::PROT_EXEC;
    pub const FLAGS: i32 = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_JIT;

    unsafe extern "C" {
        fn sys_icache_invalidate(start: *mut c_void, len: usize);
    }

    /// # Safety
    /// `pages` are a mapping of as many bytes as the code has, which nobody else uses.
    pub unsafe fn fill(pages: NonNull<u8>, code: &[u8]) -> Result<(), OutOfMemory> {
        // SAFETY: as the caller promises; the thread writes to no other pages of code in between.
        unsafe {
            libc::pthread_jit_write_protect_np(0);
            pages.as_ptr().copy_from_nonoverlapping(code.as_ptr(), code.len());
            libc::pthread_jit_write_protect_np(1);
            sys_icache_invalidate(pages.as_ptr().cast(), code.len());
        }
        Ok(())
    }
}

/// Processors that see by themselves that code was written.
#[cfg(not(target_arch = "aarch64"))]
mod caches {
    /// # Safety
    /// Nothing is asked.
    pub unsafe fn publish(_code: *const u8, _len: usize) {}

    pub fn forget_fetched() {}
}

/// Processors whose instruction cache does not see what is written.
#[cfg(target_arch = "aarch64")]
mod caches {
    use std::arch::asm;

    /// Makes the processors fetch what was written, after Arm's "Architecture Reference Manual", B2.4.4.
    ///
    /// # Safety
    /// The code is readable.
    #[cfg(not(target_os = "macos"))]
    pub unsafe fn publish(code: *const u8, len: usize) {
        let sizes: u64;
        // SAFETY: the register may be read, and the instructions change nothing that a program sees.
        unsafe { asm!("mrs {}, ctr_el0", out(reg) sizes, options(nomem, nostack, preserves_flags)) };
        for line in lines(code, len, sizes >> 16) {
            // SAFETY: the line has a byte of the code.
            unsafe { asm!("dc cvau, {}", in(reg) line, options(nostack, preserves_flags)) };
        }
        // SAFETY: as above.
        unsafe { asm!("dsb ish", options(nostack, preserves_flags)) };
        for line in lines(code, len, sizes) {
            // SAFETY: as above.
            unsafe { asm!("ic ivau, {}", in(reg) line, options(nostack, preserves_flags)) };
        }
        // SAFETY: as above.
        unsafe { asm!("dsb ish", options(nostack, preserves_flags)) };
    }

    /// Addresses in the cache lines of the code. The low four bits of `size` are the power of two of a
    /// line's words.
    #[cfg(not(target_os = "macos"))]
    fn lines(code: *const u8, len: usize, size: u64) -> impl Iterator<Item = usize> {
        let line = 4usize << (size & 15);
        let start = code.addr() & !(line - 1);
        (start..code.addr() + len).step_by(line)
    }

    /// Lets the current processor forget instructions that it fetched before the code was written, which
    /// may have been by another one.
    pub fn forget_fetched() {
        // SAFETY: the instruction changes nothing that a program sees.
        unsafe { asm!("isb", options(nostack, preserves_flags)) };
    }
}
