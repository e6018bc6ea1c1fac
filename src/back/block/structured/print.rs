//! `print` of a kernel: a line to C's `stdout`, or to what the program wants.

use super::Printer;
#[cfg(bare_wasm)]
use super::decimal::append as append_float;
use crate::dtype::Dtype;
use crate::ir::{Print, Type};
use crate::memory::{OutOfMemory, TryGrow, try_format};

/// Writes a line: the texts as they are, each value as the first item has it. `address` gives the
/// place of a value. What goes to the C stream is flushed.
pub fn print_line(
    printer: &Printer,
    print: &Print,
    types: &[Type],
    address: impl Fn(usize) -> *const u8,
) -> Result<(), OutOfMemory> {
    let mut line = Vec::try_copied(&print.prefix)?;
    for (index, ((_, text), ty)) in print.values.iter().zip(types).enumerate() {
        // SAFETY: the place holds a value of this type.
        unsafe { append_value(&mut line, address(index), ty.dtype)? };
        line.try_extend(text)?;
    }
    line.try_push(b'\n')?;
    match printer.function() {
        Some(function) => function(&line),
        None => write_to_stdout(&line),
    }
    Ok(())
}

#[cfg(not(bare_wasm))]
fn write_to_stdout(line: &[u8]) {
    let len = i32::try_from(line.len()).unwrap_or(i32::MAX);
    // SAFETY: the precision limits the read to the line; NULL flushes all streams, `stdout` among them.
    unsafe {
        libc::printf(c"%.*s".as_ptr(), len, line.as_ptr());
        libc::fflush(std::ptr::null_mut());
    }
}

/// There is no standard output without a C library.
#[cfg(bare_wasm)]
fn write_to_stdout(_line: &[u8]) {}

/// # Safety
/// `value` points to a numeric value of `dtype`, aligned for it.
unsafe fn append_value(line: &mut Vec<u8>, value: *const u8, dtype: Dtype) -> Result<(), OutOfMemory> {
    // SAFETY: as the caller promises.
    unsafe {
        match dtype {
            Dtype::Bool => line.try_extend(if value.read() != 0 { b"true" } else { b"false" }),
            Dtype::Int8 => append_integer(line, &value.cast::<i8>().read()),
            Dtype::Int16 => append_integer(line, &value.cast::<i16>().read()),
            Dtype::Int32 => append_integer(line, &value.cast::<i32>().read()),
            Dtype::Int64 => append_integer(line, &value.cast::<i64>().read()),
            Dtype::UInt8 => append_integer(line, &value.read()),
            Dtype::UInt16 => append_integer(line, &value.cast::<u16>().read()),
            Dtype::UInt32 => append_integer(line, &value.cast::<u32>().read()),
            Dtype::UInt64 => append_integer(line, &value.cast::<u64>().read()),
            Dtype::Float32 => append_float(line, SINGLE_DIGITS, false, value.cast::<f32>().read().into()),
            Dtype::Float64 => append_float(line, DOUBLE_DIGITS, false, value.cast::<f64>().read()),
            Dtype::Complex64 => {
                let [re, im] = value.cast::<[f32; 2]>().read().map(f64::from);
                append_complex(line, SINGLE_DIGITS, re, im)
            }
            Dtype::Complex128 => {
                let [re, im] = value.cast::<[f64; 2]>().read();
                append_complex(line, DOUBLE_DIGITS, re, im)
            }
            Dtype::String | Dtype::Bytes => Ok(()),
        }
    }
}

/// Significant digits that distinguish all floats.
const SINGLE_DIGITS: usize = 9;
const DOUBLE_DIGITS: usize = 17;

fn append_integer(line: &mut Vec<u8>, value: &dyn std::fmt::Display) -> Result<(), OutOfMemory> {
    line.try_extend(try_format(format_args!("{value}"))?.as_bytes())
}

fn append_complex(line: &mut Vec<u8>, digits: usize, re: f64, im: f64) -> Result<(), OutOfMemory> {
    append_float(line, digits, false, re)?;
    append_float(line, digits, true, im)?;
    line.try_push(b'j')
}

/// Appends a number with this many significant digits, with a sign in any case if `shows_plus`.
#[cfg(not(bare_wasm))]
fn append_float(line: &mut Vec<u8>, digits: usize, shows_plus: bool, value: f64) -> Result<(), OutOfMemory> {
    // The longest number, with its sign, its exponent and the NUL, takes half of it.
    let mut text = [0u8; 64];
    let format = if shows_plus { c"%+.*g" } else { c"%.*g" };
    // SAFETY: the format matches its arguments, and the text is cut to its room.
    let length = unsafe {
        libc::snprintf(text.as_mut_ptr().cast(), text.len(), format.as_ptr(), digits as libc::c_int, value)
    };
    line.try_extend(&text[..usize::try_from(length).unwrap_or(0).min(text.len() - 1)])
}
