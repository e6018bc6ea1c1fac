//! Items in rows that lie at equal distances, as those of a padded block do.
//!
//! Folds see the items in groups of a fixed length, which become a few vectors. What is left of a row
//! is a group that reaches into the gap after it: whatever lies there is replaced by a value that
//! changes nothing.

use super::blend::{Blend, Masks};

/// Items that are folded side by side: enough independent operations to hide their latency at every level.
pub(super) const LANES: usize = 64;

/// Rows of equal length at equal distances.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EvenRows {
    /// Items of a row.
    pub items: usize,
    /// Items from the start of a row to the start of the next, at least those of a row.
    pub stride: usize,
    /// Number of rows.
    pub count: usize,
}

impl EvenRows {
    /// One row.
    pub fn one(items: usize) -> EvenRows {
        EvenRows { items, stride: items, count: 1 }
    }

    /// Items of all rows.
    pub fn total(self) -> usize {
        self.items * self.count
    }

    /// Items from the first to the last one, those between the rows included.
    pub fn span(self) -> usize {
        self.count.checked_sub(1).map_or(0, |before| before * self.stride + self.items)
    }
}

/// Rows in memory.
#[derive(Clone, Copy)]
pub(super) struct Table<'a, T> {
    /// From the first item to the last one, gaps included.
    memory: &'a [T],
    pub rows: EvenRows,
}

impl<'a, T: Blend> Table<'a, T> {
    /// Rows of at least one item each.
    #[inline(always)]
    pub fn new(memory: &'a [T], rows: EvenRows) -> Table<'a, T> {
        Table { memory, rows }
    }

    #[inline(always)]
    pub fn row(&self, row: usize) -> &'a [T] {
        &self.memory[row * self.rows.stride..][..self.rows.items]
    }

    /// The `N` items from item `start` of a row on, which may reach into the gap and the rows after it;
    /// `None` where memory ends before.
    #[inline(always)]
    pub fn beyond_row<const N: usize>(&self, row: usize, start: usize) -> Option<&'a [T; N]> {
        self.memory.get(row * self.rows.stride + start..)?.first_chunk()
    }

    /// Tables that hold the same items in the same order, of at most `groups` groups of [`LANES`] items each.
    #[inline(always)]
    pub fn pieces(self, groups: usize) -> impl Iterator<Item = Table<'a, T>> {
        let EvenRows { items, stride, count } = self.rows;
        let whole_rows = groups / items.div_ceil(LANES);
        let rows = whole_rows.max(1);
        let part = if whole_rows == 0 { groups * LANES } else { items };
        (0..count).step_by(rows).flat_map(move |first| {
            (0..items).step_by(part).map(move |start| {
                let rows =
                    EvenRows { items: part.min(items - start), stride, count: rows.min(count - first) };
                Table::new(&self.memory[first * stride + start..][..rows.span()], rows)
            })
        })
    }

    /// Gives `fold` all items in order, until it has seen enough. The last ones of each row are filled up with its
    /// neutral value.
    #[inline(always)]
    pub fn fold_groups<F: FoldGroups<T>>(&self, fold: &mut F) {
        let EvenRows { items, stride, .. } = self.rows;
        let tail = items % LANES;
        let masks = Masks::<T, LANES>::first(tail);
        let mut memory = self.memory;
        while let Some(row) = memory.get(..items) {
            let (groups, last) = row.as_chunks::<LANES>();
            for group in groups {
                fold.add(Whole(group));
                if fold.is_decided() {
                    return;
                }
            }
            if tail > 0 {
                let copy: [T; LANES];
                let items = match memory[items - tail..].first_chunk() {
                    Some(items) => items,
                    None => {
                        copy = copied(last, F::NEUTRAL);
                        &copy
                    }
                };
                fold.add(Part { items, masks: &masks, filler: F::NEUTRAL });
                if fold.is_decided() {
                    return;
                }
            }
            memory = memory.get(stride..).unwrap_or_default();
        }
    }
}

/// The items, filled up with `filler`. Seldom needed, so it takes no registers from the loop around it.
#[cold]
#[inline(never)]
fn copied<T: Copy, const N: usize>(items: &[T], filler: T) -> [T; N] {
    let mut copy = [filler; N];
    copy[..items.len()].copy_from_slice(items);
    copy
}

/// What is left of `lanes` when they are folded in halves.
#[inline(always)]
pub(super) fn fold_lanes<A: Copy, const N: usize>(mut lanes: [A; N], fold: impl Fn(A, A) -> A) -> A {
    let mut half = N / 2;
    while half > 0 {
        for i in 0..half {
            lanes[i] = fold(lanes[i], lanes[i + half]);
        }
        half /= 2;
    }
    lanes[0]
}

/// Items side by side.
pub(super) trait Group<T>: Copy {
    fn get(self, i: usize) -> T;
}

/// A whole group.
#[derive(Clone, Copy)]
pub(super) struct Whole<'a, T, const N: usize>(pub &'a [T; N]);

impl<T: Copy, const N: usize> Group<T> for Whole<'_, T, N> {
    #[inline(always)]
    fn get(self, i: usize) -> T {
        self.0[i]
    }
}

/// A group of which only some items are there.
#[derive(Clone, Copy)]
pub(super) struct Part<'a, T: Blend, const N: usize> {
    pub items: &'a [T; N],
    /// One for each item, set where it is there.
    pub masks: &'a Masks<T, N>,
    pub filler: T,
}

impl<T: Blend, const N: usize> Group<T> for Part<'_, T, N> {
    #[inline(always)]
    fn get(self, i: usize) -> T {
        self.items[i].or(self.filler, self.masks.0[i])
    }
}

/// A fold in [`LANES`] lanes. A trait, since closures cannot be told to be inlined always.
pub(super) trait FoldGroups<T> {
    /// An item that changes nothing.
    const NEUTRAL: T;

    /// Adds a group, an item to each lane.
    fn add(&mut self, group: impl Group<T>);

    /// Whether no further item can change the result.
    #[inline(always)]
    fn is_decided(&self) -> bool {
        false
    }
}
