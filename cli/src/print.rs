//! Values as text.

use std::io::{self, Write};
use std::ops::Range;

use miniexpr::Dtype;

use crate::array::shape_text;

/// Items of a result, in C order and in the byte order of the machine.
#[derive(Clone, Copy, Debug)]
pub struct Items<'a> {
    pub dtype: Dtype,
    pub itemsize: usize,
    pub bytes: &'a [u8],
}

impl Items<'_> {
    pub fn len(&self) -> usize {
        self.bytes.len() / self.itemsize
    }

    /// The shortest text that reads as the item.
    pub fn text(&self, index: usize) -> String {
        let item = &self.bytes[index * self.itemsize..(index + 1) * self.itemsize];
        match self.dtype {
            Dtype::Bool => (item[0] != 0).to_string(),
            Dtype::Int8 => i8::from_ne_bytes(array(item)).to_string(),
            Dtype::Int16 => i16::from_ne_bytes(array(item)).to_string(),
            Dtype::Int32 => i32::from_ne_bytes(array(item)).to_string(),
            Dtype::Int64 => i64::from_ne_bytes(array(item)).to_string(),
            Dtype::UInt8 => item[0].to_string(),
            Dtype::UInt16 => u16::from_ne_bytes(array(item)).to_string(),
            Dtype::UInt32 => u32::from_ne_bytes(array(item)).to_string(),
            Dtype::UInt64 => u64::from_ne_bytes(array(item)).to_string(),
            Dtype::Float32 => float32(item),
            Dtype::Float64 => float64(item),
            Dtype::Complex64 => complex(&float32(&item[..4]), &float32(&item[4..])),
            Dtype::Complex128 => complex(&float64(&item[..8]), &float64(&item[8..])),
            Dtype::String => {
                let units = item.chunks_exact(4).map(|unit| u32::from_ne_bytes(array(unit)));
                let text: String = units.map(|unit| char::from_u32(unit).unwrap_or('\u{fffd}')).collect();
                text.trim_end_matches('\0').to_string()
            }
            Dtype::Bytes => String::from_utf8_lossy(item).trim_end_matches('\0').to_string(),
        }
    }
}

fn array<const N: usize>(bytes: &[u8]) -> [u8; N] {
    bytes.try_into().unwrap_or_else(|_| unreachable!("items have the size of their dtype"))
}

fn float32(bytes: &[u8]) -> String {
    let value = f32::from_ne_bytes(array(bytes));
    if value.is_nan() { "nan".to_string() } else { format!("{value:?}") }
}

fn float64(bytes: &[u8]) -> String {
    let value = f64::from_ne_bytes(array(bytes));
    if value.is_nan() { "nan".to_string() } else { format!("{value:?}") }
}

fn complex(real: &str, imaginary: &str) -> String {
    let sign = if imaginary.starts_with('-') { "" } else { "+" };
    format!("{real}{sign}{imaginary}j")
}

/// More items than these are abbreviated, to as many at both ends of each dimension.
const MOST_ITEMS: usize = 200;
const EDGE: usize = 3;

/// Prints a value with its dtype in a line; of an array its dtype and shape, and then its rows.
pub fn print(out: &mut impl Write, shape: &[usize], items: &Items) -> io::Result<()> {
    if shape.is_empty() {
        return writeln!(out, "{} {}", items.dtype, items.text(0));
    }
    writeln!(out, "{} {}", items.dtype, shape_text(shape))?;
    print_rows(out, shape, items, 0)
}

fn print_rows(out: &mut impl Write, shape: &[usize], items: &Items, first: usize) -> io::Result<()> {
    let is_short = items.len() > MOST_ITEMS;
    let (extent, inner) = (shape[0], &shape[1..]);
    let size: usize = inner.iter().product();
    if inner.is_empty() {
        let parts = shown(extent, is_short)
            .map(|range| range.map(|index| items.text(first + index)).collect::<Vec<_>>().join(" "));
        let [head, tail] = parts;
        return writeln!(out, "{head}{}{tail}", if tail.is_empty() { "" } else { " ... " });
    }
    for (part, range) in shown(extent, is_short).into_iter().enumerate() {
        if part == 1 && !range.is_empty() {
            writeln!(out, "...")?;
        }
        for index in range {
            // An empty line parts matrices.
            if inner.len() > 1 && index > 0 {
                writeln!(out)?;
            }
            print_rows(out, inner, items, first + index * size)?;
        }
    }
    Ok(())
}

/// The indices that are shown of an extent: all of them, or those at both ends.
fn shown(extent: usize, is_short: bool) -> [Range<usize>; 2] {
    match is_short && extent > 2 * EDGE {
        true => [0..EDGE, extent - EDGE..extent],
        false => [0..extent, extent..extent],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn printed(shape: &[usize], dtype: Dtype, bytes: &[u8]) -> String {
        let mut out = Vec::new();
        print(&mut out, shape, &Items { dtype, itemsize: dtype.size(), bytes }).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn values_are_printed_with_their_dtype() {
        let bytes = |values: &[f64]| values.iter().flat_map(|value| value.to_ne_bytes()).collect::<Vec<_>>();
        assert_eq!(printed(&[], Dtype::Float64, &bytes(&[2.5])), "float64 2.5\n");
        assert_eq!(printed(&[], Dtype::Float64, &bytes(&[1e300])), "float64 1e300\n");
        assert_eq!(printed(&[], Dtype::Complex128, &bytes(&[1.0, -0.5])), "complex128 1.0-0.5j\n");
        assert_eq!(
            printed(&[3], Dtype::Float64, &bytes(&[5.0, f64::NAN, -f64::INFINITY])),
            "float64 (3,)\n5.0 nan -inf\n"
        );
        assert_eq!(printed(&[2, 2], Dtype::Bool, &[0, 1, 2, 0]), "bool (2, 2)\nfalse true\ntrue false\n");
        assert_eq!(printed(&[2, 1, 2], Dtype::Int8, &[1, 2, 255, 0]), "int8 (2, 1, 2)\n1 2\n\n-1 0\n");
        assert_eq!(printed(&[0], Dtype::UInt8, &[]), "uint8 (0,)\n\n");
        assert_eq!(
            printed(&[2], Dtype::UInt16, &[1, 0, 1, 1].map(|byte: u8| byte.to_le())),
            "uint16 (2,)\n1 257\n"
        );
    }

    #[test]
    fn large_arrays_are_abbreviated() {
        assert_eq!(printed(&[1001], Dtype::UInt8, &[7; 1001]), "uint8 (1001,)\n7 7 7 ... 7 7 7\n");
        let text = printed(&[2, 600], Dtype::UInt8, &[7; 1200]);
        assert_eq!(text, "uint8 (2, 600)\n7 7 7 ... 7 7 7\n7 7 7 ... 7 7 7\n");
        let text = printed(&[600, 2], Dtype::UInt8, &[7; 1200]);
        assert_eq!(
            text.lines().collect::<Vec<_>>(),
            ["uint8 (600, 2)", "7 7", "7 7", "7 7", "...", "7 7", "7 7", "7 7"]
        );
    }

    #[test]
    fn strings_end_before_their_padding() {
        let text = "é!".chars().flat_map(|character| u32::from(character).to_ne_bytes());
        let bytes: Vec<u8> = text.chain([0; 4]).collect();
        assert_eq!(Items { dtype: Dtype::String, itemsize: 12, bytes: &bytes }.text(0), "é!");
        assert_eq!(Items { dtype: Dtype::Bytes, itemsize: 4, bytes: b"ab\0\0" }.text(0), "ab");
    }
}
