//! The way of an evaluation through the items: block by block.
//!
//! Rows of a padded block that are reduced are never cut but where chunks of a reduction begin, and no block
//! goes beyond a plane: so a result does not depend on the size of the blocks, nor on whether they are packed.

use crate::kernel::reduce::{EvenRows, ROWS_OF_CHUNK, SHARED_CHUNK_ROW};
use crate::nd::{Plane, Rows};

/// The items of the caller's arrays that are evaluated.
#[derive(Clone, Copy)]
pub enum Items<'a> {
    /// The first items of each array.
    First(usize),
    /// The valid items of padded blocks.
    Valid(&'a Rows),
}

impl Items<'_> {
    pub fn count(self) -> usize {
        match self {
            Items::First(count) => count,
            Items::Valid(rows) => rows.valid_items(),
        }
    }

    /// Items from the first one to the end of the array.
    pub(super) fn span(self) -> usize {
        match self {
            Items::First(count) => count,
            Items::Valid(rows) => rows.padded_items(),
        }
    }
}

/// Where the items of a block lie when they are worked on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Placement {
    /// Side by side, in scratch memory where the caller's arrays have gaps.
    Packed,
    /// In the caller's arrays, one row after the other.
    Rows,
    /// In the caller's arrays, many rows at once with the gaps between them.
    Gaps,
}

/// One way through the items.
#[derive(Clone, Copy)]
pub(super) struct Walk<'a> {
    pub items: Items<'a>,
    pub placement: Placement,
    /// Most items of a block, gaps included.
    pub block_items: usize,
    /// Whether items are reduced.
    pub reduces: bool,
}

/// Some consecutive items.
#[derive(Clone, Copy)]
pub(super) struct Block {
    /// Number of the first one among the evaluated items.
    pub first: usize,
    /// Place of the first one in the arrays that are not staged.
    pub start: usize,
    /// The items where they are worked on.
    pub rows: EvenRows,
}

/// Items from which on a row counts as one when it is reduced. Shorter ones are packed before.
const SHORTEST_ROW: usize = 16;

/// Whether blocks consist of rows when they are reduced, and not of packed items.
pub(super) fn reduces_by_rows(rows: &Rows) -> bool {
    let Plane { row, rows, .. } = rows.first_plane();
    row > SHARED_CHUNK_ROW || row >= SHORTEST_ROW && rows >= ROWS_OF_CHUNK
}

impl Walk<'_> {
    /// Calls `visit` with blocks that cover all items, in order, until it returns false.
    pub fn for_each_block(&self, mut visit: impl FnMut(Block) -> bool) {
        match self.items {
            Items::Valid(rows)
                if self.placement != Placement::Packed || self.reduces && reduces_by_rows(rows) =>
            {
                let mut first = 0;
                rows.for_each_plane(|plane| {
                    let goes_on = self.cut_plane(first, plane, &mut visit);
                    first += plane.row * plane.rows;
                    goes_on
                });
            }
            _ => {
                self.cut_row(0, 0, self.items.count(), &mut visit);
            }
        }
    }

    /// Visits a plane whose first item has the number `first`; whether to go on.
    fn cut_plane(&self, first: usize, plane: Plane, visit: &mut impl FnMut(Block) -> bool) -> bool {
        let stride = if self.placement == Placement::Packed { plane.row } else { plane.stride };
        let most = self.rows_of_block(stride);
        for row in (0..plane.rows).step_by(most) {
            let (first, start) = (first + row * plane.row, plane.start + row * plane.stride);
            let goes_on = if most == 1 {
                self.cut_row(first, start, plane.row, visit)
            } else {
                let rows = EvenRows { items: plane.row, stride, count: most.min(plane.rows - row) };
                visit(Block { first, start, rows })
            };
            if !goes_on {
                return false;
            }
        }
        true
    }

    /// Rows of a block, whole chunks where several rows share one.
    fn rows_of_block(&self, stride: usize) -> usize {
        let room = (self.block_items / stride).max(1);
        match self.placement {
            Placement::Rows => 1,
            _ if room < ROWS_OF_CHUNK => room,
            _ => room / ROWS_OF_CHUNK * ROWS_OF_CHUNK,
        }
    }

    /// Visits items that lie side by side; whether to go on.
    fn cut_row(
        &self,
        first: usize,
        start: usize,
        items: usize,
        visit: &mut impl FnMut(Block) -> bool,
    ) -> bool {
        let mut done = 0;
        while done < items {
            let count = self.block_items.min(items - done);
            let rows = EvenRows::one(count);
            if !visit(Block { first: first + done, start: start + done, rows }) {
                return false;
            }
            done += count;
        }
        true
    }
}

/// Items that a block must have room for so that rows that share a chunk stay together, given the items from
/// one row to the next.
pub(super) fn least_items(row: usize, stride: usize) -> usize {
    if row > SHARED_CHUNK_ROW { 0 } else { ROWS_OF_CHUNK * stride }
}
