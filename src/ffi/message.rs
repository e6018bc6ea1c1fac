//! The last error of each thread: its message, and its place in the text.

use std::cell::UnsafeCell;
use std::ffi::c_char;
use std::ops::Range;

use crate::error::Error;

struct Last {
    /// A text of at most 255 bytes with its NUL; empty while there is no message.
    text: [u8; 256],
    /// The bytes of the compiled text that are to blame.
    span: Option<Range<usize>>,
}

thread_local! {
    static LAST: UnsafeCell<Last> = const { UnsafeCell::new(Last { text: [0; 256], span: None }) };
}

/// The message of the latest failed compile call of this thread, NULL after a success. The text
/// stays valid until the thread's next compile call.
pub(super) fn last() -> *const c_char {
    LAST.with(|last| {
        // SAFETY: the fields are this thread's, and no reference to them is alive. `text` is not borrowed beyond
        // this line: C has the pointer, and reads the text before the next call.
        let (text, is_empty) = unsafe { (&raw const (*last.get()).text, (*last.get()).text[0] == 0) };
        if is_empty { std::ptr::null() } else { text.cast() }
    })
}

/// The bytes of the text that the message is about, if there are such.
pub(super) fn span() -> Option<Range<usize>> {
    // SAFETY: the fields are this thread's, and the reference ends here.
    LAST.with(|last| unsafe { (*last.get()).span.clone() })
}

/// Forgets the error.
pub(super) fn clear() {
    store(b"", None);
}

/// Stores an error, the message cut to 255 bytes.
pub(super) fn set(error: &Error) {
    store(error.message().as_bytes(), error.span());
}

fn store(text: &[u8], span: Option<Range<usize>>) {
    LAST.with(|last| {
        // SAFETY: the fields are this thread's, and no other reference to them is alive.
        let last = unsafe { &mut *last.get() };
        let len = text.len().min(last.text.len() - 1);
        last.text[..len].copy_from_slice(&text[..len]);
        last.text[len] = 0;
        last.span = span;
    });
}
