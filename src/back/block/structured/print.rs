//! `print` of a kernel: a line to C's `stdout`, or to what the program wants.

use std::ffi::CStr;

use super::Printer;
use crate::dtype::Dtype;
use crate::ir::{Print, Type};
use crate::memory::{OutOfMemory, TryGrow};

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
        unsafe { write_value(&mut line, address(index), ty.dtype)? };
        line.try_extend(text)?;
    }
    line.try_push(b'\n')?;
    match printer.function() {
        Some(function) => function(&line),
        None => write_to_stdout(&line),
    }
    Ok(())
}

fn write_to_stdout(line: &[u8]) {
    let len = i32::try_from(line.len()).unwrap_or(i32::MAX);
    // SAFETY: the precision limits the read to the line; NULL flushes all streams, `stdout` among them.
    unsafe {
        libc::printf(c"%.*s".as_ptr(), len, line.as_ptr());
        libc::fflush(std::ptr::null_mut());
    }
}

/// # Safety
/// `value` points to a numeric value of `dtype`, aligned for it.
unsafe fn write_value(line: &mut Vec<u8>, value: *const u8, dtype: Dtype) -> Result<(), OutOfMemory> {
    // SAFETY: as the caller promises.
    unsafe {
        match dtype {
            Dtype::Bool => line.try_extend(if value.read() != 0 { b"true" } else { b"false" }),
            Dtype::Int8 => write_integer(line, i64::from(value.cast::<i8>().read())),
            Dtype::Int16 => write_integer(line, i64::from(value.cast::<i16>().read())),
            Dtype::Int32 => write_integer(line, i64::from(value.cast::<i32>().read())),
            Dtype::Int64 => write_integer(line, value.cast::<i64>().read()),
            Dtype::UInt8 => write_integer(line, i64::from(value.read())),
            Dtype::UInt16 => write_integer(line, i64::from(value.cast::<u16>().read())),
            Dtype::UInt32 => write_integer(line, i64::from(value.cast::<u32>().read())),
            Dtype::UInt64 => {
                let value = value.cast::<u64>().read();
                write(line, |to, size| libc::snprintf(to, size, c"%llu".as_ptr(), value))
            }
            Dtype::Float32 => write_float(line, c"%.9g", f64::from(value.cast::<f32>().read())),
            Dtype::Float64 => write_float(line, c"%.17g", value.cast::<f64>().read()),
            Dtype::Complex64 => {
                let [re, im] = value.cast::<[f32; 2]>().read().map(f64::from);
                write_float(line, c"%.9g", re)?;
                write_float(line, c"%+.9gj", im)
            }
            Dtype::Complex128 => {
                let [re, im] = value.cast::<[f64; 2]>().read();
                write_float(line, c"%.17g", re)?;
                write_float(line, c"%+.17gj", im)
            }
            Dtype::String | Dtype::Bytes => Ok(()),
        }
    }
}

fn write_integer(line: &mut Vec<u8>, value: i64) -> Result<(), OutOfMemory> {
    // SAFETY: the format matches its argument, and the text is cut to its room.
    write(line, |to, size| unsafe { libc::snprintf(to, size, c"%lld".as_ptr(), value) })
}

/// `format` takes a double.
fn write_float(line: &mut Vec<u8>, format: &CStr, value: f64) -> Result<(), OutOfMemory> {
    // SAFETY: as above.
    write(line, |to, size| unsafe { libc::snprintf(to, size, format.as_ptr(), value) })
}

/// Appends a number, which `print` writes into so much room.
fn write(line: &mut Vec<u8>, print: impl FnOnce(*mut libc::c_char, usize) -> i32) -> Result<(), OutOfMemory> {
    // The longest number, with its sign, its exponent and the NUL, takes half of it.
    let mut text = [0u8; 64];
    let length = print(text.as_mut_ptr().cast(), text.len());
    line.try_extend(&text[..usize::try_from(length).unwrap_or(0).min(text.len() - 1)])
}
