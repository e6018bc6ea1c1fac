//! Kernels of fixed-width strings: UCS4 text (`<Un`) and bytes (`Sn`).
//!
//! An item is a slot of `width` code units. Its value is the units before the first NUL, or all of
//! them when none is NUL; what follows the NUL is never looked at. Every result slot is filled with
//! NULs after its value. Code points are not validated: surrogates and units above 0x10FFFF pass
//! through every operation unchanged, only [`utf8`] replaces them.
//!
//! [`map`] and [`test`] take the operations of the typed program and columns of bytes; what lies
//! below them is generic over the [`Unit`], safe, and allocates nothing.

#[cfg(target_arch = "x86_64")]
mod avx512;
mod blocks;
mod case;
mod case_range;
mod case_table;
mod compose;
mod lanes;
mod narrow;
mod part;
mod predicate;
mod search;
mod slots;
mod unit;
pub mod utf8;

#[cfg(test)]
mod tests;

pub use slots::Slots;
pub use unit::{Ucs4, Unit};

use crate::dtype::Dtype;
use crate::ir::{StringOp, StringTest};

/// A column of string operands as the engines hold it: bytes of any alignment.
#[derive(Clone, Copy, Debug)]
pub struct Column<'a> {
    /// The slots, one after the other: `n * itemsize` bytes, or `itemsize` for a scalar.
    pub bytes: &'a [u8],
    /// Bytes of a slot.
    pub itemsize: usize,
    /// One slot that stands for every item.
    pub scalar: bool,
}

impl<'a> Column<'a> {
    /// The operand of an operation that has fewer operands: the empty string.
    pub const UNUSED: Column<'static> = Column { bytes: &[], itemsize: 0, scalar: true };

    fn slots<U: Unit>(self) -> Slots<'a, U> {
        let units = U::cast(self.bytes);
        let width = self.itemsize / size_of::<U>();
        if self.scalar { Slots::scalar(&units[..width.min(units.len())]) } else { Slots::array(units, width) }
    }
}

/// Apply `op` to each item of columns of `family`, `Dtype::String` or `Dtype::Bytes`.
///
/// `out` takes `out.len() / itemsize` slots of `itemsize` bytes. A value longer than its slot is
/// cut; with an `itemsize` from [`StringOp::width`] only case mapping can be.
pub fn map(family: Dtype, op: StringOp, operands: [Column<'_>; 3], out: &mut [u8], itemsize: usize) {
    match family {
        Dtype::String => map_units::<Ucs4>(op, operands, out, itemsize),
        _ => map_units::<u8>(op, operands, out, itemsize),
    }
}

fn map_units<U: Unit>(op: StringOp, operands: [Column<'_>; 3], out: &mut [u8], itemsize: usize) {
    let [a, b, c] = operands.map(Column::slots::<U>);
    let width = itemsize / size_of::<U>();
    let out = U::cast_mut(out);
    match op {
        StringOp::Lower => case::lower(a, out, width),
        StringOp::Upper => case::upper(a, out, width),
        StringOp::Concat => compose::concat(a, b, out, width),
        StringOp::Replace => compose::replace(a, b, c, out, width),
        StringOp::Copy => part::copy(a, out, width),
        StringOp::Strip => part::strip(a, out, width),
        StringOp::LeftStrip => part::left_strip(a, out, width),
        StringOp::RightStrip => part::right_strip(a, out, width),
        StringOp::RemovePrefix => part::remove_prefix(a, b, out, width),
        StringOp::RemoveSuffix => part::remove_suffix(a, b, out, width),
        StringOp::SplitBefore => part::split_before(a, b, out, width),
        StringOp::SplitAfter => part::split_after(a, b, out, width),
        StringOp::Substr { start, count } => part::substr(a, start, count, out, width),
    }
}

/// Apply `test` to each item of columns of `family`; `out` takes one bool (0 or 1) an item.
pub fn test(family: Dtype, test: StringTest, operands: [Column<'_>; 2], out: &mut [u8]) {
    match family {
        Dtype::String => test_units::<Ucs4>(test, operands, out),
        _ => test_units::<u8>(test, operands, out),
    }
}

/// The slot of `yes` where `condition` (0 or 1 an item) holds, else that of `no`, in slots of `itemsize` bytes.
pub fn select(family: Dtype, condition: &[u8], [yes, no]: [Column<'_>; 2], out: &mut [u8], itemsize: usize) {
    match family {
        Dtype::String => {
            let (yes, no, out) = (yes.slots::<Ucs4>(), no.slots::<Ucs4>(), Ucs4::cast_mut(out));
            part::select(condition, yes, no, out, itemsize / size_of::<Ucs4>());
        }
        _ => part::select(condition, yes.slots::<u8>(), no.slots::<u8>(), out, itemsize),
    }
}

fn test_units<U: Unit>(test: StringTest, operands: [Column<'_>; 2], out: &mut [u8]) {
    let [a, b] = operands.map(Column::slots::<U>);
    match test {
        StringTest::Compare(op) => predicate::compare(op, a, b, out),
        StringTest::Contains => predicate::contains(a, b, out),
        StringTest::StartsWith => predicate::starts_with(a, b, out),
        StringTest::EndsWith => predicate::ends_with(a, b, out),
        StringTest::NonEmpty => predicate::non_empty(a, out),
    }
}
