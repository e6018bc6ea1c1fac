//! NumPy's .npy files, versions 1 to 3.

use anyhow::{Context, Result, anyhow, bail};
use miniexpr::Dtype;

use crate::array::{Array, Order, swap_bytes, unit_of};
use crate::source::Source;

pub const MAGIC: &[u8] = b"\x93NUMPY";

/// What a header says of the items after it.
#[derive(Debug, PartialEq)]
struct Header {
    dtype: Dtype,
    itemsize: usize,
    /// Whether the bytes of numbers are in the order of the machine.
    is_native: bool,
    order: Order,
    shape: Vec<usize>,
}

/// The array of a file; its items stay where they are, unless their byte order is another.
pub fn read(source: &Source) -> Result<Array> {
    let (text, start) = header_text(source)?;
    let header = parse(text)?;
    let Header { dtype, itemsize, is_native, order, shape } = header;
    if is_native {
        return Array::new(source.clone(), start, (dtype, itemsize), shape, order);
    }
    let mut bytes = source[start..].to_vec();
    swap_bytes(&mut bytes, unit_of(dtype));
    Array::new(Source::from(bytes), 0, (dtype, itemsize), shape, order)
}

/// The dictionary of the header, and where the items begin.
fn header_text(bytes: &[u8]) -> Result<(&str, usize)> {
    let truncated = || anyhow!("the header is truncated");
    let rest = bytes.strip_prefix(MAGIC).context("is no .npy file")?;
    let (version, rest) = rest.split_at_checked(2).ok_or_else(truncated)?;
    let size = match version[0] {
        1 => 2,
        2 | 3 => 4,
        version => bail!("is an .npy file of the unknown version {version}"),
    };
    let (length, rest) = rest.split_at_checked(size).ok_or_else(truncated)?;
    let length = length.iter().rev().fold(0, |length, byte| length << 8 | usize::from(*byte));
    let text = rest.get(..length).ok_or_else(truncated)?;
    let text = std::str::from_utf8(text).context("the header is malformed")?;
    Ok((text, MAGIC.len() + 2 + size + length))
}

/// Reads a dictionary such as `{'descr': '<f8', 'fortran_order': False, 'shape': (2, 3), }`.
fn parse(text: &str) -> Result<Header> {
    let (mut descr, mut order, mut shape) = (None, None, None);
    let malformed = || anyhow!("the header is malformed");
    let mut rest = text.trim().strip_prefix('{').ok_or_else(malformed)?.trim_start();
    while let Some(after) = rest.strip_prefix('\'') {
        let (key, after) = after.split_once('\'').ok_or_else(malformed)?;
        let after = after.trim_start().strip_prefix(':').ok_or_else(malformed)?.trim_start();
        let (value, after) = match key {
            "shape" => {
                let inside = after.strip_prefix('(').ok_or_else(malformed)?;
                inside.split_once(')').ok_or_else(malformed)?
            }
            "descr" => {
                let inside = after.strip_prefix('\'').context("structured dtypes are not supported")?;
                inside.split_once('\'').ok_or_else(malformed)?
            }
            "fortran_order" => after.split_at(after.find([',', '}']).ok_or_else(malformed)?),
            _ => bail!("the header has the unknown key '{key}'"),
        };
        match key {
            "shape" => shape = Some(parse_shape(value).ok_or_else(malformed)?),
            "descr" => descr = Some(parse_descr(value)?),
            _ => order = Some(parse_order(value).ok_or_else(malformed)?),
        }
        rest = after.trim_start();
        rest = rest.strip_prefix(',').unwrap_or(rest).trim_start();
    }
    if rest != "}" {
        return Err(malformed());
    }
    let ((dtype, itemsize, is_native), order) = (descr.ok_or_else(malformed)?, order.ok_or_else(malformed)?);
    Ok(Header { dtype, itemsize, is_native, order, shape: shape.ok_or_else(malformed)? })
}

fn parse_shape(text: &str) -> Option<Vec<usize>> {
    let extents = text.split(',').map(str::trim);
    extents.filter(|extent| !extent.is_empty()).map(|extent| extent.parse().ok()).collect()
}

fn parse_order(text: &str) -> Option<Order> {
    match text.trim() {
        "True" => Some(Order::Fortran),
        "False" => Some(Order::C),
        _ => None,
    }
}

/// The dtype of NumPy's code, its itemsize, and whether its byte order is that of the machine.
fn parse_descr(code: &str) -> Result<(Dtype, usize, bool)> {
    let unsupported = || anyhow!("the dtype '{code}' is not supported");
    let kind = code.trim_start_matches(['<', '>', '|', '=']);
    let is_native = code.starts_with(['|', '=']) || code.starts_with('<') == cfg!(target_endian = "little");
    if let Some(dtype) = Dtype::NUMERIC.into_iter().find(|dtype| kind_of(*dtype) == kind) {
        return Ok((dtype, dtype.size(), is_native || unit_of(dtype) == 1));
    }
    let (dtype, length) = match kind.split_at_checked(1) {
        Some(("U", length)) => (Dtype::String, length),
        Some(("S" | "a", length)) => (Dtype::Bytes, length),
        _ => return Err(unsupported()),
    };
    let length: usize = length.parse().ok().filter(|length| *length > 0).ok_or_else(unsupported)?;
    let itemsize = length.checked_mul(dtype.size()).ok_or_else(unsupported)?;
    Ok((dtype, itemsize, is_native || dtype == Dtype::Bytes))
}

/// NumPy's code of a numeric dtype, without byte order.
fn kind_of(dtype: Dtype) -> String {
    let letter = match dtype {
        Dtype::Bool => 'b',
        _ if dtype.is_signed() => 'i',
        _ if dtype.is_unsigned() => 'u',
        _ if dtype.is_float() => 'f',
        _ => 'c',
    };
    format!("{letter}{}", dtype.size())
}

/// The header for items in C order and in the byte order of the machine.
pub fn header(dtype: Dtype, itemsize: usize, shape: &[usize]) -> Vec<u8> {
    let order = match unit_of(dtype) {
        1 => '|',
        _ if cfg!(target_endian = "little") => '<',
        _ => '>',
    };
    let kind = match dtype {
        Dtype::String => format!("U{}", itemsize / 4),
        Dtype::Bytes => format!("S{itemsize}"),
        _ => kind_of(dtype),
    };
    let shape = crate::array::shape_text(shape);
    let text = format!("{{'descr': '{order}{kind}', 'fortran_order': False, 'shape': {shape}, }}");
    // The items begin at a multiple of 64 bytes, after a newline. 32 extents make a header of at most 900.
    let before = MAGIC.len() + 4;
    let length = (before + text.len() + 1).next_multiple_of(64) - before;
    let mut header = [MAGIC, &[1, 0], &(length as u16).to_le_bytes(), text.as_bytes()].concat();
    header.resize(before + length - 1, b' ');
    header.push(b'\n');
    header
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file of version 1.
    fn file(dictionary: &str, items: &[u8]) -> Source {
        let length = (dictionary.len() as u16).to_le_bytes();
        Source::from([MAGIC, &[1, 0], &length, dictionary.as_bytes(), items].concat())
    }

    #[test]
    fn headers_come_back() {
        for (dtype, itemsize) in Dtype::NUMERIC
            .map(|dtype| (dtype, dtype.size()))
            .into_iter()
            .chain([(Dtype::String, 20), (Dtype::Bytes, 7)])
        {
            for shape in [vec![], vec![3], vec![2, 0, 4], vec![usize::MAX >> 1; 32]] {
                let bytes = header(dtype, itemsize, &shape);
                assert!(bytes.len().is_multiple_of(64));
                let (text, start) = header_text(&bytes).unwrap();
                assert_eq!(start, bytes.len());
                let expected = Header { dtype, itemsize, is_native: true, order: Order::C, shape };
                assert_eq!(parse(text).unwrap(), expected);
            }
        }
    }

    #[test]
    fn keys_stand_in_any_order() {
        let header = parse("{ 'shape':(4,), 'fortran_order' : True , 'descr':'>i2'}\n").unwrap();
        let is_native = cfg!(target_endian = "big");
        let expected =
            Header { dtype: Dtype::Int16, itemsize: 2, is_native, order: Order::Fortran, shape: vec![4] };
        assert_eq!(header, expected);
    }

    #[test]
    fn foreign_byte_order_is_turned() {
        let array =
            read(&file("{'descr': '>f4', 'fortran_order': False, 'shape': (1,)}", &[0x3f, 0x80, 0, 0]));
        let one = miniexpr::Expression::builder("x").variable("x", Dtype::Float32).compile().unwrap();
        assert_eq!(one.evaluate_to_vec::<f32>(&[array.unwrap().view().unwrap()]).unwrap(), [1.0]);
    }

    #[test]
    fn broken_files_are_refused() {
        let refused = |source: Source| read(&source).unwrap_err().to_string();
        let message = |dictionary: &str| refused(file(dictionary, &[0; 64]));
        assert_eq!(refused(Source::from(b"\x93NUM".to_vec())), "is no .npy file");
        assert_eq!(refused(Source::from(b"\x93NUMPY\x01\x00\xff".to_vec())), "the header is truncated");
        assert_eq!(refused(Source::from(b"\x93NUMPY\x01\x00\xff\xff{".to_vec())), "the header is truncated");
        assert_eq!(
            refused(Source::from(b"\x93NUMPY\x09\x00\x00\x00".to_vec())),
            "is an .npy file of the unknown version 9"
        );
        for dictionary in [
            "",
            "{",
            "{'descr': '<f8'}",
            "{'descr': '<f8', 'fortran_order': 1, 'shape': (1,)}",
            "{'descr': '<f8', 'fortran_order': False, 'shape': (-1,)}",
            "{'descr': '<f8', 'fortran_order': False, 'shape': (1,)} x",
            "{'descr': '<f8', 'fortran_order': False, 'shape': 1}",
        ] {
            assert_eq!(message(dictionary), "the header is malformed", "{dictionary}");
        }
        let descr =
            |descr: &str| message(&format!("{{'descr': {descr}, 'fortran_order': False, 'shape': (1,)}}"));
        assert_eq!(descr("'<f2'"), "the dtype '<f2' is not supported");
        assert_eq!(descr("'<U0'"), "the dtype '<U0' is not supported");
        assert_eq!(descr("'|O'"), "the dtype '|O' is not supported");
        assert_eq!(descr("''"), "the dtype '' is not supported");
        assert_eq!(descr("[('a', '<f8')]"), "structured dtypes are not supported");
        let long = "{'descr': '<f8', 'fortran_order': False, 'shape': (9,)}";
        assert_eq!(message(long), "holds 8 items of dtype float64, too few for the shape (9,)");
    }
}
