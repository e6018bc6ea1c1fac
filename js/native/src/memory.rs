//! The memory of typed arrays.

use std::ops::Range;
use std::{ptr, slice};

use napi::bindgen_prelude::{FromNapiValue, TypeName, ValidateNapiValue};
use napi::{Error, Result, Status, ValueType, sys};

/// The items of a typed array or `Buffer`, as they are at the time of the call: no JavaScript runs, and nothing can be
/// detached or resized, before the call has returned.
#[derive(Clone, Copy)]
pub struct Memory {
    data: *mut u8,
    len: usize,
}

impl TypeName for Memory {
    fn type_name() -> &'static str {
        "TypedArray"
    }

    fn value_type() -> ValueType {
        ValueType::Object
    }
}

impl ValidateNapiValue for Memory {}

impl FromNapiValue for Memory {
    unsafe fn from_napi_value(env: sys::napi_env, value: sys::napi_value) -> Result<Memory> {
        let (mut kind, mut items, mut data) = (0, 0, ptr::null_mut());
        // SAFETY: the value is one of this environment, and what is not asked for may be null.
        let status = unsafe {
            let (buffer, offset) = (ptr::null_mut(), ptr::null_mut());
            sys::napi_get_typedarray_info(env, value, &mut kind, &mut items, &mut data, buffer, offset)
        };
        if status != sys::Status::napi_ok {
            return Err(Error::new(Status::InvalidArg, "a typed array is expected".to_owned()));
        }
        let len = if data.is_null() { 0 } else { items * item_bytes(kind)? };
        Ok(Memory { data: data.cast(), len })
    }
}

/// Bytes of an item of a typed array of this kind.
fn item_bytes(kind: sys::napi_typedarray_type) -> Result<usize> {
    use sys::TypedarrayType as Kind;
    match kind {
        Kind::int8_array | Kind::uint8_array | Kind::uint8_clamped_array => Ok(1),
        Kind::int16_array | Kind::uint16_array => Ok(2),
        Kind::int32_array | Kind::uint32_array | Kind::float32_array => Ok(4),
        Kind::float64_array | Kind::bigint64_array | Kind::biguint64_array => Ok(8),
        _ => Err(Error::new(Status::InvalidArg, "this kind of typed array is not known".to_owned())),
    }
}

impl Memory {
    /// The items, as bytes.
    ///
    /// # Safety
    /// No JavaScript runs and nobody writes there while they are borrowed.
    pub unsafe fn bytes<'a>(self) -> &'a [u8] {
        match self.len {
            0 => &[],
            // SAFETY: this is the memory of a typed array.
            len => unsafe { slice::from_raw_parts(self.data, len) },
        }
    }

    /// The items, as bytes to write.
    ///
    /// # Safety
    /// No JavaScript runs and nobody else reads or writes there while they are borrowed.
    pub unsafe fn bytes_mut<'a>(self) -> &'a mut [u8] {
        match self.len {
            0 => &mut [],
            // SAFETY: this is the memory of a typed array.
            len => unsafe { slice::from_raw_parts_mut(self.data, len) },
        }
    }

    /// The address, if there are so many bytes.
    pub fn address(self, bytes: usize) -> Option<*mut u8> {
        (bytes <= self.len).then_some(self.data)
    }

    /// The address of what lies `offset` bytes from the first, if the bytes from `low` to `high`, counted from it, are these.
    pub fn address_of(self, offset: f64, (low, high): (i128, i128)) -> Option<*mut u8> {
        let start = offset as i128;
        let is_inside = start.saturating_add(low) >= 0 && start.saturating_add(high) <= self.len as i128;
        // SAFETY: a byte of this memory, or the end of it.
        is_inside.then(|| unsafe { self.data.add(start as usize) })
    }

    /// Whether a byte belongs to both.
    pub fn overlaps(self, other: Memory) -> bool {
        let (one, two) = (self.addresses(), other.addresses());
        one.start < two.end && two.start < one.end
    }

    fn addresses(self) -> Range<usize> {
        let start = self.data.addr();
        start..start + self.len
    }
}

/// A copy; an error where there is no memory for it.
pub fn copied(bytes: &[u8]) -> std::result::Result<Vec<u8>, miniexpr::Error> {
    let mut copy = Vec::new();
    copy.try_reserve_exact(bytes.len()).map_err(|_| {
        let message = format_args!("there is no memory for a copy of {} bytes", bytes.len());
        miniexpr::Error::new(miniexpr::ErrorKind::OutOfMemory, message)
    })?;
    copy.extend_from_slice(bytes);
    Ok(copy)
}
