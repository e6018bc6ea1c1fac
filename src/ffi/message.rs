//! The last error of each thread: what it is, and its place in the text.

use std::cell::{RefCell, UnsafeCell};
use std::ffi::{c_char, c_int};
use std::ops::Range;
use std::ptr;

use super::types::me_error;
use crate::error::Error;
use crate::memory::{OutOfMemory, TryGrow, try_box};

/// What the functions of the original tell, which know short texts.
struct Last {
    /// A text of at most 255 bytes with its NUL; empty while there is no message.
    text: [u8; 256],
    /// The bytes of the compiled text that are to blame.
    span: Option<Range<usize>>,
}

/// What `me_get_last_error` gives.
struct Details {
    status: c_int,
    code: i32,
    span: Option<Range<usize>>,
    line: usize,
    column: usize,
    /// Texts that end with NUL.
    message: Vec<u8>,
    hint: Option<Vec<u8>>,
}

thread_local! {
    static LAST: UnsafeCell<Last> = const { UnsafeCell::new(Last { text: [0; 256], span: None }) };
    static DETAILS: RefCell<Option<Box<Details>>> = const { RefCell::new(None) };
}

/// Which functions tell of an error.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Shown {
    /// `me_get_last_error` alone, where the original's functions speak of compile calls only.
    InDetail,
    Everywhere,
}

/// The message of the latest failed compile call of this thread, NULL after a success. The text
/// stays valid until the thread's next compile call.
pub(super) fn last() -> *const c_char {
    LAST.with(|last| {
        // SAFETY: the fields are this thread's, and no reference to them is alive. `text` is not borrowed beyond
        // this line: C has the pointer, and reads the text before the next call.
        let (text, is_empty) = unsafe { (&raw const (*last.get()).text, (*last.get()).text[0] == 0) };
        if is_empty { ptr::null() } else { text.cast() }
    })
}

/// The bytes of the text that the message is about, if there are such.
pub(super) fn span() -> Option<Range<usize>> {
    // SAFETY: the fields are this thread's, and the reference ends here.
    LAST.with(|last| unsafe { (*last.get()).span.clone() })
}

/// Forgets the error.
pub(super) fn clear() {
    store("", None);
    // A thread that ends has no details any more.
    let _ = DETAILS.try_with(|details| details.take());
}

/// Stores an error, and the code that its call gives.
pub(super) fn set(error: &Error, status: c_int, shown: Shown) {
    if shown == Shown::Everywhere {
        store(error.message(), error.span());
    }
    // Without memory there are none.
    let details = Details::new(error, status).and_then(try_box).ok();
    let _ = DETAILS.try_with(|last| last.replace(details));
}

/// Stores a message, cut to 255 bytes between characters.
fn store(text: &str, span: Option<Range<usize>>) {
    LAST.with(|last| {
        // SAFETY: the fields are this thread's, and no other reference to them is alive.
        let last = unsafe { &mut *last.get() };
        let room = text.len().min(last.text.len() - 1);
        let len = (0..=room).rfind(|len| text.is_char_boundary(*len)).unwrap_or(0);
        last.text[..len].copy_from_slice(&text.as_bytes()[..len]);
        last.text[len] = 0;
        last.span = span;
    });
}

/// Writes what is known of the last error; whether there is one.
///
/// # Safety
/// `error` is NULL or begins with its size, and has that many bytes.
pub(super) unsafe fn describe(error: *mut me_error) -> bool {
    // SAFETY: as the caller promises; the size is the first field.
    let size = if error.is_null() { 0 } else { unsafe { error.cast::<usize>().read_unaligned() } };
    let none = || (me_error { struct_size: size, ..me_error::default() }, false);
    let described = DETAILS.try_with(|details| match &*details.borrow() {
        Some(details) => (details.describe(size), true),
        None => none(),
    });
    let (described, is_there) = described.unwrap_or_else(|_| none());
    let known = size.min(size_of::<me_error>());
    if known >= size_of::<usize>() {
        // SAFETY: as the caller promises. Fields that this library does not know stay as they are.
        unsafe { (&raw const described).cast::<u8>().copy_to_nonoverlapping(error.cast(), known) };
    }
    is_there
}

impl Details {
    fn new(error: &Error, status: c_int) -> Result<Details, OutOfMemory> {
        let (line, column) = error.line_and_column().unwrap_or((0, 0));
        Ok(Details {
            status,
            code: error.code(),
            span: error.span(),
            line,
            column,
            message: nul_terminated(error.message())?,
            hint: error.hint().map(nul_terminated).transpose()?,
        })
    }

    fn describe(&self, struct_size: usize) -> me_error {
        let offset = |offset: usize| i64::try_from(offset).unwrap_or(i64::MAX);
        me_error {
            struct_size,
            status: self.status,
            code: self.code,
            start: self.span.as_ref().map_or(-1, |span| offset(span.start)),
            end: self.span.as_ref().map_or(-1, |span| offset(span.end)),
            line: c_int::try_from(self.line).unwrap_or(c_int::MAX),
            column: c_int::try_from(self.column).unwrap_or(c_int::MAX),
            message: self.message.as_ptr().cast(),
            hint: self.hint.as_ref().map_or(ptr::null(), |hint| hint.as_ptr().cast()),
        }
    }
}

/// No error, in a struct of this version.
impl Default for me_error {
    fn default() -> me_error {
        me_error {
            struct_size: size_of::<me_error>(),
            status: 0,
            code: 0,
            start: -1,
            end: -1,
            line: 0,
            column: 0,
            message: c"".as_ptr(),
            hint: ptr::null(),
        }
    }
}

/// A text as C takes it: to the first NUL, if it has one.
fn nul_terminated(text: &str) -> Result<Vec<u8>, OutOfMemory> {
    let mut bytes = Vec::try_copied(text.as_bytes())?;
    bytes.try_push(0)?;
    Ok(bytes)
}
