//! `print` of a kernel: one line on C's `stdout`.

use std::ffi::c_void;

use crate::dtype::Dtype;
use crate::ir::{Print, Type};

/// Writes a line: the texts as they are, each value as the first item has it. `address` gives the
/// place of a value. The line goes through the C stream, which is flushed.
pub fn print_line(print: &Print, types: &[Type], address: impl Fn(usize) -> *const u8) {
    write_text(&print.prefix);
    for (index, ((_, text), ty)) in print.values.iter().zip(types).enumerate() {
        // SAFETY: the place holds a value of this type.
        unsafe { write_value(address(index), ty.dtype) };
        write_text(text);
    }
    write_text(b"\n");
    // SAFETY: NULL flushes all streams, `stdout` among them.
    unsafe { libc::fflush(std::ptr::null_mut()) };
}

fn write_text(text: &[u8]) {
    let len = i32::try_from(text.len()).unwrap_or(i32::MAX);
    // SAFETY: the precision limits the read to the text.
    unsafe { libc::printf(c"%.*s".as_ptr(), len, text.as_ptr().cast::<c_void>()) };
}

/// # Safety
/// `value` points to a numeric value of `dtype`, aligned for it.
unsafe fn write_value(value: *const u8, dtype: Dtype) {
    // SAFETY: as the caller promises; the formats match their arguments.
    unsafe {
        match dtype {
            Dtype::Bool => write_text(if value.read() != 0 { b"true" } else { b"false" }),
            Dtype::Int8 => write_integer(i64::from(value.cast::<i8>().read())),
            Dtype::Int16 => write_integer(i64::from(value.cast::<i16>().read())),
            Dtype::Int32 => write_integer(i64::from(value.cast::<i32>().read())),
            Dtype::Int64 => write_integer(value.cast::<i64>().read()),
            Dtype::UInt8 => write_integer(i64::from(value.read())),
            Dtype::UInt16 => write_integer(i64::from(value.cast::<u16>().read())),
            Dtype::UInt32 => write_integer(i64::from(value.cast::<u32>().read())),
            Dtype::UInt64 => {
                libc::printf(c"%llu".as_ptr(), value.cast::<u64>().read());
            }
            Dtype::Float32 => {
                libc::printf(c"%.9g".as_ptr(), f64::from(value.cast::<f32>().read()));
            }
            Dtype::Float64 => {
                libc::printf(c"%.17g".as_ptr(), value.cast::<f64>().read());
            }
            Dtype::Complex64 => {
                let [re, im] = value.cast::<[f32; 2]>().read().map(f64::from);
                libc::printf(c"%.9g%+.9gj".as_ptr(), re, im);
            }
            Dtype::Complex128 => {
                let [re, im] = value.cast::<[f64; 2]>().read();
                libc::printf(c"%.17g%+.17gj".as_ptr(), re, im);
            }
            Dtype::String | Dtype::Bytes => {}
        }
    }
}

fn write_integer(value: i64) {
    // SAFETY: the format matches its argument.
    unsafe { libc::printf(c"%lld".as_ptr(), value) };
}
