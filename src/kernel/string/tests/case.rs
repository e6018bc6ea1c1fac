//! Case mappings: all of them by checksum, the documented rows, and the white-space sets.

use sha2::{Digest, Sha256};

use crate::dtype::Dtype;
use crate::ir::StringOp;
use crate::kernel::string::{self, Column, Ucs4, Unit};

/// `op` of `text` in a slot of `width` code points.
fn mapped(op: StringOp, text: &str, width: usize) -> String {
    let bytes: Vec<u8> = text.chars().flat_map(|char| u32::from(char).to_ne_bytes()).collect();
    let column = Column { bytes: &bytes, itemsize: bytes.len(), scalar: false };
    let mut out = vec![0xCC; width * 4];
    string::map(Dtype::String, op, [column, Column::UNUSED, Column::UNUSED], &mut out, width * 4);
    let codes = Ucs4::cast(&out).iter().map(|unit| unit.code());
    codes.take_while(|code| *code != 0).map(|code| char::from_u32(code).unwrap()).collect()
}

/// One line `CP:IMG[,IMG…]` for each code point that `op` changes, in ascending order.
fn dump(op: StringOp) -> String {
    let chars = (1..=0x10FFFF).filter_map(char::from_u32);
    let images = chars.map(|char| (char, mapped(op, char.encode_utf8(&mut [0; 4]), 4)));
    images
        .filter(|(char, image)| image.chars().ne([*char]))
        .map(|(char, image)| {
            let codes: Vec<String> = image.chars().map(|char| format!("{:X}", u32::from(char))).collect();
            format!("{:X}:{}\n", u32::from(char), codes.join(","))
        })
        .collect()
}

fn checksum(text: &str) -> String {
    Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn mappings_are_those_of_unicode_15() {
    let lower = dump(StringOp::Lower);
    assert_eq!(lower.lines().count(), 1433);
    assert_eq!(checksum(&lower), "0c0eca889b2782f134b91d67a8dc325ab3058a1cbff89bb7d0bc8675b9886e3d");
    let upper = dump(StringOp::Upper);
    assert_eq!(upper.lines().count(), 1525);
    assert_eq!(checksum(&upper), "7f4991f58297ac2963e75b9bac7c4e67f7a7b1391376fcbc6d699c5be252309b");
}

#[test]
fn expansions_are_cut_at_the_slot() {
    let upper = |text, width| mapped(StringOp::Upper, text, width);
    assert_eq!(upper("straße", 8), "STRASSE");
    assert_eq!(upper("straße", 6), "STRASS");
    assert_eq!([upper("ﬃ", 1), upper("ﬃ", 2), upper("ﬃ", 3)], ["F", "FF", "FFI"]);
    assert_eq!(upper("aŉ", 2), "A\u{2BC}");
    assert_eq!(upper("ﬁx", 8), "FIX");
    assert_eq!(mapped(StringOp::Lower, "İ", 1), "i");
    assert_eq!(mapped(StringOp::Lower, "İ", 7), "i\u{307}");
    assert_eq!(mapped(StringOp::Lower, "ΟΔΟΣ", 4), "οδοσ");
}

#[test]
fn bytes_map_ascii_letters_only() {
    let column = Column { bytes: b"\xe9Ab@[`{", itemsize: 7, scalar: false };
    let mut out = [0; 7];
    string::map(Dtype::Bytes, StringOp::Upper, [column, Column::UNUSED, Column::UNUSED], &mut out, 7);
    assert_eq!(out, *b"\xe9AB@[`{");
    string::map(Dtype::Bytes, StringOp::Lower, [column, Column::UNUSED, Column::UNUSED], &mut out, 7);
    assert_eq!(out, *b"\xe9ab@[`{");
}

#[test]
fn white_space_sets() {
    let unicode: Vec<u32> = (0..=0x10FFFF).filter(|code| Ucs4::from_code(*code).is_space()).collect();
    let added = (0x1C..=0x1F).collect::<Vec<u32>>();
    let expected = (0..=0x10FFFF)
        .filter(|code| char::from_u32(*code).is_some_and(char::is_whitespace) || added.contains(code));
    assert_eq!(unicode.len(), 29);
    assert!(unicode.into_iter().eq(expected));
    let bytes: Vec<u8> = (0..=255).filter(|byte: &u8| byte.is_space()).collect();
    assert_eq!(bytes, b"\x09\x0a\x0b\x0c\x0d\x20");
}
