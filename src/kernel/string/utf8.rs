//! Values packed one after the other, as Arrow's large_string and large_binary hold them.

use crate::dtype::Dtype;

use super::blocks;
use super::{Column, Slots, Ucs4, Unit};

/// The data do not fit into the buffer that the caller gave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CapacityExceeded;

/// Append the values of `column` to `data`, of which `used` bytes are taken, and return the bytes then taken.
///
/// Text becomes UTF-8, with U+FFFD for each unit that is no Unicode scalar value; bytes stay as they
/// are. `ends` takes, for each item, where its value ends in `data`.
///
/// # Errors
/// `CapacityExceeded` when a value does not fit; `ends` and `data` are then written up to that value.
pub fn pack(
    family: Dtype,
    column: Column<'_>,
    ends: &mut [i64],
    data: &mut [u8],
    used: usize,
) -> Result<usize, CapacityExceeded> {
    match family {
        Dtype::String => pack_values(column.slots::<Ucs4>(), ends, data, used, append_utf8),
        _ => pack_values(column.slots::<u8>(), ends, data, used, append_bytes),
    }
}

fn pack_values<U: Unit>(
    values: Slots<'_, U>,
    ends: &mut [i64],
    data: &mut [u8],
    mut used: usize,
    append: impl Fn(&mut [u8], &[U]) -> Option<usize>,
) -> Result<usize, CapacityExceeded> {
    for (item, end) in ends.iter_mut().enumerate() {
        let room = data.get_mut(used..).ok_or(CapacityExceeded)?;
        used += append(room, values.value(item)).ok_or(CapacityExceeded)?;
        *end = used as i64;
    }
    Ok(used)
}

/// Write `value` at the start of `room` and return its length; `None` when it does not fit.
fn append_bytes(room: &mut [u8], value: &[u8]) -> Option<usize> {
    room.get_mut(..value.len())?.copy_from_slice(value);
    Some(value.len())
}

/// Write `value` in UTF-8 at the start of `room` and return its length; `None` when it does not fit.
fn append_utf8(room: &mut [u8], value: &[Ucs4]) -> Option<usize> {
    if blocks::is_ascii(value) {
        for (byte, unit) in room.get_mut(..value.len())?.iter_mut().zip(value) {
            *byte = unit.code() as u8;
        }
        return Some(value.len());
    }
    let mut used = 0;
    for unit in value {
        let char = char::from_u32(unit.code()).unwrap_or(char::REPLACEMENT_CHARACTER);
        let room = room.get_mut(used..used + char.len_utf8())?;
        used += char.encode_utf8(room).len();
    }
    Some(used)
}
