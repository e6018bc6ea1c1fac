//! Case mapping: full Unicode 15.0 mappings of single code points, ASCII letters for bytes.

use super::blocks::{is_ascii, value, value_len, write};
use super::case_range::CaseRange;
use super::case_table;
use super::lanes::FirstLetter;
use super::slots::numbered;
use super::{Slots, Unit};

/// The mapping of one direction, looked up by pages of [`PAGE`] code points.
pub struct CaseTable {
    /// Page of each run of [`PAGE`] code points; what lies beyond maps to itself.
    page_of: [u8; PAGE_COUNT],
    /// Number of the distance in `deltas` for each code point of a page. The first page maps all to themselves.
    pages: [[u8; PAGE]; MAX_PAGES],
    /// Distances from code points to their images. The first is zero.
    deltas: [i32; MAX_DELTAS],
    /// Code points with more than one image, in ascending order, and their images, filled with zeros.
    expansions: &'static [(u32, [u32; 3])],
}

const PAGE: usize = 128;
/// Runs of [`PAGE`] code points up to U+1E9FF; no code point above U+1E943 has a case mapping.
const PAGE_COUNT: usize = 0x1EA00 / PAGE;
/// At least the number of runs that have a mapping, plus one.
const MAX_PAGES: usize = 44;
/// At least the number of distances.
const MAX_DELTAS: usize = 128;
/// Stands in `deltas` for code points with an expansion.
const EXPANDS: i32 = i32::MIN;

/// Lower-case mappings of all code points.
pub(super) static LOWER: CaseTable = CaseTable::new(&case_table::LOWER, &case_table::LOWER_EXPANSIONS);
/// Upper-case mappings of all code points.
pub(super) static UPPER: CaseTable = CaseTable::new(&case_table::UPPER, &case_table::UPPER_EXPANSIONS);

impl CaseTable {
    const fn new(ranges: &[CaseRange], expansions: &'static [(u32, [u32; 3])]) -> CaseTable {
        let mut table = CaseTable {
            page_of: [0; PAGE_COUNT],
            pages: [[0; PAGE]; MAX_PAGES],
            deltas: [0; MAX_DELTAS],
            expansions,
        };
        let mut pages = 1;
        let mut index = 0;
        while index < ranges.len() {
            let range = &ranges[index];
            let mut code = range.first;
            while code <= range.last {
                pages = table.set(code, range.delta, pages);
                code += range.step;
            }
            index += 1;
        }
        index = 0;
        while index < expansions.len() {
            pages = table.set(expansions[index].0, EXPANDS, pages);
            index += 1;
        }
        table
    }

    /// Enter a mapping and return the number of pages then in use.
    const fn set(&mut self, code: u32, delta: i32, mut pages: usize) -> usize {
        let run = code as usize / PAGE;
        if self.page_of[run] == 0 {
            self.page_of[run] = pages as u8;
            pages += 1;
        }
        let mut number = 0;
        while self.deltas[number] != delta {
            number += 1;
            if self.deltas[number] == 0 {
                self.deltas[number] = delta;
            }
        }
        self.pages[self.page_of[run] as usize][code as usize % PAGE] = number as u8;
        pages
    }

    /// The image of a code point, filled with zeros.
    #[inline(always)]
    fn image(&self, code: u32) -> [u32; 3] {
        let Some(page) = self.page_of.get(code as usize / PAGE) else { return [code, 0, 0] };
        let number = self.pages[*page as usize][code as usize % PAGE];
        match self.deltas[usize::from(number)] {
            EXPANDS => self.expansion(code),
            delta => [code.wrapping_add_signed(delta), 0, 0],
        }
    }

    #[cold]
    fn expansion(&self, code: u32) -> [u32; 3] {
        match self.expansions.binary_search_by_key(&code, |entry| entry.0) {
            Ok(index) => self.expansions[index].1,
            Err(_) => [code, 0, 0],
        }
    }
}

/// Lower-case each value; what does not fit into its slot is cut.
pub(super) fn lower<U: Unit>(a: Slots<'_, U>, out: &mut [U], width: usize) {
    map_case(a, out, width, b'A', U::lower_table());
}

/// Upper-case each value; what does not fit into its slot is cut.
pub(super) fn upper<U: Unit>(a: Slots<'_, U>, out: &mut [U], width: usize) {
    map_case(a, out, width, b'a', U::upper_table());
}

/// Change the case of the ASCII `letters`, and by `table` in values with other units than ASCII.
fn map_case<U: Unit>(
    a: Slots<'_, U>,
    out: &mut [U],
    width: usize,
    letters: FirstLetter,
    table: Option<&CaseTable>,
) {
    for (item, out) in numbered(out, width) {
        let slot = a.slot(item);
        match table {
            Some(table) if !is_ascii(slot) => write_mapped(out, value(slot), table),
            _ => write(out, slot, value_len(slot), Some(letters)),
        }
    }
}

/// Write the images of the code points of `value`, as far as they fit, and NULs after them.
fn write_mapped<U: Unit>(out: &mut [U], value: &[U], table: &CaseTable) {
    let mut images =
        value.iter().flat_map(|unit| table.image(unit.code()).into_iter().take_while(|code| *code != 0));
    out.fill_with(|| images.next().map_or(U::NUL, U::from_code));
}
