//! What the operations mean, said plainly on vectors of code points.

use crate::ir::{CompareOp, StringOp, StringTest};
use crate::kernel::string::{Ucs4, Unit};

pub type Text = Vec<u32>;

/// Rules in which text and bytes differ.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Family {
    Text,
    Bytes,
}

impl Family {
    fn is_space(self, code: u32) -> bool {
        match self {
            Family::Text => Ucs4::from_code(code).is_space(),
            Family::Bytes => b" \t\n\x0b\x0c\r".contains(&(code as u8)),
        }
    }

    fn change_case(self, text: &[u32], upper: bool) -> Text {
        let image = |code: &u32| match char::from_u32(*code) {
            Some(char) if self == Family::Text && upper => char.to_uppercase().map(u32::from).collect(),
            Some(char) if self == Family::Text => char.to_lowercase().map(u32::from).collect(),
            Some(char) if upper => vec![char.to_ascii_uppercase().into()],
            Some(char) => vec![char.to_ascii_lowercase().into()],
            None => vec![*code],
        };
        text.iter().flat_map(image).collect()
    }
}

fn find(text: &[u32], part: &[u32]) -> Option<usize> {
    (0..=text.len().checked_sub(part.len())?).find(|&at| text[at..].starts_with(part))
}

fn replace(text: &[u32], old: &[u32], new: &[u32]) -> Text {
    match find(text, old).filter(|_| !old.is_empty()) {
        None => text.to_vec(),
        Some(at) => [&text[..at], new, &replace(&text[at + old.len()..], old, new)].concat(),
    }
}

/// The value of `op`, of any length.
pub fn map(family: Family, op: StringOp, [a, b, c]: [&[u32]; 3]) -> Text {
    let left = a.iter().take_while(|code| family.is_space(**code)).count();
    let right = a.iter().rev().take_while(|code| family.is_space(**code)).count();
    let end = a.len() - right;
    match op {
        StringOp::Copy => a.to_vec(),
        StringOp::Lower => family.change_case(a, false),
        StringOp::Upper => family.change_case(a, true),
        StringOp::Strip => a[left.min(end)..end].to_vec(),
        StringOp::LeftStrip => a[left..].to_vec(),
        StringOp::RightStrip => a[..end].to_vec(),
        StringOp::RemovePrefix => a.strip_prefix(b).unwrap_or(a).to_vec(),
        StringOp::RemoveSuffix => a.strip_suffix(b).unwrap_or(a).to_vec(),
        StringOp::SplitBefore => a[..find(a, b).unwrap_or(a.len())].to_vec(),
        StringOp::SplitAfter => find(a, b).map_or(vec![], |at| a[at + b.len()..].to_vec()),
        StringOp::Concat => [a, b].concat(),
        StringOp::Replace => replace(a, b, c),
        StringOp::Substr { start, count } => {
            let length = a.len() as i128;
            let start = i128::from(start);
            let first = if start < 0 { (start + length).max(0) } else { start.min(length) };
            let end = (first + i128::from(count.max(0))).min(length);
            a[first as usize..end as usize].to_vec()
        }
    }
}

/// The verdict of `test`.
pub fn test(test: StringTest, [a, b]: [&[u32]; 2]) -> bool {
    match test {
        StringTest::Compare(CompareOp::Eq) => a == b,
        StringTest::Compare(CompareOp::Ne) => a != b,
        StringTest::Compare(CompareOp::Lt) => a < b,
        StringTest::Compare(CompareOp::Le) => a <= b,
        StringTest::Compare(CompareOp::Gt) => a > b,
        StringTest::Compare(CompareOp::Ge) => a >= b,
        StringTest::Contains => find(a, b).is_some(),
        StringTest::StartsWith => a.starts_with(b),
        StringTest::EndsWith => a.ends_with(b),
        StringTest::NonEmpty => !a.is_empty(),
    }
}
