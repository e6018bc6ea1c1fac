//! A nest of loops cut into tiles: boxes of items that engines work on, whole or row by row.

use super::copy::{copy_box, repeat};
use super::nest::{Nest, Order, Walk};
use super::operand::{Extents, dense_strides, extents, is_dense};
use crate::back::block::Bytes;
use crate::kernel::{LINE, order_streams, stream};
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

/// Bytes that are computed before they are stored past the caches: so few that the processor loads and computes the next
/// ones meanwhile. With 6 KiB the same takes a third longer.
const PIECE_BYTES: usize = 2 << 10;

/// How a nest is cut. Tiles are numbered in the order of the loops.
#[derive(Debug)]
pub struct Tiling {
    /// Extents of a tile; those at the ends of loops may be shorter.
    tile: Extents,
    /// Tiles along each loop.
    counts: Extents,
    /// The loop whose steps are the rows of a tile, if engines work on one row at a time.
    rows: Option<usize>,
    /// Where the output is stored past the caches: the most items that are computed in between.
    piece: Option<usize>,
}

/// How the output is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stores {
    /// By ordinary stores.
    Cached,
    /// Past the caches, after each tile.
    StreamedByTile,
    /// Past the caches, in between a tile: for what takes one pass over the items.
    StreamedByPiece,
}

/// How the items of an array come to lie side by side in a row of a tile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Access {
    /// They do.
    InPlace,
    /// One item is repeated.
    Repeated,
    /// Those of the whole tile are copied.
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
    /// Cuts a nest with at least one item.
    ///
    /// `longest`: items of the largest tile, where arrays are worked on in place. In any order, tiles may run across the
    /// rows of arrays that are transposed.
    pub fn new(nest: &Nest, order: Order, longest: i64, stores: Stores) -> Result<Tiling, OutOfMemory> {
        let mut tile = extents(nest.extents.iter().map(|_| 1))?;
        let rows = match tile.len().checked_sub(1) {
            Some(inner) => Cut { nest, inner, order, longest, stores }.apply(&mut tile),
            None => None,
        };
        let counts = extents(nest.extents.iter().zip(&tile).map(|(extent, tile)| (extent - 1) / tile + 1))?;
        let tiling = Tiling { tile, counts, rows, piece: None };
        let output = &nest.walks[0];
        let piece = match stores {
            Stores::StreamedByPiece if order == Order::Any && is_always_dense(nest, &tiling, output) => {
                Some(PIECE_BYTES.div_ceil(output.itemsize))
            }
            Stores::StreamedByPiece | Stores::StreamedByTile => Some(tiling.items() as usize),
            Stores::Cached => None,
        };
        Ok(Tiling { piece, ..tiling })
    }

    /// Number of tiles.
    pub fn count(&self) -> i64 {
        self.counts.iter().product()
    }

    /// Items of a tile that is not cut short.
    pub fn items(&self) -> i64 {
        self.tile.iter().product()
    }

    /// Items that engines see together, where a piece has so many.
    fn most_at_once(&self, piece: usize) -> usize {
        let row = if self.rows.is_some() { self.tile.last().copied().unwrap_or(1) } else { self.items() };
        piece.min(row as usize)
    }
}

/// The choice of a tile. The ways to cut return the loop whose steps are rows, if there are any.
struct Cut<'n> {
    nest: &'n Nest,
    /// The innermost loop.
    inner: usize,
    order: Order,
    longest: i64,
    stores: Stores,
}

impl Cut<'_> {
    fn apply(&self, tile: &mut Extents) -> Option<usize> {
        let transposed = transposed_loop(self.nest).filter(|_| self.order == Order::Any);
        if self.nest.extents[self.inner] >= LONG_ROW && !self.has(Access::Copied) {
            self.in_place(tile)
        } else if self.rows_save_copies()
            && let Some(outer) = transposed.or(self.inner.checked_sub(1))
        {
            self.by_rows(tile, outer, transposed.is_some())
        } else {
            match transposed {
                Some(outer) => self.across_rows(tile, outer),
                None => fill(tile, &self.nest.extents, self.gathered_items()),
            }
            None
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
        Access::of(output) == Access::InPlace
            && inputs.iter().any(|walk| Access::of(walk) != Access::Copied)
            && self.nest.extents[self.inner] >= LONG_ROW
    }

    /// Rows of which nothing is copied, or one part of a row that is too long.
    fn in_place(&self, tile: &mut Extents) -> Option<usize> {
        let extent = self.nest.extents[self.inner];
        let is_short = self.stores == Stores::StreamedByTile || self.has(Access::Repeated);
        let row = extent.min(if is_short { self.copied_items() } else { self.longest });
        tile[self.inner] = row;
        let outer = self.inner.checked_sub(1).filter(|_| row == extent)?;
        tile[outer] = (self.longest / row).clamp(1, self.nest.extents[outer]);
        Some(outer)
    }

    /// Rows of which some arrays are copied first, those of all rows together.
    fn by_rows(&self, tile: &mut Extents, outer: usize, is_transposed: bool) -> Option<usize> {
        let (extent, gathered) = (self.nest.extents[self.inner], self.gathered_items());
        let (row, count) = match is_transposed {
            true => (TRANSPOSED_ROW, self.rows_side_by_side()),
            false => (gathered, gathered / extent.min(gathered)),
        };
        tile[self.inner] = extent.min(row);
        tile[outer] = count.clamp(1, self.nest.extents[outer]);
        Some(outer)
    }

    /// Rows of which the items that are copied lie side by side in [`TRANSPOSED_BYTES`].
    fn rows_side_by_side(&self) -> i64 {
        let copied = self.nest.walks.iter().filter(|walk| Access::of(walk) == Access::Copied);
        copied.map(|walk| TRANSPOSED_BYTES / walk.itemsize.max(1) as i64).max().unwrap_or(1)
    }

    /// A box that is copied, with long sides both along the rows and across them.
    fn across_rows(&self, tile: &mut Extents, outer: usize) {
        tile[self.inner] = self.nest.extents[self.inner].min(TRANSPOSED_SIDE);
        tile[outer] = self.nest.extents[outer].min((self.copied_items() / tile[self.inner]).max(1));
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

/// The copy of a tile of one array, or an item repeated for a row.
struct Staged {
    block: *mut u8,
    /// The box that was copied, if one was.
    source: Option<Source>,
    /// The item that was repeated, if one was, and how often.
    repeated: Option<(*mut u8, i64)>,
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
            let streamed = tiling.piece.filter(|_| index == 0);
            let row = tiling.tile.last().copied().unwrap_or(1);
            let bytes = match (tiling.rows, Access::of(walk)) {
                (None, _) if streamed.is_some() || !is_always_dense(nest, tiling, walk) => {
                    streamed.map_or(tiling.items() as usize, |piece| tiling.most_at_once(piece))
                        * walk.itemsize
                }
                (Some(rows), Access::Copied) => {
                    tiling.tile[rows] as usize * row_pitch(row, walk.itemsize) as usize
                }
                (Some(_), Access::Repeated) => row as usize * walk.itemsize,
                (Some(_), Access::InPlace) => {
                    streamed.map_or(0, |piece| tiling.most_at_once(piece)) * walk.itemsize
                }
                _ => 0,
            };
            staged.push(Staged {
                block: std::ptr::without_provenance_mut(total),
                source: None,
                repeated: None,
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
        if self.tiling.piece.is_some() {
            order_streams();
        }
        done
    }

    /// Calls `work` with a tile, or with its rows.
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
            self.load()?;
            let Some(rows) = self.tiling.rows else {
                return match self.is_output_dense() {
                    true => self.write_output(work),
                    false => {
                        self.at_once(self.staged[0].block, work)?;
                        Ok(self.scatter()?)
                    }
                };
            };
            for row in 0..std::mem::replace(&mut self.extents[rows], 1) {
                self.load_row(row);
                self.write_output(work)?;
                self.origin[rows] += 1;
            }
        }
        Ok(())
    }

    /// Calls `work` with the items at hand, which lie side by side in the output.
    ///
    /// # Safety
    /// As [`Tiler::for_each`].
    unsafe fn write_output<E>(&mut self, work: &mut impl FnMut(Tile<'_>) -> Result<(), E>) -> Result<(), E> {
        let to = self.start_of(&self.nest.walks[0]);
        match self.tiling.piece {
            None => self.at_once(to, work),
            // SAFETY: as the caller promises.
            Some(piece) => unsafe { self.by_pieces(to, piece, work) },
        }
    }

    fn at_once<E>(
        &mut self,
        output: *mut u8,
        work: &mut impl FnMut(Tile<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let items = self.extents.iter().product::<i64>() as usize;
        let Tiler { inputs, origin, extents, .. } = self;
        work(Tile { inputs, output, items, origin, extents })
    }

    /// Computes so many items at a time, and stores them past the caches. If there are several pieces, the first is as
    /// short as it takes for the others to begin with a line.
    ///
    /// # Safety
    /// As [`Tiler::for_each`]; the items lie side by side from `to` on.
    unsafe fn by_pieces<E>(
        &mut self,
        to: *mut u8,
        piece: usize,
        work: &mut impl FnMut(Tile<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let items = self.extents.iter().product::<i64>() as usize;
        let Tiler { nest: Nest { walks, .. }, inputs, staged, origin, extents, .. } = self;
        let itemsize = walks[0].itemsize;
        let output = staged[0].block;
        let mut start = 0;
        while start < items {
            let to = to.wrapping_add(start * itemsize);
            let before_line = to.align_offset(LINE) / itemsize;
            let wanted = if (1..piece).contains(&before_line) && items > piece { before_line } else { piece };
            let items = wanted.min(items - start);
            work(Tile { inputs, output, items, origin, extents })?;
            // SAFETY: as the caller promises; the block has room for a piece.
            unsafe { stream(to, output, items * itemsize) };
            for (input, walk) in inputs.iter_mut().zip(&walks[1..]) {
                *input = input.wrapping_add(items * walk.itemsize);
            }
            start += items;
        }
        Ok(())
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
        let rows = self.tiling.rows;
        for (index, walk) in self.nest.walks.iter().enumerate().skip(1) {
            let start = self.start_of(walk);
            let is_copied = match rows {
                Some(_) => Access::of(walk) == Access::Copied,
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

    /// Finds the inputs of the next row.
    ///
    /// # Safety
    /// As [`Tiler::load`].
    unsafe fn load_row(&mut self, row: i64) {
        let items = self.extents.last().copied().unwrap_or(1);
        for (index, walk) in self.nest.walks.iter().enumerate().skip(1) {
            let start = self.start_of(walk);
            let staged = &mut self.staged[index];
            self.inputs[index - 1] = match Access::of(walk) {
                Access::InPlace => start,
                Access::Copied => {
                    staged.block.wrapping_offset((row * row_pitch(items, walk.itemsize)) as isize)
                }
                Access::Repeated => {
                    if staged.repeated != Some((start, items)) {
                        // SAFETY: as the caller promises; the block has room for a row.
                        unsafe { repeat(staged.block, start, items as usize, walk.itemsize) };
                        staged.repeated = Some((start, items));
                    }
                    staged.block
                }
            };
        }
    }

    /// Whether the items of the tile lie side by side in the output.
    fn is_output_dense(&self) -> bool {
        let walk = &self.nest.walks[0];
        is_dense(&self.extents, &walk.strides, walk.itemsize)
    }

    /// Brings the output of the tile from the block to its places.
    ///
    /// # Safety
    /// The output is writable.
    unsafe fn scatter(&self) -> Result<(), OutOfMemory> {
        let walk = &self.nest.walks[0];
        let (to, from) = (self.start_of(walk), self.staged[0].block.cast_const());
        let strides = dense_strides(&self.extents, walk.itemsize)?;
        // SAFETY: as the caller promises.
        unsafe { copy_box((to, &walk.strides), (from, &strides), &self.extents, walk.itemsize) };
        Ok(())
    }
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
