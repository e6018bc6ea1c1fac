//! PGM and PPM files, as text (P2, P3) and binary (P5, P6).

use std::io::Write;

use anyhow::{Context, Result, bail};
use miniexpr::Dtype;

use crate::array::Array;
use crate::image::{Extents, Pixels, big_endian, pixels};
use crate::print::Items;
use crate::source::Source;

/// Whether a file begins as one of them does.
pub fn is_netpbm(bytes: &[u8]) -> bool {
    matches!(bytes, [b'P', b'2' | b'3' | b'5' | b'6', b' ' | b'\t' | b'\r' | b'\n' | b'#', ..])
}

/// The image of a file: values as they are, uint16 if the largest of them may be more than 255.
pub fn read(source: &Source) -> Result<Array> {
    let is_text = matches!(source[1], b'2' | b'3');
    let channels = if matches!(source[1], b'3' | b'6') { 3 } else { 1 };
    let mut rest = &source[2..];
    let mut number = || next_number(&mut rest).context("the header is malformed");
    let (width, height, largest) = (number()?, number()?, number()?);
    if !(1..=65535).contains(&largest) {
        bail!("the largest value is {largest}, not one of 1 to 65535");
    }
    let extents = Extents { height, width, channels };
    let (dtype, itemsize) = if largest > 255 { (Dtype::UInt16, 2) } else { (Dtype::UInt8, 1) };
    let shape = extents.shape();
    let items = shape.iter().try_fold(1usize, |items, extent| items.checked_mul(*extent));
    let size = items.and_then(|items| items.checked_mul(itemsize)).context("is larger than the memory")?;
    let bytes = match is_text {
        true => text_items(rest, size / itemsize, largest)?,
        // One blank follows the header.
        false => rest.get(1..).and_then(|rest| rest.get(..size)).context("is truncated")?.to_vec(),
    };
    Array::of_bytes(if itemsize == 2 { big_endian(bytes) } else { bytes }, (dtype, itemsize), shape)
}

/// Numbers of a text as bytes of a binary file.
fn text_items(mut rest: &[u8], items: usize, largest: u32) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    for _ in 0..items {
        let value = next_number(&mut rest).context("is truncated")?;
        if value > largest {
            bail!("has the value {value}, and {largest} as the largest");
        }
        let [.., high, low] = value.to_be_bytes();
        if largest > 255 {
            bytes.push(high);
        }
        bytes.push(low);
    }
    Ok(bytes)
}

/// The number after blanks and comments.
fn next_number(rest: &mut &[u8]) -> Option<u32> {
    loop {
        *rest = rest.trim_ascii_start();
        if !rest.starts_with(b"#") {
            break;
        }
        let end = rest.iter().position(|byte| *byte == b'\n')?;
        *rest = &rest[end..];
    }
    let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let number = std::str::from_utf8(&rest[..digits]).ok()?.parse().ok()?;
    *rest = &rest[digits..];
    Some(number)
}

/// Writes a binary file.
pub fn write(mut writer: impl Write, shape: &[usize], items: &Items) -> Result<()> {
    let Pixels { extents, is_16_bit, bytes } = pixels(shape, items, 3)?;
    let Extents { height, width, channels } = extents;
    let kind = match channels {
        1 => "P5",
        3 => "P6",
        _ => bail!("PGM and PPM files have 1 or 3 channels, and the result has {channels}"),
    };
    let largest = if is_16_bit { 65535 } else { 255 };
    write!(writer, "{kind}\n{width} {height}\n{largest}\n")?;
    Ok(writer.write_all(&bytes)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn array(text: &[u8]) -> Result<Array> {
        assert!(is_netpbm(text));
        read(&Source::from(text.to_vec()))
    }

    fn values(array: &Array) -> Vec<u16> {
        let expression = miniexpr::Expression::builder("x")
            .variable("x", array.dtype)
            .output(Dtype::UInt16)
            .compile()
            .unwrap();
        expression.evaluate_to_vec(&[array.view().unwrap()]).unwrap()
    }

    #[test]
    fn text_and_binary_files_are_read() {
        let grey = array(b"P2 # a comment\n# another\n3 1\n15\n0 7\n15").unwrap();
        assert_eq!((grey.dtype, &grey.shape[..], values(&grey)), (Dtype::UInt8, &[1, 3][..], vec![0, 7, 15]));
        let deep = array(b"P5 1 2 1000\n\x03\xe8\x00\x02").unwrap();
        assert_eq!((deep.dtype, &deep.shape[..], values(&deep)), (Dtype::UInt16, &[2, 1][..], vec![1000, 2]));
        let colours = array(b"P6\n1 1\n255\n\x01\x02\x03 and more").unwrap();
        assert_eq!((&colours.shape[..], values(&colours)), (&[1, 1, 3][..], vec![1, 2, 3]));
        let colours = array(b"P3 1 1 256 1 256 3").unwrap();
        assert_eq!(values(&colours), [1, 256, 3]);
    }

    #[test]
    fn written_files_are_read() {
        for (dtype, shape) in [(Dtype::UInt8, vec![2, 2, 3]), (Dtype::UInt16, vec![3, 2])] {
            let bytes: Vec<u8> = (1..=12).collect();
            let mut file = Vec::new();
            write(&mut file, &shape, &Items { dtype, itemsize: dtype.size(), bytes: &bytes }).unwrap();
            let back = array(&file).unwrap();
            assert_eq!((back.dtype, &back.shape), (dtype, &shape));
            let items = Items { dtype, itemsize: dtype.size(), bytes: &bytes };
            let texts: Vec<String> = (0..items.len()).map(|index| items.text(index)).collect();
            assert_eq!(values(&back).iter().map(u16::to_string).collect::<Vec<_>>(), texts);
        }
    }

    #[test]
    fn broken_files_are_refused() {
        let refused = |text: &[u8]| array(text).unwrap_err().to_string();
        assert_eq!(refused(b"P5\n3"), "the header is malformed");
        assert_eq!(refused(b"P5\n-3 1 255\n"), "the header is malformed");
        assert_eq!(refused(b"P5\n#"), "the header is malformed");
        assert_eq!(refused(b"P5\n3 1 0\n"), "the largest value is 0, not one of 1 to 65535");
        assert_eq!(refused(b"P5\n3 1 255\nab"), "is truncated");
        assert_eq!(refused(b"P2\n3 1 255\n1 2"), "is truncated");
        assert_eq!(refused(b"P2\n1 1 9\n10"), "has the value 10, and 9 as the largest");
        assert_eq!(refused(b"P6\n4294967295 4294967295 65535\n"), "is larger than the memory");
        let two = Items { dtype: Dtype::UInt8, itemsize: 1, bytes: &[0; 2] };
        let error = write(Vec::new(), &[1, 1, 2], &two).unwrap_err().to_string();
        assert_eq!(error, "PGM and PPM files have 1 or 3 channels, and the result has 2");
    }
}
