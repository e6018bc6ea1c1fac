//! A nest of loops cut into tiles: boxes of items that engines work on, whole or row by row.

use super::copy::{RowEnd, copy_box, copy_row, gather, repeat};
use super::nest::{Nest, Order, Walk};
use super::operand::{Extents, dense_strides, extents, is_dense};
use crate::back::block::Bytes;
use crate::kernel::{Kernel, LINE, STREAMS, order_streams, stream};
use crate::memory::{OutOfMemory, TryGrow};

/// Bytes of all arrays of a tile that is copied: they stay in the first-level cache, beside what engines need.
const TILE_BYTES: i64 = 24 << 10;

/// Bytes of a tile into which items are gathered that lie apart, with those of the lines of the caches that they lie in.
/// Much shorter tiles than the first-level cache could hold: the memory of all arrays is then read at the same time.
const GATHERED_BYTES: i64 = 12 << 10;
const GATHERED_ITEMS: std::ops::RangeInclusive<i64> = 64..=4096;

/// Items of a tile that is copied.
const TILE_ITEMS: std::ops::RangeInclusive<i64> = 256..=4096;

/// Items from which on rows are worked on one by one: calling an engine costs less than copying as many.
const LONG_ROW: i64 = 192;

/// Items along either side of a tile that transposes: a whole number of lines of the caches both ways.
const TRANSPOSED_SIDE: i64 = 64;

/// Items of a row of a tile that transposes and is worked on row by row, and bytes across all rows: that many lie side by
/// side in what is transposed.
const TRANSPOSED_ROW: i64 = 512;
const TRANSPOSED_BYTES: i64 = 256;

/// Bytes of an output from which on its tiles are stored past the caches.
pub const STREAMED_BYTES: usize = 64 << 20;

/// Bytes of each array that are worked on at a time where arrays are copied meanwhile: so few that the processor loads the
/// next ones of all arrays before it is done. With 2 KiB the same takes an eighth longer, with 8 KiB nearly twice as long.
const GATHERED_PIECE_BYTES: i64 = 1 << 10;

/// The same where only the output is stored past the caches: machine code, which takes longer to call, gains from twice as
/// many.
const STREAMED_PIECE_BYTES: i64 = 2 << 10;

/// Items of the largest tile that is worked on in pieces: between tiles somebody looks whether to go on, as engines do not
/// when they get few items.
const LONGEST_IN_PIECES: i64 = 1 << 16;

/// How a nest is cut. Tiles are numbered in the order of the loops.
#[derive(Debug)]
pub struct Tiling {
    /// Extents of a tile; those at the ends of loops may be shorter.
    tile: Extents,
    /// Tiles along each loop.
    counts: Extents,
    way: Way,
    work: Work,
}

/// How engines go through a tile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// All of it at once.
    Whole,
    /// Row by row, which are the steps of a loop. Arrays that do not lie side by side in rows are copied with the tile.
    Rows(usize),
    /// A few items of a row at a time, of each row if the steps of a loop are rows. Arrays that do not lie side by side are
    /// copied with these.
    Pieces { rows: Option<usize>, items: i64 },
}

/// What a nest is cut for.
#[derive(Clone, Copy, Debug)]
pub struct Work {
    pub order: Order,
    /// Items of the largest tile, where arrays are worked on in place.
    pub longest: i64,
    /// Whether the output is so large that it is to be stored past the caches, where that is possible.
    pub streams: bool,
    /// Whether engines go over the items once, so that few at a time do not cost more.
    pub is_one_pass: bool,
}

impl Work {
    /// Whether the output is stored past the caches: where it cannot be, no code is there for it.
    fn streams(&self) -> bool {
        STREAMS && self.streams
    }
}

/// How the items of an array come to lie side by side in a row of a tile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Access {
    /// They do.
    InPlace,
    /// One item is repeated.
    Repeated,
    /// They are copied.
    Copied,
}

impl Access {
    /// Along the innermost loop.
    fn of(walk: &Walk) -> Access {
        match walk.strides.last() {
            Some(0) => Access::Repeated,
            Some(stride) if *stride == walk.itemsize as i64 => Access::InPlace,
            _ => Access::Copied,
        }
    }
}

impl Tiling {
    /// Cuts a nest with at least one item. In any order, tiles may run across the rows of arrays that are transposed.
    pub fn new(nest: &Nest, work: Work) -> Result<Tiling, OutOfMemory> {
        let mut tile = extents(nest.extents.iter().map(|_| 1))?;
        let way = match tile.len().checked_sub(1) {
            Some(inner) => Cut { nest, inner, work }.apply(&mut tile),
            None => Way::Whole,
        };
        let counts = extents(nest.extents.iter().zip(&tile).map(|(extent, tile)| (extent - 1) / tile + 1))?;
        Ok(Tiling { tile, counts, way, work })
    }

    /// Number of tiles.
    pub fn count(&self) -> i64 {
        self.counts.iter().product()
    }

    /// Items of a tile that is not cut short.
    pub fn items(&self) -> i64 {
        self.tile.iter().product()
    }
}

/// The choice of a tile.
struct Cut<'n> {
    nest: &'n Nest,
    /// The innermost loop.
    inner: usize,
    work: Work,
}

impl Cut<'_> {
    fn apply(&self, tile: &mut Extents) -> Way {
        let transposed = transposed_loop(self.nest).filter(|_| self.work.order == Order::Any);
        let is_long = self.nest.extents[self.inner] >= LONG_ROW;
        let has_copies = self.has(Access::Copied);
        match transposed {
            Some(outer) if is_long && self.rows_save_copies() => self.by_rows(tile, outer),
            Some(outer) => self.across_rows(tile, outer),
            None if is_long && (has_copies || self.work.streams() && self.work.is_one_pass) => {
                self.in_pieces(tile)
            }
            None if is_long => self.in_place(tile),
            None => {
                fill(tile, &self.nest.extents, self.gathered_items());
                Way::Whole
            }
        }
    }

    /// Whether some array is read or written so.
    fn has(&self, access: Access) -> bool {
        self.nest.walks.iter().any(|walk| Access::of(walk) == access)
    }

    /// Items of a tile that is copied.
    fn copied_items(&self) -> i64 {
        let item_bytes: i64 = self.nest.walks.iter().map(|walk| walk.itemsize as i64).sum();
        (TILE_BYTES / item_bytes.max(1)).clamp(*TILE_ITEMS.start(), *TILE_ITEMS.end())
    }

    /// Items of a tile into which some are gathered.
    fn gathered_items(&self) -> i64 {
        let bytes_of = |walk: &Walk| {
            let stride =
                walk.strides.last().map_or(0, |stride| stride.unsigned_abs().min(LINE as u64) as i64);
            walk.itemsize as i64 + if Access::of(walk) == Access::Copied { stride } else { 0 }
        };
        let bytes: i64 = self.nest.walks.iter().map(bytes_of).sum();
        (GATHERED_BYTES / bytes.max(1)).clamp(*GATHERED_ITEMS.start(), *GATHERED_ITEMS.end())
    }

    /// Whether working row by row saves copies, although some arrays must be copied.
    fn rows_save_copies(&self) -> bool {
        let [output, inputs @ ..] = &self.nest.walks[..] else { return false };
        Access::of(output) == Access::InPlace && inputs.iter().any(|walk| Access::of(walk) != Access::Copied)
    }

    /// Rows of which nothing is copied, or one part of a row that is too long.
    fn in_place(&self, tile: &mut Extents) -> Way {
        let is_short = self.work.streams() || self.has(Access::Repeated);
        let longest = if is_short { self.copied_items() } else { self.work.longest };
        match self.rows(tile, longest, self.work.longest) {
            Some(outer) => Way::Rows(outer),
            None => Way::Whole,
        }
    }

    /// The same, of which a few items at a time are copied or stored past the caches.
    fn in_pieces(&self, tile: &mut Extents) -> Way {
        let walks = &self.nest.walks;
        let item_bytes: i64 = walks.iter().map(|walk| walk.itemsize as i64).sum();
        let bytes = if self.has(Access::Copied) { GATHERED_PIECE_BYTES } else { STREAMED_PIECE_BYTES };
        let items = match self.work.is_one_pass {
            true => (bytes * walks.len() as i64 / item_bytes.max(1)).max(1),
            false => self.copied_items(),
        };
        let longest = self.work.longest.min(LONGEST_IN_PIECES);
        let rows = self.rows(tile, longest, longest);
        Way::Pieces { rows, items: items.min(tile[self.inner]) }
    }

    /// Makes the tile one of whole rows, of `longest` items in all, or a part of a row that has more than `longest_row`. The
    /// loop whose steps are rows, if they are whole.
    fn rows(&self, tile: &mut Extents, longest_row: i64, longest: i64) -> Option<usize> {
        let extent = self.nest.extents[self.inner];
        let row = extent.min(longest_row);
        tile[self.inner] = row;
        let outer = self.inner.checked_sub(1).filter(|_| row == extent)?;
        tile[outer] = (longest / row).clamp(1, self.nest.extents[outer]);
        Some(outer)
    }

    /// Rows across which some arrays are transposed, and copied first, for all rows together.
    fn by_rows(&self, tile: &mut Extents, outer: usize) -> Way {
        tile[self.inner] = self.nest.extents[self.inner].min(TRANSPOSED_ROW);
        tile[outer] = self.rows_side_by_side().clamp(1, self.nest.extents[outer]);
        Way::Rows(outer)
    }

    /// Rows of which the items that are copied lie side by side in [`TRANSPOSED_BYTES`].
    fn rows_side_by_side(&self) -> i64 {
        let copied = self.nest.walks.iter().filter(|walk| Access::of(walk) == Access::Copied);
        copied.map(|walk| TRANSPOSED_BYTES / walk.itemsize.max(1) as i64).max().unwrap_or(1)
    }

    /// A box that is copied, with long sides both along the rows and across them.
    fn across_rows(&self, tile: &mut Extents, outer: usize) -> Way {
        tile[self.inner] = self.nest.extents[self.inner].min(TRANSPOSED_SIDE);
        tile[outer] = self.nest.extents[outer].min((self.copied_items() / tile[self.inner]).max(1));
        Way::Whole
    }
}

/// A loop along which some input lies closer together than along the innermost one, far enough for a line of the
/// caches to matter.
fn transposed_loop(nest: &Nest) -> Option<usize> {
    let inner = nest.extents.len() - 1;
    if nest.extents[inner] < 8 {
        return None;
    }
    nest.walks[1..].iter().find_map(|walk| {
        let stride = |d: &usize| walk.strides[*d].unsigned_abs();
        let near = (0..inner).filter(|d| stride(d) > 0 && nest.extents[*d] >= 8).min_by_key(stride)?;
        (stride(&near) < 64 && stride(&inner) >= 64).then_some(near)
    })
}

/// Makes the tile as large as `items` allows, innermost loops first.
fn fill(tile: &mut Extents, extents: &[i64], items: i64) {
    let mut left = items;
    for (tile, extent) in tile.iter_mut().zip(extents).rev() {
        *tile = left.clamp(1, *extent);
        if *tile < *extent {
            return;
        }
        left /= extent;
    }
}

/// One tile, or one row of it, as engines see it.
pub struct Tile<'t> {
    /// Each input, side by side in the order of the items.
    pub inputs: &'t [*const u8],
    pub output: *mut u8,
    pub items: usize,
    /// Indices of the first item, for each loop.
    pub origin: &'t [i64],
    /// Items along each loop.
    pub extents: &'t [i64],
}

/// Walks over tiles, and copies what does not lie side by side in them. Each thread has its own.
pub struct Tiler<'n> {
    nest: &'n Nest,
    tiling: &'n Tiling,
    origin: Extents,
    extents: Extents,
    staged: Vec<Staged>,
    inputs: Vec<*const u8>,
    _memory: Bytes,
}

/// How one array comes to lie side by side: the copy of a tile or a part of it, or an item repeated for a row.
struct Staged {
    access: Access,
    block: *mut u8,
    /// The box that was copied, if one was.
    source: Option<Source>,
    /// The item that was repeated, if one was, and how often.
    repeated: Option<(*mut u8, usize)>,
    /// The first item of the next piece of a row.
    next: *mut u8,
    /// What takes the items of a piece side by side, if a vector kernel can.
    gather: Option<Kernel>,
}

/// A box of items that was copied.
struct Source {
    start: *mut u8,
    extents: Extents,
    /// The strides of its copy, in bytes.
    strides: Extents,
}

impl Source {
    /// A box that has not been copied yet: its copy will lie side by side, or with the steps of one loop as rows.
    fn new(box_extents: &Extents, itemsize: usize, rows: Option<usize>) -> Result<Source, OutOfMemory> {
        let mut strides = dense_strides(box_extents, itemsize)?;
        if let (Some(rows), Some(row)) = (rows, box_extents.last()) {
            strides[rows] = row_pitch(*row, itemsize);
        }
        let extents = extents(box_extents.iter().copied())?;
        Ok(Source { start: std::ptr::null_mut(), extents, strides })
    }
}

impl Staged {
    /// The next piece of a row, where it lies in the array.
    fn next_row(&self, walk: &Walk) -> RowEnd {
        RowEnd { start: self.next, stride: step_of(walk) }
    }

    /// The copy as a row.
    fn row(&self, walk: &Walk) -> RowEnd {
        RowEnd { start: self.block, stride: walk.itemsize as isize }
    }

    /// Fills the block with `items` times the item at `start`, unless it is.
    ///
    /// # Safety
    /// The item is readable; the block has room for so many.
    unsafe fn repeat(&mut self, start: *mut u8, items: usize, itemsize: usize) {
        let is_there = self.repeated.is_some_and(|(source, count)| source == start && count >= items);
        if !is_there {
            // SAFETY: as the caller promises.
            unsafe { repeat(self.block, start, items, itemsize) };
            self.repeated = Some((start, items));
        }
    }

    /// Copies the box that begins at `start`, unless it is there: side by side, or with the steps of one loop as rows.
    ///
    /// # Safety
    /// The box is readable; the block has room for it.
    unsafe fn copy(
        &mut self,
        start: *mut u8,
        walk: &Walk,
        box_extents: &Extents,
        rows: Option<usize>,
    ) -> Result<(), OutOfMemory> {
        // Most boxes are as large as the one before. Extents are compared one by one: they have just been written, and
        // wider loads would wait until all stores have reached memory.
        let is_as_large = |source: &Source| source.extents.iter().zip(box_extents).all(|(a, b)| a == b);
        let source = match &mut self.source {
            Some(source) if is_as_large(source) => source,
            other => other.insert(Source::new(box_extents, walk.itemsize, rows)?),
        };
        if source.start != start {
            // SAFETY: as the caller promises.
            unsafe {
                let from = (start.cast_const(), &walk.strides[..]);
                copy_box((self.block, &source.strides), from, box_extents, walk.itemsize);
            }
            source.start = start;
        }
        Ok(())
    }
}

impl<'n> Tiler<'n> {
    pub fn new(nest: &'n Nest, tiling: &'n Tiling) -> Result<Tiler<'n>, OutOfMemory> {
        let loops = || extents(nest.extents.iter().copied());
        let mut memory = Bytes::default();
        let mut staged = Vec::new();
        staged.try_reserve_exact(nest.walks.len())?;
        let mut total = 0usize;
        for (index, walk) in nest.walks.iter().enumerate() {
            let access = Access::of(walk);
            let is_streamed = index == 0 && tiling.work.streams();
            let is_in_place = access == Access::InPlace && !is_streamed;
            let row = tiling.tile.last().copied().unwrap_or(1);
            let size = walk.itemsize as i64;
            let bytes = match tiling.way {
                Way::Whole if is_always_dense(nest, tiling, walk) && !is_streamed => 0,
                Way::Whole => tiling.items() * size,
                Way::Rows(_) | Way::Pieces { .. } if is_in_place => 0,
                Way::Rows(rows) if access == Access::Copied => {
                    tiling.tile[rows] * row_pitch(row, walk.itemsize)
                }
                Way::Rows(_) => row * size,
                Way::Pieces { items, .. } => items * size,
            } as usize;
            staged.push(Staged {
                access,
                block: std::ptr::without_provenance_mut(total),
                source: None,
                repeated: None,
                next: walk.start,
                gather: gather(step_of(walk), walk.itemsize),
            });
            total = total.checked_add(bytes + BETWEEN_BLOCKS).ok_or(OutOfMemory)?;
            total = total.next_multiple_of(64);
        }
        let block = memory.reserve(total)?;
        for staged in &mut staged {
            staged.block = block.wrapping_add(staged.block.addr());
        }
        let inputs = Vec::try_filled(std::ptr::null(), nest.walks.len() - 1)?;
        Ok(Tiler { nest, tiling, origin: loops()?, extents: loops()?, staged, inputs, _memory: memory })
    }

    /// Calls `work` with the tiles of these numbers, in their order, until it fails.
    ///
    /// # Safety
    /// The arrays of the nest are the caller's to read and to write.
    pub unsafe fn for_each<E: From<OutOfMemory>>(
        &mut self,
        tiles: std::ops::Range<i64>,
        mut work: impl FnMut(Tile<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        // SAFETY: as the caller promises.
        let done = tiles.into_iter().try_for_each(|tile| unsafe { self.tile(tile, &mut work) });
        if self.tiling.work.streams() {
            order_streams();
        }
        done
    }

    /// Calls `work` with a tile: whole, or with its rows or their pieces.
    ///
    /// # Safety
    /// As [`Tiler::for_each`].
    unsafe fn tile<E: From<OutOfMemory>>(
        &mut self,
        tile: i64,
        work: &mut impl FnMut(Tile<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        self.go_to(tile);
        // SAFETY: as the caller promises.
        unsafe {
            match self.tiling.way {
                Way::Whole => {
                    self.load()?;
                    self.call(self.output(), work)?;
                    self.store()?;
                }
                Way::Rows(rows) => {
                    self.load()?;
                    for row in 0..std::mem::replace(&mut self.extents[rows], 1) {
                        self.load_row(row);
                        self.call(self.output_of_row(), work)?;
                        self.store_row();
                        self.origin[rows] += 1;
                    }
                }
                Way::Pieces { rows: None, items } => self.pieces(items, work)?,
                Way::Pieces { rows: Some(rows), items } => {
                    for _ in 0..std::mem::replace(&mut self.extents[rows], 1) {
                        self.pieces(items, work)?;
                        self.origin[rows] += 1;
                    }
                }
            }
        }
        Ok(())
    }

    /// Calls `work` with a row, of which it gets at most `most` items at a time.
    ///
    /// # Safety
    /// As [`Tiler::for_each`].
    unsafe fn pieces<E>(
        &mut self,
        most: i64,
        work: &mut impl FnMut(Tile<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        for index in 0..self.staged.len() {
            self.staged[index].next = self.start_of(&self.nest.walks[index]);
        }
        let inner = self.extents.len() - 1;
        let (start, items) = (self.origin[inner], self.extents[inner]);
        let mut left = items;
        while left > 0 {
            let count = self.items_of_piece(most, left);
            self.extents[inner] = count;
            // SAFETY: as the caller promises; the piece is part of the row.
            unsafe {
                let output = self.load_piece(count as usize);
                let Tiler { inputs, origin, extents, .. } = self;
                work(Tile { inputs, output, items: count as usize, origin, extents })?;
                self.store_piece(count as usize);
            }
            for (staged, walk) in self.staged.iter_mut().zip(&self.nest.walks) {
                staged.next = staged.next.wrapping_offset(count as isize * step_of(walk));
            }
            self.origin[inner] += count;
            left -= count;
        }
        self.origin[inner] = start;
        self.extents[inner] = items;
        Ok(())
    }

    /// Items of the next piece of a row: as few as it takes for the next ones to begin with a line of the caches, where
    /// they are stored past these.
    fn items_of_piece(&self, most: i64, left: i64) -> i64 {
        if self.tiling.work.streams() && left > most {
            let before_line = (self.staged[0].next.align_offset(LINE) / self.nest.walks[0].itemsize) as i64;
            if (1..most).contains(&before_line) {
                return before_line;
            }
        }
        most.min(left)
    }

    /// Finds or copies the inputs of the next piece of a row. Where its output is computed.
    ///
    /// # Safety
    /// The arrays are readable.
    unsafe fn load_piece(&mut self, items: usize) -> *mut u8 {
        let [output, inputs @ ..] = &mut self.staged[..] else { unreachable!("there is an output") };
        for ((input, staged), walk) in self.inputs.iter_mut().zip(inputs).zip(&self.nest.walks[1..]) {
            *input = if staged.access == Access::InPlace { staged.next } else { staged.block };
            // SAFETY: as the caller promises; the block has room for a piece.
            unsafe {
                match (staged.access, staged.gather) {
                    (Access::InPlace, _) => {}
                    (Access::Copied, Some(gather)) => {
                        gather(staged.block, staged.next, *input, *input, items)
                    }
                    (Access::Copied, None) => {
                        copy_row(staged.row(walk), staged.next_row(walk), items, walk.itemsize);
                    }
                    (Access::Repeated, _) => staged.repeat(staged.next, items, walk.itemsize),
                }
            }
        }
        match output.access == Access::InPlace && !self.tiling.work.streams() {
            true => output.next,
            false => output.block,
        }
    }

    /// Brings the output of a piece to its place.
    ///
    /// # Safety
    /// The output is writable.
    unsafe fn store_piece(&self, items: usize) {
        let (staged, walk) = (&self.staged[0], &self.nest.walks[0]);
        // SAFETY: as the caller promises.
        unsafe {
            match staged.access {
                Access::InPlace if self.tiling.work.streams() => {
                    stream(staged.next, staged.block, items * walk.itemsize);
                }
                Access::InPlace => {}
                Access::Copied | Access::Repeated => {
                    copy_row(staged.next_row(walk), staged.row(walk), items, walk.itemsize);
                }
            }
        }
    }

    fn call<E>(
        &mut self,
        output: *mut u8,
        work: &mut impl FnMut(Tile<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let items = self.extents.iter().product::<i64>() as usize;
        let Tiler { inputs, origin, extents, .. } = self;
        work(Tile { inputs, output, items, origin, extents })
    }

    /// Sets origin and extents of a tile.
    fn go_to(&mut self, tile: i64) {
        let mut rest = tile;
        for d in (0..self.origin.len()).rev() {
            let (count, side) = (self.tiling.counts[d], self.tiling.tile[d]);
            self.origin[d] = rest % count * side;
            rest /= count;
            self.extents[d] = side.min(self.nest.extents[d] - self.origin[d]);
        }
    }

    /// The first item of the tile.
    fn start_of(&self, walk: &Walk) -> *mut u8 {
        let offset: i64 = walk.strides.iter().zip(&self.origin).map(|(stride, index)| stride * index).sum();
        walk.start.wrapping_offset(offset as isize)
    }

    /// Finds or copies the inputs of the tile. Where it is worked on row by row, what lies side by side in a row is found
    /// with the row.
    ///
    /// # Safety
    /// The arrays are readable.
    unsafe fn load(&mut self) -> Result<(), OutOfMemory> {
        let rows = match self.tiling.way {
            Way::Rows(rows) => Some(rows),
            Way::Whole | Way::Pieces { .. } => None,
        };
        for (index, walk) in self.nest.walks.iter().enumerate().skip(1) {
            let start = self.start_of(walk);
            let is_copied = match rows {
                Some(_) => self.staged[index].access == Access::Copied,
                None => !is_dense(&self.extents, &walk.strides, walk.itemsize),
            };
            self.inputs[index - 1] = start;
            if is_copied {
                self.inputs[index - 1] = self.staged[index].block;
                // SAFETY: as the caller promises; the block has room for a tile.
                unsafe { self.staged[index].copy(start, walk, &self.extents, rows)? };
            }
        }
        Ok(())
    }

    /// Finds the inputs of the next row, which is number `row` of the tile.
    ///
    /// # Safety
    /// As [`Tiler::load`].
    unsafe fn load_row(&mut self, row: i64) {
        let items = self.extents.last().copied().unwrap_or(1);
        for (index, walk) in self.nest.walks.iter().enumerate().skip(1) {
            let start = self.start_of(walk);
            let staged = &mut self.staged[index];
            self.inputs[index - 1] = match staged.access {
                Access::InPlace => start,
                Access::Copied => {
                    staged.block.wrapping_offset((row * row_pitch(items, walk.itemsize)) as isize)
                }
                Access::Repeated => {
                    // SAFETY: as the caller promises; the block has room for a row.
                    unsafe { staged.repeat(start, items as usize, walk.itemsize) };
                    staged.block
                }
            };
        }
    }

    /// Where the output of a row is computed.
    fn output_of_row(&self) -> *mut u8 {
        match self.tiling.work.streams() {
            true => self.staged[0].block,
            false => self.start_of(&self.nest.walks[0]),
        }
    }

    /// Brings the output of a row to its place.
    ///
    /// # Safety
    /// The output is writable.
    unsafe fn store_row(&self) {
        if self.tiling.work.streams() {
            let walk = &self.nest.walks[0];
            let items = self.extents.last().copied().unwrap_or(1) as usize;
            // SAFETY: as the caller promises.
            unsafe { stream(self.start_of(walk), self.staged[0].block, items * walk.itemsize) };
        }
    }

    /// Where the output of the tile is computed.
    fn output(&self) -> *mut u8 {
        match self.is_output_in_place() {
            true => self.start_of(&self.nest.walks[0]),
            false => self.staged[0].block,
        }
    }

    fn is_output_in_place(&self) -> bool {
        let walk = &self.nest.walks[0];
        !self.tiling.work.streams() && is_dense(&self.extents, &walk.strides, walk.itemsize)
    }

    /// Brings the output of the tile to its place.
    ///
    /// # Safety
    /// The output is writable.
    unsafe fn store(&self) -> Result<(), OutOfMemory> {
        if self.is_output_in_place() {
            return Ok(());
        }
        let walk = &self.nest.walks[0];
        let (to, from) = (self.start_of(walk), self.staged[0].block.cast_const());
        let items = self.extents.iter().product::<i64>() as usize;
        // SAFETY: as the caller promises.
        unsafe {
            if is_dense(&self.extents, &walk.strides, walk.itemsize) {
                stream(to, from, items * walk.itemsize);
            } else {
                let strides = dense_strides(&self.extents, walk.itemsize)?;
                copy_box((to, &walk.strides), (from, &strides), &self.extents, walk.itemsize);
            }
        }
        Ok(())
    }
}

/// Bytes from one item of a row to the next.
fn step_of(walk: &Walk) -> isize {
    walk.strides.last().map_or(0, |stride| *stride as isize)
}

/// Bytes from one row of a copy to the next: those of the items, and a line, or the rows of a tile that transposes would
/// fall on the same few places of the caches.
fn row_pitch(items: i64, itemsize: usize) -> i64 {
    items * itemsize as i64 + 64
}

/// Bytes left between two copies: loads at a multiple of 4 KiB after a store wait for it on x86.
const BETWEEN_BLOCKS: usize = 5 * 64;

/// Whether the items of an array lie side by side in every tile.
fn is_always_dense(nest: &Nest, tiling: &Tiling, walk: &Walk) -> bool {
    // Tiles at the ends of loops are shorter in loops that are cut; of those inside, the strides must fit all of them.
    let mut is_cut_inside = false;
    for d in (0..nest.extents.len()).rev() {
        if is_cut_inside && tiling.tile[d] > 1 {
            return false;
        }
        is_cut_inside |= tiling.tile[d] < nest.extents[d];
    }
    is_dense(&tiling.tile, &walk.strides, walk.itemsize)
}
