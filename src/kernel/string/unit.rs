//! The two code units: a UCS4 code point and a byte.

use super::case::{self, CaseTable};
use super::lanes::Lanes;

/// A UCS4 code point in the machine's byte order, of any alignment.
pub type Ucs4 = [u8; 4];

/// A code unit of a fixed-width string.
pub trait Unit: Lanes + PartialEq + Send + Sync + std::fmt::Debug + 'static {
    /// Ends a value that does not fill its slot.
    const NUL: Self;

    /// The number of this unit; units compare by it.
    fn code(self) -> u32;

    /// The unit with number `code`, which came from [`Unit::code`] or from a case mapping of this family.
    fn from_code(code: u32) -> Self;

    /// `bytes` as units; an incomplete unit at the end is left out.
    fn cast(bytes: &[u8]) -> &[Self];

    /// `bytes` as units; an incomplete unit at the end is left out.
    fn cast_mut(bytes: &mut [u8]) -> &mut [Self];

    /// The bytes of `units`.
    fn bytes(units: &[Self]) -> &[u8];

    /// White space that strip removes.
    fn is_space(self) -> bool;

    /// Lower-case mappings beyond ASCII; `None` when only ASCII letters map.
    fn lower_table() -> Option<&'static CaseTable>;

    /// Upper-case mappings beyond ASCII; `None` when only ASCII letters map.
    fn upper_table() -> Option<&'static CaseTable>;
}

impl Unit for Ucs4 {
    const NUL: Ucs4 = [0; 4];

    #[inline(always)]
    fn code(self) -> u32 {
        u32::from_ne_bytes(self)
    }

    #[inline(always)]
    fn from_code(code: u32) -> Ucs4 {
        code.to_ne_bytes()
    }

    #[inline(always)]
    fn cast(bytes: &[u8]) -> &[Ucs4] {
        bytes.as_chunks().0
    }

    #[inline(always)]
    fn cast_mut(bytes: &mut [u8]) -> &mut [Ucs4] {
        bytes.as_chunks_mut().0
    }

    #[inline(always)]
    fn bytes(units: &[Ucs4]) -> &[u8] {
        units.as_flattened()
    }

    /// Python's `str.isspace`: Unicode White_Space and the four information separators.
    #[inline(always)]
    fn is_space(self) -> bool {
        matches!(self.code(), 0x09..=0x0D | 0x1C..=0x20 | 0x85 | 0xA0 | 0x1680 | 0x2000..=0x200A
            | 0x2028 | 0x2029 | 0x202F | 0x205F | 0x3000)
    }

    fn lower_table() -> Option<&'static CaseTable> {
        Some(&case::LOWER)
    }

    fn upper_table() -> Option<&'static CaseTable> {
        Some(&case::UPPER)
    }
}

impl Unit for u8 {
    const NUL: u8 = 0;

    #[inline(always)]
    fn code(self) -> u32 {
        self.into()
    }

    #[inline(always)]
    fn from_code(code: u32) -> u8 {
        code as u8
    }

    #[inline(always)]
    fn cast(bytes: &[u8]) -> &[u8] {
        bytes
    }

    #[inline(always)]
    fn cast_mut(bytes: &mut [u8]) -> &mut [u8] {
        bytes
    }

    #[inline(always)]
    fn bytes(units: &[u8]) -> &[u8] {
        units
    }

    #[inline(always)]
    fn is_space(self) -> bool {
        matches!(self, 0x09..=0x0D | 0x20)
    }

    fn lower_table() -> Option<&'static CaseTable> {
        None
    }

    fn upper_table() -> Option<&'static CaseTable> {
        None
    }
}
