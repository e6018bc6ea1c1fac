//! Every operation on random slots, narrow and wide ones, agrees with the model.

use super::model::{self, Family, Text};
use crate::dtype::Dtype;
use crate::ir::{CompareOp, StringOp, StringTest};
use crate::kernel::string::{self, Column};
use crate::testkit::random::Random;

/// More than one batch of a concatenation.
const ITEMS: usize = 70;

/// A column, kept at an odd address, and what its slots mean.
struct Sample {
    buffer: Vec<u8>,
    itemsize: usize,
    scalar: bool,
    values: Vec<Text>,
}

impl Sample {
    fn column(&self) -> Column<'_> {
        Column { bytes: &self.buffer[1..], itemsize: self.itemsize, scalar: self.scalar }
    }

    fn value(&self, item: usize) -> &[u32] {
        &self.values[if self.scalar { 0 } else { item }]
    }

    /// Random slots: values of every length, and garbage after the NUL that ends them.
    fn random(random: &mut Random, family: Family, width: usize, scalar: bool) -> Sample {
        let alphabet = *random.pick(match family {
            Family::Text => &TEXT_ALPHABETS[..],
            Family::Bytes => &BYTES_ALPHABETS[..],
        });
        let mut sample = Sample { buffer: vec![0xAA], itemsize: 0, scalar, values: vec![] };
        for _ in 0..if scalar { 1 } else { ITEMS } {
            let length = random.index(width + 1);
            let mut slot: Text = (0..width).map(|_| *random.pick(alphabet)).collect();
            if length < width {
                slot[length] = 0;
            }
            sample.values.push(slot[..length].to_vec());
            match family {
                Family::Text => sample.buffer.extend(slot.iter().flat_map(|unit| unit.to_ne_bytes())),
                Family::Bytes => sample.buffer.extend(slot.iter().map(|unit| *unit as u8)),
            }
        }
        sample.itemsize = width * unit_size(family);
        sample
    }
}

/// Few letters make matches likely; the others hold spaces, expanding and astral letters, and invalid units.
const TEXT_ALPHABETS: [&[u32]; 4] = [
    &[0x61, 0x62],
    &[0x20, 0x41, 0x7A, 0x09, 0x1C, 0x3000, 0x2028, 0x200B],
    &[0xDF, 0x130, 0xFB03, 0x149, 0x1E9E, 0x3A3, 0x10400, 0x1F600, 0x58, 0x78],
    &[0xD800, 0xDFFF, 0x110000, 0xFFFF_FFFF, 0x41, 0x8000_0041, 0x61],
];
const BYTES_ALPHABETS: [&[u32]; 3] =
    [&[0x61, 0x62], &[0x20, 0x0B, 0x85, 0x1C, 0x41, 0x7A, 0x0D], &[0xE9, 0xC9, 0x41, 0x5A, 0x5B, 0x60, 0xFF]];

fn unit_size(family: Family) -> usize {
    if family == Family::Text { 4 } else { 1 }
}

fn dtype(family: Family) -> Dtype {
    if family == Family::Text { Dtype::String } else { Dtype::Bytes }
}

/// The slots that hold `value`, cut to `width` units.
fn encode(family: Family, value: &[u32], width: usize) -> Vec<u8> {
    let units = value.iter().copied().chain(std::iter::repeat(0)).take(width);
    match family {
        Family::Text => units.flat_map(u32::to_ne_bytes).collect(),
        Family::Bytes => units.map(|unit| unit as u8).collect(),
    }
}

fn random_op(random: &mut Random) -> StringOp {
    let bound = *random.pick(&[2, 70, i64::MAX as usize]);
    let start = random.index(bound) as i64 - (bound / 2) as i64;
    let count = random.index(bound) as i64 - (bound / 4) as i64;
    *random.pick(&[
        StringOp::Copy,
        StringOp::Lower,
        StringOp::Upper,
        StringOp::Strip,
        StringOp::LeftStrip,
        StringOp::RightStrip,
        StringOp::RemovePrefix,
        StringOp::RemoveSuffix,
        StringOp::SplitBefore,
        StringOp::SplitAfter,
        StringOp::Concat,
        StringOp::Replace,
        StringOp::Substr { start, count },
        StringOp::Substr { start: i64::MIN, count: i64::MAX },
    ])
}

fn widths(random: &mut Random) -> [usize; 3] {
    let (any, wide, short) = (random.index(65), 65 + random.index(140), 1 + random.index(4));
    [*random.pick(&[any, any, any, wide]), *random.pick(&[0, short, 2, 33, wide]), random.index(5)]
}

#[test]
fn maps_agree_with_the_model() {
    let mut random = Random::new(0x9E37_79B9_7F4A_7C15);
    for _ in 0..10_000 {
        let family = *random.pick(&[Family::Text, Family::Bytes]);
        let op = random_op(&mut random);
        let operands = widths(&mut random).map(|width| {
            let scalar = random.index(2) == 0;
            Sample::random(&mut random, family, width, scalar)
        });
        let unit = unit_size(family);
        let [a, b, c] = operands.each_ref().map(|sample| sample.itemsize / unit);
        // For a while the literals of a replacement were bounded by their lengths; any bound is safe.
        let bound = op.width([a, b, c]).unwrap_or(a).min(400);
        let width = *random.pick(&[bound, bound, a, 7]);

        let mut out = vec![0xCC; ITEMS * width * unit];
        string::map(dtype(family), op, operands.each_ref().map(Sample::column), &mut out, width * unit);

        for item in 0..if width == 0 { 0 } else { ITEMS } {
            let values = operands.each_ref().map(|sample| sample.value(item));
            let expected = encode(family, &model::map(family, op, values), width);
            let got = &out[item * width * unit..][..width * unit];
            assert_eq!(got, expected, "{family:?} {op:?} {values:x?} width {width}");
        }
    }
}

#[test]
fn tests_agree_with_the_model() {
    let mut random = Random::new(0x2545_F491_4F6C_DD1D);
    let compare = [CompareOp::Eq, CompareOp::Ne, CompareOp::Lt, CompareOp::Le, CompareOp::Gt, CompareOp::Ge];
    let tests = [StringTest::Contains, StringTest::StartsWith, StringTest::EndsWith, StringTest::NonEmpty];
    for _ in 0..10_000 {
        let family = *random.pick(&[Family::Text, Family::Bytes]);
        let comparison = StringTest::Compare(*random.pick(&compare));
        let test = *random.pick(&[comparison, comparison, tests[0], tests[1], tests[2], tests[3]]);
        let [a, b, _] = widths(&mut random);
        let operands = [a, *random.pick(&[a, b])].map(|width| {
            let scalar = random.index(2) == 0;
            Sample::random(&mut random, family, width, scalar)
        });

        let mut out = vec![0xCC; ITEMS];
        string::test(dtype(family), test, operands.each_ref().map(Sample::column), &mut out);

        for (item, got) in out.iter().enumerate() {
            let values = operands.each_ref().map(|sample| sample.value(item));
            assert_eq!(*got, model::test(test, values) as u8, "{family:?} {test:?} {values:x?}");
        }
    }
}

/// Columns shorter than the items asked for are the caller's mistake, but nothing panics.
#[test]
fn short_columns_read_as_empty() {
    let short = Column { bytes: b"ab", itemsize: 2, scalar: false };
    let mut out = [0xCC; 6];
    string::map(Dtype::Bytes, StringOp::Copy, [short, Column::UNUSED, Column::UNUSED], &mut out, 2);
    assert_eq!(out, *b"ab\0\0\0\0");
    let literal = Column { bytes: b"b", itemsize: 1, scalar: true };
    let mut out = [0xCC; 3];
    string::test(Dtype::Bytes, StringTest::Contains, [short, literal], &mut out);
    assert_eq!(out, [1, 0, 0]);
}
