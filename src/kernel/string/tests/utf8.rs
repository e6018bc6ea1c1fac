//! Packing of values, and its capacity checks.

use crate::dtype::Dtype;
use crate::kernel::string::{Column, utf8};

/// Pack slots of `width` units and return the ends and the data.
fn pack(family: Dtype, slots: &[u8], itemsize: usize, capacity: usize) -> Option<(Vec<i64>, Vec<u8>)> {
    let mut ends = vec![-1; slots.len() / itemsize];
    let mut data = vec![0xCC; capacity];
    let column = Column { bytes: slots, itemsize, scalar: false };
    let used = utf8::pack(family, column, &mut ends, &mut data, 0).ok()?;
    data.truncate(used);
    Some((ends, data))
}

fn text(units: &[u32]) -> Vec<u8> {
    units.iter().flat_map(|unit| unit.to_ne_bytes()).collect()
}

#[test]
fn text_becomes_utf8() {
    let slots = text(&[0xE9, 0x21, 0x20AC, 0x21, 0x1F600, 0x21, 0x7A, 0x21]);
    let (ends, data) = pack(Dtype::String, &slots, 8, 100).unwrap();
    assert_eq!(ends, [3, 7, 12, 14]);
    assert_eq!(data, "é!€!😀!z!".as_bytes());
}

#[test]
fn units_that_are_no_scalar_values_are_replaced() {
    let slots = text(&[0xD800, 0xDFFF, 0x110000, 0xFFFF_FFFF]);
    let (ends, data) = pack(Dtype::String, &slots, 8, 12).unwrap();
    assert_eq!(ends, [6, 12]);
    assert_eq!(data, "\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}".as_bytes());
}

#[test]
fn bytes_stay_as_they_are() {
    let (ends, data) = pack(Dtype::Bytes, b"caf\xe9\0xbar\0\0\0\0\0", 6, 7).unwrap();
    assert_eq!(ends, [4, 7]);
    assert_eq!(data, b"caf\xe9bar");
}

#[test]
fn capacity_is_that_of_the_data() {
    let ascii = text(&[0x68, 0x6F, 0, 0x7A]);
    assert!(pack(Dtype::String, &ascii, 8, 2).is_some());
    assert!(pack(Dtype::String, &ascii, 8, 1).is_none());
    let accented = text(&[0xE9, 0]);
    assert!(pack(Dtype::String, &accented, 8, 2).is_some());
    assert!(pack(Dtype::String, &accented, 8, 1).is_none());
    assert!(pack(Dtype::Bytes, b"ab", 2, 1).is_none());
    assert!(pack(Dtype::String, &text(&[0, 0]), 4, 0).is_some());
}

#[test]
fn packing_continues_where_it_stopped() {
    let mut ends = [0; 1];
    let mut data = *b"ab  ";
    let column = Column { bytes: b"cd", itemsize: 2, scalar: false };
    assert_eq!(utf8::pack(Dtype::Bytes, column, &mut ends, &mut data, 2), Ok(4));
    assert_eq!((ends, &data), ([4], b"abcd"));
    assert!(utf8::pack(Dtype::Bytes, column, &mut ends, &mut data, 5).is_err());
}
