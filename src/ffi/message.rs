//! The last error message of each thread.

use std::cell::UnsafeCell;
use std::ffi::c_char;

/// A text of at most 255 bytes with its NUL; empty while there is no message.
struct Buffer([u8; 256]);

thread_local! {
    static LAST: UnsafeCell<Buffer> = const { UnsafeCell::new(Buffer([0; 256])) };
}

/// The message of the latest failed compile call of this thread, NULL after a success. The text
/// stays valid until the thread's next compile call.
pub(super) fn last() -> *const c_char {
    LAST.with(|buffer| {
        let text = buffer.get().cast::<u8>();
        // SAFETY: the buffer is this thread's, and no reference to it is alive.
        let is_empty = unsafe { text.read() } == 0;
        if is_empty { std::ptr::null() } else { text.cast::<c_char>().cast_const() }
    })
}

/// Forgets the message.
pub(super) fn clear() {
    set(b"");
}

/// Stores a message, cut to 255 bytes.
pub(super) fn set(text: &[u8]) {
    LAST.with(|buffer| {
        // SAFETY: the buffer is this thread's, and no other reference to it is alive.
        let Buffer(bytes) = unsafe { &mut *buffer.get() };
        let len = text.len().min(bytes.len() - 1);
        bytes[..len].copy_from_slice(&text[..len]);
        bytes[len] = 0;
    });
}
