//! Structures that begin with their size, so that later versions may have more fields.

use std::mem::MaybeUninit;
use std::slice;

use crate::error::{Error, ErrorKind};

/// The structure at a pointer, NULL for `None`. The caller may know fewer fields than this library, which are
/// then zero; or more, which must be zero.
///
/// # Safety
/// `params` is NULL or points to the size of what it points to. `T` is a structure of C for which zeros are fine, and whose
/// first field is `struct_size`, as `size_of_params` reads it.
pub(super) unsafe fn read<T: Copy>(
    params: *const T,
    size_of_params: impl Fn(&T) -> usize,
) -> Result<Option<T>, Error> {
    if params.is_null() {
        return Ok(None);
    }
    let mut known = MaybeUninit::<T>::zeroed();
    // SAFETY: the structure begins with its size, and has that many bytes.
    unsafe {
        let size = params.cast::<usize>().read_unaligned();
        if size < size_of::<usize>() {
            return Err(refused(size));
        }
        let copied = size.min(size_of::<T>());
        params.cast::<u8>().copy_to_nonoverlapping(known.as_mut_ptr().cast(), copied);
        let unknown = slice::from_raw_parts(params.cast::<u8>().add(copied), size - copied);
        if unknown.iter().any(|byte| *byte != 0) {
            return Err(refused(size));
        }
        let known = known.assume_init();
        debug_assert_eq!(size_of_params(&known), size);
        Ok(Some(known))
    }
}

fn refused(size: usize) -> Error {
    Error::new(
        ErrorKind::InvalidArgument,
        format_args!(
            "options of {size} bytes: struct_size is wrong, or they use what this version does not know"
        ),
    )
}
