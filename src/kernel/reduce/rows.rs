//! Items in rows that lie at equal distances, as those of a padded block do.
//!
//! Folds see the items in groups of a fixed length, which become a few vectors: an item to each lane. What is left
//! of a row is a group that reaches into the gap after it. Whatever lies there ends up in lanes of its own, which
//! are left out of the result.

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

    /// Items from the first one to the end of the gap after the last row.
    pub fn span(self) -> usize {
        self.count * self.stride
    }
}

/// Rows in memory.
#[derive(Clone, Copy)]
pub(super) struct Table<'a, T> {
    /// From the first item to the last one, and as far into the gap after it as memory can be read.
    memory: &'a [T],
    pub rows: EvenRows,
}

impl<'a, T: Copy> Table<'a, T> {
    /// Rows of at least one item each. The memory ends before another row would begin.
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

    /// The first `N` items of four rows, which may reach into the gaps and the rows after them; `None` where memory
    /// ends before.
    #[inline(always)]
    pub fn four_rows<const N: usize>(&self, first: usize) -> Option<[&'a [T; N]; 4]> {
        let stride = self.rows.stride;
        let a = self.memory.get(first * stride..)?;
        let b = a.get(stride..)?;
        let c = b.get(stride..)?;
        let d = c.get(stride..)?;
        Some([a.first_chunk()?, b.first_chunk()?, c.first_chunk()?, d.first_chunk()?])
    }

    /// Tables that hold the same items in the same order, of at most `groups` groups of `N` items each.
    #[inline(always)]
    pub fn pieces<const N: usize>(self, groups: usize) -> impl Iterator<Item = Table<'a, T>> {
        let EvenRows { items, stride, count } = self.rows;
        let whole_rows = groups / items.div_ceil(N);
        let rows = whole_rows.max(1);
        let part = if whole_rows == 0 { groups * N } else { items };
        (0..count).step_by(rows).flat_map(move |first| {
            (0..items).step_by(part).map(move |start| {
                let rows =
                    EvenRows { items: part.min(items - start), stride, count: rows.min(count - first) };
                let memory = &self.memory[first * stride + start..];
                Table::new(&memory[..rows.span().min(memory.len())], rows)
            })
        })
    }

    /// Folds the items in `N` lanes.
    #[inline(always)]
    pub fn fold_groups<F: FoldGroups<T, N>, const N: usize>(&self) -> F::Result {
        let EvenRows { items, .. } = self.rows;
        let mut fold = F::START;
        if F::IDEMPOTENT && items >= N {
            self.fold_overlapping_groups(&mut fold);
            return fold.result();
        }
        self.fold_whole_groups(&mut fold);
        if items % N != 0 {
            let mut last = F::START;
            self.fold_last_groups(&mut last);
            last.keep_first(items % N);
            fold.absorb(&last);
        }
        fold.result()
    }

    /// Folds the whole groups of all rows.
    #[inline(always)]
    fn fold_whole_groups<F: FoldGroups<T, N>, const N: usize>(&self, fold: &mut F) {
        let EvenRows { items, stride, .. } = self.rows;
        let mut memory = self.memory;
        while let Some(row) = memory.get(..items) {
            for group in row.as_chunks::<N>().0 {
                fold.add_whole(group);
            }
            memory = memory.get(stride..).unwrap_or_default();
        }
    }

    /// Folds rows of a group and more, whose last groups begin among items already seen.
    #[inline(always)]
    fn fold_overlapping_groups<F: FoldGroups<T, N>, const N: usize>(&self, fold: &mut F) {
        let EvenRows { items, stride, .. } = self.rows;
        let mut memory = self.memory;
        while let Some(row) = memory.get(..items) {
            for i in 0..items.div_ceil(N) {
                let start = (i * N).min(items - N);
                let Some(group) = row.get(start..).and_then(<[T]>::first_chunk) else { return };
                fold.add_whole(group);
            }
            memory = memory.get(stride..).unwrap_or_default();
        }
    }

    /// Folds what is left of each row after whole groups, and whatever lies after it in memory.
    #[inline(always)]
    fn fold_last_groups<F: FoldGroups<T, N>, const N: usize>(&self, fold: &mut F) {
        let EvenRows { items, stride, .. } = self.rows;
        let mut start = items / N * N;
        if F::TWO_AT_A_TIME {
            while let (Some(a), Some(b)) = (self.group(start), self.group(start + stride)) {
                fold.add_two(a, b);
                start += 2 * stride;
            }
        }
        while start < self.memory.len() {
            let filled;
            let group = match self.group(start) {
                Some(group) => group,
                None => {
                    filled = filled_up(&self.memory[start..][..items % N], F::NEUTRAL);
                    &filled
                }
            };
            fold.add(group);
            start += stride;
        }
    }

    /// The group that begins at item `start` of the memory; `None` where that ends before.
    #[inline(always)]
    fn group<const N: usize>(&self, start: usize) -> Option<&'a [T; N]> {
        self.memory.get(start..start + N)?.first_chunk()
    }
}

/// The items, filled up with `filler`. Seldom needed, so it takes no registers from the loop around it.
#[cold]
#[inline(never)]
fn filled_up<T: Copy, const N: usize>(items: &[T], filler: T) -> [T; N] {
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

/// The first `count` lanes, the others with `filler` in their place.
#[inline(always)]
pub(super) fn first_lanes<A: Copy, const N: usize>(lanes: &[A; N], count: usize, filler: A) -> [A; N] {
    let mut first = [filler; N];
    for i in 0..N {
        first[i] = if i < count { lanes[i] } else { filler };
    }
    first
}

/// Two sets of lanes, lane by lane.
#[inline(always)]
pub(super) fn join_lanes<A: Copy, const N: usize>(
    lanes: &mut [A; N],
    other: &[A; N],
    join: impl Fn(A, A) -> A,
) {
    for i in 0..N {
        lanes[i] = join(lanes[i], other[i]);
    }
}

/// A fold in `N` lanes. A trait, since closures cannot be marked as always inline.
pub(super) trait FoldGroups<T, const N: usize> {
    /// An item that changes nothing.
    const NEUTRAL: T;
    /// Whether an item that is seen twice changes nothing.
    const IDEMPOTENT: bool;
    /// The lanes before they have seen items.
    const START: Self;

    type Result;

    /// Adds a group, an item to each lane.
    fn add(&mut self, group: &[T; N]);

    /// Whether two groups are cheaper to add together.
    const TWO_AT_A_TIME: bool = false;

    /// Adds two groups, an item of each to each lane.
    #[inline(always)]
    fn add_two(&mut self, a: &[T; N], b: &[T; N]) {
        self.add(a);
        self.add(b);
    }

    /// Adds a group whose items are all there, so that no lane has to be masked.
    #[inline(always)]
    fn add_whole(&mut self, group: &[T; N]) {
        self.add(group);
    }

    /// Lanes from `count` on become as if they had seen no items.
    fn keep_first(&mut self, count: usize);

    /// Adds what the lanes of another fold have seen.
    fn absorb(&mut self, other: &Self);

    /// The result of what all lanes have seen.
    fn result(&self) -> Self::Result;
}
